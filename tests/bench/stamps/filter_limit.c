// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limit: what anybody could know who is told the true model. A particle
 * filter on the phase; given the phases of a particle its frequency is a normal
 * distribution, kept in closed form (Rao-Blackwell). How likely an interrupt is
 * so and so long after a phase comes from a table of latency and phase noise
 * together. Resampled particles are scattered by a kernel that keeps mean and
 * covariance (Liu and West), else few would be left where the clock is steady.
 * Slow: for comparison only, and only where counts are right.
 */
#include <math.h>
#include <stdlib.h>

#include "filter.h"
#include "random.h"

#define PARTICLES	4000
#define TABLE_NS	4.5e6	/* no interrupt here is later */
#define STEPS_PER_SD	5	/* of the phase noise */
#define NOISE_STEPS	(6 * STEPS_PER_SD)
#define KERNEL_SD	0.1	/* scattering, in deviations of the particles */
#define START_SD_NS	1e3
#define START_SD_PPM	200.0
#define WALK		0.02e-6

/*
 * struct table - of y - theta: interrupt minus phase of its sample
 * @density:	how likely
 * @noise_ns:	the mean of the phase noise, if it is so
 */
static struct {
	const struct trace_profile *profile;
	double step_ns;
	double low_ns;
	int size;
	double *density;
	double *noise_ns;
} table;

static struct {
	const struct trace_profile *profile;
	struct random random;
	int started;
	int64_t origin_ns;
	double freq_var;
	double phase[2][PARTICLES];	/* the second for resampling */
	double freq[2][PARTICLES];
	double weight[PARTICLES];
} limit;

static void *array(int n)
{
	void *p = calloc(n, sizeof(double));

	if (!p)
		abort();
	return p;
}

/* With probability @p something uniform up to @width_ns is added. */
static void mix_uniform(double *f, int n, double h, double p, double width_ns)
{
	int i, w = width_ns / h;
	double *sum = array(n + 1);

	for (i = 0; i < n; i++)
		sum[i + 1] = sum[i] + f[i] * h;
	for (i = 0; i < n; i++)
		f[i] = (1 - p) * f[i] + p / width_ns *
		       (sum[i + 1] - (i >= w ? sum[i + 1 - w] : 0));
	free(sum);
}

/* Density of what comes on top of the least latency, see trace.h. */
static void latency_density(double *f, int n, double h, bool hostile)
{
	const double a = 1 / 3e3, b = 1 / 30e3;
	int i;

	for (i = 0; i < n; i++) {
		double x = (i + 0.5) * h;

		f[i] = 0.9 * a * exp(-a * x) +
		       0.1 * a * b / (b - a) * (exp(-a * x) - exp(-b * x));
	}
	mix_uniform(f, n, h, 0.005, 500e3);
	if (hostile)
		mix_uniform(f, n, h, 0.01, 3e6);
}

/* Folds the phase noise into one entry, at index @i of the latencies. */
static void table_entry(const double *f, int n, int i, double *density,
			double *noise)
{
	double sum = 0, moment = 0;
	int k;

	for (k = -NOISE_STEPS; k <= NOISE_STEPS; k++) {
		double x = (double)k / STEPS_PER_SD, w;

		if (i - k < 0 || i - k >= n)
			continue;
		w = exp(-x * x / 2) * f[i - k];
		sum += w;
		moment += w * k;
	}
	*density = sum + 1e-30;
	*noise = sum > 0 ? moment / sum * table.step_ns : 0;
}

static void table_make(const struct trace_profile *p)
{
	double *f;
	int i, n;

	if (table.profile == p)
		return;
	free(table.density);
	free(table.noise_ns);
	table.profile = p;
	table.step_ns = p->noise_ns / STEPS_PER_SD;
	n = TABLE_NS / table.step_ns;
	table.size = n + NOISE_STEPS;
	table.low_ns = TRACE_LATENCY_NS - (NOISE_STEPS - 0.5) * table.step_ns;
	table.density = array(table.size);
	table.noise_ns = array(table.size);
	f = array(n);
	latency_density(f, n, table.step_ns, p->latency == TRACE_HOSTILE);
	for (i = 0; i < table.size; i++)
		table_entry(f, n, i - NOISE_STEPS, &table.density[i],
			    &table.noise_ns[i]);
	free(f);
}

/* An interrupt @late_ns after a phase: how likely, with what phase noise? */
static double look_up(double late_ns, double *noise_ns)
{
	double x = (late_ns - table.low_ns) / table.step_ns;
	int i = floor(x);

	*noise_ns = 0;
	if (x < 0 || i >= table.size - 1)
		return 1e-30;
	x -= i;
	*noise_ns = (1 - x) * table.noise_ns[i] + x * table.noise_ns[i + 1];
	return (1 - x) * table.density[i] + x * table.density[i + 1];
}

static void start(const struct trace_profile *p)
{
	table_make(p);
	limit.profile = p;
	limit.started = 0;
	random_seed(&limit.random, 1);
}

/* Finding the phase is not its task: it starts about where the truth is. */
static void scatter(const struct trace_point *q)
{
	double sd = START_SD_NS + limit.profile->noise_ns;
	int i;

	limit.started = 1;
	limit.origin_ns = q->irq_ns;
	limit.freq_var = START_SD_PPM * START_SD_PPM * 1e-12;
	for (i = 0; i < PARTICLES; i++) {
		limit.phase[0][i] = q->truth_ns - q->irq_ns +
				    sd * random_normal(&limit.random);
		limit.freq[0][i] = 0;
		limit.weight[i] = 1.0 / PARTICLES;
	}
}

/* The phase is drawn, and tells of the frequency what it can. */
static void move(uint32_t samples)
{
	double span = (double)limit.profile->period_ns * samples;
	double walk = WALK * WALK * span * 1e-9;
	double var = limit.freq_var + walk / 3;
	double cov = limit.freq_var + walk / 2;
	double sd = sqrt(var);
	int i;

	for (i = 0; i < PARTICLES; i++) {
		double d = sd * random_normal(&limit.random);

		limit.phase[0][i] += span * (1 + limit.freq[0][i] + d);
		limit.freq[0][i] += cov / var * d;
	}
	limit.freq_var += walk - cov * cov / var;
}

/* Weighs the particles; gives the mean instant of the sample. */
static double weigh(double y)
{
	double sum = 0, mean = 0, noise;
	int i;

	for (i = 0; i < PARTICLES; i++) {
		double late = y - limit.phase[0][i];

		limit.weight[i] *= look_up(late, &noise);
		sum += limit.weight[i];
		mean += limit.weight[i] * (noise - late);
	}
	for (i = 0; i < PARTICLES; i++)
		limit.weight[i] /= sum;
	return y + mean / sum;
}

struct moments {
	double phase, freq;		/* means */
	double phase_sd, slope, freq_sd;	/* freq = slope phase + freq_sd */
};

static struct moments moments(void)
{
	struct moments m = { 0 };
	double pp = 0, pf = 0, ff = 0;
	int i;

	for (i = 0; i < PARTICLES; i++) {
		m.phase += limit.phase[1][i] / PARTICLES;
		m.freq += limit.freq[1][i] / PARTICLES;
	}
	for (i = 0; i < PARTICLES; i++) {
		double p = limit.phase[1][i] - m.phase;
		double f = limit.freq[1][i] - m.freq;

		pp += p * p / PARTICLES;
		pf += p * f / PARTICLES;
		ff += f * f / PARTICLES;
	}
	m.phase_sd = sqrt(pp);
	m.slope = pp > 0 ? pf / pp : 0;
	m.freq_sd = sqrt(fmax(ff - m.slope * pf, 0));
	return m;
}

static void scatter_kernel(void)
{
	const double shrink = sqrt(1 - KERNEL_SD * KERNEL_SD);
	struct moments m = moments();
	int i;

	for (i = 0; i < PARTICLES; i++) {
		double p = KERNEL_SD * m.phase_sd * random_normal(&limit.random);
		double f = KERNEL_SD * m.freq_sd * random_normal(&limit.random);

		limit.phase[0][i] = m.phase + p +
				    shrink * (limit.phase[1][i] - m.phase);
		limit.freq[0][i] = m.freq + f + m.slope * p +
				   shrink * (limit.freq[1][i] - m.freq);
	}
}

static void resample(void)
{
	double squares = 0, sum = 0, at;
	int i, from = -1;

	for (i = 0; i < PARTICLES; i++)
		squares += limit.weight[i] * limit.weight[i];
	if (1 / squares > PARTICLES / 2)
		return;
	at = random_unit(&limit.random);
	for (i = 0; i < PARTICLES; i++) {
		while (from < 0 || (sum < (i + at) / PARTICLES &&
				    from < PARTICLES - 1))
			sum += limit.weight[++from];
		limit.phase[1][i] = limit.phase[0][from];
		limit.freq[1][i] = limit.freq[0][from];
	}
	for (i = 0; i < PARTICLES; i++)
		limit.weight[i] = 1.0 / PARTICLES;
	scatter_kernel();
}

static void update(const struct trace_point *q, double *error_ns,
		   double *bound_ns)
{
	double mean;

	if (!limit.started)
		scatter(q);
	else
		move(q->new_samples);
	mean = weigh(q->irq_ns - limit.origin_ns);
	resample();
	*error_ns = mean + (limit.origin_ns - q->truth_ns);
	*bound_ns = -1;
}

const struct filter filter_limit = { "limit", start, update };
