/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the clocks of the kernel to UTC. Realtime and boottime run at the same
 * rate and differ by a constant that changes only when the clock is set; so
 * the constant is kept until a reading contradicts it.
 */
#ifndef CITYHUBD_CLOCK_H
#define CITYHUBD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/batch.h"

/* One look at all clocks; boottime was read before and after the others. */
struct clock_reading {
	int64_t boot_before_ns;
	int64_t realtime_ns;
	int64_t monotonic_ns;
	int64_t boot_after_ns;
	bool synchronised;
	int64_t bound_ns;
};

struct clock_map {
	bool valid;
	int64_t offset_ns;	/* UTC minus boottime */
	int64_t suspend_ns;	/* boottime minus monotonic */
	int64_t width_ns;	/* offset and suspend are good to half of it */
	enum batch_sync sync;
	int64_t bound_ns;	/* of the offset, BATCH_UNKNOWN when unsynchronised */
	unsigned int steps;	/* how often the offset changed */
};

void clock_read(struct clock_reading *r);
/* Returns true when the clock was set since the last reading. */
bool clock_map_update(struct clock_map *m, const struct clock_reading *r);
int64_t clock_map_utc(const struct clock_map *m, enum batch_clock clock,
		      int64_t t_ns);
int64_t clock_boottime_ns(void);

#endif /* CITYHUBD_CLOCK_H */
