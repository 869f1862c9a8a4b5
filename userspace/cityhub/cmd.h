/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subcommands of cityhub. Each is one cmd_<name>.c that defines one
 * const struct cmd; the table is in main.c.
 */
#ifndef CITYHUB_CMD_H
#define CITYHUB_CMD_H

#include <getopt.h>
#include <stdio.h>

struct writer;

/** enum cmd_exit - exit status of the command */
enum cmd_exit {
	CMD_OK		= 0,	/* done */
	CMD_FAILED	= 1,	/* something went wrong on the way */
	CMD_USAGE	= 2,	/* the command line makes no sense */
	CMD_REFUSED	= 3,	/* understood and refused, nothing changed */
	CMD_ABSENT	= 4,	/* no module, no daemon's store, no broker */
};

/**
 * struct cmd - one subcommand
 * @name:	as typed
 * @args:	synopsis of its arguments, "" when it has none
 * @help:	one line for the overview
 * @details:	lines for `cityhub NAME --help`, each ended by a newline, or NULL
 * @run:	does it; argv[0] is the name, --json and --help are already
 *		taken out (cmd_option() has the rest). Writes its result to the writer and its errors to stderr, and returns
 *		an &enum cmd_exit. What was written is flushed by the caller.
 */
struct cmd {
	const char *name;
	const char *args;
	const char *help;
	const char *details;
	int (*run)(int argc, char **argv, struct writer *w);
};

extern const struct cmd cmd_arm;
extern const struct cmd cmd_commission;
extern const struct cmd cmd_disarm;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_faults;
extern const struct cmd cmd_ledger;
extern const struct cmd cmd_list;
extern const struct cmd cmd_set;
extern const struct cmd cmd_selftest;
extern const struct cmd cmd_show;
extern const struct cmd cmd_slot;
extern const struct cmd cmd_stats;
extern const struct cmd cmd_tap;
extern const struct cmd cmd_watch;

/* How it is called, in lines. */
void cmd_print_usage(const struct cmd *c, FILE *out);

/* "cityhub NAME: message" on stderr. */
void cmd_error(const struct cmd *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, and how it is called; returns CMD_USAGE. */
int cmd_usage(const struct cmd *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The next option, as getopt_long() has it, all of them long. '?' for one
 * that makes no sense, having said so; -1 at the end.
 */
int cmd_option(const struct cmd *c, int argc, char **argv,
	       const struct option *options);

#endif
