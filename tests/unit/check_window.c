// SPDX-License-Identifier: GPL-2.0-only
/* The window engine against sums made by hand. */
#include "unit.h"

#include "cityhubd/window.h"

#define EMITTED	8

static struct {
	int64_t from_ns, to_ns;
	unsigned int flags;
	struct batch_result results[2];
} emitted[EMITTED];
static unsigned int n;
static struct window *window;

static void emit(void *ctx, int64_t from_ns, int64_t to_ns,
		 unsigned int flags, const struct batch_result *results)
{
	ck_assert_ptr_eq(ctx, emitted);
	ck_assert_uint_lt(n, EMITTED);
	emitted[n].from_ns = from_ns;
	emitted[n].to_ns = to_ns;
	emitted[n].flags = flags;
	memcpy(emitted[n].results, results, sizeof(emitted[n].results));
	n++;
}

static void open_window(int64_t length, double rate, enum window_reduce reduce,
			double step)
{
	const struct window_channel channels[2] = {
		{ .reduce = reduce, .step = step },
		{ .reduce = WINDOW_COUNTER },
	};

	n = 0;
	window = window_new(length, rate, 2, channels, emit, emitted);
	ck_assert_ptr_nonnull(window);
}

static uint64_t feed(const int64_t *utc, const double *values, size_t count)
{
	const double *columns[2] = { values, values };

	return window_feed(window, utc, columns, 0, count);
}

static void feed_one(int64_t utc, double value)
{
	ck_assert_uint_eq(feed(&utc, &value, 1), 0);
}

static void close_window(void)
{
	window_free(window);
	window = NULL;
}

START_TEST(arithmetic)
{
	const int64_t utc[] = { 10 * SECOND, 10 * SECOND + 250, 10 * SECOND + 500,
				11 * SECOND - 1 };
	const double values[] = { 1, -2, 3, 4 };
	const struct batch_result *r = &emitted[0].results[0];

	open_window(SECOND, 5, WINDOW_LINEAR, 0);
	ck_assert_uint_eq(feed(utc, values, 4), 0);
	ck_assert_uint_eq(window_pending(window), 8);
	ck_assert_uint_eq(n, 0);
	window_close(window);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(emitted[0].from_ns, 10 * SECOND);
	ck_assert_int_eq(emitted[0].to_ns, 11 * SECOND);
	ck_assert_double_eq(r->mean, 1.5);
	ck_assert_double_eq(r->min, -2);
	ck_assert_double_eq(r->max, 4);
	ck_assert_double_eq_tol(r->rms, sqrt(30.0 / 4), 1e-12);
	ck_assert_double_eq(r->last, 4);
	ck_assert_int_eq(r->instant_ns, 11 * SECOND - 1);
	ck_assert_uint_eq(r->count, 4);
	ck_assert_uint_eq(r->expected, 5);
	ck_assert_uint_eq(window_pending(window), 0);
	close_window();
}
END_TEST

START_TEST(small_differences_on_a_large_value)
{
	open_window(SECOND, 2, WINDOW_LINEAR, 0);
	feed_one(0, 1e15);
	feed_one(1, 1e15 + 1);
	window_close(window);
	ck_assert_double_eq(emitted[0].results[0].mean, 1e15 + 0.5);
	close_window();
}
END_TEST

START_TEST(counter_has_a_last_value_and_a_difference)
{
	const struct batch_result *r = &emitted[0].results[1];

	open_window(SECOND, 2, WINDOW_LINEAR, 0);
	feed_one(1, 17);
	feed_one(2, 18);
	window_close(window);
	ck_assert(isnan(r->mean) && isnan(r->min) && isnan(r->max) &&
		  isnan(r->rms));
	ck_assert_double_eq(r->last, 18);
	ck_assert_double_eq(r->difference, 1);
	close_window();
}
END_TEST

/* Nothing is left out between two windows, nor at a step or in a late part. */
START_TEST(differences_of_a_counter_add_up)
{
	const double nothing = NAN;
	double sum = 0;

	open_window(SECOND, 2, WINDOW_LINEAR, 0);
	feed_one(1, 100);
	feed_one(SECOND, 103);
	feed_one(SECOND + 1, 104);
	feed_one(3 * SECOND, 110);
	window_cut(window);
	feed_one(2 * SECOND, 111);
	window_flush(window, 9 * SECOND, 0);
	feed(&(int64_t){ 4 * SECOND }, &nothing, 1);
	feed_one(5 * SECOND, 111.5);
	window_close(window);
	ck_assert_uint_eq(n, 5);
	ck_assert_double_eq(emitted[0].results[1].difference, 0);
	ck_assert_double_eq(emitted[1].results[1].difference, 4);
	ck_assert(isnan(emitted[1].results[0].difference));
	for (unsigned int i = 0; i < n; i++)
		sum += emitted[i].results[1].difference;
	ck_assert_double_eq(sum, 11.5);
	close_window();
}
END_TEST

/* A block that spans three windows, one of them with nothing in it. */
START_TEST(alignment)
{
	const int64_t utc[] = { SECOND - 1, SECOND, 2 * SECOND - 1, 3 * SECOND };
	const double values[] = { 1, 2, 3, 4 };

	open_window(SECOND, 2, WINDOW_LINEAR, 0);
	feed(utc, values, 4);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(emitted[0].from_ns, 0);
	ck_assert_uint_eq(emitted[0].results[0].count, 1);
	ck_assert_int_eq(emitted[1].from_ns, SECOND);
	ck_assert_uint_eq(emitted[1].results[0].count, 2);
	window_close(window);
	ck_assert_int_eq(emitted[2].from_ns, 3 * SECOND);
	close_window();
}
END_TEST

START_TEST(before_1970)
{
	open_window(SECOND, 1, WINDOW_LINEAR, 0);
	feed_one(-1, 5);
	window_close(window);
	ck_assert_int_eq(emitted[0].from_ns, -SECOND);
	ck_assert_int_eq(emitted[0].to_ns, 0);
	close_window();
}
END_TEST

START_TEST(other_lengths)
{
	open_window(SECOND / 5, 10, WINDOW_LINEAR, 0);
	feed_one(SECOND - 1, 5);
	window_close(window);
	ck_assert_int_eq(emitted[0].from_ns, SECOND / 5 * 4);
	ck_assert_uint_eq(emitted[0].results[0].expected, 2);
	close_window();
}
END_TEST

START_TEST(flush_waits_for_the_grace)
{
	open_window(SECOND, 1, WINDOW_LINEAR, 0);
	feed_one(5, 1);
	window_flush(window, SECOND + 299, 300);
	ck_assert_uint_eq(n, 0);
	window_flush(window, SECOND + 300, 300);
	ck_assert_uint_eq(n, 1);
	window_flush(window, 9 * SECOND, 300);
	ck_assert_uint_eq(n, 1);
	close_window();
}
END_TEST

/* What comes late is not left out: the window comes in parts, and says so. */
START_TEST(late_data)
{
	open_window(SECOND, 2, WINDOW_LINEAR, 0);
	feed_one(5 * SECOND, 1);
	feed_one(4 * SECOND, 2);
	feed_one(5 * SECOND + 1, 3);
	feed_one(6 * SECOND, 3);
	window_close(window);
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(emitted[0].from_ns, 5 * SECOND);
	ck_assert_uint_eq(emitted[0].flags, 0);
	ck_assert_int_eq(emitted[1].from_ns, 4 * SECOND);
	ck_assert_uint_eq(emitted[1].flags, BATCH_AGAIN);
	ck_assert_int_eq(emitted[2].from_ns, 5 * SECOND);
	ck_assert_uint_eq(emitted[2].flags, BATCH_AGAIN);
	ck_assert_uint_eq(emitted[3].flags, 0);
	close_window();
}
END_TEST

/* UTC set back by a second: the same window twice, each with its part. */
START_TEST(cut)
{
	open_window(SECOND, 4, WINDOW_LINEAR, 0);
	feed_one(5 * SECOND, 1);
	feed_one(5 * SECOND + 1, 2);
	window_cut(window);
	ck_assert_uint_eq(n, 1);
	feed_one(5 * SECOND + 2, 3);
	feed_one(6 * SECOND, 4);
	window_close(window);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(emitted[0].flags, BATCH_STEP);
	ck_assert_uint_eq(emitted[0].results[0].count, 2);
	ck_assert_uint_eq(emitted[0].results[0].expected, 4);
	ck_assert_int_eq(emitted[1].from_ns, 5 * SECOND);
	ck_assert_uint_eq(emitted[1].flags, BATCH_STEP);
	ck_assert_uint_eq(emitted[1].results[0].count, 1);
	ck_assert_int_eq(emitted[2].from_ns, 6 * SECOND);
	ck_assert_uint_eq(emitted[2].flags, 0);
	close_window();
}
END_TEST

/* Nothing was open at the step: the window after it still says so. */
START_TEST(cut_between_windows)
{
	open_window(SECOND, 4, WINDOW_LINEAR, 0);
	feed_one(5 * SECOND, 1);
	window_flush(window, 7 * SECOND, 0);
	window_cut(window);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(emitted[0].flags, 0);
	feed_one(2 * SECOND, 1);
	window_close(window);
	ck_assert_uint_eq(emitted[1].flags, BATCH_STEP);
	close_window();
}
END_TEST

START_TEST(unknown_values)
{
	const int64_t utc[] = { 1, 2, 3 };
	const double values[] = { NAN, 7, NAN };
	const struct batch_result *r = &emitted[0].results[0];

	open_window(SECOND, 3, WINDOW_LINEAR, 0);
	ck_assert_uint_eq(feed(utc, values, 3), 4);	/* in both channels */
	ck_assert_uint_eq(window_pending(window), 2);
	window_close(window);
	ck_assert_uint_eq(r->count, 1);
	ck_assert_uint_eq(r->expected, 3);
	ck_assert_double_eq(r->mean, 7);
	ck_assert_int_eq(r->instant_ns, 2);
	close_window();
}
END_TEST

START_TEST(a_window_of_unknown_values_is_no_result)
{
	const int64_t utc = 1;
	const double value = NAN;

	open_window(SECOND, 1, WINDOW_LINEAR, 0);
	ck_assert_uint_eq(feed(&utc, &value, 1), 2);
	window_close(window);
	ck_assert_uint_eq(n, 0);
	close_window();
}
END_TEST

/* 60 dB and 70 dB in equal parts are 67.4 dB. */
START_TEST(energy_mean_of_levels)
{
	const struct batch_result *r = &emitted[0].results[0];

	open_window(SECOND, 2, WINDOW_LEVEL, 1);
	feed_one(1, 20e-6 * pow(10, 60 / 20.0) * 1.0001);
	feed_one(2, 20e-6 * pow(10, 70 / 20.0));
	window_close(window);
	ck_assert_double_eq_tol(r->mean, 10 * log10((1e6 + 1e7) / 2), 1e-3);
	ck_assert_double_eq(r->min, 60);
	ck_assert_double_eq(r->max, 70);
	ck_assert_double_eq(r->last, 70);
	ck_assert(isnan(r->rms));
	close_window();
}
END_TEST

START_TEST(rms_of_a_sine)
{
	enum { N = 8000 };
	static int64_t utc[N];
	static double values[N];

	for (int i = 0; i < N; i++) {
		utc[i] = i * (SECOND / N);
		values[i] = 325.27 * sin(2 * M_PI * 50 * i / N);
	}
	open_window(SECOND, N, WINDOW_LINEAR, 0);
	feed(utc, values, N);
	window_close(window);
	ck_assert_double_eq_tol(emitted[0].results[0].rms, 325.27 / sqrt(2), 1e-9);
	ck_assert_double_eq_tol(emitted[0].results[0].mean, 0, 1e-9);
	ck_assert_uint_eq(emitted[0].results[0].count, N);
	close_window();
}
END_TEST

START_TEST(rate_learnt_later)
{
	open_window(SECOND, 0, WINDOW_LINEAR, 0);
	feed_one(1, 1);
	window_close(window);
	ck_assert_uint_eq(emitted[0].results[0].expected, 0);
	window_set_rate(window, 9.999);
	feed_one(SECOND, 1);
	window_close(window);
	ck_assert_uint_eq(emitted[1].results[0].expected, 10);
	close_window();
}
END_TEST

/* Long blocks take another way through; what comes out is the same. */
START_TEST(any_block_as_one_by_one)
{
	static int64_t utc[700];
	static double values[700];
	unsigned int seed = 3;

	for (int round = 0; round < 200; round++) {
		size_t size = 1 + (size_t)rand_r(&seed) % 699;
		struct batch_result whole;
		uint64_t unknown = 0, alone = 0;

		for (size_t i = 0; i < size; i++) {
			utc[i] = (int64_t)i * 1000;
			values[i] = 1e4 + (rand_r(&seed) % 2000 - 1000) * 1e-3;
			if (round % 3 == 0 && rand_r(&seed) % 50 == 0)
				values[i] = NAN;
			unknown += isnan(values[i]) != 0;
		}
		open_window(SECOND, 0, WINDOW_LINEAR, 0);
		ck_assert_uint_eq(feed(utc, values, size), 2 * unknown);
		window_close(window);
		whole = emitted[0].results[0];
		close_window();
		if (unknown == size)
			continue;
		open_window(SECOND, 0, WINDOW_LINEAR, 0);
		for (size_t i = 0; i < size; i++)
			alone += feed(&utc[i], &values[i], 1);
		window_close(window);
		ck_assert_uint_eq(alone, 2 * unknown);
		ck_assert_uint_eq(whole.count, emitted[0].results[0].count);
		ck_assert_double_eq_tol(whole.mean, emitted[0].results[0].mean, 1e-9);
		ck_assert_double_eq_tol(whole.rms, emitted[0].results[0].rms, 1e-9);
		ck_assert_double_eq(whole.min, emitted[0].results[0].min);
		ck_assert_double_eq(whole.max, emitted[0].results[0].max);
		ck_assert_double_eq(whole.last, emitted[0].results[0].last);
		ck_assert_int_eq(whole.instant_ns, emitted[0].results[0].instant_ns);
		close_window();
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("window");
	TCase *t = tcase_create("window");

	tcase_add_test(t, arithmetic);
	tcase_add_test(t, small_differences_on_a_large_value);
	tcase_add_test(t, counter_has_a_last_value_and_a_difference);
	tcase_add_test(t, differences_of_a_counter_add_up);
	tcase_add_test(t, alignment);
	tcase_add_test(t, before_1970);
	tcase_add_test(t, other_lengths);
	tcase_add_test(t, flush_waits_for_the_grace);
	tcase_add_test(t, late_data);
	tcase_add_test(t, cut);
	tcase_add_test(t, cut_between_windows);
	tcase_add_test(t, unknown_values);
	tcase_add_test(t, a_window_of_unknown_values_is_no_result);
	tcase_add_test(t, energy_mean_of_levels);
	tcase_add_test(t, rms_of_a_sine);
	tcase_add_test(t, rate_learnt_later);
	tcase_add_test(t, any_block_as_one_by_one);
	suite_add_tcase(s, t);
	return unit_run(s);
}
