/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Power quality of a sensor, where it has waveforms of voltages: its results
 * are those of a sensor of their own, "<sensor>.cycles".
 */
#ifndef CITYHUBD_POWER_H
#define CITYHUBD_POWER_H

#include <stdbool.h>

#include "cityhubd/power_quality.h"
#include "cityhubd/source.h"
#include "common/conf.h"
#include "common/ledger.h"

struct power;

struct power_ops {
	void (*event)(void *ctx, const struct power_quality_event *e);
	/* Results of the layout of power_layout(), valid during the call. */
	void (*results)(void *ctx, int64_t from_ns, int64_t to_ns,
			unsigned int flags, const struct batch_result *r);
};

/*
 * NULL when there is nothing to watch: power.nominal_v is 0, or @src is no
 * waveform of voltages, or slower than 32 samples a cycle.
 */
struct power *power_new(const char *sensor, const struct conf *conf,
			const struct source *src, const struct power_ops *ops,
			void *ctx);
void power_free(struct power *p);
/* @columns: as the channels of the source. */
void power_feed(struct power *p, const int64_t *utc_ns,
		const double *const *columns, size_t at, size_t n);
/* As power_quality_cut(). */
void power_cut(struct power *p, int64_t shift_ns);
/* As power_quality_end(). */
void power_end(struct power *p);

/* Results that were handed over are lost. */
void power_lost(struct power *p, const struct batch_result *r);

struct batch_layout *power_layout(const struct power *p);
const struct window_channel *power_windows(const struct power *p);
/* As sensor_account() and sensor_accounted(). */
bool power_account(const struct power *p, struct ledger_sensor *since);
void power_accounted(struct power *p);
/* "L1" or what the channel is called; of the phase of an event. */
const char *power_phase(const struct power *p, unsigned int phase);
/* For people. */
void power_event_text(const struct power *p,
		      const struct power_quality_event *e, char *text,
		      size_t room);
double power_nominal_v(const struct power *p);

#endif /* CITYHUBD_POWER_H */
