/* SPDX-License-Identifier: GPL-2.0-only */
/* Live values of the energy meters, by the labels of their channels. */
#ifndef CITYHUB_METER_H
#define CITYHUB_METER_H

#include "cityhub/phases.h"

/**
 * struct meter - one moment of a three-phase meter
 * @voltage_v:	of each phase
 * @current_a:	of each phase
 * @power:	active and reactive power of each phase
 */
struct meter {
	double voltage_v[PHASES];
	double current_a[PHASES];
	struct phases_reading power[PHASES];
};

/*
 * Reads the channels L1-active-power and so on of the IIO device with the
 * folder @dir in sysfs. Returns 0, -ENODEV when it is no meter, -ENOTSUP when
 * it is one of other than three phases, or -EIO.
 */
int meter_read(const char *dir, struct meter *m);

#endif /* CITYHUB_METER_H */
