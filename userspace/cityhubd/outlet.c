// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/outlet.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/bundle.h"
#include "cityhubd/clock.h"
#include "common/clock_log.h"
#include "common/format.h"
#include "common/log.h"
#include "common/store_reader.h"

#define OUTLET_STACK		(256 * 1024)
#define OUTLET_TURN_MS		1000	/* a transport gets its turn as often */
#define OUTLET_FAULTS		8	/* on their way to the thread */
#define OUTLET_JSON		"application/json"
#define OUTLET_CLOCK		32	/* newest entries of the clock's log */
#define OUTLET_JOIN_S		3	/* beyond drain_s, for who hangs */

struct outlet_inbox {
	char *state;
	char *faults[OUTLET_FAULTS];
	unsigned int nfaults;
};

struct outlet {
	struct conf_sink conf;
	char store_path[CONF_STRING];
	char hub[BATCH_NAME];
	char *will;
	struct store *store;
	const struct outlet_transport *ops;
	const struct format *format;
	pthread_t thread;
	int wake_fd;
	/* The thread's own: */
	void *transport;
	struct sink *sink;
	struct bundle *bundle[SINK_LANES];
	struct store_reader *reader;
	char told[512];		/* why it does not work */
	char *state;		/* newest, told again after each connect */
	uint64_t clock_told;	/* newest entry of the clock's log sent */
	bool hurry;
	/* Guards all below. */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool has_ended;
	struct outlet_inbox inbox;
	bool connected;
	bool stop;
	int64_t stop_ms;
	char *farewell;
};

int64_t outlet_now_ms(void)
{
	return clock_boottime_ns() / 1000000;
}

char *outlet_topic(const char *hub, const char *kind, const char *sensor)
{
	char *topic;

	if (asprintf(&topic, "cityhub/v1/%s/%s%s%s", hub, kind,
		     sensor ? "/" : "", sensor ? sensor : "") < 0)
		return NULL;
	return topic;
}

/* ---- what is told beside the store --------------------------------------- */

/* Takes the payload over; nothing is sent when memory ran out. */
static void outlet_put(struct outlet *o, enum sink_news kind, const char *name,
		       char *payload)
{
	struct sink_message msg = {
		.topic = outlet_topic(o->hub, name, NULL),
		.payload = payload, .len = payload ? strlen(payload) : 0,
		.content_type = OUTLET_JSON, .retain = true,
	};

	if (msg.topic && msg.payload) {
		sink_set_news(o->sink, kind, msg);
		return;
	}
	free(msg.topic);
	free(msg.payload);
}

static void outlet_put_state(struct outlet *o)
{
	if (o->state)
		outlet_put(o, SINK_STATE, "state", strdup(o->state));
}

void outlet_stuck(struct outlet *o, const char *fmt, ...)
{
	char why[sizeof(o->told)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&o->lock);
	o->connected = false;
	pthread_mutex_unlock(&o->lock);
	if (!strcmp(o->told, why))
		return;
	strcpy(o->told, why);
	log_error("%s: %s; what follows it waits, and results are kept in the store",
		  o->conf.name, why);
}

static bool outlet_open_reader(struct outlet *o)
{
	char why[512];

	if (o->reader)
		return true;
	o->reader = store_reader_open(o->store_path, why, sizeof(why));
	if (!o->reader)
		outlet_stuck(o, "%s", why);
	return o->reader;
}

/*
 * Only what is durable is told: who has dated messages by it must not find
 * after a power cut that it was never said.
 */
static void outlet_put_clock(struct outlet *o)
{
	struct clock_entry log[OUTLET_CLOCK];
	uint64_t newest;
	int n;

	if (!o->ops->tells_state || !outlet_open_reader(o))
		return;
	n = store_reader_clock(o->reader, log, OUTLET_CLOCK, &newest);
	if (n <= 0 || newest == o->clock_told)
		return;
	o->clock_told = newest;
	outlet_put(o, SINK_CLOCK, "clock",
		   clock_log_json(o->hub, log, (size_t)n));
}

static void outlet_take_inbox(struct outlet *o)
{
	struct outlet_inbox in;
	struct sink_message msg;

	pthread_mutex_lock(&o->lock);
	in = o->inbox;
	memset(&o->inbox, 0, sizeof(o->inbox));
	pthread_mutex_unlock(&o->lock);
	if (in.state) {
		free(o->state);
		o->state = in.state;
		outlet_put_state(o);
	}
	for (unsigned int i = 0; i < in.nfaults; i++) {
		msg = (struct sink_message){
			.topic = outlet_topic(o->hub, "fault", NULL),
			.payload = in.faults[i], .len = strlen(in.faults[i]),
			.content_type = OUTLET_JSON,
		};
		if (msg.topic)
			sink_add_notice(o->sink, msg);
		else
			free(msg.payload);
	}
}

/* ---- for the transport ---------------------------------------------------- */

void outlet_up(struct outlet *o)
{
	*o->told = '\0';
	pthread_mutex_lock(&o->lock);
	o->connected = true;
	pthread_mutex_unlock(&o->lock);
	sink_connected(o->sink, outlet_now_ms());
	if (!o->ops->tells_state)
		return;
	o->clock_told = 0;
	outlet_put_clock(o);
	outlet_put_state(o);
}

void outlet_away(struct outlet *o)
{
	pthread_mutex_lock(&o->lock);
	o->connected = false;
	pthread_mutex_unlock(&o->lock);
	sink_disconnected(o->sink, outlet_now_ms());
}

/* Says the first of many failures of a kind only. */
void outlet_down(struct outlet *o, const char *fmt, ...)
{
	char why[sizeof(o->told)];
	va_list ap;
	bool stop;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&o->lock);
	stop = o->stop;
	pthread_mutex_unlock(&o->lock);
	if (strcmp(o->told, why) && !stop)
		log_warning("%s: %s; all is kept in the store, trying again",
			    o->conf.name, why);
	strcpy(o->told, why);
	outlet_away(o);
}

void outlet_acked(struct outlet *o, int mid)
{
	sink_acked(o->sink, mid, outlet_now_ms());
}

bool outlet_is_connected(const struct outlet *o)
{
	return sink_is_connected(o->sink);
}

/* ---- what the sink asks for ------------------------------------------------ */

static int outlet_connect(void *ctx)
{
	struct outlet *o = ctx;

	return o->ops->connect(o->transport);
}

static void outlet_disconnect(void *ctx)
{
	struct outlet *o = ctx;

	o->ops->disconnect(o->transport);
}

static int outlet_publish(void *ctx, const struct sink_message *m, int *mid)
{
	struct outlet *o = ctx;

	return o->ops->publish(o->transport, m, mid);
}

static uint64_t outlet_newest(void *ctx)
{
	struct outlet *o = ctx;

	return outlet_open_reader(o) ? store_reader_newest(o->reader) : 0;
}

static int outlet_next(void *ctx, const struct sink_want *want,
		       struct sink_message *msg, uint64_t *id)
{
	struct outlet *o = ctx;
	struct bundle *bundle = o->bundle[want->lane];
	const struct batch *list[BUNDLE_BATCHES];
	size_t n;
	int ret;

	if (!outlet_open_reader(o))
		return -EIO;
	ret = bundle_fill(bundle, o->reader, want->after, want->until,
			  outlet_now_ms(), o->hurry);
	if (ret < 0)
		outlet_stuck(o, "%s", ret == -ENOMEM ? "no memory for a message" :
			     "the store cannot be read: see that the disk is sound");
	if (ret <= 0)
		return ret;
	n = bundle_part(bundle, want->part, list);
	*id = want->part + 1 < bundle_parts(bundle) ? want->after :
						      bundle_last(bundle);
	msg->topic = outlet_topic(list[0]->hub, "data",
				  batch_layout_sensor(list[0]->layout));
	msg->payload = (char *)format_encode(o->format, list, n, &msg->len);
	msg->content_type = o->format->content_type;
	if (msg->topic && msg->payload)
		return 1;
	free(msg->topic);
	free(msg->payload);
	memset(msg, 0, sizeof(*msg));
	outlet_stuck(o, "no memory for a message");
	return -ENOMEM;
}

static void outlet_landed(void *ctx, struct range run)
{
	struct outlet *o = ctx;

	store_ack(o->store, o->conf.name, run);
	if (!sink_is_connected(o->sink))
		return;
	pthread_mutex_lock(&o->lock);
	o->connected = true;
	pthread_mutex_unlock(&o->lock);
}

static uint32_t outlet_random(void *ctx, uint32_t n)
{
	uint32_t v = 0;

	(void)ctx;
	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) < 0)
		v = (uint32_t)clock_boottime_ns();
	return v % n;
}

static const struct sink_ops outlet_sink_ops = {
	.connect = outlet_connect,
	.disconnect = outlet_disconnect,
	.publish = outlet_publish,
	.newest = outlet_newest,
	.next = outlet_next,
	.acked = outlet_landed,
	.random = outlet_random,
};

/* ---- the thread ------------------------------------------------------------ */

/* Returns when to run again at the latest. */
static int64_t outlet_run(struct outlet *o)
{
	int64_t deadline = sink_run(o->sink, outlet_now_ms());

	if (o->ops->flush && o->ops->flush(o->transport))
		return outlet_now_ms();
	return deadline;
}

static void outlet_poll(struct outlet *o, int64_t deadline_ms)
{
	int64_t wait = deadline_ms - outlet_now_ms();
	struct pollfd fds[2] = {
		{ .fd = o->wake_fd, .events = POLLIN },
		{ .fd = -1, .events = 0 },
	};
	eventfd_t n;

	if (o->ops->poll)
		fds[1].fd = o->ops->poll(o->transport, &fds[1].events);
	if (wait > OUTLET_TURN_MS)
		wait = OUTLET_TURN_MS;
	if (poll(fds, 2, wait > 0 ? (int)wait : 0) < 0)
		return;
	if (fds[0].revents) {
		eventfd_read(o->wake_fd, &n);
		outlet_put_clock(o);
	}
	if (fds[1].fd >= 0)
		o->ops->turn(o->transport, fds[1].revents);
}

static bool outlet_ends(struct outlet *o)
{
	bool stop, late;

	pthread_mutex_lock(&o->lock);
	stop = o->stop;
	late = outlet_now_ms() >= o->stop_ms;
	pthread_mutex_unlock(&o->lock);
	if (stop && !o->hurry) {
		/* What was gathered for a longer message goes now. */
		o->hurry = true;
		sink_look_again(o->sink);
		return late;
	}
	return stop && (late || sink_is_idle(o->sink) ||
			!sink_is_connected(o->sink));
}

/* The last word, so that the broker does not publish the will. */
static void outlet_farewell(struct outlet *o)
{
	int64_t until = outlet_now_ms() + OUTLET_TURN_MS;

	free(o->state);
	o->state = o->farewell;
	o->farewell = NULL;
	if (o->ops->tells_state)
		outlet_put_state(o);
	do {
		outlet_run(o);
		outlet_poll(o, outlet_now_ms() + 50);
	} while (sink_is_connected(o->sink) && !sink_is_idle(o->sink) &&
		 outlet_now_ms() < until);
	if (sink_is_connected(o->sink) && o->ops->end)
		o->ops->end(o->transport);
}

static void *outlet_main(void *arg)
{
	struct outlet *o = arg;

	while (!outlet_ends(o)) {
		outlet_take_inbox(o);
		if (o->ops->housekeep)
			o->ops->housekeep(o->transport);
		outlet_poll(o, outlet_run(o));
	}
	if (sink_is_connected(o->sink))
		outlet_farewell(o);
	pthread_mutex_lock(&o->lock);
	o->has_ended = true;
	pthread_cond_signal(&o->ended);
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

/* ---- start and end ---------------------------------------------------------- */

static const struct outlet_transport *outlet_transport(enum conf_sink_type type)
{
	static const struct outlet_transport *const transports[] = {
#if WITH_MQTT
		[CONF_SINK_MQTT] = &sink_mqtt_transport,
#endif
		[CONF_SINK_FILE] = &sink_file_transport,
		[CONF_SINK_STDOUT] = &sink_stdout_transport,
	};

	return transports[type];
}

static void outlet_free(struct outlet *o)
{
	if (o->transport)
		o->ops->destroy(o->transport);
	for (int i = 0; i < SINK_LANES; i++)
		bundle_free(o->bundle[i]);
	store_reader_close(o->reader);
	sink_free(o->sink);
	if (o->wake_fd >= 0)
		close(o->wake_fd);
	free(o->inbox.state);
	for (unsigned int i = 0; i < o->inbox.nfaults; i++)
		free(o->inbox.faults[i]);
	free(o->state);
	free(o->will);
	free(o->farewell);
	pthread_cond_destroy(&o->ended);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* Waits on a clock that nobody can set. */
static void outlet_init_lock(struct outlet *o)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->ended, &attr);
	pthread_condattr_destroy(&attr);
}

/* Returns false with errno. */
static bool outlet_set_up(struct outlet *o, const struct ranges *have)
{
	struct outlet_env env = {
		.outlet = o, .conf = &o->conf, .hub = o->hub, .will = o->will,
	};
	int64_t pack_ns = (int64_t)(o->conf.pack_s * 1e9);
	bool good = o->will && o->wake_fd >= 0;

	for (int i = 0; i < SINK_LANES; i++) {
		o->bundle[i] = bundle_new(pack_ns);
		good = good && o->bundle[i];
	}
	o->sink = sink_new(&outlet_sink_ops, o, have, o->conf.backlog_per_s);
	errno = ENOMEM;
	if (!good || !o->sink)
		return false;
	o->transport = o->ops->create(&env);
	return o->transport;
}

static int outlet_start_thread(struct outlet *o)
{
	pthread_attr_t attr;
	int err;

	store_set_notify(o->store, o->conf.name, o->wake_fd);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, OUTLET_STACK);
	err = pthread_create(&o->thread, &attr, outlet_main, o);
	pthread_attr_destroy(&attr);
	if (err)
		store_set_notify(o->store, o->conf.name, -1);
	return err;
}

struct outlet *outlet_start(const struct conf *conf,
			    const struct conf_sink *sink, const char *hub,
			    struct store *store, const struct ranges *have,
			    const char *will)
{
	struct outlet *o = calloc(1, sizeof(*o));
	int err;

	if (!o)
		return NULL;
	outlet_init_lock(o);
	o->conf = *sink;
	snprintf(o->store_path, sizeof(o->store_path), "%s", conf->store.path);
	snprintf(o->hub, sizeof(o->hub), "%s", hub);
	o->ops = outlet_transport(sink->type);
	o->format = format_find(sink->format);
	o->store = store;
	o->will = strdup(will);
	o->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = outlet_set_up(o, have) ? outlet_start_thread(o) : errno;
	if (!err)
		return o;
	outlet_free(o);
	errno = err;
	return NULL;
}

static void outlet_wake(struct outlet *o)
{
	if (eventfd_write(o->wake_fd, 1))
		log_debug("%s: the thread has been woken often enough",
			  o->conf.name);
}

void outlet_stop(struct outlet *o, bool drain, const char *farewell)
{
	int64_t wait_ms = drain ? (int64_t)(o->conf.drain_s * 1000) : 0;

	store_set_notify(o->store, o->conf.name, -1);
	pthread_mutex_lock(&o->lock);
	o->stop = true;
	o->stop_ms = outlet_now_ms() + wait_ms;
	o->farewell = strdup(farewell);
	pthread_mutex_unlock(&o->lock);
	outlet_wake(o);
}

bool outlet_join(struct outlet *o)
{
	struct timespec until;
	bool ended;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)o->conf.drain_s + OUTLET_JOIN_S;
	pthread_mutex_lock(&o->lock);
	while (!o->has_ended && pthread_cond_timedwait(&o->ended, &o->lock,
						       &until) != ETIMEDOUT)
		;
	ended = o->has_ended;
	pthread_mutex_unlock(&o->lock);
	/* It may hang in the resolver; then it is left behind. */
	if (!ended) {
		log_warning("%s: does not end in time, left alone",
			    o->conf.name);
		return false;
	}
	pthread_join(o->thread, NULL);
	outlet_free(o);
	return true;
}

void outlet_state(struct outlet *o, const char *payload)
{
	char *copy = o->ops->tells_state ? strdup(payload) : NULL;

	if (!copy)
		return;
	pthread_mutex_lock(&o->lock);
	free(o->inbox.state);
	o->inbox.state = copy;
	pthread_mutex_unlock(&o->lock);
	outlet_wake(o);
}

void outlet_fault(struct outlet *o, const char *payload)
{
	char *copy = o->ops->tells_state ? strdup(payload) : NULL;

	pthread_mutex_lock(&o->lock);
	if (copy && o->inbox.nfaults < OUTLET_FAULTS) {
		o->inbox.faults[o->inbox.nfaults++] = copy;
		copy = NULL;
	}
	pthread_mutex_unlock(&o->lock);
	if (copy)
		log_warning("%s: too many faults at once, one is not sent: %s",
			    o->conf.name, copy);
	free(copy);
	outlet_wake(o);
}

bool outlet_is_up(struct outlet *o)
{
	bool connected;

	pthread_mutex_lock(&o->lock);
	connected = o->connected;
	pthread_mutex_unlock(&o->lock);
	return connected;
}

double outlet_state_s(const struct outlet *o)
{
	return o->conf.state_s;
}

const char *outlet_name(const struct outlet *o)
{
	return o->conf.name;
}
