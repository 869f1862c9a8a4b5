// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000: dips, swells, overcurrents and lost zero crossings as IIO events.
 *
 * A dip is the rms voltage of a half cycle below a level for some cycles
 * (thresh falling of the voltage), a swell the opposite, an overcurrent the rms
 * current of a half cycle above a level. That the voltage does not cross zero
 * for some time is a frequency below all that are measured: thresh falling of
 * the angular frequency, whose period is that time. Levels and times are
 * registers of the chip, one for all phases.
 *
 * The chip tells of the end of a dip or a swell too; that is not passed on. An
 * overcurrent and a missing crossing it tells again as long as they last: they
 * are masked when they were told, until the watch finds them gone.
 */
#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/iio/events.h>
#include <linux/iio/iio.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "ade9000.h"

/* Levels are the codes of the rms registers over 2^5 (UG-1098). */
#define ADE9000_LEVEL_SHIFT	5
#define ADE9000_LEVEL_MAX	0xffffff
/* ZXTOUT counts samples, DIP_CYC and SWELL_CYC cycles; 16 bits each. */
#define ADE9000_COUNT_MAX	0xffff

#define ADE9000_STATUS1_EXTREMES (ADE9000_STATUS1_DIP | ADE9000_STATUS1_SWELL)
#define ADE9000_STATUS1_LASTING	(ADE9000_STATUS1_OI | ADE9000_STATUS1_ZXTO)

#define ADE9000_EVENT_SPEC(_dir, _shared) {			\
	.type = IIO_EV_TYPE_THRESH,				\
	.dir = (_dir),						\
	.mask_separate = BIT(IIO_EV_INFO_ENABLE),		\
	.mask_shared_by_type = (_shared),			\
}

#define ADE9000_EVENT_LEVEL	BIT(IIO_EV_INFO_VALUE)
#define ADE9000_EVENT_TIME	BIT(IIO_EV_INFO_PERIOD)

const struct iio_event_spec ade9000_voltage_events[] = {
	ADE9000_EVENT_SPEC(IIO_EV_DIR_FALLING,
			   ADE9000_EVENT_LEVEL | ADE9000_EVENT_TIME),
	ADE9000_EVENT_SPEC(IIO_EV_DIR_RISING,
			   ADE9000_EVENT_LEVEL | ADE9000_EVENT_TIME),
};

const struct iio_event_spec ade9000_current_events[] = {
	ADE9000_EVENT_SPEC(IIO_EV_DIR_RISING, ADE9000_EVENT_LEVEL),
};

const struct iio_event_spec ade9000_frequency_events[] = {
	ADE9000_EVENT_SPEC(IIO_EV_DIR_FALLING, ADE9000_EVENT_TIME),
};

static unsigned int ade9000_mains_hz(const struct ade9000 *st)
{
	return st->mains_60hz ? 60 : 50;
}

/**
 * ade9000_events_init() - what the registers hold after a reset
 * @st:		chip
 */
void ade9000_events_init(struct ade9000 *st)
{
	st->events = (struct ade9000_events) {
		.reg[ADE9000_EVENT_SWELL_LEVEL] = ADE9000_LEVEL_MAX,
		.reg[ADE9000_EVENT_OI_LEVEL] = ADE9000_LEVEL_MAX,
		.reg[ADE9000_EVENT_DIP_CYCLES] = 1,
		.reg[ADE9000_EVENT_SWELL_CYCLES] = 1,
		.reg[ADE9000_EVENT_ZX_TIMEOUT] = ADE9000_COUNT_MAX,
	};
}

static const u16 ade9000_event_regs[ADE9000_EVENT_REGS] = {
	[ADE9000_EVENT_DIP_LEVEL] = ADE9000_REG_DIP_LVL,
	[ADE9000_EVENT_SWELL_LEVEL] = ADE9000_REG_SWELL_LVL,
	[ADE9000_EVENT_OI_LEVEL] = ADE9000_REG_OILVL,
	[ADE9000_EVENT_DIP_CYCLES] = ADE9000_REG_DIP_CYC,
	[ADE9000_EVENT_SWELL_CYCLES] = ADE9000_REG_SWELL_CYC,
	[ADE9000_EVENT_ZX_TIMEOUT] = ADE9000_REG_ZXTOUT,
};

/* A is the lowest bit of OISTATUS and the highest of OC_EN. */
static int ade9000_write_overcurrents(struct ade9000 *st)
{
	u32 config = 0;
	unsigned int i;

	for (i = 0; i < ADE9000_CURRENTS; i++)
		if (st->events.currents & BIT(i))
			config |= BIT(ADE9000_CONFIG3_OC_A - i);

	return ade9000_write_checked(st, ADE9000_REG_CONFIG3, config);
}

static u32 ade9000_events_wanted(const struct ade9000_events *ev)
{
	if (ev->settling)
		return 0;

	return (ev->enabled | (ev->currents ? ADE9000_STATUS1_OI : 0)) &
	       ~ev->told;
}

static int ade9000_write_mask1(struct ade9000 *st)
{
	return ade9000_write(st, ADE9000_REG_MASK1, ADE9000_STATUS1_RSTDONE |
			     ade9000_events_wanted(&st->events));
}

static int ade9000_write_enabled(struct ade9000 *st)
{
	int ret;

	ret = ade9000_write_overcurrents(st);
	return ret ?: ade9000_write_mask1(st);
}

/**
 * ade9000_events_configure() - hand the levels to a chip that was reset
 * @st:		chip; the caller holds the lock
 *
 * No event is let through before the results have settled.
 *
 * Return: 0 or a negative error number.
 */
int ade9000_events_configure(struct ade9000 *st)
{
	unsigned int i;
	int ret;

	st->events.settling = true;
	st->events.inside = 0;
	st->events.told = 0;
	st->events.over = 0;
	for (i = 0; i < ADE9000_EVENT_REGS; i++) {
		ret = ade9000_write_checked(st, ade9000_event_regs[i],
					    st->events.reg[i]);
		if (ret)
			return ret;
	}

	return ade9000_write_enabled(st);
}

static void ade9000_push(struct ade9000 *st, enum iio_chan_type type, int mod,
			 unsigned int phase, enum iio_event_direction dir,
			 s64 ns)
{
	iio_push_event(st->meter_dev,
		       IIO_MOD_EVENT_CODE(type, phase, mod, IIO_EV_TYPE_THRESH,
					  dir), ns);
}

/*
 * The bits of EVENT_STATUS are in the order of those of STATUS1. Told are a
 * beginning, and an end that another beginning has followed.
 */
static void ade9000_serve_extremes(struct ade9000 *st, u32 status, s64 ns)
{
	struct ade9000_events *ev = &st->events;
	unsigned int phase;
	u32 now, was = ev->inside;
	u32 dips = FIELD_GET(ADE9000_STATUS1_DIP, status);
	u32 swells = FIELD_GET(ADE9000_STATUS1_SWELL, status);

	if (ade9000_read(st, ADE9000_REG_EVENT_STATUS, &now))
		now = 0;

	ev->inside = now;
	dips &= ~(FIELD_GET(ADE9000_EVENT_DIP, was & ~now));
	swells &= ~(FIELD_GET(ADE9000_EVENT_SWELL, was & ~now));
	for (phase = 0; phase < ADE9000_PHASES; phase++) {
		if (dips & BIT(phase))
			ade9000_push(st, ADE9000_TYPE_VOLTAGE, IIO_MOD_RMS,
				     phase, IIO_EV_DIR_FALLING, ns);
		if (swells & BIT(phase))
			ade9000_push(st, ADE9000_TYPE_VOLTAGE, IIO_MOD_RMS,
				     phase, IIO_EV_DIR_RISING, ns);
	}
}

/* There is one bit of STATUS1 for all currents: told are those that are new. */
static void ade9000_serve_overcurrents(struct ade9000 *st, s64 ns)
{
	struct ade9000_events *ev = &st->events;
	unsigned int i;
	u32 over, begun;

	if (ade9000_read(st, ADE9000_REG_OISTATUS, &over))
		return;

	begun = over & ev->currents & ~ev->over;
	ev->over = over;
	for (i = 0; i < ADE9000_CURRENTS; i++)
		if (begun & BIT(i))
			ade9000_push(st, IIO_ALTCURRENT, IIO_MOD_RMS, i,
				     IIO_EV_DIR_RISING, ns);
}

static void ade9000_serve_crossings(struct ade9000 *st, u32 missing, s64 ns)
{
	unsigned int phase;

	for (phase = 0; phase < ADE9000_PHASES; phase++)
		if (missing & BIT(phase))
			ade9000_push(st, IIO_ANGL_VEL, IIO_NO_MOD, phase,
				     IIO_EV_DIR_FALLING, ns);
}

/**
 * ade9000_events_serve() - tell what the chip tells
 * @st:		chip; the caller holds the lock
 * @status:	STATUS1
 * @ns:		instant of the interrupt, in the clock of the metering device
 *
 * Return: whether there was anything. Bits nobody waits for are set as well,
 * and stay so.
 */
bool ade9000_events_serve(struct ade9000 *st, u32 status, s64 ns)
{
	struct ade9000_events *ev = &st->events;

	status &= ade9000_events_wanted(ev);
	if (!status || ade9000_write(st, ADE9000_REG_STATUS1, status))
		return false;

	if (status & ADE9000_STATUS1_EXTREMES)
		ade9000_serve_extremes(st, status, ns);
	if (status & ADE9000_STATUS1_OI)
		ade9000_serve_overcurrents(st, ns);
	if (status & ADE9000_STATUS1_ZXTO)
		ade9000_serve_crossings(st, FIELD_GET(ADE9000_STATUS1_ZXTO,
						      status), ns);

	if (status & ADE9000_STATUS1_LASTING) {
		ev->told |= status & ADE9000_STATUS1_LASTING;
		ade9000_write_mask1(st);
	}

	return true;
}

/**
 * ade9000_events_watch() - let through what has settled, or is over
 * @st:		chip; the caller holds the lock and calls once a second
 * @status:	STATUS1
 * @ns:		the present, in the clock of the metering device
 * @settled:	the results have settled since the chip was started
 */
void ade9000_events_watch(struct ade9000 *st, u32 status, s64 ns, bool settled)
{
	struct ade9000_events *ev = &st->events;
	u32 over = ev->told & ~status, clear = ev->told & status;

	if (ev->settling && settled) {
		ev->settling = false;
		clear |= status & ADE9000_STATUS1_EVENTS;
	} else if (!over && !clear) {
		return;
	}

	ev->told &= ~over;
	if (over & ADE9000_STATUS1_OI)
		ev->over = 0;
	if (clear & ev->told & ADE9000_STATUS1_OI)
		ade9000_serve_overcurrents(st, ns);
	if (clear)
		ade9000_write(st, ADE9000_REG_STATUS1, clear);
	ade9000_write_mask1(st);
}

/* The bits of STATUS1, 0 for a current, which has none of its own. */
static u32 ade9000_event_bit(const struct iio_chan_spec *chan,
			     enum iio_event_direction dir)
{
	if (chan->type == IIO_ANGL_VEL)
		return FIELD_PREP(ADE9000_STATUS1_ZXTO, BIT(chan->channel));
	if (chan->type != ADE9000_TYPE_VOLTAGE)
		return 0;
	if (dir == IIO_EV_DIR_FALLING)
		return FIELD_PREP(ADE9000_STATUS1_DIP, BIT(chan->channel));

	return FIELD_PREP(ADE9000_STATUS1_SWELL, BIT(chan->channel));
}

/**
 * ade9000_read_event_config() - as of struct iio_info
 * @indio_dev:	metering device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 */
int ade9000_read_event_config(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir)
{
	struct ade9000 *st = ade9000_meter_chip(indio_dev);
	u32 bit = ade9000_event_bit(chan, dir);

	guard(mutex)(&st->lock);
	if (!bit)
		return !!(st->events.currents & BIT(chan->channel));

	return !!(st->events.enabled & bit);
}

/* What has been before it was asked for is not told. */
static int ade9000_forget(struct ade9000 *st, u32 bits)
{
	int ret;

	ret = ade9000_write(st, ADE9000_REG_STATUS1, bits);
	if (ret || !(bits & ADE9000_STATUS1_EXTREMES))
		return ret;

	return ade9000_read(st, ADE9000_REG_EVENT_STATUS, &st->events.inside);
}

/**
 * ade9000_write_event_config() - as of struct iio_info
 * @indio_dev:	metering device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 * @state:	whether to tell of it
 */
int ade9000_write_event_config(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir,
			       CITYHUB_EVENT_STATE state)
{
	struct ade9000 *st = ade9000_meter_chip(indio_dev);
	u32 bit = ade9000_event_bit(chan, dir);
	u32 *bits = bit ? &st->events.enabled : &st->events.currents;
	u32 before;
	int ret;

	guard(mutex)(&st->lock);
	ret = ade9000_forget(st, (bit ?: ADE9000_STATUS1_OI) &
			     ~ade9000_events_wanted(&st->events));
	if (ret)
		return ret;

	if (!bit)
		bit = BIT(chan->channel);
	before = *bits;
	*bits = state ? before | bit : before & ~bit;
	ret = ade9000_write_enabled(st);
	if (!ret)
		return 0;

	/* It may have come as far as the chip. */
	*bits = before;
	ade9000_write_enabled(st);
	return ret;
}

static enum ade9000_event_reg ade9000_event_reg(const struct iio_chan_spec *chan,
						enum iio_event_direction dir,
						enum iio_event_info info)
{
	if (chan->type == IIO_ANGL_VEL)
		return ADE9000_EVENT_ZX_TIMEOUT;
	if (chan->type != ADE9000_TYPE_VOLTAGE)
		return ADE9000_EVENT_OI_LEVEL;
	if (dir == IIO_EV_DIR_FALLING)
		return info == IIO_EV_INFO_VALUE ? ADE9000_EVENT_DIP_LEVEL :
						   ADE9000_EVENT_DIP_CYCLES;

	return info == IIO_EV_INFO_VALUE ? ADE9000_EVENT_SWELL_LEVEL :
					   ADE9000_EVENT_SWELL_CYCLES;
}

/* How many of what a register counts there are in a second */
static unsigned int ade9000_event_hz(const struct ade9000 *st,
				     enum ade9000_event_reg reg)
{
	return reg == ADE9000_EVENT_ZX_TIMEOUT ? ADE9000_SAMPLE_HZ :
						 ade9000_mains_hz(st);
}

/**
 * ade9000_read_event_value() - as of struct iio_info
 * @indio_dev:	metering device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 * @info:	value, as a raw one of the channel, or period in seconds
 * @val:	result
 * @val2:	its fraction
 */
int ade9000_read_event_value(struct iio_dev *indio_dev,
			     const struct iio_chan_spec *chan,
			     enum iio_event_type type,
			     enum iio_event_direction dir,
			     enum iio_event_info info, int *val, int *val2)
{
	struct ade9000 *st = ade9000_meter_chip(indio_dev);
	enum ade9000_event_reg reg = ade9000_event_reg(chan, dir, info);

	guard(mutex)(&st->lock);
	*val = st->events.reg[reg];
	if (info == IIO_EV_INFO_VALUE) {
		*val <<= ADE9000_LEVEL_SHIFT;
		return IIO_VAL_INT;
	}

	/* The timeout is one sample longer than its register. */
	*val += reg == ADE9000_EVENT_ZX_TIMEOUT;
	*val2 = ade9000_event_hz(st, reg);
	return IIO_VAL_FRACTIONAL;
}

/* A time in periods of a frequency, rounded */
static s64 ade9000_periods(int s, int us, unsigned int hz)
{
	s64 total_us = (s64)s * USEC_PER_SEC + us;

	return div_s64(total_us * hz + USEC_PER_SEC / 2, USEC_PER_SEC);
}

/**
 * ade9000_write_event_value() - as of struct iio_info
 * @indio_dev:	metering device
 * @chan:	channel
 * @type:	type of the event, which is thresh
 * @dir:	direction
 * @info:	value, as a raw one of the channel, or period in seconds
 * @val:	new value
 * @val2:	its fraction, in millionths
 */
int ade9000_write_event_value(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir,
			      enum iio_event_info info, int val, int val2)
{
	struct ade9000 *st = ade9000_meter_chip(indio_dev);
	enum ade9000_event_reg reg = ade9000_event_reg(chan, dir, info);
	s64 code, max = ADE9000_LEVEL_MAX;
	int ret;

	guard(mutex)(&st->lock);
	if (info == IIO_EV_INFO_VALUE) {
		if (val < 0 || val2)
			return -EINVAL;
		code = val >> ADE9000_LEVEL_SHIFT;
	} else {
		code = ade9000_periods(val, val2, ade9000_event_hz(st, reg));
		if (val < 0 || val2 < 0 || code < 1)
			return -EINVAL;
		code -= reg == ADE9000_EVENT_ZX_TIMEOUT;
		max = ADE9000_COUNT_MAX;
	}
	if (code > max)
		return -EINVAL;

	ret = ade9000_write_checked(st, ade9000_event_regs[reg], code);
	if (!ret) {
		st->events.reg[reg] = code;
		return 0;
	}

	/* It may have come as far as the chip. */
	ade9000_write(st, ade9000_event_regs[reg], st->events.reg[reg]);
	return ret;
}
