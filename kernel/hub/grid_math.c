// SPDX-License-Identifier: GPL-2.0-only
#include <linux/math64.h>
#include <linux/minmax.h>

#include "grid_math.h"

/**
 * cityhub_grid_due() - when a tick is due
 * @g:		grid
 * @k:		tick
 *
 * Return: UTC in ns.
 */
s64 cityhub_grid_due(const struct cityhub_grid *g, u64 k)
{
	return g->epoch_ns + (s64)(k * g->period_ns);
}

/**
 * cityhub_grid_first_after() - first tick due after an instant
 * @g:		grid
 * @utc_ns:	instant
 *
 * Return: tick; 0 for an instant before the epoch.
 */
u64 cityhub_grid_first_after(const struct cityhub_grid *g, s64 utc_ns)
{
	if (utc_ns < g->epoch_ns)
		return 0;

	/* The epoch may be negative: the difference needs all 64 bits. */
	return div64_u64((u64)utc_ns - (u64)g->epoch_ns, g->period_ns) + 1;
}

/**
 * cityhub_grid_align() - choose the next tick anew, after a wait or a step
 * @g:		grid
 * @utc_ns:	the time now
 *
 * No tick fires twice. When the clock went back past ticks that fired, the
 * epoch moves back by whole periods, so that the ticks stay on the UTC grid,
 * the numbers go on, and the wait is never longer than two periods.
 *
 * Return: number of ticks passed over.
 */
u64 cityhub_grid_align(struct cityhub_grid *g, s64 utc_ns)
{
	u64 next = cityhub_grid_first_after(g, utc_ns);
	u64 old = g->next;

	if (g->started && next <= g->last) {
		g->epoch_ns -= (s64)((g->last - next) * g->period_ns);
		next = g->last + 1;
	}
	g->next = next;
	return next > old ? next - old : 0;
}

/**
 * cityhub_grid_take() - take the tick that is due
 * @g:		grid
 * @utc_ns:	the time now
 * @skipped:	grows by the ticks that are too late to fire
 *
 * Return: true when a tick is to be fired, @g->last then.
 */
bool cityhub_grid_take(struct cityhub_grid *g, s64 utc_ns, u64 *skipped)
{
	u64 k;

	if (utc_ns < cityhub_grid_due(g, g->next))
		return false;

	k = cityhub_grid_first_after(g, utc_ns) - 1;
	*skipped += k - g->next;
	g->last = k;
	g->next = k + 1;
	g->started = true;
	return true;
}

/**
 * cityhub_grid_pick() - first tick that can start a capture
 * @g:		grid, aligned
 * @start_ns:	UTC instant before which nothing starts
 *
 * Return: first tick not fired yet and not due before @start_ns.
 */
u64 cityhub_grid_pick(const struct cityhub_grid *g, s64 start_ns)
{
	return max(g->next, cityhub_grid_first_after(g, start_ns - 1));
}
