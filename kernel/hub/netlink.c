// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family. include/uapi/linux/cityhub.h is the contract;
 * it and nl_policy.c are generated from the spec. Policies have been checked
 * by the core when an operation gets here.
 */
#include <linux/cleanup.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "hub.h"
#include "nl.h"
#include "nl_policy.h"

/* Bytes that hold one member with all its counters, names at full length. */
#define MEMBER_SIZE	512
/* Bytes of a tick message that are kept for what follows the ticks. */
#define TICK_MARGIN	128

enum {
	GROUP_MONITOR,
};

static const struct genl_multicast_group groups[] = {
	[GROUP_MONITOR] = { .name = CITYHUB_MCGRP_MONITOR },
};

static struct genl_family family __ro_after_init = {
	.name = CITYHUB_FAMILY_NAME,
	.version = CITYHUB_FAMILY_VERSION,
	.module = THIS_MODULE,
	.ops = cityhub_nl_ops,
	.n_ops = CITYHUB_NL_OPS,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/* Changes that were notified; guarded by cityhub_lock. */
static u32 sequence = 1;
/* Slots may be switched on before and after there is a family to notify. */
static bool registered;

/* What may also stand in a request has a fixed size; nothing needs padding. */
static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put(skb, attr, sizeof(value), &value);
}

static int add_clock(struct sk_buff *skb, int attr)
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

static int add_capture_start(struct sk_buff *skb,
			     const struct cityhub_capture *c)
{
	u64 first_tick;
	s64 due_ns;

	cityhub_capture_start(c, &first_tick, &due_ns);
	if (nla_put_u32(skb, CITYHUB_A_CAPTURE_GENERATION, c->generation) ||
	    put_u64(skb, CITYHUB_A_CAPTURE_START_NS, due_ns) ||
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
		if (add_capture_start(skb, c) || add_capture_members(skb, c)) {
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
	if (put_u64(skb, CITYHUB_A_HUB_PERIOD_NS, c->period_ns) ||
	    put_u64(skb, CITYHUB_A_HUB_PHASE_NS, c->phase_ns) ||
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
	if (put_u64(skb, CITYHUB_A_SYNC_BOUND_NS, bound_ns) ||
	    put_u64(skb, CITYHUB_A_SYNC_VALID_NS, left_ns)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}

static int add_hub(struct sk_buff *skb)
{
	if (nla_put_u32(skb, CITYHUB_A_HUB_SEQUENCE, sequence) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_SLOTS, cityhub_slots_count()) ||
	    nla_put_u32(skb, CITYHUB_A_HUB_SLOTS_ON, cityhub_slots_on()) ||
	    add_grid(skb) || add_clock(skb, CITYHUB_A_HUB_CLOCK) ||
	    add_sync(skb) || add_captures(skb))
		return -EMSGSIZE;

	return 0;
}

static size_t hub_size(void)
{
	struct cityhub_capture *c;
	size_t size = MEMBER_SIZE;

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
	    (s->period_ps &&
	     nla_put_uint(skb, CITYHUB_A_STAMP_PERIOD_PS, s->period_ps))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}

	nla_nest_end(skb, nest);
	return 0;
}

static int add_member(struct sk_buff *skb, const struct cityhub_member_view *m)
{
	if (add_member_name(skb, m) || add_member_slot(skb, m) ||
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

static int add_counters(struct sk_buff *skb,
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
	struct nlattr *nest = nla_nest_start(skb, CITYHUB_A_MEMBER_COUNTERS);
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

static int add_ticks(struct sk_buff *skb, const struct cityhub_tick_counts *t)
{
	struct nlattr *nest = nla_nest_start(skb, CITYHUB_A_MEMBER_TICKS);

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

static int add_member_stats(struct sk_buff *skb,
			    const struct cityhub_member_view *m)
{
	if (add_member_name(skb, m))
		return -EMSGSIZE;
	if (m->reports && (add_counters(skb, &m->stats) ||
			   add_stamp(skb, &m->stats.stamp)))
		return -EMSGSIZE;
	if (m->slot >= 0 && add_ticks(skb, &m->ticks))
		return -EMSGSIZE;

	return 0;
}

static int add_tick(struct sk_buff *skb, const struct cityhub_tick *t,
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

static void *reply_begin(struct genl_info *info, size_t size,
			 struct sk_buff **skb)
{
	void *hdr;

	*skb = genlmsg_new(size, GFP_KERNEL);
	if (!*skb)
		return NULL;

	hdr = genlmsg_put_reply(*skb, info, &family, 0, info->genlhdr->cmd);
	if (!hdr)
		nlmsg_free(*skb);
	return hdr;
}

static int reply_end(struct genl_info *info, struct sk_buff *skb, void *hdr,
		     int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}

	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

int cityhub_nl_hub_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb;
	void *hdr;

	guard(mutex)(&cityhub_lock);
	hdr = reply_begin(info, hub_size(), &skb);
	if (!hdr)
		return -ENOMEM;

	return reply_end(info, skb, hdr, add_hub(skb));
}

int cityhub_nl_member_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CITYHUB_A_MEMBER_ID];
	struct cityhub_member_view view;
	struct sk_buff *skb;
	void *hdr;
	int ret;

	ret = cityhub_nl_check_once(info->nlhdr, 0, info->extack);
	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, CITYHUB_A_MEMBER_ID)) {
		GENL_SET_ERR_MSG(info, "which member is not said");
		return -EINVAL;
	}

	guard(mutex)(&cityhub_lock);
	if (cityhub_member_view_id(nla_get_u32(attr), &view)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no such member of the hub");
		return -ENODEV;
	}

	hdr = reply_begin(info, MEMBER_SIZE, &skb);
	if (!hdr)
		return -ENOMEM;

	return reply_end(info, skb, hdr, add_member(skb, &view));
}

/* A dump of members goes on with the id in its context. */
static int dump_members(struct sk_buff *skb, struct netlink_callback *cb,
			u8 cmd,
			int (*add)(struct sk_buff *skb,
				   const struct cityhub_member_view *m))
{
	u32 *from = (u32 *)cb->ctx;
	struct cityhub_member_view view;
	void *hdr;

	guard(mutex)(&cityhub_lock);
	cb->seq = sequence;
	for (; !cityhub_member_next(*from, &view); *from = view.id + 1) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
				  cmd);
		if (!hdr)
			break;
		genl_dump_check_consistent(cb, hdr);
		if (add(skb, &view)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
	}

	return skb->len;
}

int cityhub_nl_member_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct nlattr *attr = genl_info_dump(cb)->attrs[CITYHUB_A_MEMBER_ID];

	if (attr) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attr, "a dump has all members");
		return -EINVAL;
	}

	return dump_members(skb, cb, CITYHUB_CMD_MEMBER_GET, add_member);
}

int cityhub_nl_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	return dump_members(skb, cb, CITYHUB_CMD_STATS_GET, add_member_stats);
}

/**
 * struct tick_dump - where a dump of ticks is
 * @next:	index of the next tick
 * @slot:	slot it is at
 * @end:	slot to end before, 0 when the dump begins
 */
struct tick_dump {
	u64 next;
	u32 slot;
	u32 end;
};

static int tick_dump_begin(struct netlink_callback *cb, struct tick_dump *dump)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct nlattr *number = attrs[CITYHUB_A_SLOT_NUMBER];
	struct nlattr *since = attrs[CITYHUB_A_SLOT_SINCE];
	int ret = cityhub_nl_check_once(cb->nlh, 0, cb->extack);

	if (ret)
		return ret;
	if (!number && since) {
		NL_SET_ERR_MSG_ATTR(cb->extack, since,
				    "an index needs the number of its slot");
		return -EINVAL;
	}
	if (number && nla_get_u32(number) >= cityhub_slots_count()) {
		NL_SET_ERR_MSG_ATTR(cb->extack, number, "no such slot");
		return -ENOENT;
	}

	dump->end = cityhub_slots_count();
	if (number) {
		dump->slot = nla_get_u32(number);
		dump->end = dump->slot + 1;
	}
	dump->next = since ? nla_get_u64(since) : 0;
	return 0;
}

/* Adds the ticks there are; returns whether there may be more. */
static bool add_slot_ticks(struct sk_buff *skb, struct tick_dump *dump)
{
	struct cityhub_tick tick;
	u64 index = dump->next;

	while (skb_tailroom(skb) > 2 * TICK_MARGIN) {
		if (!cityhub_slot_read(dump->slot, &index, &tick)) {
			dump->next = index;
			return false;
		}
		if (add_tick(skb, &tick, index - 1))
			return true;
		dump->next = index;
	}

	return true;
}

static int add_slot(struct sk_buff *skb, struct tick_dump *dump, bool *more)
{
	if (nla_put_u32(skb, CITYHUB_A_SLOT_NUMBER, dump->slot) ||
	    add_clock(skb, CITYHUB_A_SLOT_CLOCK))
		return -EMSGSIZE;

	*more = add_slot_ticks(skb, dump);
	return put_u64(skb, CITYHUB_A_SLOT_SINCE, dump->next);
}

/* Adds one message with the ticks of a slot that fit. */
static int add_slot_message(struct sk_buff *skb, struct netlink_callback *cb,
			    struct tick_dump *dump, bool *more)
{
	u64 next = dump->next;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &family, NLM_F_MULTI, CITYHUB_CMD_TICK_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (add_slot(skb, dump, more)) {
		dump->next = next;
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}

	genlmsg_end(skb, hdr);
	return 0;
}

int cityhub_nl_tick_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	struct tick_dump *dump = (struct tick_dump *)cb->ctx;
	bool more;
	int ret;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	if (!dump->end) {
		ret = tick_dump_begin(cb, dump);
		if (ret)
			return ret;
	}

	for (; dump->slot < dump->end; dump->slot++, dump->next = 0)
		if (add_slot_message(skb, cb, dump, &more) || more)
			break;

	return skb->len;
}

static int parse_arm(struct genl_info *info, struct cityhub_arm *req)
{
	const struct nlattr *attr;
	int rem, ret;

	ret = cityhub_nl_check_once(info->nlhdr, CITYHUB_A_CAPTURE_MEMBER,
				    info->extack);
	if (ret)
		return ret;
	req->force = info->attrs[CITYHUB_A_CAPTURE_FORCE];
	if (info->attrs[CITYHUB_A_CAPTURE_OWNED])
		req->owner = info->snd_portid;
	req->start_attr = info->attrs[CITYHUB_A_CAPTURE_START_NS];
	if (req->start_attr)
		req->start_ns = nla_get_u64(req->start_attr);
	if (GENL_REQ_ATTR_CHECK(info, CITYHUB_A_CAPTURE_MEMBER)) {
		GENL_SET_ERR_MSG(info, "no member is named");
		return -EINVAL;
	}

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != CITYHUB_A_CAPTURE_MEMBER)
			continue;
		if (req->n == ARRAY_SIZE(req->id)) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "too many members in one capture");
			return -ENOBUFS;
		}
		req->attr[req->n] = attr;
		req->id[req->n++] = nla_get_u32(attr);
	}

	return 0;
}

static void notify_capture(const struct cityhub_capture *c)
{
	unsigned int i;

	cityhub_notify_hub();
	for (i = 0; i < c->n; i++)
		cityhub_notify_member(c->id[i]);
}

/* The answer is allocated first, so that what was done can be told. */
static int arm(struct genl_info *info, struct cityhub_arm *req)
{
	struct cityhub_capture *c;
	struct sk_buff *skb;
	void *hdr;
	int ret;

	guard(mutex)(&cityhub_lock);
	hdr = reply_begin(info, MEMBER_SIZE, &skb);
	if (!hdr)
		return -ENOMEM;

	ret = cityhub_capture_arm(req, &c, info->extack);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}

	notify_capture(c);
	return reply_end(info, skb, hdr, add_capture_start(skb, c));
}

int cityhub_nl_arm_doit(struct sk_buff *request, struct genl_info *info)
{
	struct cityhub_arm *req = kzalloc(sizeof(*req), GFP_KERNEL);
	int ret;

	if (!req)
		return -ENOMEM;

	ret = parse_arm(info, req);
	if (!ret)
		ret = arm(info, req);
	kfree(req);
	return ret;
}

static int add_stop(struct sk_buff *skb, const struct cityhub_capture *c)
{
	struct cityhub_member_view view;
	struct nlattr *nest;
	unsigned int i;

	if (nla_put_u32(skb, CITYHUB_A_CAPTURE_GENERATION, c->generation) ||
	    (c->ticked &&
	     nla_put_uint(skb, CITYHUB_A_CAPTURE_LAST_TICK, c->last_tick)))
		return -EMSGSIZE;

	for (i = 0; i < c->n; i++) {
		if (cityhub_member_view_id(c->id[i], &view))
			continue;
		nest = nla_nest_start(skb, CITYHUB_A_CAPTURE_STATS);
		if (!nest || add_member_stats(skb, &view))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}

	return 0;
}

int cityhub_nl_disarm_doit(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CITYHUB_A_CAPTURE_GENERATION];
	struct cityhub_capture *c;
	struct sk_buff *skb;
	void *hdr;
	int ret;

	ret = cityhub_nl_check_once(info->nlhdr, 0, info->extack);
	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, CITYHUB_A_CAPTURE_GENERATION)) {
		GENL_SET_ERR_MSG(info, "which capture is not said");
		return -EINVAL;
	}

	guard(mutex)(&cityhub_lock);
	c = cityhub_capture_find(nla_get_u32(attr));
	if (!c) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such capture");
		return -ENOENT;
	}

	hdr = reply_begin(info, (c->n + 1) * MEMBER_SIZE, &skb);
	if (!hdr)
		return -ENOMEM;

	cityhub_capture_disarm(c);
	ret = add_stop(skb, c);
	notify_capture(c);
	kfree(c);
	return reply_end(info, skb, hdr, ret);
}

static void disarm_owned(u32 port)
{
	struct cityhub_capture *c, *next;

	guard(mutex)(&cityhub_lock);
	list_for_each_entry_safe(c, next, &cityhub_captures, node) {
		if (c->owner != port)
			continue;
		cityhub_capture_disarm(c);
		notify_capture(c);
		kfree(c);
	}
}

static int socket_closed(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct netlink_notify *n = data;

	/* No owner has port 0, the kernel has. */
	if (action == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    net_eq(n->net, &init_net) && n->portid)
		disarm_owned(n->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_nb = {
	.notifier_call = socket_closed,
};

/* Starts a notification, or returns NULL when nobody listens. */
static void *notify_begin(u8 cmd, size_t size, struct sk_buff **skb)
{
	void *hdr;

	lockdep_assert_held(&cityhub_lock);
	sequence++;
	if (!registered || !genl_has_listeners(&family, &init_net,
					       GROUP_MONITOR))
		return NULL;

	*skb = genlmsg_new(size, GFP_KERNEL);
	if (!*skb)
		return NULL;

	hdr = genlmsg_put(*skb, 0, 0, &family, 0, cmd);
	if (!hdr)
		nlmsg_free(*skb);
	return hdr;
}

/* Listeners notice a notification that could not be sent by its sequence. */
static void notify_end(struct sk_buff *skb, void *hdr, int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return;
	}

	genlmsg_end(skb, hdr);
	genlmsg_multicast(&family, skb, 0, GROUP_MONITOR, GFP_KERNEL);
}

void cityhub_notify_hub(void)
{
	struct sk_buff *skb;
	void *hdr = notify_begin(CITYHUB_CMD_HUB_NTF, hub_size(), &skb);

	if (hdr)
		notify_end(skb, hdr, add_hub(skb));
}

static int add_member_ntf(struct sk_buff *skb,
			  const struct cityhub_member_view *m)
{
	if (nla_put_u32(skb, CITYHUB_A_MEMBER_SEQUENCE, sequence))
		return -EMSGSIZE;

	return add_member(skb, m);
}

void cityhub_notify_member(u32 id)
{
	struct cityhub_member_view view;
	struct sk_buff *skb;
	void *hdr;

	if (cityhub_member_view_id(id, &view))
		return;

	hdr = notify_begin(CITYHUB_CMD_MEMBER_NTF, MEMBER_SIZE, &skb);
	if (hdr)
		notify_end(skb, hdr, add_member_ntf(skb, &view));
}

void cityhub_notify_member_del(u32 id)
{
	struct sk_buff *skb;
	void *hdr = notify_begin(CITYHUB_CMD_MEMBER_DEL_NTF, MEMBER_SIZE, &skb);

	if (hdr)
		notify_end(skb, hdr,
			   nla_put_u32(skb, CITYHUB_A_MEMBER_ID, id) ||
			   nla_put_u32(skb, CITYHUB_A_MEMBER_SEQUENCE,
				       sequence) ? -EMSGSIZE : 0);
}

static void set_registered(bool value)
{
	guard(mutex)(&cityhub_lock);
	registered = value;
}

int cityhub_netlink_init(void)
{
	int ret;

	ret = netlink_register_notifier(&socket_nb);
	if (ret)
		return ret;

	ret = genl_register_family(&family);
	if (ret) {
		netlink_unregister_notifier(&socket_nb);
		return ret;
	}

	set_registered(true);
	return 0;
}

void cityhub_netlink_exit(void)
{
	set_registered(false);
	genl_unregister_family(&family);
	netlink_unregister_notifier(&socket_nb);
}
