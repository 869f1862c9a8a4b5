// SPDX-License-Identifier: GPL-2.0-only
/*
 * The corrector of inv_sensors_timestamp, from its description: the period is
 * the mean of the last 32 intervals between interrupts that are within 2 % of
 * the nominal one; stamps go on by that period, and while one is off the
 * interrupt by more than 2 % of the period, it takes the longest or shortest
 * period allowed, and so steps towards the interrupt.
 */
#include "filter.h"

#define PERIODS	32
#define JITTER	0.02

static struct {
	double nominal_ns;
	double periods[PERIODS];
	unsigned int size;
	int64_t last_irq_ns;
	int64_t origin_ns;	/* doubles hold what is since then */
	double stamp_ns;
	int started;
} state;

static void start(const struct trace_profile *p)
{
	state.nominal_ns = trace_told_period_ns(p);
	state.size = 0;
	state.started = 0;
}

static double period(void)
{
	unsigned int i, n = state.size < PERIODS ? state.size : PERIODS;
	double sum = 0;

	for (i = 0; i < n; i++)
		sum += state.periods[i];
	return n ? sum / n : state.nominal_ns;
}

static void learn(double measured_ns)
{
	if (measured_ns < state.nominal_ns * (1 - JITTER) ||
	    measured_ns > state.nominal_ns * (1 + JITTER))
		return;
	state.periods[state.size++ % PERIODS] = measured_ns;
}

static void go_on(const struct trace_point *q)
{
	double step, delta, jitter = JITTER * state.nominal_ns;

	learn((double)(q->irq_ns - state.last_irq_ns) / q->new_samples);
	step = period();
	delta = q->irq_ns - state.origin_ns -
		(state.stamp_ns + step * q->new_samples);
	if (delta > jitter * q->new_samples)
		step = state.nominal_ns + jitter;
	else if (delta < -jitter * q->new_samples)
		step = state.nominal_ns - jitter;
	state.stamp_ns += step * q->new_samples;
}

static void update(const struct trace_point *q, double *error_ns,
		   double *bound_ns)
{
	if (!state.started) {
		state.started = 1;
		state.origin_ns = q->irq_ns;
		state.stamp_ns = 0;
	} else if (q->new_samples) {
		go_on(q);
	}
	state.last_irq_ns = q->irq_ns;
	*error_ns = state.stamp_ns + (state.origin_ns - q->truth_ns);
	*bound_ns = -1;
}

const struct filter filter_mean = { "mean of 32", start, update };
