// SPDX-License-Identifier: GPL-2.0-only
/* What cityhub commission makes of a place that is known in part. */
#include "unit.h"

#include "cityhub/cmd.h"
#include "cityhub/writer.h"

static char dir[200], conf[300], record[300], *told;

static void begin(void)
{
	unit_dir(dir, sizeof(dir), "commission");
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	snprintf(record, sizeof(record), "%s/record", dir);
	unit_write(conf, "hub = { location = { lat = 48.2; lon = 16.4; height_m = 4.5; }; };\n");
}

static void end(void)
{
	free(told);
	told = NULL;
	unit_dir_remove(dir);
}

/* The exit status; what is told is left in told. */
static int commission(char *a, char *b, char *c, char *d)
{
	char *argv[] = { "commission", "--config", conf, "--record", record,
			 a, b, c, d, NULL };
	int argc = 5, status;
	struct writer *w;
	size_t room;
	FILE *f;

	while (argv[argc])
		argc++;
	free(told);
	told = NULL;
	f = open_memstream(&told, &room);
	ck_assert_ptr_nonnull(f);
	w = writer_new(f, WRITER_JSON);
	ck_assert_ptr_nonnull(w);
	optind = 1;
	status = cmd_commission.run(argc, argv, w);
	ck_assert_int_eq(writer_flush(w), 0);
	writer_free(w);
	ck_assert_int_eq(fclose(f), 0);
	return status;
}

START_TEST(a_height_alone_does_not_move_the_hub)
{
	ck_assert_int_eq(commission("--height", "6", NULL, NULL), CMD_OK);
	ck_assert_msg(strstr(told, "set hub.location = { lat = 48.2; lon = 16.4; height_m = 6; };"),
		      "%s", told);
}
END_TEST

START_TEST(what_is_the_same_needs_no_word)
{
	ck_assert_int_eq(commission("--height", "4.5", NULL, NULL), CMD_OK);
	ck_assert_ptr_null(strstr(told, "location"));
	ck_assert_int_eq(commission("--lat", "48.2", "--lon", "16.4"), CMD_OK);
	ck_assert_ptr_null(strstr(told, "location"));
}
END_TEST

START_TEST(another_place_is_told_whole)
{
	ck_assert_int_eq(commission("--lat", "48.3", "--lon", "16.4"), CMD_OK);
	ck_assert_msg(strstr(told, "set hub.location = { lat = 48.3; lon = 16.4; height_m = 4.5; };"),
		      "%s", told);
}
END_TEST

START_TEST(without_a_configured_place_only_what_is_known)
{
	unit_write(conf, "\n");
	ck_assert_int_eq(commission("--height", "6", NULL, NULL), CMD_OK);
	ck_assert_msg(strstr(told, "set hub.location = { height_m = 6; };"),
		      "%s", told);
}
END_TEST

START_TEST(half_a_place_is_refused)
{
	ck_assert_int_eq(commission("--lat", "48.2", NULL, NULL), CMD_USAGE);
	ck_assert_int_eq(commission("--lon", "16.4", "--height", "6"), CMD_USAGE);
	ck_assert_int_ne(access(record, F_OK), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cmd_commission");
	TCase *t = tcase_create("cmd_commission");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_height_alone_does_not_move_the_hub);
	tcase_add_test(t, what_is_the_same_needs_no_word);
	tcase_add_test(t, another_place_is_told_whole);
	tcase_add_test(t, without_a_configured_place_only_what_is_known);
	tcase_add_test(t, half_a_place_is_refused);
	suite_add_tcase(s, t);
	return unit_run(s);
}
