// SPDX-License-Identifier: GPL-2.0-only
/* Chance in the virtual hub: its moments, and that it repeats. */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/module.h>

#include "../sim/sim_random.c"

#define DRAWS	200000

/* |got - want| within 1 % of want: five standard errors of the worst here. */
static void expect_near(struct kunit *test, const char *what, s64 got, s64 want)
{
	KUNIT_EXPECT_LE_MSG(test, abs(got - want), div_s64(want, 100),
			    "%s: %lld, want %lld", what, got, want);
}

static void normal_has_its_moments(struct kunit *test)
{
	s64 sum = 0, squares = 0;
	u64 state = 1;
	u32 i;

	for (i = 0; i < DRAWS; i++) {
		s64 x = sim_random_normal(&state);

		sum += x;
		squares += x * x >> 16;
	}
	KUNIT_EXPECT_LE(test, abs(div_s64(sum, DRAWS)), 65536 / 100);
	expect_near(test, "variance", div_s64(squares, DRAWS), 65536);
}

static void exponential_has_its_moments(struct kunit *test)
{
	s64 sum = 0, squares = 0;
	u64 state = 2;
	u32 i, beyond = 0;

	for (i = 0; i < DRAWS; i++) {
		s64 x = sim_random_exponential(&state);

		sum += x;
		squares += x * x >> 16;
		beyond += x > 3 * 65536;
	}
	expect_near(test, "mean", div_s64(sum, DRAWS), 65536);
	/* 2 for the second moment; its own spread is larger. */
	expect_near(test, "second moment", div_s64(squares, 2 * DRAWS), 65536);
	/* exp(-3) */
	KUNIT_EXPECT_LE(test, abs((s32)beyond - 9957), 500);
}

static s64 mean_late_ns(enum sim_profile profile, u64 seed, s64 *least,
			s64 *most)
{
	u64 state = seed;
	s64 sum = 0;
	u32 i;

	*least = S64_MAX;
	*most = 0;
	for (i = 0; i < DRAWS; i++) {
		s64 late = sim_random_late_ns(profile, &state);

		sum += late;
		*least = min(*least, late);
		*most = max(*most, late);
	}

	return div_s64(sum, DRAWS);
}

static void profiles_are_as_late_as_they_say(struct kunit *test)
{
	s64 least, most;

	KUNIT_EXPECT_EQ(test, mean_late_ns(SIM_PROFILE_NONE, 3, &least, &most), 0);
	KUNIT_EXPECT_EQ(test, most, 0);
	/* 10 + 3 + 3 + 1.25 us */
	expect_near(test, "loaded",
		    mean_late_ns(SIM_PROFILE_LOADED, 3, &least, &most), 17250);
	KUNIT_EXPECT_GE(test, least, 10000);
	KUNIT_EXPECT_LE(test, least, 10010);
	KUNIT_EXPECT_GT(test, most, 450000);
	KUNIT_EXPECT_LT(test, most, 1000000);
	/* and 15 us; few and large, so that it is right to some per cent only */
	KUNIT_EXPECT_LE(test, abs(mean_late_ns(SIM_PROFILE_HOSTILE, 3, &least,
					       &most) - 32250), 1500);
	KUNIT_EXPECT_GT(test, most, 2700000);
}

static void a_seed_repeats_and_another_does_not(struct kunit *test)
{
	u64 a = 4, b = 4, c = 5;
	u32 i, same = 0;

	for (i = 0; i < 1000; i++) {
		s64 late = sim_random_late_ns(SIM_PROFILE_HOSTILE, &a);

		KUNIT_EXPECT_EQ(test, late,
				sim_random_late_ns(SIM_PROFILE_HOSTILE, &b));
		same += late == sim_random_late_ns(SIM_PROFILE_HOSTILE, &c);
	}
	KUNIT_EXPECT_LT(test, same, 10);
}

static void noise_belongs_to_an_instant(struct kunit *test)
{
	s64 squares = 0, noise;
	s64 i;

	for (i = 0; i < DRAWS; i++) {
		noise = sim_random_noise_ns(6, i * 125000, 50);
		KUNIT_EXPECT_EQ(test, noise,
				sim_random_noise_ns(6, i * 125000, 50));
		squares += noise * noise;
	}
	/* The shift rounds down: a quarter of a nanosecond squared. */
	KUNIT_EXPECT_LE(test, abs(div_s64(squares, DRAWS) - 2500), 50);
	KUNIT_EXPECT_EQ(test, sim_random_noise_ns(6, 125000, 0), 0);
}

static struct kunit_case sim_random_cases[] = {
	KUNIT_CASE(normal_has_its_moments),
	KUNIT_CASE(exponential_has_its_moments),
	KUNIT_CASE(profiles_are_as_late_as_they_say),
	KUNIT_CASE(a_seed_repeats_and_another_does_not),
	KUNIT_CASE(noise_belongs_to_an_instant),
	{ }
};

static struct kunit_suite sim_random_suite = {
	.name = "cityhub-sim-random",
	.test_cases = sim_random_cases,
};

kunit_test_suite(sim_random_suite);

MODULE_DESCRIPTION("KUnit: chance in the virtual hub");
MODULE_LICENSE("GPL");
