// SPDX-License-Identifier: GPL-2.0-only
/* Who is told to touch a clamp is told first what can kill. */
#include "unit.h"

#include <jansson.h>

#include "cityhub/clamps.h"

static json_t *findings;

/* What is told about @v, as programs get it. */
static void tell(const struct phases_verdict *v)
{
	struct doctor d = { 0 };
	char *text = NULL;
	size_t room;
	FILE *f = open_memstream(&text, &room);
	json_t *all;

	ck_assert_ptr_nonnull(f);
	d.writer = writer_new(f, WRITER_JSON);
	ck_assert_ptr_nonnull(d.writer);
	clamps_tell(&d, "meter", v);
	doctor_write(&d);
	ck_assert_int_eq(writer_flush(d.writer), 0);
	writer_free(d.writer);
	doctor_free(&d);
	ck_assert_int_eq(fclose(f), 0);
	all = json_loads(text, 0, NULL);
	free(text);
	ck_assert_ptr_nonnull(all);
	json_decref(findings);
	findings = json_incref(json_object_get(all, "findings"));
	json_decref(all);
}

static void end(void)
{
	json_decref(findings);
	findings = NULL;
}

static const char *text(size_t finding, const char *key)
{
	const char *s = json_string_value(
		json_object_get(json_array_get(findings, finding), key));

	return s ? s : "";
}

/* It begins with the warning and tells nobody to open a secondary. */
static void safe(size_t finding)
{
	const char *remedy = text(finding, "remedy");

	ck_assert_str_eq(text(finding, "status"), "fault");
	ck_assert_int_eq(strncmp(remedy, CLAMPS_WARNING,
				 strlen(CLAMPS_WARNING)), 0);
	ck_assert_ptr_null(strstr(remedy, "its two wires"));
	ck_assert_ptr_null(strstr(remedy, "change the inputs"));
}

START_TEST(the_warning_says_all_of_it)
{
	ck_assert_ptr_nonnull(strstr(CLAMPS_WARNING, "supply off"));
	ck_assert_ptr_nonnull(strstr(CLAMPS_WARNING, "locked out"));
	ck_assert_ptr_nonnull(strstr(CLAMPS_WARNING, "measured dead"));
	ck_assert_ptr_nonnull(strstr(CLAMPS_WARNING,
		"never open the secondary of a current transformer under load"));
}
END_TEST

START_TEST(a_clamp_that_is_wrong_is_told_after_the_warning)
{
	const struct phases_verdict v = {
		.state = PHASES_WRONG, .loaded = { true, true, true },
		.reversed = { false, false, true }, .wire = { 1, 0, 2 },
	};

	tell(&v);
	ck_assert_uint_eq(json_array_size(findings), 4);
	ck_assert_ptr_nonnull(strstr(text(0, "finding"), CLAMPS_WARNING));
	for (size_t i = 1; i < 4; i++)
		safe(i);
	ck_assert_ptr_nonnull(strstr(text(1, "remedy"),
				     "clamp of input L1 on the wire of L1"));
	ck_assert_ptr_nonnull(strstr(text(3, "remedy"),
				     "turn the clamp of L3 round"));
}
END_TEST

START_TEST(what_is_right_needs_no_warning)
{
	const struct phases_verdict v = {
		.state = PHASES_RIGHT, .loaded = { true, true, true },
		.wire = { 0, 1, 2 },
	};

	tell(&v);
	ck_assert_uint_eq(json_array_size(findings), 1);
	ck_assert_str_eq(text(0, "status"), "ok");
	ck_assert_str_eq(text(0, "finding"), "clamps are right on L1 L2 L3");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("clamps");
	TCase *t = tcase_create("clamps");

	tcase_add_checked_fixture(t, NULL, end);
	tcase_add_test(t, the_warning_says_all_of_it);
	tcase_add_test(t, a_clamp_that_is_wrong_is_told_after_the_warning);
	tcase_add_test(t, what_is_right_needs_no_warning);
	suite_add_tcase(s, t);
	return unit_run(s);
}
