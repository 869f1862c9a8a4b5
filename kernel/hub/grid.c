// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tick grid: one timer on the monotonic clock fires ticks that are due in
 * UTC or TAI. These clocks minus the monotonic one are constant between steps
 * (all are slewed alike), so an expiry is exact until the clock is set; that
 * is looked for at least once a second.
 */
#include <linux/cleanup.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/notifier.h>
#include <linux/suspend.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "hub.h"

/*
 * How long before a tick the starts that wait for it are moved for the last
 * time: what NTP slews until then, 500 ppm at most, is 5 us.
 */
#define START_LEAD_NS	(10 * (s64)NSEC_PER_MSEC)

/* Guards all that follows, and the slots. Taken in hard interrupts. */
DEFINE_RAW_SPINLOCK(cityhub_tick_lock);

static struct hrtimer grid_timer;
static struct cityhub_grid grid;
static struct cityhub_grid_config config;
static LIST_HEAD(waiting);	/* captures whose first tick has not fired */
static bool running;		/* ticks are wanted */
static bool suspended;		/* and must not fire */

static void announce_fn(struct work_struct *work)
{
	guard(mutex)(&cityhub_lock);
	cityhub_notify_hub();
}

static DECLARE_DELAYED_WORK(announce_work, announce_fn);

s64 cityhub_utc_offset(void)
{
	return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_REAL));
}

static s64 clock_offset(enum cityhub_hub_clock clock)
{
	return clock == CITYHUB_HUB_CLOCK_TAI ?
	       ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_TAI)) :
	       cityhub_utc_offset();
}

/* Whether a grid can be in a clock: TAI is UTC until somebody says otherwise. */
bool cityhub_grid_clock_is_set(enum cityhub_hub_clock clock)
{
	return clock == CITYHUB_HUB_CLOCK_UTC ||
	       clock_offset(clock) != cityhub_utc_offset();
}

/* UTC minus the clock of the grid; both change in one act at a leap second. */
static s64 to_utc(void)
{
	struct system_time_snapshot snap, after;
	s64 difference_ns;

	if (config.clock == CITYHUB_HUB_CLOCK_UTC)
		return 0;

	do {
		ktime_get_snapshot(&snap);
		difference_ns = cityhub_utc_offset() -
				clock_offset(config.clock);
		ktime_get_snapshot(&after);
	} while (snap.clock_was_set_seq != after.clock_was_set_seq);

	return difference_ns;
}

/* Chooses the first tick; returns the instant it is due, CLOCK_MONOTONIC. */
static s64 start_pick(struct cityhub_start *start)
{
	s64 to_utc_ns = to_utc();
	s64 due_ns;

	start->first_tick = cityhub_grid_pick(&grid, start->asked_ns - to_utc_ns);
	due_ns = cityhub_grid_due(&grid, start->first_tick);
	start->due_ns = due_ns + to_utc_ns;
	return due_ns - grid.offset_ns;
}

static s64 mono_to_raw(s64 mono_ns)
{
	struct cityhub_clocks clocks;

	cityhub_clocks_get(&clocks);
	return mono_ns + clocks.raw_ns;
}

/*
 * Captures that wait start where they were asked to, whatever the clock was
 * stepped or slewed meanwhile.
 */
static void starts_move(void)
{
	struct cityhub_start *s;
	s64 mono_ns;

	list_for_each_entry(s, &waiting, node) {
		mono_ns = start_pick(s);
		cityhub_slots_move(s->generation, s->first_tick);
		cityhub_gates_move(s->generation, mono_to_raw(mono_ns));
	}
}

static void starts_begin(void)
{
	struct cityhub_start *s, *next;

	list_for_each_entry_safe(s, next, &waiting, node)
		if (s->first_tick <= grid.last)
			list_del_init(&s->node);
}

/* Follows a step of the clock; returns CLOCK_MONOTONIC. */
static s64 grid_follow(void)
{
	s64 now_ns = ktime_get_ns();

	if (!cityhub_grid_follow(&grid, now_ns, clock_offset(config.clock),
				 running))
		return now_ns;

	starts_move();
	if (running)
		mod_delayed_work(system_wq, &announce_work, 0);
	return now_ns;
}

static s64 next_expiry(s64 now_ns)
{
	return cityhub_grid_expiry(&grid, now_ns,
				   list_empty(&waiting) ? 0 : START_LEAD_NS);
}

/* Fires the tick taken; returns whether anybody waits for another. */
static bool grid_fire(s64 now_ns)
{
	struct cityhub_tick tick = {
		.number = grid.last,
		.due_ns = cityhub_grid_due(&grid, grid.last) + to_utc(),
		.fire_ns = now_ns,
	};
	bool on = cityhub_slots_fire(&tick);

	starts_begin();
	return on || !list_empty(&waiting);
}

static enum hrtimer_restart grid_expired(struct hrtimer *timer)
{
	u64 skipped;
	s64 now_ns;

	guard(raw_spinlock)(&cityhub_tick_lock);
	if (suspended)
		return HRTIMER_NORESTART;

	skipped = grid.skipped;
	now_ns = grid_follow();
	if (cityhub_grid_wake(&grid, now_ns, grid.offset_ns))
		running = grid_fire(now_ns);
	starts_move();
	if (grid.skipped != skipped)
		schedule_delayed_work(&announce_work, HZ);
	if (!running)
		return HRTIMER_NORESTART;

	hrtimer_set_expires(timer, ns_to_ktime(next_expiry(now_ns)));
	return HRTIMER_RESTART;
}

/* Ticks that pass while nobody listens are neither fired nor skipped. */
static s64 grid_catch_up(void)
{
	s64 now_ns = grid_follow();

	if (!running)
		cityhub_grid_align(&grid, now_ns + grid.offset_ns);

	return now_ns;
}

static void grid_run(s64 now_ns)
{
	grid.stale = false;
	hrtimer_start(&grid_timer, ns_to_ktime(next_expiry(now_ns)),
		      HRTIMER_MODE_ABS_HARD);
}

/* Starts the timer for a slot that was switched on or a capture that waits. */
void cityhub_grid_kick(void)
{
	s64 now_ns;

	lockdep_assert_held(&cityhub_tick_lock);
	if (running)
		return;

	now_ns = grid_catch_up();
	running = true;
	if (!suspended)
		grid_run(now_ns);
}

/*
 * Picks the first tick of a capture; returns the instant it is due in the raw
 * clock, as far as that can be told before.
 */
s64 cityhub_grid_pick_start(struct cityhub_start *start)
{
	lockdep_assert_held(&cityhub_tick_lock);
	grid_catch_up();
	return mono_to_raw(start_pick(start));
}

/* The timer runs until the first tick, so that a step before it is seen. */
void cityhub_grid_wait(struct cityhub_start *start)
{
	lockdep_assert_held(&cityhub_tick_lock);
	list_add_tail(&start->node, &waiting);
	cityhub_grid_kick();
	/* Set anew for the lead; one that waits for the lock sets itself. */
	if (!suspended && hrtimer_try_to_cancel(&grid_timer) >= 0)
		grid_run(ktime_get_ns());
}

/* The newest tick fired; returns false when none was. */
bool cityhub_grid_last(u64 *tick)
{
	lockdep_assert_held(&cityhub_tick_lock);
	*tick = grid.last;
	return grid.started;
}

void cityhub_grid_get(struct cityhub_grid_view *view)
{
	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	grid_catch_up();
	view->grid = grid;
	view->config = config;
	view->to_utc_ns = to_utc();
}

/* No capture may be in force: tick numbers begin anew. */
void cityhub_grid_configure(const struct cityhub_grid_config *new_config)
{
	s64 now_ns;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	now_ns = ktime_get_ns();
	config = *new_config;
	cityhub_grid_setup(&grid, config.period_ns, config.phase_ns, now_ns,
			   clock_offset(config.clock));
	if (!running || suspended)
		return;
	/* One that waits for the lock sets itself. */
	if (hrtimer_try_to_cancel(&grid_timer) < 0)
		grid.stale = true;
	else
		grid_run(now_ns);
}

void cityhub_clocks_get(struct cityhub_clocks *c)
{
	struct system_time_snapshot snap, after;

	/* Snapshots tell a step between the readings by their count. */
	do {
		ktime_get_snapshot(&snap);
		c->realtime_ns = cityhub_utc_offset();
		c->boottime_ns = ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
		c->tai_ns = ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_TAI));
		ktime_get_snapshot(&after);
	} while (snap.clock_was_set_seq != after.clock_was_set_seq);

	c->instant_ns = ktime_to_ns(snap.real) - c->realtime_ns;
	c->raw_ns = ktime_to_ns(snap.raw) - c->instant_ns;
	c->set_count = snap.clock_was_set_seq;
}

/* Before the members suspend: a tick must not reach one that sleeps. */
static void grid_suspend(void)
{
	scoped_guard(raw_spinlock_irqsave, &cityhub_tick_lock)
		suspended = true;
	hrtimer_cancel(&grid_timer);
}

static void grid_resume(void)
{
	s64 now_ns;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	suspended = false;
	now_ns = grid_follow();
	if (!running)
		return;

	grid.skipped += cityhub_grid_align(&grid, now_ns + grid.offset_ns);
	starts_move();
	mod_delayed_work(system_wq, &announce_work, 0);
	grid_run(now_ns);
}

static int grid_pm(struct notifier_block *nb, unsigned long action, void *data)
{
	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		grid_suspend();
		return NOTIFY_OK;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		grid_resume();
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

static struct notifier_block grid_pm_nb = {
	.notifier_call = grid_pm,
};

int cityhub_grid_init(u64 period_ns)
{
	const struct cityhub_grid_config first = {
		.period_ns = period_ns, .clock = CITYHUB_HUB_CLOCK_UTC,
	};

	hrtimer_setup(&grid_timer, grid_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	cityhub_grid_configure(&first);
	return register_pm_notifier(&grid_pm_nb);
}

/* After the triggers are gone: nobody starts the timer any more. */
void cityhub_grid_exit(void)
{
	unregister_pm_notifier(&grid_pm_nb);
	hrtimer_cancel(&grid_timer);
	cancel_delayed_work_sync(&announce_work);
}
