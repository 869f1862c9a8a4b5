/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scenario: what the world does over time, read from CSV. No I/O, no clock,
 * no locks, so that it is tested by itself.
 */
#ifndef _CITYHUB_SIM_SCENARIO_H
#define _CITYHUB_SIM_SCENARIO_H

#include <linux/types.h>

#include "sim.h"

/* Longest line of a scenario, and most rows (a week at 1 Hz). */
#define SIM_CSV_LINE	1024
#define SIM_CSV_ROWS	700000

/**
 * struct sim_point - one cell of the table
 * @t_ns:	time in the scenario
 * @value:	value in micro-units
 */
struct sim_point {
	s64 t_ns;
	s64 value;
};

/**
 * struct sim_series - the cells of one column that are not empty
 * @points:	cells, in order of time
 * @n:		number of cells
 * @room:	cells allocated
 */
struct sim_series {
	struct sim_point *points;
	u32 n;
	u32 room;
};

/**
 * struct sim_scenario - a table of the world
 * @duration_ns: time of the last row; then it begins again
 * @rows:	number of rows
 * @series:	columns, by &enum sim_quantity
 */
struct sim_scenario {
	s64 duration_ns;
	u32 rows;
	struct sim_series series[SIM_QUANTITIES];
};

struct sim_csv;

extern const char *const sim_quantity_names[SIM_QUANTITIES];

bool sim_scenario_get(const struct sim_scenario *scn, enum sim_quantity q,
		      s64 t_ns, s64 *value_micro);
void sim_scenario_free(struct sim_scenario *scn);
s64 sim_default_get(enum sim_quantity q, s64 t_ns);

struct sim_csv *sim_csv_new(void);
int sim_csv_feed(struct sim_csv *csv, const char *text, size_t len);
struct sim_scenario *sim_csv_finish(struct sim_csv *csv);
u32 sim_csv_line(const struct sim_csv *csv);
const char *sim_csv_error(const struct sim_csv *csv);
void sim_csv_free(struct sim_csv *csv);

int sim_parse_decimal(const char *text, unsigned int digits, s64 *value);

#endif /* _CITYHUB_SIM_SCENARIO_H */
