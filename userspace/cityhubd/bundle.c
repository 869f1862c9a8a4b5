// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define BUNDLE_NS_PER_MS	1000000

struct bundle {
	int64_t pack_ns;
	uint64_t after;		/* gathered from here */
	uint64_t last;		/* to here */
	int64_t span;		/* of the first batch */
	int64_t since_ms;	/* the first batch is here */
	bool complete;
	unsigned int n;
	unsigned int parts;
	struct batch *batch[BUNDLE_BATCHES];
	unsigned int part[BUNDLE_BATCHES];
};

struct bundle *bundle_new(int64_t pack_ns)
{
	struct bundle *b = calloc(1, sizeof(*b));

	if (b)
		b->pack_ns = pack_ns;
	return b;
}

static void bundle_begin(struct bundle *b, uint64_t after)
{
	for (unsigned int i = 0; i < b->n; i++)
		batch_free(b->batch[i]);
	b->n = 0;
	b->parts = 0;
	b->complete = false;
	b->after = after;
	b->last = after;
}

void bundle_free(struct bundle *b)
{
	if (!b)
		return;
	bundle_begin(b, 0);
	free(b);
}

/* Seconds before 1970 come from clocks that nobody set. */
static int64_t bundle_span(const struct bundle *b, const struct batch *batch)
{
	int64_t rest = batch->from_ns % b->pack_ns;

	return (batch->from_ns - rest) / b->pack_ns - (rest < 0);
}

static bool bundle_goes_with(const struct bundle *u, const struct batch *a,
			     const struct batch *b)
{
	return a->layout == b->layout && !strcmp(a->boot, b->boot) &&
	       !strcmp(a->hub, b->hub) &&
	       bundle_span(u, a) == bundle_span(u, b);
}

static void bundle_add(struct bundle *b, struct batch *batch, uint64_t id,
		       int64_t now_ms)
{
	unsigned int i = 0;

	if (batch->flags & BATCH_DAMAGED)
		log_error("store: the batch with number %llu is damaged; it is sent without values, look after the disk",
			  (unsigned long long)batch->seq);
	if (!b->n) {
		b->since_ms = now_ms;
		b->span = b->pack_ns ? bundle_span(b, batch) : 0;
	}
	while (i < b->n && !bundle_goes_with(b, b->batch[i], batch))
		i++;
	b->part[b->n] = i < b->n ? b->part[i] : b->parts++;
	b->batch[b->n++] = batch;
	b->last = id;
	/* An event does not wait for what comes after it. */
	if (b->n == BUNDLE_BATCHES || !b->pack_ns ||
	    (batch->flags & BATCH_EVENT) ||
	    batch->to_ns - batch->from_ns >= b->pack_ns)
		b->complete = true;
}

/* Returns 1 when one was added or the bundle got complete, 0, -errno. */
static int bundle_next(struct bundle *b, struct store_reader *r,
		       uint64_t until, int64_t now_ms)
{
	struct batch *batch;
	uint64_t id;
	int ret;

	if (b->last >= until) {
		b->complete = true;
		return 1;
	}
	ret = store_reader_next(r, b->last, &batch, &id);
	if (ret <= 0)
		return ret;
	if (id <= until &&
	    (!b->n || !b->pack_ns || bundle_span(b, batch) <= b->span)) {
		bundle_add(b, batch, id, now_ms);
		return 1;
	}
	batch_free(batch);
	b->complete = true;
	return 1;
}

int bundle_fill(struct bundle *b, struct store_reader *r, uint64_t after,
		uint64_t until, int64_t now_ms, bool hurry)
{
	int ret = 1;

	if (b->after != after || b->last > until || (b->complete && !b->n))
		bundle_begin(b, after);
	while (ret > 0 && !b->complete)
		ret = bundle_next(b, r, until, now_ms);
	if (ret < 0)
		return ret;
	if (b->n && (hurry || now_ms - b->since_ms >=
		     b->pack_ns / BUNDLE_NS_PER_MS))
		b->complete = true;
	return b->complete && b->n;
}

unsigned int bundle_parts(const struct bundle *b)
{
	return b->parts;
}

uint64_t bundle_last(const struct bundle *b)
{
	return b->last;
}

size_t bundle_part(const struct bundle *b, unsigned int part,
		   const struct batch *list[BUNDLE_BATCHES])
{
	size_t n = 0;

	for (unsigned int i = 0; i < b->n; i++)
		if (b->part[i] == part)
			list[n++] = b->batch[i];
	return n;
}
