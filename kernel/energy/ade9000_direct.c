// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000: what changes slowly and is read directly only: power factor,
 * distortion, the phases of voltages and currents, temperature.
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/iio/iio.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include <cityhub/member.h>

#include "ade9000.h"

/* Power factor and distortion are made each 1.024 s, of settled results. */
#define ADE9000_RATIO_NS	(1024 * NSEC_PER_MSEC)
#define ADE9000_RATIO_BITS	27

#define ADE9000_TEMP_ENABLE	BIT(2)
#define ADE9000_TEMP_START	BIT(3)
#define ADE9000_TEMP_OFFSET	GENMASK(31, 16)
#define ADE9000_TEMP_GAIN	GENMASK(15, 0)
/* A conversion without averaging takes about 1 ms. */
#define ADE9000_TEMP_US		1500
#define ADE9000_TEMP_TRIES	10

static ssize_t ade9000_show_ratio(struct iio_dev *indio_dev, uintptr_t reg,
				  const struct iio_chan_spec *chan, char *buf)
{
	struct ade9000 *st = ade9000_meter_chip(indio_dev);
	int ret, vals[2] = { 0, ADE9000_RATIO_BITS };
	u32 code;

	ade9000_wait_settled(st, ADE9000_RATIO_NS);
	scoped_guard(mutex, &st->lock) {
		ret = ade9000_read(st, reg + chan->channel * ADE9000_PHASE_STEP,
				   &code);
		if (!ret)
			ret = ade9000_check_running(st);
	}
	if (ret)
		return ret;

	vals[0] = code;
	return iio_format_value(buf, IIO_VAL_FRACTIONAL_LOG2, ARRAY_SIZE(vals),
				vals);
}

#define ADE9000_RATIO(_name, _reg) {		\
	.name = (_name),			\
	.shared = IIO_SEPARATE,			\
	.read = ade9000_show_ratio,		\
	.private = (_reg),			\
}

/* As the kernel's own driver has it since 6.18, of an unmodified channel. */
const struct iio_chan_spec_ext_info ade9000_power_info[] = {
	ADE9000_RATIO("powerfactor", ADE9000_REG_APF),
	{ }
};

const struct iio_chan_spec_ext_info ade9000_voltage_info[] = {
	ADE9000_RATIO("thd", ADE9000_REG_AVTHD),
	{ }
};

const struct iio_chan_spec_ext_info ade9000_current_info[] = {
	ADE9000_RATIO("thd", ADE9000_REG_AITHD),
	{ }
};

static const char * const ade9000_phase_labels[] = {
	"L1-L2-voltage-phase",
	"L2-L3-voltage-phase",
	"L1-L3-voltage-phase",
	"L1-current-phase",
	"L2-current-phase",
	"L3-current-phase",
	"L1-L2-current-phase",
	"L2-L3-current-phase",
	"L1-L3-current-phase",
};

/* The voltage whose period tells how long a turn is, for each angle register */
static const u8 ade9000_phase_periods[] = { 0, 1, 0, 0, 1, 2, 0, 1, 0 };

static int ade9000_read_phase(struct ade9000 *st, unsigned int n, int *val)
{
	u32 code, period;
	int ret;

	guard(mutex)(&st->lock);
	ret = ade9000_read(st, ADE9000_REG_ANGL_VA_VB + n, &code);
	if (ret)
		return ret;

	ret = ade9000_read(st, ADE9000_REG_APERIOD + ade9000_phase_periods[n],
			   &period);
	if (ret)
		return ret;

	*val = ade9000_angle_urad(code, period);
	return ade9000_check_running(st) ?: IIO_VAL_INT;
}

static int ade9000_start_temperature(struct ade9000 *st)
{
	int ret;

	guard(mutex)(&st->lock);
	ret = ade9000_write(st, ADE9000_REG_STATUS0, ADE9000_STATUS0_TEMP_RDY);
	if (ret)
		return ret;

	return ade9000_write(st, ADE9000_REG_TEMP_CFG, ADE9000_TEMP_ENABLE |
			     ADE9000_TEMP_START);
}

static int ade9000_fetch_temperature(struct ade9000 *st, int *val)
{
	u32 status, trim, code;
	int ret;

	guard(mutex)(&st->lock);
	ret = ade9000_read(st, ADE9000_REG_STATUS0, &status);
	if (ret)
		return ret;
	if (!(status & ADE9000_STATUS0_TEMP_RDY))
		return -EAGAIN;

	ret = ade9000_read(st, ADE9000_REG_TEMP_TRIM, &trim);
	if (ret)
		return ret;

	ret = ade9000_read(st, ADE9000_REG_TEMP_RSLT, &code);
	if (ret)
		return ret;

	*val = ade9000_temperature_mc(code, FIELD_GET(ADE9000_TEMP_GAIN, trim),
				      FIELD_GET(ADE9000_TEMP_OFFSET, trim));
	return IIO_VAL_INT;
}

/* The lock is not held while the chip converts: waveforms go on. */
static int ade9000_read_temperature(struct ade9000 *st, int *val)
{
	unsigned int tries;
	int ret;

	ret = ade9000_start_temperature(st);
	if (ret)
		return ret;

	for (tries = 0; tries < ADE9000_TEMP_TRIES; tries++) {
		fsleep(ADE9000_TEMP_US);
		ret = ade9000_fetch_temperature(st, val);
		if (ret != -EAGAIN)
			return ret;
	}

	return -ETIMEDOUT;
}

/**
 * ade9000_direct_read() - read a channel that is in no scan
 * @st:		chip
 * @chan:	channel, a phase or the temperature
 * @val:	result
 *
 * Return: IIO_VAL_INT or a negative error number.
 */
int ade9000_direct_read(struct ade9000 *st, const struct iio_chan_spec *chan,
			int *val)
{
	if (chan->type == IIO_TEMP)
		return ade9000_read_temperature(st, val);

	ade9000_wait_settled(st, 0);
	return ade9000_read_phase(st, chan->channel, val);
}

/**
 * ade9000_direct_label() - label of a channel that is in no scan
 * @chan:	channel
 * @label:	where to put it
 */
int ade9000_direct_label(const struct iio_chan_spec *chan, char *label)
{
	if (chan->type == IIO_TEMP)
		return sysfs_emit(label, "chip-temperature\n");

	return sysfs_emit(label, "%s\n", ade9000_phase_labels[chan->channel]);
}
