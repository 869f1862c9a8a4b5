/* SPDX-License-Identifier: GPL-2.0-only */
/* Which chip an IIO device is, so that it is known again. */
#ifndef CITYHUBD_CHIP_ID_H
#define CITYHUBD_CHIP_ID_H

#include <stddef.h>
#include <stdint.h>

#define CHIP_ID		128
#define CHIP_ID_DEVICES	"/sys/bus/iio/devices"

/*
 * "ade9000-meter@spi0.0", with "#" and its serial number behind it where it has
 * one, for the device @key ("iio:device0") in the folder @devices. Returns what
 * tells one binding of a driver from the next in the same boot, 0 when the
 * device is gone.
 */
uint64_t chip_id(const char *devices, const char *key, char id[CHIP_ID]);
/* The first line of one of its files. 0 or -errno. */
int chip_read(const char *devices, const char *key, const char *attr,
	      char *text, size_t room);
int chip_write(const char *devices, const char *key, const char *attr,
	       const char *text);

#endif /* CITYHUBD_CHIP_ID_H */
