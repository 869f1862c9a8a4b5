// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/watch_draw.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DRAW_LINE		512
#define DRAW_SENSORS_MAX	64
/* A channel: name, value, unit, and the rest for what it did lately. */
#define DRAW_CELL		39
#define DRAW_CELL_TEXT		31
#define DRAW_INDENT		2
/* No sample for so long, and three windows: something is wrong. */
#define DRAW_LATE_S		5
#define DRAW_LEVELS		8

struct draw {
	FILE *out;
	const struct watch_size *size;
	unsigned int lines;	/* drawn so far */
};

/* ---- lines ------------------------------------------------------------------ */

/* Bytes of the character at @text, 1 for what is no UTF-8. */
static size_t draw_char(const char *text)
{
	unsigned char c = (unsigned char)*text;
	size_t n = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

/* Names come from brokers and firmware: nothing in them may steer a terminal. */
static bool draw_harmless(const struct draw *d, const char *text, size_t n)
{
	unsigned char c = (unsigned char)*text;

	if (n == 1)
		return c >= ' ' && c < 0x7f;
	return d->size->utf8 && !(c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

static void draw_line(struct draw *d, const char *text)
{
	unsigned int column = 1;

	if (d->lines == d->size->lines)
		return;
	d->lines++;
	for (size_t n; *text && column < d->size->columns; text += n, column++) {
		n = draw_char(text);
		if (draw_harmless(d, text, n))
			fwrite(text, 1, n, d->out);
		else
			fputc('?', d->out);
	}
	fputc('\n', d->out);
}

static void draw_add(char line[DRAW_LINE], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void draw_add(char line[DRAW_LINE], const char *fmt, ...)
{
	size_t len = strlen(line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + len, DRAW_LINE - len, fmt, ap);
	va_end(ap);
}

/* ---- numbers ---------------------------------------------------------------- */

static const char *draw_bound(char text[16], int64_t ns)
{
	double v = (double)ns;

	if (ns < 0)
		return "-";
	if (v < 1e3)
		snprintf(text, 16, "%.0f ns", v);
	else if (v < 1e6)
		snprintf(text, 16, "%.3g us", v / 1e3);
	else if (v < 1e9)
		snprintf(text, 16, "%.3g ms", v / 1e6);
	else
		snprintf(text, 16, "%.3g s", v / 1e9);
	return text;
}

static const char *draw_age(char text[16], double s)
{
	if (s < 10)
		snprintf(text, 16, "%.1f s", s > 0 ? s : 0);
	else if (s < 120)
		snprintf(text, 16, "%.0f s", s);
	else if (s < 7200)
		snprintf(text, 16, "%.0f min", s / 60);
	else if (s < 172800)
		snprintf(text, 16, "%.0f h", s / 3600);
	else
		snprintf(text, 16, "%.0f d", s / 86400);
	return text;
}

static const char *draw_rate(char text[16], double hz)
{
	if (isnan(hz))
		return "-";
	if (hz >= 1000)
		snprintf(text, 16, "%.0f Hz", hz);
	else
		snprintf(text, 16, "%.3g Hz", hz);
	return text;
}

static const char *draw_number(char text[24], bool known, uint64_t n)
{
	if (!known)
		return "-";
	snprintf(text, 24, "%" PRIu64, n);
	return text;
}

/* About four digits, as a plain number where that is short enough. */
static const char *draw_value(char text[24], double v)
{
	double size = fabs(v);

	if (!isfinite(v))
		return "-";
	if (size >= 1e7)
		snprintf(text, 24, "%.4g", v);
	else
		snprintf(text, 24, "%.*f", size >= 1000 ? 0 : size >= 100 ? 1 :
			 size >= 10 ? 2 : 3, v);
	return text;
}

/* ---- what it did lately ------------------------------------------------------ */

static const char *draw_level(const struct draw *d, double part)
{
	static const char *const bars[DRAW_LEVELS] = {
		"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586",
		"\u2587", "\u2588",
	};
	static const char *const plain[DRAW_LEVELS] = {
		"_", ".", ":", "-", "=", "+", "*", "#",
	};
	int level = (int)(part * DRAW_LEVELS);

	level = level < 0 ? 0 : level >= DRAW_LEVELS ? DRAW_LEVELS - 1 : level;
	return d->size->utf8 ? bars[level] : plain[level];
}

/* The newest values, between the least and the largest of them. */
static void draw_history(const struct draw *d, char line[DRAW_LINE],
			 const struct watch_channel *c, unsigned int width)
{
	unsigned int have = c->n < WATCH_HISTORY ? c->n : WATCH_HISTORY;
	unsigned int shown = width < have ? width : have;
	double min = INFINITY, max = -INFINITY;

	for (unsigned int i = c->n - shown; i != c->n; i++) {
		min = fmin(min, c->history[i % WATCH_HISTORY]);
		max = fmax(max, c->history[i % WATCH_HISTORY]);
	}
	for (unsigned int i = c->n - shown; i != c->n; i++) {
		double v = c->history[i % WATCH_HISTORY];

		if (isnan(v))
			draw_add(line, " ");
		else
			draw_add(line, "%s", draw_level(d, max > min ?
				 (v - min) / (max - min) : 0.5));
	}
	draw_add(line, "%*s", (int)(width - shown), "");
}

/* ---- parts of the screen ------------------------------------------------------ */

static void draw_head(struct draw *d, const struct watch_view *v)
{
	char line[DRAW_LINE] = "", text[16];

	draw_add(line, "hub %s   ", *v->hub ? v->hub : "-");
	if (v->have_state && !v->online)
		draw_add(line, "offline   ");
	else if (!v->have_clock)
		draw_add(line, "clock not known   ");
	else if (!v->synchronised)
		draw_add(line, "clock NOT SYNCHRONISED   ");
	else
		draw_add(line, "clock synced +-%s   ",
			 draw_bound(text, v->bound_ns));
	draw_add(line, "%s %s", v->link, v->link_up ? "up" : "DOWN");
	if (isfinite(v->hours))
		draw_add(line, "   store %.0f h left", v->hours);
	draw_line(d, line);
	if (v->hint)
		draw_line(d, v->hint);
	if (*v->fault) {
		snprintf(line, sizeof(line), "FAULT %s", v->fault);
		draw_line(d, line);
	}
}

static void draw_coverage(char text[16], const struct watch_sensor *s)
{
	double part = 100.0 * (double)s->count / (double)s->expected;

	/* Nothing but all of them is 100 %. */
	if (!s->expected)
		snprintf(text, 16, "-");
	else if (s->count >= s->expected)
		snprintf(text, 16, "100%%");
	else
		snprintf(text, 16, "%.1f%%", fmin(99.9, floor(part * 10) / 10));
}

static double draw_age_s(const struct watch_sensor *s, int64_t now_ns)
{
	return (double)(now_ns - s->instant_ns) / 1e9;
}

/* What is wrong with a sensor; NULL when nothing is. */
static const char *draw_trouble(const struct watch_sensor *s, int64_t now_ns)
{
	if (*s->fault)
		return s->fault;
	if (s->instant_ns && draw_age_s(s, now_ns) > DRAW_LATE_S +
	    3 * s->window_s)
		return "no new samples: `cityhub doctor` says why";
	return NULL;
}

static void draw_sensor(struct draw *d, const struct watch_sensor *s,
			size_t hidden, int64_t now_ns)
{
	char line[DRAW_LINE], rate[16], age[16], bound[16], cover[16];
	char lost[24], dropped[24], faults[24];
	const char *trouble = draw_trouble(s, now_ns);

	draw_coverage(cover, s);
	snprintf(line, sizeof(line), "%-18.18s %8s %8s %8s %6s %6s %7s %6s",
		 s->name, draw_rate(rate, s->rate_hz),
		 s->instant_ns ? draw_age(age, draw_age_s(s, now_ns)) : "-",
		 draw_bound(bound, s->bound_ns), cover,
		 draw_number(lost, s->counted, s->lost),
		 draw_number(dropped, s->has_ledger,
			     ledger_dropped(&s->ledger)),
		 draw_number(faults, s->counted, s->faults));
	if (hidden)
		draw_add(line, " +%zu", hidden);
	draw_line(d, line);
	if (!trouble)
		return;
	snprintf(line, sizeof(line), "  FAULT %s", trouble);
	draw_line(d, line);
}

static unsigned int draw_cells(const struct draw *d)
{
	unsigned int columns = d->size->columns;

	return columns < DRAW_INDENT + 2 * DRAW_CELL ? 1 :
	       (columns - DRAW_INDENT) / DRAW_CELL;
}

static void draw_channels(struct draw *d, const struct watch_sensor *s,
			  size_t rows)
{
	unsigned int cells = draw_cells(d);
	unsigned int wide = cells == 1 ? DRAW_CELL :
			    (d->size->columns - DRAW_INDENT) / cells;
	unsigned int width = wide - DRAW_CELL_TEXT - 1;

	for (size_t at = 0; at < s->channels && rows; rows--) {
		char line[DRAW_LINE] = "", value[24];

		for (unsigned int i = 0; i < cells && at < s->channels; i++) {
			const struct watch_channel *c = &s->channel[at++];

			draw_add(line, "%*s%-15.15s %8s %-6.6s",
				 i ? 1 : DRAW_INDENT, "", c->name,
				 draw_value(value, c->value), c->unit);
			draw_history(d, line, c, width);
		}
		draw_line(d, line);
	}
}

/* 1 204 331: digits in threes. */
static void draw_count(char line[DRAW_LINE], const char *name, uint64_t n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRIu64, n);

	draw_add(line, "%s", name);
	for (int i = 0; i < len; i++)
		draw_add(line, "%s%c", i && (len - i) % 3 == 0 ? " " : "",
			 text[i]);
}

static void draw_ledger(struct draw *d, const struct watch_view *v)
{
	char line[DRAW_LINE] = "";

	draw_count(line, "ledger captured ", v->ledger.captured);
	draw_count(line, " = reduced ", v->ledger.reduced);
	if (v->ledger.raw)
		draw_count(line, " + raw ", v->ledger.raw);
	draw_count(line, " + pending ", v->ledger.pending);
	draw_count(line, " + dropped ", ledger_dropped(&v->ledger));
	if (!v->balanced)
		draw_add(line, "   DOES NOT ADD UP");
	draw_line(d, line);
}

static void draw_foot(struct draw *d, const struct watch_view *v)
{
	struct watch_counts c = watch_count_get(v->count);
	char line[DRAW_LINE] = "";

	if (v->have_ledger)
		draw_ledger(d, v);
	draw_count(line, "here received ", c.received);
	draw_count(line, "   missing ", c.missing);
	draw_count(line, "   duplicates ", c.duplicates);
	if (v->waiting || v->trend) {
		draw_count(line, "   backlog ", v->waiting);
		draw_add(line, "%s", v->trend > 0 ? ", growing" :
			 v->trend < 0 ? ", draining" : "");
	}
	draw_line(d, line);
}

/* ---- who gets how much room --------------------------------------------------- */

static size_t draw_rows_wanted(const struct draw *d,
			       const struct watch_sensor *s)
{
	return (s->channels + draw_cells(d) - 1) / draw_cells(d);
}

/* Lines that are there whatever happens to the channels. */
static size_t draw_lines_fixed(const struct watch_view *v, const char *title,
			       int64_t now_ns)
{
	size_t n = 3 + !!title + !!v->hint + !!*v->fault + v->have_ledger;

	for (size_t i = 0; i < v->sensors; i++)
		n += 1 + !!draw_trouble(&v->sensor[i], now_ns);
	return n;
}

/* Row by row in turn, so that no sensor takes the room of the others. */
static void draw_share(const struct draw *d, const struct watch_view *v,
		       size_t room, size_t rows[DRAW_SENSORS_MAX])
{
	bool more = true;

	memset(rows, 0, DRAW_SENSORS_MAX * sizeof(*rows));
	while (room && more) {
		more = false;
		for (size_t i = 0; i < v->sensors && i < DRAW_SENSORS_MAX; i++) {
			if (!room || rows[i] == draw_rows_wanted(d, &v->sensor[i]))
				continue;
			rows[i]++;
			room--;
			more = true;
		}
	}
}

void watch_draw(const struct watch_view *v, const char *title,
		const struct watch_size *size, int64_t now_ns, FILE *out)
{
	struct draw d = { .out = out, .size = size };
	size_t fixed = draw_lines_fixed(v, title, now_ns);
	size_t rows[DRAW_SENSORS_MAX];

	draw_share(&d, v, size->lines > fixed ? size->lines - fixed : 0, rows);
	if (title)
		draw_line(&d, title);
	draw_head(&d, v);
	draw_line(&d, "SENSOR                 RATE      AGE    BOUND  COVER   LOST DROPPED FAULTS");
	for (size_t i = 0; i < v->sensors && i < DRAW_SENSORS_MAX; i++) {
		const struct watch_sensor *s = &v->sensor[i];
		size_t shown = rows[i] * draw_cells(&d);

		draw_sensor(&d, s, s->channels > shown ? s->channels - shown :
			    0, now_ns);
		draw_channels(&d, s, rows[i]);
	}
	draw_foot(&d, v);
}
