/* SPDX-License-Identifier: GPL-2.0-only */
/* Tells the service manager how we are; does nothing without one. */
#ifndef CITYHUBD_NOTIFY_H
#define CITYHUBD_NOTIFY_H

#include <stdint.h>

/* E.g. "READY=1\nSTATUS=...". */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* How often the service manager wants "WATCHDOG=1", 0 when it does not. */
int64_t notify_watchdog_ns(void);

#endif /* CITYHUBD_NOTIFY_H */
