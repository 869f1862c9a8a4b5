// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store on a real disk: cursors, the ledger, the bound, kill -9 and
 * damaged files.
 */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "cityhubd/store.h"
#include "common/log.h"
#include "common/store_reader.h"
#include "common/store_sql.h"

static char dir[200], path[300];
static struct store_conf conf;
static struct batch_layout *layout;

static void setup(void)
{
	const struct batch_channel channel = { "co2", "co2", "ppm", "", 2 };

	log_set_level(LOG_LEVEL_ERROR - 1);	/* what is tested is loud */
	unit_dir(dir, sizeof(dir), "store");
	snprintf(path, sizeof(path), "%s/s.db", dir);
	conf = (struct store_conf){
		.path = path, .max_bytes = 100000000, .allow_tmpfs = true,
		.hub = "h", .boot = "boot-1",
	};
	layout = batch_layout_new("sen66", 1, &channel);
}

static void teardown(void)
{
	batch_layout_put(layout);
	unit_dir_remove(dir);
}

/* In a child that is killed no assertion of Check may be on its way. */
static void must(bool good)
{
	if (!good)
		abort();
}

static struct store *open_store(struct ranges *have)
{
	struct store *s = store_open(&conf);
	struct ranges h;

	must(s);
	must(store_add_sink(s, "mqtt", have ? have : &h) == 0);
	must(store_start(s) == 0);
	return s;
}

/* The sink has all up to @id. */
static void ack(struct store *s, uint64_t id)
{
	store_ack(s, "mqtt", (struct range){ 0, id });
}

static void add_batch(struct store_packet *p, double value)
{
	struct batch *b = batch_new(layout);

	must(b);
	b->from_ns = (int64_t)value * SECOND;
	b->to_ns = b->from_ns + SECOND;
	b->results[0] = (struct batch_result){
		.mean = value, .min = value, .max = value, .rms = value,
		.last = value, .difference = NAN, .instant_ns = b->from_ns, .count = 1,
		.expected = 1,
	};
	must(store_packet_add(p, b) == 0);
}

/* A packet of @n batches, the values in them captured, @extra more too. */
static void submit(struct store *s, unsigned int n, double first,
		   uint64_t extra, uint64_t pending, uint64_t unknown)
{
	struct store_packet *p = store_packet_new();
	struct ledger_sensor since = { 0 };

	for (unsigned int i = 0; i < n; i++)
		add_batch(p, first + i);
	since.captured = n + extra;
	since.pending = pending;
	since.dropped[LEDGER_DROP_UNKNOWN] = unknown;
	must(store_packet_count(p, "sen66", &since) == 0);
	store_submit(s, p);
}

static void submit_empty(struct store *s)
{
	store_submit(s, store_packet_new());
	ck_assert(store_flush(s, 5));
}

struct seen {
	struct ledger_sensor sensor;
	struct ledger_sink sink;
};

static int see_sensor(void *ctx, const char *name, const struct ledger_sensor *l)
{
	ck_assert_str_eq(name, "sen66");
	((struct seen *)ctx)->sensor = *l;
	return 0;
}

static int see_sink(void *ctx, const char *name, int64_t cursor,
		    const struct ledger_sink *l)
{
	(void)cursor;
	ck_assert_str_eq(name, "mqtt");
	((struct seen *)ctx)->sink = *l;
	return 0;
}

static struct store_reader *open_reader(void)
{
	char why[200] = "";
	struct store_reader *r = store_reader_open(path, why, sizeof(why));

	ck_assert_msg(r, "%s", why);
	return r;
}

static struct seen ledger(void)
{
	struct seen seen = { 0 };
	struct store_reader *r = open_reader();

	ck_assert_int_eq(store_reader_ledger(r, see_sensor, see_sink, &seen), 0);
	store_reader_close(r);
	return seen;
}

START_TEST(written_and_read)
{
	struct store *s = open_store(NULL);
	struct store_reader *r;
	struct batch *b;
	uint64_t id, seq = 0;

	submit(s, 3, 100, 0, 0, 0);
	ck_assert(store_flush(s, 5));
	r = open_reader();
	for (uint64_t after = 0; after < 3; after++) {
		ck_assert_int_eq(store_reader_next(r, after, &b, &id), 1);
		ck_assert_uint_eq(id, after + 1);
		ck_assert_str_eq(b->hub, "h");
		ck_assert_str_eq(b->boot, "boot-1");
		ck_assert_str_eq(batch_layout_sensor(b->layout), "sen66");
		ck_assert_double_eq(b->results[0].mean, 100 + (double)after);
		ck_assert_int_eq(b->to_ns - b->from_ns, SECOND);
		if (seq)
			ck_assert_uint_eq(b->seq, seq + 1);
		seq = b->seq;
		batch_free(b);
	}
	ck_assert_int_eq(store_reader_next(r, 3, &b, &id), 0);
	ck_assert_uint_eq(store_reader_newest(r), 3);
	store_reader_close(r);
	store_close(s);
}
END_TEST

/* ---- the clock ----------------------------------------------------------- */

/* One batch of a second, captured at @boot_s, dated by @offset_s. */
static void add_dated(struct store_packet *p, int64_t boot_s, int64_t offset_s,
		      enum batch_sync sync)
{
	struct batch *b = batch_new(layout);

	b->offset_ns = offset_s * SECOND;
	b->from_ns = (boot_s + offset_s) * SECOND;
	b->to_ns = b->from_ns + SECOND;
	b->sync = sync;
	b->bound_ns = sync == BATCH_SYNCHRONISED ? 100 : BATCH_UNKNOWN;
	b->epoch = 7;
	b->flags = BATCH_STEP;
	b->results[0].count = 1;
	b->results[0].instant_ns = b->from_ns + 5;
	ck_assert_int_eq(store_packet_add(p, b), 0);
}

static void add_clock(struct store_packet *p, int64_t boot_s, int64_t offset_s,
		      enum batch_sync sync)
{
	const struct clock_entry e = {
		.epoch = 7, .from_ns = boot_s * SECOND,
		.offset_ns = offset_s * SECOND, .sync = sync, .why = CLOCK_SYNC,
		.bound_ns = sync == BATCH_SYNCHRONISED ? 300 : BATCH_UNKNOWN,
	};

	ck_assert_int_eq(store_packet_clock(p, &e), 0);
}

static struct batch *read_one(struct store_reader *r, uint64_t id)
{
	struct batch *b;
	uint64_t got;

	ck_assert_int_eq(store_reader_next(r, id - 1, &b, &got), 1);
	ck_assert_uint_eq(got, id);
	return b;
}

static void is_dated(struct store_reader *r, uint64_t id, enum batch_sync sync,
		     int64_t from_s, int64_t bound_ns)
{
	struct batch *b = read_one(r, id);

	ck_assert_int_eq(b->sync, sync);
	ck_assert_int_eq(b->from_ns, from_s * SECOND);
	ck_assert_int_eq(b->results[0].instant_ns, from_s * SECOND + 5);
	ck_assert_int_eq(b->bound_ns, bound_ns);
	ck_assert_uint_eq(b->epoch, 7);
	ck_assert_uint_eq(b->flags, BATCH_STEP);
	batch_free(b);
}

/* The first sync after it in its boot dates a batch, whatever came between. */
START_TEST(dated_by_the_first_sync)
{
	struct store *s = open_store(NULL);
	struct store_packet *p = store_packet_new();
	struct clock_entry log[8];
	struct store_reader *r;
	uint64_t newest;

	add_clock(p, 1, 0, BATCH_UNSYNCHRONISED);
	add_dated(p, 10, 0, BATCH_UNSYNCHRONISED);
	store_submit(s, p);
	ck_assert(store_flush(s, 5));
	r = open_reader();
	is_dated(r, 1, BATCH_UNSYNCHRONISED, 10, BATCH_UNKNOWN);
	p = store_packet_new();
	add_clock(p, 15, 3600, BATCH_UNSYNCHRONISED);
	add_dated(p, 20, 3600, BATCH_UNSYNCHRONISED);
	add_clock(p, 30, 5000, BATCH_SYNCHRONISED);
	add_dated(p, 40, 5000, BATCH_SYNCHRONISED);
	add_clock(p, 50, 5000, BATCH_UNSYNCHRONISED);
	add_dated(p, 60, 5000, BATCH_UNSYNCHRONISED);
	store_submit(s, p);
	ck_assert(store_flush(s, 5));
	/* 20 s at 500 ppm are 10 ms. */
	is_dated(r, 1, BATCH_REDATED, 5010, 10000300);
	is_dated(r, 2, BATCH_REDATED, 5020, 5000300);
	is_dated(r, 3, BATCH_SYNCHRONISED, 5040, 100);
	is_dated(r, 4, BATCH_UNSYNCHRONISED, 5060, BATCH_UNKNOWN);
	ck_assert_int_eq(store_reader_clock(r, log, 8, &newest), 4);
	ck_assert_int_eq(log[0].from_ns, SECOND);
	ck_assert_int_eq(log[2].offset_ns, 5000 * SECOND);
	ck_assert_int_eq(log[2].sync, BATCH_SYNCHRONISED);
	ck_assert_str_eq(log[2].boot, "boot-1");
	ck_assert_uint_eq(newest, 4);
	ck_assert_int_eq(store_reader_clock(r, log, 2, &newest), 2);
	ck_assert_int_eq(log[1].from_ns, 50 * SECOND);
	store_reader_close(r);
	store_close(s);
}
END_TEST

/* Boottime of one boot says nothing about another. */
START_TEST(a_sync_dates_its_own_boot_only)
{
	struct store *s = open_store(NULL);
	struct store_packet *p = store_packet_new();
	struct store_reader *r;
	struct clock_entry e;

	ck_assert_int_eq(store_last_clock(s, &e), -EINVAL);
	add_clock(p, 1, 0, BATCH_UNSYNCHRONISED);
	add_dated(p, 10, 0, BATCH_UNSYNCHRONISED);
	store_submit(s, p);
	store_close(s);
	conf.boot = "boot-2";
	s = store_open(&conf);
	ck_assert_int_eq(store_last_clock(s, &e), 0);
	ck_assert_int_eq(store_start(s), 0);
	p = store_packet_new();
	add_dated(p, 10, 2, BATCH_UNSYNCHRONISED);
	add_clock(p, 30, 5000, BATCH_SYNCHRONISED);
	store_submit(s, p);
	store_close(s);
	r = open_reader();
	is_dated(r, 1, BATCH_UNSYNCHRONISED, 10, BATCH_UNKNOWN);
	is_dated(r, 2, BATCH_REDATED, 5010, 10000300);
	store_reader_close(r);
	s = store_open(&conf);
	ck_assert_int_eq(store_last_clock(s, &e), 1);
	ck_assert_int_eq(e.offset_ns, 5000 * SECOND);
	ck_assert_int_eq(e.sync, BATCH_SYNCHRONISED);
	ck_assert_uint_eq(e.epoch, 7);
	store_close(s);
}
END_TEST

START_TEST(the_log_of_the_clock_is_bounded)
{
	struct store *s = open_store(NULL);
	struct store_packet *p = store_packet_new();
	static struct clock_entry log[2000];
	struct store_reader *r;
	uint64_t newest;

	for (int i = 0; i < 1500; i++)
		add_clock(p, i, i, BATCH_SYNCHRONISED);
	store_submit(s, p);
	store_close(s);
	r = open_reader();
	ck_assert_int_eq(store_reader_clock(r, log, 2000, &newest), 1000);
	ck_assert_int_eq(log[999].offset_ns, 1499 * SECOND);
	store_reader_close(r);
}
END_TEST

/* ---- schema --------------------------------------------------------------- */

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &why);
	ck_assert_msg(!why, "%s: %s", sql, why);
	sqlite3_close(db);
}

/* As a program that knows version @to does with what is in the file. */
static void go_down(int to)
{
	for (int version = STORE_SQL_VERSION; version > to; version--)
		run_sql(store_sql_down[version - 1]);
}

/* What cityhub wrote before the clock had a log. */
START_TEST(an_older_store_is_taken_over)
{
	struct store_reader *r;
	struct seen seen;
	struct batch *b;
	char why[256];

	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 3, 100, 0, 0, 0); s; }));
	go_down(1);
	run_sql("PRAGMA user_version=1");
	ck_assert_ptr_null(store_reader_open(path, why, sizeof(why)));
	ck_assert_msg(strstr(why, "it has version 1 and this program reads 5: "
			     "start the new cityhubd"), "%s", why);
	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 1, 103, 0, 0, 0); s; }));
	r = open_reader();
	for (uint64_t id = 1; id <= 4; id++) {
		b = read_one(r, id);
		ck_assert_double_eq(b->results[0].mean, 99 + (double)id);
		batch_free(b);
	}
	store_reader_close(r);
	seen = ledger();
	ck_assert_int_eq(ledger_sensor_balance(&seen.sensor), 0);
	ck_assert_uint_eq(seen.sink.waiting, 4);
}
END_TEST

/* The next version adds a column and a table, and leaves the way back. */
START_TEST(a_newer_store_with_a_way_back_is_taken_over)
{
	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 3, 100, 0, 0, 0); s; }));
	run_sql("ALTER TABLE batch ADD COLUMN more INTEGER NOT NULL DEFAULT 0;"
		"CREATE TABLE extra (x);"
		"INSERT INTO down VALUES (6, 'ALTER TABLE batch DROP COLUMN"
		" more; DROP TABLE extra;');"
		"PRAGMA user_version=6");
	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 1, 103, 0, 0, 0); s; }));
	ck_assert_uint_eq(ledger().sink.waiting, 4);
	run_sql("CREATE TABLE extra (x)");	/* it was gone */
	/* One that cannot go back changes nothing. */
	run_sql("INSERT INTO down VALUES (6, 'nonsense'); PRAGMA user_version=6");
	ck_assert_ptr_null(store_open(&conf));
	run_sql("DELETE FROM down WHERE version = 6; PRAGMA user_version=5");
	ck_assert_uint_eq(ledger().sink.waiting, 4);
}
END_TEST

static void add_counter(struct store *s, double last, double difference)
{
	struct store_packet *p = store_packet_new();
	struct batch *b = batch_new(layout);

	b->results[0] = (struct batch_result){
		.mean = NAN, .min = NAN, .max = NAN, .rms = NAN, .last = last,
		.difference = difference, .count = 1, .expected = 1,
	};
	ck_assert_int_eq(store_packet_add(p, b), 0);
	store_submit(s, p);
}

static void is_counter(struct store_reader *r, uint64_t id, double last,
		       double difference)
{
	struct batch *b = read_one(r, id);

	ck_assert_uint_eq(b->flags, 0);
	ck_assert_double_eq(b->results[0].last, last);
	if (isnan(difference))
		ck_assert(isnan(b->results[0].difference));
	else
		ck_assert_double_eq(b->results[0].difference, difference);
	batch_free(b);
}

/* How long the newest body is. */
static int body_length(void)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT length(body) FROM batch"
		" ORDER BY id DESC LIMIT 1", -1, &st, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

/* Version 4 has no differences; all else of a batch it reads as ever. */
START_TEST(a_program_without_differences_reads_the_rest)
{
	struct store *s = open_store(NULL);
	struct store_reader *r;

	add_counter(s, 8, NAN);
	store_close(s);
	int length = body_length();

	s = open_store(NULL);
	add_counter(s, 8, 3.5);
	store_close(s);
	ck_assert_int_eq(body_length(), length);
	r = open_reader();
	is_counter(r, 1, 8, NAN);
	is_counter(r, 2, 8, 3.5);
	store_reader_close(r);
	go_down(4);
	run_sql("DELETE FROM down WHERE version >= 5; PRAGMA user_version=4");
	s = open_store(NULL);	/* and up again */
	add_counter(s, 12, 4);
	store_close(s);
	r = open_reader();
	is_counter(r, 2, 8, NAN);
	is_counter(r, 3, 12, 4);
	store_reader_close(r);
}
END_TEST

static uint64_t newest_seq(void)
{
	struct store_reader *r = open_reader();
	uint64_t id, seq;
	struct batch *b;

	ck_assert_int_eq(store_reader_next(r, store_reader_newest(r) - 1, &b,
					   &id), 1);
	seq = b->seq;
	batch_free(b);
	store_reader_close(r);
	return seq;
}

START_TEST(numbers_go_on_after_a_restart_and_start_over_with_a_boot)
{
	uint64_t seq;

	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 2, 1, 0, 0, 0); s; }));
	seq = newest_seq();
	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 1, 1, 0, 0, 0); s; }));
	ck_assert_uint_eq(newest_seq(), seq + 1);
	conf.boot = "boot-2";
	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 1, 1, 0, 0, 0); s; }));
	ck_assert_uint_eq(newest_seq(), 1);
}
END_TEST

START_TEST(cursor_is_kept)
{
	struct store *s = open_store(NULL);
	struct seen seen;
	struct ranges have;

	submit(s, 5, 1, 0, 0, 0);
	ack(s, 3);
	submit_empty(s);
	seen = ledger();
	ck_assert_uint_eq(seen.sink.made, 5);
	ck_assert_uint_eq(seen.sink.acknowledged, 3);
	ck_assert_uint_eq(seen.sink.waiting, 2);
	ack(s, 2);	/* never back */
	submit_empty(s);
	store_close(s);
	s = open_store(&have);
	ck_assert_uint_eq(ranges_cursor(&have), 3);
	ck_assert_uint_eq(have.n, 1);
	store_close(s);
	ck_assert_int_eq(ledger_sink_balance(&seen.sink), 0);
}
END_TEST

START_TEST(a_new_sink_gets_what_is_stored)
{
	struct store *s = store_open(&conf);
	struct ranges have;

	ck_assert_int_eq(store_start(s), 0);
	submit(s, 4, 1, 0, 0, 0);
	store_close(s);
	store_close(open_store(&have));
	ck_assert_uint_eq(ranges_cursor(&have), 0);
	ck_assert_uint_eq(ledger().sink.made, 4);
	ck_assert_uint_eq(ledger().sink.waiting, 4);
}
END_TEST

/* One that comes after the oldest had gone never waits for those. */
START_TEST(a_sink_that_comes_late_adds_up)
{
	struct store_stats stats;
	struct ranges have;
	struct store *s;

	conf.max_bytes = 200000;
	s = open_store(NULL);
	for (int i = 0; i < 40; i++)
		submit(s, 100, 100 * i + 1, 0, 0, 0);
	store_close(s);
	s = store_open(&conf);
	ck_assert_int_eq(store_add_sink(s, "file", &have), 0);
	ck_assert_int_eq(store_add_sink(s, "mqtt", &have), 0);
	ck_assert_int_eq(store_start(s), 0);
	store_ack(s, "file", (struct range){ 0, 3990 });
	submit_empty(s);
	store_get_stats(s, &stats);
	ck_assert_uint_eq(stats.unbalanced, 0);
	ck_assert_uint_eq(stats.nsinks, 2);
	ck_assert_str_eq(stats.sinks[0].name, "file");
	ck_assert_uint_eq(stats.sinks[0].ledger.waiting, 10);
	ck_assert_uint_eq(stats.sinks[0].ledger.acknowledged + 10,
			  stats.sinks[0].ledger.made);
	ck_assert_uint_eq(ledger_expired(&stats.sinks[0].ledger), 0);
	ck_assert_uint_gt(ledger_expired(&stats.sinks[1].ledger), 0);
	ck_assert_int_eq(ledger_sink_balance(&stats.sinks[1].ledger), 0);
	store_close(s);
}
END_TEST

START_TEST(what_a_sink_has_beyond_its_cursor_is_kept)
{
	struct store *s = open_store(NULL);
	struct ranges have;
	struct seen seen;

	submit(s, 10, 1, 0, 0, 0);
	ack(s, 2);
	store_ack(s, "mqtt", (struct range){ 5, 8 });
	submit_empty(s);
	seen = ledger();
	ck_assert_uint_eq(seen.sink.acknowledged, 5);
	ck_assert_uint_eq(seen.sink.waiting, 5);
	store_close(s);
	s = open_store(&have);
	ck_assert_uint_eq(have.n, 2);
	ck_assert_uint_eq(ranges_cursor(&have), 2);
	ck_assert_uint_eq(have.r[1].after, 5);
	ck_assert_uint_eq(have.r[1].last, 8);
	store_ack(s, "mqtt", (struct range){ 2, 5 });
	submit_empty(s);
	store_close(s);
	store_close(open_store(&have));
	ck_assert_uint_eq(have.n, 1);
	ck_assert_uint_eq(ranges_cursor(&have), 8);
	seen = ledger();
	ck_assert_uint_eq(seen.sink.acknowledged, 8);
	ck_assert_int_eq(ledger_sink_balance(&seen.sink), 0);
}
END_TEST

START_TEST(what_a_sink_has_does_not_expire)
{
	struct store_stats stats;
	struct seen seen;
	struct store *s;

	conf.max_bytes = 200000;
	s = open_store(NULL);
	for (int i = 0; i < 40; i++) {
		submit(s, 100, 100 * i + 1, 0, 0, 0);
		if (i != 4)
			continue;
		ck_assert(store_flush(s, 5));
		store_ack(s, "mqtt", (struct range){ 300, 400 });
	}
	ck_assert(store_flush(s, 20));
	seen = ledger();
	ck_assert_uint_eq(seen.sink.acknowledged, 100);
	ck_assert_uint_eq(seen.sink.made, 4000);
	ck_assert_int_eq(ledger_sink_balance(&seen.sink), 0);
	store_get_stats(s, &stats);
	ck_assert_uint_eq(stats.unbalanced, 0);
	store_close(s);
}
END_TEST

/* A cityhubd of before knows a cursor only, and sends the rest once more. */
START_TEST(an_older_program_takes_it_back)
{
	struct store *s = open_store(NULL);
	struct seen seen;

	submit(s, 10, 1, 0, 0, 0);
	ack(s, 2);
	store_ack(s, "mqtt", (struct range){ 5, 8 });
	submit_empty(s);
	store_close(s);
	go_down(2);
	run_sql("DELETE FROM down WHERE version >= 3; PRAGMA user_version=2");
	store_close(open_store(NULL));
	seen = ledger();
	ck_assert_uint_eq(seen.sink.acknowledged, 2);
	ck_assert_uint_eq(seen.sink.waiting, 8);
	ck_assert_int_eq(ledger_sink_balance(&seen.sink), 0);
}
END_TEST

START_TEST(ledger_adds_up)
{
	struct store *s = open_store(NULL);
	struct store_stats stats;
	struct seen seen;

	submit(s, 2, 1, 10, 7, 3);
	submit(s, 1, 3, 0, 7, 0);
	ck_assert(store_flush(s, 5));
	seen = ledger();
	ck_assert_uint_eq(seen.sensor.captured, 13);
	ck_assert_uint_eq(seen.sensor.reduced, 3);
	ck_assert_uint_eq(seen.sensor.pending, 7);
	ck_assert_uint_eq(seen.sensor.dropped[LEDGER_DROP_UNKNOWN], 3);
	ck_assert_int_eq(ledger_sensor_balance(&seen.sensor), 0);
	store_get_stats(s, &stats);
	ck_assert_uint_eq(stats.unbalanced, 0);
	store_close(s);
}
END_TEST

START_TEST(an_uncounted_drop_is_seen)
{
	struct store *s = open_store(NULL);
	struct store_stats stats;
	struct seen seen;

	submit(s, 2, 1, 1, 0, 0);
	ck_assert(store_flush(s, 5));
	store_get_stats(s, &stats);
	ck_assert_uint_eq(stats.unbalanced, 1);
	ck_assert_ptr_nonnull(strstr(stats.imbalance, "sen66"));
	seen = ledger();
	ck_assert_int_eq(ledger_sensor_balance(&seen.sensor), 1);
	store_close(s);
}
END_TEST

/* The oldest go first, what was not sent is counted. */
START_TEST(bounded)
{
	struct store *s;
	struct seen seen;
	struct store_stats stats;
	struct store_reader *r;
	struct batch *b;
	uint64_t id;

	conf.max_bytes = 200000;
	s = open_store(NULL);
	for (int i = 0; i < 40; i++) {
		submit(s, 100, 100 * i + 1, 0, 0, 0);
		if (i != 4)
			continue;
		ck_assert(store_flush(s, 5));
		ack(s, 300);
	}
	ck_assert(store_flush(s, 20));
	store_get_stats(s, &stats);
	ck_assert_uint_le(stats.bytes, conf.max_bytes);
	seen = ledger();
	ck_assert_uint_eq(seen.sink.made, 4000);
	ck_assert_uint_eq(seen.sink.acknowledged, 300);
	ck_assert_uint_gt(seen.sink.expired[LEDGER_EXPIRED_SIZE], 0);
	ck_assert_int_eq(ledger_sink_balance(&seen.sink), 0);
	ck_assert_uint_eq(stats.unbalanced, 0);
	r = open_reader();
	ck_assert_int_eq(store_reader_next(r, 0, &b, &id), 1);
	ck_assert_uint_eq(id, 4000 - seen.sink.waiting + 1);
	ck_assert_double_eq(b->results[0].mean, (double)id);
	batch_free(b);
	ck_assert_uint_eq(store_reader_newest(r), 4000);
	store_reader_close(r);
	/* An acknowledgement of what has expired changes nothing. */
	ack(s, 310);
	submit_empty(s);
	ck_assert_uint_eq(ledger().sink.acknowledged, 300);
	store_close(s);
}
END_TEST

/* ---- what a disk does ----------------------------------------------------- */

START_TEST(too_old)
{
	struct store *s;
	struct seen seen;
	struct store_packet *p;

	conf.max_age_ns = 1000 * SECOND;
	s = open_store(NULL);
	p = store_packet_new();
	for (int i = 0; i < 600; i++)
		add_dated(p, i, 5000, BATCH_SYNCHRONISED);
	/* Nothing proves the age of these. */
	add_dated(p, 1, 0, BATCH_UNSYNCHRONISED);
	store_submit(s, p);	/* whose clock is not synchronised either */
	ck_assert(store_flush(s, 5));
	ck_assert_uint_eq(ledger().sink.waiting, 601);
	p = store_packet_new();
	store_packet_set_utc(p, 6501 * SECOND);	/* 0 to 499 ended by 5500 */
	add_dated(p, 1500, 5000, BATCH_SYNCHRONISED);
	store_submit(s, p);
	ck_assert(store_flush(s, 5));
	seen = ledger();
	ck_assert_uint_eq(seen.sink.waiting, 102);
	ck_assert_uint_eq(seen.sink.expired[LEDGER_EXPIRED_AGE], 500);
	ck_assert_uint_eq(seen.sink.expired[LEDGER_EXPIRED_SIZE], 0);
	ck_assert_int_eq(ledger_sink_balance(&seen.sink), 0);
	store_close(s);
}
END_TEST

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static bool fails(struct store *s, bool want)
{
	struct store_stats stats;

	for (int i = 0; i < 500; i++) {
		store_get_stats(s, &stats);
		if (stats.failing == want)
			return true;
		usleep(10000);
	}
	return false;
}

/* Waits for the next try to write, which forgets what is too much. */
static bool forgets(struct store *s, uint64_t queued)
{
	struct store_stats stats;

	for (int i = 0; i < 3000; i++) {
		store_get_stats(s, &stats);
		if (stats.queued <= queued)
			return true;
		usleep(10000);
	}
	return false;
}

/* The disk takes nothing for a while: all is kept, in order. */
START_TEST(a_full_disk_loses_nothing)
{
	struct store *s = open_store(NULL);
	struct store_reader *r;
	struct seen seen;

	submit(s, 10, 1, 0, 0, 0);
	ck_assert(store_flush(s, 5));
	limit_files(1);
	for (int i = 1; i < 30; i++)
		submit(s, 10, 10 * i + 1, 3, 3, i == 1 ? 0 : 3);
	ck_assert(fails(s, true));
	ck_assert(!store_flush(s, 0.1));
	limit_files(RLIM_INFINITY);
	ck_assert(fails(s, false));
	ck_assert(store_flush(s, 10));
	seen = ledger();
	ck_assert_uint_eq(seen.sink.made, 300);
	ck_assert_uint_eq(seen.sensor.pending, 3);
	ck_assert_int_eq(ledger_sensor_balance(&seen.sensor), 0);
	r = open_reader();
	for (uint64_t id = 1; id <= 300; id++) {
		struct batch *b = read_one(r, id);

		ck_assert_double_eq(b->results[0].mean, (double)id);
		batch_free(b);
	}
	store_reader_close(r);
	store_close(s);
}
END_TEST

/* A commit that waits, as on a disk that hangs, does not fill the memory. */
START_TEST(what_waits_for_a_write_is_bounded)
{
	struct store *s = open_store(NULL);
	struct store_stats stats;
	struct seen seen;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	for (int i = 0; i < 25; i++)
		submit(s, 1000, 1000 * i + 1, 0, 0, 0);
	store_get_stats(s, &stats);
	ck_assert(!stats.failing);
	ck_assert_uint_le(stats.queued, 20000);
	ck_assert_int_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert(store_flush(s, 120));
	seen = ledger();
	ck_assert_uint_eq(seen.sensor.captured, 25000);
	ck_assert_uint_ge(seen.sensor.dropped[LEDGER_DROP_STORE], 5000);
	ck_assert_int_eq(ledger_sensor_balance(&seen.sensor), 0);
	store_close(s);
}
END_TEST

START_TEST(statistics_are_there_before_the_first_commit)
{
	struct store_stats stats;
	struct store *s = open_store(NULL);

	submit(s, 3, 1, 0, 0, 0);
	store_close(s);
	s = open_store(NULL);
	store_get_stats(s, &stats);
	ck_assert_uint_eq(stats.batches, 3);
	ck_assert_uint_gt(stats.bytes, 0);
	ck_assert_uint_eq(stats.sinks[0].ledger.waiting, 3);
	store_close(s);
}
END_TEST

/* And none comes until the end. */
START_TEST(what_is_lost_at_the_end_is_told)
{
	struct store *s = open_store(NULL);

	submit(s, 10, 1, 0, 0, 0);
	ck_assert(store_flush(s, 5));
	limit_files(1);
	submit(s, 10, 11, 0, 0, 0);
	ck_assert(fails(s, true));
	ck_assert_int_eq(store_close(s), -EIO);
	limit_files(RLIM_INFINITY);
	s = open_store(NULL);
	submit(s, 10, 11, 0, 0, 0);
	ck_assert_int_eq(store_close(s), 0);
}
END_TEST

static struct energy_state energy_kept;
static unsigned int nenergy;

static int keep_energy(void *ctx, const struct energy_state *st)
{
	(void)ctx;
	energy_kept = *st;
	nenergy++;
	return 0;
}

static void add_energy(struct store_packet *p, double reading)
{
	struct energy_state st = {
		.sensor = "meter", .channel = "L1-energy", .meter = "a@spi0.0",
		.boot = "boot-1", .binding = UINT64_MAX, .reading = reading - 1,
		.taken = 1 / 3.0, .returned = 0.25,
	};

	must(store_packet_energy(p, &st) == 0);
	st.reading = reading;
	must(store_packet_energy(p, &st) == 0);
}

static void submit_energy(struct store *s, double reading)
{
	struct store_packet *p = store_packet_new();

	add_energy(p, reading);
	store_submit(s, p);
}

static void find_energy(double reading)
{
	struct store *s = store_open(&conf);

	must(s);
	nenergy = 0;
	ck_assert_int_eq(store_energy(s, keep_energy, NULL), 0);
	store_close(s);
	ck_assert_uint_eq(nenergy, 1);
	ck_assert_str_eq(energy_kept.sensor, "meter");
	ck_assert_str_eq(energy_kept.channel, "L1-energy");
	ck_assert_str_eq(energy_kept.meter, "a@spi0.0");
	ck_assert_str_eq(energy_kept.boot, "boot-1");
	ck_assert_uint_eq(energy_kept.binding, UINT64_MAX);
	ck_assert_double_eq(energy_kept.reading, reading);
	ck_assert_double_eq(energy_kept.taken, 1 / 3.0);
	ck_assert_double_eq(energy_kept.returned, 0.25);
}

/* It takes nothing for longer than memory reaches: the oldest go, counted. */
START_TEST(what_memory_cannot_hold_is_counted)
{
	struct store *s = open_store(NULL);
	struct store_packet *p;
	struct ledger_sensor since = { .captured = 5, .pending = 5 };
	struct seen seen;

	limit_files(1);
	/* Five pend from the first packet on; no later one says so again. */
	p = store_packet_new();
	ck_assert_int_eq(store_packet_count(p, "sen66", &since), 0);
	add_clock(p, 1, 2, BATCH_SYNCHRONISED);
	add_energy(p, 3);
	store_submit(s, p);
	ck_assert(fails(s, true));
	for (int i = 0; i < 25; i++)
		submit(s, 1000, 1000 * i + 1, 0, 5, 0);
	p = store_packet_new();
	store_submit(s, p);
	ck_assert(forgets(s, 20000));
	limit_files(RLIM_INFINITY);
	ck_assert(fails(s, false));
	ck_assert(store_flush(s, 120));
	seen = ledger();
	ck_assert_uint_eq(seen.sensor.captured, 25005);
	ck_assert_uint_eq(seen.sensor.pending, 5);
	ck_assert_uint_gt(seen.sensor.dropped[LEDGER_DROP_STORE], 4000);
	ck_assert_uint_eq(seen.sensor.reduced,
			  25000 - seen.sensor.dropped[LEDGER_DROP_STORE]);
	ck_assert_int_eq(ledger_sensor_balance(&seen.sensor), 0);
	ck_assert_int_eq(ledger_sink_balance(&seen.sink), 0);
	store_close(s);
	s = store_open(&conf);
	ck_assert_int_eq(store_last_clock(s, &(struct clock_entry){ 0 }), 1);
	store_close(s);
	find_energy(3);
}
END_TEST

/* The disk turned bits in two rows and a layout: those after them are read. */
START_TEST(a_damaged_row_keeps_its_number)
{
	const struct batch_channel channel = { "x", "x", "1", "", 2 };
	struct batch_layout *other = batch_layout_new("other", 1, &channel);
	struct store *s = open_store(NULL);
	struct store_packet *p;
	struct store_reader *r;
	struct batch *b;

	submit(s, 4, 1, 0, 0, 0);
	p = store_packet_new();
	b = batch_new(other);
	b->results[0].count = 1;
	ck_assert_int_eq(store_packet_add(p, b), 0);
	store_submit(s, p);
	submit(s, 1, 6, 0, 0, 0);
	store_close(s);
	run_sql("UPDATE batch SET body = x'ff0102' WHERE id = 2;"
		"UPDATE layout SET body = '{\"sensor\":' WHERE body LIKE '%other%'");
	r = open_reader();
	for (uint64_t id = 1; id <= 6; id++) {
		bool damaged = id == 2 || id == 5;

		b = read_one(r, id);
		ck_assert_uint_eq(b->flags, damaged ? BATCH_DAMAGED : 0);
		ck_assert_str_eq(batch_layout_sensor(b->layout),
				 id == 5 ? "damaged" : "sen66");
		if (id != 5)
			ck_assert_uint_eq(b->results[0].count, damaged ? 0 : 1);
		if (damaged && id == 2)
			ck_assert(isnan(b->results[0].mean));
		batch_free(b);
	}
	store_reader_close(r);
	batch_layout_put(other);
}
END_TEST

static unsigned int count_files(const char *part)
{
	char command[500];
	unsigned int n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls %s | grep -c -- '%s'", dir, part);
	f = popen(command, "r");
	ck_assert_int_eq(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

static void scribble(const char *file, off_t at)
{
	char name[400];
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", path, file);
	f = fopen(name, "r+");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	for (int i = 0; i < 4096; i++)
		fputc(0x5a, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* A start finds damage inside of the file, not only in its head. */
START_TEST(damage_inside_is_found_at_the_start)
{
	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 2000, 1, 0, 0, 0); s; }));
	scribble("", 12 * 4096);
	store_close(open_store(NULL));
	ck_assert_uint_ge(count_files("s.db.damaged"), 1);
	ck_assert_uint_eq(ledger().sink.made, 0);
	/* Once more: the newest one only is kept. */
	store_close(({ struct store *s = open_store(NULL);
		       submit(s, 2000, 1, 0, 0, 0); s; }));
	scribble("", 12 * 4096);
	store_close(open_store(NULL));
	ck_assert_uint_eq(count_files("s.db.damaged"), 1);
}
END_TEST

START_TEST(a_partition_that_is_not_mounted_is_refused)
{
	char cwd[200], full[500], mount[420];

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	snprintf(full, sizeof(full), "%s/%s", cwd, path);
	snprintf(mount, sizeof(mount), "%s/%s", cwd, dir);
	conf.path = full;
	conf.mount = mount;
	ck_assert_ptr_null(store_open(&conf));
	ck_assert_int_ne(access(path, F_OK), 0);
	conf.mount = "/proc";	/* mounted, but elsewhere */
	ck_assert_ptr_null(store_open(&conf));
	conf.mount = "/";
	store_close(open_store(NULL));
	conf.path = "/dev/shm/cityhub-check.db";
	conf.mount = "/dev/shm/";
	store_close(open_store(NULL));
	ck_assert_int_eq(unlink(conf.path), 0);
}
END_TEST

/* A child writes and is killed: what it saw durable is there afterwards. */
static void write_until_killed(int fd)
{
	struct store *s = open_store(NULL);

	for (uint64_t n = 1;; n++) {
		submit(s, 1, (double)n, 1, 1, n == 1 ? 0 : 1);
		if (!store_flush(s, 5) || write(fd, &n, sizeof(n)) < 0)
			_exit(1);
	}
}

START_TEST(kill_9)
{
	for (int round = 0; round < 10; round++) {
		uint64_t n, durable = 0;
		int fds[2], status;
		struct seen seen;
		pid_t pid;

		teardown();
		setup();
		ck_assert_int_eq(pipe(fds), 0);
		pid = fork();
		if (!pid)
			write_until_killed(fds[1]);
		close(fds[1]);
		for (int i = 0; i < 5 + 3 * round; i++)
			ck_assert_int_eq(read(fds[0], &n, sizeof(n)), sizeof(n));
		usleep(300 * (useconds_t)round);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		while (read(fds[0], &n, sizeof(n)) == sizeof(n))
			;
		durable = n;
		close(fds[0]);
		store_close(open_store(NULL));
		seen = ledger();
		ck_assert_uint_ge(seen.sink.made, durable);
		ck_assert_uint_eq(seen.sink.waiting, seen.sink.made);
		/* The one value that pended is gone, and that is written. */
		ck_assert_uint_eq(seen.sensor.dropped[LEDGER_DROP_CRASH], 1);
		ck_assert_uint_eq(seen.sensor.pending, 0);
		ck_assert_int_eq(ledger_sensor_balance(&seen.sensor), 0);
	}
}
END_TEST

START_TEST(a_damaged_file_is_set_aside)
{
	struct store *s;
	uint64_t before;

	store_close(({ struct store *t = open_store(NULL);
		       submit(t, 50, 1, 0, 0, 0); t; }));
	before = newest_seq();
	usleep(100000);		/* 50 batches in less than 50 ms are not a hub */
	ck_assert_int_eq(truncate(path, 9000), 0);
	s = open_store(NULL);
	submit(s, 1, 1, 0, 0, 0);
	store_close(s);
	ck_assert_uint_ge(count_files("damaged"), 1);
	/* In the same boot no number comes twice. */
	ck_assert_uint_gt(newest_seq(), before);
}
END_TEST

START_TEST(an_energy_index_is_kept)
{
	struct store *s = open_store(NULL);

	submit_energy(s, 5);
	submit_energy(s, 6);
	store_close(s);
	find_energy(6);
}
END_TEST

/* Whatever else was lost: it must not run backwards. */
START_TEST(an_energy_index_survives_a_damaged_file)
{
	struct store *s = open_store(NULL);

	submit_energy(s, 7);
	submit(s, 2000, 1, 0, 0, 0);
	store_close(s);
	scribble("", 20 * 4096);
	find_energy(7);
	ck_assert_uint_ge(count_files("damaged"), 1);
}
END_TEST

START_TEST(a_file_of_something_else_is_set_aside)
{
	unit_write(path, "this is no database, and long enough to be looked at");
	store_close(open_store(NULL));
	ck_assert_uint_eq(count_files("damaged"), 1);
}
END_TEST

START_TEST(a_newer_store_is_refused)
{
	char command[400];

	store_close(open_store(NULL));
	snprintf(command, sizeof(command),
		 "python3 -c 'import sqlite3; c = sqlite3.connect(\"%s\");"
		 " c.execute(\"pragma user_version=99\")'", path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_ptr_null(store_open(&conf));
	ck_assert_uint_eq(count_files("s.db"), 1);
}
END_TEST

START_TEST(memory_is_refused)
{
	conf.allow_tmpfs = false;
	conf.path = "/dev/shm/cityhub-check.db";
	ck_assert_ptr_null(store_open(&conf));
	ck_assert_int_ne(access(conf.path, F_OK), 0);
}
END_TEST

START_TEST(no_folder)
{
	conf.path = "/proc/none/such.db";
	ck_assert_ptr_null(store_open(&conf));
}
END_TEST

#define NO_NAMESPACE	77

/* The daemon in a sandbox like that of its unit; does not return. */
static void open_read_only(const char *log)
{
	int flags = CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0);

	if (!freopen(log, "w", stderr))
		_exit(1);
	if (unshare(flags) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(dir, dir, NULL, MS_BIND, NULL) ||
	    mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL))
		_exit(NO_NAMESPACE);
	log_set_level(LOG_LEVEL_ERROR);
	_exit(store_open(&conf) ? 1 : 0);
}

static void read_only_is_explained(void)
{
	char log[] = "build/tmp-unit/store-log.XXXXXX", said[2000] = "";
	int fd = mkstemp(log), status;
	pid_t pid = fork();

	ck_assert_int_ge(fd, 0);
	if (!pid)
		open_read_only(log);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_ge(read(fd, said, sizeof(said) - 1), 0);
	close(fd);
	unlink(log);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NAMESPACE) {
		printf("no namespaces here: not tried\n");
		return;
	}
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strstr(said, "ReadWritePaths="), "%s", said);
}

START_TEST(a_sandbox_that_is_read_only_is_explained)
{
	char deeper[320];

	read_only_is_explained();
	store_close(open_store(NULL));	/* with a store that is there */
	read_only_is_explained();
	snprintf(deeper, sizeof(deeper), "%s/more/s.db", dir);
	conf.path = deeper;
	read_only_is_explained();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, written_and_read);
	tcase_add_test(t, numbers_go_on_after_a_restart_and_start_over_with_a_boot);
	tcase_add_test(t, dated_by_the_first_sync);
	tcase_add_test(t, a_sync_dates_its_own_boot_only);
	tcase_add_test(t, the_log_of_the_clock_is_bounded);
	tcase_add_test(t, an_older_store_is_taken_over);
	tcase_add_test(t, a_newer_store_with_a_way_back_is_taken_over);
	tcase_add_test(t, a_program_without_differences_reads_the_rest);
	tcase_add_test(t, cursor_is_kept);
	tcase_add_test(t, a_new_sink_gets_what_is_stored);
	tcase_add_test(t, a_sink_that_comes_late_adds_up);
	tcase_add_test(t, what_a_sink_has_beyond_its_cursor_is_kept);
	tcase_add_test(t, what_a_sink_has_does_not_expire);
	tcase_add_test(t, an_older_program_takes_it_back);
	tcase_add_test(t, ledger_adds_up);
	tcase_add_test(t, an_uncounted_drop_is_seen);
	tcase_add_test(t, bounded);
	tcase_add_test(t, too_old);
	tcase_add_test(t, a_full_disk_loses_nothing);
	tcase_add_test(t, what_waits_for_a_write_is_bounded);
	tcase_add_test(t, statistics_are_there_before_the_first_commit);
	tcase_add_test(t, what_is_lost_at_the_end_is_told);
	tcase_add_test(t, what_memory_cannot_hold_is_counted);
	tcase_add_test(t, a_damaged_row_keeps_its_number);
	tcase_add_test(t, damage_inside_is_found_at_the_start);
	tcase_add_test(t, a_partition_that_is_not_mounted_is_refused);
	tcase_add_test(t, kill_9);
	tcase_add_test(t, a_damaged_file_is_set_aside);
	tcase_add_test(t, an_energy_index_is_kept);
	tcase_add_test(t, an_energy_index_survives_a_damaged_file);
	tcase_add_test(t, a_file_of_something_else_is_set_aside);
	tcase_add_test(t, a_newer_store_is_refused);
	tcase_add_test(t, memory_is_refused);
	tcase_add_test(t, no_folder);
	tcase_add_test(t, a_sandbox_that_is_read_only_is_explained);
	suite_add_tcase(s, t);
	return unit_run(s);
}
