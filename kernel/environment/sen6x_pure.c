// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x and SEN6x: checksum, framing and arithmetic. No device is needed for
 * any of it, so the tests build this file as it is.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "sen6x.h"

#define SEN6X_CRC_POLYNOMIAL	0x31
#define SEN6X_CRC_INIT		0xff

/* CRC-8 of a word; 48 bytes a second do not pay for a table. */
u8 sen6x_crc(const u8 *bytes, unsigned int count)
{
	u8 crc = SEN6X_CRC_INIT;
	unsigned int bit;

	while (count--) {
		crc ^= *bytes++;
		for (bit = 0; bit < BITS_PER_BYTE; bit++)
			crc = crc & BIT(7) ? crc << 1 ^ SEN6X_CRC_POLYNOMIAL :
					     crc << 1;
	}

	return crc;
}

static u8 *sen6x_put(u8 *bytes, u16 word)
{
	put_unaligned_be16(word, bytes);
	bytes[sizeof(word)] = sen6x_crc(bytes, sizeof(word));
	return bytes + SEN6X_WORD_BYTES;
}

/* A command, which has no checksum, and its arguments; returns the length. */
unsigned int sen6x_frame(u8 *bytes, u16 command, const u16 *words,
			 unsigned int count)
{
	u8 *at = bytes + sizeof(command);

	put_unaligned_be16(command, bytes);
	while (count--)
		at = sen6x_put(at, *words++);

	return at - bytes;
}

/* Words from an answer; -EBADMSG when one of the checksums is wrong. */
int sen6x_unframe(const u8 *bytes, u16 *words, unsigned int count)
{
	for (; count--; bytes += SEN6X_WORD_BYTES) {
		if (sen6x_crc(bytes, sizeof(*words)) != bytes[sizeof(*words)])
			return -EBADMSG;
		*words++ = get_unaligned_be16(bytes);
	}

	return 0;
}

/* Characters from words; @text has room for two per word and a zero. */
void sen6x_text(const u16 *words, unsigned int count, char *text)
{
	for (; count--; text += sizeof(*words))
		put_unaligned_be16(*words++, text);

	*text = '\0';
}

/*
 * Samples taken in @elapsed_ns since the instant of one, at least 1: the chip
 * has just said that there is a new one. The slack covers both the tolerance
 * of the period and a wide first bracket.
 */
u32 sen6x_samples_since(s64 elapsed_ns, s64 period_ns)
{
	s64 slack = div_s64(period_ns, 16);

	return clamp_t(s64, div64_s64(elapsed_ns + slack, period_ns), 1,
		       U32_MAX);
}

/*
 * A word with one way only to say "unknown". For signed words the sheet of
 * SEN5x has 0xffff and the vendor's driver 0x7fff; as a value 0xffff would be
 * -0.01 % or -0.005 degrees, so that no harm is done.
 */
u16 sen6x_known(u16 word, u16 unknown, bool signed_ffff)
{
	return signed_ffff && word == 0xffff ? unknown : word;
}

/* Of the datasheets; two words have no meaning for NOx and one value only. */
bool sen6x_tuning_valid(const u16 *words, bool nox)
{
	static const u16 low[] = { 1, 1, 1, 0, 10, 1 };
	static const u16 high[] = { 250, 1000, 1000, 3000, 5000, 1000 };
	unsigned int i;

	for (i = 0; i < SEN6X_MAX_ARGS; i++)
		if (words[i] < low[i] || words[i] > high[i])
			return false;

	return !nox || (words[2] == 12 && words[4] == 50);
}

/* A slope of 1 / 10000 is added to the factor 1. */
#define SEN6X_SLOPE_MICRO	100

/* From a factor of @val and @val2 millionths; -EINVAL when out of range. */
int sen6x_slope_from_scale(int val, int val2, u16 *slope)
{
	s64 micro = (s64)val * 1000000 + val2 - 1000000;
	s64 steps;

	if (val < 0 || val2 < 0)
		return -EINVAL;

	micro += micro < 0 ? -SEN6X_SLOPE_MICRO / 2 : SEN6X_SLOPE_MICRO / 2;
	steps = div_s64(micro, SEN6X_SLOPE_MICRO);
	if (steps > S16_MAX)
		return -EINVAL;

	*slope = steps;
	return 0;
}

void sen6x_scale_from_slope(u16 slope, int *val, int *val2)
{
	int micro = 1000000 + (s16)slope * SEN6X_SLOPE_MICRO;

	*val = micro / 1000000;
	*val2 = micro % 1000000;
}
