// SPDX-License-Identifier: GPL-2.0-only
/* Scan layouts and formats of IIO. */
#include "unit.h"

#include <errno.h>

#include "cityhubd/decode.h"

static struct decode_format format(bool is_be, bool is_signed, unsigned int bits,
				   unsigned int storage, unsigned int shift)
{
	return (struct decode_format){
		.bits = bits, .storage = storage, .shift = shift,
		.is_signed = is_signed, .is_be = is_be,
	};
}

static int64_t decode(struct decode_format f, const uint8_t *bytes)
{
	struct decode_channel c = { .format = f };
	int64_t v;

	ck_assert_int_eq(decode_compile(&c, 1), f.storage / 8);
	decode_column(&c, bytes, f.storage / 8, 1, &v);
	return v;
}

static const uint8_t pattern[8] = { 0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
				    0x88 };

START_TEST(plain_formats)
{
	ck_assert_int_eq(decode(format(0, 0, 8, 8, 0), pattern), 0x81);
	ck_assert_int_eq(decode(format(0, 1, 8, 8, 0), pattern), (int8_t)0x81);
	ck_assert_int_eq(decode(format(0, 0, 16, 16, 0), pattern), 0x0281);
	ck_assert_int_eq(decode(format(1, 0, 16, 16, 0), pattern), 0x8102);
	ck_assert_int_eq(decode(format(0, 1, 16, 16, 0), pattern), 0x0281);
	ck_assert_int_eq(decode(format(1, 1, 16, 16, 0), pattern),
			 (int16_t)0x8102);
	ck_assert_int_eq(decode(format(0, 0, 32, 32, 0), pattern), 0x04030281);
	ck_assert_int_eq(decode(format(1, 0, 32, 32, 0), pattern), 0x81020304);
	ck_assert_int_eq(decode(format(1, 1, 32, 32, 0), pattern),
			 (int32_t)0x81020304);
	ck_assert_int_eq(decode(format(0, 1, 32, 32, 0), pattern), 0x04030281);
	ck_assert_int_eq(decode(format(0, 1, 64, 64, 0), pattern),
			 (int64_t)0x8807060504030281);
	ck_assert_int_eq(decode(format(1, 1, 64, 64, 0), pattern),
			 (int64_t)0x8102030405060788);
}
END_TEST

START_TEST(shifted_formats)
{
	/* be:s12/16>>4 */
	ck_assert_int_eq(decode(format(1, 1, 12, 16, 4), pattern),
			 (int64_t)0x810 - 0x1000);
	ck_assert_int_eq(decode(format(1, 0, 12, 16, 4), pattern), 0x810);
	ck_assert_int_eq(decode(format(0, 1, 12, 16, 0), pattern), 0x281);
	/* be:u20/32>>12, as of mpl3115 */
	ck_assert_int_eq(decode(format(1, 0, 20, 32, 12), pattern), 0x81020);
	ck_assert_int_eq(decode(format(0, 1, 24, 32, 8), pattern), 0x040302);
	/* one bit more than a 32-bit shift can take */
	ck_assert_int_eq(decode(format(0, 1, 33, 64, 31), pattern),
			 (int64_t)(0x8807060504030281u >> 31) - (1LL << 33));
}
END_TEST

START_TEST(bits_beyond_are_ignored)
{
	const uint8_t bytes[2] = { 0xff, 0x7f };

	ck_assert_int_eq(decode(format(0, 0, 12, 16, 0), bytes), 0xfff);
	ck_assert_int_eq(decode(format(0, 1, 12, 16, 0), bytes), -1);
}
END_TEST

/* u8, u32, u16, s64 stamp: padding before each, and none at the end. */
START_TEST(padding)
{
	struct decode_channel c[4] = {
		{ .format = format(0, 0, 8, 8, 0) },
		{ .format = format(0, 0, 32, 32, 0) },
		{ .format = format(0, 0, 16, 16, 0) },
		{ .format = format(0, 1, 64, 64, 0) },
	};

	ck_assert_int_eq(decode_compile(c, 4), 24);
	ck_assert_uint_eq(c[0].offset, 0);
	ck_assert_uint_eq(c[1].offset, 4);
	ck_assert_uint_eq(c[2].offset, 8);
	ck_assert_uint_eq(c[3].offset, 16);
	/* Without the stamp the scan ends at a multiple of its largest. */
	ck_assert_int_eq(decode_compile(c, 3), 12);
}
END_TEST

START_TEST(columns)
{
	struct decode_channel c[2] = {
		{ .format = format(1, 1, 16, 16, 0) },
		{ .format = format(1, 1, 16, 16, 0) },
	};
	const uint8_t scans[] = { 0, 1, 0, 2, 0, 3, 0, 4, 0xff, 0xff, 0, 6 };
	int64_t out[3];

	ck_assert_int_eq(decode_compile(c, 2), 4);
	decode_column(&c[0], scans, 4, 3, out);
	ck_assert_int_eq(out[0], 1);
	ck_assert_int_eq(out[1], 3);
	ck_assert_int_eq(out[2], -1);
	decode_column(&c[1], scans, 4, 3, out);
	ck_assert_int_eq(out[2], 6);
}
END_TEST

START_TEST(impossible_formats)
{
	struct decode_channel c = { .format = format(0, 0, 0, 16, 0) };

	ck_assert_int_eq(decode_compile(&c, 1), -EINVAL);
	c.format = format(0, 0, 12, 24, 0);
	ck_assert_int_eq(decode_compile(&c, 1), -EINVAL);
	c.format = format(0, 0, 16, 16, 1);
	ck_assert_int_eq(decode_compile(&c, 1), -EINVAL);
	c.format = format(0, 0, 16, 0, 0);
	ck_assert_int_eq(decode_compile(&c, 1), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decode");
	TCase *t = tcase_create("decode");

	tcase_add_test(t, plain_formats);
	tcase_add_test(t, shifted_formats);
	tcase_add_test(t, bits_beyond_are_ignored);
	tcase_add_test(t, padding);
	tcase_add_test(t, columns);
	tcase_add_test(t, impossible_formats);
	suite_add_tcase(s, t);
	return unit_run(s);
}
