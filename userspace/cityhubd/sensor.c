// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/sensor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cityhubd/window.h"

/* Blocks read in one go, lest one sensor keep the others waiting. */
#define SENSOR_BLOCKS		8
/* A window is over when its last block had this long to come. */
#define SENSOR_GRACE_NS		300000000
#define SENSOR_STALL_PERIODS	3
#define SENSOR_STALL_MIN_NS	3000000000
#define SENSOR_STALL_UNKNOWN_NS	30000000000	/* when the rate is not known */

#define SENSOR_LEARN		8	/* intervals the rate is learnt from */

struct sensor {
	struct source *src;
	char name[BATCH_NAME];
	int64_t window_ns;
	const struct clock_map *clock;
	sensor_out out;
	void *ctx;
	struct batch_layout *layout;
	struct window *window;
	/* One block, column by column. */
	double *values;
	const double **columns;
	int64_t *raw;
	int64_t *utc_ns;
	struct ledger_sensor since;
	uint64_t pending_told;
	int64_t stamp_bound_ns;
	int64_t heard_ns;	/* boottime of the last block or check */
	bool armed;
	/* A trigger does not tell its rate: it is learnt from the stamps. */
	bool learns;
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
	s->window_ns = conf->window_ns;
	s->clock = conf->clock;
	s->out = conf->out;
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
	free(s->utc_ns);
	s->layout = NULL;
	s->window = NULL;
	s->values = NULL;
	s->columns = NULL;
	s->raw = NULL;
	s->utc_ns = NULL;
}

void sensor_free(struct sensor *s)
{
	if (!s)
		return;
	sensor_disarm(s);
	sensor_forget(s);
	s->src->ops->close(s->src);
	free(s);
}

static void sensor_emit(void *ctx, int64_t from_ns, int64_t to_ns,
			const struct batch_result *results)
{
	struct sensor *s = ctx;
	struct batch *b = batch_new(s->layout);
	unsigned int n = batch_layout_size(s->layout);

	if (!b) {
		for (unsigned int i = 0; i < n; i++)
			s->since.dropped[LEDGER_DROP_STORE] += results[i].count;
		return;
	}
	memcpy(b->results, results, n * sizeof(*results));
	b->from_ns = from_ns;
	b->to_ns = to_ns;
	b->offset_ns = s->clock->offset_ns;
	b->bound_ns = s->clock->bound_ns;
	b->stamp_bound_ns = s->stamp_bound_ns;
	b->sync = s->clock->sync;
	b->clock = s->src->clock;
	s->out(s->ctx, b);
}

static int sensor_set_up(struct sensor *s)
{
	const struct source *src = s->src;
	unsigned int n = src->channels;
	struct batch_channel channels[n];
	struct window_channel windows[n];

	for (unsigned int i = 0; i < n; i++) {
		channels[i] = src->channel[i].meaning.channel;
		windows[i] = src->channel[i].meaning.window;
	}
	s->layout = batch_layout_new(s->name, n, channels);
	s->window = window_new(s->window_ns, src->rate_hz, n, windows,
			       sensor_emit, s);
	s->values = calloc(n * src->block_scans, sizeof(*s->values));
	s->columns = calloc(n, sizeof(*s->columns));
	s->raw = calloc(src->block_scans, sizeof(*s->raw));
	s->utc_ns = calloc(src->block_scans, sizeof(*s->utc_ns));
	if (!s->layout || !s->window || !s->values || !s->columns || !s->raw ||
	    !s->utc_ns)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		s->columns[i] = s->values + i * src->block_scans;
	return 0;
}

int sensor_arm(struct sensor *s)
{
	int err = s->src->ops->arm(s->src);

	if (err)
		return err;
	s->armed = true;
	s->learns = s->src->rate_hz <= 0;
	s->last_ns = 0;
	s->nintervals = 0;
	s->heard_ns = clock_boottime_ns();
	err = sensor_set_up(s);
	if (err) {
		snprintf(s->src->why, sizeof(s->src->why), "no memory");
		sensor_disarm(s);
	}
	return err;
}

void sensor_disarm(struct sensor *s)
{
	if (!s->armed)
		return;
	s->src->ops->disarm(s->src);
	s->armed = false;
	if (s->window)
		window_close(s->window);
	sensor_forget(s);
}

int sensor_fd(struct sensor *s)
{
	return s->src->ops->fd(s->src);
}

static void sensor_stamp(struct sensor *s, const uint8_t *block, size_t n)
{
	const struct source *src = s->src;

	if (src->clock == BATCH_CLOCK_READ) {
		for (size_t i = 0; i < n; i++)
			s->utc_ns[i] = s->heard_ns;
	} else {
		decode_column(&src->stamp, block, src->scan_size, n, s->utc_ns);
	}
	for (size_t i = 0; i < n; i++)
		s->utc_ns[i] = clock_map_utc(s->clock, src->clock,
					     s->utc_ns[i]);
}

static int sensor_by_length(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median, so that a tick left out does not count. */
static void sensor_learn(struct sensor *s, int64_t utc_ns)
{
	int64_t sorted[SENSOR_LEARN];
	int64_t interval = utc_ns - s->last_ns;

	if (s->last_ns && interval > 0)
		s->intervals[s->nintervals++ % SENSOR_LEARN] = interval;
	s->last_ns = utc_ns;
	if (s->nintervals < SENSOR_LEARN)
		return;
	memcpy(sorted, s->intervals, sizeof(sorted));
	qsort(sorted, SENSOR_LEARN, sizeof(sorted[0]), sensor_by_length);
	s->src->rate_hz = 1e9 / (double)sorted[SENSOR_LEARN / 2];
	window_set_rate(s->window, s->src->rate_hz);
}

static void sensor_block(struct sensor *s, const uint8_t *block, size_t n)
{
	const struct source *src = s->src;

	sensor_stamp(s, block, n);
	for (size_t i = 0; s->learns && i < n; i++)
		sensor_learn(s, s->utc_ns[i]);
	for (unsigned int i = 0; i < src->channels; i++) {
		const struct source_channel *c = &src->channel[i];

		decode_column(&c->decode, block, src->scan_size, n, s->raw);
		meaning_convert(&c->meaning, s->raw, n,
				s->values + i * src->block_scans);
	}
	s->since.dropped[LEDGER_DROP_UNKNOWN] +=
		window_feed(s->window, s->utc_ns, s->columns, n);
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
		s->heard_ns = clock_boottime_ns();
		s->since.captured += n * src->channels;
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
	int64_t utc_ns = clock_map_utc(s->clock, BATCH_CLOCK_BOOTTIME, boot_ns);
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
	window_flush(s->window, utc_ns, SENSOR_GRACE_NS);
	return err;
}

bool sensor_account(struct sensor *s, struct ledger_sensor *since)
{
	uint64_t pending = s->window ? window_pending(s->window) : 0;
	bool news = s->since.captured || ledger_dropped(&s->since) ||
		    pending != s->pending_told;

	*since = s->since;
	since->pending = pending;
	memset(&s->since, 0, sizeof(s->since));
	s->pending_told = pending;
	return news;
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

const char *sensor_why(const struct sensor *s)
{
	return s->src->why;
}

double sensor_rate(const struct sensor *s)
{
	return s->src->rate_hz;
}
