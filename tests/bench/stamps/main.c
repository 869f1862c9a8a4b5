// SPDX-License-Identifier: GPL-2.0-only
/* Verifies the estimator of sample instants on traces with a known truth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "traces", cmd_traces,
	  "DIR [PROFILE...]   write traces, and the truth beside them" },
	{ "table", cmd_table,
	  "[--json] [--limit] [PROFILE...]\n"
	  "                             how far off the filters are, in us; --limit\n"
	  "                             adds the best anybody could do (slow)" },
	{ "plot", cmd_plot,
	  "FILE               draw the distributions of errors, as SVG" },
	{ "gates", cmd_gates,
	  "                   what the estimator has to reach, as TAP" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	size_t i;

	fprintf(out, "usage: stamp-bench COMMAND [ARGUMENT...]\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-7s %s\n", commands[i].name, commands[i].help);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return EXIT_SUCCESS;
	}
	for (i = 0; argc > 1 && i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	usage(stderr);
	return CMD_USAGE;
}
