// SPDX-License-Identifier: GPL-2.0-only
/* Energy that never runs backwards, whatever its counter does. */
#include "unit.h"

#include "cityhubd/energy_index.h"

static struct energy_index *ix;
static struct energy_state kept;
static unsigned int nkept;
static int keep_error;

static void setup(void)
{
	ix = energy_index_new("boot-1");
	ck_assert_ptr_nonnull(ix);
	nkept = 0;
	keep_error = 0;
}

static void teardown(void)
{
	energy_index_free(ix);
}

static int keep(void *ctx, const struct energy_state *st)
{
	(void)ctx;
	nkept++;
	kept = *st;
	return keep_error;
}

static double feed(uint64_t binding, double reading)
{
	struct energy_counter *c = energy_index_counter(ix, "meter", "L1-energy");

	ck_assert_ptr_nonnull(c);
	energy_counter_feed(c, binding, &reading, NULL, 1);
	return reading;
}

/* Takes @reading, gives what was returned in @returned. */
static double feed_signed(uint64_t binding, double reading, double *returned)
{
	struct energy_counter *c = energy_index_counter(ix, "meter", "L1-energy");

	ck_assert_ptr_nonnull(c);
	energy_counter_feed(c, binding, &reading, returned, 1);
	return reading;
}

/* As after the end of the daemon: what was kept is all that is known. */
static void start_anew(const char *boot)
{
	nkept = 0;
	energy_index_collect(ix, keep, NULL);
	energy_index_free(ix);
	ix = energy_index_new(boot);
	ck_assert_int_eq(energy_index_restore(ix, &kept), 0);
}

START_TEST(it_is_what_the_counter_says)
{
	ck_assert_double_eq(feed(7, 100), 100);
	ck_assert_double_eq(feed(7, 100.5), 100.5);
	ck_assert_double_eq(feed(7, 100.5), 100.5);
}
END_TEST

START_TEST(what_it_was_is_known_once_it_was_fed)
{
	struct energy_counter *c = energy_index_counter(ix, "meter", "L1-energy");
	double taken, returned;

	ck_assert(!energy_counter_value(c, &taken, &returned));
	feed_signed(7, 100, &returned);
	feed_signed(7, 98, &returned);
	start_anew("boot-2");
	c = energy_index_counter(ix, "meter", "L1-energy");
	ck_assert(energy_counter_value(c, &taken, &returned));
	ck_assert_double_eq(taken, 100);
	ck_assert_double_eq(returned, 2);
}
END_TEST

START_TEST(it_goes_on_after_a_driver_that_began_anew)
{
	feed(7, 100);
	ck_assert_double_eq(feed(8, 2), 102);
	/* Further than it was before, and yet all of it is new. */
	ck_assert_double_eq(feed(9, 500), 602);
}
END_TEST

START_TEST(it_has_what_flowed_while_the_daemon_was_away)
{
	feed(7, 100);
	start_anew("boot-1");
	ck_assert_double_eq(feed(7, 130), 130);
}
END_TEST

START_TEST(it_goes_on_after_a_boot)
{
	feed(7, 100);
	start_anew("boot-2");
	/* That number means another binding there. */
	ck_assert_double_eq(feed(7, 130), 230);
	start_anew("boot-3");
	ck_assert_double_eq(feed(7, 0), 230);
}
END_TEST

START_TEST(a_counter_without_a_sign_that_goes_back_began_anew)
{
	feed(7, 100);
	ck_assert_double_eq(feed(7, 3), 103);
	ck_assert_double_eq(feed(7, 4), 104);
}
END_TEST

START_TEST(what_is_returned_has_an_index_of_its_own)
{
	double returned = 0;

	ck_assert_double_eq(feed_signed(7, 100, &returned), 100);
	ck_assert_double_eq(returned, 0);
	ck_assert_double_eq(feed_signed(7, 60, &returned), 100);
	ck_assert_double_eq(returned, 40);
	ck_assert_double_eq(feed_signed(7, 61, &returned), 101);
	ck_assert_double_eq(feed_signed(8, -5, &returned), 101);
	ck_assert_double_eq(returned, 45);
	start_anew("boot-1");
	ck_assert_double_eq(feed_signed(8, -6, &returned), 101);
	ck_assert_double_eq(returned, 46);
}
END_TEST

START_TEST(what_is_not_known_stays_so)
{
	double returned = 0;

	feed_signed(7, 100, &returned);
	ck_assert(isnan(feed_signed(7, NAN, &returned)));
	ck_assert(isnan(returned));
	ck_assert_double_eq(feed_signed(7, 101, &returned), 101);
}
END_TEST

START_TEST(what_could_not_be_kept_is_handed_over_again)
{
	feed(7, 100);
	keep_error = -1;
	energy_index_collect(ix, keep, NULL);
	keep_error = 0;
	energy_index_collect(ix, keep, NULL);
	energy_index_collect(ix, keep, NULL);
	ck_assert_uint_eq(nkept, 2);
	ck_assert_str_eq(kept.sensor, "meter");
	ck_assert_str_eq(kept.channel, "L1-energy");
	ck_assert_str_eq(kept.boot, "boot-1");
	ck_assert_uint_eq(kept.binding, 7);
	ck_assert_double_eq(kept.reading, 100);
}
END_TEST

START_TEST(another_meter_is_noticed_and_the_index_goes_on)
{
	char before[ENERGY_METER] = "";

	feed(7, 100);
	ck_assert(!energy_index_meter(ix, "meter", "ade9000 spi0.0", before));
	ck_assert(!energy_index_meter(ix, "meter", "ade9000 spi0.0", before));
	ck_assert(!energy_index_meter(ix, "other", "ade9000 spi0.1", before));
	start_anew("boot-2");
	ck_assert(energy_index_meter(ix, "meter", "ade9000 spi0.1", before));
	ck_assert_str_eq(before, "ade9000 spi0.0");
	ck_assert(!energy_index_meter(ix, "meter", "ade9000 spi0.1", before));
	ck_assert_double_eq(feed(9, 1), 101);
}
END_TEST

START_TEST(what_is_known_is_newer_than_what_was_kept)
{
	feed(7, 100);
	energy_index_collect(ix, keep, NULL);
	feed(7, 105);
	ck_assert_int_eq(energy_index_restore(ix, &kept), 0);
	ck_assert_double_eq(feed(8, 1), 106);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("energy_index");
	TCase *t = tcase_create("energy_index");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, it_is_what_the_counter_says);
	tcase_add_test(t, what_it_was_is_known_once_it_was_fed);
	tcase_add_test(t, it_goes_on_after_a_driver_that_began_anew);
	tcase_add_test(t, it_has_what_flowed_while_the_daemon_was_away);
	tcase_add_test(t, it_goes_on_after_a_boot);
	tcase_add_test(t, a_counter_without_a_sign_that_goes_back_began_anew);
	tcase_add_test(t, what_is_returned_has_an_index_of_its_own);
	tcase_add_test(t, what_is_not_known_stays_so);
	tcase_add_test(t, what_could_not_be_kept_is_handed_over_again);
	tcase_add_test(t, another_meter_is_noticed_and_the_index_goes_on);
	tcase_add_test(t, what_is_known_is_newer_than_what_was_kept);
	suite_add_tcase(s, t);
	return unit_run(s);
}
