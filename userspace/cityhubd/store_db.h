/* SPDX-License-Identifier: GPL-2.0-only */
/* The writer's side of the store file. One thread at a time. */
#ifndef CITYHUBD_STORE_DB_H
#define CITYHUBD_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "cityhubd/store.h"
#include "common/batch.h"
#include "common/clock_log.h"
#include "common/ledger.h"
#include "common/ranges.h"

struct store_db;

/* NULL when there can be no store, having said why and what to do. */
/* As store_check_place(). */
int store_db_check_place(const struct store_conf *conf);
struct store_db *store_db_open(const struct store_conf *conf);
/* conf->max_bytes, or less when the disk has not as much, having said so. */
uint64_t store_db_room(struct store_db *d, const struct store_conf *conf);
void store_db_close(struct store_db *d);
sqlite3 *store_db_handle(struct store_db *d);

/* All return an SQLite code. What comes between begin and end is one act. */
int store_db_begin(struct store_db *d);
int store_db_add(struct store_db *d, const struct batch *b);
int store_db_count(struct store_db *d, const char *sensor,
		   const struct ledger_sensor *since);
int store_db_clock(struct store_db *d, const struct clock_entry *e);
int store_db_energy(struct store_db *d, const struct energy_state *st);
int store_db_add_sink(struct store_db *d, const char *sink,
		      struct ranges *have);
/* The sink has acknowledged what is in @acked; it may hold more. */
int store_db_ack(struct store_db *d, const char *sink,
		 const struct ranges *acked);
int store_db_bound(struct store_db *d, uint64_t max_bytes);
/* What ended before @utc_ns, and whatever is older by its number, goes. */
int store_db_age(struct store_db *d, int64_t utc_ns);
int store_db_end(struct store_db *d);
void store_db_undo(struct store_db *d);

/* All of them, until @fn returns nonzero. 0 or -EIO. */
int store_db_each_energy(struct store_db *d,
			 int (*fn)(void *ctx, const struct energy_state *st),
			 void *ctx);
/* Of this boot: 1 with it, 0 when there is none, -EIO. */
int store_db_last_clock(struct store_db *d, struct clock_entry *e);
uint64_t store_db_bytes(struct store_db *d);
uint64_t store_db_batches(struct store_db *d);

#endif /* CITYHUBD_STORE_DB_H */
