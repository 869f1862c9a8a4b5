/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instant of a sample, estimated from late interrupts.
 *
 * Pure integer code: no allocation, no locks, no kernel calls. The same files
 * are built into cityhub-base, into KUnit and into userspace tools, and give
 * the same result on every machine.
 */
#ifndef _CITYHUB_STAMP_H
#define _CITYHUB_STAMP_H

#include <linux/types.h>

/** CITYHUB_LATE_UNKNOWN - the interrupt may be late by any amount. */
#define CITYHUB_LATE_UNKNOWN	(-1LL)

/* Kinds of lateness told apart, each eight times later than the one before. */
#define CITYHUB_STAMP_KINDS	4
/* Opinions on how fast the period wanders: a calm one and a lively one. */
#define CITYHUB_STAMP_TRACKS	2
/* More is a mistake: an estimator lives in the state of each device. */
#define CITYHUB_STAMP_STATE_MAX	320
/* Of one update, on x86-64 with -O2; a test counts them. */
#define CITYHUB_STAMP_INSTRUCTIONS_MAX	30000

/**
 * enum cityhub_stamp_source - where the instant of a sample comes from
 * @CITYHUB_STAMP_NONE:		no observation yet
 * @CITYHUB_STAMP_IRQ:		filtered interrupt instants
 * @CITYHUB_STAMP_POLL:		data-ready polls with a known bracket
 * @CITYHUB_STAMP_TICK:		the hub's tick that triggered the sample
 * @CITYHUB_STAMP_EXTRAPOLATED:	predicted, the observation told nothing
 */
enum cityhub_stamp_source {
	CITYHUB_STAMP_NONE,
	CITYHUB_STAMP_IRQ,
	CITYHUB_STAMP_POLL,
	CITYHUB_STAMP_TICK,
	CITYHUB_STAMP_EXTRAPOLATED,
};

/**
 * struct cityhub_stamp_config - what is known of the sampler beforehand
 * @period_ns:		nominal sample period, 1 us to 100 s
 * @tolerance_ppm:	largest relative error of @period_ns, 1 to 50000
 * @latency_min_ns:	least lateness of an observation: of interrupts as
 *			declared by the board, of polls what one costs; 0 when
 *			it is not known, and then stamps are late by it
 */
struct cityhub_stamp_config {
	u64 period_ns;
	u32 tolerance_ppm;
	u32 latency_min_ns;
};

/**
 * struct cityhub_stamp_real - a number of any size, never negative
 * @mant:	mantissa with its highest bit set, or 0
 * @exp:	power of two that @mant counts
 */
struct cityhub_stamp_real {
	u32 mant;
	s32 exp;
};

/**
 * struct cityhub_stamp_track - phase and period with their uncertainty
 * @phase_q16:		instant of the newest sample, from base_ns, in 2^-16 ns
 * @rate:		relative error of the nominal period, in 2^-56
 * @drift:		by how much @rate changes in 2^30 ns
 * @phase_var:		variance of the phase, in ns^2
 * @rate_per_phase:	by how much the rate is off when the phase is off by
 *			1 ns
 * @rate_var:		variance of the rate if the phase were known
 */
struct cityhub_stamp_track {
	s64 phase_q16;
	s64 rate;
	s64 drift;
	struct cityhub_stamp_real phase_var;
	struct cityhub_stamp_real rate_per_phase;
	struct cityhub_stamp_real rate_var;
};

/**
 * struct cityhub_stamp - estimator of one sampler, opaque to its users
 * @cfg:		configuration
 * @track:		estimates for a calm and for a lively period
 * @base_ns:		where the phases are counted from
 * @newest_ns:		instant of the newest sample
 * @before_ns:		instant of the newest sample before the last update
 * @period_q16:		estimated period, in 2^-16 ns
 * @spacing_q16:	distance of the samples of the last update, in 2^-16 ns
 * @samples:		samples of the last update
 * @bound_ns:		95 % bound of @newest_ns
 * @odds_q16:		log2 of how much likelier the calm track is
 * @jitter_var:		learned variance of the sampler's own phase noise
 * @late_q8:		learned mean lateness of the usual kind, in 2^-8 ns
 * @weight_q24:		learned shares of the kinds of lateness
 * @info_q16:		learned mean square of the slope towards @jitter_var
 * @updates:		observations learned from
 * @interrupts:		interrupts learned from
 * @doubt_q16:		how unlikely the last observations were, in bits
 * @missed:		interrupts that may have been missed just before
 * @missed_odds_q16:	log2 of how likely that is
 * @source:		source of the newest sample
 */
struct cityhub_stamp {
	struct cityhub_stamp_config cfg;
	struct cityhub_stamp_track track[CITYHUB_STAMP_TRACKS];
	s64 base_ns;
	s64 newest_ns;
	s64 before_ns;
	s64 period_q16;
	s64 spacing_q16;
	u32 samples;
	u32 bound_ns;
	s32 odds_q16;
	struct cityhub_stamp_real jitter_var;
	u64 late_q8;
	u32 weight_q24[CITYHUB_STAMP_KINDS];
	u32 info_q16;
	u32 updates;
	u32 interrupts;
	s32 doubt_q16;
	u64 missed;
	s64 missed_odds_q16;
	enum cityhub_stamp_source source;
};

void cityhub_stamp_init(struct cityhub_stamp *s,
			const struct cityhub_stamp_config *cfg);
void cityhub_stamp_reset(struct cityhub_stamp *s);
int cityhub_stamp_update(struct cityhub_stamp *s, u32 new_samples, s64 irq_ns,
			 s64 max_late_ns);
s64 cityhub_stamp_instant(const struct cityhub_stamp *s, u32 age);
s64 cityhub_stamp_span_ns(const struct cityhub_stamp *s, u32 samples);
u32 cityhub_stamp_bound_ns(const struct cityhub_stamp *s);

#endif /* _CITYHUB_STAMP_H */
