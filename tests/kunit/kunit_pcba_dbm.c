// SPDX-License-Identifier: GPL-2.0-only
/* PCBA-DBM: the level table and the arithmetic of the history. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/time64.h>

#include "../../kernel/noise/pcba_dbm_pure.c"

#define LEVEL_MAX_DB	140

/*
 * 10^(n / 40) * 10^16, n = 0 to 39: from decibel to decibel and the points half
 * way between, more exact than the table can be.
 */
static const u64 mantissa[] = {
	10000000000000000, 10592537251772888, 11220184543019634, 11885022274370184,
	12589254117941672, 13335214321633240, 14125375446227543, 14962356560944334,
	15848931924611134, 16788040181225603, 17782794100389228, 18836490894898005,
	19952623149688796, 21134890398366467, 22387211385683396, 23713737056616552,
	25118864315095801, 26607250597988096, 28183829312644538, 29853826189179596,
	31622776601683793, 33496543915782765, 35481338923357545, 37583740428844416,
	39810717055349725, 42169650342858224, 44668359215096311, 47315125896148047,
	50118723362727228, 53088444423098835, 56234132519034908, 59566214352901046,
	63095734448019324, 66834391756861460, 70794578438413791, 74989420933245582,
	79432823472428150, 84139514164519509, 89125093813374552, 94406087628592338,
};

/* 20 uPa * 10^(half_db / 40), rounded to the micropascal. */
static u64 pressure_of_half_db(u32 half_db)
{
	u64 divisor = 500000000000000;
	u32 decade;

	for (decade = half_db / 40; decade; decade--)
		divisor /= 10;

	return div64_u64(mantissa[half_db % 40] + divisor / 2, divisor);
}

static void levels_are_correctly_rounded(struct kunit *test)
{
	u32 db;

	for (db = 1; db <= LEVEL_MAX_DB; db++)
		KUNIT_EXPECT_EQ_MSG(test, pcba_dbm_pressure_upa(db),
				    pressure_of_half_db(2 * db), "%u dB", db);
}

/* A reader rounds to whole decibels: each lies between its half ways. */
static void levels_come_back(struct kunit *test)
{
	u32 db;

	for (db = 1; db <= LEVEL_MAX_DB; db++) {
		KUNIT_EXPECT_GT_MSG(test, pcba_dbm_pressure_upa(db),
				    pressure_of_half_db(2 * db - 1), "%u dB", db);
		KUNIT_EXPECT_LE_MSG(test, pcba_dbm_pressure_upa(db),
				    pressure_of_half_db(2 * db + 1), "%u dB", db);
	}
}

static void nonsense_is_no_level(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pcba_dbm_pressure_upa(0), 0);
	KUNIT_EXPECT_EQ(test, pcba_dbm_pressure_upa(LEVEL_MAX_DB + 1), 0);
	KUNIT_EXPECT_EQ(test, pcba_dbm_pressure_upa(U8_MAX), 0);
}

/* A threshold in micropascal and its level tell the same levels apart. */
static void thresholds_miss_no_level(struct kunit *test)
{
	u32 db, upa, at, up;

	for (db = 1; db < LEVEL_MAX_DB; db++) {
		at = pcba_dbm_pressure_upa(db);
		up = pcba_dbm_pressure_upa(db + 1);
		for (upa = at; upa < up; upa += max((up - at) / 3, 1)) {
			KUNIT_EXPECT_EQ_MSG(test, pcba_dbm_level_db(upa, false),
					    db, "%u uPa", upa);
			KUNIT_EXPECT_EQ_MSG(test, pcba_dbm_level_db(upa, true),
					    db + (upa > at), "%u uPa", upa);
		}
	}
	KUNIT_EXPECT_EQ(test, pcba_dbm_level_db(0, true), 0);
	KUNIT_EXPECT_EQ(test, pcba_dbm_level_db(PCBA_DBM_PRESSURE_MAX, true),
			LEVEL_MAX_DB);
}

static void entries_end_at_the_last(struct kunit *test)
{
	u8 history[PCBA_DBM_HISTORY_LEN] = { };

	KUNIT_EXPECT_EQ(test, pcba_dbm_entries(history, sizeof(history)), 0);
	history[0] = 50;
	KUNIT_EXPECT_EQ(test, pcba_dbm_entries(history, sizeof(history)), 1);
	/* A hole hides nothing. */
	history[4] = 60;
	KUNIT_EXPECT_EQ(test, pcba_dbm_entries(history, sizeof(history)), 5);
	memset(history, 70, sizeof(history));
	KUNIT_EXPECT_EQ(test, pcba_dbm_entries(history, sizeof(history)),
			PCBA_DBM_HISTORY_LEN);
}

static void samples_since_is_a_lower_bound(struct kunit *test)
{
	static const s64 period = NSEC_PER_SEC;

	/* A bracket that reaches back to the entry before proves nothing. */
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(-period, period), 0);
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(0, period), 0);
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(20 * NSEC_PER_MSEC, period), 0);
	/* After the half of a period the next one; not late by a hair: no more. */
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(period / 2, period), 1);
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(period - 1, period), 1);
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(period + 20 * NSEC_PER_MSEC,
						     period), 1);
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(2 * period - NSEC_PER_MSEC,
						     period), 2);
	KUNIT_EXPECT_EQ(test, pcba_dbm_samples_since(90 * period - NSEC_PER_MSEC,
						     period), 90);
}

static struct kunit_case pcba_dbm_cases[] = {
	KUNIT_CASE(levels_are_correctly_rounded),
	KUNIT_CASE(levels_come_back),
	KUNIT_CASE(nonsense_is_no_level),
	KUNIT_CASE(thresholds_miss_no_level),
	KUNIT_CASE(entries_end_at_the_last),
	KUNIT_CASE(samples_since_is_a_lower_bound),
	{ }
};

static struct kunit_suite pcba_dbm_suite = {
	.name = "cityhub-pcba-dbm",
	.test_cases = pcba_dbm_cases,
};

kunit_test_suite(pcba_dbm_suite);

MODULE_DESCRIPTION("KUnit: PCBA-DBM level table and history arithmetic");
MODULE_LICENSE("GPL");
