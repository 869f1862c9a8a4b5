// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "cityhub/cmd.h"
#include "cityhub/doctor.h"
#include "common/array.h"

static const struct {
	const char *name;
	void (*look)(struct doctor *d);
} examinations[] = {
	{ "config", doctor_config },
	{ "kernel", doctor_kernel },
	{ "clock", doctor_clock },
	{ "store", doctor_store },
	{ "daemon", doctor_daemon },
	{ "sensors", doctor_sensors },
	{ "broker", doctor_broker },
	{ "store", doctor_ledger },
};

static bool known(const char *part)
{
	for (size_t i = 0; i < ARRAY_SIZE(examinations); i++)
		if (!strcmp(examinations[i].name, part))
			return true;
	return false;
}

static bool wanted(const char *part, int n, char **parts)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(part, parts[i]))
			return true;
	return !n;
}

static int examine(struct doctor *d, int n, char **parts)
{
	bool healthy;

	for (size_t i = 0; i < ARRAY_SIZE(examinations); i++) {
		d->silent = !wanted(examinations[i].name, n, parts);
		examinations[i].look(d);
	}
	healthy = doctor_healthy(d);
	if (writer_is_json(d->writer))
		doctor_write(d);
	doctor_free(d);
	return healthy ? CMD_OK : CMD_FAILED;
}

static int run(int argc, char **argv, struct writer *w)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	struct doctor d = { .writer = w };
	int opt;

	while ((opt = cmd_option(&cmd_doctor, argc, argv, options)) != -1) {
		if (opt != 'c')
			return CMD_USAGE;
		snprintf(d.conf_path, sizeof(d.conf_path), "%s", optarg);
	}
	for (int i = optind; i < argc; i++)
		if (!known(argv[i]))
			return cmd_usage(&cmd_doctor, "'%s' is no part of the chain (config, kernel, clock, store, daemon, sensors, broker)",
					 argv[i]);
	return examine(&d, argc - optind, argv + optind);
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "[PART...] [--config FILE]",
	.help = "what is wrong between sensor and broker, and what to do",
	.details =
"PART          config, kernel, clock, store, daemon, sensors or broker;\n"
"              default: all\n"
"--config FILE of the daemon; default: the one it runs with, else\n"
"              " CONF_DEFAULT_PATH "\n"
"\n"
"Changes nothing and needs no network but for the broker. A line for each\n"
"sensor and part: OK, note (works, worth knowing), FAULT with what to do, or\n"
"- (cannot be judged because of another finding). As root it sees most.\n"
"Exit status 1 if there is a fault.\n",
	.run = run,
};
