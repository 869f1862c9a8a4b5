// SPDX-License-Identifier: GPL-2.0-only
/* The join of scans and ticks. */
#include <check.h>
#include <stdlib.h>

#include <cityhub/cityhub.h>

#define MS	1000000LL
#define N(a)	(sizeof(a) / sizeof((a)[0]))

/* Ticks each 100 ms, served in 10 ms. */
static struct cityhub_tick tick(uint64_t k)
{
	struct cityhub_tick t = {
		.index = k,
		.number = k,
		.fire_ns = (int64_t)k * 100 * MS,
		.done_ns = (int64_t)k * 100 * MS + 10 * MS,
	};

	return t;
}

static struct cityhub_tick overrun(uint64_t k)
{
	struct cityhub_tick t = tick(k);

	t.done_ns = 0;
	t.overrun = true;
	return t;
}

START_TEST(every_scan_finds_its_tick)
{
	struct cityhub_tick ticks[] = { tick(1), tick(2), tick(3) };
	int64_t stamps[] = { 100 * MS, 205 * MS, 310 * MS };
	struct cityhub_joined joined[3];
	struct cityhub_join_counts c;
	size_t i;

	c = cityhub_join(ticks, N(ticks), stamps, N(stamps), joined);
	ck_assert_uint_eq(c.ticked, 3);
	ck_assert_uint_eq(c.unticked + c.later + c.unread, 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(joined[i].state, CITYHUB_JOIN_TICKED);
		ck_assert_uint_eq(joined[i].tick, i);
	}
}
END_TEST

START_TEST(both_ends_belong_to_the_tick)
{
	struct cityhub_tick ticks[] = { tick(1), tick(2) };
	int64_t stamps[] = { 100 * MS - 1, 110 * MS, 200 * MS, 210 * MS + 1 };
	struct cityhub_joined joined[4];
	struct cityhub_join_counts c;

	c = cityhub_join(ticks, N(ticks), stamps, N(stamps), joined);
	ck_assert_int_eq(joined[0].state, CITYHUB_JOIN_UNTICKED);
	ck_assert_int_eq(joined[1].state, CITYHUB_JOIN_TICKED);
	ck_assert_int_eq(joined[2].state, CITYHUB_JOIN_TICKED);
	ck_assert_int_eq(joined[3].state, CITYHUB_JOIN_LATER);
	ck_assert_uint_eq(c.ticked, 2);
	ck_assert_uint_eq(c.unticked, 1);
	ck_assert_uint_eq(c.later, 1);
}
END_TEST

START_TEST(nothing_is_guessed_between_ticks)
{
	struct cityhub_tick ticks[] = { tick(1), tick(2), tick(3) };
	int64_t stamps[] = { 105 * MS, 111 * MS, 199 * MS, 305 * MS };
	struct cityhub_joined joined[4];
	struct cityhub_join_counts c;

	c = cityhub_join(ticks, N(ticks), stamps, N(stamps), joined);
	ck_assert_uint_eq(c.ticked, 2);
	ck_assert_uint_eq(c.unticked, 2);
	ck_assert_uint_eq(c.unread, 1);
	ck_assert_uint_eq(joined[3].tick, 2);
}
END_TEST

START_TEST(a_tick_has_one_scan)
{
	struct cityhub_tick ticks[] = { tick(1), tick(2) };
	int64_t stamps[] = { 103 * MS, 104 * MS, 203 * MS };
	struct cityhub_joined joined[3];
	struct cityhub_join_counts c;

	c = cityhub_join(ticks, N(ticks), stamps, N(stamps), joined);
	ck_assert_int_eq(joined[0].state, CITYHUB_JOIN_TICKED);
	ck_assert_int_eq(joined[1].state, CITYHUB_JOIN_UNTICKED);
	ck_assert_int_eq(joined[2].state, CITYHUB_JOIN_TICKED);
	ck_assert_uint_eq(joined[2].tick, 1);
	ck_assert_uint_eq(c.unticked, 1);
}
END_TEST

START_TEST(an_overrun_takes_no_scan)
{
	struct cityhub_tick slow = tick(1);
	struct cityhub_tick ticks[] = { slow, overrun(2), overrun(3), tick(4) };
	int64_t stamps[] = { 250 * MS, 401 * MS };
	struct cityhub_joined joined[2];
	struct cityhub_join_counts c;

	ticks[0].done_ns = 350 * MS;
	c = cityhub_join(ticks, N(ticks), stamps, N(stamps), joined);
	ck_assert_uint_eq(c.ticked, 2);
	ck_assert_uint_eq(joined[0].tick, 0);
	ck_assert_uint_eq(joined[1].tick, 3);
	ck_assert_uint_eq(c.unread, 0);
}
END_TEST

START_TEST(an_aborted_tick_takes_no_scan)
{
	struct cityhub_tick ticks[] = { tick(1), tick(2), tick(3) };
	int64_t stamps[] = { 205 * MS, 305 * MS };
	struct cityhub_joined joined[2];
	struct cityhub_join_counts c;

	ticks[1].done_ns = 0;
	c = cityhub_join(ticks, N(ticks), stamps, N(stamps), joined);
	ck_assert_int_eq(joined[0].state, CITYHUB_JOIN_UNTICKED);
	ck_assert_int_eq(joined[1].state, CITYHUB_JOIN_TICKED);
	ck_assert_uint_eq(c.unread, 1);
}
END_TEST

START_TEST(nothing_to_join)
{
	struct cityhub_tick ticks[] = { tick(1) };
	int64_t stamps[] = { 105 * MS };
	struct cityhub_joined joined[1];
	struct cityhub_join_counts c;

	c = cityhub_join(NULL, 0, stamps, 1, joined);
	ck_assert_uint_eq(c.later, 1);
	ck_assert_int_eq(joined[0].state, CITYHUB_JOIN_LATER);
	c = cityhub_join(ticks, 1, NULL, 0, NULL);
	ck_assert_uint_eq(c.unread, 1);
	c = cityhub_join(NULL, 0, NULL, 0, NULL);
	ck_assert_uint_eq(c.ticked + c.unticked + c.later + c.unread, 0);
}
END_TEST

START_TEST(offsets_of_clocks)
{
	struct cityhub_clock c = {
		.realtime_ns = 1, .boottime_ns = 2, .tai_ns = 3, .raw_ns = 4,
	};
	static const struct {
		clockid_t clock;
		int64_t ns;
	} want[] = {
		{ CLOCK_MONOTONIC, 0 }, { CLOCK_REALTIME, 1 },
		{ CLOCK_BOOTTIME, 2 }, { CLOCK_TAI, 3 },
		{ CLOCK_MONOTONIC_RAW, 4 },
	};
	int64_t ns;
	size_t i;

	for (i = 0; i < N(want); i++) {
		ck_assert_int_eq(cityhub_clock_offset(&c, want[i].clock, &ns), 0);
		ck_assert_int_eq(ns, want[i].ns);
	}
	ck_assert_int_lt(cityhub_clock_offset(&c, CLOCK_REALTIME_COARSE, &ns), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("libcityhub join");
	TCase *tc = tcase_create("join");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_scan_finds_its_tick);
	tcase_add_test(tc, both_ends_belong_to_the_tick);
	tcase_add_test(tc, nothing_is_guessed_between_ticks);
	tcase_add_test(tc, a_tick_has_one_scan);
	tcase_add_test(tc, an_overrun_takes_no_scan);
	tcase_add_test(tc, an_aborted_tick_takes_no_scan);
	tcase_add_test(tc, nothing_to_join);
	tcase_add_test(tc, offsets_of_clocks);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
