// SPDX-License-Identifier: GPL-2.0-only
/* Batches gathered to messages, from a store on disk. */
#include "unit.h"

#include "cityhubd/bundle.h"
#include "cityhubd/store.h"
#include "common/log.h"
#include "fake_batches.h"

#define MINUTE_NS	(60 * SECOND)

static char dir[200], path[300];
static struct store_reader *reader;
static struct bundle *bundle;
static int64_t event_at = -1;	/* second in which the first one is an event */

/* All sensors of a full hub, second by second, as the daemon stores them. */
static void fill(int64_t seconds)
{
	const struct store_conf conf = {
		.path = path, .hub = "h", .boot = "b", .allow_tmpfs = true,
		.max_bytes = 1000000000,
	};
	struct store *s = store_open(&conf);
	struct store_packet *p = store_packet_new();
	struct batch_layout *layouts[FAKE_SENSORS];
	char why[160];

	ck_assert(s && p);
	for (unsigned int i = 0; i < FAKE_SENSORS; i++)
		layouts[i] = fake_layout(i);
	for (int64_t k = 0; k < seconds; k++)
		for (unsigned int i = 0; i < FAKE_SENSORS; i++) {
			struct batch *b = fake_batch(layouts[i], i, k);

			if (k == event_at && !i)
				b->flags |= BATCH_EVENT;
			ck_assert_int_eq(store_packet_add(p, b), 0);
		}
	for (unsigned int i = 0; i < FAKE_SENSORS; i++)
		batch_layout_put(layouts[i]);
	ck_assert_int_eq(store_start(s), 0);
	store_submit(s, p);
	store_close(s);
	reader = store_reader_open(path, why, sizeof(why));
	ck_assert_msg(reader, "%s", why);
}

static void setup(void)
{
	log_set_level(LOG_LEVEL_ERROR - 1);	/* there is no ledger */
	unit_dir(dir, sizeof(dir), "bundle");
	snprintf(path, sizeof(path), "%s/s.db", dir);
}

static void teardown(void)
{
	bundle_free(bundle);
	store_reader_close(reader);
	unit_dir_remove(dir);
}

static int64_t second(const struct batch *b)
{
	return b->from_ns / SECOND;
}

START_TEST(one_each_without_packing)
{
	const struct batch *list[BUNDLE_BATCHES];

	fill(3);
	bundle = bundle_new(0);
	for (uint64_t id = 0; id < 3 * FAKE_SENSORS; id++) {
		ck_assert_int_eq(bundle_fill(bundle, reader, id, UINT64_MAX, 0,
					     false), 1);
		ck_assert_uint_eq(bundle_parts(bundle), 1);
		ck_assert_uint_eq(bundle_part(bundle, 0, list), 1);
		ck_assert_uint_eq(bundle_last(bundle), id + 1);
	}
	ck_assert_int_eq(bundle_fill(bundle, reader, 3 * FAKE_SENSORS,
				     UINT64_MAX, 0, true), 0);
}
END_TEST

START_TEST(a_minute_of_utc_and_a_message_for_each_sensor)
{
	const struct batch *list[BUNDLE_BATCHES];
	uint64_t after = 0;
	size_t n = 0;

	fill(150);
	bundle = bundle_new(MINUTE_NS);
	while (bundle_fill(bundle, reader, after, UINT64_MAX, 0, false) == 1) {
		ck_assert_uint_eq(bundle_parts(bundle), FAKE_SENSORS);
		for (unsigned int i = 0; i < FAKE_SENSORS; i++) {
			size_t k = bundle_part(bundle, i, list);

			ck_assert_uint_le(k, 60);
			n += k;
			for (size_t j = 1; j < k; j++) {
				ck_assert_ptr_eq(list[j]->layout, list[0]->layout);
				ck_assert_int_eq(second(list[j]),
						 second(list[0]) + (int64_t)j);
				ck_assert_int_eq(second(list[j]) / 60,
						 second(list[0]) / 60);
			}
		}
		ck_assert_uint_gt(bundle_last(bundle), after);
		after = bundle_last(bundle);
	}
	/* The last minute is not over. */
	ck_assert_uint_lt(n, 150 * FAKE_SENSORS);
	ck_assert_int_eq(bundle_fill(bundle, reader, after, UINT64_MAX, 59999,
				     false), 0);
	ck_assert_int_eq(bundle_fill(bundle, reader, after, UINT64_MAX, 60000,
				     false), 1);
	ck_assert_uint_eq(bundle_last(bundle), 150 * FAKE_SENSORS);
}
END_TEST

START_TEST(who_is_in_a_hurry_waits_for_nothing)
{
	fill(5);
	bundle = bundle_new(MINUTE_NS);
	ck_assert_int_eq(bundle_fill(bundle, reader, 0, UINT64_MAX, 0, false), 0);
	ck_assert_int_eq(bundle_fill(bundle, reader, 0, UINT64_MAX, 0, true), 1);
	ck_assert_uint_eq(bundle_last(bundle), 5 * FAKE_SENSORS);
}
END_TEST

START_TEST(an_event_does_not_wait_for_its_minute)
{
	event_at = 2;
	fill(5);
	event_at = -1;
	bundle = bundle_new(MINUTE_NS);
	ck_assert_int_eq(bundle_fill(bundle, reader, 0, UINT64_MAX, 0, false), 1);
	ck_assert_uint_eq(bundle_last(bundle), 2 * FAKE_SENSORS + 1);
	ck_assert_int_eq(bundle_fill(bundle, reader, bundle_last(bundle),
				     UINT64_MAX, 0, false), 0);
}
END_TEST

START_TEST(a_lane_ends_where_it_ends)
{
	fill(5);
	bundle = bundle_new(MINUTE_NS);
	ck_assert_int_eq(bundle_fill(bundle, reader, 0, 7, 0, false), 1);
	ck_assert_uint_eq(bundle_last(bundle), 7);
	/* One that went further is begun anew. */
	ck_assert_int_eq(bundle_fill(bundle, reader, 0, 3, 0, false), 1);
	ck_assert_uint_eq(bundle_last(bundle), 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bundle");
	TCase *t = tcase_create("bundle");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, one_each_without_packing);
	tcase_add_test(t, a_minute_of_utc_and_a_message_for_each_sensor);
	tcase_add_test(t, who_is_in_a_hurry_waits_for_nothing);
	tcase_add_test(t, an_event_does_not_wait_for_its_minute);
	tcase_add_test(t, a_lane_ends_where_it_ends);
	suite_add_tcase(s, t);
	return unit_run(s);
}
