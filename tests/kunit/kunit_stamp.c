// SPDX-License-Identifier: GPL-2.0-only
/* The estimator on injected numbers: no clock is read here. */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/units.h>

#include <cityhub/member.h>

#define START_NS	(1000LL * NSEC_PER_SEC)

static const struct cityhub_stamp_config wave = {
	.period_ns = 125 * NSEC_PER_USEC,
	.tolerance_ppm = 1000,
};

static const struct cityhub_stamp_config second = {
	.period_ns = NSEC_PER_SEC,
	.tolerance_ppm = 30000,
};

/* A fixed sequence, so that a failure repeats. */
static u32 next_random(u32 *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Mostly small, sometimes large, never negative. */
static s64 lateness(u32 *state)
{
	u32 r = next_random(state) % 1000;
	s64 late = next_random(state) % 6000;

	if (r < 100)
		late += next_random(state) % 60000;
	if (r < 5)
		late += next_random(state) % 500000;

	return late;
}

static void stamp_exact_interrupts_give_exact_instants(struct kunit *test)
{
	const s64 last = START_NS + 1000 * 16000000LL;
	struct cityhub_stamp s;
	int i;

	cityhub_stamp_init(&s, &wave);
	for (i = 1; i <= 1000; i++)
		KUNIT_ASSERT_EQ(test, 0,
				cityhub_stamp_update(&s, 128, START_NS + i * 16000000LL,
						     CITYHUB_LATE_UNKNOWN));

	/* Interrupts are never trusted to be on time to the last 100 ns. */
	KUNIT_EXPECT_LE(test, abs(cityhub_stamp_instant(&s, 0) - last), 100);
	KUNIT_EXPECT_LE(test, abs(cityhub_stamp_instant(&s, 127) -
				  (last - 127 * 125000LL)), 100);
	KUNIT_EXPECT_EQ(test, (int)CITYHUB_STAMP_IRQ, (int)s.source);
}

static void stamp_late_interrupts_are_smoothed(struct kunit *test)
{
	s64 truth, y, error, raw = 0, filtered = 0, last = 0;
	struct cityhub_stamp s;
	u32 seed = 1, covered = 0;
	int i;

	cityhub_stamp_init(&s, &wave);
	for (i = 1; i <= 5000; i++) {
		/* 100 ppm slower than nominal */
		truth = START_NS + i * 16001600LL;
		y = truth + lateness(&seed);
		cityhub_stamp_update(&s, 128, y, CITYHUB_LATE_UNKNOWN);
		error = cityhub_stamp_instant(&s, 0) - truth;
		KUNIT_EXPECT_GT(test, cityhub_stamp_instant(&s, 0), last);
		last = cityhub_stamp_instant(&s, 0);
		if (i <= 256)
			continue;
		raw += y - truth;
		filtered += abs(error);
		covered += abs(error) <= cityhub_stamp_bound_ns(&s);
	}

	KUNIT_EXPECT_LT(test, filtered * 2, raw);
	KUNIT_EXPECT_GE(test, covered, 4744 * 95 / 100);
}

static void stamp_lies_in_each_poll_bracket(struct kunit *test)
{
	const s64 late = 22 * NSEC_PER_MSEC;
	struct cityhub_stamp s;
	s64 truth, y, instant;
	u32 seed = 7;
	int i;

	cityhub_stamp_init(&s, &second);
	for (i = 1; i <= 300; i++) {
		/* 1 % slower than nominal */
		truth = START_NS + i * 1010000000LL;
		y = truth + next_random(&seed) % late;
		cityhub_stamp_update(&s, 1, y, late);
		instant = cityhub_stamp_instant(&s, 0);
		KUNIT_EXPECT_LE(test, instant, y);
		KUNIT_EXPECT_GE(test, instant, y - late);
	}

	KUNIT_EXPECT_EQ(test, (int)CITYHUB_STAMP_POLL, (int)s.source);
	KUNIT_EXPECT_LT(test, abs(instant - truth),
			(s64)cityhub_stamp_bound_ns(&s));
	KUNIT_EXPECT_LT(test, abs(cityhub_stamp_span_ns(&s, 1) - 1010000000LL),
			200000LL);
}

static void stamp_starts_anew_after_a_gap(struct kunit *test)
{
	s64 after = START_NS + 60LL * NSEC_PER_SEC + 12345;
	struct cityhub_stamp s;

	cityhub_stamp_init(&s, &second);
	cityhub_stamp_update(&s, 1, START_NS, 0);
	cityhub_stamp_update(&s, 1, after, 0);
	KUNIT_EXPECT_EQ(test, after, cityhub_stamp_instant(&s, 0));
}

static void stamp_declared_latency_is_taken_off(struct kunit *test)
{
	struct cityhub_stamp_config cfg = wave;
	struct cityhub_stamp with, without;

	cityhub_stamp_init(&without, &cfg);
	cfg.latency_min_ns = 6000;
	cityhub_stamp_init(&with, &cfg);
	cityhub_stamp_update(&with, 1, START_NS, CITYHUB_LATE_UNKNOWN);
	cityhub_stamp_update(&without, 1, START_NS, CITYHUB_LATE_UNKNOWN);
	KUNIT_EXPECT_EQ(test, 6000, cityhub_stamp_instant(&without, 0) -
				    cityhub_stamp_instant(&with, 0));
}

static void stamp_period_stays_within_tolerance(struct kunit *test)
{
	struct cityhub_stamp s;
	int i;

	cityhub_stamp_init(&s, &second);
	for (i = 1; i <= 100; i++)
		cityhub_stamp_update(&s, 1, START_NS + i * 1100000000LL,
				     5 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, cityhub_stamp_span_ns(&s, 1), 1030000000LL);
}

static void stamp_interrupt_without_sample_changes_nothing(struct kunit *test)
{
	struct cityhub_stamp s, before;
	int i;

	cityhub_stamp_init(&s, &second);
	KUNIT_EXPECT_EQ(test, 0, cityhub_stamp_update(&s, 0, START_NS, 0));
	KUNIT_EXPECT_EQ(test, U32_MAX, cityhub_stamp_bound_ns(&s));

	for (i = 0; i < 50; i++)
		cityhub_stamp_update(&s, 1, START_NS + i * NSEC_PER_SEC,
				     CITYHUB_LATE_UNKNOWN);
	before = s;
	KUNIT_EXPECT_EQ(test, 0, cityhub_stamp_update(&s, 0, START_NS, 0));
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &s, sizeof(s)));
}

static struct kunit_case stamp_cases[] = {
	KUNIT_CASE(stamp_exact_interrupts_give_exact_instants),
	KUNIT_CASE(stamp_late_interrupts_are_smoothed),
	KUNIT_CASE(stamp_lies_in_each_poll_bracket),
	KUNIT_CASE(stamp_starts_anew_after_a_gap),
	KUNIT_CASE(stamp_declared_latency_is_taken_off),
	KUNIT_CASE(stamp_period_stays_within_tolerance),
	KUNIT_CASE(stamp_interrupt_without_sample_changes_nothing),
	{ }
};

static struct kunit_suite stamp_suite = {
	.name = "cityhub-stamp",
	.test_cases = stamp_cases,
};

kunit_test_suite(stamp_suite);

MODULE_DESCRIPTION("KUnit: cityhub stamp estimator");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CITYHUB");
