/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel's clocks that the test turns by hand. */
#ifndef CITYHUB_TESTS_FAKE_CLOCK_H
#define CITYHUB_TESTS_FAKE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "cityhubd/clock.h"

struct fake_clock {
	int64_t boot_ns;
	int64_t offset_ns;	/* realtime minus boottime */
	int64_t suspend_ns;	/* boottime minus monotonic */
	int64_t width_ns;	/* what a look takes */
	bool synchronised;
	int64_t maxerror_ns, esterror_ns, phase_ns;
	int tai_s;
	unsigned int reads;
};

static void fake_clock_read(void *ctx, struct clock_reading *r)
{
	struct fake_clock *f = ctx;
	int64_t width = f->width_ns;

	/* Now and then something comes between. */
	if (f->reads++ % 3 == 0)
		width *= 50;
	*r = (struct clock_reading){
		.boot_before_ns = f->boot_ns,
		.boot_after_ns = f->boot_ns + width,
		.realtime_ns = f->boot_ns + width / 2 + f->offset_ns,
		.monotonic_ns = f->boot_ns + width / 2 - f->suspend_ns,
		.synchronised = f->synchronised,
		.maxerror_ns = f->maxerror_ns,
		.esterror_ns = f->esterror_ns,
		.phase_ns = f->phase_ns,
		.tai_s = f->tai_s,
	};
}

static int64_t fake_clock_boottime(void *ctx)
{
	return ((struct fake_clock *)ctx)->boot_ns;
}

static const struct clock_ops fake_clock_ops = {
	.read = fake_clock_read,
	.boottime_ns = fake_clock_boottime,
};

#endif /* CITYHUB_TESTS_FAKE_CLOCK_H */
