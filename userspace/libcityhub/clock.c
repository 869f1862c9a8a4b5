// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include <cityhub/cityhub.h>

int cityhub_clock_offset(const struct cityhub_clock *c, clockid_t clock,
			 int64_t *offset_ns)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
		*offset_ns = 0;
		return 0;
	case CLOCK_REALTIME:
		*offset_ns = c->realtime_ns;
		return 0;
	case CLOCK_BOOTTIME:
		*offset_ns = c->boottime_ns;
		return 0;
	case CLOCK_TAI:
		*offset_ns = c->tai_ns;
		return 0;
	case CLOCK_MONOTONIC_RAW:
		*offset_ns = c->raw_ns;
		return 0;
	default:
		return -EINVAL;
	}
}
