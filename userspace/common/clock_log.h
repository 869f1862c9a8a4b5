/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log of a hub's clock: how boottime led to UTC, and since when. An entry
 * holds from its instant on. UTC minus boottime is constant within an epoch;
 * a new epoch begins when the clock was set.
 */
#ifndef CITYHUB_CLOCK_LOG_H
#define CITYHUB_CLOCK_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"

/* Stored as numbers: add at the end. */
enum clock_why {
	CLOCK_START,	/* first look in this boot */
	CLOCK_STEP,	/* the clock was set: a new epoch */
	CLOCK_LEAP,	/* likewise, by a leap second */
	CLOCK_SYNC,	/* the clock is synchronised now */
	CLOCK_LOST,	/* it is so no more */
	CLOCK_WHYS,
};

struct clock_entry {
	char boot[40];		/* set by who reads the store */
	unsigned int epoch;	/* counts from 1 in each boot */
	int64_t from_ns;	/* boottime */
	int64_t offset_ns;	/* UTC minus boottime */
	int64_t bound_ns;	/* of the offset, BATCH_UNKNOWN when unsynchronised */
	enum batch_sync sync;
	enum clock_why why;
};

#define CLOCK_LOG_SCHEMA	"cityhub.clock/1"

const char *clock_why_name(enum clock_why why);
/* One line of JSON, freed by the caller, or NULL when out of memory. */
char *clock_log_json(const char *hub, const struct clock_entry *log, size_t n);

#endif /* CITYHUB_CLOCK_LOG_H */
