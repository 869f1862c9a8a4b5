// SPDX-License-Identifier: GPL-2.0-only
/* The operations that read: one answer, or a dump that goes on where it was. */
#include <linux/build_bug.h>
#include <linux/cleanup.h>
#include <linux/lockdep.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "hub.h"
#include "nl.h"
#include "nl_policy.h"

/* Bytes of a tick message that are kept for what follows the ticks. */
#define TICK_MARGIN	128

int cityhub_nl_hub_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb;
	void *hdr;

	guard(mutex)(&cityhub_lock);
	hdr = cityhub_nl_reply_begin(info, cityhub_nl_hub_size(), &skb);
	if (!hdr)
		return -ENOMEM;

	return cityhub_nl_reply_end(info, skb, hdr, cityhub_nl_put_hub(skb));
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

	hdr = cityhub_nl_reply_begin(info, CITYHUB_NL_MEMBER_SIZE, &skb);
	if (!hdr)
		return -ENOMEM;

	return cityhub_nl_reply_end(info, skb, hdr, cityhub_nl_put_member(skb, &view));
}

/**
 * struct member_dump - where a dump of members is
 * @from:	smallest id that is still to come
 * @begun:	what stands before the members is sent
 */
struct member_dump {
	u32 from;
	bool begun;
};

/* Adds a message of a dump that a function fills, or nothing of it. */
static int dump_message(struct sk_buff *skb, struct netlink_callback *cb,
			u8 cmd,
			int (*add)(struct sk_buff *skb,
				   const struct cityhub_member_view *m),
			const struct cityhub_member_view *view)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &cityhub_nl_family,
				NLM_F_MULTI, cmd);

	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (add(skb, view)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}

	genlmsg_end(skb, hdr);
	return 0;
}

/* Each change that is told makes a dump that has begun an interrupted one. */
static int dump_members(struct sk_buff *skb, struct netlink_callback *cb,
			u8 cmd,
			int (*add)(struct sk_buff *skb,
				   const struct cityhub_member_view *m))
{
	struct member_dump *dump = (struct member_dump *)cb->ctx;
	struct cityhub_member_view view;

	lockdep_assert_held(&cityhub_lock);
	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	for (; !cityhub_member_next(dump->from, &view); dump->from = view.id + 1)
		if (dump_message(skb, cb, cmd, add, &view))
			break;

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

	guard(mutex)(&cityhub_lock);
	cb->seq = cityhub_nl_sequence(CITYHUB_NL_MONITOR);
	return dump_members(skb, cb, CITYHUB_CMD_MEMBER_GET,
			    cityhub_nl_put_member);
}

static int add_stats_hub(struct sk_buff *skb,
			 const struct cityhub_member_view *none)
{
	struct nlattr *nest = nla_nest_start(skb, CITYHUB_A_STATS_HUB);

	if (!nest || cityhub_nl_put_hub_state(skb))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static int add_stats_member(struct sk_buff *skb,
			    const struct cityhub_member_view *m)
{
	struct nlattr *nest = nla_nest_start(skb, CITYHUB_A_STATS_MEMBER);

	if (!nest || cityhub_nl_put_member_stats(skb, m))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

int cityhub_nl_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct member_dump *dump = (struct member_dump *)cb->ctx;

	guard(mutex)(&cityhub_lock);
	cb->seq = cityhub_nl_sequence(CITYHUB_NL_MONITOR);
	if (!dump->begun && dump_message(skb, cb, CITYHUB_CMD_STATS_GET,
					 add_stats_hub, NULL))
		return -EMSGSIZE;

	dump->begun = true;
	return dump_members(skb, cb, CITYHUB_CMD_STATS_GET, add_stats_member);
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
	if (number && !cityhub_slot_exists(nla_get_u32(number))) {
		NL_SET_ERR_MSG_ATTR(cb->extack, number, "no such slot");
		return -ENOENT;
	}

	dump->end = CITYHUB_SLOTS_MAX;
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
		if (cityhub_nl_put_tick(skb, &tick, index - 1))
			return true;
		dump->next = index;
	}

	return true;
}

static int add_slot(struct sk_buff *skb, struct tick_dump *dump, bool *more)
{
	if (nla_put_u32(skb, CITYHUB_A_SLOT_NUMBER, dump->slot) ||
	    cityhub_nl_put_clock(skb, CITYHUB_A_SLOT_CLOCK))
		return -EMSGSIZE;

	*more = add_slot_ticks(skb, dump);
	return cityhub_nl_put_u64(skb, CITYHUB_A_SLOT_SINCE, dump->next);
}

/* Adds one message with the ticks of a slot that fit. */
static int add_slot_message(struct sk_buff *skb, struct netlink_callback *cb,
			    struct tick_dump *dump, bool *more)
{
	u64 next = dump->next;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &cityhub_nl_family, NLM_F_MULTI, CITYHUB_CMD_TICK_GET);
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
		if (cityhub_slot_exists(dump->slot) &&
		    (add_slot_message(skb, cb, dump, &more) || more))
			break;

	return skb->len;
}
