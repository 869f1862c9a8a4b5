// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/sink_mqtt.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/clock.h"
#include "cityhubd/sink.h"
#include "common/array.h"
#include "common/clock_log.h"
#include "common/format.h"
#include "common/log.h"
#include "common/mqtt_setup.h"
#include "common/store_reader.h"

#define SINK_MQTT_STACK		(256 * 1024)
/* libmosquitto wants its housekeeping about once a second. */
#define SINK_MQTT_MISC_MS	1000

#define SINK_MQTT_FAULTS	8	/* on their way to the thread */
#define SINK_MQTT_REST_MS	2000	/* no file is half replaced for so long */
#define SINK_MQTT_JSON		"application/json"
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
	const struct format *format;
	char tls_why[160];	/* what the TLS library said last */
	bool refused;		/* the broker did not take us or a message */
	uint64_t files;		/* of TLS, as they were at the connection */
	uint64_t files_now;
	int64_t files_now_ms;	/* since when they are so */
	struct store_reader *reader;
	char told[320];		/* why there is no connection */
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

/* Says the first of many failures of a kind only. */
static void sink_mqtt_down(struct sink_mqtt *m, const char *why)
{
	bool stop;

	pthread_mutex_lock(&m->lock);
	m->connected = false;
	stop = m->stop;
	pthread_mutex_unlock(&m->lock);
	if (strncmp(m->told, why, sizeof(m->told) - 1) && !stop)
		log_warning("mqtt: no connection to %s:%d: %s; all is kept in the store, trying again",
			    m->conf.mqtt.host, mqtt_setup_port(&m->conf), why);
	snprintf(m->told, sizeof(m->told), "%s", why);
}

/* Takes the payload over; nothing is sent when memory ran out. */
static void sink_mqtt_put(struct sink_mqtt *m, enum sink_news kind,
			  const char *name, char *payload)
{
	struct sink_message msg = {
		.topic = sink_mqtt_topic(m->hub, name, NULL),
		.payload = payload, .len = payload ? strlen(payload) : 0,
		.content_type = SINK_MQTT_JSON, .retain = true,
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

/* @rc: of 3.1.1 or a reason code of 5, as the connection is. */
static void sink_mqtt_on_connect(struct mosquitto *client, void *arg, int rc,
				 int flags, const mosquitto_property *properties)
{
	struct sink_mqtt *m = arg;

	(void)client;
	(void)flags;
	(void)properties;
	if (rc) {
		m->refused = true;
		sink_mqtt_down(m, mqtt_setup_refusal(&m->conf, rc));
		return;
	}
	log_info("mqtt: connected to %s:%d", m->conf.mqtt.host,
		 mqtt_setup_port(&m->conf));
	*m->told = '\0';
	pthread_mutex_lock(&m->lock);
	m->connected = true;
	pthread_mutex_unlock(&m->lock);
	sink_connected(m->sink, sink_mqtt_now_ms());
	m->clock_told = 0;
	sink_mqtt_put_clock(m);
	sink_mqtt_put_state(m);
}

/* A PUBACK of MQTT 5 may say no: then the message is still ours. */
static void sink_mqtt_on_publish(struct mosquitto *client, void *arg, int mid,
				 int reason,
				 const mosquitto_property *properties)
{
	struct sink_mqtt *m = arg;

	(void)client;
	(void)properties;
	if (reason >= MQTT_RC_UNSPECIFIED) {
		m->refused = true;
		sink_mqtt_down(m, mqtt_setup_refusal(&m->conf, reason));
		return;
	}
	sink_acked(m->sink, mid, sink_mqtt_now_ms());
}

/* libmosquitto keeps to itself why TLS failed, but for its log. */
static void sink_mqtt_on_log(struct mosquitto *client, void *arg, int level,
			     const char *text)
{
	struct sink_mqtt *m = arg;
	const char *what = strrchr(text, ':');

	(void)client;
	if (level == MOSQ_LOG_ERR && strstr(text, "OpenSSL Error") && what)
		snprintf(m->tls_why, sizeof(m->tls_why), "%s", what + 1);
}

static void sink_mqtt_failed(struct sink_mqtt *m, int rc)
{
	char why[320];

	if (m->refused)
		return;	/* that has been told */
	if (rc != MOSQ_ERR_TLS && !*m->tls_why) {
		sink_mqtt_down(m, mqtt_setup_why(rc));
		return;
	}
	/* Our verification does not tell more than that it failed. */
	snprintf(why, sizeof(why), "TLS failed: %s; %s", m->tls_why,
		 strstr(m->tls_why, "alert") ?
		 "the broker does not like our certificate: see mqtt.cert_file, and until when it is valid" :
		 "see mqtt.ca_file, whether the broker's certificate has expired and whether it names this host, and the hub's clock");
	sink_mqtt_down(m, why);
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

/* Changes when one of the files does. */
static uint64_t sink_mqtt_files(const struct sink_mqtt *m)
{
	const char *const files[] = { m->conf.mqtt.ca_file,
				      m->conf.mqtt.cert_file,
				      m->conf.mqtt.key_file };
	uint64_t stamp = 0;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (*files[i] && !stat(files[i], &st))
			stamp = 31 * stamp + st.st_ino +
				1000003 * (uint64_t)st.st_mtim.tv_sec +
				(uint64_t)st.st_mtim.tv_nsec;
	return stamp;
}

/*
 * A certificate that was replaced is used from a new connection on. Both files
 * must have been at rest for a moment, so that they belong together.
 */
static void sink_mqtt_renew(struct sink_mqtt *m)
{
	uint64_t files = sink_mqtt_files(m);
	int64_t now = sink_mqtt_now_ms();

	if (files != m->files_now) {
		m->files_now = files;
		m->files_now_ms = now;
	}
	if (files == m->files || now - m->files_now_ms < SINK_MQTT_REST_MS ||
	    !sink_is_connected(m->sink))
		return;
	log_info("mqtt: the files of TLS have changed: connecting anew");
	mosquitto_disconnect(m->client);
	mosquitto_destroy(m->client);
	m->client = NULL;
	sink_disconnected(m->sink, now);
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
	mosquitto_connect_v5_callback_set(m->client, sink_mqtt_on_connect);
	mosquitto_publish_v5_callback_set(m->client, sink_mqtt_on_publish);
	mosquitto_log_callback_set(m->client, sink_mqtt_on_log);
	*m->tls_why = '\0';
	m->refused = false;
	m->files = sink_mqtt_files(m);
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
	sink_mqtt_failed(m, rc);
	return -EIO;
}

static void sink_mqtt_disconnect(void *ctx)
{
	struct sink_mqtt *m = ctx;

	mosquitto_destroy(m->client);
	m->client = NULL;
	if (sink_is_connected(m->sink))
		sink_mqtt_down(m, "the broker takes messages and acknowledges none: see its log and its disk");
	else if (m->opening)
		sink_mqtt_down(m, "no answer: see mqtt.host, mqtt.port and the firewalls between");
	else
		sink_mqtt_down(m, "the broker takes the connection and says nothing: see mqtt.port and mqtt.tls");
}

/* What only MQTT 5 has: state, which stays, has no expiry. */
static int sink_mqtt_properties(const struct sink_mqtt *m,
				const struct sink_message *msg,
				mosquitto_property **properties)
{
	int rc = MOSQ_ERR_SUCCESS;

	if (!mqtt_setup_is_5(&m->conf))
		return rc;
	if (msg->content_type)
		rc = mosquitto_property_add_string(properties,
						   MQTT_PROP_CONTENT_TYPE,
						   msg->content_type);
	if (!rc && m->conf.mqtt.expiry_s && !msg->retain)
		rc = mosquitto_property_add_int32(properties,
			MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
			(uint32_t)m->conf.mqtt.expiry_s);
	return rc;
}

static int sink_mqtt_publish(void *ctx, const struct sink_message *msg, int *mid)
{
	struct sink_mqtt *m = ctx;
	mosquitto_property *properties = NULL;
	int rc = sink_mqtt_properties(m, msg, &properties);

	if (!rc)
		rc = mosquitto_publish_v5(m->client, mid, msg->topic,
					  (int)msg->len, msg->payload, 1,
					  msg->retain, properties);
	mosquitto_property_free_all(&properties);
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
	msg->payload = (char *)format_encode(m->format,
		(const struct batch *const *)&b, 1, &msg->len);
	msg->content_type = m->format->content_type;
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
			.payload = in.faults[i], .len = strlen(in.faults[i]),
			.content_type = SINK_MQTT_JSON,
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
	if (!rc && !m->refused)
		return;
	sink_mqtt_failed(m, rc);
	/* With TLS it keeps a dead socket, which is always ready. */
	mosquitto_destroy(m->client);
	m->client = NULL;
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
		sink_mqtt_renew(m);
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
	m->format = format_find(conf->mqtt.format);
	snprintf(m->hub, sizeof(m->hub), "%s", hub);
	m->store = store;
	m->will = strdup(will);
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->sink = sink_new(&sink_mqtt_ops, m, cursor);
	if (!m->will || m->wake_fd < 0 || !m->sink || !m->format) {
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
