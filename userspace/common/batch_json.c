// SPDX-License-Identifier: GPL-2.0-only
#include "common/batch_json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double batch_json_round(double v, int decimals)
{
	char text[64];

	/* Beyond 15 digits a double has no clean decimal form. */
	if (fabs(v) >= 1e15 || decimals > 15)
		snprintf(text, sizeof(text), "%.15g", v);
	else
		snprintf(text, sizeof(text), "%.*f", decimals, v);
	v = strtod(text, NULL);
	snprintf(text, sizeof(text), "%.15g", v);
	v = strtod(text, NULL);
	return v == 0 ? 0 : v;	/* no negative zero */
}

static json_t *batch_json_value(double v, int decimals)
{
	return isfinite(v) ? json_real(batch_json_round(v, decimals)) :
			     json_null();
}

static json_t *batch_json_bound(const struct batch *b)
{
	int64_t bound = batch_bound(b);

	return bound < 0 ? json_null() : json_integer(bound);
}

static json_t *batch_json_result(const struct batch_channel *c,
				 const struct batch_result *r)
{
	json_t *j = json_pack("{ss ss ss}", "channel", c->channel, "quantity",
			      c->quantity, "unit", c->unit);

	if (c->phase[0])
		json_object_set_new(j, "phase", json_string(c->phase));
	json_object_set_new(j, "mean", batch_json_value(r->mean, c->decimals));
	json_object_set_new(j, "min", batch_json_value(r->min, c->decimals));
	json_object_set_new(j, "max", batch_json_value(r->max, c->decimals));
	json_object_set_new(j, "rms", batch_json_value(r->rms, c->decimals));
	json_object_set_new(j, "last", batch_json_value(r->last, c->decimals));
	json_object_set_new(j, "difference",
			    batch_json_value(r->difference, c->decimals));
	json_object_set_new(j, "instant_ns", r->count ?
			    json_integer(r->instant_ns) : json_null());
	json_object_set_new(j, "count", json_integer(r->count));
	if (r->expected) {
		double coverage = fmin(1, (double)r->count / r->expected);

		json_object_set_new(j, "expected", json_integer(r->expected));
		json_object_set_new(j, "coverage",
				    batch_json_value(coverage, 4));
	} else {
		json_object_set_new(j, "expected", json_null());
		json_object_set_new(j, "coverage", json_null());
	}
	return j;
}

static json_t *batch_json_flags(const struct batch *b)
{
	json_t *flags = json_array();

	for (unsigned int i = 0; i < BATCH_FLAGS; i++)
		if (b->flags & (1u << i))
			json_array_append_new(flags,
					      json_string(batch_flag_name(i)));
	return flags;
}

char *batch_json(const struct batch *b)
{
	const struct batch_layout *l = b->layout;
	json_t *results = json_array();
	json_t *root;
	char *text;

	for (unsigned int i = 0; i < batch_layout_size(l); i++)
		json_array_append_new(results,
			batch_json_result(batch_layout_channel(l, i),
					  &b->results[i]));
	root = json_pack("{ss ss ss sI ss ss ss sI sI so so sI sI so so}",
			 "schema", BATCH_JSON_SCHEMA, "hub", b->hub, "boot",
			 b->boot, "seq", (json_int_t)b->seq, "sensor",
			 batch_layout_sensor(l), "clock",
			 batch_clock_name(b->clock), "sync",
			 batch_sync_name(b->sync), "epoch",
			 (json_int_t)b->epoch, "offset_ns",
			 (json_int_t)b->offset_ns, "bound_ns",
			 batch_json_bound(b), "stamp_bound_ns",
			 b->stamp_bound_ns < 0 ? json_null() :
			 json_integer(b->stamp_bound_ns), "from_ns",
			 (json_int_t)b->from_ns, "to_ns",
			 (json_int_t)b->to_ns, "flags", batch_json_flags(b),
			 "results", results);
	if (!root)
		return NULL;
	text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(root);
	return text;
}
