// SPDX-License-Identifier: GPL-2.0-only
/* What every sink has in common, on a transport of our own. */
#include "unit.h"

#include <errno.h>

#include "cityhubd/sink.h"

#define STORED	100

static struct sink *sink;
static unsigned int connects, disconnects, published;
static uint64_t sent[1000];	/* id by message id; 0 for the others */
static char topics[1000][32];
static uint64_t newest, cursor;
static int connect_error, publish_error;
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
	ck_assert_uint_lt(published, 1000);
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

static int fake_next(void *ctx, uint64_t after, struct sink_message *m,
		     uint64_t *id)
{
	(void)ctx;
	if (after >= newest)
		return 0;
	*id = after + 1;
	*m = message("data", *id);
	return 1;
}

static void fake_acked(void *ctx, uint64_t id)
{
	(void)ctx;
	ck_assert_uint_gt(id, cursor);
	cursor = id;
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
	now = 1000;
	sink = sink_new(&ops, NULL, 0);
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
	suite_add_tcase(s, t);
	return unit_run(s);
}
