// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes so many events of the hub as fast as it can, by setting its policy to
 * and fro:
 *
 *	hub-storm EVENTS
 *	-> SEQUENCE_BEFORE SEQUENCE_AFTER
 */
#include <stdio.h>
#include <stdlib.h>

#include <cityhub/cityhub.h>

static uint32_t sequence(struct cityhub *h)
{
	struct cityhub_hub *hub;
	uint32_t s;

	if (cityhub_hub_get(h, &hub)) {
		fprintf(stderr, "hub-storm: %s\n", cityhub_error(h));
		exit(1);
	}
	s = hub->sequence;
	cityhub_hub_free(hub);
	return s;
}

int main(int argc, char **argv)
{
	struct cityhub_setting s = { .key = CITYHUB_SETTING_POLICY };
	uint32_t before;
	struct cityhub *h;
	int i;

	if (argc != 2 || cityhub_open(&h))
		return 2;
	before = sequence(h);
	for (i = 0; i < atoi(argv[1]); i++) {
		s.value = i % 2;
		if (cityhub_hub_set(h, &s, 1)) {
			fprintf(stderr, "hub-storm: %s\n", cityhub_error(h));
			return 1;
		}
	}
	printf("%u %u\n", before, sequence(h));
	cityhub_close(h);
	return 0;
}
