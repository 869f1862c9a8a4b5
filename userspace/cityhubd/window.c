// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/window.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_SOUND_REFERENCE	20e-6	/* Pa, 0 dB */
#define WINDOW_LANES		4

struct window_sum {
	uint32_t count;
	double first;	/* sums are taken relative to it, to keep digits */
	double sum;
	double squares;	/* of the values themselves */
	double min;
	double max;
	double last;
	double before;	/* last value of the window before, or NAN */
	int64_t instant_ns;
};

struct window {
	int64_t length_ns;
	uint32_t expected;
	unsigned int n;
	const struct window_channel *channels;
	window_emit emit;
	void *ctx;
	bool open;
	int64_t from_ns;
	unsigned int flags;
	int64_t closed_ns;	/* end of the newest window that was emitted */
	struct window_sum *sums;
	struct batch_result *results;
};

struct window *window_new(int64_t length_ns, double rate_hz, unsigned int n,
			  const struct window_channel *channels,
			  window_emit emit, void *ctx)
{
	struct window *w = calloc(1, sizeof(*w));
	struct window_channel *copy = calloc(n, sizeof(*copy));

	if (!w || !copy)
		goto fail;
	w->sums = calloc(n, sizeof(*w->sums));
	w->results = calloc(n, sizeof(*w->results));
	memcpy(copy, channels, n * sizeof(*copy));
	w->length_ns = length_ns;
	w->n = n;
	w->channels = copy;
	w->emit = emit;
	w->ctx = ctx;
	w->closed_ns = INT64_MIN;
	window_set_rate(w, rate_hz);
	for (unsigned int i = 0; w->sums && i < n; i++)
		w->sums[i].before = NAN;
	if (w->sums && w->results)
		return w;
	window_free(w);
	return NULL;
fail:
	free(w);
	free(copy);
	return NULL;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	free((void *)w->channels);
	free(w->sums);
	free(w->results);
	free(w);
}

const struct window_channel *window_channels(const struct window *w)
{
	return w->channels;
}

void window_set_before(struct window *w, unsigned int channel, double value)
{
	w->sums[channel].before = value;
}

void window_set_rate(struct window *w, double rate_hz)
{
	w->expected = (uint32_t)llround(rate_hz * (double)w->length_ns / 1e9);
}

static int64_t window_floor(const struct window *w, int64_t utc_ns)
{
	int64_t rest = utc_ns % w->length_ns;

	return utc_ns - (rest < 0 ? rest + w->length_ns : rest);
}

static double window_level(double pascal)
{
	return 20 * log10(pascal / WINDOW_SOUND_REFERENCE);
}

static double window_step(double v, double step)
{
	return step > 0 ? round(v / step) * step : v;
}

static void window_result(const struct window_channel *c,
			  const struct window_sum *s, struct batch_result *r)
{
	double mean_square = s->squares / s->count;

	switch (c->reduce) {
	case WINDOW_LINEAR:
		r->mean = s->first + s->sum / s->count;
		r->min = s->min;
		r->max = s->max;
		r->rms = sqrt(mean_square);
		r->last = s->last;
		break;
	case WINDOW_LEVEL:
		r->mean = window_level(sqrt(mean_square));
		r->min = window_step(window_level(s->min), c->step);
		r->max = window_step(window_level(s->max), c->step);
		r->last = window_step(window_level(s->last), c->step);
		break;
	case WINDOW_COUNTER:
		r->last = s->last;
		r->difference = s->last -
				(isnan(s->before) ? s->first : s->before);
		break;
	}
}

static void window_clear(struct window *w)
{
	for (unsigned int i = 0; i < w->n; i++) {
		struct window_sum *s = &w->sums[i];

		*s = (struct window_sum){
			.before = s->count ? s->last : s->before,
		};
	}
}

void window_close(struct window *w)
{
	bool any = false;

	if (!w->open)
		return;
	for (unsigned int i = 0; i < w->n; i++) {
		struct batch_result *r = &w->results[i];
		const struct window_sum *s = &w->sums[i];

		*r = (struct batch_result){
			.mean = NAN, .min = NAN, .max = NAN, .rms = NAN,
			.last = NAN, .difference = NAN, .count = s->count,
			.expected = w->expected,
			.instant_ns = s->count ? s->instant_ns : w->from_ns,
		};
		if (s->count)
			window_result(&w->channels[i], s, r);
		any = any || s->count;
	}
	w->open = false;
	if (any) {
		w->emit(w->ctx, w->from_ns, w->from_ns + w->length_ns,
			w->flags, w->results);
		if (w->closed_ns < w->from_ns + w->length_ns)
			w->closed_ns = w->from_ns + w->length_ns;
	}
	w->flags = 0;
	window_clear(w);
}

void window_cut(struct window *w)
{
	w->flags |= BATCH_STEP;
	window_close(w);
	w->flags = BATCH_STEP;
	w->closed_ns = INT64_MIN;
}

static void window_open(struct window *w, int64_t utc_ns)
{
	int64_t from = window_floor(w, utc_ns);

	if (w->open && w->from_ns == from)
		return;
	window_close(w);
	w->from_ns = from;
	w->open = true;
	if (from < w->closed_ns)
		w->flags |= BATCH_AGAIN;
}

static void window_first(struct window_sum *s, double v)
{
	s->first = v;
	s->min = v;
	s->max = v;
}

/*
 * Waveforms spend their time here. Sums in lanes do not wait for one another,
 * which is three times as fast; the rest of the division goes one by one.
 */
static size_t window_add_lanes(struct window_sum *s, const double *values,
			       size_t n)
{
	double sum[WINDOW_LANES] = { 0 }, squares[WINDOW_LANES] = { 0 };
	double min[WINDOW_LANES], max[WINDOW_LANES];
	double first = s->first;
	size_t end = n - n % WINDOW_LANES;

	for (int k = 0; k < WINDOW_LANES; k++) {
		min[k] = s->min;
		max[k] = s->max;
	}
	for (size_t i = 0; i < end; i += WINDOW_LANES)
		for (int k = 0; k < WINDOW_LANES; k++) {
			double v = values[i + (size_t)k];

			sum[k] += v - first;
			squares[k] += v * v;
			min[k] = v < min[k] ? v : min[k];
			max[k] = v > max[k] ? v : max[k];
		}
	for (int k = 0; k < WINDOW_LANES; k++) {
		s->sum += sum[k];
		s->squares += squares[k];
		s->min = min[k] < s->min ? min[k] : s->min;
		s->max = max[k] > s->max ? max[k] : s->max;
	}
	return end;
}

static bool window_all_known(const double *values, size_t n)
{
	unsigned int unknown = 0;

	for (size_t i = 0; i < n; i++)
		unknown |= isnan(values[i]) != 0;
	return !unknown;
}

static uint64_t window_add(struct window_sum *s, const int64_t *utc_ns,
			   const double *values, size_t n)
{
	uint64_t unknown = 0;
	size_t i = 0;

	if (n >= WINDOW_LANES && window_all_known(values, n)) {
		if (!s->count)
			window_first(s, values[0]);
		i = window_add_lanes(s, values, n);
		s->count += (uint32_t)i;
		s->last = values[i - 1];
		s->instant_ns = utc_ns[i - 1];
	}
	for (; i < n; i++) {
		double v = values[i];

		if (isnan(v)) {
			unknown++;
			continue;
		}
		if (!s->count)
			window_first(s, v);
		s->count++;
		s->sum += v - s->first;
		s->squares += v * v;
		s->min = v < s->min ? v : s->min;
		s->max = v > s->max ? v : s->max;
		s->last = v;
		s->instant_ns = utc_ns[i];
	}
	return unknown;
}

uint64_t window_feed(struct window *w, const int64_t *utc_ns,
		     const double *const *columns, size_t at, size_t n)
{
	size_t end = at + n;
	uint64_t unknown = 0;

	for (size_t run; at < end; at += run) {
		window_open(w, utc_ns[at]);
		for (run = 1; at + run < end; run++)
			if (utc_ns[at + run] < w->from_ns ||
			    utc_ns[at + run] - w->from_ns >= w->length_ns)
				break;
		for (unsigned int i = 0; i < w->n; i++)
			unknown += window_add(&w->sums[i], utc_ns + at,
					      columns[i] + at, run);
	}
	return unknown;
}

void window_flush(struct window *w, int64_t utc_ns, int64_t grace_ns)
{
	if (w->open && utc_ns - grace_ns >= w->from_ns + w->length_ns)
		window_close(w);
}

uint64_t window_pending(const struct window *w)
{
	uint64_t n = 0;

	for (unsigned int i = 0; w->open && i < w->n; i++)
		n += w->sums[i].count;
	return n;
}
