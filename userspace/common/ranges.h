/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which ids a sink has acknowledged: all up to its cursor, and a few runs
 * beyond, because live data overtakes a backlog.
 */
#ifndef CITYHUB_RANGES_H
#define CITYHUB_RANGES_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define RANGES		8
#define RANGES_END	INT64_MAX	/* no id is larger */

/* The ids after @after up to and with @last. */
struct range {
	uint64_t after;
	uint64_t last;
};

/* In order and apart; the first begins after 0 and ends with the cursor. */
struct ranges {
	unsigned int n;
	struct range r[RANGES];
};

void ranges_init(struct ranges *s, uint64_t cursor);
uint64_t ranges_cursor(const struct ranges *s);
/* The end of the newest run. */
uint64_t ranges_newest(const struct ranges *s);
/*
 * Returns 0, or -ENOSPC when there would be too many runs; nothing changes
 * then. What was not in it before is added to @fresh, if that is not NULL.
 */
int ranges_add(struct ranges *s, uint64_t after, uint64_t last,
	       uint64_t *fresh);
/* Whether a run that touches none of those there are would find room. */
bool ranges_have_room(const struct ranges *s);
/* The last id of the run that holds @id + 1, or @id when none does. */
uint64_t ranges_skip(const struct ranges *s, uint64_t id);
/* The last id before the next run after @id, or RANGES_END. */
uint64_t ranges_until(const struct ranges *s, uint64_t id);

#endif /* CITYHUB_RANGES_H */
