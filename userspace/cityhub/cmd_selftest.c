// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cityhub/cmd.h"
#include "cityhub/doctor.h"
#include "cityhub/iio.h"
#include "cityhub/with_hub.h"

#define DISK_BYTES	65536

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void test_timer(struct doctor *d)
{
	struct timespec res = { 0 };

	if (!clock_getres(CLOCK_MONOTONIC, &res) && !res.tv_sec &&
	    res.tv_nsec <= 1000)
		doctor_say(d, DOCTOR_OK, "timer", NULL, "resolution %ld ns",
			   res.tv_nsec);
	else
		doctor_say(d, DOCTOR_FAULT, "timer",
			   "boot a kernel with CONFIG_HIGH_RES_TIMERS: without it ticks come late by milliseconds",
			   "resolution %.1f ms", (double)res.tv_nsec / 1e6);
}

#if WITH_HUB
static int ask_hub(struct cityhub *h)
{
	struct cityhub_member *m;
	struct cityhub_stats *s;
	struct cityhub_hub *hub;
	size_t n;
	int err = cityhub_hub_get(h, &hub);

	if (err)
		return err;
	cityhub_hub_free(hub);
	err = cityhub_members_get(h, &m, &n);
	if (err)
		return err;
	cityhub_members_free(m);
	err = cityhub_stats_get(h, &s, &n);
	if (!err)
		cityhub_stats_free(s);
	return err;
}

static void test_events(struct doctor *d)
{
	struct cityhub_events *events;
	int err = cityhub_events_open(&events);

	if (err) {
		doctor_say(d, DOCTOR_FAULT, "hub events", NULL,
			   "cannot be listened to: %s", strerror(-err));
		return;
	}
	doctor_say(d, DOCTOR_OK, "hub events", NULL, "can be listened to");
	cityhub_events_close(events);
}

static void test_hub(struct doctor *d)
{
	struct cityhub *h;
	double begin = seconds();
	int err = cityhub_open(&h);

	if (err) {
		doctor_say(d, err == -ENOENT ? DOCTOR_SKIPPED : DOCTOR_FAULT,
			   "hub", NULL, err == -ENOENT ?
			   "the module is not loaded (see `cityhub doctor`)" :
			   "cannot be reached");
		return;
	}
	err = ask_hub(h);
	if (err)
		doctor_say(d, DOCTOR_FAULT, "hub",
			   "command and module must be of the same version: install both anew",
			   "does not answer: %s", cityhub_error(h));
	else
		doctor_say(d, DOCTOR_OK, "hub", NULL,
			   "answers three requests in %.2g ms",
			   (seconds() - begin) * 1e3);
	cityhub_close(h);
	test_events(d);
}
#else
static void test_hub(struct doctor *d)
{
	(void)d;
}
#endif

/* A file of our own beside the store: written, on the disk, and gone. */
static int write_disk(const char *path)
{
	static const char zeros[DISK_BYTES];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, zeros, sizeof(zeros)) != sizeof(zeros))
		err = errno ? errno : ENOSPC;
	else if (fsync(fd))
		err = errno;
	if (close(fd) && !err)
		err = errno;
	unlink(path);
	return err;
}

static void test_disk(struct doctor *d)
{
	char folder[CONF_STRING], path[CONF_STRING + 64];
	double begin;
	int err;

	snprintf(folder, sizeof(folder), "%s", d->conf.store.path);
	snprintf(path, sizeof(path), "%s/selftest.%d", dirname(folder),
		 (int)getpid());
	begin = seconds();
	errno = 0;
	err = write_disk(path);
	if (!err)
		doctor_say(d, DOCTOR_OK, "store", NULL,
			   "its disk takes %d kB in %.2g ms", DISK_BYTES / 1024,
			   (seconds() - begin) * 1e3);
	else if ((err == EACCES || err == ENOENT) && !d->daemon)
		doctor_say(d, DOCTOR_SKIPPED, "store", NULL,
			   "cannot be written to by who asks, or is not there yet");
	else if (err == EACCES)
		doctor_say(d, DOCTOR_SKIPPED, "store", NULL,
			   "not tried: run it as root");
	else
		doctor_say(d, DOCTOR_FAULT, "store",
			   "`cityhub doctor store` says what is wrong with the disk",
			   "its disk cannot be written to: %s", strerror(err));
}

/* A value of a channel goes over the bus to the chip and back. */
static int read_value(const char *path)
{
	char text[64];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		err = errno;
	close(fd);
	return err;
}

static void test_sensor(struct doctor *d, const struct iio_entry *e)
{
	static const char * const kinds[] = { "raw", "input" };
	char pattern[128], part[2 * IIO_NAME_LEN];
	size_t good = 0, bad = 0;
	glob_t g = { 0 };
	int err = 0;

	snprintf(part, sizeof(part), "sensor %s", *e->label ? e->label :
		 e->name);
	if (e->buffer_on) {
		doctor_say(d, DOCTOR_SKIPPED, part, NULL,
			   "captured at this moment: not disturbed");
		return;
	}
	/* Not GLOB_BRACE, which musl has not. */
	for (size_t i = 0; i < 2; i++) {
		snprintf(pattern, sizeof(pattern),
			 "/sys/bus/iio/devices/iio:device%u/in_*_%s", e->id,
			 kinds[i]);
		glob(pattern, GLOB_APPEND, NULL, &g);
	}
	if (!g.gl_pathc) {
		globfree(&g);
		doctor_say(d, DOCTOR_SKIPPED, part, NULL,
			   "has no channel that can be read singly");
		return;
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		int ret = read_value(g.gl_pathv[i]);

		err = ret ? ret : err;
		*(ret ? &bad : &good) += 1;
	}
	globfree(&g);
	if (bad)
		doctor_say(d, DOCTOR_FAULT, part,
			   "check cable and power; `cityhub faults` and `dmesg` say more",
			   "%zu of %zu channels cannot be read: %s", bad,
			   bad + good, strerror(err));
	else
		doctor_say(d, DOCTOR_OK, part, NULL, "%zu channels read", good);
}

static void test_sensors(struct doctor *d)
{
	struct iio_entry *e = NULL;
	size_t n = 0;

	if (iio_scan(&e, &n) || !n)
		doctor_say(d, DOCTOR_SKIPPED, "sensors", NULL,
			   "there are none (see `cityhub doctor`)");
	for (size_t i = 0; i < n; i++)
		test_sensor(d, &e[i]);
	free(e);
}

static int run(int argc, char **argv, struct writer *w)
{
	struct doctor d = { .writer = w, .silent = true };
	int ret;

	(void)argv;
	if (argc > 1)
		return cmd_usage(&cmd_selftest, "takes no arguments");
	doctor_config(&d);
	d.silent = false;
	test_timer(&d);
	test_hub(&d);
	test_sensors(&d);
	test_disk(&d);
	ret = doctor_healthy(&d) ? CMD_OK : CMD_FAILED;
	if (writer_is_json(w))
		doctor_write(&d);
	doctor_free(&d);
	return ret;
}

const struct cmd cmd_selftest = {
	.name = "selftest",
	.args = "",
	.help = "try what can be tried without disturbing a capture",
	.details =
"Reads each channel of each sensor that is not being captured, asks the hub,\n"
"listens to its events, and writes a file beside the store. What is captured\n"
"is left alone. Exit status 1 if something does not work.\n",
	.run = run,
};
