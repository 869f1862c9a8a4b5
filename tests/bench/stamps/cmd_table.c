// SPDX-License-Identifier: GPL-2.0-only
/* The comparison: a row per profile, for people or (--json) for programs. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "score.h"

/* What the other filters are made for: counts that are right, no brackets. */
static bool is_plain(const struct trace_profile *p)
{
	return p->event == TRACE_NOTHING && !p->start_ppm && !p->ramp_ppm_s &&
	       p->latency != TRACE_POLLED;
}

struct row {
	const struct trace_profile *profile;
	struct score ours;
	bool has_others;
	double median_sd;
	double mean_sd;
	double raw_sd;
	double limit_sd;	/* 0 when it was not asked for */
};

static struct row make_row(const struct trace_profile *p, bool limit)
{
	struct row r = { .profile = p, .has_others = is_plain(p) };

	r.ours = score_profile(&filter_cityhub, p);
	if (!r.has_others)
		return r;
	r.median_sd = score_profile(&filter_median, p).sd;
	r.mean_sd = score_profile(&filter_mean, p).sd;
	r.raw_sd = score_profile(&filter_raw, p).sd;
	if (limit)
		r.limit_sd = score_profile(&filter_limit, p).sd;
	return r;
}

static void put_head(bool limit)
{
	printf("%-17s %9s %8s %8s %6s%s %8s %8s %8s\n", "profile", "sd", "p99",
	       "max", "cover", limit ? "    limit  sd:l" : "", "median",
	       "mean", "raw");
}

static void put_text(const struct row *r, bool limit)
{
	const struct score *s = &r->ours;

	printf("%-17s %9.3f %8.3f %8.3f %5.1f%%", r->profile->name, s->sd / 1e3,
	       s->p99 / 1e3, s->max / 1e3, 100 * s->covered);
	if (limit && r->has_others)
		printf(" %8.3f %5.2f", r->limit_sd / 1e3, s->sd / r->limit_sd);
	else if (limit)
		printf(" %8s %5s", "-", "-");
	if (r->has_others)
		printf(" %8.1f %8.1f %8.1f\n", r->median_sd / 1e3,
		       r->mean_sd / 1e3, r->raw_sd / 1e3);
	else
		printf(" %8s %8s %8s\n", "-", "-", "-");
}

static void put_json(const struct row *r, bool first)
{
	const struct score *s = &r->ours;

	printf("%s\n  {\"profile\": \"%s\", \"scored\": %zu, \"mean_ns\": %.1f, "
	       "\"sd_ns\": %.1f, \"p99_ns\": %.1f, \"max_ns\": %.1f, "
	       "\"covered\": %.5f, \"bound_ns\": %.1f, \"disorder\": %zu",
	       first ? "" : ",", r->profile->name, s->scored, s->mean, s->sd,
	       s->p99, s->max, s->covered, s->bound, s->disorder);
	if (r->has_others)
		printf(", \"median_sd_ns\": %.1f, \"mean_sd_ns\": %.1f, "
		       "\"raw_sd_ns\": %.1f",
		       r->median_sd, r->mean_sd, r->raw_sd);
	if (r->limit_sd > 0)
		printf(", \"limit_sd_ns\": %.1f", r->limit_sd);
	printf("}");
}

struct wanted {
	bool json;
	bool limit;
	const struct trace_profile *profile[TRACE_PROFILES_MAX];
	size_t profiles;
};

static int parse(int argc, char **argv, struct wanted *w)
{
	int i;

	for (i = 1; i < argc; i++) {
		const struct trace_profile *p = trace_find(argv[i]);

		if (!strcmp(argv[i], "--json")) {
			w->json = true;
		} else if (!strcmp(argv[i], "--limit")) {
			w->limit = true;
		} else if (p && w->profiles < TRACE_PROFILES_MAX) {
			w->profile[w->profiles++] = p;
		} else {
			fprintf(stderr, "stamp-bench table: no profile '%s'\n",
				argv[i]);
			return CMD_USAGE;
		}
	}
	if (w->profiles)
		return EXIT_SUCCESS;
	for (; w->profiles < trace_profile_count; w->profiles++)
		w->profile[w->profiles] = &trace_profiles[w->profiles];
	return EXIT_SUCCESS;
}

int cmd_table(int argc, char **argv)
{
	struct wanted w = { 0 };
	size_t i;

	if (parse(argc, argv, &w))
		return CMD_USAGE;
	if (w.json)
		printf("[");
	else
		put_head(w.limit);
	for (i = 0; i < w.profiles; i++) {
		struct row r = make_row(w.profile[i], w.limit);

		if (w.json)
			put_json(&r, !i);
		else
			put_text(&r, w.limit);
		fflush(stdout);
	}
	if (w.json)
		printf("\n]\n");
	return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
