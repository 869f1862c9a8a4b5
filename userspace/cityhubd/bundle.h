/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Batches of the store gathered to messages: those of one sensor within a span
 * of UTC go together, where the format packs.
 */
#ifndef CITYHUBD_BUNDLE_H
#define CITYHUBD_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"
#include "common/store_reader.h"

#define BUNDLE_BATCHES	256	/* at most in one bundle */

struct bundle;

/* @pack_ns: spans are whole multiples of it in UTC; 0: one batch each. */
struct bundle *bundle_new(int64_t pack_ns);
void bundle_free(struct bundle *b);
/*
 * Gather what comes after @after, up to @until. Returns 1 when the bundle is
 * complete, 0 when there is none or more may come, -errno. With @hurry nothing
 * is waited for.
 */
int bundle_fill(struct bundle *b, struct store_reader *r, uint64_t after,
		uint64_t until, int64_t now_ms, bool hurry);
/* Of a complete one: its messages, and the id of its last batch. */
unsigned int bundle_parts(const struct bundle *b);
uint64_t bundle_last(const struct bundle *b);
/* The batches of message @part, in order, in @list. Returns their number. */
size_t bundle_part(const struct bundle *b, unsigned int part,
		   const struct batch *list[BUNDLE_BATCHES]);

#endif /* CITYHUBD_BUNDLE_H */
