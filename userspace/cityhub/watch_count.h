/* SPDX-License-Identifier: GPL-2.0-only */
/* Which numbers of a hub's messages came, and which are missing. */
#ifndef CITYHUB_WATCH_COUNT_H
#define CITYHUB_WATCH_COUNT_H

#include <stdint.h>

struct watch_count;

struct watch_counts {
	uint64_t received;
	uint64_t missing;	/* numbers left out in what came */
	uint64_t duplicates;
};

/* NULL when out of memory. */
struct watch_count *watch_count_new(void);
void watch_count_free(struct watch_count *c);

/* A message came; numbers begin anew with each boot. */
void watch_count_add(struct watch_count *c, const char *boot, uint64_t seq);
struct watch_counts watch_count_get(const struct watch_count *c);

#endif /* CITYHUB_WATCH_COUNT_H */
