// SPDX-License-Identifier: GPL-2.0-only
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cityhubd/local_socket.h"
#include "unit.h"

static char dir[] = "/tmp/check_local_socket.XXXXXX";
static char path[sizeof(dir) + 8];

static void make(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
}

static void drop(void)
{
	unlink(path);
	rmdir(dir);
}

START_TEST(one_that_was_left_is_replaced)
{
	struct stat st;
	int left = local_socket_listen(path, SOCK_STREAM, 1);
	int fd = local_socket_listen(path, SOCK_SEQPACKET, 1);

	ck_assert_int_ge(left, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	close(left);
	close(fd);
}
END_TEST

START_TEST(a_file_stays)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(local_socket_listen(path, SOCK_STREAM, 1), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_told)
{
	ck_assert_int_eq(local_socket_listen("/none/s", SOCK_STREAM, 1), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("local_socket");
	TCase *t = tcase_create("local_socket");

	tcase_add_checked_fixture(t, make, drop);
	tcase_add_test(t, one_that_was_left_is_replaced);
	tcase_add_test(t, a_file_stays);
	tcase_add_test(t, a_directory_that_is_not_there_is_told);
	suite_add_tcase(s, t);
	return unit_run(s);
}
