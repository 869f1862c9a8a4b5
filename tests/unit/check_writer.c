// SPDX-License-Identifier: GPL-2.0-only
/* One document, for people and for programs. */
#include "unit.h"

#include "cityhub/writer.h"

static char *text;
static size_t room;

/* Sensors with so many counters, all of them @value. */
static const char *table(enum writer_format format, int rows, int columns,
			 int64_t value)
{
	FILE *f;
	struct writer *w;

	free(text);
	f = open_memstream(&text, &room);
	w = writer_new(f, format);
	writer_array_begin(w, NULL);
	for (int r = 0; r < rows; r++) {
		writer_object_begin(w, NULL);
		for (int c = 0; c < columns; c++) {
			char key[16];

			snprintf(key, sizeof(key), "key_%d", c);
			writer_int(w, key, value + r);
		}
		writer_object_end(w);
	}
	writer_array_end(w);
	ck_assert_int_eq(writer_flush(w), 0);
	writer_free(w);
	fclose(f);
	return text;
}

static size_t widest(void)
{
	size_t wide = 0;

	for (const char *c = text; *c; c += strcspn(c, "\n") + 1)
		if (strcspn(c, "\n") > wide)
			wide = strcspn(c, "\n");
	return wide;
}

START_TEST(a_table_has_its_keys_on_top)
{
	ck_assert_str_eq(table(WRITER_TEXT, 2, 2, 7),
			 "key_0  key_1\n    7      7\n    8      8\n");
}
END_TEST

START_TEST(programs_get_one_line)
{
	ck_assert_str_eq(table(WRITER_JSON, 2, 1, 7),
			 "[{\"key_0\":7},{\"key_0\":8}]\n");
}
END_TEST

START_TEST(a_wide_table_is_turned)
{
	table(WRITER_TEXT, 3, 20, 1000000);
	ck_assert_int_eq(strncmp(text, "key_0   1000000  1000001  1000002\n", 34), 0);
	ck_assert_uint_le(widest(), 80);
}
END_TEST

START_TEST(no_table_is_wider_than_a_serial_console)
{
	for (int rows = 1; rows < 40; rows += 9)
		for (int columns = 1; columns < 40; columns += 6) {
			table(WRITER_TEXT, rows, columns, 1234567890123);
			ck_assert_uint_le(widest(), 80);
		}
}
END_TEST

START_TEST(keys_that_do_not_fit_are_an_error)
{
	struct writer *w = writer_new(stderr, WRITER_JSON);

	writer_object_begin(w, NULL);
	writer_int(w, NULL, 1);
	writer_object_end(w);
	ck_assert_int_eq(writer_flush(w), -1);
	writer_free(w);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("writer");
	TCase *t = tcase_create("writer");
	int ret;

	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_table_has_its_keys_on_top);
	tcase_add_test(t, programs_get_one_line);
	tcase_add_test(t, a_wide_table_is_turned);
	tcase_add_test(t, no_table_is_wider_than_a_serial_console);
	tcase_add_test(t, keys_that_do_not_fit_are_an_error);
	suite_add_tcase(s, t);
	ret = unit_run(s);
	free(text);
	return ret;
}
