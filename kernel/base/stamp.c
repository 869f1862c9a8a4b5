// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instant of a sample, estimated from late interrupts.
 *
 * Quantities, all in ns of one raw clock:
 *
 *	t	when the chip took the newest sample; wanted, never seen
 *	y	when the host noticed: y = t + lateness, and lateness >= 0
 *	late	the most y can be late; known for a data-ready poll (the time
 *		since the last not-ready answer was asked for), not for an
 *		interrupt
 *
 * Samples follow each other at a period the chip's own clock keeps, so t is
 * predicted from its predecessor and then corrected by y:
 *
 * - with a known bracket [y - late, y] the prediction is clipped into it, and
 *   the slope between brackets far apart gives the period;
 * - without one, an interrupt before the prediction proves the prediction too
 *   late and is trusted; of those after it the least late one of a block is
 *   taken, and how far it moved from block to block corrects the period.
 *
 * Cost per update: no loop, at most three 64-bit divisions.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include <cityhub/stamp.h>

#define Q16_ONE			65536
/* Bounds of what one update may be asked to bridge. */
#define STAMP_MAX_STEP		1024
/* After so many samples the slope of brackets starts anew: periods wander. */
#define STAMP_BASE_LENGTH	1024
/* Interrupts in a block: few while the period is unknown, many later. */
#define STAMP_BLOCK_MIN		4U
#define STAMP_BLOCK_MAX		64U
/* A period wanders by a part in so many while nothing is learned of it. */
#define STAMP_WANDER		32768
/* Clocks cannot be read finer than this here: the floor of every bound. */
#define STAMP_FLOOR_NS		100

static s64 stamp_nominal_q16(const struct cityhub_stamp *s)
{
	return (s64)s->cfg.period_ns * Q16_ONE;
}

static void stamp_set_period(struct cityhub_stamp *s, s64 period_q16)
{
	s64 nominal = stamp_nominal_q16(s);
	s64 tolerance = div_s64(nominal, 1000000) * s->cfg.tolerance_ppm;

	s->period_q16 = clamp_t(s64, period_q16, nominal - tolerance,
				nominal + tolerance);
}

static void stamp_advance(struct cityhub_stamp *s, u32 n)
{
	s64 step = s->period_q16 * n + s->newest_q16;

	/* An arithmetic shift floors, so the fraction stays positive. */
	s->newest_ns += step >> 16;
	s->newest_q16 = step & (Q16_ONE - 1);
	s->base_count += n;
}

static void stamp_rebase(struct cityhub_stamp *s)
{
	s->base_ns = s->newest_ns;
	s->base_count = 0;
}

static void stamp_block_start(struct cityhub_stamp *s, u32 len)
{
	s->block_min_ns = S64_MAX;
	s->block_shift_ns = 0;
	s->block_samples = 0;
	s->block_fill = 0;
	s->block_len = len;
}

static void stamp_restart(struct cityhub_stamp *s, s64 y, s64 late)
{
	s64 half = late < 0 ? 0 : late / 2;

	s->newest_ns = y - half;
	s->newest_q16 = 0;
	s->spread_ns = 0;
	s->block_fix_ns = 0;
	stamp_block_start(s, STAMP_BLOCK_MIN);
	s->bound_ns = late < 0 ? min_t(u64, s->cfg.period_ns, U32_MAX)
			       : max_t(s64, half, STAMP_FLOOR_NS);
	stamp_rebase(s);
}

/* The prediction cannot lie outside the bracket. */
static void stamp_clip(struct cityhub_stamp *s, s64 y, u32 late, u32 n)
{
	s64 predicted = s->newest_ns;
	s64 center = y - late / 2;

	s->newest_ns = clamp_t(s64, predicted, y - late, y);
	if (!s->base_count)
		return;

	/* A bracket much wider than what is known has at most one edge to tell. */
	if (late > 4LL * s->bound_ns) {
		if (s->newest_ns == predicted) {
			s->bound_ns += div_s64(s->cfg.period_ns, STAMP_WANDER) * n;
			return;
		}
		center = s->newest_ns;
	}

	stamp_set_period(s, div_s64((center - s->base_ns) * Q16_ONE,
				    s->base_count));
	/* The instant lies in the bracket, but anywhere in it. */
	s->bound_ns = max3(y - s->newest_ns, s->newest_ns - (y - late),
			   (s64)STAMP_FLOOR_NS);
	if (s->base_count >= STAMP_BASE_LENGTH)
		stamp_rebase(s);
}

/*
 * The least late interrupt of a block lies close to the sample. How far the
 * envelope moved since the last block is the error of the period.
 */
static void stamp_block_end(struct cityhub_stamp *s)
{
	s64 moved = s->block_shift_ns + s->block_min_ns;
	/* Learn fast at first, then average over two blocks. */
	u32 calm = s->block_len < STAMP_BLOCK_MAX ? 1 : 2;

	stamp_set_period(s, s->period_q16 +
			 div_s64(moved * Q16_ONE, s->block_samples * calm));
	s->newest_ns += s->block_min_ns;
	s->block_fix_ns = min_t(s64, abs(moved), U32_MAX);
	stamp_block_start(s, min(2 * s->block_len, STAMP_BLOCK_MAX));
}

/* Lateness is one-sided: an early interrupt is proof, a late one a hint. */
static void stamp_lean(struct cityhub_stamp *s, s64 y, u32 n)
{
	s64 e = y - s->newest_ns;

	if (e < 0) {
		s->newest_ns = y;
		s->block_shift_ns += e;
		e = 0;
	}
	s->spread_ns += div_s64(min_t(s64, e, S32_MAX) - s->spread_ns, 16);
	s->block_min_ns = min(s->block_min_ns, e);
	s->block_samples += n;
	if (++s->block_fill >= s->block_len)
		stamp_block_end(s);

	s->bound_ns = max_t(u32, s->block_fix_ns +
			    4 * (s->spread_ns / s->block_len), STAMP_FLOOR_NS);
}

/**
 * cityhub_stamp_init() - prepare an estimator
 * @s:		estimator
 * @cfg:	what is known of the sampler; copied
 */
void cityhub_stamp_init(struct cityhub_stamp *s,
			const struct cityhub_stamp_config *cfg)
{
	*s = (struct cityhub_stamp) { .cfg = *cfg };
	s->period_q16 = stamp_nominal_q16(s);
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_init, "CITYHUB");

/**
 * cityhub_stamp_reset() - forget the phase, keep the period learned
 * @s:		estimator
 *
 * For a gap the number of samples of which is not known.
 */
void cityhub_stamp_reset(struct cityhub_stamp *s)
{
	s->source = CITYHUB_STAMP_NONE;
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_reset, "CITYHUB");

/**
 * cityhub_stamp_update() - take one observation
 * @s:		estimator
 * @new_samples: samples taken since the last observation, at least 1
 * @irq_ns:	when the host noticed the newest of them
 * @max_late_ns: how late that may be at most, or %CITYHUB_LATE_UNKNOWN
 *
 * Return: 0, or -EINVAL when @new_samples is 0.
 */
int cityhub_stamp_update(struct cityhub_stamp *s, u32 new_samples, s64 irq_ns,
			 s64 max_late_ns)
{
	s64 y = irq_ns - s->cfg.latency_min_ns;
	s64 late = min_t(s64, max_late_ns, S32_MAX);

	if (!new_samples)
		return -EINVAL;

	if (s->source == CITYHUB_STAMP_NONE || new_samples > STAMP_MAX_STEP) {
		stamp_restart(s, y, late);
	} else {
		stamp_advance(s, new_samples);
		/* Half a period off: samples were lost or counted twice. */
		if (abs(y - s->newest_ns) > (s64)s->cfg.period_ns *
		    new_samples / 2 + max(late, 0LL))
			stamp_restart(s, y, late);
		else if (late >= 0)
			stamp_clip(s, y, late, new_samples);
		else
			stamp_lean(s, y, new_samples);
	}

	s->source = late < 0 ? CITYHUB_STAMP_IRQ : CITYHUB_STAMP_POLL;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_update, "CITYHUB");

/**
 * cityhub_stamp_instant() - instant of a sample
 * @s:		estimator
 * @age:	how many samples before the newest one it was taken
 *
 * Return: the instant in ns of the clock the observations came in.
 */
s64 cityhub_stamp_instant(const struct cityhub_stamp *s, u32 age)
{
	return s->newest_ns + ((s->newest_q16 - s->period_q16 * age) >> 16);
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_instant, "CITYHUB");

/**
 * cityhub_stamp_bound_ns() - 95 % bound of the newest instant
 * @s:		estimator
 *
 * Return: the bound in ns, U32_MAX when there was no observation yet.
 */
u32 cityhub_stamp_bound_ns(const struct cityhub_stamp *s)
{
	return s->source == CITYHUB_STAMP_NONE ? U32_MAX : s->bound_ns;
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_bound_ns, "CITYHUB");
