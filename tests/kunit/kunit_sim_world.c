// SPDX-License-Identifier: GPL-2.0-only
/* The scenario of the virtual hub: reading and looking up. */
#include <kunit/test.h>
#include <linux/module.h>

/* A pure file, part of the module that is tested. */
#include "../sim/sim_scenario.c"

#define SECOND	((s64)NSEC_PER_SEC)

static int read_text(const char *text, size_t piece, struct sim_csv *csv,
		     struct sim_scenario **scn)
{
	size_t len = strlen(text), done, n;
	int ret;

	for (done = 0; done < len; done += n) {
		n = min(piece, len - done);
		ret = sim_csv_feed(csv, text + done, n);
		if (ret)
			return ret;
	}

	*scn = sim_csv_finish(csv);
	return PTR_ERR_OR_ZERO(*scn);
}

static struct sim_scenario *read_pieces(struct kunit *test, const char *text,
					size_t piece)
{
	struct sim_csv *csv = sim_csv_new();
	struct sim_scenario *scn = NULL;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, csv);
	ret = read_text(text, piece, csv, &scn);
	sim_csv_free(csv);
	KUNIT_ASSERT_EQ(test, 0, ret);

	return scn;
}

static s64 value_at(struct kunit *test, const struct sim_scenario *scn,
		    enum sim_quantity q, s64 t_ns)
{
	s64 value = S64_MIN;

	KUNIT_EXPECT_TRUE(test, sim_scenario_get(scn, q, t_ns, &value));

	return value;
}

static void decimals(struct kunit *test)
{
	static const struct {
		const char *text;
		int ret;
		s64 value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "8.4", 0, 8400000 },
		{ "-0.25", 0, -250000 },
		{ "1.23456789", 0, 1234567 },
		{ "999999999", 0, 999999999000000LL },
		{ "1000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-", -EINVAL, 0 },
		{ ".5", -EINVAL, 0 },
		{ "5.", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "1 2", -EINVAL, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		s64 value = 0;
		int ret = sim_parse_decimal(cases[i].text, 6, &value);

		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret, ret, "'%s'",
				    cases[i].text);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].value, value, "'%s'",
				    cases[i].text);
	}
}

static void values_between_rows_are_interpolated(struct kunit *test)
{
	struct sim_scenario *scn;

	scn = read_pieces(test,
			  "# a comment\n"
			  "temp_c, t_s ,noise_dba\r\n"
			  "-10,0,40\r\n"
			  "\n"
			  "10,20,50\n"
			  "0,30,45", 1000);
	KUNIT_EXPECT_EQ(test, 3, scn->rows);
	KUNIT_EXPECT_EQ(test, -10000000,
			value_at(test, scn, SIM_TEMP_C, 0));
	KUNIT_EXPECT_EQ(test, -5000000,
			value_at(test, scn, SIM_TEMP_C, 5 * SECOND));
	KUNIT_EXPECT_EQ(test, 10000000,
			value_at(test, scn, SIM_TEMP_C, 20 * SECOND));
	KUNIT_EXPECT_EQ(test, 2500000,
			value_at(test, scn, SIM_TEMP_C, 27500 * SECOND / 1000));
	KUNIT_EXPECT_EQ(test, 45000000,
			value_at(test, scn, SIM_NOISE_DBA, 10 * SECOND));
	sim_scenario_free(scn);
}

static void scenario_repeats(struct kunit *test)
{
	struct sim_scenario *scn;

	scn = read_pieces(test, "t_s,co2_ppm\n0,400\n100,500\n", 7);
	KUNIT_EXPECT_EQ(test, 499000000,
			value_at(test, scn, SIM_CO2_PPM, 99 * SECOND));
	KUNIT_EXPECT_EQ(test, 400000000,
			value_at(test, scn, SIM_CO2_PPM, 100 * SECOND));
	KUNIT_EXPECT_EQ(test, 425000000,
			value_at(test, scn, SIM_CO2_PPM, 1025 * SECOND));
	sim_scenario_free(scn);
}

static void gaps_are_bridged_and_ends_held(struct kunit *test)
{
	struct sim_scenario *scn;

	scn = read_pieces(test,
			  "t_s,rh_pct,co2_ppm\n"
			  "0,,1\n"
			  "10,20,\n"
			  "20,,\n"
			  "30,40,\n"
			  "40,,2\n", 3);
	KUNIT_EXPECT_EQ(test, 20000000, value_at(test, scn, SIM_RH_PCT, 0));
	KUNIT_EXPECT_EQ(test, 30000000,
			value_at(test, scn, SIM_RH_PCT, 20 * SECOND));
	KUNIT_EXPECT_EQ(test, 40000000,
			value_at(test, scn, SIM_RH_PCT, 39 * SECOND));
	KUNIT_EXPECT_EQ(test, 1500000,
			value_at(test, scn, SIM_CO2_PPM, 20 * SECOND));
	sim_scenario_free(scn);
}

static void missing_columns_are_left_to_the_default(struct kunit *test)
{
	struct sim_scenario *scn;
	s64 value = 7;

	scn = read_pieces(test, "t_s,co2_ppm,l1_v\n5,400,\n", 1000);
	KUNIT_EXPECT_FALSE(test, sim_scenario_get(scn, SIM_TEMP_C, 0, &value));
	KUNIT_EXPECT_FALSE(test, sim_scenario_get(scn, SIM_L1_V, 0, &value));
	KUNIT_EXPECT_EQ(test, 7, value);
	KUNIT_EXPECT_EQ(test, 400000000,
			value_at(test, scn, SIM_CO2_PPM, 3 * SECOND));
	sim_scenario_free(scn);
}

static void text_may_be_cut_anywhere(struct kunit *test)
{
	static const char text[] = "t_s,l3_hz\n0,49.98\n3600,50.02\n";
	struct sim_scenario *scn;
	size_t piece;

	for (piece = 1; piece < sizeof(text); piece++) {
		scn = read_pieces(test, text, piece);
		KUNIT_EXPECT_EQ(test, 50000000,
				value_at(test, scn, SIM_L3_HZ, 1800 * SECOND));
		sim_scenario_free(scn);
	}
}

static void bad_text_is_refused_with_its_line(struct kunit *test)
{
	static const struct {
		const char *text;
		u32 line;
		const char *why;
	} cases[] = {
		{ "", 0, "no rows" },
		{ "t_s,temp_c\n", 1, "no rows" },
		{ "temp_c\n1\n", 1, "no column t_s" },
		{ "t_s,humidity\n", 1, "unknown column" },
		{ "t_s,temp_c,temp_c\n", 1, "column named twice" },
		{ "t_s,temp_c\n0,1\n1\n2,1\n", 3, "fewer cells than columns" },
		{ "t_s,temp_c\n0,1,2\n", 2, "more cells than columns" },
		{ "t_s,temp_c\n\n0,warm\n", 3, "not a number" },
		{ "t_s,temp_c\n-1,1\n", 2, "not a time" },
		{ "t_s,temp_c\n,1\n", 2, "not a time" },
		{ "t_s,temp_c\n5,1\n5,1\n", 3, "time does not increase" },
		{ "t_s,temp_c\n0,x", 2, "not a number" },
	};
	struct sim_scenario *scn;
	struct sim_csv *csv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		csv = sim_csv_new();
		KUNIT_ASSERT_NOT_NULL(test, csv);
		KUNIT_EXPECT_EQ(test, -EINVAL,
				read_text(cases[i].text, 4, csv, &scn));
		KUNIT_EXPECT_EQ(test, cases[i].line, sim_csv_line(csv));
		KUNIT_EXPECT_STREQ(test, cases[i].why,
				   sim_csv_error(csv) ?: "nothing");
		sim_csv_free(csv);
	}
}

static void long_lines_are_refused(struct kunit *test)
{
	struct sim_csv *csv = sim_csv_new();
	int i, ret = 0;

	KUNIT_ASSERT_NOT_NULL(test, csv);
	for (i = 0; i < SIM_CSV_LINE && !ret; i++)
		ret = sim_csv_feed(csv, "x", 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, ret);
	KUNIT_EXPECT_EQ(test, SIM_CSV_LINE, i);
	KUNIT_EXPECT_EQ(test, -EINVAL, sim_csv_feed(csv, "\n", 1));
	sim_csv_free(csv);
}

static void long_tables_keep_every_row(struct kunit *test)
{
	struct sim_csv *csv = sim_csv_new();
	struct sim_scenario *scn;
	char line[32];
	int i, len;

	KUNIT_ASSERT_NOT_NULL(test, csv);
	KUNIT_ASSERT_EQ(test, 0, sim_csv_feed(csv, "t_s,temp_c\n", 11));
	for (i = 0; i < 1000; i++) {
		len = scnprintf(line, sizeof(line), "%d,%d\n", i, i);
		KUNIT_ASSERT_EQ(test, 0, sim_csv_feed(csv, line, len));
	}
	scn = sim_csv_finish(csv);
	sim_csv_free(csv);
	KUNIT_ASSERT_FALSE(test, IS_ERR(scn));

	for (i = 0; i < 998; i++)
		KUNIT_EXPECT_EQ(test, i * 1000000LL + 500000,
				value_at(test, scn, SIM_TEMP_C,
					 i * SECOND + SECOND / 2));
	sim_scenario_free(scn);
}

static void built_in_world_moves_within_a_minute(struct kunit *test)
{
	unsigned int q, s;

	for (q = 0; q < SIM_QUANTITIES; q++) {
		s64 first = sim_default_get(q, 0), low = first, high = first;

		for (s = 1; s < 60; s++) {
			s64 value = sim_default_get(q, s * SECOND);

			low = min(low, value);
			high = max(high, value);
		}
		/* By much more than a step of any chip. */
		KUNIT_EXPECT_GT(test, high - low, first / 2000);
		KUNIT_EXPECT_GT(test, low, 0);
	}
}

static struct kunit_case sim_world_cases[] = {
	KUNIT_CASE(decimals),
	KUNIT_CASE(values_between_rows_are_interpolated),
	KUNIT_CASE(scenario_repeats),
	KUNIT_CASE(gaps_are_bridged_and_ends_held),
	KUNIT_CASE(missing_columns_are_left_to_the_default),
	KUNIT_CASE(text_may_be_cut_anywhere),
	KUNIT_CASE(bad_text_is_refused_with_its_line),
	KUNIT_CASE(long_lines_are_refused),
	KUNIT_CASE(long_tables_keep_every_row),
	KUNIT_CASE(built_in_world_moves_within_a_minute),
	{}
};

static struct kunit_suite sim_world_suite = {
	.name = "sim_world",
	.test_cases = sim_world_cases,
};

kunit_test_suite(sim_world_suite);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("Tests of the scenario of the virtual hub");
MODULE_LICENSE("GPL");
