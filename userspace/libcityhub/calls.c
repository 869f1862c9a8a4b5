// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#include <cityhub/cityhub.h>

#include "handle.h"
#include "parse.h"

/* An array that grows with each message of an answer. */
struct list {
	void *array;
	size_t n;
};

static void reset_list(void *data)
{
	struct list *l = data;

	free(l->array);
	l->array = NULL;
	l->n = 0;
}

static int add_hub(const struct nlmsghdr *nlh, void *data)
{
	return parse_hub(nlh, data);
}

int cityhub_hub_get(struct cityhub *h, struct cityhub_hub **hub)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_HUB_GET, 0);
	struct handle_answer answer = { .add = add_hub };
	int ret;

	*hub = calloc(1, sizeof(**hub));
	answer.data = *hub;
	if (msg && *hub) {
		ret = handle_transact(h, msg, &answer);
	} else {
		nlmsg_free(msg);
		ret = handle_fail(h, -ENOMEM);
	}
	if (ret) {
		cityhub_hub_free(*hub);
		*hub = NULL;
	}
	return ret;
}

void cityhub_hub_free(struct cityhub_hub *hub)
{
	if (!hub)
		return;
	free(hub->capture);
	free(hub);
}

static int add_member(const struct nlmsghdr *nlh, void *data)
{
	struct list *l = data;
	struct cityhub_member *m = parse_grow(&l->array, &l->n, sizeof(*m));

	return m ? parse_member(nlh, m) : -ENOMEM;
}

int cityhub_member_get(struct cityhub *h, uint32_t id,
		       struct cityhub_member **member)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_MEMBER_GET, 0);
	struct list l = { NULL, 0 };
	struct handle_answer answer = { add_member, reset_list, &l };
	int ret;

	*member = NULL;
	if (!msg || nla_put_u32(msg, CITYHUB_A_MEMBER_ID, id)) {
		nlmsg_free(msg);
		return handle_fail(h, -ENOMEM);
	}
	ret = handle_transact(h, msg, &answer);
	if (!ret && !l.n)
		ret = handle_fail(h, -EPROTO);
	*member = l.array;
	return ret;
}

/* A dump without arguments into an array. */
static int dump(struct cityhub *h, uint8_t cmd,
		int (*add)(const struct nlmsghdr *nlh, void *data),
		struct list *l)
{
	struct nl_msg *msg = handle_request(h, cmd, NLM_F_DUMP);
	struct handle_answer answer = { add, reset_list, l };

	return msg ? handle_transact(h, msg, &answer) :
		     handle_fail(h, -ENOMEM);
}

int cityhub_members_get(struct cityhub *h, struct cityhub_member **members,
			size_t *n)
{
	struct list l = { NULL, 0 };
	int ret = dump(h, CITYHUB_CMD_MEMBER_GET, add_member, &l);

	*members = l.array;
	*n = l.n;
	return ret;
}

void cityhub_members_free(struct cityhub_member *members)
{
	free(members);
}

static int add_stats(const struct nlmsghdr *nlh, void *data)
{
	struct list *l = data;
	struct cityhub_stats *s = parse_grow(&l->array, &l->n, sizeof(*s));
	int ret = s ? parse_stats(nlh, s) : -ENOMEM;

	/* The first message has the hub, which cityhub_hub_get() has too. */
	if (!ret)
		l->n--;
	return ret < 0 ? ret : 0;
}

int cityhub_stats_get(struct cityhub *h, struct cityhub_stats **stats,
		      size_t *n)
{
	struct list l = { NULL, 0 };
	int ret = dump(h, CITYHUB_CMD_STATS_GET, add_stats, &l);

	*stats = l.array;
	*n = l.n;
	return ret;
}

void cityhub_stats_free(struct cityhub_stats *stats)
{
	free(stats);
}

static int add_ticks(const struct nlmsghdr *nlh, void *data)
{
	return parse_ticks(nlh, data);
}

static void reset_ticks(void *data)
{
	struct cityhub_ticks *ticks = data;

	free(ticks->tick);
	memset(ticks, 0, sizeof(*ticks));
}

int cityhub_ticks_get(struct cityhub *h, uint32_t slot, uint64_t since,
		      struct cityhub_ticks **ticks)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_TICK_GET, NLM_F_DUMP);
	struct handle_answer answer = { add_ticks, reset_ticks, NULL };
	int ret = -ENOMEM;

	*ticks = calloc(1, sizeof(**ticks));
	answer.data = *ticks;
	if (msg && *ticks && !nla_put_u32(msg, CITYHUB_A_SLOT_NUMBER, slot) &&
	    !nla_put_u64(msg, CITYHUB_A_SLOT_SINCE, since)) {
		ret = handle_transact(h, msg, &answer);
	} else {
		nlmsg_free(msg);
		handle_fail(h, ret);
	}
	if (ret) {
		cityhub_ticks_free(*ticks);
		*ticks = NULL;
	}
	return ret;
}

void cityhub_ticks_free(struct cityhub_ticks *ticks)
{
	if (!ticks)
		return;
	free(ticks->tick);
	free(ticks);
}

static int add_capture(const struct nlmsghdr *nlh, void *data)
{
	return parse_capture(nlh, data);
}

static int put_arm(struct nl_msg *msg, const uint32_t *members, size_t n,
		   int64_t start_ns, unsigned int flags)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (nla_put_u32(msg, CITYHUB_A_CAPTURE_MEMBER, members[i]))
			return -ENOMEM;
	if (start_ns && nla_put_u64(msg, CITYHUB_A_CAPTURE_START_NS,
				    (uint64_t)start_ns))
		return -ENOMEM;
	if (flags & CITYHUB_ARM_FORCE &&
	    nla_put_flag(msg, CITYHUB_A_CAPTURE_FORCE))
		return -ENOMEM;
	if (flags & CITYHUB_ARM_OWNED &&
	    nla_put_flag(msg, CITYHUB_A_CAPTURE_OWNED))
		return -ENOMEM;
	return 0;
}

static int arm(struct cityhub *h, const uint32_t *members, size_t n,
	       int64_t start_ns, unsigned int flags, struct cityhub_capture *c)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_ARM, 0);
	struct handle_answer answer = { .add = add_capture, .data = c };

	if (!msg || put_arm(msg, members, n, start_ns, flags)) {
		nlmsg_free(msg);
		return handle_fail(h, -ENOMEM);
	}
	/* What the kernel took is what was asked for: all of it. */
	if (n <= CITYHUB_CAPTURE_MEMBERS_MAX) {
		memcpy(c->member, members, n * sizeof(*members));
		c->n_members = n;
	}
	return handle_transact(h, msg, &answer);
}

int cityhub_arm_flags(struct cityhub *h, const uint32_t *members, size_t n,
		      int64_t start_ns, unsigned int flags,
		      struct cityhub_capture **capture)
{
	struct cityhub_capture *c;
	int ret;

	if (capture)
		*capture = NULL;
	if (flags & ~(CITYHUB_ARM_FORCE | CITYHUB_ARM_OWNED))
		return handle_fail(h, -EINVAL);
	c = calloc(1, sizeof(*c));
	if (!c)
		return handle_fail(h, -ENOMEM);

	ret = arm(h, members, n, start_ns, flags, c);
	if (ret || !capture)
		free(c);
	else
		*capture = c;
	return ret;
}

int cityhub_arm(struct cityhub *h, const uint32_t *members, size_t n,
		int64_t start_ns, struct cityhub_capture **capture)
{
	return cityhub_arm_flags(h, members, n, start_ns, 0, capture);
}

void cityhub_capture_free(struct cityhub_capture *capture)
{
	free(capture);
}

static int add_stop(const struct nlmsghdr *nlh, void *data)
{
	struct list *l = data;
	struct cityhub_stats *s;
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, (struct nlmsghdr *)nlh, GENL_HDRLEN, rem) {
		if (nla_type(attr) != CITYHUB_A_CAPTURE_STATS)
			continue;
		s = parse_grow(&l->array, &l->n, sizeof(*s));
		if (!s)
			return -ENOMEM;
		if (parse_stats_nest(attr, s))
			return -EPROTO;
	}
	return 0;
}

int cityhub_disarm(struct cityhub *h, uint32_t generation,
		   struct cityhub_stats **stats, size_t *n)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_DISARM, 0);
	struct list l = { NULL, 0 };
	struct handle_answer answer = { add_stop, reset_list, &l };
	int ret;

	if (!msg || nla_put_u32(msg, CITYHUB_A_CAPTURE_GENERATION, generation)) {
		nlmsg_free(msg);
		return handle_fail(h, -ENOMEM);
	}
	ret = handle_transact(h, msg, &answer);
	if (n)
		*n = l.n;
	if (stats)
		*stats = l.array;
	else
		free(l.array);
	return ret;
}
