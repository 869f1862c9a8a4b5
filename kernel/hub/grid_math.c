// SPDX-License-Identifier: GPL-2.0-only
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "grid_math.h"

/* Longest sleep, so that a step of the clock is noticed soon. */
#define GRID_SLEEP_MAX_NS	((s64)NSEC_PER_SEC)

/**
 * cityhub_grid_setup() - begin a grid, the numbers of its ticks anew
 * @g:		grid; its counters go on
 * @period_ns:	period
 * @phase_ns:	when tick 0 is due, after 1970 in the clock of the grid
 * @mono_ns:	CLOCK_MONOTONIC now
 * @offset_ns:	clock of the grid minus CLOCK_MONOTONIC now
 */
void cityhub_grid_setup(struct cityhub_grid *g, u64 period_ns, u64 phase_ns,
			s64 mono_ns, s64 offset_ns)
{
	g->period_ns = period_ns;
	g->epoch_ns = phase_ns;
	g->offset_ns = offset_ns;
	g->started = false;
	cityhub_grid_align(g, mono_ns + offset_ns);
}

/**
 * cityhub_grid_due() - when a tick is due
 * @g:		grid
 * @k:		tick
 *
 * Return: the clock of the grid then, in ns.
 */
s64 cityhub_grid_due(const struct cityhub_grid *g, u64 k)
{
	return g->epoch_ns + (s64)(k * g->period_ns);
}

/**
 * cityhub_grid_first_after() - first tick due after an instant
 * @g:		grid
 * @clock_ns:	instant, in the clock of the grid
 *
 * Return: tick; 0 for an instant before the epoch.
 */
u64 cityhub_grid_first_after(const struct cityhub_grid *g, s64 clock_ns)
{
	if (clock_ns < g->epoch_ns)
		return 0;

	/* The epoch may be negative: the difference needs all 64 bits. */
	return div64_u64((u64)clock_ns - (u64)g->epoch_ns, g->period_ns) + 1;
}

/**
 * cityhub_grid_align() - choose the next tick anew, after a wait or a step
 * @g:		grid
 * @clock_ns:	the clock of the grid now
 *
 * No tick fires twice. When the clock went back past several ticks that fired,
 * the epoch moves back by whole periods, so that the ticks stay on the grid,
 * the numbers go on, and the next instant of the grid is taken. Past one only,
 * that instant has had its tick, and the wait is up to two periods.
 *
 * Return: number of ticks passed over.
 */
u64 cityhub_grid_align(struct cityhub_grid *g, s64 clock_ns)
{
	u64 next = cityhub_grid_first_after(g, clock_ns);
	u64 old = g->next;

	if (g->started && next < g->last)
		g->epoch_ns -= (s64)((g->last + 1 - next) * g->period_ns);
	if (g->started && next <= g->last)
		next = g->last + 1;

	g->next = next;
	return next > old ? next - old : 0;
}

/**
 * cityhub_grid_take() - take the tick that is due
 * @g:		grid; ticks that are too late to fire are counted
 * @clock_ns:	the clock of the grid now
 *
 * Return: true when a tick is to be fired, @g->last then.
 */
bool cityhub_grid_take(struct cityhub_grid *g, s64 clock_ns)
{
	u64 k;

	if (clock_ns < cityhub_grid_due(g, g->next))
		return false;

	k = cityhub_grid_first_after(g, clock_ns) - 1;
	g->skipped += k - g->next;
	g->fired++;
	g->last = k;
	g->next = k + 1;
	g->started = true;
	return true;
}

/**
 * cityhub_grid_pick() - first tick that can start a capture
 * @g:		grid, aligned
 * @start_ns:	instant before which nothing starts, in the clock of the grid
 *
 * Return: first tick not fired yet and not due before @start_ns.
 */
u64 cityhub_grid_pick(const struct cityhub_grid *g, s64 start_ns)
{
	return max(g->next, cityhub_grid_first_after(g, start_ns - 1));
}

/**
 * cityhub_grid_follow() - look whether the clock was set
 * @g:		grid
 * @mono_ns:	CLOCK_MONOTONIC now
 * @offset_ns:	clock of the grid minus CLOCK_MONOTONIC now. It changes by
 *		steps only: both clocks are slewed alike
 * @running:	ticks are being fired: what the step passes over is lost
 *
 * Return: whether it was.
 */
bool cityhub_grid_follow(struct cityhub_grid *g, s64 mono_ns, s64 offset_ns,
			 bool running)
{
	u64 passed;

	if (offset_ns == g->offset_ns)
		return false;

	g->offset_ns = offset_ns;
	passed = cityhub_grid_align(g, mono_ns + offset_ns);
	if (running) {
		g->skipped += passed;
		g->realigned++;
		g->stale = true;
	}
	return true;
}

/**
 * cityhub_grid_wake() - the timer has expired
 * @g:		grid
 * @mono_ns:	CLOCK_MONOTONIC now
 * @offset_ns:	clock of the grid minus CLOCK_MONOTONIC now
 *
 * Return: whether a tick is to be fired, @g->last then.
 */
bool cityhub_grid_wake(struct cityhub_grid *g, s64 mono_ns, s64 offset_ns)
{
	cityhub_grid_follow(g, mono_ns, offset_ns, true);
	/* Who saw a step first could not set the timer: it means nothing. */
	if (g->stale)
		g->skipped += cityhub_grid_align(g, mono_ns + offset_ns);
	g->stale = false;
	return cityhub_grid_take(g, mono_ns + offset_ns);
}

/**
 * cityhub_grid_expiry() - when the timer is to wake
 * @g:		grid, aligned
 * @mono_ns:	CLOCK_MONOTONIC now
 * @lead_ns:	wake that long before the tick as well, 0 for no such wake
 *
 * Computed from the number of the tick, so that nothing adds up.
 *
 * Return: CLOCK_MONOTONIC then.
 */
s64 cityhub_grid_expiry(const struct cityhub_grid *g, s64 mono_ns, s64 lead_ns)
{
	s64 due_ns = cityhub_grid_due(g, g->next) - g->offset_ns;

	if (due_ns - lead_ns > mono_ns)
		due_ns -= lead_ns;
	return min(due_ns, mono_ns + GRID_SLEEP_MAX_NS);
}
