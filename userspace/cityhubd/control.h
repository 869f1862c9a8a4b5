/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket, see common/control.h. */
#ifndef CITYHUBD_CONTROL_H
#define CITYHUBD_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "cityhubd/capture.h"
#include "cityhubd/loop.h"

struct control;

/* NULL with errno. @c outlives it. */
struct control *control_open(struct loop *loop, struct capture *c,
			     const char *path);
void control_close(struct control *ctl);

/* For capture_set_tap(): hands samples to who wants them, and never waits. */
void control_samples(void *ctx, const char *sensor, const struct source *src,
		     const int64_t *utc_ns, const double *const *columns,
		     size_t at, size_t n);

struct control_stats {
	unsigned int taps;
	uint64_t missed;	/* samples that clients were too slow for */
};

void control_get_stats(const struct control *ctl, struct control_stats *s);

#endif /* CITYHUBD_CONTROL_H */
