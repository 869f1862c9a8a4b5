// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/capture.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cityhubd/longer.h"
#include "cityhubd/recording.h"
#include "cityhubd/sensor.h"
#include "cityhubd/source_iio.h"
#include "cityhubd/source_record.h"
#include "cityhubd/source_replay.h"
#include "cityhubd/stamps.h"
#include "common/ids.h"
#include "common/log.h"

#define CAPTURE_RETRY_MAX_NS	60000000000
#define CAPTURE_BAROMETER_NS	600000000000	/* silent for so long, another takes over */
#define CAPTURE_LONGER_GRACE_NS	300000000	/* as that of the sensors */

struct capture_member {
	struct capture_member *next;
	struct capture *capture;
	struct sensor *sensor;		/* NULL while it is down */
	struct loop_watch *watch;
	struct loop_watch *events;
	char key[BATCH_NAME];		/* empty: the device is gone */
	char wanted[BATCH_NAME];	/* name before it was made unique */
	char name[BATCH_NAME];
	char why[256];			/* last told reason, empty when up */
	int64_t retry_ns;
	int64_t backoff_ns;
	unsigned int stalls;		/* times it was switched off */
	/* Of the sensor and of its power quality; days come beside lengths. */
	struct longer *longer[2 * CONF_LENGTHS];
	unsigned int nlonger;
};

struct capture {
	struct loop *loop;
	const struct conf *conf;
	const struct clock *clock;
	struct energy_index *energy;
	struct capture_hooks hooks;
	capture_fault fault;
	capture_tap tap;
	void *tap_ctx;
	void *ctx;
	struct capture_member *members;
	struct store_packet *packet;
	struct stamps *stamps;
	char barometer[BATCH_NAME];	/* whose pressure is told, empty: none's yet */
	int64_t barometer_ns;		/* when it was */
	unsigned long fingerprint;
	bool looked;
	bool told_none;
};

struct capture *capture_new(struct loop *loop, const struct conf *conf,
			    const struct clock *clock, capture_fault fault,
			    void *ctx)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->packet = store_packet_new();
	c->stamps = stamps_new();
	if (!c->packet || !c->stamps) {
		store_packet_free(c->packet);
		stamps_free(c->stamps);
		free(c);
		return NULL;
	}
	c->loop = loop;
	c->conf = conf;
	c->clock = clock;
	c->fault = fault;
	c->ctx = ctx;
	return c;
}

void capture_set_energy(struct capture *c, struct energy_index *energy)
{
	c->energy = energy;
}

void capture_set_hooks(struct capture *c, const struct capture_hooks *hooks)
{
	c->hooks = *hooks;
}

/* One of them: two that differ would have the chips set to and fro. */
static bool capture_is_barometer(struct capture *c, const char *sensor)
{
	int64_t now = clock_now_ns(c->clock);

	if (*c->barometer && strcmp(c->barometer, sensor) &&
	    now - c->barometer_ns < CAPTURE_BAROMETER_NS)
		return false;
	snprintf(c->barometer, sizeof(c->barometer), "%s", sensor);
	c->barometer_ns = now;
	return true;
}

/* Sound is a pressure too for IIO, but not in messages. */
static void capture_pressure(struct capture *c, const struct batch *b)
{
	for (unsigned int i = 0; i < batch_layout_size(b->layout); i++) {
		const char *quantity =
			batch_layout_channel(b->layout, i)->quantity;

		if (strcmp(quantity, "pressure") || !b->results[i].count)
			continue;
		if (capture_is_barometer(c, batch_layout_sensor(b->layout)))
			c->hooks.pressure(c->ctx, b->results[i].mean);
		return;
	}
}

static int capture_store(void *ctx, struct batch *b)
{
	struct capture *c = ctx;
	int err = store_packet_add(c->packet, b);

	if (err)
		log_error("no memory for a batch; it is lost");
	return err;
}

static bool capture_is_power(const struct capture_member *m,
			     const struct batch_layout *l)
{
	const struct power *p = sensor_power(m->sensor);

	return p && power_layout(p) == l;
}

/* Results of a sensor, or of its power quality: stored, and in longer ones. */
static int capture_out(void *ctx, struct batch *b)
{
	struct capture_member *m = ctx;

	if (m->capture->hooks.pressure)
		capture_pressure(m->capture, b);
	for (unsigned int i = 0; i < m->nlonger; i++)
		if (longer_fits(m->longer[i], b->layout))
			longer_feed(m->longer[i], b);
	if (!capture_is_power(m, b->layout) || m->capture->conf->power.cycles)
		return capture_store(m->capture, b);
	batch_free(b);
	return 0;
}

/* Beside the fault, which a broker that is away misses: as a message. */
static void capture_keep_power_event(struct capture_member *m,
				     const struct power_quality_event *e)
{
	struct batch_channel what = { .unit = "1" };

	snprintf(what.phase, sizeof(what.phase), "%s",
		 power_phase(sensor_power(m->sensor), e->phase));
	snprintf(what.quantity, sizeof(what.quantity), "voltage_%s%s",
		 power_quality_name(e->kind), e->over ? "_over" : "");
	snprintf(what.channel, sizeof(what.channel), "%s", what.quantity);
	sensor_add_event(m->sensor, &what,
			 sensor_boottime(m->sensor,
					 e->over ? e->to_ns : e->from_ns));
}

static void capture_power_event(void *ctx, const struct power_quality_event *e)
{
	struct capture_member *m = ctx;
	struct capture *c = m->capture;

	if (c->hooks.power)
		c->hooks.power(c->ctx, m->name, sensor_power(m->sensor), e);
	capture_keep_power_event(m, e);
}

static void capture_samples(void *ctx, const int64_t *utc_ns,
			    const double *const *columns, size_t at, size_t n)
{
	struct capture_member *m = ctx;
	struct capture *c = m->capture;

	if (c->tap)
		c->tap(c->tap_ctx, m->name, sensor_source(m->sensor), utc_ns,
		       columns, at, n);
}

void capture_set_tap(struct capture *c, capture_tap tap, void *ctx)
{
	c->tap = tap;
	c->tap_ctx = ctx;
}

/* Returns whether it could be written. */
static bool capture_count(struct capture_member *m, const char *name,
			  const struct ledger_sensor *since)
{
	if (!store_packet_count(m->capture->packet, name, since))
		return true;
	log_error("no memory for the ledger");
	return false;
}

static void capture_account_power(struct capture_member *m)
{
	struct power *p = sensor_power(m->sensor);
	struct ledger_sensor since;

	if (p && m->capture->conf->power.cycles && power_account(p, &since) &&
	    capture_count(m, batch_layout_sensor(power_layout(p)), &since))
		power_accounted(p);
}

static void capture_account_longer(struct capture_member *m)
{
	struct ledger_sensor since;

	for (unsigned int i = 0; i < m->nlonger; i++)
		if (longer_account(m->longer[i], &since) &&
		    capture_count(m, longer_name(m->longer[i]), &since))
			longer_accounted(m->longer[i]);
}

/* What cannot be written now is tried again with the next account. */
static void capture_account(struct capture_member *m)
{
	struct ledger_sensor since;

	if (sensor_account_events(m->sensor, &since) &&
	    capture_count(m, sensor_events_name(m->sensor), &since))
		sensor_accounted_events(m->sensor);
	if (sensor_account(m->sensor, &since) &&
	    capture_count(m, m->name, &since))
		sensor_accounted(m->sensor);
	capture_account_power(m);
}

/* ---- longer windows -------------------------------------------------------- */

static void capture_drop_longer(struct capture_member *m)
{
	for (unsigned int i = 0; i < m->nlonger; i++)
		longer_close(m->longer[i]);
	capture_account_longer(m);
	for (unsigned int i = 0; i < m->nlonger; i++)
		longer_free(m->longer[i]);
	m->nlonger = 0;
}

static void capture_add_longer(struct capture_member *m, int64_t length_ns,
			       const struct batch_layout *layout,
			       const struct window_channel *windows)
{
	struct longer *l = longer_new(length_ns, layout, windows,
				      capture_store, m->capture);

	if (l)
		m->longer[m->nlonger++] = l;
	else
		log_error("%s: no memory for its longer windows", m->name);
}

/* All lengths but the first, which the batches themselves have. */
static void capture_add_longers(struct capture_member *m,
				const struct batch_layout *layout,
				const struct window_channel *windows)
{
	double lengths_s[CONF_LENGTHS];
	bool days;
	size_t n = conf_windows(m->capture->conf, batch_layout_sensor(layout),
				lengths_s, &days);

	for (size_t i = 1; i < n; i++)
		capture_add_longer(m, llround(lengths_s[i] * 1e9), layout,
				   windows);
	if (days)
		capture_add_longer(m, LONGER_DAY, layout, windows);
}

static bool capture_longers_fit(const struct capture_member *m)
{
	const struct power *p = sensor_power(m->sensor);

	for (unsigned int i = 0; i < m->nlonger; i++)
		if (!longer_fits(m->longer[i], sensor_layout(m->sensor)) &&
		    !(p && longer_fits(m->longer[i], power_layout(p))))
			return false;
	return m->nlonger;
}

/* They go on while the sensor is away, unless it comes back as another. */
static void capture_set_longers(struct capture_member *m)
{
	const struct power *p = sensor_power(m->sensor);

	if (capture_longers_fit(m))
		return;
	capture_drop_longer(m);
	capture_add_longers(m, sensor_layout(m->sensor),
			    sensor_windows(m->sensor));
	if (p)
		capture_add_longers(m, power_layout(p), power_windows(p));
}

static void capture_member_free(struct capture_member *m)
{
	capture_drop_longer(m);
	free(m);
}

static void capture_unwatch(struct capture_member *m)
{
	loop_unwatch(m->watch);
	loop_unwatch(m->events);
	m->watch = NULL;
	m->events = NULL;
}

static void capture_close(struct capture_member *m)
{
	if (!m->sensor)
		return;
	capture_unwatch(m);
	sensor_disarm(m->sensor);
	capture_account(m);
	sensor_free(m->sensor);
	m->sensor = NULL;
}

/* The sensor is down: say so once, and when to try again. */
static void capture_down(struct capture_member *m, const char *why)
{
	struct capture *c = m->capture;
	int64_t first = (int64_t)(c->conf->capture.rescan_s * 1e9);

	if (strcmp(m->why, why)) {
		log_warning("%s: %s; trying again", m->name, why);
		c->fault(c->ctx, m->name, why);
		snprintf(m->why, sizeof(m->why), "%s", why);
	}
	m->backoff_ns = m->backoff_ns ? 2 * m->backoff_ns : first;
	if (m->backoff_ns > CAPTURE_RETRY_MAX_NS)
		m->backoff_ns = CAPTURE_RETRY_MAX_NS;
	m->retry_ns = clock_now_ns(m->capture->clock) + m->backoff_ns;
	capture_close(m);
}

static void capture_input(void *ctx);

static bool capture_name_taken(const struct capture *c, const char *name)
{
	for (const struct capture_member *m = c->members; m; m = m->next)
		if (*m->key && !strcmp(m->name, name))
			return true;
	return false;
}

/* Two sensors of the same name are told apart by a number. */
static void capture_name(const struct capture *c, const char *wanted, char *name)
{
	char base[BATCH_NAME - 8];

	snprintf(base, sizeof(base), "%s", wanted);
	ids_clean(base);
	snprintf(name, BATCH_NAME, "%s", base);
	for (unsigned int i = 2; capture_name_taken(c, name); i++)
		snprintf(name, BATCH_NAME, "%s-%u", base, i);
}

static struct capture_member *capture_find(struct capture *c, const char *key)
{
	for (struct capture_member *m = c->members; m; m = m->next)
		if (!strcmp(m->key, key))
			return m;
	return NULL;
}

/* The one of that name that is gone, with its longer windows, or a new one. */
static struct capture_member *capture_member_named(struct capture *c,
						   const char *name)
{
	struct capture_member **at = &c->members, *m;

	for (; *at; at = &(*at)->next)
		if (!*(*at)->key && !strcmp((*at)->name, name))
			return *at;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->capture = c;
	snprintf(m->name, sizeof(m->name), "%s", name);
	*at = m;
	return m;
}

static struct capture_member *capture_member_new(struct capture *c,
						 const char *key,
						 const char *wanted)
{
	struct capture_member *m;
	char name[BATCH_NAME];

	capture_name(c, wanted, name);
	m = capture_member_named(c, name);
	if (!m)
		return NULL;
	snprintf(m->key, sizeof(m->key), "%s", key);
	snprintf(m->wanted, sizeof(m->wanted), "%s", wanted);
	return m;
}

/* The source, or one that also records it where that is wanted. */
static struct source *capture_record(const struct capture_member *m,
				     struct source *src)
{
	const char *dir = m->capture->conf->capture.record;
	char path[CONF_STRING + BATCH_NAME + 8];
	struct source *recorder = NULL;

	if (!*dir)
		return src;
	snprintf(path, sizeof(path), "%s/%s" RECORDING_SUFFIX, dir, m->name);
	recorder = source_record_open(src, path);
	if (!recorder)
		log_error("%s: no memory, not recorded", m->name);
	return recorder ? recorder : src;
}

static void capture_urgent(struct capture *c)
{
	if (c->hooks.urgent)
		c->hooks.urgent(c->ctx);
}

static void capture_event(void *ctx)
{
	struct capture_member *m = ctx;
	int n = sensor_read_events(m->sensor);

	if (n > 0)
		capture_urgent(m->capture);
	if (n >= 0)
		return;
	/* A device that is gone; the buffer tells it too. */
	loop_unwatch(m->events);
	m->events = NULL;
}

/* The sensor has the counters of a chip; is it the one that it was? */
static void capture_meter(struct capture_member *m)
{
	struct batch_channel what = { .quantity = "meter_change", .unit = "1" };
	const char *meter = sensor_meter(m->sensor);
	struct capture *c = m->capture;
	char before[ENERGY_METER];

	if (!c->energy ||
	    !energy_index_meter(c->energy, m->name, meter, before))
		return;
	log_warning("%s: another meter: %s, before it was %s; its energy index goes on",
		    m->name, meter, before);
	snprintf(what.channel, sizeof(what.channel), "meter-change-%.*s",
		 (int)sizeof(what.channel) - 14, meter);
	sensor_add_event(m->sensor, &what, clock_now_ns(c->clock));
	capture_urgent(c);
}

static void capture_watch_events(struct capture_member *m)
{
	int fd = sensor_event_fd(m->sensor);

	if (fd < 0)
		return;
	m->events = loop_watch_fd(m->capture->loop, fd, capture_event, m);
	if (!m->events)
		log_warning("%s: its events cannot be waited for: %s", m->name,
			    strerror(errno));
}

/* On failure the sensor is down. */
static int capture_arm(struct capture_member *m)
{
	struct capture *c = m->capture;
	int err = sensor_arm(m->sensor);

	if (err) {
		capture_down(m, sensor_why(m->sensor));
		return err;
	}
	capture_set_longers(m);
	m->watch = loop_watch_fd(c->loop, sensor_fd(m->sensor), capture_input,
				 m);
	if (!m->watch) {
		err = -errno;
		capture_down(m, strerror(errno));
		return err;
	}
	capture_watch_events(m);
	capture_meter(m);
	if (sensor_rate(m->sensor) > 0)
		log_info("%s: capturing, %g samples/s", m->name,
			 sensor_rate(m->sensor));
	else
		log_info("%s: capturing", m->name);
	if (*m->why)
		c->fault(c->ctx, m->name, NULL);
	m->why[0] = '\0';
	m->backoff_ns = 0;
	return 0;
}

/* Takes the source over. */
static int capture_start(struct capture_member *m, struct source *src)
{
	struct capture *c = m->capture;
	double lengths_s[CONF_LENGTHS];
	struct sensor_conf conf = {
		.name = m->name,
		.clock = c->clock,
		.energy = c->energy,
		.out = capture_out,
		.event = capture_power_event,
		.tap = capture_samples,
		.conf = c->conf,
		.ctx = m,
	};
	bool days;

	conf_windows(c->conf, m->name, lengths_s, &days);
	conf.window_ns = llround(lengths_s[0] * 1e9);
	m->sensor = sensor_new(capture_record(m, src), &conf);
	return m->sensor ? capture_arm(m) : -ENOMEM;
}

/* Someone switched the buffer off: that is told and counted, and undone. */
static void capture_stalled(struct capture_member *m)
{
	struct capture *c = m->capture;

	m->stalls++;
	snprintf(m->why, sizeof(m->why), "%s", sensor_why(m->sensor));
	log_warning("%s: %s; switching it on again (%u times since it came)",
		    m->name, m->why, m->stalls);
	c->fault(c->ctx, m->name, m->why);
	capture_unwatch(m);
	sensor_disarm(m->sensor);
	capture_account(m);
	capture_arm(m);
}

/* What went wrong with a sensor that was capturing. */
static void capture_failed(struct capture_member *m, int err)
{
	if (err == -EPIPE)
		capture_stalled(m);
	else
		capture_down(m, sensor_why(m->sensor));
}

static void capture_input(void *ctx)
{
	struct capture_member *m = ctx;
	int err = sensor_read(m->sensor);

	if (err)
		capture_failed(m, err);
}

int capture_add(struct capture *c, struct source *src)
{
	struct capture_member *m = capture_member_new(c, src->key, src->name);

	if (!m) {
		src->ops->close(src);
		return -ENOMEM;
	}
	return capture_start(m, src);
}

static bool capture_wanted(const struct conf *conf, const char *key,
			   const char *name)
{
	if (!conf->capture.ndevices)
		return true;
	for (size_t i = 0; i < conf->capture.ndevices; i++)
		if (!strcmp(conf->capture.devices[i], key) ||
		    !strcmp(conf->capture.devices[i], name))
			return true;
	return false;
}

static void capture_try(struct capture *c, struct source_iio_scan *scan,
			size_t i)
{
	const char *key = source_iio_scan_key(scan, i);
	const char *name = source_iio_scan_name(scan, i);
	struct capture_member *m = capture_find(c, key);
	struct source *src;

	if (!capture_wanted(c->conf, key, name))
		return;
	if (!m)
		m = capture_member_new(c, key, name);
	if (!m || m->sensor || clock_now_ns(c->clock) < m->retry_ns)
		return;
	if (c->hooks.ready && !c->hooks.ready(c->ctx, key))
		return;
	src = source_iio_open(scan, i, c->conf->capture.latency_s);
	if (src)
		capture_start(m, src);
}

/* The kernel may give the key of a device that is gone to another one. */
static bool capture_is_in(const struct capture_member *m,
			  const struct source_iio_scan *scan)
{
	for (size_t i = 0; scan && i < source_iio_scan_size(scan); i++)
		if (!strcmp(m->key, source_iio_scan_key(scan, i)))
			return !strncmp(m->wanted,
					source_iio_scan_name(scan, i),
					sizeof(m->wanted) - 1);
	return false;
}

static bool capture_has_open_window(const struct capture_member *m)
{
	for (unsigned int i = 0; i < m->nlonger; i++)
		if (longer_is_open(m->longer[i]))
			return true;
	return false;
}

/* Its name is free; what comes back under it goes on with the longer windows. */
static void capture_member_leave(struct capture_member *m)
{
	m->key[0] = '\0';
	m->retry_ns = 0;
	m->backoff_ns = 0;
	m->stalls = 0;
}

/* Forget a device that is gone, as soon as its longer windows have ended. */
static void capture_forget_gone(struct capture *c,
				const struct source_iio_scan *scan)
{
	struct capture_member **at = &c->members;

	while (*at) {
		struct capture_member *m = *at;

		if (m->sensor || capture_is_in(m, scan)) {
			at = &m->next;
			continue;
		}
		if (capture_has_open_window(m)) {
			capture_member_leave(m);
			at = &m->next;
			continue;
		}
		*at = m->next;
		capture_member_free(m);
	}
}

static bool capture_due(const struct capture *c)
{
	int64_t now = clock_now_ns(c->clock);

	for (const struct capture_member *m = c->members; m; m = m->next)
		if (*m->key && !m->sensor && now >= m->retry_ns)
			return true;
	return false;
}

static bool capture_is_empty(const struct capture *c)
{
	for (const struct capture_member *m = c->members; m; m = m->next)
		if (*m->key)
			return false;
	return true;
}

static void capture_tell_none(struct capture *c, const struct source_iio_scan *scan)
{
	if (capture_size(c)) {
		c->told_none = false;
		return;
	}
	if (c->told_none)
		return;
	c->told_none = true;
	if (!scan)
		log_warning("this kernel has no IIO devices: load the drivers of the sensors (modprobe cityhub-sen6x, ...); looking again every %g s",
			    c->conf->capture.rescan_s);
	else if (capture_is_empty(c))
		log_warning("no IIO device with a buffer is %s: load the drivers of the sensors or wire one up; looking again every %g s",
			    c->conf->capture.ndevices ?
			    "there under the names of capture.devices" : "there",
			    c->conf->capture.rescan_s);
}

static void capture_scan(struct capture *c)
{
	unsigned long fingerprint = source_iio_fingerprint();
	struct source_iio_scan *scan;

	if (c->looked && fingerprint == c->fingerprint && !capture_due(c))
		return;
	c->looked = true;
	c->fingerprint = fingerprint;
	scan = source_iio_scan_new();
	capture_forget_gone(c, scan);
	for (size_t i = 0; scan && i < source_iio_scan_size(scan); i++)
		capture_try(c, scan, i);
	capture_tell_none(c, scan);
	source_iio_scan_free(scan);
}

static int capture_is_recording(const struct dirent *e)
{
	size_t len = strlen(e->d_name), tail = strlen(RECORDING_SUFFIX);

	return len > tail &&
	       !strcmp(e->d_name + len - tail, RECORDING_SUFFIX);
}

static void capture_replay_file(struct capture *c, const char *name)
{
	const char *dir = c->conf->capture.replay;
	char path[CONF_STRING + 260];
	struct source *src;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	src = source_replay_open(path, c->conf->capture.replay_speed);
	if (!src || capture_add(c, src) == -ENOMEM)
		log_error("%s: no memory to replay it", path);
}

/* Once: recordings neither come nor go. */
static void capture_replay(struct capture *c)
{
	const char *dir = c->conf->capture.replay;
	struct dirent **files;
	int n;

	if (c->looked)
		return;
	c->looked = true;
	n = scandir(dir, &files, capture_is_recording, alphasort);
	if (n <= 0)
		log_error("capture.replay: %s: %s", dir, n ? strerror(errno) :
			  "no recording (*" RECORDING_SUFFIX ") is there");
	for (int i = 0; i < n; i++) {
		capture_replay_file(c, files[i]->d_name);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
}

void capture_rescan(struct capture *c)
{
	if (*c->conf->capture.replay)
		capture_replay(c);
	else
		capture_scan(c);
}

void capture_hotplug(struct capture *c)
{
	for (struct capture_member *m = c->members; m; m = m->next) {
		int err = m->sensor ? sensor_check(m->sensor) : 0;

		if (err)
			capture_failed(m, err);
	}
	capture_rescan(c);
}

static void capture_tick_sensor(struct capture_member *m, int64_t boot_ns)
{
	int err;

	sensor_set_stamp_bound(m->sensor, stamps_bound_ns(m->capture->stamps,
							  m->key));
	err = sensor_tick(m->sensor, boot_ns);
	if (err)
		capture_failed(m, err);
}

void capture_tick(struct capture *c, int64_t boot_ns)
{
	stamps_refresh(c->stamps, clock_epoch(c->clock)->bound_ns);
	for (struct capture_member *m = c->members; m; m = m->next) {
		if (m->sensor)
			capture_tick_sensor(m, boot_ns);
		/* After the shorter ones. */
		for (unsigned int i = 0; i < m->nlonger; i++)
			longer_flush(m->longer[i],
				     clock_utc_ns(c->clock, boot_ns),
				     CAPTURE_LONGER_GRACE_NS);
	}
}

static int capture_keep_energy(void *ctx, const struct energy_state *st)
{
	return store_packet_energy(ctx, st);
}

struct store_packet *capture_collect(struct capture *c)
{
	struct store_packet *fresh = store_packet_new(), *p = c->packet;

	if (!fresh)
		return NULL;
	for (struct capture_member *m = c->members; m; m = m->next) {
		if (m->sensor)
			capture_account(m);
		capture_account_longer(m);
	}
	if (c->energy)
		energy_index_collect(c->energy, capture_keep_energy, p);
	c->packet = fresh;
	return p;
}

void capture_stop(struct capture *c)
{
	while (c->members) {
		struct capture_member *m = c->members;

		capture_close(m);
		c->members = m->next;
		capture_member_free(m);
	}
	c->looked = false;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	capture_stop(c);
	store_packet_free(c->packet);
	stamps_free(c->stamps);
	free(c);
}

unsigned int capture_size(const struct capture *c)
{
	unsigned int n = 0;

	for (const struct capture_member *m = c->members; m; m = m->next)
		n += m->sensor ? 1 : 0;
	return n;
}

void capture_each(const struct capture *c,
		  void (*fn)(void *ctx, const char *name, double rate_hz,
			     unsigned int stalls),
		  void *ctx)
{
	for (const struct capture_member *m = c->members; m; m = m->next)
		if (m->sensor)
			fn(ctx, m->name, sensor_rate(m->sensor), m->stalls);
}
