// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN6x: the IIO device, direct reads, start and stop.
 *
 * The chip measures from probe to removal. The gas index algorithms learn for
 * hours, NOx and CO2 are unknown for the first seconds after a start and the
 * fan needs up to half a minute: a start per reading would only ever give the
 * values of a cold chip.
 *
 * Words the chip declares unknown are -ENODATA in direct reads. A buffer has
 * no place for that: there they stay what the chip sends, 0xffff in unsigned
 * and 0x7fff in signed words.
 *
 * Datasheet: Sensirion SEN6x, version 0.92, December 2025.
 */
#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/iio/iio.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/regulator/consumer.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <cityhub/member.h>

#include "sen6x.h"

/* Time from power to the first command (datasheet, table 3.1). */
#define SEN6X_POWER_UP_MS	100
/* A busy chip does not acknowledge; try that often, a command's time apart. */
#define SEN6X_TRIES		3

/* The timer slack of that wait. */
#define SEN6X_SLACK_US		50

#define SEN6X_STATUS_SPEED	BIT(21)
#define SEN6X_STATUS_PM		BIT(11)
#define SEN6X_STATUS_CO2_2	BIT(9)
#define SEN6X_STATUS_GAS	BIT(7)
#define SEN6X_STATUS_RHT	BIT(6)
#define SEN6X_STATUS_FAN	BIT(4)

/**
 * struct sen6x_quantity - how a word of an answer reads in ABI units
 * @label:	label of the channel
 * @unknown:	the word that stands for "unknown"
 * @scale_milli: scale in thousandths, 0 when it is @scale_micro
 * @scale_micro: scale in millionths
 */
struct sen6x_quantity {
	const char *label;
	u16 unknown;
	u32 scale_milli;
	u32 scale_micro;
};

enum sen6x_quantity_id {
	SEN6X_PM1,
	SEN6X_PM2P5,
	SEN6X_PM4,
	SEN6X_PM10,
	SEN6X_HUMIDITY,
	SEN6X_TEMPERATURE,
	SEN6X_VOC_INDEX,
	SEN6X_NOX_INDEX,
	SEN6X_CO2,
};

/*
 * ug/m3, milli per cent, milli degrees Celsius, index points, per cent. IIO
 * has no type for a gas index; this table and the channels are the only
 * places that know what stands in for it.
 */
static const struct sen6x_quantity sen6x_quantities[] = {
	[SEN6X_PM1] = { "pm1", 0xffff, .scale_milli = 100 },
	[SEN6X_PM2P5] = { "pm2p5", 0xffff, .scale_milli = 100 },
	[SEN6X_PM4] = { "pm4", 0xffff, .scale_milli = 100 },
	[SEN6X_PM10] = { "pm10", 0xffff, .scale_milli = 100 },
	[SEN6X_HUMIDITY] = { "humidity", 0x7fff, .scale_milli = 10000 },
	[SEN6X_TEMPERATURE] = { "temperature", 0x7fff, .scale_milli = 5000 },
	[SEN6X_VOC_INDEX] = { "voc-index", 0x7fff, .scale_milli = 100 },
	[SEN6X_NOX_INDEX] = { "nox-index", 0x7fff, .scale_milli = 100 },
	[SEN6X_CO2] = { "co2", 0xffff, .scale_micro = 100 },
};

#define SEN6X_CHANNEL(_type, _quantity, _index, _sign, ...) {		\
	.type = (_type),						\
	.address = (_quantity),						\
	.scan_index = (_index),						\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) |			\
			      BIT(IIO_CHAN_INFO_SCALE),			\
	.info_mask_shared_by_all = BIT(IIO_CHAN_INFO_SAMP_FREQ),	\
	.scan_type = {							\
		.sign = (_sign),					\
		.realbits = 16,						\
		.storagebits = 16,					\
		.endianness = IIO_CPU,					\
	},								\
	__VA_ARGS__							\
}

#define SEN6X_MODIFIED(_type, _modifier, _quantity, _index)		\
	SEN6X_CHANNEL(_type, _quantity, _index, 'u',			\
		      .modified = 1, .channel2 = (_modifier))

#define SEN6X_GAS_INDEX(_channel, _quantity, _index)			\
	SEN6X_CHANNEL(IIO_CONCENTRATION, _quantity, _index, 's',	\
		      .indexed = 1, .channel = (_channel))

static const struct iio_chan_spec sen66_channels[] = {
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM1, SEN6X_PM1, 0),
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM2P5, SEN6X_PM2P5, 1),
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM4, SEN6X_PM4, 2),
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM10, SEN6X_PM10, 3),
	SEN6X_CHANNEL(IIO_HUMIDITYRELATIVE, SEN6X_HUMIDITY, 4, 's'),
	SEN6X_CHANNEL(IIO_TEMP, SEN6X_TEMPERATURE, 5, 's'),
	SEN6X_GAS_INDEX(0, SEN6X_VOC_INDEX, 6),
	SEN6X_GAS_INDEX(1, SEN6X_NOX_INDEX, 7),
	SEN6X_MODIFIED(IIO_CONCENTRATION, IIO_MOD_CO2, SEN6X_CO2, 8),
	IIO_CHAN_SOFT_TIMESTAMP(9),
};

const struct sen6x_chip_info sen66_chip_info = {
	.name = "sen66",
	.product = "SEN66",
	.read_command = 0x0300,
	.num_values = 9,
	.fault_mask = SEN6X_STATUS_SPEED | SEN6X_STATUS_PM |
		      SEN6X_STATUS_CO2_2 | SEN6X_STATUS_GAS |
		      SEN6X_STATUS_RHT | SEN6X_STATUS_FAN,
	.channels = sen66_channels,
	.num_channels = ARRAY_SIZE(sen66_channels),
};

static int sen6x_command(struct sen6x *st, u16 command, unsigned int wait_ms)
{
	int ret;

	guard(mutex)(&st->lock);
	ret = st->bus->send(st->dev, command);
	if (ret)
		return ret;

	fsleep(wait_ms * USEC_PER_MSEC);
	return 0;
}

static int sen6x_query_once(struct sen6x *st, u16 command, u16 *words,
			    unsigned int count)
{
	int ret;

	guard(mutex)(&st->lock);
	ret = st->bus->send(st->dev, command);
	if (ret)
		return ret;

	/* Not fsleep(), which may take twice that: brackets are made of it. */
	usleep_range(SEN6X_ANSWER_MS * USEC_PER_MSEC,
		     SEN6X_ANSWER_MS * USEC_PER_MSEC + SEN6X_SLACK_US);
	return st->bus->receive(st->dev, words, count);
}

/*
 * Ask, and ask again when the chip was busy or a checksum wrong. Every failed
 * try is counted.
 */
int sen6x_query(struct sen6x *st, u16 command, u16 *words, unsigned int count)
{
	unsigned int try;
	int ret;

	for (try = 0; try < SEN6X_TRIES; try++) {
		if (try)
			fsleep(SEN6X_ANSWER_MS * USEC_PER_MSEC);
		ret = sen6x_query_once(st, command, words, count);
		if (!ret)
			return 0;
		cityhub_member_count(st->member, ret == -EBADMSG ?
				     CITYHUB_COUNT_CRC_ERROR :
				     CITYHUB_COUNT_BUS_ERROR, 1);
	}

	dev_warn_ratelimited(st->dev, "command %#06x failed: %d\n", command, ret);
	return ret;
}

int sen6x_start(struct sen6x *st)
{
	return sen6x_command(st, SEN6X_CMD_START, SEN6X_START_MS);
}

static int sen6x_stop(struct sen6x *st)
{
	return sen6x_command(st, SEN6X_CMD_STOP, SEN6X_STOP_MS);
}

static void sen6x_stop_action(void *data)
{
	sen6x_stop(data);
}

int sen6x_read_status(struct sen6x *st, u16 command, u32 *status)
{
	u16 words[2];
	int ret;

	ret = sen6x_query(st, command, words, ARRAY_SIZE(words));
	if (ret)
		return ret;

	*status = (u32)words[0] << 16 | words[1];
	return 0;
}

static int sen6x_read_raw_value(struct sen6x *st,
				const struct iio_chan_spec *chan, int *val)
{
	u16 words[SEN6X_MAX_VALUES];
	u16 word;
	int ret;

	ret = sen6x_query(st, st->info->read_command, words,
			  st->info->num_values);
	if (ret) {
		/*
		 * After a brown-out the chip idles and cannot be read. A start
		 * does nothing to one that measures, and saves the next try.
		 */
		if (ret != -EBADMSG)
			sen6x_start(st);
		return ret;
	}

	word = words[chan->scan_index];
	if (word == sen6x_quantities[chan->address].unknown)
		return -ENODATA;

	*val = chan->scan_type.sign == 's' ? sign_extend32(word, 15) : word;
	return IIO_VAL_INT;
}

static int sen6x_read_scale(const struct iio_chan_spec *chan, int *val,
			    int *val2)
{
	const struct sen6x_quantity *q = &sen6x_quantities[chan->address];

	if (q->scale_micro) {
		*val = 0;
		*val2 = q->scale_micro;
		return IIO_VAL_INT_PLUS_MICRO;
	}

	*val = q->scale_milli;
	*val2 = 1000;
	return IIO_VAL_FRACTIONAL;
}

static int sen6x_read_raw(struct iio_dev *indio_dev,
			  const struct iio_chan_spec *chan, int *val, int *val2,
			  long mask)
{
	struct sen6x *st = iio_priv(indio_dev);
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		if (!iio_device_claim_direct(indio_dev))
			return -EBUSY;
		ret = sen6x_read_raw_value(st, chan, val);
		iio_device_release_direct(indio_dev);
		return ret;
	case IIO_CHAN_INFO_SCALE:
		return sen6x_read_scale(chan, val, val2);
	case IIO_CHAN_INFO_SAMP_FREQ:
		*val = NSEC_PER_SEC / SEN6X_PERIOD_NS;
		return IIO_VAL_INT;
	default:
		return -EINVAL;
	}
}

static int sen6x_read_label(struct iio_dev *indio_dev,
			    const struct iio_chan_spec *chan, char *label)
{
	return sysfs_emit(label, "%s\n", sen6x_quantities[chan->address].label);
}

static const struct iio_info sen6x_iio_info = {
	.read_raw = sen6x_read_raw,
	.read_label = sen6x_read_label,
};

static int sen6x_identify(struct sen6x *st)
{
	char text[SEN6X_TEXT_WORDS * sizeof(u16) + 1];
	u16 words[SEN6X_TEXT_WORDS];
	int ret;

	ret = sen6x_query(st, SEN6X_CMD_NAME, words, SEN6X_TEXT_WORDS);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot read product name\n");

	sen6x_text(words, SEN6X_TEXT_WORDS, text);
	if (!strstarts(text, st->info->product))
		dev_warn(st->dev, "product name \"%.32s\", expected %s\n", text,
			 st->info->product);

	ret = sen6x_query(st, SEN6X_CMD_SERIAL, words, SEN6X_TEXT_WORDS);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot read serial number\n");

	sen6x_text(words, SEN6X_TEXT_WORDS, text);
	ret = sen6x_query(st, SEN6X_CMD_VERSION, words, 1);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot read version\n");

	dev_dbg(st->dev, "serial number %.32s, firmware %u.%u\n", text,
		words[0] >> 8, words[0] & 0xff);
	return 0;
}

static int sen6x_power_up(struct sen6x *st)
{
	u32 status;
	int ret;

	ret = devm_regulator_get_enable(st->dev, "vdd");
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot enable vdd\n");

	fsleep(SEN6X_POWER_UP_MS * USEC_PER_MSEC);

	/* It may still measure from before; an idle one may refuse this. */
	sen6x_stop(st);

	ret = sen6x_identify(st);
	if (ret)
		return ret;

	ret = sen6x_read_status(st, SEN6X_CMD_CLEAR_STATUS, &status);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot clear status\n");

	ret = sen6x_start(st);
	if (ret)
		return dev_err_probe(st->dev, ret, "cannot start\n");

	return devm_add_action_or_reset(st->dev, sen6x_stop_action, st);
}

int sen6x_probe(struct device *dev, const struct sen6x_chip_info *info,
		const struct sen6x_bus_ops *bus)
{
	struct iio_dev *indio_dev;
	struct sen6x *st;
	int ret;

	indio_dev = devm_iio_device_alloc(dev, sizeof(*st));
	if (!indio_dev)
		return -ENOMEM;

	st = iio_priv(indio_dev);
	st->info = info;
	st->bus = bus;
	st->dev = dev;
	st->indio_dev = indio_dev;
	dev_set_drvdata(dev, st);
	ret = devm_mutex_init(dev, &st->lock);
	if (ret)
		return ret;

	indio_dev->name = info->name;
	indio_dev->info = &sen6x_iio_info;
	indio_dev->modes = INDIO_DIRECT_MODE;
	indio_dev->channels = info->channels;
	indio_dev->num_channels = info->num_channels;

	st->member = devm_cityhub_member_register(indio_dev, CITYHUB_MODE_FREE);
	if (IS_ERR(st->member))
		return dev_err_probe(dev, PTR_ERR(st->member),
				     "cannot become a member\n");

	ret = sen6x_power_up(st);
	if (ret)
		return ret;

	ret = sen6x_buffer_setup(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot set up the buffer\n");

	return devm_iio_device_register(dev, indio_dev);
}

static int sen6x_suspend(struct device *dev)
{
	struct sen6x *st = dev_get_drvdata(dev);

	int ret;

	sen6x_polling_stop(st);
	/*
	 * One that does not answer need not keep the system awake. An error
	 * would: without a call of resume, and so without polling.
	 */
	ret = sen6x_stop(st);
	if (ret)
		dev_warn(dev, "cannot stop measuring: %d\n", ret);

	return 0;
}

static int sen6x_resume(struct device *dev)
{
	struct sen6x *st = dev_get_drvdata(dev);
	int ret;

	ret = sen6x_start(st);
	/* Polling finds a sensor that did not start, and starts it again. */
	if (iio_buffer_enabled(st->indio_dev))
		return sen6x_polling_start(st);

	return ret;
}

DEFINE_SIMPLE_DEV_PM_OPS(sen6x_pm_ops, sen6x_suspend, sen6x_resume);
