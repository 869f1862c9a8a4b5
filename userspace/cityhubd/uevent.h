/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of devices that come and go. */
#ifndef CITYHUBD_UEVENT_H
#define CITYHUBD_UEVENT_H

#include <stdbool.h>
#include <stddef.h>

/* A socket to be polled, not blocking, or -errno. */
int uevent_open(void);
/*
 * Read all that is there. Returns whether an IIO device came or went, or may
 * have, because there was more than the socket could hold.
 */
bool uevent_read(int fd);
/* Does the message @text of @len bytes say so? */
bool uevent_is_iio(const char *text, size_t len);

#endif /* CITYHUBD_UEVENT_H */
