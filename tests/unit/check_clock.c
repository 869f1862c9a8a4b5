// SPDX-License-Identifier: GPL-2.0-only
/* The map from boottime to UTC. */
#include "unit.h"

#include "cityhubd/clock.h"

static struct clock_reading reading(int64_t boot, int64_t offset, int64_t width)
{
	return (struct clock_reading){
		.boot_before_ns = boot,
		.boot_after_ns = boot + width,
		.realtime_ns = boot + width / 2 + offset,
		.monotonic_ns = boot + width / 2 - 7 * SECOND,
		.synchronised = true,
		.bound_ns = 500,
	};
}

START_TEST(maps_every_clock)
{
	struct clock_map m = { 0 };
	struct clock_reading r = reading(100 * SECOND, 1000 * SECOND, 200);

	ck_assert(!clock_map_update(&m, &r));
	ck_assert_int_eq(clock_map_utc(&m, BATCH_CLOCK_BOOTTIME, 5),
			 1000 * SECOND + 5);
	ck_assert_int_eq(clock_map_utc(&m, BATCH_CLOCK_READ, 5),
			 1000 * SECOND + 5);
	ck_assert_int_eq(clock_map_utc(&m, BATCH_CLOCK_MONOTONIC, 5),
			 1007 * SECOND + 5);
	ck_assert_int_eq(clock_map_utc(&m, BATCH_CLOCK_REALTIME, 5), 5);
	ck_assert_int_eq(m.bound_ns, 600);
	ck_assert_int_eq(m.sync, BATCH_SYNCHRONISED);
}
END_TEST

/* Late readings within their width leave the map as it is. */
START_TEST(stays_until_contradicted)
{
	struct clock_map m = { 0 };
	struct clock_reading r = reading(100 * SECOND, 1000 * SECOND, 200);

	clock_map_update(&m, &r);
	r = reading(101 * SECOND, 1000 * SECOND + 400, 1000);
	ck_assert(!clock_map_update(&m, &r));
	ck_assert_int_eq(m.offset_ns, 1000 * SECOND);
	/* A narrower one is better. */
	r = reading(102 * SECOND, 1000 * SECOND + 20, 100);
	ck_assert(!clock_map_update(&m, &r));
	ck_assert_int_eq(m.offset_ns, 1000 * SECOND + 20);
	ck_assert_uint_eq(m.steps, 0);
}
END_TEST

START_TEST(steps)
{
	struct clock_map m = { 0 };
	struct clock_reading r = reading(100 * SECOND, 1000 * SECOND, 200);

	clock_map_update(&m, &r);
	r = reading(101 * SECOND, 4600 * SECOND, 300);
	ck_assert(clock_map_update(&m, &r));
	ck_assert_int_eq(m.offset_ns, 4600 * SECOND);
	r = reading(102 * SECOND, 1000 * SECOND, 300);
	ck_assert(clock_map_update(&m, &r));
	ck_assert_int_eq(m.offset_ns, 1000 * SECOND);
	ck_assert_uint_eq(m.steps, 2);
}
END_TEST

START_TEST(unsynchronised_has_no_bound)
{
	struct clock_map m = { 0 };
	struct clock_reading r = reading(100 * SECOND, 1000 * SECOND, 200);

	r.synchronised = false;
	clock_map_update(&m, &r);
	ck_assert_int_eq(m.bound_ns, BATCH_UNKNOWN);
	ck_assert_int_eq(m.sync, BATCH_UNSYNCHRONISED);
}
END_TEST

START_TEST(real_clocks)
{
	struct clock_map m = { 0 };
	struct clock_reading r;

	clock_read(&r);
	clock_map_update(&m, &r);
	ck_assert_int_le(r.boot_before_ns, r.boot_after_ns);
	for (int i = 0; i < 100; i++) {
		clock_read(&r);
		ck_assert(!clock_map_update(&m, &r));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("clock");
	TCase *t = tcase_create("clock");

	tcase_add_test(t, maps_every_clock);
	tcase_add_test(t, stays_until_contradicted);
	tcase_add_test(t, steps);
	tcase_add_test(t, unsynchronised_has_no_bound);
	tcase_add_test(t, real_clocks);
	suite_add_tcase(s, t);
	return unit_run(s);
}
