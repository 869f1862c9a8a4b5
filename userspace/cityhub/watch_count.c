// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/watch_count.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_BOOTS		8
/* Numbers a little before the first one seen may come late. */
#define COUNT_SEQ_BEFORE	65536
#define COUNT_STEP_BYTES	8192

/* Which numbers of one boot came. */
struct count_boot {
	char boot[40];
	uint64_t base;		/* number of the first bit */
	uint64_t first, last;
	uint64_t seen;
	uint8_t *bits;
	size_t bytes;
};

struct watch_count {
	struct count_boot boots[COUNT_BOOTS];
	unsigned int nboots;
	uint64_t received;
	uint64_t duplicates;
};

struct watch_count *watch_count_new(void)
{
	return calloc(1, sizeof(struct watch_count));
}

void watch_count_free(struct watch_count *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < c->nboots; i++)
		free(c->boots[i].bits);
	free(c);
}

static struct count_boot *count_boot(struct watch_count *c, const char *boot,
				     uint64_t seq)
{
	struct count_boot *b;

	for (unsigned int i = 0; i < c->nboots; i++)
		if (!strcmp(c->boots[i].boot, boot))
			return &c->boots[i];
	if (c->nboots == COUNT_BOOTS)
		return NULL;
	b = &c->boots[c->nboots++];
	snprintf(b->boot, sizeof(b->boot), "%s", boot);
	b->base = seq > COUNT_SEQ_BEFORE ? seq - COUNT_SEQ_BEFORE : 0;
	b->first = seq;
	b->last = seq;
	return b;
}

/* Returns false for a number that came before. */
static bool count_mark(struct count_boot *b, uint64_t seq)
{
	uint64_t at = seq - b->base;
	uint8_t bit = (uint8_t)(1 << at % 8);

	if (seq < b->base)
		return true;
	if (at / 8 >= b->bytes) {
		size_t bytes = (size_t)(at / 8) + COUNT_STEP_BYTES;
		uint8_t *more = realloc(b->bits, bytes);

		if (!more)
			return true;
		memset(more + b->bytes, 0, bytes - b->bytes);
		b->bits = more;
		b->bytes = bytes;
	}
	if (b->bits[at / 8] & bit)
		return false;
	b->bits[at / 8] |= bit;
	b->seen++;
	b->first = seq < b->first ? seq : b->first;
	b->last = seq > b->last ? seq : b->last;
	return true;
}

void watch_count_add(struct watch_count *c, const char *boot, uint64_t seq)
{
	struct count_boot *b = count_boot(c, boot, seq);

	c->received++;
	if (b && !count_mark(b, seq))
		c->duplicates++;
}

struct watch_counts watch_count_get(const struct watch_count *c)
{
	struct watch_counts counts = {
		.received = c->received, .duplicates = c->duplicates,
	};

	for (unsigned int i = 0; i < c->nboots; i++) {
		const struct count_boot *b = &c->boots[i];

		counts.missing += b->last - b->first + 1 - b->seen;
	}
	return counts;
}
