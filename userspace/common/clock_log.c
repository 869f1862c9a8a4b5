// SPDX-License-Identifier: GPL-2.0-only
#include "common/clock_log.h"

#include <jansson.h>

const char *clock_why_name(enum clock_why why)
{
	static const char *const names[CLOCK_WHYS] = {
		[CLOCK_START] = "start",
		[CLOCK_STEP] = "step",
		[CLOCK_LEAP] = "leap",
		[CLOCK_SYNC] = "sync",
		[CLOCK_LOST] = "lost",
	};

	return why < CLOCK_WHYS ? names[why] : "step";
}

static json_t *clock_log_entry(const struct clock_entry *e)
{
	return json_pack("{ss sI sI sI so ss ss}", "boot", e->boot, "epoch",
			 (json_int_t)e->epoch, "from_ns",
			 (json_int_t)e->from_ns, "offset_ns",
			 (json_int_t)e->offset_ns, "bound_ns",
			 e->bound_ns < 0 ? json_null() :
			 json_integer(e->bound_ns), "sync",
			 batch_sync_name(e->sync), "why",
			 clock_why_name(e->why));
}

char *clock_log_json(const char *hub, const struct clock_entry *log, size_t n)
{
	json_t *list = json_array();
	json_t *root;
	char *text;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, clock_log_entry(&log[i]));
	root = json_pack("{ss ss si so}", "schema", CLOCK_LOG_SCHEMA, "hub",
			 hub, "drift_ppm", BATCH_DRIFT_PPM, "log", list);
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	return text;
}
