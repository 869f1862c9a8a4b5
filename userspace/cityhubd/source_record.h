/* SPDX-License-Identifier: GPL-2.0-only */
/* A source that also writes what it delivers to a recording. */
#ifndef CITYHUBD_SOURCE_RECORD_H
#define CITYHUBD_SOURCE_RECORD_H

#include "cityhubd/source.h"

/*
 * Takes @inner over and writes to @path, from the beginning each time it is
 * armed; what was there becomes @path.old. A disk that fails ends the recording,
 * not the capture. NULL with @inner as it was when there is no memory.
 */
struct source *source_record_open(struct source *inner, const char *path);

#endif /* CITYHUBD_SOURCE_RECORD_H */
