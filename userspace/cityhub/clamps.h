/* SPDX-License-Identifier: GPL-2.0-only */
/* What is told about the current clamps of a meter, and the warning with it. */
#ifndef CITYHUB_CLAMPS_H
#define CITYHUB_CLAMPS_H

#include "cityhub/doctor.h"
#include "cityhub/phases.h"

/* First of all, and in front of whatever tells somebody to touch a clamp. */
#define CLAMPS_WARNING	DOCTOR_MAINS \
	"; never open the secondary of a current transformer under load"

/* Tells @d what @v means for the meter in @part, and what to do about it. */
void clamps_tell(struct doctor *d, const char *part,
		 const struct phases_verdict *v);

#endif /* CITYHUB_CLAMPS_H */
