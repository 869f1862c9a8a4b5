/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every sink has in common: it sends the store from a cursor on, in
 * order, a few messages at a time, and moves the cursor when the other side
 * has acknowledged. Pure but for the calls below; time is handed in.
 */
#ifndef CITYHUBD_SINK_H
#define CITYHUBD_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_IN_FLIGHT	20

struct sink;

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
	/*
	 * The first message after @id: 1 with it and its id, 0 when there is
	 * none, -errno.
	 */
	int (*next)(void *ctx, uint64_t after, struct sink_message *m,
		    uint64_t *id);
	/* Everything up to @id is acknowledged. */
	void (*acked)(void *ctx, uint64_t id);
	/* A number below @n, for the jitter. */
	uint32_t (*random)(void *ctx, uint32_t n);
};

struct sink *sink_new(const struct sink_ops *ops, void *ctx, uint64_t cursor);
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
uint64_t sink_cursor(const struct sink *s);

#endif /* CITYHUBD_SINK_H */
