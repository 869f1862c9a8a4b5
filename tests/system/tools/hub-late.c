// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arms members again and again while the buffer of the first goes off and on,
 * until some requests have found it on when they checked it and off when the
 * gates were to open: that is the last step of arm that can fail. It must leave
 * the others as they were.
 *
 *	hub-late WANTED LEAD MEMBER...
 *	-> armed=N off=N late=N
 *
 * LEAD is a free-running member: a ticked one cannot go off meanwhile, as its
 * slot is switched under the lock that arm holds. Exit status 1 when something
 * was not as it has to be, with a line that says what. Needs two processors.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cityhub/cityhub.h>

#define TRIES_MAX	200000

static struct cityhub *hub;
static uint32_t id[CITYHUB_CAPTURE_MEMBERS_MAX];
static size_t n_ids;
static atomic_bool stop;
static unsigned int armed, off, late;

static void *toggle(void *path)
{
	int fd = open(path, O_WRONLY);
	bool on = false;

	for (; fd >= 0 && !stop; on = !on)
		if (pwrite(fd, on ? "1" : "0", 1, 0) != 1)
			break;
	if (fd >= 0)
		pwrite(fd, "1", 1, 0);
	return fd < 0 || !stop ? path : NULL;
}

/* The lead changes all the time: a dump may be interrupted again and again. */
static void members_get(struct cityhub_member **m, size_t *n)
{
	int ret;

	do
		ret = cityhub_members_get(hub, m, n);
	while (ret == -EAGAIN);
	if (!ret)
		return;
	printf("member-get: %s\n", cityhub_error(hub));
	exit(2);
}

/* All but the lead, which goes its own way; in words. */
static void others(char *buf, size_t size)
{
	struct cityhub_member *m;
	struct cityhub_hub *h;
	size_t i, n, len;

	if (cityhub_hub_get(hub, &h)) {
		printf("hub-get: %s\n", cityhub_error(hub));
		exit(2);
	}
	members_get(&m, &n);
	len = (size_t)snprintf(buf, size, "captures=%zu", h->n_captures);
	for (i = 0; i < n && len < size; i++)
		if (m[i].id != id[0])
			len += (size_t)snprintf(buf + len, size - len,
						" %u:gate=%d,in=%u,primed=%d",
						m[i].id, (int)m[i].gate,
						m[i].generation, m[i].primed);
	cityhub_hub_free(h);
	cityhub_members_free(m);
}

static size_t open_gates(uint32_t generation)
{
	struct cityhub_member *m;
	size_t i, j, n, count = 0;

	members_get(&m, &n);
	for (i = 0; i < n; i++)
		for (j = 1; j < n_ids; j++)
			count += m[i].id == id[j] && m[i].generation == generation &&
				 m[i].gate == CITYHUB_MEMBER_GATE_OPEN;
	cityhub_members_free(m);
	return count;
}

/* Returns whether all was as it has to be. */
static bool take_back(struct cityhub_capture *c)
{
	size_t count = open_gates(c->generation);
	/* The capture has the others still when the lead has left it. */
	int ret = cityhub_disarm(hub, c->generation, NULL, NULL);

	armed++;
	cityhub_capture_free(c);
	if (count == n_ids - 1 && !ret)
		return true;
	printf("armed, but %zu of %zu gates are open, disarm: %s\n", count,
	       n_ids - 1, ret ? cityhub_error(hub) : "done");
	return false;
}

static bool try_it(void)
{
	char before[4096], after[4096];
	struct cityhub_capture *c;
	char *why;
	int ret;

	others(before, sizeof(before));
	ret = cityhub_arm_flags(hub, id, n_ids, 0, CITYHUB_ARM_FORCE, &c);
	if (!ret)
		return take_back(c);
	why = strdup(cityhub_error(hub));
	others(after, sizeof(after));
	if (why && ret == -EAGAIN && strstr(why, "meanwhile"))
		late++;
	else if (ret == -EAGAIN)
		off++;
	else
		printf("arm: %s\n", why);
	free(why);
	if (strcmp(before, after))
		printf("was %s\nand is %s\n", before, after);
	return ret == -EAGAIN && !strcmp(before, after);
}

int main(int argc, char **argv)
{
	unsigned int wanted, tries;
	bool good = true;
	void *failed;
	pthread_t thread;
	char path[96];
	int i;

	if (argc < 4 || argc - 2 > CITYHUB_CAPTURE_MEMBERS_MAX ||
	    cityhub_open(&hub)) {
		fprintf(stderr, "usage: hub-late WANTED LEAD MEMBER...\n");
		return 2;
	}
	wanted = (unsigned int)atoi(argv[1]);
	for (i = 2; i < argc; i++)
		id[n_ids++] = (uint32_t)atoi(argv[i]);
	snprintf(path, sizeof(path),
		 "/sys/bus/iio/devices/iio:device%u/buffer/enable", id[0]);
	if (pthread_create(&thread, NULL, toggle, path))
		return 2;
	for (tries = 0; good && late < wanted && tries < TRIES_MAX; tries++)
		good = try_it();
	stop = true;
	pthread_join(thread, &failed);
	printf("armed=%u off=%u late=%u\n", armed, off, late);
	cityhub_close(hub);
	return good && !failed ? 0 : 1;
}
