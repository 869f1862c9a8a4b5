// SPDX-License-Identifier: GPL-2.0-only
/* ADE7953: scales, frequency and levels. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kernel/energy/ade7953_calc.c"

static const struct ade7953_board default_board = {
	.voltage_ratio = 801000,
	.current_ratio = { 196078, 196078 },
	.voltage_gain = 1,
	.current_gain = { 1, 1 },
};

/* Expected values were computed with 50 decimal digits. */
static void scales_of_the_default_board(struct kunit *test)
{
	struct ade7953_scales scales;

	ade7953_scale(&default_board, &scales);
	KUNIT_EXPECT_EQ(test, scales.voltage, 31354744ULL);
	KUNIT_EXPECT_EQ(test, scales.current_rms[0], 7675375ULL);
	KUNIT_EXPECT_EQ(test, scales.current_rms[1], 7675375ULL);
	KUNIT_EXPECT_EQ(test, scales.power[0], 4037575212ULL);
	KUNIT_EXPECT_EQ(test, scales.energy[0], 94887915ULL);
}

static void gains_divide_the_scales(struct kunit *test)
{
	struct ade7953_board board = default_board;
	struct ade7953_scales one, more;

	ade7953_scale(&board, &one);
	board.voltage_gain = 2;
	board.current_gain[0] = 22;
	board.current_gain[1] = 4;
	ade7953_scale(&board, &more);
	KUNIT_EXPECT_EQ(test, more.voltage, one.voltage / 2);
	KUNIT_EXPECT_EQ(test, more.current_rms[0], (one.current_rms[0] + 11) / 22);
	KUNIT_EXPECT_EQ(test, more.power[0], one.power[0] / 44);
	KUNIT_EXPECT_EQ(test, more.power[1], one.power[1] / 8);
}

static void largest_ratios_do_not_overflow(struct kunit *test)
{
	struct ade7953_board board = default_board;
	struct ade7953_scales scales;

	board.voltage_ratio = 100000000;
	board.current_ratio[1] = 100000000;
	ade7953_scale(&board, &scales);
	KUNIT_EXPECT_EQ(test, scales.power[1], 257074642753651ULL);
}

static void frequency_from_period(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ade7953_frequency_uhz(4474), 50000000u);
	KUNIT_EXPECT_EQ(test, ade7953_frequency_urad(4474), 314159265u);
	KUNIT_EXPECT_EQ(test, ade7953_frequency_uhz(3728), 60002681u);
	/* No signal */
	KUNIT_EXPECT_EQ(test, ade7953_frequency_uhz(0), 0u);
	KUNIT_EXPECT_EQ(test, ade7953_frequency_uhz(0xffff), 3414154u);
}

static void levels_are_peaks(struct kunit *test)
{
	u32 code;

	KUNIT_EXPECT_EQ(test, ade7953_peak_of_rms(ADE7953_FS_RMS),
			ADE7953_FS_WAVE);
	KUNIT_EXPECT_EQ(test, ade7953_rms_of_peak(ADE7953_FS_WAVE),
			ADE7953_FS_RMS);
	for (code = 0; code < ADE7953_FS_WAVE; code += 99991)
		KUNIT_EXPECT_EQ(test,
				ade7953_peak_of_rms(ade7953_rms_of_peak(code)),
				code);
}

static void noload_level_of_the_sheet(struct kunit *test)
{
	/* The value after a reset is that of a range of 10000:1. */
	KUNIT_EXPECT_EQ(test, ade7953_noload_level(10000), 0xe419);
	KUNIT_EXPECT_EQ(test, ade7953_noload_level(1000), 64821);
}

static struct kunit_case ade7953_cases[] = {
	KUNIT_CASE(scales_of_the_default_board),
	KUNIT_CASE(gains_divide_the_scales),
	KUNIT_CASE(largest_ratios_do_not_overflow),
	KUNIT_CASE(frequency_from_period),
	KUNIT_CASE(levels_are_peaks),
	KUNIT_CASE(noload_level_of_the_sheet),
	{ }
};

static struct kunit_suite ade7953_suite = {
	.name = "ade7953",
	.test_cases = ade7953_cases,
};

kunit_test_suite(ade7953_suite);

MODULE_DESCRIPTION("KUnit: ADE7953 scales, frequency and levels");
MODULE_LICENSE("GPL");
