/* SPDX-License-Identifier: GPL-2.0-only */
/* The layout of an IIO scan, compiled once into one function per channel. */
#ifndef CITYHUBD_DECODE_H
#define CITYHUBD_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As in the scan type of sysfs, e.g. be:s12/16>>4. */
struct decode_format {
	unsigned int bits;
	unsigned int storage;	/* bits in the buffer: 8, 16, 32 or 64 */
	unsigned int shift;
	bool is_signed;
	bool is_be;
};

struct decode_channel;
typedef void (*decode_fn)(const struct decode_channel *c, const uint8_t *p,
			  size_t stride, size_t n, int64_t *out);

struct decode_channel {
	struct decode_format format;
	size_t offset;		/* in the scan */
	decode_fn fn;
};

/*
 * Lay out @n channels, given in scan order with their formats, the way the
 * IIO core does. Returns the size of a scan, or -EINVAL for a format that
 * no kernel makes.
 */
ptrdiff_t decode_compile(struct decode_channel *c, unsigned int n);

/* Column of one channel out of @n scans of @stride bytes. */
static inline void decode_column(const struct decode_channel *c,
				 const uint8_t *scans, size_t stride, size_t n,
				 int64_t *out)
{
	c->fn(c, scans + c->offset, stride, n, out);
}

#endif /* CITYHUBD_DECODE_H */
