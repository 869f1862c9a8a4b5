// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cityhubd/daemon.h"
#include "common/conf.h"
#include "common/features.h"
#include "common/log.h"

#ifndef CITYHUB_VERSION
#define CITYHUB_VERSION		"unknown"
#endif
#define MAIN_USAGE	2

static void usage(FILE *out)
{
	fprintf(out,
		"usage: cityhubd [OPTION...]\n"
		"Captures the sensors of this hub and sends their results.\n"
		"\n"
		"  -c, --config FILE  configuration (default %s, if it is there)\n"
		"  -s, --store FILE   store, in place of store.path\n"
		"  -t, --check-config check the configuration and end\n"
		"  -f, --foreground   stay in the foreground (always so)\n"
		"  -h, --help\n"
		"  -V, --version\n"
		"\n"
		"exit status: 0 ended in order, 1 could not work, 2 wrong usage\n",
		CONF_DEFAULT_PATH);
}

static int check_config(const char *path)
{
	struct conf conf;
	char why[512];

	conf_defaults(&conf);
	if (!path) {
		printf("no configuration: the defaults are in force\n");
		return EXIT_SUCCESS;
	}
	if (conf_load(&conf, path, why, sizeof(why))) {
		fprintf(stderr, "%s\n", why);
		return EXIT_FAILURE;
	}
	printf("%s: good\n", path);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "store", required_argument, NULL, 's' },
		{ "check-config", no_argument, NULL, 't' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *conf = conf_absent(CONF_DEFAULT_PATH) ? NULL :
			   CONF_DEFAULT_PATH;
	const char *store = NULL;
	bool check = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:s:tfhV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			conf = optarg;
			break;
		case 's':
			store = optarg;
			break;
		case 't':
			check = true;
			break;
		case 'f':
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("cityhubd " CITYHUB_VERSION " " FEATURES);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return MAIN_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "cityhubd: '%s' is not expected\n",
			argv[optind]);
		usage(stderr);
		return MAIN_USAGE;
	}
	log_init("cityhubd");
	return check ? check_config(conf) : daemon_main(conf, store);
}
