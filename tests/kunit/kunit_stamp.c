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

/* Half as likely each 2 us, a few late, rarely very; never negative. */
static s64 lateness(u32 *state)
{
	u32 r = next_random(state) % 1000;
	u32 bits = next_random(state);
	s64 late = next_random(state) % 2000;

	for (; bits & 1; bits >>= 1)
		late += 2000;
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

/*
 * A sampler 100 ppm slower than nominal whose interrupts come late, and what
 * the estimator makes of it.
 */
struct trace {
	struct cityhub_stamp s;
	u32 seed;
	s64 truth;
	s64 last;
};

static void trace_start(struct trace *t, u32 seed)
{
	cityhub_stamp_init(&t->s, &wave);
	t->seed = seed;
	t->truth = START_NS;
	t->last = S64_MIN;
}

static s64 trace_error(const struct trace *t)
{
	return cityhub_stamp_instant(&t->s, 0) - t->truth;
}

/* @samples pass, @counted of them are counted, and the interrupt is @late. */
static void trace_step(struct kunit *test, struct trace *t, u32 samples,
		       u32 counted, s64 late)
{
	t->truth += samples * 125012LL + samples / 2;
	cityhub_stamp_update(&t->s, counted, t->truth + late,
			     CITYHUB_LATE_UNKNOWN);
	KUNIT_EXPECT_GE(test, cityhub_stamp_instant(&t->s, 0), t->last);
	t->last = cityhub_stamp_instant(&t->s, 0);
}

static void trace_run(struct kunit *test, struct trace *t, int updates)
{
	while (updates--)
		trace_step(test, t, 128, 128, lateness(&t->seed));
}

static void stamp_late_interrupts_are_filtered(struct kunit *test)
{
	u32 covered = 0;
	struct trace t;
	int i;

	trace_start(&t, 1);
	trace_run(test, &t, 256);
	for (i = 0; i < 4000; i++) {
		trace_run(test, &t, 1);
		KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 1500);
		covered += abs(trace_error(&t)) <= cityhub_stamp_bound_ns(&t.s);
	}

	KUNIT_EXPECT_GE(test, covered, 4000 * 95 / 100);
	/* A bound that says nothing covers all. */
	KUNIT_EXPECT_LT(test, cityhub_stamp_bound_ns(&t.s), 1500);
	KUNIT_EXPECT_EQ(test, (int)CITYHUB_STAMP_IRQ, (int)t.s.source);
}

/* Phase and period: 2 % off, and the first interrupt 3 ms late. */
static void stamp_phase_and_period_are_acquired(struct kunit *test)
{
	struct cityhub_stamp_config cfg = {
		.period_ns = 127500, .tolerance_ppm = 30000,
	};
	struct trace t;

	trace_start(&t, 2);
	cityhub_stamp_init(&t.s, &cfg);
	trace_step(test, &t, 128, 128, 3 * NSEC_PER_MSEC);
	trace_run(test, &t, 100);
	KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 5000);
	KUNIT_EXPECT_EQ(test, 125012, cityhub_stamp_span_ns(&t.s, 1));
}

static void stamp_very_late_interrupt_tells_nothing(struct kunit *test)
{
	struct trace t;

	trace_start(&t, 3);
	trace_run(test, &t, 1000);
	trace_step(test, &t, 128, 128, 3 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 1500);
	KUNIT_EXPECT_EQ(test, (int)CITYHUB_STAMP_EXTRAPOLATED, (int)t.s.source);
	trace_run(test, &t, 1);
	KUNIT_EXPECT_EQ(test, (int)CITYHUB_STAMP_IRQ, (int)t.s.source);
}

/* Nothing else explains an interrupt before the instant predicted. */
static void stamp_early_interrupt_is_proof(struct kunit *test)
{
	struct trace t;

	trace_start(&t, 4);
	trace_run(test, &t, 1000);
	t.truth -= 50 * NSEC_PER_USEC;
	trace_step(test, &t, 128, 128, 0);
	KUNIT_EXPECT_LE(test, trace_error(&t), 0);
	KUNIT_EXPECT_GT(test, trace_error(&t), -5000);
}

static void stamp_gap_is_bridged(struct kunit *test)
{
	struct trace t;

	trace_start(&t, 5);
	trace_run(test, &t, 2000);
	/* 60 s, and all samples counted. */
	trace_step(test, &t, 60 * 8000, 60 * 8000, 1000);
	KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 20000);
	KUNIT_EXPECT_LT(test, cityhub_stamp_bound_ns(&t.s), 100000);
	KUNIT_EXPECT_GT(test, cityhub_stamp_bound_ns(&t.s), 1000);
}

static void stamp_interrupt_seen_twice_is_one(struct kunit *test)
{
	struct trace t;
	int i;

	trace_start(&t, 6);
	trace_run(test, &t, 1000);
	for (i = 0; i < 20; i++) {
		trace_run(test, &t, 9);
		trace_step(test, &t, 0, 128, 20 * NSEC_PER_USEC);
		KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 1500);
		KUNIT_EXPECT_EQ(test, cityhub_stamp_instant(&t.s, 0),
				cityhub_stamp_instant(&t.s, 127));
	}
	trace_run(test, &t, 1);
	KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 1500);
}

static void stamp_missed_interrupts_are_found_by_time(struct kunit *test)
{
	struct trace t;
	int i;

	trace_start(&t, 7);
	trace_run(test, &t, 1000);
	for (i = 1; i <= 20; i++) {
		trace_run(test, &t, 9);
		trace_step(test, &t, 128 * (1 + i), 128, 2000);
		KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 1500);
	}
	/* A minute without, the count of which stood still. */
	trace_step(test, &t, 3750 * 128, 128, 2000);
	KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 20000);
}

static void stamp_clock_that_jumped_is_followed(struct kunit *test)
{
	struct trace t;

	trace_start(&t, 8);
	trace_run(test, &t, 1000);
	t.truth += NSEC_PER_SEC + 1234567;
	trace_run(test, &t, 100);
	KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 5000);
	/* Back: instants wait for the clock, they do not go back. */
	t.truth -= 100 * NSEC_PER_MSEC;
	trace_run(test, &t, 200);
	KUNIT_EXPECT_LT(test, abs(trace_error(&t)), 5000);
}

/* Steps of samples within one update and between two. */
static void stamp_instants_stay_in_order(struct kunit *test)
{
	s64 before = S64_MIN;
	struct trace t;
	u32 age, n;
	int i;

	trace_start(&t, 9);
	for (i = 0; i < 2000; i++) {
		n = 1 + next_random(&t.seed) % 4;
		trace_step(test, &t, n, n, next_random(&t.seed) % 300000);
		for (age = n; age--; before = cityhub_stamp_instant(&t.s, age))
			KUNIT_ASSERT_GE(test, cityhub_stamp_instant(&t.s, age),
					before);
	}
}

static void stamp_extreme_instants_are_refused(struct kunit *test)
{
	struct cityhub_stamp s, before;

	cityhub_stamp_init(&s, &wave);
	cityhub_stamp_update(&s, 1, START_NS, CITYHUB_LATE_UNKNOWN);
	before = s;
	KUNIT_EXPECT_EQ(test, -ERANGE, cityhub_stamp_update(&s, 1, S64_MIN, -1));
	KUNIT_EXPECT_EQ(test, -ERANGE, cityhub_stamp_update(&s, 1, S64_MAX, -1));
	KUNIT_EXPECT_EQ(test, 0, memcmp(&before, &s, sizeof(s)));
}

/* Edges of 22 ms brackets placed at the prediction tell early from late. */
static void stamp_poll_edges_halve_what_is_possible(struct kunit *test)
{
	const s64 cost = 22 * NSEC_PER_MSEC;
	struct cityhub_stamp s;
	s64 truth, edge;
	int i;

	cityhub_stamp_init(&s, &second);
	for (i = 1; i <= 120; i++) {
		truth = START_NS + i * 1010000000LL;
		edge = i == 1 ? truth - cost / 3 :
		       cityhub_stamp_instant(&s, 0) + cityhub_stamp_span_ns(&s, 1);
		if (edge > truth)
			cityhub_stamp_update(&s, 1, edge, 900 * NSEC_PER_MSEC);
		else
			cityhub_stamp_update(&s, 1, edge + cost, cost);
	}

	KUNIT_EXPECT_LT(test, abs(cityhub_stamp_instant(&s, 0) - truth),
			NSEC_PER_MSEC);
	KUNIT_EXPECT_LT(test, cityhub_stamp_bound_ns(&s), 2 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LE(test, abs(cityhub_stamp_instant(&s, 0) - truth),
			(s64)cityhub_stamp_bound_ns(&s));
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
	KUNIT_CASE(stamp_late_interrupts_are_filtered),
	KUNIT_CASE(stamp_phase_and_period_are_acquired),
	KUNIT_CASE(stamp_very_late_interrupt_tells_nothing),
	KUNIT_CASE(stamp_early_interrupt_is_proof),
	KUNIT_CASE(stamp_gap_is_bridged),
	KUNIT_CASE(stamp_interrupt_seen_twice_is_one),
	KUNIT_CASE(stamp_missed_interrupts_are_found_by_time),
	KUNIT_CASE(stamp_clock_that_jumped_is_followed),
	KUNIT_CASE(stamp_instants_stay_in_order),
	KUNIT_CASE(stamp_extreme_instants_are_refused),
	KUNIT_CASE(stamp_poll_edges_halve_what_is_possible),
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
