/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arithmetic of the grid: which tick is due when, and what a timer has to
 * do about it. Pure integer code without clocks and locks of its own: the
 * timer and a fake clock drive the same functions.
 */
#ifndef _CITYHUB_GRID_MATH_H
#define _CITYHUB_GRID_MATH_H

#include <linux/types.h>

/**
 * struct cityhub_grid - ticks on a grid
 * @epoch_ns:	instant at which tick 0 is due, in the clock of the grid (UTC or
 *		TAI); differs from the phase by whole periods only
 * @period_ns:	period
 * @offset_ns:	clock of the grid minus CLOCK_MONOTONIC when last looked
 * @next:	tick to fire next
 * @last:	newest tick fired, valid when @started
 * @started:	a tick has fired
 * @stale:	the timer was set before a step that somebody else noticed
 * @fired:	ticks fired
 * @skipped:	ticks that could not fire in time
 * @realigned:	steps of the clock seen while ticks fired
 */
struct cityhub_grid {
	s64 epoch_ns;
	u64 period_ns;
	s64 offset_ns;
	u64 next;
	u64 last;
	bool started;
	bool stale;
	u64 fired;
	u64 skipped;
	u32 realigned;
};

void cityhub_grid_setup(struct cityhub_grid *g, u64 period_ns, u64 phase_ns,
			s64 mono_ns, s64 offset_ns);
s64 cityhub_grid_due(const struct cityhub_grid *g, u64 k);
u64 cityhub_grid_first_after(const struct cityhub_grid *g, s64 clock_ns);
u64 cityhub_grid_align(struct cityhub_grid *g, s64 clock_ns);
bool cityhub_grid_take(struct cityhub_grid *g, s64 clock_ns);
u64 cityhub_grid_pick(const struct cityhub_grid *g, s64 start_ns);
bool cityhub_grid_follow(struct cityhub_grid *g, s64 mono_ns, s64 offset_ns,
			 bool running);
bool cityhub_grid_wake(struct cityhub_grid *g, s64 mono_ns, s64 offset_ns);
s64 cityhub_grid_expiry(const struct cityhub_grid *g, s64 mono_ns, s64 lead_ns);

#endif /* _CITYHUB_GRID_MATH_H */
