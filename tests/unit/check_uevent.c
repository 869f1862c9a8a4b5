// SPDX-License-Identifier: GPL-2.0-only
/* Messages of the kernel about devices, as they come. */
#include "unit.h"

#include "cityhubd/uevent.h"

#define TOLD(text)	uevent_is_iio(text, sizeof(text))

START_TEST(devices_of_iio_that_come_and_go)
{
	ck_assert(TOLD("add@/devices/i2c-1/1-006b/iio:device0\0ACTION=add\0"
		       "SUBSYSTEM=iio\0DEVNAME=iio:device0\0SEQNUM=7"));
	ck_assert(TOLD("remove@/x\0SUBSYSTEM=iio\0ACTION=remove"));
	ck_assert(!TOLD("change@/x\0ACTION=change\0SUBSYSTEM=iio"));
	ck_assert(!TOLD("add@/x\0ACTION=add\0SUBSYSTEM=iio2"));
	ck_assert(!TOLD("add@/x\0ACTION=add\0SUBSYSTEM=i2c"));
	ck_assert(!TOLD("ACTION=add SUBSYSTEM=iio"));
}
END_TEST

START_TEST(cut_off_anywhere)
{
	static const char whole[] = "add@/x\0ACTION=add\0SUBSYSTEM=iio";

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		char *part = malloc(n + 1);	/* ASan sees a read beyond */

		ck_assert_ptr_nonnull(part);
		memcpy(part, whole, n);
		ck_assert(!uevent_is_iio(part, n));
		free(part);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("uevent");
	TCase *t = tcase_create("uevent");

	tcase_add_test(t, devices_of_iio_that_come_and_go);
	tcase_add_test(t, cut_off_anywhere);
	suite_add_tcase(s, t);
	return unit_run(s);
}
