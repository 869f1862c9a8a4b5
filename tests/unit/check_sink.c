// SPDX-License-Identifier: GPL-2.0-only
/* What every sink has in common, on a transport of our own. */
#include "unit.h"

#include <errno.h>

#include "cityhubd/sink.h"

#define STORED	50	/* no backlog yet */

static struct sink *sink;
static unsigned int connects, disconnects, published;
static uint64_t sent[8000];	/* id by message id; 0 for the others */
static char topics[8000][32];
static uint64_t newest, cursor, gone;
static unsigned int parts;	/* messages for ten ids */
static struct ranges have;
static int connect_error, publish_error;
static const char *refused;	/* a topic that is never taken */
static int64_t now;

static int fake_connect(void *ctx)
{
	(void)ctx;
	connects++;
	return connect_error;
}

static void fake_disconnect(void *ctx)
{
	(void)ctx;
	disconnects++;
}

static int fake_publish(void *ctx, const struct sink_message *m, int *mid)
{
	(void)ctx;
	if (publish_error)
		return publish_error;
	if (refused && !strcmp(m->topic, refused))
		return -EIO;
	ck_assert_uint_lt(published, 8000);
	*mid = (int)++published;
	sent[*mid] = strcmp(m->topic, "data") ? 0 : strtoull(m->payload, NULL, 10);
	snprintf(topics[*mid], sizeof(topics[0]), "%s", m->topic);
	return 0;
}

static struct sink_message message(const char *topic, uint64_t n)
{
	struct sink_message m = { .topic = strdup(topic) };

	ck_assert_int_gt(asprintf(&m.payload, "%llu", (unsigned long long)n), 0);
	return m;
}

static uint64_t fake_newest(void *ctx)
{
	(void)ctx;
	return newest;
}

static int fake_next(void *ctx, const struct sink_want *want,
		     struct sink_message *m, uint64_t *id)
{
	uint64_t next = want->after < gone ? gone + 1 : want->after + 1;

	(void)ctx;
	ck_assert_uint_lt(want->after, want->until);
	if (next > newest || next > want->until)
		return 0;
	*m = message("data", next + want->part);
	*id = next;
	if (parts)
		*id = want->part + 1 < parts ? want->after : want->after + 10;
	return 1;
}

static void fake_acked(void *ctx, struct range run)
{
	uint64_t fresh = 0;

	(void)ctx;
	ck_assert_int_eq(ranges_add(&have, run.after, run.last, &fresh), 0);
	ck_assert_uint_gt(fresh, 0);
	cursor = ranges_cursor(&have);
}

static uint32_t fake_random(void *ctx, uint32_t n)
{
	(void)ctx;
	return n / 2;
}

static const struct sink_ops ops = {
	.connect = fake_connect,
	.disconnect = fake_disconnect,
	.publish = fake_publish,
	.newest = fake_newest,
	.next = fake_next,
	.acked = fake_acked,
	.random = fake_random,
};

static void setup(void)
{
	connects = 0;
	disconnects = 0;
	published = 0;
	newest = STORED;
	cursor = 0;
	connect_error = 0;
	publish_error = 0;
	refused = NULL;
	gone = 0;
	parts = 0;
	now = 1000;
	ranges_init(&have, 0);
	sink = sink_new(&ops, NULL, &have, 0);
	ck_assert_ptr_nonnull(sink);
}

/* One that may send so many messages of a backlog in a second. */
static void setup_limit(double backlog_per_s)
{
	sink_free(sink);
	sink = sink_new(&ops, NULL, &have, backlog_per_s);
	ck_assert_ptr_nonnull(sink);
}

static void teardown(void)
{
	sink_free(sink);
}

static void go_up(void)
{
	sink_run(sink, now);
	sink_connected(sink, now);
	sink_run(sink, now);
}

START_TEST(nothing_is_sent_before_the_connection)
{
	sink_run(sink, now);
	ck_assert_uint_eq(connects, 1);
	ck_assert_uint_eq(published, 0);
	sink_connected(sink, now);
	sink_run(sink, now);
	ck_assert_uint_eq(published, SINK_IN_FLIGHT);
}
END_TEST

START_TEST(at_most_twenty_in_flight)
{
	go_up();
	for (int i = 0; i < 5; i++)
		sink_run(sink, now);
	ck_assert_uint_eq(published, SINK_IN_FLIGHT);
	sink_acked(sink, 1, now);
	sink_run(sink, now);
	ck_assert_uint_eq(published, SINK_IN_FLIGHT + 1);
	ck_assert_uint_eq(sent[published], SINK_IN_FLIGHT + 1);
}
END_TEST

/* A lost PUBACK holds the cursor, whatever comes after it. */
START_TEST(cursor_moves_on_acknowledgement_in_order)
{
	go_up();
	ck_assert_uint_eq(cursor, 0);
	sink_acked(sink, 2, now);
	sink_acked(sink, 3, now);
	ck_assert_uint_eq(cursor, 0);
	sink_acked(sink, 1, now);
	ck_assert_uint_eq(cursor, 3);
	sink_acked(sink, 3, now);	/* once more: nothing */
	ck_assert_uint_eq(cursor, 3);
	ck_assert_uint_eq(sink_cursor(sink), 3);
}
END_TEST

START_TEST(sent_again_from_the_cursor_after_a_break)
{
	unsigned int before;

	go_up();
	sink_acked(sink, 1, now);
	sink_acked(sink, 3, now);
	sink_disconnected(sink, now);
	ck_assert(!sink_is_connected(sink));
	before = published;
	sink_acked(sink, 2, now);	/* of the old connection: too late */
	ck_assert_uint_eq(cursor, 1);
	now += 5000;
	go_up();
	ck_assert_uint_eq(sent[before + 1], 2);
	ck_assert_uint_eq(published, before + SINK_IN_FLIGHT);
}
END_TEST

START_TEST(everything_once_in_order_and_idle)
{
	unsigned int acked = 0;

	go_up();
	while (acked < published) {
		sink_acked(sink, (int)++acked, now);
		sink_run(sink, now);
	}
	ck_assert_uint_eq(published, STORED);
	for (unsigned int i = 1; i <= STORED; i++)
		ck_assert_uint_eq(sent[i], i);
	ck_assert_uint_eq(cursor, STORED);
	ck_assert(sink_is_idle(sink));
	newest++;
	sink_run(sink, now);
	ck_assert(!sink_is_idle(sink));
}
END_TEST

START_TEST(back_off_grows_to_a_minute_and_starts_over)
{
	int64_t last = now, gap = 0;

	connect_error = -EIO;
	for (int i = 0; i < 30; i++) {
		int64_t due = sink_run(sink, now);

		ck_assert_int_gt(due, now);
		now = due;
	}
	last = now;
	sink_run(sink, now);
	gap = sink_run(sink, now) - last;
	ck_assert_int_ge(gap, 30000);
	ck_assert_int_le(gap, 60000);
	connect_error = 0;
	now += gap;
	go_up();
	sink_acked(sink, 1, now);
	sink_disconnected(sink, now);
	ck_assert_int_le(sink_run(sink, now) - now, 1500);
}
END_TEST

START_TEST(a_silent_broker_is_given_up)
{
	int64_t due;

	go_up();
	due = sink_run(sink, now);
	ck_assert_int_le(due - now, 20000);
	sink_run(sink, due - 1);
	ck_assert_uint_eq(disconnects, 0);
	sink_run(sink, due);
	ck_assert_uint_eq(disconnects, 1);
	ck_assert(!sink_is_connected(sink));
	/* One that never answers the connection, too. */
	now = due + 60000;
	sink_run(sink, now);
	sink_run(sink, now + 30000);
	ck_assert_uint_eq(disconnects, 2);
}
END_TEST

START_TEST(publish_that_fails_is_tried_again)
{
	publish_error = -EIO;
	go_up();
	ck_assert_uint_eq(published, 0);
	publish_error = 0;
	sink_run(sink, now);
	ck_assert_uint_eq(sent[1], 1);
}
END_TEST

START_TEST(newest_state_wins_and_faults_follow)
{
	newest = 0;
	sink_set_news(sink, SINK_STATE, message("state", 1));
	sink_set_news(sink, SINK_STATE, message("state", 2));
	for (int i = 0; i < 40; i++)
		sink_add_notice(sink, message("fault", 1));
	sink_set_news(sink, SINK_CLOCK, message("clock", 1));
	go_up();
	ck_assert_str_eq(topics[1], "clock");
	ck_assert_str_eq(topics[2], "state");
	ck_assert_str_eq(topics[3], "fault");
	ck_assert_uint_eq(published, 20);
	ck_assert(!sink_is_idle(sink));
	for (int i = 1; i <= 20; i++)
		sink_acked(sink, i, now);
	sink_run(sink, now);
	ck_assert_uint_eq(published, 34);	/* the newest 32 faults */
	for (int i = 21; i <= 34; i++)
		sink_acked(sink, i, now);
	sink_run(sink, now);
	ck_assert(sink_is_idle(sink));
}
END_TEST

START_TEST(news_that_are_not_taken_hold_up_no_others)
{
	newest = 0;
	refused = "clock";
	sink_set_news(sink, SINK_CLOCK, message("clock", 1));
	sink_set_news(sink, SINK_STATE, message("state", 1));
	sink_add_notice(sink, message("fault", 1));
	go_up();
	ck_assert_uint_eq(published, 2);
	ck_assert_str_eq(topics[1], "state");
	ck_assert_str_eq(topics[2], "fault");
	ck_assert(!sink_is_idle(sink));
	refused = NULL;
	sink_run(sink, now);
	ck_assert_str_eq(topics[3], "clock");
}
END_TEST

/* ---- live and backlog ------------------------------------------------------ */

/* Acknowledge all that is on its way, in its order. */
static void ack_all(unsigned int *acked)
{
	unsigned int until = published;

	while (*acked < until)
		sink_acked(sink, (int)++*acked, now);
}

START_TEST(live_overtakes_a_backlog_and_both_are_in_order)
{
	uint64_t live = 500, backlog = 0;
	unsigned int acked = 0;

	newest = 500;
	go_up();
	/* Five places are left to live messages. */
	ck_assert_uint_eq(published, SINK_IN_FLIGHT - 5);
	newest = 502;
	sink_run(sink, now);
	ck_assert_uint_eq(published, SINK_IN_FLIGHT - 3);
	ck_assert_uint_eq(sent[published], 502);
	ck_assert(!sink_is_idle(sink));
	for (int i = 0; i < 100; i++) {
		ack_all(&acked);
		newest += i < 50;
		sink_run(sink, now);
	}
	ck_assert(sink_is_idle(sink));
	ck_assert_uint_eq(published, newest);
	for (unsigned int i = 1; i <= published; i++) {
		uint64_t *lane = sent[i] > 500 ? &live : &backlog;

		ck_assert_uint_eq(sent[i], *lane + 1);
		*lane = sent[i];
	}
	ck_assert_uint_eq(have.n, 1);
	ck_assert_uint_eq(cursor, newest);
}
END_TEST

START_TEST(a_backlog_is_limited_and_live_is_not)
{
	unsigned int acked = 0, live = 0;
	int64_t end = now + 10000;

	newest = 5000;
	setup_limit(20);
	go_up();
	while (now < end) {
		int64_t due = sink_run(sink, now);

		ck_assert_int_gt(due, now);
		for (unsigned int i = acked + 1; i <= published; i++)
			live += sent[i] > 5000;
		ack_all(&acked);
		/* A live one each 100 ms is sent at once. */
		ck_assert_uint_eq(live, newest - 5000);
		now += 100;
		newest++;
	}
	/* A second may be caught up. */
	ck_assert_uint_ge(published - live, 10 * 20);
	ck_assert_uint_le(published - live, 11 * 20 + 1);
}
END_TEST

START_TEST(what_was_live_is_not_sent_again_with_the_backlog)
{
	unsigned int times[700] = { 0 }, acked = 0;

	newest = 500;
	go_up();
	newest = 520;
	sink_run(sink, now);
	ack_all(&acked);
	sink_run(sink, now);
	sink_disconnected(sink, now);
	acked = published;
	newest = 620;
	now += 5000;
	go_up();
	newest = 625;
	for (int i = 0; i < 100; i++) {
		sink_run(sink, now);
		ack_all(&acked);
	}
	ck_assert(sink_is_idle(sink));
	ck_assert_uint_eq(cursor, 625);
	for (unsigned int i = 1; i <= published; i++)
		times[sent[i]]++;
	for (int i = 501; i <= 505; i++)
		ck_assert_uint_eq(times[i], 1);
	for (int i = 1; i <= 625; i++)
		ck_assert_uint_ge(times[i], 1);
}
END_TEST

START_TEST(many_breaks_go_back_to_one_line)
{
	unsigned int acked = 0;

	newest = 500;
	for (int i = 0; i < 3 * RANGES; i++) {
		go_up();
		newest++;
		sink_run(sink, now);
		/* Of the live one only. */
		sink_acked(sink, (int)published, now);
		sink_disconnected(sink, now);
		newest += 100;
		now += 100000;
	}
	ck_assert_uint_eq(have.n, RANGES);
	acked = published;
	go_up();
	while (!sink_is_idle(sink)) {
		ck_assert_uint_lt(published, 7900);
		ack_all(&acked);
		sink_run(sink, now);
	}
	ck_assert_uint_eq(have.n, 1);
	ck_assert_uint_eq(cursor, newest);
}
END_TEST

START_TEST(what_left_the_store_is_passed_over)
{
	unsigned int acked = 0;

	newest = 500;
	go_up();
	ack_all(&acked);
	gone = 500;
	newest = 510;
	for (int i = 0; i < 10; i++) {
		sink_run(sink, now);
		ack_all(&acked);
	}
	ck_assert(sink_is_idle(sink));
	ck_assert_uint_eq(cursor, 510);
	ck_assert_uint_eq(published, SINK_IN_FLIGHT - 5 + 10);
}
END_TEST

/* Ten ids in three messages: the cursor moves with the last of them. */
START_TEST(parts_move_the_cursor_together)
{
	parts = 3;
	newest = 10;
	go_up();
	ck_assert_uint_ge(published, 3);
	ck_assert_uint_eq(sent[1], 1);
	ck_assert_uint_eq(sent[2], 2);
	ck_assert_uint_eq(sent[3], 3);
	sink_acked(sink, 1, now);
	sink_acked(sink, 3, now);
	ck_assert_uint_eq(cursor, 0);
	sink_acked(sink, 2, now);
	ck_assert_uint_eq(cursor, 10);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sink");
	TCase *t = tcase_create("sink");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_is_sent_before_the_connection);
	tcase_add_test(t, at_most_twenty_in_flight);
	tcase_add_test(t, cursor_moves_on_acknowledgement_in_order);
	tcase_add_test(t, sent_again_from_the_cursor_after_a_break);
	tcase_add_test(t, everything_once_in_order_and_idle);
	tcase_add_test(t, back_off_grows_to_a_minute_and_starts_over);
	tcase_add_test(t, a_silent_broker_is_given_up);
	tcase_add_test(t, publish_that_fails_is_tried_again);
	tcase_add_test(t, newest_state_wins_and_faults_follow);
	tcase_add_test(t, news_that_are_not_taken_hold_up_no_others);
	tcase_add_test(t, live_overtakes_a_backlog_and_both_are_in_order);
	tcase_add_test(t, a_backlog_is_limited_and_live_is_not);
	tcase_add_test(t, what_was_live_is_not_sent_again_with_the_backlog);
	tcase_add_test(t, many_breaks_go_back_to_one_line);
	tcase_add_test(t, what_left_the_store_is_passed_over);
	tcase_add_test(t, parts_move_the_cursor_together);
	suite_add_tcase(s, t);
	return unit_run(s);
}
