// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "score.h"

static void *grow(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p) {
		fprintf(stderr, "stamp-bench: out of memory\n");
		exit(EXIT_FAILURE);
	}
	return p;
}

static void errors_reserve(struct errors *e, size_t more)
{
	e->room = e->size + more;
	e->error_ns = grow(e->error_ns, e->room * sizeof(*e->error_ns));
	e->bound_ns = grow(e->bound_ns, e->room * sizeof(*e->bound_ns));
	e->after_gap = grow(e->after_gap, e->room * sizeof(*e->after_gap));
}

static void errors_take(struct errors *e, const struct filter *f,
			const struct trace *t)
{
	int64_t last = INT64_MIN;
	size_t i;

	for (i = 0; i < t->size; i++) {
		const struct trace_point *q = &t->point[i];
		double error, bound;
		int64_t stamp;

		f->update(q, &error, &bound);
		stamp = q->truth_ns + llround(error);
		e->disorder += stamp < last;
		last = stamp;
		if (!q->scored)
			continue;
		e->error_ns[e->size] = error;
		e->bound_ns[e->size] = bound;
		e->after_gap[e->size++] = q->after_gap;
	}
}

void errors_add(struct errors *e, const struct filter *f,
		const struct trace_profile *p)
{
	static struct trace t;
	unsigned int seed;

	for (seed = 0; seed < TRACE_SEEDS; seed++) {
		trace_make(&t, p, seed);
		errors_reserve(e, t.size);
		f->start(p);
		errors_take(e, f, &t);
	}
}

void errors_free(struct errors *e)
{
	free(e->error_ns);
	free(e->bound_ns);
	free(e->after_gap);
	memset(e, 0, sizeof(*e));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void remove_mean(struct errors *e, struct score *s)
{
	size_t i;

	for (i = 0; i < e->size; i++)
		s->mean += e->error_ns[i] / e->size;
	for (i = 0; i < e->size; i++)
		e->error_ns[i] -= s->mean;
}

static void order_statistics(const struct errors *e, struct score *s)
{
	double *sizes = grow(NULL, e->size * sizeof(*sizes));
	size_t i;

	for (i = 0; i < e->size; i++)
		sizes[i] = fabs(e->error_ns[i]);
	qsort(sizes, e->size, sizeof(*sizes), compare);
	s->p99 = sizes[e->size - 1 - e->size / 100];
	s->max = sizes[e->size - 1];
	free(sizes);
}

struct score score_of(struct errors *e)
{
	struct score s = { .scored = e->size, .disorder = e->disorder };
	size_t i, within = 0;

	if (!e->size)
		return s;
	remove_mean(e, &s);
	order_statistics(e, &s);
	for (i = 0; i < e->size; i++) {
		double size = fabs(e->error_ns[i]);

		s.sd += size * size / e->size;
		s.bound += e->bound_ns[i] / e->size;
		within += size <= e->bound_ns[i];
		if (!e->after_gap[i])
			continue;
		s.gap_error = fmax(s.gap_error, size);
		s.gap_bound = fmax(s.gap_bound, e->bound_ns[i]);
		s.gap_excess = fmax(s.gap_excess, size - e->bound_ns[i]);
	}
	s.sd = sqrt(s.sd);
	s.covered = s.bound < 0 ? -1 : (double)within / e->size;
	return s;
}

struct score score_profile(const struct filter *f, const struct trace_profile *p)
{
	struct errors e = { 0 };
	struct score s;

	errors_add(&e, f, p);
	s = score_of(&e);
	errors_free(&e);
	return s;
}
