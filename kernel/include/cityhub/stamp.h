/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instant of a sample, estimated from late interrupts.
 *
 * Pure integer code: no allocation, no locks, no kernel calls. The same file
 * is built into cityhub-base, into KUnit and into userspace tools.
 */
#ifndef _CITYHUB_STAMP_H
#define _CITYHUB_STAMP_H

#include <linux/types.h>

/** CITYHUB_LATE_UNKNOWN - the interrupt may be late by any amount. */
#define CITYHUB_LATE_UNKNOWN	(-1LL)

/**
 * enum cityhub_stamp_source - where the instant of a sample comes from
 * @CITYHUB_STAMP_NONE:		no observation yet
 * @CITYHUB_STAMP_IRQ:		filtered interrupt instants
 * @CITYHUB_STAMP_POLL:		data-ready polls with a known bracket
 * @CITYHUB_STAMP_TICK:		the hub's tick that triggered the sample
 * @CITYHUB_STAMP_EXTRAPOLATED:	predicted, no observation near the sample
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
 * @latency_min_ns:	constant part of the interrupt latency as declared by
 *			the board, 0 when it was never calibrated
 */
struct cityhub_stamp_config {
	u64 period_ns;
	u32 tolerance_ppm;
	u32 latency_min_ns;
};

/**
 * struct cityhub_stamp - estimator of one sampler, opaque to its users
 * @cfg:	configuration
 * @newest_ns:	estimated instant of the newest sample
 * @newest_q16:	fraction of @newest_ns, in 2^-16 ns
 * @period_q16:	estimated period, in 2^-16 ns
 * @base_ns:	where the slope of poll brackets is measured from
 * @base_count:	samples since @base_ns
 * @block_min_ns: least lateness seen in this block of interrupts
 * @block_shift_ns: how far early interrupts moved the phase in this block
 * @block_samples: samples in this block
 * @block_fill:	interrupts in this block
 * @block_len:	interrupts a block takes
 * @block_fix_ns: by how much the last block was off
 * @bound_ns:	95 % bound of @newest_ns
 * @spread_ns:	running mean of how late interrupts come
 * @source:	source of the newest sample
 */
struct cityhub_stamp {
	struct cityhub_stamp_config cfg;
	s64 newest_ns;
	u32 newest_q16;
	s64 period_q16;
	s64 base_ns;
	u32 base_count;
	s64 block_min_ns;
	s64 block_shift_ns;
	u32 block_samples;
	u32 block_fill;
	u32 block_len;
	u32 block_fix_ns;
	u32 bound_ns;
	u32 spread_ns;
	enum cityhub_stamp_source source;
};

void cityhub_stamp_init(struct cityhub_stamp *s,
			const struct cityhub_stamp_config *cfg);
void cityhub_stamp_reset(struct cityhub_stamp *s);
int cityhub_stamp_update(struct cityhub_stamp *s, u32 new_samples, s64 irq_ns,
			 s64 max_late_ns);
s64 cityhub_stamp_instant(const struct cityhub_stamp *s, u32 age);
u32 cityhub_stamp_bound_ns(const struct cityhub_stamp *s);

#endif /* _CITYHUB_STAMP_H */
