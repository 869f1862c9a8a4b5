/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens on this machine, without a broker: results from the daemon's
 * store, counters from the kernel. One of the two is enough.
 */
#ifndef CITYHUB_WATCH_LOCAL_H
#define CITYHUB_WATCH_LOCAL_H

#include <stddef.h>

#include "cityhub/watch_view.h"

struct watch_local;

typedef void (*watch_local_fn)(void *ctx, const char *json);

/*
 * @store: kept, NULL for that of the daemon; one that is not there yet is
 * looked for at each turn. @fn gets each batch, first the newest @behind that
 * are there already. NULL when there is neither store nor hub, with the reason
 * in @why and the &enum cmd_exit in @status.
 */
struct watch_local *watch_local_new(const char *store, uint64_t behind,
				    watch_local_fn fn, void *ctx, int *status,
				    char *why, size_t room);
/* What is new, into @v and to the function. */
void watch_local_turn(struct watch_local *l, struct watch_view *v);
/* NULL is allowed. */
void watch_local_free(struct watch_local *l);

#endif /* CITYHUB_WATCH_LOCAL_H */
