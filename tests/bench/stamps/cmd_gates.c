// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the estimator has to reach, as TAP: Documentation/time.rst explains the
 * profiles. A figure that is missed is named with what it should have been.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "score.h"

#define US		1e3
#define WATERMARKS	10	/* 1, 2, 4, ... 512 */

/* Standard deviation, 99 % and largest error, in us; 0: not judged. */
static const struct {
	const char *profile;
	double sd, p99, max;
} accuracy[] = {
	{ "100hz", 0.10, 0.27, 0.6 },
	{ "10hz", 0.20, 0.6, 1.2 },
	{ "1hz", 0.60, 1.9, 5 },
	{ "0.2hz", 1.5, 5, 18 },
	{ "hostile-100hz", 0.10, 0.27, 0.8 },
	/* Lateness of several steps: not to be taken for steps missed. */
	{ "page-1", 0.10, 0.30, 0.8 },
	{ "page-2", 0.10, 0.30, 0.8 },
	{ "page-64", 0.10, 0.30, 0.8 },
	{ "page-96", 0.10, 0.30, 0.8 },
	{ "page-128", 0.10, 0.30, 0.8 },
	/* No worse than the phase noise of the sensor itself. */
	{ "noise-1us-100hz", 1, 0, 0 },
	{ "noise-2us-100hz", 2, 0, 0 },
	{ "noise-10us-100hz", 10, 0, 0 },
	{ "noise-20us-100hz", 20, 0, 0 },
	{ "noise-1us-1khz", 1, 0, 0 },
	{ "noise-2us-1khz", 2, 0, 0 },
	{ "noise-10us-1khz", 10, 0, 0 },
	{ "noise-20us-1khz", 20, 0, 0 },
	{ "polled", 2000, 0, 0 },
};

/* How many times worse the others have to be on the same traces. */
static const struct {
	const char *profile;
	double median, raw;
} ratios[] = {
	{ "100hz", 75, 200 },
	{ "10hz", 40, 100 },
	{ "1hz", 15, 40 },
};

/* What an adversity may cost, as a multiple of the deviation without it. */
static const struct {
	const char *profile;
	double times;
} adversities[] = {
	{ "start-slow", 2 },
	{ "start-fast", 2 },
	{ "ramp", 2 },
	{ "ramp-start-slow", 2 },
	{ "ramp-start-fast", 2 },
	{ "merged", 1.1 },
	{ "missing", 1.1 },
	{ "repeated", 1.1 },
	{ "spurious", 1.1 },
	{ "late-first", 1.1 },
	{ "step", 1.1 },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static struct score scores[TRACE_PROFILES_MAX];
static unsigned int points, missed;

static const struct score *score(const char *profile)
{
	return &scores[trace_find(profile) - trace_profiles];
}

__attribute__((format(printf, 2, 3)))
static void judge(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", good ? "" : "not ", ++points);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	missed += !good;
}

static void judge_figure(const char *profile, const char *figure, double is_ns,
			 double gate_us)
{
	if (gate_us > 0)
		judge(is_ns <= gate_us * US, "%s: %s %.3f us, gate %.3f",
		      profile, figure, is_ns / US, gate_us);
}

static void judge_accuracy(void)
{
	size_t i;

	for (i = 0; i < COUNT(accuracy); i++) {
		const char *name = accuracy[i].profile;
		const struct score *s = score(name);

		judge_figure(name, "sd", s->sd, accuracy[i].sd);
		judge_figure(name, "p99", s->p99, accuracy[i].p99);
		judge_figure(name, "max", s->max, accuracy[i].max);
	}
}

static void judge_ratio(const char *profile, const struct filter *other,
			double gate)
{
	double theirs = score_profile(other, trace_find(profile)).sd;
	double ratio = theirs / score(profile)->sd;

	judge(ratio >= gate, "%s: sd %.1f times below the %s, gate %.0f",
	      profile, ratio, other->name, gate);
}

static void judge_adversities(void)
{
	double usual = score("100hz")->sd;
	size_t i;

	for (i = 0; i < COUNT(adversities); i++) {
		const char *name = adversities[i].profile;

		judge_figure(name, "sd", score(name)->sd,
			     adversities[i].times * usual / US);
	}
}

static void judge_gap(const char *profile)
{
	const struct score *s = score(profile);

	judge(s->gap_excess <= 5 * US,
	      "%s: first stamp off by up to %.3f us, beyond its bound by %.3f us, gate 5",
	      profile, s->gap_error / US, s->gap_excess / US);
	/* A filter that says "no idea" is never wrong. */
	judge(s->gap_bound <= 100 * US,
	      "%s: bound of the first stamp up to %.3f us, gate 100", profile,
	      s->gap_bound / US);
}

/*
 * The same watermarks, each all the time: a change may cost 10 %. Without 1,
 * where one stamp in 100 000 is a sample off and would make the gate wide.
 */
static void judge_watermark(void)
{
	struct trace_profile p = { .name = "constant watermarks", .noise_ns = 50,
				   .period_ns = 125000 };
	struct errors e = { 0 };
	double usual;
	int i;

	for (i = 1; i < WATERMARKS; i++) {
		p.page = 1 << i;
		errors_add(&e, &filter_cityhub, &p);
	}
	usual = score_of(&e).sd;
	errors_free(&e);
	judge_figure("watermark", "sd", score("watermark")->sd, 1.1 * usual / US);
}

static void judge_everywhere(void)
{
	size_t i;

	for (i = 0; i < trace_profile_count; i++) {
		const char *name = trace_profiles[i].name;
		const struct score *s = &scores[i];

		judge(s->covered >= 0.95 && s->covered <= 0.995,
		      "%s: the 95 %% bound covers %.2f %%, gate 95 to 99.5",
		      name, 100 * s->covered);
		judge(!s->disorder, "%s: %zu stamps before the one before them",
		      name, s->disorder);
	}
}

int cmd_gates(int argc, char **argv)
{
	size_t i;

	if (argc > 1) {
		fprintf(stderr, "stamp-bench gates: '%s' is not expected\n",
			argv[1]);
		return CMD_USAGE;
	}
	for (i = 0; i < trace_profile_count; i++)
		scores[i] = score_profile(&filter_cityhub, &trace_profiles[i]);
	judge_accuracy();
	for (i = 0; i < COUNT(ratios); i++) {
		judge_ratio(ratios[i].profile, &filter_median, ratios[i].median);
		judge_ratio(ratios[i].profile, &filter_raw, ratios[i].raw);
	}
	judge_adversities();
	judge_watermark();
	judge_gap("gap-counted");
	judge_gap("gap-uncounted");
	judge_everywhere();
	printf("1..%u\n", points);
	if (missed)
		fprintf(stderr, "stamp-bench: %u of %u gates missed\n", missed,
			points);
	return missed ? EXIT_FAILURE : EXIT_SUCCESS;
}
