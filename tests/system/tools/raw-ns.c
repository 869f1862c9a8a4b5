// SPDX-License-Identifier: GPL-2.0-only
/* Print CLOCK_MONOTONIC_RAW in nanoseconds. */
#include <stdio.h>
#include <time.h>

int main(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC_RAW, &now))
		return 1;
	printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
	return 0;
}
