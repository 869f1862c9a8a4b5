// SPDX-License-Identifier: GPL-2.0-only
/* From the raw clock the stamps live in to the clock a user asked for. */
#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/time.h>
#include <linux/timekeeping.h>

#include <cityhub/member.h>

#include "clock.h"

/**
 * cityhub_raw_ns() - the instant of now, for a hard interrupt handler
 *
 * Return: CLOCK_MONOTONIC_RAW in ns.
 */
s64 cityhub_raw_ns(void)
{
	return ktime_get_raw_ns();
}
EXPORT_SYMBOL_NS_GPL(cityhub_raw_ns, "CITYHUB");

/**
 * cityhub_slept_ns() - how long the raw clock has stood still
 *
 * It does so while the system sleeps.
 *
 * Return: the time in ns since an instant that does not change: only
 * differences count.
 */
s64 cityhub_slept_ns(void)
{
	return ktime_get_boottime_ns() - ktime_get_raw_ns();
}
EXPORT_SYMBOL_NS_GPL(cityhub_slept_ns, "CITYHUB");

static s64 clock_from_mono(clockid_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_REAL));
	case CLOCK_TAI:
		return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_TAI));
	case CLOCK_BOOTTIME:
		return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
	default:
		return 0;
	}
}

/*
 * @clock minus CLOCK_MONOTONIC_RAW, both of one instant; *@epoch tells apart
 * the times before and after a step of the realtime clock.
 */
s64 cityhub_clock_offset(clockid_t clock, u32 *epoch)
{
	struct system_time_snapshot snap, after;
	s64 real_from_mono, from_mono;

	do {
		ktime_get_snapshot(&snap);
		real_from_mono = clock_from_mono(CLOCK_REALTIME);
		from_mono = clock_from_mono(clock);
		ktime_get_snapshot(&after);
	} while (snap.clock_was_set_seq != after.clock_was_set_seq);

	*epoch = snap.clock_was_set_seq;
	if (clock == CLOCK_MONOTONIC_RAW)
		return 0;

	return ktime_to_ns(ktime_sub(snap.real, snap.raw)) - real_from_mono +
	       from_mono;
}

/* Tells apart the times before and after a step of the realtime clock. */
u32 cityhub_clock_epoch(void)
{
	struct system_time_snapshot snap;

	ktime_get_snapshot(&snap);
	return snap.clock_was_set_seq;
}

/* Whether a clock may be set. */
bool cityhub_clock_steps(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
	       clock == CLOCK_TAI;
}
