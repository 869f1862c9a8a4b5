// SPDX-License-Identifier: GPL-2.0-only
/* Runs of acknowledged ids, against a plain array of flags. */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>

#include "common/ranges.h"

#define IDS	64

static void in_order_and_apart(const struct ranges *s)
{
	ck_assert_uint_ge(s->n, 1);
	ck_assert_uint_le(s->n, RANGES);
	ck_assert_uint_eq(s->r[0].after, 0);
	for (unsigned int i = 1; i < s->n; i++) {
		ck_assert_uint_gt(s->r[i].after, s->r[i - 1].last);
		ck_assert_uint_gt(s->r[i].last, s->r[i].after);
	}
}

static bool holds(const struct ranges *s, uint64_t id)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (id > s->r[i].after && id <= s->r[i].last)
			return true;
	return false;
}

START_TEST(runs_join)
{
	struct ranges s;
	uint64_t fresh = 0;

	ranges_init(&s, 10);
	ck_assert_int_eq(ranges_add(&s, 20, 25, &fresh), 0);
	ck_assert_int_eq(ranges_add(&s, 30, 31, &fresh), 0);
	ck_assert_uint_eq(fresh, 6);
	ck_assert_uint_eq(s.n, 3);
	ck_assert_uint_eq(ranges_cursor(&s), 10);
	ck_assert_uint_eq(ranges_newest(&s), 31);
	ck_assert_uint_eq(ranges_skip(&s, 10), 10);
	ck_assert_uint_eq(ranges_until(&s, 10), 20);
	ck_assert_uint_eq(ranges_skip(&s, 20), 25);
	ck_assert_uint_eq(ranges_until(&s, 31), RANGES_END);
	ck_assert_int_eq(ranges_add(&s, 10, 20, &fresh), 0);
	ck_assert_uint_eq(fresh, 16);
	ck_assert_uint_eq(ranges_cursor(&s), 25);
	ck_assert_int_eq(ranges_add(&s, 25, 40, &fresh), 0);
	ck_assert_uint_eq(fresh, 16 + 14);
	ck_assert_uint_eq(ranges_cursor(&s), 40);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_int_eq(ranges_add(&s, 5, 40, &fresh), 0);
	ck_assert_uint_eq(fresh, 16 + 14);
}
END_TEST

START_TEST(too_many_runs_are_refused)
{
	struct ranges s, before;

	ranges_init(&s, 0);
	for (uint64_t i = 1; i < RANGES; i++)
		ck_assert_int_eq(ranges_add(&s, 10 * i, 10 * i + 1, NULL), 0);
	ck_assert(!ranges_have_room(&s));
	before = s;
	ck_assert_int_eq(ranges_add(&s, 5, 6, NULL), -ENOSPC);
	ck_assert_mem_eq(&s, &before, sizeof(s));
	ck_assert_int_eq(ranges_add(&s, 0, 12, NULL), 0);
	ck_assert(ranges_have_room(&s));
}
END_TEST

/* The same by flags, 2000 random runs. */
START_TEST(as_flags_do)
{
	unsigned int seed = 7;
	struct ranges s;
	bool flags[IDS + 2];

	for (int round = 0; round < 2000; round++) {
		uint64_t after = (uint64_t)rand_r(&seed) % IDS;
		uint64_t last = after + (uint64_t)rand_r(&seed) % 6;
		uint64_t fresh = 0, want = 0;

		if (round % 40 == 0) {
			ranges_init(&s, 0);
			memset(flags, 0, sizeof(flags));
		}
		if (last > IDS || ranges_add(&s, after, last, &fresh))
			continue;
		for (uint64_t id = after + 1; id <= last; id++) {
			want += !flags[id];
			flags[id] = true;
		}
		ck_assert_uint_eq(fresh, want);
		in_order_and_apart(&s);
		for (uint64_t id = 1; id <= IDS; id++) {
			ck_assert_int_eq(holds(&s, id), flags[id]);
			ck_assert_int_eq(ranges_skip(&s, id - 1) >= id,
					 flags[id]);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ranges");
	TCase *t = tcase_create("ranges");

	tcase_add_test(t, runs_join);
	tcase_add_test(t, too_many_runs_are_refused);
	tcase_add_test(t, as_flags_do);
	suite_add_tcase(s, t);
	return unit_run(s);
}
