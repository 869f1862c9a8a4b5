/* SPDX-License-Identifier: GPL-2.0-only */
/* One sensor: a source, its window engine and its account. */
#ifndef CITYHUBD_SENSOR_H
#define CITYHUBD_SENSOR_H

#include <stdint.h>

#include "cityhubd/clock.h"
#include "cityhubd/energy_index.h"
#include "cityhubd/power.h"
#include "cityhubd/source.h"
#include "common/ledger.h"

struct sensor;

/* Takes the batch over. Returns 0, or -errno when it is lost. */
typedef int (*sensor_out)(void *ctx, struct batch *b);
/* An event of the power quality, see sensor_power(). */
typedef void (*sensor_event)(void *ctx, const struct power_quality_event *e);
/* Samples as they come, in the order and units of the channels of the source. */
typedef void (*sensor_tap)(void *ctx, const int64_t *utc_ns,
			   const double *const *columns, size_t at, size_t n);

struct sensor_conf {
	const char *name;
	int64_t window_ns;
	const struct clock *clock;
	struct energy_index *energy;	/* NULL: counters are as their driver has them */
	sensor_out out;
	sensor_event event;
	sensor_tap tap;		/* NULL: nobody looks */
	const struct conf *conf;	/* of the power quality; NULL: none */
	void *ctx;
};

/* Takes the source over, also when it fails. NULL when out of memory. */
struct sensor *sensor_new(struct source *src, const struct sensor_conf *conf);
/* Closes the window as it is, and the source. */
void sensor_free(struct sensor *s);

int sensor_arm(struct sensor *s);
void sensor_disarm(struct sensor *s);
/* Of an instant in UTC of what it delivers now. */
int64_t sensor_boottime(const struct sensor *s, int64_t utc_ns);
int sensor_fd(struct sensor *s);
/* Take what is there. 0, or -errno when the source must be disarmed. */
int sensor_read(struct sensor *s);
/* Readable when something happened; -1 while it has no events. */
int sensor_event_fd(struct sensor *s);
/* Make messages of all that happened: their number, or -errno. */
int sensor_read_events(struct sensor *s);
/* A message that @what happened at @boot_ns; one that is lost is counted. */
void sensor_add_event(struct sensor *s, const struct batch_channel *what,
		      int64_t boot_ns);
/* Call about once a second: closes a window that is over, sees a stall. */
int sensor_tick(struct sensor *s, int64_t boot_ns);
/* Is it still there and switched on? As check() of the source says. */
int sensor_check(struct sensor *s);
/*
 * What happened since the last sensor_accounted(), and what pends. Returns
 * false when there is nothing to tell.
 */
bool sensor_account(const struct sensor *s, struct ledger_sensor *since);
/* What sensor_account() gave is in the ledger. */
void sensor_accounted(struct sensor *s);
/* The same of events, whose account and messages have a name of their own. */
bool sensor_account_events(const struct sensor *s, struct ledger_sensor *since);
void sensor_accounted_events(struct sensor *s);
const char *sensor_events_name(const struct sensor *s);

/* Of the stamps against their clock, for the batches to come. */
void sensor_set_stamp_bound(struct sensor *s, int64_t bound_ns);
const char *sensor_name(const struct sensor *s);
const char *sensor_key(const struct sensor *s);
/* Which chip it is that was armed. */
const char *sensor_meter(const struct sensor *s);
/* Why the last call failed. */
const char *sensor_why(const struct sensor *s);
double sensor_rate(const struct sensor *s);
/* While it is armed: what its batches look like, and where they come from. */
struct batch_layout *sensor_layout(const struct sensor *s);
const struct window_channel *sensor_windows(const struct sensor *s);
const struct source *sensor_source(const struct sensor *s);
/* NULL when there is none. */
struct power *sensor_power(const struct sensor *s);

#endif /* CITYHUBD_SENSOR_H */
