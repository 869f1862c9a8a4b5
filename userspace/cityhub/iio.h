/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IIO devices of this machine as sysfs shows them; works without the hub.
 */
#ifndef CITYHUB_IIO_H
#define CITYHUB_IIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IIO_NAME_LEN	64
#define IIO_DIR		"/sys/bus/iio/devices"

/**
 * struct iio_entry - an IIO device
 * @id:		the N of iio:deviceN
 * @name:	its name
 * @label:	its label, "" when it has none
 * @trigger:	its current trigger, "" when it has none
 * @has_buffer:	it can be captured
 * @buffer_on:	it is being captured
 */
struct iio_entry {
	uint32_t id;
	char name[IIO_NAME_LEN];
	char label[IIO_NAME_LEN];
	char trigger[IIO_NAME_LEN];
	bool has_buffer;
	bool buffer_on;
};

/*
 * All devices, by rising id; to be freed with free(). Returns 0, -ENOENT when
 * the kernel has no IIO, or another error number.
 */
int iio_scan(struct iio_entry **entries, size_t *n);

#endif
