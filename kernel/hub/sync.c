// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether UTC is known. The kernel does not tell its modules: user space hands
 * it in for some time, and a step of the clock ends it.
 */
#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "hub.h"

/**
 * struct sync - what was handed in; guarded by cityhub_lock
 * @end_ns:	CLOCK_BOOTTIME until which it holds, 0 for never
 * @offset_ns:	UTC minus CLOCK_MONOTONIC it was said of
 * @bound_ns:	largest error of UTC
 * @told:	listeners were told that the clock is synchronised
 */
struct sync {
	u64 end_ns;
	s64 offset_ns;
	u64 bound_ns;
	bool told;
};

static struct sync sync;

static void sync_tell(void)
{
	u64 bound_ns, left_ns;
	bool valid = cityhub_sync_get(&bound_ns, &left_ns);

	if (valid == sync.told)
		return;

	sync.told = valid;
	cityhub_notify_hub();
}

static void sync_ended(struct work_struct *work)
{
	guard(mutex)(&cityhub_lock);
	sync_tell();
}

static DECLARE_DELAYED_WORK(sync_work, sync_ended);

/* The clock is synchronised to bound_ns, which holds for valid_ns. */
void cityhub_sync_set(u64 bound_ns, u64 valid_ns)
{
	lockdep_assert_held(&cityhub_lock);
	sync.end_ns = ktime_get_boottime_ns() + valid_ns;
	sync.offset_ns = cityhub_utc_offset();
	sync.bound_ns = bound_ns;
	/* One jiffy more: it must have ended when the work looks. */
	mod_delayed_work(system_wq, &sync_work,
			 nsecs_to_jiffies(valid_ns) + 1);
	sync_tell();
}

void cityhub_sync_clear(void)
{
	lockdep_assert_held(&cityhub_lock);
	sync.end_ns = 0;
	sync_tell();
}

/* Returns whether the clock is synchronised, how well and for how long. */
bool cityhub_sync_get(u64 *bound_ns, u64 *left_ns)
{
	u64 now_ns = ktime_get_boottime_ns();

	lockdep_assert_held(&cityhub_lock);
	if (now_ns >= sync.end_ns || cityhub_utc_offset() != sync.offset_ns)
		return false;

	*bound_ns = sync.bound_ns;
	*left_ns = sync.end_ns - now_ns;
	return true;
}

void cityhub_sync_exit(void)
{
	cancel_delayed_work_sync(&sync_work);
}
