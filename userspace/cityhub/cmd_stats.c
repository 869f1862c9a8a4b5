// SPDX-License-Identifier: GPL-2.0-only
#include "hub.h"

static int run(int argc, char **argv, struct writer *w)
{
	struct cityhub_stats *stats;
	struct cityhub *h;
	size_t n;
	int ret;

	(void)argv;
	if (argc > 1)
		return cmd_usage(&cmd_stats, "takes no arguments");

	ret = hub_open(&cmd_stats, &h);
	if (ret != CMD_OK)
		return ret;
	ret = cityhub_stats_get(h, &stats, &n);
	if (ret) {
		ret = hub_failed(&cmd_stats, h, ret);
	} else {
		hub_write_stats_array(w, NULL, stats, n);
		cityhub_stats_free(stats);
	}
	cityhub_close(h);
	return ret;
}

const struct cmd cmd_stats = {
	.name = "stats",
	.args = "",
	.help = "counters of all members, as the kernel has them",
	.details =
"taken = pushed + gated + fifo_full; ticks_fired = done + overrun + aborted,\n"
"and one more while a member is at work. Drivers that do not report to the\n"
"hub have ticks only.\n",
	.run = run,
};
