/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger says where every value went.
 *
 * A value is one channel of one scan. Per sensor:
 *   captured = reduced + stored raw + pending + dropped (by reason)
 * A batch is one message. Per sink:
 *   made = acknowledged + waiting + expired (by reason)
 */
#ifndef CITYHUB_LEDGER_H
#define CITYHUB_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

/* Why a value did not become part of a result. */
enum ledger_drop {
	LEDGER_DROP_UNKNOWN,	/* the chip said that it has no value */
	LEDGER_DROP_STORE,	/* the store could not take the batch */
	LEDGER_DROP_CRASH,	/* pending when the daemon died */
	LEDGER_DROPS,
};

/* Why a batch left the store before the sink had it. */
enum ledger_expiry {
	/* A reason that is not known counts as the first. */
	LEDGER_EXPIRED_SIZE,	/* the store was full, oldest first */
	LEDGER_EXPIRED_AGE,	/* older than it may become */
	LEDGER_EXPIRIES,
};

struct ledger_sensor {
	uint64_t captured;
	uint64_t reduced;
	uint64_t raw;
	uint64_t pending;
	uint64_t dropped[LEDGER_DROPS];
};

struct ledger_sink {
	uint64_t made;
	uint64_t acknowledged;
	uint64_t waiting;
	uint64_t expired[LEDGER_EXPIRIES];
};

const char *ledger_drop_name(enum ledger_drop reason);
const char *ledger_expiry_name(enum ledger_expiry reason);
uint64_t ledger_dropped(const struct ledger_sensor *l);
uint64_t ledger_expired(const struct ledger_sink *l);
/* 0 when the equation holds, else left side minus right side. */
int64_t ledger_sensor_balance(const struct ledger_sensor *l);
int64_t ledger_sink_balance(const struct ledger_sink *l);
void ledger_sensor_add(struct ledger_sensor *sum, const struct ledger_sensor *l);

#endif /* CITYHUB_LEDGER_H */
