/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures about the daemon in the text format of Prometheus, version 0.0.4. */
#ifndef CITYHUBD_METRICS_H
#define CITYHUBD_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "cityhubd/control.h"
#include "cityhubd/loop.h"
#include "cityhubd/state.h"

struct metrics_sink {
	const char *name;
	bool up;
};

struct metrics {
	struct state state;
	const struct metrics_sink *sinks;
	size_t nsinks;
	struct control_stats control;
};

/* Freed by the caller, or NULL. */
char *metrics_text(const struct metrics *m, size_t *len);

struct metrics_server;

/* Makes the text for one answer; freed by the server. */
typedef char *(*metrics_fn)(void *ctx, size_t *len);

/*
 * Answers GET by HTTP on @listen: 127.0.0.1:PORT, [::1]:PORT or the path of a
 * socket. NULL with errno.
 */
struct metrics_server *metrics_listen(struct loop *loop, const char *listen,
				      metrics_fn fn, void *ctx);
void metrics_close(struct metrics_server *s);

#endif /* CITYHUBD_METRICS_H */
