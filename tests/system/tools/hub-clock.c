// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does to the clock what NTP or an operator does:
 *
 *	hub-clock step NANOSECONDS	set it forward or back
 *	hub-clock slew PPM		let it run faster, by 500 at most
 *	hub-clock tai SECONDS		set TAI minus UTC
 *	hub-clock sync MICROSECONDS	synchronised, with this largest error
 *	hub-clock unsync
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define NSEC_PER_SEC	1000000000LL

static int step(long long ns)
{
	struct timex tx = { .modes = ADJ_SETOFFSET | ADJ_NANO };

	tx.time.tv_sec = ns / NSEC_PER_SEC;
	tx.time.tv_usec = ns % NSEC_PER_SEC;
	if (tx.time.tv_usec < 0) {
		tx.time.tv_sec--;
		tx.time.tv_usec += NSEC_PER_SEC;
	}
	return clock_adjtime(CLOCK_REALTIME, &tx);
}

static int adjust(unsigned int modes, long value, int status)
{
	struct timex tx = {
		.modes = modes, .status = status,
		.constant = value, .maxerror = value, .esterror = 0,
		.freq = value * (1 << 16),
	};

	return clock_adjtime(CLOCK_REALTIME, &tx);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long long value = argc > 2 ? atoll(argv[2]) : 0;
	int ret = -1;

	if (!strcmp(what, "step"))
		ret = step(value);
	else if (!strcmp(what, "slew"))
		ret = adjust(ADJ_FREQUENCY, value, 0);
	else if (!strcmp(what, "tai"))
		ret = adjust(ADJ_TAI, value, 0);
	else if (!strcmp(what, "sync"))
		ret = adjust(ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR, value, 0);
	else if (!strcmp(what, "unsync"))
		ret = adjust(ADJ_STATUS, 0, STA_UNSYNC);
	if (ret < 0)
		perror("hub-clock");
	return ret < 0;
}
