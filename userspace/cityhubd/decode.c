// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/decode.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

/* One loop per plain format: the compiler sees constants. */
#define DECODE_PLAIN(name, type, swap)					\
static void decode_##name(const struct decode_channel *c,		\
			  const uint8_t *p, size_t stride, size_t n,	\
			  int64_t *out)					\
{									\
	(void)c;							\
	for (size_t i = 0; i < n; i++, p += stride) {			\
		type v;							\
									\
		memcpy(&v, p, sizeof(v));				\
		out[i] = (int64_t)(type)swap(v);			\
	}								\
}

#define DECODE_ASIS(v)	(v)

DECODE_PLAIN(u8, uint8_t, DECODE_ASIS)
DECODE_PLAIN(s8, int8_t, DECODE_ASIS)
DECODE_PLAIN(le_u16, uint16_t, le16toh)
DECODE_PLAIN(le_s16, int16_t, le16toh)
DECODE_PLAIN(be_u16, uint16_t, be16toh)
DECODE_PLAIN(be_s16, int16_t, be16toh)
DECODE_PLAIN(le_u32, uint32_t, le32toh)
DECODE_PLAIN(le_s32, int32_t, le32toh)
DECODE_PLAIN(be_u32, uint32_t, be32toh)
DECODE_PLAIN(be_s32, int32_t, be32toh)
/* An unsigned 64 bit value above the signed range does not occur in IIO. */
DECODE_PLAIN(le_64, uint64_t, le64toh)
DECODE_PLAIN(be_64, uint64_t, be64toh)

static uint64_t decode_load(const struct decode_format *f, const uint8_t *p)
{
	unsigned int bytes = f->storage / 8;
	uint64_t v = 0;

	for (unsigned int i = 0; i < bytes; i++)
		v = v << 8 | p[f->is_be ? i : bytes - 1 - i];
	return v;
}

/* Anything with a shift or with fewer bits than its storage. */
static void decode_any(const struct decode_channel *c, const uint8_t *p,
		       size_t stride, size_t n, int64_t *out)
{
	const struct decode_format *f = &c->format;
	unsigned int unused = 64 - f->bits;

	for (size_t i = 0; i < n; i++, p += stride) {
		uint64_t v = decode_load(f, p) >> f->shift << unused;

		out[i] = f->is_signed ? (int64_t)v >> unused :
					(int64_t)(v >> unused);
	}
}

static decode_fn decode_pick(const struct decode_format *f)
{
	static const decode_fn plain[][2][2] = {
		/* storage: { le, be }, each { unsigned, signed } */
		{ { decode_u8, decode_s8 }, { decode_u8, decode_s8 } },
		{ { decode_le_u16, decode_le_s16 },
		  { decode_be_u16, decode_be_s16 } },
		{ { decode_le_u32, decode_le_s32 },
		  { decode_be_u32, decode_be_s32 } },
		{ { decode_le_64, decode_le_64 }, { decode_be_64, decode_be_64 } },
	};

	if (f->shift || f->bits != f->storage)
		return decode_any;
	return plain[__builtin_ctz(f->storage / 8)][f->is_be][f->is_signed];
}

static bool decode_format_valid(const struct decode_format *f)
{
	return (f->storage == 8 || f->storage == 16 || f->storage == 32 ||
		f->storage == 64) && f->bits && f->bits + f->shift <= f->storage;
}

ptrdiff_t decode_compile(struct decode_channel *c, unsigned int n)
{
	size_t at = 0, largest = 1;

	for (unsigned int i = 0; i < n; i++) {
		size_t bytes = c[i].format.storage / 8;

		if (!decode_format_valid(&c[i].format))
			return -EINVAL;
		at = (at + bytes - 1) / bytes * bytes;
		c[i].offset = at;
		c[i].fn = decode_pick(&c[i].format);
		at += bytes;
		if (bytes > largest)
			largest = bytes;
	}
	return (ptrdiff_t)((at + largest - 1) / largest * largest);
}
