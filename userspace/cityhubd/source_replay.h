/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second kind of source: replays a recording over and over, at any speed,
 * so that the daemon can be tried, tested and measured without sensors. The
 * samples keep their spacing and begin now: faster than real time they are
 * dated ahead of it.
 */
#ifndef CITYHUBD_SOURCE_REPLAY_H
#define CITYHUBD_SOURCE_REPLAY_H

#include "cityhubd/source.h"

/* @speed 0: as fast as it is read. NULL with errno when there is no memory. */
struct source *source_replay_open(const char *path, double speed);

#endif /* CITYHUBD_SOURCE_REPLAY_H */
