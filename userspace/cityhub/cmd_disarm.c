// SPDX-License-Identifier: GPL-2.0-only
#include "hub.h"

static int disarm_one(struct cityhub *h, uint32_t generation, struct writer *w)
{
	struct cityhub_stats *stats;
	size_t n;
	int ret = cityhub_disarm(h, generation, &stats, &n);

	if (ret)
		return hub_failed(&cmd_disarm, h, ret);
	writer_object_begin(w, NULL);
	writer_uint(w, "generation", generation);
	hub_write_stats_array(w, "members", stats, n);
	writer_object_end(w);
	cityhub_stats_free(stats);
	return CMD_OK;
}

static int disarm_all(struct cityhub *h, struct writer *w)
{
	struct cityhub_hub *hub;
	size_t i;
	int ret = cityhub_hub_get(h, &hub);

	if (ret)
		return hub_failed(&cmd_disarm, h, ret);
	if (!hub->n_captures)
		writer_line(w, "nothing is armed");
	writer_array_begin(w, NULL);
	for (i = 0; i < hub->n_captures && ret == CMD_OK; i++)
		ret = disarm_one(h, hub->capture[i].generation, w);
	writer_array_end(w);
	cityhub_hub_free(hub);
	return ret;
}

static int run(int argc, char **argv, struct writer *w)
{
	uint32_t generation = 0;
	struct cityhub *h;
	int ret;

	if (argc > 2)
		return cmd_usage(&cmd_disarm, "one capture at a time, or all");
	if (argc == 2 &&
	    (hub_parse_number(argv[1], "", UINT32_MAX, &generation) || !generation))
		return cmd_usage(&cmd_disarm, "'%s' is no number of a capture (cityhub show lists them)",
				 argv[1]);

	ret = hub_open(&cmd_disarm, &h);
	if (ret != CMD_OK)
		return ret;
	if (generation) {
		writer_array_begin(w, NULL);
		ret = disarm_one(h, generation, w);
		writer_array_end(w);
	} else {
		ret = disarm_all(h, w);
	}
	cityhub_close(h);
	return ret;
}

const struct cmd cmd_disarm = {
	.name = "disarm",
	.args = "[GENERATION]",
	.help = "end a capture, or all of them",
	.details =
"Buffers stay on, so that they can be drained; no sample comes any more until\n"
"a buffer is switched off or its member armed again. Shows the counters.\n"
"Needs CAP_NET_ADMIN (sudo).\n",
	.run = run,
};
