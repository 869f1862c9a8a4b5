// SPDX-License-Identifier: GPL-2.0-only
/* The simulated ADE7953 against its sheet, on both buses. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "sim_ade7953.c"

#include <check.h>
#include <math.h>

#define START	1000000007LL

static struct sim_chip chip;
static s64 now;
static s64 world[SIM_QUANTITIES];
static s64 truth[7];
static u32 truths;

bool sim_world_get(enum sim_quantity q, s64 at, s64 *value)
{
	*value = world[q];
	return true;
}

void sim_truth(struct sim_chip *c, s64 t, const s64 *values)
{
	memcpy(truth, values, sizeof(truth));
	truths++;
}

static void go(s64 to)
{
	now = to;
	chip.ops->advance(&chip, now);
}

static bool irq(void)
{
	return chip.ops->irq_active(&chip, 0);
}

static void spi(const u8 *tx, u8 *rx, u32 len, u32 hold_ns)
{
	go(now);
	chip.ops->spi_select(&chip, now, true);
	chip.ops->spi_exchange(&chip, now, tx, rx, len);
	chip.spi_hold_ns = hold_ns;
	chip.ops->spi_select(&chip, now, false);
	go(now);
}

static void put(u16 reg, u32 val, u32 len, u32 hold_ns)
{
	u8 tx[7] = { reg >> 8, reg, 0 };
	u32 n;

	for (n = 0; n < len; n++)
		tx[3 + n] = val >> (8 * (len - 1 - n));
	spi(tx, NULL, 3 + len, hold_ns);
}

static u32 get(u16 reg, u32 len)
{
	u8 tx[8] = { reg >> 8, reg, 0x80 }, rx[8];
	u32 n, val = 0;

	spi(tx, rx, 3 + len, 0);
	ck_assert_uint_eq(rx[0], 0xff);
	for (n = 0; n < len; n++)
		val = val << 8 | rx[3 + n];
	return val;
}

static void setup_on(const struct sim_chip_ops *ops)
{
	memset(&chip, 0, sizeof(chip));
	memset(world, 0, sizeof(world));
	world[SIM_L1_V] = 230000000;
	world[SIM_L1_A] = 10000000;
	world[SIM_L1_PF] = 900000;
	world[SIM_L1_HZ] = 50000000;
	world[SIM_L2_A] = 4000000;
	world[SIM_L2_PF] = -800000;
	chip.ops = ops;
	truths = 0;
	now = START;
	ck_assert_int_eq(ops->init(&chip, now), 0);
}

static void setup(void)
{
	setup_on(&sim_ade7953_spi_ops);
}

static void unlock(void)
{
	put(0x0fe, 0xad, 1, 0);
	put(0x120, 0x30, 2, 0);
}

static void setup_run(void)
{
	setup();
	go(START + READY_NS);
	get(0x32e, 4);
	unlock();
	go(now + 300000000);
}

static void teardown(void)
{
	chip.ops->exit(&chip);
}

static void near_by(double got, double want, double error)
{
	ck_assert_msg(fabs(got - want) <= error, "%.3f is not %.3f +-%.3f",
		      got, want, error);
}

static double vrms(void)
{
	return world[SIM_L1_V] / 1e6 / 801 / .5 * sqrt(2) * FS_RMS;
}

static double irms(u32 n)
{
	return world[n ? SIM_L2_A : SIM_L1_A] * 1e-3 / 196078 / .5 * sqrt(2) *
	       FS_RMS;
}

static double va(u32 n)
{
	return vrms() / FS_RMS * irms(n) / FS_RMS * FS_POWER;
}

START_TEST(silent_until_ready)
{
	go(START + READY_NS - 1);
	ck_assert_uint_eq(get(0x102, 2), 0xffff);
	ck_assert(!irq());
	go(START + READY_NS);
	/* RESET cannot be masked, and reading the status clears it. */
	ck_assert(irq());
	put(0x32c, 0, 4, 0);
	ck_assert(irq());
	ck_assert_uint_eq(get(0x32d, 4), 0x100000);
	ck_assert(irq());
	ck_assert_uint_eq(get(0x32e, 4), 0x100000);
	ck_assert(!irq());
	ck_assert_uint_eq(get(0x32e, 4), 0);
	ck_assert_uint_eq(get(0x102, 2), 0x8004);
	ck_assert_uint_eq(get(0x303, 4), 0xe419);
	ck_assert_uint_eq(get(0x203, 3), 0xe419);
}
END_TEST

START_TEST(results_are_small_until_unlocked)
{
	go(START + READY_NS + 300000000);
	near_by(get(0x31c, 4), vrms() / DEGRADED, 1);
	/* Something between the two writes, and they do not count. */
	put(0x0fe, 0xad, 1, 0);
	get(0x102, 2);
	put(0x120, 0x30, 2, 0);
	near_by(get(0x31c, 4), vrms() / DEGRADED, 1);
	unlock();
	near_by(get(0x31c, 4), vrms(), 2);
	put(0x102, 0x8084, 2, 0);
	go(now + READY_NS + 300000000);
	near_by(get(0x31c, 4), vrms() / DEGRADED, 1);
}
END_TEST

START_TEST(interface_is_locked_only_when_held)
{
	put(0x102, 0x0004, 2, 1199);
	ck_assert_uint_eq(get(0x102, 2), 0x8004);
	put(0x102, 0x0004, 2, 1200);
	ck_assert_uint_eq(get(0x102, 2), 0x0004);
}
END_TEST

START_TEST(lengths_and_protection)
{
	put(0x101, 0x1234, 2, 0);
	put(0x101, 0x56, 1, 0);
	put(0x101, 0x567890, 3, 0);
	ck_assert_uint_eq(get(0x101, 2), 0x1234);
	put(0x040, 2, 1, 0);
	put(0x101, 1, 2, 0);
	ck_assert_uint_eq(get(0x101, 2), 0x1234);
	put(0x040, 0, 1, 0);
	put(0x702, 1, 1, 0);
	put(0x31c, 1, 4, 0);
	ck_assert_uint_ne(get(0x31c, 4), 1);
	ck_assert_uint_eq(get(0x0fd, 1), 0x35);
}
END_TEST

START_TEST(results_follow_the_world)
{
	u32 n;

	near_by(get(0x31c, 4), vrms(), 2);
	for (n = 0; n < 2; n++) {
		double pf = n ? -.8 : .9;

		near_by(get(0x31a + n, 4), irms(n), 2);
		near_by((s32)get(0x312 + n, 4), va(n) * pf, 4);
		near_by((s32)get(0x314 + n, 4), va(n) * sqrt(1 - pf * pf), 4);
		near_by(get(0x310 + n, 4), va(n), 4);
		near_by((s16)get(0x10a + n, 2), fabs(pf) * 32768, 1);
	}
	ck_assert_uint_eq(get(0x10e, 2), 4474);
	world[SIM_L1_HZ] = 60000000;
	ck_assert_uint_eq(get(0x10e, 2), 3728);
	/* Of 24 bits there is no sign above. */
	ck_assert_uint_eq(get(0x213, 3), get(0x313, 4) & 0xffffff);
	put(0x007, 1, 1, 0);
	/* The upper byte repeats bit 23 also where there is no sign. */
	near_by(get(0x31c, 4) & 0xffffff, fmin(2 * vrms(), FS_RMS), 4);
	ck_assert_uint_eq(get(0x31c, 4) >> 24, 0xff);
}
END_TEST

START_TEST(windows_of_line_cycles)
{
	put(0x004, 0x3f, 1, 0);
	put(0x101, 100, 2, 0);
	put(0x32c, BIT(18), 4, 0);
	get(0x32e, 4);
	go(now + 10000000);
	ck_assert(irq());
	get(0x32e, 4);
	truths = 0;
	go(now + 990000000 - 10000000);
	ck_assert(!irq());
	go(now + 20000000);
	ck_assert(irq());
	ck_assert_uint_eq(truths, 1);
	near_by((s32)get(0x31e, 4), va(0) * .9 / FS_POWER * 206900, 1);
	near_by((s32)get(0x31f, 4), va(1) * -.8 / FS_POWER * 206900, 1);
	ck_assert_int_eq((s32)get(0x31e, 4), truth[1]);
	/* No voltage, no crossing, no end of a window. */
	world[SIM_L1_V] = 0;
	get(0x32e, 4);
	go(now + 3000000000LL);
	ck_assert(!irq());
	ck_assert_uint_eq(get(0x32d, 4) & BIT(18), 0);
}
END_TEST

START_TEST(no_load)
{
	/* The level does not move while the detection is at work. */
	put(0x303, 0xfd35, 4, 0);
	ck_assert_uint_eq(get(0x303, 4), 0xe419);
	world[SIM_L1_A] = 30000;
	ck_assert_uint_gt(get(0x312, 4), 0);
	put(0x001, 7, 1, 0);
	put(0x303, 0xfd35, 4, 0);
	put(0x001, 0, 1, 0);
	ck_assert_uint_eq(get(0x303, 4), 0xfd35);
	ck_assert_uint_eq(get(0x312, 4), 0);
	ck_assert_uint_eq(get(0x10a, 2), 0);
}
END_TEST

START_TEST(levels)
{
	put(0x000, 6, 1, 0);
	put(0x300, (u32)(vrms() * FS_WAVE / FS_RMS * .9), 4, 0);
	put(0x325, (u32)(irms(0) * FS_WAVE / FS_RMS * .9), 4, 0);
	put(0x32c, BIT(19), 4, 0);
	go(now + 20000000);
	ck_assert_uint_eq(get(0x32e, 4) & (BIT(13) | BIT(16)), BIT(13));
	ck_assert_uint_eq(get(0x331, 4), 0);
	world[SIM_L1_V] = 200000000;
	go(now + 50000000);
	ck_assert(!irq());
	go(now + 20000000);
	ck_assert(irq());
	/* As long as it lasts */
	get(0x32e, 4);
	go(now + 10000000);
	ck_assert(irq());
}
END_TEST

START_TEST(all_causes_are_told_but_few_interrupt)
{
	get(0x32e, 4);
	go(now + SAMPLE_NS);
	ck_assert_uint_eq(get(0x32d, 4), BIT(17));
	ck_assert(!irq());
	get(0x32e, 4);
	go(now + 10000000);
	ck_assert_uint_eq(get(0x32d, 4), BIT(15) | BIT(17));
	ck_assert(!irq());
	put(0x32c, BIT(17), 4, 0);
	ck_assert(irq());
	get(0x32e, 4);
	ck_assert(!irq());
	go(chip.ops->advance(&chip, now));
	ck_assert(irq());
}
END_TEST

START_TEST(i2c)
{
	u8 tx[] = { 0x01, 0x02 }, config[] = { 0x01, 0x02, 0x00, 0x04 }, rx[2];

	setup_on(&sim_ade7953_i2c_ops);
	go(START + 1);
	ck_assert_int_eq(chip.ops->i2c_write(&chip, now, tx, 2), -ENXIO);
	go(START + READY_NS);
	ck_assert_int_eq(chip.ops->i2c_write(&chip, now, tx, 2), 2);
	ck_assert_int_eq(chip.ops->i2c_write(&chip, now, NULL, 0), 0);
	ck_assert_int_eq(chip.ops->i2c_read(&chip, now, rx, 2), 2);
	ck_assert_uint_eq(rx[0] << 8 | rx[1], 0x8004);
	ck_assert_int_eq(chip.ops->i2c_write(&chip, now, config, 4), 4);
	chip.ops->i2c_write(&chip, now, tx, 2);
	chip.ops->i2c_read(&chip, now, rx, 2);
	ck_assert_uint_eq(rx[0] << 8 | rx[1], 0x0004);
	teardown();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim ade7953");
	TCase *start = tcase_create("start"), *run = tcase_create("run");
	TCase *bus = tcase_create("bus");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(start, setup, teardown);
	tcase_add_test(start, silent_until_ready);
	tcase_add_test(start, results_are_small_until_unlocked);
	tcase_add_checked_fixture(run, setup_run, teardown);
	tcase_add_test(run, interface_is_locked_only_when_held);
	tcase_add_test(run, lengths_and_protection);
	tcase_add_test(run, results_follow_the_world);
	tcase_add_test(run, windows_of_line_cycles);
	tcase_add_test(run, no_load);
	tcase_add_test(run, levels);
	tcase_add_test(run, all_causes_are_told_but_few_interrupt);
	tcase_add_test(bus, i2c);
	suite_add_tcase(s, start);
	suite_add_tcase(s, run);
	suite_add_tcase(s, bus);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
