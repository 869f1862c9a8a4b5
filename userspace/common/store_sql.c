// SPDX-License-Identifier: GPL-2.0-only
#include "common/store_sql.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/*
 * id of a batch: without gaps over the life of the store, what cursors point
 * at. (hub, boot, seq): the key of a batch in the city, without gaps per boot.
 * from_ns and the instants in body are UTC by offset_ns, UTC minus boottime as
 * it was known when the batch was made.
 */
const char *const store_sql_up[STORE_SQL_VERSION] = {
	"CREATE TABLE boot (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"
	" hub TEXT NOT NULL, next_seq INTEGER NOT NULL,"
	" UNIQUE (uuid, hub));"
	"CREATE TABLE layout (id INTEGER PRIMARY KEY,"
	" body TEXT NOT NULL UNIQUE);"
	"CREATE TABLE batch (id INTEGER PRIMARY KEY,"
	" boot INTEGER NOT NULL, seq INTEGER NOT NULL,"
	" layout INTEGER NOT NULL, from_ns INTEGER NOT NULL,"
	" length_ns INTEGER NOT NULL, offset_ns INTEGER NOT NULL,"
	" clock INTEGER NOT NULL, sync INTEGER NOT NULL,"
	" bound_ns INTEGER NOT NULL, stamp_bound_ns INTEGER NOT NULL,"
	" body BLOB NOT NULL);"
	"CREATE TABLE sensor (name TEXT PRIMARY KEY,"
	" captured INTEGER NOT NULL DEFAULT 0,"
	" reduced INTEGER NOT NULL DEFAULT 0,"
	" raw INTEGER NOT NULL DEFAULT 0,"
	" pending INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE dropped (sensor TEXT NOT NULL, reason TEXT NOT NULL,"
	" n INTEGER NOT NULL, PRIMARY KEY (sensor, reason)) WITHOUT ROWID;"
	"CREATE TABLE sink (name TEXT PRIMARY KEY,"
	" cursor INTEGER NOT NULL, made INTEGER NOT NULL,"
	" acknowledged INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE expired (sink TEXT NOT NULL, reason TEXT NOT NULL,"
	" n INTEGER NOT NULL, PRIMARY KEY (sink, reason)) WITHOUT ROWID;",

	/* 2: the log of the clock */
	"ALTER TABLE batch ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE batch ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE clock (id INTEGER PRIMARY KEY,"
	" boot INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	" from_ns INTEGER NOT NULL, offset_ns INTEGER NOT NULL,"
	" sync INTEGER NOT NULL, bound_ns INTEGER NOT NULL,"
	" why INTEGER NOT NULL);"
	"CREATE TABLE down (version INTEGER PRIMARY KEY, sql TEXT NOT NULL);",

	/* 3: what a sink has acknowledged beyond its cursor */
	"CREATE TABLE ahead (sink TEXT NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, PRIMARY KEY (sink, first)) WITHOUT ROWID;"
	/* A sink that came after the oldest had gone never waited for those. */
	"UPDATE sink SET cursor = max(cursor,"
	" ifnull((SELECT min(id) FROM batch), 1) - 1);",

	/* 4: where the energy indices are, see cityhubd/energy_index.h */
	"CREATE TABLE energy (sensor TEXT NOT NULL, channel TEXT NOT NULL,"
	" meter TEXT NOT NULL, boot TEXT NOT NULL, binding INTEGER NOT NULL,"
	" reading REAL NOT NULL, taken REAL NOT NULL, returned REAL NOT NULL,"
	" PRIMARY KEY (sensor, channel)) WITHOUT ROWID;",

	/* 5: of counters the differences, in bytes as of batch.h */
	"ALTER TABLE batch ADD COLUMN differences BLOB;",
};

const char *const store_sql_down[STORE_SQL_VERSION] = {
	NULL,
	"ALTER TABLE batch DROP COLUMN epoch;"
	"ALTER TABLE batch DROP COLUMN flags;"
	"DROP TABLE clock; DROP TABLE down;",
	/* Sent once more then: an older program knows a cursor only. */
	"UPDATE sink SET acknowledged = acknowledged - ifnull("
	"(SELECT sum(last - first + 1) FROM ahead WHERE ahead.sink = sink.name)"
	", 0);"
	"DROP TABLE ahead;",
	"DROP TABLE energy;",
	"ALTER TABLE batch DROP COLUMN differences;",
};

static int store_sql_vbind(sqlite3_stmt *st, const char *kinds, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; kinds[i - 1] && rc == SQLITE_OK; i++) {
		const void *blob;

		switch (kinds[i - 1]) {
		case 'i':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 'd':
			rc = sqlite3_bind_double(st, i, va_arg(ap, double));
			break;
		case 's':
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *),
					       -1, SQLITE_TRANSIENT);
			break;
		default:
			blob = va_arg(ap, const void *);
			rc = sqlite3_bind_blob64(st, i, blob,
						 va_arg(ap, size_t),
						 SQLITE_TRANSIENT);
		}
	}
	return rc;
}

int store_sql_bind(sqlite3_stmt *st, const char *kinds, ...)
{
	va_list ap;
	int rc;

	va_start(ap, kinds);
	rc = store_sql_vbind(st, kinds, ap);
	va_end(ap);
	return rc;
}

int store_sql_run(sqlite3_stmt *st, const char *kinds, ...)
{
	va_list ap;
	int rc;

	va_start(ap, kinds);
	rc = store_sql_vbind(st, kinds, ap);
	va_end(ap);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static uint64_t store_sql_u64(sqlite3_stmt *st, int column)
{
	return (uint64_t)sqlite3_column_int64(st, column);
}

static const char *store_sql_text(sqlite3_stmt *st, int column)
{
	const unsigned char *text = sqlite3_column_text(st, column);

	return text ? (const char *)text : "";
}

void store_sql_clock(sqlite3_stmt *st, struct clock_entry *e)
{
	*e = (struct clock_entry){
		.epoch = (unsigned int)sqlite3_column_int(st, 1),
		.from_ns = sqlite3_column_int64(st, 2),
		.offset_ns = sqlite3_column_int64(st, 3),
		.bound_ns = sqlite3_column_int64(st, 4),
		.sync = (enum batch_sync)sqlite3_column_int(st, 5),
		.why = (enum clock_why)sqlite3_column_int(st, 6),
	};
	snprintf(e->boot, sizeof(e->boot), "%s", store_sql_text(st, 0));
}

/* Sum of a reason that this version does not know is kept under the first. */
static int store_sql_reasons(sqlite3 *db, const char *sql, const char *who,
			     const char *(*name)(int), int reasons, uint64_t *n)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = store_sql_bind(st, "s", who);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		int i = reasons - 1;

		while (i > 0 && strcmp(name(i), store_sql_text(st, 0)))
			i--;
		n[i] += store_sql_u64(st, 1);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static const char *store_sql_drop_name(int i)
{
	return ledger_drop_name((enum ledger_drop)i);
}

static const char *store_sql_expiry_name(int i)
{
	return ledger_expiry_name((enum ledger_expiry)i);
}

int store_sql_sensors(sqlite3 *db,
		      int (*fn)(void *ctx, const char *sensor,
				const struct ledger_sensor *l), void *ctx)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db,
		"SELECT name, captured, reduced, raw, pending FROM sensor"
		" ORDER BY name", -1, &st, NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *sensor = store_sql_text(st, 0);
		struct ledger_sensor l = {
			.captured = store_sql_u64(st, 1),
			.reduced = store_sql_u64(st, 2),
			.raw = store_sql_u64(st, 3),
			.pending = store_sql_u64(st, 4),
		};

		rc = store_sql_reasons(db, "SELECT reason, n FROM dropped"
				       " WHERE sensor = ?", sensor,
				       store_sql_drop_name, LEDGER_DROPS,
				       l.dropped);
		if (rc == SQLITE_OK && fn(ctx, sensor, &l))
			rc = SQLITE_DONE;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

#define STORE_SQL_AHEAD							\
	" - ifnull((SELECT sum(last - first + 1) FROM ahead"		\
	"  WHERE ahead.sink = sink.name), 0)"
/* Ids have no gaps, so the oldest and the newest tell how many there are. */
#define STORE_SQL_WAITING_BY_ID						\
	"SELECT name, cursor, made, acknowledged, max(0,"		\
	" ifnull((SELECT max(id) FROM batch), 0) - max(cursor,"		\
	"  ifnull((SELECT min(id) FROM batch), 1) - 1)" STORE_SQL_AHEAD	\
	") FROM sink ORDER BY name"
#define STORE_SQL_WAITING_BY_COUNT					\
	"SELECT name, cursor, made, acknowledged,"			\
	" (SELECT count(*) FROM batch WHERE id > cursor)" STORE_SQL_AHEAD	\
	" FROM sink ORDER BY name"

int store_sql_sinks(sqlite3 *db, int count,
		    int (*fn)(void *ctx, const char *sink, int64_t cursor,
			      const struct ledger_sink *l), void *ctx)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, count ? STORE_SQL_WAITING_BY_COUNT :
				    STORE_SQL_WAITING_BY_ID, -1, &st, NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *sink = store_sql_text(st, 0);
		struct ledger_sink l = {
			.made = store_sql_u64(st, 2),
			.acknowledged = store_sql_u64(st, 3),
			.waiting = store_sql_u64(st, 4),
		};

		rc = store_sql_reasons(db, "SELECT reason, n FROM expired"
				       " WHERE sink = ?", sink,
				       store_sql_expiry_name, LEDGER_EXPIRIES,
				       l.expired);
		if (rc == SQLITE_OK &&
		    fn(ctx, sink, sqlite3_column_int64(st, 1), &l))
			rc = SQLITE_DONE;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int store_sql_cursor(sqlite3 *db, const char *sink, struct ranges *have)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT cursor FROM sink"
				    " WHERE name = ?", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = store_sql_bind(st, "s", sink);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		ranges_init(have, store_sql_u64(st, 0));
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? SQLITE_OK :
	       rc == SQLITE_DONE ? SQLITE_NOTFOUND : rc;
}

int store_sql_have(sqlite3 *db, const char *sink, struct ranges *have)
{
	sqlite3_stmt *st = NULL;
	int rc = store_sql_cursor(db, sink, have);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db, "SELECT first - 1, last FROM ahead"
					" WHERE sink = ? ORDER BY first", -1,
					&st, NULL);
	if (rc == SQLITE_OK)
		rc = store_sql_bind(st, "s", sink);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = ranges_add(have, store_sql_u64(st, 0),
				store_sql_u64(st, 1), NULL) ?
		     SQLITE_CORRUPT : SQLITE_OK;
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
