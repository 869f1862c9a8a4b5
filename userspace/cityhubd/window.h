/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The window engine: samples in, results of UTC-aligned windows out. Pure:
 * it reads no clock and does no I/O.
 *
 * The difference of a counter is counted from the last value before the window,
 * so that nothing is left out between two; before the first it is what
 * window_set_before() says, or there is none.
 *
 * Samples come in the order of their instants. A sample that belongs to a
 * window already closed, because it came late, opens that window once more:
 * its results come in two parts, the second with BATCH_AGAIN. When UTC is set,
 * the window is cut: what was before and what comes after are two windows,
 * even if they have the same begin, both with BATCH_STEP. Nothing is lost.
 */
#ifndef CITYHUBD_WINDOW_H
#define CITYHUBD_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"

enum window_reduce {
	WINDOW_LINEAR,	/* mean, min, max, rms, last */
	WINDOW_LEVEL,	/* Pa in, dB out: energy mean, and no rms */
	WINDOW_COUNTER,	/* last, and the difference to the window before */
};

struct window_channel {
	enum window_reduce reduce;
	double step;	/* of a level that the chip has in whole steps, or 0 */
};

struct window;

/* The results are valid during the call only. */
typedef void (*window_emit)(void *ctx, int64_t from_ns, int64_t to_ns,
			    unsigned int flags,
			    const struct batch_result *results);

struct window *window_new(int64_t length_ns, double rate_hz, unsigned int n,
			  const struct window_channel *channels,
			  window_emit emit, void *ctx);
void window_free(struct window *w);
const struct window_channel *window_channels(const struct window *w);
/* What a counter said before its first window. */
void window_set_before(struct window *w, unsigned int channel, double value);
/* From the next window on; 0: not known. */
void window_set_rate(struct window *w, double rate_hz);

/*
 * Feed @n scans from the one numbered @at on: their instants in UTC and one
 * column of values per channel, NAN where the chip had no value. Returns the
 * number of such values.
 */
uint64_t window_feed(struct window *w, const int64_t *utc_ns,
		     const double *const *columns, size_t at, size_t n);
/* Close the window if it ended at least @grace_ns before @utc_ns. */
void window_flush(struct window *w, int64_t utc_ns, int64_t grace_ns);
/* Close the window as it is. */
void window_close(struct window *w);
/* Likewise, because UTC was set: instants go on from elsewhere. */
void window_cut(struct window *w);
/* Values fed that were not in a result yet. */
uint64_t window_pending(const struct window *w);

#endif /* CITYHUBD_WINDOW_H */
