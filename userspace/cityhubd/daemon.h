/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts put together, from start to the drained end. */
#ifndef CITYHUBD_DAEMON_H
#define CITYHUBD_DAEMON_H

#include <stdbool.h>

/*
 * @path: the configuration, NULL for none; @store: in place of store.path, or
 * NULL. Returns the exit status.
 */
int daemon_main(const char *path, const char *store);

#endif /* CITYHUBD_DAEMON_H */
