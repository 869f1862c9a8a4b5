// SPDX-License-Identifier: LGPL-2.1-or-later
#include "handle.h"

#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "refusal.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

/* A dump that never comes out whole is given up. */
#define DUMP_TRIES	10

struct cityhub {
	struct nl_sock *sk;
	int family;
	char error[256];
};

/* State of one transaction, shared by the callbacks. */
struct transaction {
	struct cityhub *h;
	const struct nlmsghdr *request;
	const struct handle_answer *answer;
	int error;
	bool done;
};

int handle_nl_error(int nl_error)
{
	switch (-nl_error) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
		return -EPERM;
	case NLE_INTR:
		return -EINTR;
	case NLE_AGAIN:
	case NLE_DUMP_INTR:
		return -EAGAIN;
	case NLE_AF_NOSUPPORT:
		return -EAFNOSUPPORT;
	case NLE_BAD_SOCK:
		return -EBADF;
	default:
		return -EPROTO;
	}
}

static int connect_socket(struct nl_sock *sk, int *family)
{
	int on = 1;
	int ret = genl_connect(sk);

	if (ret)
		return handle_nl_error(ret);
	/* Without it a refusal has no reason, which is no reason to fail. */
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));

	ret = genl_ctrl_resolve(sk, CITYHUB_FAMILY_NAME);
	if (ret < 0)
		return handle_nl_error(ret);
	*family = ret;
	return 0;
}

int handle_connect(struct nl_sock **sk, int *family)
{
	int ret;

	*sk = nl_socket_alloc();
	if (!*sk)
		return -ENOMEM;

	ret = connect_socket(*sk, family);
	if (ret) {
		nl_socket_free(*sk);
		*sk = NULL;
	}
	return ret;
}

int cityhub_open(struct cityhub **handle)
{
	struct cityhub *h = calloc(1, sizeof(*h));
	int ret;

	*handle = NULL;
	if (!h)
		return -ENOMEM;

	ret = handle_connect(&h->sk, &h->family);
	if (ret) {
		free(h);
		return ret;
	}
	*handle = h;
	return 0;
}

void cityhub_close(struct cityhub *h)
{
	if (!h)
		return;
	nl_socket_free(h->sk);
	free(h);
}

const char *cityhub_error(const struct cityhub *h)
{
	return h->error;
}

int handle_fail(struct cityhub *h, int error)
{
	snprintf(h->error, sizeof(h->error), "%s", strerror(-error));
	return error;
}

struct nl_msg *handle_request(struct cityhub *h, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, h->family, 0, flags,
			 cmd, CITYHUB_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int on_valid(struct nl_msg *msg, void *data)
{
	struct transaction *t = data;
	int ret;

	if (t->error || !t->answer)
		return NL_OK;
	ret = t->answer->add(nlmsg_hdr(msg), t->answer->data);
	if (ret)
		t->error = handle_fail(t->h, ret);
	return NL_OK;
}

/* IIO tells the name of any device; a name is not worth an error. */
static void read_member_name(uint64_t id, char *name, size_t size)
{
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path),
		 "/sys/bus/iio/devices/iio:device%llu/name",
		 (unsigned long long)id);
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(name, (int)size, f))
		*name = '\0';
	name[strcspn(name, "\n")] = '\0';
	fclose(f);
}

/* The kernel points into the request: see what is there. */
static void blame(struct refusal *r, const struct nlmsghdr *request,
		  uint32_t offset)
{
	const struct nlattr *attr;

	if (offset < NLMSG_HDRLEN || offset + sizeof(*attr) > request->nlmsg_len)
		return;
	attr = (const void *)((const char *)request + offset);
	if (offset + attr->nla_len > request->nlmsg_len)
		return;

	r->attr = (uint16_t)nla_type(attr);
	if (nla_len(attr) == sizeof(uint32_t)) {
		r->value = nla_get_u32(attr);
		r->has_value = 1;
	} else if (nla_len(attr) == sizeof(uint64_t)) {
		r->value = nla_get_u64(attr);
		r->has_value = 1;
	}
	if (r->has_value && refusal_attr_is_member(r->cmd, r->attr))
		read_member_name(r->value, r->member, sizeof(r->member));
}

static void read_extack(struct refusal *r, const struct nlmsghdr *request,
			const void *head, int len)
{
	const struct nlattr *attr;
	int rem;

	nla_for_each_attr(attr, (struct nlattr *)head, len, rem) {
		switch (nla_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(r->reason, sizeof(r->reason), "%.*s",
				 nla_len(attr), (const char *)nla_data(attr));
			break;
		case NLMSGERR_ATTR_OFFS:
			if (nla_len(attr) >= (int)sizeof(uint32_t))
				blame(r, request, nla_get_u32(attr));
			break;
		case 5: /* NLMSGERR_ATTR_MISS_TYPE, from Linux 6.0 on */
			if (nla_len(attr) >= (int)sizeof(uint32_t))
				r->missing = (uint16_t)nla_get_u32(attr);
			break;
		}
	}
}

static void refuse(struct transaction *t, int error, const void *tlvs, int len)
{
	const struct genlmsghdr *ghdr = nlmsg_data(t->request);
	struct refusal r = { .error = error, .cmd = ghdr->cmd };

	if (len > 0)
		read_extack(&r, t->request, tlvs, len);
	refusal_format(&r, t->h->error, sizeof(t->h->error));
	t->error = error;
}

static int on_ack(struct nl_msg *msg, void *data)
{
	struct transaction *t = data;

	(void)msg;
	t->done = true;
	return NL_STOP;
}

/* A dump may be refused at its end: the error is in its last message. */
static int on_finish(struct nl_msg *msg, void *data)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	const int *error = nlmsg_data(nlh);
	struct transaction *t = data;
	int used = NLMSG_ALIGN(sizeof(*error));
	int len = nlmsg_datalen(nlh);

	t->done = true;
	if (len >= (int)sizeof(*error) && *error < 0)
		refuse(t, *error, (const char *)error + used,
		       nlh->nlmsg_flags & NLM_F_ACK_TLVS ? len - used : 0);
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *data)
{
	const struct nlmsghdr *nlh =
		(const void *)((const char *)err - NLMSG_HDRLEN);
	struct transaction *t = data;
	int used = sizeof(*err);

	(void)from;
	/* The request comes back with the error, unless it is cut off. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		used += NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	refuse(t, err->error ? err->error : -EPROTO, (const char *)err + used,
	       nlh->nlmsg_flags & NLM_F_ACK_TLVS ?
	       nlmsg_datalen(nlh) - used : 0);
	t->done = true;
	return NL_STOP;
}

static int receive(struct transaction *t)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret = 0;

	if (!cb)
		return handle_fail(t->h, -ENOMEM);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, t);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, t);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, t);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, t);

	while (!t->done && ret >= 0)
		ret = nl_recvmsgs(t->h->sk, cb);
	nl_cb_put(cb);
	if (t->error)
		return t->error;
	return ret < 0 ? handle_fail(t->h, handle_nl_error(ret)) : 0;
}

static int transact_once(struct cityhub *h, struct nl_msg *request,
			 const struct handle_answer *answer)
{
	struct transaction t = {
		.h = h,
		.request = nlmsg_hdr(request),
		.answer = answer,
	};
	int ret;

	/* Each try is a request of its own. */
	nlmsg_hdr(request)->nlmsg_seq = NL_AUTO_SEQ;
	ret = nl_send_auto(h->sk, request);
	if (ret < 0)
		return handle_fail(h, handle_nl_error(ret));
	return receive(&t);
}

int handle_transact(struct cityhub *h, struct nl_msg *request,
		    const struct handle_answer *answer)
{
	int is_dump = nlmsg_hdr(request)->nlmsg_flags & NLM_F_DUMP;
	int tries = is_dump ? DUMP_TRIES : 1;
	int ret;

	h->error[0] = '\0';
	do {
		ret = transact_once(h, request, answer);
		if (ret && answer && answer->reset)
			answer->reset(answer->data);
	} while (ret == -EAGAIN && --tries > 0);

	nlmsg_free(request);
	return ret;
}
