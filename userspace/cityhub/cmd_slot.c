// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub.h"

#define SLOT_PREFIX	"cityhub-"

static void write_slot(struct writer *w, uint32_t slot,
		       const struct cityhub_member *members, size_t n)
{
	char name[32];
	size_t i = 0;

	while (i < n && members[i].slot != (int)slot)
		i++;
	snprintf(name, sizeof(name), SLOT_PREFIX "%" PRIu32, slot);
	writer_object_begin(w, NULL);
	writer_uint(w, "slot", slot);
	writer_string(w, "trigger", name);
	if (i < n)
		writer_uint(w, "member", members[i].id);
	else
		writer_null(w, "member");
	writer_string(w, "name", i < n ? members[i].name : NULL);
	writer_object_end(w);
}

/* The ticks after the last there can be are none, of a slot there is. */
static int slot_exists(struct cityhub *h, uint32_t slot)
{
	struct cityhub_ticks *ticks;
	int ret = cityhub_ticks_get(h, slot, UINT64_MAX, &ticks);

	if (!ret)
		cityhub_ticks_free(ticks);
	return ret == -ENOENT ? 0 : ret ? ret : 1;
}

static int write_slots(struct cityhub *h, struct writer *w,
		       const struct cityhub_member *members, size_t n)
{
	uint32_t slot;
	int ret;

	for (slot = 0; slot < CITYHUB_SLOTS_MAX; slot++) {
		ret = slot_exists(h, slot);
		if (ret < 0)
			return ret;
		if (ret)
			write_slot(w, slot, members, n);
	}
	return 0;
}

static int list(struct cityhub *h, struct writer *w)
{
	struct cityhub_member *members;
	size_t n;
	int ret = cityhub_members_get(h, &members, &n);

	if (ret)
		return hub_failed(&cmd_slot, h, ret);
	writer_array_begin(w, NULL);
	ret = write_slots(h, w, members, n);
	writer_array_end(w);
	cityhub_members_free(members);
	return ret ? hub_failed(&cmd_slot, h, ret) : CMD_OK;
}

static int add(struct cityhub *h, int number, struct writer *w)
{
	uint32_t slot;
	int ret = cityhub_slot_new(h, number, &slot);

	if (ret)
		return hub_failed(&cmd_slot, h, ret);
	write_slot(w, slot, NULL, 0);
	return CMD_OK;
}

static int delete(struct cityhub *h, uint32_t slot, struct writer *w)
{
	int ret = cityhub_slot_del(h, slot);

	if (ret)
		return hub_failed(&cmd_slot, h, ret);
	/* As it was, for programs; people need no word. */
	if (writer_is_json(w))
		write_slot(w, slot, NULL, 0);
	return CMD_OK;
}

static int do_it(const char *what, int number, struct writer *w)
{
	struct cityhub *h;
	int ret = hub_open(&cmd_slot, &h);

	if (ret != CMD_OK)
		return ret;
	if (!strcmp(what, "list"))
		ret = list(h, w);
	else if (!strcmp(what, "add"))
		ret = add(h, number, w);
	else
		ret = delete(h, (uint32_t)number, w);
	cityhub_close(h);
	return ret;
}

static int run(int argc, char **argv, struct writer *w)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint32_t slot = 0;
	int most = 3;

	if (!strcmp(what, "list"))
		most = 2;
	else if (strcmp(what, "add") && strcmp(what, "delete"))
		return cmd_usage(&cmd_slot, "say list, add or delete");
	if (argc > most)
		return cmd_usage(&cmd_slot, "'%s' is too much", argv[most]);
	if (argc > 2 && hub_parse_number(argv[2], SLOT_PREFIX, INT32_MAX, &slot))
		return cmd_usage(&cmd_slot, "'%s' is no slot: a number, or cityhub-N",
				 argv[2]);
	if (argc < 3 && !strcmp(what, "delete"))
		return cmd_usage(&cmd_slot, "say which slot");

	return do_it(what, argc > 2 ? (int)slot : -1, w);
}

const struct cmd cmd_slot = {
	.name = "slot",
	.args = "list | add [SLOT] | delete SLOT",
	.help = "the triggers of the hub: one for each sensor on the grid",
	.details =
"A sensor is on the grid of the hub when its current_trigger is a slot; each\n"
"needs one of its own. SLOT is a number, 0 to 63, or the name, cityhub-N.\n"
"list         the slots and the members that use them\n"
"add SLOT     make a slot; without SLOT the lowest there is none of\n"
"delete SLOT  take one away that no device uses\n"
"\n"
"They last until the module is unloaded; `modprobe cityhub slots=N` begins with\n"
"N of them (default 8). add and delete need CAP_NET_ADMIN (sudo).\n",
	.run = run,
};
