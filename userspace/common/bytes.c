// SPDX-License-Identifier: GPL-2.0-only
#include "common/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_FIRST	1024
#define BYTES_LINE	512	/* what bytes_printf() may write at a time */

static bool bytes_fit(struct bytes *b, size_t more)
{
	size_t room = b->room ? b->room : BYTES_FIRST;
	uint8_t *data;

	if (b->failed)
		return false;
	if (b->len + more <= b->room)
		return true;
	while (room < b->len + more)
		room *= 2;
	data = realloc(b->data, room);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->room = room;
	return true;
}

void bytes_add(struct bytes *b, const void *data, size_t len)
{
	if (!len || !bytes_fit(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void bytes_byte(struct bytes *b, uint8_t byte)
{
	bytes_add(b, &byte, 1);
}

void bytes_printf(struct bytes *b, const char *fmt, ...)
{
	char line[BYTES_LINE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		b->failed = true;
	else
		bytes_add(b, line, (size_t)n);
}

void bytes_clear(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

uint8_t *bytes_take(struct bytes *b, size_t *len)
{
	uint8_t *data;

	bytes_byte(b, 0);
	if (b->failed) {
		bytes_clear(b);
		return NULL;
	}
	data = b->data;
	*len = b->len - 1;
	memset(b, 0, sizeof(*b));
	return data;
}
