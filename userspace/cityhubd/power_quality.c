// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/power_quality.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POWER_QUALITY_TICK_NS	INT64_C(600000000000)	/* 10 min */
#define POWER_QUALITY_RANGE	0.15	/* of the frequency: 42.5 to 57.5 Hz */
#define POWER_QUALITY_SMOOTH	0.25	/* share of a new period in the mean */
#define POWER_QUALITY_SLEW	0.003	/* of a period, a boundary at a crossing */
#define POWER_QUALITY_STEADY	0.01	/* of a period, from one to the next */
#define POWER_QUALITY_WEAK	0.5	/* of nominal: no phase to go by */
#define POWER_QUALITY_LIVE	2	/* half cycles: one whole cycle with voltage */
#define POWER_QUALITY_CROSSINGS	16	/* in a piece */
#define POWER_QUALITY_PIECE	256	/* samples looked at in one go */
#define POWER_QUALITY_SECTIONS	2

struct power_quality_section {
	double x1, x2, y1, y2;
};

struct power_quality_channel {
	double sum;		/* of squares, of the half cycle under way */
	double before;		/* of the one before */
	double interval;	/* of the interval without those of @sum */
};

struct power_quality {
	struct power_quality_conf conf;
	struct power_quality_ops ops;
	void *ctx;
	/*
	 * Low pass for the crossings: two equal sections, each with a phase of
	 * -90 degrees at the nominal frequency, so that both together only
	 * turn the sign: the crossings stay where they are.
	 */
	double b0, a1, a2;
	struct power_quality_section section[POWER_QUALITY_SECTIONS];
	double filtered;
	bool below;		/* was, by enough, since the last crossing */
	unsigned int reference;	/* phase */
	/*
	 * Places are in samples from the begin of the piece under way; sample
	 * i is all that lies from i to i + 1.
	 */
	double period;
	double crossing;	/* the last, or NAN */
	bool locked;		/* boundaries lie where it crosses */
	double last;		/* boundary of half cycles */
	double next;
	bool next_beats;	/* it begins a cycle, not its second half */
	bool started;
	int64_t last_ns;
	double half_length;	/* of the half cycle before, 0: none */
	int64_t half_ns;	/* its begin */
	int64_t newest_ns;	/* instant of the last sample fed, 0: none */
	struct power_quality_channel channel[POWER_QUALITY_CHANNELS];
	/* The interval under way. */
	unsigned int halves;
	bool counts;		/* no crossing was missed in it */
	unsigned int cycles;	/* whole ones, from @mark_ns on */
	int64_t mark_ns;	/* the last crossing before it, or the first in it */
	int64_t crossing_ns;
	bool flagged;
	int64_t interval_ns;
	uint32_t fed;
	/* Half cycles since a phase first had voltage, up to POWER_QUALITY_LIVE. */
	unsigned int live[POWER_QUALITY_PHASES];
	bool active[POWER_QUALITY_KINDS];
	struct power_quality_event event[POWER_QUALITY_KINDS];
};

const char *power_quality_name(enum power_quality_kind kind)
{
	static const char *const names[POWER_QUALITY_KINDS] = {
		[POWER_QUALITY_DIP] = "dip",
		[POWER_QUALITY_SWELL] = "swell",
		[POWER_QUALITY_INTERRUPTION] = "interruption",
	};

	return names[kind];
}

/* Butterworth of second order by the bilinear transform. */
static void power_quality_design(struct power_quality *q)
{
	double k = tan(M_PI * q->conf.nominal_hz / q->conf.rate_hz);
	double norm = 1 / (1 + M_SQRT2 * k + k * k);

	q->b0 = k * k * norm;
	q->a1 = 2 * (k * k - 1) * norm;
	q->a2 = (1 - M_SQRT2 * k + k * k) * norm;
}

static void power_quality_restart(struct power_quality *q)
{
	q->started = false;
	q->half_length = 0;
	q->crossing = NAN;
	q->locked = false;
	q->below = false;
	q->next_beats = false;
	memset(q->section, 0, sizeof(q->section));
	for (unsigned int i = 0; i < q->conf.channels; i++)
		q->channel[i] = (struct power_quality_channel){ 0 };
	q->halves = 0;
	q->fed = 0;
}

struct power_quality *power_quality_new(const struct power_quality_conf *conf,
					const struct power_quality_ops *ops,
					void *ctx)
{
	struct power_quality *q;

	if (!conf->phases || conf->phases > POWER_QUALITY_PHASES ||
	    conf->channels < conf->phases ||
	    conf->channels > POWER_QUALITY_CHANNELS || conf->nominal_v <= 0 ||
	    (conf->nominal_hz != 50 && conf->nominal_hz != 60) ||
	    conf->rate_hz < 32 * conf->nominal_hz) {
		errno = EINVAL;
		return NULL;
	}
	q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	q->conf = *conf;
	q->ops = *ops;
	q->ctx = ctx;
	q->period = conf->rate_hz / conf->nominal_hz;
	power_quality_design(q);
	power_quality_restart(q);
	return q;
}

void power_quality_free(struct power_quality *q)
{
	free(q);
}

/* ---- cycles ------------------------------------------------------------------ */

static double power_quality_filter(struct power_quality *q, double v)
{
	for (int i = 0; i < POWER_QUALITY_SECTIONS; i++) {
		struct power_quality_section *s = &q->section[i];
		double y = q->b0 * (v + 2 * s->x1 + s->x2) - q->a1 * s->y1 -
			   q->a2 * s->y2;

		s->x2 = s->x1;
		s->x1 = v;
		s->y2 = s->y1;
		s->y1 = y;
		v = y;
	}
	return v;
}

/* Where the fundamental rises through zero; one that is weak does not. */
static unsigned int power_quality_cross(struct power_quality *q,
					const double *v, size_t n,
					double *places)
{
	const double enough = 0.02 * q->conf.nominal_v;
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++) {
		double before = q->filtered;

		q->filtered = power_quality_filter(q, v[i]);
		if (q->filtered < -enough)
			q->below = true;
		if (!q->below || q->filtered < 0 ||
		    found == POWER_QUALITY_CROSSINGS)
			continue;
		q->below = false;
		/* Samples are taken in the middle of what they stand for. */
		places[found++] = (double)i - 0.5 +
				  before / (before - q->filtered);
	}
	return found;
}

/* The mains does not change by 1 % from cycle to cycle; a transient looks so. */
static void power_quality_learn(struct power_quality *q, double at)
{
	double nominal = q->conf.rate_hz / q->conf.nominal_hz;
	double period = at - q->crossing;
	double usual = q->locked ? q->period : nominal;
	double range = q->locked ? POWER_QUALITY_STEADY : POWER_QUALITY_RANGE;

	if (fabs(usual / period - 1) < range)
		q->period += POWER_QUALITY_SMOOTH * (period - q->period);
	q->crossing = at;
}

/* Whole cycles, for the frequency. */
static void power_quality_count(struct power_quality *q, int64_t ns)
{
	double hz = 1e9 / (double)(ns - q->crossing_ns);

	q->cycles++;
	if (fabs(hz / q->conf.nominal_hz - 1) >= POWER_QUALITY_RANGE) {
		q->mark_ns = ns;
		q->cycles = 0;
		q->counts = false;
	}
	q->crossing_ns = ns;
}

/* Begin anew from here; a cycle of an odd length is not judged. */
static void power_quality_snap(struct power_quality *q, double at, double done)
{
	q->next_beats = at - q->last > q->period / 4;
	q->next = q->next_beats ? fmax(at, done) : at + q->period / 2;
	q->locked = false;
	q->half_length = 0;
}

/*
 * Cycles follow the crossings, but slowly: where the amplitude steps, the filter
 * moves a few of them, and a cycle that is 3 % too long has an rms too low.
 */
static void power_quality_anchor(struct power_quality *q, double at,
				 double done)
{
	double most = POWER_QUALITY_SLEW * q->period;
	double off = at - (q->next_beats ? q->next : q->last);

	power_quality_learn(q, at);
	if (off < -q->period / 4)
		off += q->period;
	if (fabs(off) > q->period / 8) {
		/* Once may be a transient. */
		if (!q->locked)
			power_quality_snap(q, at, done);
		q->locked = false;
		return;
	}
	q->locked = fabs(off) < POWER_QUALITY_STEADY * q->period;
	q->next += fmin(fmax(off / 2, -most), most);
	q->next = fmax(q->next, done);
}

/* With the reference gone, another phase says where cycles begin. */
static void power_quality_refer(struct power_quality *q, const double *volts)
{
	unsigned int best = q->reference;

	if (volts[best] >= POWER_QUALITY_WEAK * q->conf.nominal_v)
		return;
	for (unsigned int i = 0; i < q->conf.phases; i++)
		if (volts[i] > volts[best])
			best = i;
	if (best == q->reference ||
	    volts[best] < POWER_QUALITY_WEAK * q->conf.nominal_v)
		return;
	q->reference = best;
	q->crossing = NAN;
	q->locked = false;
	q->below = false;
	memset(q->section, 0, sizeof(q->section));
}

/* ---- events ------------------------------------------------------------------- */

struct power_quality_limits {
	unsigned int lowest, highest;	/* phases */
	bool begins[POWER_QUALITY_KINDS];
	bool ends[POWER_QUALITY_KINDS];
};

/* What is not wired is no dip: a phase counts once it had voltage. */
static void power_quality_learn_phases(struct power_quality *q,
				       const double *volts)
{
	double weak = POWER_QUALITY_WEAK * q->conf.nominal_v;

	for (unsigned int i = 0; i < q->conf.phases; i++)
		if (q->live[i] < POWER_QUALITY_LIVE &&
		    (q->live[i] || volts[i] >= weak))
			q->live[i]++;
}

/* Of the phases that count. Returns whether there is one. */
static bool power_quality_extremes(const struct power_quality *q,
				   const double *volts,
				   struct power_quality_limits *l)
{
	bool any = false;

	for (unsigned int i = 0; i < q->conf.phases; i++) {
		if (q->live[i] < POWER_QUALITY_LIVE)
			continue;
		if (!any || volts[i] < volts[l->lowest])
			l->lowest = i;
		if (!any || volts[i] > volts[l->highest])
			l->highest = i;
		any = true;
	}
	return any;
}

/* A dip or swell is of any phase, an interruption of all. */
static void power_quality_compare(const struct power_quality *q,
				  const double *volts,
				  struct power_quality_limits *l)
{
	const struct power_quality_conf *c = &q->conf;
	double low, high;

	memset(l, 0, sizeof(*l));
	if (!power_quality_extremes(q, volts, l))
		return;
	low = volts[l->lowest] / c->nominal_v;
	high = volts[l->highest] / c->nominal_v;
	l->begins[POWER_QUALITY_DIP] = low < c->dip;
	l->ends[POWER_QUALITY_DIP] = low >= c->dip + c->hysteresis;
	l->begins[POWER_QUALITY_SWELL] = high > c->swell;
	l->ends[POWER_QUALITY_SWELL] = high <= c->swell - c->hysteresis;
	l->begins[POWER_QUALITY_INTERRUPTION] = high < c->interruption;
	l->ends[POWER_QUALITY_INTERRUPTION] =
		high >= c->interruption + c->hysteresis;
}

static void power_quality_judge(struct power_quality *q, const double *volts,
				int64_t from_ns, int64_t to_ns)
{
	struct power_quality_limits l;

	power_quality_compare(q, volts, &l);
	for (int k = 0; k < POWER_QUALITY_KINDS; k++) {
		struct power_quality_event *e = &q->event[k];
		bool swell = k == POWER_QUALITY_SWELL;
		unsigned int worst = swell ? l.highest : l.lowest;
		bool begins = !q->active[k] && l.begins[k];

		if (begins)
			*e = (struct power_quality_event){
				.kind = (enum power_quality_kind)k,
				.from_ns = from_ns, .phase = worst,
				.volts = volts[worst],
			};
		q->active[k] = q->active[k] || begins;
		if (!q->active[k])
			continue;
		q->flagged = true;
		e->over = l.ends[k];
		e->to_ns = e->over ? from_ns : to_ns;
		if (swell ? volts[worst] > e->volts : volts[worst] < e->volts) {
			e->volts = volts[worst];
			e->phase = worst;
		}
		if (begins || e->over)
			q->ops.event(q->ctx, e);
		q->active[k] = !e->over;
	}
}

/* ---- intervals ----------------------------------------------------------------- */

static void power_quality_end_interval(struct power_quality *q, int64_t to_ns)
{
	double seconds = (double)(to_ns - q->interval_ns) / 1e9;
	struct power_quality_interval out = {
		.from_ns = q->interval_ns, .to_ns = to_ns, .count = q->fed,
		.expected = (uint32_t)lround(q->conf.rate_hz * seconds),
		.flagged = q->flagged, .hz = NAN,
	};

	if (q->counts && q->cycles)
		out.hz = q->cycles / ((double)(q->crossing_ns - q->mark_ns) / 1e9);
	for (unsigned int i = 0; i < q->conf.channels; i++) {
		struct power_quality_channel *c = &q->channel[i];

		out.rms[i] = sqrt(c->interval / (seconds * q->conf.rate_hz));
		c->interval = 0;
	}
	if (q->fed)
		q->ops.interval(q->ctx, &out);
	q->halves = 0;
	q->fed = 0;
	q->flagged = false;
	for (int k = 0; k < POWER_QUALITY_KINDS; k++)
		q->flagged = q->flagged || q->active[k];
	q->counts = q->last - q->crossing < 1.5 * q->period;
	q->cycles = 0;
	q->mark_ns = q->crossing_ns;
	q->interval_ns = to_ns;
}

static bool power_quality_interval_is_over(const struct power_quality *q,
					   int64_t to_ns, bool crosses)
{
	unsigned int whole = q->conf.nominal_hz == 50 ? 20 : 24;
	bool tick = to_ns / POWER_QUALITY_TICK_NS !=
		    q->interval_ns / POWER_QUALITY_TICK_NS;

	/* At a crossing, so that the next one begins there. */
	return q->halves > whole || ((q->halves == whole || tick) &&
				     (crosses || !q->locked));
}

/* The end of a half cycle. */
static void power_quality_boundary(struct power_quality *q, double at,
				   int64_t ns)
{
	double length = at - q->last, volts[POWER_QUALITY_PHASES];
	bool crosses;

	if (isnan(q->crossing) || at - q->crossing > 1.5 * q->period)
		q->locked = false;
	crosses = q->next_beats;

	for (unsigned int i = 0; i < q->conf.channels; i++) {
		struct power_quality_channel *c = &q->channel[i];

		if (i < q->conf.phases)
			volts[i] = sqrt((c->before + c->sum) /
					(q->half_length + length));
		c->interval += c->sum;
		c->before = c->sum;
		c->sum = 0;
	}
	if (q->half_length > 0) {
		power_quality_judge(q, volts, q->half_ns, ns);
		power_quality_learn_phases(q, volts);
		power_quality_refer(q, volts);
	}
	q->half_length = length;
	q->half_ns = q->last_ns;
	q->last = at;
	q->last_ns = ns;
	q->next = at + q->period / 2;
	q->next_beats = !q->next_beats;
	q->halves++;
	if (power_quality_interval_is_over(q, ns, crosses))
		power_quality_end_interval(q, ns);
}

void power_quality_cut(struct power_quality *q, int64_t shift_ns)
{
	/* The half cycle under way is part of it, too. */
	for (unsigned int i = 0; i < q->conf.channels; i++)
		q->channel[i].interval += q->channel[i].sum;
	if (q->started && q->fed) {
		q->counts = false;
		q->flagged = true;
		power_quality_end_interval(q, q->newest_ns +
					   (int64_t)(1e9 / q->conf.rate_hz));
	}
	/* A dip goes on; its length is not that of the step. */
	for (unsigned int k = 0; k < POWER_QUALITY_KINDS; k++)
		q->event[k].from_ns += shift_ns;
	power_quality_restart(q);
	q->newest_ns = 0;
}

void power_quality_end(struct power_quality *q)
{
	int64_t to_ns = q->newest_ns;

	power_quality_cut(q, 0);
	for (unsigned int k = 0; k < POWER_QUALITY_KINDS; k++) {
		if (!q->active[k])
			continue;
		q->active[k] = false;
		q->event[k].over = true;
		q->event[k].to_ns = to_ns;
		q->ops.event(q->ctx, &q->event[k]);
	}
}

uint32_t power_quality_pending(const struct power_quality *q)
{
	return q->fed;
}

/* ---- samples -------------------------------------------------------------------- */

/* Independent sums, which do not wait for one another. */
static double power_quality_squares(const double *v, size_t n)
{
	double sum[4] = { 0 };
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		for (int k = 0; k < 4; k++)
			sum[k] += v[i + (size_t)k] * v[i + (size_t)k];
	for (; i < n; i++)
		sum[0] += v[i] * v[i];
	return sum[0] + sum[1] + sum[2] + sum[3];
}

/* The integral of the squares from place to place. */
static double power_quality_integral(const double *v, double from, double to)
{
	size_t first = (size_t)from, last = (size_t)to;
	double sum;

	if (first == last)
		return v[first] * v[first] * (to - from);
	sum = v[first] * v[first] * ((double)(first + 1) - from);
	sum += power_quality_squares(v + first + 1, last - first - 1);
	if (to > (double)last)
		sum += v[last] * v[last] * (to - (double)last);
	return sum;
}

struct power_quality_piece {
	const int64_t *utc_ns;
	const double *const *columns;
	size_t at;
	size_t n;
	double done;		/* place */
	double period_ns;
};

static int64_t power_quality_instant(const struct power_quality_piece *p,
				     double place)
{
	return p->utc_ns[p->at] + llround((place - 0.5) * p->period_ns);
}

static void power_quality_advance(struct power_quality *q,
				  struct power_quality_piece *p, double to)
{
	if (to <= p->done)
		return;
	for (unsigned int i = 0; i < q->conf.channels; i++)
		q->channel[i].sum += power_quality_integral(
			p->columns[i] + p->at, p->done, to);
	/* Whole samples are counted, each where it ends. */
	q->fed += (uint32_t)((size_t)to - (size_t)p->done);
	p->done = to;
}

static void power_quality_start(struct power_quality *q,
				const struct power_quality_piece *p)
{
	q->started = true;
	q->last = 0;
	q->last_ns = power_quality_instant(p, 0);
	q->next = q->period / 2;
	q->interval_ns = q->last_ns;
	q->counts = false;
	q->flagged = false;
}

static void power_quality_piece(struct power_quality *q,
				struct power_quality_piece *p)
{
	double places[POWER_QUALITY_CROSSINGS];
	double end = (double)p->n;
	unsigned int found, i = 0;

	if (!q->started)
		power_quality_start(q, p);
	found = power_quality_cross(q, p->columns[q->reference] + p->at, p->n,
				    places);
	for (;;) {
		bool crosses = i < found && places[i] <= q->next;
		double to = crosses ? places[i] : q->next;

		if (to >= end)
			break;
		power_quality_advance(q, p, to);
		if (crosses) {
			power_quality_count(q, power_quality_instant(p, places[i]));
			power_quality_anchor(q, places[i++], p->done);
			continue;
		}
		power_quality_boundary(q, q->next,
				       power_quality_instant(p, q->next));
	}
	power_quality_advance(q, p, end);
	q->last -= end;
	q->next -= end;
	q->crossing -= end;
	q->newest_ns = p->utc_ns[p->at + p->n - 1];
}

/* How many samples follow one another, as far as a piece goes. */
static size_t power_quality_run(const struct power_quality *q,
				const int64_t *utc_ns, size_t n)
{
	int64_t gap = (int64_t)(1.5e9 / q->conf.rate_hz);
	size_t i;

	for (i = 1; i < n && i < POWER_QUALITY_PIECE; i++)
		if (utc_ns[i] - utc_ns[i - 1] > gap)
			break;
	return i;
}

void power_quality_feed(struct power_quality *q, const int64_t *utc_ns,
			const double *const *columns, size_t at, size_t n)
{
	int64_t gap = (int64_t)(1.5e9 / q->conf.rate_hz);

	for (size_t end = at + n, run; at < end; at += run) {
		struct power_quality_piece p = {
			.utc_ns = utc_ns, .columns = columns, .at = at,
			.period_ns = 1e9 / q->conf.rate_hz,
		};

		if (q->newest_ns && (utc_ns[at] - q->newest_ns > gap ||
				     utc_ns[at] <= q->newest_ns))
			power_quality_cut(q, 0);
		run = power_quality_run(q, utc_ns + at, end - at);
		p.n = run;
		if (run > 1)
			p.period_ns = (double)(utc_ns[at + run - 1] -
					       utc_ns[at]) / (double)(run - 1);
		power_quality_piece(q, &p);
	}
}
