/* SPDX-License-Identifier: GPL-2.0-only */
/* What an IIO channel measures: its label first, else its type. */
#ifndef CITYHUBD_MEANING_H
#define CITYHUBD_MEANING_H

#include <stdbool.h>
#include <stdint.h>

#include "cityhubd/decode.h"
#include "cityhubd/window.h"
#include "common/batch.h"

/* What is known of a channel from the kernel. */
struct meaning_input {
	const char *device;	/* name of the chip */
	const char *id;		/* e.g. "massconcentration_pm2p5" */
	const char *label;	/* NULL when it has none */
	double scale;
	double offset;
	struct decode_format format;
};

struct meaning {
	struct batch_channel channel;
	struct window_channel window;
	/* value = (raw + offset) * factor, in the unit of the window engine */
	double offset;
	double factor;
	/* The raw value by which the chip says that it has none. */
	bool has_unknown;
	int64_t unknown;
};

/* Always gives something: what is not in the table keeps its IIO name. */
void meaning_find(const struct meaning_input *in, struct meaning *m);
/* A column of raw values into values, NAN for unknown. */
void meaning_convert(const struct meaning *m, const int64_t *raw, size_t n,
		     double *out);

#endif /* CITYHUBD_MEANING_H */
