// SPDX-License-Identifier: GPL-2.0-only
#include "common/conf.h"

#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/format.h"
#include "common/ids.h"
#include "common/log.h"
#include "common/store_sql.h"

enum conf_type {
	CONF_GROUP,
	CONF_TEXT,
	CONF_NUMBER,
	CONF_INTEGER,
	CONF_BOOL,
	CONF_LIST,
};

struct conf_key {
	const char *path;
	enum conf_type type;
	size_t offset;
	double min, max;
	const char *example;
};

#define CONF_AT(member)	offsetof(struct conf, member)

/* Every key there is; a group comes with what is in it. */
static const struct conf_key conf_keys[] = {
	{ "hub", CONF_GROUP, 0, 0, 0, "hub = { id = \"lamp-0815\"; };" },
	{ "hub.id", CONF_TEXT, CONF_AT(hub.id), 0, 0, "id = \"lamp-0815\";" },
	{ "hub.name", CONF_TEXT, CONF_AT(hub.name), 0, 0,
	  "name = \"Market place\";" },
	{ "hub.location", CONF_GROUP, 0, 0, 0,
	  "location = { lat = 48.2; lon = 16.4; height_m = 4.5; };" },
	{ "hub.location.lat", CONF_NUMBER, CONF_AT(hub.lat), -90, 90,
	  "lat = 48.2;" },
	{ "hub.location.lon", CONF_NUMBER, CONF_AT(hub.lon), -180, 180,
	  "lon = 16.4;" },
	{ "hub.location.height_m", CONF_NUMBER, CONF_AT(hub.height_m), -500,
	  10000, "height_m = 4.5;" },
	{ "capture", CONF_GROUP, 0, 0, 0, "capture = { window_s = 1.0; };" },
	{ "capture.devices", CONF_LIST, 0, 0, 0,
	  "devices = [ \"sen66\", \"pcba-dbm\" ];" },
	{ "capture.window_s", CONF_NUMBER, CONF_AT(capture.window_s), 0.2,
	  86400, "window_s = 1.0;" },
	{ "capture.latency_s", CONF_NUMBER, CONF_AT(capture.latency_s), 0.01,
	  10, "latency_s = 0.1;" },
	{ "capture.rescan_s", CONF_NUMBER, CONF_AT(capture.rescan_s), 1, 3600,
	  "rescan_s = 5.0;" },
	{ "capture.record", CONF_TEXT, CONF_AT(capture.record), 0, 0,
	  "record = \"/var/tmp/recording\";" },
	{ "capture.replay", CONF_TEXT, CONF_AT(capture.replay), 0, 0,
	  "replay = \"/var/tmp/recording\";" },
	{ "capture.replay_speed", CONF_NUMBER, CONF_AT(capture.replay_speed), 0,
	  1e6, "replay_speed = 1.0;" },
	{ "store", CONF_GROUP, 0, 0, 0, "store = { max_mb = 256.0; };" },
	{ "store.path", CONF_TEXT, CONF_AT(store.path), 0, 0,
	  "path = \"" STORE_DEFAULT_PATH "\";" },
	{ "store.mount", CONF_TEXT, CONF_AT(store.mount), 0, 0,
	  "mount = \"/data\";" },
	{ "store.max_days", CONF_NUMBER, CONF_AT(store.max_days), 0, 36500,
	  "max_days = 30.0;" },
	{ "store.max_mb", CONF_NUMBER, CONF_AT(store.max_mb), 1, 1e6,
	  "max_mb = 256.0;" },
	{ "store.commit_s", CONF_NUMBER, CONF_AT(store.commit_s), 0.2, 60,
	  "commit_s = 1.0;" },
	{ "store.allow_tmpfs", CONF_BOOL, CONF_AT(store.allow_tmpfs), 0, 0,
	  "allow_tmpfs = true;" },
	{ "mqtt", CONF_GROUP, 0, 0, 0,
	  "mqtt = { host = \"broker.example.org\"; };" },
	{ "mqtt.host", CONF_TEXT, CONF_AT(mqtt.host), 0, 0,
	  "host = \"broker.example.org\";" },
	{ "mqtt.port", CONF_INTEGER, CONF_AT(mqtt.port), 1, 65535,
	  "port = 8883;" },
	{ "mqtt.tls", CONF_BOOL, CONF_AT(mqtt.tls), 0, 0, "tls = true;" },
	{ "mqtt.ca_file", CONF_TEXT, CONF_AT(mqtt.ca_file), 0, 0,
	  "ca_file = \"/etc/ssl/certs/ca-certificates.crt\";" },
	{ "mqtt.cert_file", CONF_TEXT, CONF_AT(mqtt.cert_file), 0, 0,
	  "cert_file = \"/etc/cityhub/hub.crt\";" },
	{ "mqtt.key_file", CONF_TEXT, CONF_AT(mqtt.key_file), 0, 0,
	  "key_file = \"/etc/cityhub/hub.key\";" },
	{ "mqtt.username", CONF_TEXT, CONF_AT(mqtt.username), 0, 0,
	  "username = \"lamp-0815\";" },
	{ "mqtt.password_file", CONF_TEXT, CONF_AT(mqtt.password_file), 0, 0,
	  "password_file = \"/etc/cityhub/mqtt.password\";" },
	{ "mqtt.keepalive_s", CONF_INTEGER, CONF_AT(mqtt.keepalive_s), 5, 3600,
	  "keepalive_s = 30;" },
	{ "mqtt.state_s", CONF_NUMBER, CONF_AT(mqtt.state_s), 0.5, 3600,
	  "state_s = 5.0;" },
	{ "mqtt.format", CONF_TEXT, CONF_AT(mqtt.format), 0, 0,
	  "format = \"senml-cbor\";" },
	{ "mqtt.version", CONF_TEXT, CONF_AT(mqtt.version), 0, 0,
	  "version = \"5\";" },
	{ "mqtt.expiry_s", CONF_INTEGER, CONF_AT(mqtt.expiry_s), 0, INT32_MAX,
	  "expiry_s = 86400;" },
	{ "mqtt.drain_s", CONF_NUMBER, CONF_AT(mqtt.drain_s), 0, 60,
	  "drain_s = 3.0;" },
	{ "log", CONF_GROUP, 0, 0, 0, "log = { level = \"info\"; };" },
	{ "log.level", CONF_TEXT, CONF_AT(log.level), 0, 0,
	  "level = \"debug\"; (error, warning, info or debug)" },
};

#define CONF_KEYS	ARRAY_SIZE(conf_keys)

struct conf_reader {
	struct conf conf;
	const char *path;
	char *why;
	size_t room;
};

void conf_defaults(struct conf *c)
{
	memset(c, 0, sizeof(*c));
	c->hub.lat = NAN;
	c->hub.lon = NAN;
	c->hub.height_m = NAN;
	c->capture.window_s = 1;
	c->capture.latency_s = 0.1;
	c->capture.rescan_s = 5;
	c->capture.replay_speed = 1;
	snprintf(c->store.path, sizeof(c->store.path), STORE_DEFAULT_PATH);
	c->store.max_mb = 256;
	c->store.commit_s = 1;
	c->mqtt.tls = true;
	c->mqtt.keepalive_s = 30;
	c->mqtt.state_s = 5;
	c->mqtt.drain_s = 3;
	snprintf(c->mqtt.format, sizeof(c->mqtt.format), "json");
	snprintf(c->mqtt.version, sizeof(c->mqtt.version), "3.1.1");
	snprintf(c->log.level, sizeof(c->log.level), "info");
}

static int conf_fail(struct conf_reader *r, const config_setting_t *at,
		     const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int conf_fail(struct conf_reader *r, const config_setting_t *at,
		     const char *fmt, ...)
{
	const char *file = at ? config_setting_source_file(at) : NULL;
	va_list ap;
	int n;

	if (at)
		n = snprintf(r->why, r->room, "%s:%u: ", file ? file : r->path,
			     config_setting_source_line(at));
	else
		n = snprintf(r->why, r->room, "%s: ", r->path);
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < r->room)
		vsnprintf(r->why + n, r->room - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Number of changes that lead from one word to the other. */
static size_t conf_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t row[65];

	if (la > 64 || lb > 64)
		return 64;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

static const char *conf_last(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

/* Unknown keys are refused: a misspelt one would go unnoticed for years. */
static int conf_unknown(struct conf_reader *r, const config_setting_t *at,
			const char *path)
{
	size_t best = 4;
	const char *hint = NULL;

	for (size_t i = 0; i < CONF_KEYS; i++) {
		size_t d = conf_distance(conf_last(path),
					 conf_last(conf_keys[i].path));

		if (d < best) {
			best = d;
			hint = conf_keys[i].path;
		}
	}
	if (hint)
		return conf_fail(r, at, "unknown key '%s'; did you mean '%s'?",
				 path, hint);
	return conf_fail(r, at, "unknown key '%s'; remove it (cityhubd.conf(5) lists all keys)",
			 path);
}

static int conf_take_text(struct conf_reader *r, const config_setting_t *at,
			  const struct conf_key *key)
{
	const char *text = config_setting_get_string(at);

	if (!text)
		return conf_fail(r, at, "%s must be a text in quotes, e.g. %s",
				 key->path, key->example);
	if (strlen(text) >= CONF_STRING)
		return conf_fail(r, at, "%s is longer than %d bytes; shorten it",
				 key->path, CONF_STRING - 1);
	strcpy((char *)&r->conf + key->offset, text);
	return 0;
}

static int conf_take_number(struct conf_reader *r, const config_setting_t *at,
			    const struct conf_key *key)
{
	int type = config_setting_type(at);
	bool whole = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
	double v = whole ? (double)config_setting_get_int64(at) :
			   config_setting_get_float(at);

	if (!whole && (type != CONFIG_TYPE_FLOAT || key->type == CONF_INTEGER))
		return conf_fail(r, at, "%s must be a %snumber, e.g. %s",
				 key->path,
				 key->type == CONF_INTEGER ? "whole " : "",
				 key->example);
	if (!(v >= key->min && v <= key->max))
		return conf_fail(r, at, "%s must be from %g to %g, e.g. %s",
				 key->path, key->min, key->max, key->example);
	if (key->type == CONF_INTEGER)
		*(int *)((char *)&r->conf + key->offset) = (int)v;
	else
		*(double *)((char *)&r->conf + key->offset) = v;
	return 0;
}

static int conf_take_bool(struct conf_reader *r, const config_setting_t *at,
			  const struct conf_key *key)
{
	if (config_setting_type(at) != CONFIG_TYPE_BOOL)
		return conf_fail(r, at, "%s must be true or false, e.g. %s",
				 key->path, key->example);
	*(bool *)((char *)&r->conf + key->offset) =
		config_setting_get_bool(at);
	return 0;
}

static int conf_take_list(struct conf_reader *r, const config_setting_t *at,
			  const struct conf_key *key)
{
	int n = config_setting_length(at);

	if (!config_setting_is_array(at) && !config_setting_is_list(at))
		return conf_fail(r, at, "%s must be a list, e.g. %s",
				 key->path, key->example);
	if (n > CONF_DEVICES)
		return conf_fail(r, at, "%s has more than %d entries; leave it out to capture every device",
				 key->path, CONF_DEVICES);
	for (int i = 0; i < n; i++) {
		const char *text = config_setting_get_string_elem(at, i);

		if (!text || !*text || strlen(text) >= CONF_STRING)
			return conf_fail(r, at, "%s must hold names in quotes, e.g. %s",
					 key->path, key->example);
		strcpy(r->conf.capture.devices[i], text);
	}
	r->conf.capture.ndevices = (size_t)n;
	return 0;
}

static int conf_take_group(struct conf_reader *r, const config_setting_t *group,
			   const char *prefix);

static int conf_take(struct conf_reader *r, const config_setting_t *at,
		     const struct conf_key *key)
{
	switch (key->type) {
	case CONF_GROUP:
		if (!config_setting_is_group(at))
			return conf_fail(r, at, "%s must be a group, e.g. %s",
					 key->path, key->example);
		return conf_take_group(r, at, key->path);
	case CONF_TEXT:
		return conf_take_text(r, at, key);
	case CONF_BOOL:
		return conf_take_bool(r, at, key);
	case CONF_LIST:
		return conf_take_list(r, at, key);
	default:
		return conf_take_number(r, at, key);
	}
}

static int conf_take_group(struct conf_reader *r, const config_setting_t *group,
			   const char *prefix)
{
	int n = config_setting_length(group);

	for (int i = 0; i < n; i++) {
		const config_setting_t *at =
			config_setting_get_elem(group, (unsigned int)i);
		char path[CONF_STRING];
		size_t k;
		int err;

		snprintf(path, sizeof(path), "%s%s%s", prefix,
			 *prefix ? "." : "", config_setting_name(at));
		for (k = 0; k < CONF_KEYS; k++)
			if (!strcmp(conf_keys[k].path, path))
				break;
		err = k < CONF_KEYS ? conf_take(r, at, &conf_keys[k]) :
				      conf_unknown(r, at, path);
		if (err)
			return err;
	}
	return 0;
}

static const config_setting_t *conf_at(const config_t *cfg, const char *path)
{
	return config_lookup(cfg, path);
}

static int conf_check_file(struct conf_reader *r, const config_t *cfg,
			   const char *path, const char *file)
{
	if (!*file || !access(file, R_OK))
		return 0;
	return conf_fail(r, conf_at(cfg, path), "%s: %s: %s; correct the path or the rights of the file",
			 path, file, strerror(errno));
}

static int conf_check_mqtt(struct conf_reader *r, const config_t *cfg)
{
	const struct conf *c = &r->conf;
	bool is_5 = !strcmp(c->mqtt.version, "5");

	if (*c->mqtt.host && !WITH_MQTT)
		return conf_fail(r, conf_at(cfg, "mqtt.host"), "mqtt.host: this cityhubd was built without MQTT (WITH_MQTT=no); remove it or install one with MQTT");
	if (!format_find(c->mqtt.format))
		return conf_fail(r, conf_at(cfg, "mqtt.format"), "mqtt.format '%s' is not known; use %s",
				 c->mqtt.format, format_names());
	if (!is_5 && strcmp(c->mqtt.version, "3.1.1"))
		return conf_fail(r, conf_at(cfg, "mqtt.version"), "mqtt.version '%s' is not known; use 3.1.1 or 5",
				 c->mqtt.version);
	if (c->mqtt.expiry_s && !is_5)
		return conf_fail(r, conf_at(cfg, "mqtt.expiry_s"), "mqtt.expiry_s needs MQTT 5; set version = \"5\"; or remove it");
	if (!*c->mqtt.cert_file != !*c->mqtt.key_file)
		return conf_fail(r, conf_at(cfg, "mqtt"), "mqtt.cert_file and mqtt.key_file go together; set both or none");
	if (*c->mqtt.password_file && !*c->mqtt.username)
		return conf_fail(r, conf_at(cfg, "mqtt.password_file"), "mqtt.password_file needs mqtt.username; set it");
	return 0;
}

/* What a single key cannot tell. */
static int conf_check(struct conf_reader *r, const config_t *cfg)
{
	const struct conf *c = &r->conf;
	enum log_level level;
	int err;

	if (*c->hub.id && !ids_valid(c->hub.id))
		return conf_fail(r, conf_at(cfg, "hub.id"), "hub.id '%s' cannot be part of a topic; use letters, digits, '-', '_', '.' and ':'",
				 c->hub.id);
	if (log_level_parse(c->log.level, &level))
		return conf_fail(r, conf_at(cfg, "log.level"), "log.level '%s' is not known; use error, warning, info or debug",
				 c->log.level);
	if (!*c->store.path || c->store.path[0] != '/')
		return conf_fail(r, conf_at(cfg, "store.path"), "store.path must be a full path, e.g. path = \"%s\";",
				 STORE_DEFAULT_PATH);
	if (*c->capture.record && *c->capture.replay)
		return conf_fail(r, conf_at(cfg, "capture.record"), "capture.record and capture.replay exclude each other; take one out");
	if (*c->store.mount && c->store.mount[0] != '/')
		return conf_fail(r, conf_at(cfg, "store.mount"), "store.mount must be a full path, e.g. mount = \"/data\";");
	err = conf_check_mqtt(r, cfg);
	if (!err)
		err = conf_check_file(r, cfg, "mqtt.ca_file", c->mqtt.ca_file);
	if (!err)
		err = conf_check_file(r, cfg, "mqtt.cert_file",
				      c->mqtt.cert_file);
	if (!err)
		err = conf_check_file(r, cfg, "mqtt.key_file",
				      c->mqtt.key_file);
	if (!err)
		err = conf_check_file(r, cfg, "mqtt.password_file",
				      c->mqtt.password_file);
	return err;
}

static int conf_parse(struct conf_reader *r, config_t *cfg)
{
	FILE *file = fopen(r->path, "r");
	const char *at;
	int ok, err;

	if (!file) {
		err = -errno;
		conf_fail(r, NULL, "%s; name another file with --config",
			  strerror(errno));
		return err;
	}
	ok = config_read(cfg, file);
	fclose(file);
	if (ok)
		return 0;
	at = config_error_file(cfg);
	snprintf(r->why, r->room, "%s:%d: %s; look for a missing '=', quote or bracket here or in the line before",
		 at ? at : r->path, config_error_line(cfg),
		 config_error_text(cfg));
	return -EINVAL;
}

int conf_load(struct conf *c, const char *path, char *why, size_t room)
{
	struct conf_reader r = {
		.conf = *c, .path = path, .why = why, .room = room,
	};
	config_t cfg;
	int err;

	config_init(&cfg);
	err = conf_parse(&r, &cfg);
	if (!err)
		err = conf_take_group(&r, config_root_setting(&cfg), "");
	if (!err)
		err = conf_check(&r, &cfg);
	config_destroy(&cfg);
	if (!err)
		*c = r.conf;
	return err;
}
