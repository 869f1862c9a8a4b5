// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "hub.h"

#define SETTINGS_MAX	4

/* What a minute of silence from whoever knows the time is worth. */
#define SYNC_VALID_NS	60000000000LL
#define SYNC_VALID_MAX_NS	86400000000000LL	/* as the kernel has it */

/**
 * struct request - what the command line asks for
 * @setting:	settings of the hub
 * @n:		how many
 * @sync:	UTC is known to @bound_ns for @valid_ns
 * @bound_ns:	largest error of the clock
 * @valid_ns:	for how long this holds
 */
struct request {
	struct cityhub_setting setting[SETTINGS_MAX];
	size_t n;
	bool sync;
	int64_t bound_ns;
	int64_t valid_ns;	/* negative: not given */
};

static int add(struct request *r, enum cityhub_setting_key key, uint64_t value)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->setting[i].key == key)
			return -EINVAL;
	r->setting[r->n++] = (struct cityhub_setting){ key, value };
	return 0;
}

static int add_seconds(struct request *r, enum cityhub_setting_key key,
		       const char *text)
{
	int64_t ns;
	int ret = hub_parse_seconds(text, &ns);

	return ret ? ret : add(r, key, (uint64_t)ns);
}

/* One of two words, in the order of their numbers. */
static int add_word(struct request *r, enum cityhub_setting_key key,
		    const char *text, const char *zero, const char *one)
{
	if (strcmp(text, zero) && strcmp(text, one))
		return -EINVAL;
	return add(r, key, !strcmp(text, one));
}

static int parse_option(struct request *r, int opt, const char *arg)
{
	switch (opt) {
	case 'p':
		return add_seconds(r, CITYHUB_SETTING_PERIOD_NS, arg);
	case 'o':
		return add_seconds(r, CITYHUB_SETTING_PHASE_NS, arg);
	case 'c':
		return add_word(r, CITYHUB_SETTING_CLOCK, arg, "utc", "tai");
	case 'a':
		return add_word(r, CITYHUB_SETTING_POLICY, arg, "synchronised",
				"any");
	case 's':
		r->sync = true;
		return hub_parse_seconds(arg, &r->bound_ns);
	default:
		return hub_parse_seconds(arg, &r->valid_ns);
	}
}

/*
 * Grid and clock are two requests: what the kernel would refuse of the second
 * is found here, before the first has changed something.
 */
static int parse_whole(struct request *r)
{
	if (r->valid_ns >= 0 && !r->sync)
		return cmd_usage(&cmd_set, "--valid goes with --sync: say how good the clock is");
	if (r->valid_ns > SYNC_VALID_MAX_NS)
		return cmd_usage(&cmd_set, "--valid: at most a day, 86400 seconds");
	if (!r->n && !r->sync)
		return cmd_usage(&cmd_set, "say what to set");
	if (r->valid_ns < 0)
		r->valid_ns = SYNC_VALID_NS;
	return CMD_OK;
}

static int parse(int argc, char **argv, struct request *r)
{
	static const struct option options[] = {
		{ "period", required_argument, NULL, 'p' },
		{ "phase", required_argument, NULL, 'o' },
		{ "clock", required_argument, NULL, 'c' },
		{ "policy", required_argument, NULL, 'a' },
		{ "sync", required_argument, NULL, 's' },
		{ "valid", required_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = cmd_option(&cmd_set, argc, argv, options)) != -1) {
		if (opt == '?')
			return CMD_USAGE;
		if (parse_option(r, opt, optarg))
			return cmd_usage(&cmd_set, "'%s' makes no sense here, or comes twice",
					 optarg);
	}
	if (optind < argc)
		return cmd_usage(&cmd_set, "'%s' is no option", argv[optind]);
	return parse_whole(r);
}

static int set(struct cityhub *h, const struct request *r, struct writer *w)
{
	struct cityhub_hub *hub;
	int ret = 0;

	if (r->n)
		ret = cityhub_hub_set(h, r->setting, r->n);
	if (!ret && r->sync)
		ret = cityhub_sync_set(h, (uint64_t)r->bound_ns,
				       (uint64_t)r->valid_ns);
	if (!ret)
		ret = cityhub_hub_get(h, &hub);
	if (ret)
		return hub_failed(&cmd_set, h, ret);
	writer_object_begin(w, NULL);
	hub_write_settings(w, hub);
	writer_object_end(w);
	cityhub_hub_free(hub);
	return CMD_OK;
}

static int run(int argc, char **argv, struct writer *w)
{
	struct request r = { .valid_ns = -1 };
	struct cityhub *h;
	int ret;

	ret = parse(argc, argv, &r);
	if (ret != CMD_OK)
		return ret;

	ret = hub_open(&cmd_set, &h);
	if (ret != CMD_OK)
		return ret;
	ret = set(h, &r, w);
	cityhub_close(h);
	return ret;
}

const struct cmd cmd_set = {
	.name = "set",
	.args = "[--period S] [--phase S] [--clock utc|tai]\n"
		"                   [--policy synchronised|any] [--sync S [--valid S]]",
	.help = "set the grid, and tell the hub how good the clock is",
	.details =
"What is not named stays as it is. The grid is set while nothing is armed, and\n"
"until the module is unloaded; tick numbers begin anew.\n"
"--period S  seconds between ticks, with decimals: 0.001 to 3600\n"
"--phase S   when ticks are due, modulo the period\n"
"--clock C   clock of the grid: utc, or tai where its offset is set\n"
"--policy P  what arm asks of the clock: synchronised, or any for nothing\n"
"--sync S    the clock is right to S seconds, whatever NTP says\n"
"--valid S   for so long (default 60, at most 86400), 0 to take it back\n"
"\n"
"Shows what is in force then. Needs CAP_NET_ADMIN (sudo).\n",
	.run = run,
};
