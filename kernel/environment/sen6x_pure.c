// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN6x: checksum, framing and arithmetic. No device is needed for
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
