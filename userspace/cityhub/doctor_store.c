// SPDX-License-Identifier: GPL-2.0-only
/* The store: where it lies, what is in it, what waits for the sinks. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <linux/magic.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "cityhub/doctor.h"
#include "common/store_elsewhere.h"
#include "common/store_reader.h"

/* SQLite needs its journal beside the file, and pages to write. */
#define DOCTOR_DISK_MIN		2000000
/* A small file says little about the size of a row. */
#define DOCTOR_SMALL		1000000
/* The rate is taken over so many of the newest batches. */
#define DOCTOR_RATE_BATCHES	500
/* Nothing new for so long, and for three windows: nothing is written. */
#define DOCTOR_STALE_S		10
#define DOCTOR_WINDOW_S		600.0

/* Each @remedy may end in a store in another place. */
static void doctor_store_fault(struct doctor *d, const char *remedy,
			       const char *fmt, const char *what)
{
	char more[512];

	snprintf(more, sizeof(more), "%s%s", remedy,
		 d->systemd ? "; " STORE_ELSEWHERE : "");
	doctor_say(d, DOCTOR_FAULT, "store", more, fmt, what);
	d->store_bad = true;
}

static bool doctor_in_memory(const char *dir)
{
	struct statfs fs;

	return !statfs(dir, &fs) && (fs.f_type == TMPFS_MAGIC ||
				     (unsigned long)fs.f_type == RAMFS_MAGIC);
}

static void doctor_store_room(struct doctor *d, const char *dir,
			      const struct statvfs *fs)
{
	double free_mb = (double)fs->f_bavail * (double)fs->f_frsize / 1e6;
	struct stat st = { 0 };
	double want_mb;
	char text[64];

	if (free_mb * 1e6 < DOCTOR_DISK_MIN || (fs->f_files && !fs->f_favail)) {
		snprintf(text, sizeof(text), "%.1f MB", free_mb);
		doctor_store_fault(d, "free room on that disk (`df`, `journalctl --vacuum-size=50M`), or set store.path to a larger one",
				   "the disk is full: %s free, results cannot be stored",
				   fs->f_favail || !fs->f_files ? text :
				   "no file");
		return;
	}
	if (stat(d->conf.store.path, &st))
		st.st_size = 0;
	want_mb = d->conf.store.max_mb - (double)st.st_size / 1e6;
	if (free_mb < want_mb)
		doctor_say(d, DOCTOR_NOTE, "store",
			   "set store.max_mb to what the disk has room for",
			   "%s: %.0f MB free, store.max_mb lets it grow by %.0f MB",
			   dir, free_mb, want_mb);
	else
		doctor_say(d, DOCTOR_OK, "store", NULL,
			   "%s: %.1f of %.0f MB used%s", dir,
			   (double)st.st_size / 1e6, d->conf.store.max_mb,
			   doctor_in_memory(dir) ?
			   ", in memory (store.allow_tmpfs)" : "");
}

void doctor_store(struct doctor *d)
{
	char copy[CONF_STRING];
	struct statvfs fs;
	const char *dir;

	if (!d->conf_good) {
		doctor_say(d, DOCTOR_SKIPPED, "store", NULL,
			   "not known where it is without the configuration");
		return;
	}
	snprintf(copy, sizeof(copy), "%s", d->conf.store.path);
	dir = dirname(copy);
	/* The daemon makes the folder, but not the one above. */
	if (access(dir, F_OK))
		dir = dirname(copy);
	if (statvfs(dir, &fs))
		doctor_store_fault(d, "make the folder and give it to the daemon, or set store.path",
				   "its folder cannot be reached: %s",
				   strerror(errno));
	else if (doctor_in_memory(dir) && !d->conf.store.allow_tmpfs)
		doctor_store_fault(d, "set store.path to a disk; cityhubd refuses to start like this",
				   "%s lies in memory (tmpfs): all would be lost with the power",
				   dir);
	else if (fs.f_flag & ST_RDONLY)
		doctor_store_fault(d, "`dmesg` tells whether the disk failed; remount it writable, or set store.path to another one",
				   "%s is mounted read-only", dir);
	else
		doctor_store_room(d, dir, &fs);
}

/* ---- what is in it --------------------------------------------------------- */

struct doctor_ledger {
	struct doctor *d;
	bool off;		/* an equation does not hold */
	bool first_done;	/* a sink was told */
};

static double doctor_now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int doctor_sensor_adds_up(void *ctx, const char *name,
				 const struct ledger_sensor *l)
{
	struct doctor_ledger *all = ctx;

	(void)name;
	if (ledger_sensor_balance(l))
		all->off = true;
	return 0;
}

static int doctor_sink(void *ctx, const char *name, int64_t cursor,
		       const struct ledger_sink *l)
{
	struct doctor_ledger *all = ctx;
	uint64_t expired = ledger_expired(l);
	char part[BATCH_NAME + 8];

	if (ledger_sink_balance(l))
		all->off = true;
	snprintf(part, sizeof(part), "sink %s", name);
	if (expired)
		doctor_say(all->d, DOCTOR_NOTE, part,
			   "nothing brings them back; a larger store.max_mb lasts longer",
			   "%" PRIu64 " batches were dropped unsent when the store was full; %" PRIu64 " wait",
			   expired, l->waiting);
	else
		doctor_say(all->d, DOCTOR_OK, part, NULL,
			   "%" PRIu64 " batches sent, %" PRIu64 " wait (cursor %" PRId64 ")",
			   l->acknowledged, l->waiting, cursor);
	return 0;
}

/* Hours until something is overwritten, NAN when that is not known. */
static double doctor_hours(const struct doctor *d, struct store_reader *r,
			   const struct batch *newest, uint64_t id)
{
	struct batch *old;
	struct stat st;
	uint64_t old_id;
	double rate, hours = NAN;

	if (id <= DOCTOR_RATE_BATCHES || stat(d->conf.store.path, &st) ||
	    st.st_size < DOCTOR_SMALL ||
	    store_reader_next(r, id - DOCTOR_RATE_BATCHES, &old, &old_id) <= 0)
		return NAN;
	if (newest->from_ns > old->from_ns) {
		rate = (double)(id - old_id) /
		       ((double)(newest->from_ns - old->from_ns) / 1e9);
		batch_free(old);
		if (store_reader_next(r, 0, &old, &old_id) <= 0)
			return NAN;
		hours = d->conf.store.max_mb * 1e6 / (double)st.st_size *
			(double)(id - old_id + 1) / rate / 3600;
	}
	batch_free(old);
	return hours;
}

static void doctor_newest(struct doctor *d, struct store_reader *r)
{
	double age, hours, length, stale;
	uint64_t id = store_reader_newest(r);
	struct batch *b;

	if (!id || store_reader_next(r, id - 1, &b, &id) <= 0) {
		doctor_say(d, DOCTOR_OK, "results", NULL, "none stored yet");
		return;
	}
	age = doctor_now_s() - (double)b->to_ns / 1e9;
	length = (double)(b->to_ns - b->from_ns) / 1e9;
	/* Sensors may have windows of their own; that of a day says little. */
	length = fmax(d->conf.capture.window_s, fmin(length, DOCTOR_WINDOW_S));
	stale = DOCTOR_STALE_S + 3 * (length + d->conf.store.commit_s);
	hours = doctor_hours(d, r, b, id);
	if (age > stale && d->captured && !d->store_bad)
		doctor_say(d, DOCTOR_FAULT, "results",
			   "the daemon captures and does not store: see its log, and restart it",
			   "the newest is %.0f s old", age);
	else if (isnan(hours))
		doctor_say(d, DOCTOR_OK, "results", NULL,
			   "newest %.0f s old; how long the store lasts is not known yet",
			   age);
	else
		doctor_say(d, DOCTOR_OK, "results", NULL,
			   "newest %.0f s old; without a sink the store lasts %.0f h",
			   age, hours);
	batch_free(b);
}

void doctor_ledger(struct doctor *d)
{
	struct doctor_ledger all = { .d = d };
	struct store_reader *r;
	char why[CONF_STRING + 100];

	if (!d->conf_good)
		return;
	r = store_reader_open(d->conf.store.path, why, sizeof(why));
	if (!r && (d->store_bad || (access(d->conf.store.path, F_OK) &&
				    errno == ENOENT))) {
		doctor_say(d, DOCTOR_SKIPPED, "results", NULL,
			   "there is no store yet");
		return;
	}
	if (!r) {
		doctor_say(d, DOCTOR_FAULT, "results", geteuid() ?
			   "run cityhub doctor as root, or as a member of the group cityhub" :
			   "stop the daemon, set the file aside and start it: it begins a new one",
			   "%s", why);
		return;
	}
	doctor_newest(d, r);
	if (store_reader_ledger(r, doctor_sensor_adds_up, doctor_sink, &all))
		doctor_say(d, DOCTOR_FAULT, "ledger",
			   "stop the daemon, set the file aside and start it: it begins a new one",
			   "the store cannot be read");
	else if (all.off)
		doctor_say(d, DOCTOR_FAULT, "ledger",
			   "`cityhub ledger` shows where; please report it",
			   "does not add up: values were lost unseen");
	else
		doctor_say(d, DOCTOR_OK, "ledger", NULL, "adds up");
	store_reader_close(r);
}
