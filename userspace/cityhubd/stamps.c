// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/stamps.h"

#include <cityhub/cityhub.h>
#include <stdio.h>
#include <stdlib.h>

#include "cityhubd/clock.h"
#include "common/batch.h"
#include "common/log.h"

#define STAMPS_RETRY_NS		10000000000

struct stamps_answer {
	struct cityhub_stats *stats;
	size_t n;
};

struct stamps {
	struct cityhub *hub;
	int64_t retry_ns;
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

void stamps_refresh(struct stamps *s)
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
	err = cityhub_stats_get(s->hub, &s->now.stats, &s->now.n);
	if (err) {
		log_debug("hub: %s", cityhub_error(s->hub));
		s->now = (struct stamps_answer){ 0 };
		cityhub_close(s->hub);
		s->hub = NULL;
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
