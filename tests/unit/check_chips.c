// SPDX-License-Identifier: GPL-2.0-only
/* A chip that is absent is not taken for any other one that answers. */
#include "unit.h"

#include "cityhub/chips.h"
#include "common/array.h"

static int there;	/* the only address that answers */

static int answers(int bus, int address)
{
	ck_assert_int_eq(bus, 1);
	return address == there;
}

static int stray(const char *name, int address, int other)
{
	struct chip c = { .bus = 1, .address = address };

	snprintf(c.name, sizeof(c.name), "%s", name);
	there = other;
	return chips_stray(&c, answers);
}

static const struct {
	const char *name;
	int address;
	int other;	/* what answers */
	bool may_be;	/* the chip */
} cases[] = {
	/* No pin sets these. */
	{ "sen66", 0x6b, 0x48, false },
	{ "sen66", 0x6b, 0x69, false },
	{ "sen55", 0x69, 0x6b, false },
	{ "mpl3115", 0x60, 0x61, false },
	{ "ade7953", 0x38, 0x39, false },
	/* Declared where no chip of the kind can be. */
	{ "sen66", 0x69, 0x6b, true },
	/* A pin. */
	{ "bme280", 0x76, 0x77, true },
	{ "bmp280", 0x77, 0x76, true },
	{ "bme280", 0x76, 0x75, false },
	/* Made to order, but not with an address of others that are known. */
	{ "pcba-dbm", 0x48, 0x49, true },
	{ "pcba-dbm", 0x48, 0x6b, false },
	{ "pcba-dbm", 0x48, 0x77, false },
};

START_TEST(a_stray_address_is_one_the_chip_can_have)
{
	ck_assert_int_eq(stray(cases[_i].name, cases[_i].address,
			       cases[_i].other),
			 cases[_i].may_be ? cases[_i].other : -1);
}
END_TEST

START_TEST(its_own_address_is_no_stray_one)
{
	ck_assert_int_eq(stray("bme280", 0x76, 0x76), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chips");
	TCase *t = tcase_create("chips");

	tcase_add_loop_test(t, a_stray_address_is_one_the_chip_can_have, 0,
			    ARRAY_SIZE(cases));
	tcase_add_test(t, its_own_address_is_no_stray_one);
	suite_add_tcase(s, t);
	return unit_run(s);
}
