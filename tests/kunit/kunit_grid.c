// SPDX-License-Identifier: GPL-2.0-only
/* The arithmetic of the tick grid. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/time64.h>

#include "../../kernel/hub/grid_math.c"

#define SEC	((s64)NSEC_PER_SEC)
#define NOW	(1790000000LL * SEC)	/* some second of 2026 */

static void grid_due(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };

	KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, 0), 0);
	KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, 1790000000), NOW);
	g.epoch_ns = -5;
	KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, 2), 2 * SEC - 5);
	/* The finest grid in the last year an s64 holds. */
	g.epoch_ns = 0;
	g.period_ns = NSEC_PER_MSEC;
	KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, 9223372036854ULL),
			9223372036854000000LL);
}

static void grid_first_after(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };

	KUNIT_EXPECT_EQ(test, cityhub_grid_first_after(&g, NOW - 1), 1790000000ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_first_after(&g, NOW), 1790000001ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_first_after(&g, NOW + 1), 1790000001ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_first_after(&g, -1), 0ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_first_after(&g, 0), 1ULL);
	/* Further from the epoch than an s64 can say. */
	g.epoch_ns = S64_MIN / 2 - 1;
	KUNIT_EXPECT_EQ(test, cityhub_grid_first_after(&g, S64_MAX),
			13835058055ULL + 1);
}

static void grid_take_in_time(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };
	u64 k = 1790000000;
	int i;

	KUNIT_EXPECT_EQ(test, cityhub_grid_align(&g, NOW - 1), k);
	KUNIT_EXPECT_FALSE(test, cityhub_grid_take(&g, NOW - 1));
	for (i = 0; i < 1000; i++, k++) {
		KUNIT_EXPECT_TRUE(test, cityhub_grid_take(&g, NOW + i * SEC + i));
		KUNIT_EXPECT_EQ(test, g.last, k);
		KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, k), NOW + i * SEC);
		KUNIT_EXPECT_FALSE(test, cityhub_grid_take(&g, NOW + i * SEC + i));
	}
	KUNIT_EXPECT_EQ(test, g.skipped, 0ULL);
}

static void grid_take_late(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };

	cityhub_grid_align(&g, NOW - 1);
	/* Three came and went; the newest fires, late. */
	KUNIT_EXPECT_TRUE(test, cityhub_grid_take(&g, NOW + 3 * SEC + 7));
	KUNIT_EXPECT_EQ(test, g.last, 1790000003ULL);
	KUNIT_EXPECT_EQ(test, g.skipped, 3ULL);
}

static void grid_step_forward(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };

	cityhub_grid_align(&g, NOW - 1);
	cityhub_grid_take(&g, NOW);
	KUNIT_EXPECT_EQ(test, cityhub_grid_align(&g, NOW + 3600 * SEC + 5),
			3600ULL);
	KUNIT_EXPECT_EQ(test, g.next, 1790003601ULL);
	KUNIT_EXPECT_EQ(test, g.epoch_ns, 0LL);
}

/* Who waits for a start is woken shortly before it, and at it. */
static void grid_lead(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };
	const s64 lead = 10 * NSEC_PER_MSEC;

	cityhub_grid_align(&g, NOW - 1);
	KUNIT_EXPECT_EQ(test, cityhub_grid_expiry(&g, NOW - SEC / 2, lead),
			NOW - lead);
	KUNIT_EXPECT_EQ(test, cityhub_grid_expiry(&g, NOW - lead, lead), NOW);
	KUNIT_EXPECT_EQ(test, cityhub_grid_expiry(&g, NOW - lead / 2, lead), NOW);
	KUNIT_EXPECT_EQ(test, cityhub_grid_expiry(&g, NOW - 2 * SEC, lead),
			NOW - SEC);
}

/* What every step back must keep: order, the UTC grid, at most two periods. */
static void expect_realigned(struct kunit *test, struct cityhub_grid *g, s64 utc)
{
	u64 last = g->last;
	s64 due;

	KUNIT_EXPECT_EQ(test, cityhub_grid_align(g, utc), 0ULL);
	KUNIT_EXPECT_EQ(test, g->next, last + 1);
	due = cityhub_grid_due(g, g->next);
	KUNIT_EXPECT_GT(test, due, utc);
	KUNIT_EXPECT_LE(test, due, utc + 2 * (s64)g->period_ns);
	KUNIT_EXPECT_EQ(test, due % (s64)g->period_ns, 0LL);
}

static void grid_step_back(struct kunit *test)
{
	static const s64 steps[] = {
		1, SEC / 2, SEC - 1, SEC, SEC + 1, 2 * SEC, 3600 * SEC,
		1000000000 * SEC,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct cityhub_grid g = { .period_ns = SEC };

		cityhub_grid_align(&g, NOW - 1);
		cityhub_grid_take(&g, NOW);
		expect_realigned(test, &g, NOW - steps[i]);
		KUNIT_EXPECT_EQ(test, g.skipped, 0ULL);
	}
}

/* A step of less than a period needs no new epoch: one tick comes later. */
static void grid_step_back_small(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };

	cityhub_grid_align(&g, NOW - 1);
	cityhub_grid_take(&g, NOW);
	cityhub_grid_align(&g, NOW - 1000);
	KUNIT_EXPECT_EQ(test, g.epoch_ns, 0LL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, g.next), NOW + SEC);
}

static void grid_step_before_first(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };

	cityhub_grid_align(&g, NOW);
	KUNIT_EXPECT_EQ(test, cityhub_grid_align(&g, NOW - 3600 * SEC), 0ULL);
	KUNIT_EXPECT_EQ(test, g.next, 1789996401ULL);
	KUNIT_EXPECT_EQ(test, g.epoch_ns, 0LL);
}

static void grid_pick(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };

	cityhub_grid_align(&g, NOW + 1);
	KUNIT_EXPECT_EQ(test, cityhub_grid_pick(&g, 0), 1790000001ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_pick(&g, NOW + SEC), 1790000001ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_pick(&g, NOW + SEC + 1), 1790000002ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_pick(&g, NOW + 60 * SEC), 1790000060ULL);
}

/*
 * A clock to drive the grid with as the timer does: it wakes when it was asked
 * to, and late by a little, at instants of CLOCK_MONOTONIC; the clock of the
 * grid is that plus an offset, which steps change. What slews the clock slews
 * both alike, so the expiries do not see it.
 */
struct fake {
	struct cityhub_grid g;
	s64 mono;
	s64 offset;
	s64 worst;		/* largest error of an instant asked for */
	s64 longest;		/* longest time between two ticks */
	s64 fired_at;		/* CLOCK_MONOTONIC of the newest tick */
	u64 phase;
	u64 number;
	u32 seed;
};

static u32 fake_late(struct fake *f)
{
	f->seed = f->seed * 1664525 + 1013904223;
	return f->seed >> 12;		/* up to 1 ms */
}

static void fake_start(struct fake *f, u64 period, u64 phase, s64 offset)
{
	memset(f, 0, sizeof(*f));
	f->mono = 12345678;
	f->offset = offset;
	f->phase = phase;
	cityhub_grid_setup(&f->g, period, phase, f->mono, offset);
	f->fired_at = f->mono;
}

/* Sleeps until the timer expires; a step is not noticed meanwhile. */
static void fake_sleep(struct kunit *test, struct fake *f, s64 step_at, s64 step)
{
	s64 expiry = cityhub_grid_expiry(&f->g, f->mono, 0);
	s64 due = cityhub_grid_due(&f->g, f->g.next);

	KUNIT_ASSERT_LE(test, expiry, f->mono + SEC);
	/* Either the exact instant the tick is due, or only a look. */
	if (expiry != f->mono + SEC)
		f->worst = max(f->worst, abs(expiry + f->offset - due));
	expiry = max(expiry, f->mono) + fake_late(f);
	if (f->mono < step_at && step_at <= expiry)
		f->offset += step;
	f->mono = expiry;
}

static void fake_tick(struct kunit *test, struct fake *f)
{
	s64 clock = f->mono + f->offset;
	s64 due = cityhub_grid_due(&f->g, f->g.last);
	u64 rest;

	div64_u64_rem(due, f->g.period_ns, &rest);
	KUNIT_ASSERT_EQ(test, rest, f->phase);
	KUNIT_ASSERT_TRUE(test, f->g.last > f->number);
	KUNIT_ASSERT_LE(test, due, clock);
	KUNIT_ASSERT_LT(test, clock - due, 1100000LL);
	f->number = f->g.last;
	f->longest = max(f->longest, f->mono - f->fired_at);
	f->fired_at = f->mono;
}

static void fake_run(struct kunit *test, struct fake *f, s64 until,
		     s64 step_at, s64 step)
{
	while (f->mono < until) {
		fake_sleep(test, f, step_at, step);
		if (cityhub_grid_wake(&f->g, f->mono, f->offset))
			fake_tick(test, f);
	}
}

/* 24 hours with a leap second in the middle: due instants exact to 0 ns. */
static void grid_day_utc(struct kunit *test)
{
	const s64 midnight = 43200 * SEC;
	struct fake f;

	fake_start(&f, SEC, 0, NOW);
	fake_run(test, &f, 86400 * SEC, midnight, -SEC);
	KUNIT_EXPECT_EQ(test, f.worst, 0LL);
	KUNIT_EXPECT_EQ(test, f.g.realigned, 1U);
	KUNIT_EXPECT_EQ(test, f.g.skipped, 0ULL);
	KUNIT_EXPECT_GE(test, f.g.fired, 86400ULL - 2);
	KUNIT_EXPECT_LE(test, f.longest, 2 * SEC + SEC / 500);
	/* The last second of the day fired once, midnight when it came. */
	KUNIT_EXPECT_EQ(test, f.g.epoch_ns, 0LL);
}

/* TAI knows no leap seconds: not a tick is lost. */
static void grid_day_tai(struct kunit *test)
{
	struct fake f;

	fake_start(&f, SEC, 250000000, NOW + 37 * SEC);
	fake_run(test, &f, 86400 * SEC, S64_MAX, 0);
	KUNIT_EXPECT_EQ(test, f.worst, 0LL);
	KUNIT_EXPECT_EQ(test, f.g.skipped, 0ULL);
	KUNIT_EXPECT_EQ(test, f.g.realigned, 0U);
	KUNIT_EXPECT_GE(test, f.g.fired, 86399ULL);
}

/* Every step, at an odd instant and at that of a tick. */
static void grid_live_steps(struct kunit *test)
{
	static const s64 steps[] = {
		SEC, -SEC, 3600 * SEC, -3600 * SEC, 1, -1, 700000000, -700000000,
	};
	static const u64 periods[] = { NSEC_PER_MSEC, SEC / 4, SEC, 60 * SEC };
	unsigned int i, p;
	struct fake f;
	s64 at;

	for (p = 0; p < ARRAY_SIZE(periods); p++) {
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			at = 10 * SEC + 2 * periods[p] + i * 1234567;
			fake_start(&f, periods[p], 0, NOW);
			fake_run(test, &f, at, 0, 0);
			f.longest = 0;
			fake_run(test, &f, f.mono + 4 * periods[p] + 3 * SEC,
				 f.mono + 654321, steps[i]);
			KUNIT_EXPECT_EQ(test, f.worst, 0LL);
			KUNIT_EXPECT_EQ(test, f.g.realigned, 1U);
			KUNIT_EXPECT_LE(test, f.longest,
					2 * (s64)periods[p] + SEC / 100);
		}
	}
}

/* What a reader saw first must not make the timer fire at a wrong instant. */
static void grid_step_seen_by_reader(struct kunit *test)
{
	struct fake f;

	fake_start(&f, SEC, 0, NOW);
	fake_run(test, &f, 5 * SEC, 0, 0);
	f.offset += SEC / 3;
	KUNIT_EXPECT_TRUE(test, cityhub_grid_follow(&f.g, f.mono + 100, f.offset,
						    true));
	KUNIT_EXPECT_TRUE(test, f.g.stale);
	/* The timer still expires where the second began before the step. */
	f.mono += SEC;
	KUNIT_EXPECT_FALSE(test, cityhub_grid_wake(&f.g, f.mono, f.offset));
	KUNIT_EXPECT_FALSE(test, f.g.stale);
	fake_run(test, &f, 9 * SEC, 0, 0);
	KUNIT_EXPECT_EQ(test, f.g.realigned, 1U);
}

static void grid_setup(struct kunit *test)
{
	struct cityhub_grid g = { .fired = 5, .skipped = 6 };

	cityhub_grid_setup(&g, SEC, 0, 5 * SEC, NOW - 5 * SEC);
	KUNIT_EXPECT_EQ(test, g.next, 1790000001ULL);
	KUNIT_EXPECT_TRUE(test, cityhub_grid_wake(&g, 6 * SEC, NOW - 5 * SEC));
	/* Numbers begin anew, counters go on. */
	cityhub_grid_setup(&g, 60 * SEC, 30 * SEC, 6 * SEC, NOW - 5 * SEC);
	KUNIT_EXPECT_FALSE(test, g.started);
	KUNIT_EXPECT_EQ(test, g.next, 29833333ULL);
	KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, g.next), NOW + 10 * SEC);
	KUNIT_EXPECT_EQ(test, g.fired, 6ULL);
	KUNIT_EXPECT_EQ(test, g.skipped, 6ULL);
}

static struct kunit_case grid_cases[] = {
	KUNIT_CASE(grid_due),
	KUNIT_CASE(grid_first_after),
	KUNIT_CASE(grid_take_in_time),
	KUNIT_CASE(grid_take_late),
	KUNIT_CASE(grid_lead),
	KUNIT_CASE(grid_step_forward),
	KUNIT_CASE(grid_step_back),
	KUNIT_CASE(grid_step_back_small),
	KUNIT_CASE(grid_step_before_first),
	KUNIT_CASE(grid_pick),
	KUNIT_CASE(grid_setup),
	KUNIT_CASE(grid_day_utc),
	KUNIT_CASE(grid_day_tai),
	KUNIT_CASE(grid_live_steps),
	KUNIT_CASE(grid_step_seen_by_reader),
	{ }
};

static struct kunit_suite grid_suite = {
	.name = "cityhub_grid",
	.test_cases = grid_cases,
};

kunit_test_suite(grid_suite);

MODULE_DESCRIPTION("KUnit tests of the tick grid");
MODULE_LICENSE("GPL");
