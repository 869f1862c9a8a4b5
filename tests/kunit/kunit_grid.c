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
	u64 skipped = 0;
	u64 k = 1790000000;
	int i;

	KUNIT_EXPECT_EQ(test, cityhub_grid_align(&g, NOW - 1), k);
	KUNIT_EXPECT_FALSE(test, cityhub_grid_take(&g, NOW - 1, &skipped));
	for (i = 0; i < 1000; i++, k++) {
		KUNIT_EXPECT_TRUE(test, cityhub_grid_take(&g, NOW + i * SEC + i,
							  &skipped));
		KUNIT_EXPECT_EQ(test, g.last, k);
		KUNIT_EXPECT_EQ(test, cityhub_grid_due(&g, k), NOW + i * SEC);
		KUNIT_EXPECT_FALSE(test, cityhub_grid_take(&g, NOW + i * SEC + i,
							   &skipped));
	}
	KUNIT_EXPECT_EQ(test, skipped, 0ULL);
}

static void grid_take_late(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };
	u64 skipped = 0;

	cityhub_grid_align(&g, NOW - 1);
	/* Three came and went; the newest fires, late. */
	KUNIT_EXPECT_TRUE(test, cityhub_grid_take(&g, NOW + 3 * SEC + 7, &skipped));
	KUNIT_EXPECT_EQ(test, g.last, 1790000003ULL);
	KUNIT_EXPECT_EQ(test, skipped, 3ULL);
}

static void grid_step_forward(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };
	u64 skipped = 0;

	cityhub_grid_align(&g, NOW - 1);
	cityhub_grid_take(&g, NOW, &skipped);
	KUNIT_EXPECT_EQ(test, cityhub_grid_align(&g, NOW + 3600 * SEC + 5),
			3600ULL);
	KUNIT_EXPECT_EQ(test, g.next, 1790003601ULL);
	KUNIT_EXPECT_EQ(test, g.epoch_ns, 0LL);
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
	u64 skipped = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct cityhub_grid g = { .period_ns = SEC };

		cityhub_grid_align(&g, NOW - 1);
		cityhub_grid_take(&g, NOW, &skipped);
		expect_realigned(test, &g, NOW - steps[i]);
	}
	KUNIT_EXPECT_EQ(test, skipped, 0ULL);
}

/* A step of less than a period needs no new epoch: one tick comes later. */
static void grid_step_back_small(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };
	u64 skipped = 0;

	cityhub_grid_align(&g, NOW - 1);
	cityhub_grid_take(&g, NOW, &skipped);
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

/* A day with a leap second in it: every due instant is exact to 0 ns. */
static void grid_day(struct kunit *test)
{
	struct cityhub_grid g = { .period_ns = SEC };
	s64 mono, offset = NOW, worst = 0;
	u64 skipped = 0, last = 0;
	int fired = 0;

	cityhub_grid_align(&g, offset);
	for (mono = 0; mono < 86400 * SEC; mono += SEC / 4) {
		if (mono == 43200 * SEC) {
			offset -= SEC;
			cityhub_grid_align(&g, mono + offset);
		}
		if (!cityhub_grid_take(&g, mono + offset, &skipped))
			continue;
		fired++;
		KUNIT_ASSERT_GT(test, g.last, last);
		last = g.last;
		worst = max(worst, abs(cityhub_grid_due(&g, last) -
				       mono - offset));
	}
	KUNIT_EXPECT_EQ(test, worst, 0LL);
	KUNIT_EXPECT_EQ(test, skipped, 0ULL);
	KUNIT_EXPECT_GE(test, fired, 86400 - 3);
}

static struct kunit_case grid_cases[] = {
	KUNIT_CASE(grid_due),
	KUNIT_CASE(grid_first_after),
	KUNIT_CASE(grid_take_in_time),
	KUNIT_CASE(grid_take_late),
	KUNIT_CASE(grid_step_forward),
	KUNIT_CASE(grid_step_back),
	KUNIT_CASE(grid_step_back_small),
	KUNIT_CASE(grid_step_before_first),
	KUNIT_CASE(grid_pick),
	KUNIT_CASE(grid_day),
	{ }
};

static struct kunit_suite grid_suite = {
	.name = "cityhub_grid",
	.test_cases = grid_cases,
};

kunit_test_suite(grid_suite);

MODULE_DESCRIPTION("KUnit tests of the tick grid");
MODULE_LICENSE("GPL");
