// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "iio.h"

static const struct cityhub_member *find(const struct cityhub_member *members,
					 size_t n, uint32_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (members[i].id == id)
			return &members[i];
	return NULL;
}

static void write_text_or_null(struct writer *w, const char *key,
			       const char *text)
{
	writer_string(w, key, *text ? text : NULL);
}

static void write_device(struct writer *w, const struct iio_entry *e,
			 const struct cityhub_member *m)
{
	writer_object_begin(w, NULL);
	writer_uint(w, "id", e->id);
	writer_string(w, "name", e->name);
	write_text_or_null(w, "label", e->label);
	writer_string(w, "buffer", !e->has_buffer ? NULL :
				   e->buffer_on ? "on" : "off");
	write_text_or_null(w, "trigger", e->trigger);
	writer_bool(w, "member", m);
	if (m)
		hub_write_member(w, m);
	writer_object_end(w);
}

static void write_devices(struct writer *w, const struct iio_entry *e, size_t n,
			  bool module, const struct cityhub_member *members,
			  size_t n_members)
{
	size_t i;

	writer_object_begin(w, NULL);
	writer_bool(w, "module", module);
	writer_array_begin(w, "devices");
	for (i = 0; i < n; i++)
		write_device(w, &e[i], find(members, n_members, e[i].id));
	writer_array_end(w);
	writer_object_end(w);
}

/* Without the module there are devices and no members. */
static int get_members(struct writer *w, bool *module,
		       struct cityhub_member **members, size_t *n)
{
	struct cityhub *h;
	int ret = cityhub_open(&h);

	*module = !ret;
	*members = NULL;
	*n = 0;
	if (ret == -ENOENT) {
		writer_line(w, "The kernel module cityhub is not loaded: these are plain IIO devices (modprobe cityhub).");
		return CMD_OK;
	}
	if (ret) {
		cmd_error(&cmd_list, "cannot reach the hub: %s", strerror(-ret));
		return CMD_FAILED;
	}

	ret = cityhub_members_get(h, members, n);
	ret = ret ? hub_failed(&cmd_list, h, ret) : CMD_OK;
	cityhub_close(h);
	return ret;
}

static int run(int argc, char **argv, struct writer *w)
{
	struct cityhub_member *members;
	struct iio_entry *entries;
	size_t n, n_members;
	bool module;
	int ret;

	(void)argv;
	if (argc > 1)
		return cmd_usage(&cmd_list, "takes no arguments");

	ret = get_members(w, &module, &members, &n_members);
	if (ret != CMD_OK)
		return ret;

	ret = iio_scan(&entries, &n);
	if (ret == -ENOENT) {
		writer_line(w, "This kernel has no IIO devices: no driver is loaded.");
	} else if (ret) {
		cmd_error(&cmd_list, "%s", strerror(-ret));
		cityhub_members_free(members);
		return CMD_FAILED;
	}
	write_devices(w, entries, n, module, members, n_members);
	cityhub_members_free(members);
	free(entries);
	return CMD_OK;
}

const struct cmd cmd_list = {
	.name = "list",
	.args = "",
	.help = "IIO devices and which of them the hub has",
	.details =
"A device is a member of the hub when its current_trigger is one of\n"
"cityhub-0, cityhub-1, ..., or when its driver samples by the chip's clock.\n"
"Works without the kernel module, and says so.\n",
	.run = run,
};
