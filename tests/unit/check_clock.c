// SPDX-License-Identifier: GPL-2.0-only
/* Boottime to UTC, on clocks that are turned by hand. */
#include "unit.h"

#include "fake_clock.h"

#include "common/log.h"

#define HOUR	(3600 * SECOND)
#define MS	INT64_C(1000000)

static struct fake_clock fake;
static struct clock *c;

static void setup(void)
{
	log_set_level(LOG_LEVEL_ERROR - 1);	/* steps are loud */
	fake = (struct fake_clock){
		.boot_ns = 100 * SECOND, .offset_ns = 1000 * SECOND,
		.suspend_ns = 7 * SECOND, .width_ns = 200,
		.synchronised = true, .maxerror_ns = 5 * MS,
		.esterror_ns = MS, .tai_s = 37,
	};
	c = clock_new(&fake_clock_ops, &fake);
	ck_assert_ptr_nonnull(c);
	clock_resume(c, NULL);
}

static void teardown(void)
{
	clock_free(c);
}

static void pass(int64_t ns)
{
	fake.boot_ns += ns;
	clock_check(c);
}

/* As the kernel does it: who sets the clock leaves it unsynchronised. */
static void set_clock(int64_t by_ns)
{
	fake.offset_ns += by_ns;
	fake.synchronised = false;
	pass(0);
}

static void synchronise(int64_t maxerror_ns)
{
	fake.synchronised = true;
	fake.maxerror_ns = maxerror_ns;
	pass(SECOND);
	pass(SECOND);
}

static struct clock_entry logged(enum clock_why why)
{
	const struct clock_entry *first = clock_log_first(c);
	struct clock_entry e;

	ck_assert_ptr_nonnull(first);
	e = *first;
	ck_assert_str_eq(clock_why_name(e.why), clock_why_name(why));
	clock_log_drop(c);
	return e;
}

static void nothing_logged(void)
{
	ck_assert_ptr_null(clock_log_first(c));
}

START_TEST(the_log_begins_with_what_is_known)
{
	struct clock_entry e = logged(CLOCK_START);

	ck_assert_uint_eq(e.epoch, 1);
	ck_assert_int_eq(e.offset_ns, 1000 * SECOND);
	ck_assert_int_eq(e.sync, BATCH_SYNCHRONISED);
	ck_assert_int_eq(e.bound_ns, 5 * MS + 100);
	nothing_logged();
}
END_TEST

/* maxerror, what is yet to be slewed, and half of what a look takes. */
START_TEST(bound)
{
	fake.phase_ns = -2 * MS;
	pass(SECOND);
	ck_assert_int_eq(clock_epoch(c)->bound_ns, 7 * MS + 100);
	ck_assert_int_eq(clock_epoch(c)->estimate_ns, 3 * MS);
	fake.phase_ns = 0;
	fake.maxerror_ns = 9 * MS;
	pass(SECOND);
	ck_assert_int_eq(clock_epoch(c)->bound_ns, 9 * MS + 100);
	fake.synchronised = false;
	pass(SECOND);
	ck_assert_int_eq(clock_epoch(c)->bound_ns, BATCH_UNKNOWN);
	ck_assert_int_eq(clock_epoch(c)->estimate_ns, BATCH_UNKNOWN);
}
END_TEST

START_TEST(a_late_look_is_no_step)
{
	logged(CLOCK_START);
	for (int i = 0; i < 1000; i++) {
		fake.width_ns = 200 + 137 * (i % 20);
		pass(SECOND);
	}
	ck_assert_int_eq(clock_epoch(c)->offset_ns, 1000 * SECOND);
	ck_assert_uint_eq(clock_steps(c), 0);
	nothing_logged();
}
END_TEST

static const int64_t steps[] = { SECOND, -SECOND, HOUR, -HOUR, 10000, -10000 };

START_TEST(a_step_begins_an_epoch)
{
	const struct clock_epoch before = *clock_epoch(c);
	const struct clock_epoch *e;

	logged(CLOCK_START);
	fake.boot_ns += 10 * SECOND;
	set_clock(steps[_i]);
	e = clock_epoch(c);
	ck_assert_uint_eq(e->number, 2);
	ck_assert_uint_eq(clock_steps(c), 1);
	ck_assert_int_eq(e->offset_ns, 1000 * SECOND + steps[_i]);
	ck_assert_int_ge(e->from_ns, 110 * SECOND);
	ck_assert_int_eq(clock_utc_ns(c, 5), 1000 * SECOND + steps[_i] + 5);
	ck_assert_int_eq(e->sync, BATCH_UNSYNCHRONISED);
	/* The one before stays as it was when it ended. */
	ck_assert_int_eq(clock_find(c, before.id)->offset_ns, 1000 * SECOND);
	ck_assert_int_eq(clock_find(c, before.id)->sync, BATCH_SYNCHRONISED);
	ck_assert_ptr_eq(clock_next(c, before.id), e);
	ck_assert_ptr_null(clock_next(c, e->id));
	ck_assert_int_eq(logged(CLOCK_STEP).sync, BATCH_UNSYNCHRONISED);
	nothing_logged();
}
END_TEST

/* 23:59:60: TAI minus UTC grows, UTC goes back, nobody doubts the clock. */
START_TEST(a_leap_second_keeps_the_clock_synchronised)
{
	struct clock_entry e;

	logged(CLOCK_START);
	fake.offset_ns -= SECOND;
	fake.tai_s++;
	pass(SECOND);
	ck_assert_int_eq(clock_epoch(c)->sync, BATCH_SYNCHRONISED);
	e = logged(CLOCK_LEAP);
	ck_assert_uint_eq(e.epoch, 2);
	ck_assert_int_eq(e.sync, BATCH_SYNCHRONISED);
	ck_assert_int_eq(e.offset_ns, 999 * SECOND);
	nothing_logged();
}
END_TEST

START_TEST(a_tai_offset_that_is_learnt_is_no_leap_second)
{
	logged(CLOCK_START);
	fake.tai_s = 38;
	pass(SECOND);
	nothing_logged();
	set_clock(-5 * SECOND);
	logged(CLOCK_STEP);
}
END_TEST

/* Boottime and realtime are slewed alike: nothing happens. */
START_TEST(slew)
{
	logged(CLOCK_START);
	for (int i = 0; i < 3600; i++) {
		fake.phase_ns = (3600 - i) * 500 * 1000;
		pass(SECOND + 500 * 1000);
	}
	nothing_logged();
	ck_assert_uint_eq(clock_steps(c), 0);
	ck_assert_int_eq(clock_epoch(c)->offset_ns, 1000 * SECOND);
	ck_assert_int_eq(clock_epoch(c)->bound_ns, 5 * MS + 500 * 1000 + 100);
}
END_TEST

START_TEST(synchronised_when_it_stays_so)
{
	struct clock_entry e;

	logged(CLOCK_START);
	set_clock(HOUR);
	logged(CLOCK_STEP);
	/* Said so, then set: the state was of the old offset. */
	fake.synchronised = true;
	pass(SECOND);
	ck_assert_int_eq(clock_epoch(c)->sync, BATCH_UNSYNCHRONISED);
	fake.offset_ns += SECOND;
	pass(MS);
	ck_assert_int_eq(logged(CLOCK_STEP).sync, BATCH_UNSYNCHRONISED);
	nothing_logged();
	pass(SECOND);
	e = logged(CLOCK_SYNC);
	ck_assert_int_eq(e.offset_ns, 1000 * SECOND + HOUR + SECOND);
	ck_assert_int_eq(e.from_ns, clock_now_ns(c) + 200);
	ck_assert_int_eq(clock_epoch(c)->sync, BATCH_SYNCHRONISED);
	fake.synchronised = false;
	pass(SECOND);
	ck_assert_int_eq(logged(CLOCK_LOST).bound_ns, BATCH_UNKNOWN);
	nothing_logged();
}
END_TEST

/* Boottime goes on, monotonic does not; UTC minus boottime stays. */
START_TEST(suspend)
{
	const unsigned int before = clock_epoch(c)->id;
	int64_t monotonic = fake.boot_ns - fake.suspend_ns;

	logged(CLOCK_START);
	fake.suspend_ns += HOUR;
	pass(HOUR);
	ck_assert_uint_eq(clock_epoch(c)->number, 1);
	ck_assert_uint_eq(clock_epoch(c)->id, before + 1);
	ck_assert_int_eq(clock_epoch(c)->sync, BATCH_SYNCHRONISED);
	ck_assert_int_eq(clock_epoch(c)->offset_ns, 1000 * SECOND);
	nothing_logged();
	/* A stamp of before, read late, and one of after. */
	ck_assert_int_eq(clock_boottime_of(c, BATCH_CLOCK_MONOTONIC,
					   monotonic - 5, fake.boot_ns),
			 100 * SECOND - 5);
	ck_assert_int_eq(clock_boottime_of(c, BATCH_CLOCK_MONOTONIC,
					   monotonic + SECOND, fake.boot_ns),
			 101 * SECOND + HOUR);
	ck_assert_int_eq(clock_boottime_of(c, BATCH_CLOCK_BOOTTIME, 5, 9), 5);
	ck_assert_int_eq(clock_boottime_of(c, BATCH_CLOCK_READ, 5, 9), 5);
}
END_TEST

/* A stamp of realtime from before a step, read after it. */
START_TEST(stamps_of_realtime_find_their_epoch)
{
	int64_t before = fake.boot_ns, heard;

	if (llabs(steps[_i]) < SECOND)
		return;		/* nobody can tell them apart */
	fake.boot_ns += 300 * MS;
	set_clock(steps[_i]);
	heard = fake.boot_ns + 100 * MS;
	ck_assert_int_eq(clock_boottime_of(c, BATCH_CLOCK_REALTIME,
					   before + 200 * MS + 1000 * SECOND,
					   heard), before + 200 * MS);
	ck_assert_int_eq(clock_boottime_of(c, BATCH_CLOCK_REALTIME,
					   heard - MS + fake.offset_ns, heard),
			 heard - MS);
}
END_TEST

START_TEST(more_steps_than_are_kept)
{
	const struct clock_epoch *e;
	unsigned int id = clock_epoch(c)->id, n = 0;

	for (int i = 0; i < 40; i++) {
		fake.boot_ns += SECOND;
		set_clock(i & 1 ? HOUR : -HOUR);
	}
	ck_assert_ptr_null(clock_find(c, id));
	for (e = clock_next(c, id); e; e = clock_next(c, e->id), n++) {
		ck_assert_uint_gt(e->id, id);
		id = e->id;
	}
	ck_assert_uint_eq(n, 16);
	ck_assert_uint_eq(clock_epoch(c)->number, 41);
}
END_TEST

static struct clock *again(const struct clock_entry *last)
{
	struct clock *other = clock_new(&fake_clock_ops, &fake);

	ck_assert_ptr_nonnull(other);
	clock_resume(other, last);
	return other;
}

/* The daemon ends and starts in one boot; what happens meanwhile is seen. */
START_TEST(goes_on_after_a_restart)
{
	struct clock_entry last = logged(CLOCK_START);
	struct clock *other;

	fake.boot_ns += 10 * SECOND;
	other = again(&last);
	ck_assert_ptr_null(clock_log_first(other));
	ck_assert_uint_eq(clock_epoch(other)->number, 1);
	clock_free(other);
	fake.synchronised = false;
	other = again(&last);
	ck_assert_int_eq(clock_log_first(other)->why, CLOCK_LOST);
	clock_free(other);
	fake.offset_ns += SECOND;
	other = again(&last);
	ck_assert_int_eq(clock_log_first(other)->why, CLOCK_STEP);
	ck_assert_uint_eq(clock_epoch(other)->number, 2);
	clock_free(other);
}
END_TEST

/* An hour in 1970 with a crystal 80 ppm off, then the first sync. */
START_TEST(dated_anew_within_the_bound)
{
	const int64_t truth = INT64_C(1800000000) * SECOND, drift = 80;
	const struct batch_channel channel = { "co2", "co2", "ppm", "", 2 };
	struct batch_layout *l = batch_layout_new("sen66", 1, &channel);
	struct clock_entry sync;

	fake.synchronised = false;
	fake.offset_ns = 0;
	fake.boot_ns = SECOND;
	clock_free(c);
	c = again(NULL);
	ck_assert_int_eq(logged(CLOCK_START).sync, BATCH_UNSYNCHRONISED);
	fake.boot_ns = HOUR;
	/* True when boottime was b: truth + b, less what b has gained. */
	fake.offset_ns = truth;
	pass(0);
	logged(CLOCK_STEP);
	synchronise(3 * MS);
	sync = logged(CLOCK_SYNC);
	for (int64_t at = SECOND; at < HOUR; at += 60 * SECOND) {
		struct batch *b = batch_new(l);
		int64_t exact = truth + at + (HOUR - at) / 1000000 * drift;

		b->from_ns = at;
		b->to_ns = at + SECOND;
		b->results[0].instant_ns = at + 5;
		batch_redate(b, sync.offset_ns, sync.bound_ns, sync.from_ns);
		ck_assert_int_eq(b->sync, BATCH_REDATED);
		ck_assert_int_eq(b->offset_ns, truth);
		ck_assert_int_le(llabs(b->from_ns - exact), b->bound_ns);
		ck_assert_int_eq(b->results[0].instant_ns, b->from_ns + 5);
		ck_assert_int_eq(b->to_ns, b->from_ns + SECOND);
		ck_assert_int_lt(b->bound_ns, 2 * SECOND);
		batch_free(b);
	}
	batch_layout_put(l);
}
END_TEST

START_TEST(real_clocks)
{
	struct clock *real = clock_new(NULL, NULL);
	int64_t before = clock_boottime_ns();

	clock_resume(real, NULL);
	ck_assert_int_ge(clock_now_ns(real), before);
	for (int i = 0; i < 100; i++)
		clock_check(real);
	ck_assert_uint_eq(clock_steps(real), 0);
	clock_free(real);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("clock");
	TCase *t = tcase_create("clock");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_log_begins_with_what_is_known);
	tcase_add_test(t, bound);
	tcase_add_test(t, a_late_look_is_no_step);
	tcase_add_loop_test(t, a_step_begins_an_epoch, 0, 6);
	tcase_add_test(t, a_leap_second_keeps_the_clock_synchronised);
	tcase_add_test(t, a_tai_offset_that_is_learnt_is_no_leap_second);
	tcase_add_test(t, slew);
	tcase_add_test(t, synchronised_when_it_stays_so);
	tcase_add_test(t, suspend);
	tcase_add_loop_test(t, stamps_of_realtime_find_their_epoch, 0, 6);
	tcase_add_test(t, more_steps_than_are_kept);
	tcase_add_test(t, goes_on_after_a_restart);
	tcase_add_test(t, dated_anew_within_the_bound);
	tcase_add_test(t, real_clocks);
	suite_add_tcase(s, t);
	return unit_run(s);
}
