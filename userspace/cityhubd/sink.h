/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every sink has in common: it sends the store from a cursor on, in
 * order, a few messages at a time, and moves the cursor when the other side
 * has acknowledged. Pure but for the calls below; time is handed in.
 *
 * There are two lanes. When much waits at a connection, what comes from then on
 * is live and goes first; the backlog follows beside it, at a limited rate.
 * Within a lane all is in order.
 */
#ifndef CITYHUBD_SINK_H
#define CITYHUBD_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ranges.h"

#define SINK_IN_FLIGHT	20
#define SINK_BACKLOG_MIN	60	/* fewer batches that wait are no backlog */

struct sink;

enum sink_lane {
	SINK_LIVE,
	SINK_BACKLOG,
	SINK_LANES,
};

/* What of the store is wanted next. */
struct sink_want {
	enum sink_lane lane;
	uint64_t after;		/* batches with ids above this */
	uint64_t until;		/* and up to this */
	unsigned int part;	/* so many messages came of them already */
};

/* A message to be sent; both texts are freed by the sink. */
struct sink_message {
	char *topic;
	char *payload;
	size_t len;
	const char *content_type;	/* stays its owner's */
	bool retain;
};

struct sink_ops {
	/* Begin to connect; sink_connected() or sink_disconnected() follows. */
	int (*connect)(void *ctx);
	void (*disconnect)(void *ctx);
	/* Gives an id by which sink_acked() will name the message. */
	int (*publish)(void *ctx, const struct sink_message *m, int *mid);
	/* Id of the newest batch. */
	uint64_t (*newest)(void *ctx);
	/*
	 * 1 with a message and, in @id, the batch up to which all is sent when
	 * it is: want->after when more parts follow. 0 when there is none (yet,
	 * if want->until is RANGES_END), -errno.
	 */
	int (*next)(void *ctx, const struct sink_want *want,
		    struct sink_message *m, uint64_t *id);
	/* What is in @run is acknowledged. */
	void (*acked)(void *ctx, struct range run);
	/* A number below @n, for the jitter. */
	uint32_t (*random)(void *ctx, uint32_t n);
};

/*
 * @have: what was acknowledged before; @backlog_per_s: messages of a backlog
 * per second at most, 0 for no limit.
 */
struct sink *sink_new(const struct sink_ops *ops, void *ctx,
		      const struct ranges *have, double backlog_per_s);
void sink_free(struct sink *s);

/* Do what is due. Returns when to call again at the latest. */
int64_t sink_run(struct sink *s, int64_t now_ms);
void sink_connected(struct sink *s, int64_t now_ms);
void sink_disconnected(struct sink *s, int64_t now_ms);
void sink_acked(struct sink *s, int mid, int64_t now_ms);

/* Messages beside the store; the newest of a kind replaces an unsent one. */
enum sink_news {
	SINK_CLOCK,
	SINK_STATE,
	SINK_NEWS,
};

void sink_set_news(struct sink *s, enum sink_news kind, struct sink_message m);
void sink_add_notice(struct sink *s, struct sink_message m);

bool sink_is_connected(const struct sink *s);
/* Nothing is on its way and, at the last look, nothing was left to send. */
bool sink_is_idle(const struct sink *s);
/* There may be more to send than at the last look. */
void sink_look_again(struct sink *s);
uint64_t sink_cursor(const struct sink *s);

#endif /* CITYHUBD_SINK_H */
