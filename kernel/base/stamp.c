// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instant of a sample, estimated from late interrupts.
 *
 * Quantities, in ns of one raw clock:
 *
 *	phase	when the newest sample was due by the chip's clock
 *	rate	relative error of the nominal period; it wanders slowly
 *	z	when the sample was really taken: z = phase + jitter, and jitter
 *		is the sampler's own phase noise, 50 ns or 20 us; wanted
 *	y	when the host noticed: y = z + lateness, and lateness >= 0
 *
 * Lateness is one-sided and ugly: mostly about late_q8, sometimes 8, 64 or 512
 * times that (kinds 0 to 3, each exponential, with learned shares). So an
 * early interrupt is proof and a late one a hint.
 *
 * The estimate. Phase and rate have a joint normal distribution; advancing it
 * by the period and the wander of the rate predicts z as normal with variance
 * S = phase_var + jitter_var. Given y, each kind of lateness makes z a normal
 * distribution moved later by S / scale and cut off at y: an interrupt cannot
 * come before its sample. Its mean and variance are known (Mills' ratio), and
 * so is the likelihood of the kind. The mixture is replaced by the normal
 * distribution of the same mean and variance. With a bracket [y - late, y], as
 * polling has, z is cut off at both ends.
 *
 * An unknown phase is just a large variance, so there is no separate
 * acquisition: the first interrupts of any lateness settle it like all others,
 * and the least late ones settle it, as they would by their lower envelope.
 *
 * phase_var, rate_per_phase and rate_var are the factors of the covariance.
 * An observation is of the phase alone and changes the first only, therefore
 * nothing is ever subtracted and no variance can turn negative.
 *
 * How fast does the rate wander? Two tracks run side by side, one for a calm
 * crystal and one for a warming one; the likelihood of what is seen decides.
 *
 * What is learned: jitter_var along the slope of the likelihood; the shares
 * and the scale of the lateness as means of what the observations say.
 *
 * Whole steps. An interrupt about one step early was seen before; one late by
 * whole steps, and fitting there, tells of interrupts missed. When nothing
 * fits for long, doubt grows until the phase is searched anew.
 *
 * Cost: no loop but over the constant numbers of tracks, kinds and points. On
 * x86-64 at -O2 callgrind counts 11000 instructions per update; 20000 where the
 * phase is searched anew, and by its parts no more than 30000.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include <cityhub/stamp.h>

#include "stamp_math.h"

#define Q16(x)			((s64)(x) * STAMP_Q16_ONE)
#define Q24_ONE			16777216U

/* What one update may bridge; more starts anew. */
#define MAX_SAMPLES		65536
#define MAX_SPAN_NS		100000000000000LL
/* An interrupt further off than 2 h is no late one. */
#define MAX_OFF_NS		8000000000000LL
/* Instants may be this large: sums of a few do not overflow. */
#define MAX_INSTANT_NS		(S64_MAX / 2)

/* Rates are in 2^-56: 1e-17, and 6 % fit in 53 bits. */
#define RATE_SHIFT		56

/* Variance the rate gains per ns: (0.02 ppm)^2 per s, a crystal at rest. */
#define WANDER_CALM		{ .mant = 0xf79687af, .exp = -113 }
/* 1024 times that, and a steady drift: follows one that warms up. */
#define WANDER_LIVELY		{ .mant = 0xf79687af, .exp = -103 }
/* A drift counts per 2^30 ns; no crystal drifts by more than 5 ppm/s. */
#define DRIFT_SHIFT		30
#define DRIFT_MAX		386855000000LL
/* The share of a change of the rate that is taken to go on; 4: well damped. */
#define DRIFT_DAMPING_SHIFT	2
/* Not learned before the rate itself is. */
#define DRIFT_AFTER		64
/* A likelihood ratio counts as 8 at most, all history as 65536. */
#define ODDS_STEP_Q16		Q16(3)
#define ODDS_MAX_Q16		Q16(16)

/* Jitter before anything is known, so that 20 us are found from there. */
#define JITTER_START_NS		8000
/* For a sampler that is polled: this part of its period. */
#define JITTER_POLL_SHIFT	14
/* Less is of no use next to the resolution of clocks. */
#define JITTER_MIN_NS		30
/* Usual lateness before anything is known, and its bounds. */
#define LATE_START_NS		3000
#define LATE_MIN_NS		100
#define LATE_MAX_NS		1000000000LL
/* A single interrupt counts as so many times the scale at most. */
#define LATE_OUTLIER		16
/* log2 of the ratio of scales of neighbouring kinds of lateness */
#define KIND_SHIFT		3
/* No kind is ever ruled out, and the first stays the usual one. */
#define WEIGHT_MIN_Q24		(Q24_ONE / 1024)
#define WEIGHT_RARE_Q24		(Q24_ONE / 10 * 3)
/* Averages for learning start at 10 and end at so many observations. */
#define LEARN_START		10
#define LEARN_LATENESS		1024
#define LEARN_JITTER		512
/* The jitter is learned first: else lateness would explain it. */
#define LATENESS_AFTER		32
#define JITTER_AFTER		3
/* Keeps the step of the jitter finite while observations say little. */
#define INFO_FLOOR_Q16		655
/* The jitter changes by a factor of e^0.5 per observation at most. */
#define JITTER_STEP_Q24		(Q24_ONE / 2)

/* A prediction this many sigma off is wrong: its variance must grow. */
#define CONTRADICTION_SIGMA	5
/* 95 % of a normal is 1.96 sigma; the model is not the truth. */
#define BOUND_SIGMA_Q16		147456
/* A flat distribution has 97.5 % of itself within this of its half width. */
#define BOUND_BRACKET_Q16	63898

/* An interrupt is missed once in 2000, until another confirms it ... */
#define MISSED_ODDS_Q16		Q16(-11)
/* ... and less likely than late where a step is less than 8 ms. */
#define MISSED_STEP_LOG2_Q16	Q16(23)
/* A meaningless instant, anywhere within a step, comes once in a million. */
#define STRANGE_ODDS_Q16	Q16(-20)
/* Lateness of p adds -log2(p) - 3 bits, 3 at most; 12 such in a row ... */
#define DOUBT_USUAL_Q16		Q16(3)
#define DOUBT_MOST_Q16		Q16(6)
/* ... or two impossible instants start the search of the phase anew. */
#define DOUBT_STRANGE_Q16	Q16(20)
#define DOUBT_LIMIT_Q16		Q16(36)

/* A bracket is integrated over in so many points, this far out. */
#define BRACKET_POINTS		24
#define BRACKET_SIGMA		6

static const struct cityhub_stamp_real wander[CITYHUB_STAMP_TRACKS] = {
	WANDER_CALM, WANDER_LIVELY,
};

/* What an observation says of the newest sample. */
struct stamp_seen {
	s64 hi_q16;		/* the latest it can be, from base_ns */
	s64 late_q16;		/* how much earlier it can be, or < 0 */
	u64 step_ns;		/* since the observation before, nominally */
};

/* A track after an observation. */
struct stamp_view {
	struct cityhub_stamp_real var;		/* S */
	struct cityhub_stamp_real sigma;	/* its root */
	struct cityhub_stamp_real left;		/* of S, for z */
	s64 shift_q16;				/* of the mean, from S */
	s64 log2_q16;				/* likelihood */
	u32 share_q24[CITYHUB_STAMP_KINDS];	/* of kinds of lateness */
	struct cityhub_stamp_real late[CITYHUB_STAMP_KINDS]; /* in sigma */
};

/* Both tracks in one. */
struct stamp_mix {
	u32 lively_q16;		/* share of the lively track */
	s64 z_q16;		/* from base_ns */
	struct cityhub_stamp_real var;
};

static struct cityhub_stamp_real real_square(struct cityhub_stamp_real a)
{
	return stamp_mul(a, a);
}

static struct cityhub_stamp_real real_abs(s64 value, int exp)
{
	return stamp_real(value < 0 ? 0 - (u64)value : (u64)value, exp);
}

/* -log2 of exp(-x^2 / 2) */
static s64 half_square_bits_q16(s64 x_q16)
{
	u64 x = min_t(u64, x_q16 < 0 ? -x_q16 : x_q16, S32_MAX);

	return (((x * x) >> 16) * (STAMP_LOG2_E_Q16 / 2)) >> 16;
}

static s64 rate_limit(const struct cityhub_stamp *s)
{
	return div_s64(1LL << RATE_SHIFT, 1000000) * s->cfg.tolerance_ppm;
}

static struct cityhub_stamp_real stamp_sigma(const struct cityhub_stamp *s,
					     const struct cityhub_stamp_track *t)
{
	return stamp_sqrt(stamp_add(t->phase_var, s->jitter_var));
}

static void track_advance(const struct cityhub_stamp *s,
			  struct cityhub_stamp_track *t, bool lively, u64 span_ns)
{
	s64 limit = rate_limit(s);
	struct cityhub_stamp_real span = stamp_real(span_ns, 0);
	struct cityhub_stamp_real gain, rate_var, cross, var;
	s64 drift = 0;

	gain = stamp_add(stamp_real(1, 0), stamp_mul(span, t->rate_per_phase));
	rate_var = stamp_add(t->rate_var, stamp_mul(span, wander[lively]));
	cross = stamp_mul(span, rate_var);
	var = stamp_add(stamp_mul(t->phase_var, real_square(gain)),
			stamp_mul(span, cross));
	cross = stamp_add(cross, stamp_mul(stamp_mul(t->phase_var, gain),
					   t->rate_per_phase));

	/* What drifted for longer than it was watched is anybody's guess. */
	if (gain.exp < -30) {
		drift = stamp_mul_shift(t->drift, span_ns, DRIFT_SHIFT);
		t->rate = clamp(t->rate + drift, -limit, limit);
	}
	t->phase_q16 += stamp_mul_shift(t->rate - drift / 2, span_ns,
					RATE_SHIFT - 16);
	t->rate_var = stamp_div(stamp_mul(t->phase_var, rate_var), var);
	t->rate_per_phase = stamp_div(cross, var);
	t->phase_var = var;
}

static void stamp_advance(struct cityhub_stamp *s, u64 span_ns)
{
	int i;

	for (i = 0; i < CITYHUB_STAMP_TRACKS; i++)
		track_advance(s, &s->track[i], i, span_ns);
	s->base_ns += span_ns;
}

/* The prediction is off by more than it can be: it was too sure of itself. */
static void track_contradict(const struct cityhub_stamp *s,
			     struct cityhub_stamp_track *t, s64 off_q16)
{
	struct cityhub_stamp_real most, excess;

	most = stamp_mul(stamp_sigma(s, t), stamp_real(CONTRADICTION_SIGMA, 0));
	excess = stamp_div(real_abs(off_q16, -16), most);
	if (stamp_less(excess, stamp_real(1, 0)))
		return;

	excess = real_square(excess);
	if (excess.exp > -11)
		excess = stamp_real(1, 20);
	t->phase_var = stamp_mul(t->phase_var, excess);
	t->rate_var = stamp_mul(t->rate_var, excess);
}

static void view_begin(const struct cityhub_stamp *s,
		       const struct cityhub_stamp_track *t,
		       struct stamp_view *v)
{
	*v = (struct stamp_view) { };
	v->var = stamp_add(t->phase_var, s->jitter_var);
	v->sigma = stamp_sqrt(v->var);
}

/*
 * log2 of the likelihood of a lateness: x and a are the distance of the
 * interrupt from the prediction and the slope of the lateness, per sigma.
 */
static s64 kind_log2(s64 x_q16, s64 c_q16, struct cityhub_stamp_real a,
		     const struct stamp_cut *cut)
{
	struct cityhub_stamp_real fall;

	if (c_q16 < 0)
		return cut->log2_area_q16 - half_square_bits_q16(x_q16) -
		       STAMP_LOG2_SQRT2PI_Q16;

	fall = stamp_mul(a, stamp_diff(stamp_real(x_q16, -16),
				       stamp_scale(a, -1)));
	fall = stamp_mul(fall, stamp_real(STAMP_LOG2_E_Q16, -16));
	return cut->log2_area_q16 - (s64)stamp_real_to(fall, -16);
}

/* Shares of the kinds from their log2; returns log2 of the sum. */
static s64 view_shares(struct stamp_view *v, const s64 *log2_q16)
{
	s64 most = log2_q16[0];
	u32 sum = 0;
	int i;

	for (i = 1; i < CITYHUB_STAMP_KINDS; i++)
		most = max(most, log2_q16[i]);
	for (i = 0; i < CITYHUB_STAMP_KINDS; i++) {
		v->share_q24[i] = stamp_exp2_q24(log2_q16[i] - most);
		sum += v->share_q24[i];
	}
	for (i = 0; i < CITYHUB_STAMP_KINDS; i++)
		v->share_q24[i] = div_u64((u64)v->share_q24[i] << 24, sum);

	return most + stamp_log2_q16(stamp_real(sum, -24));
}

static void view_mixture(struct stamp_view *v, s64 off_q16,
			 const struct stamp_cut *cut)
{
	struct cityhub_stamp_real mean = { }, share, apart;
	int i;

	for (i = 0; i < CITYHUB_STAMP_KINDS; i++) {
		share = stamp_real(v->share_q24[i], -24);
		v->late[i] = cut[i].below;
		mean = stamp_add(mean, stamp_mul(share, cut[i].below));
	}
	for (i = 0; i < CITYHUB_STAMP_KINDS; i++) {
		share = stamp_real(v->share_q24[i], -24);
		apart = real_square(stamp_diff(cut[i].below, mean));
		v->left = stamp_add(v->left, stamp_mul(share,
						       stamp_add(cut[i].var,
								 apart)));
	}
	v->shift_q16 = off_q16 - (s64)stamp_real_to(stamp_mul(mean, v->sigma),
						    -16);
}

/* The sample was taken before @off_q16 from its prediction, likely not long. */
static void view_interrupt(const struct cityhub_stamp *s,
			   const struct cityhub_stamp_track *t, s64 off_q16,
			   struct stamp_view *v)
{
	struct stamp_cut cut[CITYHUB_STAMP_KINDS];
	struct cityhub_stamp_real late = stamp_real(s->late_q8, -8);
	struct cityhub_stamp_real slope;
	s64 log2_q16[CITYHUB_STAMP_KINDS];
	s64 x_q16, c_q16;
	int i;

	view_begin(s, t, v);
	x_q16 = stamp_real_to_signed(stamp_div(real_abs(off_q16, -16), v->sigma),
				     off_q16 < 0, -16);
	for (i = 0; i < CITYHUB_STAMP_KINDS; i++) {
		slope = stamp_scale(stamp_div(v->sigma, late), -KIND_SHIFT * i);
		c_q16 = x_q16 - (s64)stamp_real_to(slope, -16);
		stamp_cut(c_q16, &cut[i]);
		log2_q16[i] = kind_log2(x_q16, c_q16, slope, &cut[i]) +
			      stamp_log2_q16(stamp_real(s->weight_q24[i], -24)) -
			      Q16(KIND_SHIFT * i);
	}
	v->log2_q16 = view_shares(v, log2_q16) - stamp_log2_q16(late);
	view_mixture(v, off_q16, cut);
}

/*
 * Cut off at both ends: the moments of what is left are summed up over points
 * between them, as far out as there is anything left.
 */
static void view_window(const struct stamp_view *v, s64 *lo_q16, s64 *hi_q16)
{
	s64 far_q16 = stamp_real_to(stamp_mul(v->sigma,
					      stamp_real(BRACKET_SIGMA, 0)),
				    -16);
	s64 near_q16 = max3(*lo_q16, -*hi_q16, 0LL);
	struct cityhub_stamp_real reach;

	/* Out at n sigma it falls off n + 1 times as fast. */
	reach = stamp_add(v->sigma, stamp_real(near_q16, -16));
	reach = stamp_div(real_square(v->sigma), reach);
	reach = stamp_mul(reach, stamp_real(BRACKET_SIGMA, 0));
	far_q16 = near_q16 ? near_q16 + (s64)stamp_real_to(reach, -16) : far_q16;

	*lo_q16 = max(*lo_q16, -far_q16);
	*hi_q16 = min(*hi_q16, far_q16);
}

static void view_bracket(const struct cityhub_stamp *s,
			 const struct cityhub_stamp_track *t, s64 lo_q16,
			 s64 hi_q16, struct stamp_view *v)
{
	u64 sum = 0, first = 0, second = 0;
	struct cityhub_stamp_real width;
	s64 near_bits, mean_q24, x_q16;
	u32 i, weight, var_q24;

	view_begin(s, t, v);
	near_bits = max3(lo_q16, -hi_q16, 0LL);
	near_bits = half_square_bits_q16(stamp_real_to(stamp_div(stamp_real(near_bits, -16),
								 v->sigma), -16));
	view_window(v, &lo_q16, &hi_q16);
	width = stamp_div(stamp_real(hi_q16 - lo_q16, -16), v->sigma);
	for (i = 0; i < BRACKET_POINTS; i++) {
		x_q16 = lo_q16 + stamp_mul_shift(hi_q16 - lo_q16,
						 ((2 * i + 1) << 16) /
						 (2 * BRACKET_POINTS), 16);
		x_q16 = stamp_real_to(stamp_div(real_abs(x_q16, -16), v->sigma),
				      -16);
		weight = stamp_exp2_q24(min(near_bits -
					    half_square_bits_q16(x_q16), 0LL));
		sum += weight;
		first += (u64)weight * (2 * i + 1);
		second += (u64)weight * ((2 * i + 1) * (2 * i + 1));
	}
	sum = max(sum, 1ULL);
	mean_q24 = div64_u64(first << 24, sum * (2 * BRACKET_POINTS));
	second = div64_u64(second << 24, sum * (4 * BRACKET_POINTS * BRACKET_POINTS));
	/* One point is as wide as all: no variance is less than a point's. */
	var_q24 = max_t(s64, (s64)second - ((mean_q24 * mean_q24) >> 24),
			Q24_ONE / (12 * BRACKET_POINTS * BRACKET_POINTS));

	v->shift_q16 = lo_q16 + stamp_mul_shift(hi_q16 - lo_q16, mean_q24, 24);
	v->left = stamp_mul(real_square(width), stamp_real(var_q24, -24));
	if (stamp_less(stamp_real(1, 0), v->left))
		v->left = stamp_real(1, 0);
	v->log2_q16 = stamp_log2_q16(stamp_real(sum, -24)) - near_bits;
	if (width.mant)
		v->log2_q16 += stamp_log2_q16(width);
}

static void stamp_view(const struct cityhub_stamp *s,
		       struct cityhub_stamp_track *t,
		       const struct stamp_seen *seen, struct stamp_view *v)
{
	s64 hi_q16 = seen->hi_q16 - t->phase_q16;
	s64 lo_q16 = hi_q16 - seen->late_q16;

	if (hi_q16 < 0)
		track_contradict(s, t, hi_q16);
	else if (seen->late_q16 >= 0 && lo_q16 > 0)
		track_contradict(s, t, lo_q16);

	if (seen->late_q16 < 0)
		view_interrupt(s, t, hi_q16, v);
	else
		view_bracket(s, t, lo_q16, hi_q16, v);
}

static void track_correct_drift(struct cityhub_stamp_track *t, s64 change)
{
	struct cityhub_stamp_real drift;

	drift = stamp_scale(stamp_mul(t->rate_per_phase, real_abs(change, 0)),
			    DRIFT_SHIFT - DRIFT_DAMPING_SHIFT);
	t->drift += stamp_real_to_signed(drift, change < 0, 0);
	t->drift = clamp(t->drift, -DRIFT_MAX, DRIFT_MAX);
}

/* What was learned of z is learned of the phase, and of the rate by it. */
static void track_correct(const struct cityhub_stamp *s,
			  struct cityhub_stamp_track *t,
			  const struct stamp_view *v, bool drifts)
{
	struct cityhub_stamp_real share = stamp_div(t->phase_var, v->var);
	s64 limit = rate_limit(s);
	s64 shift_q16, change;

	shift_q16 = stamp_mul_shift(v->shift_q16, stamp_real_to(share, -32), 32);
	t->phase_q16 += shift_q16;
	change = stamp_real_to_signed(stamp_mul(t->rate_per_phase,
						real_abs(shift_q16, -16)),
				      shift_q16 < 0, -RATE_SHIFT);
	change = clamp(change, -limit, limit);
	t->rate = clamp(t->rate + change, -limit, limit);
	if (drifts && s->updates > DRIFT_AFTER)
		track_correct_drift(t, change);
	t->phase_var = stamp_mul(t->phase_var,
				 stamp_add(stamp_div(s->jitter_var, v->var),
					   stamp_mul(share, v->left)));
}

static void stamp_weigh(struct cityhub_stamp *s, const struct stamp_view *v)
{
	s64 gain = clamp_t(s64, v[0].log2_q16 - v[1].log2_q16, -ODDS_STEP_Q16,
			   ODDS_STEP_Q16);

	s->odds_q16 = clamp_t(s64, s->odds_q16 + gain, -ODDS_MAX_Q16,
			      ODDS_MAX_Q16);
}

static u32 stamp_lively_q16(const struct cityhub_stamp *s)
{
	u64 less = stamp_exp2_q24(-abs(s->odds_q16));
	u32 share = div_u64(less << 16, Q24_ONE + less);

	return s->odds_q16 < 0 ? STAMP_Q16_ONE - share : share;
}

static void stamp_mix(const struct cityhub_stamp *s,
		      const struct cityhub_stamp_track *t,
		      const struct stamp_view *v, struct stamp_mix *m)
{
	s64 apart = t[1].phase_q16 + v[1].shift_q16 -
		    t[0].phase_q16 - v[0].shift_q16;
	struct cityhub_stamp_real lively, calm;

	m->lively_q16 = stamp_lively_q16(s);
	lively = stamp_real(m->lively_q16, -16);
	calm = stamp_real(STAMP_Q16_ONE - m->lively_q16, -16);
	m->z_q16 = t[0].phase_q16 + v[0].shift_q16 +
		   stamp_mul_shift(apart, m->lively_q16, 16);
	m->var = stamp_add(stamp_mul(calm, stamp_mul(v[0].var, v[0].left)),
			   stamp_mul(lively, stamp_mul(v[1].var, v[1].left)));
	m->var = stamp_add(m->var, stamp_mul(stamp_mul(calm, lively),
					     real_square(real_abs(apart, -16))));
}

/* Slope of the log likelihood over the logarithm of the jitter's variance. */
static s64 view_jitter_slope_q24(const struct cityhub_stamp *s,
				 const struct stamp_view *v)
{
	struct cityhub_stamp_real square, share;
	s64 surplus_q24;

	square = real_square(stamp_div(real_abs(v->shift_q16, -16), v->sigma));
	square = stamp_add(square, v->left);
	surplus_q24 = min_t(u64, stamp_real_to(square, -24), 64ULL * Q24_ONE);
	surplus_q24 -= Q24_ONE;
	share = stamp_div(s->jitter_var, v->var);

	return stamp_mul_shift(surplus_q24, stamp_real_to(share, -24), 25);
}

/* Climb the likelihood, by steps that suit its curvature. */
static void stamp_learn_jitter(struct cityhub_stamp *s,
			       const struct stamp_view *v, u32 lively_q16)
{
	u32 gain_q24 = Q24_ONE / min_t(u32, LEARN_START + s->updates / 4,
				       LEARN_JITTER);
	s64 slope = view_jitter_slope_q24(s, &v[0]);
	struct cityhub_stamp_real floor = stamp_real(JITTER_MIN_NS *
						     JITTER_MIN_NS, 0);
	s64 step;

	slope += ((view_jitter_slope_q24(s, &v[1]) - slope) * lively_q16) >> 16;
	step = stamp_mul_shift(abs(slope), abs(slope), 32) - s->info_q16;
	s->info_q16 += stamp_mul_shift(step, gain_q24, 24);
	step = div_s64((slope * gain_q24) >> 8, s->info_q16 + INFO_FLOOR_Q16);
	step = clamp_t(s64, step, -(s64)JITTER_STEP_Q24, JITTER_STEP_Q24);

	/* exp(step), as a power of two that is no more than 1 */
	step = (step * STAMP_LOG2_E_Q16) >> 24;
	s->jitter_var = stamp_mul(s->jitter_var,
				  stamp_real(stamp_exp2_q24(step - Q16(1)), -23));
	if (stamp_less(s->jitter_var, floor))
		s->jitter_var = floor;
}

/* Keep the usual kind the usual one, and none impossible. */
static void stamp_bound_weights(struct cityhub_stamp *s)
{
	u32 rare = 0;
	int i;

	for (i = 1; i < CITYHUB_STAMP_KINDS; i++) {
		s->weight_q24[i] = max(s->weight_q24[i], WEIGHT_MIN_Q24);
		rare += s->weight_q24[i];
	}
	for (i = 1; i < CITYHUB_STAMP_KINDS && rare > WEIGHT_RARE_Q24; i++)
		s->weight_q24[i] = div_u64((u64)s->weight_q24[i] *
					   WEIGHT_RARE_Q24, rare);
	s->weight_q24[0] = Q24_ONE - min(rare, WEIGHT_RARE_Q24);
}

static void stamp_learn_lateness(struct cityhub_stamp *s,
				 const struct stamp_view *v, u32 lively_q16)
{
	u32 gain_q24 = Q24_ONE / min_t(u32, LEARN_START + s->interrupts,
				       LEARN_LATENESS);
	struct cityhub_stamp_real late, scale = { };
	u32 share_q24;
	u64 limit;
	int i, j;

	for (i = 0; i < CITYHUB_STAMP_KINDS; i++) {
		share_q24 = v[0].share_q24[i] +
			    ((((s64)v[1].share_q24[i] - v[0].share_q24[i]) *
			      lively_q16) >> 16);
		s->weight_q24[i] += (((s64)share_q24 - s->weight_q24[i]) *
				     gain_q24) >> 24;
		for (j = 0; j < CITYHUB_STAMP_TRACKS; j++) {
			late = stamp_mul(v[j].sigma, v[j].late[i]);
			late = stamp_mul(late, stamp_real(v[j].share_q24[i], -24));
			late = stamp_mul(late, stamp_real(j ? lively_q16 :
							  STAMP_Q16_ONE -
							  lively_q16, -16));
			scale = stamp_add(scale,
					  stamp_scale(late, -KIND_SHIFT * i));
		}
	}
	stamp_bound_weights(s);
	limit = min(s->late_q8 * LATE_OUTLIER, (u64)LATE_MAX_NS << 8);
	s->late_q8 += stamp_mul_shift((s64)min(stamp_real_to(scale, -8), limit) -
				      (s64)s->late_q8, gain_q24, 24);
	s->late_q8 = max_t(u64, s->late_q8, LATE_MIN_NS << 8);
}

static void stamp_learn(struct cityhub_stamp *s, const struct stamp_view *v,
			u32 lively_q16, bool interrupt)
{
	if (s->updates >= JITTER_AFTER)
		stamp_learn_jitter(s, v, lively_q16);
	if (s->updates < U32_MAX)
		s->updates++;
	if (!interrupt)
		return;

	if (s->interrupts > LATENESS_AFTER)
		stamp_learn_lateness(s, v, lively_q16);
	if (s->interrupts < U32_MAX)
		s->interrupts++;
}

/* -log2 of the probability to be as late as that, or later */
static s64 stamp_surprise_q16(const struct cityhub_stamp *s, s64 late_q16)
{
	struct cityhub_stamp_real ratio;
	u64 sum = 0;
	int i;

	ratio = stamp_div(stamp_real(max(late_q16, 0LL), -16),
			  stamp_real(s->late_q8, -8));
	ratio = stamp_mul(ratio, stamp_real(STAMP_LOG2_E_Q16, -16));
	for (i = 0; i < CITYHUB_STAMP_KINDS; i++)
		sum += (u64)s->weight_q24[i] *
		       stamp_exp2_q24(-(s64)stamp_real_to(stamp_scale(ratio,
								      -KIND_SHIFT * i),
							  -16));

	return sum ? -stamp_log2_q16(stamp_real(sum, -48)) : DOUBT_MOST_Q16;
}

static void stamp_doubt(struct cityhub_stamp *s, s64 bits_q16)
{
	s->doubt_q16 = max_t(s64, s->doubt_q16 + bits_q16, 0);
}

/* Tell what is known; samples stay in order whatever was learned since. */
static void stamp_publish(struct cityhub_stamp *s, s64 z_q16,
			  struct cityhub_stamp_real var, s64 limit_ns,
			  u32 samples)
{
	const struct cityhub_stamp_track *t = &s->track[s->odds_q16 < 0];
	s64 newest = s->base_ns + ((z_q16 + STAMP_Q16_ONE / 2) >> 16);
	u64 bound;

	bound = stamp_real_to(stamp_mul(stamp_sqrt(var),
					stamp_real(BOUND_SIGMA_Q16, -16)), 0);
	bound = min_t(u64, bound, limit_ns) + 1;
	s->period_q16 = Q16(s->cfg.period_ns) +
			stamp_mul_shift(t->rate, s->cfg.period_ns, RATE_SHIFT - 16);
	s->spacing_q16 = s->period_q16;
	if (s->samples) {
		s->before_ns = s->newest_ns;
		if (newest < s->before_ns) {
			bound += s->before_ns - newest;
			newest = s->before_ns;
		}
		if (newest - stamp_mul_shift(s->period_q16, samples, 16) < s->before_ns)
			s->spacing_q16 = div_s64(min((newest - s->before_ns), MAX_OFF_NS)
						 << 16, samples);
	}
	s->newest_ns = newest;
	s->samples = samples;
	s->bound_ns = min_t(u64, bound, U32_MAX - 1);
}

/* Keep the phases small: they are counted from near the newest sample. */
static void stamp_rebase(struct cityhub_stamp *s)
{
	s64 whole = s->track[0].phase_q16 >> 16;
	int i;

	s->base_ns += whole;
	for (i = 0; i < CITYHUB_STAMP_TRACKS; i++)
		s->track[i].phase_q16 -= Q16(whole);
}

static s64 stamp_bracket_limit(const struct stamp_seen *seen, s64 z_q16)
{
	s64 side_q16;

	if (seen->late_q16 < 0)
		return S64_MAX;

	side_q16 = max(seen->hi_q16 - z_q16,
		       z_q16 - (seen->hi_q16 - seen->late_q16));
	return stamp_mul_shift(side_q16, BOUND_BRACKET_Q16, 32);
}

static void stamp_observe(struct cityhub_stamp *s, const struct stamp_seen *seen,
			  u32 samples)
{
	bool interrupt = seen->late_q16 < 0;
	struct stamp_view v[CITYHUB_STAMP_TRACKS];
	struct stamp_mix m;
	int i;

	for (i = 0; i < CITYHUB_STAMP_TRACKS; i++)
		stamp_view(s, &s->track[i], seen, &v[i]);
	stamp_weigh(s, v);
	stamp_mix(s, s->track, v, &m);
	for (i = 0; i < CITYHUB_STAMP_TRACKS; i++)
		track_correct(s, &s->track[i], &v[i], i);
	/* A crystal that comes to rest is followed from where it is. */
	if (s->odds_q16 <= -ODDS_MAX_Q16) {
		s->track[0] = s->track[1];
		s->track[0].drift = 0;
	}

	s->source = interrupt ? CITYHUB_STAMP_IRQ : CITYHUB_STAMP_POLL;
	i = s->odds_q16 < 0;
	if (interrupt) {
		if (v[i].share_q24[2] + v[i].share_q24[3] > Q24_ONE / 2)
			s->source = CITYHUB_STAMP_EXTRAPOLATED;
		stamp_doubt(s, min_t(s64, stamp_surprise_q16(s, seen->hi_q16 - m.z_q16),
				     DOUBT_MOST_Q16) - DOUBT_USUAL_Q16);
	}
	stamp_learn(s, v, m.lively_q16, interrupt);
	stamp_publish(s, m.z_q16, m.var, stamp_bracket_limit(seen, m.z_q16), samples);
	stamp_rebase(s);
}

/* Nothing usable was seen: go by the period. */
static void stamp_extrapolate(struct cityhub_stamp *s, u32 samples)
{
	const struct cityhub_stamp_track *t = &s->track[s->odds_q16 < 0];

	s->source = CITYHUB_STAMP_EXTRAPOLATED;
	stamp_publish(s, t->phase_q16, stamp_add(t->phase_var, s->jitter_var),
		      S64_MAX, samples);
	stamp_rebase(s);
}

/* The phase is unknown, the rate as good as before, or up to its tolerance. */
static void stamp_search(struct cityhub_stamp *s, s64 y, s64 late,
			 bool keep_rate, u32 samples)
{
	struct stamp_seen seen = { .late_q16 = late < 0 ? late : Q16(late) };
	struct cityhub_stamp_track *t = &s->track[s->odds_q16 < 0];
	struct cityhub_stamp_real tolerance, rate_var;
	s64 half = max(late, 0LL) / 2;

	tolerance = stamp_div(stamp_real(s->cfg.tolerance_ppm, 0),
			      stamp_real(1000000, 0));
	rate_var = stamp_div(real_square(tolerance), stamp_real(3, 0));
	if (keep_rate)
		rate_var = stamp_add(t->rate_var,
				     stamp_mul(t->phase_var,
					       real_square(t->rate_per_phase)));

	/* Polls tell the jitter from the phase slowly, and better from above. */
	if (!s->updates && late > JITTER_START_NS)
		s->jitter_var = real_square(stamp_real(min_t(u64, late,
							     s->cfg.period_ns >>
							     JITTER_POLL_SHIFT),
						       0));

	t->phase_q16 = 0;
	t->drift = 0;
	t->phase_var = real_square(stamp_real(late < 0 ? s->cfg.period_ns :
					      late + 1, 0));
	t->rate_per_phase = stamp_real(0, 0);
	t->rate_var = rate_var;
	s->track[0] = *t;
	s->track[1] = *t;
	s->base_ns = y - half;
	s->odds_q16 = 0;
	s->doubt_q16 = 0;
	s->missed = 0;
	seen.hi_q16 = Q16(half);
	stamp_observe(s, &seen, samples);
}

/* How likely the phases, @ahead steps on, make the observation; log2. */
static s64 stamp_fit_q16(const struct cityhub_stamp *s,
			 const struct cityhub_stamp_track *t,
			 const struct stamp_seen *seen)
{
	struct stamp_view v;

	view_interrupt(s, t, seen->hi_q16 - t->phase_q16, &v);
	return v.log2_q16;
}

/*
 * Were @missed interrupts missed? For an interrupt that is a question of odds,
 * and the next one may answer it. A bracket is sure of itself.
 */
static bool stamp_is_missed(struct cityhub_stamp *s,
			    const struct cityhub_stamp_track *ahead,
			    const struct stamp_seen *seen, u64 missed)
{
	const struct cityhub_stamp_track *t = &s->track[s->odds_q16 < 0];
	s64 off_q16, slack_q16, step_log2, strange, odds;

	if (seen->late_q16 >= 0) {
		off_q16 = seen->hi_q16 - ahead->phase_q16;
		slack_q16 = CONTRADICTION_SIGMA *
			    (s64)stamp_real_to(stamp_sigma(s, ahead), -16);
		return off_q16 >= -slack_q16 &&
		       off_q16 - seen->late_q16 <= slack_q16;
	}

	step_log2 = stamp_log2_q16(stamp_real(seen->step_ns, 0));
	strange = STRANGE_ODDS_Q16 - step_log2;
	odds = s->missed == missed ? s->missed_odds_q16 : MISSED_ODDS_Q16 +
	       min(step_log2 - MISSED_STEP_LOG2_Q16, 0LL);
	odds += stamp_fit_q16(s, ahead, seen) -
		max(stamp_fit_q16(s, t, seen), strange);
	s->missed = missed;
	s->missed_odds_q16 = odds;
	return odds > 0;
}

enum stamp_step { STEP_FITS, STEP_SEEN_BEFORE, STEP_STRANGE, STEP_LOST };

/* The observation is later than half a step after the prediction. */
static enum stamp_step stamp_late_step(struct cityhub_stamp *s,
				       struct stamp_seen *seen)
{
	struct cityhub_stamp_track *t = &s->track[s->odds_q16 < 0];
	struct cityhub_stamp_track ahead = *t;
	/* As long as the steps really are: over many it matters. */
	u64 step = seen->step_ns + stamp_mul_shift(t->rate, seen->step_ns,
						   RATE_SHIFT);
	u64 middle, missed;

	middle = (seen->hi_q16 - max(seen->late_q16, 0LL) / 2 - t->phase_q16) >> 16;
	missed = div64_u64(middle + step / 2, step);
	if (!missed)
		return STEP_FITS;

	track_advance(s, &ahead, s->odds_q16 < 0, missed * seen->step_ns);
	ahead.phase_q16 += Q16(missed * seen->step_ns);
	/* Too long ago to tell how many. */
	if (stamp_less(stamp_real(seen->step_ns, -2), stamp_sigma(s, &ahead)))
		return STEP_LOST;
	if (!stamp_is_missed(s, &ahead, seen, missed))
		return seen->late_q16 < 0 ? STEP_FITS : STEP_STRANGE;

	stamp_advance(s, missed * seen->step_ns);
	seen->hi_q16 -= Q16(missed * seen->step_ns);
	return STEP_FITS;
}

/* Where does the observation lie on the lattice of steps? */
static enum stamp_step stamp_place(struct cityhub_stamp *s, s64 y,
				   struct stamp_seen *seen)
{
	const struct cityhub_stamp_track *t = &s->track[s->odds_q16 < 0];
	s64 half_q16 = min_t(u64, seen->step_ns, MAX_OFF_NS) << 15;
	s64 slack_q16, off_q16;

	if (abs(y - s->base_ns) > MAX_OFF_NS)
		return STEP_STRANGE;

	seen->hi_q16 = Q16(y - s->base_ns);
	off_q16 = seen->hi_q16 - t->phase_q16;
	slack_q16 = min_t(s64, stamp_real_to(stamp_sigma(s, t), -16),
			  Q16(MAX_OFF_NS) / 8) * CONTRADICTION_SIGMA;
	if (off_q16 + slack_q16 < -3 * half_q16)
		return STEP_STRANGE;
	if (off_q16 + slack_q16 < -half_q16)
		return STEP_SEEN_BEFORE;
	if (off_q16 - max(seen->late_q16, 0LL) - slack_q16 > half_q16)
		return stamp_late_step(s, seen);

	s->missed = 0;
	return STEP_FITS;
}

static void stamp_follow(struct cityhub_stamp *s, s64 y, s64 late, u32 samples)
{
	struct cityhub_stamp_track before[CITYHUB_STAMP_TRACKS] = {
		s->track[0], s->track[1],
	};
	struct stamp_seen seen = {
		.late_q16 = late < 0 ? late : Q16(late),
		.step_ns = s->cfg.period_ns * samples,
	};

	stamp_advance(s, seen.step_ns);
	switch (stamp_place(s, y, &seen)) {
	case STEP_FITS:
		stamp_observe(s, &seen, samples);
		break;
	case STEP_SEEN_BEFORE:
		s->track[0] = before[0];
		s->track[1] = before[1];
		s->base_ns -= seen.step_ns;
		/* Whoever counts them as new finds them at the newest. */
		s->samples = samples;
		s->spacing_q16 = 0;
		break;
	case STEP_STRANGE:
		stamp_doubt(s, DOUBT_STRANGE_Q16);
		stamp_extrapolate(s, samples);
		break;
	case STEP_LOST:
		stamp_search(s, y, late, true, samples);
		break;
	}
	if (s->doubt_q16 >= DOUBT_LIMIT_Q16)
		stamp_search(s, y, late, false, samples);
}

/**
 * cityhub_stamp_init() - prepare an estimator
 * @s:		estimator
 * @cfg:	what is known of the sampler; copied
 */
void cityhub_stamp_init(struct cityhub_stamp *s,
			const struct cityhub_stamp_config *cfg)
{
	static_assert(sizeof(*s) <= CITYHUB_STAMP_STATE_MAX);

	*s = (struct cityhub_stamp) { .cfg = *cfg };
	s->period_q16 = Q16(cfg->period_ns);
	s->spacing_q16 = s->period_q16;
	s->jitter_var = stamp_real(JITTER_START_NS * JITTER_START_NS, 0);
	s->late_q8 = LATE_START_NS << 8;
	s->weight_q24[1] = Q24_ONE / 9;
	s->weight_q24[2] = Q24_ONE / 32;
	s->weight_q24[3] = Q24_ONE / 100;
	s->info_q16 = STAMP_Q16_ONE / 20;
	stamp_bound_weights(s);
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_init, "CITYHUB");

/**
 * cityhub_stamp_reset() - forget the phase, keep what else was learned
 * @s:		estimator
 *
 * For a gap the number of samples of which is not known, and for a new
 * capture: the order of instants starts anew too.
 */
void cityhub_stamp_reset(struct cityhub_stamp *s)
{
	s->source = CITYHUB_STAMP_NONE;
	s->samples = 0;
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_reset, "CITYHUB");

/**
 * cityhub_stamp_update() - take one observation
 * @s:		estimator
 * @new_samples: samples taken since the last observation; 0 for a spurious
 *		interrupt, which changes nothing; more than 65536 are a gap
 * @irq_ns:	when the host noticed the newest of them
 * @max_late_ns: how late that may be at most, or %CITYHUB_LATE_UNKNOWN
 *
 * Interrupts that were merged are fine when @new_samples counts all. When it
 * does not, the estimator corrects it by time as far as time can tell: for an
 * interrupt seen twice the newest sample stays the same, and after interrupts
 * that were missed it is that many steps of @new_samples further on.
 *
 * Instants never go back: the newest sample is not before the newest one of
 * the update before, until cityhub_stamp_reset().
 *
 * Return: 0, or -ERANGE when @irq_ns is beyond +-2^62; nothing changes then.
 */
int cityhub_stamp_update(struct cityhub_stamp *s, u32 new_samples, s64 irq_ns,
			 s64 max_late_ns)
{
	s64 y = irq_ns - s->cfg.latency_min_ns;
	s64 late = CITYHUB_LATE_UNKNOWN;

	/* The earliest instant stays where it is. */
	if (max_late_ns >= 0)
		late = clamp_t(s64, max_late_ns - s->cfg.latency_min_ns, 0,
			       MAX_OFF_NS);
	if (irq_ns > MAX_INSTANT_NS || irq_ns < -MAX_INSTANT_NS)
		return -ERANGE;
	if (!new_samples)
		return 0;

	if (s->source == CITYHUB_STAMP_NONE)
		stamp_search(s, y, late, s->updates, new_samples);
	else if (new_samples > MAX_SAMPLES ||
		 s->cfg.period_ns * new_samples > MAX_SPAN_NS)
		stamp_search(s, y, late, true, new_samples);
	else
		stamp_follow(s, y, late, new_samples);

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
	u32 inside = min(age, s->samples);

	return s->newest_ns - stamp_mul_shift(s->spacing_q16, inside, 16) -
	       stamp_mul_shift(s->period_q16, age - inside, 16);
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_instant, "CITYHUB");

/**
 * cityhub_stamp_span_ns() - how long samples take
 * @s:		estimator
 * @samples:	number of them
 *
 * Return: the estimated time, in ns; of one sample, the period.
 */
s64 cityhub_stamp_span_ns(const struct cityhub_stamp *s, u32 samples)
{
	return stamp_mul_shift(s->period_q16, samples, 16);
}
EXPORT_SYMBOL_NS_GPL(cityhub_stamp_span_ns, "CITYHUB");

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
