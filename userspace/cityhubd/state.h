/* SPDX-License-Identifier: GPL-2.0-only */
/* State and fault messages, schemas cityhub.state/1 and cityhub.fault/1. */
#ifndef CITYHUBD_STATE_H
#define CITYHUBD_STATE_H

#include <stdbool.h>

#include "cityhubd/capture.h"
#include "cityhubd/clock.h"
#include "cityhubd/power.h"
#include "cityhubd/store.h"
#include "common/conf.h"

struct state {
	const struct conf *conf;
	const char *hub;
	const char *boot;
	const struct clock *clock;
	const struct capture *capture;
	const struct store_stats *store;	/* NULL when there is no store */
};

/* All give one line of JSON, freed by the caller, or NULL. */
char *state_online(const struct state *st);
/* @reason: "stopped", or "lost" for the will. */
char *state_offline(const struct state *st, const char *reason);
/* @text NULL: the fault is over. */
/* A dip, swell or interruption: a fault with the figures. */
char *state_power(const struct state *st, const char *sensor,
		  const struct power *p, const struct power_quality_event *e);
char *state_fault(const struct state *st, const char *sensor, const char *text);

#endif /* CITYHUBD_STATE_H */
