// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MQTT transport where libmosquitto does not take a message. What it would
 * do with a network is done here instead: these take the place of its own.
 */
#include "unit.h"

#if WITH_MQTT
#include <fcntl.h>
#include <mosquitto.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>

#include "cityhubd/outlet.h"
#include "common/log.h"

typedef void (*on_connect)(struct mosquitto *client, void *arg, int rc,
			   int flags, const mosquitto_property *properties);

static char dir[200], store_path[300], log_path[300];
static struct mosquitto *client;
static on_connect connected;
static int fd;
static atomic_int refusal;	/* what state messages get, a MOSQ_ERR_ */
static atomic_int states, faults, takes;

int mosquitto_connect_async(struct mosquitto *m, const char *host, int port,
			    int keepalive)
{
	(void)host, (void)port, (void)keepalive;
	client = m;
	return MOSQ_ERR_SUCCESS;
}

void mosquitto_connect_v5_callback_set(struct mosquitto *m, on_connect fn)
{
	(void)m;
	connected = fn;
}

int mosquitto_socket(struct mosquitto *m)
{
	(void)m;
	return fd;
}

bool mosquitto_want_write(struct mosquitto *m)
{
	(void)m;
	return false;
}

/* TCP is open: the broker answers at once. */
int mosquitto_loop_write(struct mosquitto *m, int packets)
{
	(void)packets;
	if (client)
		connected(m, mosquitto_userdata(m), 0, 0, NULL);
	client = NULL;
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_loop_misc(struct mosquitto *m)
{
	(void)m;
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_publish_v5(struct mosquitto *m, int *mid, const char *topic,
			 int len, const void *payload, int qos, bool retain,
			 const mosquitto_property *properties)
{
	(void)m, (void)len, (void)payload, (void)qos, (void)retain;
	(void)properties;
	if (strstr(topic, "/fault"))
		faults++;
	else
		states++;
	if (!strstr(topic, "/fault") && refusal)
		return refusal;
	*mid = ++takes;
	return MOSQ_ERR_SUCCESS;
}

static void wait_for(atomic_int *count, int n)
{
	const struct timespec nap = { .tv_nsec = 10000000 };

	for (int i = 0; i < 1000 && *count < n; i++)
		nanosleep(&nap, NULL);
	ck_assert_int_ge(*count, n);
}

/* How often the log has that. */
static int told(const char *what)
{
	char line[1200];
	FILE *f = fopen(log_path, "r");
	int n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, what) != NULL;
	fclose(f);
	return n;
}

/* State is told @n times, a fault after each; returns what the log has of it. */
static int tell(int n, const char *what)
{
	struct store_conf sc = { .path = store_path, .hub = "h", .boot = "b",
				 .max_bytes = 1000000, .allow_tmpfs = true };
	struct store *store = store_open(&sc);
	struct conf conf;
	struct ranges have;
	struct outlet *o;
	int seen;

	conf_defaults(&conf);
	strcpy(conf.store.path, store_path);
	strcpy(conf.mqtt.name, CONF_SINK_FIRST);
	strcpy(conf.mqtt.host, "broker");
	conf.mqtt.tls = false;
	ck_assert_int_eq(store_add_sink(store, conf.mqtt.name, &have), 0);
	ck_assert_int_eq(store_start(store), 0);
	o = outlet_start(&conf, &conf.mqtt, "h", store, &have, "{}");
	ck_assert_ptr_nonnull(o);
	for (int i = 1; i <= n; i++) {
		outlet_state(o, "{}");
		wait_for(&states, i);
		outlet_fault(o, "{}");
		wait_for(&faults, i);
	}
	seen = told(what);
	outlet_stop(o, false, "{}");
	ck_assert(outlet_join(o));
	store_close(store);
	return seen;
}

static void setup(void)
{
	int file;

	unit_dir(dir, sizeof(dir), "sink-mqtt");
	snprintf(store_path, sizeof(store_path), "%s/s.db", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	file = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(dup2(file, STDERR_FILENO), STDERR_FILENO);
	close(file);
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	refusal = MOSQ_ERR_SUCCESS;
}

static void teardown(void)
{
	close(fd);
	unit_dir_remove(dir);
}

START_TEST(what_is_taken_is_no_error)
{
	ck_assert_int_eq(tell(2, "waits"), 0);
	ck_assert_int_eq(told("connected to broker"), 1);
}
END_TEST

START_TEST(why_a_message_is_not_taken_is_told_once)
{
	refusal = MOSQ_ERR_MALFORMED_UTF8;
	ck_assert_int_eq(tell(3, "a message of cityhub/v1/h/state cannot be sent: "), 1);
	ck_assert_int_eq(told(mosquitto_strerror(MOSQ_ERR_MALFORMED_UTF8)), 1);
}
END_TEST

START_TEST(a_message_that_is_too_long_says_what_to_do)
{
	refusal = MOSQ_ERR_OVERSIZE_PACKET;
	ck_assert_int_eq(tell(3, "longer than the broker takes: lower pack_s"), 1);
}
END_TEST

/* The connection is told to be gone, not each message. */
START_TEST(a_lost_connection_is_no_fault_of_the_message)
{
	refusal = MOSQ_ERR_NO_CONN;
	ck_assert_int_eq(tell(2, "cannot be sent"), 0);
}
END_TEST

static void add_tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_taken_is_no_error);
	tcase_add_test(t, why_a_message_is_not_taken_is_told_once);
	tcase_add_test(t, a_message_that_is_too_long_says_what_to_do);
	tcase_add_test(t, a_lost_connection_is_no_fault_of_the_message);
}
#else
static void add_tests(TCase *t)
{
	(void)t;
}
#endif

int main(void)
{
	Suite *s = suite_create("sink_mqtt");
	TCase *t = tcase_create("sink_mqtt");

	tcase_set_timeout(t, 60);
	add_tests(t);
	suite_add_tcase(s, t);
	return unit_run(s);
}
