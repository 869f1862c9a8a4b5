/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces with a known truth: a sampler with a wandering clock, interrupts that
 * are late, and what may happen to them on the way. Documentation/time.rst
 * holds the model.
 */
#ifndef STAMPS_TRACE_H
#define STAMPS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_SEEDS	20
#define TRACE_PROFILES_MAX	64
#define TRACE_WARM_UP	256
#define TRACE_SCORED	5000
#define TRACE_UPDATES	(TRACE_WARM_UP + TRACE_SCORED)
/* The least an interrupt is late, part of every latency here. */
#define TRACE_LATENCY_NS	10000

enum trace_latency {
	TRACE_LOADED,	/* 3 us, sometimes 30 us, rarely up to 500 us */
	TRACE_HOSTILE,	/* and in 1 % up to 3 ms more */
	TRACE_POLLED,	/* no interrupt: polls that cost 22 ms each */
};

/* What happens to interrupts on their way. */
enum trace_event {
	TRACE_NOTHING,
	TRACE_GAP_COUNTED,	/* 60 s without, the samples were counted */
	TRACE_GAP_UNCOUNTED,	/* 60 s without, the count says 1 */
	TRACE_WATERMARK,	/* samples per interrupt change, 1 to 512 */
	TRACE_MERGED,		/* 10 % join the next one, counted */
	TRACE_MISSING,		/* 1 % are lost, and the count with them */
	TRACE_REPEATED,		/* 1 % come twice, the second with 0 samples */
	TRACE_SPURIOUS,		/* 1 % come twice, the second says 1 sample */
	TRACE_LATE_FIRST,	/* the first one is 3 ms late */
	TRACE_STEP,		/* the host clock jumps ahead by 1 s, once */
};

/**
 * struct trace_profile - how a trace comes about
 * @name:	of the profile
 * @period_ns:	nominal period of the samples
 * @page:	samples per interrupt
 * @noise_ns:	standard deviation of the phase of each sample
 * @start_ppm:	error of the period the estimator is told
 * @ramp_ppm_s:	steady drift of the frequency, per second
 * @latency:	how late interrupts are
 * @event:	what happens to them
 */
struct trace_profile {
	const char *name;
	int64_t period_ns;
	uint32_t page;
	double noise_ns;
	double start_ppm;
	double ramp_ppm_s;
	enum trace_latency latency;
	enum trace_event event;
};

/**
 * struct trace_point - one observation and what is true
 * @new_samples: the count it comes with
 * @irq_ns:	when the host noticed
 * @max_late_ns: how late that may be, -1 when not known
 * @truth_ns:	when the newest sample was taken
 * @scored:	whether the stamp is judged: not while warming up, and not when
 *		no sample came
 * @after_gap:	the first one after a gap
 */
struct trace_point {
	uint32_t new_samples;
	int64_t irq_ns;
	int64_t max_late_ns;
	int64_t truth_ns;
	bool scored;
	bool after_gap;
};

struct trace {
	size_t size;
	struct trace_point point[2 * TRACE_UPDATES];
};

extern const struct trace_profile trace_profiles[];
extern const size_t trace_profile_count;

/* Skew of the sampler, +-: 150 ppm, 50 ppm at 10 Hz and below. */
double trace_skew_ppm(const struct trace_profile *p);
/* The period the estimator is told. */
uint64_t trace_told_period_ns(const struct trace_profile *p);
const struct trace_profile *trace_find(const char *name);
/* The same profile and seed (from 0) make the same trace on any machine. */
void trace_make(struct trace *t, const struct trace_profile *p, unsigned int seed);

#endif /* STAMPS_TRACE_H */
