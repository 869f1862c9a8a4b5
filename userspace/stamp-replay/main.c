// SPDX-License-Identifier: GPL-2.0-only
/*
 * The estimator of the kernel modules, the same source, on recorded traces:
 * observations on stdin, one stamp per observation on stdout.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cityhub/stamp.h>

#include "observation.h"

#ifndef CITYHUB_VERSION
#define CITYHUB_VERSION	"unknown"
#endif

#define REPLAY_USAGE	2
/* What the configuration of the estimator takes, see cityhub/stamp.h. */
#define PERIOD_MIN_NS	1000ULL
#define PERIOD_MAX_NS	100000000000ULL
#define TOLERANCE_MAX	50000ULL
/* Ceramic resonators and RC oscillators of sensors are within 3 %. */
#define TOLERANCE_PPM	30000U

static void usage(FILE *out)
{
	fprintf(out,
		"usage: stamp-replay --period-ns N [OPTION...] < TRACE\n"
		"Runs the estimator of the drivers on a recorded trace.\n"
		"\n"
		"  -p, --period-ns N          nominal period of the samples\n"
		"  -t, --tolerance-ppm N      how far the period may be off (default %u)\n"
		"  -m, --irq-latency-min-ns N constant latency of the board (default 0)\n"
		"  -l, --line-buffered        write each line at once, as on a terminal\n"
		"  -h, --help\n"
		"  -V, --version\n"
		"\n"
		"A line of the trace is one interrupt or poll:\n"
		"  new_samples irq_ns [max_late_ns]   # what follows '#' is left out\n"
		"with the samples since the line before, the instant the host noticed the\n"
		"newest of them, and how late that may be at most (-1: not known). Each\n"
		"gives a line, in the clock of irq_ns:\n"
		"  stamp_of_newest_ns bound95_ns source\n"
		"source is none, irq, poll, tick or extrapolated; a line with 0 samples\n"
		"repeats what is known.\n"
		"\n"
		"exit status: 0 all done, 1 could not read or write, 2 wrong usage or a bad line\n",
		TOLERANCE_PPM);
}

static const char *source_name(enum cityhub_stamp_source source)
{
	switch (source) {
	case CITYHUB_STAMP_NONE:
		return "none";
	case CITYHUB_STAMP_IRQ:
		return "irq";
	case CITYHUB_STAMP_POLL:
		return "poll";
	case CITYHUB_STAMP_TICK:
		return "tick";
	case CITYHUB_STAMP_EXTRAPOLATED:
		return "extrapolated";
	}
	return "unknown";
}

/* An option that is a number; says what is wrong with it and ends. */
static unsigned long long number(const char *option, const char *text,
				 unsigned long long low, unsigned long long high)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && value >= low &&
	    value <= high)
		return value;
	fprintf(stderr, "stamp-replay: --%s %s: give a number from %llu to %llu\n",
		option, text, low, high);
	exit(REPLAY_USAGE);
}

static int failed(const char *what)
{
	fprintf(stderr, "stamp-replay: %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

static void put_stamp(const struct cityhub_stamp *s)
{
	long long newest = cityhub_stamp_instant(s, 0);

	printf("%lld %u %s\n", newest, cityhub_stamp_bound_ns(s),
	       source_name(s->source));
}

static int take_line(struct cityhub_stamp *s, char *text, size_t size,
		     unsigned long line)
{
	struct observation o;
	char why[200];

	switch (observation_parse(&o, text, size, why, sizeof(why))) {
	case OBSERVATION_NOTHING:
		return EXIT_SUCCESS;
	case OBSERVATION_BAD:
		fflush(stdout);
		fprintf(stderr, "stamp-replay: line %lu: %s\n", line, why);
		return REPLAY_USAGE;
	case OBSERVATION_GOOD:
		break;
	}
	if (o.new_samples && cityhub_stamp_update(s, o.new_samples, o.irq_ns,
						  o.max_late_ns)) {
		fflush(stdout);
		fprintf(stderr, "stamp-replay: line %lu: irq_ns %lld: give an instant within +-2^62 ns\n",
			line, (long long)o.irq_ns);
		return REPLAY_USAGE;
	}
	put_stamp(s);
	return ferror(stdout) ? failed("output") : EXIT_SUCCESS;
}

static int replay(const struct cityhub_stamp_config *config)
{
	struct cityhub_stamp stamp;
	unsigned long line = 0;
	int ret = EXIT_SUCCESS;
	char *text = NULL;
	size_t room = 0;
	ssize_t size;

	cityhub_stamp_init(&stamp, config);
	while (ret == EXIT_SUCCESS) {
		errno = 0;
		size = getline(&text, &room, stdin);
		if (size < 0)
			break;
		ret = take_line(&stamp, text, size, ++line);
	}
	if (ret == EXIT_SUCCESS && !feof(stdin))
		ret = failed("input");
	free(text);
	if (fflush(stdout) && ret == EXIT_SUCCESS)
		ret = failed("output");
	return ret;
}

static const struct option options[] = {
	{ "period-ns", required_argument, NULL, 'p' },
	{ "tolerance-ppm", required_argument, NULL, 't' },
	{ "irq-latency-min-ns", required_argument, NULL, 'm' },
	{ "line-buffered", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int parse_options(int argc, char **argv,
			 struct cityhub_stamp_config *config)
{
	int c;

	while ((c = getopt_long(argc, argv, "p:t:m:lhV", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			config->period_ns = number("period-ns", optarg,
						   PERIOD_MIN_NS, PERIOD_MAX_NS);
			break;
		case 't':
			config->tolerance_ppm = number("tolerance-ppm", optarg, 1,
						       TOLERANCE_MAX);
			break;
		case 'm':
			config->latency_min_ns = number("irq-latency-min-ns",
							optarg, 0, U32_MAX);
			break;
		case 'l':
			setvbuf(stdout, NULL, _IOLBF, 0);
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			printf("stamp-replay %s\n", CITYHUB_VERSION);
			exit(EXIT_SUCCESS);
		default:
			return REPLAY_USAGE;
		}
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct cityhub_stamp_config config = { .tolerance_ppm = TOLERANCE_PPM };

	if (parse_options(argc, argv, &config)) {
		usage(stderr);
		return REPLAY_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr, "stamp-replay: '%s' is not expected: the trace comes on stdin\n",
			argv[optind]);
		return REPLAY_USAGE;
	}
	if (!config.period_ns) {
		fprintf(stderr, "stamp-replay: --period-ns is missing: give the nominal period of the sensor\n");
		return REPLAY_USAGE;
	}
	return replay(&config);
}
