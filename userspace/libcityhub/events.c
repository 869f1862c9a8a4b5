// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include <cityhub/cityhub.h>

#include "handle.h"
#include "parse.h"

/* Room for a burst of a few hundred events. */
#define RECEIVE_BUFFER	(256 * 1024)

struct cityhub_events {
	struct nl_sock *sk;
	int family;
	uint32_t sequence;	/* of the newest event, 0 before the first */
	bool got;
	struct cityhub_event event;
};

static int parse_event(const struct nlmsghdr *nlh, struct cityhub_event *e)
{
	const struct genlmsghdr *ghdr = nlmsg_data(nlh);

	switch (ghdr->cmd) {
	case CITYHUB_CMD_HUB_NTF:
		e->type = CITYHUB_EVENT_HUB;
		return parse_hub_event(nlh, e);
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
	if (e->sequence)
		event.lost = event.sequence - e->sequence - 1;
	e->sequence = event.sequence;
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

static int subscribe(struct cityhub_events *e)
{
	int group, ret;

	ret = handle_connect(&e->sk, &e->family, CITYHUB_MCGRP_MONITOR, &group);
	if (ret)
		return ret;

	nl_socket_disable_auto_ack(e->sk);
	nl_socket_modify_cb(e->sk, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence,
			    NULL);
	nl_socket_modify_cb(e->sk, NL_CB_VALID, NL_CB_CUSTOM, on_event, e);
	ret = nl_socket_set_buffer_size(e->sk, RECEIVE_BUFFER, 0);
	if (!ret)
		ret = nl_socket_set_nonblocking(e->sk);
	if (!ret)
		ret = nl_socket_add_membership(e->sk, group);
	return ret ? handle_nl_error(ret) : 0;
}

int cityhub_events_open(struct cityhub_events **events)
{
	struct cityhub_events *e = calloc(1, sizeof(*e));
	int ret;

	*events = NULL;
	if (!e)
		return -ENOMEM;

	ret = subscribe(e);
	if (ret)
		cityhub_events_close(e);
	else
		*events = e;
	return ret;
}

void cityhub_events_close(struct cityhub_events *e)
{
	if (!e)
		return;
	nl_socket_free(e->sk);
	free(e);
}

int cityhub_events_fd(const struct cityhub_events *e)
{
	return nl_socket_get_fd(e->sk);
}

int cityhub_events_read(struct cityhub_events *e,
			const struct cityhub_event **event)
{
	int ret;

	e->got = false;
	*event = NULL;
	do {
		ret = nl_recvmsgs_default(e->sk);
		/* The socket overran: the sequence will tell how much. */
		if (ret == -NLE_NOMEM)
			ret = 0;
	} while (ret >= 0 && !e->got);

	if (!e->got)
		return handle_nl_error(ret);
	*event = &e->event;
	return 0;
}
