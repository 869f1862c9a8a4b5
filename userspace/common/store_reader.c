// SPDX-License-Identifier: GPL-2.0-only
#include "common/store_reader.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/store_sql.h"

#define STORE_READER_LAYOUTS	16

struct store_reader {
	sqlite3 *db;
	sqlite3_stmt *next;
	sqlite3_stmt *newest;
	sqlite3_stmt *layout;
	sqlite3_stmt *sync;
	sqlite3_stmt *clock;
	/* Layouts seen last; a hub has few. */
	struct {
		int64_t id;
		struct batch_layout *layout;
	} cache[STORE_READER_LAYOUTS];
	unsigned int cache_next;
};

static int store_reader_prepare(struct store_reader *r)
{
	int rc = sqlite3_prepare_v2(r->db,
		"SELECT b.id, b.seq, b.layout, b.from_ns, b.length_ns,"
		" b.offset_ns, b.clock, b.sync, b.bound_ns, b.stamp_bound_ns,"
		" b.body, o.hub, o.uuid, b.epoch, b.flags, b.boot,"
		" b.differences"
		" FROM batch b JOIN boot o"
		" ON o.id = b.boot WHERE b.id > ? ORDER BY b.id LIMIT 1",
		-1, &r->next, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db,
			"SELECT ifnull(max(id), 0) FROM batch", -1, &r->newest,
			NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db,
			"SELECT body FROM layout WHERE id = ?", -1, &r->layout,
			NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db,
			"SELECT offset_ns, bound_ns, from_ns FROM clock"
			" WHERE boot = ? AND sync = 1 AND from_ns >= ?"
			" ORDER BY from_ns LIMIT 1", -1, &r->sync, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db,
			"SELECT " STORE_SQL_CLOCK_COLUMNS ", c.id FROM clock c"
			" JOIN boot o ON o.id = c.boot ORDER BY c.id DESC"
			" LIMIT ?", -1, &r->clock, NULL);
	return rc;
}

static int store_reader_connect(struct store_reader *r, const char *name,
				int flags)
{
	int rc = sqlite3_open_v2(name, &r->db, SQLITE_OPEN_READONLY | flags,
				 NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_busy_timeout(r->db, 2000);
	sqlite3_exec(r->db, "PRAGMA cache_size=-256", NULL, NULL, NULL);
	return store_reader_prepare(r);
}

/*
 * Who may not write beside the store cannot open one that nobody has open,
 * unless SQLite is told that it will not change. It did not if there is no log.
 */
static int store_reader_connect_still(struct store_reader *r, const char *path)
{
	char name[3 * 256 + 32], *p = name;
	size_t len = strlen(path);

	if (len > 256)
		return SQLITE_CANTOPEN;
	snprintf(name, sizeof(name), "%s-wal", path);
	if (!access(name, F_OK))
		return SQLITE_READONLY;
	p += sprintf(p, "file:");
	for (; *path; path++)
		p += sprintf(p, strchr("%?#", *path) ? "%%%02X" : "%c", *path);
	sprintf(p, "?immutable=1");
	sqlite3_finalize(r->next);
	sqlite3_finalize(r->newest);
	sqlite3_close(r->db);
	r->db = NULL;
	r->next = NULL;
	r->newest = NULL;
	return store_reader_connect(r, name, SQLITE_OPEN_URI);
}

/* 0 when it cannot be read. */
static int store_reader_version(const struct store_reader *r)
{
	sqlite3_stmt *st;
	int version = 0;

	if (sqlite3_prepare_v2(r->db, "PRAGMA user_version", -1, &st, NULL) !=
	    SQLITE_OK)
		return 0;
	if (sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return version;
}

static void store_reader_explain(const struct store_reader *r, const char *path,
				 char *why, size_t room)
{
	int n = snprintf(why, room, "%s: %s", path, sqlite3_errmsg(r->db));
	int version = store_reader_version(r);

	if (!version || version == STORE_SQL_VERSION || n < 0 ||
	    (size_t)n >= room)
		return;
	snprintf(why + n, room - (size_t)n,
		 "; it has version %d and this program reads %d: %s", version,
		 STORE_SQL_VERSION, version < STORE_SQL_VERSION ?
		 "start the new cityhubd, which takes it over" :
		 "use the cityhub of the cityhubd that runs");
}

struct store_reader *store_reader_open(const char *path, char *why, size_t room)
{
	struct store_reader *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return NULL;
	rc = store_reader_connect(r, path, 0);
	if ((rc & 0xff) == SQLITE_READONLY || (rc & 0xff) == SQLITE_CANTOPEN)
		rc = store_reader_connect_still(r, path);
	if (rc == SQLITE_OK)
		return r;
	store_reader_explain(r, path, why, room);
	store_reader_close(r);
	return NULL;
}

void store_reader_close(struct store_reader *r)
{
	if (!r)
		return;
	for (unsigned int i = 0; i < STORE_READER_LAYOUTS; i++)
		batch_layout_put(r->cache[i].layout);
	sqlite3_finalize(r->next);
	sqlite3_finalize(r->newest);
	sqlite3_finalize(r->layout);
	sqlite3_finalize(r->sync);
	sqlite3_finalize(r->clock);
	sqlite3_close(r->db);
	free(r);
}

static struct batch_layout *store_reader_layout(struct store_reader *r,
						int64_t id)
{
	struct batch_layout *l = NULL;

	for (unsigned int i = 0; i < STORE_READER_LAYOUTS; i++)
		if (r->cache[i].layout && r->cache[i].id == id)
			return r->cache[i].layout;
	if (store_sql_bind(r->layout, "i", id) == SQLITE_OK &&
	    sqlite3_step(r->layout) == SQLITE_ROW)
		l = batch_layout_read((const char *)
				      sqlite3_column_text(r->layout, 0));
	sqlite3_reset(r->layout);
	if (!l)
		return NULL;
	unsigned int slot = r->cache_next++ % STORE_READER_LAYOUTS;

	batch_layout_put(r->cache[slot].layout);
	r->cache[slot].id = id;
	r->cache[slot].layout = l;
	return l;
}

/* The first synchronised entry of its boot after its begin dates a batch. */
static int store_reader_redate(struct store_reader *r, struct batch *b,
			       int64_t boot)
{
	int rc = store_sql_bind(r->sync, "ii", boot, b->from_ns - b->offset_ns);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(r->sync);
	if (rc == SQLITE_ROW)
		batch_redate(b, sqlite3_column_int64(r->sync, 0),
			     sqlite3_column_int64(r->sync, 1),
			     sqlite3_column_int64(r->sync, 2));
	sqlite3_reset(r->sync);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -EIO;
}

static void store_reader_head(sqlite3_stmt *st, struct batch *b)
{
	b->seq = (uint64_t)sqlite3_column_int64(st, 1);
	b->from_ns = sqlite3_column_int64(st, 3);
	b->to_ns = b->from_ns + sqlite3_column_int64(st, 4);
	b->offset_ns = sqlite3_column_int64(st, 5);
	b->clock = (enum batch_clock)sqlite3_column_int(st, 6);
	b->sync = (enum batch_sync)sqlite3_column_int(st, 7);
	b->bound_ns = sqlite3_column_int64(st, 8);
	b->stamp_bound_ns = sqlite3_column_int64(st, 9);
	snprintf(b->hub, sizeof(b->hub), "%s", sqlite3_column_text(st, 11));
	snprintf(b->boot, sizeof(b->boot), "%s", sqlite3_column_text(st, 12));
	b->epoch = (unsigned int)sqlite3_column_int(st, 13);
	b->flags = (unsigned int)sqlite3_column_int(st, 14);
}

/* What stands for a row that cannot be read, lest nothing after it is. */
static struct batch *store_reader_damaged(struct batch_layout *l)
{
	struct batch_layout *none = NULL;
	struct batch *b;

	if (!l)
		none = batch_layout_new("damaged", 0, NULL);
	b = l || none ? batch_new(l ? l : none) : NULL;
	batch_layout_put(none);
	for (unsigned int i = 0; b && i < batch_layout_size(b->layout); i++)
		b->results[i] = (struct batch_result){
			.mean = NAN, .min = NAN, .max = NAN, .rms = NAN,
			.last = NAN, .difference = NAN,
		};
	return b;
}

static int store_reader_row(struct store_reader *r, struct batch **out)
{
	sqlite3_stmt *st = r->next;
	struct batch_layout *l = store_reader_layout(r, sqlite3_column_int64(st, 2));
	struct batch *b = l ? batch_new(l) : NULL;

	if (b) {
		store_reader_head(st, b);
		if (batch_unpack(b, sqlite3_column_blob(st, 10),
				 (size_t)sqlite3_column_bytes(st, 10)) ||
		    batch_unpack_differences(b, sqlite3_column_blob(st, 16),
				(size_t)sqlite3_column_bytes(st, 16))) {
			batch_free(b);
			b = NULL;
		}
	}
	if (!b) {
		b = store_reader_damaged(l);
		if (!b)
			return -ENOMEM;
		store_reader_head(st, b);
		b->flags |= BATCH_DAMAGED;
	}
	if (b->sync == BATCH_UNSYNCHRONISED &&
	    store_reader_redate(r, b, sqlite3_column_int64(st, 15))) {
		batch_free(b);
		return -EIO;
	}
	*out = b;
	return 1;
}

int store_reader_next(struct store_reader *r, uint64_t after,
		      struct batch **b, uint64_t *id)
{
	int ret = -EIO;
	int rc = store_sql_bind(r->next, "i", (int64_t)after);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(r->next);
	if (rc == SQLITE_ROW) {
		*id = (uint64_t)sqlite3_column_int64(r->next, 0);
		ret = store_reader_row(r, b);
	} else if (rc == SQLITE_DONE) {
		ret = 0;
	}
	sqlite3_reset(r->next);
	return ret;
}

uint64_t store_reader_newest(struct store_reader *r)
{
	uint64_t id = 0;

	if (sqlite3_step(r->newest) == SQLITE_ROW)
		id = (uint64_t)sqlite3_column_int64(r->newest, 0);
	sqlite3_reset(r->newest);
	return id;
}

int store_reader_clock(struct store_reader *r, struct clock_entry *log,
		       size_t room, uint64_t *newest)
{
	int rc = store_sql_bind(r->clock, "i", (int64_t)room);
	size_t n = 0;

	*newest = 0;
	while (rc == SQLITE_OK && (rc = sqlite3_step(r->clock)) == SQLITE_ROW) {
		if (!n)
			*newest = (uint64_t)sqlite3_column_int64(r->clock, 7);
		store_sql_clock(r->clock, &log[n++]);
		rc = SQLITE_OK;
	}
	sqlite3_reset(r->clock);
	for (size_t i = 0; i < n / 2; i++) {
		struct clock_entry swap = log[i];

		log[i] = log[n - 1 - i];
		log[n - 1 - i] = swap;
	}
	return rc == SQLITE_DONE ? (int)n : -EIO;
}

int store_reader_ledger(struct store_reader *r,
			int (*sensor)(void *ctx, const char *name,
				      const struct ledger_sensor *l),
			int (*sink)(void *ctx, const char *name, int64_t cursor,
				    const struct ledger_sink *l), void *ctx)
{
	int rc = sqlite3_exec(r->db, "BEGIN", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = store_sql_sensors(r->db, sensor, ctx);
	if (rc == SQLITE_OK)
		rc = store_sql_sinks(r->db, 1, sink, ctx);
	sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : -EIO;
}
