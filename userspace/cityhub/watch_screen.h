/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal that is drawn on. Needs what any terminal of the last forty
 * years has, and sends only lines that changed: a serial line is slow.
 */
#ifndef CITYHUB_WATCH_SCREEN_H
#define CITYHUB_WATCH_SCREEN_H

#include <stdbool.h>

#include "cityhub/watch_draw.h"

struct watch_screen;

/* Is standard output a terminal that can be drawn on? */
bool watch_screen_possible(void);
/* Takes the terminal; NULL when out of memory. */
struct watch_screen *watch_screen_new(void);
/* Gives it back as it was; NULL is allowed. */
void watch_screen_free(struct watch_screen *s);
/* The same for a while, as for Ctrl-Z. */
void watch_screen_leave(struct watch_screen *s);
void watch_screen_enter(struct watch_screen *s);

struct watch_size watch_screen_size(const struct watch_screen *s);
/* Shows @text, lines ended by newlines. */
void watch_screen_show(struct watch_screen *s, const char *text);
/* Was q pressed? Any other key draws everything anew. Does not wait. */
bool watch_screen_quit(struct watch_screen *s);

#endif /* CITYHUB_WATCH_SCREEN_H */
