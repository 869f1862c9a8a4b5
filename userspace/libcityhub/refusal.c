// SPDX-License-Identifier: LGPL-2.1-or-later
#include "refusal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linux/cityhub.h>

static const struct {
	uint8_t cmd;
	uint16_t attr;
	int is_member;
	const char *name;
} attrs[] = {
	{ CITYHUB_CMD_MEMBER_GET, CITYHUB_A_MEMBER_ID, 1, "id" },
	{ CITYHUB_CMD_TICK_GET, CITYHUB_A_SLOT_NUMBER, 0, "number" },
	{ CITYHUB_CMD_TICK_GET, CITYHUB_A_SLOT_SINCE, 0, "since" },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_MEMBER, 1, "member" },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_START_NS, 0, "start-ns" },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_FORCE, 0, "force" },
	{ CITYHUB_CMD_ARM, CITYHUB_A_CAPTURE_OWNED, 0, "owned" },
	{ CITYHUB_CMD_DISARM, CITYHUB_A_CAPTURE_GENERATION, 0, "generation" },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_PERIOD_NS, 0, "period-ns" },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_PHASE_NS, 0, "phase-ns" },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_GRID_CLOCK, 0, "grid-clock" },
	{ CITYHUB_CMD_HUB_SET, CITYHUB_A_HUB_POLICY, 0, "policy" },
	{ CITYHUB_CMD_SYNC_SET, CITYHUB_A_SYNC_BOUND_NS, 0, "bound-ns" },
	{ CITYHUB_CMD_SYNC_SET, CITYHUB_A_SYNC_VALID_NS, 0, "valid-ns" },
	{ CITYHUB_CMD_SLOT_NEW, CITYHUB_A_SLOT_NUMBER, 0, "number" },
	{ CITYHUB_CMD_SLOT_DEL, CITYHUB_A_SLOT_NUMBER, 0, "number" },
};

#define ATTRS	(sizeof(attrs) / sizeof(attrs[0]))

const char *refusal_attr_name(uint8_t cmd, uint16_t attr)
{
	size_t i;

	for (i = 0; i < ATTRS; i++)
		if (attrs[i].cmd == cmd && attrs[i].attr == attr)
			return attrs[i].name;
	return NULL;
}

int refusal_attr_is_member(uint8_t cmd, uint16_t attr)
{
	size_t i;

	for (i = 0; i < ATTRS; i++)
		if (attrs[i].cmd == cmd && attrs[i].attr == attr)
			return attrs[i].is_member;
	return 0;
}

static void append(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf + len, size - len, fmt, args);
	va_end(args);
}

static void append_attr(const struct refusal *r, char *buf, size_t size)
{
	const char *name = refusal_attr_name(r->cmd, r->attr);

	if (name)
		append(buf, size, "%s", name);
	else
		append(buf, size, "attribute %u", r->attr);
	if (r->has_value)
		append(buf, size, " %" PRIu64, r->value);
	if (*r->member)
		append(buf, size, " (%s)", r->member);
	append(buf, size, ": ");
}

void refusal_format(const struct refusal *r, char *buf, size_t size)
{
	const char *missing = refusal_attr_name(r->cmd, r->missing);

	*buf = '\0';
	if (r->attr)
		append_attr(r, buf, size);
	if (*r->reason)
		append(buf, size, "%s", r->reason);
	else if (r->error == -EPERM)
		append(buf, size, "not permitted: CAP_NET_ADMIN is needed");
	else
		append(buf, size, "%s", strerror(-r->error));
	if (missing)
		append(buf, size, " (%s is missing)", missing);
}
