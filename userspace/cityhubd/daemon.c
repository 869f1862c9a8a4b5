// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/daemon.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/capture.h"
#include "cityhubd/chip_id.h"
#include "cityhubd/clock.h"
#include "cityhubd/control.h"
#include "cityhubd/loop.h"
#include "cityhubd/metrics.h"
#include "cityhubd/notify.h"
#include "cityhubd/outlet.h"
#include "cityhubd/state.h"
#include "cityhubd/store.h"
#include "cityhubd/tend.h"
#include "cityhubd/uevent.h"
#include "common/conf.h"
#include "common/ids.h"
#include "common/log.h"

/*
 * The tick comes this long after the end of a window: time for the last
 * block to arrive, see the grace of the sensors.
 */
#define DAEMON_TICK_PHASE_NS	350000000
#define DAEMON_SECOND_NS	1000000000
/* A driver that comes brings several devices, and they take a moment. */
#define DAEMON_HOTPLUG_NS	200000000
#define DAEMON_FLUSH_S		2	/* what the disk is given at the end */
/* What happened is stored so soon, together with what happens meanwhile. */
#define DAEMON_EXAMINE_US	"600000000"
#define DAEMON_URGENT_NS	200000000

_Static_assert(STORE_SINKS == CONF_SINKS + 1, "one place for each sink");

struct daemon {
	const char *path;
	const char *store_path;
	struct conf conf;
	char hub[BATCH_NAME];
	char boot[40];
	struct clock *clock;
	bool clock_resumed;
	struct loop *loop;
	struct loop_watch *tick;
	struct loop_watch *rescan;
	struct loop_watch *signals;
	struct loop_watch *hotplug;
	struct loop_watch *urgent;
	bool is_urgent;
	struct loop_watch *uevent;
	int uevent_fd;
	struct loop_watch *watchdog;
	struct loop_watch *clock_set;
	struct capture *capture;
	struct energy_index *energy;
	struct tend *tend;
	struct loop_watch *prepared;
	struct control *control;
	struct metrics_server *metrics;
	struct store *store;
	struct outlet *outlets[CONF_SINKS + 1];
	size_t noutlets;
	int64_t state_at_ns;
	int64_t committed_period;
	uint64_t unbalanced_told;
	bool examined;	/* the store was looked through by this process */
	bool hangs;	/* a sink was left alone, and may still use the store */
	bool failed;
};

static struct state daemon_state(const struct daemon *d,
				 const struct store_stats *stats)
{
	return (struct state){
		.conf = &d->conf, .hub = d->hub, .boot = d->boot,
		.clock = d->clock, .capture = d->capture, .store = stats,
	};
}

/* Takes @json over. */
static void daemon_tell_fault(struct daemon *d, char *json)
{
	for (size_t i = 0; json && i < d->noutlets; i++)
		outlet_fault(d->outlets[i], json);
	free(json);
}

static void daemon_fault(void *ctx, const char *sensor, const char *text)
{
	struct daemon *d = ctx;
	struct state st = daemon_state(d, NULL);

	daemon_tell_fault(d, state_fault(&st, sensor, text));
}

static void daemon_power(void *ctx, const char *sensor, const struct power *p,
			 const struct power_quality_event *e)
{
	struct daemon *d = ctx;
	struct state st = daemon_state(d, NULL);
	char *json = state_power(&st, sensor, p, e);
	char text[160];

	power_event_text(p, e, text, sizeof(text));
	log_info("%s: %s", sensor, text);
	daemon_tell_fault(d, json);
}

static void daemon_tell_state(struct daemon *d, const struct store_stats *stats)
{
	struct state st = daemon_state(d, stats);
	char *json = state_online(&st);
	uint64_t waiting = 0;
	size_t up = 0;

	for (size_t i = 0; i < d->noutlets; i++) {
		up += outlet_is_up(d->outlets[i]);
		if (json)
			outlet_state(d->outlets[i], json);
	}
	for (unsigned int i = 0; i < stats->nsinks; i++)
		if (stats->sinks[i].ledger.waiting > waiting)
			waiting = stats->sinks[i].ledger.waiting;
	notify_send("STATUS=%u sensors, %zu of %zu sinks up, %llu batches waiting",
		    capture_size(d->capture), up, d->noutlets,
		    (unsigned long long)waiting);
	free(json);
}

/* As often as the sink wants that wants it most often. */
static int64_t daemon_state_ns(const struct daemon *d)
{
	double every_s = d->conf.mqtt.state_s;

	for (size_t i = 0; i < d->noutlets; i++)
		if (outlet_state_s(d->outlets[i]) < every_s)
			every_s = outlet_state_s(d->outlets[i]);
	return (int64_t)(every_s * 1e9);
}

static int64_t daemon_commit_ns(const struct daemon *d)
{
	return (int64_t)(d->conf.store.commit_s * 1e9);
}

/*
 * The clock and the buffers are looked after each second, however seldom the
 * store is written.
 */
static void daemon_set_tick(struct daemon *d)
{
	int64_t every = daemon_commit_ns(d) < DAEMON_SECOND_NS ?
			daemon_commit_ns(d) : DAEMON_SECOND_NS;
	int64_t offset = clock_epoch(d->clock)->offset_ns;
	int64_t now = clock_now_ns(d->clock) + offset;
	int64_t next = (now - DAEMON_TICK_PHASE_NS) / every * every + every +
		       DAEMON_TICK_PHASE_NS;

	loop_timer_set(d->tick, next - offset, 0);
}

/* The clock was set: what is captured from here on belongs to another epoch. */
static void daemon_clock_set(void *ctx)
{
	struct daemon *d = ctx;

	clock_check(d->clock);
	daemon_set_tick(d);
}

/* What cannot be handed over now comes with the next packet. */
static void daemon_hand_clock(struct daemon *d, struct store_packet *p)
{
	const struct clock_entry *e;

	while ((e = clock_log_first(d->clock)) && !store_packet_clock(p, e))
		clock_log_drop(d->clock);
}

static void daemon_commit(struct daemon *d)
{
	struct store_packet *p = capture_collect(d->capture);

	if (!p) {
		log_error("no memory to hand results to the store; trying again");
		return;
	}
	daemon_hand_clock(d, p);
	if (clock_epoch(d->clock)->sync == BATCH_SYNCHRONISED)
		store_packet_set_utc(p, clock_utc_ns(d->clock,
						     clock_now_ns(d->clock)));
	store_submit(d->store, p);
}

static void daemon_urgent(void *ctx)
{
	struct daemon *d = ctx;

	if (!d->is_urgent)
		loop_timer_set(d->urgent,
			       clock_now_ns(d->clock) + DAEMON_URGENT_NS, 0);
	d->is_urgent = true;
}

static void daemon_commit_urgent(void *ctx)
{
	struct daemon *d = ctx;

	d->is_urgent = false;
	daemon_commit(d);
}

/* At multiples of the period in UTC, which a step of the clock may shorten. */
static void daemon_commit_in_time(struct daemon *d, int64_t now_ns)
{
	int64_t utc_ns = now_ns + clock_epoch(d->clock)->offset_ns;
	int64_t period = (utc_ns - DAEMON_TICK_PHASE_NS) / daemon_commit_ns(d);

	if (period == d->committed_period)
		return;
	d->committed_period = period;
	d->is_urgent = false;
	daemon_commit(d);
}

static void daemon_tick(void *ctx)
{
	struct daemon *d = ctx;
	int64_t now = clock_now_ns(d->clock);
	struct store_stats stats;

	clock_check(d->clock);
	capture_tick(d->capture, now);
	daemon_commit_in_time(d, now);
	store_get_stats(d->store, &stats);
	if (stats.unbalanced && !d->unbalanced_told)
		daemon_fault(d, NULL, stats.imbalance);
	d->unbalanced_told = stats.unbalanced;
	if (stats.damaged) {
		log_error("the store is damaged, or its disk fails: ending, to be started again, with a new one if it is damaged");
		d->failed = true;
		loop_stop(d->loop);
		return;
	}
	if (now >= d->state_at_ns) {
		d->state_at_ns = now + daemon_state_ns(d) -
				 DAEMON_SECOND_NS / 4;
		daemon_tell_state(d, &stats);
	}
	daemon_set_tick(d);
}

static void daemon_rescan(void *ctx)
{
	struct daemon *d = ctx;

	capture_rescan(d->capture);
}

static bool daemon_ready(void *ctx, const char *key)
{
	struct daemon *d = ctx;

	return !d->tend || tend_ready(d->tend, key);
}

static void daemon_pressure(void *ctx, double hpa)
{
	struct daemon *d = ctx;

	if (d->tend)
		tend_pressure(d->tend, clock_now_ns(d->clock), hpa);
}

/* A chip that waited for it can be captured. */
static void daemon_prepared(void *ctx)
{
	struct daemon *d = ctx;
	eventfd_t n;

	if (!eventfd_read(tend_fd(d->tend), &n))
		capture_rescan(d->capture);
}

static void daemon_hotplug(void *ctx)
{
	struct daemon *d = ctx;

	capture_hotplug(d->capture);
}

static void daemon_uevent(void *ctx)
{
	struct daemon *d = ctx;

	if (uevent_read(d->uevent_fd))
		loop_timer_set(d->hotplug,
			       clock_now_ns(d->clock) + DAEMON_HOTPLUG_NS, 0);
}

static void daemon_watchdog(void *ctx)
{
	(void)ctx;
	notify_send("WATCHDOG=1");
}

static void daemon_set_log(const struct conf *conf)
{
	char module[CONF_STRING];
	enum log_level level;

	if (!log_level_parse(conf->log.level, &level))
		log_set_level(level);
	log_reset_modules();
	for (size_t i = 0; i < conf->log.nmodules; i++)
		if (conf_module_level(conf->log.modules[i], module, &level))
			log_set_module(module, level);
}

static int daemon_read_conf(const struct daemon *d, struct conf *conf)
{
	char why[512];

	conf_defaults(conf);
	if (d->path && conf_load(conf, d->path, why, sizeof(why))) {
		log_error("%s", why);
		return -EINVAL;
	}
	if (d->store_path)
		snprintf(conf->store.path, sizeof(conf->store.path), "%s",
			 d->store_path);
	return 0;
}

/* Once: a store that is opened again knows nothing newer. */
static int daemon_resume_clock(struct daemon *d)
{
	struct clock_entry last;
	int ret;

	if (d->clock_resumed)
		return 0;
	ret = store_last_clock(d->store, &last);
	if (ret < 0) {
		log_error("store: the log of the clock cannot be read");
		return ret;
	}
	clock_resume(d->clock, ret ? &last : NULL);
	d->clock_resumed = true;
	return 0;
}

static int daemon_restore_energy(void *ctx, const struct energy_state *st)
{
	return energy_index_restore(ctx, st);
}

static struct store_conf daemon_store_conf(const struct daemon *d,
					   const struct conf *conf)
{
	return (struct store_conf){
		.path = conf->store.path,
		.mount = conf->store.mount,
		.max_age_ns = (int64_t)(conf->store.max_days * 86400e9),
		.max_bytes = (uint64_t)(conf->store.max_mb * 1e6),
		.allow_tmpfs = conf->store.allow_tmpfs,
		.examined = d->examined,
		.hub = d->hub,
		.boot = d->boot,
	};
}

/* @have: what each of the sinks has, in the order of conf_sinks(). */
static int daemon_open_store(struct daemon *d, struct ranges *have)
{
	const struct conf_sink *sinks[CONF_SINKS + 1];
	size_t n = conf_sinks(&d->conf, sinks);
	struct store_conf conf = daemon_store_conf(d, &d->conf);
	int err;

	d->store = store_open(&conf);
	if (!d->store)
		return -EIO;
	d->examined = true;
	err = daemon_resume_clock(d);
	if (!err)
		err = store_energy(d->store, daemon_restore_energy, d->energy);
	for (size_t i = 0; i < n && !err; i++)
		err = store_add_sink(d->store, sinks[i]->name, &have[i]);
	if (!err)
		err = store_start(d->store);
	return err;
}

static void daemon_start_outlets(struct daemon *d, const struct ranges *have)
{
	const struct conf_sink *sinks[CONF_SINKS + 1];
	size_t n = conf_sinks(&d->conf, sinks);
	struct state st = daemon_state(d, NULL);
	char *will = state_offline(&st, "lost");

	if (!n)
		log_info("no sink is named (mqtt.host or sinks): results stay in the store");
	for (size_t i = 0; i < n; i++) {
		struct outlet *o = outlet_start(&d->conf, sinks[i], d->hub,
						d->store, &have[i],
						will ? will : "{}");

		if (o)
			d->outlets[d->noutlets++] = o;
		else
			log_error("%s: cannot start: %s", sinks[i]->name,
				  strerror(errno));
	}
	free(will);
}

/* Returns false when a thread hangs that still uses the store. */
static bool daemon_stop_outlets(struct daemon *d, bool drain)
{
	struct state st = daemon_state(d, NULL);
	char *farewell = state_offline(&st, "stopped");
	bool ended = true;

	for (size_t i = 0; i < d->noutlets; i++)
		outlet_stop(d->outlets[i], drain, farewell ? farewell : "{}");
	for (size_t i = 0; i < d->noutlets; i++)
		ended = outlet_join(d->outlets[i]) && ended;
	d->noutlets = 0;
	d->hangs = d->hangs || !ended;
	free(farewell);
	return !d->hangs;
}

static char *daemon_metrics(void *ctx, size_t *len)
{
	struct daemon *d = ctx;
	struct metrics_sink sinks[CONF_SINKS + 1];
	struct store_stats stats;
	struct metrics m = { .sinks = sinks, .nsinks = d->noutlets };

	store_get_stats(d->store, &stats);
	m.state = daemon_state(d, &stats);
	for (size_t i = 0; i < d->noutlets; i++)
		sinks[i] = (struct metrics_sink){
			.name = outlet_name(d->outlets[i]),
			.up = outlet_is_up(d->outlets[i]),
		};
	control_get_stats(d->control, &m.control);
	return metrics_text(&m, len);
}

/* Neither is needed for the work: without them it goes on. */
static void daemon_open_sockets(struct daemon *d)
{
	const char *path = d->conf.control.socket;
	const char *listen = d->conf.metrics.listen;

	if (*path)
		d->control = control_open(d->loop, d->capture, path);
	if (*path && !d->control)
		log_info("control: %s: %s; no 'cityhub tap' (control.socket)",
			 path, strerror(errno));
	if (d->control)
		capture_set_tap(d->capture, control_samples, d->control);
	if (*listen)
		d->metrics = metrics_listen(d->loop, listen, daemon_metrics, d);
	if (*listen && !d->metrics)
		log_error("metrics: %s: %s; choose another metrics.listen",
			  listen, strerror(errno));
}

static void daemon_close_sockets(struct daemon *d)
{
	capture_set_tap(d->capture, NULL, NULL);
	control_close(d->control);
	metrics_close(d->metrics);
	d->control = NULL;
	d->metrics = NULL;
}

static void daemon_end(struct daemon *d)
{
	bool ended;

	log_info("ending: last windows are closed and sent");
	notify_send("STOPPING=1");
	daemon_close_sockets(d);
	capture_stop(d->capture);
	daemon_commit(d);
	store_flush(d->store, DAEMON_FLUSH_S);
	ended = daemon_stop_outlets(d, true);
	daemon_commit(d);	/* with what was acknowledged meanwhile */
	if (!ended) {
		/* The thread left alone may still use what is freed below. */
		if (!store_flush(d->store, DAEMON_FLUSH_S))
			d->failed = true;
		_exit(d->failed ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (store_close(d->store))
		d->failed = true;
	d->store = NULL;
}

/* Opens the store as @conf says; where that fails it is not open. */
static int daemon_reopen(struct daemon *d, const struct conf *conf,
			 struct ranges *have)
{
	int err;

	d->conf = *conf;
	err = daemon_open_store(d, have);
	if (err) {
		store_close(d->store);
		d->store = NULL;
	}
	return err;
}

/*
 * Start capture and sinks anew from another configuration, same store. Returns
 * whether it is in force; if not the one before is, or the daemon ends.
 */
static bool daemon_apply(struct daemon *d, const struct conf *fresh)
{
	struct ranges have[CONF_SINKS + 1];
	struct conf before = d->conf;
	bool applied;

	capture_stop(d->capture);
	daemon_commit(d);
	if (!daemon_stop_outlets(d, false)) {
		log_error("a sink hangs, no reload is possible: ending, to be started again");
		d->failed = true;
		loop_stop(d->loop);
		return false;
	}
	daemon_commit(d);	/* with what was acknowledged meanwhile */
	daemon_close_sockets(d);
	if (store_close(d->store))
		d->failed = true;
	applied = !daemon_reopen(d, fresh, have);
	if (!applied && daemon_reopen(d, &before, have)) {
		loop_stop(d->loop);
		return false;
	}
	daemon_set_log(&d->conf);
	daemon_start_outlets(d, have);
	daemon_open_sockets(d);
	capture_rescan(d->capture);
	loop_timer_set(d->rescan, clock_now_ns(d->clock),
		       (int64_t)(d->conf.capture.rescan_s * 1e9));
	return applied;
}

/* Can the store be where @conf says? It is logged if not. */
static bool daemon_has_place(const struct daemon *d, const struct conf *conf)
{
	struct store_conf store = daemon_store_conf(d, conf);

	return !store_check_place(&store);
}

static void daemon_reload(struct daemon *d)
{
	struct store_stats stats;
	struct conf fresh;

	notify_send("RELOADING=1");
	store_get_stats(d->store, &stats);
	if (stats.failing) {
		log_error("the store cannot be written, and what waits for it would be lost: the running configuration stays in force; try again when it can");
	} else if (daemon_read_conf(d, &fresh) || !daemon_has_place(d, &fresh)) {
		log_error("the running configuration stays in force");
	} else if (strcmp(fresh.hub.id, d->conf.hub.id) ||
		   strcmp(fresh.hub.timezone, d->conf.hub.timezone) ||
		   strcmp(fresh.store.path, d->conf.store.path)) {
		log_error("hub.id, hub.timezone and store.path change with a restart only; the running configuration stays in force");
	} else if (daemon_apply(d, &fresh)) {
		log_info("configuration read again");
	} else if (!d->failed && d->store) {
		log_error("the configuration before is in force again");
	}
	notify_send("READY=1");
}

static void daemon_signal(void *ctx, int signal)
{
	struct daemon *d = ctx;

	if (signal == SIGHUP)
		daemon_reload(d);
	else
		loop_stop(d->loop);
}

/* Without it devices are found when they are looked for. */
static void daemon_watch_uevents(struct daemon *d)
{
	d->uevent_fd = uevent_open();
	d->hotplug = loop_watch_timer(d->loop, daemon_hotplug, d);
	if (d->uevent_fd >= 0 && d->hotplug)
		d->uevent = loop_watch_fd(d->loop, d->uevent_fd, daemon_uevent,
					  d);
	if (!d->uevent)
		log_warning("the kernel does not tell of devices that come and go; looking every %g s",
			    d->conf.capture.rescan_s);
}

static int daemon_watch(struct daemon *d)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int64_t now = clock_now_ns(d->clock), watchdog = notify_watchdog_ns();

	/* First of all: threads inherit which signals are blocked. */
	d->signals = loop_watch_signals(d->loop, signals, 3, daemon_signal, d);
	if (!d->signals)
		return -errno;
	d->tick = loop_watch_timer(d->loop, daemon_tick, d);
	d->rescan = loop_watch_timer(d->loop, daemon_rescan, d);
	d->watchdog = loop_watch_timer(d->loop, daemon_watchdog, d);
	d->clock_set = loop_watch_clock(d->loop, daemon_clock_set, d);
	d->urgent = loop_watch_timer(d->loop, daemon_commit_urgent, d);
	if (!d->tick || !d->rescan || !d->watchdog || !d->clock_set || !d->urgent)
		return -errno;
	daemon_watch_uevents(d);
	loop_timer_set(d->rescan, now,
		       (int64_t)(d->conf.capture.rescan_s * 1e9));
	if (watchdog)
		loop_timer_set(d->watchdog, now + watchdog, watchdog);
	daemon_set_tick(d);
	return 0;
}

static void daemon_free(struct daemon *d)
{
	if (d->capture)
		daemon_close_sockets(d);
	capture_free(d->capture);
	energy_index_free(d->energy);
	loop_unwatch(d->tick);
	loop_unwatch(d->signals);
	loop_unwatch(d->rescan);
	loop_unwatch(d->uevent);
	loop_unwatch(d->hotplug);
	loop_unwatch(d->urgent);
	loop_unwatch(d->prepared);
	tend_stop(d->tend);
	if (d->uevent_fd >= 0)
		close(d->uevent_fd);
	loop_unwatch(d->watchdog);
	loop_unwatch(d->clock_set);
	store_close(d->store);
	loop_free(d->loop);
	clock_free(d->clock);
}

/* Without it chips are as they are. */
static void daemon_start_tend(struct daemon *d)
{
	char path[CONF_STRING], dir[CONF_STRING + 8];
	const struct tend_conf conf = {
		.devices = CHIP_ID_DEVICES, .dir = dir, .boot = d->boot,
	};

	snprintf(path, sizeof(path), "%s", d->conf.store.path);
	snprintf(dir, sizeof(dir), "%s/chips", dirname(path));
	d->tend = tend_start(&conf);
	if (d->tend)
		d->prepared = loop_watch_fd(d->loop, tend_fd(d->tend),
					    daemon_prepared, d);
	if (d->prepared)
		return;
	log_error("states of chips are not kept: %s", strerror(errno));
	tend_stop(d->tend);
	d->tend = NULL;
}

static int daemon_set_up(struct daemon *d)
{
	static const struct capture_hooks hooks = {
		.power = daemon_power,
		.urgent = daemon_urgent, .ready = daemon_ready,
		.pressure = daemon_pressure,
	};
	struct ranges have[CONF_SINKS + 1];
	int err;

	if (*d->conf.hub.id)
		snprintf(d->hub, sizeof(d->hub), "%.*s",
			 (int)sizeof(d->hub) - 1, d->conf.hub.id);
	else
		ids_default_hub(d->hub, sizeof(d->hub));
	err = ids_boot(d->boot, sizeof(d->boot));
	if (err) {
		log_error("no boot id: %s; is /proc mounted?", strerror(-err));
		return err;
	}
	d->clock = clock_new(NULL, NULL);
	if (!d->clock)
		return -ENOMEM;
	d->loop = loop_new();
	if (!d->loop)
		return -errno;
	d->capture = capture_new(d->loop, &d->conf, d->clock, daemon_fault, d);
	d->energy = energy_index_new(d->boot);
	if (!d->capture || !d->energy)
		return -errno;
	capture_set_energy(d->capture, d->energy);
	capture_set_hooks(d->capture, &hooks);
	err = daemon_watch(d);
	/* To look through a large store on a slow card takes minutes. */
	notify_send("EXTEND_TIMEOUT_USEC=" DAEMON_EXAMINE_US);
	if (!err)
		err = daemon_open_store(d, have);
	if (err)
		return err;
	if (!*d->conf.capture.replay)
		daemon_start_tend(d);
	daemon_start_outlets(d, have);
	daemon_open_sockets(d);
	return 0;
}

int daemon_main(const char *path, const char *store)
{
	struct daemon d = { .path = path, .store_path = store, .uevent_fd = -1 };
	int err;

	signal(SIGPIPE, SIG_IGN);
	if (daemon_read_conf(&d, &d.conf))
		return EXIT_FAILURE;
	daemon_set_log(&d.conf);
	/* Before there are threads. */
	if (*d.conf.hub.timezone)
		setenv("TZ", d.conf.hub.timezone, 1);
	tzset();
	err = daemon_set_up(&d);
	if (!err) {
		log_info("hub %s, store %s", d.hub, d.conf.store.path);
		notify_send("READY=1");
		err = loop_run(d.loop);
		if (d.store)
			daemon_end(&d);
		else
			err = -EIO;
		if (d.failed)
			err = -EIO;
	}
	daemon_free(&d);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
