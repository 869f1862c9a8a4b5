// SPDX-License-Identifier: GPL-2.0-only
/* Does to the clock of a test kernel what an NTP client would do to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

static int step(double seconds)
{
	long long by_ns = (long long)(seconds * 1e9);
	struct timespec ts;
	long long ns;

	if (clock_gettime(CLOCK_REALTIME, &ts))
		return -1;
	ns = ts.tv_sec * 1000000000LL + ts.tv_nsec + by_ns;
	ts.tv_sec = ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	return clock_settime(CLOCK_REALTIME, &ts);
}

static int set_state(int status, long maxerror_us)
{
	struct timex tx = {
		.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR,
		.status = status, .maxerror = maxerror_us,
		.esterror = maxerror_us / 4,
	};

	return adjtimex(&tx) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	int err = -1;

	if (argc == 3 && !strcmp(argv[1], "step"))
		err = step(atof(argv[2]));
	else if (argc == 3 && !strcmp(argv[1], "sync"))
		err = set_state(STA_PLL, atol(argv[2]));
	else if (argc == 2 && !strcmp(argv[1], "unsync"))
		err = set_state(STA_UNSYNC, 16000000);
	else
		fprintf(stderr, "usage: clock-set step SECONDS | sync MAXERROR_US | unsync\n");
	if (err)
		perror("clock-set");
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
