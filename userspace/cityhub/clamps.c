// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/clamps.h"

#include <stdio.h>

static void clamps_tell_input(struct doctor *d, const char *part,
			      const struct phases_verdict *v, int i)
{
	char remedy[320];

	if (v->wire[i] != i) {
		snprintf(remedy, sizeof(remedy), CLAMPS_WARNING
			 ": put the clamp of input L%d on the wire of L%d",
			 i + 1, i + 1);
		doctor_say(d, DOCTOR_FAULT, part, remedy,
			   "the clamp of input L%d is on the wire of L%d%s",
			   i + 1, v->wire[i] + 1,
			   v->reversed[i] ? ", and reversed" : "");
	} else if (v->reversed[i]) {
		snprintf(remedy, sizeof(remedy), CLAMPS_WARNING
			 ": turn the clamp of L%d round (its arrow points to the load); right only if L%d feeds energy back",
			 i + 1, i + 1);
		doctor_say(d, DOCTOR_FAULT, part, remedy,
			   "the clamp of L%d is reversed", i + 1);
	}
}

void clamps_tell(struct doctor *d, const char *part,
		 const struct phases_verdict *v)
{
	switch (v->state) {
	case PHASES_RIGHT:
		doctor_say(d, DOCTOR_OK, part, NULL,
			   "clamps are right on %s%s%s",
			   v->loaded[0] ? "L1 " : "", v->loaded[1] ? "L2 " : "",
			   v->loaded[2] ? "L3" : "");
		break;
	case PHASES_WRONG:
		doctor_say(d, DOCTOR_NOTE, part, NULL,
			   "before anybody touches a clamp: " CLAMPS_WARNING);
		for (int i = 0; i < PHASES; i++)
			clamps_tell_input(d, part, v, i);
		break;
	case PHASES_UNCLEAR:
		doctor_say(d, DOCTOR_FAULT, part,
			   "switch on an ohmic load on each phase (a heater) and look again",
			   "the powers fit no arrangement of the clamps clearly");
		break;
	case PHASES_NO_LOAD:
		break;
	}
	for (int i = 0; i < PHASES; i++)
		if (!v->loaded[i])
			doctor_say(d, DOCTOR_NOTE, part,
				   "switch on a load there and look again",
				   "L%d has less than %g VA: its clamp cannot be judged",
				   i + 1, PHASES_LOAD_MIN_VA);
}
