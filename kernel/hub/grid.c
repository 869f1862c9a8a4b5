// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tick grid: one timer on the monotonic clock fires ticks that are due in
 * UTC. UTC minus the monotonic clock is constant between steps (both are
 * slewed alike), so an expiry is exact until the clock is set; that is
 * looked for at least once a second.
 */
#include <linux/cleanup.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "hub.h"

/* Longest sleep, so that a step of the clock is noticed soon. */
#define GRID_SLEEP_MAX_NS	NSEC_PER_SEC

/* Guards all that follows, and the slots. Taken in hard interrupts. */
DEFINE_RAW_SPINLOCK(cityhub_tick_lock);

static struct hrtimer grid_timer;
static struct cityhub_grid_view state;
static s64 utc_offset_ns;	/* UTC minus CLOCK_MONOTONIC when last looked */
static bool running;		/* the timer is started */
static bool stale;		/* its expiry is from before a step */

static void realigned_work_fn(struct work_struct *work)
{
	guard(mutex)(&cityhub_lock);
	cityhub_notify_hub();
}

static DECLARE_WORK(realigned_work, realigned_work_fn);

static s64 utc_offset(void)
{
	return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_REAL));
}

/* Follows a step of the clock; returns the UTC of now_ns. */
static s64 grid_follow(s64 now_ns)
{
	s64 offset_ns = utc_offset();
	u64 passed;

	if (offset_ns != utc_offset_ns) {
		utc_offset_ns = offset_ns;
		passed = cityhub_grid_align(&state.grid, now_ns + offset_ns);
		if (running) {
			state.skipped += passed;
			state.realigned++;
			stale = true;
			schedule_work(&realigned_work);
		}
	}

	return now_ns + offset_ns;
}

static ktime_t grid_expiry(s64 now_ns)
{
	s64 due_ns = cityhub_grid_due(&state.grid, state.grid.next) -
		     utc_offset_ns;

	return ns_to_ktime(min_t(s64, due_ns, now_ns + GRID_SLEEP_MAX_NS));
}

static enum hrtimer_restart grid_expired(struct hrtimer *timer)
{
	struct cityhub_tick tick = { .fire_ns = ktime_get_ns() };
	s64 utc_ns;

	guard(raw_spinlock)(&cityhub_tick_lock);
	utc_ns = grid_follow(tick.fire_ns);
	/* A reader may have seen the step first: this expiry means nothing. */
	if (stale)
		state.skipped += cityhub_grid_align(&state.grid, utc_ns);
	stale = false;
	if (cityhub_grid_take(&state.grid, utc_ns, &state.skipped)) {
		tick.number = state.grid.last;
		tick.due_ns = cityhub_grid_due(&state.grid, tick.number);
		state.fired++;
		running = cityhub_slots_fire(&tick);
	}
	if (!running)
		return HRTIMER_NORESTART;

	hrtimer_set_expires(timer, grid_expiry(tick.fire_ns));
	return HRTIMER_RESTART;
}

/* Ticks that pass while nobody listens are neither fired nor skipped. */
static s64 grid_catch_up(void)
{
	s64 now_ns = ktime_get_ns();
	s64 utc_ns = grid_follow(now_ns);

	if (!running)
		cityhub_grid_align(&state.grid, utc_ns);

	return now_ns;
}

/* Starts the timer for a slot that was switched on. */
void cityhub_grid_kick(void)
{
	s64 now_ns;

	lockdep_assert_held(&cityhub_tick_lock);
	if (running)
		return;

	now_ns = grid_catch_up();
	running = true;
	hrtimer_start(&grid_timer, grid_expiry(now_ns), HRTIMER_MODE_ABS_HARD);
}

/*
 * Picks the first tick of a capture. The instant in the raw clock is
 * extrapolated: it misses by what the clock is slewed until then, 500 ppm of
 * the wait at most.
 */
void cityhub_grid_start(s64 start_ns, struct cityhub_start *start)
{
	s64 now_ns;

	lockdep_assert_held(&cityhub_tick_lock);
	now_ns = grid_catch_up();
	start->first_tick = cityhub_grid_pick(&state.grid, start_ns);
	start->due_ns = cityhub_grid_due(&state.grid, start->first_tick);
	start->raw_ns = ktime_get_raw_ns() + start->due_ns - utc_offset_ns -
			now_ns;
}

/* The newest tick fired; returns false when none was. */
bool cityhub_grid_last(u64 *tick)
{
	lockdep_assert_held(&cityhub_tick_lock);
	*tick = state.grid.last;
	return state.grid.started;
}

void cityhub_grid_get(struct cityhub_grid_view *view)
{
	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	grid_catch_up();
	*view = state;
}

void cityhub_clocks_get(struct cityhub_clocks *c)
{
	struct system_time_snapshot snap, after;

	/* Snapshots tell a step between the readings by their count. */
	do {
		ktime_get_snapshot(&snap);
		c->realtime_ns = utc_offset();
		c->boottime_ns = ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
		c->tai_ns = ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_TAI));
		ktime_get_snapshot(&after);
	} while (snap.clock_was_set_seq != after.clock_was_set_seq);

	c->instant_ns = ktime_to_ns(snap.real) - c->realtime_ns;
	c->raw_ns = ktime_to_ns(snap.raw) - c->instant_ns;
	c->set_count = snap.clock_was_set_seq;
}

void cityhub_grid_init(u64 period_ns)
{
	state.grid.period_ns = period_ns;
	utc_offset_ns = utc_offset();
	hrtimer_setup(&grid_timer, grid_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
}

/* After the triggers are gone: nobody starts the timer any more. */
void cityhub_grid_exit(void)
{
	hrtimer_cancel(&grid_timer);
	cancel_work_sync(&realigned_work);
}
