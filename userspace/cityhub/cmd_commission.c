// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cityhub/clamps.h"
#include "cityhub/cmd.h"
#include "cityhub/doctor.h"
#include "cityhub/iio.h"
#include "cityhub/meter.h"
#include "cityhub/record.h"
#include "common/ids.h"

#define RECORD_FILE	"commissioning.json"

struct commission {
	struct doctor doctor;
	char path[2 * CONF_STRING];
	json_t *record;
	bool changed;
	bool lat, lon;		/* given */
	bool unjudged;		/* clamps that nothing is known of */
	time_t now;
};

/* ---- options --------------------------------------------------------------- */

static int set(struct commission *c, json_t *object, const char *key,
	       json_t *value)
{
	c->changed = true;
	if (object && value && !json_object_set_new(object, key, value))
		return CMD_OK;
	cmd_error(&cmd_commission, "out of memory, or '%s' is not UTF-8", key);
	return CMD_FAILED;
}

static json_t *group(struct commission *c, const char *key)
{
	json_t *g = json_object_get(c->record, key);

	if (g)
		return g;
	g = json_object();
	return json_object_set_new(c->record, key, g) ? NULL : g;
}

static int set_hub(struct commission *c, const char *id)
{
	if (!ids_valid(id))
		return cmd_usage(&cmd_commission, "'%s' cannot be part of a topic; use letters, digits, '-', '_', '.' and ':'",
				 id);
	return set(c, group(c, "hub"), "id", json_string(id));
}

static int set_number(struct commission *c, const char *option,
		      const char *key, const char *text, double min, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min && v <= max))
		return cmd_usage(&cmd_commission, "--%s: '%s' is not from %g to %g",
				 option, text, min, max);
	return set(c, group(c, "location"), key, json_real(v));
}

/* "SENSOR=VALUE" */
static int set_sensor(struct commission *c, const char *key, const char *text)
{
	const char *equals = strchr(text, '=');
	char name[CONF_STRING];

	if (!equals || equals == text || !equals[1] ||
	    equals - text >= (int)sizeof(name))
		return cmd_usage(&cmd_commission, "--%s: '%s' is not SENSOR=VALUE",
				 key, text);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	return set(c, record_sensor(c->record, name), key,
		   json_string(equals + 1));
}

static int set_option(struct commission *c, int opt, const char *text)
{
	switch (opt) {
	case 'i':
		return set_hub(c, text);
	case 'a':
		c->lat = true;
		return set_number(c, "lat", "lat", text, -90, 90);
	case 'o':
		c->lon = true;
		return set_number(c, "lon", "lon", text, -180, 180);
	case 'h':
		return set_number(c, "height", "height_m", text, -500, 10000);
	case 's':
		return set_sensor(c, "serial", text);
	case 'k':
		return set_sensor(c, "calibration", text);
	case 'b':
		return set(c, c->record, "by", json_string(text));
	}
	return CMD_USAGE;
}

/* ---- what is there --------------------------------------------------------- */

static void find_sensors(struct commission *c, const struct iio_entry *e, size_t n)
{
	const char *name;
	json_t *sensor;

	json_object_foreach(json_object_get(c->record, "sensors"), name,
			    sensor) {
		const char *serial =
			json_string_value(json_object_get(sensor, "serial"));
		char part[CONF_STRING + 8];
		bool there = false;

		for (size_t i = 0; i < n; i++)
			there = there || !strcmp(e[i].name, name) ||
				!strcmp(e[i].label, name);
		snprintf(part, sizeof(part), "sensor %s", name);
		if (there)
			doctor_say(&c->doctor, DOCTOR_OK, part, NULL,
				   "there, serial %s", serial ? serial :
				   "not recorded");
		else
			doctor_say(&c->doctor, DOCTOR_FAULT, part,
				   "`cityhub doctor sensors` says what is wrong with it; `cityhub list` shows the names of those that are there",
				   "recorded, and not there");
	}
}

/* The same place, of what the record has of it? */
static bool same_place(const json_t *place, const char *key, double conf)
{
	const json_t *v = json_object_get(place, key);

	return !v || fabs(json_number_value(v) - conf) < 1e-6;
}

/* A key that only the configuration has is to stay in it. */
static size_t place_key(char *text, size_t room, const json_t *place,
			const char *key, double conf)
{
	const json_t *v = json_object_get(place, key);
	double value = v ? json_number_value(v) : conf;
	int n = isnan(value) ? 0 : snprintf(text, room, " %s = %.7g;", key, value);

	return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

static void compare_place(struct commission *c)
{
	const json_t *place = json_object_get(c->record, "location");
	const struct conf *conf = &c->doctor.conf;
	char keys[128] = "", remedy[256];
	size_t n = 0;

	if (same_place(place, "lat", conf->hub.lat) &&
	    same_place(place, "lon", conf->hub.lon) &&
	    same_place(place, "height_m", conf->hub.height_m))
		return;
	n += place_key(keys + n, sizeof(keys) - n, place, "lat", conf->hub.lat);
	n += place_key(keys + n, sizeof(keys) - n, place, "lon", conf->hub.lon);
	place_key(keys + n, sizeof(keys) - n, place, "height_m",
		  conf->hub.height_m);
	snprintf(remedy, sizeof(remedy),
		 "set hub.location = {%s }; in the configuration", keys);
	doctor_say(&c->doctor, DOCTOR_NOTE, "location", remedy,
		   "the daemon tells another one, or none");
}

/* Nobody writes the configuration behind the administrator's back. */
static void compare_conf(struct commission *c)
{
	const char *id = json_string_value(json_object_get(
		json_object_get(c->record, "hub"), "id"));
	const struct conf *conf = &c->doctor.conf;
	char remedy[256];

	if (id && strcmp(id, conf->hub.id)) {
		snprintf(remedy, sizeof(remedy),
			 "set hub.id = \"%s\"; in the configuration and restart the daemon",
			 id);
		doctor_say(&c->doctor, DOCTOR_NOTE, "hub", remedy,
			   "the daemon uses another id than the record: %s",
			   *conf->hub.id ? conf->hub.id :
			   "one made of the host name");
	}
	compare_place(c);
}

/* ---- clamps ---------------------------------------------------------------- */

static json_t *phase_record(const struct meter *m, int i,
			    const struct phases_verdict *v)
{
	return json_pack("{sf sf sf sf sb sb si}",
			 "voltage_v", m->voltage_v[i],
			 "current_a", m->current_a[i],
			 "active_w", m->power[i].active_w,
			 "reactive_var", m->power[i].reactive_var,
			 "loaded", v->loaded[i], "reversed", v->reversed[i],
			 "on_wire", v->wire[i] + 1);
}

static void record_meter(struct commission *c, const char *name,
			 const struct meter *m, const struct phases_verdict *v)
{
	json_t *phases = json_array();

	for (int i = 0; i < PHASES; i++)
		json_array_append_new(phases, phase_record(m, i, v));
	json_object_set_new(record_sensor(c->record, name), "clamps",
			    json_pack("{sb sI so}", "right",
				      v->state == PHASES_RIGHT, "checked_s",
				      (json_int_t)c->now, "phases", phases));
}

/* The voltages of other phases are missing that the angles are judged by. */
static void not_judged(struct commission *c, const char *name, const char *part)
{
	c->unjudged = true;
	json_object_del(record_sensor(c->record, name), "clamps");
	doctor_say(&c->doctor, DOCTOR_NOTE, part,
		   "switch on a load that is known on each of its currents, and compare its active powers (sign, too) by hand",
		   "no meter of three phases: its clamps cannot be checked here");
}

static void check_meter(struct commission *c, const struct iio_entry *e)
{
	const char *name = *e->label ? e->label : e->name;
	struct phases_verdict v;
	char dir[64], part[2 * IIO_NAME_LEN];
	struct meter m;
	int err;

	snprintf(dir, sizeof(dir), IIO_DIR "/iio:device%u", e->id);
	err = meter_read(dir, &m);
	if (err == -ENODEV)
		return;
	snprintf(part, sizeof(part), "sensor %s", name);
	if (err == -ENOTSUP) {
		not_judged(c, name, part);
		return;
	}
	if (err) {
		doctor_say(&c->doctor, DOCTOR_FAULT, part,
			   "`cityhub doctor sensors` says what is wrong with it",
			   "its values cannot be read");
		return;
	}
	for (int i = 0; i < PHASES; i++)
		doctor_say(&c->doctor, DOCTOR_OK, part, NULL,
			   "L%d  %.1f V  %.3f A  %.1f W  %.1f var", i + 1,
			   m.voltage_v[i], m.current_a[i],
			   m.power[i].active_w, m.power[i].reactive_var);
	v = phases_judge(m.power);
	c->unjudged = c->unjudged || v.state == PHASES_NO_LOAD;
	clamps_tell(&c->doctor, part, &v);
	record_meter(c, name, &m, &v);
}

/* ---- the whole ------------------------------------------------------------- */

static void look(struct commission *c)
{
	struct iio_entry *e = NULL;
	size_t n = 0;

	if (iio_scan(&e, &n) && n)
		n = 0;
	find_sensors(c, e, n);
	compare_conf(c);
	for (size_t i = 0; i < n; i++)
		check_meter(c, &e[i]);
	free(e);
}

static int keep(struct commission *c)
{
	int err;

	json_object_set_new(c->record, "time_s", json_integer(c->now));
	json_object_set_new(c->record, "right", !doctor_healthy(&c->doctor) ?
			    json_false() : c->unjudged ? json_null() :
			    json_true());
	err = record_write(c->path, c->record);
	if (err) {
		cmd_error(&cmd_commission, "%s: %s; nothing was written", c->path,
			  strerror(-err));
		return CMD_FAILED;
	}
	doctor_say(&c->doctor, DOCTOR_OK, "record", NULL, "written to %s",
		   c->path);
	return CMD_OK;
}

static int begin(struct commission *c, const char *conf)
{
	char folder[CONF_STRING], why[512];

	c->now = time(NULL);
	c->doctor.silent = true;
	if (conf)
		snprintf(c->doctor.conf_path, sizeof(c->doctor.conf_path), "%s",
			 conf);
	doctor_config(&c->doctor);
	c->doctor.silent = false;
	snprintf(folder, sizeof(folder), "%s", c->doctor.conf.store.path);
	if (!*c->path)
		snprintf(c->path, sizeof(c->path), "%s/" RECORD_FILE,
			 dirname(folder));
	c->record = record_read(c->path, why, sizeof(why));
	if (c->record)
		return CMD_OK;
	cmd_error(&cmd_commission, "%s; set it aside to begin a new one", why);
	return CMD_FAILED;
}

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "record", required_argument, NULL, 'r' },
	{ "hub", required_argument, NULL, 'i' },
	{ "lat", required_argument, NULL, 'a' },
	{ "lon", required_argument, NULL, 'o' },
	{ "height", required_argument, NULL, 'h' },
	{ "serial", required_argument, NULL, 's' },
	{ "calibration", required_argument, NULL, 'k' },
	{ "by", required_argument, NULL, 'b' },
	{ "check", no_argument, NULL, 'n' },
	{ NULL, 0, NULL, 0 },
};

/* Where things are is needed before anything can be set. */
static int find_files(struct commission *c, int argc, char **argv, bool *check)
{
	const char *conf = NULL;
	int opt;

	while ((opt = cmd_option(&cmd_commission, argc, argv, options)) != -1) {
		if (opt == '?')
			return CMD_USAGE;
		if (opt == 'c')
			conf = optarg;
		else if (opt == 'r')
			snprintf(c->path, sizeof(c->path), "%s", optarg);
		else if (opt == 'n')
			*check = true;
	}
	if (optind < argc)
		return cmd_usage(&cmd_commission, "'%s' is not expected",
				 argv[optind]);
	return begin(c, conf);
}

static int commission(struct commission *c, int argc, char **argv)
{
	bool check = false;
	int opt, ret = find_files(c, argc, argv, &check);

	optind = 1;
	while (ret == CMD_OK &&
	       (opt = cmd_option(&cmd_commission, argc, argv, options)) != -1)
		if (!strchr("crn", opt))
			ret = set_option(c, opt, optarg);
	if (ret != CMD_OK)
		return ret;
	if (c->lat != c->lon)
		return cmd_usage(&cmd_commission, "--lat and --lon go together");
	if (check && c->changed)
		return cmd_usage(&cmd_commission, "--check writes nothing: leave out what is to be recorded");
	look(c);
	if (!check)
		ret = keep(c);
	if (writer_is_json(c->doctor.writer))
		doctor_write(&c->doctor);
	return ret != CMD_OK || doctor_healthy(&c->doctor) ? ret : CMD_FAILED;
}

static int run(int argc, char **argv, struct writer *w)
{
	struct commission c = { .doctor = { .writer = w } };
	int ret = commission(&c, argc, argv);

	json_decref(c.record);
	doctor_free(&c.doctor);
	return ret;
}

const struct cmd cmd_commission = {
	.name = "commission",
	.args = "[--hub ID] [--lat DEG --lon DEG] [--height M]\n"
		"         [--serial SENSOR=NUMBER]... [--calibration SENSOR=ID]... [--by NAME]\n"
		"         [--check] [--record FILE] [--config FILE]",
	.help = "check the clamps of the meter, and record what was mounted",
	.details =
"Reads live values of each energy meter and says which current clamp is\n"
"reversed or on the wire of another phase. Loads should be on, and mostly\n"
"ohmic. Then writes the commissioning record; what it holds already and is\n"
"not given here stays.\n"
"\n"
"Mains can kill. Before anybody touches a clamp: supply off, locked out and\n"
"measured dead; never open the secondary of a current transformer under load.\n"
"\n"
"--hub ID                 of the hub, as in its topics\n"
"--lat, --lon             where it is, in degrees (WGS 84); --height M above\n"
"                         ground\n"
"--serial SENSOR=NUMBER   serial number of a sensor\n"
"--calibration SENSOR=ID  of its calibration certificate\n"
"--by NAME                who mounted it\n"
"--check                  only check, write nothing\n"
"--record FILE            default: " RECORD_FILE " beside the store\n"
"--config FILE            of the daemon, to compare with\n"
"\n"
"Exit status 1 if something is mounted wrong; it is recorded all the same.\n",
	.run = run,
};
