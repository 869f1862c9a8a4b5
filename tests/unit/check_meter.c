// SPDX-License-Identifier: GPL-2.0-only
/* Which devices are meters, by what sysfs has of their channels. */
#include "unit.h"

#include <errno.h>

#include "cityhub/meter.h"

static char dir[200];
static struct meter m;

static void begin(void)
{
	unit_dir(dir, sizeof(dir), "meter");
}

static void end(void)
{
	unit_dir_remove(dir);
}

static void file(const char *channel, const char *what, const char *text)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/in_%s_%s", dir, channel, what);
	unit_write(path, text);
}

static void channel(const char *name, const char *label, const char *raw)
{
	file(name, "label", label);
	file(name, "raw", raw);
	file(name, "scale", "1\n");
}

/* The channels of a circuit, or phase. */
static void circuit(const char *prefix, int n)
{
	static const struct {
		const char *type, *modifier, *label;
	} quantities[] = {
		{ "voltage", "", "voltage" }, { "current", "", "current" },
		{ "power", "_active", "active-power" },
		{ "power", "_reactive", "reactive-power" },
	};

	for (int i = 0; i < 4; i++) {
		char name[40], label[40], raw[20];

		snprintf(name, sizeof(name), "%s%d%s", quantities[i].type, n,
			 quantities[i].modifier);
		snprintf(label, sizeof(label), "%s-%s\n", prefix,
			 quantities[i].label);
		snprintf(raw, sizeof(raw), "%d\n", 1000 * (10 * i + n));
		channel(name, label, raw);
	}
}

START_TEST(three_phases_are_read)
{
	circuit("L1", 1);
	circuit("L2", 2);
	circuit("L3", 3);
	ck_assert_int_eq(meter_read(dir, &m), 0);
	ck_assert_double_eq_tol(m.voltage_v[0], 1, 1e-9);
	ck_assert_double_eq_tol(m.current_a[1], 12, 1e-9);
	ck_assert_double_eq_tol(m.power[2].active_w, 23, 1e-9);
	ck_assert_double_eq_tol(m.power[2].reactive_var, 33, 1e-9);
}
END_TEST

START_TEST(two_circuits_are_a_meter_that_cannot_be_judged)
{
	circuit("A", 1);
	circuit("B", 2);
	ck_assert_int_eq(meter_read(dir, &m), -ENOTSUP);
}
END_TEST

START_TEST(one_phase_is_a_meter_that_cannot_be_judged)
{
	circuit("L1", 1);
	ck_assert_int_eq(meter_read(dir, &m), -ENOTSUP);
}
END_TEST

START_TEST(what_has_no_power_is_no_meter)
{
	ck_assert_int_eq(meter_read(dir, &m), -ENODEV);
	channel("concentration_co2", "co2\n", "400\n");
	channel("voltage0", "L1-voltage\n", "230\n");
	ck_assert_int_eq(meter_read(dir, &m), -ENODEV);
}
END_TEST

START_TEST(a_value_that_cannot_be_read_is_an_error)
{
	file("voltage1", "label", "L1-voltage\n");
	ck_assert_int_eq(meter_read(dir, &m), -EIO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("meter");
	TCase *t = tcase_create("meter");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, three_phases_are_read);
	tcase_add_test(t, two_circuits_are_a_meter_that_cannot_be_judged);
	tcase_add_test(t, one_phase_is_a_meter_that_cannot_be_judged);
	tcase_add_test(t, what_has_no_power_is_no_meter);
	tcase_add_test(t, a_value_that_cannot_be_read_is_an_error);
	suite_add_tcase(s, t);
	return unit_run(s);
}
