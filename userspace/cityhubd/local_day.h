/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Days of local time, of 23, 24 or 25 hours where clocks change: from the
 * first instant that has the date to the first that has the next one.
 */
#ifndef CITYHUBD_LOCAL_DAY_H
#define CITYHUBD_LOCAL_DAY_H

#include <stdint.h>

/* The day that @utc_ns lies in, by the time zone of the process (TZ). */
void local_day(int64_t utc_ns, int64_t *from_ns, int64_t *to_ns);

#endif /* CITYHUBD_LOCAL_DAY_H */
