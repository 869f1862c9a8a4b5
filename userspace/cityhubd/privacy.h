/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What could be listened to is not captured: Documentation/privacy.rst. No key
 * changes that.
 */
#ifndef CITYHUBD_PRIVACY_H
#define CITYHUBD_PRIVACY_H

#include <stdbool.h>

#include "cityhubd/source.h"

/*
 * Levels of sound come at 8 a second at most (time weighting F, 125 ms, in IEC
 * 61672-1); voices begin at about 80 Hz.
 */
#define PRIVACY_SOUND_HZ	20
/* What samples a line faster than this and does not say that it is of mains. */
#define PRIVACY_LINE_HZ		1000

/* @rate_hz 0: not known, then it is not. */
bool privacy_is_sound(const struct meaning *m, double rate_hz);

/*
 * Take such channels out of a source that was armed, so that nobody behind it
 * sees that they are there. Returns their number.
 */
unsigned int privacy_filter(struct source *s);

#endif /* CITYHUBD_PRIVACY_H */
