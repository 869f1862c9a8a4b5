// SPDX-License-Identifier: GPL-2.0-only
/*
 * Joins the scans of a member with the ticks of its slot:
 *
 *	hub-join SLOT CLOCK SCAN_BYTES [SINCE] < SCANS
 *	-> scans=N ticked=N unticked=N later=N unread=N done=N overrun=N
 *	   numbers=FIRST..LAST holes=N
 *
 * CLOCK is the current_timestamp_clock of the device. A scan has its stamp in
 * the last 8 bytes. done and overrun are those of the ring, holes the tick
 * numbers between the first and the last that no scan has.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cityhub/cityhub.h>

#define SCANS_MAX	10000
#define SCAN_MAX	256

static clockid_t clock_by_name(const char *name)
{
	static const struct {
		const char *name;
		clockid_t id;
	} clocks[] = {
		{ "realtime", CLOCK_REALTIME },
		{ "monotonic", CLOCK_MONOTONIC },
		{ "monotonic_raw", CLOCK_MONOTONIC_RAW },
		{ "boottime", CLOCK_BOOTTIME },
		{ "tai", CLOCK_TAI },
	};
	size_t i;

	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		if (!strcmp(clocks[i].name, name))
			return clocks[i].id;
	return -1;
}

static size_t read_stamps(size_t scan_bytes, int64_t offset_ns, int64_t *stamps)
{
	char scan[SCAN_MAX];
	size_t n = 0;

	while (n < SCANS_MAX && fread(scan, scan_bytes, 1, stdin) == 1) {
		memcpy(&stamps[n], scan + scan_bytes - sizeof(*stamps),
		       sizeof(*stamps));
		stamps[n++] -= offset_ns;
	}
	return n;
}

static void print_numbers(const struct cityhub_ticks *ticks,
			  const struct cityhub_joined *joined, size_t n)
{
	uint64_t first = 0, last = 0, count = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (joined[i].state != CITYHUB_JOIN_TICKED)
			continue;
		last = ticks->tick[joined[i].tick].number;
		if (!count++)
			first = last;
	}
	printf(" numbers=%" PRIu64 "..%" PRIu64 " holes=%" PRIu64 "\n", first,
	       last, count ? last - first + 1 - count : 0);
}

/* For the log of a failure: where a scan without a tick lies. */
static void explain(const struct cityhub_ticks *ticks, int64_t stamp_ns)
{
	size_t i;

	for (i = 0; i + 1 < ticks->n; i++)
		if (ticks->tick[i + 1].fire_ns > stamp_ns)
			break;
	if (ticks->n)
		fprintf(stderr, "scan at %" PRId64 ", tick %" PRIu64 " fired %" PRId64 " done %" PRId64 "\n",
			stamp_ns, ticks->tick[i].number, ticks->tick[i].fire_ns,
			ticks->tick[i].done_ns);
}

static void print_join(const struct cityhub_ticks *ticks, const int64_t *stamps,
		       size_t n)
{
	static struct cityhub_joined joined[SCANS_MAX];
	struct cityhub_join_counts c;
	size_t i, done = 0, overrun = 0;

	c = cityhub_join(ticks->tick, ticks->n, stamps, n, joined);
	for (i = 0; i < n; i++)
		if (joined[i].state == CITYHUB_JOIN_UNTICKED)
			explain(ticks, stamps[i]);
	for (i = 0; i < ticks->n; i++) {
		done += ticks->tick[i].done_ns != 0;
		overrun += ticks->tick[i].overrun;
	}
	printf("scans=%zu ticked=%zu unticked=%zu later=%zu unread=%zu done=%zu overrun=%zu",
	       n, c.ticked, c.unticked, c.later, c.unread, done, overrun);
	print_numbers(ticks, joined, n);
}

int main(int argc, char **argv)
{
	static int64_t stamps[SCANS_MAX];
	struct cityhub_ticks *ticks;
	uint64_t since;
	struct cityhub *h;
	int64_t offset_ns;
	size_t bytes, n;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: hub-join SLOT CLOCK SCAN_BYTES [SINCE]\n");
		return 2;
	}
	bytes = (size_t)atoi(argv[3]);
	since = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
	if (bytes < sizeof(int64_t) || bytes > SCAN_MAX || cityhub_open(&h))
		return 2;
	if (cityhub_ticks_get(h, (uint32_t)atoi(argv[1]), since, &ticks)) {
		fprintf(stderr, "hub-join: %s\n", cityhub_error(h));
		return 1;
	}
	if (cityhub_clock_offset(&ticks->clock, clock_by_name(argv[2]),
				 &offset_ns))
		return 2;
	n = read_stamps(bytes, offset_ns, stamps);
	print_join(ticks, stamps, n);
	cityhub_ticks_free(ticks);
	cityhub_close(h);
	return 0;
}
