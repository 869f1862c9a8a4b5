// SPDX-License-Identifier: GPL-2.0-only
/*
 * SenML (RFC 8428), as JSON and as CBOR.
 *
 * A pack begins with records about the batches, then come the series: one per
 * channel, and for each further reduction that says more than the mean. The
 * first record of a series carries base name, unit and, where more windows
 * follow, base value; the others are a value and a time only, unless it is the base time.
 *
 * Units are those of RFC 8428 section 12.1 and RFC 8798 section 2; values are
 * converted to them, because the secondary units of RFC 8798 section 3 must
 * not be used without bver 26, which few decoders know. What is in neither
 * table goes without unit, as RFC 8428 section 4.3 has it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cbor.h"
#include "common/format.h"

/* Labels of RFC 8428 section 6, table 4. */
enum senml_label {
	SENML_BV = -5,
	SENML_BU = -4,
	SENML_BT = -3,
	SENML_BN = -2,
	SENML_N = 0,
	SENML_U = 1,
	SENML_V = 2,
	SENML_VS = 3,
	SENML_VB = 4,
	SENML_T = 6,
};

/*
 * Values are written to a twentieth of what the chip resolves, or to 20 ppm of
 * the largest of the channel, whichever is more: a fiftieth of the 0.1 % that
 * the best of our chips promises.
 */
#define SENML_SHARE	2e-5
/* Small numbers of either sign are the shortest in CBOR. */
#define SENML_AHEAD	23
#define SENML_NAME	(3 * BATCH_NAME + 16)

struct senml_unit {
	const char *unit;
	const char *senml;
	double factor;
};

static const struct senml_unit senml_units[] = {
	{ "ug/m3", "kg/m3", 1e-9 },
	{ "ppm", "/", 1e-6 },
	{ "%", "%RH", 1 },
	{ "Cel", "Cel", 1 },
	{ "hPa", "Pa", 100 },
	{ "lx", "lx", 1 },
	{ "V", "V", 1 },
	{ "A", "A", 1 },
	{ "W", "W", 1 },
	{ "var", "var", 1 },
	{ "VA", "VA", 1 },
	{ "Wh", "J", 3600 },
	{ "varh", "vars", 3600 },
	{ "VAh", "VAs", 3600 },
	{ "Hz", "Hz", 1 },
	/* The weighting is in the name of the channel. */
	{ "dB(A)", "dB", 1 },
	{ "dB(C)", "dB", 1 },
	{ "dB(Z)", "dB", 1 },
};

static const struct senml_unit senml_no_unit = { "", NULL, 1 };

enum senml_kind {
	SENML_MEAN,
	SENML_MIN,
	SENML_MAX,
	SENML_RMS,
	SENML_LAST,	/* of counters, which have no mean */
	SENML_DIFFERENCE,
	SENML_KINDS,
};

static const char *const senml_suffix[SENML_KINDS] = {
	[SENML_MEAN] = "",
	[SENML_MIN] = "/min",
	[SENML_MAX] = "/max",
	[SENML_RMS] = "/rms",
	[SENML_LAST] = "",
	[SENML_DIFFERENCE] = "/difference",
};

struct senml {
	struct bytes *out;
	const struct batch *const *b;
	size_t n;
	bool cbor;
	int64_t base_ns;	/* what times are relative to */
	bool begun;
	double bv;		/* in force */
};

struct senml_series {
	unsigned int channel;
	enum senml_kind kind;
	const struct senml_unit *unit;
	double tolerance;	/* in the unit of the batch */
	double base;		/* of all values, the same */
};

static const struct senml_unit *senml_unit(const char *unit)
{
	for (size_t i = 0; i < ARRAY_SIZE(senml_units); i++)
		if (!strcmp(senml_units[i].unit, unit))
			return &senml_units[i];
	return &senml_no_unit;
}

static double senml_value(const struct batch *b, unsigned int channel,
			  enum senml_kind kind)
{
	const struct batch_result *r = &b->results[channel];
	const double values[SENML_KINDS] = {
		[SENML_MEAN] = r->mean, [SENML_MIN] = r->min,
		[SENML_MAX] = r->max, [SENML_RMS] = r->rms,
		[SENML_LAST] = isfinite(r->mean) ? NAN : r->last,
		[SENML_DIFFERENCE] = r->difference,
	};

	return values[kind];
}

/* RFC 8428 section 4.5.1: letters, digits and "-:./_", no sign at the begin. */
static void senml_name(const struct senml *s, const char *part, char *name,
		       size_t room)
{
	const struct batch *b = s->b[0];
	int n = snprintf(name, room, "%s%s/%s/%s",
			 isalnum((unsigned char)b->hub[0]) ? "" : "hub:",
			 b->hub, batch_layout_sensor(b->layout), part);

	if (n < 0 || (size_t)n >= room)
		s->out->failed = true;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-:./_", *name))
			*name = '_';
}

/* Seconds, exactly. */
static void senml_time(const struct senml *s, int64_t ns)
{
	uint64_t rest = (uint64_t)(ns < 0 ? -ns : ns);
	uint64_t whole = rest / 1000000000;
	int digits = 9;

	rest %= 1000000000;
	while (digits && rest % 10 == 0) {
		rest /= 10;
		digits--;
	}
	if (!s->cbor) {
		bytes_printf(s->out, "%s%" PRIu64, ns < 0 ? "-" : "", whole);
		if (digits)
			bytes_printf(s->out, ".%0*" PRIu64, digits, rest);
		return;
	}
	if (!digits) {
		cbor_int(s->out, ns / 1000000000);
		return;
	}
	for (int i = digits; i < 9; i++)
		ns /= 10;
	cbor_decimal(s->out, ns, -digits);
}

/* The fewest digits that come near enough. Returns what a reader will see. */
static double senml_json_number(struct bytes *out, double v, double tolerance)
{
	char text[32], *exponent;

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (fabs(strtod(text, NULL) - v) <= tolerance)
			break;
	}
	/* 7.2e+03 is longer than 7200, 8e-09 than 8e-9. */
	exponent = strchr(text, 'e');
	if (exponent && exponent[1] == '+')
		snprintf(text, sizeof(text), "%.17g", strtod(text, NULL));
	else if (exponent && exponent[2] == '0')
		memmove(exponent + 2, exponent + 3, strlen(exponent + 2));
	bytes_printf(out, "%s", text);
	return strtod(text, NULL);
}

static void senml_record(struct senml *s, unsigned int fields)
{
	if (s->cbor)
		cbor_map(s->out, fields);
	else
		bytes_printf(s->out, "%s{", s->begun ? "," : "");
	s->begun = true;
}

static void senml_label(struct senml *s, enum senml_label label,
			const char *name, bool first)
{
	if (s->cbor)
		cbor_int(s->out, label);
	else
		bytes_printf(s->out, "%s\"%s\":", first ? "" : ",", name);
}

static void senml_text(struct senml *s, const char *text)
{
	if (s->cbor)
		cbor_text(s->out, text);
	else
		bytes_printf(s->out, "\"%s\"", text);
}

static double senml_number(struct senml *s, double v, double tolerance)
{
	if (s->cbor)
		return cbor_number(s->out, v, tolerance);
	return senml_json_number(s->out, v, tolerance);
}

static void senml_end(struct senml *s)
{
	if (!s->cbor)
		bytes_byte(s->out, '}');
}

/* Which batches these are, for who wants to know whether any is missing. */
static void senml_put_batches(struct senml *s)
{
	char name[SENML_NAME], text[128];

	senml_name(s, "", name, sizeof(name));
	snprintf(text, sizeof(text), "%s:%" PRIu64 "-%" PRIu64 ":%zu",
		 s->b[0]->boot, s->b[0]->seq, s->b[s->n - 1]->seq, s->n);
	senml_record(s, 4);
	senml_label(s, SENML_BN, "bn", true);
	senml_text(s, name);
	senml_label(s, SENML_BT, "bt", false);
	senml_time(s, s->base_ns);
	senml_label(s, SENML_N, "n", false);
	senml_text(s, "batches");
	senml_label(s, SENML_VS, "vs", false);
	senml_text(s, text);
	senml_end(s);
}

/* How far the times may be off, at the worst; nothing when nobody knows. */
static void senml_put_bound(struct senml *s)
{
	int64_t worst = 0;

	for (size_t i = 0; i < s->n; i++) {
		int64_t bound = batch_bound(s->b[i]);

		if (bound < 0)
			return;
		worst = bound > worst ? bound : worst;
	}
	senml_record(s, 3);
	senml_label(s, SENML_N, "n", true);
	senml_text(s, "bound");
	senml_label(s, SENML_U, "u", false);
	senml_text(s, "s");
	senml_label(s, SENML_V, "v", false);
	senml_number(s, (double)worst / 1e9, (double)worst / 1e12);
	senml_end(s);
}

/* The largest of a channel, in whatever reduction. */
static double senml_largest(const struct senml *s, unsigned int channel)
{
	double largest = 0;

	for (size_t i = 0; i < s->n; i++)
		for (int kind = 0; kind < SENML_LAST; kind++)
			largest = fmax(largest, fabs(senml_value(s->b[i],
					channel, (enum senml_kind)kind)));
	return largest;
}

/* Two digits more than the chip resolves are known, see meaning.c. */
static double senml_tolerance(const struct senml *s, unsigned int channel,
			      enum senml_kind kind, double span)
{
	const struct batch_channel *c =
		batch_layout_channel(s->b[0]->layout, channel);

	if (!strncmp(c->unit, "dB", 2))
		return 0.5 * pow(10, -c->decimals);
	/* What counts on for years must not lose by its own size. */
	if (kind != SENML_LAST)
		span = senml_largest(s, channel);
	return fmax(0.5 * pow(10, 1 - c->decimals), SENML_SHARE * span);
}

/* How far a reduction is from what the mean alone tells, if there is one. */
static double senml_beyond(const struct batch *b,
			   const struct senml_series *series, double v)
{
	double mean = senml_value(b, series->channel, SENML_MEAN);

	if (!isfinite(mean))
		return INFINITY;
	return fabs(v - (series->kind == SENML_RMS ? fabs(mean) : mean));
}

/* Does it say more than the mean does? Fills @series. */
static bool senml_find(const struct senml *s, struct senml_series *series)
{
	const char *unit = batch_layout_channel(s->b[0]->layout,
						series->channel)->unit;
	double largest = -INFINITY, smallest = INFINITY, more = 0, middle;

	series->unit = senml_unit(unit);
	for (size_t i = 0; i < s->n; i++) {
		double v = senml_value(s->b[i], series->channel, series->kind);

		if (!isfinite(v))
			continue;
		largest = fmax(largest, v);
		smallest = fmin(smallest, v);
		more = fmax(more, senml_beyond(s->b[i], series, v));
	}
	if (largest < smallest)
		return false;
	/* In JSON a sign is a byte more; in CBOR a half is finer near 0. */
	middle = senml_value(s->b[s->n / 2], series->channel, series->kind);
	series->base = s->cbor && isfinite(middle) ? middle : smallest;
	series->tolerance = senml_tolerance(s, series->channel, series->kind,
					    largest - smallest);
	switch (series->kind) {
	case SENML_MIN:
	case SENML_MAX:
	case SENML_RMS:
		return more > series->tolerance;
	default:
		return true;
	}
}

static void senml_put_first(struct senml *s, const struct senml_series *series,
			    unsigned int fields, const char **unit)
{
	const struct batch_channel *c =
		batch_layout_channel(s->b[0]->layout, series->channel);
	const char *senml = series->unit->senml;
	bool new_unit = senml && (!*unit || strcmp(senml, *unit));
	char part[BATCH_NAME + 8], name[SENML_NAME];

	snprintf(part, sizeof(part), "%s%s", c->channel,
		 senml_suffix[series->kind]);
	senml_name(s, part, name, sizeof(name));
	senml_record(s, fields + 1 + new_unit + (s->n > 1));
	senml_label(s, SENML_BN, "bn", true);
	senml_text(s, name);
	if (new_unit) {
		senml_label(s, SENML_BU, "bu", false);
		senml_text(s, senml);
		*unit = senml;
	}
	if (s->n > 1) {
		senml_label(s, SENML_BV, "bv", false);
		s->bv = senml_number(s, series->base * series->unit->factor,
				     series->tolerance * series->unit->factor);
	}
}

static void senml_put_series(struct senml *s, const struct senml_series *series,
			     const char **unit)
{
	double factor = series->unit->factor;
	bool first = true;

	for (size_t i = 0; i < s->n; i++) {
		double v = senml_value(s->b[i], series->channel, series->kind);
		int64_t t = s->b[i]->from_ns - s->base_ns;

		if (!isfinite(v))
			continue;
		if (first)
			senml_put_first(s, series, 1u + (t != 0), unit);
		else
			senml_record(s, 1u + (t != 0));
		senml_label(s, SENML_V, "v", !first);
		senml_number(s, v * factor - s->bv,
			     series->tolerance * factor);
		if (t) {
			senml_label(s, SENML_T, "t", false);
			senml_time(s, t);
		}
		senml_end(s);
		first = false;
	}
}

/*
 * A base unit holds until the next and cannot be taken back, so what has none
 * comes first. Counted first, as an array in CBOR begins with its length.
 */
static size_t senml_each(struct senml *s, bool write)
{
	unsigned int channels = batch_layout_size(s->b[0]->layout);
	const char *unit = NULL;
	size_t records = 0;

	for (unsigned int i = 0; i < 2 * channels * SENML_KINDS; i++) {
		struct senml_series series = {
			.channel = i / SENML_KINDS % channels,
			.kind = (enum senml_kind)(i % SENML_KINDS),
		};
		bool with_unit = i >= channels * SENML_KINDS;

		if (!senml_find(s, &series) ||
		    with_unit != (series.unit->senml != NULL))
			continue;
		if (write)
			senml_put_series(s, &series, &unit);
		for (size_t k = 0; k < s->n; k++)
			records += isfinite(senml_value(s->b[k], series.channel,
							series.kind)) != 0;
	}
	return records;
}

static void senml_encode(struct senml *s)
{
	bool bound = true;
	size_t ahead = s->n - 1 < SENML_AHEAD ? s->n - 1 : SENML_AHEAD;

	/* In JSON a sign would cost a byte. */
	s->base_ns = s->b[s->cbor ? ahead : 0]->from_ns;
	for (size_t i = 0; i < s->n; i++)
		bound = bound && batch_bound(s->b[i]) >= 0;
	if (s->cbor)
		cbor_array(s->out, 1 + bound + senml_each(s, false));
	else
		bytes_byte(s->out, '[');
	senml_put_batches(s);
	senml_put_bound(s);
	senml_each(s, true);
	if (!s->cbor)
		bytes_byte(s->out, ']');
}

void format_senml_json(struct bytes *out, const struct batch *const *b,
		       size_t n)
{
	struct senml s = { .out = out, .b = b, .n = n };

	senml_encode(&s);
}

void format_senml_cbor(struct bytes *out, const struct batch *const *b,
		       size_t n)
{
	struct senml s = { .out = out, .b = b, .n = n, .cbor = true };

	senml_encode(&s);
}
