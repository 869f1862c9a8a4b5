// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x and SEN6x: direct reads and the channels' own settings.
 */
#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/iio/iio.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/pm_runtime.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <cityhub/member.h>

#include "sen6x.h"

/* First data come 1.1 s after a start (datasheets), by the chip's clock. */
#define SEN6X_FIRST_MS		(1100 + 1100 * SEN6X_PERIOD_PPM / 1000000)

static const int sen6x_pressure_range[] = { 700, 1, 1200 };

/* After a start the chip has nothing to say for a second. */
static int sen6x_await_first(struct sen6x *st)
{
	s64 since_ms = div_s64(cityhub_raw_ns() - st->started_ns,
			       NSEC_PER_MSEC);

	if (since_ms >= 0 && since_ms < SEN6X_FIRST_MS &&
	    msleep_interruptible(SEN6X_FIRST_MS - since_ms))
		return -EINTR;

	return 0;
}

/* An idle chip may answer, all unknown; one that measures knows its dust. */
static bool sen6x_forgot(const u16 *words, unsigned int count)
{
	while (count--)
		if (*words++ != 0xffff)
			return false;

	return true;
}

/* Does it measure, as it should? One that idles has forgotten all it learned. */
bool sen6x_measures(struct sen6x *st)
{
	u16 words[SEN6X_MAX_VALUES];

	return !sen6x_query(st, st->info->read_command, words,
			    st->info->num_values) &&
	       !sen6x_forgot(words, SEN6X_HUMIDITY);
}

/* After a brown-out it idles. Set it going, for the next try. */
static void sen6x_wake(struct sen6x *st)
{
	u32 status;

	if (!sen6x_read_status(st, SEN6X_CMD_READ_STATUS, &status) &&
	    !(status & st->info->cleaning_mask))
		sen6x_recover(st);
}

static int sen6x_read_words(struct sen6x *st, u16 command, u16 *words,
			    unsigned int count)
{
	int ret;

	guard(mutex)(&st->mode_lock);
	if (!st->measuring)
		return -EBUSY;

	ret = sen6x_await_first(st);
	if (ret)
		return ret;

	ret = sen6x_query(st, command, words, count);
	if ((ret && ret != -EBADMSG) ||
	    (!ret && sen6x_forgot(words, SEN6X_HUMIDITY)))
		sen6x_wake(st);

	return ret;
}

/* Words of the same answer are of the same sample; one of them is wanted. */
static int sen6x_read_word(struct sen6x *st, const struct iio_chan_spec *chan,
			   u16 *word)
{
	const struct sen6x_chip_info *info = st->info;
	u16 words[SEN6X_MAX_VALUES];
	int ret;

	if (chan->scan_index >= 0) {
		ret = sen6x_read_words(st, info->read_command, words,
				       info->num_values);
		*word = words[max(chan->scan_index, 0)];
	} else {
		ret = sen6x_read_words(st, info->number_command, words,
				       info->num_numbers);
		*word = words[info->first_number + chan->address -
			      SEN6X_NUMBER_PM0P5];
	}

	return ret;
}

static int sen6x_read_value(struct sen6x *st, const struct iio_chan_spec *chan,
			    int *val)
{
	const struct sen6x_quantity *q = &sen6x_quantities[chan->address];
	bool is_signed = chan->scan_type.sign == 's';
	u16 word = q->unknown;
	int ret;

	ret = pm_runtime_resume_and_get(st->dev);
	if (ret)
		return ret;

	ret = sen6x_read_word(st, chan, &word);
	pm_runtime_mark_last_busy(st->dev);
	pm_runtime_put_autosuspend(st->dev);
	if (ret)
		return ret;

	word = sen6x_known(word, q->unknown, is_signed && st->info->signed_ffff);
	if (word == q->unknown)
		return -ENODATA;

	*val = is_signed ? sign_extend32(word, 15) : word;
	return IIO_VAL_INT;
}

static int sen6x_read_setting(struct sen6x *st, enum sen6x_setting_id id,
			      unsigned int at, int *val)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(st, id, words);
	if (ret)
		return ret;

	*val = words[at];
	return IIO_VAL_INT;
}

static int sen6x_read_raw_info(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan, int *val)
{
	struct sen6x *st = iio_priv(indio_dev);
	int ret;

	if (chan->output)
		return sen6x_read_setting(st, SEN6X_SET_PRESSURE, 0, val);

	if (!iio_device_claim_direct(indio_dev))
		return -EBUSY;
	ret = sen6x_read_value(st, chan, val);
	iio_device_release_direct(indio_dev);

	return ret;
}

static int sen6x_read_scale(const struct iio_chan_spec *chan, int *val,
			    int *val2)
{
	*val = div_s64_rem(sen6x_quantities[chan->address].scale_nano,
			   NSEC_PER_SEC, val2);

	return IIO_VAL_INT_PLUS_NANO;
}

static int sen6x_read_calib(struct sen6x *st, int *val, int *val2, long mask)
{
	int ret;

	if (mask == IIO_CHAN_INFO_CALIBBIAS) {
		ret = sen6x_read_setting(st, SEN6X_SET_TEMP_OFFSET,
					 SEN6X_TEMP_BIAS, val);
		*val = (s16)*val;
		return ret;
	}

	ret = sen6x_read_setting(st, SEN6X_SET_TEMP_OFFSET, SEN6X_TEMP_SLOPE,
				 val);
	if (ret < 0)
		return ret;

	sen6x_scale_from_slope(*val, val, val2);
	return IIO_VAL_INT_PLUS_MICRO;
}

static int sen6x_read_raw(struct iio_dev *indio_dev,
			  const struct iio_chan_spec *chan, int *val, int *val2,
			  long mask)
{
	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		return sen6x_read_raw_info(indio_dev, chan, val);
	case IIO_CHAN_INFO_SCALE:
		return sen6x_read_scale(chan, val, val2);
	case IIO_CHAN_INFO_CALIBBIAS:
	case IIO_CHAN_INFO_CALIBSCALE:
		return sen6x_read_calib(iio_priv(indio_dev), val, val2, mask);
	case IIO_CHAN_INFO_SAMP_FREQ:
		*val = NSEC_PER_SEC / SEN6X_PERIOD_NS;
		return IIO_VAL_INT;
	default:
		return -EINVAL;
	}
}

static int sen6x_write_calib(struct sen6x *st, int val, int val2, long mask)
{
	u16 slope;
	int ret;

	if (mask == IIO_CHAN_INFO_CALIBSCALE) {
		ret = sen6x_slope_from_scale(val, val2, &slope);
		return ret ?: sen6x_set_word(st, SEN6X_SET_TEMP_OFFSET,
					     SEN6X_TEMP_SLOPE, slope);
	}

	if (val2 || val < S16_MIN || val > S16_MAX)
		return -EINVAL;

	return sen6x_set_word(st, SEN6X_SET_TEMP_OFFSET, SEN6X_TEMP_BIAS, val);
}

static int sen6x_write_pressure(struct sen6x *st, int val, int val2)
{
	if (val2 || val < sen6x_pressure_range[0] ||
	    val > sen6x_pressure_range[2])
		return -EINVAL;

	return sen6x_set_word(st, SEN6X_SET_PRESSURE, 0, val);
}

static int sen6x_write_raw(struct iio_dev *indio_dev,
			   const struct iio_chan_spec *chan, int val, int val2,
			   long mask)
{
	struct sen6x *st = iio_priv(indio_dev);

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		if (!chan->output)
			return -EINVAL;
		return sen6x_write_pressure(st, val, val2);
	case IIO_CHAN_INFO_CALIBBIAS:
	case IIO_CHAN_INFO_CALIBSCALE:
		return sen6x_write_calib(st, val, val2, mask);
	default:
		return -EINVAL;
	}
}

static int sen6x_read_avail(struct iio_dev *indio_dev,
			    const struct iio_chan_spec *chan, const int **vals,
			    int *type, int *length, long mask)
{
	if (mask != IIO_CHAN_INFO_RAW)
		return -EINVAL;

	*vals = sen6x_pressure_range;
	*type = IIO_VAL_INT;
	*length = ARRAY_SIZE(sen6x_pressure_range);
	return IIO_AVAIL_RANGE;
}

static int sen6x_read_label(struct iio_dev *indio_dev,
			    const struct iio_chan_spec *chan, char *label)
{
	return sysfs_emit(label, "%s\n", sen6x_quantities[chan->address].label);
}

#define SEN6X_CALLBACKS							\
	.read_raw = sen6x_read_raw,					\
	.write_raw = sen6x_write_raw,					\
	.read_avail = sen6x_read_avail,					\
	.read_label = sen6x_read_label

const struct iio_info sen5x_iio_info = {
	SEN6X_CALLBACKS,
	.attrs = &sen5x_attribute_group,
};

const struct iio_info sen6x_iio_info = {
	SEN6X_CALLBACKS,
	.attrs = &sen6x_attribute_group,
};

const struct iio_info sen6x_co2_iio_info = {
	SEN6X_CALLBACKS,
	.attrs = &sen6x_co2_attribute_group,
};
