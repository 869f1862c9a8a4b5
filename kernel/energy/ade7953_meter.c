// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE7953: rms, power, energy and frequency, one scan at the end of each window
 * of line cycles.
 *
 * Kernels since 6.18 have channel types and modifiers for rms and power; on
 * older ones (see compat.h) the plain types stand in and labels tell what is
 * what. Frequency is IIO_ANGL_VEL in scans and in_voltage0_frequency directly,
 * as of the ADE9000.
 *
 * Energies are signed, in 64 bits, since the driver was bound. A window that
 * nobody fetched is lost: the chip overwrites it with the next. Such windows
 * are counted.
 */
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/property.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <cityhub/member.h>

#include "ade7953.h"

/*
 * Windows are counted in cycles of a mains that is off by 1 % at most, and 50
 * for 60 Hz would be 20 %; what the estimator bears lies between.
 */
#define ADE7953_MAINS_PPM	20000
#define ADE7953_RATIO_BITS	15
/* "About 200 ms" (data sheet) */
#define ADE7953_SETTLE_NS	(300 * NSEC_PER_MSEC)

enum ade7953_quantity {
	ADE7953_CURRENT,
	ADE7953_VOLTAGE,
	ADE7953_ACTIVE,
	ADE7953_REACTIVE,
	ADE7953_APPARENT,
	ADE7953_FREQUENCY,
	ADE7953_ENERGY_ACTIVE,
	ADE7953_ENERGY_REACTIVE,
	ADE7953_ENERGY_APPARENT,
	ADE7953_QUANTITIES,
};

/* Scan indices; the voltage and its frequency are of A only. */
#define ADE7953_SCAN(_circuit, _quantity)	\
	((_circuit) * ADE7953_QUANTITIES + (_quantity))
#define ADE7953_CHANNELS	(ADE7953_CIRCUITS * ADE7953_QUANTITIES)

static const struct {
	const char *name;
	u16 reg;
} ade7953_quantities[] = {
	[ADE7953_CURRENT] = { "current", ADE7953_REG_IRMSA },
	[ADE7953_VOLTAGE] = { "voltage", ADE7953_REG_VRMS },
	[ADE7953_ACTIVE] = { "active-power", ADE7953_REG_AWATT },
	[ADE7953_REACTIVE] = { "reactive-power", ADE7953_REG_AVAR },
	[ADE7953_APPARENT] = { "apparent-power", ADE7953_REG_AVA },
	[ADE7953_FREQUENCY] = { "frequency", ADE7953_REG_PERIOD },
	[ADE7953_ENERGY_ACTIVE] = { "energy", ADE7953_REG_AENERGYA },
	[ADE7953_ENERGY_REACTIVE] = { "reactive-energy",
				      ADE7953_REG_RENERGYA },
	[ADE7953_ENERGY_APPARENT] = { "apparent-energy",
				      ADE7953_REG_APENERGYA },
};

static unsigned int ade7953_circuit(unsigned int scan_index)
{
	return scan_index / ADE7953_QUANTITIES;
}

static enum ade7953_quantity ade7953_quantity(unsigned int scan_index)
{
	return scan_index % ADE7953_QUANTITIES;
}

static int ade7953_read_quantity(struct ade7953 *st, unsigned int scan_index,
				 s32 *val)
{
	enum ade7953_quantity quantity = ade7953_quantity(scan_index);
	int ret;

	ret = ade7953_read(st, ade7953_quantities[quantity].reg +
			   ade7953_circuit(scan_index), val);
	if (ret)
		return ret;

	/* These have no sign, whatever the upper byte repeats. */
	if (quantity == ADE7953_CURRENT || quantity == ADE7953_VOLTAGE)
		*val &= GENMASK(23, 0);
	if (quantity == ADE7953_FREQUENCY)
		*val = ade7953_frequency_urad(*val);
	return 0;
}

/**
 * ade7953_meter_restart() - the chip was started, its first window begins
 * @st:		chip; the caller holds the lock
 *
 * What was accumulated stays; what was lost is counted.
 */
void ade7953_meter_restart(struct ade7953 *st)
{
	s64 now = cityhub_raw_ns();

	if (st->window_ns)
		cityhub_member_count(st->member, CITYHUB_COUNT_LOST,
				     div_u64(now - st->window_ns,
					     ADE7953_WINDOW_NS) + 1);
	st->start_ns = now;
	st->window_ns = now;
	st->looked_ns = now;
	st->primed = false;
	cityhub_stamp_reset(&st->stamp);
}

/**
 * ade7953_meter_slept() - the system was suspended, the chip went on
 * @st:		chip; the caller holds the lock
 * @slept_ns:	how long the clock stood still
 */
void ade7953_meter_slept(struct ade7953 *st, s64 slept_ns)
{
	u32 windows = div_s64(slept_ns, ADE7953_WINDOW_NS);

	/* With or without mains: afterwards nobody knows. */
	if (windows)
		cityhub_member_count(st->member, CITYHUB_COUNT_LOST, windows);
	/* As long ago as they are by the clock that goes on. */
	st->start_ns -= slept_ns;
	st->looked_ns -= slept_ns;
	cityhub_stamp_reset(&st->stamp);
}

static int ade7953_read_energies(struct ade7953 *st)
{
	s32 window[ADE7953_CIRCUITS][ADE7953_ENERGIES];
	unsigned int i, kind;
	int ret;

	for (i = 0; i < ADE7953_CIRCUITS; i++) {
		for (kind = 0; kind < ADE7953_ENERGIES; kind++) {
			ret = ade7953_read(st, ADE7953_REG_AENERGYA + 2 * kind +
					   i, &window[i][kind]);
			if (ret)
				return ret;
		}
	}

	/* All or nothing, so that they stay of one time. */
	for (i = 0; i < ADE7953_CIRCUITS; i++)
		for (kind = 0; kind < ADE7953_ENERGIES; kind++)
			st->energy[i][kind] += window[i][kind];

	return 0;
}

static void ade7953_pack(void *scan, const void *value, size_t size,
			 unsigned int *at)
{
	*at = ALIGN(*at, size);
	memcpy(scan + *at, value, size);
	*at += size;
}

static int ade7953_fill(struct ade7953 *st)
{
	unsigned int bit, at = 0;
	s32 code;
	int ret;

	for_each_set_bit(bit, &st->mask, ADE7953_CHANNELS) {
		enum ade7953_quantity quantity = ade7953_quantity(bit);

		if (quantity >= ADE7953_ENERGY_ACTIVE) {
			ade7953_pack(st->scan,
				     &st->energy[ade7953_circuit(bit)]
				     [quantity - ADE7953_ENERGY_ACTIVE],
				     sizeof(s64), &at);
			continue;
		}
		ret = ade7953_read_quantity(st, bit, &code);
		if (ret)
			return ret;
		ade7953_pack(st->scan, &code, sizeof(code), &at);
	}

	return 0;
}

static void ade7953_deliver(struct ade7953 *st, s64 irq_ns)
{
	bool known = irq_ns;

	cityhub_stamp_update(&st->stamp, 1, known ? irq_ns : cityhub_raw_ns(),
			     known ? CITYHUB_LATE_UNKNOWN : ADE7953_WINDOW_NS);
	if (!st->on || ade7953_fill(st))
		return;

	cityhub_member_map(st->member);
	cityhub_member_stamp_state(st->member,
				   cityhub_stamp_instant(&st->stamp, 0),
				   cityhub_stamp_bound_ns(&st->stamp),
				   st->stamp.source);
	cityhub_member_estimator(st->member, &st->stamp);
	cityhub_member_push(st->member, st->scan, sizeof(st->scan),
			    cityhub_stamp_instant(&st->stamp, 0));
}

/**
 * ade7953_meter_service() - a window has ended
 * @st:		chip; the caller holds the lock
 * @irq_ns:	instant of the interrupt, 0 when there is none
 */
void ade7953_meter_service(struct ade7953 *st, s64 irq_ns)
{
	s64 since, end_ns = irq_ns ?: cityhub_raw_ns();
	u32 windows;

	/*
	 * What has waited for the mains is not lost: a look that found no end
	 * was in the last window, if not in its last quarter.
	 */
	st->window_ns = max(st->window_ns,
			    st->quiet_ns - ADE7953_WINDOW_NS / 4);
	/* Reckoned without an interrupt, its end may be ahead of the next one. */
	since = max_t(s64, end_ns - st->window_ns, 0);
	windows = div_u64(since + (irq_ns ? ADE7953_WINDOW_NS / 2 : 0),
			  ADE7953_WINDOW_NS);
	/* Without an interrupt it ended some time before it was looked at. */
	if (irq_ns)
		st->window_ns = irq_ns;
	else
		st->window_ns += max(windows, 1u) * (s64)ADE7953_WINDOW_NS;
	if (!st->primed) {
		/* It began before the settings were in place (data sheet). */
		st->primed = true;
		st->window_ns = end_ns;
		return;
	}

	if (windows > 1)
		cityhub_member_count(st->member, CITYHUB_COUNT_LOST,
				     windows - 1);
	if (!ade7953_read_energies(st))
		ade7953_deliver(st, irq_ns);
}

static int ade7953_postenable(struct iio_dev *indio_dev)
{
	struct ade7953 *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	cityhub_member_start(st->member);
	st->on = true;
	return 0;
}

static int ade7953_predisable(struct iio_dev *indio_dev)
{
	struct ade7953 *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	st->on = false;
	return 0;
}

static int ade7953_postdisable(struct iio_dev *indio_dev)
{
	struct ade7953 *st = iio_priv(indio_dev);

	cityhub_member_stop(st->member);
	return 0;
}

static const struct iio_buffer_setup_ops ade7953_buffer_ops = {
	.postenable = ade7953_postenable,
	.predisable = ade7953_predisable,
	.postdisable = ade7953_postdisable,
};

static int ade7953_update_scan_mode(struct iio_dev *indio_dev,
				    const unsigned long *scan_mask)
{
	struct ade7953 *st = iio_priv(indio_dev);

	st->mask = *scan_mask;
	return 0;
}

static int ade7953_read_value(struct ade7953 *st, unsigned int scan_index,
			      int *val, int *val2)
{
	enum ade7953_quantity quantity = ade7953_quantity(scan_index);
	s64 energy;
	int ret;

	guard(mutex)(&st->lock);
	/* A chip that was reset measures, but not with these settings. */
	if (st->broken)
		return -EAGAIN;

	if (quantity >= ADE7953_ENERGY_ACTIVE) {
		energy = st->energy[ade7953_circuit(scan_index)]
				   [quantity - ADE7953_ENERGY_ACTIVE];
		*val = lower_32_bits(energy);
		*val2 = upper_32_bits(energy);
		return IIO_VAL_INT_64;
	}

	ret = ade7953_read_quantity(st, scan_index, val);
	return ret ?: IIO_VAL_INT;
}

static int ade7953_read_hertz(struct ade7953 *st, int *val, int *val2)
{
	s32 period;
	u32 uhz;
	int ret;

	guard(mutex)(&st->lock);
	ret = ade7953_read(st, ADE7953_REG_PERIOD, &period);
	if (ret)
		return ret;

	uhz = ade7953_frequency_uhz(period);
	*val = uhz / USEC_PER_SEC;
	*val2 = uhz % USEC_PER_SEC;
	return IIO_VAL_INT_PLUS_MICRO;
}

static int ade7953_format_nano(u64 nano, int *val, int *val2)
{
	u32 rest;

	*val = div_u64_rem(nano, NSEC_PER_SEC, &rest);
	*val2 = rest;
	return IIO_VAL_INT_PLUS_NANO;
}

static int ade7953_read_scale(const struct ade7953 *st, unsigned int scan_index,
			      int *val, int *val2)
{
	const struct ade7953_scales *scales = &st->scales;
	unsigned int circuit = ade7953_circuit(scan_index);

	switch (ade7953_quantity(scan_index)) {
	case ADE7953_CURRENT:
		return ade7953_format_nano(scales->current_rms[circuit], val,
					   val2);
	case ADE7953_VOLTAGE:
		return ade7953_format_nano(scales->voltage, val, val2);
	case ADE7953_FREQUENCY:
		/* urad/s to rad/s */
		*val = 0;
		*val2 = 1;
		return IIO_VAL_INT_PLUS_MICRO;
	case ADE7953_ACTIVE:
	case ADE7953_REACTIVE:
	case ADE7953_APPARENT:
		return ade7953_format_nano(scales->power[circuit], val, val2);
	default:
		return ade7953_format_nano(scales->energy[circuit], val, val2);
	}
}

/* Rms results take a moment to be right after a start. */
static void ade7953_wait_settled(struct ade7953 *st)
{
	s64 wait_ns;

	scoped_guard(mutex, &st->lock)
		wait_ns = st->start_ns + ADE7953_SETTLE_NS - cityhub_raw_ns();

	if (wait_ns > 0)
		fsleep(div_u64(wait_ns, NSEC_PER_USEC) + 1);
}

static int ade7953_read_raw(struct iio_dev *indio_dev,
			    const struct iio_chan_spec *chan,
			    int *val, int *val2, long info)
{
	struct ade7953 *st = iio_priv(indio_dev);

	switch (info) {
	case IIO_CHAN_INFO_RAW:
		ade7953_wait_settled(st);
		return ade7953_read_value(st, chan->scan_index, val, val2);
	case IIO_CHAN_INFO_FREQUENCY:
		return ade7953_read_hertz(st, val, val2);
	case IIO_CHAN_INFO_SCALE:
		return ade7953_read_scale(st, chan->scan_index, val, val2);
	default:
		return -EINVAL;
	}
}

static int ade7953_read_label(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan, char *label)
{
	return sysfs_emit(label, "%c-%s\n",
			  'A' + ade7953_circuit(chan->scan_index),
			  ade7953_quantities[ade7953_quantity(chan->scan_index)].name);
}

static const struct iio_info ade7953_info = {
	.read_raw = ade7953_read_raw,
	.read_label = ade7953_read_label,
	.update_scan_mode = ade7953_update_scan_mode,
	.read_event_config = ade7953_read_event_config,
	.write_event_config = ade7953_write_event_config,
	.read_event_value = ade7953_read_event_value,
	.write_event_value = ade7953_write_event_value,
};

static ssize_t ade7953_show_powerfactor(struct iio_dev *indio_dev,
					uintptr_t private,
					const struct iio_chan_spec *chan,
					char *buf)
{
	struct ade7953 *st = iio_priv(indio_dev);
	int ret, vals[2] = { 0, ADE7953_RATIO_BITS };
	s32 code;

	scoped_guard(mutex, &st->lock)
		ret = ade7953_read(st, ADE7953_REG_PFA + chan->channel, &code);
	if (ret)
		return ret;

	vals[0] = (s16)code;
	return iio_format_value(buf, IIO_VAL_FRACTIONAL_LOG2, ARRAY_SIZE(vals),
				vals);
}

static const struct iio_chan_spec_ext_info ade7953_power_info[] = {
	{
		.name = "powerfactor",
		.shared = IIO_SEPARATE,
		.read = ade7953_show_powerfactor,
	},
	{ }
};

/* Without modifiers the kinds of power and energy differ in their index. */
#define ADE7953_INDEX(_circuit, _kind)					\
	((_circuit) + (ADE7953_HAVE_MODIFIERS ? 0 :			\
		       ADE7953_CIRCUITS * (_kind)))

#define ADE7953_CHANNEL(_circuit, _quantity, _type, _index, _mod, _info, \
			_sign, _bits, ...) {				\
	.type = (_type),						\
	.indexed = 1,							\
	.channel = (_index),						\
	.modified = (_mod) != IIO_NO_MOD,				\
	.channel2 = (_mod),						\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) |			\
			      BIT(IIO_CHAN_INFO_SCALE) | (_info),	\
	.scan_index = ADE7953_SCAN(_circuit, _quantity),		\
	.scan_type = {							\
		.sign = (_sign),					\
		.realbits = (_bits),					\
		.storagebits = (_bits),					\
		.endianness = IIO_CPU,					\
	},								\
	__VA_ARGS__							\
}

#define ADE7953_EVENTS(_specs)						\
	.event_spec = (_specs),						\
	.num_event_specs = ARRAY_SIZE(_specs)

#define ADE7953_CHANNEL_CURRENT(_circuit)				\
	ADE7953_CHANNEL(_circuit, ADE7953_CURRENT, IIO_ALTCURRENT,	\
			_circuit, IIO_MOD_RMS, 0, 'u', 32,		\
			ADE7953_EVENTS(ade7953_current_events))

#define ADE7953_CHANNEL_VOLTAGE()					\
	ADE7953_CHANNEL(0, ADE7953_VOLTAGE, ADE7953_TYPE_VOLTAGE, 0,	\
			IIO_MOD_RMS, BIT(IIO_CHAN_INFO_FREQUENCY),	\
			'u', 32, ADE7953_EVENTS(ade7953_voltage_events))

#define ADE7953_CHANNEL_POWER(_circuit, _kind, ...)			\
	ADE7953_CHANNEL(_circuit, ADE7953_ ## _kind, IIO_POWER,		\
			ADE7953_INDEX(_circuit,				\
				      ADE7953_ ## _kind - ADE7953_ACTIVE), \
			IIO_MOD_ ## _kind, 0, 's', 32, __VA_ARGS__)

#define ADE7953_CHANNEL_ENERGY(_circuit, _kind)				\
	ADE7953_CHANNEL(_circuit, ADE7953_ENERGY_ ## _kind, IIO_ENERGY,	\
			ADE7953_INDEX(_circuit, ADE7953_ENERGY_ ## _kind - \
				      ADE7953_ENERGY_ACTIVE),		\
			IIO_MOD_ ## _kind, 0, 's', 64)

static const struct iio_chan_spec ade7953_channels[] = {
	ADE7953_CHANNEL_CURRENT(0),
	ADE7953_CHANNEL_VOLTAGE(),
	ADE7953_CHANNEL_POWER(0, ACTIVE, .ext_info = ade7953_power_info),
	ADE7953_CHANNEL_POWER(0, REACTIVE),
	ADE7953_CHANNEL_POWER(0, APPARENT),
	ADE7953_CHANNEL(0, ADE7953_FREQUENCY, IIO_ANGL_VEL, 0, IIO_NO_MOD, 0,
			'u', 32),
	ADE7953_CHANNEL_ENERGY(0, ACTIVE),
	ADE7953_CHANNEL_ENERGY(0, REACTIVE),
	ADE7953_CHANNEL_ENERGY(0, APPARENT),
	ADE7953_CHANNEL_CURRENT(1),
	ADE7953_CHANNEL_POWER(1, ACTIVE, .ext_info = ade7953_power_info),
	ADE7953_CHANNEL_POWER(1, REACTIVE),
	ADE7953_CHANNEL_POWER(1, APPARENT),
	ADE7953_CHANNEL_ENERGY(1, ACTIVE),
	ADE7953_CHANNEL_ENERGY(1, REACTIVE),
	ADE7953_CHANNEL_ENERGY(1, APPARENT),
	IIO_CHAN_SOFT_TIMESTAMP(ADE7953_CHANNELS),
};

static void ade7953_init_stamp(struct ade7953 *st, struct device *dev)
{
	struct cityhub_stamp_config config = {
		.period_ns = ADE7953_WINDOW_NS,
		.tolerance_ppm = ADE7953_MAINS_PPM,
	};

	device_property_read_u32(dev, "cityhub,irq-latency-min-ns",
				 &config.latency_min_ns);
	cityhub_stamp_init(&st->stamp, &config);
}

/**
 * ade7953_meter_alloc() - make the IIO device, without registering it
 * @dev:	device on the bus
 * @st:		set to the state of the chip
 *
 * Return: 0 or a negative error number.
 */
int ade7953_meter_alloc(struct device *dev, struct ade7953 **st)
{
	struct iio_dev *indio_dev;

	indio_dev = devm_iio_device_alloc(dev, sizeof(**st));
	if (!indio_dev)
		return -ENOMEM;

	*st = iio_priv(indio_dev);
	(*st)->indio_dev = indio_dev;
	ade7953_init_stamp(*st, dev);

	indio_dev->name = "ade7953";
	indio_dev->info = &ade7953_info;
	indio_dev->channels = ade7953_channels;
	indio_dev->num_channels = ARRAY_SIZE(ade7953_channels);
	indio_dev->modes = INDIO_DIRECT_MODE;

	(*st)->member = devm_cityhub_member_register(indio_dev,
						     CITYHUB_MODE_FREE);
	return PTR_ERR_OR_ZERO((*st)->member);
}

/**
 * ade7953_meter_register() - hand the device to IIO
 * @st:		chip, running
 *
 * Return: 0 or a negative error number.
 */
int ade7953_meter_register(struct ade7953 *st)
{
	int ret;

	ret = devm_iio_kfifo_buffer_setup(st->dev, st->indio_dev,
					  &ade7953_buffer_ops);
	if (ret)
		return ret;

	return devm_iio_device_register(st->dev, st->indio_dev);
}
