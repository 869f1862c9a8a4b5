// SPDX-License-Identifier: GPL-2.0-only
#include "common/mqtt_setup.h"

#include <errno.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <string.h>

int mqtt_setup_port(const struct conf_sink *c)
{
	return c->port ? c->port : c->tls ? 8883 : 1883;
}

const char *mqtt_setup_why(int rc)
{
	if (rc == MOSQ_ERR_ERRNO)
		return strerror(errno);
	if (rc == MOSQ_ERR_TLS)
		return "TLS failed: see mqtt.ca_file, and whether the certificate names this host";
	if (rc == MOSQ_ERR_EAI)
		return "no address for this name: see mqtt.host and the name server";
	return mosquitto_strerror(rc);
}

bool mqtt_setup_is_5(const struct conf_sink *c)
{
	return !strcmp(c->version, "5");
}

const char *mqtt_setup_refusal(const struct conf_sink *c, int code)
{
	switch (code) {
	case CONNACK_REFUSED_PROTOCOL_VERSION:
	case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
		return mqtt_setup_is_5(c) ?
		       "the broker does not speak MQTT 5: set mqtt.version = \"3.1.1\"" :
		       "the broker does not speak MQTT 3.1.1: set mqtt.version = \"5\"";
	case CONNACK_REFUSED_BAD_USERNAME_PASSWORD:
	case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
		return "the broker refuses name or password: see mqtt.username and mqtt.password_file";
	case CONNACK_REFUSED_NOT_AUTHORIZED:
	case MQTT_RC_NOT_AUTHORIZED:
		return "the broker refuses: not authorised; see mqtt.username, mqtt.password_file and mqtt.cert_file, and the broker's rules for this hub";
	case CONNACK_REFUSED_IDENTIFIER_REJECTED:
	case MQTT_RC_CLIENTID_NOT_VALID:
		return "the broker refuses our identifier: see hub.id";
	case CONNACK_REFUSED_SERVER_UNAVAILABLE:
	case MQTT_RC_SERVER_UNAVAILABLE:
	case MQTT_RC_SERVER_BUSY:
		return "the broker says it is not available now";
	default:
		return code < 0x80 ? mosquitto_connack_string(code) :
				     mosquitto_reason_string(code);
	}
}

/* The first line of the password file, without its end. */
static int mqtt_setup_password(const char *path, char *buf, size_t room)
{
	FILE *f = fopen(path, "r");
	bool ok = f && fgets(buf, (int)room, f);

	if (f)
		fclose(f);
	if (!ok)
		return -EIO;
	buf[strcspn(buf, "\r\n")] = '\0';
	return 0;
}

static int mqtt_setup_credentials(struct mosquitto *client,
				  const struct conf_sink *c)
{
	char password[CONF_STRING];
	int rc;

	if (!*c->username)
		return MOSQ_ERR_SUCCESS;
	if (!*c->password_file)
		return mosquitto_username_pw_set(client, c->username,
						 NULL);
	if (mqtt_setup_password(c->password_file, password,
				sizeof(password)))
		return MOSQ_ERR_ERRNO;
	rc = mosquitto_username_pw_set(client, c->username, password);
	explicit_bzero(password, sizeof(password));
	return rc;
}

static const char *mqtt_setup_text(const char *text)
{
	return *text ? text : NULL;
}

static int mqtt_setup_tls(struct mosquitto *client, const struct conf_sink *c)
{
	int rc;

	if (!c->tls)
		return MOSQ_ERR_SUCCESS;
	rc = mosquitto_tls_set(client, mqtt_setup_text(c->ca_file),
			       *c->ca_file ? NULL : MQTT_SETUP_CA_DIR,
			       mqtt_setup_text(c->cert_file),
			       mqtt_setup_text(c->key_file), NULL);
	/* libmosquitto before 2.0.16 would also take TLS 1.1. */
	if (!rc)
		rc = mosquitto_tls_opts_set(client, 1, "tlsv1.2", NULL);
	return rc;
}

int mqtt_setup_client(struct mosquitto *client, const struct conf_sink *c)
{
	int rc = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
				      mqtt_setup_is_5(c) ? MQTT_PROTOCOL_V5 :
				      MQTT_PROTOCOL_V311);

	if (!rc)
		rc = mqtt_setup_credentials(client, c);
	return rc ? rc : mqtt_setup_tls(client, c);
}
