/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Longer windows, made of the results of shorter ones: of a length in UTC, or
 * days of local time. Each is a sensor of its own in store, ledger and
 * messages, "<sensor>.<name>". Pure, as the window engine is.
 *
 * A shorter window belongs to the longer one in which it began. What comes
 * late, and steps of the clock, are treated as in window.h; a flag of a shorter
 * window is one of the longer, too. One of an unsynchronised clock that a step
 * cuts goes from the first of its shorter windows to the end of the last.
 */
#ifndef CITYHUBD_LONGER_H
#define CITYHUBD_LONGER_H

#include <stdbool.h>
#include <stdint.h>

#include "cityhubd/window.h"
#include "common/batch.h"
#include "common/ledger.h"

#define LONGER_DAY	0	/* as a length: days of local time */

struct longer;

/* Takes the batch over. Returns 0, or -errno when it is lost. */
typedef int (*longer_out)(void *ctx, struct batch *b);

/* @layout and @channels: of the batches to come. NULL: out of memory. */
struct longer *longer_new(int64_t length_ns, const struct batch_layout *layout,
			  const struct window_channel *channels,
			  longer_out out, void *ctx);
/* Closes the window as it is. */
void longer_free(struct longer *l);

/* Is it one of batches of this layout? */
bool longer_fits(const struct longer *l, const struct batch_layout *layout);
void longer_feed(struct longer *l, const struct batch *b);
/* Close the window if it ended at least @grace_ns before @utc_ns. */
void longer_flush(struct longer *l, int64_t utc_ns, int64_t grace_ns);
/* Close the window as it is. */
void longer_close(struct longer *l);
/* Is a window under way? */
bool longer_is_open(const struct longer *l);

const char *longer_name(const struct longer *l);
/* Of the sensor whose batches it takes. */
const char *longer_of(const struct longer *l);
/* As sensor_account() and sensor_accounted(). */
bool longer_account(const struct longer *l, struct ledger_sensor *since);
void longer_accounted(struct longer *l);

#endif /* CITYHUBD_LONGER_H */
