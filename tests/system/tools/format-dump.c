// SPDX-License-Identifier: GPL-2.0-only
/* Writes batches of a full hub in one of the formats, for 61-formats. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/format.h"
#include "unit/fake_batches.h"

/* As many at a time as the format takes. */
static int dump(const struct format *f, struct batch *const *b, size_t n)
{
	size_t step = f->packs ? n : 1, len;

	for (size_t i = 0; i < n; i += step) {
		uint8_t *data = format_encode(f,
			(const struct batch *const *)b + i, step, &len);

		if (!data)
			return -1;
		fwrite(data, 1, len, stdout);
		if (f->is_text)
			putchar('\n');
		free(data);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct format *f = argc == 3 ? format_find(argv[1]) : NULL;
	size_t n = f ? strtoul(argv[2], NULL, 10) : 0;
	struct batch **b = calloc(n, sizeof(*b));
	int err = 0;

	if (!n || !b) {
		fprintf(stderr, "usage: format-dump FORMAT SECONDS\n");
		return EXIT_FAILURE;
	}
	for (unsigned int s = 0; s < FAKE_SENSORS && !err; s++) {
		struct batch_layout *l = fake_layout(s);

		for (size_t i = 0; i < n; i++) {
			b[i] = fake_batch(l, s, (int64_t)i);
			b[i]->seq = 1 + s + FAKE_SENSORS * i;
		}
		err = dump(f, b, n);
		for (size_t i = 0; i < n; i++)
			batch_free(b[i]);
		batch_layout_put(l);
	}
	free(b);
	return err || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
