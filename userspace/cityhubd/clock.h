/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the clocks of the kernel to UTC.
 *
 * Samples are captured in boottime, which nobody sets. Realtime runs at the
 * same rate, also while it is slewed, and differs from it by a constant until
 * it is set. Such a stretch is an epoch. Who dates samples goes from epoch to
 * epoch by their instants in boottime, so that no step can change their order.
 */
#ifndef CITYHUBD_CLOCK_H
#define CITYHUBD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/batch.h"
#include "common/clock_log.h"

/* One look at all clocks; boottime was read before and after the others. */
struct clock_reading {
	int64_t boot_before_ns;
	int64_t realtime_ns;
	int64_t monotonic_ns;
	int64_t boot_after_ns;
	/* What adjtimex(2) states: */
	bool synchronised;
	int64_t maxerror_ns;
	int64_t esterror_ns;
	int64_t phase_ns;	/* yet to be slewed */
	int tai_s;		/* TAI minus UTC, 0 when nobody set it */
};

struct clock_ops {
	void (*read)(void *ctx, struct clock_reading *r);
	int64_t (*boottime_ns)(void *ctx);
};

struct clock_epoch {
	unsigned int id;	/* counts also what is no new epoch, like suspend */
	unsigned int number;	/* as in struct clock_entry */
	int64_t from_ns;	/* boottime */
	int64_t from_monotonic_ns;
	int64_t offset_ns;	/* UTC minus boottime */
	int64_t suspend_ns;	/* boottime minus monotonic */
	int64_t width_ns;	/* offset and suspend are good to half of it */
	/* As of the last look while it was in force: */
	enum batch_sync sync;
	int64_t bound_ns;	/* BATCH_UNKNOWN when unsynchronised */
	int64_t estimate_ns;	/* the likely error, the same */
};

struct clock;

/* @ops NULL: the clocks of the kernel. Takes a first look. NULL: no memory. */
struct clock *clock_new(const struct clock_ops *ops, void *ctx);
void clock_free(struct clock *c);
/*
 * Go on from the last entry @last of this boot, or begin if it is NULL. Before
 * that nothing is logged.
 */
void clock_resume(struct clock *c, const struct clock_entry *last);
/* Look at the clocks: at least once a second, and when the clock was set. */
void clock_check(struct clock *c);

int64_t clock_now_ns(const struct clock *c);
/* UTC of an instant of boottime in the epoch in force. */
int64_t clock_utc_ns(const struct clock *c, int64_t boot_ns);
/* How often the clock was set since the start. */
unsigned int clock_steps(const struct clock *c);

/* The epoch in force. */
const struct clock_epoch *clock_epoch(const struct clock *c);
/* The epoch with that id, or the one after it; NULL when there is none. */
const struct clock_epoch *clock_find(const struct clock *c, unsigned int id);
const struct clock_epoch *clock_next(const struct clock *c, unsigned int id);
/* Boottime of a stamp of another clock that was read at @heard_ns. */
int64_t clock_boottime_of(const struct clock *c, enum batch_clock clock,
			  int64_t t_ns, int64_t heard_ns);

/* The oldest entry to be stored, NULL when there is none. */
const struct clock_entry *clock_log_first(const struct clock *c);
/* It has been taken. */
void clock_log_drop(struct clock *c);

/* For what is not tied to samples: deadlines, rates. */
int64_t clock_boottime_ns(void);

#endif /* CITYHUBD_CLOCK_H */
