/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `cityhub watch` knows of a hub. Pure: fed with messages, and with
 * counters where there are some; watch_draw.h puts it on a screen.
 */
#ifndef CITYHUB_WATCH_VIEW_H
#define CITYHUB_WATCH_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cityhub/watch_count.h"
#include "common/batch.h"
#include "common/ledger.h"

#define WATCH_HISTORY	32	/* values of a channel that are kept */
#define WATCH_FAULT	160

struct watch_channel {
	char name[BATCH_NAME];
	char unit[16];
	double value;
	double history[WATCH_HISTORY];
	unsigned int n;		/* so many came; the newest is at (n - 1) % size */
};

/**
 * struct watch_sensor - a sensor
 * @name:	its name
 * @fault:	what is wrong with it, "" when nothing is
 * @fault_end_ns: for whoever sets @fault: CLOCK_MONOTONIC until when to show it
 * @rate_hz:	samples a second in the newest window, NAN: not known
 * @window_s:	length of that
 * @instant_ns:	of the newest sample, UTC; 0 when none came
 * @bound_ns:	of its stamps against the clock of the hub, negative: not known
 * @count:	samples that came
 * @expected:	samples that were due, 0 when the rate is not known
 * @counted:	the kernel counts: @lost and @faults are valid
 * @lost:	samples lost in chip or kernel, ticks overrun
 * @faults:	transfers that failed or made no sense
 * @has_ledger:	@ledger is valid
 * @ledger:	of the daemon
 * @channel:	what it measures
 * @channels:	how many
 */
struct watch_sensor {
	char name[BATCH_NAME];
	char fault[WATCH_FAULT];
	int64_t fault_end_ns;
	double rate_hz;
	double window_s;
	int64_t instant_ns;
	int64_t bound_ns;
	uint64_t count;
	uint64_t expected;
	bool counted;
	uint64_t lost;
	uint64_t faults;
	bool has_ledger;
	struct ledger_sensor ledger;
	struct watch_channel *channel;
	size_t channels;
};

/**
 * struct watch_view - a hub
 * @hub:	its id, "" when not known
 * @fault:	of the hub as a whole, "" when there is none
 * @hint:	why something is not shown, NULL when all is
 * @link:	where data comes from
 * @link_up:	and whether it is there
 * @have_state:	a state message came: @online is valid
 * @have_clock:	@synchronised and @bound_ns are valid
 * @bound_ns:	of the clock against UTC, negative: not known
 * @hours:	the store lasts so long without a broker, NAN when not known
 * @have_ledger: @ledger, the sum over all sensors, and @balanced are valid
 * @waiting:	batches that are not sent yet
 * @trend:	of @waiting: 1 grows, -1 shrinks
 * @wanted_only: show no sensor that was not asked for
 * @sensor:	the sensors, as they were seen first
 * @sensors:	how many
 * @count:	numbers of the messages
 */
struct watch_view {
	char hub[BATCH_NAME];
	char fault[WATCH_FAULT];
	const char *hint;
	const char *link;
	bool link_up;
	bool have_state;
	bool online;
	bool have_clock;
	bool synchronised;
	int64_t bound_ns;
	double hours;
	bool have_ledger;
	bool balanced;
	struct ledger_sensor ledger;
	uint64_t waiting;
	int trend;
	bool wanted_only;
	struct watch_sensor *sensor;
	size_t sensors;
	struct watch_count *count;
};

/* @hub empty: the one that the data names. NULL when out of memory. */
struct watch_view *watch_view_new(const char *hub);
void watch_view_free(struct watch_view *v);
/* Show this sensor, and others only if they are asked for too. */
void watch_view_want(struct watch_view *v, const char *sensor);

/*
 * Texts of JSON as they come; what makes no sense is left out. Data: returns
 * whether it is of a sensor to be shown.
 */
bool watch_view_data(struct watch_view *v, const char *json);
void watch_view_state(struct watch_view *v, const char *json);
void watch_view_fault(struct watch_view *v, const char *json);

/* @link: "broker", "store" or "kernel"; must stay. */
void watch_view_link(struct watch_view *v, const char *link, bool up);
/*
 * The sensor of this name, for counters of others; made when there is none.
 * NULL when it is not wanted, or out of memory.
 */
struct watch_sensor *watch_view_sensor(struct watch_view *v, const char *name);
/* The ledgers of the sensors were all read anew: add them up. */
void watch_view_add_up(struct watch_view *v);
void watch_view_waiting(struct watch_view *v, uint64_t batches);

/* One line for a batch. */
void watch_view_plain(const char *json, FILE *out);

#endif /* CITYHUB_WATCH_VIEW_H */
