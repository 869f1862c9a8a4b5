/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a filter over traces and says how far off it was. */
#ifndef STAMPS_SCORE_H
#define STAMPS_SCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "filter.h"
#include "trace.h"

/**
 * struct errors - what a filter did, one entry per point that is judged
 * @size:	entries
 * @room:	entries there is room for
 * @error_ns:	stamp minus truth; the mean is taken off by score_of()
 * @bound_ns:	95 % bound, negative without one
 * @after_gap:	whether it was the first after a gap
 * @disorder:	stamps that lay before the one before them, all points counted
 */
struct errors {
	size_t size;
	size_t room;
	double *error_ns;
	double *bound_ns;
	bool *after_gap;
	size_t disorder;
};

/**
 * struct score - figures of merit, in ns
 * @scored:	points judged
 * @mean:	mean error: the constant part of the latency and the bias
 * @sd:		standard deviation of the error
 * @p99:	99 % of errors are smaller, mean removed
 * @max:	largest error, mean removed
 * @covered:	share of errors, mean removed, within their bound; negative
 *		without bounds
 * @bound:	mean bound
 * @gap_excess:	by how much the error after a gap exceeded its bound at most
 * @gap_error:	largest error after a gap
 * @gap_bound:	largest bound after a gap
 * @disorder:	as in struct errors
 */
struct score {
	size_t scored;
	double mean;
	double sd;
	double p99;
	double max;
	double covered;
	double bound;
	double gap_excess;
	double gap_error;
	double gap_bound;
	size_t disorder;
};

/* Adds the errors of all seeds of a profile; ends the program without memory. */
void errors_add(struct errors *e, const struct filter *f,
		const struct trace_profile *p);
void errors_free(struct errors *e);
/* Takes the mean off @e and sums it up. */
struct score score_of(struct errors *e);
/* Both, for one profile. */
struct score score_profile(const struct filter *f, const struct trace_profile *p);

#endif /* STAMPS_SCORE_H */
