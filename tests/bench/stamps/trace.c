// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <string.h>

#include "random.h"
#include "trace.h"

#define MS		1000000LL
#define SECOND		1000000000LL
#define WALK_PER_ROOT_S	0.02e-6
/* Far from zero, so that the width of numbers is tested too. */
#define START_NS	(86400LL * 400 * SECOND)
#define GAP_NS		(60 * SECOND)
#define GAP_EVERY	1000
#define WATERMARK_EVERY	50
#define WATERMARK_MAX	512
#define STEP_AT		(TRACE_UPDATES / 2)
#define POLL_NS		50e6
#define POLL_COST_NS	22e6

#define HZ(hz)		.period_ns = (int64_t)(SECOND / (hz))
#define PLAIN		.page = 1, .noise_ns = 50
#define NOISY(us)	.page = 1, .noise_ns = (us) * 1000

const struct trace_profile trace_profiles[] = {
	{ "100hz", HZ(100), PLAIN },
	{ "10hz", HZ(10), PLAIN },
	{ "1hz", HZ(1), PLAIN },
	{ "0.2hz", HZ(0.2), PLAIN },
	{ "hostile-100hz", HZ(100), PLAIN, .latency = TRACE_HOSTILE },
	{ "page-1", HZ(8000), .page = 1, .noise_ns = 50 },
	{ "page-2", HZ(8000), .page = 2, .noise_ns = 50 },
	{ "page-64", HZ(8000), .page = 64, .noise_ns = 50 },
	{ "page-96", HZ(8000), .page = 96, .noise_ns = 50 },
	{ "page-128", HZ(8000), .page = 128, .noise_ns = 50 },
	{ "noise-1us-100hz", HZ(100), NOISY(1) },
	{ "noise-2us-100hz", HZ(100), NOISY(2) },
	{ "noise-10us-100hz", HZ(100), NOISY(10) },
	{ "noise-20us-100hz", HZ(100), NOISY(20) },
	{ "noise-1us-1khz", HZ(1000), NOISY(1) },
	{ "noise-2us-1khz", HZ(1000), NOISY(2) },
	{ "noise-10us-1khz", HZ(1000), NOISY(10) },
	{ "noise-20us-1khz", HZ(1000), NOISY(20) },
	{ "start-slow", HZ(100), PLAIN, .start_ppm = 20000 },
	{ "start-fast", HZ(100), PLAIN, .start_ppm = -20000 },
	{ "ramp", HZ(100), PLAIN, .ramp_ppm_s = 1 },
	{ "ramp-start-slow", HZ(100), PLAIN, .start_ppm = 20000, .ramp_ppm_s = 1 },
	{ "ramp-start-fast", HZ(100), PLAIN, .start_ppm = -20000, .ramp_ppm_s = 1 },
	{ "gap-counted", HZ(100), PLAIN, .event = TRACE_GAP_COUNTED },
	{ "gap-uncounted", HZ(100), PLAIN, .event = TRACE_GAP_UNCOUNTED },
	{ "watermark", HZ(8000), PLAIN, .event = TRACE_WATERMARK },
	{ "merged", HZ(100), PLAIN, .event = TRACE_MERGED },
	{ "missing", HZ(100), PLAIN, .event = TRACE_MISSING },
	{ "repeated", HZ(100), PLAIN, .event = TRACE_REPEATED },
	{ "spurious", HZ(100), PLAIN, .event = TRACE_SPURIOUS },
	{ "late-first", HZ(100), PLAIN, .event = TRACE_LATE_FIRST },
	{ "step", HZ(100), PLAIN, .event = TRACE_STEP },
	{ "polled", HZ(1), .page = 1, .noise_ns = 50, .latency = TRACE_POLLED },
};

const size_t trace_profile_count =
	sizeof(trace_profiles) / sizeof(trace_profiles[0]);
_Static_assert(sizeof(trace_profiles) / sizeof(trace_profiles[0]) <=
	       TRACE_PROFILES_MAX, "too many profiles");

/*
 * struct maker - a trace in the making
 * @since:	true instant of the newest sample without its phase noise, in ns
 *		after START_NS
 * @freq:	relative error of the period
 * @last_irq:	interrupts do not overtake each other
 * @steps_ns:	by how much the host clock jumped
 * @watermark:	samples per interrupt
 */
struct maker {
	const struct trace_profile *p;
	struct trace *t;
	struct random r;
	double since;
	double freq;
	int64_t last_irq;
	int64_t steps_ns;
	uint32_t watermark;
	unsigned int updates;
};

double trace_skew_ppm(const struct trace_profile *p)
{
	return p->period_ns * p->page >= 100 * MS ? 50 : 150;
}

uint64_t trace_told_period_ns(const struct trace_profile *p)
{
	return llround(p->period_ns * (1 + p->start_ppm * 1e-6));
}

const struct trace_profile *trace_find(const char *name)
{
	size_t i;

	for (i = 0; i < trace_profile_count; i++)
		if (!strcmp(trace_profiles[i].name, name))
			return &trace_profiles[i];
	return NULL;
}

/*
 * The frequency walks at random and drifts; the phase is its integral, the
 * noise of which over an interval T is in part that of the frequency at its
 * end: variance T^3 / 3, covariance T^2 / 2.
 */
static void advance(struct maker *m, uint32_t samples)
{
	double span = (double)m->p->period_ns * samples;
	double s = span / SECOND;
	double walk = WALK_PER_ROOT_S * sqrt(s);
	double a = random_normal(&m->r), b = random_normal(&m->r);
	double ramp = m->p->ramp_ppm_s * 1e-6 * s;

	m->since += span * (1 + m->freq + ramp / 2 +
			    walk * (a / 2 + b / sqrt(12)));
	m->freq += ramp + walk * a;
}

static double interrupt_latency(struct maker *m)
{
	double late = TRACE_LATENCY_NS + 3e3 * random_exponential(&m->r);

	if (random_unit(&m->r) < 0.1)
		late += 30e3 * random_exponential(&m->r);
	if (random_unit(&m->r) < 0.005)
		late += 500e3 * random_unit(&m->r);
	if (m->p->latency == TRACE_HOSTILE && random_unit(&m->r) < 0.01)
		late += 3e6 * random_unit(&m->r);
	if (m->p->event == TRACE_LATE_FIRST && !m->updates)
		late += 3e6;
	return late;
}

/*
 * Polls start every 50 ms or so and cost 22 ms; the chip looks for a new sample
 * somewhere in each. The host knows when the last poll in vain began and when
 * this one ended, and that the sample lies in between.
 */
static double poll_latency(struct maker *m, double *max_late)
{
	double apart = POLL_NS * (0.9 + 0.2 * random_unit(&m->r));
	double look = POLL_COST_NS * random_unit(&m->r);
	double look_before = POLL_COST_NS * random_unit(&m->r);
	double since_look_before = apart + look - look_before;

	*max_late = apart + POLL_COST_NS;
	return since_look_before * random_unit(&m->r) + POLL_COST_NS - look;
}

/* After the start, and after a step, the estimator may find its way. */
static bool is_settled(const struct maker *m)
{
	if (m->p->event == TRACE_STEP && m->updates >= STEP_AT)
		return m->updates >= STEP_AT + TRACE_WARM_UP;
	return m->updates >= TRACE_WARM_UP;
}

/* Who is so late that more samples are there takes them too. */
static uint32_t take_more(struct maker *m, double *late)
{
	double span = (double)m->p->period_ns * m->watermark;
	uint32_t more = 0;

	while (*late - TRACE_LATENCY_NS >= span) {
		double before = m->since;

		advance(m, m->watermark);
		*late -= m->since - before;
		more += m->watermark;
	}
	return more;
}

static struct trace_point *add(struct maker *m, uint32_t count)
{
	struct trace_point *q = &m->t->point[m->t->size++];
	double noise = m->p->noise_ns * random_normal(&m->r);
	double truth, late, max_late = -1;

	if (m->p->latency == TRACE_POLLED)
		late = poll_latency(m, &max_late);
	else
		late = interrupt_latency(m);
	count += take_more(m, &late);
	truth = m->since + noise;
	*q = (struct trace_point){
		.new_samples = count,
		.truth_ns = START_NS + m->steps_ns + llround(truth),
		.irq_ns = START_NS + m->steps_ns + llround(truth + late),
		.max_late_ns = llround(max_late),
		.scored = is_settled(m),
	};
	if (q->irq_ns <= m->last_irq)
		q->irq_ns = m->last_irq + 1;
	m->last_irq = q->irq_ns;
	m->updates++;
	return q;
}

/* The interrupt before comes a second time, soon after. */
static void add_again(struct maker *m, uint32_t count)
{
	struct trace_point q = m->t->point[m->t->size - 1];

	q.new_samples = count;
	q.irq_ns += llround(2e3 + 20e3 * random_exponential(&m->r));
	q.scored = false;
	m->last_irq = q.irq_ns;
	m->t->point[m->t->size++] = q;
}

static void add_gap(struct maker *m, bool counted)
{
	uint32_t samples = GAP_NS / m->p->period_ns;
	struct trace_point *q;

	advance(m, samples);
	q = add(m, counted ? samples : 1);
	q->after_gap = true;
}

static void add_next(struct maker *m)
{
	bool rare = random_unit(&m->r) < 0.01;
	bool often = random_unit(&m->r) < 0.1;
	uint32_t samples = m->watermark;

	if (m->p->event == TRACE_MERGED && often)
		samples++;
	if (m->p->event == TRACE_MISSING && rare)
		advance(m, m->watermark);
	advance(m, samples);
	add(m, samples);
	if (m->p->event == TRACE_REPEATED && rare)
		add_again(m, 0);
	if (m->p->event == TRACE_SPURIOUS && rare)
		add_again(m, 1);
}

static void make_update(struct maker *m)
{
	enum trace_event event = m->p->event;
	bool gap = m->updates && m->updates % GAP_EVERY == 0;

	if (event == TRACE_WATERMARK && m->updates % WATERMARK_EVERY == 0)
		m->watermark = 1 << random_u64(&m->r) % 10;
	if (event == TRACE_STEP && m->updates == STEP_AT)
		m->steps_ns += SECOND;
	if (gap && event == TRACE_GAP_COUNTED)
		add_gap(m, true);
	else if (gap && event == TRACE_GAP_UNCOUNTED)
		add_gap(m, false);
	else
		add_next(m);
}

/* Each profile has numbers of its own, wherever it is in the list (FNV-1a). */
static uint64_t name_hash(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 0x100000001b3;
	return hash;
}

void trace_make(struct trace *t, const struct trace_profile *p, unsigned int seed)
{
	struct maker m = { .p = p, .t = t, .watermark = p->page };

	random_seed(&m.r, name_hash(p->name) + seed);
	m.freq = (seed % 2 ? -1e-6 : 1e-6) * trace_skew_ppm(p);
	t->size = 0;
	while (m.updates < TRACE_UPDATES)
		make_update(&m);
}
