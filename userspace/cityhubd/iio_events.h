/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of an IIO device: a dip, a level that was exceeded. */
#ifndef CITYHUBD_IIO_EVENTS_H
#define CITYHUBD_IIO_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"

#define IIO_EVENTS_DEPTH	16	/* of the kernel's queue */

struct iio_event {
	uint64_t code;		/* IIO_EVENT_CODE of the kernel */
	int64_t t_ns;		/* in the clock of the device */
};

/*
 * A file descriptor for the events of the device with that id ("iio:device0"),
 * while nobody has its buffer; from then on its clock cannot be set. -ENODEV
 * when it has none, -EBUSY when another program listens, -errno.
 */
int iio_events_open(const char *id);
/*
 * What is there, @room of them at most, without waiting. Returns their number,
 * or -errno when the device is gone.
 */
int iio_events_read(int fd, struct iio_event *e, size_t room);

/* Is it about the channel that IIO calls @id, such as "altvoltage0_rms"? */
bool iio_event_is_of(const struct iio_event *e, const char *id);
/*
 * The event as a channel of a message: that of @of with what happened behind
 * its name and its quantity; @of NULL: a channel that is in no scan.
 */
void iio_event_describe(const struct iio_event *e,
			const struct batch_channel *of,
			struct batch_channel *what);

#endif /* CITYHUBD_IIO_EVENTS_H */
