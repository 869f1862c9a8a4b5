// SPDX-License-Identifier: GPL-2.0-only
/* What cityhub set refuses before it has changed anything. */
#include "unit.h"

#include "cityhub/cmd.h"
#include "cityhub/writer.h"
#include "common/array.h"

#define ARGS	8

static char *cases[][ARGS] = {
	/* The grid would be set, and the rest refused by the kernel. */
	{ "set", "--period", "1", "--sync", "0.001", "--valid", "86400.1" },
	{ "set", "--sync", "0.001", "--valid", "86401" },
	{ "set", "--valid", "60" },
	{ "set", "--policy", "any", "--valid", "60" },
	{ "set" },
	{ "set", "--sync", "-1" },
};

START_TEST(nothing_is_begun_that_cannot_be_ended)
{
	struct writer *w = writer_new(stdout, WRITER_JSON);
	int argc = 0;

	ck_assert_ptr_nonnull(w);
	while (argc < ARGS && cases[_i][argc])
		argc++;
	optind = 1;
	ck_assert_int_eq(cmd_set.run(argc, cases[_i], w), CMD_USAGE);
	writer_free(w);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cmd_set");
	TCase *t = tcase_create("cmd_set");

	tcase_add_loop_test(t, nothing_is_begun_that_cannot_be_ended, 0,
			    ARRAY_SIZE(cases));
	suite_add_tcase(s, t);
	return unit_run(s);
}
