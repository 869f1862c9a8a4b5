// SPDX-License-Identifier: GPL-2.0-only
/*
 * Draws, as SVG, which share of the stamps is off by more than so much: a
 * panel per profile, a line per filter, both axes logarithmic.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "score.h"

#define WIDTH		400	/* of a panel */
#define HEIGHT		300
#define LEFT		60
#define TOP		40
#define GAP		40
#define DECADE_LOW	1	/* 10 ns ... */
#define DECADES		5	/* ... to 1 ms */
#define SHARE_DECADES	4	/* 100 % to 0.01 % */
#define STEPS		25	/* points of a line per decade */

static const char *const profiles[] = { "100hz", "1hz" };

static const struct {
	const struct filter *filter;
	const char *colour;
} lines[] = {
	{ &filter_cityhub, "#1b6ca8" },
	{ &filter_median, "#c8553d" },
	{ &filter_mean, "#8a6d1f" },
	{ &filter_raw, "#555555" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorted sizes; share of those above @ns. */
static double share_above(const double *sizes, size_t n, double ns)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sizes[middle] > ns)
			high = middle;
		else
			low = middle + 1;
	}
	return (double)(n - low) / n;
}

static double x_of(double ns)
{
	return (log10(ns) - DECADE_LOW) / DECADES * WIDTH;
}

static double y_of(double share)
{
	return -log10(share) / SHARE_DECADES * HEIGHT;
}

static void draw_line(FILE *f, const struct filter *filter, const char *colour,
		      const struct trace_profile *p)
{
	struct errors e = { 0 };
	size_t i;

	errors_add(&e, filter, p);
	score_of(&e);
	for (i = 0; i < e.size; i++)
		e.error_ns[i] = fabs(e.error_ns[i]);
	qsort(e.error_ns, e.size, sizeof(*e.error_ns), compare);
	fprintf(f, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\" points=\"",
		colour);
	for (i = 0; i <= STEPS * DECADES; i++) {
		double ns = pow(10, DECADE_LOW + (double)i / STEPS);
		double share = share_above(e.error_ns, e.size, ns);

		if (share < pow(10, -SHARE_DECADES))
			break;
		fprintf(f, "%.1f,%.1f ", x_of(ns), y_of(share));
	}
	fprintf(f, "\"/>\n");
	errors_free(&e);
}

static void draw_grid(FILE *f)
{
	static const char *const sizes[] = {
		"10 ns", "100 ns", "1 us", "10 us", "100 us", "1 ms",
	};
	static const char *const shares[] = {
		"100 %", "10 %", "1 %", "0.1 %", "0.01 %",
	};
	int i;

	for (i = 0; i <= DECADES; i++) {
		double x = (double)i * WIDTH / DECADES;

		fprintf(f, "<path d=\"M%.1f 0V%d\" stroke=\"#ddd\"/>"
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			x, HEIGHT, x, HEIGHT + 16, sizes[i]);
	}
	for (i = 0; i <= SHARE_DECADES; i++) {
		double y = (double)i * HEIGHT / SHARE_DECADES;

		fprintf(f, "<path d=\"M0 %.1fH%d\" stroke=\"#ddd\"/>"
			"<text x=\"-6\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			y, WIDTH, y + 4, shares[i]);
	}
}

static void draw_panel(FILE *f, const char *profile, int column)
{
	const struct trace_profile *p = trace_find(profile);
	size_t i;

	fprintf(f, "<g transform=\"translate(%d %d)\">\n"
		"<text x=\"0\" y=\"-10\" font-weight=\"bold\">%g Hz, loaded</text>\n",
		LEFT + column * (WIDTH + LEFT + GAP), TOP, 1e9 / p->period_ns);
	draw_grid(f);
	for (i = 0; i < COUNT(lines); i++) {
		draw_line(f, lines[i].filter, lines[i].colour, p);
		fprintf(f, "<text x=\"%d\" y=\"%zu\" fill=\"%s\">%s</text>\n",
			10, HEIGHT - 58 + 16 * i, lines[i].colour,
			lines[i].filter->name);
	}
	fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">"
		"a stamp is off by more than this (mean removed)</text>\n</g>\n",
		WIDTH / 2, HEIGHT + 36);
}

static void draw(FILE *f)
{
	size_t i;

	fprintf(f, "<?xml version=\"1.0\"?>\n"
		"<!-- SPDX-License-Identifier: GPL-2.0-only -->\n"
		"<!-- Drawn by stamp-bench plot. -->\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		(int)COUNT(profiles) * (WIDTH + LEFT + GAP), TOP + HEIGHT + 50);
	for (i = 0; i < COUNT(profiles); i++)
		draw_panel(f, profiles[i], i);
	fprintf(f, "</svg>\n");
}

int cmd_plot(int argc, char **argv)
{
	FILE *f;

	if (argc != 2) {
		fprintf(stderr, "stamp-bench plot: name a file\n");
		return CMD_USAGE;
	}
	f = fopen(argv[1], "w");
	if (f) {
		draw(f);
		if (!fclose(f))
			return EXIT_SUCCESS;
	}
	fprintf(stderr, "stamp-bench: %s: %s\n", argv[1], strerror(errno));
	return EXIT_FAILURE;
}
