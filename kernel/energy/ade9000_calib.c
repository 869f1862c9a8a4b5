// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000: gains and offsets that a calibration has found, as calibscale and
 * calibbias. The chip forgets them in a reset; they are kept here.
 */
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/iio/iio.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "ade9000.h"

/* A gain of more would be the wrong transformer, not a tolerance. */
#define ADE9000_GAIN_MIN_NANO	(NSEC_PER_SEC / 2)
#define ADE9000_GAIN_MAX_NANO	(2 * NSEC_PER_SEC)
/* The factor is 1 + register / 2^27. */
#define ADE9000_GAIN_BITS	27

/* Registers of phase A, and those of the neutral */
static const struct {
	u16 reg;
	u16 neutral;
} ade9000_calib_regs[ADE9000_CALIBS] = {
	[ADE9000_CALIB_CURRENT_GAIN] = { ADE9000_REG_AIGAIN,
					 ADE9000_REG_NIGAIN },
	[ADE9000_CALIB_VOLTAGE_GAIN] = { ADE9000_REG_AVGAIN },
	[ADE9000_CALIB_POWER_GAIN] = { ADE9000_REG_APGAIN },
	[ADE9000_CALIB_CURRENT_OFFSET] = { ADE9000_REG_AIRMSOS,
					   ADE9000_REG_NIRMSOS },
	[ADE9000_CALIB_VOLTAGE_OFFSET] = { ADE9000_REG_AVRMSOS },
	[ADE9000_CALIB_ACTIVE_OFFSET] = { ADE9000_REG_AWATTOS },
	[ADE9000_CALIB_REACTIVE_OFFSET] = { ADE9000_REG_AVAROS },
};

static int ade9000_calib_write(struct ade9000 *st, enum ade9000_calib what,
			       unsigned int phase)
{
	u16 reg = ade9000_calib_regs[what].reg + phase * ADE9000_PHASE_STEP;

	if (phase == ADE9000_PHASES)
		reg = ade9000_calib_regs[what].neutral;

	return ade9000_write_checked(st, reg, st->calib[what][phase]);
}

/**
 * ade9000_calib_configure() - hand the calibration to a chip that was reset
 * @st:		chip; the caller holds the lock
 *
 * Return: 0 or a negative error number.
 */
int ade9000_calib_configure(struct ade9000 *st)
{
	unsigned int what, phase;
	int ret;

	for (what = 0; what < ADE9000_CALIBS; what++) {
		for (phase = 0; phase < ADE9000_CURRENTS; phase++) {
			if (!st->calib[what][phase])
				continue;
			ret = ade9000_calib_write(st, what, phase);
			if (ret)
				return ret;
		}
	}

	return 0;
}

/**
 * ade9000_calib_read() - read a gain or an offset
 * @st:		chip
 * @what:	which
 * @phase:	of which phase
 * @val:	result: a factor, or the code of the register
 * @val2:	fraction of a factor
 *
 * Return: an IIO_VAL of its format.
 */
int ade9000_calib_read(struct ade9000 *st, enum ade9000_calib what,
		       unsigned int phase, int *val, int *val2)
{
	s64 nano;

	guard(mutex)(&st->lock);
	if (what > ADE9000_CALIB_POWER_GAIN) {
		*val = st->calib[what][phase];
		return IIO_VAL_INT;
	}

	nano = (s64)st->calib[what][phase] * NSEC_PER_SEC;
	nano = (nano + BIT(ADE9000_GAIN_BITS - 1)) >> ADE9000_GAIN_BITS;
	return ade9000_format_scale(nano + NSEC_PER_SEC, val, val2);
}

/**
 * ade9000_calib_set() - set a gain or an offset
 * @st:		chip
 * @what:	which
 * @phase:	of which phase
 * @val:	a factor, or the code of the register
 * @val2:	fraction of a factor, in 1e-9
 *
 * Return: 0 or a negative error number.
 */
int ade9000_calib_set(struct ade9000 *st, enum ade9000_calib what,
		      unsigned int phase, int val, int val2)
{
	s64 nano = (s64)val * NSEC_PER_SEC + val2;
	s32 before, code = val;
	int ret;

	if (what <= ADE9000_CALIB_POWER_GAIN) {
		if (nano < ADE9000_GAIN_MIN_NANO ||
		    nano > ADE9000_GAIN_MAX_NANO)
			return -EINVAL;
		nano = (nano - NSEC_PER_SEC) << ADE9000_GAIN_BITS;
		code = div_s64(nano + (nano < 0 ? -1 : 1) *
			       (s64)NSEC_PER_SEC / 2, NSEC_PER_SEC);
	}

	guard(mutex)(&st->lock);
	before = st->calib[what][phase];
	st->calib[what][phase] = code;
	ret = ade9000_calib_write(st, what, phase);
	if (!ret)
		return 0;

	/* It may have come as far as the chip. */
	st->calib[what][phase] = before;
	ade9000_calib_write(st, what, phase);
	return ret;
}
