/* SPDX-License-Identifier: GPL-2.0-only */
/* The store's tables, and how both the daemon and the command read them. */
#ifndef CITYHUB_STORE_SQL_H
#define CITYHUB_STORE_SQL_H

#include <sqlite3.h>

#include "common/clock_log.h"
#include "common/ledger.h"
#include "common/ranges.h"

#define STORE_SQL_VERSION	5
#define STORE_DEFAULT_PATH	"/var/lib/cityhub/store.db"

/*
 * The schema as steps: up[v] leads from version v to v + 1 and down[v] back.
 * A new file takes all of them. The ways down are kept in the file, so that
 * an older program finds the one it does not know.
 */
extern const char *const store_sql_up[STORE_SQL_VERSION];
extern const char *const store_sql_down[STORE_SQL_VERSION];

/*
 * Run a statement that gives no rows; the kinds of the arguments: i int64_t,
 * d double, s const char *, b const void * and size_t. Returns an SQLite code.
 */
int store_sql_run(sqlite3_stmt *st, const char *kinds, ...);
/* As above, for a statement that starts giving rows; the caller steps on. */
int store_sql_bind(sqlite3_stmt *st, const char *kinds, ...);

/* Return 0 or an SQLite code; a callback that returns nonzero ends the walk. */
int store_sql_sensors(sqlite3 *db,
		      int (*fn)(void *ctx, const char *sensor,
				const struct ledger_sensor *l), void *ctx);
/* Waiting batches are counted one by one if @count, else by their ids. */
int store_sql_sinks(sqlite3 *db, int count,
		    int (*fn)(void *ctx, const char *sink, int64_t cursor,
			      const struct ledger_sink *l), void *ctx);

/* What a sink has acknowledged; SQLITE_NOTFOUND when there is no such sink. */
int store_sql_have(sqlite3 *db, const char *sink, struct ranges *have);

/* A row of the tables clock c and boot o with these columns. */
#define STORE_SQL_CLOCK_COLUMNS						\
	"o.uuid, c.epoch, c.from_ns, c.offset_ns, c.bound_ns, c.sync, c.why"
void store_sql_clock(sqlite3_stmt *st, struct clock_entry *e);

#endif /* CITYHUB_STORE_SQL_H */
