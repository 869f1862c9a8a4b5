// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/watch_view.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"

#define VIEW_BOOTS		8
/* Numbers a little before the first one seen may come late. */
#define VIEW_SEQ_BEFORE		65536
#define VIEW_NAME		40

/* Which numbers of one boot came. */
struct view_boot {
	char boot[VIEW_NAME];
	uint64_t base;		/* number of the first bit */
	uint64_t first, last;
	uint64_t seen;
	uint8_t *bits;
	size_t bytes;
};

/* The quantities on the screen; each line of the view has a class. */
struct view_item {
	const char *class;
	const char *quantity;
	const char *phase;
	const char *field;
	const char *name;
	const char *unit;
	double factor;
	int decimals;
};

static const struct view_item view_items[] = {
	{ "air", "pm2p5", "", "mean", "PM2.5", "ug/m3", 1, 1 },
	{ "air", "pm10", "", "mean", "PM10", "ug/m3", 1, 1 },
	{ "air", "co2", "", "mean", "CO2", "ppm", 1, 0 },
	{ "air", "temperature", "", "mean", "T", "C", 1, 1 },
	{ "air", "pressure", "", "mean", "p", "hPa", 1, 1 },
	{ "noise", "sound_level", "", "mean", "LAeq", "dB(A)", 1, 0 },
	{ "energy", "voltage", "L1", "rms", "L1", "V", 1, 1 },
	{ "energy", "active_power", "L1", "mean", "", "W", 1, 0 },
	{ "energy", "frequency", "L1", "mean", "", "Hz", 1, 2 },
	{ "energy", "energy", "L1", "last", "", "kWh", 1e-3, 3 },
};

#define VIEW_ITEMS	ARRAY_SIZE(view_items)

static const char *const view_classes[] = { "air", "noise", "energy" };

#define VIEW_CLASSES	ARRAY_SIZE(view_classes)

struct view_class {
	double rate_hz;		/* of the fastest sensor */
	int64_t instant_ns;
	int64_t bound_ns;	/* of the best stamps, negative: not known */
	bool seen;
};

struct watch_view {
	char hub[64];
	const char *link;
	bool link_up;
	bool have_state;
	bool have_clock;
	bool online;
	bool synchronised;
	int64_t bound_ns;
	double hours;
	bool balanced;
	struct ledger_sensor ledger;
	bool have_ledger;
	uint64_t waiting;
	int trend;		/* of the backlog: 1 grows, -1 shrinks */
	double values[VIEW_ITEMS];
	/* Two sensors may measure the same: the first one is shown. */
	char owners[VIEW_ITEMS][VIEW_NAME];
	struct view_class classes[VIEW_CLASSES];
	struct view_boot boots[VIEW_BOOTS];
	unsigned int nboots;
	uint64_t received;
	uint64_t duplicates;
	uint64_t senseless;
	char fault[160];
};

struct watch_view *watch_view_new(const char *hub)
{
	struct watch_view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	snprintf(v->hub, sizeof(v->hub), "%s", hub);
	v->link = "broker";
	v->hours = NAN;
	v->bound_ns = -1;
	v->balanced = true;
	for (size_t i = 0; i < VIEW_ITEMS; i++)
		v->values[i] = NAN;
	return v;
}

void watch_view_free(struct watch_view *v)
{
	if (!v)
		return;
	for (unsigned int i = 0; i < v->nboots; i++)
		free(v->boots[i].bits);
	free(v);
}

static struct view_boot *view_boot(struct watch_view *v, const char *boot,
				   uint64_t seq)
{
	struct view_boot *b;

	for (unsigned int i = 0; i < v->nboots; i++)
		if (!strcmp(v->boots[i].boot, boot))
			return &v->boots[i];
	if (v->nboots == VIEW_BOOTS)
		return NULL;
	b = &v->boots[v->nboots++];
	snprintf(b->boot, sizeof(b->boot), "%s", boot);
	b->base = seq > VIEW_SEQ_BEFORE ? seq - VIEW_SEQ_BEFORE : 0;
	b->first = seq;
	b->last = seq;
	return b;
}

/* Returns false when the number came before. */
static bool view_mark(struct view_boot *b, uint64_t seq)
{
	uint64_t at = seq - b->base;
	uint8_t bit = (uint8_t)(1 << at % 8);

	if (seq < b->base)
		return true;
	if (at / 8 >= b->bytes) {
		size_t bytes = (size_t)(at / 8) + 8192;
		uint8_t *more = realloc(b->bits, bytes);

		if (!more)
			return true;
		memset(more + b->bytes, 0, bytes - b->bytes);
		b->bits = more;
		b->bytes = bytes;
	}
	if (b->bits[at / 8] & bit)
		return false;
	b->bits[at / 8] |= bit;
	b->seen++;
	b->first = seq < b->first ? seq : b->first;
	b->last = seq > b->last ? seq : b->last;
	return true;
}

struct watch_counts watch_view_counts(const struct watch_view *v)
{
	struct watch_counts c = {
		.received = v->received, .duplicates = v->duplicates,
	};

	for (unsigned int i = 0; i < v->nboots; i++) {
		const struct view_boot *b = &v->boots[i];

		c.missing += b->last - b->first + 1 - b->seen;
	}
	return c;
}

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

static struct view_class *view_class(struct watch_view *v, const char *name)
{
	for (size_t i = 0; i < VIEW_CLASSES; i++)
		if (!strcmp(view_classes[i], name))
			return &v->classes[i];
	return NULL;
}

static bool view_owned(struct watch_view *v, size_t i, const char *sensor)
{
	if (!*v->owners[i])
		snprintf(v->owners[i], sizeof(v->owners[i]), "%s", sensor);
	return !strcmp(v->owners[i], sensor);
}

static void view_result(struct watch_view *v, const json_t *batch,
			const json_t *r)
{
	double window_s = (double)(view_integer(batch, "to_ns", 0) -
				   view_integer(batch, "from_ns", 0)) / 1e9;
	int64_t bound = view_integer(batch, "stamp_bound_ns", -1);
	int64_t instant = view_integer(r, "instant_ns", 0);
	double count = view_number(r, "count");

	for (size_t i = 0; i < VIEW_ITEMS; i++) {
		const struct view_item *item = &view_items[i];
		struct view_class *c = view_class(v, item->class);
		double value = view_number(r, item->field);

		if (strcmp(item->quantity, view_text(r, "quantity")) ||
		    strcmp(item->phase, view_text(r, "phase")) ||
		    !isfinite(value))
			continue;
		if (view_owned(v, i, view_text(batch, "sensor")))
			v->values[i] = value * item->factor;
		c->seen = true;
		c->instant_ns = instant > c->instant_ns ? instant :
				c->instant_ns;
		if (window_s > 0 && count / window_s >= c->rate_hz * 0.9) {
			c->rate_hz = count / window_s;
			c->bound_ns = bound;
		}
	}
}

static void view_take_clock(struct watch_view *v, const json_t *j)
{
	v->have_clock = true;
	v->synchronised = !strcmp(view_text(j, "sync"), "synchronised");
	v->bound_ns = view_integer(j, "bound_ns", -1);
}

void watch_view_data(struct watch_view *v, const char *json, int64_t now_ns)
{
	json_t *batch = json_loads(json, 0, NULL);
	int64_t seq = view_integer(batch, "seq", -1);
	struct view_boot *b;
	json_t *r;
	size_t i;

	(void)now_ns;
	if (!batch || seq < 0) {
		v->senseless++;
		json_decref(batch);
		return;
	}
	v->received++;
	if (!*v->hub)
		snprintf(v->hub, sizeof(v->hub), "%s", view_text(batch, "hub"));
	if (!v->have_state)
		view_take_clock(v, batch);
	b = view_boot(v, view_text(batch, "boot"), (uint64_t)seq);
	if (b && !view_mark(b, (uint64_t)seq))
		v->duplicates++;
	json_array_foreach(json_object_get(batch, "results"), i, r)
		view_result(v, batch, r);
	json_decref(batch);
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

void watch_view_state(struct watch_view *v, const char *json)
{
	json_t *state = json_loads(json, 0, NULL);
	int64_t waiting;

	if (!state) {
		v->senseless++;
		return;
	}
	v->have_state = true;
	v->online = json_is_true(json_object_get(state, "online"));
	if (v->online) {
		view_take_clock(v, state);
		v->hours = view_number(json_object_get(state, "store"),
				       "hours");
		waiting = view_integer(json_object_get(state, "sink"),
				       "waiting", 0);
		v->trend = (waiting > (int64_t)v->waiting) -
			   (waiting < (int64_t)v->waiting);
		v->waiting = (uint64_t)waiting;
		view_take_ledger(v, state);
	}
	json_decref(state);
}

void watch_view_fault(struct watch_view *v, const char *json)
{
	json_t *fault = json_loads(json, 0, NULL);

	v->fault[0] = '\0';
	if (json_is_true(json_object_get(fault, "active")))
		snprintf(v->fault, sizeof(v->fault), "%s: %s",
			 view_text(fault, "sensor"), view_text(fault, "text"));
	json_decref(fault);
}

void watch_view_link(struct watch_view *v, const char *link, bool up)
{
	v->link = link;
	v->link_up = up;
}

void watch_view_ledger(struct watch_view *v, const struct ledger_sensor *l)
{
	v->ledger = *l;
	v->have_ledger = true;
	v->balanced = !ledger_sensor_balance(l);
}

/* "+-0.8 ms" in the unit that fits. */
static void view_bound(FILE *out, int64_t ns)
{
	if (ns < 0)
		return;
	if (ns < 1000000)
		fprintf(out, "+-%.2g us", (double)ns / 1e3);
	else if (ns < 1000000000)
		fprintf(out, "+-%.2g ms", (double)ns / 1e6);
	else
		fprintf(out, "+-%.2g s", (double)ns / 1e9);
}

/* 1 204 331: digits in threes. */
static void view_count(FILE *out, uint64_t n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			fputc(' ', out);
		fputc(text[i], out);
	}
}

static void view_draw_head(const struct watch_view *v, FILE *out)
{
	fprintf(out, "hub %s   ", v->hub);
	if (v->have_state && !v->online) {
		fprintf(out, "offline   ");
	} else if (!v->have_clock) {
		fprintf(out, "no state yet   ");
	} else if (!v->synchronised) {
		fprintf(out, "clock not synchronised   ");
	} else {
		fprintf(out, "clock synced ");
		view_bound(out, v->bound_ns);
		fprintf(out, "   ");
	}
	fprintf(out, "%s %s", v->link, v->link_up ? "up" : "down");
	if (isfinite(v->hours))
		fprintf(out, "   store %.0f h left", v->hours);
	fprintf(out, "\n");
}

static void view_draw_class(const struct watch_view *v, size_t k, FILE *out,
			    int64_t now_ns)
{
	const struct view_class *c = &v->classes[k];
	double age = (double)(now_ns - c->instant_ns) / 1e9;
	char values[160] = "", rate[24];
	size_t n = 0;

	for (size_t i = 0; i < VIEW_ITEMS && n < sizeof(values); i++) {
		const struct view_item *item = &view_items[i];

		if (strcmp(item->class, view_classes[k]) ||
		    isnan(v->values[i]))
			continue;
		n += (size_t)snprintf(values + n, sizeof(values) - n,
				      "%s%s%.*f %s   ", item->name,
				      *item->name ? " " : "", item->decimals,
				      v->values[i], item->unit);
	}
	if (c->rate_hz >= 100)
		snprintf(rate, sizeof(rate), "%.0f/s", c->rate_hz);
	else
		snprintf(rate, sizeof(rate), "%.3g Hz", c->rate_hz);
	fprintf(out, "%-7s %-64s %-8s age %.1f s   ", view_classes[k], values,
		rate, age > 0 ? age : 0);
	view_bound(out, c->bound_ns);
	fprintf(out, "\n");
}

static void view_draw_ledger(const struct watch_view *v, FILE *out)
{
	fprintf(out, "ledger  captured ");
	view_count(out, v->ledger.captured);
	fprintf(out, " = reduced ");
	view_count(out, v->ledger.reduced);
	if (v->ledger.raw) {
		fprintf(out, " + raw ");
		view_count(out, v->ledger.raw);
	}
	fprintf(out, " + pending ");
	view_count(out, v->ledger.pending);
	fprintf(out, " + dropped ");
	view_count(out, ledger_dropped(&v->ledger));
	for (int i = 0; i < LEDGER_DROPS; i++)
		if (v->ledger.dropped[i])
			fprintf(out, " (%s %" PRIu64 ")",
				ledger_drop_name((enum ledger_drop)i),
				v->ledger.dropped[i]);
	fprintf(out, "%s\n", v->balanced ? "" : "   DOES NOT ADD UP");
}

void watch_view_draw(struct watch_view *v, FILE *out, int64_t now_ns)
{
	struct watch_counts c = watch_view_counts(v);

	view_draw_head(v, out);
	for (size_t k = 0; k < VIEW_CLASSES; k++)
		if (v->classes[k].seen)
			view_draw_class(v, k, out, now_ns);
	if (v->have_ledger)
		view_draw_ledger(v, out);
	fprintf(out, "here    received ");
	view_count(out, c.received);
	fprintf(out, "   missing %" PRIu64 "   duplicates %" PRIu64,
		c.missing, c.duplicates);
	if (v->waiting || v->trend)
		fprintf(out, "   backlog %" PRIu64 "%s", v->waiting,
			v->trend > 0 ? ", growing" :
			v->trend < 0 ? ", draining" : "");
	fprintf(out, "\n");
	if (*v->fault)
		fprintf(out, "fault   %s\n", v->fault);
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
	json_array_foreach(json_object_get(batch, "results"), i, r) {
		double value = view_number(r, "mean");

		if (!isfinite(value))
			value = view_number(r, "last");
		fprintf(out, "  %s %.6g %s", view_text(r, "channel"), value,
			view_text(r, "unit"));
	}
	fprintf(out, "\n");
	json_decref(batch);
}
