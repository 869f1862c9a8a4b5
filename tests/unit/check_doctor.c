// SPDX-License-Identifier: GPL-2.0-only
/* What doctor says of a store in another place, which the unit's sandbox bars. */
#include "unit.h"

#include "cityhub/doctor.h"

static struct doctor d;
static char *told;
static size_t room;
static FILE *out;

static void begin(void)
{
	out = open_memstream(&told, &room);
	ck_assert_ptr_nonnull(out);
	memset(&d, 0, sizeof(d));
	d.writer = writer_new(out, WRITER_JSON);
	ck_assert_ptr_nonnull(d.writer);
	conf_defaults(&d.conf);
	d.conf_good = true;
	d.systemd = true;
}

static void end(void)
{
	writer_free(d.writer);
	doctor_free(&d);
	fclose(out);
	free(told);
}

static void place(const char *path)
{
	snprintf(d.conf.store.path, sizeof(d.conf.store.path), "%s", path);
}

/* Does what was told name the settings of the unit? */
static bool names_the_unit(void)
{
	doctor_write(&d);
	ck_assert_int_eq(writer_flush(d.writer), 0);
	ck_assert_ptr_nonnull(strstr(told, "\"status\":\"fault\""));
	return strstr(told, "ReadWritePaths=") &&
	       strstr(told, "RequiresMountsFor=") &&
	       strstr(told, "systemctl edit cityhubd");
}

START_TEST(who_is_told_to_move_the_store_is_told_how)
{
	place("/dev/shm/store.db");
	doctor_store(&d);
	ck_assert(names_the_unit());
}
END_TEST

START_TEST(without_systemd_there_is_no_unit)
{
	d.systemd = false;
	place("/dev/shm/store.db");
	doctor_store(&d);
	doctor_daemon(&d);
	ck_assert(!names_the_unit());
}
END_TEST

START_TEST(a_daemon_that_ended_may_be_barred_from_its_store)
{
	place("/data/store.db");
	doctor_daemon(&d);
	ck_assert(names_the_unit());
}
END_TEST

START_TEST(not_from_one_where_the_unit_lets_it)
{
	doctor_daemon(&d);
	ck_assert(!names_the_unit());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("doctor");
	TCase *t = tcase_create("doctor");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, who_is_told_to_move_the_store_is_told_how);
	tcase_add_test(t, without_systemd_there_is_no_unit);
	tcase_add_test(t, a_daemon_that_ended_may_be_barred_from_its_store);
	tcase_add_test(t, not_from_one_where_the_unit_lets_it);
	suite_add_tcase(s, t);
	return unit_run(s);
}
