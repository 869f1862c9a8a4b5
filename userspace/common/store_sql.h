/* SPDX-License-Identifier: GPL-2.0-only */
/* The store's tables, and how both the daemon and the command read them. */
#ifndef CITYHUB_STORE_SQL_H
#define CITYHUB_STORE_SQL_H

#include <sqlite3.h>

#include "common/ledger.h"

#define STORE_SQL_VERSION	1
#define STORE_DEFAULT_PATH	"/var/lib/cityhub/store.db"

/*
 * id of a batch: without gaps over the life of the store, what cursors point
 * at. (hub, boot, seq): the key of a batch in the city, without gaps per boot.
 * offset_ns: UTC minus boottime in force, so that a batch can be dated anew.
 */
#define STORE_SQL_SCHEMA						\
	"CREATE TABLE boot (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"	\
	" hub TEXT NOT NULL, next_seq INTEGER NOT NULL,"		\
	" UNIQUE (uuid, hub));"						\
	"CREATE TABLE layout (id INTEGER PRIMARY KEY,"			\
	" body TEXT NOT NULL UNIQUE);"					\
	"CREATE TABLE batch (id INTEGER PRIMARY KEY,"			\
	" boot INTEGER NOT NULL, seq INTEGER NOT NULL,"			\
	" layout INTEGER NOT NULL, from_ns INTEGER NOT NULL,"		\
	" length_ns INTEGER NOT NULL, offset_ns INTEGER NOT NULL,"	\
	" clock INTEGER NOT NULL, sync INTEGER NOT NULL,"		\
	" bound_ns INTEGER NOT NULL, stamp_bound_ns INTEGER NOT NULL,"	\
	" body BLOB NOT NULL);"						\
	"CREATE TABLE sensor (name TEXT PRIMARY KEY,"			\
	" captured INTEGER NOT NULL DEFAULT 0,"				\
	" reduced INTEGER NOT NULL DEFAULT 0,"				\
	" raw INTEGER NOT NULL DEFAULT 0,"				\
	" pending INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"		\
	"CREATE TABLE dropped (sensor TEXT NOT NULL, reason TEXT NOT NULL,"	\
	" n INTEGER NOT NULL, PRIMARY KEY (sensor, reason)) WITHOUT ROWID;"	\
	"CREATE TABLE sink (name TEXT PRIMARY KEY,"			\
	" cursor INTEGER NOT NULL, made INTEGER NOT NULL,"		\
	" acknowledged INTEGER NOT NULL) WITHOUT ROWID;"		\
	"CREATE TABLE expired (sink TEXT NOT NULL, reason TEXT NOT NULL,"	\
	" n INTEGER NOT NULL, PRIMARY KEY (sink, reason)) WITHOUT ROWID;"

/*
 * Run a statement that gives no rows; the kinds of the arguments: i int64_t,
 * s const char *, b const void * and size_t. Returns an SQLite code.
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

#endif /* CITYHUB_STORE_SQL_H */
