/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of a hub, got from a broker; see WITH_MQTT. */
#ifndef CITYHUB_WATCH_BROKER_H
#define CITYHUB_WATCH_BROKER_H

#include <stdbool.h>
#include <stddef.h>

struct watch_broker;

typedef void (*watch_broker_fn)(void *ctx, const char *topic, const char *json);

#if WITH_MQTT
/*
 * @hub and @host must stay. Connects, and connects again, in
 * watch_broker_turn(). NULL when out of memory.
 */
struct watch_broker *watch_broker_new(const char *host, int port,
				      const char *hub, watch_broker_fn fn,
				      void *ctx);
/* Waits @wait_ms at most; returns whether the broker is there. */
bool watch_broker_turn(struct watch_broker *b, int wait_ms);
/* Has it ever been there? */
bool watch_broker_was_up(const struct watch_broker *b);
/* NULL is allowed. */
void watch_broker_free(struct watch_broker *b);
#else
static inline struct watch_broker *watch_broker_new(const char *host, int port,
						    const char *hub,
						    watch_broker_fn fn,
						    void *ctx)
{
	(void)host;
	(void)port;
	(void)hub;
	(void)fn;
	(void)ctx;
	return NULL;
}

static inline bool watch_broker_turn(struct watch_broker *b, int wait_ms)
{
	(void)b;
	(void)wait_ms;
	return false;
}

static inline bool watch_broker_was_up(const struct watch_broker *b)
{
	(void)b;
	return false;
}

static inline void watch_broker_free(struct watch_broker *b)
{
	(void)b;
}
#endif

#endif /* CITYHUB_WATCH_BROKER_H */
