// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends requests to the family cityhub that are right, nearly right or noise,
 * and lets sockets close in the middle of what they do. What is wrong shows in
 * the kernel's log.
 *
 *	fuzz-netlink MESSAGES SEED [MEMBER...]
 *	-> messages=N
 *	   CMD taken=N refused=N
 *
 * Exit status 0 when all were sent, 2 when that was not possible.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/cityhub.h>

#include "../system/tools/family.h"

#define SOCKETS		4
#define MESSAGE_MAX	4096
#define ANSWER_MAX	65536
#define MEMBERS_MAX	16
#define CMDS		(CITYHUB_CMD_MAX + 3)	/* and some that are none */
#define ODDS_CLOSE	512	/* one in so many messages closes its socket */
#define ODDS_SLEEP	256	/* or lets time pass */

/* Requests: an attribute and its size, -1 for a flag that is none. */
static const struct shape {
	uint8_t cmd;
	uint16_t attr;
	uint16_t size;
} shapes[] = {
	{ CITYHUB_CMD_MEMBER_GET, CITYHUB_A_MEMBER_ID, 4 },
	{ CITYHUB_CMD_TICK_GET, CITYHUB_A_SLOT_NUMBER, 4 },
	{ CITYHUB_CMD_TICK_GET, CITYHUB_A_SLOT_SINCE, 8 },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_MEMBER, 4 },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_START_NS, 8 },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_FORCE, 0 },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_OWNED, 0 },
	{ CITYHUB_CMD_DISARM, CITYHUB_A_CAPTURE_GENERATION, 4 },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_PERIOD_NS, 8 },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_PHASE_NS, 8 },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_GRID_CLOCK, 4 },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_POLICY, 4 },
	{ CITYHUB_CMD_SYNC_SET, CITYHUB_A_SYNC_BOUND_NS, 8 },
	{ CITYHUB_CMD_SYNC_SET, CITYHUB_A_SYNC_VALID_NS, 8 },
	{ CITYHUB_CMD_SLOT_NEW, CITYHUB_A_SLOT_NUMBER, 4 },
	{ CITYHUB_CMD_SLOT_DEL, CITYHUB_A_SLOT_NUMBER, 4 },
};

#define SHAPES	(sizeof(shapes) / sizeof(shapes[0]))

struct message {
	uint32_t len;
	unsigned char bytes[MESSAGE_MAX] __attribute__((aligned(8)));
};

static uint64_t random_state;
static uint16_t family;
static uint32_t members[MEMBERS_MAX];
static uint32_t n_members;
static uint32_t generation;	/* of the newest capture */
static int sockets[SOCKETS];
static unsigned long taken[CMDS], refused[CMDS];

/* xorshift64*, so that a seed makes the same messages everywhere */
static uint32_t chance(uint32_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 2685821657736338717ULL) >> 32) % below;
}

/* ---- messages -------------------------------------------------------------- */

static void put(struct message *m, const void *data, uint32_t len)
{
	uint32_t padded = NLA_ALIGN(len);

	if (m->len + padded > MESSAGE_MAX)
		return;
	memset(m->bytes + m->len, 0, padded);
	memcpy(m->bytes + m->len, data, len);
	m->len += padded;
}

static void put_attr(struct message *m, uint16_t type, const void *data,
		     uint16_t size)
{
	struct nlattr attr = {
		.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type,
	};

	if (m->len + NLA_HDRLEN + NLA_ALIGN(size) > MESSAGE_MAX)
		return;
	put(m, &attr, sizeof(attr));
	put(m, data, size);
}

static uint64_t odd_value(void)
{
	static const uint64_t odd[] = {
		0, 1, 2, 7, 8, 63, 64, 65, 127, 128, 255, 65535, 999999, 1000000,
		1000000000, 2147483647, 2147483648, 4294967295, 3599999999999,
		3600000000000, 9223372036854775807ULL, 9223372036854775808ULL,
		18446744073709551615ULL,
	};

	return odd[chance(sizeof(odd) / sizeof(odd[0]))];
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A value that may well be taken. */
static uint64_t good_value(const struct shape *s)
{
	if (s->cmd == CITYHUB_CMD_MEMBER_GET ||
	    (s->cmd == CITYHUB_CMD_ARM && s->attr == CITYHUB_A_CAPTURE_MEMBER))
		return n_members ? members[chance(n_members)] : chance(8);
	if (s->cmd == CITYHUB_CMD_ARM)
		return now_ns() + chance(1000000000);
	if (s->cmd == CITYHUB_CMD_DISARM)
		return generation - chance(2);
	if (s->cmd == CITYHUB_CMD_HUB_SET &&
	    s->attr == CITYHUB_A_HUB_PERIOD_NS)
		return (1 + chance(2000)) * 1000000ULL;
	if (s->size == 4)
		return chance(s->cmd == CITYHUB_CMD_HUB_SET ? 2 : 16);
	return chance(1000000000);
}

static void put_value(struct message *m, const struct shape *s)
{
	uint64_t value = chance(8) ? good_value(s) : odd_value();

	put_attr(m, s->attr, &value, s->size);
}

/* The attributes of an operation, each now and then; members more than once. */
static void put_attrs(struct message *m, uint8_t cmd)
{
	uint32_t times;
	size_t i;

	for (i = 0; i < SHAPES; i++) {
		if (shapes[i].cmd != cmd || !chance(4))
			continue;
		times = chance(16) ? 1 : 1 + chance(4);
		if (cmd == CITYHUB_CMD_ARM && !chance(64))
			times = 60 + chance(10);
		while (times--)
			put_value(m, &shapes[i]);
	}
}

static void put_noise(struct message *m)
{
	unsigned char noise[64];
	uint32_t n = chance(sizeof(noise)), i;

	for (i = 0; i < n; i++)
		noise[i] = (unsigned char)chance(256);
	if (chance(2))
		put(m, noise, n);
	else
		put_attr(m, (uint16_t)chance(20), noise, (uint16_t)n);
}

static void put_headers(struct message *m, uint8_t cmd)
{
	static const uint16_t flags[] = {
		0, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP | NLM_F_ACK, NLM_F_ECHO,
		NLM_F_ROOT, 0xfffe,
	};
	struct nlmsghdr nlh = {
		.nlmsg_type = family,
		.nlmsg_flags = NLM_F_REQUEST,
		.nlmsg_seq = 1,
	};
	struct genlmsghdr ghdr = { .cmd = cmd, .version = 1 };

	if (cmd == CITYHUB_CMD_TICK_GET || cmd == CITYHUB_CMD_STATS_GET)
		nlh.nlmsg_flags |= NLM_F_DUMP;
	else
		nlh.nlmsg_flags |= NLM_F_ACK;
	if (!chance(8))
		nlh.nlmsg_flags = NLM_F_REQUEST |
				  flags[chance(sizeof(flags) / sizeof(flags[0]))];
	if (!chance(64))
		ghdr.reserved = (uint16_t)chance(65536);
	put(m, &nlh, sizeof(nlh));
	put(m, &ghdr, sizeof(ghdr));
}

/* The type stays: other families are not to be fuzzed. */
static void mutate(struct message *m)
{
	uint32_t n = 1 + chance(4), at;
	const uint32_t from = NLMSG_HDRLEN;

	while (n--) {
		at = from + chance(m->len - from);
		switch (chance(4)) {
		case 0:
			m->bytes[at] ^= (unsigned char)(1 << chance(8));
			break;
		case 1:
			m->bytes[at] = (unsigned char)odd_value();
			break;
		case 2:
			put_noise(m);
			break;
		default:
			/* cut off, never the headers */
			if (at > from + GENL_HDRLEN)
				m->len = at;
		}
	}
}

static void make_message(struct message *m)
{
	uint8_t cmd = (uint8_t)(1 + chance(CMDS - 1));

	m->len = 0;
	put_headers(m, cmd);
	if (chance(16))
		put_attrs(m, cmd);
	else
		put_noise(m);
	if (!chance(3))
		mutate(m);
	((struct nlmsghdr *)m->bytes)->nlmsg_len = m->len;
}

/* ---- sockets --------------------------------------------------------------- */

static int open_socket(void)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int one = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_GENERIC);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local))) {
		perror("fuzz-netlink: socket");
		exit(2);
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	if (chance(2))
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
			   sizeof(one));
	return fd;
}

static void note_answer(const struct nlmsghdr *nlh, uint8_t cmd)
{
	const struct nlattr *attr = (const void *)((const char *)NLMSG_DATA(nlh) +
						   GENL_HDRLEN);
	const struct nlmsgerr *err = NLMSG_DATA(nlh);

	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
		if (err->error)
			refused[cmd]++;
		else
			taken[cmd]++;
	} else if (cmd == CITYHUB_CMD_ARM &&
		   attr->nla_type == CITYHUB_A_CAPTURE_GENERATION) {
		memcpy(&generation, attr + 1, sizeof(generation));
	}
}

/* Reads what there is; a dump goes on with each read. */
static void drain(int fd, uint8_t cmd)
{
	static char buf[ANSWER_MAX] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh;
	uint32_t left;
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf), 0)) > 0) {
		left = (uint32_t)len;
		for (nlh = (const void *)buf; NLMSG_OK(nlh, left);
		     nlh = NLMSG_NEXT(nlh, left))
			note_answer(nlh, cmd);
		/* Now and then a dump is left where it is. */
		if (!chance(64))
			break;
	}
}

static void pause_a_little(void)
{
	struct timespec t = { .tv_nsec = 1 + chance(3000000) };

	nanosleep(&t, NULL);
}

static void send_one(struct message *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint32_t i = chance(SOCKETS);
	uint8_t cmd;

	make_message(m);
	cmd = m->bytes[NLMSG_HDRLEN] % CMDS;
	/* A dump that was left is in the way of the next: refused, busy. */
	if (sendto(sockets[i], m->bytes, m->len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0 && errno != EAGAIN && errno != EBUSY &&
	    errno != ENOBUFS && errno != EINVAL) {
		perror("fuzz-netlink: send");
		exit(2);
	}
	if (!chance(ODDS_CLOSE)) {
		close(sockets[i]);
		sockets[i] = open_socket();
		return;
	}
	drain(sockets[i], cmd);
	if (!chance(ODDS_SLEEP))
		pause_a_little();
}

int main(int argc, char **argv)
{
	unsigned long n, i;
	struct message m;
	int id = find_family();

	if (argc < 3 || argc > 3 + MEMBERS_MAX || id < 0) {
		fprintf(stderr, "usage: fuzz-netlink MESSAGES SEED [MEMBER...], "
			"with the module cityhub\n");
		return 2;
	}
	n = strtoul(argv[1], NULL, 10);
	random_state = strtoul(argv[2], NULL, 10) * 2 + 1;
	family = (uint16_t)id;
	while (3 + (int)n_members < argc) {
		members[n_members] = (uint32_t)atoi(argv[3 + n_members]);
		n_members++;
	}
	for (i = 0; i < SOCKETS; i++)
		sockets[i] = open_socket();
	for (i = 0; i < n; i++)
		send_one(&m);

	printf("messages=%lu\n", n);
	for (i = 1; i < CMDS; i++)
		printf("%lu taken=%lu refused=%lu\n", i, taken[i], refused[i]);
	return 0;
}
