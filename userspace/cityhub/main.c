// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "common/array.h"
#include "common/features.h"
#include "writer.h"

#ifndef CITYHUB_VERSION
#define CITYHUB_VERSION	"unknown"
#endif

static const struct cmd *const commands[] = {
#if WITH_HUB
	&cmd_list,
	&cmd_show,
	&cmd_set,
	&cmd_slot,
	&cmd_arm,
	&cmd_disarm,
	&cmd_stats,
#endif
	&cmd_watch,
	&cmd_tap,
	&cmd_ledger,
	&cmd_faults,
	&cmd_doctor,
	&cmd_selftest,
	&cmd_commission,
};

static void print_cmd_help(const struct cmd *c)
{
	cmd_print_usage(c, stdout);
	printf("%s\n", c->help);
	if (c->details)
		printf("\n%s", c->details);
}

static void print_help(FILE *out)
{
	size_t i;

	fputs("usage: cityhub COMMAND [ARGUMENT...] [--json]\n\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name,
			commands[i]->help);
	fputs("\n"
	      "cityhub COMMAND --help says more. --json writes for programs.\n"
	      "exit status: 0 done, 1 failed, 2 wrong usage, 3 refused,\n"
	      "             4 nothing to ask (no module, no store, no broker)\n",
	      out);
}

static const struct cmd *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* Takes an option that every command knows out of argv (up to "--"). */
static bool take(int *argc, char **argv, const char *option)
{
	bool found = false;
	int i, n = 0;

	for (i = 0; i < *argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], option))
			found = true;
		else
			argv[n++] = argv[i];
	}
	while (i < *argc)
		argv[n++] = argv[i++];
	*argc = n;
	argv[n] = NULL;
	return found;
}

static int run(const struct cmd *c, int argc, char **argv, bool json)
{
	struct writer *w = writer_new(stdout, json ? WRITER_JSON : WRITER_TEXT);
	int ret;

	if (!w) {
		cmd_error(c, "%s", strerror(errno));
		return CMD_FAILED;
	}
	optind = 1;
	ret = c->run(argc, argv, w);
	if (writer_flush(w) && ret == CMD_OK) {
		cmd_error(c, "output: %s", strerror(errno));
		ret = CMD_FAILED;
	}
	writer_free(w);
	return ret;
}

int main(int argc, char **argv)
{
	bool json = take(&argc, argv, "--json");
	bool help = take(&argc, argv, "--help");
	bool short_help = take(&argc, argv, "-h");
	const struct cmd *c;

	help = help || short_help;
	if (take(&argc, argv, "--version")) {
		puts("cityhub " CITYHUB_VERSION " " FEATURES);
		return CMD_OK;
	}
	if (argc > 1 && !strcmp(argv[1], "help")) {
		help = true;
		argv++;
		argc--;
	}
	if (argc < 2) {
		print_help(help ? stdout : stderr);
		return help ? CMD_OK : CMD_USAGE;
	}
	c = find(argv[1]);
	if (!c) {
		fprintf(stderr, "cityhub: no command '%s'\n", argv[1]);
		print_help(stderr);
		return CMD_USAGE;
	}
	if (help) {
		print_cmd_help(c);
		return CMD_OK;
	}
	return run(c, argc - 1, argv + 1, json);
}
