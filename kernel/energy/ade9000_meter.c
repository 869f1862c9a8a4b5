// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000: rms, power, energy and frequency.
 *
 * Kernels since 6.18 have channel types and modifiers for rms and power; on
 * older ones (see compat.h) the plain types stand in and labels tell what is
 * what. Labels are the same everywhere: "L1-active-power" and so on.
 *
 * Frequency: IIO has no type for it, but the angular frequency of the phase
 * has one, IIO_ANGL_VEL in rad/s; that is what scans and in_anglvelN_raw hold.
 * In hertz it is in_voltageN_frequency, for direct reads.
 *
 * IIO has no type without a unit to deliver the power factor in: in scans it is
 * active over apparent power, directly it is in_powerN_powerfactor.
 *
 * Energy is signed, in 64 bits, since the driver was bound. The chip adds what
 * it measured to its 45-bit registers each second and the driver takes how far
 * they have come, so that a reading that is late or fails costs nothing. What
 * is lost in a reset of the chip is counted in seconds and never made up.
 */
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/trigger_consumer.h>
#include <linux/iio/triggered_buffer.h>
#include <linux/math64.h>
#include <linux/spi/spi.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <cityhub/member.h>

#include "ade9000.h"

/*
 * The registers go round after 106.3 s at full scale (data sheet). What grew
 * over a longer time is told from the power before, and counts as lost.
 */
#define ADE9000_METER_HOLD_NS	(106LL * NSEC_PER_SEC)
/* An energy window takes one second; later than this, interrupts are lost. */
#define ADE9000_METER_STALE_NS	(1500 * NSEC_PER_MSEC)

enum ade9000_quantity {
	ADE9000_CURRENT,
	ADE9000_VOLTAGE,
	ADE9000_ACTIVE,
	ADE9000_REACTIVE,
	ADE9000_APPARENT,
	ADE9000_FREQUENCY,
	ADE9000_ENERGY,
	ADE9000_QUANTITIES,
};

/* Scan indices; the neutral is a fourth phase that has a current only. */
#define ADE9000_SCAN(_phase, _quantity)	\
	((_phase) * ADE9000_QUANTITIES + (_quantity))
#define ADE9000_NEUTRAL			ADE9000_PHASES
#define ADE9000_METER_CHANNELS		(ADE9000_SCAN(ADE9000_NEUTRAL, 0) + 1)

/*
 * The mirror holds, from ADE9000_REG_MIRROR_RMS on: three currents, three
 * voltages, the neutral current, and three each of active, apparent and
 * reactive power.
 */
#define ADE9000_MIRROR_WORDS		16
#define ADE9000_MIRROR_NEUTRAL		6

static const u8 ade9000_mirror_words[] = {
	[ADE9000_CURRENT] = 0,
	[ADE9000_VOLTAGE] = 3,
	[ADE9000_ACTIVE] = 7,
	[ADE9000_APPARENT] = 10,
	[ADE9000_REACTIVE] = 13,
};

static const char * const ade9000_quantity_names[] = {
	[ADE9000_CURRENT] = "current",
	[ADE9000_VOLTAGE] = "voltage",
	[ADE9000_ACTIVE] = "active-power",
	[ADE9000_REACTIVE] = "reactive-power",
	[ADE9000_APPARENT] = "apparent-power",
	[ADE9000_FREQUENCY] = "frequency",
	[ADE9000_ENERGY] = "energy",
};

static const u16 ade9000_energy_regs[ADE9000_PHASES] = {
	ADE9000_REG_AWATTHR_LO,
	ADE9000_REG_BWATTHR_LO,
	ADE9000_REG_CWATTHR_LO,
};

/**
 * struct ade9000_meter - the metering device
 * @st:		chip, whose lock guards @energy, @last, @step and @window_ns
 * @indio_dev:	IIO device
 * @member:	its member
 * @energy:	accumulated energy of each phase
 * @last:	its register when it was last read
 * @step:	what that grew by for each window
 * @window_ns:	when the last energy window was read
 * @mask:	channels of the scan; fixed while the buffer is on
 */
struct ade9000_meter {
	struct ade9000 *st;
	struct iio_dev *indio_dev;
	struct cityhub_member *member;
	struct ade9000_energy energy[ADE9000_PHASES];
	s64 last[ADE9000_PHASES];
	s64 step[ADE9000_PHASES];
	s64 window_ns;
	unsigned long mask;
	/* private: one scan; only the thread of the trigger uses it */
	IIO_DECLARE_BUFFER_WITH_TS(u8, scan,
				   ADE9000_METER_CHANNELS * sizeof(s64));
};

/**
 * ade9000_meter_chip() - the chip of a metering device
 * @indio_dev:	its IIO device
 */
struct ade9000 *ade9000_meter_chip(struct iio_dev *indio_dev)
{
	struct ade9000_meter *m = iio_priv(indio_dev);

	return m->st;
}

static unsigned int ade9000_phase(unsigned int scan_index)
{
	return scan_index / ADE9000_QUANTITIES;
}

static enum ade9000_quantity ade9000_quantity(unsigned int scan_index)
{
	return scan_index % ADE9000_QUANTITIES;
}

static int ade9000_meter_read_energy(struct ade9000_meter *m, s64 *codes)
{
	unsigned int i;
	u32 low, high;
	int ret;

	for (i = 0; i < ADE9000_PHASES; i++) {
		ret = ade9000_read(m->st, ade9000_energy_regs[i], &low);
		if (ret)
			return ret;

		ret = ade9000_read(m->st, ade9000_energy_regs[i] + 1, &high);
		if (ret)
			return ret;

		codes[i] = ade9000_energy_join(high, low);
	}

	return 0;
}

static void ade9000_meter_lose(struct ade9000_meter *m, s64 now_ns)
{
	u32 missed = ade9000_windows_missed(now_ns - m->window_ns);

	if (missed)
		cityhub_member_count(m->member, CITYHUB_COUNT_LOST, missed);
}

/**
 * ade9000_meter_service() - take in the energy of the window that has ended
 * @m:		metering device; the caller holds the lock and has cleared the
 *		status
 *
 * The words of a register are read one by one. If a window ends meanwhile
 * they may not belong together, and are not used; if the chip was reset, they
 * begin at 0 again, which is no energy.
 */
void ade9000_meter_service(struct ade9000_meter *m)
{
	s64 now, codes[ADE9000_PHASES];
	struct ade9000 *st = m->st;
	u32 i, status, run, windows;
	s64 grown;

	now = cityhub_raw_ns();
	if (ade9000_meter_read_energy(m, codes) ||
	    ade9000_read(st, ADE9000_REG_STATUS0, &status) ||
	    ade9000_read(st, ADE9000_REG_RUN, &run))
		return;

	/* That window interrupts again, and is read then. */
	if (status & ADE9000_STATUS0_EGYRDY || !run)
		return;

	windows = ade9000_windows_missed(now - m->window_ns) + 1;
	for (i = 0; i < ADE9000_PHASES; i++) {
		grown = ade9000_energy_since(codes[i], m->last[i],
					     m->step[i] * windows);
		ade9000_energy_add(&m->energy[i], grown);
		m->last[i] = codes[i];
		m->step[i] = div_s64(grown, windows);
	}

	if (now - m->window_ns > ADE9000_METER_HOLD_NS)
		ade9000_meter_lose(m, now);
	m->window_ns = now;
}

/**
 * ade9000_meter_restart() - the chip was started, its first window begins
 * @m:		metering device; the caller holds the lock
 *
 * What was accumulated stays.
 */
void ade9000_meter_restart(struct ade9000_meter *m)
{
	s64 now = cityhub_raw_ns();

	if (m->window_ns)
		ade9000_meter_lose(m, now);
	m->window_ns = now;
	memset(m->last, 0, sizeof(m->last));
	memset(m->step, 0, sizeof(m->step));
}

/**
 * ade9000_meter_slept() - the system was suspended, the chip went on
 * @m:		metering device; the caller holds the lock
 * @slept_ns:	how long the clock stood still
 */
void ade9000_meter_slept(struct ade9000_meter *m, s64 slept_ns)
{
	/* As long ago as it is by the clock that goes on. */
	m->window_ns -= slept_ns;
}

/**
 * ade9000_meter_stale() - should there have been an interrupt?
 * @m:		metering device; the caller holds the lock
 * @now_ns:	raw time
 */
bool ade9000_meter_stale(struct ade9000_meter *m, s64 now_ns)
{
	return now_ns - m->window_ns > ADE9000_METER_STALE_NS;
}

/* The rms and power words of one instant, without checksum. */
static int ade9000_meter_burst(struct ade9000_meter *m)
{
	struct ade9000 *st = m->st;
	int ret, off;

	ret = ade9000_write(st, ADE9000_REG_CONFIG1, ADE9000_CONFIG1_EDGES |
			    ADE9000_CONFIG1_BURST_EN);
	if (!ret) {
		ret = ade9000_read_burst(st, ADE9000_REG_MIRROR_RMS,
					 ADE9000_MIRROR_WORDS);
		if (ret)
			cityhub_member_count(m->member,
					     CITYHUB_COUNT_BUS_ERROR, 1);
	}

	/* Back to checksums, whatever became of the burst. */
	off = ade9000_write(st, ADE9000_REG_CONFIG1, ADE9000_CONFIG1_EDGES);
	return ret ?: off;
}

static int ade9000_meter_angular(struct ade9000_meter *m, unsigned int phase,
				 u32 *urad)
{
	u32 period;
	int ret;

	ret = ade9000_read(m->st, ADE9000_REG_APERIOD + phase, &period);
	if (ret)
		return ret;

	*urad = ade9000_frequency_urad(period);
	return 0;
}

static __be32 ade9000_mirror_word(const struct ade9000 *st, unsigned int phase,
				  enum ade9000_quantity quantity)
{
	if (phase == ADE9000_NEUTRAL)
		return st->burst[ADE9000_MIRROR_NEUTRAL];

	return st->burst[ade9000_mirror_words[quantity] + phase];
}

/* Put one channel into the scan; returns its end, or an error. */
static int ade9000_meter_pack(struct ade9000_meter *m, unsigned int scan_index,
			      unsigned int at)
{
	unsigned int phase = ade9000_phase(scan_index);
	enum ade9000_quantity quantity = ade9000_quantity(scan_index);
	s64 energy;
	__be32 word;
	u32 urad;
	int ret;

	switch (quantity) {
	case ADE9000_ENERGY:
		at = ALIGN(at, sizeof(energy));
		energy = m->energy[phase].units;
		memcpy(m->scan + at, &energy, sizeof(energy));
		return at + sizeof(energy);
	case ADE9000_FREQUENCY:
		ret = ade9000_meter_angular(m, phase, &urad);
		if (ret)
			return ret;

		memcpy(m->scan + at, &urad, sizeof(urad));
		return at + sizeof(urad);
	default:
		word = ade9000_mirror_word(m->st, phase, quantity);
		memcpy(m->scan + at, &word, sizeof(word));
		return at + sizeof(word);
	}
}

static int ade9000_meter_capture(struct ade9000_meter *m)
{
	unsigned int bit;
	int ret, at = 0;

	guard(mutex)(&m->st->lock);
	ret = ade9000_meter_burst(m);
	if (ret)
		return ret;

	ret = ade9000_check_running(m->st);
	if (ret)
		return ret;

	for_each_set_bit(bit, &m->mask, ADE9000_METER_CHANNELS) {
		at = ade9000_meter_pack(m, bit, at);
		if (at < 0)
			return at;
	}

	return 0;
}

static irqreturn_t ade9000_meter_trigger(int irq, void *data)
{
	struct iio_poll_func *pf = data;
	struct ade9000_meter *m = iio_priv(pf->indio_dev);

	if (!ade9000_meter_capture(m))
		cityhub_member_push_ticked(m->member, m->scan, sizeof(m->scan),
					   pf->timestamp);

	iio_trigger_notify_done(pf->indio_dev->trig);
	return IRQ_HANDLED;
}

static int ade9000_meter_preenable(struct iio_dev *indio_dev)
{
	struct ade9000_meter *m = iio_priv(indio_dev);

	cityhub_member_start(m->member);
	return 0;
}

static int ade9000_meter_postdisable(struct iio_dev *indio_dev)
{
	struct ade9000_meter *m = iio_priv(indio_dev);

	cityhub_member_stop(m->member);
	return 0;
}

static const struct iio_buffer_setup_ops ade9000_meter_buffer_ops = {
	.preenable = ade9000_meter_preenable,
	.postdisable = ade9000_meter_postdisable,
};

static int ade9000_meter_update_scan_mode(struct iio_dev *indio_dev,
					  const unsigned long *scan_mask)
{
	struct ade9000_meter *m = iio_priv(indio_dev);

	m->mask = *scan_mask;
	return 0;
}

static int ade9000_meter_read_value(struct ade9000_meter *m,
				    const struct iio_chan_spec *chan,
				    int *val, int *val2)
{
	unsigned int phase = ade9000_phase(chan->scan_index);
	u32 code;
	int ret;

	guard(mutex)(&m->st->lock);
	switch (ade9000_quantity(chan->scan_index)) {
	case ADE9000_ENERGY:
		*val = lower_32_bits(m->energy[phase].units);
		*val2 = upper_32_bits(m->energy[phase].units);
		return IIO_VAL_INT_64;
	case ADE9000_FREQUENCY:
		ret = ade9000_meter_angular(m, phase, &code);
		break;
	default:
		ret = ade9000_read(m->st, chan->address, &code);
		break;
	}
	if (ret)
		return ret;

	*val = code;
	return ade9000_check_running(m->st) ?: IIO_VAL_INT;
}

static int ade9000_meter_read_hertz(struct ade9000_meter *m,
				    const struct iio_chan_spec *chan,
				    int *val, int *val2)
{
	u32 period, uhz;
	int ret;

	guard(mutex)(&m->st->lock);
	ret = ade9000_read(m->st, ADE9000_REG_APERIOD +
			   ade9000_phase(chan->scan_index), &period);
	if (ret)
		return ret;

	uhz = ade9000_frequency_uhz(period);
	*val = uhz / USEC_PER_SEC;
	*val2 = uhz % USEC_PER_SEC;
	return ade9000_check_running(m->st) ?: IIO_VAL_INT_PLUS_MICRO;
}

static enum ade9000_calib ade9000_meter_calib(const struct iio_chan_spec *chan,
					      long info)
{
	bool gain = info == IIO_CHAN_INFO_CALIBSCALE;

	switch (ade9000_quantity(chan->scan_index)) {
	case ADE9000_CURRENT:
		return gain ? ADE9000_CALIB_CURRENT_GAIN :
			      ADE9000_CALIB_CURRENT_OFFSET;
	case ADE9000_VOLTAGE:
		return gain ? ADE9000_CALIB_VOLTAGE_GAIN :
			      ADE9000_CALIB_VOLTAGE_OFFSET;
	case ADE9000_REACTIVE:
		return ADE9000_CALIB_REACTIVE_OFFSET;
	default:
		return gain ? ADE9000_CALIB_POWER_GAIN :
			      ADE9000_CALIB_ACTIVE_OFFSET;
	}
}

static int ade9000_meter_read_scale(const struct ade9000_scales *scales,
				    const struct iio_chan_spec *chan,
				    int *val, int *val2)
{
	if (chan->type == IIO_PHASE) {
		/* urad to rad */
		*val = 0;
		*val2 = 1;
		return IIO_VAL_INT_PLUS_MICRO;
	}

	switch (ade9000_quantity(chan->scan_index)) {
	case ADE9000_CURRENT:
		return ade9000_format_scale(scales->rms_current, val, val2);
	case ADE9000_VOLTAGE:
		return ade9000_format_scale(scales->rms_voltage, val, val2);
	case ADE9000_ENERGY:
		return ade9000_format_scale(scales->energy, val, val2);
	case ADE9000_FREQUENCY:
		/* urad/s to rad/s */
		*val = 0;
		*val2 = 1;
		return IIO_VAL_INT_PLUS_MICRO;
	default:
		return ade9000_format_scale(scales->power, val, val2);
	}
}

static int ade9000_meter_read_raw(struct iio_dev *indio_dev,
				  const struct iio_chan_spec *chan,
				  int *val, int *val2, long info)
{
	struct ade9000_meter *m = iio_priv(indio_dev);

	switch (info) {
	case IIO_CHAN_INFO_RAW:
	case IIO_CHAN_INFO_PROCESSED:
		if (chan->scan_index < 0)
			return ade9000_direct_read(m->st, chan, val);
		ade9000_wait_settled(m->st, 0);
		return ade9000_meter_read_value(m, chan, val, val2);
	case IIO_CHAN_INFO_FREQUENCY:
		ade9000_wait_settled(m->st, 0);
		return ade9000_meter_read_hertz(m, chan, val, val2);
	case IIO_CHAN_INFO_SCALE:
		return ade9000_meter_read_scale(&m->st->scales, chan, val, val2);
	case IIO_CHAN_INFO_CALIBSCALE:
	case IIO_CHAN_INFO_CALIBBIAS:
		return ade9000_calib_read(m->st, ade9000_meter_calib(chan, info),
					  ade9000_phase(chan->scan_index),
					  val, val2);
	default:
		return -EINVAL;
	}
}

static int ade9000_meter_write_raw(struct iio_dev *indio_dev,
				   const struct iio_chan_spec *chan,
				   int val, int val2, long info)
{
	struct ade9000_meter *m = iio_priv(indio_dev);

	switch (info) {
	case IIO_CHAN_INFO_CALIBSCALE:
	case IIO_CHAN_INFO_CALIBBIAS:
		return ade9000_calib_set(m->st, ade9000_meter_calib(chan, info),
					 ade9000_phase(chan->scan_index),
					 val, val2);
	default:
		return -EINVAL;
	}
}

static int ade9000_meter_write_raw_get_fmt(struct iio_dev *indio_dev,
					   const struct iio_chan_spec *chan,
					   long info)
{
	return info == IIO_CHAN_INFO_CALIBSCALE ? IIO_VAL_INT_PLUS_NANO :
						  IIO_VAL_INT;
}

static int ade9000_meter_read_label(struct iio_dev *indio_dev,
				    const struct iio_chan_spec *chan,
				    char *label)
{
	unsigned int phase = ade9000_phase(chan->scan_index);
	enum ade9000_quantity quantity = ade9000_quantity(chan->scan_index);
	const char *name = ade9000_quantity_names[quantity];

	if (chan->scan_index < 0)
		return ade9000_direct_label(chan, label);
	if (phase == ADE9000_NEUTRAL)
		return sysfs_emit(label, "N-%s\n", name);

	return sysfs_emit(label, "L%u-%s\n", phase + 1, name);
}

static const struct iio_info ade9000_meter_info = {
	.read_raw = ade9000_meter_read_raw,
	.write_raw = ade9000_meter_write_raw,
	.write_raw_get_fmt = ade9000_meter_write_raw_get_fmt,
	.read_label = ade9000_meter_read_label,
	.read_event_config = ade9000_read_event_config,
	.write_event_config = ade9000_write_event_config,
	.read_event_value = ade9000_read_event_value,
	.write_event_value = ade9000_write_event_value,
	.update_scan_mode = ade9000_meter_update_scan_mode,
};

/* Without modifiers the three kinds of power must differ in their index. */
#define ADE9000_POWER_INDEX(_phase, _quantity)				\
	((_phase) + (ADE9000_HAVE_MODIFIERS ? 0 :			\
		     ADE9000_PHASES * ((_quantity) - ADE9000_ACTIVE)))

#define ADE9000_METER_CHANNEL(_phase, _quantity, _type, _index, _mod,	\
			      _reg, _info, _sign, _bits, _endian, ...) { \
	.type = (_type),						\
	.indexed = 1,							\
	.channel = (_index),						\
	.modified = (_mod) != IIO_NO_MOD,				\
	.channel2 = (_mod),						\
	.address = (_reg),						\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | (_info),		\
	.info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE),		\
	.scan_index = ADE9000_SCAN(_phase, _quantity),			\
	.scan_type = {							\
		.sign = (_sign),					\
		.realbits = (_bits),					\
		.storagebits = (_bits),					\
		.endianness = (_endian),				\
	},								\
	__VA_ARGS__							\
}

#define ADE9000_METER_EVENTS(_specs)					\
	.event_spec = (_specs),						\
	.num_event_specs = ARRAY_SIZE(_specs)

#define ADE9000_METER_CALIBS	\
	(BIT(IIO_CHAN_INFO_CALIBSCALE) | BIT(IIO_CHAN_INFO_CALIBBIAS))

#define ADE9000_METER_CURRENT(_phase, _reg, ...)			\
	ADE9000_METER_CHANNEL(_phase, ADE9000_CURRENT, IIO_ALTCURRENT,	\
			      _phase, IIO_MOD_RMS, _reg,		\
			      ADE9000_METER_CALIBS, 's', 32, IIO_BE,	\
			      ADE9000_METER_EVENTS(ade9000_current_events), \
			      __VA_ARGS__)

#define ADE9000_METER_VOLTAGE(_phase, _reg)				\
	ADE9000_METER_CHANNEL(_phase, ADE9000_VOLTAGE,			\
			      ADE9000_TYPE_VOLTAGE, _phase, IIO_MOD_RMS, \
			      _reg, ADE9000_METER_CALIBS |		\
			      BIT(IIO_CHAN_INFO_FREQUENCY),		\
			      's', 32, IIO_BE,				\
			      ADE9000_METER_EVENTS(ade9000_voltage_events), \
			      .ext_info = ade9000_voltage_info)

#define ADE9000_METER_POWER(_phase, _kind, _reg, _info, ...)		\
	ADE9000_METER_CHANNEL(_phase, ADE9000_ ## _kind, IIO_POWER,	\
			      ADE9000_POWER_INDEX(_phase, ADE9000_ ## _kind), \
			      IIO_MOD_ ## _kind, _reg, _info,		\
			      's', 32, IIO_BE, __VA_ARGS__)

#define ADE9000_METER_ACTIVE(_phase, _reg)				\
	ADE9000_METER_POWER(_phase, ACTIVE, _reg, ADE9000_METER_CALIBS,	\
			    .ext_info = ade9000_power_info)

#define ADE9000_METER_REACTIVE(_phase, _reg)				\
	ADE9000_METER_POWER(_phase, REACTIVE, _reg,			\
			    BIT(IIO_CHAN_INFO_CALIBBIAS))

#define ADE9000_METER_FREQUENCY(_phase)					\
	ADE9000_METER_CHANNEL(_phase, ADE9000_FREQUENCY, IIO_ANGL_VEL,	\
			      _phase, IIO_NO_MOD, 0, 0, 'u', 32, IIO_CPU, \
			      ADE9000_METER_EVENTS(ade9000_frequency_events))

/* In the order of the angle registers */
#define ADE9000_METER_PHASE(_index) {					\
	.type = IIO_PHASE,						\
	.indexed = 1,							\
	.channel = (_index),						\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW),			\
	.info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE),		\
	.scan_index = -1,						\
}

#define ADE9000_METER_ENERGY(_phase)					\
	ADE9000_METER_CHANNEL(_phase, ADE9000_ENERGY, IIO_ENERGY,	\
			      _phase, IIO_MOD_ACTIVE, 0, 0, 's', 64, IIO_CPU)

static const struct iio_chan_spec ade9000_meter_channels[] = {
	ADE9000_METER_CURRENT(0, ADE9000_REG_AIRMS,
			      .ext_info = ade9000_current_info),
	ADE9000_METER_VOLTAGE(0, ADE9000_REG_AVRMS),
	ADE9000_METER_ACTIVE(0, ADE9000_REG_AWATT),
	ADE9000_METER_REACTIVE(0, ADE9000_REG_AVAR),
	ADE9000_METER_POWER(0, APPARENT, ADE9000_REG_AVA, 0),
	ADE9000_METER_FREQUENCY(0),
	ADE9000_METER_ENERGY(0),
	ADE9000_METER_CURRENT(1, ADE9000_REG_BIRMS,
			      .ext_info = ade9000_current_info),
	ADE9000_METER_VOLTAGE(1, ADE9000_REG_BVRMS),
	ADE9000_METER_ACTIVE(1, ADE9000_REG_BWATT),
	ADE9000_METER_REACTIVE(1, ADE9000_REG_BVAR),
	ADE9000_METER_POWER(1, APPARENT, ADE9000_REG_BVA, 0),
	ADE9000_METER_FREQUENCY(1),
	ADE9000_METER_ENERGY(1),
	ADE9000_METER_CURRENT(2, ADE9000_REG_CIRMS,
			      .ext_info = ade9000_current_info),
	ADE9000_METER_VOLTAGE(2, ADE9000_REG_CVRMS),
	ADE9000_METER_ACTIVE(2, ADE9000_REG_CWATT),
	ADE9000_METER_REACTIVE(2, ADE9000_REG_CVAR),
	ADE9000_METER_POWER(2, APPARENT, ADE9000_REG_CVA, 0),
	ADE9000_METER_FREQUENCY(2),
	ADE9000_METER_ENERGY(2),
	ADE9000_METER_CURRENT(ADE9000_NEUTRAL, ADE9000_REG_NIRMS),
	ADE9000_METER_PHASE(0),
	ADE9000_METER_PHASE(1),
	ADE9000_METER_PHASE(2),
	ADE9000_METER_PHASE(3),
	ADE9000_METER_PHASE(4),
	ADE9000_METER_PHASE(5),
	ADE9000_METER_PHASE(6),
	ADE9000_METER_PHASE(7),
	ADE9000_METER_PHASE(8),
	{
		.type = IIO_TEMP,
		.info_mask_separate = BIT(IIO_CHAN_INFO_PROCESSED),
		.scan_index = -1,
	},
	IIO_CHAN_SOFT_TIMESTAMP(ADE9000_METER_CHANNELS),
};

/**
 * ade9000_meter_alloc() - make the metering device, without registering it
 * @st:		chip
 *
 * Return: 0 or a negative error number.
 */
int ade9000_meter_alloc(struct ade9000 *st)
{
	struct device *dev = &st->spi->dev;
	struct iio_dev *indio_dev;
	struct ade9000_meter *m;

	indio_dev = devm_iio_device_alloc(dev, sizeof(*m));
	if (!indio_dev)
		return -ENOMEM;

	m = iio_priv(indio_dev);
	m->st = st;
	m->indio_dev = indio_dev;
	st->meter = m;
	st->meter_dev = indio_dev;

	indio_dev->name = "ade9000-meter";
	indio_dev->info = &ade9000_meter_info;
	indio_dev->channels = ade9000_meter_channels;
	indio_dev->num_channels = ARRAY_SIZE(ade9000_meter_channels);
	indio_dev->modes = INDIO_DIRECT_MODE;

	m->member = devm_cityhub_member_register(indio_dev,
						 CITYHUB_MODE_TICKED);
	if (IS_ERR(m->member))
		return PTR_ERR(m->member);

	st->member = m->member;
	return 0;
}

/**
 * ade9000_meter_register() - hand the metering device to IIO
 * @st:		chip, running
 *
 * Return: 0 or a negative error number.
 */
int ade9000_meter_register(struct ade9000 *st)
{
	struct iio_dev *indio_dev = st->meter->indio_dev;
	struct device *dev = &st->spi->dev;
	int ret;

	ret = devm_iio_triggered_buffer_setup(dev, indio_dev,
					      iio_pollfunc_store_time,
					      ade9000_meter_trigger,
					      &ade9000_meter_buffer_ops);
	if (ret)
		return ret;

	return devm_iio_device_register(dev, indio_dev);
}
