// SPDX-License-Identifier: GPL-2.0-only
#include "common/mqtt_setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int mqtt_setup_port(const struct conf *c)
{
	return c->mqtt.port ? c->mqtt.port : c->mqtt.tls ? 8883 : 1883;
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
				  const struct conf *c)
{
	char password[CONF_STRING];
	int rc;

	if (!*c->mqtt.username)
		return MOSQ_ERR_SUCCESS;
	if (!*c->mqtt.password_file)
		return mosquitto_username_pw_set(client, c->mqtt.username,
						 NULL);
	if (mqtt_setup_password(c->mqtt.password_file, password,
				sizeof(password)))
		return MOSQ_ERR_ERRNO;
	rc = mosquitto_username_pw_set(client, c->mqtt.username, password);
	explicit_bzero(password, sizeof(password));
	return rc;
}

static const char *mqtt_setup_text(const char *text)
{
	return *text ? text : NULL;
}

static int mqtt_setup_tls(struct mosquitto *client, const struct conf *c)
{
	int rc;

	if (!c->mqtt.tls)
		return MOSQ_ERR_SUCCESS;
	rc = mosquitto_tls_set(client, mqtt_setup_text(c->mqtt.ca_file),
			       *c->mqtt.ca_file ? NULL : MQTT_SETUP_CA_DIR,
			       mqtt_setup_text(c->mqtt.cert_file),
			       mqtt_setup_text(c->mqtt.key_file), NULL);
	/* libmosquitto before 2.0.16 would also take TLS 1.1. */
	if (!rc)
		rc = mosquitto_tls_opts_set(client, 1, "tlsv1.2", NULL);
	return rc;
}

int mqtt_setup_client(struct mosquitto *client, const struct conf *c)
{
	int rc = mqtt_setup_credentials(client, c);

	return rc ? rc : mqtt_setup_tls(client, c);
}
