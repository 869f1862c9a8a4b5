// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/cmd.h"

#include <stdarg.h>
#include <string.h>

void cmd_print_usage(const struct cmd *c, FILE *out)
{
	fprintf(out, "usage: cityhub %s%s%s [--json]\n", c->name,
		*c->args ? " " : "", c->args);
}

static void print_error(const struct cmd *c, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));
static void print_error(const struct cmd *c, const char *fmt, va_list args)
{
	fprintf(stderr, "cityhub %s: ", c->name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void cmd_error(const struct cmd *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_error(c, fmt, args);
	va_end(args);
}

int cmd_usage(const struct cmd *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_error(c, fmt, args);
	va_end(args);
	cmd_print_usage(c, stderr);
	return CMD_USAGE;
}

int cmd_option(const struct cmd *c, int argc, char **argv,
	       const struct option *options)
{
	const char *given;
	int opt;

	opterr = 0;
	opt = getopt_long(argc, argv, ":", options, NULL);
	given = argv[optind - 1];
	if (opt == ':')
		cmd_usage(c, "%s needs a value", given);
	else if (opt == '?' && !strncmp(given, "--", 2))
		cmd_usage(c, "no option '%s'", given);
	else if (opt == '?')
		cmd_usage(c, "no option '-%c'", optopt);
	return opt == ':' ? '?' : opt;
}
