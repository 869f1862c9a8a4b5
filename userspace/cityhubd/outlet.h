/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sink at work: a thread of its own between the store and a transport. A new
 * kind of sink is a transport, and a line in the table in outlet.c.
 */
#ifndef CITYHUBD_OUTLET_H
#define CITYHUBD_OUTLET_H

#include <stdbool.h>

#include "cityhubd/sink.h"
#include "cityhubd/store.h"
#include "common/conf.h"

struct outlet;

/* What a transport may use as long as it lives. */
struct outlet_env {
	struct outlet *outlet;
	const struct conf_sink *conf;
	const char *hub;
	const char *will;	/* the state when we vanish */
};

/* All is called from the thread of the outlet, but create and destroy. */
struct outlet_transport {
	bool tells_state;	/* takes state, faults and the clock's log too */
	void *(*create)(const struct outlet_env *env);	/* NULL with errno */
	void (*destroy)(void *t);
	/* outlet_up() or outlet_down() is the answer, now or later. */
	int (*connect)(void *t);
	/* There was no answer. */
	void (*disconnect)(void *t);
	/* Gives an id for outlet_acked(); tells why it does not work, too. */
	int (*publish)(void *t, const struct sink_message *m, int *mid);
	/* After messages were published; says whether one was acknowledged. */
	bool (*flush)(void *t);
	/* Now and then. */
	void (*housekeep)(void *t);
	/* What to wait for: a file descriptor or -1; then turn() is called. */
	int (*poll)(void *t, short *events);
	void (*turn)(void *t, short revents);
	/* All is said. */
	void (*end)(void *t);
};

/*
 * @conf is copied; @have: as store_add_sink() gave it. NULL with errno.
 */
struct outlet *outlet_start(const struct conf *conf,
			    const struct conf_sink *sink, const char *hub,
			    struct store *store, const struct ranges *have,
			    const char *will);
/* Send what can be sent within drain_s, or nothing more, and then @farewell. */
void outlet_stop(struct outlet *o, bool drain, const char *farewell);
/* After that. Returns false when the thread hangs and still uses the store. */
bool outlet_join(struct outlet *o);

/* The payloads are copied; these may be called from another thread. */
void outlet_state(struct outlet *o, const char *payload);
void outlet_fault(struct outlet *o, const char *payload);
bool outlet_is_up(struct outlet *o);
const char *outlet_name(const struct outlet *o);
double outlet_state_s(const struct outlet *o);

/* For transports. @why: what does not work and what to look at. */
void outlet_up(struct outlet *o);
void outlet_down(struct outlet *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * It is connected, but what comes next cannot be sent; the rest waits behind
 * it. Said once a connection: the other lane may go on, and so do messages
 * beside the store. Until results land it does not count as up.
 */
void outlet_stuck(struct outlet *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The connection ended, for a reason that was told or needs none. */
void outlet_away(struct outlet *o);
void outlet_acked(struct outlet *o, int mid);
bool outlet_is_connected(const struct outlet *o);
char *outlet_topic(const char *hub, const char *kind, const char *sensor);
int64_t outlet_now_ms(void);

#if WITH_MQTT
extern const struct outlet_transport sink_mqtt_transport;
#endif
extern const struct outlet_transport sink_file_transport;
extern const struct outlet_transport sink_stdout_transport;

#endif /* CITYHUBD_OUTLET_H */
