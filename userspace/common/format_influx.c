// SPDX-License-Identifier: GPL-2.0-only
/*
 * InfluxDB line protocol: one line per channel and window, dated with the
 * begin of the window. A series is quantity, hub, sensor and channel.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/array.h"
#include "common/batch_json.h"
#include "common/format.h"

/* Commas, spaces and equal signs are escaped in names and tags. */
static void influx_name(struct bytes *out, const char *text)
{
	for (; *text; text++) {
		/* A line break cannot be escaped; a last backslash would. */
		if (*text == '\n' || *text == '\r' || *text == '\\') {
			bytes_byte(out, '_');
			continue;
		}
		if (strchr(", =", *text))
			bytes_byte(out, '\\');
		bytes_byte(out, (uint8_t)*text);
	}
}

/* An empty tag is refused by the reader. */
static void influx_tag(struct bytes *out, const char *key, const char *value)
{
	if (!*value)
		return;
	bytes_printf(out, ",%s=", key);
	influx_name(out, value);
}

/* Always written as a float: the type of a field must not change. */
static void influx_value(struct bytes *out, const char *key, double v,
			 int decimals)
{
	if (isfinite(v))
		bytes_printf(out, ",%s=%.15g", key,
			     batch_json_round(v, decimals));
}

static void influx_line(struct bytes *out, const struct batch *b,
			unsigned int i)
{
	const struct batch_channel *c = batch_layout_channel(b->layout, i);
	const struct batch_result *r = &b->results[i];

	influx_name(out, c->quantity);
	influx_tag(out, "channel", c->channel);
	influx_tag(out, "hub", b->hub);
	influx_tag(out, "phase", c->phase);
	influx_tag(out, "sensor", batch_layout_sensor(b->layout));
	influx_tag(out, "unit", c->unit);
	bytes_printf(out, " count=%" PRIu32 "i", r->count);
	if (r->expected)
		bytes_printf(out, ",expected=%" PRIu32 "i", r->expected);
	influx_value(out, "mean", r->mean, c->decimals);
	influx_value(out, "min", r->min, c->decimals);
	influx_value(out, "max", r->max, c->decimals);
	influx_value(out, "rms", r->rms, c->decimals);
	influx_value(out, "last", r->last, c->decimals);
	influx_value(out, "difference", r->difference, c->decimals);
	bytes_printf(out, ",seq=%" PRIu64 "i", b->seq);
	if (batch_bound(b) >= 0)
		bytes_printf(out, ",bound_ns=%" PRId64 "i", batch_bound(b));
	bytes_printf(out, ",synchronised=%s %" PRId64,
		     b->sync != BATCH_UNSYNCHRONISED ? "t" : "f", b->from_ns);
}

void format_influx(struct bytes *out, const struct batch *const *b, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		for (unsigned int i = 0;
		     i < batch_layout_size(b[k]->layout); i++) {
			if (out->len)
				bytes_byte(out, '\n');
			influx_line(out, b[k], i);
		}
	}
}
