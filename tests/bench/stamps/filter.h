/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to get at the instant of the newest sample: ours, and what others do,
 * made anew from the description of their method.
 */
#ifndef STAMPS_FILTER_H
#define STAMPS_FILTER_H

#include <stdint.h>

#include "trace.h"

/**
 * struct filter - one way
 * @name:	for the table
 * @start:	forget all, be told the nominal period
 * @update:	take an observation, give how far the instant is off and its 95 %
 *		bound (negative when the method has none); both in ns
 */
struct filter {
	const char *name;
	void (*start)(const struct trace_profile *p);
	void (*update)(const struct trace_point *q, double *error_ns,
		       double *bound_ns);
};

extern const struct filter filter_cityhub;	/* kernel/base/stamp.c */
extern const struct filter filter_raw;		/* the interrupt itself */
extern const struct filter filter_median;	/* as cros_ec_sensorhub */
extern const struct filter filter_mean;		/* as inv_sensors_timestamp */
extern const struct filter filter_limit;	/* knows the true model */

#endif /* STAMPS_FILTER_H */
