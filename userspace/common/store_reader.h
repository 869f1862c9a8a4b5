/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the store beside the daemon, without disturbing it. */
#ifndef CITYHUB_STORE_READER_H
#define CITYHUB_STORE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"
#include "common/clock_log.h"
#include "common/ledger.h"

struct store_reader;

/* NULL with the reason in @why. */
struct store_reader *store_reader_open(const char *path, char *why, size_t room);
void store_reader_close(struct store_reader *r);
/*
 * The first batch with an id above @after, dated anew if the clock was not
 * synchronised when it was made but was so later in the same boot, and without
 * values and with BATCH_DAMAGED if the disk has lost them: 1 with the batch, to be freed by
 * the caller, 0 when there is none, -EIO when the store cannot be read.
 */
int store_reader_next(struct store_reader *r, uint64_t after,
		      struct batch **b, uint64_t *id);
/* Id of the newest batch, 0 when there is none. */
uint64_t store_reader_newest(struct store_reader *r);
/*
 * The newest @room entries of the clock's log in @log, oldest first. Returns
 * their number or -EIO; @newest tells one state of the log from another.
 */
int store_reader_clock(struct store_reader *r, struct clock_entry *log,
		       size_t room, uint64_t *newest);
/* Sensors and sinks of one and the same commit. Return 0 or -EIO. */
int store_reader_ledger(struct store_reader *r,
			int (*sensor)(void *ctx, const char *name,
				      const struct ledger_sensor *l),
			int (*sink)(void *ctx, const char *name, int64_t cursor,
				    const struct ledger_sink *l), void *ctx);

#endif /* CITYHUB_STORE_READER_H */
