/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arithmetic of the grid: which tick is due when. Pure integer code
 * without clocks, locks and state of its own.
 */
#ifndef _CITYHUB_GRID_MATH_H
#define _CITYHUB_GRID_MATH_H

#include <linux/types.h>

/**
 * struct cityhub_grid - ticks on a grid in UTC
 * @epoch_ns:	UTC instant at which tick 0 is due; differs from the one given
 *		at the start by whole periods only
 * @period_ns:	period
 * @next:	tick to fire next
 * @last:	newest tick fired, valid when @started
 * @started:	a tick has fired
 */
struct cityhub_grid {
	s64 epoch_ns;
	u64 period_ns;
	u64 next;
	u64 last;
	bool started;
};

s64 cityhub_grid_due(const struct cityhub_grid *g, u64 k);
u64 cityhub_grid_first_after(const struct cityhub_grid *g, s64 utc_ns);
u64 cityhub_grid_align(struct cityhub_grid *g, s64 utc_ns);
bool cityhub_grid_take(struct cityhub_grid *g, s64 utc_ns, u64 *skipped);
u64 cityhub_grid_pick(const struct cityhub_grid *g, s64 start_ns);

#endif /* _CITYHUB_GRID_MATH_H */
