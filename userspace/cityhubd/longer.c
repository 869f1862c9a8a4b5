// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/longer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cityhubd/local_day.h"

/* Sums over the shorter windows, weighted by the number of their values. */
struct longer_sum {
	uint64_t count;
	double due;		/* values a second, 0: not known */
	double first;		/* mean of the first; means are relative to it */
	double means;
	double squares;		/* of levels: their energies */
	double min;
	double max;
	double last;
	double difference;
	int64_t instant_ns;
};

/* Of all that is in it the worst, or the newest. */
struct longer_head {
	int64_t offset_ns;
	unsigned int epoch;
	unsigned int flags;
	int64_t bound_ns;
	int64_t stamp_bound_ns;
	enum batch_sync sync;
	enum batch_clock clock;
};

struct longer {
	int64_t length_ns;
	char of[BATCH_NAME];
	struct batch_layout *layout;
	struct window_channel *channels;
	unsigned int n;
	longer_out out;
	void *ctx;
	struct longer_head head;
	bool open;
	int64_t from_ns;
	int64_t to_ns;
	int64_t first_ns;	/* from the first shorter window to the last */
	int64_t last_ns;
	int64_t closed_ns;	/* end of the newest window that was made */
	struct longer_sum *sums;
	struct ledger_sensor since;
	uint64_t pending;
	uint64_t pending_told;
};

/* "600s", or "day". */
static void longer_set_name(const char *sensor, int64_t length_ns, char *name)
{
	char tail[32];

	if (length_ns == LONGER_DAY)
		snprintf(tail, sizeof(tail), "day");
	else
		snprintf(tail, sizeof(tail), "%.9gs", (double)length_ns / 1e9);
	snprintf(name, BATCH_NAME, "%.*s.%s",
		 BATCH_NAME - 2 - (int)strlen(tail), sensor, tail);
}

static struct batch_layout *longer_layout(const struct batch_layout *l,
					  int64_t length_ns)
{
	unsigned int n = batch_layout_size(l);
	struct batch_channel channels[n];
	char name[BATCH_NAME];

	for (unsigned int i = 0; i < n; i++)
		channels[i] = *batch_layout_channel(l, i);
	longer_set_name(batch_layout_sensor(l), length_ns, name);
	return batch_layout_new(name, n, channels);
}

struct longer *longer_new(int64_t length_ns, const struct batch_layout *layout,
			  const struct window_channel *channels,
			  longer_out out, void *ctx)
{
	struct longer *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->length_ns = length_ns;
	l->n = batch_layout_size(layout);
	l->out = out;
	l->ctx = ctx;
	l->closed_ns = INT64_MIN;
	snprintf(l->of, sizeof(l->of), "%s", batch_layout_sensor(layout));
	l->layout = longer_layout(layout, length_ns);
	l->channels = calloc(l->n, sizeof(*l->channels));
	l->sums = calloc(l->n, sizeof(*l->sums));
	if (!l->layout || !l->channels || !l->sums) {
		longer_free(l);
		return NULL;
	}
	memcpy(l->channels, channels, l->n * sizeof(*channels));
	return l;
}

void longer_free(struct longer *l)
{
	if (!l)
		return;
	longer_close(l);
	batch_layout_put(l->layout);
	free(l->channels);
	free(l->sums);
	free(l);
}

static double longer_energy(double level_db)
{
	return pow(10, level_db / 10);
}

static void longer_add(struct longer_sum *s, const struct window_channel *c,
		       const struct batch_result *r)
{
	double count = (double)r->count;

	if (!r->count)
		return;
	if (!s->count) {
		s->first = r->mean;
		s->min = r->min;
		s->max = r->max;
	}
	s->count += r->count;
	s->means += (r->mean - s->first) * count;
	s->squares += count * (c->reduce == WINDOW_LEVEL ?
			       longer_energy(r->mean) : r->rms * r->rms);
	s->min = fmin(s->min, r->min);
	s->max = fmax(s->max, r->max);
	s->last = r->last;
	s->difference += r->difference;
	s->instant_ns = r->instant_ns;
}

static void longer_result(const struct longer_sum *s,
			  const struct window_channel *c,
			  struct batch_result *r)
{
	double count = (double)s->count;

	switch (c->reduce) {
	case WINDOW_LINEAR:
		r->mean = s->first + s->means / count;
		r->rms = sqrt(s->squares / count);
		break;
	case WINDOW_LEVEL:
		r->mean = 10 * log10(s->squares / count);
		break;
	case WINDOW_COUNTER:
		r->difference = s->difference;
		break;
	}
	r->min = s->min;
	r->max = s->max;
	r->last = s->last;
}

/* Values due over the whole window, also where it was not captured. */
static uint32_t longer_expected(const struct longer *l,
				const struct longer_sum *s)
{
	return (uint32_t)llround(s->due * (double)(l->to_ns - l->from_ns) / 1e9);
}

static struct batch *longer_batch(const struct longer *l)
{
	const struct longer_head *h = &l->head;
	struct batch *b = batch_new(l->layout);

	if (!b)
		return NULL;
	b->offset_ns = h->offset_ns;
	b->epoch = h->epoch;
	b->flags = h->flags;
	b->bound_ns = h->bound_ns;
	b->stamp_bound_ns = h->stamp_bound_ns;
	b->sync = h->sync;
	b->clock = h->clock;
	b->from_ns = l->from_ns;
	b->to_ns = l->to_ns;
	for (unsigned int i = 0; i < l->n; i++) {
		const struct longer_sum *s = &l->sums[i];
		struct batch_result *r = &b->results[i];

		*r = (struct batch_result){
			.mean = NAN, .min = NAN, .max = NAN, .rms = NAN,
			.last = NAN, .difference = NAN,
			.count = (uint32_t)s->count,
			.expected = longer_expected(l, s),
			.instant_ns = s->count ? s->instant_ns : l->from_ns,
		};
		if (s->count)
			longer_result(s, &l->channels[i], r);
	}
	return b;
}

void longer_close(struct longer *l)
{
	struct batch *b;

	if (!l->open)
		return;
	b = longer_batch(l);
	if (!b || l->out(l->ctx, b))
		l->since.dropped[LEDGER_DROP_STORE] += l->pending;
	l->open = false;
	l->pending = 0;
	if (l->closed_ns < l->to_ns)
		l->closed_ns = l->to_ns;
	memset(l->sums, 0, l->n * sizeof(*l->sums));
}

static void longer_bounds(const struct longer *l, int64_t utc_ns,
			  int64_t *from_ns, int64_t *to_ns)
{
	int64_t rest;

	if (l->length_ns == LONGER_DAY) {
		local_day(utc_ns, from_ns, to_ns);
		return;
	}
	rest = utc_ns % l->length_ns;
	*from_ns = utc_ns - (rest < 0 ? rest + l->length_ns : rest);
	*to_ns = *from_ns + l->length_ns;
}

/*
 * Before the clock was set its bounds are of no day that was, and go along when
 * it is dated anew: then only what was captured is known.
 */
static void longer_clip(struct longer *l)
{
	if (!l->open || l->head.sync != BATCH_UNSYNCHRONISED)
		return;
	l->from_ns = l->first_ns;
	l->to_ns = l->last_ns;
}

static void longer_open(struct longer *l, const struct batch *b)
{
	/* A step of the clock cuts it, as it cut the shorter one. */
	if (l->open && b->offset_ns == l->head.offset_ns &&
	    b->from_ns >= l->from_ns && b->from_ns < l->to_ns)
		return;
	if (b->offset_ns != l->head.offset_ns)
		longer_clip(l);
	longer_close(l);
	if (b->offset_ns != l->head.offset_ns)
		l->closed_ns = INT64_MIN;
	longer_bounds(l, b->from_ns, &l->from_ns, &l->to_ns);
	l->head = (struct longer_head){
		.offset_ns = b->offset_ns,
		.flags = l->from_ns < l->closed_ns ? BATCH_AGAIN : 0,
		.bound_ns = b->bound_ns, .stamp_bound_ns = b->stamp_bound_ns,
		.sync = b->sync, .clock = b->clock,
	};
	l->first_ns = b->from_ns;
	l->last_ns = b->to_ns;
	l->open = true;
}

static void longer_take_head(struct longer_head *head, const struct batch *b)
{
	head->epoch = b->epoch;
	/* A shorter one that came in two parts is whole in here. */
	head->flags |= b->flags & ~(unsigned int)BATCH_AGAIN;
	if (b->sync != BATCH_SYNCHRONISED)
		head->sync = b->sync;
	if (head->bound_ns >= 0 &&
	    (b->bound_ns < 0 || b->bound_ns > head->bound_ns))
		head->bound_ns = b->bound_ns;
	if (head->stamp_bound_ns >= 0 &&
	    (b->stamp_bound_ns < 0 || b->stamp_bound_ns > head->stamp_bound_ns))
		head->stamp_bound_ns = b->stamp_bound_ns;
}

bool longer_fits(const struct longer *l, const struct batch_layout *layout)
{
	if (strcmp(l->of, batch_layout_sensor(layout)) ||
	    batch_layout_size(layout) != l->n)
		return false;
	for (unsigned int i = 0; i < l->n; i++)
		if (memcmp(batch_layout_channel(layout, i),
			   batch_layout_channel(l->layout, i),
			   sizeof(struct batch_channel)))
			return false;
	return true;
}

void longer_feed(struct longer *l, const struct batch *b)
{
	longer_open(l, b);
	longer_take_head(&l->head, b);
	if (l->first_ns > b->from_ns)
		l->first_ns = b->from_ns;
	if (l->last_ns < b->to_ns)
		l->last_ns = b->to_ns;
	for (unsigned int i = 0; i < l->n; i++) {
		const struct batch_result *r = &b->results[i];

		l->sums[i].due = r->expected * 1e9 /
				 (double)(b->to_ns - b->from_ns);
		longer_add(&l->sums[i], &l->channels[i], r);
		l->pending += r->count;
		l->since.captured += r->count;
	}
}

void longer_flush(struct longer *l, int64_t utc_ns, int64_t grace_ns)
{
	if (l->open && utc_ns - grace_ns >= l->to_ns)
		longer_close(l);
}

bool longer_is_open(const struct longer *l)
{
	return l->open;
}

const char *longer_name(const struct longer *l)
{
	return batch_layout_sensor(l->layout);
}

const char *longer_of(const struct longer *l)
{
	return l->of;
}

bool longer_account(const struct longer *l, struct ledger_sensor *since)
{
	*since = l->since;
	since->pending = l->pending;
	return since->captured || ledger_dropped(since) ||
	       l->pending != l->pending_told;
}

void longer_accounted(struct longer *l)
{
	memset(&l->since, 0, sizeof(l->since));
	l->pending_told = l->pending;
}
