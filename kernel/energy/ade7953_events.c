// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE7953: sags, over-voltage and over-current as IIO events.
 *
 * The chip compares samples with peak levels; values here are those of the rms
 * channels, for a sine. What lasts it tells again and again: it is masked when
 * it was told, until it is not seen for a window.
 *
 * The interrupts of circuit B have no output of their own (the functions of
 * the other pins belong to the board): what they tell is found out with the
 * next interrupt, at the end of the window.
 */
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/iio/events.h>
#include <linux/iio/iio.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "ade7953.h"

#define ADE7953_LEVEL_MAX	0xffffff
#define ADE7953_SAGCYC_MAX	0xff
#define ADE7953_IRQ_EVENTS	(ADE7953_IRQ_OI | ADE7953_IRQ_OV | \
				 ADE7953_IRQ_SAG)

const struct iio_event_spec ade7953_voltage_events[] = {
	{
		.type = IIO_EV_TYPE_THRESH,
		.dir = IIO_EV_DIR_FALLING,
		.mask_separate = BIT(IIO_EV_INFO_ENABLE) |
				 BIT(IIO_EV_INFO_VALUE) |
				 BIT(IIO_EV_INFO_PERIOD),
	}, {
		.type = IIO_EV_TYPE_THRESH,
		.dir = IIO_EV_DIR_RISING,
		.mask_separate = BIT(IIO_EV_INFO_ENABLE) |
				 BIT(IIO_EV_INFO_VALUE),
	},
};

/* One level for both currents */
const struct iio_event_spec ade7953_current_events[] = {
	{
		.type = IIO_EV_TYPE_THRESH,
		.dir = IIO_EV_DIR_RISING,
		.mask_separate = BIT(IIO_EV_INFO_ENABLE),
		.mask_shared_by_type = BIT(IIO_EV_INFO_VALUE),
	},
};

static const u16 ade7953_level_regs[ADE7953_LEVELS] = {
	[ADE7953_LEVEL_SAG] = ADE7953_REG_SAGLVL,
	[ADE7953_LEVEL_OV] = ADE7953_REG_OVLVL,
	[ADE7953_LEVEL_OI] = ADE7953_REG_OILVL,
};

/**
 * ade7953_events_init() - what the registers hold after a reset
 * @st:		chip
 */
void ade7953_events_init(struct ade7953 *st)
{
	st->level[ADE7953_LEVEL_OV] = ADE7953_LEVEL_MAX;
	st->level[ADE7953_LEVEL_OI] = ADE7953_LEVEL_MAX;
	st->sag_cycles = 1;
}

/**
 * ade7953_events_configure() - hand the levels to a chip that was reset
 * @st:		chip; the caller holds the lock
 *
 * Return: 0 or a negative error number.
 */
int ade7953_events_configure(struct ade7953 *st)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ADE7953_LEVELS; i++) {
		ret = ade7953_write_checked(st, ade7953_level_regs[i],
					    st->level[i]);
		if (ret)
			return ret;
	}

	ret = ade7953_write_checked(st, ADE7953_REG_SAGCYC, st->sag_cycles);
	if (ret)
		return ret;

	/* Nothing is told before the results have settled: in a window. */
	st->told = ADE7953_IRQ_EVENTS;
	st->told_b = ADE7953_IRQ_OI;
	return ade7953_write_masks(st);
}

static void ade7953_push(struct ade7953 *st, enum iio_chan_type type,
			 unsigned int circuit, enum iio_event_direction dir,
			 s64 ns)
{
	iio_push_event(st->indio_dev,
		       IIO_MOD_EVENT_CODE(type, circuit, IIO_MOD_RMS,
					  IIO_EV_TYPE_THRESH, dir), ns);
}

/**
 * ade7953_events_serve() - tell what the chip tells
 * @st:		chip; the caller holds the lock
 * @status:	IRQSTATA, which was cleared by reading it
 * @status_b:	IRQSTATB
 * @ns:		instant of the interrupt, in the clock of the device
 */
void ade7953_events_serve(struct ade7953 *st, u32 status, u32 status_b, s64 ns)
{
	u32 tell = status & st->enabled & ~st->told;
	u32 tell_b = status_b & st->enabled_b & ~st->told_b;

	if (tell & ADE7953_IRQ_SAG)
		ade7953_push(st, ADE7953_TYPE_VOLTAGE, 0, IIO_EV_DIR_FALLING,
			     ns);
	if (tell & ADE7953_IRQ_OV)
		ade7953_push(st, ADE7953_TYPE_VOLTAGE, 0, IIO_EV_DIR_RISING,
			     ns);
	if (tell & ADE7953_IRQ_OI)
		ade7953_push(st, IIO_ALTCURRENT, 0, IIO_EV_DIR_RISING, ns);
	if (tell_b & ADE7953_IRQ_OI)
		ade7953_push(st, IIO_ALTCURRENT, 1, IIO_EV_DIR_RISING, ns);

	if (!tell && !tell_b)
		return;
	st->told |= tell;
	st->told_b |= tell_b;
	ade7953_write_masks(st);
}

/**
 * ade7953_events_watch() - let through what is over
 * @st:		chip; the caller holds the lock
 * @status:	IRQSTATA, of half a window at least
 * @status_b:	IRQSTATB of the same time
 */
void ade7953_events_watch(struct ade7953 *st, u32 status, u32 status_b)
{
	u32 over = st->told & ~status, over_b = st->told_b & ~status_b;

	if (!over && !over_b)
		return;

	st->told &= ~over;
	st->told_b &= ~over_b;
	ade7953_write_masks(st);
}

static u32 *ade7953_event_bits(struct ade7953 *st,
			       const struct iio_chan_spec *chan,
			       enum iio_event_direction dir, u32 *bit)
{
	*bit = ADE7953_IRQ_OI;
	if (chan->type != ADE7953_TYPE_VOLTAGE)
		return chan->channel ? &st->enabled_b : &st->enabled;

	*bit = dir == IIO_EV_DIR_FALLING ? ADE7953_IRQ_SAG : ADE7953_IRQ_OV;
	return &st->enabled;
}

/**
 * ade7953_read_event_config() - as of struct iio_info
 * @indio_dev:	IIO device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 */
int ade7953_read_event_config(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir)
{
	struct ade7953 *st = iio_priv(indio_dev);
	u32 bit, *bits = ade7953_event_bits(st, chan, dir, &bit);

	guard(mutex)(&st->lock);
	return !!(*bits & bit);
}

/**
 * ade7953_write_event_config() - as of struct iio_info
 * @indio_dev:	IIO device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 * @state:	whether to tell of it
 *
 * What was so before is not told: it must be gone for a window first.
 */
int ade7953_write_event_config(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir,
			       CITYHUB_EVENT_STATE state)
{
	struct ade7953 *st = iio_priv(indio_dev);
	u32 bit, *bits = ade7953_event_bits(st, chan, dir, &bit);
	u32 *told = bits == &st->enabled ? &st->told : &st->told_b;
	u32 before;
	int ret;

	guard(mutex)(&st->lock);
	before = *bits;
	if (state && !(before & bit))
		*told |= bit;
	*bits = state ? before | bit : before & ~bit;
	ret = ade7953_write_masks(st);
	if (!ret)
		return 0;

	/* It may have come as far as the chip. */
	*bits = before;
	ade7953_write_masks(st);
	return ret;
}

static enum ade7953_level ade7953_event_level(const struct iio_chan_spec *chan,
					      enum iio_event_direction dir)
{
	if (chan->type != ADE7953_TYPE_VOLTAGE)
		return ADE7953_LEVEL_OI;

	return dir == IIO_EV_DIR_FALLING ? ADE7953_LEVEL_SAG :
					   ADE7953_LEVEL_OV;
}

/**
 * ade7953_read_event_value() - as of struct iio_info
 * @indio_dev:	IIO device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 * @info:	value, as a raw one of the channel, or period in seconds
 * @val:	result
 * @val2:	its fraction
 */
int ade7953_read_event_value(struct iio_dev *indio_dev,
			     const struct iio_chan_spec *chan,
			     enum iio_event_type type,
			     enum iio_event_direction dir,
			     enum iio_event_info info, int *val, int *val2)
{
	struct ade7953 *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	if (info == IIO_EV_INFO_PERIOD) {
		*val = st->sag_cycles;
		*val2 = st->window;
		return IIO_VAL_FRACTIONAL;
	}

	*val = ade7953_rms_of_peak(st->level[ade7953_event_level(chan, dir)]);
	return IIO_VAL_INT;
}

/* What fails may have come as far as the chip all the same. */
static int ade7953_write_or_keep(struct ade7953 *st, u16 reg, u32 val, u32 old)
{
	int ret;

	ret = ade7953_write_checked(st, reg, val);
	if (ret)
		ade7953_write(st, reg, old);

	return ret;
}

static int ade7953_set_sag_period(struct ade7953 *st, int s, int us)
{
	s64 total_us = (s64)s * USEC_PER_SEC + us;
	s64 halves;
	int ret;

	if (s < 0 || us < 0)
		return -EINVAL;

	halves = div_s64(total_us * st->window + USEC_PER_SEC / 2,
			 USEC_PER_SEC);
	if (halves < 1 || halves > ADE7953_SAGCYC_MAX)
		return -EINVAL;

	ret = ade7953_write_or_keep(st, ADE7953_REG_SAGCYC, halves,
				    st->sag_cycles);
	if (ret)
		return ret;

	st->sag_cycles = halves;
	return 0;
}

/**
 * ade7953_write_event_value() - as of struct iio_info
 * @indio_dev:	IIO device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 * @info:	value, as a raw one of the channel, or period in seconds
 * @val:	new value
 * @val2:	its fraction, in millionths
 */
int ade7953_write_event_value(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir,
			      enum iio_event_info info, int val, int val2)
{
	enum ade7953_level level = ade7953_event_level(chan, dir);
	struct ade7953 *st = iio_priv(indio_dev);
	u32 code;
	int ret;

	guard(mutex)(&st->lock);
	if (info == IIO_EV_INFO_PERIOD)
		return ade7953_set_sag_period(st, val, val2);
	if (val < 0 || val2)
		return -EINVAL;

	code = ade7953_peak_of_rms(val);
	if (code > ADE7953_LEVEL_MAX)
		return -EINVAL;

	ret = ade7953_write_or_keep(st, ade7953_level_regs[level], code,
				    st->level[level]);
	if (ret)
		return ret;

	st->level[level] = code;
	return 0;
}
