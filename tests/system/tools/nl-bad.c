// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends one request to the family cityhub as it is told, right or wrong, and
 * prints what the kernel answers, on one line:
 *
 *	nl-bad CMD[,dump] [TYPE=HEXBYTES...]
 *	-> errno=NAME attr=TYPE missing=TYPE msg=TEXT
 *
 * attr is the attribute the kernel pointed at. Exit status 0 when it was
 * refused, 1 when not, 2 when it could not be sent.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/cityhub.h>

#define ATTR_MISS_TYPE	5	/* since Linux 6.0 */
#define DATA_MAX	256

static int add_attr(struct nl_msg *msg, const char *arg)
{
	unsigned char data[DATA_MAX];
	unsigned int byte;
	char *end;
	int type = (int)strtol(arg, &end, 0);
	int n = 0;

	if (*end != '=')
		return -1;
	for (end++; *end; end += 2) {
		if (n == DATA_MAX || sscanf(end, "%2x", &byte) != 1)
			return -1;
		data[n++] = (unsigned char)byte;
	}
	return nla_put(msg, type, n, data);
}

/* Type of the attribute at an offset in the request, or -1. */
static int type_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr = (const void *)((const char *)request +
						   offset);

	return offset + sizeof(*attr) <= request->nlmsg_len ?
	       nla_type(attr) : -1;
}

static void print_extack(const struct nlmsghdr *request, const void *tlvs,
			 int len)
{
	int blamed = -1, missing = -1, rem;
	char text[DATA_MAX] = "";
	const struct nlattr *attr;

	nla_for_each_attr(attr, (struct nlattr *)tlvs, len, rem) {
		if (nla_type(attr) == NLMSGERR_ATTR_OFFS)
			blamed = type_at(request, nla_get_u32(attr));
		else if (nla_type(attr) == ATTR_MISS_TYPE)
			missing = (int)nla_get_u32(attr);
		else if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			nla_strlcpy(text, attr, sizeof(text));
	}
	if (blamed >= 0)
		printf(" attr=%d", blamed);
	if (missing >= 0)
		printf(" missing=%d", missing);
	if (*text)
		printf(" msg=%s", text);
}

/* Prints an error or the end of a dump and returns its error number. */
static int print_end(const struct nlmsghdr *request, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = nlmsg_data(nlh);
	int used = sizeof(err->error);
	const char *name;

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		used = sizeof(*err);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			used += NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	name = strerrorname_np(-err->error);
	printf("errno=%s", name ? name : "?");
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		print_extack(request, (const char *)err + used,
			     nlmsg_datalen(nlh) - used);
	printf("\n");
	return -err->error;
}

/* Returns the error of the answer; its other messages are passed over. */
static int receive(struct nl_sock *sk, const struct nlmsghdr *request)
{
	static char buf[65536] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh;
	ssize_t len;
	int left;

	for (;;) {
		len = recv(nl_socket_get_fd(sk), buf, sizeof(buf), 0);
		if (len < 0)
			return -1;
		left = (int)len;
		for (nlh = (const void *)buf; nlmsg_ok(nlh, left);
		     nlh = nlmsg_next((struct nlmsghdr *)nlh, &left))
			if (nlh->nlmsg_type == NLMSG_DONE ||
			    nlh->nlmsg_type == NLMSG_ERROR)
				return print_end(request, nlh);
	}
}

static struct nl_sock *open_socket(int *family)
{
	struct nl_sock *sk = nl_socket_alloc();
	int on = 1;

	if (!sk || genl_connect(sk))
		return NULL;
	*family = genl_ctrl_resolve(sk, CITYHUB_FAMILY_NAME);
	if (*family < 0)
		return NULL;
	setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));
	return sk;
}

int main(int argc, char **argv)
{
	struct nl_msg *msg = nlmsg_alloc();
	int cmd, family, flags, i, error;
	struct nl_sock *sk;

	if (argc < 2 || !msg) {
		fprintf(stderr, "usage: nl-bad CMD[,dump] [TYPE=HEX...]\n");
		return 2;
	}
	sk = open_socket(&family);
	if (!sk) {
		fprintf(stderr, "nl-bad: no family\n");
		return 2;
	}
	cmd = atoi(argv[1]);
	flags = strstr(argv[1], ",dump") ? NLM_F_DUMP : 0;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags,
			 (uint8_t)cmd, CITYHUB_FAMILY_VERSION))
		return 2;
	for (i = 2; i < argc; i++) {
		if (add_attr(msg, argv[i])) {
			fprintf(stderr, "nl-bad: '%s'\n", argv[i]);
			return 2;
		}
	}
	if (nl_send_auto(sk, msg) < 0)
		return 2;
	error = receive(sk, nlmsg_hdr(msg));
	nlmsg_free(msg);
	nl_socket_free(sk);
	return error < 0 ? 2 : error ? 0 : 1;
}
