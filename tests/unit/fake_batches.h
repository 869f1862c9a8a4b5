/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Batches as a full hub makes them: air, noise and three-phase energy at 1 s.
 * The same for the same second, on any machine.
 */
#ifndef CITYHUB_TESTS_FAKE_BATCHES_H
#define CITYHUB_TESTS_FAKE_BATCHES_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/batch.h"

#define FAKE_SENSORS	4
#define FAKE_FIRST_S	INT64_C(1700000000)

/* What the chip resolves is 10^(2 - decimals), see meaning.c. */
struct fake_channel {
	struct batch_channel channel;
	double base, swing;	/* of the slow course */
	double noise;
	double step;		/* of the chip, 0: as fine as decimals */
	unsigned int samples;
};

static const struct fake_channel fake_air[] = {
	{ { "pm1", "pm1", "ug/m3", "", 3 }, 6.1, 2, 0.2, 0.1, 1 },
	{ { "pm2p5", "pm2p5", "ug/m3", "", 3 }, 8.4, 3, 0.2, 0.1, 1 },
	{ { "pm4", "pm4", "ug/m3", "", 3 }, 9.9, 3, 0.2, 0.1, 1 },
	{ { "pm10", "pm10", "ug/m3", "", 3 }, 10.6, 3, 0.2, 0.1, 1 },
	{ { "rh", "rh", "%", "", 4 }, 45.2, 5, 0.05, 0.01, 1 },
	{ { "temp", "temperature", "Cel", "", 5 }, 21.3, 4, 0.01, 0.005, 1 },
	{ { "voc-index", "voc_index", "1", "", 3 }, 103, 20, 0.5, 0.1, 1 },
	{ { "nox-index", "nox_index", "1", "", 3 }, 1, 0, 0, 0.1, 1 },
	{ { "co2", "co2", "ppm", "", 2 }, 612, 60, 2, 1, 1 },
};

static const struct fake_channel fake_noise[] = {
	{ { "LAeq", "sound_level", "dB(A)", "", 2 }, 58, 12, 3, 1, 1 },
};

#define FAKE_PHASE(n, p)						\
	{ { n "-voltage", "voltage", "V", n, 5 }, 230.1, 3, 0.3, 0, 1 },	\
	{ { n "-current", "current", "A", n, 6 }, 1.8, 0.3, 0.02, 0, 1 },	\
	{ { n "-active-power", "active_power", "W", n, 5 }, p, 60, 4, 0, 1 },	\
	{ { n "-reactive-power", "reactive_power", "var", n, 5 }, 31, 5, 1, 0, 1 }, \
	{ { n "-apparent-power", "apparent_power", "VA", n, 5 }, p, 60, 4, 0, 1 }, \
	{ { n "-power-factor", "power_factor", "1", n, 6 }, 0.97, 0.02, 0.001, 0, 1 }, \
	{ { n "-frequency", "frequency", "Hz", n, 6 }, 50.01, 0.02, 0.002, 0, 1 }, \
	{ { n "-energy", "energy", "Wh", n, 5 }, 1820412.3, p / 3600, 0, 0, 1 }

static const struct fake_channel fake_meter[] = {
	FAKE_PHASE("L1", 412.0), FAKE_PHASE("L2", 380.0),
	FAKE_PHASE("L3", 397.0),
};

static const struct fake_channel fake_wave[] = {
	{ { "VA", "voltage", "V", "L1", 6 }, 230.1, 3, 0.3, 0, 8000 },
	{ { "VB", "voltage", "V", "L2", 6 }, 229.7, 3, 0.3, 0, 8000 },
	{ { "VC", "voltage", "V", "L3", 6 }, 230.9, 3, 0.3, 0, 8000 },
	{ { "IA", "current", "A", "L1", 8 }, 1.8, 0.3, 0.02, 0, 8000 },
	{ { "IB", "current", "A", "L2", 8 }, 1.6, 0.3, 0.02, 0, 8000 },
	{ { "IC", "current", "A", "L3", 8 }, 1.7, 0.3, 0.02, 0, 8000 },
	{ { "IN", "current", "A", "N", 8 }, 0.1, 0.02, 0.01, 0, 8000 },
};

static const struct {
	const char *name;
	const struct fake_channel *channels;
	unsigned int n;
} fake_sensors[FAKE_SENSORS] = {
	{ "sen66", fake_air, sizeof(fake_air) / sizeof(fake_air[0]) },
	{ "pcba-dbm", fake_noise, 1 },
	{ "ade9000-meter", fake_meter,
	  sizeof(fake_meter) / sizeof(fake_meter[0]) },
	{ "ade9000-wave", fake_wave, sizeof(fake_wave) / sizeof(fake_wave[0]) },
};

/* From -1 to 1, by what it is asked about only. */
static inline double fake_random(uint64_t a, uint64_t b)
{
	uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) +
		     b * UINT64_C(0xbf58476d1ce4e5b9) + 1;

	x ^= x >> 31;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 29;
	return (double)(x >> 11) / (double)(UINT64_C(1) << 52) - 1;
}

static inline struct batch_result fake_result(const struct fake_channel *f,
					      uint64_t key, int64_t second,
					      int64_t from_ns)
{
	double v = f->base + f->swing * sin((double)second / 900) +
		   f->noise * fake_random(key, (uint64_t)second);
	struct batch_result r = {
		.instant_ns = from_ns + 400000000, .count = f->samples,
		.expected = f->samples, .min = NAN, .max = NAN, .rms = NAN,
		.mean = NAN, .last = NAN, .difference = NAN,
	};

	if (f->step > 0)
		v = rint(v / f->step) * f->step;
	if (!strcmp(f->channel.quantity, "energy")) {
		r.last = f->base + f->swing * (double)(second - FAKE_FIRST_S);
		r.difference = f->swing;
		return r;
	}
	r.mean = r.min = r.max = r.rms = r.last = v;
	if (f->samples > 1) {
		r.mean = 0.002 * v * fake_random(key + 1, (uint64_t)second);
		r.max = M_SQRT2 * v * (1 + 0.002 *
			fake_random(key + 2, (uint64_t)second));
		r.min = -M_SQRT2 * v * (1 + 0.002 *
			fake_random(key + 3, (uint64_t)second));
		r.last = r.max / 2;
	}
	return r;
}

static inline struct batch_layout *fake_layout(unsigned int sensor)
{
	struct batch_channel channels[32];

	for (unsigned int i = 0; i < fake_sensors[sensor].n; i++)
		channels[i] = fake_sensors[sensor].channels[i].channel;
	return batch_layout_new(fake_sensors[sensor].name,
				fake_sensors[sensor].n, channels);
}

/* The batch of @sensor of second number @k; its number is set by the caller. */
static inline struct batch *fake_batch(struct batch_layout *l,
				       unsigned int sensor, int64_t k)
{
	struct batch *b = batch_new(l);

	if (!b)
		abort();
	strcpy(b->hub, "lamp-0815");
	strcpy(b->boot, "5a4f8e7e-6c09-4a53-8f1f-b0b6f0e5a001");
	b->from_ns = (FAKE_FIRST_S + k) * 1000000000;
	b->to_ns = b->from_ns + 1000000000;
	b->bound_ns = 800000;
	b->stamp_bound_ns = 1000;
	b->sync = BATCH_SYNCHRONISED;
	for (unsigned int i = 0; i < fake_sensors[sensor].n; i++)
		b->results[i] = fake_result(&fake_sensors[sensor].channels[i],
					    64 * sensor + 4 * i,
					    FAKE_FIRST_S + k, b->from_ns);
	return b;
}

#endif /* CITYHUB_TESTS_FAKE_BATCHES_H */
