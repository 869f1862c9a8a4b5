// SPDX-License-Identifier: GPL-2.0-only
/* Fills a store with what a full hub makes in that time, for 62-mqtt. */
#include <stdio.h>
#include <stdlib.h>

#include "cityhubd/store.h"
#include "unit/fake_batches.h"

#define FILL_SECONDS	600	/* what memory may hold */

static int fill(struct store_packet *p, int64_t from, int64_t to)
{
	int err = 0;

	for (unsigned int s = 0; s < FAKE_SENSORS; s++) {
		struct batch_layout *l = fake_layout(s);
		struct ledger_sensor since = { 0 };

		for (int64_t k = from; k < to && !err; k++) {
			struct batch *b = fake_batch(l, s, k);

			since.captured += batch_values(b);
			err = store_packet_add(p, b);
		}
		err = err ? err : store_packet_count(p, fake_sensors[s].name,
						     &since);
		batch_layout_put(l);
	}
	return err;
}

int main(int argc, char **argv)
{
	const struct store_conf conf = {
		.path = argc == 3 ? argv[1] : NULL, .hub = "lamp-0815",
		.boot = "5a4f8e7e-6c09-4a53-8f1f-b0b6f0e5a001",
		.allow_tmpfs = true, .max_bytes = 1000000000,
	};
	int64_t seconds;
	struct store *s;

	if (argc != 3) {
		fprintf(stderr, "usage: store-fill STORE SECONDS\n");
		return EXIT_FAILURE;
	}
	s = store_open(&conf);
	if (!s || store_start(s))
		return EXIT_FAILURE;
	seconds = atoi(argv[2]);
	for (int64_t k = 0; k < seconds; k += FILL_SECONDS) {
		struct store_packet *p = store_packet_new();
		int64_t to = k + FILL_SECONDS;

		if (!p || fill(p, k, to < seconds ? to : seconds))
			return EXIT_FAILURE;
		store_submit(s, p);
		store_flush(s, 60);
	}
	store_close(s);
	return EXIT_SUCCESS;
}
