// SPDX-License-Identifier: GPL-2.0-only
/* States of chips that are kept and pressure that is handed on, on files. */
#include "unit.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/eventfd.h>

#include "cityhubd/chip_id.h"
#include "cityhubd/tend.h"
#include "common/log.h"

#define STATE	"in_concentration0_algorithm_state"

static char dir[200], devices[300], kept[300];
static struct tend_conf conf;

/* As a driver that is bound to a chip makes it: a new folder each time. */
static void bind_chip(unsigned int n)
{
	char command[1200];

	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p devices && rm -rf devices/iio:device0 &&"
		 " mkdir -p real%u/1-006b/iio:device0 &&"
		 " ln -s ../real%u/1-006b/iio:device0 devices/iio:device0 &&"
		 " cd devices/iio:device0 && echo sen66 > name &&"
		 " echo 0000000000000000 > " STATE " && echo 0.1 > out_pressure_scale"
		 " && echo 1013 > out_pressure_raw", dir, n, n);
	ck_assert_int_eq(system(command), 0);
}

static void set(const char *attr, const char *text)
{
	ck_assert_int_eq(chip_write(devices, "iio:device0", attr, text), 0);
}

static bool has(const char *attr, const char *text)
{
	char got[64];

	ck_assert_int_eq(chip_read(devices, "iio:device0", attr, got,
				   sizeof(got)), 0);
	return !strncmp(got, text, strlen(text));
}

static void wait_ready(struct tend *t)
{
	struct pollfd fd = { .fd = tend_fd(t), .events = POLLIN };
	eventfd_t n;

	if (tend_ready(t, "iio:device0"))
		return;
	ck_assert_int_eq(poll(&fd, 1, 10000), 1);
	ck_assert_int_eq(eventfd_read(tend_fd(t), &n), 0);
	ck_assert(tend_ready(t, "iio:device0"));
}

static void run(const char *boot)
{
	struct tend *t;

	conf.boot = boot;
	t = tend_start(&conf);
	ck_assert_ptr_nonnull(t);
	wait_ready(t);
	tend_stop(t);
}

static void setup(void)
{
	log_set_level(LOG_LEVEL_ERROR - 1);
	unit_dir(dir, sizeof(dir), "tend");
	snprintf(devices, sizeof(devices), "%s/devices", dir);
	snprintf(kept, sizeof(kept), "%s/chips", dir);
	conf = (struct tend_conf){
		.devices = devices, .dir = kept, .boot = "boot-1",
	};
	bind_chip(1);
}

static void teardown(void)
{
	unit_dir_remove(dir);
}

START_TEST(a_chip_is_known_by_name_bus_and_serial_number)
{
	char id[CHIP_ID], path[400];
	uint64_t binding = chip_id(devices, "iio:device0", id);

	ck_assert_uint_ne(binding, 0);
	ck_assert_str_eq(id, "sen66@1-006b");
	bind_chip(2);
	ck_assert_uint_ne(chip_id(devices, "iio:device0", id), binding);
	ck_assert_uint_eq(chip_id(devices, "iio:device1", id), 0);
	snprintf(path, sizeof(path), "%s/iio:device0/serialnumber", devices);
	unit_write(path, "12 34\n");
	chip_id(devices, "iio:device0", id);
	ck_assert_str_eq(id, "sen66@1-006b#12_34");
}
END_TEST

START_TEST(what_was_learned_survives_a_loss_of_power)
{
	run("boot-1");
	set(STATE, "0123456789abcdef");
	run("boot-1");
	bind_chip(2);
	run("boot-2");
	ck_assert(has(STATE, "0123456789abcdef"));
}
END_TEST

/* The driver keeps it itself, and the chip has learned since. */
START_TEST(within_a_binding_nothing_is_written)
{
	set(STATE, "0123456789abcdef");
	run("boot-1");
	set(STATE, "fedcba9876543210");
	run("boot-1");
	ck_assert(has(STATE, "fedcba9876543210"));
	bind_chip(2);
	run("boot-1");
	ck_assert(has(STATE, "fedcba9876543210"));
}
END_TEST

START_TEST(what_is_no_state_is_not_kept)
{
	set(STATE, "0123456789abcdef");
	run("boot-1");
	set(STATE, "no state of a VOC");
	run("boot-1");
	bind_chip(2);
	run("boot-1");
	ck_assert(has(STATE, "0123456789abcdef"));
}
END_TEST

START_TEST(a_kept_state_that_cannot_be_read_holds_nobody)
{
	char path[400];

	run("boot-1");
	snprintf(path, sizeof(path), "%s/sen66@1-006b.voc", kept);
	unit_write(path, "");
	bind_chip(2);
	run("boot-1");
	ck_assert(has(STATE, "0000000000000000"));
}
END_TEST

static bool pressure_becomes(const char *raw)
{
	for (int i = 0; i < 1000; i++) {
		if (has("out_pressure_raw", raw))
			return true;
		usleep(10000);
	}
	return false;
}

START_TEST(pressure_is_told_when_it_changed)
{
	struct tend *t = tend_start(&conf);

	ck_assert_ptr_nonnull(t);
	wait_ready(t);
	tend_pressure(t, 0, 987.4);
	ck_assert(pressure_becomes("987"));
	set("out_pressure_raw", "none");
	tend_pressure(t, 60 * SECOND, 988.2);	/* less than 1 hPa */
	usleep(200000);
	ck_assert(has("out_pressure_raw", "none"));
	tend_pressure(t, 120 * SECOND, 990);
	ck_assert(pressure_becomes("990"));
	tend_stop(t);
}
END_TEST

START_TEST(pressure_is_told_once_a_minute_at_most)
{
	struct tend *t = tend_start(&conf);

	ck_assert_ptr_nonnull(t);
	wait_ready(t);
	tend_pressure(t, 5 * SECOND, 987.4);
	ck_assert(pressure_becomes("987"));
	tend_pressure(t, 65 * SECOND - 1, 1003);
	usleep(200000);
	ck_assert(has("out_pressure_raw", "987"));
	tend_pressure(t, 65 * SECOND, 1004);
	ck_assert(pressure_becomes("1004"));
	tend_stop(t);
}
END_TEST

START_TEST(a_device_without_such_a_state_need_not_wait)
{
	struct tend *t = tend_start(&conf);

	ck_assert_ptr_nonnull(t);
	ck_assert(tend_ready(t, "iio:device7"));
	tend_stop(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tend");
	TCase *t = tcase_create("tend");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_chip_is_known_by_name_bus_and_serial_number);
	tcase_add_test(t, what_was_learned_survives_a_loss_of_power);
	tcase_add_test(t, within_a_binding_nothing_is_written);
	tcase_add_test(t, what_is_no_state_is_not_kept);
	tcase_add_test(t, a_kept_state_that_cannot_be_read_holds_nobody);
	tcase_add_test(t, pressure_is_told_when_it_changed);
	tcase_add_test(t, pressure_is_told_once_a_minute_at_most);
	tcase_add_test(t, a_device_without_such_a_state_need_not_wait);
	suite_add_tcase(s, t);
	return unit_run(s);
}
