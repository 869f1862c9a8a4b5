// SPDX-License-Identifier: GPL-2.0-only
/* Power quality after IEC 61000-4-30, on waveforms with known answers. */
#include "unit.h"

#include "cityhubd/power_quality.h"

#define RATE	8000
#define BLOCK	800
#define EVENTS	16
#define INTERVALS	4000
#define NOMINAL	230.0
#define FIRST	(INT64_C(1700000000) * SECOND)	/* 13 min 20 s past the hour */

static struct power_quality_event events[EVENTS];
static struct power_quality_interval intervals[INTERVALS];
static unsigned int nevents, nintervals;
static uint64_t counted;
static struct power_quality *quality;

/* What the mains does: amplitudes by phase as a share of nominal. */
static double hz, phase_rad, third, offset_v;
static int64_t sample;	/* number of the next one */
static int64_t shift_ns;	/* of the clock since the first */

static void on_event(void *ctx, const struct power_quality_event *e)
{
	ck_assert_ptr_eq(ctx, &quality);
	ck_assert_uint_lt(nevents, EVENTS);
	events[nevents++] = *e;
}

static void on_interval(void *ctx, const struct power_quality_interval *i)
{
	ck_assert_ptr_eq(ctx, &quality);
	ck_assert_uint_lt(nintervals, INTERVALS);
	if (nintervals)
		ck_assert_int_ge(i->from_ns, intervals[nintervals - 1].to_ns);
	counted += i->count;
	intervals[nintervals++] = *i;
}

static struct power_quality_conf conf(void)
{
	return (struct power_quality_conf){
		.nominal_v = NOMINAL, .nominal_hz = 50, .dip = 0.9,
		.swell = 1.1, .interruption = 0.05, .hysteresis = 0.02,
		.rate_hz = RATE, .channels = 4, .phases = 3,
	};
}

static void open_quality(const struct power_quality_conf *c)
{
	const struct power_quality_ops ops = {
		.event = on_event, .interval = on_interval,
	};

	quality = power_quality_new(c, &ops, &quality);
	ck_assert_ptr_nonnull(quality);
}

static void setup(void)
{
	nevents = 0;
	nintervals = 0;
	counted = 0;
	hz = 50;
	phase_rad = 0;
	third = 0;
	offset_v = 0;
	sample = 0;
	shift_ns = 0;
}

static void teardown(void)
{
	power_quality_free(quality);
	quality = NULL;
}

static int64_t instant(int64_t number)
{
	return FIRST + shift_ns + number * SECOND / RATE;
}

/* @cycles of the mains in blocks as they come; the current is 10 A. */
static void play(double cycles, double l1, double l2, double l3)
{
	static double v[4][BLOCK];
	static int64_t utc_ns[BLOCK];
	const double *columns[4] = { v[0], v[1], v[2], v[3] };
	const double shares[3] = { l1, l2, l3 };
	long left = lround(cycles * RATE / hz);

	while (left) {
		size_t n = left < BLOCK ? (size_t)left : BLOCK;

		for (size_t i = 0; i < n; i++, sample++) {
			for (int c = 0; c < 3; c++) {
				double x = phase_rad - c * 2 * M_PI / 3;

				v[c][i] = offset_v + shares[c] * NOMINAL * M_SQRT2 *
					  (sin(x) + third * sin(3 * x));
			}
			v[3][i] = 10 * M_SQRT2 * sin(phase_rad);
			utc_ns[i] = instant(sample);
			phase_rad += 2 * M_PI * hz / RATE;
		}
		power_quality_feed(quality, utc_ns, columns, 0, n);
		left -= (long)n;
	}
}

static void play_same(double cycles, double share)
{
	play(cycles, share, share, share);
}

static double seconds(const struct power_quality_event *e)
{
	return (double)(e->to_ns - e->from_ns) / 1e9;
}

/*
 * What the rms of 10 cycles, or 12, is off by, as a share: samples are taken for
 * constant while they last, and the interval begins and ends within one. At
 * either edge that is 1/8 of what the square changes by from sample to sample,
 * 2 h times its mean at most, h the angle between two samples. Of the sum over
 * 20 pi / h samples it is h^2 / (40 pi), of its root half that.
 */
static double rms_bound(double mains_hz)
{
	double h = 2 * M_PI * mains_hz / RATE;

	return h * h / (80 * M_PI);
}

/* Two edges: crossings interpolated between samples, and instants of whole ns. */
static double length_bound_s(double mains_hz)
{
	double h = 2 * M_PI * mains_hz / RATE;

	/* A sine by its chord: h^2 / 6 of a sample, times t (1 - t) (1 - 2t). */
	return 2 * (h * h / 6 * 0.0963 / RATE + 2e-9);
}

/*
 * Begun anywhere in a cycle, boundaries go to the crossings by 0.3 % of a cycle
 * in each: meanwhile the rms is off by half of that. From an eighth of a cycle
 * it takes 42 cycles, and as many as there are until the period is learnt.
 */
#define ACQUIRING	0.0015
#define ACQUIRED	7	/* intervals */

static void steady(const struct power_quality_conf *c, double mains_hz)
{
	hz = mains_hz;
	open_quality(c);
	play_same(200, 1);
	ck_assert_uint_eq(nevents, 0);
	ck_assert_uint_ge(nintervals, c->nominal_hz == 50 ? 18 : 15);
	for (unsigned int i = 2; i < nintervals; i++) {
		const struct power_quality_interval *in = &intervals[i];
		double share = rms_bound(mains_hz) +
			       (i < ACQUIRED ? ACQUIRING : 0);

		ck_assert_int_eq(in->from_ns, intervals[i - 1].to_ns);
		ck_assert_double_eq_tol(in->hz, mains_hz, 1e-5);
		for (int p = 0; p < 3; p++)
			ck_assert_double_eq_tol(in->rms[p], NOMINAL,
						share * NOMINAL);
		ck_assert_double_eq_tol(in->rms[3], 10, share * 10);
		ck_assert(!in->flagged);
		if (i < ACQUIRED)
			continue;
		ck_assert_double_eq_tol((double)(in->to_ns - in->from_ns) / 1e9,
					(c->nominal_hz == 50 ? 10 : 12) / mains_hz,
					length_bound_s(mains_hz));
	}
	teardown();
	setup();
}

START_TEST(rms_and_frequency_of_10_cycles)
{
	static const double mains[] = {
		50, 49.5, 50.01, 47.5, 52, 42.6, 57.4,
	};
	struct power_quality_conf c = conf();

	for (size_t i = 0; i < sizeof(mains) / sizeof(mains[0]); i++)
		steady(&c, mains[i]);
}
END_TEST

START_TEST(rms_and_frequency_of_12_cycles)
{
	struct power_quality_conf c = conf();

	c.nominal_hz = 60;
	steady(&c, 60);
	steady(&c, 59.3);
}
END_TEST

/* Its rms is sqrt(1 + 0.3^2) times that of the fundamental. */
START_TEST(harmonics_and_an_offset_do_not_disturb_cycles)
{
	struct power_quality_conf c = conf();

	third = 0.3;
	offset_v = 20;
	open_quality(&c);
	play_same(60, 0.9);
	ck_assert_uint_eq(nintervals, 6 - 1 + (nintervals > 5));
	for (unsigned int i = 2; i < nintervals; i++) {
		ck_assert_double_eq_tol(intervals[i].hz, 50, 0.001);
		ck_assert_double_eq_tol(intervals[i].rms[0],
			sqrt(0.81 * NOMINAL * NOMINAL * 1.09 + 400), 0.02);
	}
}
END_TEST

/* One phase at 70 % for 5 cycles from a crossing on. */
START_TEST(dip_of_one_phase)
{
	struct power_quality_conf c = conf();
	double began;

	open_quality(&c);
	play_same(50, 1);
	began = (double)(instant(sample) - FIRST) / 1e9;
	play(5, 1, 0.7, 1);
	ck_assert_uint_eq(nevents, 1);
	ck_assert_int_eq(events[0].kind, POWER_QUALITY_DIP);
	ck_assert(!events[0].over);
	play_same(45, 1);
	ck_assert_uint_eq(nevents, 2);
	ck_assert(events[1].over);
	ck_assert_uint_eq(events[1].phase, 1);
	ck_assert_double_eq_tol(events[1].volts, 0.7 * NOMINAL, 0.1);
	/* Half a cycle at either end. */
	ck_assert_double_eq_tol((double)(events[1].from_ns - FIRST) / 1e9, began,
				0.0101);
	ck_assert_double_eq_tol(seconds(&events[1]), 0.1, 0.0201);
	ck_assert_int_eq(events[0].from_ns, events[1].from_ns);
	/* The intervals that it touches, and no others. */
	for (unsigned int i = 0; i < nintervals; i++) {
		bool touched = intervals[i].from_ns < events[1].to_ns + SECOND / 50 &&
			       intervals[i].to_ns > events[1].from_ns;

		ck_assert_int_eq(intervals[i].flagged, touched);
	}
}
END_TEST

/* The phase that says where cycles begin: its residual voltage is right, too. */
START_TEST(dip_of_the_reference)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(50, 1);
	play(10, 0.6, 1, 1);
	play_same(50, 1);
	ck_assert_uint_eq(nevents, 2);
	ck_assert_double_eq_tol(events[1].volts, 0.6 * NOMINAL,
				0.002 * NOMINAL);
	ck_assert_double_eq_tol(seconds(&events[1]), 0.2, 0.0201);
	ck_assert_double_eq_tol(intervals[nintervals - 1].hz, 50, 0.001);
}
END_TEST

/* The full depth is met only by cycles that lie in it as a whole. */
START_TEST(dip_of_half_a_cycle_is_seen)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(50, 1);
	play_same(0.5, 0.3);
	play_same(50, 1);
	ck_assert_uint_eq(nevents, 2);
	ck_assert_double_eq_tol(events[1].volts,
				NOMINAL * sqrt((1 + 0.09) / 2), 15);
	ck_assert_double_eq_tol(seconds(&events[1]), 0.01, 0.0201);
}
END_TEST

START_TEST(hysteresis_keeps_one_event_one)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(20, 1);
	for (int i = 0; i < 10; i++) {
		play_same(5, 0.89);
		play_same(5, 0.915);
	}
	ck_assert_uint_eq(nevents, 1);
	play_same(5, 0.925);
	ck_assert_uint_eq(nevents, 2);
	ck_assert_double_eq_tol(seconds(&events[1]), 2, 0.0201);
	play_same(50, 0.905);
	ck_assert_uint_eq(nevents, 2);
}
END_TEST

/* A dip goes on from phase to phase: begin of the first, end of the last. */
START_TEST(dip_that_wanders_is_one)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(20, 1);
	play(5, 0.8, 1, 1);
	play(5, 0.8, 0.6, 1);
	play(5, 1, 0.8, 1);
	play_same(5, 1);
	ck_assert_uint_eq(nevents, 2);
	ck_assert_double_eq_tol(seconds(&events[1]), 0.3, 0.0201);
	ck_assert_double_eq_tol(events[1].volts, 0.6 * NOMINAL, 0.1);
	ck_assert_uint_eq(events[1].phase, 1);
}
END_TEST

START_TEST(swell)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(20, 1);
	play(10, 1, 1, 1.2);
	play(10, 1, 1, 1.09);	/* not yet: the threshold less hysteresis is 1.08 */
	play_same(20, 1);
	ck_assert_uint_eq(nevents, 2);
	ck_assert_int_eq(events[1].kind, POWER_QUALITY_SWELL);
	ck_assert_uint_eq(events[1].phase, 2);
	ck_assert_double_eq_tol(events[1].volts, 1.2 * NOMINAL, 0.1);
	ck_assert_double_eq_tol(seconds(&events[1]), 0.4, 0.0201);
}
END_TEST

/* All phases gone, for as long as it may be; it is a dip as well. */
START_TEST(interruption)
{
	struct power_quality_conf c = conf();
	unsigned int dips = 0, interruptions = 0;

	open_quality(&c);
	play_same(20, 1);
	play(50, 0, 0, 1);
	ck_assert_uint_eq(nevents, 1);	/* one phase is there */
	play_same(500, 0);
	play_same(50, 1);
	for (unsigned int i = 0; i < nevents; i++) {
		if (!events[i].over)
			continue;
		if (events[i].kind == POWER_QUALITY_DIP) {
			dips++;
			ck_assert_double_eq_tol(seconds(&events[i]), 11, 0.0301);
		} else {
			interruptions++;
			ck_assert_int_eq(events[i].kind,
					 POWER_QUALITY_INTERRUPTION);
			ck_assert_double_eq_tol(seconds(&events[i]), 10, 0.0301);
			ck_assert_double_lt(events[i].volts, 0.1);
		}
	}
	ck_assert_uint_eq(nevents, 4);
	ck_assert_uint_eq(dips, 1);
	ck_assert_uint_eq(interruptions, 1);
	/* And it is back in step. */
	ck_assert_double_eq_tol(intervals[nintervals - 1].hz, 50, 0.001);
}
END_TEST

/* A meter of three phases on a circuit of one. */
START_TEST(phases_that_are_not_wired_are_not_judged)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play(100, 0.01, 1, 0);
	ck_assert_uint_eq(nevents, 0);
	play(5, 0.01, 0.7, 0);
	play(20, 0.01, 1, 0);
	ck_assert_uint_eq(nevents, 2);
	ck_assert_int_eq(events[1].kind, POWER_QUALITY_DIP);
	ck_assert(events[1].over);
	ck_assert_uint_eq(events[1].phase, 1);
	ck_assert_double_eq_tol(events[1].volts, 0.7 * NOMINAL,
				0.002 * NOMINAL);
	/* All that is wired is gone: the dip is an interruption, too. */
	play(20, 0.01, 0, 0);
	play(20, 0.01, 1, 0);
	ck_assert_uint_eq(nevents, 6);
	ck_assert_int_eq(events[3].kind, POWER_QUALITY_INTERRUPTION);
	ck_assert(events[4].over && events[5].over);
}
END_TEST

/* Switched on anywhere in a cycle, then down for good. */
START_TEST(a_phase_counts_from_its_first_voltage)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play(20.3, 1, 0, 1);
	play(20, 1, 1, 1);
	ck_assert_uint_eq(nevents, 0);
	sample += RATE;	/* a gap, over which it is known what is wired */
	play(20, 1, 0, 1);
	ck_assert_uint_eq(nevents, 1);
	ck_assert_int_eq(events[0].kind, POWER_QUALITY_DIP);
	ck_assert_uint_eq(events[0].phase, 1);
	ck_assert(!events[0].over);
}
END_TEST

START_TEST(frequency_by_another_phase)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(20, 1);
	hz = 49.8;
	play(100, 0.01, 1, 1);
	ck_assert_double_eq_tol(intervals[nintervals - 1].hz, 49.8, 0.001);
	ck_assert_double_eq_tol(intervals[nintervals - 1].rms[1], NOMINAL, 0.02);
}
END_TEST

START_TEST(a_jump_of_phase_is_no_event)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	for (int i = 0; i < 12; i++) {
		play_same(20.3, 1);
		phase_rad += M_PI / 6;
	}
	ck_assert_uint_eq(nevents, 0);
	play_same(30, 1);
	ck_assert_double_eq_tol(intervals[nintervals - 1].hz, 50, 0.001);
}
END_TEST

/* A new one at each 10 minutes of UTC; every sample is in one, once. */
START_TEST(ten_minutes_of_utc_begin_anew)
{
	struct power_quality_conf c = conf();
	unsigned int ticks = 0;

	hz = 49.97;
	open_quality(&c);
	play_same(50 * 410, 1);	/* FIRST + 400 s is a tick */
	for (unsigned int i = 1; i < nintervals; i++) {
		const struct power_quality_interval *in = &intervals[i];
		int64_t length = in->to_ns - in->from_ns;

		ck_assert_int_eq(in->from_ns, intervals[i - 1].to_ns);
		if (in->to_ns / (600 * SECOND) == in->from_ns / (600 * SECOND))
			continue;
		ticks++;
		ck_assert_int_le(labs((long)in->expected - (long)in->count), 2);
		ck_assert_int_lt(in->to_ns % (600 * SECOND), SECOND / 49);
		ck_assert_int_le(length, SECOND / 4);
		ck_assert_double_eq_tol(intervals[i + 1].hz, 49.97, 0.001);
	}
	ck_assert_uint_eq(ticks, 1);
	ck_assert_uint_eq(counted + power_quality_pending(quality),
			  (uint64_t)sample);
}
END_TEST

START_TEST(a_dip_over_a_step_of_the_clock_has_its_length)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(25, 1);
	play_same(5, 0.5);
	ck_assert_uint_eq(nevents, 1);
	shift_ns = 3600 * SECOND;
	power_quality_cut(quality, shift_ns);
	play_same(5, 0.5);
	play_same(10, 1);
	ck_assert_uint_eq(nevents, 2);
	ck_assert(events[1].over);
	ck_assert_double_eq_tol(seconds(&events[1]), 0.2, 0.03);
}
END_TEST

START_TEST(a_dip_ends_with_what_is_measured)
{
	struct power_quality_conf c = conf();

	open_quality(&c);
	play_same(25, 1);
	play_same(5, 0.5);
	power_quality_end(quality);
	ck_assert_uint_eq(nevents, 2);
	ck_assert(events[1].over);
	ck_assert_double_eq_tol(seconds(&events[1]), 0.1, 0.03);
	power_quality_end(quality);
	ck_assert_uint_eq(nevents, 2);
}
END_TEST

START_TEST(a_gap_ends_the_interval)
{
	struct power_quality_conf c = conf();
	unsigned int before;

	open_quality(&c);
	play_same(25, 1);
	before = nintervals;
	sample += RATE;
	play_same(1, 1);
	ck_assert_uint_eq(nintervals, before + 1);
	ck_assert(isnan(intervals[before].hz));
	ck_assert(intervals[before].flagged);
	ck_assert_double_eq_tol(intervals[before].rms[0], NOMINAL, 3);
	play_same(50, 1);
	ck_assert_uint_eq(nevents, 0);
	ck_assert_uint_eq(counted + power_quality_pending(quality),
			  (uint64_t)(sample - RATE));
	power_quality_cut(quality, 0);
	ck_assert_uint_eq(counted, (uint64_t)(sample - RATE));
}
END_TEST

/* However the samples come, the same events. */
START_TEST(blocks_of_any_size)
{
	struct power_quality_conf c = conf();
	struct power_quality_event whole[2];

	open_quality(&c);
	play_same(20, 1);
	play_same(7, 0.6);
	play_same(20, 1);
	ck_assert_uint_eq(nevents, 2);
	memcpy(whole, events, sizeof(whole));
	teardown();
	setup();
	open_quality(&c);
	for (int i = 0; i < 47 * 160; i++)
		play_same(1 / 160.0, i >= 20 * 160 && i < 27 * 160 ? 0.6 : 1);
	ck_assert_uint_eq(nevents, 2);
	ck_assert_int_le(llabs(whole[1].to_ns - events[1].to_ns), SECOND / RATE);
	ck_assert_double_eq_tol(whole[1].volts, events[1].volts, 0.05);
}
END_TEST

START_TEST(what_cannot_be_measured_is_refused)
{
	struct power_quality_conf c = conf();
	const struct power_quality_ops ops = { .event = on_event };

	c.rate_hz = 1000;
	ck_assert_ptr_null(power_quality_new(&c, &ops, NULL));
	c = conf();
	c.phases = 4;
	ck_assert_ptr_null(power_quality_new(&c, &ops, NULL));
	c = conf();
	c.nominal_hz = 55;
	ck_assert_ptr_null(power_quality_new(&c, &ops, NULL));
	c = conf();
	c.channels = 2;
	ck_assert_ptr_null(power_quality_new(&c, &ops, NULL));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("power_quality");
	TCase *t = tcase_create("power_quality");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, rms_and_frequency_of_10_cycles);
	tcase_add_test(t, rms_and_frequency_of_12_cycles);
	tcase_add_test(t, harmonics_and_an_offset_do_not_disturb_cycles);
	tcase_add_test(t, dip_of_one_phase);
	tcase_add_test(t, dip_of_the_reference);
	tcase_add_test(t, dip_of_half_a_cycle_is_seen);
	tcase_add_test(t, hysteresis_keeps_one_event_one);
	tcase_add_test(t, dip_that_wanders_is_one);
	tcase_add_test(t, swell);
	tcase_add_test(t, interruption);
	tcase_add_test(t, phases_that_are_not_wired_are_not_judged);
	tcase_add_test(t, a_phase_counts_from_its_first_voltage);
	tcase_add_test(t, frequency_by_another_phase);
	tcase_add_test(t, a_jump_of_phase_is_no_event);
	tcase_add_test(t, ten_minutes_of_utc_begin_anew);
	tcase_add_test(t, a_dip_over_a_step_of_the_clock_has_its_length);
	tcase_add_test(t, a_dip_ends_with_what_is_measured);
	tcase_add_test(t, a_gap_ends_the_interval);
	tcase_add_test(t, blocks_of_any_size);
	tcase_add_test(t, what_cannot_be_measured_is_refused);
	suite_add_tcase(s, t);
	return unit_run(s);
}
