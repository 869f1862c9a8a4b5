/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording: what one source delivered, block by block. A line of JSON tells
 * the layout, the blocks follow, each with the boottime of its reading and its
 * length in bytes before it, both 64 bits, little endian.
 */
#ifndef CITYHUBD_RECORDING_H
#define CITYHUBD_RECORDING_H

#include <stdint.h>
#include <stdio.h>

#include "cityhubd/source.h"

#define RECORDING_SCHEMA	"cityhub.recording/1"
#define RECORDING_SUFFIX	".rec"

/* Both return 0 or -errno; @s is armed. */
int recording_write_head(FILE *f, const struct source *s);
int recording_write_block(FILE *f, int64_t heard_ns, const uint8_t *block,
			  size_t len);

/*
 * Fills what is known of an armed source; s->channel is to be freed. Returns 0
 * or -errno.
 */
int recording_read_head(FILE *f, struct source *s);
/*
 * Returns the length of the block, 0 at the end, a block that was not written
 * to its end being none, or -EBADMSG.
 */
ssize_t recording_read_block(FILE *f, const struct source *s, int64_t *heard_ns,
			     uint8_t *block);

#endif /* CITYHUBD_RECORDING_H */
