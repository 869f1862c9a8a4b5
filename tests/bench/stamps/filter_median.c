// SPDX-License-Identifier: GPL-2.0-only
/*
 * The filter of cros_ec_sensorhub, from its description: of the last 64 points
 * (count of samples, instant of the interrupt) the median of the slopes between
 * neighbours is the period; lines of that slope through each point meet the
 * newest sample at 64 instants, and their median is the stamp. Its reset after
 * a pause of half a second is left out, because it would never start at 1 Hz.
 */
#include <stdlib.h>

#include "filter.h"

#define POINTS	64

static struct {
	int64_t count;
	int64_t first_ns;
	double period_ns;
	unsigned int size;
	double x[POINTS];	/* samples since the first */
	double y[POINTS];	/* ns since the first */
	double slope[POINTS];	/* from the point before to this one */
} history;

static void start(const struct trace_profile *p)
{
	history.count = 0;
	history.size = 0;
	history.period_ns = trace_told_period_ns(p);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void add(const struct trace_point *q)
{
	unsigned int now, before;

	if (!history.size)
		history.first_ns = q->irq_ns;
	history.count += q->new_samples;
	now = history.size % POINTS;
	before = (history.size + POINTS - 1) % POINTS;
	history.x[now] = history.count;
	history.y[now] = q->irq_ns - history.first_ns;
	history.slope[now] = history.period_ns;
	if (history.size)
		history.slope[now] = (history.y[now] - history.y[before]) /
				     (history.x[now] - history.x[before]);
	history.size++;
}

static void update(const struct trace_point *q, double *error_ns,
		   double *bound_ns)
{
	double values[POINTS], slope;
	unsigned int i, n;

	if (q->new_samples)
		add(q);
	n = history.size < POINTS ? history.size : POINTS;
	for (i = 0; i < n; i++)
		values[i] = history.slope[i];
	slope = median(values, n);
	for (i = 0; i < n; i++)
		values[i] = history.y[i] +
			    slope * (history.count - history.x[i]);
	*error_ns = median(values, n) + (history.first_ns - q->truth_ns);
	*bound_ns = -1;
}

const struct filter filter_median = { "median of 64", start, update };
