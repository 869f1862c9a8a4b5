/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's store, for commands: who may not see it is told what to do. */
#ifndef CITYHUB_STORE_LOOK_H
#define CITYHUB_STORE_LOOK_H

#include <stddef.h>

#include "common/store_reader.h"

/*
 * @path: NULL for the store of the daemon that runs, or would. Returns NULL
 * with the reason and the remedy in @why, and the &enum cmd_exit in @status:
 * absent, refused or failed.
 */
struct store_reader *store_look(const char *path, char *why, size_t room,
				int *status);

#endif /* CITYHUB_STORE_LOOK_H */
