// SPDX-License-Identifier: GPL-2.0-only
#include "hub.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#define NSEC_PER_SEC	1000000000LL

int hub_open(const struct cmd *c, struct cityhub **h)
{
	int ret = cityhub_open(h);

	if (!ret)
		return CMD_OK;
	if (ret == -ENOENT) {
		cmd_error(c, "the kernel module cityhub is not loaded (modprobe cityhub)");
		return CMD_ABSENT;
	}
	cmd_error(c, "cannot reach the hub: %s", strerror(-ret));
	return CMD_FAILED;
}

static int hub_exit_status(int error)
{
	switch (error) {
	case -EPERM:
	case -EINVAL:
	case -ERANGE:
	case -ENODEV:
	case -ENOENT:
	case -EAGAIN:
	case -EBUSY:
	case -EEXIST:
	case -ENOBUFS:
	case -ENOSPC:
	case -ETIME:
		return CMD_REFUSED;
	default:
		return CMD_FAILED;
	}
}

/* What to do about a refusal; the first that fits, of any command if NULL. */
static const struct {
	const struct cmd *cmd;
	int error;
	const char *remedy;
} remedies[] = {
	{ NULL, -EPERM, "run it with sudo" },
	{ NULL, -ENODEV, "`cityhub list` shows the members" },
	{ &cmd_arm, -EAGAIN, "cityhubd switches it on; by hand: echo 1 > /sys/bus/iio/devices/iio:deviceN/buffer/enable" },
	{ &cmd_arm, -EBUSY, "`cityhub disarm` ends that one" },
	{ &cmd_arm, -ETIME, "see what NTP does (timedatectl, chronyc tracking), or use --force: ticks then lie on a grid that other hubs do not share" },
	{ &cmd_disarm, -ENOENT, "`cityhub show` lists the captures" },
	{ &cmd_slot, -EBUSY, "switch its buffer off, then echo > /sys/bus/iio/devices/iio:deviceN/trigger/current_trigger" },
	{ &cmd_slot, -EEXIST, "`cityhub slot list` shows the slots" },
	{ &cmd_slot, -ENOENT, "`cityhub slot list` shows the slots" },
	{ &cmd_set, -EAGAIN, "let the time service set it (chrony: leapsectz right/UTC)" },
};

int hub_failed(const struct cmd *c, struct cityhub *h, int error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(remedies); i++)
		if (remedies[i].error == error &&
		    (!remedies[i].cmd || remedies[i].cmd == c))
			break;
	if (i < ARRAY_SIZE(remedies))
		cmd_error(c, "%s -> %s", cityhub_error(h), remedies[i].remedy);
	else
		cmd_error(c, "%s", cityhub_error(h));
	return hub_exit_status(error);
}

int hub_parse_seconds(const char *text, int64_t *ns)
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

int hub_parse_number(const char *arg, const char *prefix, uint32_t max,
		     uint32_t *number)
{
	unsigned long value;
	char *end;

	if (!strncmp(arg, prefix, strlen(prefix)))
		arg += strlen(prefix);
	if (*arg < '0' || *arg > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(arg, &end, 10);
	if (errno || *end || value > max)
		return -EINVAL;
	*number = (uint32_t)value;
	return 0;
}

static int find_name(const struct cmd *c, const struct cityhub_member *m,
		     size_t n, const char *arg, uint32_t *id)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		if (strcmp(m[i].name, arg) && strcmp(m[i].label, arg))
			continue;
		*id = m[i].id;
		found++;
	}
	if (found == 1)
		return CMD_OK;
	if (found)
		cmd_error(c, "%zu members are called '%s': use the number", found,
			  arg);
	else
		cmd_error(c, "no member is called '%s' (cityhub list shows them)",
			  arg);
	return CMD_REFUSED;
}

int hub_find_member(const struct cmd *c, struct cityhub *h, const char *arg,
		    uint32_t *id)
{
	struct cityhub_member *members;
	size_t n;
	int ret;

	if (!hub_parse_number(arg, "iio:device", INT32_MAX, id))
		return CMD_OK;

	ret = cityhub_members_get(h, &members, &n);
	if (ret)
		return hub_failed(c, h, ret);
	ret = find_name(c, members, n, arg, id);
	cityhub_members_free(members);
	return ret;
}

static const char *hub_kind_name(enum cityhub_member_kind kind)
{
	return kind == CITYHUB_MEMBER_KIND_TICKED ? "ticked" : "free";
}

static const char *hub_gate_name(enum cityhub_member_gate gate)
{
	switch (gate) {
	case CITYHUB_MEMBER_GATE_FREE:
		return "free";
	case CITYHUB_MEMBER_GATE_OPEN:
		return "open";
	case CITYHUB_MEMBER_GATE_CLOSED:
		return "closed";
	}
	return "unknown";
}

static const char *hub_source_name(enum cityhub_member_stamp source)
{
	switch (source) {
	case CITYHUB_MEMBER_STAMP_NONE:
		return "none";
	case CITYHUB_MEMBER_STAMP_IRQ:
		return "irq";
	case CITYHUB_MEMBER_STAMP_POLL:
		return "poll";
	case CITYHUB_MEMBER_STAMP_TICK:
		return "tick";
	case CITYHUB_MEMBER_STAMP_EXTRAPOLATED:
		return "extrapolated";
	}
	return "unknown";
}

static const char *hub_clock_name(enum cityhub_hub_clock clock)
{
	return clock == CITYHUB_HUB_CLOCK_TAI ? "tai" : "utc";
}

static const char *hub_policy_name(enum cityhub_hub_policy policy)
{
	return policy == CITYHUB_HUB_POLICY_ANY ? "any" : "synchronised";
}

void hub_write_settings(struct writer *w, const struct cityhub_hub *hub)
{
	writer_uint(w, "period_ns", hub->period_ns);
	writer_uint(w, "phase_ns", hub->phase_ns);
	writer_string(w, "grid_clock", hub_clock_name(hub->grid_clock));
	writer_string(w, "policy", hub_policy_name(hub->policy));
	writer_bool(w, "synchronised", hub->synchronised);
	if (hub->synchronised) {
		writer_uint(w, "sync_bound_ns", hub->sync_bound_ns);
		writer_uint(w, "sync_left_ns", hub->sync_left_ns);
	} else {
		writer_null(w, "sync_bound_ns");
		writer_null(w, "sync_left_ns");
	}
}

void hub_write_member(struct writer *w, const struct cityhub_member *m)
{
	writer_string(w, "kind", hub_kind_name(m->kind));
	if (m->slot < 0)
		writer_null(w, "slot");
	else
		writer_int(w, "slot", m->slot);
	writer_bool(w, "primed", m->primed);
	writer_string(w, "gate", hub_gate_name(m->gate));
	if (m->generation)
		writer_uint(w, "capture", m->generation);
	else
		writer_null(w, "capture");
}

static void write_counters(struct writer *w, const struct cityhub_stats *s)
{
	const struct {
		const char *key;
		uint64_t value;
	} row[] = {
		{ "taken", s->counters.taken },
		{ "pushed", s->counters.pushed },
		{ "gated", s->counters.gated },
		{ "fifo_full", s->counters.fifo_full },
		{ "lost", s->counters.lost },
		{ "bus_error", s->counters.bus_error },
		{ "crc_error", s->counters.crc_error },
		{ "invalid", s->counters.invalid },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		if (s->has_counters)
			writer_uint(w, row[i].key, row[i].value);
		else
			writer_null(w, row[i].key);
	}
}

static void write_ticks(struct writer *w, const struct cityhub_stats *s)
{
	const struct {
		const char *key;
		uint64_t value;
	} row[] = {
		{ "ticks_fired", s->ticks.fired },
		{ "ticks_done", s->ticks.done },
		{ "ticks_overrun", s->ticks.overrun },
		{ "ticks_aborted", s->ticks.aborted },
		{ "ticks_gated", s->ticks.gated },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		if (s->has_ticks)
			writer_uint(w, row[i].key, row[i].value);
		else
			writer_null(w, row[i].key);
	}
}

static void write_stamp(struct writer *w, const struct cityhub_stats *s)
{
	if (s->has_counters)
		writer_string(w, "stamp", hub_source_name(s->stamp.source));
	else
		writer_null(w, "stamp");
	if (s->has_counters && s->stamp.bound_ns != UINT32_MAX)
		writer_uint(w, "bound_ns", s->stamp.bound_ns);
	else
		writer_null(w, "bound_ns");
	if (s->has_counters && s->stamp.period_ps)
		writer_uint(w, "period_ps", s->stamp.period_ps);
	else
		writer_null(w, "period_ps");
	if (s->has_counters)
		writer_uint(w, "clock_epoch", s->stamp.clock_epoch);
	else
		writer_null(w, "clock_epoch");
}

void hub_write_stats(struct writer *w, const struct cityhub_stats *s)
{
	writer_object_begin(w, NULL);
	writer_uint(w, "id", s->id);
	writer_string(w, "name", s->name);
	write_counters(w, s);
	write_ticks(w, s);
	write_stamp(w, s);
	writer_object_end(w);
}

void hub_write_stats_array(struct writer *w, const char *key,
			   const struct cityhub_stats *s, size_t n)
{
	size_t i;

	writer_array_begin(w, key);
	for (i = 0; i < n; i++)
		hub_write_stats(w, &s[i]);
	writer_array_end(w);
}
