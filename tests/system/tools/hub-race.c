// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes members from their drivers and closes sockets while others dump, arm
 * and listen:
 *
 *	hub-race ROUNDS SEED DRIVER/DEVICE=SLOT...
 *	-> rounds=N dumps=N armed=N refused=N events=N captures=N
 *
 * The first device is the one taken most. DRIVER/DEVICE are below /sys/bus/i2c/drivers; SLOT is the number of its
 * trigger, or -1 for a free-running member. captures is what is left when all
 * sockets are closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cityhub/cityhub.h>

#define DEVICES_MAX	8
#define THREADS		4

struct device {
	char driver[32];
	char name[16];
	int slot;
};

static struct device devices[DEVICES_MAX];
static int n_devices;
static atomic_bool stop;
static atomic_ulong dumps, armed, refused, events;

static uint32_t chance(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32) % below;
}

static void wait_us(uint32_t us)
{
	struct timespec t = { .tv_nsec = (long)us * 1000 };

	nanosleep(&t, NULL);
}

/* ---- who is disturbed ------------------------------------------------------ */

static void dump(struct cityhub *h)
{
	struct cityhub_member *m;
	struct cityhub_stats *s;
	struct cityhub_ticks *t;
	size_t n;

	if (!cityhub_members_get(h, &m, &n))
		cityhub_members_free(m);
	if (!cityhub_stats_get(h, &s, &n))
		cityhub_stats_free(s);
	if (!cityhub_ticks_get(h, 0, 0, &t))
		cityhub_ticks_free(t);
	dumps++;
}

/* Closes some captures by disarm and some with their socket. */
static void arm(struct cityhub *h, uint64_t *random)
{
	uint32_t id[CITYHUB_CAPTURE_MEMBERS_MAX];
	struct cityhub_capture *c;
	struct cityhub_member *m;
	size_t i, n, primed = 0;

	if (cityhub_members_get(h, &m, &n))
		return;
	for (i = 0; i < n && primed < CITYHUB_CAPTURE_MEMBERS_MAX; i++)
		if (m[i].primed)
			id[primed++] = m[i].id;
	cityhub_members_free(m);
	if (!primed)
		return;
	if (cityhub_arm_flags(h, id, primed, 0,
			      CITYHUB_ARM_FORCE | CITYHUB_ARM_OWNED, &c)) {
		refused++;
		return;
	}
	armed++;
	wait_us(chance(random, 20000));
	if (chance(random, 2))
		cityhub_disarm(h, c->generation, NULL, NULL);
	cityhub_capture_free(c);
}

static void listen_a_little(uint64_t *random)
{
	const struct cityhub_event *event;
	struct cityhub_events *e;
	struct pollfd p = { .events = POLLIN };

	if (cityhub_events_open_groups(&e, CITYHUB_EVENTS_MONITOR |
				       CITYHUB_EVENTS_FAULT))
		return;
	p.fd = cityhub_events_fd(e);
	poll(&p, 1, (int)chance(random, 100));
	while (!cityhub_events_read(e, &event))
		events++;
	cityhub_events_close(e);
}

static void *disturbed(void *data)
{
	uint64_t random = (uint64_t)(uintptr_t)data * 7919 + 1;
	struct cityhub *h;

	while (!stop) {
		if (cityhub_open(&h))
			continue;
		switch ((uintptr_t)data % 3) {
		case 0:
			dump(h);
			break;
		case 1:
			arm(h, &random);
			break;
		default:
			listen_a_little(&random);
		}
		cityhub_close(h);
		/* Virtual time goes on only when all wait. */
		wait_us(1 + chance(&random, 40000));
	}
	return NULL;
}

/* ---- what disturbs --------------------------------------------------------- */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = write(fd, text, strlen(text));
	close(fd);
	return len == (ssize_t)strlen(text) ? 0 : -1;
}

static void bind_device(const struct device *d, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/i2c/drivers/%.31s/%s", d->driver,
		 what);
	write_file(path, d->name);
}

/* Writes to all files of the IIO device of a chip that match. */
static void write_all(const struct device *d, const char *pattern,
		      const char *text)
{
	char path[128];
	glob_t g;
	size_t i;

	snprintf(path, sizeof(path), "/sys/bus/i2c/devices/%.15s/iio:device*/%s",
		 d->name, pattern);
	if (glob(path, 0, NULL, &g))
		return;
	for (i = 0; i < g.gl_pathc; i++)
		write_file(g.gl_pathv[i], text);
	globfree(&g);
}

static void prime(const struct device *d)
{
	char trigger[32];

	snprintf(trigger, sizeof(trigger), "cityhub-%d", d->slot);
	if (d->slot >= 0)
		write_all(d, "trigger/current_trigger", trigger);
	write_all(d, "scan_elements/*_en", "1");
	write_all(d, "buffer/enable", "1");
}

static void disturb(unsigned int rounds, uint64_t seed)
{
	uint64_t random = seed * 2 + 1;
	const struct device *d;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		/* The first one comes back fastest. */
		d = &devices[chance(&random, 8) ? 0 :
			     chance(&random, (uint32_t)n_devices)];
		wait_us(chance(&random, 50000));
		if (!chance(&random, 4))
			write_all(d, "buffer/enable", "0");
		bind_device(d, "unbind");
		bind_device(d, "bind");
		prime(d);
	}
}

static void quiet(void)
{
	int i;

	for (i = 0; i < n_devices; i++) {
		write_all(&devices[i], "buffer/enable", "0");
		write_all(&devices[i], "trigger/current_trigger", "\n");
	}
}

static int parse_device(struct device *d, const char *arg)
{
	return sscanf(arg, "%31[^/]/%15[^=]=%d", d->driver, d->name,
		      &d->slot) == 3 ? 0 : -1;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];
	struct cityhub_hub *hub;
	struct cityhub *h;
	uintptr_t i;

	for (; n_devices < argc - 3 && n_devices < DEVICES_MAX; n_devices++)
		if (parse_device(&devices[n_devices], argv[3 + n_devices]))
			return 2;
	if (!n_devices)
		return 2;
	for (i = 0; i < (uintptr_t)n_devices; i++)
		prime(&devices[i]);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, disturbed, (void *)i))
			return 2;
	disturb((unsigned int)atoi(argv[1]), strtoull(argv[2], NULL, 10));
	stop = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	if (cityhub_open(&h) || cityhub_hub_get(h, &hub))
		return 1;
	printf("rounds=%s dumps=%lu armed=%lu refused=%lu events=%lu captures=%zu\n",
	       argv[1], dumps, armed, refused, events, hub->n_captures);
	cityhub_hub_free(hub);
	cityhub_close(h);
	quiet();
	return 0;
}
