// SPDX-License-Identifier: GPL-2.0-only
/* From IIO channels to quantities, units and values. */
#include "unit.h"

#include "cityhubd/meaning.h"
#include "common/array.h"

struct row {
	const char *device, *id, *label;
	double scale, offset;
	bool is_signed;
	int64_t raw;
	const char *channel, *quantity, *unit, *phase;
	double value;
};

static const struct row rows[] = {
	{ "sen66", "massconcentration_pm2p5", NULL, 0.1, 0, false, 84,
	  "massconcentration_pm2p5", "pm2p5", "ug/m3", "", 8.4 },
	{ "sen66", "massconcentration_pm10", "pm10", 0.1, 0, false, 121, "pm10",
	  "pm10", "ug/m3", "", 12.1 },
	{ "sen66", "massconcentration_pm1", "pm1", 0.1, 0, false, 5, "pm1",
	  "pm1", "ug/m3", "", 0.5 },
	{ "sen66", "humidityrelative", "rh", 10, 0, true, 4512, "rh", "rh", "%",
	  "", 45.12 },
	{ "sen66", "temp", "temp", 5, 0, true, -250, "temp", "temperature",
	  "Cel", "", -1.25 },
	{ "sen66", "concentration_co2", "co2", 0.0001, 0, false, 612, "co2",
	  "co2", "ppm", "", 612 },
	{ "sen66", "concentration0", "voc-index", 0.1, 0, true, 1000,
	  "voc-index", "voc_index", "1", "", 100 },
	{ "sen66", "concentration1", "nox-index", 0.1, 0, true, 10, "nox-index",
	  "nox_index", "1", "", 1 },
	{ "sen68", "concentration2", "hcho", 1e-8, 0, false, 153, "hcho",
	  "hcho", "ppb", "", 15.3 },
	/* 60 dB: 20000 uPa, scale to kPa; the window engine wants pascals */
	{ "pcba-dbm", "pressure", "LAeq", 1e-9, 0, false, 20000, "LAeq",
	  "sound_level", "dB(A)", "", 0.02 },
	{ "ade9000-wave", "voltage0", "VA", 0.02, 0, true, -1000, "VA",
	  "voltage", "V", "L1", -0.02 },
	{ "ade9000-wave", "current2", "IC", 0.001, 0, true, 1000, "IC",
	  "current", "A", "L3", 0.001 },
	{ "ade9000-wave", "current3", "IN", 0.001, 0, true, 1000, "IN",
	  "current", "A", "N", 0.001 },
	{ "ade9000-meter", "power5", "L2-active-power", 0.5, 0, true, -1000,
	  "L2-active-power", "active_power", "W", "L2", -0.5 },
	{ "ade9000-meter", "power1", "L1-reactive-power", 0.5, 0, true, 1000,
	  "L1-reactive-power", "reactive_power", "var", "L1", 0.5 },
	{ "ade9000-meter", "power2", "L1-apparent-power", 0.5, 0, true, 1000,
	  "L1-apparent-power", "apparent_power", "VA", "L1", 0.5 },
	{ "ade9000-meter", "altvoltage0_rms", "L1-voltage", 0.01, 0, true, 23000000,
	  "L1-voltage", "voltage", "V", "L1", 230 },
	{ "ade9000-meter", "energy0", "L1-energy", 0.5, 0, true, 7200,
	  "L1-energy", "energy", "Wh", "L1", 1 },
	{ "ade9000-meter", "anglvel0", "L1-frequency", 1e-6, 0, false, 314159265,
	  "L1-frequency", "frequency", "Hz", "L1", 49.99999992 },
	{ "ade9000", "power1_reactive", NULL, 0.5, 0, true, 1000,
	  "power1_reactive", "reactive_power", "var", "", 0.5 },
	{ "bmp280", "pressure", NULL, 0.001, 0, false, 101325, "pressure",
	  "pressure", "hPa", "", 1013.25 },
	{ "bmp280", "temp", NULL, 1, 0, true, 21500, "temp", "temperature",
	  "Cel", "", 21.5 },
	{ "mpl3115", "temp", NULL, 0.0625, 0, true, 344, "temp", "temperature",
	  "Cel", "", 21.5 },
	{ "some-adc", "voltage3", NULL, 2, -100, false, 600, "voltage3",
	  "voltage", "V", "", 1 },
	{ "odd", "proximity2", NULL, 1, 0, false, 7, "proximity2", "proximity2",
	  "1", "", 7 },
	/* A label that says nothing to us leaves the type. */
	{ "bmp280", "temp", "street side", 1, 0, true, 21500, "street side",
	  "temperature", "Cel", "", 21.5 },
};

START_TEST(table)
{
	const struct row *r = &rows[_i];
	const struct meaning_input in = {
		.device = r->device, .id = r->id, .label = r->label,
		.scale = r->scale, .offset = r->offset,
		.format = { .bits = 32, .storage = 32,
			    .is_signed = r->is_signed },
	};
	struct meaning m;
	double value;

	meaning_find(&in, &m);
	ck_assert_str_eq(m.channel.channel, r->channel);
	ck_assert_str_eq(m.channel.quantity, r->quantity);
	ck_assert_str_eq(m.channel.unit, r->unit);
	ck_assert_str_eq(m.channel.phase, r->phase);
	meaning_convert(&m, &r->raw, 1, &value);
	ck_assert_double_eq_tol(value, r->value, 1e-9 * fabs(r->value) + 1e-12);
}
END_TEST

static bool is_unknown(const char *device, bool is_signed, unsigned int bits,
		       int64_t raw)
{
	const struct meaning_input in = {
		.device = device, .id = "temp", .scale = 1,
		.format = { .bits = bits, .storage = bits,
			    .is_signed = is_signed },
	};
	struct meaning m;
	double value;

	meaning_find(&in, &m);
	meaning_convert(&m, &raw, 1, &value);
	return isnan(value);
}

START_TEST(sentinels)
{
	ck_assert(is_unknown("sen66", false, 16, 0xffff));
	ck_assert(is_unknown("sen55", true, 16, 0x7fff));
	ck_assert(!is_unknown("sen66", false, 16, 0x7fff));
	ck_assert(!is_unknown("sen66", true, 16, -1));
	ck_assert(!is_unknown("bmp280", true, 16, 0x7fff));
	ck_assert(!is_unknown("sen66", true, 64, 0x7fff));
}
END_TEST

START_TEST(reductions)
{
	struct meaning_input in = {
		.device = "pcba-dbm", .id = "pressure", .label = "LAeq",
		.scale = 1e-9, .format = { .bits = 32, .storage = 32 },
	};
	struct meaning m;

	meaning_find(&in, &m);
	ck_assert_int_eq(m.window.reduce, WINDOW_LEVEL);
	ck_assert_double_eq(m.window.step, 1);
	in.device = "ade9000-meter";
	in.id = "energy0";
	in.label = "L1-energy";
	meaning_find(&in, &m);
	ck_assert_int_eq(m.window.reduce, WINDOW_COUNTER);
	in.label = "L1-voltage";
	meaning_find(&in, &m);
	ck_assert_int_eq(m.window.reduce, WINDOW_LINEAR);
}
END_TEST

/* Firmware may say anything; what leaves here must be text. */
START_TEST(labels_are_cleaned)
{
	const struct meaning_input in = {
		.device = "x", .id = "temp", .label = "k\xfc" "che\x01 2",
		.scale = 1, .format = { .bits = 16, .storage = 16 },
	};
	struct meaning m;

	meaning_find(&in, &m);
	ck_assert_str_eq(m.channel.channel, "k_che_ 2");
	ck_assert_str_eq(m.channel.quantity, "temperature");
}
END_TEST

START_TEST(decimals)
{
	struct meaning_input in = {
		.device = "sen66", .id = "massconcentration_pm1", .scale = 0.1,
		.format = { .bits = 16, .storage = 16 },
	};
	struct meaning m;

	meaning_find(&in, &m);
	ck_assert_int_eq(m.channel.decimals, 3);
	in.scale = 1;
	meaning_find(&in, &m);
	ck_assert_int_eq(m.channel.decimals, 2);
	in.scale = 1e-20;
	meaning_find(&in, &m);
	ck_assert_int_eq(m.channel.decimals, 9);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("meaning");
	TCase *t = tcase_create("meaning");

	tcase_add_loop_test(t, table, 0, ARRAY_SIZE(rows));
	tcase_add_test(t, sentinels);
	tcase_add_test(t, reductions);
	tcase_add_test(t, labels_are_cleaned);
	tcase_add_test(t, decimals);
	suite_add_tcase(s, t);
	return unit_run(s);
}
