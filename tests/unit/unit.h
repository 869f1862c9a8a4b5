/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the user space have in common. */
#ifndef CITYHUB_TESTS_UNIT_H
#define CITYHUB_TESTS_UNIT_H

#include <check.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND	INT64_C(1000000000)

/* A folder of our own on a disk, made anew. */
static inline void unit_dir(char *path, size_t room, const char *name)
{
	char command[600];

	snprintf(path, room, "build/tmp-unit/%s-%d", name, (int)getpid());
	snprintf(command, sizeof(command), "rm -rf %s && mkdir -p %s", path,
		 path);
	ck_assert_int_eq(system(command), 0);
}

static inline void unit_dir_remove(const char *path)
{
	char command[600];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	ck_assert_int_eq(system(command), 0);
}

static inline void unit_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static inline int unit_run(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* CITYHUB_TESTS_UNIT_H */
