// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/watch_view.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Longer names have their kind in front, which the unit tells as well. */
#define VIEW_SHORT_NAME	15

struct watch_view *watch_view_new(const char *hub)
{
	struct watch_view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	snprintf(v->hub, sizeof(v->hub), "%s", hub);
	v->link = "broker";
	v->hours = NAN;
	v->bound_ns = BATCH_UNKNOWN;
	v->balanced = true;
	v->count = watch_count_new();
	if (v->count)
		return v;
	free(v);
	return NULL;
}

void watch_view_free(struct watch_view *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->sensors; i++)
		free(v->sensor[i].channel);
	free(v->sensor);
	watch_count_free(v->count);
	free(v);
}

/* ---- sensors and their channels -------------------------------------------- */

static struct watch_sensor *view_add_sensor(struct watch_view *v,
					    const char *name)
{
	struct watch_sensor *more = realloc(v->sensor, (v->sensors + 1) *
					    sizeof(*more));

	if (!more)
		return NULL;
	v->sensor = more;
	more += v->sensors++;
	*more = (struct watch_sensor){
		.bound_ns = BATCH_UNKNOWN, .rate_hz = NAN,
	};
	snprintf(more->name, sizeof(more->name), "%s", name);
	return more;
}

static struct watch_sensor *view_find_sensor(struct watch_view *v,
					     const char *name)
{
	for (size_t i = 0; i < v->sensors; i++)
		if (!strcmp(v->sensor[i].name, name))
			return &v->sensor[i];
	return NULL;
}

struct watch_sensor *watch_view_sensor(struct watch_view *v, const char *name)
{
	struct watch_sensor *s = view_find_sensor(v, name);

	return s || v->wanted_only ? s : view_add_sensor(v, name);
}

void watch_view_want(struct watch_view *v, const char *sensor)
{
	v->wanted_only = true;
	if (!view_find_sensor(v, sensor))
		view_add_sensor(v, sensor);
}

static struct watch_channel *view_channel(struct watch_sensor *s,
					  const char *name, const char *unit)
{
	struct watch_channel *more;

	for (size_t i = 0; i < s->channels; i++)
		if (!strcmp(s->channel[i].name, name))
			return &s->channel[i];
	more = realloc(s->channel, (s->channels + 1) * sizeof(*more));
	if (!more)
		return NULL;
	s->channel = more;
	more += s->channels++;
	*more = (struct watch_channel){ .value = NAN };
	snprintf(more->name, sizeof(more->name), "%s", name);
	if (strcmp(unit, "1"))
		snprintf(more->unit, sizeof(more->unit), "%s", unit);
	return more;
}

/* ---- messages -------------------------------------------------------------- */

static const char *view_text(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text ? text : "";
}

static double view_number(const json_t *j, const char *key)
{
	const json_t *n = json_object_get(j, key);

	return json_is_number(n) ? json_number_value(n) : NAN;
}

static int64_t view_integer(const json_t *j, const char *key, int64_t otherwise)
{
	const json_t *n = json_object_get(j, key);

	return json_is_integer(n) ? (int64_t)json_integer_value(n) : otherwise;
}

/* The one that people ask for: of mains it is the rms, of a counter the last. */
static double view_value(const json_t *r)
{
	const char *quantity = view_text(r, "quantity");
	double mean = view_number(r, "mean"), rms = view_number(r, "rms");

	if (*view_text(r, "phase") && isfinite(rms) &&
	    (!strcmp(quantity, "voltage") || !strcmp(quantity, "current")))
		return rms;
	return isfinite(mean) ? mean : view_number(r, "last");
}

static const char *view_name(const json_t *r)
{
	const char *name = view_text(r, "channel");

	return strlen(name) <= VIEW_SHORT_NAME || *view_text(r, "phase") ?
	       name : view_text(r, "quantity");
}

static void view_result(struct watch_sensor *s, const json_t *r)
{
	struct watch_channel *c = view_channel(s, view_name(r),
					       view_text(r, "unit"));
	int64_t instant = view_integer(r, "instant_ns", 0);
	double count = view_number(r, "count");

	if (!c)
		return;
	c->value = view_value(r);
	c->history[c->n++ % WATCH_HISTORY] = c->value;
	if (instant > s->instant_ns)
		s->instant_ns = instant;
	if (s->window_s > 0 && count / s->window_s > s->rate_hz)
		s->rate_hz = count / s->window_s;
}

/* Channels of a sensor come together: the first one speaks for all. */
static void view_coverage(struct watch_sensor *s, const json_t *results)
{
	const json_t *r = json_array_get(results, 0);
	int64_t expected = view_integer(r, "expected", 0);
	int64_t count = view_integer(r, "count", 0);

	if (expected <= 0 || count < 0)
		return;
	s->expected += (uint64_t)expected;
	s->count += (uint64_t)(count < expected ? count : expected);
}

static void view_take_clock(struct watch_view *v, const json_t *j)
{
	v->have_clock = true;
	v->synchronised = strcmp(view_text(j, "sync"), "unsynchronised");
	v->bound_ns = view_integer(j, "bound_ns", BATCH_UNKNOWN);
}

static void view_batch(struct watch_sensor *s, const json_t *batch)
{
	const json_t *results = json_object_get(batch, "results"), *r;
	size_t i;

	s->window_s = (double)(view_integer(batch, "to_ns", 0) -
			       view_integer(batch, "from_ns", 0)) / 1e9;
	s->bound_ns = view_integer(batch, "stamp_bound_ns", BATCH_UNKNOWN);
	s->rate_hz = 0;
	view_coverage(s, results);
	json_array_foreach(results, i, r)
		view_result(s, r);
}

bool watch_view_data(struct watch_view *v, const char *json)
{
	json_t *batch = json_loads(json, 0, NULL);
	int64_t seq = view_integer(batch, "seq", -1);
	struct watch_sensor *s = NULL;

	if (batch && seq >= 0) {
		watch_count_add(v->count, view_text(batch, "boot"),
				(uint64_t)seq);
		if (!*v->hub)
			snprintf(v->hub, sizeof(v->hub), "%s",
				 view_text(batch, "hub"));
		if (!v->have_state)
			view_take_clock(v, batch);
		s = watch_view_sensor(v, view_text(batch, "sensor"));
		if (s)
			view_batch(s, batch);
	}
	json_decref(batch);
	return s;
}

static void view_take_ledger(struct watch_view *v, const json_t *state)
{
	const json_t *l = json_object_get(state, "ledger");
	const json_t *dropped = json_object_get(l, "dropped");

	if (!l)
		return;
	v->have_ledger = true;
	v->balanced = json_is_true(json_object_get(l, "balanced"));
	v->ledger.captured = (uint64_t)view_integer(l, "captured", 0);
	v->ledger.reduced = (uint64_t)view_integer(l, "reduced", 0);
	v->ledger.raw = (uint64_t)view_integer(l, "raw", 0);
	v->ledger.pending = (uint64_t)view_integer(l, "pending", 0);
	for (int i = 0; i < LEDGER_DROPS; i++)
		v->ledger.dropped[i] = (uint64_t)
			view_integer(dropped,
				     ledger_drop_name((enum ledger_drop)i), 0);
}

void watch_view_waiting(struct watch_view *v, uint64_t batches)
{
	v->trend = (batches > v->waiting) - (batches < v->waiting);
	v->waiting = batches;
}

void watch_view_state(struct watch_view *v, const char *json)
{
	json_t *state = json_loads(json, 0, NULL);

	if (!state)
		return;
	v->have_state = true;
	v->online = json_is_true(json_object_get(state, "online"));
	if (v->online) {
		view_take_clock(v, state);
		v->hours = view_number(json_object_get(state, "store"),
				       "hours");
		watch_view_waiting(v, (uint64_t)
				   view_integer(json_object_get(state, "sink"),
						"waiting", 0));
		view_take_ledger(v, state);
	}
	json_decref(state);
}

void watch_view_fault(struct watch_view *v, const char *json)
{
	json_t *fault = json_loads(json, 0, NULL);
	const char *sensor = view_text(fault, "sensor");
	struct watch_sensor *s = *sensor ? watch_view_sensor(v, sensor) : NULL;
	char *text = s ? s->fault : *sensor ? NULL : v->fault;

	if (text && fault)
		snprintf(text, WATCH_FAULT, "%s",
			 json_is_true(json_object_get(fault, "active")) ?
			 view_text(fault, "text") : "");
	json_decref(fault);
}

/* ---- what is known besides ------------------------------------------------- */

void watch_view_link(struct watch_view *v, const char *link, bool up)
{
	v->link = link;
	v->link_up = up;
}

void watch_view_add_up(struct watch_view *v)
{
	memset(&v->ledger, 0, sizeof(v->ledger));
	for (size_t i = 0; i < v->sensors; i++)
		if (v->sensor[i].has_ledger)
			ledger_sensor_add(&v->ledger, &v->sensor[i].ledger);
	v->have_ledger = true;
	v->balanced = !ledger_sensor_balance(&v->ledger);
}

void watch_view_plain(const char *json, FILE *out)
{
	json_t *batch = json_loads(json, 0, NULL), *r;
	time_t from = (time_t)(view_integer(batch, "from_ns", 0) / 1000000000);
	struct tm tm;
	char when[32];
	size_t i;

	if (!batch)
		return;
	gmtime_r(&from, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(out, "%s %s #%" PRId64, when, view_text(batch, "sensor"),
		view_integer(batch, "seq", 0));
	json_array_foreach(json_object_get(batch, "results"), i, r)
		fprintf(out, "  %s %.6g %s", view_text(r, "channel"),
			view_value(r), view_text(r, "unit"));
	fprintf(out, "\n");
	json_decref(batch);
}
