// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/clock.h"

#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include "common/log.h"

/* Epochs that samples yet to be read may belong to. */
#define CLOCK_EPOCHS	16
/* Entries that wait for the store. */
#define CLOCK_ENTRIES	64
/* The narrowest of so many looks counts. */
#define CLOCK_LOOKS	5
/* The kernel rounds each clock by itself; nobody sets one by less. */
#define CLOCK_SLACK_NS	1000
/*
 * NTP clients set the clock and its state in two calls, in either order. A
 * state that stayed with the same offset for so long is believed.
 */
#define CLOCK_CONFIRM_NS	500000000

struct clock {
	const struct clock_ops *ops;
	void *ctx;
	struct clock_epoch epochs[CLOCK_EPOCHS];	/* by id */
	unsigned int id;	/* of the epoch in force, from 1 */
	unsigned int steps;
	int tai_s;
	int64_t sync_seen_ns;	/* 0: the last look said unsynchronised */
	bool logs;
	struct clock_entry log[CLOCK_ENTRIES];
	unsigned int first, entries;
};

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t clock_boottime_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

static int64_t clock_kernel_boottime(void *ctx)
{
	(void)ctx;
	return clock_boottime_ns();
}

static void clock_kernel_read(void *ctx, struct clock_reading *r)
{
	struct timex tx = { 0 };
	int state;

	(void)ctx;
	r->boot_before_ns = clock_ns(CLOCK_BOOTTIME);
	r->realtime_ns = clock_ns(CLOCK_REALTIME);
	r->monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	r->boot_after_ns = clock_ns(CLOCK_BOOTTIME);
	state = adjtimex(&tx);
	r->synchronised = state >= 0 && state != TIME_ERROR &&
			  !(tx.status & STA_UNSYNC);
	r->maxerror_ns = (int64_t)tx.maxerror * 1000;
	r->esterror_ns = (int64_t)tx.esterror * 1000;
	r->phase_ns = (int64_t)tx.offset * (tx.status & STA_NANO ? 1 : 1000);
	r->tai_s = tx.tai;
}

static const struct clock_ops clock_kernel = {
	.read = clock_kernel_read,
	.boottime_ns = clock_kernel_boottime,
};

static int64_t clock_width(const struct clock_reading *r)
{
	return r->boot_after_ns - r->boot_before_ns;
}

static void clock_look(const struct clock *c, struct clock_reading *best)
{
	struct clock_reading r;

	c->ops->read(c->ctx, best);
	for (int i = 1; i < CLOCK_LOOKS; i++) {
		c->ops->read(c->ctx, &r);
		if (clock_width(&r) < clock_width(best))
			*best = r;
	}
}

static struct clock_epoch *clock_current(struct clock *c)
{
	return &c->epochs[c->id % CLOCK_EPOCHS];
}

const struct clock_epoch *clock_epoch(const struct clock *c)
{
	return &c->epochs[c->id % CLOCK_EPOCHS];
}

static void clock_log_add(struct clock *c, int64_t from_ns, enum clock_why why)
{
	const struct clock_epoch *e = clock_epoch(c);

	if (!c->logs)
		return;
	if (c->entries == CLOCK_ENTRIES) {
		log_error("clock: set too often, changes are not kept");
		return;
	}
	c->log[(c->first + c->entries++) % CLOCK_ENTRIES] =
		(struct clock_entry){
			.epoch = e->number, .from_ns = from_ns,
			.offset_ns = e->offset_ns, .bound_ns = e->bound_ns,
			.sync = e->sync, .why = why,
		};
}

const struct clock_entry *clock_log_first(const struct clock *c)
{
	return c->entries ? &c->log[c->first] : NULL;
}

void clock_log_drop(struct clock *c)
{
	c->first = (c->first + 1) % CLOCK_ENTRIES;
	c->entries--;
}

/* State and bounds of the epoch in force, by what adjtimex says. */
static void clock_judge(struct clock *c, const struct clock_reading *r)
{
	struct clock_epoch *e = clock_current(c);
	bool was = e->sync == BATCH_SYNCHRONISED;

	if (!r->synchronised)
		c->sync_seen_ns = 0;
	else if (!c->sync_seen_ns)
		c->sync_seen_ns = r->boot_after_ns;
	e->sync = r->synchronised && (was || !c->logs ||
			r->boot_after_ns - c->sync_seen_ns >= CLOCK_CONFIRM_NS) ?
		  BATCH_SYNCHRONISED : BATCH_UNSYNCHRONISED;
	e->bound_ns = BATCH_UNKNOWN;
	e->estimate_ns = BATCH_UNKNOWN;
	if (e->sync != BATCH_SYNCHRONISED)
		return;
	e->bound_ns = r->maxerror_ns + llabs(r->phase_ns) + e->width_ns / 2;
	e->estimate_ns = r->esterror_ns + llabs(r->phase_ns);
}

static void clock_begin(struct clock *c, const struct clock_reading *r,
			unsigned int number)
{
	int64_t width = clock_width(r);
	int64_t middle = r->boot_before_ns + width / 2;

	c->id++;
	*clock_current(c) = (struct clock_epoch){
		.id = c->id,
		.number = number,
		.from_ns = r->boot_after_ns,
		.from_monotonic_ns = r->monotonic_ns,
		.offset_ns = r->realtime_ns - middle,
		.suspend_ns = middle - r->monotonic_ns,
		.width_ns = width,
		.sync = BATCH_UNSYNCHRONISED,
		.bound_ns = BATCH_UNKNOWN,
		.estimate_ns = BATCH_UNKNOWN,
	};
}

struct clock *clock_new(const struct clock_ops *ops, void *ctx)
{
	struct clock *c = calloc(1, sizeof(*c));
	struct clock_reading r;

	if (!c)
		return NULL;
	c->ops = ops ? ops : &clock_kernel;
	c->ctx = ctx;
	clock_look(c, &r);
	clock_begin(c, &r, 1);
	clock_judge(c, &r);
	c->tai_s = r.tai_s;
	return c;
}

void clock_free(struct clock *c)
{
	free(c);
}

static bool clock_differs(int64_t a, int64_t b, int64_t slack)
{
	return llabs(a - b) > slack;
}

void clock_resume(struct clock *c, const struct clock_entry *last)
{
	struct clock_epoch *e = clock_current(c);
	int64_t slack = e->width_ns + CLOCK_SLACK_NS;

	c->logs = true;
	if (!last) {
		clock_log_add(c, e->from_ns, CLOCK_START);
		return;
	}
	e->number = last->epoch;
	if (clock_differs(e->offset_ns, last->offset_ns, slack)) {
		e->number++;
		clock_log_add(c, e->from_ns, CLOCK_STEP);
		return;
	}
	e->offset_ns = last->offset_ns;
	if (e->sync != last->sync)
		clock_log_add(c, e->from_ns, e->sync == BATCH_SYNCHRONISED ?
			      CLOCK_SYNC : CLOCK_LOST);
}

static void clock_stepped(struct clock *c, const struct clock_reading *r,
			  int64_t by_ns)
{
	bool leap = r->tai_s != c->tai_s &&
		    !clock_differs(by_ns, (c->tai_s - r->tai_s) * INT64_C(1000000000),
				   CLOCK_SLACK_NS + clock_width(r));
	bool was = clock_epoch(c)->sync == BATCH_SYNCHRONISED;

	clock_begin(c, r, clock_epoch(c)->number + 1);
	c->steps++;
	c->sync_seen_ns = 0;
	/* A leap second is no doubt about the clock. */
	if (leap && was)
		clock_current(c)->sync = BATCH_SYNCHRONISED;
	clock_judge(c, r);
	clock_log_add(c, clock_epoch(c)->from_ns,
		      leap ? CLOCK_LEAP : CLOCK_STEP);
	log_warning("clock: %s by %+.6f s; what comes is dated by it, what was captured is not",
		    leap ? "a leap second, set" : "was set",
		    (double)by_ns / 1e9);
}

static void clock_follow(struct clock *c, const struct clock_reading *r)
{
	enum batch_sync was = clock_epoch(c)->sync;

	clock_judge(c, r);
	if (clock_epoch(c)->sync == was)
		return;
	if (was == BATCH_SYNCHRONISED) {
		clock_log_add(c, r->boot_after_ns, CLOCK_LOST);
		log_warning("clock: not synchronised any more; results say so from here on");
		return;
	}
	clock_log_add(c, r->boot_after_ns, CLOCK_SYNC);
	log_info("clock: synchronised, within %.6f s; what was captured before is dated by it",
		 (double)clock_epoch(c)->bound_ns / 1e9);
}

void clock_check(struct clock *c)
{
	const struct clock_epoch *e = clock_epoch(c);
	struct clock_reading r;
	int64_t middle, slack, by_ns;

	clock_look(c, &r);
	middle = r.boot_before_ns + clock_width(&r) / 2;
	slack = (e->width_ns + clock_width(&r)) / 2 + CLOCK_SLACK_NS;
	by_ns = r.realtime_ns - middle - e->offset_ns;
	if (clock_differs(by_ns, 0, slack)) {
		clock_stepped(c, &r, by_ns);
	} else {
		if (clock_differs(middle - r.monotonic_ns, e->suspend_ns, slack)) {
			struct clock_epoch before = *e;

			clock_begin(c, &r, before.number);
			clock_current(c)->offset_ns = before.offset_ns;
			clock_current(c)->sync = before.sync;
		}
		clock_follow(c, &r);
	}
	c->tai_s = r.tai_s;
}

int64_t clock_now_ns(const struct clock *c)
{
	return c->ops->boottime_ns(c->ctx);
}

int64_t clock_utc_ns(const struct clock *c, int64_t boot_ns)
{
	return boot_ns + clock_epoch(c)->offset_ns;
}

unsigned int clock_steps(const struct clock *c)
{
	return c->steps;
}

static unsigned int clock_oldest(const struct clock *c)
{
	return c->id < CLOCK_EPOCHS ? 1 : c->id - CLOCK_EPOCHS + 1;
}

const struct clock_epoch *clock_find(const struct clock *c, unsigned int id)
{
	if (id < clock_oldest(c) || id > c->id)
		return NULL;
	return &c->epochs[id % CLOCK_EPOCHS];
}

const struct clock_epoch *clock_next(const struct clock *c, unsigned int id)
{
	if (id >= c->id)
		return NULL;
	id++;
	return clock_find(c, id < clock_oldest(c) ? clock_oldest(c) : id);
}

/* The epoch in which a stamp of realtime makes sense: newest first. */
static int64_t clock_from_realtime(const struct clock *c, int64_t t_ns,
				   int64_t heard_ns)
{
	for (unsigned int id = c->id; id >= clock_oldest(c); id--) {
		const struct clock_epoch *e = clock_find(c, id);
		int64_t boot = t_ns - e->offset_ns;

		if (boot >= e->from_ns && boot <= heard_ns)
			return boot;
	}
	return t_ns - clock_find(c, clock_oldest(c))->offset_ns;
}

static int64_t clock_from_monotonic(const struct clock *c, int64_t t_ns)
{
	unsigned int id = c->id;

	while (id > clock_oldest(c) &&
	       t_ns < clock_find(c, id)->from_monotonic_ns)
		id--;
	return t_ns + clock_find(c, id)->suspend_ns;
}

int64_t clock_boottime_of(const struct clock *c, enum batch_clock clock,
			  int64_t t_ns, int64_t heard_ns)
{
	switch (clock) {
	case BATCH_CLOCK_REALTIME:
		return clock_from_realtime(c, t_ns, heard_ns);
	case BATCH_CLOCK_MONOTONIC:
		return clock_from_monotonic(c, t_ns);
	default:
		return t_ns;
	}
}
