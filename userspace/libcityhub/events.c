// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events, numbered by their group without gaps. When some are lost the state
 * is asked for, with the number up to which it has everything: what did not
 * come through the socket up to there is what was lost.
 */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include <cityhub/cityhub.h>

#include "handle.h"
#include "parse.h"

/* Room for a burst of a few hundred events. */
#define RECEIVE_BUFFER	(256 * 1024)

enum {
	MONITOR,
	FAULT,
	GROUPS,
};

static const char *const group_names[GROUPS] = {
	[MONITOR] = CITYHUB_MCGRP_MONITOR,
	[FAULT] = CITYHUB_MCGRP_FAULT,
};

struct cityhub_events {
	struct nl_sock *sk;
	int family;
	struct cityhub *hub;		/* to ask for the state */
	unsigned int groups;
	uint32_t sequence[GROUPS];	/* up to here all is accounted for */
	struct cityhub_clock clock;	/* when the state was asked for */
	uint32_t *known;		/* ids of the members told of */
	size_t n_known;
	struct cityhub_event *queue;	/* to be read before the socket is */
	size_t n_queue;
	size_t next;
	bool missing;			/* some were lost since */
	bool got;
	struct cityhub_event event;	/* read last from the socket */
};

static int group_of(const struct cityhub_event *e)
{
	return e->group == CITYHUB_EVENTS_FAULT ? FAULT : MONITOR;
}

static int parse_event(const struct nlmsghdr *nlh, struct cityhub_event *e)
{
	const struct genlmsghdr *ghdr = nlmsg_data(nlh);

	e->group = CITYHUB_EVENTS_MONITOR;
	switch (ghdr->cmd) {
	case CITYHUB_CMD_HUB_NTF:
		e->type = CITYHUB_EVENT_HUB;
		return parse_hub_event(nlh, e);
	case CITYHUB_CMD_FAULT_NTF:
		e->type = CITYHUB_EVENT_FAULT;
		e->group = CITYHUB_EVENTS_FAULT;
		e->sequence = parse_fault_sequence(nlh);
		return parse_fault(nlh, &e->fault);
	case CITYHUB_CMD_MEMBER_NTF:
		e->type = CITYHUB_EVENT_MEMBER;
		break;
	case CITYHUB_CMD_MEMBER_DEL_NTF:
		e->type = CITYHUB_EVENT_MEMBER_GONE;
		break;
	default:
		return -ENOMSG;
	}
	e->sequence = parse_member_sequence(nlh);
	return parse_member(nlh, &e->member);
}

static int on_event(struct nl_msg *msg, void *data)
{
	struct cityhub_events *e = data;
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct cityhub_event event = { 0 };

	if (nlh->nlmsg_type != e->family || parse_event(nlh, &event))
		return NL_OK;
	e->event = event;
	e->got = true;
	return NL_STOP;
}

/* Events are not numbered by a request of ours. */
static int on_sequence(struct nl_msg *msg, void *data)
{
	(void)msg;
	(void)data;
	return NL_OK;
}

/* ---- members told of ------------------------------------------------------ */

static size_t known_at(const struct cityhub_events *e, uint32_t id)
{
	size_t i;

	for (i = 0; i < e->n_known; i++)
		if (e->known[i] == id)
			break;
	return i;
}

static int known_add(struct cityhub_events *e, uint32_t id)
{
	uint32_t *new;

	if (known_at(e, id) < e->n_known)
		return 0;
	new = parse_grow((void **)&e->known, &e->n_known, sizeof(*new));
	if (!new)
		return -ENOMEM;
	*new = id;
	return 0;
}

static int known_follow(struct cityhub_events *e,
			const struct cityhub_event *event)
{
	size_t i = known_at(e, event->member.id);

	if (event->type == CITYHUB_EVENT_MEMBER)
		return known_add(e, event->member.id);
	if (event->type == CITYHUB_EVENT_MEMBER_GONE && i < e->n_known)
		e->known[i] = e->known[--e->n_known];
	return 0;
}

/* ---- the queue ------------------------------------------------------------ */

static int queue_add(struct cityhub_events *e, const struct cityhub_event *event)
{
	struct cityhub_event *new = parse_grow((void **)&e->queue, &e->n_queue,
					       sizeof(*new));

	if (!new)
		return -ENOMEM;
	*new = *event;
	return known_follow(e, event);
}

static bool queue_read(struct cityhub_events *e,
		       const struct cityhub_event **event)
{
	if (e->next == e->n_queue) {
		e->n_queue = 0;
		e->next = 0;
		return false;
	}
	*event = &e->queue[e->next++];
	return true;
}

/* ---- the state after a loss ----------------------------------------------- */

static int state_member(struct cityhub_events *e, const struct cityhub_member *m)
{
	const struct cityhub_event event = {
		.type = CITYHUB_EVENT_MEMBER,
		.group = CITYHUB_EVENTS_MONITOR,
		.sequence = e->sequence[MONITOR],
		.resync = true,
		.member = *m,
	};

	return queue_add(e, &event);
}

static bool has_member(const struct cityhub_member *members, size_t n,
		       uint32_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (members[i].id == id)
			return true;
	return false;
}

/* Each removal puts the last id into the place: count down. */
static int state_gone(struct cityhub_events *e,
		      const struct cityhub_member *members, size_t n)
{
	struct cityhub_event event = {
		.type = CITYHUB_EVENT_MEMBER_GONE,
		.group = CITYHUB_EVENTS_MONITOR,
		.sequence = e->sequence[MONITOR],
		.resync = true,
	};
	size_t i = e->n_known;
	int ret = 0;

	while (i-- > 0 && !ret) {
		if (has_member(members, n, e->known[i]))
			continue;
		event.member.id = e->known[i];
		ret = queue_add(e, &event);
	}
	return ret;
}

static int queue_state(struct cityhub_events *e,
		       const struct cityhub_member *members, size_t n)
{
	const struct cityhub_event hub = {
		.clock = e->clock,
		.type = CITYHUB_EVENT_HUB,
		.group = CITYHUB_EVENTS_MONITOR,
		.sequence = e->sequence[MONITOR],
		.resync = true,
	};
	int ret = queue_add(e, &hub);
	size_t i;

	if (!ret)
		ret = state_gone(e, members, n);
	for (i = 0; i < n && !ret; i++)
		ret = state_member(e, &members[i]);
	return ret;
}

/* ---- loss ----------------------------------------------------------------- */

/* Reads one event from the socket; -ENOBUFS when the kernel dropped some. */
static int receive(struct cityhub_events *e)
{
	int ret;

	e->got = false;
	do {
		ret = nl_recvmsgs_default(e->sk);
	} while (ret >= 0 && !e->got);

	if (e->got)
		return 0;
	return ret == -NLE_NOMEM ? -ENOBUFS : handle_nl_error(ret);
}

/* How many events of its group lie between the last one and this. */
static uint32_t gap_before(const struct cityhub_events *e,
			   const struct cityhub_event *event)
{
	return event->sequence - e->sequence[group_of(event)] - 1;
}

/* What was sent before the state was asked for is in the socket by then. */
static bool is_past(const uint32_t *now, const struct cityhub_event *event)
{
	return (int32_t)(event->sequence - now[group_of(event)]) <= 0;
}

/*
 * Queues what came through up to the state; the event read last stays for later
 * when it came after that: returns 1 then.
 */
static int queue_past(struct cityhub_events *e, bool got, const uint32_t *now,
		      uint32_t *lost)
{
	int ret = got ? 0 : receive(e);

	while (!ret || ret == -ENOBUFS) {
		if (!ret && !is_past(now, &e->event))
			return 1;
		if (!ret && !is_past(e->sequence, &e->event)) {
			lost[group_of(&e->event)] += gap_before(e, &e->event);
			e->sequence[group_of(&e->event)] = e->event.sequence;
			ret = queue_add(e, &e->event);
			if (ret)
				return ret;
		}
		ret = receive(e);
		if (ret == -ENOBUFS)
			e->missing = true;
	}
	return ret == -EAGAIN ? 0 : ret;
}

static int queue_lost(struct cityhub_events *e, int group, uint32_t lost)
{
	const struct cityhub_event event = {
		.type = CITYHUB_EVENT_LOST,
		.group = 1U << group,
		.sequence = e->sequence[group],
		.lost = lost,
	};

	return queue_add(e, &event);
}

/* Accounts for everything up to the state now; 1 when an event is left. */
static int account(struct cityhub_events *e, bool got, const uint32_t *now,
		   const struct cityhub_member *members, size_t n)
{
	uint32_t lost[GROUPS] = { 0 };
	int left = queue_past(e, got, now, lost);
	int ret = left < 0 ? left : 0;
	int i;

	for (i = 0; i < GROUPS && !ret; i++) {
		if (!(e->groups & 1U << i))
			continue;
		lost[i] += now[i] - e->sequence[i];
		e->sequence[i] = now[i];
		if (lost[i])
			ret = queue_lost(e, i, lost[i]);
	}
	if (!ret && lost[MONITOR])
		ret = queue_state(e, members, n);
	return ret ? ret : left;
}

/* Of members what came after the hub was asked will come as an event too. */
static int ask_state(struct cityhub_events *e, uint32_t *now,
		     struct cityhub_member **members, size_t *n)
{
	struct cityhub_hub *hub;
	int ret = cityhub_hub_get(e->hub, &hub);

	*members = NULL;
	*n = 0;
	if (ret)
		return ret;
	now[MONITOR] = hub->sequence;
	now[FAULT] = hub->fault_sequence;
	e->clock = hub->clock;
	cityhub_hub_free(hub);
	ret = cityhub_members_get(e->hub, members, n);
	/* That there is no event is said by -EAGAIN. */
	return ret == -EAGAIN ? -EBUSY : ret;
}

/* Delivers the event that was read last. */
static int accept_event(struct cityhub_events *e)
{
	e->sequence[group_of(&e->event)] = e->event.sequence;
	return queue_add(e, &e->event);
}

/* Events are missing; got: one that came behind a gap has been read. */
static int resync(struct cityhub_events *e, bool got)
{
	struct cityhub_member *members;
	uint32_t now[GROUPS];
	size_t n;
	int ret;

	do {
		ret = ask_state(e, now, &members, &n);
		/* Until then the next call has to begin here. */
		e->missing = ret;
		if (ret)
			return ret;
		ret = account(e, got, now, members, n);
		cityhub_members_free(members);
		got = ret == 1;
	} while (got && gap_before(e, &e->event));

	return got ? accept_event(e) : ret;
}

/* Reads the socket until there is something in the queue or nothing to read. */
static int fill_queue(struct cityhub_events *e)
{
	int ret = e->missing ? -ENOBUFS : receive(e);

	if (!ret && is_past(e->sequence, &e->event))
		return 0;
	if (ret == -ENOBUFS || (!ret && gap_before(e, &e->event))) {
		e->missing = true;
		return resync(e, !ret);
	}
	return ret ? ret : accept_event(e);
}

int cityhub_events_read(struct cityhub_events *e,
			const struct cityhub_event **event)
{
	int ret;

	*event = NULL;
	while (!queue_read(e, event)) {
		ret = fill_queue(e);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- open and close ------------------------------------------------------- */

/* The groups are asked for before any event can come in between. */
static int resolve_groups(struct cityhub_events *e, int *ids)
{
	int i;

	for (i = 0; i < GROUPS; i++) {
		if (!(e->groups & 1U << i))
			continue;
		ids[i] = genl_ctrl_resolve_grp(e->sk, CITYHUB_FAMILY_NAME,
					       group_names[i]);
		if (ids[i] < 0)
			return ids[i];
	}
	return 0;
}

static int subscribe(struct cityhub_events *e)
{
	int ids[GROUPS];
	int i, ret;

	ret = resolve_groups(e, ids);
	if (ret)
		return handle_nl_error(ret);

	nl_socket_disable_auto_ack(e->sk);
	nl_socket_modify_cb(e->sk, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence,
			    NULL);
	nl_socket_modify_cb(e->sk, NL_CB_VALID, NL_CB_CUSTOM, on_event, e);
	ret = nl_socket_set_buffer_size(e->sk, RECEIVE_BUFFER, 0);
	if (!ret)
		ret = nl_socket_set_nonblocking(e->sk);
	for (i = 0; i < GROUPS && !ret; i++)
		if (e->groups & 1U << i)
			ret = nl_socket_add_membership(e->sk, ids[i]);
	return ret ? handle_nl_error(ret) : 0;
}

/* What was before is no loss. */
static int begin(struct cityhub_events *e)
{
	struct cityhub_member *members;
	size_t i, n;
	int ret = ask_state(e, e->sequence, &members, &n);

	for (i = 0; i < n && !ret; i++)
		ret = known_add(e, members[i].id);
	cityhub_members_free(members);
	return ret;
}

int cityhub_events_open_groups(struct cityhub_events **events,
			       unsigned int groups)
{
	struct cityhub_events *e;
	int ret;

	*events = NULL;
	if (!groups || groups >= 1U << GROUPS)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;

	e->groups = groups;
	ret = cityhub_open(&e->hub);
	if (!ret)
		ret = handle_connect(&e->sk, &e->family);
	if (!ret)
		ret = subscribe(e);
	if (!ret)
		ret = begin(e);
	if (ret)
		cityhub_events_close(e);
	else
		*events = e;
	return ret;
}

int cityhub_events_open(struct cityhub_events **events)
{
	return cityhub_events_open_groups(events, CITYHUB_EVENTS_MONITOR);
}

void cityhub_events_close(struct cityhub_events *e)
{
	if (!e)
		return;
	nl_socket_free(e->sk);
	cityhub_close(e->hub);
	free(e->known);
	free(e->queue);
	free(e);
}

int cityhub_events_fd(const struct cityhub_events *e)
{
	return nl_socket_get_fd(e->sk);
}
