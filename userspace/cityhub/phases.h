/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Are the current clamps of a three-phase meter on the right wires, and the
 * right way round? A pure function of active and reactive power.
 */
#ifndef CITYHUB_PHASES_H
#define CITYHUB_PHASES_H

#include <stdbool.h>

#define PHASES	3

/* Below this apparent power the angle of a load says nothing. */
#define PHASES_LOAD_MIN_VA	20.0

struct phases_reading {
	double active_w;
	double reactive_var;	/* positive: inductive */
};

enum phases_state {
	PHASES_RIGHT,
	PHASES_WRONG,
	PHASES_UNCLEAR,		/* negative, and no single cause explains it */
	PHASES_NO_LOAD,		/* on none of the phases */
};

/**
 * struct phases_verdict - what explains the readings best
 * @state:	whether the rest holds
 * @loaded:	there is a load to judge by
 * @reversed:	the clamp of this input points the wrong way
 * @wire:	phase on whose wire the clamp of this input is
 */
struct phases_verdict {
	enum phases_state state;
	bool loaded[PHASES];
	bool reversed[PHASES];
	int wire[PHASES];
};

/*
 * Takes voltages to be in order (L1, L2, L3), loads to be mostly ohmic, and
 * nothing to feed back. Clamps on other phases' wires show only when all
 * three have a load; one that is also reversed looks like an odd load.
 */
struct phases_verdict phases_judge(const struct phases_reading r[PHASES]);

#endif /* CITYHUB_PHASES_H */
