// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub.h"

#define NSEC_PER_SEC	1000000000LL

/* Seconds with up to 9 decimals, exactly. */
static int parse_seconds(const char *text, int64_t *ns)
{
	int64_t scale = NSEC_PER_SEC;
	long long seconds;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	seconds = strtoll(text, &end, 10);
	if (errno || seconds > INT64_MAX / NSEC_PER_SEC - 1)
		return -ERANGE;
	*ns = seconds * NSEC_PER_SEC;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9' && scale > 1; end++) {
			scale /= 10;
			*ns += (*end - '0') * scale;
		}
	return *end ? -EINVAL : 0;
}

/* "+S" is from now on, "S" since 1970. */
static int parse_start(const char *text, int64_t *ns)
{
	struct timespec now;
	int ret;

	if (*text != '+')
		return parse_seconds(text, ns);

	ret = parse_seconds(text + 1, ns);
	if (ret)
		return ret;
	clock_gettime(CLOCK_REALTIME, &now);
	*ns += now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
	return 0;
}

static int arm(struct cityhub *h, int n, char **args, int64_t start_ns,
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
	ret = cityhub_arm(h, id, (size_t)n, start_ns, &c);
	if (ret)
		return hub_failed(&cmd_arm, h, ret);

	writer_object_begin(w, NULL);
	writer_uint(w, "generation", c->generation);
	writer_uint(w, "first_tick", c->first_tick);
	writer_int(w, "start_ns", c->start_ns);
	writer_object_end(w);
	cityhub_capture_free(c);
	return CMD_OK;
}

static int open_and_arm(int n, char **args, int64_t start_ns, struct writer *w)
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
	ret = arm(h, n, args, start_ns, w);
	cityhub_close(h);
	return ret;
}

static int run(int argc, char **argv, struct writer *w)
{
	static const struct option options[] = {
		{ "start", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t start_ns = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 's')
			return CMD_USAGE;
		if (parse_start(optarg, &start_ns))
			return cmd_usage(&cmd_arm, "'%s' is no instant", optarg);
	}
	return open_and_arm(argc - optind, argv + optind, start_ns, w);
}

const struct cmd cmd_arm = {
	.name = "arm",
	.args = "MEMBER... [--start SECONDS]",
	.help = "start a capture of several members on the same tick",
	.details =
"MEMBER is a number, iio:deviceN, a name or a label. All must be primed (have\n"
"their buffer on), or nothing is changed and the one to blame is named.\n"
"--start SECONDS  no sample before this UTC instant, in seconds since 1970\n"
"                 with decimals, or +SECONDS from now; default now\n",
	.run = run,
};
