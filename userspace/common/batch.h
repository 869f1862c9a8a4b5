/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A batch: the results of one window of one sensor, the unit of storing and
 * sending. What does not change from batch to batch is its layout.
 */
#ifndef CITYHUB_BATCH_H
#define CITYHUB_BATCH_H

#include <stddef.h>
#include <stdint.h>

#define BATCH_NAME	64	/* room for a name with its end */
#define BATCH_UNKNOWN	(-1)	/* a bound nobody knows */

/* Stored as numbers: add at the end. */
enum batch_sync {
	BATCH_UNSYNCHRONISED,
	BATCH_SYNCHRONISED,
	BATCH_REDATED,		/* dated when the clock was synchronised; never stored */
};

/* What is special about it. Stored: add at the end. */
enum batch_flag {
	BATCH_STEP = 1 << 0,	/* the clock was set at its begin or end */
	BATCH_AGAIN = 1 << 1,	/* a part of it was in a batch before */
	BATCH_DAMAGED = 1 << 2,	/* the store lost it; never stored */
	BATCH_EVENT = 1 << 3,	/* no window: something happened at its begin */
	BATCH_FLAGGED = 1 << 4,	/* a dip, swell or interruption was under way */
};
#define BATCH_FLAGS	5

/*
 * What an undisciplined clock may drift at most: the kernel lets its error
 * grow by as much (MAXFREQ in include/linux/timex.h).
 */
#define BATCH_DRIFT_PPM	500

/* Clock the kernel stamped the samples with. */
enum batch_clock {
	BATCH_CLOCK_BOOTTIME,
	BATCH_CLOCK_MONOTONIC,
	BATCH_CLOCK_REALTIME,
	BATCH_CLOCK_READ,	/* no stamps: the instant of the read */
	BATCH_CLOCKS,
};

struct batch_channel {
	char channel[BATCH_NAME];
	char quantity[BATCH_NAME];
	char unit[16];
	char phase[8];		/* empty where there is none */
	int decimals;		/* digits after the point worth writing */
};

struct batch_layout;

/* NAN stands for "this reduction makes no sense for this quantity". */
struct batch_result {
	double mean;
	double min;
	double max;
	double rms;
	double last;
	double difference;	/* of a counter: what it went on by */
	int64_t instant_ns;	/* of @last, UTC */
	uint32_t count;
	uint32_t expected;	/* 0 when the rate is not known */
};

struct batch {
	char hub[BATCH_NAME];
	char boot[40];
	uint64_t seq;
	struct batch_layout *layout;
	int64_t from_ns;	/* UTC */
	int64_t to_ns;
	int64_t offset_ns;	/* UTC minus boottime, as used for the instants here */
	int64_t bound_ns;	/* of the clock against UTC */
	int64_t stamp_bound_ns;	/* of the stamps against the clock */
	enum batch_sync sync;
	enum batch_clock clock;
	unsigned int epoch;	/* of the hub's clock, see clock_log.h */
	unsigned int flags;
	struct batch_result results[];
};

struct batch_layout *batch_layout_new(const char *sensor, unsigned int n,
				      const struct batch_channel *channels);
struct batch_layout *batch_layout_get(struct batch_layout *l);
void batch_layout_put(struct batch_layout *l);
const char *batch_layout_sensor(const struct batch_layout *l);
unsigned int batch_layout_size(const struct batch_layout *l);
const struct batch_channel *batch_layout_channel(const struct batch_layout *l,
						 unsigned int i);
/* As text for the store; the caller frees it. */
char *batch_layout_write(const struct batch_layout *l);
struct batch_layout *batch_layout_read(const char *text);

struct batch *batch_new(struct batch_layout *l);
void batch_free(struct batch *b);
uint64_t batch_values(const struct batch *b);
/* The largest error of the instants against UTC, or BATCH_UNKNOWN. */
int64_t batch_bound(const struct batch *b);

/*
 * The results as bytes for the store. Returns the length, or -ENOSPC.
 * Differences apart from the others: who knows the others only can read those.
 */
ptrdiff_t batch_pack(const struct batch *b, uint8_t *buf, size_t room);
ptrdiff_t batch_pack_differences(const struct batch *b, uint8_t *buf,
				 size_t room);
size_t batch_pack_room(const struct batch *b);
size_t batch_pack_size(const struct batch *b);	/* of both */
int batch_unpack(struct batch *b, const uint8_t *buf, size_t len);
/* After batch_unpack(), which leaves none. */
int batch_unpack_differences(struct batch *b, const uint8_t *buf, size_t len);

/*
 * Date a batch anew: at @at_ns of boottime, not before it began, UTC minus
 * boottime was @offset_ns, good to @bound_ns.
 */
void batch_redate(struct batch *b, int64_t offset_ns, int64_t bound_ns,
		  int64_t at_ns);

const char *batch_clock_name(enum batch_clock clock);
const char *batch_sync_name(enum batch_sync sync);
/* Of the flag with number @i. */
const char *batch_flag_name(unsigned int i);

#endif /* CITYHUB_BATCH_H */
