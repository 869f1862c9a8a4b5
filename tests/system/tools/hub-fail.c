// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does one thing again and again, each time with another of its allocations
 * failing: the first, the second, until there are no more. What is refused must
 * leave everything as it was.
 *
 *	hub-fail arm MEMBER... | disarm MEMBER... | slot-new
 *	-> allocations=N refused=N done=N
 *
 * Exit status 1 when something was not as before, with a line that says what.
 * Needs a kernel with failslab, set to fail allocations that may sleep.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cityhub/cityhub.h>

#include "family.h"

#define MEMBERS_MAX	32
#define STEPS_MAX	1000

static struct cityhub *hub;
static uint16_t family;
static uint32_t members[MEMBERS_MAX];
static size_t n_members;
static int failures;
static unsigned int refused, done;

static void must(int ret, const char *what)
{
	if (!ret)
		return;
	printf("%s: %s\n", what, ret < 0 ? cityhub_error(hub) : "no");
	exit(2);
}

/* ---- the state, in words --------------------------------------------------- */

static void state(char *buf, size_t size)
{
	struct cityhub_member *m;
	struct cityhub_hub *h;
	size_t i, n, len;

	must(cityhub_hub_get(hub, &h), "hub-get");
	must(cityhub_members_get(hub, &m, &n), "member-get");
	len = (size_t)snprintf(buf, size, "slots=%u captures=%zu", h->slots,
			       h->n_captures);
	for (i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len,
					" %u:gate=%d,in=%u,primed=%d", m[i].id,
					(int)m[i].gate, m[i].generation,
					m[i].primed);
	cityhub_hub_free(h);
	cityhub_members_free(m);
}

/* ---- requests -------------------------------------------------------------- */

struct request {
	struct nlmsghdr nlh;
	struct genlmsghdr ghdr;
	unsigned char attrs[512];
};

static void put(struct request *r, uint16_t type, const void *data, size_t size)
{
	struct nlattr *attr = (void *)((char *)r + r->nlh.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size)
		memcpy(attr + 1, data, size);
	r->nlh.nlmsg_len += NLA_ALIGN(attr->nla_len);
}

/* Nothing is asked to be acknowledged: that would be one more allocation. */
static void begin(struct request *r, uint8_t cmd)
{
	memset(r, 0, sizeof(*r));
	r->nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	r->nlh.nlmsg_type = family;
	r->nlh.nlmsg_flags = NLM_F_REQUEST;
	r->ghdr.cmd = cmd;
	r->ghdr.version = CITYHUB_FAMILY_VERSION;
}

static void make_arm(struct request *r)
{
	size_t i;

	begin(r, CITYHUB_CMD_ARM);
	put(r, CITYHUB_A_CAPTURE_FORCE, NULL, 0);
	for (i = 0; i < n_members; i++)
		put(r, CITYHUB_A_CAPTURE_MEMBER, &members[i],
		    sizeof(members[i]));
}

static uint32_t newest_capture(void)
{
	struct cityhub_hub *h;
	uint32_t generation = 0;

	must(cityhub_hub_get(hub, &h), "hub-get");
	if (h->n_captures)
		generation = h->capture[h->n_captures - 1].generation;
	cityhub_hub_free(h);
	return generation;
}

static void make_disarm(struct request *r)
{
	uint32_t generation = newest_capture();

	begin(r, CITYHUB_CMD_DISARM);
	put(r, CITYHUB_A_CAPTURE_GENERATION, &generation, sizeof(generation));
}

static void make_slot_new(struct request *r)
{
	begin(r, CITYHUB_CMD_SLOT_NEW);
}

static void arm(void)
{
	must(cityhub_arm_flags(hub, members, n_members, 0, CITYHUB_ARM_FORCE,
			       NULL), "arm");
}

static void disarm(void)
{
	must(cityhub_disarm(hub, newest_capture(), NULL, NULL), "disarm");
}

/* The newest slot is the one with the highest number here. */
static void slot_del(void)
{
	struct cityhub_hub *h;
	uint32_t last;

	must(cityhub_hub_get(hub, &h), "hub-get");
	last = h->slots - 1;
	cityhub_hub_free(h);
	must(cityhub_slot_del(hub, last), "slot-del");
}

static const struct operation {
	const char *name;
	void (*prepare)(void);
	void (*make)(struct request *r);
	void (*undo)(void);
} operations[] = {
	{ "arm", NULL, make_arm, disarm },
	{ "disarm", arm, make_disarm, NULL },
	{ "slot-new", NULL, make_slot_new, slot_del },
};

/* ---- failing --------------------------------------------------------------- */

static void write_nth(int fd, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(fd, text, (size_t)len, 0) != len) {
		perror("hub-fail: fail-nth");
		exit(2);
	}
}

static int read_nth(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

/* Whether it was done: then, and only then, there is an answer. */
static int is_done(int fd)
{
	char buf[8192] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh = (const void *)buf;
	ssize_t len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	return len > (ssize_t)sizeof(*nlh) && nlh->nlmsg_type == family;
}

/* Returns whether there was an allocation with that number. */
static int try_step(const struct operation *op, int nth, int n)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	char before[4096], after[4096];
	struct request r;
	int failed;

	if (op->prepare)
		op->prepare();
	op->make(&r);
	state(before, sizeof(before));
	write_nth(nth, n);
	sendto(fd, &r, r.nlh.nlmsg_len, 0, (struct sockaddr *)&kernel,
	       sizeof(kernel));
	failed = !read_nth(nth);
	write_nth(nth, 0);

	if (is_done(fd)) {
		done++;
		if (op->undo)
			op->undo();
	} else {
		refused++;
		state(after, sizeof(after));
		if (strcmp(before, after)) {
			printf("allocation %d: was %s\nand is %s\n", n, before,
			       after);
			failures++;
		}
		if (op->prepare)
			disarm();
	}
	close(fd);
	return failed;
}

static const struct operation *find_operation(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	return NULL;
}

int main(int argc, char **argv)
{
	int nth = open("/proc/thread-self/fail-nth", O_RDWR);
	const struct operation *op;
	int id = find_family();
	int n;

	op = argc > 1 && argc <= 2 + MEMBERS_MAX ? find_operation(argv[1]) : NULL;
	if (!op || nth < 0 || id < 0 || cityhub_open(&hub)) {
		fprintf(stderr, "hub-fail: no such thing, or not possible here\n");
		return 2;
	}
	family = (uint16_t)id;
	for (n = 2; n < argc; n++)
		members[n_members++] = (uint32_t)atoi(argv[n]);
	for (n = 1; n < STEPS_MAX && try_step(op, nth, n); n++)
		;
	printf("allocations=%d refused=%u done=%u\n", n - 1, refused, done);
	cityhub_close(hub);
	close(nth);
	return failures ? 1 : 0;
}
