// SPDX-License-Identifier: LGPL-2.1-or-later
#include "parse.h"

#include <errno.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTRS(set)	(CITYHUB_A_##set##_MAX + 1)

void *parse_grow(void **array, size_t *n, size_t size)
{
	char *bigger = realloc(*array, (*n + 1) * size);

	if (!bigger)
		return NULL;
	*array = bigger;
	bigger += *n * size;
	memset(bigger, 0, size);
	(*n)++;
	return bigger;
}

static uint32_t get_u32(struct nlattr *attr)
{
	if (!attr || nla_len(attr) != sizeof(uint32_t))
		return 0;
	return nla_get_u32(attr);
}

/* The kernel sends 4 bytes where they do. */
static uint64_t get_uint(struct nlattr *attr)
{
	if (attr && nla_len(attr) == sizeof(uint64_t))
		return nla_get_u64(attr);
	return get_u32(attr);
}

/* Instants are never negative: 4 bytes of one have no sign. */
static int64_t get_instant(struct nlattr *attr)
{
	return (int64_t)get_uint(attr);
}

static int64_t get_sint(struct nlattr *attr)
{
	if (attr && nla_len(attr) == sizeof(uint64_t))
		return (int64_t)nla_get_u64(attr);
	return (int32_t)get_u32(attr);
}

static void get_string(struct nlattr *attr, char buf[CITYHUB_NAME_LEN])
{
	if (attr)
		nla_strlcpy(buf, attr, CITYHUB_NAME_LEN);
}

/* libnl 3 takes plain pointers for what it only reads. */
static int parse_message(const struct nlmsghdr *nlh, struct nlattr **tb, int max)
{
	return genlmsg_parse((struct nlmsghdr *)nlh, 0, tb, max, NULL) ?
	       -EPROTO : 0;
}

static int parse_nest(const struct nlattr *nest, struct nlattr **tb, int max)
{
	return nla_parse_nested(tb, max, (struct nlattr *)nest, NULL) ?
	       -EPROTO : 0;
}

static int parse_clock(const struct nlattr *nest, struct cityhub_clock *c)
{
	struct nlattr *tb[ATTRS(CLOCK)];

	if (!nest || parse_nest(nest, tb, CITYHUB_A_CLOCK_MAX))
		return -EPROTO;
	c->instant_ns = get_instant(tb[CITYHUB_A_CLOCK_INSTANT_NS]);
	c->realtime_ns = get_sint(tb[CITYHUB_A_CLOCK_REALTIME_NS]);
	c->boottime_ns = get_sint(tb[CITYHUB_A_CLOCK_BOOTTIME_NS]);
	c->tai_ns = get_sint(tb[CITYHUB_A_CLOCK_TAI_NS]);
	c->raw_ns = get_sint(tb[CITYHUB_A_CLOCK_RAW_NS]);
	c->set_count = get_u32(tb[CITYHUB_A_CLOCK_SET_COUNT]);
	return 0;
}

static void capture_attrs(struct nlattr **tb, struct cityhub_capture *c)
{
	c->generation = get_u32(tb[CITYHUB_A_CAPTURE_GENERATION]);
	c->first_tick = get_uint(tb[CITYHUB_A_CAPTURE_FIRST_TICK]);
	c->start_ns = get_instant(tb[CITYHUB_A_CAPTURE_START_NS]);
}

int parse_capture(const struct nlmsghdr *nlh, struct cityhub_capture *c)
{
	struct nlattr *tb[ATTRS(CAPTURE)];

	if (parse_message(nlh, tb, CITYHUB_A_CAPTURE_MAX))
		return -EPROTO;
	capture_attrs(tb, c);
	return 0;
}

static int parse_capture_nest(struct nlattr *nest, struct cityhub_capture *c)
{
	struct nlattr *tb[ATTRS(CAPTURE)];
	struct nlattr *attr;
	int rem;

	if (parse_nest(nest, tb, CITYHUB_A_CAPTURE_MAX))
		return -EPROTO;
	capture_attrs(tb, c);
	nla_for_each_nested(attr, nest, rem)
		if (nla_type(attr) == CITYHUB_A_CAPTURE_MEMBER &&
		    c->n_members < CITYHUB_CAPTURE_MEMBERS_MAX)
			c->member[c->n_members++] = get_u32(attr);
	return 0;
}

static int parse_hub_captures(const struct nlmsghdr *nlh,
			      struct cityhub_hub *hub)
{
	struct cityhub_capture *c;
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, (struct nlmsghdr *)nlh, GENL_HDRLEN, rem) {
		if (nla_type(attr) != CITYHUB_A_HUB_CAPTURE)
			continue;
		c = parse_grow((void **)&hub->capture, &hub->n_captures,
			       sizeof(*hub->capture));
		if (!c)
			return -ENOMEM;
		if (parse_capture_nest(attr, c))
			return -EPROTO;
	}
	return 0;
}

static int parse_sync(const struct nlattr *nest, struct cityhub_hub *hub)
{
	struct nlattr *tb[ATTRS(SYNC)];

	if (!nest)
		return 0;
	if (parse_nest(nest, tb, CITYHUB_A_SYNC_MAX))
		return -EPROTO;
	hub->synchronised = true;
	hub->sync_bound_ns = get_uint(tb[CITYHUB_A_SYNC_BOUND_NS]);
	hub->sync_left_ns = get_uint(tb[CITYHUB_A_SYNC_VALID_NS]);
	return 0;
}

int parse_hub(const struct nlmsghdr *nlh, struct cityhub_hub *hub)
{
	struct nlattr *tb[ATTRS(HUB)];

	if (parse_message(nlh, tb, CITYHUB_A_HUB_MAX))
		return -EPROTO;
	hub->sequence = get_u32(tb[CITYHUB_A_HUB_SEQUENCE]);
	hub->period_ns = get_uint(tb[CITYHUB_A_HUB_PERIOD_NS]);
	hub->epoch_ns = get_sint(tb[CITYHUB_A_HUB_EPOCH_NS]);
	hub->slots = get_u32(tb[CITYHUB_A_HUB_SLOTS]);
	hub->slots_on = get_u32(tb[CITYHUB_A_HUB_SLOTS_ON]);
	hub->has_last = tb[CITYHUB_A_HUB_LAST_TICK];
	hub->last_tick = get_uint(tb[CITYHUB_A_HUB_LAST_TICK]);
	hub->next_tick = get_uint(tb[CITYHUB_A_HUB_NEXT_TICK]);
	hub->next_due_ns = get_instant(tb[CITYHUB_A_HUB_NEXT_DUE_NS]);
	hub->fired = get_uint(tb[CITYHUB_A_HUB_FIRED]);
	hub->skipped = get_uint(tb[CITYHUB_A_HUB_SKIPPED]);
	hub->realigned = get_u32(tb[CITYHUB_A_HUB_REALIGNED]);
	hub->phase_ns = get_uint(tb[CITYHUB_A_HUB_PHASE_NS]);
	hub->grid_clock = get_u32(tb[CITYHUB_A_HUB_GRID_CLOCK]);
	hub->policy = get_u32(tb[CITYHUB_A_HUB_POLICY]);
	hub->fault_sequence = get_u32(tb[CITYHUB_A_HUB_FAULT_SEQUENCE]);
	if (parse_clock(tb[CITYHUB_A_HUB_CLOCK], &hub->clock) ||
	    parse_sync(tb[CITYHUB_A_HUB_SYNC], hub))
		return -EPROTO;
	return parse_hub_captures(nlh, hub);
}

int parse_hub_event(const struct nlmsghdr *nlh, struct cityhub_event *e)
{
	struct nlattr *tb[ATTRS(HUB)];

	if (parse_message(nlh, tb, CITYHUB_A_HUB_MAX))
		return -EPROTO;
	e->sequence = get_u32(tb[CITYHUB_A_HUB_SEQUENCE]);
	return parse_clock(tb[CITYHUB_A_HUB_CLOCK], &e->clock);
}

uint32_t parse_member_sequence(const struct nlmsghdr *nlh)
{
	struct nlattr *tb[ATTRS(MEMBER)];

	return parse_message(nlh, tb, CITYHUB_A_MEMBER_MAX) ? 0 :
	       get_u32(tb[CITYHUB_A_MEMBER_SEQUENCE]);
}

static int parse_stamp(const struct nlattr *nest, struct cityhub_stamp *s)
{
	struct nlattr *tb[ATTRS(STAMP)];

	if (!nest || parse_nest(nest, tb, CITYHUB_A_STAMP_MAX))
		return -EPROTO;
	s->from_raw_ns = get_instant(tb[CITYHUB_A_STAMP_FROM_RAW_NS]);
	s->bound_ns = tb[CITYHUB_A_STAMP_BOUND_NS] ?
		      get_u32(tb[CITYHUB_A_STAMP_BOUND_NS]) : UINT32_MAX;
	s->source = get_u32(tb[CITYHUB_A_STAMP_SOURCE]);
	s->clock_epoch = get_u32(tb[CITYHUB_A_STAMP_CLOCK_EPOCH]);
	s->period_ps = get_uint(tb[CITYHUB_A_STAMP_PERIOD_PS]);
	s->latency_min_ns = get_u32(tb[CITYHUB_A_STAMP_LATENCY_MIN_NS]);
	s->late_ns = get_uint(tb[CITYHUB_A_STAMP_LATE_NS]);
	s->updates = get_u32(tb[CITYHUB_A_STAMP_UPDATES]);
	return 0;
}

int parse_member(const struct nlmsghdr *nlh, struct cityhub_member *m)
{
	struct nlattr *tb[ATTRS(MEMBER)];

	if (parse_message(nlh, tb, CITYHUB_A_MEMBER_MAX) ||
	    !tb[CITYHUB_A_MEMBER_ID])
		return -EPROTO;
	memset(m, 0, sizeof(*m));
	m->id = get_u32(tb[CITYHUB_A_MEMBER_ID]);
	get_string(tb[CITYHUB_A_MEMBER_NAME], m->name);
	get_string(tb[CITYHUB_A_MEMBER_LABEL], m->label);
	m->kind = get_u32(tb[CITYHUB_A_MEMBER_KIND]);
	m->slot = tb[CITYHUB_A_MEMBER_SLOT] ?
		  (int)get_u32(tb[CITYHUB_A_MEMBER_SLOT]) : -1;
	m->primed = tb[CITYHUB_A_MEMBER_PRIMED];
	m->gate = get_u32(tb[CITYHUB_A_MEMBER_GATE]);
	m->generation = get_u32(tb[CITYHUB_A_MEMBER_GENERATION]);
	m->reports = tb[CITYHUB_A_MEMBER_STAMP];
	return m->reports ? parse_stamp(tb[CITYHUB_A_MEMBER_STAMP], &m->stamp) :
			    0;
}

static int parse_counters(const struct nlattr *nest, struct cityhub_counters *c)
{
	struct nlattr *tb[ATTRS(COUNTERS)];

	if (parse_nest(nest, tb, CITYHUB_A_COUNTERS_MAX))
		return -EPROTO;
	c->taken = get_uint(tb[CITYHUB_A_COUNTERS_TAKEN]);
	c->pushed = get_uint(tb[CITYHUB_A_COUNTERS_PUSHED]);
	c->gated = get_uint(tb[CITYHUB_A_COUNTERS_GATED]);
	c->fifo_full = get_uint(tb[CITYHUB_A_COUNTERS_FIFO_FULL]);
	c->lost = get_uint(tb[CITYHUB_A_COUNTERS_LOST]);
	c->bus_error = get_uint(tb[CITYHUB_A_COUNTERS_BUS_ERROR]);
	c->crc_error = get_uint(tb[CITYHUB_A_COUNTERS_CRC_ERROR]);
	c->invalid = get_uint(tb[CITYHUB_A_COUNTERS_INVALID]);
	return 0;
}

static int parse_tick_counts(const struct nlattr *nest,
			     struct cityhub_tick_counts *t)
{
	struct nlattr *tb[ATTRS(TICKS)];

	if (parse_nest(nest, tb, CITYHUB_A_TICKS_MAX))
		return -EPROTO;
	t->fired = get_uint(tb[CITYHUB_A_TICKS_FIRED]);
	t->done = get_uint(tb[CITYHUB_A_TICKS_DONE]);
	t->overrun = get_uint(tb[CITYHUB_A_TICKS_OVERRUN]);
	t->aborted = get_uint(tb[CITYHUB_A_TICKS_ABORTED]);
	t->gated = get_uint(tb[CITYHUB_A_TICKS_GATED]);
	return 0;
}

static int stats_attrs(struct nlattr **tb, struct cityhub_stats *s)
{
	if (!tb[CITYHUB_A_MEMBER_ID])
		return -EPROTO;
	s->id = get_u32(tb[CITYHUB_A_MEMBER_ID]);
	get_string(tb[CITYHUB_A_MEMBER_NAME], s->name);
	s->has_counters = tb[CITYHUB_A_MEMBER_COUNTERS];
	if (s->has_counters &&
	    (parse_counters(tb[CITYHUB_A_MEMBER_COUNTERS], &s->counters) ||
	     parse_stamp(tb[CITYHUB_A_MEMBER_STAMP], &s->stamp)))
		return -EPROTO;
	s->has_ticks = tb[CITYHUB_A_MEMBER_TICKS];
	if (s->has_ticks)
		return parse_tick_counts(tb[CITYHUB_A_MEMBER_TICKS], &s->ticks);
	return 0;
}

int parse_stats_nest(const struct nlattr *nest, struct cityhub_stats *s)
{
	struct nlattr *tb[ATTRS(MEMBER)];

	return parse_nest(nest, tb, CITYHUB_A_MEMBER_MAX) ? -EPROTO :
	       stats_attrs(tb, s);
}

/* One message of a dump; returns 1 when it holds a member. */
int parse_stats(const struct nlmsghdr *nlh, struct cityhub_stats *s)
{
	struct nlattr *tb[ATTRS(STATS)];

	if (parse_message(nlh, tb, CITYHUB_A_STATS_MAX))
		return -EPROTO;
	if (!tb[CITYHUB_A_STATS_MEMBER])
		return 0;
	return parse_stats_nest(tb[CITYHUB_A_STATS_MEMBER], s) ? -EPROTO : 1;
}

int parse_fault(const struct nlmsghdr *nlh, struct cityhub_fault *f)
{
	struct nlattr *tb[ATTRS(FAULT)];

	if (parse_message(nlh, tb, CITYHUB_A_FAULT_MAX) ||
	    !tb[CITYHUB_A_FAULT_MEMBER])
		return -EPROTO;
	memset(f, 0, sizeof(*f));
	f->member = get_u32(tb[CITYHUB_A_FAULT_MEMBER]);
	get_string(tb[CITYHUB_A_FAULT_NAME], f->name);
	f->kinds = get_u32(tb[CITYHUB_A_FAULT_KINDS]);
	f->instant_ns = get_instant(tb[CITYHUB_A_FAULT_INSTANT_NS]);
	f->status = get_u32(tb[CITYHUB_A_FAULT_STATUS]);
	f->has_counters = tb[CITYHUB_A_FAULT_COUNTERS];
	if (f->has_counters &&
	    parse_counters(tb[CITYHUB_A_FAULT_COUNTERS], &f->counters))
		return -EPROTO;
	f->has_ticks = tb[CITYHUB_A_FAULT_TICKS];
	if (f->has_ticks &&
	    parse_tick_counts(tb[CITYHUB_A_FAULT_TICKS], &f->ticks))
		return -EPROTO;
	return 0;
}

uint32_t parse_fault_sequence(const struct nlmsghdr *nlh)
{
	struct nlattr *tb[ATTRS(FAULT)];

	return parse_message(nlh, tb, CITYHUB_A_FAULT_MAX) ? 0 :
	       get_u32(tb[CITYHUB_A_FAULT_SEQUENCE]);
}

int parse_slot_number(const struct nlmsghdr *nlh, uint32_t *number)
{
	struct nlattr *tb[ATTRS(SLOT)];

	if (parse_message(nlh, tb, CITYHUB_A_SLOT_MAX) ||
	    !tb[CITYHUB_A_SLOT_NUMBER])
		return -EPROTO;
	*number = get_u32(tb[CITYHUB_A_SLOT_NUMBER]);
	return 0;
}

static int parse_tick(const struct nlattr *nest, struct cityhub_tick *t)
{
	struct nlattr *tb[ATTRS(TICK)];

	if (parse_nest(nest, tb, CITYHUB_A_TICK_MAX))
		return -EPROTO;
	t->index = get_uint(tb[CITYHUB_A_TICK_INDEX]);
	t->number = get_uint(tb[CITYHUB_A_TICK_NUMBER]);
	t->due_ns = get_instant(tb[CITYHUB_A_TICK_DUE_NS]);
	t->fire_ns = get_instant(tb[CITYHUB_A_TICK_FIRE_NS]);
	t->done_ns = get_instant(tb[CITYHUB_A_TICK_DONE_NS]);
	t->generation = get_u32(tb[CITYHUB_A_TICK_GENERATION]);
	t->overrun = tb[CITYHUB_A_TICK_OVERRUN];
	return 0;
}

/* One of the messages of a slot: the ticks are added to those there are. */
int parse_ticks(const struct nlmsghdr *nlh, struct cityhub_ticks *ticks)
{
	struct nlattr *tb[ATTRS(SLOT)];
	struct cityhub_tick *tick;
	struct nlattr *attr;
	int rem;

	if (parse_message(nlh, tb, CITYHUB_A_SLOT_MAX) ||
	    parse_clock(tb[CITYHUB_A_SLOT_CLOCK], &ticks->clock))
		return -EPROTO;
	ticks->slot = get_u32(tb[CITYHUB_A_SLOT_NUMBER]);
	ticks->next = get_uint(tb[CITYHUB_A_SLOT_SINCE]);
	nlmsg_for_each_attr(attr, (struct nlmsghdr *)nlh, GENL_HDRLEN, rem) {
		if (nla_type(attr) != CITYHUB_A_SLOT_TICK)
			continue;
		tick = parse_grow((void **)&ticks->tick, &ticks->n,
				  sizeof(*ticks->tick));
		if (!tick)
			return -ENOMEM;
		if (parse_tick(attr, tick))
			return -EPROTO;
	}
	return 0;
}
