// SPDX-License-Identifier: GPL-2.0-only
#include "common/ledger.h"

static const char *const ledger_drop_names[LEDGER_DROPS] = {
	[LEDGER_DROP_UNKNOWN] = "unknown",
	[LEDGER_DROP_STORE] = "store",
	[LEDGER_DROP_CRASH] = "crash",
};

static const char *const ledger_expiry_names[LEDGER_EXPIRIES] = {
	[LEDGER_EXPIRED_SIZE] = "size",
	[LEDGER_EXPIRED_AGE] = "age",
};

const char *ledger_drop_name(enum ledger_drop reason)
{
	return ledger_drop_names[reason];
}

const char *ledger_expiry_name(enum ledger_expiry reason)
{
	return ledger_expiry_names[reason];
}

uint64_t ledger_dropped(const struct ledger_sensor *l)
{
	uint64_t sum = 0;

	for (int i = 0; i < LEDGER_DROPS; i++)
		sum += l->dropped[i];
	return sum;
}

uint64_t ledger_expired(const struct ledger_sink *l)
{
	uint64_t sum = 0;

	for (int i = 0; i < LEDGER_EXPIRIES; i++)
		sum += l->expired[i];
	return sum;
}

int64_t ledger_sensor_balance(const struct ledger_sensor *l)
{
	return (int64_t)(l->captured - l->reduced - l->raw - l->pending -
			 ledger_dropped(l));
}

int64_t ledger_sink_balance(const struct ledger_sink *l)
{
	return (int64_t)(l->made - l->acknowledged - l->waiting -
			 ledger_expired(l));
}

void ledger_sensor_add(struct ledger_sensor *sum, const struct ledger_sensor *l)
{
	sum->captured += l->captured;
	sum->reduced += l->reduced;
	sum->raw += l->raw;
	sum->pending += l->pending;
	for (int i = 0; i < LEDGER_DROPS; i++)
		sum->dropped[i] += l->dropped[i];
}
