/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration: a libconfig file, every key of which has a default. */
#ifndef CITYHUB_CONF_H
#define CITYHUB_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

#ifndef CITYHUB_SYSCONFDIR
#define CITYHUB_SYSCONFDIR	"/etc"
#endif
/* Used by the daemon, and by who asks about it, when it is there. */
#define CONF_DEFAULT_PATH	CITYHUB_SYSCONFDIR "/cityhub/cityhubd.conf"

#define CONF_STRING	256
#define CONF_DEVICES	32
#define CONF_SOCKET	107	/* bytes of the path of a socket: sun_path */
#define CONF_MODULES	8	/* with a log level of their own */
#define CONF_CONTROL	"/run/cityhub/control"
#define CONF_LENGTHS	6	/* of windows of a sensor */
#define CONF_SINKS	7	/* in the list, beside mqtt */
#define CONF_SINK_NAME	64
/* The sink of the group mqtt, and what a sink of that type is called. */
#define CONF_SINK_FIRST	"mqtt"

enum conf_sink_type {
	CONF_SINK_MQTT,
	CONF_SINK_FILE,
	CONF_SINK_STDOUT,
};

struct conf_sink {
	char name[CONF_SINK_NAME];	/* its place in the store goes by it */
	enum conf_sink_type type;
	char format[CONF_STRING];	/* a name of format.h */
	double pack_s;		/* windows of so long in a message; 0: one each */
	double backlog_per_s;	/* messages of a backlog; 0: no limit */
	double drain_s;
	/* mqtt: */
	char host[CONF_STRING];	/* empty: no broker */
	int port;		/* 0: 8883 with TLS, else 1883 */
	bool tls;
	char ca_file[CONF_STRING];
	char cert_file[CONF_STRING];
	char key_file[CONF_STRING];
	char username[CONF_STRING];
	char password_file[CONF_STRING];
	int keepalive_s;
	double state_s;
	char version[CONF_STRING];	/* "3.1.1" or "5" */
	int expiry_s;		/* version 5; 0: the broker keeps them */
	/* file: */
	char path[CONF_STRING];
	double rotate_mb;
	double rotate_h;
	int keep;		/* files that were rotated */
};

/* The windows of a sensor. */
struct conf_windows {
	char sensor[CONF_STRING];	/* its name, or "*" */
	double lengths_s[CONF_LENGTHS];	/* the first is made of samples */
	size_t nlengths;		/* 0: capture.window_s */
	bool days;			/* of local time, too */
};

struct conf {
	struct {
		char id[CONF_STRING];	/* empty: from host name and machine id */
		char name[CONF_STRING];
		char timezone[CONF_STRING];	/* empty: of the system */
		double lat, lon, height_m;	/* NAN when not given */
	} hub;
	struct {
		/* Names, labels or ids; none means every device. */
		char devices[CONF_DEVICES][CONF_STRING];
		size_t ndevices;
		double window_s;
		struct conf_windows windows[CONF_DEVICES];
		size_t nwindows;
		double latency_s;
		double rescan_s;
		/* Folders of recordings, to be written or in place of devices. */
		char record[CONF_STRING];
		char replay[CONF_STRING];
		double replay_speed;
	} capture;
	struct {
		char path[CONF_STRING];
		char mount[CONF_STRING];	/* must be mounted; empty: none */
		double max_mb;
		double max_days;		/* 0: as long as there is room */
		double commit_s;
		bool allow_tmpfs;
	} store;
	/* Of waveforms of voltages; percentages are of nominal_v. */
	struct {
		double nominal_v;	/* 0: not watched */
		int nominal_hz;		/* 50 or 60 */
		double dip_percent;
		double swell_percent;
		double interruption_percent;
		double hysteresis_percent;
		bool cycles;		/* results of 10/12 cycles, too */
	} power;
	struct conf_sink mqtt;	/* no sink without a host */
	struct conf_sink sinks[CONF_SINKS];
	size_t nsinks;
	struct {
		char level[CONF_STRING];
		char modules[CONF_MODULES][CONF_STRING];	/* "store=debug" */
		size_t nmodules;
	} log;
	struct {
		char socket[CONF_STRING];	/* empty: none */
	} control;
	struct {
		char listen[CONF_STRING];	/* empty: nowhere */
	} metrics;
};

void conf_defaults(struct conf *c);
/*
 * Is there none? One that cannot be reached is there: to go on without it
 * would be to go on with other settings than those that were given.
 */
bool conf_absent(const char *path);
/*
 * Read @path over what is in @c. Returns 0, or -EINVAL or -errno with a line
 * "file:line: what is wrong; what to do" in @why; @c is then unchanged.
 */
int conf_load(struct conf *c, const char *path, char *why, size_t room);

/* Take an entry of log.modules apart; false when it is not MODULE=LEVEL. */
bool conf_module_level(const char *text, char module[CONF_STRING],
		       enum log_level *level);
/*
 * The windows of @sensor: its lengths, at least one, in @lengths_s; returns
 * their number. @days: days of local time, too.
 */
size_t conf_windows(const struct conf *c, const char *sensor,
		    double lengths_s[CONF_LENGTHS], bool *days);
/* All sinks there are in @list, mqtt first. Returns their number. */
size_t conf_sinks(const struct conf *c,
		  const struct conf_sink *list[CONF_SINKS + 1]);

#endif /* CITYHUB_CONF_H */
