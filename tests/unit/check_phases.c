// SPDX-License-Identifier: GPL-2.0-only
/* Clamps on the wrong wire or the wrong way round, from the powers they give. */
#include "unit.h"

#include "cityhub/phases.h"

#define DEGREE	(3.14159265358979323846 / 180)

/*
 * What a meter reads at its inputs: each clamp is on a wire, whose load lags
 * by so many degrees, and points the right way or not.
 */
static void meter(struct phases_reading r[PHASES], const double lag[PHASES],
		  const int wire[PHASES], const bool reversed[PHASES],
		  const double va[PHASES])
{
	for (int i = 0; i < PHASES; i++) {
		/* Phasors of voltage i and of the current in the wire. */
		double u = -120.0 * i;
		double c = -120.0 * wire[i] - lag[wire[i]] + 180.0 * reversed[i];

		r[i].active_w = va[wire[i]] * cos((u - c) * DEGREE);
		r[i].reactive_var = va[wire[i]] * sin((u - c) * DEGREE);
	}
}

static const double loads[][PHASES] = {
	{ 0, 0, 0 }, { 18, 18, 18 }, { 0, 25, -10 }, { -20, -5, 30 },
};
static const double strong[PHASES] = { 500, 800, 650 };
static const int orders[][PHASES] = {
	{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
	{ 2, 1, 0 },
};

/*
 * A third of a turn and half of one make a sixth: a clamp that is both on
 * another wire and reversed looks like an odd load, and is left out here.
 */
static bool looks_odd(const int wire[PHASES], const bool reversed[PHASES])
{
	for (int i = 0; i < PHASES; i++)
		if (wire[i] != i && reversed[i])
			return true;
	return false;
}

START_TEST(every_mistake_is_named)
{
	for (size_t l = 0; l < 4; l++) {
		for (size_t o = 0; o < 6; o++) {
			for (int ways = 0; ways < 8; ways++) {
				const bool reversed[PHASES] = {
					ways & 1, ways & 2, ways & 4,
				};
				struct phases_reading r[PHASES];
				struct phases_verdict v;

				if (looks_odd(orders[o], reversed))
					continue;
				meter(r, loads[l], orders[o], reversed, strong);
				v = phases_judge(r);
				ck_assert_int_eq(v.state, o || ways ?
						 PHASES_WRONG : PHASES_RIGHT);
				for (int i = 0; i < PHASES; i++) {
					ck_assert_int_eq(v.wire[i], orders[o][i]);
					ck_assert_int_eq(v.reversed[i],
							 reversed[i]);
				}
			}
		}
	}
}
END_TEST

START_TEST(odd_loads_are_believed)
{
	static const double odd[PHASES] = { 70, -60, 72 };
	static const bool right[PHASES];
	struct phases_reading r[PHASES];

	meter(r, odd, orders[0], right, strong);
	ck_assert_int_eq(phases_judge(r).state, PHASES_RIGHT);
}
END_TEST

START_TEST(no_load_says_nothing)
{
	static const double weak[PHASES] = { 5, 19, 0 };
	static const bool reversed[PHASES] = { true, true, true };
	struct phases_reading r[PHASES];

	meter(r, loads[0], orders[0], reversed, weak);
	ck_assert_int_eq(phases_judge(r).state, PHASES_NO_LOAD);
}
END_TEST

START_TEST(one_loaded_phase_shows_its_direction_only)
{
	static const double one[PHASES] = { 0, 300, 0 };
	static const bool reversed[PHASES] = { false, true, false };
	struct phases_reading r[PHASES];
	struct phases_verdict v;

	meter(r, loads[1], orders[0], reversed, one);
	v = phases_judge(r);
	ck_assert_int_eq(v.state, PHASES_WRONG);
	ck_assert(!v.reversed[0] && v.reversed[1] && !v.reversed[2]);
	ck_assert(!v.loaded[0] && v.loaded[1] && !v.loaded[2]);
	ck_assert(v.wire[0] == 0 && v.wire[1] == 1 && v.wire[2] == 2);
}
END_TEST

START_TEST(between_two_explanations_none_is_given)
{
	/* 90 degrees: as far from right as from reversed. */
	const struct phases_reading r[PHASES] = {
		{ 500, 0 }, { -1, 500 }, { 500, 0 },
	};

	ck_assert_int_eq(phases_judge(r).state, PHASES_UNCLEAR);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("phases");
	TCase *t = tcase_create("phases");

	tcase_add_test(t, every_mistake_is_named);
	tcase_add_test(t, odd_loads_are_believed);
	tcase_add_test(t, no_load_says_nothing);
	tcase_add_test(t, one_loaded_phase_shows_its_direction_only);
	tcase_add_test(t, between_two_explanations_none_is_given);
	suite_add_tcase(s, t);
	return unit_run(s);
}
