// SPDX-License-Identifier: GPL-2.0-only
#include "common/batch.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch_layout {
	atomic_uint refs;
	char sensor[BATCH_NAME];
	unsigned int n;
	struct batch_channel channels[];
};

const char *batch_clock_name(enum batch_clock clock)
{
	static const char *const names[BATCH_CLOCKS] = {
		[BATCH_CLOCK_BOOTTIME] = "boottime",
		[BATCH_CLOCK_MONOTONIC] = "monotonic",
		[BATCH_CLOCK_REALTIME] = "realtime",
		[BATCH_CLOCK_READ] = "read",
	};

	return clock < BATCH_CLOCKS ? names[clock] : "read";
}

const char *batch_sync_name(enum batch_sync sync)
{
	switch (sync) {
	case BATCH_SYNCHRONISED:
		return "synchronised";
	case BATCH_REDATED:
		return "redated";
	default:
		return "unsynchronised";
	}
}

const char *batch_flag_name(unsigned int i)
{
	static const char *const names[BATCH_FLAGS] = {
		"step", "again", "damaged", "event", "flagged",
	};

	return names[i];
}

struct batch_layout *batch_layout_new(const char *sensor, unsigned int n,
				      const struct batch_channel *channels)
{
	struct batch_layout *l;

	l = calloc(1, sizeof(*l) + n * sizeof(l->channels[0]));
	if (!l)
		return NULL;
	l->refs = 1;
	l->n = n;
	snprintf(l->sensor, sizeof(l->sensor), "%s", sensor);
	if (channels)
		memcpy(l->channels, channels, n * sizeof(l->channels[0]));
	return l;
}

struct batch_layout *batch_layout_get(struct batch_layout *l)
{
	atomic_fetch_add(&l->refs, 1);
	return l;
}

void batch_layout_put(struct batch_layout *l)
{
	if (l && atomic_fetch_sub(&l->refs, 1) == 1)
		free(l);
}

const char *batch_layout_sensor(const struct batch_layout *l)
{
	return l->sensor;
}

unsigned int batch_layout_size(const struct batch_layout *l)
{
	return l->n;
}

const struct batch_channel *batch_layout_channel(const struct batch_layout *l,
						 unsigned int i)
{
	return &l->channels[i];
}

char *batch_layout_write(const struct batch_layout *l)
{
	json_t *channels = json_array();
	char *text;

	for (unsigned int i = 0; i < l->n; i++) {
		const struct batch_channel *c = &l->channels[i];

		json_array_append_new(channels,
			json_pack("{ss ss ss ss si}", "channel", c->channel,
				  "quantity", c->quantity, "unit", c->unit,
				  "phase", c->phase, "decimals", c->decimals));
	}
	json_t *root = json_pack("{ss so}", "sensor", l->sensor, "channels",
				 channels);

	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	return text;
}

static int batch_channel_read(struct batch_channel *c, json_t *j)
{
	const char *channel, *quantity, *unit, *phase;

	if (json_unpack(j, "{ss ss ss ss si}", "channel", &channel, "quantity",
			&quantity, "unit", &unit, "phase", &phase, "decimals",
			&c->decimals))
		return -EINVAL;
	snprintf(c->channel, sizeof(c->channel), "%s", channel);
	snprintf(c->quantity, sizeof(c->quantity), "%s", quantity);
	snprintf(c->unit, sizeof(c->unit), "%s", unit);
	snprintf(c->phase, sizeof(c->phase), "%s", phase);
	return 0;
}

struct batch_layout *batch_layout_read(const char *text)
{
	json_t *root = json_loads(text, 0, NULL);
	struct batch_layout *l = NULL;
	const char *sensor;
	json_t *channels;

	if (!root || json_unpack(root, "{ss so}", "sensor", &sensor, "channels",
				 &channels) || !json_is_array(channels))
		goto out;
	l = batch_layout_new(sensor, json_array_size(channels), NULL);
	if (!l)
		goto out;
	for (unsigned int i = 0; i < l->n; i++) {
		if (batch_channel_read(&l->channels[i],
				       json_array_get(channels, i))) {
			batch_layout_put(l);
			l = NULL;
			break;
		}
	}
out:
	json_decref(root);
	return l;
}

struct batch *batch_new(struct batch_layout *l)
{
	struct batch *b = calloc(1, sizeof(*b) + l->n * sizeof(b->results[0]));

	if (!b)
		return NULL;
	b->layout = batch_layout_get(l);
	b->bound_ns = BATCH_UNKNOWN;
	b->stamp_bound_ns = BATCH_UNKNOWN;
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	batch_layout_put(b->layout);
	free(b);
}

uint64_t batch_values(const struct batch *b)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < b->layout->n; i++)
		n += b->results[i].count;
	return n;
}

int64_t batch_bound(const struct batch *b)
{
	if (b->bound_ns < 0 || b->sync == BATCH_UNSYNCHRONISED)
		return BATCH_UNKNOWN;
	return b->bound_ns + (b->stamp_bound_ns < 0 ? 0 : b->stamp_bound_ns);
}

void batch_redate(struct batch *b, int64_t offset_ns, int64_t bound_ns,
		  int64_t at_ns)
{
	int64_t shift = offset_ns - b->offset_ns;
	int64_t age = at_ns - (b->from_ns - b->offset_ns);

	b->from_ns += shift;
	b->to_ns += shift;
	for (unsigned int i = 0; i < b->layout->n; i++)
		b->results[i].instant_ns += shift;
	b->offset_ns = offset_ns;
	b->bound_ns = bound_ns + age / (1000000 / BATCH_DRIFT_PPM);
	b->sync = BATCH_REDATED;
}

/*
 * Packed form of a result: a mask of the values present, count, expected and
 * the instant relative to the window as variable-length integers, then the
 * values. A single sample, where all values are the same, is written once.
 */
#define BATCH_PACK_SAME	0x80
#define BATCH_PACK_VALUES	5
#define BATCH_PACK_RESULT_MAX	(1 + 3 * 10 + BATCH_PACK_VALUES * 8)

static double *batch_value(struct batch_result *r, int i)
{
	double *const values[BATCH_PACK_VALUES] = {
		&r->mean, &r->min, &r->max, &r->rms, &r->last,
	};

	return values[i];
}

static uint8_t *batch_put_varint(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)v | 0x80;
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *batch_put_double(uint8_t *p, double d)
{
	uint64_t v;

	memcpy(&v, &d, sizeof(v));
	for (int i = 0; i < 8; i++)
		*p++ = (uint8_t)(v >> (8 * i));
	return p;
}

static const uint8_t *batch_get_varint(const uint8_t *p, const uint8_t *end,
				       uint64_t *v)
{
	*v = 0;
	for (int shift = 0; p < end && shift < 64; shift += 7) {
		*v |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			return p;
	}
	return NULL;
}

static const uint8_t *batch_get_double(const uint8_t *p, const uint8_t *end,
				       double *d)
{
	uint64_t v = 0;

	if (end - p < 8)
		return NULL;
	for (int i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	memcpy(d, &v, sizeof(v));
	return p + 8;
}

static uint64_t batch_zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static int64_t batch_unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static uint8_t *batch_pack_result(uint8_t *p, struct batch_result r,
				  int64_t from_ns)
{
	uint8_t mask = 0;
	bool same = true;
	double one = NAN;

	for (int i = 0; i < BATCH_PACK_VALUES; i++) {
		double v = *batch_value(&r, i);

		if (isnan(v))
			continue;
		if (mask && v != one)
			same = false;
		mask |= 1 << i;
		one = v;
	}
	*p++ = mask | (same && mask ? BATCH_PACK_SAME : 0);
	p = batch_put_varint(p, r.count);
	p = batch_put_varint(p, r.expected);
	p = batch_put_varint(p, batch_zigzag(r.instant_ns - from_ns));
	if (same)
		return mask ? batch_put_double(p, one) : p;
	for (int i = 0; i < BATCH_PACK_VALUES; i++)
		if (mask & (1 << i))
			p = batch_put_double(p, *batch_value(&r, i));
	return p;
}

size_t batch_pack_room(const struct batch *b)
{
	return (size_t)b->layout->n * BATCH_PACK_RESULT_MAX;
}

ptrdiff_t batch_pack(const struct batch *b, uint8_t *buf, size_t room)
{
	uint8_t *p = buf;

	if (room < batch_pack_room(b))
		return -ENOSPC;
	for (unsigned int i = 0; i < b->layout->n; i++)
		p = batch_pack_result(p, b->results[i], b->from_ns);
	return p - buf;
}

/* Number of the result and difference, of those that have one. */
ptrdiff_t batch_pack_differences(const struct batch *b, uint8_t *buf,
				 size_t room)
{
	uint8_t *p = buf;

	if (room < batch_pack_room(b))
		return -ENOSPC;
	for (unsigned int i = 0; i < b->layout->n; i++) {
		if (isnan(b->results[i].difference))
			continue;
		p = batch_put_varint(p, i);
		p = batch_put_double(p, b->results[i].difference);
	}
	return p - buf;
}

size_t batch_pack_size(const struct batch *b)
{
	uint8_t one[BATCH_PACK_RESULT_MAX];
	size_t sum = 0;

	for (unsigned int i = 0; i < b->layout->n; i++) {
		sum += (size_t)(batch_pack_result(one, b->results[i],
						  b->from_ns) - one);
		if (!isnan(b->results[i].difference))
			sum += (size_t)(batch_put_varint(one, i) - one) + 8;
	}
	return sum;
}

static const uint8_t *batch_unpack_result(struct batch_result *r,
					  const uint8_t *p, const uint8_t *end,
					  int64_t from_ns)
{
	uint64_t count, expected, instant;
	uint8_t mask;
	double one = NAN;

	if (p == end)
		return NULL;
	mask = *p++;
	p = batch_get_varint(p, end, &count);
	p = p ? batch_get_varint(p, end, &expected) : NULL;
	p = p ? batch_get_varint(p, end, &instant) : NULL;
	if (p && (mask & BATCH_PACK_SAME))
		p = batch_get_double(p, end, &one);
	if (!p)
		return NULL;
	r->count = (uint32_t)count;
	r->expected = (uint32_t)expected;
	r->instant_ns = (int64_t)((uint64_t)from_ns +
				  (uint64_t)batch_unzigzag(instant));
	r->difference = NAN;
	for (int i = 0; i < BATCH_PACK_VALUES; i++) {
		*batch_value(r, i) = mask & (1 << i) ? one : NAN;
		if (!(mask & BATCH_PACK_SAME) && (mask & (1 << i))) {
			p = batch_get_double(p, end, batch_value(r, i));
			if (!p)
				return NULL;
		}
	}
	return p;
}

int batch_unpack(struct batch *b, const uint8_t *buf, size_t len)
{
	const uint8_t *p = buf, *end = buf + len;

	for (unsigned int i = 0; i < b->layout->n; i++) {
		p = batch_unpack_result(&b->results[i], p, end, b->from_ns);
		if (!p)
			return -EBADMSG;
	}
	return p == end ? 0 : -EBADMSG;
}

int batch_unpack_differences(struct batch *b, const uint8_t *buf, size_t len)
{
	const uint8_t *p = buf, *end = buf + len;

	while (p != end) {
		uint64_t i;

		p = batch_get_varint(p, end, &i);
		if (!p || i >= b->layout->n)
			return -EBADMSG;
		p = batch_get_double(p, end, &b->results[i].difference);
		if (!p)
			return -EBADMSG;
	}
	return 0;
}
