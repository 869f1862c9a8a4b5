// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/store_db.h"

#include <errno.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cityhubd/clock.h"
#include "common/array.h"
#include "common/log.h"
#include "common/store_elsewhere.h"
#include "common/store_sql.h"

#define STORE_DB_EXPIRE_ROWS	256	/* oldest batches that go at once */
#define STORE_DB_CLOCK_ROWS	1000
#define STORE_DB_ENERGY_COLUMNS						\
	"sensor, channel, meter, boot, binding, reading, taken, returned"

enum store_db_statement {
	STORE_DB_LAYOUT_ADD,
	STORE_DB_LAYOUT_FIND,
	STORE_DB_BATCH_ADD,
	STORE_DB_SEQ,
	STORE_DB_MADE,
	STORE_DB_SENSOR_ADD,
	STORE_DB_SENSOR,
	STORE_DB_REDUCED,
	STORE_DB_DROPPED,
	STORE_DB_SINK,
	STORE_DB_AHEAD_CLEAR,
	STORE_DB_AHEAD,
	STORE_DB_EXPIRED,
	STORE_DB_EXPIRE,
	STORE_DB_TOO_OLD,
	STORE_DB_CLOCK,
	STORE_DB_CLOCK_BOUND,
	STORE_DB_ENERGY,
	STORE_DB_STATEMENTS,
};

static const char *const store_db_sql[STORE_DB_STATEMENTS] = {
	[STORE_DB_LAYOUT_ADD] =
		"INSERT OR IGNORE INTO layout (body) VALUES (?)",
	[STORE_DB_LAYOUT_FIND] = "SELECT id FROM layout WHERE body = ?",
	[STORE_DB_BATCH_ADD] =
		"INSERT INTO batch (id, boot, seq, layout, from_ns, length_ns,"
		" offset_ns, clock, sync, bound_ns, stamp_bound_ns, body, epoch,"
		" flags, differences)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STORE_DB_SEQ] = "UPDATE boot SET next_seq = ?2 WHERE id = ?1",
	[STORE_DB_MADE] = "UPDATE sink SET made = made + 1",
	[STORE_DB_SENSOR_ADD] = "INSERT OR IGNORE INTO sensor (name) VALUES (?)",
	[STORE_DB_SENSOR] =
		"UPDATE sensor SET captured = captured + ?2, pending = ?3"
		" WHERE name = ?1",
	[STORE_DB_REDUCED] =
		"UPDATE sensor SET reduced = reduced + ?2 WHERE name = ?1",
	[STORE_DB_DROPPED] =
		"INSERT INTO dropped VALUES (?1, ?2, ?3)"
		" ON CONFLICT DO UPDATE SET n = n + excluded.n",
	[STORE_DB_SINK] =
		"UPDATE sink SET acknowledged = acknowledged + ?2, cursor = ?3"
		" WHERE name = ?1",
	[STORE_DB_AHEAD_CLEAR] = "DELETE FROM ahead WHERE sink = ?",
	[STORE_DB_AHEAD] = "INSERT INTO ahead VALUES (?, ?, ?)",
	[STORE_DB_EXPIRED] =
		"INSERT INTO expired VALUES (?1, ?2, ?3)"
		" ON CONFLICT DO UPDATE SET n = n + excluded.n",
	[STORE_DB_EXPIRE] = "DELETE FROM batch WHERE id <= ?1",
	[STORE_DB_TOO_OLD] =
		"SELECT ifnull(max(id), 0) FROM (SELECT id, from_ns + length_ns AS"
		" to_ns FROM batch WHERE sync = 1 ORDER BY id LIMIT 256)"
		" WHERE to_ns < ?",
	[STORE_DB_CLOCK] =
		"INSERT INTO clock (boot, epoch, from_ns, offset_ns, sync,"
		" bound_ns, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[STORE_DB_CLOCK_BOUND] =
		"DELETE FROM clock WHERE id <= (SELECT max(id) FROM clock) - ?",
	[STORE_DB_ENERGY] =
		"INSERT OR REPLACE INTO energy (" STORE_DB_ENERGY_COLUMNS ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
};

struct store_db {
	sqlite3 *db;
	sqlite3_stmt *st[STORE_DB_STATEMENTS];
	int64_t boot;
	int64_t next_seq;
	int64_t next_id;
	/* As of the last commit, for undo. */
	int64_t safe_seq;
	int64_t safe_id;
};

static int store_db_exec(struct store_db *d, const char *sql)
{
	return sqlite3_exec(d->db, sql, NULL, NULL, NULL);
}

/* First column of the first row, or @otherwise. */
static int64_t store_db_number(struct store_db *d, const char *sql,
			       int64_t otherwise)
{
	sqlite3_stmt *st = NULL;
	int64_t v = otherwise;

	if (sqlite3_prepare_v2(d->db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW &&
	    sqlite3_column_type(st, 0) != SQLITE_NULL)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* A mount point lies on another file system than its parent. */
static int store_db_check_mount(const char *path, const char *mount)
{
	size_t len = strlen(mount);
	struct stat there, parent;
	char up[4096];

	while (len > 1 && mount[len - 1] == '/')
		len--;
	if (strncmp(path, mount, len) || (len > 1 && path[len] != '/')) {
		log_error("store: %s does not lie under store.mount %s; correct one of them",
			  path, mount);
		return -EINVAL;
	}
	snprintf(up, sizeof(up), "%.*s/..", (int)len, mount);
	if (stat(mount, &there) || stat(up, &parent) ||
	    (there.st_dev == parent.st_dev && there.st_ino != parent.st_ino)) {
		log_error("store: nothing is mounted on %s: mount the partition (is it in /etc/fstab?), or take store.mount out",
			  mount);
		return -ENODEV;
	}
	return 0;
}

/* The unit's sandbox is read-only, too. */
static const char *store_db_hint(const char *path)
{
	char copy[4096];

	snprintf(copy, sizeof(copy), "%s", path);
	return access(dirname(copy), W_OK) && errno == EROFS ?
	       "; " STORE_ELSEWHERE : "";
}

static int store_db_check_disk(const char *path, bool allow_tmpfs)
{
	char copy[4096];
	const char *dir;
	struct statfs fs;

	snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	if (mkdir(dir, 0750) && errno != EEXIST) {
		int err = errno;

		log_error("store: folder %s cannot be made: %s; make it, or set store.path%s",
			  dir, strerror(err),
			  err == EROFS ? "; " STORE_ELSEWHERE : "");
		return -err;
	}
	if (statfs(dir, &fs)) {
		log_error("store: %s: %s", dir, strerror(errno));
		return -errno;
	}
	if (!allow_tmpfs &&
	    (fs.f_type == TMPFS_MAGIC || (unsigned long)fs.f_type == RAMFS_MAGIC)) {
		log_error("store: %s lies in memory (tmpfs): all would be lost with the power; set store.path to a disk, or store.allow_tmpfs = true for a test",
			  dir);
		return -EINVAL;
	}
	return 0;
}

int store_db_check_place(const struct store_conf *conf)
{
	int err = 0;

	if (conf->mount && *conf->mount)
		err = store_db_check_mount(conf->path, conf->mount);
	return err ? err : store_db_check_disk(conf->path, conf->allow_tmpfs);
}

static bool store_db_sound(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	bool ok = false;

	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL) ==
	    SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		ok = !strcmp((const char *)sqlite3_column_text(st, 0), "ok");
	sqlite3_finalize(st);
	return ok;
}

/*
 * A damaged file is kept for who wants to look into it; the newest one only,
 * lest a failing disk be filled with them.
 */
static int store_db_set_aside(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char from[4096], to[4096];

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		snprintf(from, sizeof(from), "%s%s", path, tails[i]);
		snprintf(to, sizeof(to), "%s.damaged%s", path, tails[i]);
		unlink(to);
		if (rename(from, to) && (errno != ENOENT || !i)) {
			log_error("store: %s is damaged and cannot be set aside: %s",
				  from, strerror(errno));
			return -errno;
		}
	}
	log_error("store: %s was damaged; it is now %s.damaged and a new store is begun; what was not sent is lost unless it can be read from there (sqlite3 %s.damaged .recover); look after the disk",
		  path, path, path);
	return 0;
}

static int store_db_attach(struct store_db *d, const char *path, bool examined)
{
	int rc = sqlite3_open_v2(path, &d->db, SQLITE_OPEN_READWRITE |
				 SQLITE_OPEN_CREATE, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_extended_result_codes(d->db, 1);
	sqlite3_busy_timeout(d->db, 5000);
	rc = store_db_exec(d, "PRAGMA journal_mode=WAL;"
			   "PRAGMA synchronous=FULL;"
			   "PRAGMA cache_size=-512;"
			   "PRAGMA journal_size_limit=4194304;");
	if (rc == SQLITE_OK && !examined && !store_db_sound(d->db))
		rc = SQLITE_CORRUPT;
	return rc;
}

static int store_db_open_file(struct store_db *d, const char *path,
			      bool examined, bool *damaged)
{
	int rc = store_db_attach(d, path, examined);

	if ((rc & 0xff) == SQLITE_CORRUPT || rc == SQLITE_NOTADB) {
		sqlite3_close(d->db);
		d->db = NULL;
		*damaged = true;
		if (store_db_set_aside(path))
			return rc;
		rc = store_db_attach(d, path, true);
	}
	if (rc != SQLITE_OK)
		log_error("store: %s cannot be opened: %s; see that its folder is there, and that the disk is not mounted read-only%s",
			  path, d->db ? sqlite3_errmsg(d->db) :
			  sqlite3_errstr(rc), store_db_hint(path));
	return rc;
}

/* One step of the schema, and the way back beside it. */
static int store_db_step_up(struct store_db *d, int64_t version)
{
	const char *down = store_sql_down[version];
	sqlite3_stmt *st = NULL;
	int rc = store_db_exec(d, store_sql_up[version]);

	if (rc != SQLITE_OK || !down)
		return rc;
	rc = sqlite3_prepare_v2(d->db, "INSERT INTO down VALUES (?, ?)", -1,
				&st, NULL);
	if (rc == SQLITE_OK)
		rc = store_sql_run(st, "is", version + 1, down);
	sqlite3_finalize(st);
	return rc;
}

/* A newer program left in the file how to undo what it did to it. */
static int store_db_step_down(struct store_db *d, int64_t version)
{
	sqlite3_stmt *st = NULL;
	char *sql = NULL;
	int rc = sqlite3_prepare_v2(d->db, "SELECT sql FROM down"
				    " WHERE version = ?", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = store_sql_bind(st, "i", version);
	if (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		sql = strdup((const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	if (!sql)
		return SQLITE_MISMATCH;
	st = NULL;
	rc = sqlite3_prepare_v2(d->db, "DELETE FROM down WHERE version = ?", -1,
				&st, NULL);
	if (rc == SQLITE_OK)
		rc = store_sql_run(st, "i", version);
	sqlite3_finalize(st);
	if (rc == SQLITE_OK)
		rc = store_db_exec(d, sql);
	free(sql);
	return rc;
}

static int store_db_migrate(struct store_db *d, int64_t version)
{
	char sql[64];
	int rc = store_db_exec(d, "BEGIN IMMEDIATE");

	while (rc == SQLITE_OK && version > STORE_SQL_VERSION)
		rc = store_db_step_down(d, version--);
	while (rc == SQLITE_OK && version < STORE_SQL_VERSION)
		rc = store_db_step_up(d, version++);
	snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", STORE_SQL_VERSION);
	if (rc == SQLITE_OK)
		rc = store_db_exec(d, sql);
	if (rc == SQLITE_OK)
		rc = store_db_exec(d, "COMMIT");
	if (rc != SQLITE_OK)
		store_db_exec(d, "ROLLBACK");
	return rc;
}

/* Returns whether the store is a new one in @fresh. */
static int store_db_schema(struct store_db *d, const char *path, bool *fresh)
{
	int64_t version = store_db_number(d, "PRAGMA user_version", 0);
	int rc;

	*fresh = version == 0;
	if (version == STORE_SQL_VERSION)
		return SQLITE_OK;
	rc = store_db_migrate(d, version);
	if (rc != SQLITE_OK && version > STORE_SQL_VERSION)
		log_error("store: %s is of a newer cityhubd (version %lld, this one knows %d) and has no way back in it; install that one, or set store.path to another file",
			  path, (long long)version, STORE_SQL_VERSION);
	else if (rc != SQLITE_OK)
		log_error("store: %s: %s", path, sqlite3_errmsg(d->db));
	else if (version)
		log_info("store: %s taken over from version %lld to %d", path,
			 (long long)version, STORE_SQL_VERSION);
	return rc;
}

/* Of a damaged store the energy indices are wanted most, lest they go back. */
static void store_db_save_energy(struct store_db *d, const char *path)
{
	char *old = sqlite3_mprintf("%s.damaged", path);
	char *sql = sqlite3_mprintf("ATTACH %Q AS old", old);
	int rc = sql ? store_db_exec(d, sql) : SQLITE_NOMEM;

	sqlite3_free(sql);
	sqlite3_free(old);
	if (rc == SQLITE_OK)
		rc = store_db_exec(d, "INSERT OR IGNORE INTO energy SELECT "
				   STORE_DB_ENERGY_COLUMNS " FROM old.energy");
	if (rc == SQLITE_OK)
		log_info("store: the energy indices were saved from the damaged one");
	else
		log_error("store: the energy indices cannot be read from the damaged one; they begin anew");
	store_db_exec(d, "DETACH old");
}

/* What pended at the last commit of a daemon that was killed is lost. */
static int store_db_close_crash(struct store_db *d)
{
	int64_t n = store_db_number(d, "SELECT sum(pending) FROM sensor", 0);
	char sql[512];

	if (!n)
		return SQLITE_OK;
	log_warning("store: the last run did not end in order: %lld values that were in open windows are lost, at most one commit interval more",
		    (long long)n);
	snprintf(sql, sizeof(sql), "BEGIN IMMEDIATE;"
		 "INSERT INTO dropped SELECT name, '%s', pending FROM sensor"
		 " WHERE pending > 0"
		 " ON CONFLICT DO UPDATE SET n = n + excluded.n;"
		 "UPDATE sensor SET pending = 0; COMMIT",
		 ledger_drop_name(LEDGER_DROP_CRASH));
	return store_db_exec(d, sql);
}

/*
 * A new store may follow one that was lost in the same boot: it begins with
 * a number that the other one cannot have reached, lest two batches have the
 * same key. It is the uptime in milliseconds.
 */
static int store_db_boot(struct store_db *d, bool fresh, const char *hub,
			 const char *boot)
{
	int64_t first = fresh ? clock_boottime_ns() / 1000000 : 1;
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(d->db,
		"INSERT INTO boot (uuid, hub, next_seq) VALUES (?, ?, ?)"
		" ON CONFLICT DO NOTHING", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = store_sql_run(st, "ssi", boot, hub, first);
	sqlite3_finalize(st);
	st = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(d->db, "SELECT id, next_seq FROM boot"
					" WHERE uuid = ? AND hub = ?", -1, &st,
					NULL);
	if (rc == SQLITE_OK)
		rc = store_sql_bind(st, "ss", boot, hub);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		d->boot = sqlite3_column_int64(st, 0);
		d->next_seq = sqlite3_column_int64(st, 1);
		rc = SQLITE_OK;
	} else if (rc == SQLITE_DONE) {
		rc = SQLITE_INTERNAL;
	}
	sqlite3_finalize(st);
	d->next_id = 1 + store_db_number(d,
		"SELECT max(ifnull((SELECT max(id) FROM batch), 0),"
		" ifnull((SELECT max(cursor) FROM sink), 0))", 0);
	d->safe_seq = d->next_seq;
	d->safe_id = d->next_id;
	return rc;
}

static int store_db_prepare(struct store_db *d)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < STORE_DB_STATEMENTS && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(d->db, store_db_sql[i], -1,
					SQLITE_PREPARE_PERSISTENT, &d->st[i],
					NULL);
	return rc;
}

struct store_db *store_db_open(const struct store_conf *conf)
{
	struct store_db *d;
	bool fresh, damaged = false;
	int rc;

	if (store_db_check_place(conf))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	rc = store_db_open_file(d, conf->path, conf->examined, &damaged);
	if (rc == SQLITE_OK)
		rc = store_db_schema(d, conf->path, &fresh);
	if (rc != SQLITE_OK)
		goto fail;
	if (damaged)
		store_db_save_energy(d, conf->path);
	rc = store_db_close_crash(d);
	if (rc == SQLITE_OK)
		rc = store_db_boot(d, fresh, conf->hub, conf->boot);
	if (rc == SQLITE_OK)
		rc = store_db_prepare(d);
	if (rc == SQLITE_OK)
		return d;
	log_error("store: %s: %s; see that the disk is not full and can be written%s",
		  conf->path, sqlite3_errstr(rc), store_db_hint(conf->path));
fail:
	store_db_close(d);
	return NULL;
}

uint64_t store_db_room(struct store_db *d, const struct store_conf *conf)
{
	int64_t pages = store_db_number(d, "PRAGMA page_count", 0);
	int64_t page = store_db_number(d, "PRAGMA page_size", 0);
	struct statvfs fs;
	uint64_t room;

	if (statvfs(conf->path, &fs))
		return conf->max_bytes;
	room = (uint64_t)(pages * page) +
	       (uint64_t)fs.f_bavail * fs.f_frsize / 10 * 9;
	if (room >= conf->max_bytes)
		return conf->max_bytes;
	log_warning("store: the disk has no room for store.max_mb = %.0f: %.0f MB are used at most; free some, or lower it",
		    (double)conf->max_bytes / 1e6, (double)room / 1e6);
	return room;
}

void store_db_close(struct store_db *d)
{
	if (!d)
		return;
	for (int i = 0; i < STORE_DB_STATEMENTS; i++)
		sqlite3_finalize(d->st[i]);
	sqlite3_close(d->db);
	free(d);
}

sqlite3 *store_db_handle(struct store_db *d)
{
	return d->db;
}

int store_db_begin(struct store_db *d)
{
	return store_db_exec(d, "BEGIN IMMEDIATE");
}

int store_db_end(struct store_db *d)
{
	int rc = store_sql_run(d->st[STORE_DB_SEQ], "ii", d->boot, d->next_seq);

	if (rc == SQLITE_OK)
		rc = store_db_exec(d, "COMMIT");
	if (rc == SQLITE_OK) {
		d->safe_seq = d->next_seq;
		d->safe_id = d->next_id;
	}
	return rc;
}

void store_db_undo(struct store_db *d)
{
	if (!sqlite3_get_autocommit(d->db))
		store_db_exec(d, "ROLLBACK");
	d->next_seq = d->safe_seq;
	d->next_id = d->safe_id;
}

static int store_db_layout(struct store_db *d, const struct batch_layout *l,
			   int64_t *id)
{
	sqlite3_stmt *find = d->st[STORE_DB_LAYOUT_FIND];
	char *text = batch_layout_write(l);
	int rc = SQLITE_NOMEM;

	if (!text)
		return rc;
	for (int tries = 0; tries < 2; tries++) {
		rc = store_sql_bind(find, "s", text);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(find);
		if (rc == SQLITE_ROW)
			*id = sqlite3_column_int64(find, 0);
		sqlite3_reset(find);
		if (rc != SQLITE_DONE)
			break;
		rc = store_sql_run(d->st[STORE_DB_LAYOUT_ADD], "s", text);
		if (rc != SQLITE_OK)
			break;
	}
	free(text);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int store_db_add_row(struct store_db *d, const struct batch *b,
			    int64_t layout)
{
	size_t room = batch_pack_room(b);
	uint8_t *body = malloc(2 * room), *differences = body + room;
	ptrdiff_t len, more;
	int rc;

	if (!body)
		return SQLITE_NOMEM;
	len = batch_pack(b, body, room);
	more = batch_pack_differences(b, differences, room);
	rc = len < 0 || more < 0 ? SQLITE_TOOBIG :
	     store_sql_run(d->st[STORE_DB_BATCH_ADD], "iiiiiiiiiiibiib",
			   d->next_id, d->boot, d->next_seq, layout,
			   b->from_ns, b->to_ns - b->from_ns, b->offset_ns,
			   (int64_t)b->clock, (int64_t)b->sync, b->bound_ns,
			   b->stamp_bound_ns, (const void *)body, (size_t)len,
			   (int64_t)b->epoch, (int64_t)b->flags,
			   (const void *)(more ? differences : NULL),
			   (size_t)more);
	free(body);
	return rc;
}

int store_db_add(struct store_db *d, const struct batch *b)
{
	const char *sensor = batch_layout_sensor(b->layout);
	int64_t layout = 0;
	int rc = store_db_layout(d, b->layout, &layout);

	if (rc == SQLITE_OK)
		rc = store_db_add_row(d, b, layout);
	if (rc == SQLITE_OK)
		rc = store_sql_run(d->st[STORE_DB_MADE], "");
	if (rc == SQLITE_OK)
		rc = store_sql_run(d->st[STORE_DB_SENSOR_ADD], "s", sensor);
	if (rc == SQLITE_OK)
		rc = store_sql_run(d->st[STORE_DB_REDUCED], "si", sensor,
				   (int64_t)batch_values(b));
	if (rc == SQLITE_OK) {
		d->next_id++;
		d->next_seq++;
	}
	return rc;
}

int store_db_count(struct store_db *d, const char *sensor,
		   const struct ledger_sensor *since)
{
	int rc = store_sql_run(d->st[STORE_DB_SENSOR_ADD], "s", sensor);

	if (rc == SQLITE_OK)
		rc = store_sql_run(d->st[STORE_DB_SENSOR], "sii", sensor,
				   (int64_t)since->captured,
				   (int64_t)since->pending);
	for (int i = 0; i < LEDGER_DROPS && rc == SQLITE_OK; i++)
		if (since->dropped[i])
			rc = store_sql_run(d->st[STORE_DB_DROPPED], "ssi",
					   sensor,
					   ledger_drop_name((enum ledger_drop)i),
					   (int64_t)since->dropped[i]);
	return rc;
}

/* A new sink gets all that the store holds. */
int store_db_add_sink(struct store_db *d, const char *sink, struct ranges *have)
{
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(d->db,
		"INSERT INTO sink SELECT ?1, ifnull(min(id), ?2) - 1, count(*),"
		" 0 FROM batch WHERE 1 ON CONFLICT DO NOTHING", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = store_sql_run(st, "si", sink, d->next_id);
	sqlite3_finalize(st);
	return rc == SQLITE_OK ? store_sql_have(d->db, sink, have) : rc;
}

int store_db_clock(struct store_db *d, const struct clock_entry *e)
{
	int rc = store_sql_run(d->st[STORE_DB_CLOCK], "iiiiiii", d->boot,
			       (int64_t)e->epoch, e->from_ns, e->offset_ns,
			       (int64_t)e->sync, e->bound_ns, (int64_t)e->why);

	if (rc == SQLITE_OK)
		rc = store_sql_run(d->st[STORE_DB_CLOCK_BOUND], "i",
				   (int64_t)STORE_DB_CLOCK_ROWS);
	return rc;
}

int store_db_last_clock(struct store_db *d, struct clock_entry *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(d->db,
		"SELECT " STORE_SQL_CLOCK_COLUMNS " FROM clock c JOIN boot o"
		" ON o.id = c.boot WHERE c.boot = ? ORDER BY c.id DESC LIMIT 1",
		-1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = store_sql_bind(st, "i", d->boot);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		store_sql_clock(st, e);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -EIO;
}

int store_db_energy(struct store_db *d, const struct energy_state *st)
{
	return store_sql_run(d->st[STORE_DB_ENERGY], "ssssiddd", st->sensor,
			     st->channel, st->meter, st->boot,
			     (int64_t)st->binding, st->reading, st->taken,
			     st->returned);
}

static void store_db_text(sqlite3_stmt *st, int column, char *to, size_t room)
{
	const unsigned char *text = sqlite3_column_text(st, column);

	snprintf(to, room, "%s", text ? (const char *)text : "");
}

int store_db_each_energy(struct store_db *d,
			 int (*fn)(void *ctx, const struct energy_state *st),
			 void *ctx)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(d->db, "SELECT " STORE_DB_ENERGY_COLUMNS
				    " FROM energy", -1, &st, NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct energy_state e = {
			.binding = (uint64_t)sqlite3_column_int64(st, 4),
			.reading = sqlite3_column_double(st, 5),
			.taken = sqlite3_column_double(st, 6),
			.returned = sqlite3_column_double(st, 7),
		};

		store_db_text(st, 0, e.sensor, sizeof(e.sensor));
		store_db_text(st, 1, e.channel, sizeof(e.channel));
		store_db_text(st, 2, e.meter, sizeof(e.meter));
		store_db_text(st, 3, e.boot, sizeof(e.boot));
		rc = fn(ctx, &e) ? SQLITE_NOMEM : SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : -EIO;
}

static int store_db_write_have(struct store_db *d, const char *sink,
			       const struct ranges *have, uint64_t acknowledged)
{
	int rc = store_sql_run(d->st[STORE_DB_SINK], "sii", sink,
			       (int64_t)acknowledged,
			       (int64_t)ranges_cursor(have));

	if (rc == SQLITE_OK)
		rc = store_sql_run(d->st[STORE_DB_AHEAD_CLEAR], "s", sink);
	for (unsigned int i = 1; i < have->n && rc == SQLITE_OK; i++)
		rc = store_sql_run(d->st[STORE_DB_AHEAD], "sii", sink,
				   (int64_t)have->r[i].after + 1,
				   (int64_t)have->r[i].last);
	return rc;
}

int store_db_ack(struct store_db *d, const char *sink,
		 const struct ranges *acked)
{
	struct ranges have;
	uint64_t fresh = 0;
	int rc = store_sql_have(d->db, sink, &have);

	if (rc != SQLITE_OK)
		return rc;
	/* What finds no room is sent once more. */
	for (unsigned int i = 0; i < acked->n; i++)
		ranges_add(&have, acked->r[i].after, acked->r[i].last, &fresh);
	return fresh ? store_db_write_have(d, sink, &have, fresh) : SQLITE_OK;
}

uint64_t store_db_bytes(struct store_db *d)
{
	int64_t pages = store_db_number(d, "PRAGMA page_count", 0) -
			store_db_number(d, "PRAGMA freelist_count", 0);

	return (uint64_t)(pages * store_db_number(d, "PRAGMA page_size", 0));
}

uint64_t store_db_batches(struct store_db *d)
{
	return (uint64_t)(store_db_number(d, "SELECT max(id) FROM batch", 0) -
			  store_db_number(d, "SELECT min(id) FROM batch", 1) + 1);
}

static int store_db_expire_sink(struct store_db *d, const char *sink,
				int64_t last, enum ledger_expiry reason)
{
	struct ranges have;
	uint64_t fresh = 0;
	int rc = store_sql_have(d->db, sink, &have);

	if (rc != SQLITE_OK || ranges_cursor(&have) >= (uint64_t)last)
		return rc;
	/* It joins the first run, so that there is room. */
	ranges_add(&have, 0, (uint64_t)last, &fresh);
	rc = store_db_write_have(d, sink, &have, 0);
	if (rc == SQLITE_OK && fresh)
		rc = store_sql_run(d->st[STORE_DB_EXPIRED], "ssi", sink,
				   ledger_expiry_name(reason), (int64_t)fresh);
	return rc;
}

/* All batches up to @last go; the ledger has those that were not sent. */
static int store_db_expire(struct store_db *d, int64_t last,
			   enum ledger_expiry reason)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(d->db, "SELECT name FROM sink", -1, &st,
				    NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = store_db_expire_sink(d, (const char *)
					  sqlite3_column_text(st, 0), last,
					  reason);
	sqlite3_finalize(st);
	if (rc == SQLITE_DONE)
		rc = store_sql_run(d->st[STORE_DB_EXPIRE], "i", last);
	return rc;
}

int store_db_bound(struct store_db *d, uint64_t max_bytes)
{
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && store_db_bytes(d) > max_bytes) {
		int64_t oldest = store_db_number(d, "SELECT min(id) FROM batch",
						 -1);
		int64_t newest = store_db_number(d, "SELECT max(id) FROM batch",
						 -1);
		int64_t last = oldest + STORE_DB_EXPIRE_ROWS - 1;

		if (oldest < 0)
			break;
		rc = store_db_expire(d, last < newest ? last : newest,
				     LEDGER_EXPIRED_SIZE);
	}
	return rc;
}

/*
 * Dates that were not synchronised prove no age; such rows go with the next
 * one that has a date.
 */
int store_db_age(struct store_db *d, int64_t utc_ns)
{
	sqlite3_stmt *st = d->st[STORE_DB_TOO_OLD];
	int64_t last = 0;
	int rc = SQLITE_OK;

	do {
		if (last)
			rc = store_db_expire(d, last, LEDGER_EXPIRED_AGE);
		if (rc == SQLITE_OK)
			rc = store_sql_bind(st, "i", utc_ns);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(st);
		last = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
		sqlite3_reset(st);
		rc = rc == SQLITE_ROW ? SQLITE_OK : rc;
	} while (rc == SQLITE_OK && last);
	return rc;
}
