// SPDX-License-Identifier: GPL-2.0-only
/* What cityhub watch makes of messages, and how it fits on a screen. */
#include "unit.h"

#include "cityhub/watch_draw.h"
#include "cityhub/watch_view.h"

#define NOW	(1000 * SECOND)

static struct watch_view *view;
static char *screen;

static void begin(void)
{
	view = watch_view_new("");
	ck_assert_ptr_nonnull(view);
}

static void end(void)
{
	watch_view_free(view);
	free(screen);
	screen = NULL;
}

/* A second of a sensor with @n channels c0, c1... that all have @value. */
static void batch(const char *sensor, int seq, int n, double value, int count)
{
	char json[8192];
	int len = snprintf(json, sizeof(json),
		"{\"hub\":\"lamp\",\"boot\":\"b\",\"seq\":%d,\"sensor\":\"%s\","
		"\"sync\":\"synchronised\",\"bound_ns\":800000,"
		"\"stamp_bound_ns\":1900,\"from_ns\":998000000000,"
		"\"to_ns\":999000000000,\"results\":[", seq, sensor);

	for (int i = 0; i < n; i++)
		len += snprintf(json + len, sizeof(json) - (size_t)len,
			"%s{\"channel\":\"c%d\",\"quantity\":\"q\",\"unit\":\"V\","
			"\"mean\":%g,\"rms\":null,\"last\":1,\"count\":%d,"
			"\"expected\":10,\"instant_ns\":999000000000}",
			i ? "," : "", i, value, count);
	snprintf(json + len, sizeof(json) - (size_t)len, "]}");
	watch_view_data(view, json);
}

static const char *draw(unsigned int columns, unsigned int lines, bool utf8)
{
	const struct watch_size size = { columns, lines, utf8 };
	size_t room;
	FILE *f;

	free(screen);
	f = open_memstream(&screen, &room);
	ck_assert_ptr_nonnull(f);
	watch_draw(view, NULL, &size, NOW, f);
	ck_assert_int_eq(fclose(f), 0);
	return screen;
}

/* Line @n of the screen, from 0. */
static const char *line(int n)
{
	static char text[600];
	const char *at = screen;

	while (n-- && at)
		at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "\n"), at);
	return text;
}

START_TEST(a_sensor_has_rate_age_bound_and_coverage)
{
	batch("sen66", 1, 1, 12.345, 10);
	draw(80, 24, false);
	ck_assert_str_eq(line(0), "hub lamp   clock synced +-800 us   broker DOWN");
	ck_assert_str_eq(line(2), "sen66                 10 Hz    1.0 s   1.9 us   100%      -       -      -");
	ck_assert_ptr_nonnull(strstr(line(3), "  c0                 12.35 V"));
	batch("sen66", 2, 1, 12.345, 5);
	draw(80, 24, false);
	ck_assert_ptr_nonnull(strstr(line(2), "5 Hz"));
	ck_assert_ptr_nonnull(strstr(line(2), " 75.0% "));
}
END_TEST

START_TEST(one_sample_of_many_missing_is_not_all)
{
	for (int i = 0; i < 1000; i++)
		batch("sen66", i, 1, 1, i ? 10 : 9);
	draw(80, 24, false);
	ck_assert_ptr_nonnull(strstr(line(2), " 99.9% "));
}
END_TEST

START_TEST(counters_are_shown_where_there_are_some)
{
	struct watch_sensor *s;

	batch("sen66", 1, 1, 1, 10);
	s = watch_view_sensor(view, "sen66");
	s->counted = true;
	s->lost = 7;
	s->faults = 3;
	s->has_ledger = true;
	s->ledger = (struct ledger_sensor){ .captured = 12, .reduced = 10,
					    .dropped = { 2 } };
	watch_view_add_up(view);
	draw(80, 24, false);
	ck_assert_ptr_nonnull(strstr(line(2), "100%      7       2      3"));
	ck_assert_ptr_nonnull(strstr(screen, "ledger captured 12 = reduced 10 + pending 0 + dropped 2\n"));
	s->ledger.reduced = 9;
	watch_view_add_up(view);
	ck_assert_ptr_nonnull(strstr(draw(80, 24, false), "DOES NOT ADD UP"));
}
END_TEST

START_TEST(history_rises_and_falls)
{
	static const double values[] = { 0, 7, 3.5, 0 };

	for (int i = 0; i < 4; i++)
		batch("s", i, 1, values[i], 10);
	draw(80, 24, false);
	ck_assert_ptr_nonnull(strstr(line(3), "V     _#=_"));
	draw(80, 24, true);
	ck_assert_ptr_nonnull(strstr(line(3), "V     \u2581\u2588\u2585\u2581"));
	/* The same all the time is neither high nor low. */
	for (int i = 0; i < 40; i++)
		batch("t", 10 + i, 1, 5, 10);
	draw(80, 24, false);
	ck_assert_ptr_nonnull(strstr(screen, "V     ======="));
}
END_TEST

/* Columns of the widest line; characters are what counts. */
static unsigned int widest(unsigned int *lines)
{
	unsigned int wide = 0, column = 0;

	*lines = 0;
	for (const char *c = screen; *c; c++) {
		column += ((unsigned char)*c & 0xc0) != 0x80;
		if (*c != '\n')
			continue;
		wide = column - 1 > wide ? column - 1 : wide;
		column = 0;
		++*lines;
	}
	ck_assert_int_eq(column, 0);
	return wide;
}

START_TEST(every_screen_is_kept_to)
{
	char name[16];
	unsigned int lines;

	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "sensor-%d", i);
		for (int k = 0; k < 40; k++)
			batch(name, 100 * i + k, 30, 1e6 * k, 10);
	}
	for (unsigned int c = 1; c < 300; c += 19) {
		for (unsigned int l = 1; l < 120; l += 13) {
			draw(c, l, c % 2 == l % 2);
			ck_assert_uint_lt(widest(&lines), c);
			ck_assert_uint_le(lines, l);
		}
	}
}
END_TEST

START_TEST(small_screens_show_every_sensor_first)
{
	batch("big", 1, 60, 1, 10);
	batch("small", 2, 2, 1, 10);
	batch("last", 3, 1, 1, 10);
	draw(80, 12, false);
	/* Three lines besides, three of sensors, six for channels. */
	ck_assert_ptr_nonnull(strstr(line(2), "big "));
	ck_assert_ptr_nonnull(strstr(line(2), " +52"));
	ck_assert_ptr_nonnull(strstr(screen, "\nsmall "));
	ck_assert_ptr_nonnull(strstr(screen, "\nlast "));
	ck_assert_ptr_null(strstr(strstr(screen, "\nsmall "), "+"));
	ck_assert_ptr_nonnull(strstr(screen, "\nhere received 3 "));
	ck_assert_ptr_nonnull(strstr(draw(80, 80, false), "c59 "));
}
END_TEST

START_TEST(faults_stay_until_they_are_over)
{
	batch("sen66", 1, 1, 1, 10);
	watch_view_fault(view, "{\"sensor\":\"sen66\",\"active\":true,\"text\":\"gone\"}");
	watch_view_fault(view, "{\"sensor\":null,\"active\":true,\"text\":\"disk\"}");
	draw(80, 24, false);
	ck_assert_str_eq(line(1), "FAULT disk");
	ck_assert_str_eq(line(4), "  FAULT gone");
	watch_view_fault(view, "{\"sensor\":\"sen66\",\"active\":false,\"text\":null}");
	watch_view_fault(view, "{\"sensor\":null,\"active\":false,\"text\":null}");
	ck_assert_ptr_null(strstr(draw(80, 24, false), "FAULT "));
}
END_TEST

START_TEST(a_sensor_that_ended_is_told)
{
	batch("sen66", 1, 1, 1, 10);
	view->sensor[0].instant_ns = NOW - 7 * SECOND;
	ck_assert_ptr_null(strstr(draw(80, 24, false), "FAULT "));
	view->sensor[0].instant_ns = NOW - 9 * SECOND;
	draw(80, 24, false);
	ck_assert_str_eq(line(3), "  FAULT no new samples: `cityhub doctor` says why");
}
END_TEST

START_TEST(names_do_not_steer_the_terminal)
{
	batch("a\\u001b[2Jb\\u009bc\\u00e9", 1, 1, 1, 10);
	draw(80, 24, true);
	ck_assert_int_eq(strncmp(line(2), "a?[2Jb?c\u00e9 ", 11), 0);
	draw(80, 24, false);
	ck_assert_int_eq(strncmp(line(2), "a?[2Jb?c? ", 10), 0);
}
END_TEST

START_TEST(only_what_is_wanted_is_shown)
{
	watch_view_want(view, "b");
	batch("a", 1, 1, 1, 10);
	ck_assert_uint_eq(view->sensors, 1);
	draw(80, 24, false);
	ck_assert_ptr_nonnull(strstr(line(2), "b "));
	ck_assert_ptr_nonnull(strstr(line(2), " - "));
	batch("b", 3, 1, 1, 10);
	ck_assert_ptr_nonnull(strstr(draw(80, 24, false), "c0 "));
	/* What is not shown still came. */
	ck_assert_ptr_nonnull(strstr(screen, "received 2   missing 1"));
}
END_TEST

START_TEST(mains_are_shown_as_rms)
{
	watch_view_data(view, "{\"hub\":\"h\",\"boot\":\"b\",\"seq\":1,\"sensor\":\"m\","
		"\"results\":[{\"channel\":\"VA\",\"quantity\":\"voltage\",\"unit\":\"V\","
		"\"phase\":\"L1\",\"mean\":0.1,\"rms\":230.04,\"last\":-311,\"count\":1},"
		"{\"channel\":\"L1-energy\",\"quantity\":\"energy\",\"unit\":\"Wh\","
		"\"phase\":\"L1\",\"mean\":null,\"rms\":null,\"last\":1234.5,\"count\":1}]}");
	draw(80, 24, false);
	ck_assert_ptr_nonnull(strstr(screen, "230.0 V"));
	ck_assert_ptr_nonnull(strstr(screen, "1234 Wh"));
}
END_TEST

START_TEST(what_makes_no_sense_is_left_out)
{
	static const char *const bad[] = {
		"", "x", "[]", "{}", "{\"seq\":-1}", "{\"seq\":1,\"results\":5}",
		"{\"seq\":1,\"sensor\":\"s\",\"results\":[5,{}]}",
		"{\"seq\":1,\"sensor\":7,\"results\":[{\"mean\":\"x\"}]}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		watch_view_data(view, bad[i]);
		watch_view_state(view, bad[i]);
		watch_view_fault(view, bad[i]);
		draw(80, 24, false);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_sensor_has_rate_age_bound_and_coverage);
	tcase_add_test(t, one_sample_of_many_missing_is_not_all);
	tcase_add_test(t, counters_are_shown_where_there_are_some);
	tcase_add_test(t, history_rises_and_falls);
	tcase_add_test(t, every_screen_is_kept_to);
	tcase_add_test(t, small_screens_show_every_sensor_first);
	tcase_add_test(t, faults_stay_until_they_are_over);
	tcase_add_test(t, a_sensor_that_ended_is_told);
	tcase_add_test(t, names_do_not_steer_the_terminal);
	tcase_add_test(t, only_what_is_wanted_is_shown);
	tcase_add_test(t, mains_are_shown_as_rms);
	tcase_add_test(t, what_makes_no_sense_is_left_out);
	suite_add_tcase(s, t);
	return unit_run(s);
}
