// SPDX-License-Identifier: GPL-2.0-only
#include "filter.h"

static void start(const struct trace_profile *p)
{
	(void)p;
}

static void update(const struct trace_point *q, double *error_ns,
		   double *bound_ns)
{
	*error_ns = q->irq_ns - q->truth_ns;
	*bound_ns = -1;
}

const struct filter filter_raw = { "raw interrupt", start, update };
