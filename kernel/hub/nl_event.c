// SPDX-License-Identifier: GPL-2.0-only
/* What listeners are told. */
#include <linux/cleanup.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "hub.h"
#include "nl.h"

/* Changes that were notified, by group; guarded by cityhub_lock. */
static u32 sequences[] = {
	[CITYHUB_NL_MONITOR] = 1,
	[CITYHUB_NL_FAULT] = 1,
};

/* Slots may be switched on before and after there is a family to notify. */
static bool registered;

/* From now on there is a family, or there is none. */
void cityhub_nl_listen(bool on)
{
	guard(mutex)(&cityhub_lock);
	registered = on;
}

u32 cityhub_nl_sequence(enum cityhub_nl_group group)
{
	lockdep_assert_held(&cityhub_lock);
	return sequences[group];
}

/* Starts a notification, or returns NULL when nobody listens. */
static void *notify_begin(enum cityhub_nl_group group, u8 cmd, size_t size,
			  struct sk_buff **skb)
{
	void *hdr;

	lockdep_assert_held(&cityhub_lock);
	sequences[group]++;
	if (!registered ||
	    !genl_has_listeners(&cityhub_nl_family, &init_net, group))
		return NULL;

	*skb = genlmsg_new(size, GFP_KERNEL);
	if (!*skb)
		return NULL;

	hdr = genlmsg_put(*skb, 0, 0, &cityhub_nl_family, 0, cmd);
	if (!hdr)
		nlmsg_free(*skb);
	return hdr;
}

/* Listeners notice a notification that could not be sent by its sequence. */
static void notify_end(enum cityhub_nl_group group, struct sk_buff *skb,
		       void *hdr, int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return;
	}

	genlmsg_end(skb, hdr);
	genlmsg_multicast(&cityhub_nl_family, skb, 0, group, GFP_KERNEL);
}

void cityhub_notify_hub(void)
{
	struct sk_buff *skb;
	void *hdr = notify_begin(CITYHUB_NL_MONITOR, CITYHUB_CMD_HUB_NTF,
				 cityhub_nl_hub_size(), &skb);

	if (hdr)
		notify_end(CITYHUB_NL_MONITOR, skb, hdr,
			   cityhub_nl_put_hub(skb));
}

void cityhub_notify_member(u32 id)
{
	struct cityhub_member_view view;
	struct sk_buff *skb;
	void *hdr;

	if (cityhub_member_view_id(id, &view))
		return;

	hdr = notify_begin(CITYHUB_NL_MONITOR, CITYHUB_CMD_MEMBER_NTF,
			   CITYHUB_NL_MEMBER_SIZE, &skb);
	if (hdr)
		notify_end(CITYHUB_NL_MONITOR, skb, hdr,
			   cityhub_nl_put_member(skb, &view));
}

static int put_gone(struct sk_buff *skb, u32 id)
{
	if (nla_put_u32(skb, CITYHUB_A_MEMBER_ID, id) ||
	    nla_put_u32(skb, CITYHUB_A_MEMBER_SEQUENCE,
			sequences[CITYHUB_NL_MONITOR]))
		return -EMSGSIZE;

	return 0;
}

void cityhub_notify_member_del(u32 id)
{
	struct sk_buff *skb;
	void *hdr = notify_begin(CITYHUB_NL_MONITOR, CITYHUB_CMD_MEMBER_DEL_NTF,
				 CITYHUB_NL_MEMBER_SIZE, &skb);

	if (hdr)
		notify_end(CITYHUB_NL_MONITOR, skb, hdr, put_gone(skb, id));
}

static int put_fault(struct sk_buff *skb, const struct cityhub_member_view *m,
		     u32 kinds)
{
	if (nla_put_u32(skb, CITYHUB_A_FAULT_SEQUENCE,
			sequences[CITYHUB_NL_FAULT]) ||
	    nla_put_u32(skb, CITYHUB_A_FAULT_MEMBER, m->id) ||
	    nla_put_string(skb, CITYHUB_A_FAULT_NAME, m->name) ||
	    nla_put_u32(skb, CITYHUB_A_FAULT_KINDS, kinds) ||
	    nla_put_uint(skb, CITYHUB_A_FAULT_INSTANT_NS, ktime_get_ns()))
		return -EMSGSIZE;
	if (kinds & CITYHUB_FAULT_KIND_STATUS &&
	    nla_put_u32(skb, CITYHUB_A_FAULT_STATUS, m->stats.status))
		return -EMSGSIZE;

	return cityhub_nl_put_counts(skb, CITYHUB_A_FAULT_COUNTERS,
				     CITYHUB_A_FAULT_TICKS, m);
}

/**
 * cityhub_notify_fault() - tell that something went wrong with a member
 * @m:		the member, as it is
 * @kinds:	what, of &enum cityhub_fault_kind
 */
void cityhub_notify_fault(const struct cityhub_member_view *m, u32 kinds)
{
	struct sk_buff *skb;
	void *hdr = notify_begin(CITYHUB_NL_FAULT, CITYHUB_CMD_FAULT_NTF,
				 CITYHUB_NL_MEMBER_SIZE, &skb);

	if (hdr)
		notify_end(CITYHUB_NL_FAULT, skb, hdr,
			   put_fault(skb, m, kinds));
}
