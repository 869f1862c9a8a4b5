/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration: a libconfig file, every key of which has a default. */
#ifndef CITYHUB_CONF_H
#define CITYHUB_CONF_H

#include <stdbool.h>
#include <stddef.h>

#ifndef CITYHUB_SYSCONFDIR
#define CITYHUB_SYSCONFDIR	"/etc"
#endif
/* Used by the daemon, and by who asks about it, when it is there. */
#define CONF_DEFAULT_PATH	CITYHUB_SYSCONFDIR "/cityhub/cityhubd.conf"

#define CONF_STRING	256
#define CONF_DEVICES	32

struct conf {
	struct {
		char id[CONF_STRING];	/* empty: from host name and machine id */
		char name[CONF_STRING];
		double lat, lon, height_m;	/* NAN when not given */
	} hub;
	struct {
		/* Names, labels or ids; none means every device. */
		char devices[CONF_DEVICES][CONF_STRING];
		size_t ndevices;
		double window_s;
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
	struct {
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
		double drain_s;
		char format[CONF_STRING];	/* a name of format.h */
		char version[CONF_STRING];	/* "3.1.1" or "5" */
		int expiry_s;	/* version 5; 0: the broker keeps them */
	} mqtt;
	struct {
		char level[CONF_STRING];
	} log;
};

void conf_defaults(struct conf *c);
/*
 * Read @path over what is in @c. Returns 0, or -EINVAL or -errno with a line
 * "file:line: what is wrong; what to do" in @why; @c is then unchanged.
 */
int conf_load(struct conf *c, const char *path, char *why, size_t room);

#endif /* CITYHUB_CONF_H */
