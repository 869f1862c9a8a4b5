// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formats against what was written by hand; 61-formats reads the same batches
 * with decoders of others.
 */
#include "unit.h"

#include <jansson.h>

#include "common/array.h"
#include "common/cbor.h"
#include "common/format.h"
#include "fake_batches.h"

#define MINUTE	60

static struct batch *minute[MINUTE];

static void make_minute(unsigned int sensor)
{
	struct batch_layout *l = fake_layout(sensor);

	for (int i = 0; i < MINUTE; i++) {
		minute[i] = fake_batch(l, sensor, i);
		minute[i]->seq = 100 + 4 * (uint64_t)i;
	}
	batch_layout_put(l);
}

static void free_minute(void)
{
	for (int i = 0; i < MINUTE; i++)
		batch_free(minute[i]);
}

static uint8_t *encode(const char *name, struct batch *const *b, size_t n,
		       size_t *len)
{
	const struct format *f = format_find(name);
	uint8_t *data;

	ck_assert_ptr_nonnull(f);
	data = format_encode(f, (const struct batch *const *)b, n, len);
	ck_assert_ptr_nonnull(data);
	return data;
}

static struct batch *example(void)
{
	static const struct batch_channel channels[] = {
		{ "pm2p5", "pm2p5", "ug/m3", "", 3 },
		{ "odd name", "odd", "furlong", "", 4 },
		{ "L1-energy", "energy", "Wh", "L1", 5 },
		{ "LAeq", "sound_level", "dB(A)", "", 2 },
		{ "gone", "gone", "V", "", 2 },
	};
	struct batch_layout *l = batch_layout_new("sen66", 5, channels);
	struct batch *b = batch_new(l);

	batch_layout_put(l);
	strcpy(b->hub, "_lamp");
	strcpy(b->boot, "b00");
	b->seq = 42;
	b->from_ns = 1700000000 * SECOND + SECOND / 5;
	b->to_ns = b->from_ns + SECOND / 5;
	b->sync = BATCH_UNSYNCHRONISED;
	b->results[0] = (struct batch_result){ .mean = 8.5, .min = 8.5,
		.max = 8.5, .rms = 8.5, .last = 8.5, .difference = NAN,
		.count = 1 };
	b->results[1] = (struct batch_result){ .mean = -3.25, .min = -4,
		.max = -3.25, .rms = 3.25, .last = -3.25, .difference = NAN,
		.count = 2,
		.expected = 3 };
	b->results[2] = (struct batch_result){ .mean = NAN, .min = NAN,
		.max = NAN, .rms = NAN, .last = 2, .difference = 0.5,
		.count = 1 };
	b->results[3] = (struct batch_result){ .mean = 58.37, .min = 58.37,
		.max = 58.37, .rms = NAN, .last = 58.37, .difference = NAN,
		.count = 1 };
	b->results[4] = (struct batch_result){ .mean = NAN, .min = NAN,
		.max = NAN, .rms = NAN, .last = NAN, .difference = NAN,
		.count = 0 };
	return b;
}

START_TEST(names)
{
	ck_assert_ptr_null(format_find("xml"));
	ck_assert_str_eq(format_find("senml-cbor")->content_type,
			 "application/senml+cbor");
	ck_assert(!format_find("senml-cbor")->is_text);
	ck_assert(!format_find("json")->packs);
	ck_assert_ptr_nonnull(strstr(format_names(), "influx"));
}
END_TEST

/* Without a unit first; the bad first letter and the space are replaced. */
static const char senml_json[] =
	"[{\"bn\":\"hub:_lamp/sen66/\",\"bt\":1700000000.2,"
	"\"n\":\"batches\",\"vs\":\"b00:42-42:1\"},"
	"{\"bn\":\"hub:_lamp/sen66/odd_name\",\"v\":-3.25},"
	"{\"bn\":\"hub:_lamp/sen66/odd_name/min\",\"v\":-4},"
	"{\"bn\":\"hub:_lamp/sen66/pm2p5\",\"bu\":\"kg/m3\",\"v\":8.5e-9},"
	"{\"bn\":\"hub:_lamp/sen66/L1-energy\",\"bu\":\"J\",\"v\":7200},"
	"{\"bn\":\"hub:_lamp/sen66/L1-energy/difference\",\"v\":1800},"
	"{\"bn\":\"hub:_lamp/sen66/LAeq\",\"bu\":\"dB\",\"v\":58.37}]";

START_TEST(senml_json_by_hand)
{
	struct batch *b = example();
	size_t len;
	char *text = (char *)encode("senml-json", &b, 1, &len);

	ck_assert_str_eq(text, senml_json);
	ck_assert_uint_eq(len, strlen(text));
	free(text);
	batch_free(b);
}
END_TEST

START_TEST(senml_bound_only_when_it_is_known)
{
	struct batch *b[2] = { example(), example() };
	size_t len;
	char *text;

	for (int i = 0; i < 2; i++) {
		b[i]->sync = BATCH_SYNCHRONISED;
		b[i]->bound_ns = 2000000;
		b[i]->stamp_bound_ns = 500000 * i;
	}
	b[1]->from_ns += SECOND / 5;
	b[1]->results[3].mean += 1.5;
	text = (char *)encode("senml-json", b, 2, &len);
	ck_assert_ptr_nonnull(strstr(text,
		"{\"n\":\"bound\",\"u\":\"s\",\"v\":0.0025},"));
	ck_assert_ptr_nonnull(strstr(text,
		"\"bu\":\"dB\",\"bv\":58.37,\"v\":0},{\"v\":1.5,\"t\":0.2}"));
	free(text);
	b[1]->sync = BATCH_UNSYNCHRONISED;
	text = (char *)encode("senml-json", b, 2, &len);
	ck_assert_ptr_null(strstr(text, "bound"));
	free(text);
	batch_free(b[0]);
	batch_free(b[1]);
}
END_TEST

/* As power_interval() makes them: of whole cycles there is the rms alone. */
START_TEST(senml_has_an_rms_that_comes_without_a_mean)
{
	static const struct batch_channel channels[] = {
		{ "L1-voltage", "voltage", "V", "L1", 4 },
		{ "frequency", "frequency", "Hz", "", 4 },
	};
	struct batch_layout *l = batch_layout_new("m.cycles", 2, channels);
	struct batch *b[2] = { batch_new(l), batch_new(l) };
	size_t len;
	char *text;

	for (int i = 0; i < 2; i++) {
		strcpy(b[i]->hub, "h");
		strcpy(b[i]->boot, "b");
		b[i]->from_ns = (1700000000 + i) * SECOND;
		b[i]->results[0] = (struct batch_result){ .mean = NAN,
			.min = NAN, .max = NAN, .rms = 230.25 + i, .last = NAN,
			.difference = NAN, .count = 1000 };
		b[i]->results[1] = (struct batch_result){ .mean = 50,
			.min = 50, .max = 50, .rms = NAN, .last = 50,
			.difference = NAN, .count = 1000 };
	}
	text = (char *)encode("senml-json", b, 2, &len);
	ck_assert_msg(strstr(text, "{\"bn\":\"h/m.cycles/L1-voltage/rms\","
			     "\"bu\":\"V\",\"bv\":230.25,\"v\":0},"
			     "{\"v\":1,\"t\":1},"), "%s", text);
	ck_assert_ptr_null(strstr(text, "frequency/"));
	free(text);
	free(encode("senml-cbor", b, 2, &len));
	ck_assert_uint_gt(len, 0);
	batch_free(b[0]);
	batch_free(b[1]);
	batch_layout_put(l);
}
END_TEST

/* RFC 8428 table 4, RFC 8949 section 3, half precision of IEEE 754. */
static const uint8_t senml_cbor[] = {
	0x82,
	0xa4, 0x21, 0x64, 'h', '/', 's', '/',
	0x22, 0x1a, 0x65, 0x53, 0xf1, 0x00,
	0x00, 0x67, 'b', 'a', 't', 'c', 'h', 'e', 's',
	0x03, 0x67, 'b', ':', '1', '-', '1', ':', '1',
	0xa3, 0x21, 0x65, 'h', '/', 's', '/', 'V',
	0x23, 0x61, 'V',
	0x02, 0xf9, 0x5b, 0x32,		/* 230.25 */
};

START_TEST(senml_cbor_by_hand)
{
	const struct batch_channel channel = { "V", "voltage", "V", "", 4 };
	struct batch_layout *l = batch_layout_new("s", 1, &channel);
	struct batch *b = batch_new(l);
	uint8_t *data;
	size_t len;

	strcpy(b->hub, "h");
	strcpy(b->boot, "b");
	b->seq = 1;
	b->from_ns = 1700000000 * SECOND;
	b->results[0] = (struct batch_result){ .mean = 230.25, .min = 230.25,
		.max = 230.25, .rms = 230.25, .last = 230.25, .difference = NAN,
		.count = 1 };
	data = encode("senml-cbor", &b, 1, &len);
	ck_assert_uint_eq(len, sizeof(senml_cbor));
	ck_assert_mem_eq(data, senml_cbor, len);
	free(data);
	batch_free(b);
	batch_layout_put(l);
}
END_TEST

/* What was written, read back by the rules of RFC 8949 appendix D. */
static double read_number(const struct bytes *b)
{
	const uint8_t *p = b->data;
	int major = p[0] >> 5, info = p[0] & 31, bytes = 0;
	uint64_t v = (uint64_t)info;

	if (info >= 24) {
		bytes = 1 << (info - 24);
		v = 0;
	}
	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[1 + i];
	ck_assert_uint_eq(b->len, 1 + (size_t)bytes);
	if (major == 0)
		return (double)v;
	if (major == 1)
		return -1 - (double)v;
	ck_assert_int_eq(major, 7);
	if (bytes == 8) {
		double d;

		memcpy(&d, &v, sizeof(d));
		return d;
	}
	if (bytes == 4) {
		uint32_t bits = (uint32_t)v;
		float f;

		memcpy(&f, &bits, sizeof(f));
		return f;
	}
	double m = (double)(v & 0x3ff);
	int e = (int)(v >> 10 & 31);

	m = e ? ldexp(m + 1024, e - 25) : ldexp(m, -24);
	return v & 0x8000 ? -m : m;
}

static size_t number_size(double v, double tolerance)
{
	struct bytes b = { 0 };
	double seen = cbor_number(&b, v, tolerance);
	size_t len = b.len;

	ck_assert_double_eq(seen, read_number(&b));
	ck_assert_double_le(fabs(seen - v), tolerance);
	bytes_clear(&b);
	return len;
}

START_TEST(numbers_are_as_short_as_they_may)
{
	ck_assert_uint_eq(number_size(0, 0), 1);
	ck_assert_uint_eq(number_size(23, 0), 1);
	ck_assert_uint_eq(number_size(-24, 0), 1);
	ck_assert_uint_eq(number_size(255, 0), 2);
	ck_assert_uint_eq(number_size(65535, 0), 3);
	ck_assert_uint_eq(number_size(22.6, 0.5), 1);
	ck_assert_uint_eq(number_size(1.5, 0), 3);
	ck_assert_uint_eq(number_size(6.103515625e-5, 0), 3);
	ck_assert_uint_eq(number_size(5.960464477539063e-8, 0), 3);
	ck_assert_uint_eq(number_size(65504.5, 0), 5);
	ck_assert_uint_eq(number_size(0.1, 1e-4), 3);
	ck_assert_uint_eq(number_size(0.1, 1e-8), 5);
	ck_assert_uint_eq(number_size(0.1, 0), 9);
	ck_assert_uint_eq(number_size(1e300, 0), 9);
}
END_TEST

START_TEST(no_number_is_further_off_than_allowed)
{
	for (uint64_t i = 0; i < 20000; i++) {
		double v = fake_random(1, i) * pow(10, 12 * fake_random(2, i));

		number_size(v, 0);
		number_size(v, fabs(v) * 1e-3);
		number_size(v, pow(10, 8 * fake_random(3, i)));
	}
}
END_TEST

START_TEST(influx_by_hand)
{
	struct batch *b = example();
	size_t len;
	char *text = (char *)encode("influx", &b, 1, &len);
	char *line = strtok(text, "\n");

	ck_assert_str_eq(line, "pm2p5,channel=pm2p5,hub=_lamp,sensor=sen66,unit=ug/m3"
		" count=1i,mean=8.5,min=8.5,max=8.5,rms=8.5,last=8.5,seq=42i,"
		"synchronised=f 1700000000200000000");
	line = strtok(NULL, "\n");
	ck_assert_str_eq(line, "odd,channel=odd\\ name,hub=_lamp,sensor=sen66,unit=furlong"
		" count=2i,expected=3i,mean=-3.25,min=-4,max=-3.25,rms=3.25,"
		"last=-3.25,seq=42i,synchronised=f 1700000000200000000");
	for (int i = 0; i < 3; i++)
		line = strtok(NULL, "\n");
	ck_assert_str_eq(line, "gone,channel=gone,hub=_lamp,sensor=sen66,unit=V"
		" count=0i,seq=42i,synchronised=f 1700000000200000000");
	ck_assert_ptr_null(strtok(NULL, "\n"));
	free(text);
	batch_free(b);
}
END_TEST

START_TEST(influx_escapes)
{
	const struct batch_channel channel = { "a,b=c d\\\n", "q r", "", "", 0 };
	struct batch_layout *l = batch_layout_new("s", 1, &channel);
	struct batch *b = batch_new(l);
	size_t len;
	char *text;

	strcpy(b->hub, "h");
	text = (char *)encode("influx", &b, 1, &len);
	ck_assert_msg(!strncmp(text, "q\\ r,channel=a\\,b\\=c\\ d__,hub=h,"
			       "sensor=s count=0i", 46), "%s", text);
	ck_assert_ptr_null(strchr(text, '\n'));
	free(text);
	batch_free(b);
	batch_layout_put(l);
}
END_TEST

/* How many values a minute of that sensor holds, as SenML counts them. */
static size_t values_in(const char *pack)
{
	json_t *root = json_loads(pack, 0, NULL), *record;
	size_t n = 0, i;

	ck_assert_ptr_nonnull(root);
	json_array_foreach(root, i, record)
		n += json_object_get(record, "v") != NULL;
	json_decref(root);
	return n - 1;	/* the bound */
}

/* What a message costs beside its payload: headers, topic and id of MQTT. */
static size_t framing(const char *sensor)
{
	return 4 + 2 + strlen("cityhub/v1/lamp-0815/data/") + strlen(sensor) +
	       2;
}

START_TEST(bytes_per_value)
{
	size_t values = 0, json = 0, cbor = 0, influx = 0, own = 0;

	for (unsigned int s = 0; s < FAKE_SENSORS; s++) {
		size_t n, j, c, len;
		uint8_t *data;

		make_minute(s);
		data = encode("senml-json", minute, MINUTE, &j);
		n = values_in((char *)data);
		free(data);
		free(encode("senml-cbor", minute, MINUTE, &c));
		j += framing(fake_sensors[s].name);
		c += framing(fake_sensors[s].name);
		free(encode("influx", minute, MINUTE, &len));
		influx += len;
		for (int i = 0; i < MINUTE; i++) {
			free(encode("json", &minute[i], 1, &len));
			own += len;
		}
		printf("%-14s %5zu values  senml-json %5.2f  senml-cbor %5.2f bytes per value\n",
		       fake_sensors[s].name, n, (double)j / (double)n,
		       (double)c / (double)n);
		values += n;
		json += j;
		cbor += c;
		free_minute();
	}
	printf("%-14s %5zu values  senml-json %5.2f  senml-cbor %5.2f  influx %5.2f  json %5.2f\n",
	       "all", values, (double)json / (double)values,
	       (double)cbor / (double)values, (double)influx / (double)values,
	       (double)own / (double)values);
	fflush(stdout);
	ck_assert_double_le((double)cbor / (double)values, 8);
	ck_assert_double_le((double)json / (double)values, 20);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("format");
	TCase *t = tcase_create("format");

	tcase_add_test(t, names);
	tcase_add_test(t, senml_json_by_hand);
	tcase_add_test(t, senml_bound_only_when_it_is_known);
	tcase_add_test(t, senml_has_an_rms_that_comes_without_a_mean);
	tcase_add_test(t, senml_cbor_by_hand);
	tcase_add_test(t, numbers_are_as_short_as_they_may);
	tcase_add_test(t, no_number_is_further_off_than_allowed);
	tcase_add_test(t, influx_by_hand);
	tcase_add_test(t, influx_escapes);
	tcase_add_test(t, bytes_per_value);
	suite_add_tcase(s, t);
	return unit_run(s);
}
