// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/phases.h"

#include <math.h>
#include <string.h>

#define PHASES_TURN		360.0
#define PHASES_DEGREE		(180.0 / 3.14159265358979323846)
/* A load as odd as this (power factor 0.26) is believed before a mistake is. */
#define PHASES_ODD		75.0
/* What explains a mistake must be a usual load (power factor 0.5)... */
#define PHASES_USUAL		60.0
/* ...and better by this than the next explanation, summed over the phases. */
#define PHASES_CLEAR		15.0

static const int phases_orders[][PHASES] = {
	{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
	{ 2, 1, 0 },
};

#define PHASES_ORDERS	(sizeof(phases_orders) / sizeof(phases_orders[0]))
#define PHASES_WAYS	(1 << PHASES)

struct phases_guess {
	double sum, worst;	/* of the angles of the loads, in degrees */
};

/*
 * The current of wire w lags its voltage by the angle of the load. Against the
 * voltage of input i, which is (w - i) thirds of a turn ahead of that, it lags
 * by as much more, and a reversed clamp adds half a turn.
 */
static struct phases_guess phases_guess(const double angle[PHASES],
					const struct phases_verdict *v)
{
	struct phases_guess g = { 0 };

	for (int i = 0; i < PHASES; i++) {
		double off = angle[i] - (v->wire[i] - i) * PHASES_TURN / 3 -
			     v->reversed[i] * PHASES_TURN / 2;

		if (!v->loaded[i])
			continue;
		off = fabs(remainder(off, PHASES_TURN));
		g.sum += off;
		g.worst = fmax(g.worst, off);
	}
	return g;
}

static void phases_set(struct phases_verdict *v, const int *order, int ways)
{
	for (int i = 0; i < PHASES; i++) {
		v->wire[i] = order[i];
		v->reversed[i] = v->loaded[i] && ways & 1 << i;
	}
}

/* The best explanation that involves a mistake. */
static void phases_search(struct phases_verdict *v, const double angle[PHASES])
{
	bool all = v->loaded[0] && v->loaded[1] && v->loaded[2];
	double best = INFINITY, next = INFINITY, worst = INFINITY;
	struct phases_verdict found = *v;

	for (size_t o = 0; o < (all ? PHASES_ORDERS : 1); o++) {
		for (int ways = 0; ways < PHASES_WAYS; ways++) {
			struct phases_guess g;

			phases_set(v, phases_orders[o], ways);
			g = phases_guess(angle, v);
			/* The same guess again, as of a phase without load. */
			if (o == 0 && !memcmp(v, &found, sizeof(found)))
				continue;
			if (g.sum < best) {
				next = best;
				best = g.sum;
				worst = g.worst;
				found = *v;
			} else if (g.sum < next) {
				next = g.sum;
			}
		}
	}
	*v = found;
	v->state = worst <= PHASES_USUAL && next - best >= PHASES_CLEAR ?
		   PHASES_WRONG : PHASES_UNCLEAR;
}

struct phases_verdict phases_judge(const struct phases_reading r[PHASES])
{
	struct phases_verdict v;
	double angle[PHASES];
	bool any = false;

	memset(&v, 0, sizeof(v));	/* compared as bytes */
	for (int i = 0; i < PHASES; i++) {
		angle[i] = atan2(r[i].reactive_var, r[i].active_w) *
			   PHASES_DEGREE;
		v.loaded[i] = hypot(r[i].active_w, r[i].reactive_var) >=
			      PHASES_LOAD_MIN_VA;
		any = any || v.loaded[i];
	}
	phases_set(&v, phases_orders[0], 0);
	if (!any)
		v.state = PHASES_NO_LOAD;
	else if (phases_guess(angle, &v).worst <= PHASES_ODD)
		v.state = PHASES_RIGHT;
	else
		phases_search(&v, angle);
	return v;
}
