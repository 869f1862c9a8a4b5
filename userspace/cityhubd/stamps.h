/* SPDX-License-Identifier: GPL-2.0-only */
/* How good the stamps of the sensors are, asked from the hub's module. */
#ifndef CITYHUBD_STAMPS_H
#define CITYHUBD_STAMPS_H

#include <stdint.h>

struct stamps;

#if WITH_HUB
/* NULL when out of memory. Works, and knows nothing, without the module. */
struct stamps *stamps_new(void);
void stamps_free(struct stamps *s);
/*
 * Ask again; call about once a second. Also tells the hub, whose grid follows
 * UTC, how good the clock is: @clock_bound_ns, or BATCH_UNKNOWN when it is not
 * synchronised. Without CAP_NET_ADMIN it may not be told.
 */
void stamps_refresh(struct stamps *s, int64_t clock_bound_ns);
/*
 * Bound of the stamps of "iio:deviceN" since the refresh before the last one,
 * the worse of both; BATCH_UNKNOWN when it is not known.
 */
int64_t stamps_bound_ns(const struct stamps *s, const char *key);
#else
#include <stdlib.h>

#include "common/batch.h"

static inline struct stamps *stamps_new(void)
{
	return malloc(1);
}

static inline void stamps_free(struct stamps *s)
{
	free(s);
}

static inline void stamps_refresh(struct stamps *s, int64_t clock_bound_ns)
{
	(void)s;
	(void)clock_bound_ns;
}

static inline int64_t stamps_bound_ns(const struct stamps *s, const char *key)
{
	(void)s;
	(void)key;
	return BATCH_UNKNOWN;
}
#endif

#endif /* CITYHUBD_STAMPS_H */
