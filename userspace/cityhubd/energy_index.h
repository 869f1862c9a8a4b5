/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The energy index: what a counter of energy says, made to go on where it was
 * when its driver, the daemon or the hub was started again. Pure: it reads no
 * clock and does no I/O.
 *
 * A driver counts from 0 when it is bound to its chip. Each such stretch is a
 * binding; within one, the difference of two readings is what flowed between
 * them, also while nobody read. A counter with a sign has two indices, as meters
 * have: what was taken and what was returned. Neither ever goes back.
 */
#ifndef CITYHUBD_ENERGY_INDEX_H
#define CITYHUBD_ENERGY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"

#define ENERGY_METER	128	/* room for what a meter is known by */

struct energy_index;
struct energy_counter;

/* What has to be kept of a counter; values in the unit of its channel. */
struct energy_state {
	char sensor[BATCH_NAME];
	char channel[BATCH_NAME];
	char meter[ENERGY_METER];
	char boot[40];
	uint64_t binding;	/* within that boot */
	double reading;		/* of the counter of the driver, the last one */
	double taken;
	double returned;
};

/* NULL when out of memory. */
struct energy_index *energy_index_new(const char *boot);
void energy_index_free(struct energy_index *ix);
/* As it was kept; what the index knows already is newer. 0 or -ENOMEM. */
int energy_index_restore(struct energy_index *ix, const struct energy_state *st);

/* Valid as long as the index; NULL when out of memory. */
struct energy_counter *energy_index_counter(struct energy_index *ix,
					    const char *sensor,
					    const char *channel);
/* Where its indices are; false: it has never been fed. @returned may be NULL. */
bool energy_counter_value(const struct energy_counter *c, double *taken,
			  double *returned);
/*
 * The counters of @sensor are those of @meter from now on. Returns whether they
 * were those of another one, which is then in @before (ENERGY_METER bytes).
 */
bool energy_index_meter(struct energy_index *ix, const char *sensor,
			const char *meter, char *before);
/*
 * Turn @n readings into what was taken, in place, and into what was returned
 * in @returned; NULL: the counter has no sign, and one that goes back began
 * anew. NAN stays.
 */
void energy_counter_feed(struct energy_counter *c, uint64_t binding,
			 double *readings, double *returned, size_t n);
/*
 * Hand all that changed to @keep, which says whether it took it (0), else it is
 * handed over again the next time.
 */
void energy_index_collect(struct energy_index *ix,
			  int (*keep)(void *ctx, const struct energy_state *st),
			  void *ctx);

#endif /* CITYHUBD_ENERGY_INDEX_H */
