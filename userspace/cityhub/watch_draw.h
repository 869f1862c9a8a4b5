/* SPDX-License-Identifier: GPL-2.0-only */
/* A view as lines that fit a screen. */
#ifndef CITYHUB_WATCH_DRAW_H
#define CITYHUB_WATCH_DRAW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cityhub/watch_view.h"

struct watch_size {
	unsigned int columns;
	unsigned int lines;
	bool utf8;		/* the terminal shows more than ASCII */
};

/*
 * At most @size->lines lines, each ended by a newline and shorter than the
 * screen is wide. Every sensor has its line before any has its channels.
 * @title: a line on top, NULL for none.
 */
void watch_draw(const struct watch_view *v, const char *title,
		const struct watch_size *size, int64_t now_ns, FILE *out);

#endif /* CITYHUB_WATCH_DRAW_H */
