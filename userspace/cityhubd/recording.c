// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/recording.h"

#include <endian.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Nothing that a sensor delivers at once comes near. */
#define RECORDING_BLOCK_MAX	(16 * 1024 * 1024)

static json_t *recording_format(const struct decode_format *f)
{
	return json_pack("{si si si sb sb}", "bits", f->bits, "storage",
			 f->storage, "shift", f->shift, "signed", f->is_signed,
			 "big_endian", f->is_be);
}

static json_t *recording_channel(const struct source_channel *c)
{
	const struct meaning *m = &c->meaning;
	json_t *j = recording_format(&c->decode.format);

	json_object_set_new(j, "meaning",
		json_pack("{ss ss ss ss si sf sf si sf so}",
			  "channel", m->channel.channel, "quantity",
			  m->channel.quantity, "unit", m->channel.unit,
			  "phase", m->channel.phase, "decimals",
			  m->channel.decimals, "offset", m->offset, "factor",
			  m->factor, "reduce", (int)m->window.reduce, "step",
			  m->window.step, "unknown", m->has_unknown ?
			  json_integer(m->unknown) : json_null()));
	return j;
}

int recording_write_head(FILE *f, const struct source *s)
{
	json_t *scan = json_array(), *root;
	unsigned int i = 0;
	bool ok;

	/* In the order of the scan, the stamp where it lies. */
	for (; i < s->channels; i++)
		if (s->clock == BATCH_CLOCK_READ ||
		    s->channel[i].decode.offset < s->stamp.offset)
			json_array_append_new(scan,
					      recording_channel(&s->channel[i]));
	if (s->clock != BATCH_CLOCK_READ)
		json_array_append_new(scan, recording_format(&s->stamp.format));
	for (i = 0; i < s->channels; i++)
		if (s->clock != BATCH_CLOCK_READ &&
		    s->channel[i].decode.offset > s->stamp.offset)
			json_array_append_new(scan,
					      recording_channel(&s->channel[i]));
	root = json_pack("{ss ss sf si si so}", "schema", RECORDING_SCHEMA,
			 "name", s->name, "rate_hz", s->rate_hz, "clock",
			 (int)s->clock, "block_scans", (int)s->block_scans,
			 "scan", scan);
	ok = root && !json_dumpf(root, f, JSON_COMPACT) && fputc('\n', f) > 0;
	json_decref(root);
	return ok ? 0 : -EIO;
}

int recording_write_block(FILE *f, int64_t heard_ns, const uint8_t *block,
			  size_t len)
{
	uint64_t head[2] = { htole64((uint64_t)heard_ns), htole64(len) };

	if (fwrite(head, sizeof(head), 1, f) != 1 ||
	    fwrite(block, len, 1, f) != 1)
		return -EIO;
	return 0;
}

static int recording_read_format(json_t *j, struct decode_format *f)
{
	int bits, storage, shift, is_signed, is_be;

	if (json_unpack(j, "{si si si sb sb}", "bits", &bits, "storage",
			&storage, "shift", &shift, "signed", &is_signed,
			"big_endian", &is_be) || bits < 0 || storage < 0 ||
	    shift < 0 || shift > 64)
		return -EBADMSG;
	*f = (struct decode_format){
		.bits = (unsigned int)bits, .storage = (unsigned int)storage,
		.shift = (unsigned int)shift, .is_signed = is_signed,
		.is_be = is_be,
	};
	return 0;
}

static int recording_read_meaning(json_t *j, struct meaning *m)
{
	const char *channel, *quantity, *unit, *phase;
	json_t *unknown;
	int reduce;

	if (json_unpack(j, "{ss ss ss ss si sF sF si sF so}", "channel",
			&channel, "quantity", &quantity, "unit", &unit, "phase",
			&phase, "decimals", &m->channel.decimals, "offset",
			&m->offset, "factor", &m->factor, "reduce", &reduce,
			"step", &m->window.step, "unknown", &unknown) ||
	    reduce < WINDOW_LINEAR || reduce > WINDOW_COUNTER)
		return -EBADMSG;
	snprintf(m->channel.channel, BATCH_NAME, "%s", channel);
	snprintf(m->channel.quantity, BATCH_NAME, "%s", quantity);
	snprintf(m->channel.unit, sizeof(m->channel.unit), "%s", unit);
	snprintf(m->channel.phase, sizeof(m->channel.phase), "%s", phase);
	m->window.reduce = (enum window_reduce)reduce;
	m->has_unknown = json_is_integer(unknown);
	m->unknown = json_integer_value(unknown);
	return 0;
}

static int recording_read_scan(json_t *scan, struct source *s)
{
	unsigned int n = (unsigned int)json_array_size(scan);
	struct decode_channel decode[n + 1];
	ptrdiff_t size;
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++)
		err = recording_read_format(json_array_get(scan, i),
					    &decode[i].format);
	size = err ? err : decode_compile(decode, n);
	if (size <= 0)
		return -EBADMSG;
	s->scan_size = (size_t)size;
	s->channels = 0;
	for (unsigned int i = 0; i < n && !err; i++) {
		json_t *meaning = json_object_get(json_array_get(scan, i),
						  "meaning");

		if (!meaning) {
			s->stamp = decode[i];
			continue;
		}
		s->channel[s->channels].decode = decode[i];
		err = recording_read_meaning(meaning,
				&s->channel[s->channels++].meaning);
	}
	return err;
}

int recording_read_head(FILE *f, struct source *s)
{
	json_t *root = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL), *scan;
	const char *schema, *name;
	int clock, block, err = -EBADMSG;

	if (!root || json_unpack(root, "{ss ss sF si si so}", "schema", &schema,
				 "name", &name, "rate_hz", &s->rate_hz, "clock",
				 &clock, "block_scans", &block, "scan", &scan) ||
	    strcmp(schema, RECORDING_SCHEMA) || clock < 0 ||
	    clock >= BATCH_CLOCKS || block < 1 || !json_is_array(scan) ||
	    !json_array_size(scan) || json_array_size(scan) > 256)
		goto out;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->clock = (enum batch_clock)clock;
	s->block_scans = (size_t)block;
	free(s->channel);
	s->channel = calloc(json_array_size(scan), sizeof(*s->channel));
	err = s->channel ? recording_read_scan(scan, s) : -ENOMEM;
	if (!err && (fgetc(f) != '\n' || !s->channels ||
		     s->block_scans > RECORDING_BLOCK_MAX / s->scan_size))
		err = -EBADMSG;
out:
	json_decref(root);
	return err;
}

ssize_t recording_read_block(FILE *f, const struct source *s, int64_t *heard_ns,
			     uint8_t *block)
{
	uint64_t head[2];
	size_t len;

	if (fread(head, sizeof(head), 1, f) != 1)
		return 0;
	*heard_ns = (int64_t)le64toh(head[0]);
	if (!le64toh(head[1]) ||
	    le64toh(head[1]) > s->block_scans * s->scan_size ||
	    le64toh(head[1]) % s->scan_size)
		return -EBADMSG;
	len = (size_t)le64toh(head[1]);
	return fread(block, len, 1, f) == 1 ? (ssize_t)len : 0;
}
