/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source delivers blocks of scans of one sensor. Whoever implements it
 * embeds a struct source; whoever uses it knows only what is here.
 */
#ifndef CITYHUBD_SOURCE_H
#define CITYHUBD_SOURCE_H

#include <stdint.h>
#include <sys/types.h>

#include "cityhubd/energy_index.h"
#include "cityhubd/meaning.h"
#include "common/batch.h"

struct source;
struct source_event;

struct source_ops {
	/* Start delivering. Returns 0 or -errno, with @why set. */
	int (*arm)(struct source *s);
	/* To be polled for input while armed. */
	int (*fd)(struct source *s);
	/*
	 * Next block, valid until the next call. Returns its length in bytes
	 * (whole scans), -EAGAIN, or -errno when the source is gone.
	 */
	ssize_t (*read)(struct source *s, const uint8_t **block);
	/*
	 * Nothing came for a while: 0 when that is in order, -EPIPE when
	 * someone switched the buffer off, -errno when the source is gone.
	 */
	int (*check)(struct source *s);
	/* Of sources with events; NULL else. -1 while there are none. */
	int (*event_fd)(struct source *s);
	/*
	 * Those that are there, @room of them at most. Returns their number, or
	 * -errno.
	 */
	int (*events)(struct source *s, struct source_event *e, size_t room);
	void (*disarm)(struct source *s);
	void (*close)(struct source *s);
};

/* Something happened to what it measures. */
struct source_event {
	struct batch_channel what;
	int64_t t_ns;		/* in the clock of the stamps */
};

struct source_channel {
	struct decode_channel decode;
	struct meaning meaning;
	char id[BATCH_NAME];	/* of IIO, e.g. "voltage0"; or empty */
};

struct source {
	const struct source_ops *ops;
	char key[BATCH_NAME];	/* stays the same while the device is there */
	char name[BATCH_NAME];	/* wanted name of the sensor */
	char why[256];		/* why the last call failed, for people */
	/* Known once armed: */
	char meter[ENERGY_METER];	/* which chip it is, for energy; or empty */
	uint64_t binding;	/* another one each time a driver is bound to it */
	double rate_hz;		/* 0 when not known */
	enum batch_clock clock;	/* BATCH_CLOCK_READ: there are no stamps */
	size_t scan_size;
	size_t block_scans;
	struct decode_channel stamp;
	unsigned int channels;	/* without the stamp */
	struct source_channel *channel;
};

#endif /* CITYHUBD_SOURCE_H */
