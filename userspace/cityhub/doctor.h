/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the examinations of `cityhub doctor` share. Each looks at one part of
 * the chain, tells what it found, and leaves behind what later ones need to
 * know: a consequence of something already told is not told as a fault.
 */
#ifndef CITYHUB_DOCTOR_H
#define CITYHUB_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cityhub/writer.h"
#include "common/conf.h"

enum doctor_status {
	DOCTOR_OK,
	DOCTOR_NOTE,	/* works, and somebody should know */
	DOCTOR_FAULT,
	DOCTOR_SKIPPED,	/* cannot be judged because of another finding */
};

/* In front of each remedy that sends somebody to the wires of a meter. */
#define DOCTOR_MAINS	"supply off, locked out and measured dead first"

struct doctor_finding;

/**
 * struct doctor - one visit
 * @writer:	where findings go
 * @conf_path:	configuration the daemon uses, "" for none
 * @conf:	what is in it, the defaults when it is not good
 * @conf_good:	it could be read
 * @daemon:	process of the daemon, 0 when it does not run
 * @systemd:	it is started by systemd, in a sandbox
 * @hub:	the hub's module answers
 * @period_s:	of its ticks, 0 without it
 * @hub_synced:	it was told that the clock is synchronised
 * @hub_any:	it does not ask that when something arms
 * @store_bad:	the store has a fault that was told
 * @sensor_bad:	a sensor has one
 * @broker_bad:	the broker has one
 * @captured:	number of sensors that deliver
 * @silent:	findings are not wanted now
 * @finding:	findings so far
 * @n:		how many
 */
struct doctor {
	struct writer *writer;
	char conf_path[CONF_STRING];
	struct conf conf;
	bool conf_good;
	pid_t daemon;
	bool systemd;
	bool hub;
	double period_s;
	bool hub_synced;
	bool hub_any;
	bool store_bad;
	bool sensor_bad;
	bool broker_bad;
	unsigned int captured;
	bool silent;
	struct doctor_finding *finding;
	size_t n;
};

/*
 * Tells a finding about @part (16 letters at most look best). @remedy: what
 * to do about it, NULL when there is nothing.
 */
void doctor_say(struct doctor *d, enum doctor_status status, const char *part,
		const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* All findings as one document, for programs. */
void doctor_write(struct doctor *d);
bool doctor_healthy(const struct doctor *d);
void doctor_free(struct doctor *d);

/* The examinations, in this order. */
void doctor_config(struct doctor *d);
void doctor_kernel(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_store(struct doctor *d);	/* where it lies */
void doctor_daemon(struct doctor *d);
void doctor_sensors(struct doctor *d);
void doctor_broker(struct doctor *d);
void doctor_ledger(struct doctor *d);	/* what is in the store */

#endif /* CITYHUB_DOCTOR_H */
