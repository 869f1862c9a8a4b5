// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/sink_mqtt.h"

#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/clock.h"
#include "cityhubd/sink.h"
#include "common/batch_json.h"
#include "common/clock_log.h"
#include "common/log.h"
#include "common/mqtt_setup.h"
#include "common/store_reader.h"

#define SINK_MQTT_STACK		(256 * 1024)
/* libmosquitto wants its housekeeping about once a second. */
#define SINK_MQTT_MISC_MS	1000

#define SINK_MQTT_FAULTS	8	/* on their way to the thread */
#define SINK_MQTT_CLOCK		32	/* newest entries of the clock's log */

struct sink_mqtt_inbox {
	char *state;
	char *faults[SINK_MQTT_FAULTS];
	unsigned int nfaults;
};

struct sink_mqtt {
	struct conf conf;
	char hub[BATCH_NAME];
	char *will;
	struct store *store;
	pthread_t thread;
	int wake_fd;
	/* The thread's own: */
	struct sink *sink;
	struct mosquitto *client;
	struct store_reader *reader;
	bool told_down;
	bool opening;		/* TCP has not answered yet */
	char *state;		/* newest, told again after each connect */
	uint64_t clock_told;	/* newest entry of the clock's log sent */
	/* Guards all below. */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool has_ended;
	struct sink_mqtt_inbox inbox;
	bool connected;
	bool stop;
	int64_t stop_ms;
	char *farewell;
};

static int64_t sink_mqtt_now_ms(void)
{
	return clock_boottime_ns() / 1000000;
}

static char *sink_mqtt_topic(const char *hub, const char *kind,
			     const char *sensor)
{
	char *topic;

	if (asprintf(&topic, "cityhub/v1/%s/%s%s%s", hub, kind,
		     sensor ? "/" : "", sensor ? sensor : "") < 0)
		return NULL;
	return topic;
}

/* Says the first of many failures in a row only. */
static void sink_mqtt_down(struct sink_mqtt *m, const char *why)
{
	bool stop;

	pthread_mutex_lock(&m->lock);
	m->connected = false;
	stop = m->stop;
	pthread_mutex_unlock(&m->lock);
	if (!m->told_down && !stop)
		log_warning("mqtt: no connection to %s:%d: %s; all is kept in the store, trying again",
			    m->conf.mqtt.host, mqtt_setup_port(&m->conf), why);
	m->told_down = true;
}

/* Takes the payload over; nothing is sent when memory ran out. */
static void sink_mqtt_put(struct sink_mqtt *m, enum sink_news kind,
			  const char *name, char *payload)
{
	struct sink_message msg = {
		.topic = sink_mqtt_topic(m->hub, name, NULL),
		.payload = payload, .retain = true,
	};

	if (msg.topic && msg.payload) {
		sink_set_news(m->sink, kind, msg);
		return;
	}
	free(msg.topic);
	free(msg.payload);
}

static void sink_mqtt_put_state(struct sink_mqtt *m)
{
	if (m->state)
		sink_mqtt_put(m, SINK_STATE, "state", strdup(m->state));
}

static bool sink_mqtt_open_reader(struct sink_mqtt *m)
{
	char why[160];

	if (!m->reader)
		m->reader = store_reader_open(m->conf.store.path, why,
					      sizeof(why));
	return m->reader;
}

/*
 * Only what is durable is told: who has dated messages by it must not find
 * after a power cut that it was never said.
 */
static void sink_mqtt_put_clock(struct sink_mqtt *m)
{
	struct clock_entry log[SINK_MQTT_CLOCK];
	uint64_t newest;
	int n;

	if (!sink_mqtt_open_reader(m))
		return;
	n = store_reader_clock(m->reader, log, SINK_MQTT_CLOCK, &newest);
	if (n <= 0 || newest == m->clock_told)
		return;
	m->clock_told = newest;
	sink_mqtt_put(m, SINK_CLOCK, "clock",
		      clock_log_json(m->hub, log, (size_t)n));
}

static void sink_mqtt_on_connect(struct mosquitto *client, void *arg, int rc)
{
	struct sink_mqtt *m = arg;

	(void)client;
	if (rc) {
		sink_mqtt_down(m, mosquitto_connack_string(rc));
		return;
	}
	log_info("mqtt: connected to %s:%d", m->conf.mqtt.host,
		 mqtt_setup_port(&m->conf));
	m->told_down = false;
	pthread_mutex_lock(&m->lock);
	m->connected = true;
	pthread_mutex_unlock(&m->lock);
	sink_connected(m->sink, sink_mqtt_now_ms());
	m->clock_told = 0;
	sink_mqtt_put_clock(m);
	sink_mqtt_put_state(m);
}

static void sink_mqtt_on_publish(struct mosquitto *client, void *arg, int mid)
{
	struct sink_mqtt *m = arg;

	(void)client;
	sink_acked(m->sink, mid, sink_mqtt_now_ms());
}

static int sink_mqtt_will(const struct sink_mqtt *m)
{
	char *topic = sink_mqtt_topic(m->hub, "state", NULL);
	int rc = MOSQ_ERR_NOMEM;

	if (topic)
		rc = mosquitto_will_set(m->client, topic, (int)strlen(m->will),
					m->will, 1, true);
	free(topic);
	return rc;
}

/*
 * A new client each time: an old one would send once more by itself what we
 * send again from the cursor.
 */
static int sink_mqtt_connect(void *ctx)
{
	struct sink_mqtt *m = ctx;
	char id[BATCH_NAME + 16];
	int rc;

	mosquitto_destroy(m->client);
	snprintf(id, sizeof(id), "cityhubd-%s", m->hub);
	m->client = mosquitto_new(id, true, m);
	if (!m->client)
		return -ENOMEM;
	mosquitto_connect_callback_set(m->client, sink_mqtt_on_connect);
	mosquitto_publish_callback_set(m->client, sink_mqtt_on_publish);
	rc = mqtt_setup_client(m->client, &m->conf);
	if (!rc)
		rc = sink_mqtt_will(m);
	if (!rc)
		rc = mosquitto_connect_async(m->client, m->conf.mqtt.host,
					     mqtt_setup_port(&m->conf),
					     m->conf.mqtt.keepalive_s);
	m->opening = true;
	if (!rc)
		return 0;
	sink_mqtt_down(m, mqtt_setup_why(rc));
	return -EIO;
}

static void sink_mqtt_disconnect(void *ctx)
{
	struct sink_mqtt *m = ctx;

	mosquitto_destroy(m->client);
	m->client = NULL;
	sink_mqtt_down(m, "the broker does not answer");
}

static int sink_mqtt_publish(void *ctx, const struct sink_message *msg, int *mid)
{
	struct sink_mqtt *m = ctx;
	int rc = mosquitto_publish(m->client, mid, msg->topic,
				   (int)strlen(msg->payload), msg->payload, 1,
				   msg->retain);

	/* Without a connection it is queued all the same; a new client does
	 * not know it.
	 */
	return rc ? -EIO : 0;
}

static int sink_mqtt_next(void *ctx, uint64_t after, struct sink_message *msg,
			  uint64_t *id)
{
	struct sink_mqtt *m = ctx;
	struct batch *b;
	int ret;

	if (!sink_mqtt_open_reader(m))
		return -EIO;
	ret = store_reader_next(m->reader, after, &b, id);
	if (ret <= 0)
		return ret;
	if (b->flags & BATCH_DAMAGED)
		log_error("store: the batch with number %llu is damaged; it is sent without values, look after the disk",
			  (unsigned long long)b->seq);
	msg->topic = sink_mqtt_topic(b->hub, "data",
				     batch_layout_sensor(b->layout));
	msg->payload = batch_json(b);
	batch_free(b);
	if (msg->topic && msg->payload)
		return 1;
	free(msg->topic);
	free(msg->payload);
	memset(msg, 0, sizeof(*msg));
	return -ENOMEM;
}

static void sink_mqtt_acked(void *ctx, uint64_t id)
{
	struct sink_mqtt *m = ctx;

	store_ack(m->store, SINK_MQTT_NAME, id);
}

static uint32_t sink_mqtt_random(void *ctx, uint32_t n)
{
	uint32_t v = 0;

	(void)ctx;
	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) < 0)
		v = (uint32_t)clock_boottime_ns();
	return v % n;
}

static const struct sink_ops sink_mqtt_ops = {
	.connect = sink_mqtt_connect,
	.disconnect = sink_mqtt_disconnect,
	.publish = sink_mqtt_publish,
	.next = sink_mqtt_next,
	.acked = sink_mqtt_acked,
	.random = sink_mqtt_random,
};

static void sink_mqtt_take_inbox(struct sink_mqtt *m)
{
	struct sink_mqtt_inbox in;
	struct sink_message msg;

	pthread_mutex_lock(&m->lock);
	in = m->inbox;
	memset(&m->inbox, 0, sizeof(m->inbox));
	pthread_mutex_unlock(&m->lock);
	if (in.state) {
		free(m->state);
		m->state = in.state;
		sink_mqtt_put_state(m);
	}
	for (unsigned int i = 0; i < in.nfaults; i++) {
		msg = (struct sink_message){
			.topic = sink_mqtt_topic(m->hub, "fault", NULL),
			.payload = in.faults[i],
		};
		if (msg.topic)
			sink_add_notice(m->sink, msg);
		else
			free(msg.payload);
	}
}

/* One turn of libmosquitto's machinery. */
static void sink_mqtt_turn(struct sink_mqtt *m, short revents)
{
	int rc = MOSQ_ERR_SUCCESS;

	if (revents & (POLLIN | POLLERR | POLLHUP))
		rc = mosquitto_loop_read(m->client, SINK_IN_FLIGHT);
	if (!rc && (revents & POLLOUT)) {
		m->opening = false;
		rc = mosquitto_loop_write(m->client, 1);
	}
	if (!rc)
		rc = mosquitto_loop_misc(m->client);
	/* With TLS libmosquitto takes a refused connection for one to wait for. */
	if (!rc && revents & (POLLERR | POLLHUP))
		rc = MOSQ_ERR_CONN_LOST;
	if (!rc)
		return;
	sink_mqtt_down(m, mqtt_setup_why(rc));
	sink_disconnected(m->sink, sink_mqtt_now_ms());
}

static void sink_mqtt_poll(struct sink_mqtt *m, int64_t deadline_ms)
{
	int64_t wait = deadline_ms - sink_mqtt_now_ms();
	struct pollfd fds[2] = {
		{ .fd = m->wake_fd, .events = POLLIN },
		{ .fd = m->client ? mosquitto_socket(m->client) : -1,
		  .events = POLLIN },
	};
	eventfd_t n;

	if (fds[1].fd >= 0 && (m->opening || mosquitto_want_write(m->client)))
		fds[1].events |= POLLOUT;
	if (wait > SINK_MQTT_MISC_MS)
		wait = SINK_MQTT_MISC_MS;
	if (poll(fds, 2, wait > 0 ? (int)wait : 0) < 0)
		return;
	if (fds[0].revents) {
		eventfd_read(m->wake_fd, &n);
		sink_mqtt_put_clock(m);
	}
	if (fds[1].fd >= 0)
		sink_mqtt_turn(m, fds[1].revents);
}

static bool sink_mqtt_ends(struct sink_mqtt *m)
{
	bool ends;

	pthread_mutex_lock(&m->lock);
	ends = m->stop && (sink_is_idle(m->sink) ||
			   !sink_is_connected(m->sink) ||
			   sink_mqtt_now_ms() >= m->stop_ms);
	pthread_mutex_unlock(&m->lock);
	return ends;
}

/* The last word, so that the broker does not publish the will. */
static void sink_mqtt_farewell(struct sink_mqtt *m)
{
	int64_t until = sink_mqtt_now_ms() + SINK_MQTT_MISC_MS;

	free(m->state);
	m->state = m->farewell;
	m->farewell = NULL;
	sink_mqtt_put_state(m);
	do {
		sink_run(m->sink, sink_mqtt_now_ms());
		sink_mqtt_poll(m, sink_mqtt_now_ms() + 50);
	} while (sink_is_connected(m->sink) && !sink_is_idle(m->sink) &&
		 sink_mqtt_now_ms() < until);
	if (sink_is_connected(m->sink))
		mosquitto_disconnect(m->client);
}

static void *sink_mqtt_main(void *arg)
{
	struct sink_mqtt *m = arg;

	while (!sink_mqtt_ends(m)) {
		sink_mqtt_take_inbox(m);
		sink_mqtt_poll(m, sink_run(m->sink, sink_mqtt_now_ms()));
	}
	if (sink_is_connected(m->sink))
		sink_mqtt_farewell(m);
	pthread_mutex_lock(&m->lock);
	m->has_ended = true;
	pthread_cond_signal(&m->ended);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

static void sink_mqtt_free(struct sink_mqtt *m)
{
	mosquitto_destroy(m->client);
	store_reader_close(m->reader);
	sink_free(m->sink);
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	free(m->inbox.state);
	for (unsigned int i = 0; i < m->inbox.nfaults; i++)
		free(m->inbox.faults[i]);
	free(m->state);
	free(m->will);
	free(m->farewell);
	pthread_cond_destroy(&m->ended);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* Waits on a clock that nobody can set. */
static void sink_mqtt_init_lock(struct sink_mqtt *m)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->ended, &attr);
	pthread_condattr_destroy(&attr);
}

struct sink_mqtt *sink_mqtt_start(const struct conf *conf, const char *hub,
				  struct store *store, uint64_t cursor,
				  const char *will)
{
	struct sink_mqtt *m = calloc(1, sizeof(*m));
	pthread_attr_t attr;
	int err;

	if (!m)
		return NULL;
	mosquitto_lib_init();
	sink_mqtt_init_lock(m);
	m->conf = *conf;
	snprintf(m->hub, sizeof(m->hub), "%s", hub);
	m->store = store;
	m->will = strdup(will);
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->sink = sink_new(&sink_mqtt_ops, m, cursor);
	if (!m->will || m->wake_fd < 0 || !m->sink) {
		sink_mqtt_free(m);
		errno = ENOMEM;
		return NULL;
	}
	store_set_notify(store, m->wake_fd);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SINK_MQTT_STACK);
	err = pthread_create(&m->thread, &attr, sink_mqtt_main, m);
	pthread_attr_destroy(&attr);
	if (!err)
		return m;
	store_set_notify(store, -1);
	sink_mqtt_free(m);
	errno = err;
	return NULL;
}

static void sink_mqtt_wake(struct sink_mqtt *m)
{
	if (eventfd_write(m->wake_fd, 1))
		log_debug("mqtt: the thread has been woken often enough");
}

bool sink_mqtt_stop(struct sink_mqtt *m, double drain_s, const char *farewell)
{
	struct timespec until;
	bool ended;

	store_set_notify(m->store, -1);
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	m->stop_ms = sink_mqtt_now_ms() + (int64_t)(drain_s * 1000);
	m->farewell = strdup(farewell);
	pthread_mutex_unlock(&m->lock);
	sink_mqtt_wake(m);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)drain_s + 3;
	pthread_mutex_lock(&m->lock);
	while (!m->has_ended && pthread_cond_timedwait(&m->ended, &m->lock,
						       &until) != ETIMEDOUT)
		;
	ended = m->has_ended;
	pthread_mutex_unlock(&m->lock);
	/* It may hang in the resolver; then it is left behind. */
	if (!ended) {
		log_warning("mqtt: does not end in time, left alone");
		return false;
	}
	pthread_join(m->thread, NULL);
	sink_mqtt_free(m);
	return true;
}

void sink_mqtt_state(struct sink_mqtt *m, const char *payload)
{
	char *copy = strdup(payload);

	pthread_mutex_lock(&m->lock);
	free(m->inbox.state);
	m->inbox.state = copy;
	pthread_mutex_unlock(&m->lock);
	sink_mqtt_wake(m);
}

void sink_mqtt_fault(struct sink_mqtt *m, const char *payload)
{
	char *copy = strdup(payload);

	pthread_mutex_lock(&m->lock);
	if (copy && m->inbox.nfaults < SINK_MQTT_FAULTS) {
		m->inbox.faults[m->inbox.nfaults++] = copy;
		copy = NULL;
	}
	pthread_mutex_unlock(&m->lock);
	if (copy)
		log_warning("mqtt: too many faults at once, one is not sent: %s",
			    copy);
	free(copy);
	sink_mqtt_wake(m);
}

bool sink_mqtt_connected(struct sink_mqtt *m)
{
	bool connected;

	pthread_mutex_lock(&m->lock);
	connected = m->connected;
	pthread_mutex_unlock(&m->lock);
	return connected;
}
