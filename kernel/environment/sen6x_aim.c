// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x and SEN6x: when to look for the next sample. Pure arithmetic; the
 * tests build this file as it is.
 *
 * A poll takes more than 20 ms, a hundred times what is wanted, and the chip
 * does not say when within a poll it looks at its flag. But it looks at the
 * same place in every poll. So a poll counts as a look at its middle, and what
 * that is wrong by is a constant, half a poll at most, which belongs into the
 * bound of a stamp and not into the search for it.
 *
 * A look tells on which side of it the sample lies: one bit.
 *
 * search	nothing is known: looks with a rest in between until there is
 *		a sample
 * bracket	the next sample is known worse than to a poll: looks from the
 *		earliest to the latest instant it may come, five at most
 * bisect	it is known better than polls can follow each other: one look
 *		near the middle of what is possible halves it, from sample to
 *		sample; when that came too early, a second one fetches the
 *		sample
 *
 * search --sample--> bracket --known to a poll--> bisect
 *    ^                 ^                             |
 *    |                 +----------- worse -----------+
 *    +----- five looks for a sample, and none is there ---+
 *
 * While bisecting, answers should alternate. The same answer again and again
 * says that the estimate is worse than it knows: with each one more the looks
 * go out twice as far, which ends at the sample or in a new bracket.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "sen6x.h"

/* After lock a sample may cost so many polls, each of which takes over 20 ms. */
#define SEN6X_LOOKS		5
/* So many equal answers in a row are still chance. */
#define SEN6X_STREAK		2
#define SEN6X_STREAK_MAX	16

/**
 * sen6x_aim_reset() - nothing is known any more
 * @aim:	state
 */
void sen6x_aim_reset(struct sen6x_aim *aim)
{
	*aim = (struct sen6x_aim) { .state = SEN6X_SEARCH };
}

static s64 sen6x_aim_bracket(struct sen6x_aim *aim, s64 due_ns, s64 reach_ns,
			     s64 poll_ns)
{
	aim->state = SEN6X_BRACKET;
	aim->gap_ns = max_t(s64, div_s64(2 * reach_ns, SEN6X_LOOKS - 1) -
			    poll_ns, 0);

	return due_ns - reach_ns;
}

/*
 * Before and after the estimate in turn: one that is right is confirmed from
 * both sides, a look at it would tell nothing.
 */
static s64 sen6x_aim_bisect(struct sen6x_aim *aim, s64 due_ns, s64 reach_ns)
{
	s64 off = aim->later ? div_s64(reach_ns, 4) : div_s64(-reach_ns, 4);

	aim->state = SEN6X_BISECT;
	aim->gap_ns = 0;
	aim->later = !aim->later;
	if (aim->streak > SEN6X_STREAK)
		off = div_s64(reach_ns, 2);
	else if (aim->streak < -SEN6X_STREAK)
		off = div_s64(-reach_ns, 2);

	return due_ns + off;
}

/**
 * sen6x_aim_first() - the first look for a sample
 * @aim:	state, not searching
 * @due_ns:	when the sample is expected
 * @uncertain_ns: by how much that may be wrong
 * @poll_ns:	how long a poll takes
 * @limit_ns:	what @uncertain_ns can be at most
 *
 * Return: the instant to look at.
 */
s64 sen6x_aim_first(struct sen6x_aim *aim, s64 due_ns, s64 uncertain_ns,
		    s64 poll_ns, s64 limit_ns)
{
	u32 strange = max(abs(aim->streak) - SEN6X_STREAK, 0);
	s64 reach = min(uncertain_ns << strange, limit_ns);

	aim->misses = 0;
	/* Two brackets of the same width at the same place tell nothing new. */
	if (reach > poll_ns)
		return sen6x_aim_bracket(aim, due_ns, reach, poll_ns);

	return sen6x_aim_bisect(aim, due_ns, reach);
}

/**
 * sen6x_aim_missed() - a look came too early
 * @aim:	state
 * @rest_ns:	rest between looks while searching
 *
 * Return: how long to rest before the next one.
 */
s64 sen6x_aim_missed(struct sen6x_aim *aim, s64 rest_ns)
{
	if (++aim->misses >= SEN6X_LOOKS)
		sen6x_aim_reset(aim);

	return aim->state == SEN6X_SEARCH ? rest_ns : aim->gap_ns;
}

/**
 * sen6x_aim_hit() - a look has found a sample
 * @aim:	state
 */
void sen6x_aim_hit(struct sen6x_aim *aim)
{
	s32 side = aim->misses ? 1 : -1;

	if (aim->state != SEN6X_BISECT)
		aim->streak = 0;
	else if (aim->streak * side > 0)
		aim->streak = clamp(aim->streak + side, -SEN6X_STREAK_MAX,
				    SEN6X_STREAK_MAX);
	else
		aim->streak = side;
	aim->state = SEN6X_BRACKET;
}
