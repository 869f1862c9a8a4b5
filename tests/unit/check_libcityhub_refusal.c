// SPDX-License-Identifier: GPL-2.0-only
/* The reason of a refusal in words. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/cityhub.h>

#include "libcityhub/refusal.h"

static const char *format(const struct refusal *r)
{
	static char buf[256];

	refusal_format(r, buf, sizeof(buf));
	return buf;
}

START_TEST(names_the_member)
{
	struct refusal r = {
		.error = -EAGAIN,
		.cmd = CITYHUB_CMD_ARM,
		.reason = "member is not primed: its buffer is off",
		.attr = CITYHUB_A_CAPTURE_MEMBER,
		.has_value = 1,
		.value = 3,
		.member = "mpl3115",
	};

	ck_assert_str_eq(format(&r),
			 "member 3 (mpl3115): member is not primed: its buffer is off");
	r.member[0] = '\0';
	ck_assert_str_eq(format(&r),
			 "member 3: member is not primed: its buffer is off");
}
END_TEST

START_TEST(names_the_attribute)
{
	struct refusal r = {
		.error = -ERANGE,
		.cmd = CITYHUB_CMD_ARM,
		.reason = "start lies in the past",
		.attr = CITYHUB_A_CAPTURE_START_NS,
		.has_value = 1,
		.value = 12345678901ULL,
	};

	ck_assert_str_eq(format(&r),
			 "start-ns 12345678901: start lies in the past");
	r.attr = 99;
	r.has_value = 0;
	ck_assert_str_eq(format(&r), "attribute 99: start lies in the past");
}
END_TEST

START_TEST(names_what_is_missing)
{
	struct refusal r = {
		.error = -EINVAL,
		.cmd = CITYHUB_CMD_ARM,
		.reason = "no member is named",
		.missing = CITYHUB_A_CAPTURE_MEMBER,
	};

	ck_assert_str_eq(format(&r), "no member is named (member is missing)");
}
END_TEST

START_TEST(speaks_without_the_kernel)
{
	struct refusal r = { .error = -EPERM, .cmd = CITYHUB_CMD_ARM };

	ck_assert_str_eq(format(&r), "not permitted: CAP_NET_ADMIN is needed");
	r.error = -ENOMEM;
	ck_assert_str_eq(format(&r), strerror(ENOMEM));
}
END_TEST

START_TEST(fits_any_buffer)
{
	struct refusal r = {
		.error = -EAGAIN,
		.cmd = CITYHUB_CMD_ARM,
		.attr = CITYHUB_A_CAPTURE_MEMBER,
		.has_value = 1,
		.value = UINT64_MAX,
	};
	char buf[256];
	size_t size;

	memset(r.reason, 'x', sizeof(r.reason) - 1);
	memset(r.member, 'y', sizeof(r.member) - 1);
	for (size = 1; size < sizeof(buf); size++) {
		memset(buf, '!', sizeof(buf));
		refusal_format(&r, buf, size);
		ck_assert_uint_lt(strlen(buf), size);
		ck_assert_int_eq(buf[size], '!');
	}
}
END_TEST

START_TEST(knows_attributes_by_operation)
{
	ck_assert_str_eq(refusal_attr_name(CITYHUB_CMD_DISARM,
					   CITYHUB_A_CAPTURE_GENERATION),
			 "generation");
	ck_assert_ptr_null(refusal_attr_name(CITYHUB_CMD_ARM,
					     CITYHUB_A_CAPTURE_GENERATION));
	ck_assert(refusal_attr_is_member(CITYHUB_CMD_ARM,
					 CITYHUB_A_CAPTURE_MEMBER));
	ck_assert(!refusal_attr_is_member(CITYHUB_CMD_ARM,
					  CITYHUB_A_CAPTURE_START_NS));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("libcityhub refusal");
	TCase *tc = tcase_create("refusal");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, names_the_member);
	tcase_add_test(tc, names_the_attribute);
	tcase_add_test(tc, names_what_is_missing);
	tcase_add_test(tc, speaks_without_the_kernel);
	tcase_add_test(tc, fits_any_buffer);
	tcase_add_test(tc, knows_attributes_by_operation);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
