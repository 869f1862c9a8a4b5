// SPDX-License-Identifier: GPL-2.0-only
#include "hub.h"

static void write_capture(struct writer *w, const struct cityhub_capture *c)
{
	size_t i;

	writer_object_begin(w, NULL);
	writer_uint(w, "generation", c->generation);
	writer_uint(w, "first_tick", c->first_tick);
	writer_int(w, "start_ns", c->start_ns);
	writer_array_begin(w, "members");
	for (i = 0; i < c->n_members; i++)
		writer_uint(w, NULL, c->member[i]);
	writer_array_end(w);
	writer_object_end(w);
}

static void write_clock(struct writer *w, const struct cityhub_clock *c)
{
	writer_object_begin(w, "clock");
	writer_int(w, "instant_ns", c->instant_ns);
	writer_int(w, "realtime_ns", c->realtime_ns);
	writer_int(w, "boottime_ns", c->boottime_ns);
	writer_int(w, "tai_ns", c->tai_ns);
	writer_int(w, "raw_ns", c->raw_ns);
	writer_uint(w, "set_count", c->set_count);
	writer_object_end(w);
}

static void write_hub(struct writer *w, const struct cityhub_hub *hub)
{
	size_t i;

	writer_object_begin(w, NULL);
	hub_write_settings(w, hub);
	writer_int(w, "epoch_ns", hub->epoch_ns);
	writer_uint(w, "slots", hub->slots);
	writer_uint(w, "slots_on", hub->slots_on);
	if (hub->has_last)
		writer_uint(w, "last_tick", hub->last_tick);
	else
		writer_null(w, "last_tick");
	writer_uint(w, "next_tick", hub->next_tick);
	writer_int(w, "next_due_ns", hub->next_due_ns);
	writer_uint(w, "fired", hub->fired);
	writer_uint(w, "skipped", hub->skipped);
	writer_uint(w, "realigned", hub->realigned);
	write_clock(w, &hub->clock);
	writer_array_begin(w, "captures");
	for (i = 0; i < hub->n_captures; i++)
		write_capture(w, &hub->capture[i]);
	writer_array_end(w);
	writer_object_end(w);
}

static int show_hub(struct cityhub *h, struct writer *w)
{
	struct cityhub_hub *hub;
	int ret = cityhub_hub_get(h, &hub);

	if (ret)
		return hub_failed(&cmd_show, h, ret);
	write_hub(w, hub);
	cityhub_hub_free(hub);
	return CMD_OK;
}

static int show_member(struct cityhub *h, const char *arg, struct writer *w)
{
	struct cityhub_member *m;
	uint32_t id;
	int ret = hub_find_member(&cmd_show, h, arg, &id);

	if (ret != CMD_OK)
		return ret;
	ret = cityhub_member_get(h, id, &m);
	if (ret)
		return hub_failed(&cmd_show, h, ret);

	writer_object_begin(w, NULL);
	writer_uint(w, "id", m->id);
	writer_string(w, "name", m->name);
	writer_string(w, "label", *m->label ? m->label : NULL);
	hub_write_member(w, m);
	writer_object_end(w);
	cityhub_members_free(m);
	return CMD_OK;
}

static int run(int argc, char **argv, struct writer *w)
{
	struct cityhub *h;
	int ret;

	if (argc > 2)
		return cmd_usage(&cmd_show, "one member at a time");

	ret = hub_open(&cmd_show, &h);
	if (ret != CMD_OK)
		return ret;
	ret = argc == 2 ? show_member(h, argv[1], w) : show_hub(h, w);
	cityhub_close(h);
	return ret;
}

const struct cmd cmd_show = {
	.name = "show",
	.args = "[MEMBER]",
	.help = "state of the hub, or of one member",
	.details =
"MEMBER is a number, iio:deviceN, a name or a label.\n"
"Instants: *_ns of the grid are UTC, of clock the offsets to the monotonic\n"
"clock.\n",
	.run = run,
};
