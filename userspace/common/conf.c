// SPDX-License-Identifier: GPL-2.0-only
#include "common/conf.h"

#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	CONF_LENGTH_LIST,
	CONF_MODULE_LIST,
	CONF_WINDOWS_LIST,
	CONF_SINK_GROUP,
	CONF_SINK_LIST,
};

struct conf_key {
	const char *path;
	enum conf_type type;
	size_t offset;
	double min, max;
	const char *example;
	unsigned int types;	/* of sinks that have it, CONF_OF() */
};

#define CONF_AT(member)	offsetof(struct conf, member)
#define CONF_SINK_AT(member)	offsetof(struct conf_sink, member)
#define CONF_OF(type)	(1u << (type))
#define CONF_OF_MQTT	CONF_OF(CONF_SINK_MQTT)
#define CONF_OF_FILE	CONF_OF(CONF_SINK_FILE)
#define CONF_OF_ALL	(CONF_OF_MQTT | CONF_OF_FILE | CONF_OF(CONF_SINK_STDOUT))

/* Every key there is; a group comes with what is in it. */
static const struct conf_key conf_keys[] = {
	{ "hub", CONF_GROUP, 0, 0, 0, "hub = { id = \"lamp-0815\"; };", 0 },
	{ "hub.id", CONF_TEXT, CONF_AT(hub.id), 0, 0, "id = \"lamp-0815\";", 0 },
	{ "hub.name", CONF_TEXT, CONF_AT(hub.name), 0, 0,
	  "name = \"Market place\";", 0 },
	{ "hub.timezone", CONF_TEXT, CONF_AT(hub.timezone), 0, 0,
	  "timezone = \"Europe/Vienna\";", 0 },
	{ "hub.location", CONF_GROUP, 0, 0, 0,
	  "location = { lat = 48.2; lon = 16.4; height_m = 4.5; };", 0 },
	{ "hub.location.lat", CONF_NUMBER, CONF_AT(hub.lat), -90, 90,
	  "lat = 48.2;", 0 },
	{ "hub.location.lon", CONF_NUMBER, CONF_AT(hub.lon), -180, 180,
	  "lon = 16.4;", 0 },
	{ "hub.location.height_m", CONF_NUMBER, CONF_AT(hub.height_m), -500,
	  10000, "height_m = 4.5;", 0 },
	{ "capture", CONF_GROUP, 0, 0, 0, "capture = { window_s = 1.0; };", 0 },
	{ "capture.devices", CONF_LIST, 0, 0, 0,
	  "devices = [ \"sen66\", \"pcba-dbm\" ];", 0 },
	{ "capture.window_s", CONF_NUMBER, CONF_AT(capture.window_s), 0.2,
	  86400, "window_s = 1.0;", 0 },
	{ "capture.windows", CONF_WINDOWS_LIST, 0, 0, 0,
	  "windows = ( { sensor = \"sen66\"; lengths_s = [ 1.0, 600.0 ]; } );", 0 },
	{ "capture.latency_s", CONF_NUMBER, CONF_AT(capture.latency_s), 0.01,
	  10, "latency_s = 0.1;", 0 },
	{ "capture.rescan_s", CONF_NUMBER, CONF_AT(capture.rescan_s), 1, 3600,
	  "rescan_s = 5.0;", 0 },
	{ "capture.record", CONF_TEXT, CONF_AT(capture.record), 0, 0,
	  "record = \"/var/tmp/recording\";", 0 },
	{ "capture.replay", CONF_TEXT, CONF_AT(capture.replay), 0, 0,
	  "replay = \"/var/tmp/recording\";", 0 },
	{ "capture.replay_speed", CONF_NUMBER, CONF_AT(capture.replay_speed), 0,
	  1e6, "replay_speed = 1.0;", 0 },
	{ "power", CONF_GROUP, 0, 0, 0, "power = { nominal_v = 230.0; };", 0 },
	{ "power.nominal_v", CONF_NUMBER, CONF_AT(power.nominal_v), 0, 1e6,
	  "nominal_v = 230.0;", 0 },
	{ "power.nominal_hz", CONF_INTEGER, CONF_AT(power.nominal_hz), 50, 60,
	  "nominal_hz = 50;", 0 },
	{ "power.dip_percent", CONF_NUMBER, CONF_AT(power.dip_percent), 10, 99,
	  "dip_percent = 90.0;", 0 },
	{ "power.swell_percent", CONF_NUMBER, CONF_AT(power.swell_percent), 101,
	  200, "swell_percent = 110.0;", 0 },
	{ "power.interruption_percent", CONF_NUMBER,
	  CONF_AT(power.interruption_percent), 1, 10,
	  "interruption_percent = 5.0;", 0 },
	{ "power.hysteresis_percent", CONF_NUMBER,
	  CONF_AT(power.hysteresis_percent), 0, 10,
	  "hysteresis_percent = 2.0;", 0 },
	{ "power.cycles", CONF_BOOL, CONF_AT(power.cycles), 0, 0,
	  "cycles = true;", 0 },
	{ "store", CONF_GROUP, 0, 0, 0, "store = { max_mb = 256.0; };", 0 },
	{ "store.path", CONF_TEXT, CONF_AT(store.path), 0, 0,
	  "path = \"" STORE_DEFAULT_PATH "\";", 0 },
	{ "store.mount", CONF_TEXT, CONF_AT(store.mount), 0, 0,
	  "mount = \"/data\";", 0 },
	{ "store.max_days", CONF_NUMBER, CONF_AT(store.max_days), 0, 36500,
	  "max_days = 30.0;", 0 },
	{ "store.max_mb", CONF_NUMBER, CONF_AT(store.max_mb), 1, 1e6,
	  "max_mb = 256.0;", 0 },
	{ "store.commit_s", CONF_NUMBER, CONF_AT(store.commit_s), 0.2, 60,
	  "commit_s = 1.0;", 0 },
	{ "store.allow_tmpfs", CONF_BOOL, CONF_AT(store.allow_tmpfs), 0, 0,
	  "allow_tmpfs = true;", 0 },
	{ "mqtt", CONF_SINK_GROUP, 0, 0, 0,
	  "mqtt = { host = \"broker.example.org\"; };", 0 },
	{ "sinks", CONF_SINK_LIST, 0, 0, 0,
	  "sinks = ( { type = \"file\"; path = \"/var/lib/cityhub/results\"; } );", 0 },
	{ "log", CONF_GROUP, 0, 0, 0, "log = { level = \"info\"; };", 0 },
	{ "log.level", CONF_TEXT, CONF_AT(log.level), 0, 0,
	  "level = \"debug\"; (error, warning, info or debug)", 0 },
	{ "log.modules", CONF_MODULE_LIST, 0, 0, 0,
	  "modules = [ \"store=debug\", \"sink=warning\" ];", 0 },
	{ "control", CONF_GROUP, 0, 0, 0,
	  "control = { socket = \"" CONF_CONTROL "\"; };", 0 },
	{ "control.socket", CONF_TEXT, CONF_AT(control.socket), 0, 0,
	  "socket = \"" CONF_CONTROL "\";", 0 },
	{ "metrics", CONF_GROUP, 0, 0, 0,
	  "metrics = { listen = \"127.0.0.1:9190\"; };", 0 },
	{ "metrics.listen", CONF_TEXT, CONF_AT(metrics.listen), 0, 0,
	  "listen = \"127.0.0.1:9190\";", 0 },
};

/* Every key of a sink; in the list it has type and name, too. */
static const struct conf_key conf_sink_keys[] = {
	{ "format", CONF_TEXT, CONF_SINK_AT(format), 0, 0,
	  "format = \"senml-cbor\";", CONF_OF_ALL },
	{ "pack_s", CONF_NUMBER, CONF_SINK_AT(pack_s), 0, 600,
	  "pack_s = 60.0;", CONF_OF_ALL },
	{ "backlog_per_s", CONF_NUMBER, CONF_SINK_AT(backlog_per_s), 0, 1e6,
	  "backlog_per_s = 500.0;", CONF_OF_ALL },
	{ "drain_s", CONF_NUMBER, CONF_SINK_AT(drain_s), 0, 60,
	  "drain_s = 3.0;", CONF_OF_ALL },
	{ "host", CONF_TEXT, CONF_SINK_AT(host), 0, 0,
	  "host = \"broker.example.org\";", CONF_OF_MQTT },
	{ "port", CONF_INTEGER, CONF_SINK_AT(port), 1, 65535,
	  "port = 8883;", CONF_OF_MQTT },
	{ "tls", CONF_BOOL, CONF_SINK_AT(tls), 0, 0, "tls = true;",
	  CONF_OF_MQTT },
	{ "ca_file", CONF_TEXT, CONF_SINK_AT(ca_file), 0, 0,
	  "ca_file = \"/etc/ssl/certs/ca-certificates.crt\";", CONF_OF_MQTT },
	{ "cert_file", CONF_TEXT, CONF_SINK_AT(cert_file), 0, 0,
	  "cert_file = \"/etc/cityhub/hub.crt\";", CONF_OF_MQTT },
	{ "key_file", CONF_TEXT, CONF_SINK_AT(key_file), 0, 0,
	  "key_file = \"/etc/cityhub/hub.key\";", CONF_OF_MQTT },
	{ "username", CONF_TEXT, CONF_SINK_AT(username), 0, 0,
	  "username = \"lamp-0815\";", CONF_OF_MQTT },
	{ "password_file", CONF_TEXT, CONF_SINK_AT(password_file), 0, 0,
	  "password_file = \"/etc/cityhub/mqtt.password\";", CONF_OF_MQTT },
	{ "keepalive_s", CONF_INTEGER, CONF_SINK_AT(keepalive_s), 5, 3600,
	  "keepalive_s = 30;", CONF_OF_MQTT },
	{ "state_s", CONF_NUMBER, CONF_SINK_AT(state_s), 0.5, 3600,
	  "state_s = 5.0;", CONF_OF_MQTT },
	{ "version", CONF_TEXT, CONF_SINK_AT(version), 0, 0,
	  "version = \"5\";", CONF_OF_MQTT },
	{ "expiry_s", CONF_INTEGER, CONF_SINK_AT(expiry_s), 0, INT32_MAX,
	  "expiry_s = 86400;", CONF_OF_MQTT },
	{ "path", CONF_TEXT, CONF_SINK_AT(path), 0, 0,
	  "path = \"/var/lib/cityhub/results\";", CONF_OF_FILE },
	{ "rotate_mb", CONF_NUMBER, CONF_SINK_AT(rotate_mb), 0.001, 1e6,
	  "rotate_mb = 100.0;", CONF_OF_FILE },
	{ "rotate_h", CONF_NUMBER, CONF_SINK_AT(rotate_h), 0.01, 87600,
	  "rotate_h = 24.0;", CONF_OF_FILE },
	{ "keep", CONF_INTEGER, CONF_SINK_AT(keep), 1, 1000, "keep = 7;",
	  CONF_OF_FILE },
};

#define CONF_WINDOWS_AT(member)	offsetof(struct conf_windows, member)

static const struct conf_key conf_windows_keys[] = {
	{ "sensor", CONF_TEXT, CONF_WINDOWS_AT(sensor), 0, 0,
	  "sensor = \"sen66\";", 0 },
	{ "lengths_s", CONF_LENGTH_LIST, 0, 0.2, 86400,
	  "lengths_s = [ 1.0, 60.0, 600.0 ];", 0 },
	{ "days", CONF_BOOL, CONF_WINDOWS_AT(days), 0, 0, "days = true;", 0 },
};

static const char *const conf_sink_types[] = {
	[CONF_SINK_MQTT] = CONF_SINK_FIRST,
	[CONF_SINK_FILE] = "file",
	[CONF_SINK_STDOUT] = "stdout",
};

/* Where keys are looked up, and what they set. */
struct conf_scope {
	const char *prefix;
	const struct conf_key *keys;
	size_t n;
	void *base;
	unsigned int types;	/* 0: not a sink */
	bool in_list;
};

struct conf_reader {
	struct conf conf;
	const struct conf_scope *scope;
	char name[2 * CONF_STRING];	/* of a key, for messages */
	const char *path;
	char *why;
	size_t room;
};

static void conf_sink_defaults(struct conf_sink *s, enum conf_sink_type type)
{
	memset(s, 0, sizeof(*s));
	s->type = type;
	snprintf(s->name, sizeof(s->name), "%s", conf_sink_types[type]);
	snprintf(s->format, sizeof(s->format), "json");
	s->backlog_per_s = 500;
	s->drain_s = 3;
	s->tls = true;
	s->keepalive_s = 30;
	s->state_s = 5;
	snprintf(s->version, sizeof(s->version), "3.1.1");
	s->rotate_mb = 100;
	s->rotate_h = 24;
	s->keep = 7;
}

size_t conf_windows(const struct conf *c, const char *sensor,
		    double lengths_s[CONF_LENGTHS], bool *days)
{
	const struct conf_windows *w = NULL;

	for (size_t i = 0; i < c->capture.nwindows; i++) {
		const char *name = c->capture.windows[i].sensor;

		if (!strcmp(name, sensor) || (!w && !strcmp(name, "*")))
			w = &c->capture.windows[i];
	}
	*days = w && w->days;
	lengths_s[0] = c->capture.window_s;
	if (!w || !w->nlengths)
		return 1;
	memcpy(lengths_s, w->lengths_s, w->nlengths * sizeof(*lengths_s));
	return w->nlengths;
}

size_t conf_sinks(const struct conf *c,
		  const struct conf_sink *list[CONF_SINKS + 1])
{
	size_t n = 0;

	if (*c->mqtt.host)
		list[n++] = &c->mqtt;
	for (size_t i = 0; i < c->nsinks; i++)
		list[n++] = &c->sinks[i];
	return n;
}

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
	c->power.nominal_hz = 50;
	c->power.dip_percent = 90;
	c->power.swell_percent = 110;
	c->power.interruption_percent = 5;
	c->power.hysteresis_percent = 2;
	c->store.max_mb = 256;
	c->store.commit_s = 1;
	conf_sink_defaults(&c->mqtt, CONF_SINK_MQTT);
	snprintf(c->log.level, sizeof(c->log.level), "info");
	snprintf(c->control.socket, sizeof(c->control.socket), CONF_CONTROL);
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

/* The whole name of a key of the scope. */
static const char *conf_name(struct conf_reader *r, const char *path)
{
	const char *prefix = r->scope->prefix;

	snprintf(r->name, sizeof(r->name), "%s%s%s", prefix,
		 *prefix ? "." : "", path);
	return r->name;
}

static void *conf_place(struct conf_reader *r, const struct conf_key *key)
{
	return (char *)r->scope->base + key->offset;
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

static bool conf_belongs(const struct conf_reader *r,
			 const struct conf_key *key)
{
	return !r->scope->types || key->types & r->scope->types;
}

/* Unknown keys are refused: a misspelt one would go unnoticed for years. */
static int conf_unknown(struct conf_reader *r, const config_setting_t *at,
			const char *path)
{
	size_t best = 4;
	const char *hint = NULL;

	for (size_t i = 0; i < r->scope->n; i++) {
		const struct conf_key *key = &r->scope->keys[i];
		size_t d = conf_distance(conf_last(path), conf_last(key->path));

		if (d < best && conf_belongs(r, key)) {
			best = d;
			hint = key->path;
		}
	}
	conf_name(r, path);
	if (hint)
		return conf_fail(r, at, "unknown key '%s'; did you mean '%s%s%s'?",
				 r->name, r->scope->prefix,
				 *r->scope->prefix ? "." : "", hint);
	return conf_fail(r, at, "unknown key '%s'; remove it (cityhubd.conf(5) lists all keys)",
			 r->name);
}

static int conf_take_text(struct conf_reader *r, const config_setting_t *at,
			  const struct conf_key *key)
{
	const char *text = config_setting_get_string(at);

	if (!text)
		return conf_fail(r, at, "%s must be a text in quotes, e.g. %s",
				 conf_name(r, key->path), key->example);
	if (strlen(text) >= CONF_STRING)
		return conf_fail(r, at, "%s is longer than %d bytes; shorten it",
				 conf_name(r, key->path), CONF_STRING - 1);
	strcpy(conf_place(r, key), text);
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
				 conf_name(r, key->path),
				 key->type == CONF_INTEGER ? "whole " : "",
				 key->example);
	if (!(v >= key->min && v <= key->max))
		return conf_fail(r, at, "%s must be from %g to %g, e.g. %s",
				 conf_name(r, key->path), key->min, key->max,
				 key->example);
	if (key->type == CONF_INTEGER)
		*(int *)conf_place(r, key) = (int)v;
	else
		*(double *)conf_place(r, key) = v;
	return 0;
}

static int conf_take_bool(struct conf_reader *r, const config_setting_t *at,
			  const struct conf_key *key)
{
	if (config_setting_type(at) != CONFIG_TYPE_BOOL)
		return conf_fail(r, at, "%s must be true or false, e.g. %s",
				 conf_name(r, key->path), key->example);
	*(bool *)conf_place(r, key) = config_setting_get_bool(at);
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

bool conf_module_level(const char *text, char module[CONF_STRING],
		       enum log_level *level)
{
	size_t len = strcspn(text, "=");

	snprintf(module, CONF_STRING, "%.*s", (int)len, text);
	return text[len] && log_module_known(module) &&
	       !strpbrk(module, "/_.") &&
	       !log_level_parse(text + len + 1, level);
}

static int conf_take_modules(struct conf_reader *r, const config_setting_t *at,
			     const struct conf_key *key)
{
	int n = config_setting_length(at);

	if ((!config_setting_is_array(at) && !config_setting_is_list(at)) ||
	    n > CONF_MODULES)
		return conf_fail(r, at, "%s must be a list of %d texts at most, e.g. %s",
				 key->path, CONF_MODULES, key->example);
	for (int i = 0; i < n; i++) {
		const char *text = config_setting_get_string_elem(at, i);
		char module[CONF_STRING];
		enum log_level level;

		if (!text || strlen(text) >= CONF_STRING ||
		    !conf_module_level(text, module, &level))
			return conf_fail(r, at, "%s: '%s' is not MODULE=LEVEL; modules are %s, levels error, warning, info or debug",
					 key->path, text ? text : "", log_modules());
		strcpy(r->conf.log.modules[i], text);
	}
	r->conf.log.nmodules = (size_t)n;
	return 0;
}

/* Each must be made of whole windows of the first. */
static int conf_take_lengths(struct conf_reader *r, const config_setting_t *at,
			     const struct conf_key *key)
{
	struct conf_windows *w = r->scope->base;
	int n = config_setting_length(at);

	if ((!config_setting_is_array(at) && !config_setting_is_list(at)) ||
	    n < 1 || n > CONF_LENGTHS)
		return conf_fail(r, at, "%s must be a list of 1 to %d lengths, e.g. %s",
				 conf_name(r, key->path), CONF_LENGTHS,
				 key->example);
	for (int i = 0; i < n; i++) {
		const config_setting_t *one =
			config_setting_get_elem(at, (unsigned int)i);
		int type = config_setting_type(one);
		double v = type == CONFIG_TYPE_FLOAT ?
			   config_setting_get_float(one) :
			   (double)config_setting_get_int64(one);
		int64_t ns = llround(v * 1e9);

		if (!(v >= key->min && v <= key->max))
			return conf_fail(r, at, "%s must be numbers from %g to %g, e.g. %s",
					 conf_name(r, key->path), key->min,
					 key->max, key->example);
		w->lengths_s[i] = v;
		if (i && (ns % llround(w->lengths_s[0] * 1e9) ||
			  v <= w->lengths_s[i - 1]))
			return conf_fail(r, at, "%s must rise and be multiples of the first, which %g is not; e.g. %s",
					 conf_name(r, key->path), v,
					 key->example);
	}
	w->nlengths = (size_t)n;
	return 0;
}

static int conf_take_windows_list(struct conf_reader *r,
				  const config_setting_t *at,
				  const struct conf_key *key);
static int conf_take_group(struct conf_reader *r, const config_setting_t *group,
			   const char *prefix);
static int conf_take_sink_group(struct conf_reader *r,
				const config_setting_t *at);
static int conf_take_sink_list(struct conf_reader *r,
			       const config_setting_t *at,
			       const struct conf_key *key);

static int conf_take(struct conf_reader *r, const config_setting_t *at,
		     const struct conf_key *key)
{
	bool is_group = key->type == CONF_GROUP || key->type == CONF_SINK_GROUP;

	if (is_group && !config_setting_is_group(at))
		return conf_fail(r, at, "%s must be a group, e.g. %s",
				 key->path, key->example);
	switch (key->type) {
	case CONF_GROUP:
		return conf_take_group(r, at, key->path);
	case CONF_SINK_GROUP:
		return conf_take_sink_group(r, at);
	case CONF_SINK_LIST:
		return conf_take_sink_list(r, at, key);
	case CONF_TEXT:
		return conf_take_text(r, at, key);
	case CONF_BOOL:
		return conf_take_bool(r, at, key);
	case CONF_LIST:
		return conf_take_list(r, at, key);
	case CONF_LENGTH_LIST:
		return conf_take_lengths(r, at, key);
	case CONF_MODULE_LIST:
		return conf_take_modules(r, at, key);
	case CONF_WINDOWS_LIST:
		return conf_take_windows_list(r, at, key);
	default:
		return conf_take_number(r, at, key);
	}
}

static int conf_take_key(struct conf_reader *r, const config_setting_t *at,
			 const char *path)
{
	const struct conf_scope *s = r->scope;

	/* Those were looked at before the rest. */
	if (s->in_list && (!strcmp(path, "type") || !strcmp(path, "name")))
		return 0;
	for (size_t k = 0; k < s->n; k++) {
		if (strcmp(s->keys[k].path, path))
			continue;
		if (conf_belongs(r, &s->keys[k]))
			return conf_take(r, at, &s->keys[k]);
		return conf_fail(r, at, "%s: a sink of this type has no such key; remove it",
				 conf_name(r, path));
	}
	return conf_unknown(r, at, path);
}

static int conf_take_group(struct conf_reader *r, const config_setting_t *group,
			   const char *prefix)
{
	int n = config_setting_length(group);

	for (int i = 0; i < n; i++) {
		const config_setting_t *at =
			config_setting_get_elem(group, (unsigned int)i);
		char path[CONF_STRING];
		int err;

		snprintf(path, sizeof(path), "%s%s%s", prefix,
			 *prefix ? "." : "", config_setting_name(at));
		err = conf_take_key(r, at, path);
		if (err)
			return err;
	}
	return 0;
}

static const config_setting_t *conf_member(const config_setting_t *group,
					   const char *key);

static int conf_take_windows(struct conf_reader *r,
			     const config_setting_t *group,
			     struct conf_windows *w, const char *prefix)
{
	const struct conf_scope scope = {
		.prefix = prefix, .keys = conf_windows_keys,
		.n = ARRAY_SIZE(conf_windows_keys), .base = w,
	};
	const struct conf_scope *outer = r->scope;
	int err;

	memset(w, 0, sizeof(*w));
	r->scope = &scope;
	err = conf_take_group(r, group, "");
	r->scope = outer;
	if (!err && !*w->sensor)
		err = conf_fail(r, group, "%s.sensor is missing, e.g. sensor = \"sen66\"; or sensor = \"*\"; for all that are not named",
				prefix);
	for (size_t i = 0; !err && i < r->conf.capture.nwindows; i++)
		if (!strcmp(r->conf.capture.windows[i].sensor, w->sensor))
			err = conf_fail(r, conf_member(group, "sensor"), "%s.sensor '%s' was named before; put both into one group",
					prefix, w->sensor);
	return err;
}

static int conf_take_windows_list(struct conf_reader *r,
				  const config_setting_t *at,
				  const struct conf_key *key)
{
	int n = config_setting_length(at);

	if (!config_setting_is_list(at) || n > CONF_DEVICES)
		return conf_fail(r, at, "%s must be a list in parentheses, of %d entries at most, e.g. %s",
				 key->path, CONF_DEVICES, key->example);
	r->conf.capture.nwindows = 0;
	for (int i = 0; i < n; i++) {
		const config_setting_t *group =
			config_setting_get_elem(at, (unsigned int)i);
		char prefix[40];
		int err;

		snprintf(prefix, sizeof(prefix), "capture.windows[%d]", i);
		if (!config_setting_is_group(group))
			return conf_fail(r, group, "%s must be a group, e.g. %s",
					 prefix, key->example);
		err = conf_take_windows(r, group, &r->conf.capture.windows[i],
					prefix);
		if (err)
			return err;
		r->conf.capture.nwindows++;
	}
	return 0;
}

/* ---- sinks ---------------------------------------------------------------- */

static const config_setting_t *conf_member(const config_setting_t *group,
					   const char *key)
{
	const config_setting_t *at = config_setting_get_member(group, key);

	return at ? at : group;
}

static int conf_check_sink_file(struct conf_reader *r,
				const config_setting_t *group, const char *key,
				const char *file)
{
	if (!*file || !access(file, R_OK))
		return 0;
	return conf_fail(r, conf_member(group, key), "%s: %s: %s; correct the path or the rights of the file",
			 conf_name(r, key), file, strerror(errno));
}

static int conf_check_sink_mqtt(struct conf_reader *r,
				const config_setting_t *group,
				const struct conf_sink *s)
{
	bool is_5 = !strcmp(s->version, "5");
	const char *p = r->scope->prefix;

	if (*s->host && !WITH_MQTT)
		return conf_fail(r, conf_member(group, "host"), "%s.host: this cityhubd was built without MQTT (WITH_MQTT=no); remove it or install one with MQTT",
				 p);
	if (r->scope->in_list && !*s->host)
		return conf_fail(r, group, "%s needs a broker: add host = \"broker.example.org\";",
				 p);
	if (!is_5 && strcmp(s->version, "3.1.1"))
		return conf_fail(r, conf_member(group, "version"), "%s.version '%s' is not known; use 3.1.1 or 5",
				 p, s->version);
	if (s->expiry_s && !is_5)
		return conf_fail(r, conf_member(group, "expiry_s"), "%s.expiry_s needs MQTT 5; set version = \"5\"; or remove it",
				 p);
	if (!*s->cert_file != !*s->key_file)
		return conf_fail(r, group, "%s.cert_file and %s.key_file go together; set both or none",
				 p, p);
	if (*s->password_file && !*s->username)
		return conf_fail(r, conf_member(group, "password_file"), "%s.password_file needs %s.username; set it",
				 p, p);
	return 0;
}

static int conf_check_sink_files(struct conf_reader *r,
				 const config_setting_t *group,
				 const struct conf_sink *s)
{
	int err = conf_check_sink_file(r, group, "ca_file", s->ca_file);

	if (!err)
		err = conf_check_sink_file(r, group, "cert_file", s->cert_file);
	if (!err)
		err = conf_check_sink_file(r, group, "key_file", s->key_file);
	if (!err)
		err = conf_check_sink_file(r, group, "password_file",
					   s->password_file);
	return err;
}

static int conf_check_sink_format(struct conf_reader *r,
				  const config_setting_t *group,
				  const struct conf_sink *s)
{
	const struct format *f = format_find(s->format);
	const char *p = r->scope->prefix;

	if (!f)
		return conf_fail(r, conf_member(group, "format"), "%s.format '%s' is not known; use %s",
				 p, s->format, format_names());
	if (s->type != CONF_SINK_MQTT && !f->is_text)
		return conf_fail(r, conf_member(group, "format"), "%s.format '%s' is not made of lines; use json, senml-json or influx",
				 p, s->format);
	if (s->pack_s > 0 && !f->packs)
		return conf_fail(r, conf_member(group, "pack_s"), "%s.pack_s: '%s' holds one window in a message; use senml-cbor, senml-json or influx, or remove it",
				 p, s->format);
	return 0;
}

static int conf_check_sink(struct conf_reader *r, const config_setting_t *group,
			   const struct conf_sink *s)
{
	int err = conf_check_sink_format(r, group, s);

	if (!err && s->type == CONF_SINK_MQTT)
		err = conf_check_sink_mqtt(r, group, s);
	if (!err && s->type == CONF_SINK_MQTT)
		err = conf_check_sink_files(r, group, s);
	if (!err && s->type == CONF_SINK_FILE && s->path[0] != '/')
		err = conf_fail(r, conf_member(group, "path"), "%s.path must be a full path, e.g. path = \"/var/lib/cityhub/results\";",
				r->scope->prefix);
	return err;
}

/* Keys of one sink, in a scope of their own. */
static int conf_take_sink(struct conf_reader *r, const config_setting_t *group,
			  struct conf_sink *s, const char *prefix, bool in_list)
{
	const struct conf_scope scope = {
		.prefix = prefix, .keys = conf_sink_keys,
		.n = ARRAY_SIZE(conf_sink_keys), .base = s,
		.types = CONF_OF(s->type), .in_list = in_list,
	};
	const struct conf_scope *outer = r->scope;
	int err;

	r->scope = &scope;
	err = conf_take_group(r, group, "");
	if (!err)
		err = conf_check_sink(r, group, s);
	r->scope = outer;
	return err;
}

static int conf_take_sink_group(struct conf_reader *r,
				const config_setting_t *at)
{
	return conf_take_sink(r, at, &r->conf.mqtt, CONF_SINK_FIRST, false);
}

static int conf_take_sink_type(struct conf_reader *r,
			       const config_setting_t *group,
			       struct conf_sink *s, const char *prefix)
{
	const char *type = NULL;

	config_setting_lookup_string(group, "type", &type);
	for (size_t i = 0; type && i < ARRAY_SIZE(conf_sink_types); i++) {
		if (strcmp(conf_sink_types[i], type))
			continue;
		conf_sink_defaults(s, (enum conf_sink_type)i);
		return 0;
	}
	return conf_fail(r, conf_member(group, "type"), "%s.type must be \"mqtt\", \"file\" or \"stdout\", e.g. type = \"file\";",
			 prefix);
}

/* Its place in the store goes by the name. */
static int conf_take_sink_name(struct conf_reader *r,
			       const config_setting_t *group,
			       struct conf_sink *s, const char *prefix)
{
	const config_setting_t *at = config_setting_get_member(group, "name");
	const char *name = at ? config_setting_get_string(at) :
				conf_sink_types[s->type];

	if (!name || strlen(name) >= sizeof(s->name) || !ids_valid(name))
		return conf_fail(r, at, "%s.name must be a text of letters, digits, '-', '_', '.' and ':', at most %zu of them",
				 prefix, sizeof(s->name) - 1);
	strcpy(s->name, name);
	for (size_t i = 0; i < r->conf.nsinks; i++)
		if (!strcmp(r->conf.sinks[i].name, name))
			return conf_fail(r, at ? at : group, "%s: two sinks have the name '%s'; give one another, e.g. name = \"%s-2\";",
					 prefix, name, name);
	return 0;
}

static int conf_take_sink_list(struct conf_reader *r,
			       const config_setting_t *at,
			       const struct conf_key *key)
{
	int n = config_setting_length(at);

	if (!config_setting_is_list(at))
		return conf_fail(r, at, "%s must be a list in parentheses, e.g. %s",
				 key->path, key->example);
	if (n > CONF_SINKS)
		return conf_fail(r, at, "%s has more than %d entries; take some out",
				 key->path, CONF_SINKS);
	r->conf.nsinks = 0;
	for (int i = 0; i < n; i++) {
		const config_setting_t *group =
			config_setting_get_elem(at, (unsigned int)i);
		struct conf_sink *s = &r->conf.sinks[i];
		char prefix[32];
		int err;

		snprintf(prefix, sizeof(prefix), "sinks[%d]", i);
		if (!config_setting_is_group(group))
			return conf_fail(r, group, "%s must be a group, e.g. %s",
					 prefix, key->example);
		err = conf_take_sink_type(r, group, s, prefix);
		if (!err)
			err = conf_take_sink_name(r, group, s, prefix);
		if (!err)
			err = conf_take_sink(r, group, s, prefix, true);
		if (err)
			return err;
		r->conf.nsinks++;
	}
	return 0;
}

static const config_setting_t *conf_at(const config_t *cfg, const char *path)
{
	return config_lookup(cfg, path);
}

/* Known only when all was read: the group may come after the list. */
static int conf_check_sinks(struct conf_reader *r, const config_t *cfg)
{
	const struct conf *c = &r->conf;

	for (size_t i = 0; *c->mqtt.host && i < c->nsinks; i++)
		if (!strcmp(c->sinks[i].name, c->mqtt.name))
			return conf_fail(r, conf_at(cfg, "sinks"), "sinks[%zu] has the name '%s', and so has the group mqtt; give it another, e.g. name = \"city\";, or take mqtt.host out",
					 i, c->mqtt.name);
	return 0;
}

/* A rule of POSIX begins with a name and an offset: "NPT-5:45", "<+07>-7". */
static bool conf_is_rule(const char *zone)
{
	const char *quoted = *zone == '<' ? strchr(zone, '>') : NULL;
	size_t name = quoted ? (size_t)(quoted + 1 - zone) :
		      strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz");
	char *end;

	strtol(zone + name, &end, 10);
	return name >= 3 && end != zone + name;
}

/* A name that is not known would be taken for UTC without a word. */
static int conf_check_timezone(struct conf_reader *r, const config_t *cfg)
{
	const char *zone = r->conf.hub.timezone;
	char path[CONF_STRING + 32];
	struct stat file;

	if (!*zone || conf_is_rule(zone))
		return 0;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	if (!strstr(zone, "..") && !access(path, R_OK) && !stat(path, &file) &&
	    S_ISREG(file.st_mode))
		return 0;
	return conf_fail(r, conf_at(cfg, "hub.timezone"), "hub.timezone: %s is not there; correct the name, install tzdata, or write the rule, e.g. timezone = \"CET-1CEST,M3.5.0,M10.5.0/3\";",
			 path);
}

/* At the nominal voltage each event has to be over. */
static int conf_check_power(struct conf_reader *r, const config_t *cfg)
{
	double hysteresis = r->conf.power.hysteresis_percent;

	if (r->conf.power.dip_percent + hysteresis <= 100 &&
	    r->conf.power.swell_percent - hysteresis >= 100)
		return 0;
	return conf_fail(r, conf_at(cfg, "power"), "power: with a hysteresis of %g %% a dip below %g %% or a swell above %g %% would not end at the nominal voltage; lower hysteresis_percent",
			 hysteresis, r->conf.power.dip_percent,
			 r->conf.power.swell_percent);
}

/* Of loopback, or a path: what it tells is for nobody else. */
static bool conf_listen_valid(const char *listen)
{
	static const char *const hosts[] = { "127.0.0.1:", "[::1]:" };

	if (!*listen || listen[0] == '/')
		return strlen(listen) <= CONF_SOCKET;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		size_t len = strlen(hosts[i]);
		char *end;
		long port;

		if (strncmp(listen, hosts[i], len))
			continue;
		port = strtol(listen + len, &end, 10);
		return listen[len] && !*end && port > 0 && port < 65536;
	}
	return false;
}

/* What a single key cannot tell. */
static int conf_check(struct conf_reader *r, const config_t *cfg)
{
	const struct conf *c = &r->conf;
	enum log_level level;

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
	if (*c->control.socket && (c->control.socket[0] != '/' ||
				   strlen(c->control.socket) > CONF_SOCKET))
		return conf_fail(r, conf_at(cfg, "control.socket"), "control.socket must be a full path of %d bytes at most, e.g. socket = \"%s\";, or empty for none",
				 CONF_SOCKET, CONF_CONTROL);
	if (!conf_listen_valid(c->metrics.listen))
		return conf_fail(r, conf_at(cfg, "metrics.listen"), "metrics.listen '%s' must be a port of this machine, e.g. listen = \"127.0.0.1:9190\";, or a full path of %d bytes at most; for others on the network put a proxy before it",
				 c->metrics.listen, CONF_SOCKET);
	if (*c->store.mount && c->store.mount[0] != '/')
		return conf_fail(r, conf_at(cfg, "store.mount"), "store.mount must be a full path, e.g. mount = \"/data\";");
	if (c->power.nominal_hz != 50 && c->power.nominal_hz != 60)
		return conf_fail(r, conf_at(cfg, "power.nominal_hz"), "power.nominal_hz must be 50 or 60");
	if (conf_check_power(r, cfg) || conf_check_timezone(r, cfg))
		return -EINVAL;
	return conf_check_sinks(r, cfg);
}

/* A file that is included by its name alone lies beside this one. */
static bool conf_includes_beside(const char *line)
{
	static const char word[] = "@include";

	line += strspn(line, " \t");
	if (strncmp(line, word, sizeof(word) - 1))
		return false;
	line += sizeof(word) - 1;
	line += strspn(line, " \t");
	return line[0] == '"' && line[1] && line[1] != '/';
}

/*
 * The text with full paths in place of such names, to be freed, or NULL with
 * errno. The folder that libconfig has for it is put before full paths, too, in
 * versions before 1.7.
 */
static char *conf_read_text(const char *path, FILE *file)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) : 1;
	char *text = NULL, *line = NULL;
	size_t len, room = 0;
	FILE *out = open_memstream(&text, &len);

	while (out && getline(&line, &room, file) >= 0) {
		char *name = conf_includes_beside(line) ?
			     strchr(line, '"') + 1 : line;

		fprintf(out, "%.*s", (int)(name - line), line);
		if (name != line)
			fprintf(out, "%.*s/", dir, slash ? path : ".");
		fputs(name, out);
	}
	free(line);
	if (out && (fclose(out) || ferror(file))) {
		free(text);
		return NULL;
	}
	return text;
}

/* For what libconfig says of the syntax. */
static const char *conf_remedy(const char *text)
{
	if (strstr(text, "include"))
		return "see that the file is there and that its name is a full path, or one beside this file";
	if (strstr(text, "element type"))
		return "write the numbers all with a point or all without";
	return "look for a missing '=', quote or bracket here or in the line before";
}

static int conf_parse(struct conf_reader *r, config_t *cfg)
{
	FILE *file = fopen(r->path, "r");
	char *text = file ? conf_read_text(r->path, file) : NULL;
	int err = text ? 0 : -errno;
	const char *at;

	if (file)
		fclose(file);
	if (err) {
		conf_fail(r, NULL, err == -EACCES || err == -EPERM ?
			  "%s; let the group cityhub read it and enter its folder" :
			  "%s; name another file with --config",
			  strerror(-err));
		return err;
	}
	err = config_read_string(cfg, text) ? 0 : -EINVAL;
	free(text);
	if (!err)
		return 0;
	at = config_error_file(cfg);
	snprintf(r->why, r->room, "%s:%d: %s; %s", at ? at : r->path,
		 config_error_line(cfg), config_error_text(cfg),
		 conf_remedy(config_error_text(cfg)));
	return -EINVAL;
}

bool conf_absent(const char *path)
{
	return access(path, F_OK) && (errno == ENOENT || errno == ENOTDIR);
}

int conf_load(struct conf *c, const char *path, char *why, size_t room)
{
	struct conf_reader r = {
		.conf = *c, .path = path, .why = why, .room = room,
	};
	const struct conf_scope root = {
		.prefix = "", .keys = conf_keys, .n = ARRAY_SIZE(conf_keys),
		.base = &r.conf,
	};
	config_t cfg;
	int err;

	r.scope = &root;
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
