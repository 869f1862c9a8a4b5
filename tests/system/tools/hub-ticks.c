// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the ticks of a slot, one per line:
 *
 *	hub-ticks SLOT [SINCE]
 *	-> INDEX NUMBER GENERATION DUE_NS FIRE_NS served|overrun|open
 *
 * and last "next INDEX", from which to ask the next time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cityhub/cityhub.h>

int main(int argc, char **argv)
{
	struct cityhub_ticks *ticks;
	struct cityhub *h;
	size_t i;

	if (argc < 2 || cityhub_open(&h))
		return 2;
	if (cityhub_ticks_get(h, (uint32_t)atoi(argv[1]),
			      argc > 2 ? strtoull(argv[2], NULL, 10) : 0,
			      &ticks)) {
		fprintf(stderr, "hub-ticks: %s\n", cityhub_error(h));
		return 1;
	}
	for (i = 0; i < ticks->n; i++)
		printf("%" PRIu64 " %" PRIu64 " %u %" PRId64 " %" PRId64 " %s\n",
		       ticks->tick[i].index, ticks->tick[i].number,
		       ticks->tick[i].generation, ticks->tick[i].due_ns,
		       ticks->tick[i].fire_ns,
		       ticks->tick[i].overrun ? "overrun" :
		       ticks->tick[i].done_ns ? "served" : "open");
	printf("next %" PRIu64 "\n", ticks->next);
	cityhub_ticks_free(ticks);
	cityhub_close(h);
	return 0;
}
