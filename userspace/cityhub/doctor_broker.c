// SPDX-License-Identifier: GPL-2.0-only
/* The broker: name, port, certificates, and whether it lets this hub in. */
#include "cityhub/doctor.h"

#if WITH_MQTT
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cityhub/certificate.h"
#include "common/batch.h"
#include "common/ids.h"
#include "common/mqtt_setup.h"

#define DOCTOR_WAIT_MS		5000
#define DOCTOR_TURN_MS		100
#define DOCTOR_KEEPALIVE_S	10
#define DOCTOR_DAY_S		86400
#define DOCTOR_RENEW_DAYS	30

static void doctor_broker_fault(struct doctor *d, const char *remedy,
				const char *what)
{
	doctor_say(d, DOCTOR_FAULT, "broker", remedy, "%s:%d %s",
		   d->conf.mqtt.host, mqtt_setup_port(&d->conf.mqtt), what);
	d->broker_bad = true;
}

/* Connects to one address within the time; returns an error number. */
static int doctor_connect_one(int fd, const struct addrinfo *a)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	if (!connect(fd, a->ai_addr, a->ai_addrlen))
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, DOCTOR_WAIT_MS) <= 0)
		return ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return err;
}

/* The first address that answers; a descriptor that blocks, or -errno. */
static int doctor_connect(const struct addrinfo *list)
{
	struct timeval wait = { .tv_sec = DOCTOR_WAIT_MS / 1000 };
	int err = EADDRNOTAVAIL;

	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
				SOCK_NONBLOCK, 0);

		if (fd < 0)
			continue;
		err = doctor_connect_one(fd, a);
		if (!err && !fcntl(fd, F_SETFL, 0)) {
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
				   sizeof(wait));
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait,
				   sizeof(wait));
			return fd;
		}
		close(fd);
	}
	return -err;
}

static void doctor_unreachable(struct doctor *d, int err)
{
	char what[128];

	switch (err) {
	case ECONNREFUSED:
		doctor_broker_fault(d, "is the broker running there, and is mqtt.port right?",
				    "refuses: nothing listens on that port");
		break;
	case ETIMEDOUT:
		doctor_broker_fault(d, "a firewall, or the network between: try from another place",
				    "does not answer");
		break;
	case ENETUNREACH:
	case EHOSTUNREACH:
		doctor_broker_fault(d, "is the network of this hub up? (`ip route`)",
				    "cannot be reached: there is no way to it");
		break;
	default:
		snprintf(what, sizeof(what), "cannot be reached: %s",
			 strerror(err));
		doctor_broker_fault(d, "check the network of this hub", what);
	}
}

static int doctor_reach(struct doctor *d)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	char port[16];
	int fd, err;

	snprintf(port, sizeof(port), "%d", mqtt_setup_port(&d->conf.mqtt));
	err = getaddrinfo(d->conf.mqtt.host, port, &hints, &list);
	if (err) {
		doctor_broker_fault(d, "is mqtt.host right, and does this hub have a name server? (/etc/resolv.conf)",
				    "has no address");
		return -1;
	}
	fd = doctor_connect(list);
	freeaddrinfo(list);
	if (fd < 0)
		doctor_unreachable(d, -fd);
	return fd;
}

static bool doctor_certificates(struct doctor *d, int fd)
{
	struct certificate_verdict v;
	double days;

	certificate_look(fd, &d->conf, &v);
	if (!v.good) {
		doctor_say(d, DOCTOR_FAULT, "certificate", v.remedy, "%s",
			   v.problem);
		d->broker_bad = true;
		return false;
	}
	if (!v.known)
		return true;
	days = difftime(v.until, time(NULL)) / DOCTOR_DAY_S;
	if (days < DOCTOR_RENEW_DAYS)
		doctor_say(d, DOCTOR_NOTE, "certificate",
			   "renew it in time: nothing is sent from then on",
			   "valid for %.0f days only", days);
	else
		doctor_say(d, DOCTOR_OK, "certificate", NULL,
			   "valid for %.0f days", days);
	return true;
}

static void doctor_on_connect(struct mosquitto *client, void *arg, int rc)
{
	(void)client;
	*(int *)arg = rc;
}

static int doctor_login(struct doctor *d, struct mosquitto *client,
			const int *answer)
{
	int rc = mqtt_setup_client(client, &d->conf.mqtt);

	if (!rc)
		rc = mosquitto_connect(client, d->conf.mqtt.host,
				       mqtt_setup_port(&d->conf.mqtt),
				       DOCTOR_KEEPALIVE_S);
	for (int ms = 0; !rc && *answer < 0 && ms < DOCTOR_WAIT_MS;
	     ms += DOCTOR_TURN_MS)
		rc = mosquitto_loop(client, DOCTOR_TURN_MS, 1);
	/* It closes the connection after it has said no. */
	return *answer >= 0 ? MOSQ_ERR_SUCCESS : rc ? rc : MOSQ_ERR_KEEPALIVE;
}

static void doctor_judge_login(struct doctor *d, int rc, int answer)
{
	char what[256];

	if (rc) {
		snprintf(what, sizeof(what), "does not speak MQTT with us: %s",
			 mqtt_setup_why(rc));
		doctor_broker_fault(d, "is mqtt.port that of the broker, and mqtt.tls as it wants it?",
				    what);
	} else if (answer) {
		snprintf(what, sizeof(what), "refuses this hub: %s",
			 mosquitto_connack_string(answer));
		doctor_broker_fault(d, "set mqtt.username and mqtt.password_file to what the broker knows, or have it let this hub in",
				    what);
	} else {
		doctor_say(d, DOCTOR_OK, "broker", NULL,
			   "%s:%d lets this hub in", d->conf.mqtt.host,
			   mqtt_setup_port(&d->conf.mqtt));
	}
}

static void doctor_try_login(struct doctor *d)
{
	char hub[BATCH_NAME], id[BATCH_NAME + 32];
	struct mosquitto *client;
	int answer = -1, rc;

	snprintf(hub, sizeof(hub), "%.*s", BATCH_NAME - 1, d->conf.hub.id);
	if (!*hub)
		ids_default_hub(hub, sizeof(hub));
	mosquitto_lib_init();
	/* Not the daemon's: the broker would throw that one out. */
	snprintf(id, sizeof(id), "cityhub-doctor-%s-%d", hub, (int)getpid());
	client = mosquitto_new(id, true, &answer);
	if (client) {
		mosquitto_connect_callback_set(client, doctor_on_connect);
		rc = doctor_login(d, client, &answer);
		doctor_judge_login(d, rc, answer);
		mosquitto_disconnect(client);
		mosquitto_destroy(client);
	}
	mosquitto_lib_cleanup();
}

void doctor_broker(struct doctor *d)
{
	bool good;
	int fd;

	if (d->silent)
		return;
	if (!d->conf_good) {
		doctor_say(d, DOCTOR_SKIPPED, "broker", NULL,
			   "not known without the configuration");
		return;
	}
	if (!*d->conf.mqtt.host) {
		doctor_say(d, DOCTOR_NOTE, "broker",
			   "name one in mqtt.host when results are to leave the hub",
			   "none is named: results stay in the store");
		return;
	}
	fd = doctor_reach(d);
	if (fd < 0)
		return;
	good = !d->conf.mqtt.tls || doctor_certificates(d, fd);
	close(fd);
	if (good)
		doctor_try_login(d);
}
#else
void doctor_broker(struct doctor *d)
{
	doctor_say(d, DOCTOR_NOTE, "broker", NULL,
		   "this program was built without MQTT (WITH_MQTT=no)");
}
#endif
