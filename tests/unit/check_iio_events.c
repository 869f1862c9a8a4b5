// SPDX-License-Identifier: GPL-2.0-only
/* What an event of IIO is about, by its code. */
#include "unit.h"

#include <errno.h>

#include "cityhubd/iio_events.h"

/* IIO_EVENT_CODE of the kernel. */
static struct iio_event event(uint64_t type, uint64_t dir, uint64_t channel_type,
			      uint16_t channel)
{
	return (struct iio_event){
		.code = type << 56 | dir << 48 | channel_type << 32 | channel,
	};
}

#define RISING	1
#define FALLING	2

START_TEST(it_finds_its_channel)
{
	struct iio_event dip = event(0, FALLING, 0, 1);
	struct iio_event rms = event(0, FALLING, 15, 0);
	struct iio_event loud = event(0, RISING, 17, 0);
	struct iio_event over = event(0, RISING, 40, 12);

	ck_assert(iio_event_is_of(&dip, "voltage1"));
	ck_assert(!iio_event_is_of(&dip, "voltage0"));
	ck_assert(!iio_event_is_of(&dip, "voltage10"));
	ck_assert(!iio_event_is_of(&dip, "altvoltage1"));
	ck_assert(!iio_event_is_of(&dip, ""));
	ck_assert(iio_event_is_of(&rms, "altvoltage0_rms"));
	ck_assert(iio_event_is_of(&loud, "pressure"));
	ck_assert(!iio_event_is_of(&loud, "pressurex"));
	ck_assert(iio_event_is_of(&over, "altcurrent12"));
	ck_assert(!iio_event_is_of(&over, "current12"));
}
END_TEST

START_TEST(it_is_told_as_a_channel)
{
	const struct batch_channel of = { "L2-voltage", "voltage", "V", "L2", 5 };
	struct iio_event dip = event(0, FALLING, 0, 1);
	struct batch_channel what;

	iio_event_describe(&dip, &of, &what);
	ck_assert_str_eq(what.channel, "L2-voltage-thresh-falling");
	ck_assert_str_eq(what.quantity, "voltage_thresh_falling");
	ck_assert_str_eq(what.unit, "1");
	ck_assert_str_eq(what.phase, "L2");
	ck_assert_int_eq(what.decimals, 0);
	iio_event_describe(&dip, NULL, &what);
	ck_assert_str_eq(what.channel, "voltage1-thresh-falling");
	ck_assert_str_eq(what.phase, "");
}
END_TEST

START_TEST(numbers_that_nobody_knows_do_no_harm)
{
	struct iio_event strange = event(99, 77, 200, 3);
	struct batch_channel what;

	ck_assert(!iio_event_is_of(&strange, "voltage3"));
	ck_assert(!iio_event_is_of(&strange, ""));
	iio_event_describe(&strange, NULL, &what);
	ck_assert_str_eq(what.channel, "channel3-event");
	ck_assert_str_eq(what.quantity, "channel_event");
}
END_TEST

START_TEST(a_long_name_keeps_what_happened)
{
	struct batch_channel of = { .quantity = "voltage" }, what;
	struct iio_event dip = event(3, FALLING, 0, 1);

	memset(of.channel, 'x', sizeof(of.channel) - 1);
	iio_event_describe(&dip, &of, &what);
	ck_assert_ptr_nonnull(strstr(what.channel, "x-thresh_adaptive-falling"));
}
END_TEST

START_TEST(no_device_is_an_error)
{
	ck_assert_int_eq(iio_events_open("iio:none"), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("iio_events");
	TCase *t = tcase_create("iio_events");

	tcase_add_test(t, it_finds_its_channel);
	tcase_add_test(t, it_is_told_as_a_channel);
	tcase_add_test(t, numbers_that_nobody_knows_do_no_harm);
	tcase_add_test(t, a_long_name_keeps_what_happened);
	tcase_add_test(t, no_device_is_an_error);
	suite_add_tcase(s, t);
	return unit_run(s);
}
