// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub.h"

#define NSEC_PER_SEC	1000000000LL

/* How long the word of adjtimex holds: long enough to arm. */
#define SYNC_VALID_NS	(60 * (uint64_t)NSEC_PER_SEC)

/* "+S" is from now on, "S" since 1970. */
static int parse_start(const char *text, int64_t *ns)
{
	struct timespec now;
	int ret;

	if (*text != '+')
		return hub_parse_seconds(text, ns);

	ret = hub_parse_seconds(text + 1, ns);
	if (ret)
		return ret;
	clock_gettime(CLOCK_REALTIME, &now);
	*ns += now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
	return 0;
}

/**
 * struct request - what the command line asks for
 * @start_ns:	UTC instant of the start, 0 for now
 * @flags:	CITYHUB_ARM_*
 */
struct request {
	int64_t start_ns;
	unsigned int flags;
};

static int arm_ids(struct cityhub *h, const uint32_t *id, size_t n,
		   const struct request *r, struct cityhub_capture **c)
{
	int ret = 0;

	/* The hub may have been told by nobody yet. */
	if (!(r->flags & CITYHUB_ARM_FORCE))
		ret = cityhub_sync_from_adjtimex(h, SYNC_VALID_NS);
	if (ret >= 0)
		ret = cityhub_arm_flags(h, id, n, r->start_ns, r->flags, c);
	if (!ret)
		return CMD_OK;

	return hub_failed(&cmd_arm, h, ret);
}

/* The capture lasts as long as the socket: until a signal comes. */
static int hold(struct writer *w)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) || writer_flush(w) ||
	    sigwait(&set, &sig)) {
		cmd_error(&cmd_arm, "cannot hold the capture: it has ended");
		return CMD_FAILED;
	}
	return CMD_OK;
}

static int arm(struct cityhub *h, int n, char **args, const struct request *r,
	       struct writer *w)
{
	uint32_t id[CITYHUB_CAPTURE_MEMBERS_MAX];
	struct cityhub_capture *c;
	int i, ret;

	for (i = 0; i < n; i++) {
		ret = hub_find_member(&cmd_arm, h, args[i], &id[i]);
		if (ret != CMD_OK)
			return ret;
	}
	ret = arm_ids(h, id, (size_t)n, r, &c);
	if (ret != CMD_OK)
		return ret;

	writer_object_begin(w, NULL);
	writer_uint(w, "generation", c->generation);
	writer_uint(w, "first_tick", c->first_tick);
	writer_int(w, "start_ns", c->start_ns);
	writer_object_end(w);
	cityhub_capture_free(c);
	return r->flags & CITYHUB_ARM_OWNED ? hold(w) : CMD_OK;
}

static int open_and_arm(int n, char **args, const struct request *r,
			struct writer *w)
{
	struct cityhub *h;
	int ret;

	if (n < 1)
		return cmd_usage(&cmd_arm, "name at least one member");
	if (n > CITYHUB_CAPTURE_MEMBERS_MAX)
		return cmd_usage(&cmd_arm, "at most %d members",
				 CITYHUB_CAPTURE_MEMBERS_MAX);

	ret = hub_open(&cmd_arm, &h);
	if (ret != CMD_OK)
		return ret;
	ret = arm(h, n, args, r, w);
	cityhub_close(h);
	return ret;
}

static int run(int argc, char **argv, struct writer *w)
{
	static const struct option options[] = {
		{ "start", required_argument, NULL, 's' },
		{ "force", no_argument, NULL, 'f' },
		{ "hold", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct request r = { 0 };
	int opt;

	while ((opt = cmd_option(&cmd_arm, argc, argv, options)) != -1) {
		if (opt == 'f')
			r.flags |= CITYHUB_ARM_FORCE;
		else if (opt == 'h')
			r.flags |= CITYHUB_ARM_OWNED;
		else if (opt != 's')
			return CMD_USAGE;
		else if (parse_start(optarg, &r.start_ns))
			return cmd_usage(&cmd_arm, "--start: '%s' is no instant: SECONDS since 1970, or +SECONDS",
					 optarg);
	}
	return open_and_arm(argc - optind, argv + optind, &r, w);
}

const struct cmd cmd_arm = {
	.name = "arm",
	.args = "MEMBER... [--start SECONDS] [--force] [--hold]",
	.help = "start a capture of several members on the same tick",
	.details =
"MEMBER is a number, iio:deviceN, a name or a label. All must be primed (have\n"
"their buffer on), or nothing is changed and the one to blame is named.\n"
"--start SECONDS  no sample before this UTC instant, in seconds since 1970\n"
"                 with decimals, or +SECONDS from now; default now\n"
"--force          arm even when the clock is not synchronised\n"
"--hold           stay, and disarm when interrupted or killed\n"
"\n"
"Needs CAP_NET_ADMIN (sudo).\n",
	.run = run,
};
