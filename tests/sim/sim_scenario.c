// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "sim_scenario.h"

/* Cells have up to nine digits before the point. */
#define SIM_INTEGER_MAX		999999999ULL

/* Column of the time, among those that are numbered by quantity. */
#define SIM_TIME		SIM_QUANTITIES

const char *const sim_quantity_names[SIM_QUANTITIES] = {
	[SIM_PM1_UGM3] = "pm1_ugm3",
	[SIM_PM2P5_UGM3] = "pm2p5_ugm3",
	[SIM_PM4_UGM3] = "pm4_ugm3",
	[SIM_PM10_UGM3] = "pm10_ugm3",
	[SIM_TEMP_C] = "temp_c",
	[SIM_RH_PCT] = "rh_pct",
	[SIM_CO2_PPM] = "co2_ppm",
	[SIM_VOC_INDEX] = "voc_index",
	[SIM_NOX_INDEX] = "nox_index",
	[SIM_HCHO_PPB] = "hcho_ppb",
	[SIM_PRESSURE_HPA] = "pressure_hpa",
	[SIM_NOISE_DBA] = "noise_dba",
	[SIM_L1_V] = "l1_v", [SIM_L1_A] = "l1_a",
	[SIM_L1_PF] = "l1_pf", [SIM_L1_HZ] = "l1_hz",
	[SIM_L2_V] = "l2_v", [SIM_L2_A] = "l2_a",
	[SIM_L2_PF] = "l2_pf", [SIM_L2_HZ] = "l2_hz",
	[SIM_L3_V] = "l3_v", [SIM_L3_A] = "l3_a",
	[SIM_L3_PF] = "l3_pf", [SIM_L3_HZ] = "l3_hz",
	[SIM_L1_VTHD] = "l1_vthd", [SIM_L1_ITHD] = "l1_ithd",
	[SIM_L2_VTHD] = "l2_vthd", [SIM_L2_ITHD] = "l2_ithd",
	[SIM_L3_VTHD] = "l3_vthd", [SIM_L3_ITHD] = "l3_ithd",
};

/**
 * struct sim_csv - a table being read
 * @scn:	what was read so far
 * @columns:	quantity of each column, SIM_TIME for the time
 * @n_columns:	number of columns, 0 before the header
 * @line_no:	number of the line being read
 * @error:	what is wrong with it, NULL while nothing is
 * @len:	characters of the line being read
 * @line:	these
 */
struct sim_csv {
	struct sim_scenario *scn;
	u8 columns[SIM_QUANTITIES + 1];
	u32 n_columns;
	u32 line_no;
	const char *error;
	u32 len;
	char line[SIM_CSV_LINE];
};

/* Built-in world: a value and a slow triangle around it. */
static const struct {
	s64 mean;
	s64 swing;
	s64 period_ns;
} sim_defaults[SIM_QUANTITIES] = {
	[SIM_PM1_UGM3] = { 6000000, 1500000, 40LL * NSEC_PER_SEC },
	[SIM_PM2P5_UGM3] = { 8400000, 2000000, 44LL * NSEC_PER_SEC },
	[SIM_PM4_UGM3] = { 10000000, 2500000, 48LL * NSEC_PER_SEC },
	[SIM_PM10_UGM3] = { 12000000, 3000000, 52LL * NSEC_PER_SEC },
	[SIM_TEMP_C] = { 21300000, 800000, 60LL * NSEC_PER_SEC },
	[SIM_RH_PCT] = { 48000000, 2000000, 56LL * NSEC_PER_SEC },
	[SIM_CO2_PPM] = { 612000000, 40000000, 50LL * NSEC_PER_SEC },
	[SIM_VOC_INDEX] = { 100000000, 20000000, 36LL * NSEC_PER_SEC },
	[SIM_NOX_INDEX] = { 12000000, 5000000, 42LL * NSEC_PER_SEC },
	[SIM_HCHO_PPB] = { 15000000, 4000000, 41LL * NSEC_PER_SEC },
	[SIM_PRESSURE_HPA] = { 1009000000, 400000, 58LL * NSEC_PER_SEC },
	[SIM_NOISE_DBA] = { 58000000, 7000000, 30LL * NSEC_PER_SEC },
	[SIM_L1_V] = { 230100000, 2500000, 38LL * NSEC_PER_SEC },
	[SIM_L1_A] = { 1950000, 450000, 34LL * NSEC_PER_SEC },
	[SIM_L1_PF] = { 920000, 40000, 46LL * NSEC_PER_SEC },
	[SIM_L1_HZ] = { 50010000, 20000, 54LL * NSEC_PER_SEC },
	[SIM_L2_V] = { 229400000, 2200000, 39LL * NSEC_PER_SEC },
	[SIM_L2_A] = { 1200000, 300000, 35LL * NSEC_PER_SEC },
	[SIM_L2_PF] = { 880000, 50000, 47LL * NSEC_PER_SEC },
	[SIM_L2_HZ] = { 50010000, 20000, 54LL * NSEC_PER_SEC },
	[SIM_L3_V] = { 230800000, 2000000, 37LL * NSEC_PER_SEC },
	[SIM_L3_A] = { 3100000, 600000, 33LL * NSEC_PER_SEC },
	[SIM_L3_PF] = { 950000, 30000, 45LL * NSEC_PER_SEC },
	[SIM_L3_HZ] = { 50010000, 20000, 54LL * NSEC_PER_SEC },
	[SIM_L1_VTHD] = { 21000, 4000, 41LL * NSEC_PER_SEC },
	[SIM_L1_ITHD] = { 84000, 20000, 43LL * NSEC_PER_SEC },
	[SIM_L2_VTHD] = { 22000, 4000, 41LL * NSEC_PER_SEC },
	[SIM_L2_ITHD] = { 91000, 20000, 43LL * NSEC_PER_SEC },
	[SIM_L3_VTHD] = { 20000, 4000, 41LL * NSEC_PER_SEC },
	[SIM_L3_ITHD] = { 78000, 20000, 43LL * NSEC_PER_SEC },
};

/**
 * sim_default_get - the world without a scenario
 * @q:		quantity
 * @t_ns:	time since the world began, not negative
 *
 * Return: value in micro-units; two distinct ones at least within any minute
 */
s64 sim_default_get(enum sim_quantity q, s64 t_ns)
{
	s64 swing = sim_defaults[q].swing, period = sim_defaults[q].period_ns;
	u64 phase, up;

	div64_u64_rem(t_ns, period, &phase);
	up = phase < period / 2 ? phase : period - phase;

	return sim_defaults[q].mean - swing +
	       mul_u64_u64_div_u64(4 * swing, up, period);
}

/* First cell that is not earlier than @t_ns. */
static u32 sim_series_find(const struct sim_series *series, s64 t_ns)
{
	u32 low = 0, high = series->n;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (series->points[middle].t_ns < t_ns)
			low = middle + 1;
		else
			high = middle;
	}

	return low;
}

static s64 sim_interpolate(const struct sim_point *a, const struct sim_point *b,
			   s64 t_ns)
{
	u64 rise = abs(b->value - a->value);
	s64 part;

	part = mul_u64_u64_div_u64(rise, t_ns - a->t_ns, b->t_ns - a->t_ns);

	return a->value + (b->value < a->value ? -part : part);
}

/**
 * sim_scenario_get - look up the world
 * @scn:	scenario
 * @q:		quantity
 * @t_ns:	time since its beginning, not negative; it repeats
 * @value_micro: value, linear between the cells and held at both ends
 *
 * Return: false when the scenario has nothing about @q
 */
bool sim_scenario_get(const struct sim_scenario *scn, enum sim_quantity q,
		      s64 t_ns, s64 *value_micro)
{
	const struct sim_series *series = &scn->series[q];
	u64 t = t_ns;
	u32 i;

	if (!series->n)
		return false;
	if (scn->duration_ns)
		div64_u64_rem(t_ns, scn->duration_ns, &t);

	i = sim_series_find(series, t);
	if (i == 0)
		*value_micro = series->points[0].value;
	else if (i == series->n)
		*value_micro = series->points[i - 1].value;
	else
		*value_micro = sim_interpolate(&series->points[i - 1],
					       &series->points[i], t);

	return true;
}

void sim_scenario_free(struct sim_scenario *scn)
{
	unsigned int q;

	if (!scn)
		return;

	for (q = 0; q < SIM_QUANTITIES; q++)
		kvfree(scn->series[q].points);
	kfree(scn);
}

/* Up to @digits decimals; more of them are cut off. */
static const char *sim_parse_fraction(const char *text, unsigned int digits,
				      u64 *value)
{
	for (; isdigit(*text); text++) {
		if (!digits)
			continue;
		*value = *value * 10 + (*text - '0');
		digits--;
	}
	for (; digits; digits--)
		*value *= 10;

	return text;
}

/**
 * sim_parse_decimal - read a decimal number into an integer
 * @text:	number, nothing else
 * @digits:	decimals of the result, at most nine
 * @value:	number * 10^digits
 */
int sim_parse_decimal(const char *text, unsigned int digits, s64 *value)
{
	bool negative = *text == '-';
	const char *begin;
	u64 v = 0;

	text += negative;
	for (begin = text; isdigit(*text); text++) {
		v = v * 10 + (*text - '0');
		if (v > SIM_INTEGER_MAX)
			return -ERANGE;
	}
	if (text == begin)
		return -EINVAL;
	if (*text == '.' && !isdigit(*++text))
		return -EINVAL;

	text = sim_parse_fraction(text, digits, &v);
	if (*text)
		return -EINVAL;

	*value = negative ? -(s64)v : v;
	return 0;
}

struct sim_csv *sim_csv_new(void)
{
	struct sim_csv *csv;

	csv = kzalloc(sizeof(*csv), GFP_KERNEL);
	if (!csv)
		return NULL;

	csv->scn = kzalloc(sizeof(*csv->scn), GFP_KERNEL);
	if (csv->scn)
		return csv;

	kfree(csv);
	return NULL;
}

void sim_csv_free(struct sim_csv *csv)
{
	if (!csv)
		return;

	sim_scenario_free(csv->scn);
	kfree(csv);
}

u32 sim_csv_line(const struct sim_csv *csv)
{
	return csv->line_no;
}

const char *sim_csv_error(const struct sim_csv *csv)
{
	return csv->error;
}

static int sim_csv_refuse(struct sim_csv *csv, const char *why)
{
	csv->error = why;

	return -EINVAL;
}

static int sim_csv_column(struct sim_csv *csv, const char *name)
{
	int q = SIM_TIME;
	u32 i;

	if (strcmp(name, "t_s"))
		q = match_string(sim_quantity_names, SIM_QUANTITIES, name);
	if (q < 0)
		return sim_csv_refuse(csv, "unknown column");

	for (i = 0; i < csv->n_columns; i++)
		if (csv->columns[i] == q)
			return sim_csv_refuse(csv, "column named twice");

	csv->columns[csv->n_columns++] = q;
	return 0;
}

static int sim_csv_header(struct sim_csv *csv, char *line)
{
	char *name;
	int ret;

	while ((name = strsep(&line, ","))) {
		ret = sim_csv_column(csv, strim(name));
		if (ret)
			return ret;
	}

	if (!memchr(csv->columns, SIM_TIME, csv->n_columns))
		return sim_csv_refuse(csv, "no column t_s");

	return 0;
}

static int sim_series_add(struct sim_series *series, s64 value)
{
	struct sim_point *points;
	u32 room;

	if (series->n == series->room) {
		room = series->room ? 2 * series->room : 64;
		points = kvcalloc(room, sizeof(*points), GFP_KERNEL);
		if (!points)
			return -ENOMEM;
		memcpy(points, series->points, series->n * sizeof(*points));
		kvfree(series->points);
		series->points = points;
		series->room = room;
	}

	series->points[series->n++].value = value;
	return 0;
}

static int sim_csv_time(struct sim_csv *csv, const char *cell)
{
	struct sim_scenario *scn = csv->scn;
	s64 t_ns;

	if (sim_parse_decimal(cell, 9, &t_ns) || t_ns < 0)
		return sim_csv_refuse(csv, "not a time");
	if (scn->rows && t_ns <= scn->duration_ns)
		return sim_csv_refuse(csv, "time does not increase");
	if (scn->rows == SIM_CSV_ROWS)
		return sim_csv_refuse(csv, "too many rows");

	scn->duration_ns = t_ns;
	scn->rows++;
	return 0;
}

static int sim_csv_cell(struct sim_csv *csv, u8 q, const char *cell)
{
	s64 value;

	if (q == SIM_TIME)
		return sim_csv_time(csv, cell);
	if (!*cell)
		return 0;
	if (sim_parse_decimal(cell, 6, &value))
		return sim_csv_refuse(csv, "not a number");

	return sim_series_add(&csv->scn->series[q], value);
}

/* The time may stand in any column: cells are dated when the row is read. */
static void sim_csv_date(struct sim_scenario *scn, const u32 *before)
{
	unsigned int q;

	for (q = 0; q < SIM_QUANTITIES; q++)
		if (scn->series[q].n > before[q])
			scn->series[q].points[before[q]].t_ns =
				scn->duration_ns;
}

static int sim_csv_row(struct sim_csv *csv, char *line)
{
	struct sim_scenario *scn = csv->scn;
	u32 before[SIM_QUANTITIES], i;
	char *cell;
	int ret;

	for (i = 0; i < SIM_QUANTITIES; i++)
		before[i] = scn->series[i].n;

	for (i = 0; (cell = strsep(&line, ",")); i++) {
		if (i == csv->n_columns)
			return sim_csv_refuse(csv, "more cells than columns");
		ret = sim_csv_cell(csv, csv->columns[i], strim(cell));
		if (ret)
			return ret;
	}
	if (i < csv->n_columns)
		return sim_csv_refuse(csv, "fewer cells than columns");

	sim_csv_date(scn, before);
	return 0;
}

static int sim_csv_end_of_line(struct sim_csv *csv)
{
	char *line;

	csv->line[csv->len] = '\0';
	csv->len = 0;
	csv->line_no++;

	line = strim(csv->line);
	if (!*line || *line == '#')
		return 0;

	return csv->n_columns ? sim_csv_row(csv, line) :
				sim_csv_header(csv, line);
}

/**
 * sim_csv_feed - read the next piece of the text
 * @csv:	table
 * @text:	piece, cut anywhere
 * @len:	its length
 *
 * Return: 0; -EINVAL when sim_csv_error() tells what is wrong with line
 *	   sim_csv_line(), which stays so; -ENOMEM
 */
int sim_csv_feed(struct sim_csv *csv, const char *text, size_t len)
{
	int ret;

	if (csv->error)
		return -EINVAL;

	for (; len; len--, text++) {
		if (*text == '\n') {
			ret = sim_csv_end_of_line(csv);
			if (ret)
				return ret;
		} else if (csv->len < SIM_CSV_LINE - 1) {
			csv->line[csv->len++] = *text;
		} else {
			csv->line_no++;
			return sim_csv_refuse(csv, "line too long");
		}
	}

	return 0;
}

/**
 * sim_csv_finish - the text has ended
 * @csv:	table, empty afterwards and to be freed all the same
 *
 * Return: the scenario or an error as of sim_csv_feed()
 */
struct sim_scenario *sim_csv_finish(struct sim_csv *csv)
{
	struct sim_scenario *scn = csv->scn;
	int ret = 0;

	if (csv->error)
		return ERR_PTR(-EINVAL);
	if (csv->len)
		ret = sim_csv_end_of_line(csv);
	if (!ret && !scn->rows)
		ret = sim_csv_refuse(csv, "no rows");
	if (ret)
		return ERR_PTR(ret);

	csv->scn = NULL;
	return scn;
}
