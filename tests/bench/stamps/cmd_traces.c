// SPDX-License-Identifier: GPL-2.0-only
/*
 * DIR/PROFILE-SEED.trace is what stamp-replay reads. Line by line beside it,
 * DIR/PROFILE-SEED.truth has the true instant, or "-" where none is judged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "trace.h"

static void put_trace(FILE *f, const struct trace *t,
		      const struct trace_profile *p)
{
	size_t i;

	fprintf(f, "# %s: --period-ns %" PRIu64 "\n", p->name,
		trace_told_period_ns(p));
	for (i = 0; i < t->size; i++) {
		const struct trace_point *q = &t->point[i];

		fprintf(f, "%u %" PRId64, q->new_samples, q->irq_ns);
		if (q->max_late_ns >= 0)
			fprintf(f, " %" PRId64, q->max_late_ns);
		fputc('\n', f);
	}
}

static void put_truth(FILE *f, const struct trace *t,
		      const struct trace_profile *p)
{
	size_t i;

	(void)p;
	for (i = 0; i < t->size; i++) {
		if (t->point[i].scored)
			fprintf(f, "%" PRId64 "\n", t->point[i].truth_ns);
		else
			fputs("-\n", f);
	}
}

static int write_file(const char *dir, const struct trace_profile *p,
		      unsigned int seed, const char *kind, const struct trace *t,
		      void (*put)(FILE *f, const struct trace *t,
				  const struct trace_profile *p))
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s-%u.%s", dir, p->name, seed, kind);
	f = fopen(path, "w");
	if (f) {
		put(f, t, p);
		if (!fclose(f))
			return EXIT_SUCCESS;
	}
	fprintf(stderr, "stamp-bench: %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}

static int write_profile(const char *dir, const struct trace_profile *p)
{
	static struct trace t;
	unsigned int seed;

	for (seed = 0; seed < TRACE_SEEDS; seed++) {
		trace_make(&t, p, seed);
		if (write_file(dir, p, seed, "trace", &t, put_trace) ||
		    write_file(dir, p, seed, "truth", &t, put_truth))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int cmd_traces(int argc, char **argv)
{
	int i, ret = EXIT_SUCCESS;
	size_t all;

	if (argc < 2) {
		fprintf(stderr, "stamp-bench traces: name a folder\n");
		return CMD_USAGE;
	}
	if (mkdir(argv[1], 0777) && errno != EEXIST) {
		fprintf(stderr, "stamp-bench: %s: %s\n", argv[1],
			strerror(errno));
		return EXIT_FAILURE;
	}
	for (all = 0; argc == 2 && all < trace_profile_count && !ret; all++)
		ret = write_profile(argv[1], &trace_profiles[all]);
	for (i = 2; i < argc && !ret; i++) {
		const struct trace_profile *p = trace_find(argv[i]);

		if (!p) {
			fprintf(stderr, "stamp-bench: no profile '%s'\n",
				argv[i]);
			return CMD_USAGE;
		}
		ret = write_profile(argv[1], p);
	}
	return ret;
}
