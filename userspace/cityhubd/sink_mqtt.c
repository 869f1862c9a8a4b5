// SPDX-License-Identifier: GPL-2.0-only
/* The transport to an MQTT broker, on libmosquitto. */
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cityhubd/outlet.h"
#include "common/array.h"
#include "common/log.h"
#include "common/mqtt_setup.h"

#define SINK_MQTT_REST_MS	2000	/* no file is half replaced for so long */

struct sink_mqtt {
	struct outlet_env env;
	struct mosquitto *client;
	char tls_why[160];	/* what the TLS library said last */
	bool refused;		/* the broker did not take us or a message */
	uint64_t files;		/* of TLS, as they were at the connection */
	uint64_t files_now;
	int64_t files_now_ms;	/* since when they are so */
	bool opening;		/* TCP has not answered yet */
};

static void sink_mqtt_down(struct sink_mqtt *m, const char *why)
{
	outlet_down(m->env.outlet, "no connection to %s:%d: %s",
		    m->env.conf->host, mqtt_setup_port(m->env.conf), why);
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
		sink_mqtt_down(m, mqtt_setup_refusal(m->env.conf, rc));
		return;
	}
	log_info("%s: connected to %s:%d", m->env.conf->name,
		 m->env.conf->host, mqtt_setup_port(m->env.conf));
	outlet_up(m->env.outlet);
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
		sink_mqtt_down(m, mqtt_setup_refusal(m->env.conf, reason));
		return;
	}
	outlet_acked(m->env.outlet, mid);
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
	char *topic = outlet_topic(m->env.hub, "state", NULL);
	int rc = MOSQ_ERR_NOMEM;

	if (topic)
		rc = mosquitto_will_set(m->client, topic, (int)strlen(m->env.will),
					m->env.will, 1, true);
	free(topic);
	return rc;
}

/* Changes when one of the files does. */
static uint64_t sink_mqtt_files(const struct sink_mqtt *m)
{
	const char *const files[] = { m->env.conf->ca_file,
				      m->env.conf->cert_file,
				      m->env.conf->key_file };
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
static void sink_mqtt_renew(void *t)
{
	struct sink_mqtt *m = t;
	uint64_t files = sink_mqtt_files(m);
	int64_t now = outlet_now_ms();

	if (files != m->files_now) {
		m->files_now = files;
		m->files_now_ms = now;
	}
	if (files == m->files || now - m->files_now_ms < SINK_MQTT_REST_MS ||
	    !outlet_is_connected(m->env.outlet))
		return;
	log_info("%s: the files of TLS have changed: connecting anew",
		 m->env.conf->name);
	mosquitto_disconnect(m->client);
	mosquitto_destroy(m->client);
	m->client = NULL;
	outlet_away(m->env.outlet);
}

/*
 * A new client each time: an old one would send once more by itself what we
 * send again from the cursor.
 */
static int sink_mqtt_connect(void *ctx)
{
	struct sink_mqtt *m = ctx;
	const char *name = m->env.conf->name;
	bool first = !strcmp(name, CONF_SINK_FIRST);
	char id[2 * BATCH_NAME + 16];
	int rc;

	mosquitto_destroy(m->client);
	snprintf(id, sizeof(id), "cityhubd-%s%s%s", m->env.hub,
		 first ? "" : "-", first ? "" : name);
	m->client = mosquitto_new(id, true, m);
	if (!m->client)
		return -ENOMEM;
	mosquitto_connect_v5_callback_set(m->client, sink_mqtt_on_connect);
	mosquitto_publish_v5_callback_set(m->client, sink_mqtt_on_publish);
	mosquitto_log_callback_set(m->client, sink_mqtt_on_log);
	*m->tls_why = '\0';
	m->refused = false;
	m->files = sink_mqtt_files(m);
	rc = mqtt_setup_client(m->client, m->env.conf);
	if (!rc)
		rc = sink_mqtt_will(m);
	if (!rc)
		rc = mosquitto_connect_async(m->client, m->env.conf->host,
					     mqtt_setup_port(m->env.conf),
					     m->env.conf->keepalive_s);
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
	if (outlet_is_connected(m->env.outlet))
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

	if (!mqtt_setup_is_5(m->env.conf))
		return rc;
	if (msg->content_type)
		rc = mosquitto_property_add_string(properties,
						   MQTT_PROP_CONTENT_TYPE,
						   msg->content_type);
	if (!rc && m->env.conf->expiry_s && !msg->retain)
		rc = mosquitto_property_add_int32(properties,
			MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
			(uint32_t)m->env.conf->expiry_s);
	return rc;
}

/* A connection that is lost is told by sink_mqtt_turn(). */
static void sink_mqtt_stuck(struct sink_mqtt *m, int rc, const char *topic)
{
	if (rc == MOSQ_ERR_OVERSIZE_PACKET || rc == MOSQ_ERR_PAYLOAD_SIZE)
		outlet_stuck(m->env.outlet, "a message is longer than the broker takes: lower pack_s, or raise its limit");
	else if (rc != MOSQ_ERR_NO_CONN && rc != MOSQ_ERR_CONN_LOST)
		outlet_stuck(m->env.outlet, "a message of %s cannot be sent: %s",
			     topic, mqtt_setup_why(rc));
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
	if (!rc)
		return 0;
	sink_mqtt_stuck(m, rc, msg->topic);
	return -EIO;
}

/* One turn of libmosquitto's machinery. */
static void sink_mqtt_turn(void *t, short revents)
{
	struct sink_mqtt *m = t;
	int rc = MOSQ_ERR_SUCCESS;

	if (revents & (POLLIN | POLLERR | POLLHUP))
		rc = mosquitto_loop_read(m->client, SINK_IN_FLIGHT);
	if (!rc && (revents & POLLOUT)) {
		m->opening = false;
		rc = mosquitto_loop_write(m->client, 1);
	}
	/* Before that its keepalive would end the attempt without a reason. */
	if (!rc && !m->opening)
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
	outlet_away(m->env.outlet);
}

static int sink_mqtt_poll(void *t, short *events)
{
	struct sink_mqtt *m = t;
	int fd = m->client ? mosquitto_socket(m->client) : -1;

	*events = POLLIN;
	if (fd >= 0 && (m->opening || mosquitto_want_write(m->client)))
		*events |= POLLOUT;
	return fd;
}

static void sink_mqtt_end(void *t)
{
	struct sink_mqtt *m = t;

	mosquitto_disconnect(m->client);
}

static void *sink_mqtt_create(const struct outlet_env *env)
{
	struct sink_mqtt *m = calloc(1, sizeof(*m));

	mosquitto_lib_init();
	if (m)
		m->env = *env;
	return m;
}

static void sink_mqtt_destroy(void *t)
{
	struct sink_mqtt *m = t;

	mosquitto_destroy(m->client);
	free(m);
}

const struct outlet_transport sink_mqtt_transport = {
	.tells_state = true,
	.create = sink_mqtt_create,
	.destroy = sink_mqtt_destroy,
	.connect = sink_mqtt_connect,
	.disconnect = sink_mqtt_disconnect,
	.publish = sink_mqtt_publish,
	.housekeep = sink_mqtt_renew,
	.poll = sink_mqtt_poll,
	.turn = sink_mqtt_turn,
	.end = sink_mqtt_end,
};
