// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source to store: a source of our own through sensor, window and capture,
 * with its failures.
 */
#include "unit.h"

#include "fake_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include "cityhubd/capture.h"
#include "cityhubd/sensor.h"
#include "cityhubd/store.h"
#include "common/log.h"
#include "common/store_reader.h"

#define BLOCK	10

/* be:u16 value, 6 bytes of padding, le:s64 stamp */
struct scan {
	uint8_t value[2];
	uint8_t padding[6];
	int64_t stamp;
};

struct fake {
	struct source source;
	struct source_channel channel;
	struct scan scans[BLOCK];
	size_t n;
	int fd;
	struct source_event event;
	int event_fd;
	int nevents, event_error;
	int arm_error, read_error, check_error;
	unsigned int arms, disarms, checks;
};

static unsigned int closes;

static int fake_arm(struct source *s)
{
	struct fake *f = (struct fake *)s;

	f->arms++;
	snprintf(s->why, sizeof(s->why), "does not want to");
	return f->arm_error;
}

static int fake_fd(struct source *s)
{
	return ((struct fake *)s)->fd;
}

static ssize_t fake_read(struct source *s, const uint8_t **block)
{
	struct fake *f = (struct fake *)s;
	eventfd_t drained;
	size_t n = f->n;

	if (f->read_error)
		return f->read_error;
	if (!n)
		return -EAGAIN;
	f->n = 0;
	ck_assert_int_eq(eventfd_read(f->fd, &drained), 0);
	*block = (const uint8_t *)f->scans;
	return (ssize_t)(n * sizeof(struct scan));
}

static int fake_check(struct source *s)
{
	struct fake *f = (struct fake *)s;

	f->checks++;
	return f->check_error;
}

static void fake_disarm(struct source *s)
{
	((struct fake *)s)->disarms++;
}

static void fake_close(struct source *s)
{
	struct fake *f = (struct fake *)s;

	closes++;
	close(f->fd);
	free(f);
}

static int fake_event_fd(struct source *s)
{
	return ((struct fake *)s)->event_fd;
}

static int fake_events(struct source *s, struct source_event *e, size_t room)
{
	struct fake *f = (struct fake *)s;
	int n = f->nevents;

	ck_assert_uint_ge(room, 1);
	if (f->event_error)
		return f->event_error;
	if (n)
		e[0] = f->event;
	f->nevents = 0;
	return n;
}

static const struct source_ops fake_ops = {
	.event_fd = fake_event_fd, .events = fake_events,
	.arm = fake_arm, .fd = fake_fd, .read = fake_read,
	.check = fake_check, .disarm = fake_disarm, .close = fake_close,
};

static struct fake *fake_new(const char *name)
{
	struct decode_channel layout[2] = {
		{ .format = { .bits = 16, .storage = 16, .is_be = true } },
		{ .format = { .bits = 64, .storage = 64, .is_signed = true } },
	};
	const struct meaning_input in = {
		.device = "sen66", .id = "concentration_co2", .scale = 0.0001,
		.format = layout[0].format,
	};
	struct fake *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	f->fd = eventfd(0, EFD_NONBLOCK);
	f->event_fd = -1;
	f->source.ops = &fake_ops;
	snprintf(f->source.key, sizeof(f->source.key), "fake:%s", name);
	snprintf(f->source.name, sizeof(f->source.name), "%s", name);
	f->source.rate_hz = 10;
	f->source.block_scans = BLOCK;
	f->source.scan_size = (size_t)decode_compile(layout, 2);
	ck_assert_uint_eq(f->source.scan_size, sizeof(struct scan));
	f->source.stamp = layout[1];
	f->source.channels = 1;
	f->channel.decode = layout[0];
	meaning_find(&in, &f->channel.meaning);
	f->source.channel = &f->channel;
	return f;
}

static void deliver(struct fake *f, int64_t stamp, unsigned int value)
{
	ck_assert_uint_lt(f->n, BLOCK);
	f->scans[f->n].value[0] = (uint8_t)(value >> 8);
	f->scans[f->n].value[1] = (uint8_t)value;
	f->scans[f->n].stamp = stamp;
	f->n++;
	ck_assert_int_eq(eventfd_write(f->fd, 1), 0);
}

/* ---- one sensor ---------------------------------------------------------- */

static struct fake_clock kernel;
static struct clock *fake_utc;
static struct energy_index *energy;
static struct batch *out[64];
static int out_error;
static unsigned int nout;

static int take(void *ctx, struct batch *b)
{
	(void)ctx;
	ck_assert_uint_lt(nout, 64);
	if (out_error)
		batch_free(b);
	else
		out[nout++] = b;
	return out_error;
}

static struct sensor *sensor(struct fake *f)
{
	const struct sensor_conf conf = {
		.name = "co2", .window_ns = SECOND, .clock = fake_utc, .out = take,
		.energy = energy,
	};
	struct sensor *s = sensor_new(&f->source, &conf);

	ck_assert_ptr_nonnull(s);
	return s;
}

static void setup(void)
{
	log_set_level(LOG_LEVEL_ERROR - 1);
	kernel = (struct fake_clock){
		.boot_ns = 5 * SECOND, .offset_ns = 1000 * SECOND,
		.synchronised = true, .maxerror_ns = 5,
	};
	fake_utc = clock_new(&fake_clock_ops, &kernel);
	ck_assert_ptr_nonnull(fake_utc);
	clock_resume(fake_utc, NULL);
	nout = 0;
	out_error = 0;
	closes = 0;
	energy = NULL;
}

static void teardown(void)
{
	while (nout)
		batch_free(out[--nout]);
	clock_free(fake_utc);
	energy_index_free(energy);
}

START_TEST(a_block_becomes_a_batch)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);
	struct ledger_sensor l;

	ck_assert_int_eq(sensor_arm(s), 0);
	deliver(f, 5 * SECOND, 400);
	deliver(f, 5 * SECOND + 1, 0xffff);
	deliver(f, 5 * SECOND + 2, 600);
	deliver(f, 6 * SECOND, 700);
	ck_assert_int_eq(sensor_read(s), 0);
	ck_assert_uint_eq(nout, 1);
	ck_assert_int_eq(out[0]->from_ns, 1005 * SECOND);
	ck_assert_int_eq(out[0]->offset_ns, 1000 * SECOND);
	ck_assert_int_eq(out[0]->bound_ns, 5);
	ck_assert_str_eq(batch_layout_sensor(out[0]->layout), "co2");
	ck_assert_double_eq_tol(out[0]->results[0].mean, 500, 1e-9);
	ck_assert_uint_eq(out[0]->results[0].count, 2);
	ck_assert_uint_eq(out[0]->results[0].expected, 10);
	ck_assert_int_eq(out[0]->results[0].instant_ns, 1005 * SECOND + 2);
	ck_assert(sensor_account(s, &l));
	ck_assert_uint_eq(l.captured, 4);
	ck_assert_uint_eq(l.pending, 1);
	ck_assert_uint_eq(l.dropped[LEDGER_DROP_UNKNOWN], 1);
	ck_assert(sensor_account(s, &l));	/* nobody took it over yet */
	sensor_accounted(s);
	ck_assert(!sensor_account(s, &l));
	sensor_disarm(s);
	ck_assert_uint_eq(nout, 2);
	ck_assert(sensor_account(s, &l));
	ck_assert_uint_eq(l.pending, 0);
	sensor_free(s);
	ck_assert_uint_eq(closes, 1);
}
END_TEST

START_TEST(a_batch_that_finds_no_place_is_counted)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);
	struct ledger_sensor l;

	ck_assert_int_eq(sensor_arm(s), 0);
	out_error = -ENOMEM;
	deliver(f, 5 * SECOND, 400);
	deliver(f, 5 * SECOND + 1, 400);
	deliver(f, 6 * SECOND, 700);
	ck_assert_int_eq(sensor_read(s), 0);
	ck_assert(sensor_account(s, &l));
	ck_assert_uint_eq(l.captured, 3);
	ck_assert_uint_eq(l.pending, 1);
	ck_assert_uint_eq(l.dropped[LEDGER_DROP_STORE], 2);
	sensor_free(s);
}
END_TEST

/*
 * 20 s of 10 samples/s, read in blocks of three, and the clock is set
 * in between. By number the samples are 0 to 199, at 5 s + n/10 of boottime.
 */
#define STEP_SAMPLES	200
#define STEP_AT		(15 * SECOND + 50000000)

static void run_over_a_step(struct sensor *s, struct fake *f, int64_t by_ns)
{
	bool set = false;

	for (int i = 0; i < STEP_SAMPLES; i++) {
		int64_t at = 5 * SECOND + i * (SECOND / 10);

		if (!set && at > STEP_AT) {
			kernel.boot_ns = STEP_AT;
			kernel.offset_ns += by_ns;
			kernel.synchronised = false;
			clock_check(fake_utc);
			set = true;
		}
		kernel.boot_ns = at;
		deliver(f, at, (unsigned int)i);
		/* The step lies within a block, windows end within others. */
		if (i % 3 == 2)
			ck_assert_int_eq(sensor_read(s), 0);
		if (i % 10 == 3) {
			clock_check(fake_utc);
			ck_assert_int_eq(sensor_tick(s, at), 0);
		}
	}
	ck_assert_int_eq(sensor_read(s), 0);
	sensor_disarm(s);
}

static void check_order(int64_t by_ns)
{
	int64_t offset = 1000 * SECOND;
	unsigned int next = 0, stepped = 0;

	for (unsigned int i = 0; i < nout; i++) {
		const struct batch_result *r = &out[i]->results[0];
		unsigned int last = next + r->count - 1;
		int64_t boot = 5 * SECOND + last * (SECOND / 10);

		if (boot > STEP_AT)
			offset = 1000 * SECOND + by_ns;
		ck_assert_int_eq(out[i]->offset_ns, offset);
		ck_assert_uint_eq(out[i]->epoch, boot > STEP_AT ? 2 : 1);
		ck_assert_int_eq(out[i]->from_ns % SECOND, 0);
		ck_assert_int_eq(r->instant_ns, boot + offset);
		ck_assert_int_ge(r->instant_ns, out[i]->from_ns);
		ck_assert_int_lt(r->instant_ns, out[i]->to_ns);
		/* Those, all of those, and no others are in it. */
		ck_assert_double_eq(r->min, next);
		ck_assert_double_eq(r->max, last);
		ck_assert_double_eq(r->last, last);
		ck_assert_double_eq_tol(r->mean, (next + last) / 2.0, 1e-9);
		stepped += out[i]->flags == BATCH_STEP;
		if (out[i]->flags)
			ck_assert_uint_lt(r->count, 10);
		else
			ck_assert_uint_eq(r->count, 10);
		ck_assert_int_eq(out[i]->sync, boot > STEP_AT ?
				 BATCH_UNSYNCHRONISED : BATCH_SYNCHRONISED);
		next = last + 1;
	}
	ck_assert_uint_eq(next, STEP_SAMPLES);
	ck_assert_uint_eq(stepped, 2);
}

START_TEST(a_step_loses_doubles_and_reorders_nothing)
{
	static const int64_t by[] = { 1, -1, 3600, -3600 };
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);
	struct ledger_sensor l;

	f->channel.meaning.factor = 1;
	ck_assert_int_eq(sensor_arm(s), 0);
	run_over_a_step(s, f, by[_i] * SECOND);
	check_order(by[_i] * SECOND);
	ck_assert(sensor_account(s, &l));
	ck_assert_uint_eq(l.captured, STEP_SAMPLES);
	ck_assert_uint_eq(l.pending, 0);
	sensor_free(s);
}
END_TEST

/* A suspend cuts no window, and what the clock says since then counts. */
START_TEST(a_suspend_cuts_no_window)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);

	ck_assert_int_eq(sensor_arm(s), 0);
	deliver(f, 5 * SECOND, 400);
	ck_assert_int_eq(sensor_read(s), 0);
	kernel.suspend_ns += SECOND / 4;
	kernel.boot_ns += SECOND / 2;
	kernel.maxerror_ns = 70;
	clock_check(fake_utc);
	deliver(f, 5 * SECOND + 600000000, 500);
	deliver(f, 6 * SECOND, 500);
	ck_assert_int_eq(sensor_read(s), 0);
	ck_assert_uint_eq(nout, 1);
	ck_assert_uint_eq(out[0]->flags, 0);
	ck_assert_uint_eq(out[0]->results[0].count, 2);
	ck_assert_int_eq(out[0]->bound_ns, 70);
	sensor_free(s);
}
END_TEST

/* A batch has the worst of what the clock was in its window. */
START_TEST(the_worst_of_the_clock_counts)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);

	ck_assert_int_eq(sensor_arm(s), 0);
	deliver(f, 5 * SECOND, 400);
	ck_assert_int_eq(sensor_read(s), 0);
	kernel.maxerror_ns = 900;
	kernel.boot_ns += SECOND / 2;
	clock_check(fake_utc);
	ck_assert_int_eq(sensor_tick(s, kernel.boot_ns), 0);
	kernel.maxerror_ns = 5;
	kernel.boot_ns += SECOND / 4;
	clock_check(fake_utc);
	deliver(f, 6 * SECOND, 400);
	ck_assert_int_eq(sensor_read(s), 0);
	ck_assert_int_eq(out[0]->bound_ns, 900);
	kernel.synchronised = false;
	clock_check(fake_utc);
	ck_assert_int_eq(sensor_tick(s, kernel.boot_ns), 0);
	kernel.synchronised = true;
	for (int i = 0; i < 2; i++) {
		kernel.boot_ns += SECOND / 2;
		clock_check(fake_utc);
	}
	deliver(f, 7 * SECOND, 400);
	ck_assert_int_eq(sensor_read(s), 0);
	ck_assert_int_eq(out[1]->sync, BATCH_UNSYNCHRONISED);
	ck_assert_int_eq(out[1]->bound_ns, BATCH_UNKNOWN);
	deliver(f, 8 * SECOND, 400);
	ck_assert_int_eq(sensor_read(s), 0);
	ck_assert_int_eq(out[2]->sync, BATCH_SYNCHRONISED);
	ck_assert_int_eq(out[2]->bound_ns, 5);
	sensor_free(s);
}
END_TEST

/* A counter with a sign, in steps of 1 Wh. */
static struct fake *fake_counter(void)
{
	struct fake *f = fake_new("a");
	const struct meaning_input in = {
		.device = "ade9000-meter", .id = "energy0", .label = "L1-energy",
		.scale = 3600,
		.format = { .bits = 16, .storage = 16, .is_signed = true,
			    .is_be = true },
	};

	f->channel.decode.format.is_signed = true;
	meaning_find(&in, &f->channel.meaning);
	f->source.binding = 7;
	return f;
}

START_TEST(energy_goes_on_and_what_is_returned_is_beside_it)
{
	struct fake *f = fake_counter();
	struct sensor *s;
	struct ledger_sensor l;

	energy = energy_index_new("boot");
	s = sensor(f);
	ck_assert_int_eq(sensor_arm(s), 0);
	deliver(f, 5 * SECOND, 100);
	deliver(f, 5 * SECOND + 1, 110);
	deliver(f, 5 * SECOND + 2, 107);
	ck_assert_int_eq(sensor_read(s), 0);
	sensor_disarm(s);
	f->source.binding = 8;
	ck_assert_int_eq(sensor_arm(s), 0);
	deliver(f, 6 * SECOND, 2);
	ck_assert_int_eq(sensor_read(s), 0);
	sensor_disarm(s);
	ck_assert_uint_eq(nout, 2);
	ck_assert_uint_eq(batch_layout_size(out[0]->layout), 2);
	ck_assert_str_eq(batch_layout_channel(out[0]->layout, 1)->channel,
			 "L1-energy-returned");
	ck_assert_str_eq(batch_layout_channel(out[0]->layout, 1)->quantity,
			 "energy_returned");
	ck_assert_double_eq(out[0]->results[0].last, 110);
	ck_assert_double_eq(out[0]->results[1].last, 3);
	ck_assert_double_eq(out[1]->results[0].last, 112);
	/* Before the first nobody knows; then nothing is left out. */
	ck_assert_double_eq(out[0]->results[0].difference, 10);
	ck_assert_double_eq(out[0]->results[1].difference, 3);
	ck_assert_double_eq(out[1]->results[0].difference, 2);
	ck_assert_double_eq(out[1]->results[1].difference, 0);
	ck_assert_double_eq(out[1]->results[1].last, 3);
	ck_assert(sensor_account(s, &l));
	ck_assert_uint_eq(l.captured, 8);
	ck_assert_uint_eq(l.captured, batch_values(out[0]) + batch_values(out[1]));
	sensor_free(s);
}
END_TEST

START_TEST(an_event_is_a_message_with_its_instant)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);
	struct ledger_sensor l;

	f->event_fd = f->fd;
	f->event = (struct source_event){
		.what = { "L1-voltage-thresh-falling", "voltage_thresh_falling",
			  "1", "L1", 0 },
		.t_ns = 5 * SECOND + 123,
	};
	ck_assert_int_eq(sensor_arm(s), 0);
	ck_assert(!sensor_account_events(s, &l));
	f->nevents = 1;
	ck_assert_int_eq(sensor_read_events(s), 1);
	ck_assert_uint_eq(nout, 1);
	ck_assert_int_eq(out[0]->from_ns, 1005 * SECOND + 123);
	ck_assert_int_eq(out[0]->to_ns, out[0]->from_ns);
	ck_assert_int_eq(out[0]->results[0].instant_ns, out[0]->from_ns);
	ck_assert_int_eq(out[0]->sync, BATCH_SYNCHRONISED);
	ck_assert_uint_eq(out[0]->flags, BATCH_EVENT);
	ck_assert_str_eq(batch_layout_sensor(out[0]->layout), "co2.events");
	ck_assert_uint_eq(batch_values(out[0]), 1);
	/* What is there at the end is not left there; one is lost, and counted. */
	f->nevents = 1;
	out_error = -ENOMEM;
	sensor_disarm(s);
	ck_assert_int_eq(f->nevents, 0);
	ck_assert(sensor_account_events(s, &l));
	ck_assert_uint_eq(l.captured, 2);
	ck_assert_uint_eq(l.dropped[LEDGER_DROP_STORE], 1);
	sensor_accounted_events(s);
	ck_assert(!sensor_account_events(s, &l));
	f->event_error = -ENODEV;
	ck_assert_int_eq(sensor_read_events(s), -ENODEV);
	sensor_free(s);
}
END_TEST

/* The clock was set; the event was before that. */
START_TEST(an_event_belongs_to_the_epoch_of_its_instant)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);

	f->event_fd = f->fd;
	ck_assert_int_eq(sensor_arm(s), 0);
	kernel.boot_ns = 8 * SECOND;
	kernel.offset_ns += 3600 * SECOND;
	clock_check(fake_utc);
	f->event.t_ns = 6 * SECOND;
	f->nevents = 1;
	ck_assert_int_eq(sensor_read_events(s), 1);
	f->event.t_ns = 9 * SECOND;
	f->nevents = 1;
	ck_assert_int_eq(sensor_read_events(s), 1);
	ck_assert_int_eq(out[0]->from_ns, 1006 * SECOND);
	ck_assert_int_eq(out[1]->from_ns, 4609 * SECOND);
	ck_assert_uint_eq(out[1]->epoch, out[0]->epoch + 1);
	sensor_free(s);
}
END_TEST

START_TEST(errors_come_through)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);

	f->arm_error = -EBUSY;
	ck_assert_int_eq(sensor_arm(s), -EBUSY);
	ck_assert_str_eq(sensor_why(s), "does not want to");
	f->arm_error = 0;
	ck_assert_int_eq(sensor_arm(s), 0);
	f->read_error = -ENODEV;
	ck_assert_int_eq(sensor_read(s), -ENODEV);
	sensor_free(s);
	ck_assert_uint_eq(closes, 1);
}
END_TEST

START_TEST(a_stall_is_looked_into)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);
	int64_t now = kernel.boot_ns;

	ck_assert_int_eq(sensor_arm(s), 0);
	ck_assert_int_eq(sensor_tick(s, now + SECOND), 0);
	ck_assert_uint_eq(f->checks, 0);
	ck_assert_int_eq(sensor_tick(s, now + 4 * SECOND), 0);
	ck_assert_uint_eq(f->checks, 1);
	ck_assert_int_eq(sensor_tick(s, now + 5 * SECOND), 0);
	ck_assert_uint_eq(f->checks, 1);
	f->check_error = -EPIPE;
	ck_assert_int_eq(sensor_tick(s, now + 9 * SECOND), -EPIPE);
	sensor_free(s);
}
END_TEST

START_TEST(the_rate_is_learnt)
{
	struct fake *f = fake_new("a");
	struct sensor *s = sensor(f);

	f->source.rate_hz = 0;
	ck_assert_int_eq(sensor_arm(s), 0);
	for (int i = 0; i < 9; i++)
		deliver(f, 5 * SECOND + i * SECOND / 4 + (i == 5) * 1000, 400);
	ck_assert_int_eq(sensor_read(s), 0);
	ck_assert_double_eq_tol(sensor_rate(s), 4, 1e-3);
	ck_assert_uint_eq(out[0]->results[0].expected, 4);
	sensor_free(s);
}
END_TEST

/* ---- several, with the store behind them --------------------------------- */

static unsigned int faults;

static void on_fault(void *ctx, const char *name, const char *text)
{
	(void)ctx;
	(void)name;
	faults += text ? 1 : 0;
}

static unsigned int urgent;

static void on_urgent(void *ctx)
{
	(void)ctx;
	urgent++;
}

static unsigned int stalls;

static void collect_name(void *ctx, const char *name, double rate,
			 unsigned int n)
{
	(void)rate;
	stalls += n;
	strcat(ctx, name);
	strcat(ctx, " ");
}

static int keep_ledger(void *ctx, const char *name, const struct ledger_sensor *l)
{
	(void)name;
	ck_assert_int_eq(ledger_sensor_balance(l), 0);
	ledger_sensor_add(ctx, l);
	return 0;
}

static int skip_sink(void *ctx, const char *name, int64_t cursor,
		     const struct ledger_sink *l)
{
	(void)ctx, (void)name, (void)cursor, (void)l;
	return 0;
}

START_TEST(two_sensors_into_the_store)
{
	char dir[200], path[300], why[200], names[200] = "";
	struct loop *loop = loop_new();
	struct ledger_sensor sum = { 0 };
	struct store_reader *r;
	struct capture *c;
	struct store *s;
	struct conf conf;
	struct fake *a = fake_new("a/b"), *b = fake_new("a/b");

	faults = 0;
	unit_dir(dir, sizeof(dir), "pipeline");
	snprintf(path, sizeof(path), "%s/s.db", dir);
	conf_defaults(&conf);
	c = capture_new(loop, &conf, fake_utc, on_fault, NULL);
	s = store_open(&(struct store_conf){ .path = path, .hub = "h",
		.boot = "b", .max_bytes = 1000000, .allow_tmpfs = true });
	ck_assert_int_eq(store_start(s), 0);
	strcpy(b->source.key, "fake:other");
	ck_assert_int_eq(capture_add(c, &a->source), 0);
	ck_assert_int_eq(capture_add(c, &b->source), 0);
	ck_assert_uint_eq(capture_size(c), 2);
	capture_each(c, collect_name, names);
	ck_assert_str_eq(names, "a_b a_b-2 ");
	deliver(a, 5 * SECOND, 400);
	deliver(b, 5 * SECOND, 400);
	deliver(b, 6 * SECOND, 0xffff);
	/* The tick reads what a stalled source still has, then looks. */
	capture_tick(c, kernel.boot_ns + 10 * SECOND);
	store_submit(s, capture_collect(c));
	ck_assert_uint_eq(faults, 0);
	b->check_error = -EPIPE;
	capture_tick(c, kernel.boot_ns + 20 * SECOND);
	ck_assert_uint_eq(faults, 1);
	/* Told, counted, and undone at once. */
	ck_assert_uint_eq(capture_size(c), 2);
	stalls = 0;
	capture_each(c, collect_name, names);
	ck_assert_uint_eq(stalls, 1);
	b->arm_error = -EBUSY;
	capture_tick(c, kernel.boot_ns + 30 * SECOND);
	ck_assert_uint_ge(faults, 2);
	ck_assert_uint_eq(capture_size(c), 1);
	capture_stop(c);
	store_submit(s, capture_collect(c));
	store_close(s);
	r = store_reader_open(path, why, sizeof(why));
	ck_assert_int_eq(store_reader_ledger(r, keep_ledger, skip_sink, &sum), 0);
	store_reader_close(r);
	ck_assert_uint_eq(sum.captured, 3);
	ck_assert_uint_eq(sum.reduced, 2);
	ck_assert_uint_eq(sum.dropped[LEDGER_DROP_UNKNOWN], 1);
	ck_assert_uint_eq(sum.pending, 0);
	capture_free(c);
	loop_free(loop);
	unit_dir_remove(dir);
	ck_assert_uint_eq(closes, 2);
}
END_TEST

/* Unplugged until the capture has forgotten it. */
static void leave(struct capture *c, struct fake *f)
{
	f->check_error = -ENODEV;
	capture_hotplug(c);
	ck_assert_uint_eq(capture_size(c), 0);
	kernel.boot_ns += 100 * SECOND;	/* it would be tried again by now */
	capture_rescan(c);
}

static struct conf conf_of_long_windows(void)
{
	struct conf conf;

	conf_defaults(&conf);
	conf.capture.ndevices = 1;	/* none of this machine */
	strcpy(conf.capture.devices[0], "nothing");
	conf.capture.nwindows = 1;
	strcpy(conf.capture.windows[0].sensor, "*");
	conf.capture.windows[0].lengths_s[0] = 1;
	conf.capture.windows[0].lengths_s[1] = 86400;
	conf.capture.windows[0].nlengths = 2;
	return conf;
}

/* How many results of @name came, and of how many values. */
static unsigned int results_of(const char *path, const char *name,
			       unsigned int *values)
{
	struct store_reader *r;
	char why[200];
	struct batch *b;
	uint64_t id = 0;
	unsigned int n = 0;

	*values = 0;
	r = store_reader_open(path, why, sizeof(why));
	ck_assert_ptr_nonnull(r);
	while (store_reader_next(r, id, &b, &id) == 1) {
		if (!strcmp(batch_layout_sensor(b->layout), name)) {
			*values += b->results[0].count;
			n++;
		}
		batch_free(b);
	}
	store_reader_close(r);
	return n;
}

START_TEST(a_longer_window_goes_on_when_its_sensor_is_back)
{
	struct loop *loop = loop_new();
	struct conf conf = conf_of_long_windows();
	struct fake *f = fake_new("a");
	char dir[200], path[300];
	unsigned int values;
	struct capture *c;
	struct store *s;

	unit_dir(dir, sizeof(dir), "pipeline");
	snprintf(path, sizeof(path), "%s/s.db", dir);
	c = capture_new(loop, &conf, fake_utc, on_fault, NULL);
	s = store_open(&(struct store_conf){ .path = path, .hub = "h",
		.boot = "b", .max_bytes = 1000000, .allow_tmpfs = true });
	ck_assert_int_eq(store_start(s), 0);
	for (int i = 0; i < 3; i++) {
		if (i)
			f = fake_new("a");
		/* Another number each time, as the kernel gives. */
		snprintf(f->source.key, sizeof(f->source.key), "fake:%d", i);
		ck_assert_int_eq(capture_add(c, &f->source), 0);
		deliver(f, kernel.boot_ns, 400);
		capture_tick(c, kernel.boot_ns + 10 * SECOND);
		leave(c, f);
	}
	store_submit(s, capture_collect(c));
	capture_stop(c);
	store_submit(s, capture_collect(c));
	store_close(s);
	ck_assert_uint_eq(results_of(path, "a", &values), 3);
	ck_assert_uint_eq(results_of(path, "a.86400s", &values), 1);
	ck_assert_uint_eq(values, 3);
	capture_free(c);
	loop_free(loop);
	unit_dir_remove(dir);
}
END_TEST

/* Its name is free at once, also for one whose layout is another. */
START_TEST(a_longer_window_ends_without_its_sensor)
{
	struct loop *loop = loop_new();
	struct conf conf = conf_of_long_windows();
	struct fake *f = fake_new("a");
	char dir[200], path[300];
	unsigned int values;
	struct capture *c;
	struct store *s;

	unit_dir(dir, sizeof(dir), "pipeline");
	snprintf(path, sizeof(path), "%s/s.db", dir);
	c = capture_new(loop, &conf, fake_utc, on_fault, NULL);
	s = store_open(&(struct store_conf){ .path = path, .hub = "h",
		.boot = "b", .max_bytes = 1000000, .allow_tmpfs = true });
	ck_assert_int_eq(store_start(s), 0);
	ck_assert_int_eq(capture_add(c, &f->source), 0);
	deliver(f, kernel.boot_ns, 400);
	capture_tick(c, kernel.boot_ns + 10 * SECOND);
	leave(c, f);
	capture_tick(c, kernel.boot_ns + 2 * 86400 * SECOND);
	store_submit(s, capture_collect(c));
	f = fake_new("a");
	f->channel.meaning.channel.decimals++;
	ck_assert_int_eq(capture_add(c, &f->source), 0);
	deliver(f, kernel.boot_ns, 400);
	capture_tick(c, kernel.boot_ns + 10 * SECOND);
	capture_stop(c);
	store_submit(s, capture_collect(c));
	store_close(s);
	ck_assert_uint_eq(results_of(path, "a.86400s", &values), 2);
	ck_assert_uint_eq(values, 2);
	ck_assert_uint_eq(results_of(path, "a", &values), 2);
	capture_free(c);
	loop_free(loop);
	unit_dir_remove(dir);
}
END_TEST

static double pressure;

static void on_pressure(void *ctx, double hpa)
{
	(void)ctx;
	pressure = hpa;
}

/* A window of @f with that value is over; returns what was told of it, or 0. */
static double press(struct capture *c, struct fake *f, unsigned int value)
{
	pressure = 0;
	deliver(f, kernel.boot_ns, value);
	capture_tick(c, kernel.boot_ns + 10 * SECOND);
	kernel.boot_ns += 20 * SECOND;
	return pressure;
}

START_TEST(one_of_two_barometers_is_told_of)
{
	struct loop *loop = loop_new();
	struct fake *f[2] = { fake_new("a"), fake_new("b") };
	struct capture *c;
	struct conf conf;
	double a, b;

	conf_defaults(&conf);
	c = capture_new(loop, &conf, fake_utc, on_fault, NULL);
	capture_set_hooks(c, &(struct capture_hooks){ .pressure = on_pressure });
	for (int i = 0; i < 2; i++) {
		strcpy(f[i]->channel.meaning.channel.quantity, "pressure");
		ck_assert_int_eq(capture_add(c, &f[i]->source), 0);
	}
	a = press(c, f[0], 990);
	ck_assert_double_gt(a, 0);
	ck_assert_double_eq(press(c, f[1], 1010), 0);
	ck_assert_double_eq(press(c, f[0], 990), a);
	/* Nothing of the first for 10 minutes: now the second, and for good. */
	kernel.boot_ns += 579 * SECOND;
	ck_assert_double_eq(press(c, f[1], 1010), 0);
	b = press(c, f[1], 1010);
	ck_assert_double_gt(b, a);
	ck_assert_double_eq(press(c, f[0], 990), 0);
	ck_assert_double_eq(press(c, f[1], 1010), b);
	capture_free(c);
	loop_free(loop);
}
END_TEST

static int see_events(void *ctx, const char *name, const struct ledger_sensor *l)
{
	ck_assert_int_eq(ledger_sensor_balance(l), 0);
	if (!strcmp(name, "a.events"))
		ledger_sensor_add(ctx, l);
	return 0;
}

static void meter_comes(struct capture *c, const char *meter)
{
	struct fake *f = fake_counter();

	snprintf(f->source.meter, sizeof(f->source.meter), "%s", meter);
	f->source.binding = (uint64_t)meter[0];
	ck_assert_int_eq(capture_add(c, &f->source), 0);
	deliver(f, kernel.boot_ns, 10);
	capture_tick(c, kernel.boot_ns + 10 * SECOND);
}

static int restore_energy(void *ctx, const struct energy_state *st)
{
	return energy_index_restore(ctx, st);
}

/* The store is opened again in between, as at a start. */
static void run_meter(const char *path, const struct conf *conf,
		      const char *meter)
{
	struct store *s = store_open(&(struct store_conf){ .path = path,
		.hub = "h", .boot = "b", .max_bytes = 1000000,
		.allow_tmpfs = true });
	struct energy_index *ix = energy_index_new("b");
	struct loop *loop = loop_new();
	struct capture *c = capture_new(loop, conf, fake_utc, on_fault, NULL);

	ck_assert_int_eq(store_energy(s, restore_energy, ix), 0);
	ck_assert_int_eq(store_start(s), 0);
	capture_set_energy(c, ix);
	capture_set_hooks(c, &(struct capture_hooks){ .urgent = on_urgent });
	meter_comes(c, meter);
	capture_stop(c);
	store_submit(s, capture_collect(c));
	store_close(s);
	capture_free(c);
	loop_free(loop);
	energy_index_free(ix);
}

START_TEST(another_meter_is_an_event_and_its_index_goes_on)
{
	char dir[200], path[300], why[200];
	struct ledger_sensor sum = { 0 };
	struct store_reader *r;
	struct batch *b;
	struct conf conf;
	uint64_t id = 0;
	double last = 0, differences = 0;
	int events = 0;

	unit_dir(dir, sizeof(dir), "meter");
	snprintf(path, sizeof(path), "%s/s.db", dir);
	conf_defaults(&conf);
	urgent = 0;
	run_meter(path, &conf, "x@spi0.0");
	run_meter(path, &conf, "x@spi0.0");
	ck_assert_uint_eq(urgent, 0);
	run_meter(path, &conf, "y@spi0.0");
	ck_assert_uint_eq(urgent, 1);
	r = store_reader_open(path, why, sizeof(why));
	while (store_reader_next(r, id, &b, &id) == 1) {
		if (b->flags & BATCH_EVENT) {
			ck_assert_str_eq(batch_layout_channel(b->layout, 0)->channel,
					 "meter-change-y@spi0.0");
			events++;
		} else {
			last = b->results[0].last;
			differences += b->results[0].difference;
		}
		batch_free(b);
	}
	ck_assert_int_eq(store_reader_ledger(r, see_events, skip_sink, &sum), 0);
	store_reader_close(r);
	ck_assert_int_eq(events, 1);
	ck_assert_uint_eq(sum.captured, 1);
	ck_assert_uint_eq(sum.reduced, 1);
	/* 10 of x, none in the same binding, 10 of y. */
	ck_assert_double_eq(last, 20);
	ck_assert_double_eq(differences, 10);
	unit_dir_remove(dir);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pipeline");
	TCase *t = tcase_create("pipeline");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_block_becomes_a_batch);
	tcase_add_test(t, a_batch_that_finds_no_place_is_counted);
	tcase_add_loop_test(t, a_step_loses_doubles_and_reorders_nothing, 0, 4);
	tcase_add_test(t, a_suspend_cuts_no_window);
	tcase_add_test(t, the_worst_of_the_clock_counts);
	tcase_add_test(t, energy_goes_on_and_what_is_returned_is_beside_it);
	tcase_add_test(t, an_event_is_a_message_with_its_instant);
	tcase_add_test(t, an_event_belongs_to_the_epoch_of_its_instant);
	tcase_add_test(t, errors_come_through);
	tcase_add_test(t, a_stall_is_looked_into);
	tcase_add_test(t, the_rate_is_learnt);
	tcase_add_test(t, two_sensors_into_the_store);
	tcase_add_test(t, a_longer_window_goes_on_when_its_sensor_is_back);
	tcase_add_test(t, a_longer_window_ends_without_its_sensor);
	tcase_add_test(t, one_of_two_barometers_is_told_of);
	tcase_add_test(t, another_meter_is_an_event_and_its_index_goes_on);
	suite_add_tcase(s, t);
	return unit_run(s);
}
