// SPDX-License-Identifier: GPL-2.0-only
/* The operations that set the hub up: each checks all and then changes. */
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "hub.h"
#include "nl.h"
#include "nl_policy.h"

/* More than any attribute set of the family has. */
#define TYPES_MAX	64

/**
 * cityhub_nl_check_once() - refuse an attribute that was given twice
 * @nlh:	request
 * @multi:	attribute that may come several times, 0 for none
 * @extack:	for the reason of a refusal
 *
 * The core checks each attribute, and takes the last one then.
 *
 * Return: 0 or -EINVAL.
 */
int cityhub_nl_check_once(const struct nlmsghdr *nlh, int multi,
			  struct netlink_ext_ack *extack)
{
	DECLARE_BITMAP(seen, TYPES_MAX) = { 0 };
	const struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, rem) {
		if (nla_type(attr) == multi || nla_type(attr) >= TYPES_MAX)
			continue;
		if (__test_and_set_bit(nla_type(attr), seen)) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "attribute is given twice");
			return -EINVAL;
		}
	}

	return 0;
}

/**
 * struct settings - what a request makes of the settings
 * @config:	of the grid
 * @policy:	what arm asks of the clock
 */
struct settings {
	struct cityhub_grid_config config;
	enum cityhub_hub_policy policy;
};

static void parse_settings(struct nlattr **attrs, struct settings *s)
{
	struct cityhub_grid_config *c = &s->config;

	if (attrs[CITYHUB_A_HUB_PERIOD_NS])
		c->period_ns = nla_get_u64(attrs[CITYHUB_A_HUB_PERIOD_NS]);
	if (attrs[CITYHUB_A_HUB_PHASE_NS])
		c->phase_ns = nla_get_u64(attrs[CITYHUB_A_HUB_PHASE_NS]);
	if (attrs[CITYHUB_A_HUB_GRID_CLOCK])
		c->clock = nla_get_u32(attrs[CITYHUB_A_HUB_GRID_CLOCK]);
	if (attrs[CITYHUB_A_HUB_POLICY])
		s->policy = nla_get_u32(attrs[CITYHUB_A_HUB_POLICY]);
}

static int check_settings(struct genl_info *info, const struct settings *s)
{
	struct nlattr **attrs = info->attrs;

	if (!list_empty(&cityhub_captures)) {
		GENL_SET_ERR_MSG(info, "something is armed: disarm it first");
		return -EBUSY;
	}
	if (s->config.phase_ns >= s->config.period_ns) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    attrs[CITYHUB_A_HUB_PHASE_NS] ?:
				    attrs[CITYHUB_A_HUB_PERIOD_NS],
				    "phase is not less than the period");
		return -ERANGE;
	}
	if (attrs[CITYHUB_A_HUB_GRID_CLOCK] &&
	    !cityhub_grid_clock_is_set(s->config.clock)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    attrs[CITYHUB_A_HUB_GRID_CLOCK],
				    "the TAI offset is not set");
		return -EAGAIN;
	}
	return 0;
}

static bool same_config(const struct cityhub_grid_config *a,
			const struct cityhub_grid_config *b)
{
	return a->period_ns == b->period_ns && a->phase_ns == b->phase_ns &&
	       a->clock == b->clock;
}

int cityhub_nl_hub_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cityhub_grid_view view;
	struct settings s;
	int ret;

	ret = cityhub_nl_check_once(info->nlhdr, 0, info->extack);
	if (ret)
		return ret;

	guard(mutex)(&cityhub_lock);
	cityhub_grid_get(&view);
	s.config = view.config;
	s.policy = cityhub_policy;
	parse_settings(info->attrs, &s);
	ret = check_settings(info, &s);
	if (ret)
		return ret;

	if (!same_config(&s.config, &view.config))
		cityhub_grid_configure(&s.config);
	cityhub_policy = s.policy;
	cityhub_notify_hub();
	return 0;
}

int cityhub_nl_sync_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *bound = info->attrs[CITYHUB_A_SYNC_BOUND_NS];
	struct nlattr *valid = info->attrs[CITYHUB_A_SYNC_VALID_NS];
	int ret;

	ret = cityhub_nl_check_once(info->nlhdr, 0, info->extack);
	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, CITYHUB_A_SYNC_VALID_NS)) {
		GENL_SET_ERR_MSG(info, "for how long is not said");
		return -EINVAL;
	}
	if (nla_get_u64(valid) &&
	    GENL_REQ_ATTR_CHECK(info, CITYHUB_A_SYNC_BOUND_NS)) {
		GENL_SET_ERR_MSG(info, "the largest error is not said");
		return -EINVAL;
	}

	guard(mutex)(&cityhub_lock);
	if (nla_get_u64(valid))
		cityhub_sync_set(nla_get_u64(bound), nla_get_u64(valid));
	else
		cityhub_sync_clear();
	return 0;
}

/* The lowest number no slot has; there is always one below the maximum + 1. */
static u32 free_slot(void)
{
	u32 nr = 0;

	while (cityhub_slot_exists(nr))
		nr++;
	return nr;
}

static int slot_new(struct genl_info *info, u32 nr)
{
	int ret;

	if (nr >= CITYHUB_SLOTS_MAX) {
		GENL_SET_ERR_MSG(info, "all slots there can be are there");
		return -ENOSPC;
	}
	if (cityhub_slot_exists(nr)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[CITYHUB_A_SLOT_NUMBER],
				    "there is such a slot already");
		return -EEXIST;
	}

	ret = cityhub_slot_new(nr);
	if (ret == -EEXIST)
		GENL_SET_ERR_MSG(info, "another trigger has the name of the slot");
	return ret;
}

static void notify_slots(void)
{
	guard(mutex)(&cityhub_lock);
	cityhub_notify_hub();
}

/* The answer is allocated first, so that what was done can be told. */
int cityhub_nl_slot_new_doit(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CITYHUB_A_SLOT_NUMBER];
	struct sk_buff *skb;
	void *hdr;
	int ret;
	u32 nr;

	ret = cityhub_nl_check_once(info->nlhdr, 0, info->extack);
	if (ret)
		return ret;

	hdr = cityhub_nl_reply_begin(info, nla_total_size(sizeof(nr)), &skb);
	if (!hdr)
		return -ENOMEM;

	nr = attr ? nla_get_u32(attr) : free_slot();
	ret = nla_put_u32(skb, CITYHUB_A_SLOT_NUMBER, nr) ?:
	      slot_new(info, nr);
	if (!ret)
		notify_slots();
	return cityhub_nl_reply_end(info, skb, hdr, ret);
}

int cityhub_nl_slot_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[CITYHUB_A_SLOT_NUMBER];
	int ret;

	ret = cityhub_nl_check_once(info->nlhdr, 0, info->extack);
	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, CITYHUB_A_SLOT_NUMBER)) {
		GENL_SET_ERR_MSG(info, "which slot is not said");
		return -EINVAL;
	}

	ret = cityhub_slot_del(nla_get_u32(attr));
	if (!ret)
		notify_slots();
	else if (ret == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such slot");
	else
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "a device has the slot as its trigger");
	return ret;
}
