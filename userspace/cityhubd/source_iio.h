/* SPDX-License-Identifier: GPL-2.0-only */
/* Sources from the IIO devices of this machine, through libiio. */
#ifndef CITYHUBD_SOURCE_IIO_H
#define CITYHUBD_SOURCE_IIO_H

#include <stdbool.h>
#include <stddef.h>

#include "cityhubd/source.h"

struct source_iio_scan;

/* One look at /sys/bus/iio. NULL with errno: ENOENT when there is no IIO. */
struct source_iio_scan *source_iio_scan_new(void);
void source_iio_scan_free(struct source_iio_scan *scan);
/* Number of devices that can be captured. */
size_t source_iio_scan_size(const struct source_iio_scan *scan);
const char *source_iio_scan_key(const struct source_iio_scan *scan, size_t i);
const char *source_iio_scan_name(const struct source_iio_scan *scan, size_t i);
struct source *source_iio_open(struct source_iio_scan *scan, size_t i,
			       double latency_s);

/* Something that changes when a device comes or goes; cheap. */
unsigned long source_iio_fingerprint(void);

#endif /* CITYHUBD_SOURCE_IIO_H */
