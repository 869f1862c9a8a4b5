// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/watch_broker.h"

#include <mosquitto.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WATCH_BROKER_RETRY_MS	1000
#define WATCH_BROKER_KEEPALIVE_S	10

struct watch_broker {
	struct mosquitto *client;
	const char *host;
	int port;
	const char *hub;
	watch_broker_fn fn;
	void *ctx;
	bool up;
	bool was_up;
	int64_t retry_ms;
};

static int64_t watch_broker_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void watch_broker_on_message(struct mosquitto *client, void *arg,
				    const struct mosquitto_message *m)
{
	struct watch_broker *b = arg;
	char *json = strndup(m->payload ? m->payload : "",
			     (size_t)m->payloadlen);

	(void)client;
	if (json)
		b->fn(b->ctx, m->topic, json);
	free(json);
}

static void watch_broker_on_connect(struct mosquitto *client, void *arg, int rc)
{
	struct watch_broker *b = arg;
	char topic[128];

	if (rc)
		return;
	b->up = true;
	b->was_up = true;
	snprintf(topic, sizeof(topic), "cityhub/v1/%s/#", b->hub);
	mosquitto_subscribe(client, NULL, topic, 1);
}

struct watch_broker *watch_broker_new(const char *host, int port,
				      const char *hub, watch_broker_fn fn,
				      void *ctx)
{
	struct watch_broker *b = calloc(1, sizeof(*b));
	char id[96];

	if (!b)
		return NULL;
	*b = (struct watch_broker){
		.host = host, .port = port, .hub = hub, .fn = fn, .ctx = ctx,
	};
	mosquitto_lib_init();
	/* A session that stays: what comes while we are away waits for us. */
	snprintf(id, sizeof(id), "cityhub-watch-%s-%ld", hub, (long)getpid());
	b->client = mosquitto_new(id, false, b);
	if (!b->client) {
		watch_broker_free(b);
		return NULL;
	}
	mosquitto_connect_callback_set(b->client, watch_broker_on_connect);
	mosquitto_message_callback_set(b->client, watch_broker_on_message);
	return b;
}

bool watch_broker_turn(struct watch_broker *b, int wait_ms)
{
	int rc = MOSQ_ERR_NO_CONN;
	int64_t now = watch_broker_ms();

	if (mosquitto_socket(b->client) >= 0) {
		rc = mosquitto_loop(b->client, wait_ms, 100);
	} else if (now >= b->retry_ms) {
		b->retry_ms = now + WATCH_BROKER_RETRY_MS;
		rc = mosquitto_connect(b->client, b->host, b->port,
				       WATCH_BROKER_KEEPALIVE_S);
	}
	if (rc) {
		b->up = false;
		poll(NULL, 0, wait_ms);
	}
	return b->up;
}

bool watch_broker_was_up(const struct watch_broker *b)
{
	return b->was_up;
}

void watch_broker_free(struct watch_broker *b)
{
	if (!b)
		return;
	if (b->client) {
		mosquitto_disconnect(b->client);
		mosquitto_destroy(b->client);
	}
	mosquitto_lib_cleanup();
	free(b);
}
