/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Formats: pure functions from batches to bytes. A new one is a function, a
 * line in the table in format.c, and a decoder of others in its test.
 */
#ifndef CITYHUB_FORMAT_H
#define CITYHUB_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"
#include "common/bytes.h"

struct format {
	const char *name;		/* in the configuration */
	const char *content_type;	/* media type, for MQTT 5 and HTTP */
	bool is_text;			/* one line, or several lines */
	bool packs;			/* several windows in one message */
	/*
	 * @b: @n batches of one sensor, hub and boot, of the same layout, in
	 * the order of the store; @n is 1 unless @packs. Nothing but @out is
	 * written; there is no state.
	 */
	void (*encode)(struct bytes *out, const struct batch *const *b,
		       size_t n);
};

/* NULL when there is none of that name. */
const struct format *format_find(const char *name);
/* Of all formats, e.g. "json, influx", for messages. */
const char *format_names(void);
/* The bytes, freed by the caller, with a zero behind them, or NULL. */
uint8_t *format_encode(const struct format *f, const struct batch *const *b,
		       size_t n, size_t *len);

void format_senml_json(struct bytes *out, const struct batch *const *b,
		       size_t n);
void format_senml_cbor(struct bytes *out, const struct batch *const *b,
		       size_t n);
void format_influx(struct bytes *out, const struct batch *const *b, size_t n);

#endif /* CITYHUB_FORMAT_H */
