// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cityhubd/capture.h"
#include "cityhubd/clock.h"
#include "cityhubd/loop.h"
#include "cityhubd/notify.h"
#include "cityhubd/sink_mqtt.h"
#include "cityhubd/state.h"
#include "cityhubd/store.h"
#include "common/conf.h"
#include "common/ids.h"
#include "common/log.h"

/*
 * The tick comes this long after the end of a window: time for the last
 * block to arrive, see the grace of the sensors.
 */
#define DAEMON_TICK_PHASE_NS	350000000
#define DAEMON_SECOND_NS	1000000000
#define DAEMON_FLUSH_S		2	/* what the disk is given at the end */

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
	struct loop_watch *watchdog;
	struct loop_watch *clock_set;
	struct capture *capture;
	struct store *store;
	struct sink_mqtt *mqtt;
	int64_t state_at_ns;
	uint64_t unbalanced_told;
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

static void daemon_fault(void *ctx, const char *sensor, const char *text)
{
	struct daemon *d = ctx;
	struct state st = daemon_state(d, NULL);
	char *json;

	if (!d->mqtt)
		return;
	json = state_fault(&st, sensor, text);
	if (json)
		sink_mqtt_fault(d->mqtt, json);
	free(json);
}

static void daemon_tell_state(struct daemon *d, const struct store_stats *stats)
{
	struct state st = daemon_state(d, stats);
	char *json;

	notify_send("STATUS=%u sensors, broker %s, %llu batches waiting",
		    capture_size(d->capture), !d->mqtt ? "not named" :
		    sink_mqtt_connected(d->mqtt) ? "up" : "down",
		    (unsigned long long)stats->sink.waiting);
	if (!d->mqtt)
		return;
	json = state_online(&st);
	if (json)
		sink_mqtt_state(d->mqtt, json);
	free(json);
}

static void daemon_set_tick(struct daemon *d)
{
	int64_t every = (int64_t)(d->conf.store.commit_s * 1e9);
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

static void daemon_tick(void *ctx)
{
	struct daemon *d = ctx;
	int64_t now = clock_now_ns(d->clock);
	struct store_stats stats;

	clock_check(d->clock);
	capture_tick(d->capture, now);
	daemon_commit(d);
	store_get_stats(d->store, &stats);
	if (stats.unbalanced && !d->unbalanced_told)
		daemon_fault(d, NULL, stats.imbalance);
	d->unbalanced_told = stats.unbalanced;
	if (stats.damaged) {
		log_error("the store is damaged: ending, to be started again with a new one");
		d->failed = true;
		loop_stop(d->loop);
		return;
	}
	if (now >= d->state_at_ns) {
		d->state_at_ns = now + (int64_t)(d->conf.mqtt.state_s * 1e9) -
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

static void daemon_watchdog(void *ctx)
{
	(void)ctx;
	notify_send("WATCHDOG=1");
}

static int daemon_read_conf(const struct daemon *d, struct conf *conf)
{
	enum log_level level;
	char why[512];

	conf_defaults(conf);
	if (d->path && conf_load(conf, d->path, why, sizeof(why))) {
		log_error("%s", why);
		return -EINVAL;
	}
	if (d->store_path)
		snprintf(conf->store.path, sizeof(conf->store.path), "%s",
			 d->store_path);
	if (!log_level_parse(conf->log.level, &level))
		log_set_level(level);
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

static int daemon_open_store(struct daemon *d, uint64_t *cursor)
{
	struct store_conf conf = {
		.path = d->conf.store.path,
		.mount = d->conf.store.mount,
		.max_age_ns = (int64_t)(d->conf.store.max_days * 86400e9),
		.max_bytes = (uint64_t)(d->conf.store.max_mb * 1e6),
		.allow_tmpfs = d->conf.store.allow_tmpfs,
		.hub = d->hub,
		.boot = d->boot,
	};
	int err;

	d->store = store_open(&conf);
	if (!d->store)
		return -EIO;
	err = daemon_resume_clock(d);
	if (!err && *d->conf.mqtt.host)
		err = store_add_sink(d->store, SINK_MQTT_NAME, cursor);
	if (!err)
		err = store_start(d->store);
	return err;
}

static void daemon_start_mqtt(struct daemon *d, uint64_t cursor)
{
	struct state st = daemon_state(d, NULL);
	char *will;

	if (!*d->conf.mqtt.host) {
		log_info("no broker is named (mqtt.host): results stay in the store");
		return;
	}
	will = state_offline(&st, "lost");
	if (will)
		d->mqtt = sink_mqtt_start(&d->conf, d->hub, d->store, cursor,
					  will);
	if (!d->mqtt)
		log_error("mqtt: cannot start: %s", strerror(errno));
	free(will);
}

/* Returns false when a thread hangs that still uses the store. */
static bool daemon_stop_mqtt(struct daemon *d, double drain_s)
{
	struct state st = daemon_state(d, NULL);
	char *farewell;
	bool ended;

	if (!d->mqtt)
		return true;
	farewell = state_offline(&st, "stopped");
	ended = sink_mqtt_stop(d->mqtt, drain_s, farewell ? farewell : "{}");
	d->mqtt = NULL;
	free(farewell);
	return ended;
}

static void daemon_end(struct daemon *d)
{
	bool ended;

	log_info("ending: last windows are closed and sent");
	notify_send("STOPPING=1");
	capture_stop(d->capture);
	daemon_commit(d);
	store_flush(d->store, DAEMON_FLUSH_S);
	ended = daemon_stop_mqtt(d, d->conf.mqtt.drain_s);
	daemon_commit(d);	/* with what was acknowledged meanwhile */
	if (!ended) {
		/* The thread left alone may still use what is freed below. */
		store_flush(d->store, DAEMON_FLUSH_S);
		_exit(EXIT_SUCCESS);
	}
	store_close(d->store);
	d->store = NULL;
}

/* Start capture and sinks anew from another configuration, same store. */
static void daemon_apply(struct daemon *d, const struct conf *fresh)
{
	struct store *store = d->store;
	uint64_t cursor = 0;

	capture_stop(d->capture);
	daemon_commit(d);
	if (!daemon_stop_mqtt(d, 0)) {
		log_error("cannot reload now: ending, to be started again");
		loop_stop(d->loop);
		return;
	}
	d->conf = *fresh;
	store_close(store);
	d->store = NULL;
	if (daemon_open_store(d, &cursor)) {
		loop_stop(d->loop);
		return;
	}
	daemon_start_mqtt(d, cursor);
	capture_rescan(d->capture);
	loop_timer_set(d->rescan, clock_now_ns(d->clock),
		       (int64_t)(d->conf.capture.rescan_s * 1e9));
}

static void daemon_reload(struct daemon *d)
{
	struct store_stats stats;
	struct conf fresh;

	notify_send("RELOADING=1");
	store_get_stats(d->store, &stats);
	if (stats.failing) {
		log_error("the store cannot be written, and what waits for it would be lost: the running configuration stays in force; try again when it can");
	} else if (daemon_read_conf(d, &fresh)) {
		log_error("the running configuration stays in force");
	} else if (strcmp(fresh.hub.id, d->conf.hub.id) ||
		   strcmp(fresh.store.path, d->conf.store.path)) {
		log_error("hub.id and store.path change with a restart only; the running configuration stays in force");
	} else {
		daemon_apply(d, &fresh);
		log_info("configuration read again");
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

static int daemon_watch(struct daemon *d)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int64_t now = clock_now_ns(d->clock), watchdog = notify_watchdog_ns();

	/* First of all: threads inherit which signals are blocked. */
	if (!loop_watch_signals(d->loop, signals, 3, daemon_signal, d))
		return -errno;
	d->tick = loop_watch_timer(d->loop, daemon_tick, d);
	d->rescan = loop_watch_timer(d->loop, daemon_rescan, d);
	d->watchdog = loop_watch_timer(d->loop, daemon_watchdog, d);
	d->clock_set = loop_watch_clock(d->loop, daemon_clock_set, d);
	if (!d->tick || !d->rescan || !d->watchdog || !d->clock_set)
		return -errno;
	loop_timer_set(d->rescan, now,
		       (int64_t)(d->conf.capture.rescan_s * 1e9));
	if (watchdog)
		loop_timer_set(d->watchdog, now + watchdog, watchdog);
	daemon_set_tick(d);
	return 0;
}

static void daemon_free(struct daemon *d)
{
	capture_free(d->capture);
	loop_unwatch(d->tick);
	loop_unwatch(d->rescan);
	loop_unwatch(d->watchdog);
	loop_unwatch(d->clock_set);
	store_close(d->store);
	loop_free(d->loop);
	clock_free(d->clock);
}

static int daemon_set_up(struct daemon *d)
{
	uint64_t cursor = 0;
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
	if (!d->capture)
		return -errno;
	err = daemon_watch(d);
	if (!err)
		err = daemon_open_store(d, &cursor);
	if (err)
		return err;
	daemon_start_mqtt(d, cursor);
	return 0;
}

int daemon_main(const char *path, const char *store)
{
	struct daemon d = { .path = path, .store_path = store };
	int err;

	signal(SIGPIPE, SIG_IGN);
	if (daemon_read_conf(&d, &d.conf))
		return EXIT_FAILURE;
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
