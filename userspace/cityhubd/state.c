// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/state.h"

#include <jansson.h>
#include <math.h>

#include "common/batch_json.h"

static json_t *state_head(const struct state *st, const char *schema)
{
	int64_t now = clock_utc_ns(st->clock, clock_now_ns(st->clock));

	return json_pack("{ss ss ss sI}", "schema", schema, "hub", st->hub,
			 "boot", st->boot, "time_ns", (json_int_t)now);
}

static char *state_text(json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));

	json_decref(root);
	return text;
}

static json_t *state_number(double v, int decimals)
{
	return isfinite(v) ? json_real(batch_json_round(v, decimals)) :
			     json_null();
}

static void state_add_hub(json_t *root, const struct conf *c)
{
	if (*c->hub.name)
		json_object_set_new(root, "name", json_string(c->hub.name));
	if (isfinite(c->hub.lat) && isfinite(c->hub.lon))
		json_object_set_new(root, "location",
			json_pack("{so so so}", "lat",
				  state_number(c->hub.lat, 7), "lon",
				  state_number(c->hub.lon, 7), "height_m",
				  state_number(c->hub.height_m, 2)));
}

static void state_add_sensor(void *ctx, const char *name, double rate_hz,
			     unsigned int stalls)
{
	json_array_append_new(ctx, json_pack("{ss so sI}", "sensor", name,
					     "rate_hz", rate_hz > 0 ?
					     state_number(rate_hz, 3) :
					     json_null(),
					     "stalls", (json_int_t)stalls));
}

static void state_add_ledger(json_t *root, const struct store_stats *s)
{
	json_t *dropped = json_object();

	for (int i = 0; i < LEDGER_DROPS; i++)
		json_object_set_new(dropped,
			ledger_drop_name((enum ledger_drop)i),
			json_integer((json_int_t)s->sensors.dropped[i]));
	json_object_set_new(root, "ledger",
		json_pack("{sI sI sI sI so sb}",
			  "captured", (json_int_t)s->sensors.captured,
			  "reduced", (json_int_t)s->sensors.reduced,
			  "raw", (json_int_t)s->sensors.raw,
			  "pending", (json_int_t)s->sensors.pending,
			  "dropped", dropped, "balanced", !s->unbalanced));
}

static json_t *state_sink(const struct ledger_sink *l)
{
	return json_pack("{sI sI sI sI}",
			 "made", (json_int_t)l->made,
			 "acknowledged", (json_int_t)l->acknowledged,
			 "waiting", (json_int_t)l->waiting,
			 "expired", (json_int_t)ledger_expired(l));
}

/* "sink" is the first of them, as it was when there was only one. */
static void state_add_sinks(json_t *root, const struct store_stats *s)
{
	static const struct ledger_sink none;
	json_t *sinks = json_object();

	json_object_set_new(root, "sink",
			    state_sink(s->nsinks ? &s->sinks[0].ledger : &none));
	for (unsigned int i = 0; i < s->nsinks; i++)
		json_object_set_new(sinks, s->sinks[i].name,
				    state_sink(&s->sinks[i].ledger));
	json_object_set_new(root, "sinks", sinks);
}

static void state_add_store(json_t *root, const struct store_stats *s)
{
	json_object_set_new(root, "store",
		json_pack("{so sI sI sI sI sb}",
			  "hours", state_number(s->hours, 1),
			  "batches", (json_int_t)s->batches,
			  "bytes", (json_int_t)s->bytes,
			  "max_bytes", (json_int_t)s->max_bytes,
			  "queued", (json_int_t)s->queued,
			  "failing", s->failing));
}

static json_t *state_bound(int64_t ns)
{
	return ns < 0 ? json_null() : json_integer(ns);
}

static void state_add_clock(json_t *root, const struct clock *c)
{
	const struct clock_epoch *e = clock_epoch(c);

	json_object_set_new(root, "sync", json_string(batch_sync_name(e->sync)));
	json_object_set_new(root, "bound_ns", state_bound(e->bound_ns));
	json_object_set_new(root, "estimate_ns", state_bound(e->estimate_ns));
	json_object_set_new(root, "epoch", json_integer(e->number));
	json_object_set_new(root, "clock_steps", json_integer(clock_steps(c)));
}

char *state_online(const struct state *st)
{
	json_t *root = state_head(st, "cityhub.state/1");
	json_t *sensors = json_array();

	if (!root)
		return NULL;
	json_object_set_new(root, "online", json_true());
	state_add_hub(root, st->conf);
	state_add_clock(root, st->clock);
	capture_each(st->capture, state_add_sensor, sensors);
	json_object_set_new(root, "sensors", sensors);
	if (st->store) {
		state_add_store(root, st->store);
		state_add_ledger(root, st->store);
		state_add_sinks(root, st->store);
	}
	return state_text(root);
}

char *state_offline(const struct state *st, const char *reason)
{
	json_t *root = state_head(st, "cityhub.state/1");

	if (!root)
		return NULL;
	json_object_set_new(root, "online", json_false());
	json_object_set_new(root, "reason", json_string(reason));
	return state_text(root);
}

static json_t *state_fault_json(const struct state *st, const char *sensor,
				bool active, const char *text)
{
	json_t *root = state_head(st, "cityhub.fault/1");

	if (!root)
		return NULL;
	json_object_set_new(root, "sensor", sensor ? json_string(sensor) :
			    json_null());
	json_object_set_new(root, "active", json_boolean(active));
	json_object_set_new(root, "text", text ? json_string(text) :
			    json_null());
	return root;
}

char *state_fault(const struct state *st, const char *sensor, const char *text)
{
	json_t *root = state_fault_json(st, sensor, text, text);

	return root ? state_text(root) : NULL;
}

char *state_power(const struct state *st, const char *sensor,
		  const struct power *p, const struct power_quality_event *e)
{
	char text[160];
	json_t *root;

	power_event_text(p, e, text, sizeof(text));
	root = state_fault_json(st, sensor, !e->over, text);
	if (!root)
		return NULL;
	json_object_set_new(root, "power",
		json_pack("{ss sI so ss so so}",
			  "event", power_quality_name(e->kind),
			  "from_ns", (json_int_t)e->from_ns,
			  "duration_s", e->over ?
			  state_number((double)(e->to_ns - e->from_ns) / 1e9, 6) :
			  json_null(),
			  "phase", power_phase(p, e->phase),
			  "volts", state_number(e->volts, 2),
			  "nominal_v", state_number(power_nominal_v(p), 2)));
	return state_text(root);
}
