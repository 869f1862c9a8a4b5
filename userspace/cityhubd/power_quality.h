/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Quality of the voltage from waveforms, after IEC 61000-4-30. Pure: it reads no
 * clock and does no I/O.
 *
 * Urms(1/2) is the rms of one cycle, new each half cycle. Cycles
 * begin where the fundamental of one phase crosses zero, and are the same for
 * all channels; class A has them for each channel. While there is no voltage
 * they go on with the period of before. A phase is judged from its first whole
 * cycle with half of the nominal voltage on: before, it is taken as not wired.
 *
 * Rms and frequency of 10 cycles at 50 Hz, 12 at 60 Hz: without gaps, begun anew
 * at each 10 minutes of UTC, where the one that was under way ends early; class A
 * lets it overlap. The mean of the frequency over 10 s, weighted by count, is
 * number of cycles / their duration.
 *
 * City indices and harmonics belong in modules beside this one, fed likewise.
 */
#ifndef CITYHUBD_POWER_QUALITY_H
#define CITYHUBD_POWER_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POWER_QUALITY_PHASES	3
#define POWER_QUALITY_CHANNELS	16

/* Fractions are of @nominal_v, the declared input voltage Udin. */
struct power_quality_conf {
	double nominal_v;
	double nominal_hz;	/* 50 or 60 */
	double dip;
	double swell;
	double interruption;
	double hysteresis;
	double rate_hz;		/* 32 samples a cycle at least */
	unsigned int channels;	/* columns fed, voltages first */
	unsigned int phases;	/* how many of them are voltages */
};

enum power_quality_kind {
	POWER_QUALITY_DIP,
	POWER_QUALITY_SWELL,
	POWER_QUALITY_INTERRUPTION,
	POWER_QUALITY_KINDS,
};

/*
 * Told when it begins and when it is over. From the begin of the first cycle
 * that was beyond the threshold to that of the first that is back, hysteresis
 * included: right to half a cycle at either end.
 */
struct power_quality_event {
	enum power_quality_kind kind;
	bool over;
	int64_t from_ns;	/* UTC */
	int64_t to_ns;		/* so far, unless @over */
	double volts;		/* the lowest, of a swell the highest, Urms(1/2) */
	unsigned int phase;	/* where that was, from 0 */
};

struct power_quality_interval {
	int64_t from_ns;	/* UTC */
	int64_t to_ns;
	uint32_t count;		/* samples, of each channel */
	uint32_t expected;
	bool flagged;		/* an event was under way */
	double hz;		/* NAN: cycles could not be counted */
	double rms[POWER_QUALITY_CHANNELS];
};

struct power_quality_ops {
	void (*event)(void *ctx, const struct power_quality_event *e);
	/* Valid during the call only. */
	void (*interval)(void *ctx, const struct power_quality_interval *i);
};

struct power_quality;

/* NULL with errno: EINVAL for what is not in the ranges above. */
struct power_quality *power_quality_new(const struct power_quality_conf *conf,
					const struct power_quality_ops *ops,
					void *ctx);
void power_quality_free(struct power_quality *q);

/*
 * @n samples from the one numbered @at on: their instants in UTC, and one
 * column for each channel, in volts and amperes. A gap in the instants ends
 * the interval as it is.
 */
void power_quality_feed(struct power_quality *q, const int64_t *utc_ns,
			const double *const *columns, size_t at, size_t n);
/*
 * Ends the interval as it is: what comes next is not connected, and its UTC is
 * @shift_ns ahead of that of before.
 */
void power_quality_cut(struct power_quality *q, int64_t shift_ns);
/*
 * Nothing comes for now: also what is under way is told to be over, at the last
 * sample, lest it be thought to last.
 */
void power_quality_end(struct power_quality *q);
/* Samples fed that were not in an interval yet. */
uint32_t power_quality_pending(const struct power_quality *q);

const char *power_quality_name(enum power_quality_kind kind);

#endif /* CITYHUBD_POWER_QUALITY_H */
