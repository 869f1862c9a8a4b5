/* SPDX-License-Identifier: GPL-2.0-only */
/* The MQTT sink: a thread of its own between the store and a broker. */
#ifndef CITYHUBD_SINK_MQTT_H
#define CITYHUBD_SINK_MQTT_H

#include <stdbool.h>

#include "cityhubd/store.h"
#include "common/conf.h"

#define SINK_MQTT_NAME	"mqtt"

struct sink_mqtt;

#if WITH_MQTT
/*
 * @cursor: as store_add_sink() gave it. The broker publishes @will as our
 * state when we vanish. NULL with errno.
 */
struct sink_mqtt *sink_mqtt_start(const struct conf *conf, const char *hub,
				  struct store *store, uint64_t cursor,
				  const char *will);
/*
 * Send what can be sent within @drain_s, say @farewell as the last state, and
 * end. Returns false when the thread hangs and still uses the store.
 */
bool sink_mqtt_stop(struct sink_mqtt *m, double drain_s, const char *farewell);

/* The payloads are copied; these may be called from another thread. */
void sink_mqtt_state(struct sink_mqtt *m, const char *payload);
void sink_mqtt_fault(struct sink_mqtt *m, const char *payload);
bool sink_mqtt_connected(struct sink_mqtt *m);
#else
#include <errno.h>
#include <stddef.h>

/* conf_load() refuses a broker, so that none of these has work to do. */
static inline struct sink_mqtt *sink_mqtt_start(const struct conf *conf,
						const char *hub,
						struct store *store,
						uint64_t cursor,
						const char *will)
{
	(void)conf;
	(void)hub;
	(void)store;
	(void)cursor;
	(void)will;
	errno = ENOTSUP;
	return NULL;
}

static inline bool sink_mqtt_stop(struct sink_mqtt *m, double drain_s,
				  const char *farewell)
{
	(void)m;
	(void)drain_s;
	(void)farewell;
	return true;
}

static inline void sink_mqtt_state(struct sink_mqtt *m, const char *payload)
{
	(void)m;
	(void)payload;
}

static inline void sink_mqtt_fault(struct sink_mqtt *m, const char *payload)
{
	(void)m;
	(void)payload;
}

static inline bool sink_mqtt_connected(struct sink_mqtt *m)
{
	(void)m;
	return false;
}
#endif

#endif /* CITYHUBD_SINK_MQTT_H */
