// SPDX-License-Identifier: GPL-2.0-only
/* Arm and disarm: what they are asked and what they answer. */
#include <linux/cleanup.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "hub.h"
#include "nl.h"
#include "nl_policy.h"

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
	hdr = cityhub_nl_reply_begin(info, CITYHUB_NL_MEMBER_SIZE, &skb);
	if (!hdr)
		return -ENOMEM;

	ret = cityhub_capture_arm(req, &c, info->extack);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}

	notify_capture(c);
	return cityhub_nl_reply_end(info, skb, hdr, cityhub_nl_put_capture_start(skb, c));
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
		if (!nest || cityhub_nl_put_member_stats(skb, &view))
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

	hdr = cityhub_nl_reply_begin(info, (c->n + 1) * CITYHUB_NL_MEMBER_SIZE, &skb);
	if (!hdr)
		return -ENOMEM;

	cityhub_capture_disarm(c);
	ret = add_stop(skb, c);
	notify_capture(c);
	kfree(c);
	return cityhub_nl_reply_end(info, skb, hdr, ret);
}

/* The socket that asked for these to end with it is closed. */
void cityhub_nl_disarm_owned(u32 port)
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
