// SPDX-License-Identifier: GPL-2.0-only
/* ADE9000: checksum, scales, energy and the bookkeeping of the ring. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kernel/energy/ade9000_calc.c"

struct crc_vector {
	const char *data;
	size_t len;
	u16 crc;
};

static const struct crc_vector crc_vectors[] = {
	{ "\x00\x00", 2, 0x1d0f },
	{ "\x00\x00\x00\x00", 4, 0x84c0 },
	{ "\x00\xfe", 2, 0x13de },
	{ "\x12\x34", 2, 0x0ec9 },
	{ "\x12\x34\x56\x78", 4, 0x30ec },
	{ "\x00\xa0\x00\x00", 4, 0x395c },
	{ "123456789", 9, 0x29b1 },
};

static void crc_matches_the_vectors(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crc_vectors); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    ade9000_crc(crc_vectors[i].data,
						crc_vectors[i].len),
				    crc_vectors[i].crc, "vector %u", i);
}

static const struct ade9000_board default_board = {
	.voltage_ratio = 801000,
	.current_ratio = 196078,
	.voltage_gain = 1,
	.current_gain = 1,
};

/* Expected values were computed with 50 decimal digits. */
static void scales_of_the_default_board(struct kunit *test)
{
	struct ade9000_scales scales;

	ade9000_scale(&default_board, &scales);
	KUNIT_EXPECT_EQ(test, scales.wave_voltage, 10747060);
	KUNIT_EXPECT_EQ(test, scales.wave_current, 2630789);
	KUNIT_EXPECT_EQ(test, scales.fast_voltage, 15113208);
	KUNIT_EXPECT_EQ(test, scales.fast_current, 3699585);
	KUNIT_EXPECT_EQ(test, scales.rms_voltage, 10747060);
	KUNIT_EXPECT_EQ(test, scales.rms_current, 2630789);
	KUNIT_EXPECT_EQ(test, scales.power, 3794770877ULL);
	KUNIT_EXPECT_EQ(test, scales.energy, 3885845);
}

static void gain_divides_the_scales(struct kunit *test)
{
	struct ade9000_board board = default_board;
	struct ade9000_scales one, more;

	ade9000_scale(&board, &one);
	board.voltage_gain = 2;
	board.current_gain = 4;
	ade9000_scale(&board, &more);
	KUNIT_EXPECT_EQ(test, more.wave_voltage, one.wave_voltage / 2);
	KUNIT_EXPECT_EQ(test, more.rms_current, (one.rms_current + 2) / 4);
	KUNIT_EXPECT_EQ(test, more.power, one.power / 8);
}

static void largest_ratios_do_not_overflow(struct kunit *test)
{
	struct ade9000_board board = default_board;
	struct ade9000_scales scales;

	/* 100 kV and 100 kA at full scale */
	board.voltage_ratio = 100000000;
	board.current_ratio = 100000000;
	ade9000_scale(&board, &scales);
	KUNIT_EXPECT_EQ(test, scales.wave_voltage, 1341705342ULL);
	KUNIT_EXPECT_EQ(test, scales.power, 241615156731403ULL);
}

static void frequency_from_period(struct kunit *test)
{
	/* The register's value at reset is 50 Hz. */
	KUNIT_EXPECT_EQ(test, ade9000_frequency_uhz(0xa00000), 49999995);
	KUNIT_EXPECT_EQ(test, ade9000_frequency_uhz(10485759), 50000000);
	KUNIT_EXPECT_EQ(test, ade9000_frequency_urad(10485759), 314159265);
	KUNIT_EXPECT_EQ(test, ade9000_frequency_uhz(8738132), 60000002);
}

static void angle_from_its_clock(struct kunit *test)
{
	/* 20480 steps are a turn at 50 Hz. */
	KUNIT_EXPECT_EQ(test, ade9000_angle_urad(0, 10485759), 0);
	KUNIT_EXPECT_EQ(test, ade9000_angle_urad(6827, 10485759), 2094497u);
	KUNIT_EXPECT_EQ(test, ade9000_angle_urad(20480, 10485759), 6283185u);
}

static void temperature_from_its_trim(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ade9000_temperature_mc(0, 20000, 9830), 307187);
	KUNIT_EXPECT_EQ(test, ade9000_temperature_mc(1000, 20000, 9830), 2012);
	KUNIT_EXPECT_LT(test, ade9000_temperature_mc(1200, 20000, 9830), 0);
}

struct energy_case {
	u32 high;
	u32 low;
	s64 codes;
};

static const struct energy_case energy_cases[] = {
	{ 0, 0, 0 },
	{ 0, 1, 1 },
	{ 0, 0x1fff, 8191 },
	{ 1, 0, 8192 },
	{ 0xffffffff, 0x1fff, -1 },
	{ 0xffffffff, 0, -8192 },
	{ 0xfffffffe, 0x1fff, -8193 },
	{ 0x7fffffff, 0x1fff, (1LL << 44) - 1 },
	{ 0x80000000, 0, -(1LL << 44) },
	/* Bits 31 to 13 of the low word mean nothing. */
	{ 0, 0xffffe001, 1 },
	{ 0xffffffff, 0xfffff000, -4096 },
	/* One second at full scale */
	{ 0x01345d98, 0x1a80, 165552528000LL },
};

static void energy_joins_with_sign(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(energy_cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    ade9000_energy_join(energy_cases[i].high,
							energy_cases[i].low),
				    energy_cases[i].codes, "case %u", i);
}

static void energy_register_may_wrap(struct kunit *test)
{
	const s64 last = BIT_ULL(44) - 1, first = -(s64)BIT_ULL(44);
	s64 grown;

	KUNIT_EXPECT_EQ(test, ade9000_energy_since(first + 4, last, 0), 5LL);
	KUNIT_EXPECT_EQ(test, ade9000_energy_since(last - 4, first, 0), -5LL);
	KUNIT_EXPECT_EQ(test, ade9000_energy_since(-70, 30, 0), -100LL);
	/* Three times round, at about the power of before. */
	grown = 3 * BIT_ULL(45) + 1000;
	KUNIT_EXPECT_EQ(test, ade9000_energy_since(1030, 30, grown / 10 * 11),
			grown);
	KUNIT_EXPECT_EQ(test, ade9000_energy_since(-970, 30, -grown / 10 * 9),
			-grown);
}

static void energy_loses_no_code(struct kunit *test)
{
	static const s64 steps[] = { 5, -6, 8191, -8192, 1, 100000, -99999 };
	struct ade9000_energy energy = {};
	s64 sum = 0;
	unsigned int i;

	for (i = 0; i < 10 * ARRAY_SIZE(steps); i++) {
		s64 step = steps[i % ARRAY_SIZE(steps)];

		ade9000_energy_add(&energy, step);
		sum += step;
		KUNIT_EXPECT_EQ(test, energy.units * 8192 + energy.codes, sum);
		KUNIT_EXPECT_LT(test, energy.codes, 8192u);
	}
}

static void windows_missed_by_time(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ade9000_windows_missed(0), 0);
	KUNIT_EXPECT_EQ(test, ade9000_windows_missed(NSEC_PER_SEC), 0);
	KUNIT_EXPECT_EQ(test, ade9000_windows_missed(1499999999LL), 0);
	KUNIT_EXPECT_EQ(test, ade9000_windows_missed(1500000000LL), 1);
	KUNIT_EXPECT_EQ(test, ade9000_windows_missed(3010000000LL), 2);
}

/* The chip has filled @pages at @ns; what it tells is the last one's number. */
static void see(struct ade9000_ring *ring, u64 pages, s64 ns)
{
	ade9000_ring_see(ring, (pages - 1) % ADE9000_PAGES, ns,
			 ADE9000_PAGE_NS);
}

static void ring_counts_on_over_its_end(struct kunit *test)
{
	struct ade9000_ring ring = {};
	u64 pages;

	/* Seen 0.3 ms after the end of each page, then of each eighth. */
	for (pages = 1; pages <= 100; pages++) {
		see(&ring, pages, pages * ADE9000_PAGE_NS + 300000);
		KUNIT_ASSERT_EQ(test, ring.complete, pages);
	}
	for (; pages <= 1000; pages += 8) {
		see(&ring, pages, pages * ADE9000_PAGE_NS + 300000);
		KUNIT_ASSERT_EQ(test, ring.complete, pages);
	}
}

/* The page number is the same again after each round: only time tells. */
static void ring_counts_rounds_by_time(struct kunit *test)
{
	static const u32 gaps[] = { 15, 16, 17, 32, 50, 500 };
	struct ade9000_ring ring;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gaps); i++) {
		ring = (struct ade9000_ring) {};
		see(&ring, 5, 5 * ADE9000_PAGE_NS + 1900000);
		see(&ring, 5 + gaps[i], (5LL + gaps[i]) * ADE9000_PAGE_NS + 1);
		KUNIT_EXPECT_EQ(test, ring.complete, 5 + gaps[i]);
	}
}

static void ring_bears_a_clock_off_by_a_percent(struct kunit *test)
{
	struct ade9000_ring ring = {};
	u64 pages;

	for (pages = 8; pages <= 800; pages += 8) {
		see(&ring, pages, pages * (ADE9000_PAGE_NS + 20000));
		KUNIT_ASSERT_EQ(test, ring.complete, pages);
	}
	for (; pages <= 1600; pages += 200)
		see(&ring, pages, pages * (ADE9000_PAGE_NS + 20000));
	KUNIT_EXPECT_EQ(test, ring.complete, pages - 200);
}

static void ring_never_goes_back(struct kunit *test)
{
	struct ade9000_ring ring = {};

	see(&ring, 20, 20 * ADE9000_PAGE_NS);
	see(&ring, 19, 20 * ADE9000_PAGE_NS);
	KUNIT_EXPECT_EQ(test, ring.complete, 20);
}

static void ring_gives_up_what_was_overwritten(struct kunit *test)
{
	struct ade9000_ring ring = { .complete = 15 };

	/* Page 15 is being filled, page 0 still there. */
	KUNIT_EXPECT_EQ(test, ade9000_ring_skip(&ring), 0);
	ring.complete = 16;
	KUNIT_EXPECT_EQ(test, ade9000_ring_skip(&ring), 1);
	KUNIT_EXPECT_EQ(test, ring.drained, 1);
	ring.complete = 116;
	KUNIT_EXPECT_EQ(test, ade9000_ring_skip(&ring), 100);
	KUNIT_EXPECT_EQ(test, ring.drained, 101);
	KUNIT_EXPECT_EQ(test, ade9000_ring_skip(&ring), 0);
}

static void chunks_end_with_the_ram(struct kunit *test)
{
	struct ade9000_ring ring = { .complete = 12 };

	KUNIT_EXPECT_EQ(test, ade9000_ring_chunk(&ring, 8), 8);
	ring.drained = 12;
	KUNIT_EXPECT_EQ(test, ade9000_ring_chunk(&ring, 8), 0);
	ring.complete = 19;
	KUNIT_EXPECT_EQ(test, ade9000_ring_chunk(&ring, 8), 4);
	ring.drained = 16;
	KUNIT_EXPECT_EQ(test, ade9000_ring_chunk(&ring, 8), 3);
	KUNIT_EXPECT_EQ(test, ade9000_ring_chunk(&ring, 2), 2);
}

static void ring_knows_what_it_holds(struct kunit *test)
{
	struct ade9000_ring ring = { .complete = 16 };

	/* Page 16 is being filled, in the place of page 0. */
	KUNIT_EXPECT_FALSE(test, ade9000_ring_holds(&ring, 0));
	KUNIT_EXPECT_TRUE(test, ade9000_ring_holds(&ring, 1));
	KUNIT_EXPECT_TRUE(test, ade9000_ring_holds(&ring, 15));
}

static void sign_byte_is_doubted(struct kunit *test)
{
	/* -1000, -17 000 000 and -74 000 000 without their sign byte */
	KUNIT_EXPECT_TRUE(test, ade9000_sign_doubtful(0x00fffc18, -900));
	KUNIT_EXPECT_TRUE(test, ade9000_sign_doubtful(0x00fc9940, -16000000));
	KUNIT_EXPECT_TRUE(test, ade9000_sign_doubtful(0x0096d980, -73000000));
	/* As they should be, and what a steep sine does */
	KUNIT_EXPECT_FALSE(test, ade9000_sign_doubtful(-1000, -900));
	KUNIT_EXPECT_FALSE(test, ade9000_sign_doubtful(-74000000, -73000000));
	KUNIT_EXPECT_FALSE(test, ade9000_sign_doubtful(1500000, -1400000));
	KUNIT_EXPECT_FALSE(test, ade9000_sign_doubtful(74000000, 73000000));
}

static struct kunit_case ade9000_cases[] = {
	KUNIT_CASE(crc_matches_the_vectors),
	KUNIT_CASE(scales_of_the_default_board),
	KUNIT_CASE(gain_divides_the_scales),
	KUNIT_CASE(largest_ratios_do_not_overflow),
	KUNIT_CASE(frequency_from_period),
	KUNIT_CASE(angle_from_its_clock),
	KUNIT_CASE(temperature_from_its_trim),
	KUNIT_CASE(energy_joins_with_sign),
	KUNIT_CASE(energy_register_may_wrap),
	KUNIT_CASE(energy_loses_no_code),
	KUNIT_CASE(windows_missed_by_time),
	KUNIT_CASE(ring_counts_on_over_its_end),
	KUNIT_CASE(ring_counts_rounds_by_time),
	KUNIT_CASE(ring_bears_a_clock_off_by_a_percent),
	KUNIT_CASE(ring_never_goes_back),
	KUNIT_CASE(ring_gives_up_what_was_overwritten),
	KUNIT_CASE(chunks_end_with_the_ram),
	KUNIT_CASE(ring_knows_what_it_holds),
	KUNIT_CASE(sign_byte_is_doubted),
	{ }
};

static struct kunit_suite ade9000_suite = {
	.name = "ade9000",
	.test_cases = ade9000_cases,
};

kunit_test_suite(ade9000_suite);

MODULE_DESCRIPTION("KUnit: ADE9000 checksum, scales, energy and ring");
MODULE_LICENSE("GPL");
