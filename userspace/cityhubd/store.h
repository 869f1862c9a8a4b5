/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store: batches and the ledger in one SQLite file, written by a thread
 * of its own. What was handed over is durable when it is seen by a reader.
 */
#ifndef CITYHUBD_STORE_H
#define CITYHUBD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cityhubd/energy_index.h"
#include "common/batch.h"
#include "common/clock_log.h"
#include "common/ledger.h"
#include "common/ranges.h"

struct store;
struct store_packet;

struct store_conf {
	const char *path;
	const char *mount;	/* must be mounted; NULL or empty: none */
	uint64_t max_bytes;
	int64_t max_age_ns;	/* 0: no bound */
	bool allow_tmpfs;
	bool examined;		/* this process had it open: no look for damage */
	const char *hub;
	const char *boot;
};

#define STORE_SINKS	8

struct store_sink_stats {
	char name[BATCH_NAME];
	struct ledger_sink ledger;
};

struct store_stats {
	uint64_t batches;	/* in the store */
	uint64_t bytes;
	uint64_t max_bytes;	/* in force */
	double hours;		/* an outage may last, NAN when not known yet */
	uint64_t queued;	/* batches that wait for the disk */
	bool failing;		/* the last commit failed */
	bool damaged;		/* because the file is: only a new start helps */
	char why[160];
	uint64_t unbalanced;	/* commits at which the ledger did not add up */
	char imbalance[160];	/* the last such equation */
	struct ledger_sensor sensors;
	/* Those of this run, in the order in which they were added. */
	struct store_sink_stats sinks[STORE_SINKS];
	unsigned int nsinks;
};

/* Can there be a store? 0, or -errno having said why not. */
int store_check_place(const struct store_conf *conf);
/* NULL when there can be no store, having said why. */
struct store *store_open(const struct store_conf *conf);
/*
 * Before store_start(); what it has acknowledged so far comes in @have. 0,
 * -EINVAL when there are too many, -EIO.
 */
int store_add_sink(struct store *s, const char *sink, struct ranges *have);
/*
 * The last entry of the clock's log of this boot. Before store_start(). 1 with
 * it, 0 when there is none, -EIO.
 */
int store_last_clock(struct store *s, struct clock_entry *e);
/* Where the energy indices were. Before store_start(). 0 or -EIO. */
int store_energy(struct store *s,
		 int (*fn)(void *ctx, const struct energy_state *st), void *ctx);
int store_start(struct store *s);
/*
 * Write what is queued, end the thread, close the file. -EIO when batches could
 * not be written and are lost; it is logged.
 */
int store_close(struct store *s);

/* What becomes durable together. NULL when out of memory. */
struct store_packet *store_packet_new(void);
void store_packet_free(struct store_packet *p);
/* Takes the batch over. */
int store_packet_add(struct store_packet *p, struct batch *b);
/* What was captured and dropped since the last packet, and pends now. */
int store_packet_count(struct store_packet *p, const char *sensor,
		       const struct ledger_sensor *since);
/* An entry of the clock's log, for the batches in this packet and later. */
int store_packet_clock(struct store_packet *p, const struct clock_entry *e);
/* Where an energy index is after the batches in this packet. */
int store_packet_energy(struct store_packet *p, const struct energy_state *st);
/* Of a synchronised clock; without it nothing becomes too old. */
void store_packet_set_utc(struct store_packet *p, int64_t utc_ns);

/* Wait until all is durable, for so long at most. Returns whether it is. */
bool store_flush(struct store *s, double seconds);
/* Takes the packet over. */
void store_submit(struct store *s, struct store_packet *p);
/* The sink has what is in @run; durable with the next packet. */
void store_ack(struct store *s, const char *sink, struct range run);
/* An eventfd that is written after each commit, per sink; -1 ends that. */
void store_set_notify(struct store *s, const char *sink, int fd);
void store_get_stats(struct store *s, struct store_stats *stats);

#endif /* CITYHUBD_STORE_H */
