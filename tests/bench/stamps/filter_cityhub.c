// SPDX-License-Identifier: GPL-2.0-only
#include <cityhub/stamp.h>

#include "filter.h"

/* What stamp-replay takes by default. */
#define TOLERANCE_PPM	30000

static struct cityhub_stamp stamp;

static void start(const struct trace_profile *p)
{
	struct cityhub_stamp_config config = {
		.period_ns = trace_told_period_ns(p),
		.tolerance_ppm = TOLERANCE_PPM,
	};

	cityhub_stamp_init(&stamp, &config);
}

static void update(const struct trace_point *q, double *error_ns,
		   double *bound_ns)
{
	if (q->new_samples)
		cityhub_stamp_update(&stamp, q->new_samples, q->irq_ns,
				     q->max_late_ns);
	*error_ns = cityhub_stamp_instant(&stamp, 0) - q->truth_ns;
	*bound_ns = cityhub_stamp_bound_ns(&stamp);
}

const struct filter filter_cityhub = { "cityhub", start, update };
