// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/local_day.h"

#include <time.h>

#define LOCAL_DAY_SECOND_NS	INT64_C(1000000000)
/* Clocks are set by less than this at once, but where the date line moved. */
#define LOCAL_DAY_REACH_S	(4 * 3600)

/* Days since some day, of the local date. */
static int64_t local_day_number(int64_t utc_s)
{
	time_t t = (time_t)utc_s;
	struct tm tm;

	localtime_r(&t, &tm);
	/* The date as if it were one of UTC. */
	tm.tm_sec = 0;
	tm.tm_min = 0;
	tm.tm_hour = 0;
	return (int64_t)timegm(&tm) / 86400;
}

/*
 * The first second with the date: clocks set forward or back at midnight make
 * 00:00 come never or twice, so it is looked for, not calculated.
 */
static int64_t local_day_begin(int64_t number, int64_t near_s)
{
	time_t t = (time_t)near_s;
	int64_t low, high;
	struct tm tm;

	localtime_r(&t, &tm);
	low = number * 86400 - tm.tm_gmtoff - LOCAL_DAY_REACH_S;
	high = low + 2 * LOCAL_DAY_REACH_S;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		if (local_day_number(middle) < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void local_day(int64_t utc_ns, int64_t *from_ns, int64_t *to_ns)
{
	int64_t rest = utc_ns % LOCAL_DAY_SECOND_NS;
	int64_t utc_s = (utc_ns - rest) / LOCAL_DAY_SECOND_NS - (rest < 0);
	int64_t number = local_day_number(utc_s);
	int64_t from = local_day_begin(number, utc_s);
	int64_t to = local_day_begin(number + 1, utc_s);

	/* Set back over midnight, an evening has the date of the next day. */
	if (utc_s < from) {
		to = from;
		from = local_day_begin(number - 1, utc_s);
	} else if (utc_s >= to) {
		from = to;
		to = local_day_begin(number + 2, utc_s);
	}
	*from_ns = from * LOCAL_DAY_SECOND_NS;
	*to_ns = to * LOCAL_DAY_SECOND_NS;
}
