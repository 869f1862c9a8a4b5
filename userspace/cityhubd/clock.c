// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/clock.h"

#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

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

void clock_read(struct clock_reading *r)
{
	struct timex tx = { 0 };
	int state;

	r->boot_before_ns = clock_ns(CLOCK_BOOTTIME);
	r->realtime_ns = clock_ns(CLOCK_REALTIME);
	r->monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	r->boot_after_ns = clock_ns(CLOCK_BOOTTIME);
	state = adjtimex(&tx);
	r->synchronised = state >= 0 && state != TIME_ERROR &&
			  !(tx.status & STA_UNSYNC);
	r->bound_ns = (int64_t)tx.maxerror * 1000;
}

bool clock_map_update(struct clock_map *m, const struct clock_reading *r)
{
	int64_t width = r->boot_after_ns - r->boot_before_ns;
	int64_t middle = r->boot_before_ns + width / 2;
	int64_t offset = r->realtime_ns - middle;
	int64_t suspend = middle - r->monotonic_ns;
	int64_t slack = (m->width_ns + width) / 2 + 1;
	bool stepped = m->valid && llabs(offset - m->offset_ns) > slack;
	bool moved = stepped || llabs(suspend - m->suspend_ns) > slack;

	if (!m->valid || moved || width < m->width_ns) {
		m->offset_ns = offset;
		m->suspend_ns = suspend;
		m->width_ns = width;
		m->valid = true;
	}
	m->sync = r->synchronised ? BATCH_SYNCHRONISED : BATCH_UNSYNCHRONISED;
	m->bound_ns = r->synchronised ? r->bound_ns + m->width_ns / 2 :
					BATCH_UNKNOWN;
	m->steps += stepped;
	return stepped;
}

int64_t clock_map_utc(const struct clock_map *m, enum batch_clock clock,
		      int64_t t_ns)
{
	switch (clock) {
	case BATCH_CLOCK_BOOTTIME:
	case BATCH_CLOCK_READ:
		return t_ns + m->offset_ns;
	case BATCH_CLOCK_MONOTONIC:
		return t_ns + m->suspend_ns + m->offset_ns;
	default:
		return t_ns;
	}
}
