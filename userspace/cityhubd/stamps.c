// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/stamps.h"

#include <cityhub/cityhub.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cityhubd/clock.h"
#include "common/batch.h"
#include "common/log.h"

#define STAMPS_RETRY_NS		10000000000
/* What the hub is told of the clock holds for so long, and is said again. */
#define STAMPS_SYNC_VALID_NS	10000000000
#define STAMPS_SYNC_EVERY_NS	3000000000

struct stamps_answer {
	struct cityhub_stats *stats;
	size_t n;
};

struct stamps {
	struct cityhub *hub;
	int64_t retry_ns;
	bool synchronised;	/* as told last */
	int64_t told_ns;
	bool may_not_tell;
	struct stamps_answer now, before;
};

struct stamps *stamps_new(void)
{
	return calloc(1, sizeof(struct stamps));
}

static void stamps_clear(struct stamps_answer *a)
{
	cityhub_stats_free(a->stats);
	a->stats = NULL;
	a->n = 0;
}

void stamps_free(struct stamps *s)
{
	if (!s)
		return;
	stamps_clear(&s->now);
	stamps_clear(&s->before);
	cityhub_close(s->hub);
	free(s);
}

/* A change at once, the rest now and then; the end of it lapses by itself. */
static void stamps_tell_sync(struct stamps *s, int64_t bound_ns, int64_t now)
{
	bool synchronised = bound_ns >= 0;
	int err;

	if (s->may_not_tell || (synchronised == s->synchronised &&
	    (!synchronised || now - s->told_ns < STAMPS_SYNC_EVERY_NS)))
		return;
	err = cityhub_sync_set(s->hub, synchronised ? (uint64_t)bound_ns : 0,
			       synchronised ? STAMPS_SYNC_VALID_NS : 0);
	if (err == -EPERM)
		log_info("hub: without CAP_NET_ADMIN it is not told how good the clock is; 'cityhub arm' tells it then");
	else if (err)
		log_debug("hub: %s", cityhub_error(s->hub));
	s->may_not_tell = err == -EPERM;
	s->synchronised = synchronised;
	s->told_ns = now;
}

void stamps_refresh(struct stamps *s, int64_t clock_bound_ns)
{
	int64_t now = clock_boottime_ns();
	int err;

	stamps_clear(&s->before);
	s->before = s->now;
	s->now = (struct stamps_answer){ 0 };
	if (!s->hub) {
		if (now < s->retry_ns)
			return;
		s->retry_ns = now + STAMPS_RETRY_NS;
		if (cityhub_open(&s->hub))
			return;
	}
	stamps_tell_sync(s, clock_bound_ns, now);
	err = cityhub_stats_get(s->hub, &s->now.stats, &s->now.n);
	if (err) {
		log_debug("hub: %s", cityhub_error(s->hub));
		s->now = (struct stamps_answer){ 0 };
		cityhub_close(s->hub);
		s->hub = NULL;
		s->synchronised = false;
	}
}

static int64_t stamps_find(const struct stamps_answer *a, unsigned int id)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct cityhub_stats *st = &a->stats[i];

		if (st->id == id && st->has_counters &&
		    st->stamp.bound_ns != UINT32_MAX)
			return st->stamp.bound_ns;
	}
	return BATCH_UNKNOWN;
}

int64_t stamps_bound_ns(const struct stamps *s, const char *key)
{
	int64_t now, before;
	unsigned int id;

	if (sscanf(key, "iio:device%u", &id) != 1)
		return BATCH_UNKNOWN;
	now = stamps_find(&s->now, id);
	before = stamps_find(&s->before, id);
	return now > before ? now : before;
}
