// SPDX-License-Identifier: GPL-2.0-only
/* From what the hub knows to attributes. */
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/skbuff.h>
#include <net/netlink.h>

#include "hub.h"
#include "nl.h"

/* What may also stand in a request has a fixed size; nothing needs padding. */
int cityhub_nl_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put(skb, attr, sizeof(value), &value);
}

int cityhub_nl_put_clock(struct sk_buff *skb, int attr)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	struct cityhub_clocks c;

	if (!nest)
		return -EMSGSIZE;

	cityhub_clocks_get(&c);
	if (nla_put_uint(skb, CITYHUB_A_CLOCK_INSTANT_NS, c.instant_ns) ||
	    nla_put_sint(skb, CITYHUB_A_CLOCK_REALTIME_NS, c.realtime_ns) ||
	    nla_put_sint(skb, CITYHUB_A_CLOCK_BOOTTIME_NS, c.boottime_ns) ||
	    nla_put_sint(skb, CITYHUB_A_CLOCK_TAI_NS, c.tai_ns) ||
	    nla_put_sint(skb, CITYHUB_A_CLOCK_RAW_NS, c.raw_ns) ||
	    nla_put_u32(skb, CITYHUB_A_CLOCK_SET_COUNT, c.set_count)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}

/* Only the members that are in the capture still. */
static int add_capture_members(struct sk_buff *skb,
			       const struct cityhub_capture *c)
{
	struct cityhub_member_view view;
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		if (cityhub_member_view_id(c->id[i], &view) ||
		    view.generation != c->generation)
			continue;
		if (nla_put_u32(skb, CITYHUB_A_CAPTURE_MEMBER, c->id[i]))
			return -EMSGSIZE;
	}

	return 0;
}

int cityhub_nl_put_capture_start(struct sk_buff *skb,
				 const struct cityhub_capture *c)
{
	u64 first_tick;
	s64 due_ns;

	cityhub_capture_start(c, &first_tick, &due_ns);
	if (nla_put_u32(skb, CITYHUB_A_CAPTURE_GENERATION, c->generation) ||
	    cityhub_nl_put_u64(skb, CITYHUB_A_CAPTURE_START_NS, due_ns) ||
	    nla_put_uint(skb, CITYHUB_A_CAPTURE_FIRST_TICK, first_tick))
		return -EMSGSIZE;

	return 0;
}

static int add_captures(struct sk_buff *skb)
{
	struct cityhub_capture *c;
	struct nlattr *nest;

	list_for_each_entry(c, &cityhub_captures, node) {
		nest = nla_nest_start(skb, CITYHUB_A_HUB_CAPTURE);
		if (!nest)
			return -EMSGSIZE;
		if (cityhub_nl_put_capture_start(skb, c) || add_capture_members(skb, c)) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
		nla_nest_end(skb, nest);
	}

	return 0;
}

static int add_grid_config(struct sk_buff *skb,
			   const struct cityhub_grid_config *c)
{
	if (cityhub_nl_put_u64(skb, CITYHUB_A_HUB_PERIOD_NS, c->period_ns) ||
	    cityhub_nl_put_u64(skb, CITYHUB_A_HUB_PHASE_NS, c->phase_ns) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_GRID_CLOCK, c->clock) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_POLICY, cityhub_policy))
		return -EMSGSIZE;

	return 0;
}

static int add_grid(struct sk_buff *skb)
{
	struct cityhub_grid_view view;
	const struct cityhub_grid *g = &view.grid;

	cityhub_grid_get(&view);
	if (g->started && nla_put_uint(skb, CITYHUB_A_HUB_LAST_TICK, g->last))
		return -EMSGSIZE;
	if (nla_put_sint(skb, CITYHUB_A_HUB_EPOCH_NS, g->epoch_ns) ||
	    nla_put_uint(skb, CITYHUB_A_HUB_NEXT_TICK, g->next) ||
	    nla_put_uint(skb, CITYHUB_A_HUB_NEXT_DUE_NS,
			 cityhub_grid_due(g, g->next) + view.to_utc_ns) ||
	    nla_put_uint(skb, CITYHUB_A_HUB_FIRED, g->fired) ||
	    nla_put_uint(skb, CITYHUB_A_HUB_SKIPPED, g->skipped) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_REALIGNED, g->realigned))
		return -EMSGSIZE;

	return add_grid_config(skb, &view.config);
}

/* Nothing when the clock is not synchronised. */
static int add_sync(struct sk_buff *skb)
{
	u64 bound_ns, left_ns;
	struct nlattr *nest;

	if (!cityhub_sync_get(&bound_ns, &left_ns))
		return 0;

	nest = nla_nest_start(skb, CITYHUB_A_HUB_SYNC);
	if (!nest)
		return -EMSGSIZE;
	if (cityhub_nl_put_u64(skb, CITYHUB_A_SYNC_BOUND_NS, bound_ns) ||
	    cityhub_nl_put_u64(skb, CITYHUB_A_SYNC_VALID_NS, left_ns)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}

/* All but the captures. */
int cityhub_nl_put_hub_state(struct sk_buff *skb)
{
	if (nla_put_u32(skb, CITYHUB_A_HUB_SEQUENCE,
			cityhub_nl_sequence(CITYHUB_NL_MONITOR)) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_FAULT_SEQUENCE,
			cityhub_nl_sequence(CITYHUB_NL_FAULT)) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_SLOTS, cityhub_slots_count()) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_SLOTS_ON, cityhub_slots_on()) ||
	    add_grid(skb) || cityhub_nl_put_clock(skb, CITYHUB_A_HUB_CLOCK) ||
	    add_sync(skb))
		return -EMSGSIZE;

	return 0;
}

int cityhub_nl_put_hub(struct sk_buff *skb)
{
	return cityhub_nl_put_hub_state(skb) ?: add_captures(skb);
}

size_t cityhub_nl_hub_size(void)
{
	struct cityhub_capture *c;
	size_t size = CITYHUB_NL_MEMBER_SIZE;

	list_for_each_entry(c, &cityhub_captures, node)
		size += nla_total_size(0) + nla_total_size(sizeof(u32)) +
			2 * nla_total_size_64bit(sizeof(u64)) +
			c->n * nla_total_size(sizeof(u32));

	return size;
}

static int add_member_name(struct sk_buff *skb,
			   const struct cityhub_member_view *m)
{
	if (nla_put_u32(skb, CITYHUB_A_MEMBER_ID, m->id) ||
	    nla_put_string(skb, CITYHUB_A_MEMBER_NAME, m->name))
		return -EMSGSIZE;

	return 0;
}

static int add_member_slot(struct sk_buff *skb,
			   const struct cityhub_member_view *m)
{
	if (m->slot < 0)
		return nla_put_u32(skb, CITYHUB_A_MEMBER_KIND,
				   CITYHUB_MEMBER_KIND_FREE);

	if (nla_put_u32(skb, CITYHUB_A_MEMBER_KIND,
			CITYHUB_MEMBER_KIND_TICKED) ||
	    nla_put_u32(skb, CITYHUB_A_MEMBER_SLOT, m->slot))
		return -EMSGSIZE;

	return 0;
}

static u32 gate_to_netlink(enum cityhub_gate gate)
{
	static const u32 gates[] = {
		[CITYHUB_GATE_FREE] = CITYHUB_MEMBER_GATE_FREE,
		[CITYHUB_GATE_OPEN] = CITYHUB_MEMBER_GATE_OPEN,
		[CITYHUB_GATE_CLOSED] = CITYHUB_MEMBER_GATE_CLOSED,
	};

	return gates[gate];
}

static u32 source_to_netlink(enum cityhub_stamp_source source)
{
	static const u32 sources[] = {
		[CITYHUB_STAMP_NONE] = CITYHUB_MEMBER_STAMP_NONE,
		[CITYHUB_STAMP_IRQ] = CITYHUB_MEMBER_STAMP_IRQ,
		[CITYHUB_STAMP_POLL] = CITYHUB_MEMBER_STAMP_POLL,
		[CITYHUB_STAMP_TICK] = CITYHUB_MEMBER_STAMP_TICK,
		[CITYHUB_STAMP_EXTRAPOLATED] = CITYHUB_MEMBER_STAMP_EXTRAPOLATED,
	};

	return sources[source];
}

static int add_estimator(struct sk_buff *skb,
			 const struct cityhub_stamp_state *s)
{
	if (s->period_ps &&
	    nla_put_uint(skb, CITYHUB_A_STAMP_PERIOD_PS, s->period_ps))
		return -EMSGSIZE;
	if (nla_put_u32(skb, CITYHUB_A_STAMP_LATENCY_MIN_NS,
			s->latency_min_ns) ||
	    nla_put_uint(skb, CITYHUB_A_STAMP_LATE_NS, s->late_ns) ||
	    nla_put_u32(skb, CITYHUB_A_STAMP_UPDATES, s->updates))
		return -EMSGSIZE;

	return 0;
}

static int add_stamp(struct sk_buff *skb, const struct cityhub_stamp_state *s)
{
	struct nlattr *nest = nla_nest_start(skb, CITYHUB_A_MEMBER_STAMP);

	if (!nest)
		return -EMSGSIZE;

	if (nla_put_uint(skb, CITYHUB_A_STAMP_FROM_RAW_NS, s->from_ns) ||
	    (s->bound_ns != U32_MAX &&
	     nla_put_u32(skb, CITYHUB_A_STAMP_BOUND_NS, s->bound_ns)) ||
	    nla_put_u32(skb, CITYHUB_A_STAMP_SOURCE,
			source_to_netlink(s->source)) ||
	    nla_put_u32(skb, CITYHUB_A_STAMP_CLOCK_EPOCH, s->clock_epoch) ||
	    add_estimator(skb, s)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}

int cityhub_nl_put_member(struct sk_buff *skb,
			  const struct cityhub_member_view *m)
{
	if (nla_put_u32(skb, CITYHUB_A_MEMBER_SEQUENCE,
			cityhub_nl_sequence(CITYHUB_NL_MONITOR)) ||
	    add_member_name(skb, m) || add_member_slot(skb, m) ||
	    nla_put_u32(skb, CITYHUB_A_MEMBER_GATE, gate_to_netlink(m->gate)))
		return -EMSGSIZE;
	if (*m->label && nla_put_string(skb, CITYHUB_A_MEMBER_LABEL, m->label))
		return -EMSGSIZE;
	if (m->primed && nla_put_flag(skb, CITYHUB_A_MEMBER_PRIMED))
		return -EMSGSIZE;
	if (m->generation && nla_put_u32(skb, CITYHUB_A_MEMBER_GENERATION,
					 m->generation))
		return -EMSGSIZE;

	return m->reports ? add_stamp(skb, &m->stats.stamp) : 0;
}

static int add_counters(struct sk_buff *skb, int attr,
			const struct cityhub_member_stats *stats)
{
	static const int attrs[CITYHUB_COUNT_MAX] = {
		[CITYHUB_COUNT_TAKEN] = CITYHUB_A_COUNTERS_TAKEN,
		[CITYHUB_COUNT_PUSHED] = CITYHUB_A_COUNTERS_PUSHED,
		[CITYHUB_COUNT_GATED] = CITYHUB_A_COUNTERS_GATED,
		[CITYHUB_COUNT_FIFO_FULL] = CITYHUB_A_COUNTERS_FIFO_FULL,
		[CITYHUB_COUNT_LOST] = CITYHUB_A_COUNTERS_LOST,
		[CITYHUB_COUNT_BUS_ERROR] = CITYHUB_A_COUNTERS_BUS_ERROR,
		[CITYHUB_COUNT_CRC_ERROR] = CITYHUB_A_COUNTERS_CRC_ERROR,
		[CITYHUB_COUNT_INVALID] = CITYHUB_A_COUNTERS_INVALID,
	};
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		if (nla_put_uint(skb, attrs[i], stats->count[i])) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	}

	nla_nest_end(skb, nest);
	return 0;
}

static int add_ticks(struct sk_buff *skb, int attr,
		     const struct cityhub_tick_counts *t)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest)
		return -EMSGSIZE;

	if (nla_put_uint(skb, CITYHUB_A_TICKS_FIRED, t->fired) ||
	    nla_put_uint(skb, CITYHUB_A_TICKS_DONE, t->done) ||
	    nla_put_uint(skb, CITYHUB_A_TICKS_OVERRUN, t->overrun) ||
	    nla_put_uint(skb, CITYHUB_A_TICKS_ABORTED, t->aborted) ||
	    nla_put_uint(skb, CITYHUB_A_TICKS_GATED, t->gated)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}

/* The counters there are, as attributes of the set of the caller. */
int cityhub_nl_put_counts(struct sk_buff *skb, int counters, int ticks,
			  const struct cityhub_member_view *m)
{
	if (m->reports && add_counters(skb, counters, &m->stats))
		return -EMSGSIZE;

	return m->slot >= 0 ? add_ticks(skb, ticks, &m->ticks) : 0;
}

int cityhub_nl_put_member_stats(struct sk_buff *skb,
				const struct cityhub_member_view *m)
{
	if (add_member_name(skb, m) ||
	    cityhub_nl_put_counts(skb, CITYHUB_A_MEMBER_COUNTERS,
				  CITYHUB_A_MEMBER_TICKS, m))
		return -EMSGSIZE;

	return m->reports ? add_stamp(skb, &m->stats.stamp) : 0;
}

int cityhub_nl_put_tick(struct sk_buff *skb, const struct cityhub_tick *t,
			u64 index)
{
	struct nlattr *nest = nla_nest_start(skb, CITYHUB_A_SLOT_TICK);

	if (!nest)
		return -EMSGSIZE;

	if (nla_put_uint(skb, CITYHUB_A_TICK_INDEX, index) ||
	    nla_put_uint(skb, CITYHUB_A_TICK_NUMBER, t->number) ||
	    nla_put_uint(skb, CITYHUB_A_TICK_DUE_NS, t->due_ns) ||
	    nla_put_uint(skb, CITYHUB_A_TICK_FIRE_NS, t->fire_ns) ||
	    (t->generation &&
	     nla_put_u32(skb, CITYHUB_A_TICK_GENERATION, t->generation)) ||
	    (t->done_ns &&
	     nla_put_uint(skb, CITYHUB_A_TICK_DONE_NS, t->done_ns)) ||
	    (t->overrun && nla_put_flag(skb, CITYHUB_A_TICK_OVERRUN))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}
