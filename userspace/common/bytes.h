/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that grow. A failed allocation is kept until bytes_take() tells. */
#ifndef CITYHUB_BYTES_H
#define CITYHUB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data;
	size_t len;
	size_t room;
	bool failed;
};

void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_byte(struct bytes *b, uint8_t byte);
void bytes_printf(struct bytes *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void bytes_clear(struct bytes *b);
/*
 * What was written, freed by the caller, with its length; a zero byte that is
 * not counted follows. NULL when out of memory. @b is empty afterwards.
 */
uint8_t *bytes_take(struct bytes *b, size_t *len);

#endif /* CITYHUB_BYTES_H */
