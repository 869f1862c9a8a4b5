// SPDX-License-Identifier: GPL-2.0-only
/* Configurations, good and bad: file, line and what to do. */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/array.h"
#include "common/conf.h"

/* Without MQTT a broker is refused. */
#if WITH_MQTT
#define CONF_HOST	"host = \"h\"; "
#else
#define CONF_HOST	""
#endif

static char dir[200], path[300], why[512];
static struct conf conf;

static void setup(void)
{
	unit_dir(dir, sizeof(dir), "conf");
	snprintf(path, sizeof(path), "%s/c.conf", dir);
	conf_defaults(&conf);
	why[0] = '\0';
}

static void teardown(void)
{
	unit_dir_remove(dir);
}

static int load(const char *text)
{
	unit_write(path, text);
	return conf_load(&conf, path, why, sizeof(why));
}

START_TEST(defaults)
{
	ck_assert_int_eq(load(""), 0);
	ck_assert_double_eq(conf.capture.window_s, 1);
	ck_assert_double_eq(conf.store.max_mb, 256);
	ck_assert(conf.mqtt.tls);
	ck_assert_str_eq(conf.mqtt.host, "");
	ck_assert(!conf.store.allow_tmpfs);
}
END_TEST

START_TEST(shipped_file_says_the_defaults)
{
	struct conf fresh;

	conf_defaults(&fresh);
	ck_assert_int_eq(conf_load(&conf, "userspace/cityhubd/cityhubd.conf",
				   why, sizeof(why)), 0);
	ck_assert_str_eq(conf.store.path, fresh.store.path);
	ck_assert_double_eq(conf.store.max_mb, fresh.store.max_mb);
	ck_assert_double_eq(conf.store.commit_s, fresh.store.commit_s);
	ck_assert_double_eq(conf.capture.window_s, fresh.capture.window_s);
	ck_assert_mem_eq(&conf.power, &fresh.power, sizeof(fresh.power));
	ck_assert_uint_eq(conf.capture.nwindows, 0);
	ck_assert_double_eq(conf.capture.latency_s, fresh.capture.latency_s);
	ck_assert_double_eq(conf.capture.rescan_s, fresh.capture.rescan_s);
	ck_assert_int_eq(conf.mqtt.keepalive_s, fresh.mqtt.keepalive_s);
	ck_assert_double_eq(conf.mqtt.state_s, fresh.mqtt.state_s);
	ck_assert_double_eq(conf.mqtt.drain_s, fresh.mqtt.drain_s);
	ck_assert_double_eq(conf.mqtt.pack_s, fresh.mqtt.pack_s);
	ck_assert_double_eq(conf.mqtt.backlog_per_s, fresh.mqtt.backlog_per_s);
	ck_assert_uint_eq(conf.nsinks, 0);
	ck_assert_int_eq(conf.mqtt.tls, fresh.mqtt.tls);
	ck_assert_str_eq(conf.mqtt.format, fresh.mqtt.format);
	ck_assert_str_eq(conf.mqtt.version, fresh.mqtt.version);
	ck_assert_int_eq(conf.mqtt.expiry_s, fresh.mqtt.expiry_s);
	ck_assert_str_eq(conf.log.level, fresh.log.level);
	ck_assert_uint_eq(conf.log.nmodules, 0);
	ck_assert_str_eq(conf.control.socket, fresh.control.socket);
	ck_assert_str_eq(conf.metrics.listen, fresh.metrics.listen);
}
END_TEST

START_TEST(everything_set)
{
	ck_assert_int_eq(load(
		"hub = { id = \"lamp-1\"; name = \"N\";"
		" location = { lat = 48.2; lon = 16; height_m = 4.5; }; };\n"
		"capture = { devices = [ \"sen66\", \"pcba-dbm\" ];"
		" window_s = 10; };\n"
		"store = { path = \"/x/y.db\"; max_mb = 8.0;"
		" allow_tmpfs = true; };\n"
		"mqtt = { " CONF_HOST "port = 1883; tls = false; };\n"), 0);
	ck_assert_str_eq(conf.hub.id, "lamp-1");
	ck_assert_double_eq(conf.hub.lon, 16);
	ck_assert_uint_eq(conf.capture.ndevices, 2);
	ck_assert_str_eq(conf.capture.devices[1], "pcba-dbm");
	ck_assert_double_eq(conf.capture.window_s, 10);
	ck_assert_int_eq(conf.mqtt.port, 1883);
	ck_assert(!conf.mqtt.tls);
}
END_TEST

static const struct {
	const char *text;
	int line;
	const char *says;
} bad[] = {
	{ "\nstor = { };\n", 2, "unknown key 'stor'; did you mean 'store'?" },
	{ "store = {\n max_mb = 5.0;\n max_mbb = 5.0;\n};\n", 3,
	  "did you mean 'store.max_mb'?" },
	{ "store = { quite_else = 1; };\n", 1, "remove it" },
	{ "mqtt = { port = \"1883\"; };\n", 1,
	  "mqtt.port must be a whole number, e.g. port = 8883;" },
	{ "mqtt = { port = 1883.5; };\n", 1, "whole number" },
	{ "mqtt = {\n port = 70000; };\n", 2, "from 1 to 65535" },
	{ "mqtt = { tls = 1; };\n", 1, "true or false" },
	{ "mqtt = { host = 5; };\n", 1, "a text in quotes" },
	{ "mqtt = 5;\n", 1, "must be a group" },
	{ "capture = { devices = \"sen66\"; };\n", 1, "must be a list" },
	{ "capture = { devices = [ 1, 2 ]; };\n", 1, "names in quotes" },
	{ "capture = { window_s = 0.01; };\n", 1, "from 0.2 to 86400" },
	{ "hub = { id = \"a/b\"; };\n", 1, "cannot be part of a topic" },
	{ "log = {\n\n level = \"loud\"; };\n", 3, "use error, warning, info" },
	{ "store = { path = \"here.db\"; };\n", 1, "must be a full path" },
	{ "mqtt = {\n port 5; };\n", 2, "missing '='" },
	{ "mqtt = { cert_file = \"/etc/passwd\"; };\n", 1, "go together" },
	{ "mqtt = { ca_file = \"/none/such\"; };\n", 1, "No such file" },
	{ "mqtt = { format = \"xml\"; };\n", 1, "use json, senml-json" },
	{ "mqtt = {\n version = \"4\"; };\n", 2, "use 3.1.1 or 5" },
	{ "mqtt = { expiry_s = 60; };\n", 1, "needs MQTT 5; set version" },
	{ "mqtt = { expiry_s = -1; };\n", 1, "mqtt.expiry_s must be from 0" },
	{ "mqtt = { password_file = \"/etc/passwd\"; };\n", 1,
	  "needs mqtt.username" },
	{ "mqtt = {\n path = \"/x\"; };\n", 2,
	  "mqtt.path: a sink of this type has no such key" },
	{ "mqtt = {\n type = \"file\"; };\n", 2, "unknown key 'mqtt.type'" },
	{ "mqtt = {\n pack_s = 60; };\n", 2,
	  "mqtt.pack_s: 'json' holds one window in a message; use senml-cbor" },
	{ "sinks = [ 1 ];\n", 1, "must be a list in parentheses" },
	{ "sinks = (\n 5 );\n", 2, "sinks[0] must be a group" },
	{ "sinks = (\n { path = \"/x\"; } );\n", 2, "sinks[0].type must be" },
	{ "sinks = ( { type = \"stdout\"; },\n { type = \"kafka\"; } );\n", 2,
	  "sinks[1].type must be \"mqtt\", \"file\" or \"stdout\"" },
	{ "sinks = (\n { type = \"file\"; } );\n", 2,
	  "sinks[0].path must be a full path" },
	{ "sinks = (\n { type = \"file\";\n path = \"/x\"; kep = 5; } );\n", 3,
	  "unknown key 'sinks[0].kep'; did you mean 'sinks[0].keep'?" },
	{ "sinks = ( { type = \"file\";\n host = \"h\"; } );\n", 2,
	  "sinks[0].host: a sink of this type has no such key" },
	{ "sinks = ( { type = \"file\"; path = \"/x\";\n keep = 0; } );\n", 2,
	  "sinks[0].keep must be from 1 to 1000" },
	{ "sinks = ( { type = \"file\"; path = \"/x\";\n"
	  " format = \"senml-cbor\"; } );\n", 2,
	  "is not made of lines; use json, senml-json or influx" },
	{ "sinks = ( { type = \"stdout\"; },\n { type = \"stdout\"; } );\n", 2,
	  "two sinks have the name 'stdout'; give one another" },
	{ "sinks = ( { type = \"stdout\";\n name = \"a/b\"; } );\n", 2,
	  "sinks[0].name must be a text of letters" },
	{ "capture = {\n windows = [ 1 ]; };\n", 2,
	  "capture.windows must be a list in parentheses" },
	{ "capture = { windows = (\n { days = true; } ); };\n", 2,
	  "capture.windows[0].sensor is missing" },
	{ "capture = { windows = ( { sensor = \"a\"; },\n { sensor = \"a\"; } ); };\n",
	  2, "capture.windows[1].sensor 'a' was named before" },
	{ "capture = { windows = ( { sensor = \"a\";\n lengths_s = [ 1.0, 2.5 ]; } ); };\n",
	  2, "multiples of the first, which 2.5 is not" },
	{ "capture = { windows = ( { sensor = \"a\";\n lengths_s = [ 60, 60 ]; } ); };\n",
	  2, "must rise" },
	{ "capture = { windows = ( { sensor = \"a\";\n lengths_s = [ 0.1 ]; } ); };\n",
	  2, "numbers from 0.2 to 86400" },
	{ "capture = { windows = ( { sensor = \"a\";\n lengths_s = [ ]; } ); };\n",
	  2, "a list of 1 to 6 lengths" },
	{ "capture = { windows = ( { sensor = \"a\";\n lenghts_s = [ 1 ]; } ); };\n",
	  2, "did you mean 'capture.windows[0].lengths_s'?" },
	{ "capture = { windows = ( { sensor = \"a\";\n lengths_s = [ 1.0, 60 ]; } ); };\n",
	  2, "with a point or all without" },
	{ "log = {\n modules = [ \"sore=debug\" ]; };\n", 2,
	  "'sore=debug' is not MODULE=LEVEL; modules are bundle, capture" },
	{ "log = { modules = [ \"store=loud\" ]; };\n", 1, "levels error" },
	{ "log = { modules = [ \"store_db=debug\" ]; };\n", 1, "MODULE=LEVEL" },
	{ "control = {\n socket = \"here\"; };\n", 2, "must be a full path" },
	{ "metrics = {\n listen = \"0.0.0.0:9190\"; };\n", 2,
	  "a port of this machine, e.g." },
	{ "metrics = { listen = \"127.0.0.1:\"; };\n", 1, "a port of this" },
	{ "metrics = { listen = \"127.0.0.1:70000\"; };\n", 1, "a port of" },
	{ "metrics = { listen = \"[::1]:80x\"; };\n", 1, "a port of" },
	{ "hub = {\n timezone = \"Mars/Olympus\"; };\n", 2,
	  "zoneinfo/Mars/Olympus is not there; correct the name" },
	{ "hub = { timezone = \"../../../etc/passwd\"; };\n", 1, "is not there" },
	{ "hub = { timezone = \"Europe\"; };\n", 1, "is not there" },
	{ "hub = { timezone = \"a,b\"; };\n", 1, "is not there" },
	{ "power = { nominal_hz = 55; };\n", 1, "must be 50 or 60" },
	{ "power = {\n dip_percent = 95.0; hysteresis_percent = 6.0; };\n", 1,
	  "would not end at the nominal voltage" },
	{ "power = {\n swell_percent = 101.0; };\n", 1, "lower hysteresis_percent" },
	{ "power = {\n dip_percent = 100.0; };\n", 2, "from 10 to 99" },
#if WITH_MQTT
	{ "sinks = (\n { type = \"mqtt\"; } );\n", 2, "needs a broker: add host" },
	{ "sinks = ( { type = \"mqtt\"; host = \"a\"; } );\n"
	  "mqtt = { host = \"b\"; };\n", 1,
	  "sinks[0] has the name 'mqtt', and so has the group mqtt" },
#endif
};

START_TEST(sinks_in_their_order)
{
	const struct conf_sink *list[CONF_SINKS + 1];

	ck_assert_int_eq(load(
		"sinks = ( { type = \"file\"; path = \"/data/x\"; keep = 3;"
		" format = \"influx\"; pack_s = 60; },\n"
		" { name = \"out\"; type = \"stdout\"; backlog_per_s = 5; } );\n"
		"mqtt = { " CONF_HOST "};\n"), 0);
	ck_assert_uint_eq(conf_sinks(&conf, list), 2 + WITH_MQTT);
#if WITH_MQTT
	ck_assert_str_eq(list[0]->name, "mqtt");
	ck_assert_int_eq(list[0]->type, CONF_SINK_MQTT);
#endif
	ck_assert_str_eq(list[WITH_MQTT]->name, "file");
	ck_assert_int_eq(list[WITH_MQTT]->keep, 3);
	ck_assert_double_eq(list[WITH_MQTT]->pack_s, 60);
	ck_assert_str_eq(list[WITH_MQTT]->format, "influx");
	ck_assert_str_eq(list[WITH_MQTT + 1]->name, "out");
	ck_assert_int_eq(list[WITH_MQTT + 1]->type, CONF_SINK_STDOUT);
	ck_assert_double_eq(list[WITH_MQTT + 1]->backlog_per_s, 5);
	ck_assert_double_eq(list[WITH_MQTT]->backlog_per_s, 500);
}
END_TEST

START_TEST(refused)
{
	struct conf before = conf;
	char place[400];

	ck_assert_int_eq(load(bad[_i].text), -EINVAL);
	snprintf(place, sizeof(place), "%s:%d: ", path, bad[_i].line);
	ck_assert_msg(!strncmp(why, place, strlen(place)), "%s, not %s", why, place);
	ck_assert_msg(strstr(why, bad[_i].says), "%s", why);
	ck_assert_mem_eq(&before, &conf, sizeof(conf));
}
END_TEST

START_TEST(no_such_file)
{
	ck_assert_int_eq(conf_load(&conf, "/none/such", why, sizeof(why)),
			 -ENOENT);
	ck_assert_msg(strstr(why, "/none/such: ") == why, "%s", why);
	ck_assert_msg(strstr(why, "--config"), "%s", why);
}
END_TEST

START_TEST(an_included_file_is_named)
{
	char other[300];

	snprintf(other, sizeof(other), "%s/other.conf", dir);
	unit_write(other, "\n\nmqtt = { prt = 1; };\n");
	ck_assert_int_eq(load("@include \"other.conf\"\n"), -EINVAL);
	ck_assert_msg(strstr(why, "other.conf:3: "), "%s", why);
}
END_TEST

START_TEST(a_file_that_is_included_lies_beside)
{
	char other[300], text[700], *full;

	snprintf(other, sizeof(other), "%s/other.conf", dir);
	unit_write(other, "hub = { id = \"lamp-7\"; };\n");
	ck_assert_int_eq(load("@include \"other.conf\"\n"), 0);
	ck_assert_str_eq(conf.hub.id, "lamp-7");
	/* Or where its full path says, in the same file as well. */
	snprintf(other, sizeof(other), "%s/third.conf", dir);
	unit_write(other, "capture = { window_s = 7.0; };\n");
	full = realpath(other, NULL);
	ck_assert_ptr_nonnull(full);
	snprintf(text, sizeof(text),
		 " @include\t\"other.conf\"\n@include \"%s\"\n", full);
	free(full);
	ck_assert_int_eq(load(text), 0);
	ck_assert_str_eq(conf.hub.id, "lamp-7");
	ck_assert_double_eq(conf.capture.window_s, 7);
	ck_assert_int_eq(load("\n@include \"none.conf\"\n"), -EINVAL);
	ck_assert_msg(strstr(why, ":2: cannot open include file; see that"),
		      "%s", why);
}
END_TEST

/* Of each source file that logs, and of no other. */
START_TEST(modules_are_those_that_log)
{
	const char *names = log_modules();
	char line[32], used[64][32];
	size_t n = 0, listed = 0;
	FILE *grep = popen("grep -lE '\\blog_(error|warning|info|debug)\\('"
			   " userspace/cityhubd/*.c userspace/common/*.c |"
			   " sed 's,.*/,,; s/[_.].*//' | sort -u", "r");

	ck_assert_ptr_nonnull(grep);
	while (n < 64 && fgets(line, sizeof(line), grep)) {
		line[strcspn(line, "\n")] = '\0';
		ck_assert_msg(log_module_known(line), "%s logs", line);
		snprintf(used[n++], sizeof(used[0]), "%s", line);
	}
	ck_assert_int_eq(pclose(grep), 0);
	ck_assert_uint_gt(n, 5);
	/* "a, b or c" */
	for (size_t len; *names; names += strspn(names, ", "), listed++) {
		size_t i = 0;

		if (!strncmp(names, "or ", 3))
			names += 3;
		len = strcspn(names, ", ");
		while (i < n && (strlen(used[i]) != len ||
				 strncmp(used[i], names, len)))
			i++;
		ck_assert_msg(i < n, "%s: who of it logs?", names);
		names += len;
	}
	ck_assert_uint_eq(listed, n);
}
END_TEST

START_TEST(windows_of_a_sensor)
{
	double lengths_s[CONF_LENGTHS];
	bool days;

	ck_assert_int_eq(load("capture = { window_s = 2.0; windows = (\n"
		" { sensor = \"*\"; days = true; },\n"
		" { sensor = \"sen66\"; lengths_s = [ 0.2, 1.0, 600.0 ]; } ); };\n"
		"hub = { timezone = \"CET-1CEST,M3.5.0,M10.5.0/3\"; };\n"), 0);
	ck_assert_uint_eq(conf_windows(&conf, "sen66", lengths_s, &days), 3);
	ck_assert_double_eq(lengths_s[0], 0.2);
	ck_assert_double_eq(lengths_s[2], 600);
	ck_assert(!days);
	ck_assert_uint_eq(conf_windows(&conf, "pcba-dbm", lengths_s, &days), 1);
	ck_assert_double_eq(lengths_s[0], 2);
	ck_assert(days);
}
END_TEST

START_TEST(a_broker_needs_mqtt)
{
	ck_assert_int_eq(load("\nmqtt = { host = \"h\"; };\n"),
			 WITH_MQTT ? 0 : -EINVAL);
	if (!WITH_MQTT)
		ck_assert_msg(strstr(why, ":2: mqtt.host: this cityhubd was built without MQTT"),
			      "%s", why);
}
END_TEST

/* Nobody, in a folder of which root says that they may not enter it. */
static int locked_out(void)
{
	if (!geteuid() && setresuid(65534, 65534, 65534))
		return 1;
	if (conf_absent(path))
		return 2;
	if (conf_load(&conf, path, why, sizeof(why)) != -EACCES)
		return 3;
	return strstr(why, "let the group cityhub read it") ? 0 : 4;
}

START_TEST(one_that_may_not_be_read_is_not_absent)
{
	int status;
	pid_t pid;

	ck_assert(conf_absent(path));
	unit_write(path, "");
	ck_assert(!conf_absent(path));
	ck_assert_int_eq(chmod(dir, 0), 0);
	pid = fork();
	if (!pid)
		_exit(locked_out());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, defaults);
	tcase_add_test(t, shipped_file_says_the_defaults);
	tcase_add_test(t, everything_set);
	tcase_add_test(t, sinks_in_their_order);
	tcase_add_loop_test(t, refused, 0, ARRAY_SIZE(bad));
	tcase_add_test(t, no_such_file);
	tcase_add_test(t, one_that_may_not_be_read_is_not_absent);
	tcase_add_test(t, an_included_file_is_named);
	tcase_add_test(t, a_file_that_is_included_lies_beside);
	/* On a target only the programs are. */
	if (!access("userspace/cityhubd", F_OK))
		tcase_add_test(t, modules_are_those_that_log);
	tcase_add_test(t, windows_of_a_sensor);
	tcase_add_test(t, a_broker_needs_mqtt);
	suite_add_tcase(s, t);
	return unit_run(s);
}
