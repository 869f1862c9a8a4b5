// SPDX-License-Identifier: GPL-2.0-only
/*
 * The estimator of sample instants on nonsense and on malice, under the
 * sanitizers. What has to hold after each update is in check(). A seed repeats
 * a run.
 */
#include <cityhub/stamp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define UPDATES		10000000ULL
/* A new sampler after so many updates. */
#define LIFE		2000
#define PROGRESS	1000000
/* Within it each instant is in order; it may be rounded to whole ns. */
#define AGES_CHECKED	16
/* What one update may bridge, see cityhub_stamp_update(). */
#define SAMPLES_MAX	65536

static uint64_t state;

static uint64_t random_u64(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(uint32_t n)
{
	return random_u64() % n;
}

/* Any number of bits, so that small and huge ones are as likely. */
static uint64_t any_size(unsigned int bits)
{
	return random_u64() >> (63 - below(bits));
}

struct sampler {
	struct cityhub_stamp stamp;
	int64_t now;		/* where a sane trace has come to */
	unsigned int malice;	/* of 1000 updates, how many are nonsense */
	unsigned int style;
};

struct update {
	uint32_t samples;
	int64_t irq_ns;
	int64_t late_ns;
};

static struct cityhub_stamp_config any_config(void)
{
	static const uint64_t usual[] = {
		1000, 125000, 1000000, 10000000, 1000000000, 100000000000,
	};
	struct cityhub_stamp_config c = {
		.period_ns = usual[below(6)],
		.tolerance_ppm = 1 + below(50000),
		.latency_min_ns = below(2) ? 0 : any_size(32),
	};

	if (below(2))
		c.period_ns = 1000 + random_u64() % (100000000000 - 1000 + 1);
	return c;
}

static void sampler_start(struct sampler *s)
{
	static const unsigned int malice[] = { 0, 1, 20, 300, 1000 };
	struct cityhub_stamp_config c = any_config();

	cityhub_stamp_init(&s->stamp, &c);
	s->now = below(2) ? 0 : (int64_t)any_size(62);
	s->malice = malice[below(5)];
	s->style = below(4);
}

static int64_t any_instant(struct sampler *s)
{
	static const int64_t edges[] = {
		INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX,
		INT64_MAX / 2, INT64_MIN / 2,
	};

	switch (below(4)) {
	case 0:
		return edges[below(9)];
	case 1:
		return random_u64();
	case 2:
		return s->now;
	default:
		/* Near, in front or behind, without an overflow here. */
		return (uint64_t)s->now + (below(2) ? 1 : -1) * any_size(50);
	}
}

static struct update any_update(struct sampler *s)
{
	struct update u = {
		.samples = below(4) ? below(3) : any_size(32),
		.irq_ns = any_instant(s),
		.late_ns = below(2) ? -1 : (int64_t)random_u64(),
	};

	if (below(2))
		u.late_ns = any_size(63);
	return u;
}

/* What a sampler does: late interrupts, or brackets, sometimes in bursts. */
static struct update sane_update(struct sampler *s)
{
	struct update u = {
		.samples = s->style & 1 ? 1 + below(512) : 1,
		.late_ns = -1,
	};
	uint64_t step = s->stamp.cfg.period_ns * u.samples;
	uint64_t late = any_size(below(50) ? 14 : 24);

	if (s->now > INT64_MAX / 4)
		s->now = 0;
	s->now += step;
	u.irq_ns = s->now + late;
	if (s->style & 2)
		u.late_ns = late + any_size(25);
	return u;
}

static void fail(const struct sampler *s, const struct update *u,
		 const char *what)
{
	fprintf(stderr,
		"fuzz-stamp: %s\n  after %" PRIu32 " %" PRId64 " %" PRId64
		" with period %" PRIu64 " ns, tolerance %" PRIu32
		" ppm, latency %" PRIu32 " ns\n",
		what, u->samples, u->irq_ns, u->late_ns,
		(uint64_t)s->stamp.cfg.period_ns, s->stamp.cfg.tolerance_ppm,
		s->stamp.cfg.latency_min_ns);
	exit(EXIT_FAILURE);
}

static void check_order(const struct sampler *s, const struct update *u,
			int64_t before, int known)
{
	int64_t last = cityhub_stamp_instant(&s->stamp, 0);
	uint32_t age, step = u->samples / AGES_CHECKED + 1;

	if (known && last < before)
		fail(s, u, "the newest stamp went back");
	/* More samples are a gap: nothing is said of those in it. */
	if (u->samples > SAMPLES_MAX)
		return;
	for (age = step; age < u->samples; age += step) {
		int64_t t = cityhub_stamp_instant(&s->stamp, age);

		if (t > last)
			fail(s, u, "an older sample has a later stamp");
		last = t;
	}
	if (known && cityhub_stamp_instant(&s->stamp, u->samples - 1) < before)
		fail(s, u, "a stamp lies before those of the last update");
}

static void check_period(const struct sampler *s, const struct update *u)
{
	const struct cityhub_stamp_config *c = &s->stamp.cfg;
	int64_t nominal = c->period_ns;
	int64_t off = (s->stamp.period_q16 >> 16) - nominal;
	/* Rounded to whole ns. */
	int64_t room = nominal / 1000000 * c->tolerance_ppm +
		       nominal % 1000000 * c->tolerance_ppm / 1000000 + 1;

	if (off < -room || off > room)
		fail(s, u, "the period is out of its tolerance");
}

static void update(struct sampler *s)
{
	int known = cityhub_stamp_bound_ns(&s->stamp) != U32_MAX;
	int64_t before = cityhub_stamp_instant(&s->stamp, 0);
	struct update u = below(1000) < s->malice ? any_update(s)
						  : sane_update(s);

	if (below(5000) == 0) {
		cityhub_stamp_reset(&s->stamp);
		known = 0;
	}
	if (cityhub_stamp_update(&s->stamp, u.samples, u.irq_ns, u.late_ns)) {
		if (known && cityhub_stamp_instant(&s->stamp, 0) != before)
			fail(s, &u, "it was refused, but changed the stamp");
		return;
	}
	if (!u.samples)
		return;
	if (!cityhub_stamp_bound_ns(&s->stamp))
		fail(s, &u, "the bound is 0");
	if (cityhub_stamp_bound_ns(&s->stamp) == U32_MAX)
		fail(s, &u, "nothing is known after an update");
	check_order(s, &u, before, known);
	check_period(s, &u);
}

int main(int argc, char **argv)
{
	unsigned long long updates = argc > 1 ? strtoull(argv[1], NULL, 10)
					      : UPDATES;
	struct sampler s;
	unsigned long long i;

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	if (!updates) {
		fprintf(stderr, "usage: fuzz-stamp [UPDATES [SEED]]\n");
		return 2;
	}
	for (i = 0; i < updates; i++) {
		if (i % LIFE == 0)
			sampler_start(&s);
		update(&s);
		if (isatty(STDERR_FILENO) && i % PROGRESS == 0)
			fprintf(stderr, "\r%llu of %llu", i, updates);
	}
	printf("ok: %llu updates\n", updates);
	return EXIT_SUCCESS;
}
