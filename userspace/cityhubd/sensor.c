// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/sensor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cityhubd/privacy.h"
#include "cityhubd/window.h"
#include "common/log.h"

/* Blocks read in one go, lest one sensor keep the others waiting. */
#define SENSOR_BLOCKS		8
/* A window is over when its last block had this long to come. */
#define SENSOR_GRACE_NS		300000000
/* With a tick a second later it runs again within three periods of 1 s. */
#define SENSOR_STALL_PERIODS	2
#define SENSOR_STALL_MIN_NS	1000000000
#define SENSOR_STALL_UNKNOWN_NS	30000000000	/* when the rate is not known */

#define SENSOR_LEARN		8	/* intervals the rate is learnt from */
#define SENSOR_EVENTS		16	/* read in one go */
#define SENSOR_EVENTS_TAIL	".events"

/* A counter of energy; what is returned has a column behind those captured. */
struct sensor_counter {
	struct energy_counter *counter;
	unsigned int column;
	unsigned int returned;	/* 0: it has no sign */
};

struct sensor {
	struct source *src;
	char name[BATCH_NAME];
	int64_t window_ns;
	const struct clock *clock;
	struct clock_epoch epoch;	/* that of the open window */
	sensor_out out;
	sensor_event event;
	sensor_tap tap;
	const struct conf *conf;
	void *ctx;
	struct batch_layout *layout;
	struct window *window;
	unsigned int channels;	/* columns */
	struct energy_index *energy;
	struct sensor_counter *counters;
	unsigned int ncounters;
	/* NULL: none. Stays, with its account, until it is armed again. */
	struct power *power;
	/* One block, column by column. */
	double *values;
	const double **columns;
	int64_t *raw;
	int64_t *boot_ns;
	int64_t *utc_ns;
	/* The worst of the clock since the window was opened. */
	enum batch_sync sync;
	int64_t bound_ns;
	struct ledger_sensor since;
	struct ledger_sensor events_since;
	char events_name[BATCH_NAME];
	uint64_t pending_told;
	int64_t stamp_bound_ns;
	int64_t heard_ns;	/* boottime of the last block or check */
	bool armed;
	/* A trigger does not tell its rate: it is learnt from the stamps. */
	bool learns;
	bool mutes;		/* too fast for sound to be levels only */
	int64_t last_ns;
	int64_t intervals[SENSOR_LEARN];
	unsigned int nintervals;
};

struct sensor *sensor_new(struct source *src, const struct sensor_conf *conf)
{
	struct sensor *s = calloc(1, sizeof(*s));

	if (!s) {
		src->ops->close(src);
		return NULL;
	}
	s->src = src;
	snprintf(s->name, sizeof(s->name), "%s", conf->name);
	snprintf(s->events_name, sizeof(s->events_name),
		 "%.*s" SENSOR_EVENTS_TAIL,
		 BATCH_NAME - (int)sizeof(SENSOR_EVENTS_TAIL), conf->name);
	s->window_ns = conf->window_ns;
	s->clock = conf->clock;
	s->energy = conf->energy;
	s->out = conf->out;
	s->event = conf->event;
	s->tap = conf->tap;
	s->conf = conf->conf;
	s->ctx = conf->ctx;
	s->stamp_bound_ns = BATCH_UNKNOWN;
	return s;
}

static void sensor_forget(struct sensor *s)
{
	batch_layout_put(s->layout);
	window_free(s->window);
	free(s->values);
	free(s->columns);
	free(s->raw);
	free(s->boot_ns);
	free(s->utc_ns);
	free(s->counters);
	s->counters = NULL;
	s->ncounters = 0;
	s->layout = NULL;
	s->window = NULL;
	s->values = NULL;
	s->columns = NULL;
	s->raw = NULL;
	s->boot_ns = NULL;
	s->utc_ns = NULL;
}

void sensor_free(struct sensor *s)
{
	if (!s)
		return;
	sensor_disarm(s);
	sensor_forget(s);
	power_free(s->power);
	s->src->ops->close(s->src);
	free(s);
}

/* The state of the clock in the epoch of the open window, as of now. */
static void sensor_look_at_clock(struct sensor *s)
{
	const struct clock_epoch *e = clock_find(s->clock, s->epoch.id);

	if (e)
		s->epoch = *e;
	if (s->epoch.sync != BATCH_SYNCHRONISED) {
		s->sync = BATCH_UNSYNCHRONISED;
		s->bound_ns = BATCH_UNKNOWN;
	} else if (s->sync == BATCH_SYNCHRONISED &&
		   s->bound_ns < s->epoch.bound_ns) {
		s->bound_ns = s->epoch.bound_ns;
	}
}

static void sensor_begin_window(struct sensor *s)
{
	s->sync = BATCH_SYNCHRONISED;
	s->bound_ns = 0;
	sensor_look_at_clock(s);
}

static int sensor_emit_batch(struct sensor *s, struct batch_layout *layout,
			     int64_t from_ns, int64_t to_ns,
			     unsigned int flags,
			     const struct batch_result *results)
{
	struct batch *b = batch_new(layout);

	if (!b)
		return -ENOMEM;
	memcpy(b->results, results,
	       batch_layout_size(layout) * sizeof(*results));
	b->from_ns = from_ns;
	b->to_ns = to_ns;
	b->offset_ns = s->epoch.offset_ns;
	b->epoch = s->epoch.number;
	b->flags = flags;
	b->bound_ns = s->bound_ns;
	b->stamp_bound_ns = s->stamp_bound_ns;
	b->sync = s->sync;
	b->clock = s->src->clock;
	return s->out(s->ctx, b);
}

static void sensor_emit(void *ctx, int64_t from_ns, int64_t to_ns,
			unsigned int flags, const struct batch_result *results)
{
	struct sensor *s = ctx;
	unsigned int n = batch_layout_size(s->layout);

	sensor_look_at_clock(s);
	if (sensor_emit_batch(s, s->layout, from_ns, to_ns, flags, results))
		for (unsigned int i = 0; i < n; i++)
			s->since.dropped[LEDGER_DROP_STORE] += results[i].count;
	sensor_begin_window(s);
}

static bool sensor_is_returned(const struct source_channel *c)
{
	return c->decode.format.is_signed &&
	       strcmp(c->meaning.channel.quantity, "apparent_energy");
}

static void sensor_name_returned(struct batch_channel *c)
{
	static const char tail[] = "returned";
	const int room = BATCH_NAME - (int)sizeof(tail) - 1;
	const struct batch_channel of = *c;

	snprintf(c->channel, sizeof(c->channel), "%.*s-%s", room, of.channel,
		 tail);
	snprintf(c->quantity, sizeof(c->quantity), "%.*s_%s", room,
		 of.quantity, tail);
}

/* Finds the indices; @channels and @windows have room for twice as many. */
static int sensor_set_up_counters(struct sensor *s,
				  struct batch_channel *channels,
				  struct window_channel *windows)
{
	const struct source *src = s->src;

	s->channels = src->channels;
	s->counters = calloc(src->channels + 1, sizeof(*s->counters));
	if (!s->counters)
		return -ENOMEM;
	for (unsigned int i = 0; s->energy && i < src->channels; i++) {
		struct sensor_counter *c = &s->counters[s->ncounters];

		if (windows[i].reduce != WINDOW_COUNTER)
			continue;
		c->column = i;
		c->counter = energy_index_counter(s->energy, s->name,
						  channels[i].channel);
		if (!c->counter)
			return -ENOMEM;
		s->ncounters++;
		if (!sensor_is_returned(&src->channel[i]))
			continue;
		c->returned = s->channels++;
		channels[c->returned] = channels[i];
		windows[c->returned] = windows[i];
		sensor_name_returned(&channels[c->returned]);
	}
	return 0;
}

/* What flowed while nobody captured is in the first difference. */
static void sensor_go_on_counting(struct sensor *s)
{
	for (unsigned int i = 0; i < s->ncounters; i++) {
		const struct sensor_counter *c = &s->counters[i];
		double taken, returned;

		if (!energy_counter_value(c->counter, &taken, &returned))
			continue;
		window_set_before(s->window, c->column, taken);
		if (c->returned)
			window_set_before(s->window, c->returned, returned);
	}
}

static void sensor_emit_power(void *ctx, int64_t from_ns, int64_t to_ns,
			      unsigned int flags,
			      const struct batch_result *results)
{
	struct sensor *s = ctx;

	sensor_look_at_clock(s);
	if (sensor_emit_batch(s, power_layout(s->power), from_ns, to_ns, flags,
			      results))
		power_lost(s->power, results);
}

static void sensor_power_event(void *ctx, const struct power_quality_event *e)
{
	struct sensor *s = ctx;

	s->event(s->ctx, e);
}

static int sensor_set_up(struct sensor *s)
{
	const struct source *src = s->src;
	struct batch_channel channels[2 * src->channels];
	struct window_channel windows[2 * src->channels];
	const struct power_ops power = {
		.event = sensor_power_event, .results = sensor_emit_power,
	};
	unsigned int n;

	for (unsigned int i = 0; i < src->channels; i++) {
		channels[i] = src->channel[i].meaning.channel;
		windows[i] = src->channel[i].meaning.window;
	}
	if (sensor_set_up_counters(s, channels, windows))
		return -ENOMEM;
	n = s->channels;
	s->layout = batch_layout_new(s->name, n, channels);
	s->window = window_new(s->window_ns, src->rate_hz, n, windows,
			       sensor_emit, s);
	power_free(s->power);
	s->power = power_new(s->name, s->conf, src, &power, s);
	s->values = calloc(n * src->block_scans, sizeof(*s->values));
	s->columns = calloc(n, sizeof(*s->columns));
	s->raw = calloc(src->block_scans, sizeof(*s->raw));
	s->boot_ns = calloc(src->block_scans, sizeof(*s->boot_ns));
	s->utc_ns = calloc(src->block_scans, sizeof(*s->utc_ns));
	if (!s->layout || !s->window || !s->values || !s->columns || !s->raw ||
	    !s->boot_ns || !s->utc_ns)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		s->columns[i] = s->values + i * src->block_scans;
	sensor_go_on_counting(s);
	return 0;
}

static int sensor_keep_private(struct sensor *s)
{
	unsigned int found = privacy_filter(s->src);

	if (!found)
		return 0;
	log_info("%s: %u of its channels are waveforms of sound, which are not captured",
		 s->name, found);
	if (s->src->channels)
		return 0;
	snprintf(s->src->why, sizeof(s->src->why),
		 "has waveforms of sound only, and those are never captured");
	return -EACCES;
}

int sensor_arm(struct sensor *s)
{
	int err = s->src->ops->arm(s->src);

	if (err)
		return err;
	s->armed = true;
	s->learns = s->src->rate_hz <= 0;
	s->mutes = false;
	s->last_ns = 0;
	s->nintervals = 0;
	s->heard_ns = clock_now_ns(s->clock);
	s->epoch = *clock_epoch(s->clock);
	sensor_begin_window(s);
	err = sensor_keep_private(s);
	if (!err && sensor_set_up(s)) {
		err = -ENOMEM;
		snprintf(s->src->why, sizeof(s->src->why), "no memory");
	}
	if (err)
		sensor_disarm(s);
	return err;
}

void sensor_disarm(struct sensor *s)
{
	if (!s->armed)
		return;
	sensor_read_events(s);
	s->src->ops->disarm(s->src);
	s->armed = false;
	if (s->window)
		window_close(s->window);
	if (s->power)
		power_end(s->power);
	sensor_forget(s);
}

int64_t sensor_boottime(const struct sensor *s, int64_t utc_ns)
{
	return utc_ns - s->epoch.offset_ns;
}

int sensor_fd(struct sensor *s)
{
	return s->src->ops->fd(s->src);
}

int sensor_event_fd(struct sensor *s)
{
	return s->src->ops->event_fd ? s->src->ops->event_fd(s->src) : -1;
}

/* The epoch of an instant; events are younger than the open window or nearly so. */
static const struct clock_epoch *sensor_epoch_at(const struct sensor *s,
						 int64_t boot_ns)
{
	const struct clock_epoch *at = &s->epoch, *e;

	while ((e = clock_next(s->clock, at->id)) && boot_ns >= e->from_ns)
		at = e;
	return at;
}

static struct batch *sensor_event_batch(const struct sensor *s,
					const struct batch_channel *what,
					int64_t boot_ns)
{
	const struct clock_epoch *e = sensor_epoch_at(s, boot_ns);
	struct batch_layout *l = batch_layout_new(s->events_name, 1, what);
	struct batch *b = l ? batch_new(l) : NULL;

	batch_layout_put(l);
	if (!b)
		return NULL;
	b->from_ns = boot_ns + e->offset_ns;
	b->to_ns = b->from_ns;
	b->offset_ns = e->offset_ns;
	b->epoch = e->number;
	b->flags = BATCH_EVENT;
	b->sync = e->sync;
	b->bound_ns = e->bound_ns;
	b->stamp_bound_ns = BATCH_UNKNOWN;
	b->clock = s->src->clock;
	b->results[0] = (struct batch_result){
		.mean = NAN, .min = NAN, .max = NAN, .rms = NAN, .last = 1,
		.instant_ns = b->from_ns, .count = 1,
	};
	return b;
}

void sensor_add_event(struct sensor *s, const struct batch_channel *what,
		      int64_t boot_ns)
{
	struct batch *b = sensor_event_batch(s, what, boot_ns);

	s->events_since.captured++;
	if (!b || s->out(s->ctx, b))
		s->events_since.dropped[LEDGER_DROP_STORE]++;
}

static int64_t sensor_event_instant(const struct sensor *s, int64_t t_ns,
				    int64_t now_ns)
{
	if (s->src->clock == BATCH_CLOCK_BOOTTIME)
		return t_ns;
	if (s->src->clock == BATCH_CLOCK_READ)
		return now_ns;
	return clock_boottime_of(s->clock, s->src->clock, t_ns, now_ns);
}

int sensor_read_events(struct sensor *s)
{
	struct source_event e[SENSOR_EVENTS];
	int64_t now_ns = clock_now_ns(s->clock);
	int n;

	if (sensor_event_fd(s) < 0)
		return 0;
	n = s->src->ops->events(s->src, e, SENSOR_EVENTS);
	for (int i = 0; i < n; i++)
		sensor_add_event(s, &e[i].what,
				 sensor_event_instant(s, e[i].t_ns, now_ns));
	return n;
}

/* The instants of a block, in boottime. */
static void sensor_stamp(struct sensor *s, const uint8_t *block, size_t n)
{
	const struct source *src = s->src;

	if (src->clock == BATCH_CLOCK_READ) {
		for (size_t i = 0; i < n; i++)
			s->boot_ns[i] = s->heard_ns;
		return;
	}
	decode_column(&src->stamp, block, src->scan_size, n, s->boot_ns);
	if (src->clock == BATCH_CLOCK_BOOTTIME)
		return;
	for (size_t i = 0; i < n; i++)
		s->boot_ns[i] = clock_boottime_of(s->clock, src->clock,
						  s->boot_ns[i], s->heard_ns);
}

/* Go on to the epoch of a sample; never back. */
static void sensor_follow_clock(struct sensor *s, int64_t boot_ns)
{
	const struct clock_epoch *e;

	while ((e = clock_next(s->clock, s->epoch.id)) && boot_ns >= e->from_ns) {
		bool stepped = e->offset_ns != s->epoch.offset_ns;

		if (stepped)
			window_cut(s->window);
		if (stepped && s->power)
			power_cut(s->power,
				  e->offset_ns - s->epoch.offset_ns);
		s->epoch = *e;
		if (stepped)
			sensor_begin_window(s);
		else
			sensor_look_at_clock(s);
	}
}

/* Windows are fed by runs of one epoch. */
static uint64_t sensor_feed(struct sensor *s, size_t n)
{
	uint64_t unknown = 0;

	for (size_t at = 0, run; at < n; at += run) {
		const struct clock_epoch *next;

		sensor_follow_clock(s, s->boot_ns[at]);
		next = clock_next(s->clock, s->epoch.id);
		for (run = 0; at + run < n; run++) {
			int64_t boot_ns = s->boot_ns[at + run];

			if (next && run && boot_ns >= next->from_ns)
				break;
			s->utc_ns[at + run] = boot_ns + s->epoch.offset_ns;
		}
		unknown += window_feed(s->window, s->utc_ns, s->columns, at,
				       run);
		if (s->power)
			power_feed(s->power, s->utc_ns, s->columns, at, run);
		if (s->tap)
			s->tap(s->ctx, s->utc_ns, s->columns, at, run);
	}
	return unknown;
}

static int sensor_by_length(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median, so that a tick left out does not count. */
static void sensor_learn(struct sensor *s, int64_t boot_ns)
{
	int64_t sorted[SENSOR_LEARN];
	int64_t interval = boot_ns - s->last_ns;

	if (s->last_ns && interval > 0)
		s->intervals[s->nintervals++ % SENSOR_LEARN] = interval;
	s->last_ns = boot_ns;
	if (s->nintervals < SENSOR_LEARN)
		return;
	memcpy(sorted, s->intervals, sizeof(sorted));
	qsort(sorted, SENSOR_LEARN, sizeof(sorted[0]), sensor_by_length);
	s->src->rate_hz = 1e9 / (double)sorted[SENSOR_LEARN / 2];
	s->mutes = s->src->rate_hz > PRIVACY_SOUND_HZ;
	window_set_rate(s->window, s->src->rate_hz);
}

/* Its rate was not known when it was armed. */
static void sensor_mute(struct sensor *s, unsigned int channel, size_t n)
{
	double *values = s->values + channel * s->src->block_scans;

	if (!privacy_is_sound(&s->src->channel[channel].meaning,
			      s->src->rate_hz))
		return;
	for (size_t i = 0; i < n; i++)
		values[i] = NAN;
}

static void sensor_block(struct sensor *s, const uint8_t *block, size_t n)
{
	const struct source *src = s->src;

	sensor_stamp(s, block, n);
	for (size_t i = 0; s->learns && i < n; i++)
		sensor_learn(s, s->boot_ns[i]);
	for (unsigned int i = 0; i < src->channels; i++) {
		const struct source_channel *c = &src->channel[i];

		decode_column(&c->decode, block, src->scan_size, n, s->raw);
		meaning_convert(&c->meaning, s->raw, n,
				s->values + i * src->block_scans);
		if (s->mutes)
			sensor_mute(s, i, n);
	}
	for (unsigned int i = 0; i < s->ncounters; i++) {
		const struct sensor_counter *c = &s->counters[i];

		energy_counter_feed(c->counter, src->binding,
				    s->values + c->column * src->block_scans,
				    c->returned ? s->values + c->returned *
				    src->block_scans : NULL, n);
	}
	s->since.dropped[LEDGER_DROP_UNKNOWN] += sensor_feed(s, n);
}

#ifdef CITYHUB_TEST_FAULTS
/* A planted fault for the tests of the ledger: lose a block, tell nobody. */
static bool sensor_fault_drop(void)
{
	static const char *every;
	static unsigned int n;

	every = getenv("CITYHUB_TEST_DROP_EVERY");
	return every && atoi(every) > 0 && ++n % (unsigned int)atoi(every) == 0;
}
#else
static bool sensor_fault_drop(void)
{
	return false;
}
#endif

int sensor_read(struct sensor *s)
{
	const struct source *src = s->src;
	const uint8_t *block;

	for (int i = 0; i < SENSOR_BLOCKS; i++) {
		ssize_t len = src->ops->read(s->src, &block);
		size_t n;

		if (len == -EAGAIN)
			return 0;
		if (len < 0)
			return (int)len;
		n = (size_t)len / src->scan_size;
		s->heard_ns = clock_now_ns(s->clock);
		s->since.captured += n * s->channels;
		if (!sensor_fault_drop())
			sensor_block(s, block, n);
		if (n < src->block_scans)
			return 0;
	}
	return 0;
}

static int64_t sensor_stall_ns(const struct sensor *s)
{
	double period_ns = s->src->rate_hz > 0 ? 1e9 / s->src->rate_hz : 0;
	int64_t wait = (int64_t)(SENSOR_STALL_PERIODS * period_ns *
				 (double)s->src->block_scans);

	if (!wait)
		return SENSOR_STALL_UNKNOWN_NS;
	return wait > SENSOR_STALL_MIN_NS ? wait : SENSOR_STALL_MIN_NS;
}

int sensor_tick(struct sensor *s, int64_t boot_ns)
{
	int err = 0;

	if (!s->armed)
		return 0;
	if (boot_ns - s->heard_ns > sensor_stall_ns(s)) {
		/* A device that was unbound wakes no poll on some kernels. */
		err = sensor_read(s);
		if (!err && boot_ns - s->heard_ns > sensor_stall_ns(s)) {
			err = s->src->ops->check(s->src);
			s->heard_ns = boot_ns;
		}
	}
	sensor_look_at_clock(s);
	window_flush(s->window, boot_ns + s->epoch.offset_ns, SENSOR_GRACE_NS);
	return err;
}

int sensor_check(struct sensor *s)
{
	return s->armed ? s->src->ops->check(s->src) : 0;
}

static uint64_t sensor_pending(const struct sensor *s)
{
	return s->window ? window_pending(s->window) : 0;
}

bool sensor_account(const struct sensor *s, struct ledger_sensor *since)
{
	*since = s->since;
	since->pending = sensor_pending(s);
	return since->captured || ledger_dropped(since) ||
	       since->pending != s->pending_told;
}

void sensor_accounted(struct sensor *s)
{
	memset(&s->since, 0, sizeof(s->since));
	s->pending_told = sensor_pending(s);
}

bool sensor_account_events(const struct sensor *s, struct ledger_sensor *since)
{
	*since = s->events_since;
	return since->captured;
}

void sensor_accounted_events(struct sensor *s)
{
	memset(&s->events_since, 0, sizeof(s->events_since));
}

const char *sensor_events_name(const struct sensor *s)
{
	return s->events_name;
}

void sensor_set_stamp_bound(struct sensor *s, int64_t bound_ns)
{
	s->stamp_bound_ns = bound_ns;
}

const char *sensor_name(const struct sensor *s)
{
	return s->name;
}

const char *sensor_key(const struct sensor *s)
{
	return s->src->key;
}

const char *sensor_meter(const struct sensor *s)
{
	return s->src->meter;
}

const char *sensor_why(const struct sensor *s)
{
	return s->src->why;
}

double sensor_rate(const struct sensor *s)
{
	return s->src->rate_hz;
}

struct batch_layout *sensor_layout(const struct sensor *s)
{
	return s->layout;
}

const struct window_channel *sensor_windows(const struct sensor *s)
{
	return window_channels(s->window);
}

const struct source *sensor_source(const struct sensor *s)
{
	return s->src;
}

struct power *sensor_power(const struct sensor *s)
{
	return s->power;
}
