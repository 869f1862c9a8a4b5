// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated ADE9000 against its sheet. The model is built in, so that the
 * test sees inside where the pins do not show enough.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "sim_sine.c"
#include "sim_ade9000.c"
#include "sim_ade9000_events.c"
#include "sim_ade9000_power.c"
#include "sim_ade9000_regs.c"
#include "sim_ade9000_spi.c"
#include "sim_ade9000_wave.c"

#include <check.h>
#include <math.h>

#define START	1000000007LL
#define SAMPLE	125000

struct record {
	s64 t;
	s64 set[CHANNELS];
};

static struct sim_chip chip;
static struct ade *ade;
static s64 now;
static s64 world[SIM_QUANTITIES];
static struct record *truth;
static u32 truths, truth_room;

bool sim_world_get(enum sim_quantity q, s64 at, s64 *value)
{
	*value = world[q];
	return true;
}

void sim_reading(struct sim_chip *c, s64 t, const s64 *values)
{
}

void sim_truth(struct sim_chip *c, s64 t, const s64 *values)
{
	if (truths == truth_room) {
		truth_room = truth_room ? 2 * truth_room : 1024;
		truth = realloc(truth, truth_room * sizeof(*truth));
		ck_assert_ptr_nonnull(truth);
	}
	truth[truths].t = t;
	memcpy(truth[truths++].set, values, sizeof(truth->set));
}

/* The core's part: advance, transfer, advance. */

static s64 go(s64 to)
{
	now = to;
	return sim_ade9000_ops.advance(&chip, now);
}

static bool irq(u32 line)
{
	return sim_ade9000_ops.irq_active(&chip, line);
}

static void transfer(const u8 *tx, u8 *rx, u32 len)
{
	go(now);
	sim_ade9000_ops.spi_select(&chip, now, true);
	sim_ade9000_ops.spi_exchange(&chip, now, tx, rx, len);
	sim_ade9000_ops.spi_select(&chip, now, false);
	go(now);
}

/* Read @len bytes after the header of @address. */
static void get(u32 address, u8 *data, u32 len)
{
	static u8 tx[16384], rx[16384];

	memset(tx, 0, len + 2);
	tx[0] = address >> 4;
	tx[1] = address << 4 | 8;
	transfer(tx, rx, len + 2);
	ck_assert_uint_eq(rx[0], 0xff);
	ck_assert_uint_eq(rx[1], 0xff);
	memcpy(data, rx + 2, len);
}

static u32 word(const u8 *b)
{
	return (u32)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

static u32 rd32(u32 address)
{
	u8 b[6];

	get(address, b, 6);
	if (!(ade->reg[ADE_CONFIG1] & ADE_CONFIG1_BURST_EN))
		ck_assert_uint_eq(b[4] << 8 | b[5], ade_crc(word(b), 4));
	return word(b);
}

static u32 rd16(u32 address)
{
	u8 b[4];

	get(address, b, 4);
	if (!(ade->reg[ADE_CONFIG1] & ADE_CONFIG1_BURST_EN))
		ck_assert_uint_eq(b[2] << 8 | b[3],
				  ade_crc(b[0] << 8 | b[1], 2));
	return b[0] << 8 | b[1];
}

static void wr32(u32 a, u32 v)
{
	u8 tx[] = { a >> 4, a << 4, v >> 24, v >> 16, v >> 8, v };

	transfer(tx, NULL, sizeof(tx));
}

static void wr16(u32 a, u32 v)
{
	u8 tx[] = { a >> 4, a << 4, v >> 8, v };

	transfer(tx, NULL, sizeof(tx));
}

static void mains(u32 phase, double volt, double amp, double pf, double hertz)
{
	world[SIM_L1_V + 4 * phase] = llround(volt * 1e6);
	world[SIM_L1_A + 4 * phase] = llround(amp * 1e6);
	world[SIM_L1_PF + 4 * phase] = llround(pf * 1e6);
	world[SIM_L1_HZ + 4 * phase] = llround(hertz * 1e6);
}

static void setup(void)
{
	u32 p;

	memset(&chip, 0, sizeof(chip));
	memset(world, 0, sizeof(world));
	mains(0, 230.1, 4.2, 0.95, 50);
	mains(1, 229.3, 7.7, 0.8, 50);
	mains(2, 231.0, 1.3, -0.6, 50);
	world[SIM_TEMP_C] = 25000000;
	for (p = 0; p < PHASES; p++) {
		world[SIM_L1_VTHD + 2 * p] = 21000 * (p + 1);
		world[SIM_L1_ITHD + 2 * p] = 84000 * (p + 1);
	}
	truths = 0;
	now = START;
	ck_assert_int_eq(sim_ade9000_ops.init(&chip, now), 0);
	ade = chip.priv;
}

static void setup_ready(void)
{
	setup();
	go(START + 50000000);
	wr32(0x403, BIT(16));
}

/* Running and settled. */
static void setup_run(void)
{
	setup_ready();
	wr16(0x480, 1);
	go(now + 1100000000);
}

static void teardown(void)
{
	sim_ade9000_ops.exit(&chip);
	free(truth);
	truth = NULL;
	truth_room = 0;
}

static void near_by(double got, double want, double error)
{
	ck_assert_msg(fabs(got - want) <= error, "%.3f is not %.3f +-%.3f",
		      got, want, error);
}

/* What the formulas of the sheet give. */

static double vrms_code(u32 p)
{
	return world[SIM_L1_V + 4 * p] / 1e6 / 801 * sqrt(2) * FS_RMS;
}

static double irms_code(u32 p)
{
	return world[SIM_L1_A + 4 * p] * 1e-3 / 196078 * sqrt(2) * FS_RMS;
}

static double pf_of(u32 p)
{
	return world[SIM_L1_PF + 4 * p] / 1e6;
}

static double va_code(u32 p)
{
	return vrms_code(p) / FS_RMS * irms_code(p) / FS_RMS * 20694066;
}

START_TEST(sine_is_good_to_1e_8)
{
	u64 phase;

	for (phase = 0; phase < 1ULL << 32; phase += 99991) {
		double angle = phase * 2 * M_PI / 4294967296.0;
		s32 s, c;

		sim_sincos(phase, &s, &c);
		ck_assert_double_eq_tol((double)s / SIM_SINE_ONE, sin(angle), 1e-8);
		ck_assert_double_eq_tol((double)c / SIM_SINE_ONE, cos(angle), 1e-8);
	}
}
END_TEST

START_TEST(crc_vectors_of_the_sheet)
{
	ck_assert_uint_eq(ade_crc(0, 2), 0x1d0f);
	ck_assert_uint_eq(ade_crc(0, 4), 0x84c0);
	ck_assert_uint_eq(ade_crc(0x00fe, 2), 0x13de);
	ck_assert_uint_eq(ade_crc(0x1234, 2), 0x0ec9);
	ck_assert_uint_eq(ade_crc(0x12345678, 4), 0x30ec);
	ck_assert_uint_eq(ade_crc(0x00a00000, 4), 0x395c);
}
END_TEST

START_TEST(not_ready_for_50_ms)
{
	u8 b[6];

	wr16(0x4a1, 0x8080);
	get(0x402, b, 6);
	ck_assert_uint_eq(word(b), 0xffffffff);
	ck_assert_int_eq(go(START + 49999999), START + 50000000);
	get(0x4fe, b, 2);
	ck_assert_uint_eq(b[0], 0xff);
	ck_assert(!irq(1));
	ck_assert_int_eq(go(START + 50000000), SIM_NEVER);
	ck_assert(irq(1));
	ck_assert(!irq(0));
	ck_assert_uint_eq(rd32(0x403), BIT(16));
	wr32(0x403, BIT(16));
	ck_assert_uint_eq(rd32(0x403), 0);
	ck_assert(!irq(1));
	ck_assert_uint_eq(rd16(0x4a1), 0);
}
END_TEST

/* Selected before the end of the reset, clocked after it: not understood. */
START_TEST(reset_ends_within_a_transfer)
{
	const u8 tx[] = { 0x4a, 0x10, 0x80, 0x80 };

	sim_ade9000_ops.spi_select(&chip, now, true);
	go(START + 50000000);
	sim_ade9000_ops.spi_exchange(&chip, now, tx, NULL, sizeof(tx));
	sim_ade9000_ops.spi_select(&chip, now, false);
	ck_assert_uint_eq(rd16(0x4a1), 0);
}
END_TEST

START_TEST(software_reset)
{
	u8 b[2];

	wr32(0x00b, 5);
	wr16(0x481, 1);
	get(0x481, b, 2);
	ck_assert_uint_eq(b[0] << 8 | b[1], 0xffff);
	ck_assert_int_eq(go(now), now + 50000000);
	go(now + 50000000);
	ck_assert(irq(1));
	ck_assert_uint_eq(rd16(0x481), 0);
	ck_assert_uint_eq(rd32(0x00b), 0);
}
END_TEST

START_TEST(reset_values)
{
	ck_assert_uint_eq(rd16(0x4fe) & 0xffc0, 0x00c0);
	ck_assert_uint_eq(rd32(0x472), BIT(20));
	ck_assert_uint_eq(rd16(0x4a4), 0x63);
	ck_assert_uint_eq(rd32(0x40f), 0x45d45);
	ck_assert_uint_eq(rd32(0x41b), 0xa00000);
	ck_assert_uint_eq(rd32(0x424), 0x1fffff);
	ck_assert_uint_eq(rd32(0x41e), 0xffff);
	ck_assert_uint_eq(rd16(0x493), 0xf000);
	ck_assert_uint_eq(rd16(0x49a), 0x1e);
	ck_assert_uint_eq(rd16(0x4af), 0x0c00);
	ck_assert_uint_eq(rd16(0x4b2), 0xff);
	ck_assert_uint_eq(rd32(0x26a), 0);
	wr16(0x480, 1);
	ck_assert_uint_eq(rd32(0x26a), 0x0c);
}
END_TEST

START_TEST(width_follows_the_address)
{
	u8 b[8];

	/* 0x47F and 0x4FF are 32 bits wide, all between 16. */
	rd32(0x47f);
	rd16(0x480);
	rd16(0x4fe);
	rd32(0x4ff);
	/* After the checksum nothing is driven. */
	get(0x4fe, b, 6);
	ck_assert_uint_eq(word(b), 0x00fe13de);
	ck_assert_uint_eq(b[4] << 8 | b[5], 0xffff);
	/* No checksum with BURST_EN. */
	wr16(0x481, BIT(11));
	get(0x4fe, b, 4);
	ck_assert_uint_eq(word(b), 0x00feffff);
}
END_TEST

START_TEST(write_needs_all_its_bits)
{
	const u8 tx[] = { 0x00, 0xb0, 0x12, 0x34, 0x56 };
	const u8 more[] = { 0x4a, 0x10, 0x12, 0x34, 0x56, 0x78 };

	transfer(tx, NULL, sizeof(tx));
	ck_assert_uint_eq(rd32(0x00b), 0);
	wr32(0x00b, 0x12345678);
	ck_assert_uint_eq(rd32(0x00b), 0x12345678);
	/* A register of 16 bits takes the first two bytes. */
	transfer(more, NULL, sizeof(more));
	ck_assert_uint_eq(rd16(0x4a1), 0x1234);
}
END_TEST

START_TEST(read_only_and_missing_registers)
{
	wr16(0x4fe, 1);
	ck_assert_uint_eq(rd16(0x4fe), 0x00fe);
	wr32(0x20d, 1);
	ck_assert_uint_eq(rd32(0x20d), 0);
	wr32(0x800, 1);
	ck_assert_uint_eq(ade->ram[0], 0);
	wr32(0x019, 1);
	ck_assert_uint_eq(rd32(0x019), 0);
	wr16(0x480, 0xfffe);
	ck_assert_uint_eq(rd16(0x480), 0);
}
END_TEST

START_TEST(write_lock)
{
	wr16(0x4bf, 0x3c64);
	ck_assert_uint_eq(rd16(0x4bf), 1);
	wr32(0x00b, 7);
	wr16(0x4a1, 7);
	ck_assert_uint_eq(rd32(0x00b), 0);
	ck_assert_uint_eq(rd16(0x4a1), 0);
	wr16(0x4bf, 0x1111);
	ck_assert_uint_eq(rd16(0x4bf), 1);
	wr16(0x4bf, 0x4ad1);
	ck_assert_uint_eq(rd16(0x4bf), 0);
	wr32(0x00b, 7);
	ck_assert_uint_eq(rd32(0x00b), 7);
}
END_TEST

START_TEST(check_registers)
{
	wr32(0x00b, 0xcafe0001);
	ck_assert_uint_eq(rd16(0x4ae), 0x00b0);
	ck_assert_uint_eq(rd32(0x423), 0xcafe0001);
	ck_assert_uint_eq(rd16(0x4ae), 0x00b0);
	rd16(0x4fe);
	ck_assert_uint_eq(rd16(0x4a9), 0x13de);
	rd16(0x4fe);
	ck_assert_uint_eq(rd16(0x4ac), 0x00fe);
	ck_assert_uint_eq(rd16(0x4ae), 0x4fe8);
}
END_TEST

START_TEST(status_is_cleared_by_ones)
{
	ade->reg[ADE_STATUS0] = BIT(17) | BIT(0);
	ck_assert(!irq(0));
	wr32(0x405, BIT(17));
	ck_assert(irq(0));
	wr32(0x402, BIT(0));
	ck_assert_uint_eq(rd32(0x402), BIT(17));
	ck_assert(irq(0));
	wr16(0x481, BIT(12));
	ck_assert(!irq(0));
	ck_assert(irq(1));
	wr16(0x481, 0);
	wr32(0x402, BIT(17));
	ck_assert(!irq(0));
	ck_assert_uint_eq(rd32(0x402), 0);
}
END_TEST

START_TEST(errors_cannot_be_masked)
{
	chip.faults.status = BIT(30);
	go(now + 1);
	ck_assert(!irq(1));
	chip.faults.status = BIT(29);
	go(now + 1);
	ck_assert(irq(1));
	chip.faults.status = 0;
	wr32(0x403, 0xffffffff);
	ck_assert(irq(1));
	wr16(0x481, 1);
	go(now + 50000000);
	wr32(0x403, BIT(16));
	ck_assert(!irq(1));
}
END_TEST

START_TEST(checksum_fault)
{
	u8 b[4];

	chip.faults.crc_error = 1;
	get(0x4fe, b, 4);
	ck_assert_uint_ne(word(b), 0x00fe13de);
	ck_assert_uint_eq(b[1], 0xfe);
	get(0x4fe, b, 4);
	ck_assert_uint_eq(word(b), 0x00fe13de);
}
END_TEST

START_TEST(register_burst)
{
	static const u16 some[][2] = {
		{ 0x600, 0x20b }, { 0x602, 0x24b }, { 0x603, 0x265 },
		{ 0x604, 0x20a }, { 0x607, 0x20c }, { 0x60a, 0x20d },
		{ 0x60d, 0x266 }, { 0x60e, 0x210 }, { 0x611, 0x212 },
		{ 0x614, 0x211 }, { 0x617, 0x214 }, { 0x61a, 0x216 },
		{ 0x623, 0x213 }, { 0x626, 0x215 }, { 0x629, 0x20e },
		{ 0x62c, 0x20f }, { 0x62f, 0x219 }, { 0x632, 0x21a },
		{ 0x635, 0x267 }, { 0x636, 0x21b }, { 0x63b, 0x25c },
		{ 0x63c, 0x268 }, { 0x680, 0x20b }, { 0x684, 0x210 },
		{ 0x692, 0x21c }, { 0x693, 0x22b }, { 0x6a6, 0x24b },
		{ 0x6b8, 0x25c }, { 0x6b9, 0x265 }, { 0x6bc, 0x268 },
	};
	u8 b[0x13d * 4 + 4];
	u32 n;

	for (n = 0; n < ARRAY_SIZE(some); n++)
		ck_assert_uint_eq(rd32(some[n][0]), rd32(some[n][1]));
	wr16(0x481, BIT(11));
	get(0x500, b, sizeof(b));
	for (n = 0; n < ARRAY_SIZE(some) && some[n][0] <= 0x63c; n++)
		ck_assert_uint_eq(word(b + 4 * (some[n][0] - 0x500)),
				  rd32(some[n][1]));
	ck_assert_uint_eq(word(b + 4 * 0x13d), 0xffffffff);
	get(0x6bb, b, 12);
	ck_assert_uint_eq(word(b), rd32(0x267));
	ck_assert_uint_eq(word(b + 8), 0xffffffff);
	/* Elsewhere there is no burst. */
	get(0x20c, b, 8);
	ck_assert_uint_eq(word(b), rd32(0x20c));
	ck_assert_uint_eq(word(b + 4), 0xffffffff);
	ck_assert_uint_eq(rd16(0x4ae), 0x20c8);
}
END_TEST

START_TEST(wave_burst_layouts)
{
	static const struct {
		u16 cfg;
		u8 mask;
	} layout[] = {
		{ 0x0000, 0x3f }, { 0x1000, 0x7f }, { 1, 0x03 }, { 2, 0x0c },
		{ 3, 0x30 }, { 8, 0x01 }, { 9, 0x02 }, { 0xa, 0x04 },
		{ 0xb, 0x08 }, { 0xc, 0x10 }, { 0xd, 0x20 }, { 0x100e, 0x40 },
	};
	static u8 b[RAM_WORDS * 4 + 4];
	u32 n, i;

	for (i = 0; i < RAM_WORDS; i++)
		ade->ram[i] = 0x11000000 + i;
	for (n = 0; n < ARRAY_SIZE(layout); n++) {
		u32 at = 0;

		wr16(0x4a0, layout[n].cfg);
		get(0xc00, b, sizeof(b));
		for (i = 0x400; i < RAM_WORDS; i++)
			if (layout[n].mask >> (i % 8) & 1) {
				ck_assert_uint_eq(word(b + at), 0x11000000 + i);
				at += 4;
			}
		/* It does not wrap. */
		ck_assert_uint_eq(word(b + at), 0xffffffff);
	}
	/* Without WF_IN_EN there is no IN. */
	wr16(0x4a0, 0xe);
	get(0x800, b, 4);
	ck_assert_uint_eq(word(b), 0xffffffff);
	/* One address, with a checksum. */
	wr16(0x4a0, 0xf);
	ck_assert_uint_eq(rd32(0x805), 0x11000005);
}
END_TEST

static void capture(u32 cfg, u32 pages)
{
	wr16(0x4a1, pages);
	wr32(0x402, 0xffffffff);
	wr32(0x405, BIT(17));
	wr16(0x4a0, cfg & ~0x10u);
	wr16(0x4a0, cfg | 0x10);
}

/* Go from event to event; the instants at which IRQ0 becomes active. */
static s64 next_irq(void)
{
	s64 next = go(now);

	wr32(0x402, BIT(17));
	next = go(now);
	do {
		ck_assert_int_lt(next, SIM_NEVER);
		ck_assert_int_gt(next, now);
		next = go(next);
	} while (!irq(0));
	return now;
}

START_TEST(pages_end_on_time)
{
	u32 n;

	capture(0x3e0, 0x8080);
	for (n = 0; n < 7; n++) {
		s64 at = next_irq();

		ck_assert_uint_eq(truths, 128 * (n + 1));
		ck_assert_int_eq(at, truth[truths - 1].t);
		ck_assert_int_eq((at - START) % SAMPLE, 0);
		ck_assert_uint_eq(rd16(0x4a3) >> 12, n % 2 ? 15 : 7);
	}
	for (n = 1; n < truths; n++)
		ck_assert_int_eq(truth[n].t - truth[n - 1].t, SAMPLE);
	for (n = 0; n < 128; n++)
		ck_assert_int_eq(ade->ram[8 * n], truth[truths - 128 + n].set[0]);
}
END_TEST

START_TEST(page_status_only_where_enabled)
{
	capture(0x3e0, 0x0004);
	go(now + 16 * SAMPLE * 2 - 1);
	ck_assert_uint_eq(rd32(0x402) & BIT(17), 0);
	ck_assert_uint_eq(rd16(0x4a3) >> 12, 1 - (truths < 32));
	next_irq();
	ck_assert_uint_eq(truths, 48);
	ck_assert_uint_eq(rd16(0x4a3) >> 12, 2);
}
END_TEST

/* A slow clock has longer periods; the error changes while it runs. */
START_TEST(clock_error)
{
	const s32 ppb[] = { 40000, -35000, 1, -1, 0 };
	u32 n;

	capture(0x3e0, 0x8080);
	for (n = 0; n < ARRAY_SIZE(ppb); n++) {
		double period;
		u32 first;

		chip.faults.clock_ppb = ppb[n];
		go(now + SAMPLE + SAMPLE / 2);
		first = truths - 1;
		go(now + 1000000000);
		period = (double)(truth[truths - 1].t - truth[first].t) /
			 (truths - 1 - first);
		near_by(period, 125000 * (1 + ppb[n] * 1e-9), 2.1 / 7999);
	}
}
END_TEST

START_TEST(fast_source)
{
	s64 first;

	capture(0x0e0, 0x8080);
	first = next_irq();
	ck_assert_uint_eq(truths, 128);
	ck_assert_int_eq(next_irq() - first, 128 * 31250);
	ck_assert_int_eq(truth[1].t - truth[0].t, 31250);
	ck_assert_int_eq(truth[9].set[3] & 0xf, 0);
}
END_TEST

START_TEST(stop_when_full)
{
	s64 next;

	capture(0x320, 0x8000);
	next_irq();
	ck_assert_uint_eq(truths, 256);
	wr32(0x402, BIT(17));
	next = go(now + 100000000);
	ck_assert_int_eq(next, SIM_NEVER);
	ck_assert_uint_eq(truths, 256);
	/* Only a new edge of CAP_EN starts again. */
	wr16(0x4a0, 0x330);
	go(now + 10000000);
	ck_assert_uint_eq(truths, 256);
	capture(0x320, 0x8000);
	next_irq();
	ck_assert_uint_eq(truths, 512);
}
END_TEST

START_TEST(reserved_and_resampled_write_nothing)
{
	capture(0x3c0, 0xffff);
	go(now + 100000000);
	capture(0x1e0, 0xffff);
	go(now + 100000000);
	ck_assert_uint_eq(truths, 0);
}
END_TEST

START_TEST(trigger)
{
	capture(0x360, 0);
	go(now + 10 * SAMPLE);
	wr16(0x4a2, BIT(10));
	ck_assert_uint_eq(rd16(0x4a3) & 0x7ff, 80);
	ck_assert_uint_eq(rd32(0x402) & BIT(22), BIT(22));
	go(now + 100000000);
	ck_assert_uint_eq(truths, 10);
	capture(0x3a0, 0);
	go(now + 10 * SAMPLE);
	wr16(0x4a2, BIT(10));
	go(now + 100000000);
	ck_assert_uint_eq(truths, 10 + 10 + 128);
}
END_TEST

/* Who reads late reads what was written since, also within one transfer. */
START_TEST(slow_reader_sees_the_next_lap)
{
	const u8 tx[] = { 0x80, 0x08 };
	u8 b[128 * 24];
	u32 n;

	capture(0x3e0, 0x8080);
	next_irq();
	sim_ade9000_ops.spi_select(&chip, now, true);
	sim_ade9000_ops.spi_exchange(&chip, now, tx, NULL, 2);
	sim_ade9000_ops.spi_exchange(&chip, now, NULL, b, 64 * 24);
	go(now + 256 * SAMPLE);
	sim_ade9000_ops.spi_exchange(&chip, now, NULL, b + 64 * 24, 64 * 24);
	for (n = 0; n < 128; n++)
		ck_assert_uint_eq(word(b + 24 * n + 4),
				  (u32)truth[n < 64 ? n : n + 256].set[1]);
	ck_assert_int_ne(truth[64].set[0], truth[64 + 256].set[0]);
}
END_TEST

START_TEST(sign_byte_fault)
{
	u8 b[24 * 16];
	u32 page, n, spoilt = 0;

	capture(0x3e0, 0);
	go(now + 300 * SAMPLE);
	wr16(0x4a0, 0x3e0);
	chip.faults.sign_byte = 100;
	for (page = 0; page < 16; page++) {
		s32 first = ade->ram[0x80 * page];

		get(0x800 + 0x80 * page, b, sizeof(b));
		for (n = 1; n < 16; n++)
			ck_assert_int_eq((s32)word(b + 24 * n),
					 ade->ram[0x80 * page + 8 * n]);
		ck_assert_uint_eq(word(b), first < 0 ? first & 0xffffff : first);
		spoilt += first < 0;
	}
	ck_assert_uint_eq(chip.faults.sign_byte, 100 - spoilt);
	chip.faults.sign_byte = 0;
	for (page = 0; page < 16; page++) {
		get(0x800 + 0x80 * page, b, sizeof(b));
		ck_assert_int_eq((s32)word(b), ade->ram[0x80 * page]);
	}
}
END_TEST

/* The wave is the sine of the phase that the frequency has come to. */
START_TEST(wave_is_the_mains)
{
	double turns[PHASES] = { 0 }, offset[] = { 0, -1. / 3, 1. / 3 };
	double pin[PHASES], last = 0;
	u32 n, p;

	mains(1, 229.3, 7.7, 0.8, 49.9);
	capture(0x3e0, 0xffff);
	go(now + 50 * SAMPLE);
	for (p = 0; p < PHASES; p++) {
		/* Where the phase accumulator stands at the first set */
		u64 back = ade->phase[p].theta - 49 * 4 * ade->phase[p].step;

		turns[p] = (double)(back & (BIT_ULL(48) - 1)) / BIT_ULL(48);
		ck_assert_double_eq_tol(ade->phase[p].step * 4. / BIT_ULL(48),
					world[SIM_L1_HZ + 4 * p] / 8e9, 1e-13);
	}
	mains(0, 231, 4.3, 0.95, 50.2);
	/* Any write makes the model look at the world with the next sample. */
	wr32(0x071, 0);
	go(now + 2000000000);
	for (n = 0; n < truths; n++) {
		double neutral = 0;

		for (p = 0; p < PHASES; p++) {
			double hz = world[SIM_L1_HZ + 4 * p] / 1e6;
			double angle = 2 * M_PI * (turns[p] + offset[p]);
			double lag = acos(pf_of(p));
			double v = sqrt(2) * vrms_code(p) * sin(angle);

			pin[p] = sqrt(2) * irms_code(p) * sin(angle - lag);
			neutral += pin[p];
			turns[p] += (!p && n < 49 ? 50 : hz) / 8000;
			if (!p && n < 50)
				continue;
			near_by(truth[n].set[2 * p + 1], v, 20);
			near_by(truth[n].set[2 * p], pin[p], 3);
		}
		/* No step in phase where the frequency changed. */
		if (n)
			ck_assert_double_lt(fabs(truth[n].set[1] - last), 1.3e6);
		last = truth[n].set[1];
		if (n >= 50)
			near_by(truth[n].set[6], neutral, 5);
	}
}
END_TEST

START_TEST(meter_follows_the_world)
{
	u32 p;

	for (p = 0; p < PHASES; p++) {
		double sine = sqrt(1 - pf_of(p) * pf_of(p));

		near_by(rd32(0x20d + 32 * p), vrms_code(p), 1);
		near_by(rd32(0x20c + 32 * p), irms_code(p), 1);
		near_by((s32)rd32(0x210 + 32 * p), va_code(p) * pf_of(p), 1);
		near_by((s32)rd32(0x211 + 32 * p), va_code(p) * sine, 1);
		near_by(rd32(0x212 + 32 * p), va_code(p), 1);
		near_by((s32)rd32(0x216 + 32 * p), pf_of(p) * BIT(27), 1);
		near_by(rd32(0x217 + 32 * p), .021 * (p + 1) * BIT(27), 1);
		near_by(rd32(0x218 + 32 * p), .084 * (p + 1) * BIT(27), 1);
		near_by(rd32(0x418 + p), 0xa00000 - 1, 1);
	}
	ck_assert_uint_eq(rd16(0x49d), BIT(4));
	mains(0, 0, 0, 1, 60);
	mains(1, 229.3, 7.7, 0.8, 60.02);
	mains(2, 229.3, 7.7, 0.8, 75);
	go(now + SAMPLE);
	near_by(rd32(0x418), 0xa00000 - 1, 1);
	near_by(rd32(0x419), 524288000 / 60.02 - 1, 1);
	near_by(rd32(0x41a), 524288000 / 70. - 1, 1);
	ck_assert_uint_eq(rd32(0x20d), 0);
}
END_TEST

/* Full scale is what the sheet says; above it the converter saturates. */
START_TEST(full_scale)
{
	mains(0, 801 * M_SQRT1_2, 196.078 * M_SQRT1_2, 1, 50);
	go(now + SAMPLE);
	near_by(rd32(0x20c), 52702092, 1);
	near_by(rd32(0x20d), 52702092, 1);
	near_by(rd32(0x210), 20694066, 1);
	mains(0, 700, 150, 1, 50);
	go(now + SAMPLE);
	near_by(rd32(0x20d), 52702092, 1);
}
END_TEST

START_TEST(neutral)
{
	double re = 0, im = 0;
	u32 p;

	for (p = 0; p < PHASES; p++) {
		double angle = 2 * M_PI * (p == 1 ? -1. / 3 : p / 6.) -
			       acos(pf_of(p));

		re += irms_code(p) * cos(angle);
		im += irms_code(p) * sin(angle);
	}
	near_by(rd32(0x266), sqrt(re * re + im * im), 2);
}
END_TEST

START_TEST(gains)
{
	double v = vrms_code(0), i = irms_code(0);

	wr16(0x4b9, 0x0102);
	near_by(rd32(0x20c), 4 * i, 2);
	near_by(rd32(0x20d), 2 * v, 2);
	near_by(rd32(0x22d), vrms_code(1), 1);
	wr16(0x4b9, 0);
	wr32(0x00b, BIT(25));
	wr32(0x000, 0u - (1u << 26));
	near_by(rd32(0x20d), v * 1.25, 2);
	near_by(rd32(0x20c), i * .5, 2);
	near_by(rd32(0x212), va_code(0) * .625, 2);
	wr32(0x00e, BIT(26));
	near_by(rd32(0x212), va_code(0) * .625 * 1.5, 2);
	wr32(0x00f, -100);
	near_by((s32)rd32(0x210), va_code(0) * .625 * 1.5 * pf_of(0) - 100, 2);
	wr32(0x00c, 1000);
	near_by(rd32(0x20c), sqrt(i * i / 4 + 32768. * 1000), 2);
	wr16(0x4ba, BIT(4));
	ck_assert_uint_eq(rd32(0x20d), 0);
}
END_TEST

START_TEST(results_settle_after_run)
{
	wr16(0x480, 1);
	ck_assert_uint_eq(rd32(0x20d), 0);
	go(now + 400000000);
	ck_assert_double_lt(rd32(0x20d), vrms_code(0) * .51);
	ck_assert_int_eq(rd32(0x216), 0);
	go(now + 401000000);
	near_by(rd32(0x20d), vrms_code(0), 1);
	go(now + 230000000);
	near_by(rd32(0x216), .95 * BIT(27), 1);
}
END_TEST

START_TEST(results_stand_still_without_run)
{
	u32 v = rd32(0x20d), i = rd32(0x20a);

	capture(0x3e0, 0xffff);
	go(now + 10 * SAMPLE);
	v = rd32(0x20d);
	i = rd32(0x20a);
	wr16(0x480, 0);
	mains(0, 100, 1, 1, 50);
	ck_assert_int_eq(go(now + 33 * SAMPLE), SIM_NEVER);
	ck_assert_uint_eq(rd32(0x20d), v);
	ck_assert_uint_eq(rd32(0x20a), i);
	ck_assert_uint_eq(truths, 10);
}
END_TEST

START_TEST(reactive_power_can_be_off)
{
	wr16(0x4e0, 1);
	wr16(0x480, 1);
	go(now + 1000000000);
	ck_assert_uint_eq(rd32(0x211), 0);
	ck_assert_uint_ne(rd32(0x214), 0);
}
END_TEST

static s64 energy(u32 address)
{
	u32 lo = rd32(address), hi = rd32(address + 1);

	ck_assert_uint_lt(lo, 0x2000);
	return (s64)(s32)hi * 8192 + lo;
}

static s64 next_energy(void)
{
	s64 next;

	wr32(0x402, BIT(0));
	do {
		next = go(now);
		ck_assert_int_lt(next, SIM_NEVER);
		go(next);
	} while (!irq(0));
	return now;
}

START_TEST(energy_of_a_window)
{
	s64 first;
	u32 p;

	wr16(0x4b2, 7999);
	wr32(0x405, BIT(0));
	wr16(0x4b0, 0x11);
	first = next_energy();
	ck_assert_int_eq(next_energy() - first, 8000LL * SAMPLE);
	for (p = 0; p < PHASES; p++) {
		ck_assert_int_eq(energy(0x2e6 + 60 * p),
				 (s32)rd32(0x210 + 32 * p) * 8000LL);
		ck_assert_int_eq(energy(0x2f0 + 60 * p),
				 (s32)rd32(0x211 + 32 * p) * 8000LL);
		ck_assert_int_eq(energy(0x318 + 60 * p),
				 (s32)rd32(0x212 + 32 * p) * 8000LL);
	}
	ck_assert_int_lt(energy(0x35e), 0);
	/* Add instead of overwrite. */
	wr16(0x4b0, 0x01);
	next_energy();
	next_energy();
	ck_assert_int_eq(energy(0x2e6), (s32)rd32(0x210) * 24000LL);
	/* Switched off, it stands. */
	wr16(0x4b0, 0);
	ck_assert_int_eq(go(now + 3000000000), SIM_NEVER);
	ck_assert_int_eq(energy(0x2e6), (s32)rd32(0x210) * 24000LL);
}
END_TEST

START_TEST(energy_by_half_cycles)
{
	s64 first;

	wr16(0x4b2, 99);
	wr32(0x405, BIT(0));
	wr16(0x49a, 0);
	wr16(0x4b0, 0x13);
	next_energy();
	first = next_energy();
	near_by(next_energy() - first, 1e9, SAMPLE);
	near_by(energy(0x2e6), rd32(0x210) * 8000., rd32(0x210));
}
END_TEST

START_TEST(power_windows)
{
	wr16(0x4b1, 799);
	wr32(0x405, BIT(18));
	wr16(0x4b0, 0x11);
	go(now + 100000000 - SAMPLE);
	ck_assert(!irq(0));
	go(now + SAMPLE);
	ck_assert(irq(0));
	ck_assert_int_eq((s32)rd32(0x2e5), ((s32)rd32(0x210) * 800LL) >> 13);
	ck_assert_int_eq((s32)rd32(0x35d), ((s32)rd32(0x250) * 800LL) >> 13);
	ck_assert_int_eq((s32)rd32(0x39b), -(s32)rd32(0x250) * 800LL >> 13);
	ck_assert_int_eq(rd32(0x397),
			 ((s64)rd32(0x210) + rd32(0x230)) * 800 >> 13);
}
END_TEST

START_TEST(accumulation_modes)
{
	wr16(0x4b2, 79);
	wr16(0x492, 1);
	wr16(0x4b0, 0x11);
	go(now + 50000000);
	ck_assert_int_eq(energy(0x35e), -(s32)rd32(0x250) * 80LL);
	wr16(0x492, 2);
	go(now + 50000000);
	ck_assert_int_eq(energy(0x35e), 0);
	wr16(0x492, 3);
	go(now + 50000000);
	ck_assert_int_eq(energy(0x35e), (s32)rd32(0x250) * 80LL);
	ck_assert_int_eq(energy(0x2e6), 0);
}
END_TEST

START_TEST(no_load)
{
	/* About 2 W, the default limit is 1024 codes or 3.9 W. */
	mains(0, 230, 0.010, 0.9, 50);
	wr16(0x4b2, 7999);
	wr16(0x4b0, 0x11);
	go(now + 2100000000);
	ck_assert_uint_gt(rd32(0x210), 100);
	ck_assert_int_eq(energy(0x2e6), 0);
	ck_assert_uint_eq(rd32(0x41f), 0x3f);
	ck_assert_uint_eq(rd32(0x403) & 0x3f, 0x3f);
	ck_assert_uint_eq(rd32(0x404), 0x3f << 10);
	wr16(0x4b0, 0xe011);
	go(now + 2100000000);
	ck_assert_int_eq(energy(0x2e6), rd32(0x210) * 8000LL);
	ck_assert_uint_eq(rd32(0x41f), 0);
}
END_TEST

START_TEST(energy_registers_wrap_at_45_bits)
{
	wr16(0x4b2, 7999);
	wr16(0x4b0, 0x01);
	ade->phase[0].user[0] = (1LL << 44) - 1;
	go(now + 1000000000);
	ck_assert_int_eq(energy(0x2e6), rd32(0x210) * 8000LL - 1 - (1LL << 44));
	/* The internal ones do at 42 bits. */
	wr16(0x4b0, 0);
	wr16(0x4b0, 0x11);
	ade->phase[0].energy[0] = (1LL << 41) - 1;
	go(now + 1000000000);
	ck_assert_int_eq(energy(0x2e6), rd32(0x210) * 8000LL - 1 - (1LL << 41));
}
END_TEST

START_TEST(read_with_reset_is_broken)
{
	u32 cleared = 0, kept = 0, n;

	wr16(0x4b0, 0x20);
	for (n = 0; n < 64; n++) {
		ade->phase[0].user[0] = 0x12345678;
		energy(0x2e6);
		cleared += !ade->phase[0].user[0];
		kept += ade->phase[0].user[0] == 0x12345678;
	}
	ck_assert_uint_gt(cleared, 0);
	ck_assert_uint_lt(cleared, 64);
	ck_assert_uint_gt(kept, 0);
}
END_TEST

START_TEST(settle_time_before_accumulation)
{
	wr16(0x481, 2 << 8);
	wr16(0x4b2, 799);
	wr32(0x405, BIT(0));
	wr16(0x480, 1);
	wr16(0x4b0, 0x11);
	ck_assert_int_eq(next_energy() - (START + 50000000), 356000000);
}
END_TEST

START_TEST(peaks_clear_on_read)
{
	u32 peak;

	ck_assert_uint_eq(rd32(0x401), 0);
	wr16(0x493, 0xf000 | 7 << 2);
	go(now + 20000000);
	peak = rd32(0x400);
	near_by(peak & 0xffffff, irms_code(1) * sqrt(2) / 32, 1);
	ck_assert_uint_eq(peak >> 24, 2);
	mains(1, 1, 1, 1, 50);
	mains(2, 1, 1, 1, 50);
	rd32(0x401);
	go(now + SAMPLE);
	peak = rd32(0x401);
	near_by(peak & 0xffffff, vrms_code(0) * sqrt(2) / 32, 1);
	ck_assert_uint_eq(peak >> 24, 1);
}
END_TEST

START_TEST(temperature)
{
	u32 trim = rd32(0x474);
	double t;

	ck_assert_uint_eq(rd16(0x4b7), 0);
	wr32(0x405, BIT(25));
	wr16(0x4b6, 0xc);
	ck_assert_int_eq(go(now), now + 1000000);
	go(now + 1000000);
	ck_assert(irq(0));
	t = (trim >> 16) / 32. - rd16(0x4b7) * (trim & 0xffff) / 65536.;
	near_by(t, 25, 0.16);
}
END_TEST

START_TEST(other_events)
{
	wr32(0x405, BIT(15));
	wr32(0x402, 0xffffffff);
	go(now + 1);
	wr32(0x402, 0xffffffff);
	ck_assert_int_le(go(now) - now, SAMPLE);
	go(go(now));
	ck_assert(irq(0));
	wr32(0x405, BIT(21));
	wr32(0x402, 0xffffffff);
	go(go(now));
	ck_assert(irq(0));
	wr32(0x402, BIT(21));
	ck_assert_int_eq(go(now) - now, 8192 * SAMPLE);
	/* Half cycles of L1 */
	wr32(0x405, BIT(19));
	wr32(0x402, 0xffffffff);
	while (!irq(0))
		go(go(now));
	wr32(0x402, BIT(19));
	go(now + 10000000 - SAMPLE);
	ck_assert(!irq(0));
	go(now + 2 * SAMPLE);
	ck_assert(irq(0));
}
END_TEST

/* Go from event to event until IRQ1, for so long at most. */
static s64 next_irq1(s64 most)
{
	s64 from = now;

	while (!irq(1) && now - from <= most)
		go(min_t(s64, go(now), from + most + 1));
	return now - from;
}

START_TEST(dips_begin_and_end)
{
	double v = vrms_code(0);

	wr16(0x481, BIT(10));
	wr32(0x410, v * .9 / 32);
	wr16(0x48b, 3);
	wr32(0x406, BIT(23));
	wr32(0x403, 0x0fffffff);
	ck_assert_int_gt(next_irq1(1000000000), 1000000000);
	mains(0, 150, 4.2, 0.95, 50);
	near_by(next_irq1(1000000000), 60e6, 11e6);
	ck_assert_uint_eq(rd32(0x404) & 7, 1);
	near_by(rd32(0x411), vrms_code(0) / 32, 1);
	wr32(0x403, BIT(23));
	/* Once, with this mode */
	ck_assert_int_gt(next_irq1(1000000000), 1000000000);
	mains(0, 230.1, 4.2, 0.95, 50);
	near_by(next_irq1(1000000000), 60e6, 11e6);
	ck_assert_uint_eq(rd32(0x404) & 7, 0);
	wr32(0x403, BIT(23));
	/* Again and again, with the other */
	wr16(0x481, 0);
	mains(0, 150, 4.2, 0.95, 50);
	near_by(next_irq1(1000000000), 60e6, 11e6);
	wr32(0x403, BIT(23));
	near_by(next_irq1(1000000000), 60e6, 1e6);
}
END_TEST

START_TEST(swells_and_overcurrents)
{
	wr32(0x414, vrms_code(1) * 1.1 / 32);
	wr16(0x48c, 1);
	wr32(0x409, irms_code(1) * 1.1 / 32);
	wr32(0x406, BIT(21) | BIT(17));
	wr32(0x403, 0x0fffffff);
	ck_assert_int_gt(next_irq1(1000000000), 1000000000);
	mains(1, 260, 7.7, 0.8, 50);
	near_by(next_irq1(1000000000), 20e6, 11e6);
	ck_assert_uint_eq(rd32(0x403) & BIT(21), BIT(21));
	ck_assert_uint_eq(rd32(0x404) & (7 << 3), BIT(4));
	mains(1, 229.3, 7.7, 0.8, 50);
	go(now + 100000000);
	wr32(0x403, BIT(21));
	mains(1, 229.3, 9, 0.8, 50);
	near_by(next_irq1(1000000000), 5e6, 6e6);
	ck_assert_uint_eq(rd16(0x48f), BIT(1));
	/* B is bit 14 of OC_EN. */
	wr16(0x493, 0xb000);
	go(now + 20000000);
	ck_assert_uint_eq(rd16(0x48f), 0);
}
END_TEST

START_TEST(crossings_are_missed)
{
	wr16(0x498, 799);
	wr32(0x406, BIT(7));
	wr32(0x403, 0x0fffffff);
	ck_assert_int_gt(next_irq1(1000000000), 1000000000);
	mains(1, 0, 7.7, 0.8, 50);
	near_by(next_irq1(1000000000), 95e6, 6e6);
	wr32(0x403, BIT(7));
	near_by(next_irq1(1000000000), 100e6, 1e6);
}
END_TEST

/* 230 V each: between two of them 398, and what is left of two is 230. */
START_TEST(wirings)
{
	static const double ratio[5][3] = {
		{ 1, 1, 1 }, { 1, 1.7320508, 1 }, { 1, 1, 1 }, { 1, 1, 1 },
		{ 1.7320508, 1.7320508, 1.7320508 },
	};
	u32 mode, p;

	for (p = 0; p < PHASES; p++)
		mains(p, 230, 4, 1, 50);
	for (mode = 0; mode < 5; mode++) {
		wr16(0x492, mode << 4);
		for (p = 0; p < PHASES; p++)
			near_by(rd32(0x20d + 32 * p), vrms_code(p) * ratio[mode][p],
				20);
		near_by((s32)rd32(0x210), va_code(0) * (mode == 4 ? 1.5 : 1), 20);
	}
	/* A - C leads B by a quarter: no active power, all of it reactive. */
	wr16(0x492, 1 << 4);
	near_by((s32)rd32(0x230), 0, 20);
	near_by(abs((s32)rd32(0x231)), va_code(1) * sqrt(3), 20);
	/* What B is without a sensor */
	wr16(0x492, 2 << 4);
	near_by((s32)rd32(0x230), va_code(1), 20);
}
END_TEST

START_TEST(angles)
{
	/* 0.017578125 degrees to a step */
	near_by(rd16(0x482), 120 / .017578125, 1.5);
	near_by(rd16(0x484), 240 / .017578125, 1.5);
	near_by(rd16(0x485), acos(.95) * 180 / M_PI / .017578125, 1.5);
	near_by(rd16(0x487), acos(-.6) * 180 / M_PI / .017578125, 1.5);
	near_by(rd16(0x488), (120 + (acos(.8) - acos(.95)) * 180 / M_PI) /
		.017578125, 1.5);
}
END_TEST

/* However it is called, every sample is taken once and at its instant. */
START_TEST(a_long_gap)
{
	s64 last[CHANNELS];
	u32 n;

	capture(0x3e0, 0x8080);
	n = truths;
	go(now + 10000000000);
	ck_assert_uint_eq(truths - n, 80000);
	for (n = 1; n < truths; n++)
		ck_assert_int_eq(truth[n].t - truth[n - 1].t, SAMPLE);
	memcpy(last, truth[truths - 1].set, sizeof(last));
	teardown();
	setup_run();
	capture(0x3e0, 0x8080);
	for (n = 0; n < 80000; n++)
		go(now + SAMPLE);
	ck_assert_mem_eq(last, truth[truths - 1].set, sizeof(last));
}
END_TEST

static TCase *arithmetic(void)
{
	TCase *t = tcase_create("arithmetic");

	tcase_add_test(t, sine_is_good_to_1e_8);
	tcase_add_test(t, crc_vectors_of_the_sheet);
	return t;
}

static TCase *power_on(void)
{
	TCase *t = tcase_create("power-on");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, not_ready_for_50_ms);
	tcase_add_test(t, reset_ends_within_a_transfer);
	return t;
}

static TCase *registers(void)
{
	TCase *t = tcase_create("registers");

	tcase_add_checked_fixture(t, setup_ready, teardown);
	tcase_add_test(t, software_reset);
	tcase_add_test(t, reset_values);
	tcase_add_test(t, width_follows_the_address);
	tcase_add_test(t, write_needs_all_its_bits);
	tcase_add_test(t, read_only_and_missing_registers);
	tcase_add_test(t, write_lock);
	tcase_add_test(t, check_registers);
	tcase_add_test(t, status_is_cleared_by_ones);
	tcase_add_test(t, errors_cannot_be_masked);
	tcase_add_test(t, checksum_fault);
	tcase_add_test(t, wave_burst_layouts);
	tcase_add_test(t, results_settle_after_run);
	tcase_add_test(t, reactive_power_can_be_off);
	tcase_add_test(t, settle_time_before_accumulation);
	return t;
}

static TCase *waveform(void)
{
	TCase *t = tcase_create("waveform");

	tcase_add_checked_fixture(t, setup_run, teardown);
	tcase_add_test(t, register_burst);
	tcase_add_test(t, pages_end_on_time);
	tcase_add_test(t, page_status_only_where_enabled);
	tcase_add_test(t, clock_error);
	tcase_add_test(t, fast_source);
	tcase_add_test(t, stop_when_full);
	tcase_add_test(t, reserved_and_resampled_write_nothing);
	tcase_add_test(t, trigger);
	tcase_add_test(t, slow_reader_sees_the_next_lap);
	tcase_add_test(t, sign_byte_fault);
	tcase_add_test(t, wave_is_the_mains);
	return t;
}

static TCase *metering(void)
{
	TCase *t = tcase_create("metering");

	tcase_add_checked_fixture(t, setup_run, teardown);
	tcase_add_test(t, meter_follows_the_world);
	tcase_add_test(t, full_scale);
	tcase_add_test(t, neutral);
	tcase_add_test(t, gains);
	tcase_add_test(t, results_stand_still_without_run);
	tcase_add_test(t, energy_of_a_window);
	tcase_add_test(t, energy_by_half_cycles);
	tcase_add_test(t, power_windows);
	tcase_add_test(t, accumulation_modes);
	tcase_add_test(t, no_load);
	tcase_add_test(t, energy_registers_wrap_at_45_bits);
	tcase_add_test(t, read_with_reset_is_broken);
	tcase_add_test(t, peaks_clear_on_read);
	tcase_add_test(t, temperature);
	tcase_add_test(t, other_events);
	tcase_add_test(t, dips_begin_and_end);
	tcase_add_test(t, swells_and_overcurrents);
	tcase_add_test(t, crossings_are_missed);
	tcase_add_test(t, angles);
	tcase_add_test(t, wirings);
	tcase_add_test(t, a_long_gap);
	return t;
}

int main(void)
{
	Suite *s = suite_create("sim ade9000");
	SRunner *runner;
	int failed;

	suite_add_tcase(s, arithmetic());
	suite_add_tcase(s, power_on());
	suite_add_tcase(s, registers());
	suite_add_tcase(s, waveform());
	suite_add_tcase(s, metering());
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
