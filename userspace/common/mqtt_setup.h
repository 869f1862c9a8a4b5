/* SPDX-License-Identifier: GPL-2.0-only */
/* How the configuration wants the broker to be spoken to; see WITH_MQTT. */
#ifndef CITYHUB_MQTT_SETUP_H
#define CITYHUB_MQTT_SETUP_H

#include <mosquitto.h>
#include <stdbool.h>

#include "common/conf.h"

/* Authorities of the system, where mqtt.ca_file does not name any. */
#define MQTT_SETUP_CA_DIR	"/etc/ssl/certs"

/* mqtt.port, or what is usual. */
int mqtt_setup_port(const struct conf_sink *c);
bool mqtt_setup_is_5(const struct conf_sink *c);
/* Version, name, password and TLS. Returns a MOSQ_ERR_*. */
int mqtt_setup_client(struct mosquitto *client, const struct conf_sink *c);
/* A MOSQ_ERR_* in words, with what to look at. */
const char *mqtt_setup_why(int rc);
/* Why the broker did not take us, with what to look at. */
const char *mqtt_setup_refusal(const struct conf_sink *c, int code);

#endif /* CITYHUB_MQTT_SETUP_H */
