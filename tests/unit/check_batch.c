// SPDX-License-Identifier: GPL-2.0-only
/* Batches: packed and back, and as JSON against what was written by hand. */
#include "unit.h"

#include <errno.h>
#include <jansson.h>

#include "common/array.h"
#include "common/batch.h"
#include "common/batch_json.h"
#include "common/clock_log.h"

static const struct batch_channel channels[] = {
	{ "pm2p5", "pm2p5", "ug/m3", "", 3 },
	{ "L1-energy", "energy", "Wh", "L1", 5 },
};

static struct batch *example(void)
{
	struct batch_layout *l = batch_layout_new("sen66", 2, channels);
	struct batch *b = batch_new(l);

	batch_layout_put(l);
	ck_assert_ptr_nonnull(b);
	strcpy(b->hub, "lamp-1");
	strcpy(b->boot, "b00");
	b->seq = 42;
	b->from_ns = 1700000000 * SECOND;
	b->to_ns = b->from_ns + SECOND;
	b->bound_ns = 800;
	b->sync = BATCH_SYNCHRONISED;
	b->epoch = 3;
	b->offset_ns = 1699999000 * SECOND;
	b->flags = BATCH_STEP | BATCH_AGAIN;
	b->results[0] = (struct batch_result){
		.mean = 8.449999999999999, .min = 8.4, .max = 8.5, .rms = 8.45,
		.last = 8.5, .difference = NAN,
		.instant_ns = b->from_ns + 500000000, .count = 2,
		.expected = 3,
	};
	b->results[1] = (struct batch_result){
		.mean = NAN, .min = NAN, .max = NAN, .rms = NAN,
		.last = 18204.123456789, .difference = 3.25,
		.instant_ns = b->from_ns + 1,
		.count = 1, .expected = 0,
	};
	return b;
}

static void same(double a, double b)
{
	if (isnan(a))
		ck_assert(isnan(b));
	else
		ck_assert_double_eq(a, b);
}

START_TEST(packed_and_back)
{
	struct batch *b = example(), *c = batch_new(b->layout);
	uint8_t buf[512];
	ptrdiff_t len = batch_pack(b, buf, sizeof(buf));
	ptrdiff_t more = batch_pack_differences(b, buf + 256, sizeof(buf) - 256);

	c->from_ns = b->from_ns;
	ck_assert_int_gt(len, 0);
	ck_assert_int_lt(len, 256);
	ck_assert_int_eq(more, 1 + 8);	/* of one result only */
	ck_assert_uint_eq((size_t)(len + more), batch_pack_size(b));
	ck_assert_int_eq(batch_unpack(c, buf, (size_t)len), 0);
	ck_assert(isnan(c->results[1].difference));
	ck_assert_int_eq(batch_unpack_differences(c, buf + 256, (size_t)more),
			 0);
	for (int i = 0; i < 2; i++) {
		same(b->results[i].mean, c->results[i].mean);
		same(b->results[i].min, c->results[i].min);
		same(b->results[i].max, c->results[i].max);
		same(b->results[i].rms, c->results[i].rms);
		same(b->results[i].last, c->results[i].last);
		same(b->results[i].difference, c->results[i].difference);
		ck_assert_int_eq(b->results[i].instant_ns,
				 c->results[i].instant_ns);
		ck_assert_uint_eq(b->results[i].count, c->results[i].count);
		ck_assert_uint_eq(b->results[i].expected,
				  c->results[i].expected);
	}
	batch_free(b);
	batch_free(c);
}
END_TEST

typedef int unpack_fn(struct batch *b, const uint8_t *buf, size_t len);

/* Every shorter text is refused, none read beyond its end. */
static void cut_off(struct batch *b, unpack_fn unpack, const uint8_t *buf,
		    ptrdiff_t from, ptrdiff_t len)
{
	for (ptrdiff_t i = from; i < len; i++) {
		uint8_t *part = malloc((size_t)i);

		memcpy(part, buf, (size_t)i);
		ck_assert_int_eq(unpack(b, part, (size_t)i), -EBADMSG);
		free(part);
	}
	ck_assert_int_eq(unpack(b, buf, (size_t)len + 1), -EBADMSG);
}

START_TEST(what_is_cut_off_is_refused)
{
	struct batch *b = example();
	uint8_t buf[512] = { 0 }, more[512] = { 0 };
	ptrdiff_t len = batch_pack(b, buf, sizeof(buf));
	ptrdiff_t n = batch_pack_differences(b, more, sizeof(more));

	ck_assert_int_eq(n, 9);
	cut_off(b, batch_unpack, buf, 0, len);
	cut_off(b, batch_unpack_differences, more, 1, n);
	more[0] = 2;	/* there is no such result */
	ck_assert_int_eq(batch_unpack_differences(b, more, (size_t)n),
			 -EBADMSG);
	ck_assert_int_eq(batch_pack(b, buf, 10), -ENOSPC);
	ck_assert_int_eq(batch_pack_differences(b, buf, 10), -ENOSPC);
	batch_free(b);
}
END_TEST

START_TEST(single_value_is_packed_once)
{
	struct batch *b = example();
	size_t before = batch_pack_size(b);

	b->results[0].mean = 8.4;
	b->results[0].min = 8.4;
	b->results[0].max = 8.4;
	b->results[0].rms = 8.4;
	b->results[0].last = 8.4;
	ck_assert_uint_eq(batch_pack_size(b), before - 4 * 8);
	batch_free(b);
}
END_TEST

START_TEST(layout_written_and_read)
{
	struct batch *b = example();
	char *text = batch_layout_write(b->layout);
	struct batch_layout *l = batch_layout_read(text);

	ck_assert_ptr_nonnull(l);
	ck_assert_str_eq(batch_layout_sensor(l), "sen66");
	ck_assert_uint_eq(batch_layout_size(l), 2);
	ck_assert_str_eq(batch_layout_channel(l, 1)->phase, "L1");
	ck_assert_int_eq(batch_layout_channel(l, 1)->decimals, 5);
	ck_assert_ptr_null(batch_layout_read("{\"sensor\":\"x\"}"));
	ck_assert_ptr_null(batch_layout_read("not json"));
	batch_layout_put(l);
	free(text);
	batch_free(b);
}
END_TEST

static const char expected_json[] =
	"{\"schema\":\"cityhub.batch/1\",\"hub\":\"lamp-1\",\"boot\":\"b00\","
	"\"seq\":42,\"sensor\":\"sen66\",\"clock\":\"boottime\","
	"\"sync\":\"synchronised\",\"epoch\":3,"
	"\"offset_ns\":1699999000000000000,"
	"\"bound_ns\":800,\"stamp_bound_ns\":null,"
	"\"from_ns\":1700000000000000000,\"to_ns\":1700000001000000000,"
	"\"flags\":[\"step\",\"again\"],"
	"\"results\":["
	"{\"channel\":\"pm2p5\",\"quantity\":\"pm2p5\",\"unit\":\"ug/m3\","
	"\"mean\":8.45,\"min\":8.4,\"max\":8.5,\"rms\":8.45,\"last\":8.5,"
	"\"difference\":null,"
	"\"instant_ns\":1700000000500000000,\"count\":2,\"expected\":3,"
	"\"coverage\":0.6667},"
	"{\"channel\":\"L1-energy\",\"quantity\":\"energy\",\"unit\":\"Wh\","
	"\"phase\":\"L1\",\"mean\":null,\"min\":null,\"max\":null,\"rms\":null,"
	"\"last\":18204.12346,\"difference\":3.25,"
	"\"instant_ns\":1700000000000000001,\"count\":1,"
	"\"expected\":null,\"coverage\":null}]}";

START_TEST(json)
{
	struct batch *b = example();
	char *text = batch_json(b);

	ck_assert_str_eq(text, expected_json);
	free(text);
	batch_free(b);
}
END_TEST

START_TEST(json_bounds)
{
	struct batch *b = example();
	char *text;

	b->stamp_bound_ns = 200;
	text = batch_json(b);
	ck_assert_ptr_nonnull(strstr(text, "\"bound_ns\":1000,\"stamp_bound_ns\":200"));
	free(text);
	/* Without UTC there is no bound against it. */
	b->sync = BATCH_UNSYNCHRONISED;
	text = batch_json(b);
	ck_assert_ptr_nonnull(strstr(text, "\"bound_ns\":null,\"stamp_bound_ns\":200"));
	free(text);
	batch_free(b);
}
END_TEST

/* Sent again with a better date, it is seen to be the same measurement. */
START_TEST(dated_anew)
{
	struct batch *b = example();
	int64_t boot = b->from_ns - b->offset_ns;
	char *text;

	b->sync = BATCH_UNSYNCHRONISED;
	batch_redate(b, b->offset_ns - SECOND, 700, boot + 1000 * SECOND);
	text = batch_json(b);
	ck_assert_ptr_nonnull(strstr(text, "\"sync\":\"redated\""));
	/* 500 ppm of the time between. */
	ck_assert_ptr_nonnull(strstr(text, "\"bound_ns\":500000700,"));
	ck_assert_ptr_nonnull(strstr(text, "\"from_ns\":1699999999000000000"));
	ck_assert_ptr_nonnull(strstr(text, "\"to_ns\":1700000000000000000"));
	ck_assert_ptr_nonnull(strstr(text, "\"offset_ns\":1699998999000000000"));
	ck_assert_ptr_nonnull(strstr(text, "\"instant_ns\":1699999999500000000"));
	ck_assert_int_eq(b->from_ns - b->offset_ns, boot);
	free(text);
	batch_free(b);
}
END_TEST

START_TEST(log_of_the_clock)
{
	const struct clock_entry log[] = {
		{ "b00", 1, 5, 1000, BATCH_UNKNOWN, BATCH_UNSYNCHRONISED,
		  CLOCK_START },
		{ "b00", 2, 7, -3, 800, BATCH_SYNCHRONISED, CLOCK_SYNC },
	};
	char *text = clock_log_json("lamp-1", log, 2);

	ck_assert_str_eq(text,
		"{\"schema\":\"cityhub.clock/1\",\"hub\":\"lamp-1\","
		"\"drift_ppm\":500,\"log\":["
		"{\"boot\":\"b00\",\"epoch\":1,\"from_ns\":5,\"offset_ns\":1000,"
		"\"bound_ns\":null,\"sync\":\"unsynchronised\",\"why\":\"start\"},"
		"{\"boot\":\"b00\",\"epoch\":2,\"from_ns\":7,\"offset_ns\":-3,"
		"\"bound_ns\":800,\"sync\":\"synchronised\",\"why\":\"sync\"}]}");
	free(text);
}
END_TEST

/* What is written reads back as the number that was meant. */
START_TEST(numbers_round_trip)
{
	static const double values[] = {
		8.4, 0.1, 1e-9, 123456789.123456, 0.000123, 1e14, 99999.9995,
		-273.15, 5e-324, 1.7e308, 18204.123456789,
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for (int decimals = 0; decimals < 17; decimals++) {
			double r = batch_json_round(values[i], decimals);
			char text[64];

			snprintf(text, sizeof(text), "%.15g", r);
			ck_assert_double_eq(strtod(text, NULL), r);
			if (fabs(values[i]) < 1e6 && decimals < 10)
				ck_assert_double_le(fabs(r - values[i]),
						    0.5001 * pow(10, -decimals));
		}
	}
	ck_assert(!signbit(batch_json_round(-1e-12, 3)));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("batch");
	TCase *t = tcase_create("batch");

	tcase_add_test(t, packed_and_back);
	tcase_add_test(t, what_is_cut_off_is_refused);
	tcase_add_test(t, single_value_is_packed_once);
	tcase_add_test(t, layout_written_and_read);
	tcase_add_test(t, json);
	tcase_add_test(t, json_bounds);
	tcase_add_test(t, dated_anew);
	tcase_add_test(t, log_of_the_clock);
	tcase_add_test(t, numbers_round_trip);
	suite_add_tcase(s, t);
	return unit_run(s);
}
