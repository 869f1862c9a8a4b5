// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCB Artists I2C decibel sound level module (PCBA-DBM), address 0x48.
 *
 * The module measures the weighted level itself, in whole decibels. IIO has no
 * type for that: the channel is the sound pressure in micropascal, from an
 * exact table, so that 20 * log10(pressure / 20 uPa) gives the decibels back.
 * The label names weighting and averaging.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/i2c.h>
#include <linux/iio/iio.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/regulator/consumer.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include <cityhub/member.h>

#include "pcba_dbm.h"

/* Ready 5 ms after power-on or system reset (manual, "Power-up"). */
#define PCBA_DBM_POWER_UP_MS	5
/* A transfer that fails is tried again, after the time of a few bytes. */
#define PCBA_DBM_TRIES		3
#define PCBA_DBM_RETRY_US	1000

#define PCBA_DBM_TAVG_MIN_MS	10
#define PCBA_DBM_TAVG_MAX_MS	10000
#define PCBA_DBM_TAVG_RESET_MS	1000

/* Modules of the register map known here, by their VERSION. */
#define PCBA_DBM_VERSION_MEMS		0x31
#define PCBA_DBM_VERSION_SPECTRUM	0x32
#define PCBA_DBM_VERSION_EXTERNAL	0x81

#define PCBA_DBM_FILTER_A	1
#define PCBA_DBM_FILTER_C	2
#define PCBA_DBM_FILTERS	3

/*
 * By filter. With the external microphone the average is an exponential one,
 * so the level is no Leq there.
 */
static const char *const pcba_dbm_linear_labels[PCBA_DBM_FILTERS] = {
	"LZeq", "LAeq", "LCeq",
};

static const char *const pcba_dbm_exponential_labels[PCBA_DBM_FILTERS] = {
	"LZ", "LA", "LC",
};

static const struct iio_chan_spec pcba_dbm_channels[] = {
	{
		.type = IIO_PRESSURE,
		.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) |
				      BIT(IIO_CHAN_INFO_SCALE) |
				      BIT(IIO_CHAN_INFO_INT_TIME),
		.info_mask_separate_available = BIT(IIO_CHAN_INFO_INT_TIME),
		.info_mask_shared_by_all = BIT(IIO_CHAN_INFO_SAMP_FREQ),
		.scan_index = 0,
		.scan_type = {
			.sign = 'u',
			.realbits = 32,
			.storagebits = 32,
			.endianness = IIO_CPU,
		},
	},
	IIO_CHAN_SOFT_TIMESTAMP(1),
};

static int pcba_dbm_read_once(struct pcba_dbm *st, u8 reg, u8 *buf, u32 len)
{
	struct i2c_msg msgs[] = {
		{
			.addr = st->client->addr,
			.len = sizeof(reg),
			.buf = &reg,
		},
		{
			.addr = st->client->addr,
			.flags = I2C_M_RD,
			.len = len,
			.buf = buf,
		},
	};
	int ret;

	ret = i2c_transfer(st->client->adapter, msgs, ARRAY_SIZE(msgs));
	if (ret < 0)
		return ret;

	return ret == ARRAY_SIZE(msgs) ? 0 : -EIO;
}

static int pcba_dbm_write_once(struct pcba_dbm *st, u8 reg, u8 value)
{
	u8 bytes[] = { reg, value };
	int ret;

	ret = i2c_master_send(st->client, bytes, sizeof(bytes));
	if (ret < 0)
		return ret;

	return ret == sizeof(bytes) ? 0 : -EIO;
}

/* Every failed try is counted; true when another one may follow. */
static bool pcba_dbm_failed(struct pcba_dbm *st, u8 reg, unsigned int try,
			    int ret)
{
	cityhub_member_count(st->member, CITYHUB_COUNT_BUS_ERROR, 1);
	if (try + 1 < PCBA_DBM_TRIES) {
		fsleep(PCBA_DBM_RETRY_US);
		return true;
	}

	dev_warn_ratelimited(&st->client->dev, "register %#04x: transfer failed: %d\n",
			     reg, ret);
	return false;
}

int pcba_dbm_read(struct pcba_dbm *st, u8 reg, u8 *buf, u32 len)
{
	unsigned int try = 0;
	int ret;

	do {
		ret = pcba_dbm_read_once(st, reg, buf, len);
	} while (ret && pcba_dbm_failed(st, reg, try++, ret));

	return ret;
}

int pcba_dbm_write(struct pcba_dbm *st, u8 reg, u8 value)
{
	unsigned int try = 0;
	int ret;

	do {
		ret = pcba_dbm_write_once(st, reg, value);
	} while (ret && pcba_dbm_failed(st, reg, try++, ret));

	return ret;
}

/* The chip takes the new time when the low byte is written. */
static int pcba_dbm_write_tavg(struct pcba_dbm *st, u32 tavg_ms)
{
	int ret;

	ret = pcba_dbm_write(st, PCBA_DBM_TAVG_HIGH, tavg_ms >> 8);
	if (ret)
		return ret;

	return pcba_dbm_write(st, PCBA_DBM_TAVG_LOW, tavg_ms & 0xff);
}

/* Write all settings to a module that may have lost them. */
int pcba_dbm_restore(struct pcba_dbm *st)
{
	int ret;

	ret = pcba_dbm_write(st, PCBA_DBM_CONTROL, st->control);
	if (ret)
		return ret;

	return pcba_dbm_write_tavg(st, st->tavg_ms);
}

static int pcba_dbm_read_level(struct pcba_dbm *st, int *val)
{
	u8 level;
	u32 upa;
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_LEVEL, &level, sizeof(level));
	if (ret)
		return ret;

	/* The first level comes one averaging time after a reset. */
	if (!level)
		return -ENODATA;

	upa = pcba_dbm_pressure_upa(level);
	if (!upa) {
		cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
		return -EIO;
	}

	*val = upa;
	return IIO_VAL_INT;
}

static u32 pcba_dbm_tavg_ms(struct pcba_dbm *st)
{
	guard(mutex)(&st->lock);
	return st->tavg_ms;
}

static int pcba_dbm_read_raw(struct iio_dev *indio_dev,
			     const struct iio_chan_spec *chan, int *val,
			     int *val2, long mask)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	u32 tavg_ms;
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		if (!iio_device_claim_direct(indio_dev))
			return -EBUSY;
		ret = pcba_dbm_read_level(st, val);
		iio_device_release_direct(indio_dev);
		return ret;
	case IIO_CHAN_INFO_SCALE:
		/* Kilopascal from micropascal. */
		*val = 0;
		*val2 = 1;
		return IIO_VAL_INT_PLUS_NANO;
	case IIO_CHAN_INFO_INT_TIME:
		tavg_ms = pcba_dbm_tavg_ms(st);
		*val = tavg_ms / MSEC_PER_SEC;
		*val2 = tavg_ms % MSEC_PER_SEC * USEC_PER_MSEC;
		return IIO_VAL_INT_PLUS_MICRO;
	case IIO_CHAN_INFO_SAMP_FREQ:
		*val = MSEC_PER_SEC;
		*val2 = pcba_dbm_tavg_ms(st);
		return IIO_VAL_FRACTIONAL;
	default:
		return -EINVAL;
	}
}

static int pcba_dbm_set_tavg(struct pcba_dbm *st, int seconds, int micro)
{
	int ret;
	s64 ms;

	ms = (s64)seconds * MSEC_PER_SEC + micro / (int)USEC_PER_MSEC;
	if (ms < PCBA_DBM_TAVG_MIN_MS || ms > PCBA_DBM_TAVG_MAX_MS ||
	    micro % (int)USEC_PER_MSEC)
		return -EINVAL;

	guard(mutex)(&st->lock);
	ret = pcba_dbm_write_tavg(st, ms);
	if (ret)
		return ret;

	st->tavg_ms = ms;
	return 0;
}

static int pcba_dbm_write_raw(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan, int val,
			      int val2, long mask)
{
	int ret;

	if (mask != IIO_CHAN_INFO_INT_TIME)
		return -EINVAL;

	if (!iio_device_claim_direct(indio_dev))
		return -EBUSY;
	ret = pcba_dbm_set_tavg(iio_priv(indio_dev), val, val2);
	iio_device_release_direct(indio_dev);

	return ret;
}

static int pcba_dbm_read_avail(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       const int **vals, int *type, int *length,
			       long mask)
{
	/* From 10 ms in steps of 1 ms to 10 s. */
	static const int int_time_range[] = { 0, 10000, 0, 1000, 10, 0 };

	if (mask != IIO_CHAN_INFO_INT_TIME)
		return -EINVAL;

	*vals = int_time_range;
	*type = IIO_VAL_INT_PLUS_MICRO;
	*length = ARRAY_SIZE(int_time_range);
	return IIO_AVAIL_RANGE;
}

static int pcba_dbm_read_label(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan, char *label)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	return sysfs_emit(label, "%s\n", st->label);
}

static const struct iio_info pcba_dbm_iio_info = {
	.read_raw = pcba_dbm_read_raw,
	.write_raw = pcba_dbm_write_raw,
	.read_avail = pcba_dbm_read_avail,
	.read_label = pcba_dbm_read_label,
	.hwfifo_set_watermark = pcba_dbm_set_watermark,
	.hwfifo_flush_to_buffer = pcba_dbm_flush,
};

/*
 * Other modules of the vendor answer at the same address with another register
 * map, so an unknown one is refused rather than misread.
 */
static int pcba_dbm_identify(struct pcba_dbm *st, const char *const **labels)
{
	struct device *dev = &st->client->dev;
	u8 version;
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_VERSION, &version, sizeof(version));
	if (ret)
		return dev_err_probe(dev, ret, "cannot read version\n");

	switch (version) {
	case PCBA_DBM_VERSION_MEMS:
	case PCBA_DBM_VERSION_SPECTRUM:
		*labels = pcba_dbm_linear_labels;
		return 0;
	case PCBA_DBM_VERSION_EXTERNAL:
		*labels = pcba_dbm_exponential_labels;
		return 0;
	default:
		return dev_err_probe(dev, -ENODEV,
				     "unknown version %#04x: only PCBA-DBM 0x31, 0x32 and 0x81 are supported\n",
				     version);
	}
}

/* Only a system reset wakes a module that was powered down. */
static int pcba_dbm_wake(struct pcba_dbm *st)
{
	int ret;

	if (!FIELD_GET(PCBA_DBM_CONTROL_POWER_DOWN, st->control))
		return 0;

	ret = pcba_dbm_write(st, PCBA_DBM_RESET, PCBA_DBM_RESET_SYSTEM);
	if (ret)
		return ret;

	fsleep(PCBA_DBM_POWER_UP_MS * USEC_PER_MSEC);
	return pcba_dbm_read(st, PCBA_DBM_CONTROL, &st->control,
			     sizeof(st->control));
}

/* Filter and averaging time stay as found; the interrupt goes off. */
static int pcba_dbm_setup(struct pcba_dbm *st, const char *const *labels)
{
	u8 bytes[2];
	u32 filter;
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_CONTROL, &st->control,
			    sizeof(st->control));
	if (ret)
		return ret;

	ret = pcba_dbm_wake(st);
	if (ret)
		return ret;

	filter = FIELD_GET(PCBA_DBM_CONTROL_FILTER, st->control);
	if (filter > PCBA_DBM_FILTER_C)
		filter = PCBA_DBM_FILTER_A;
	st->label = labels[filter];
	st->control = FIELD_PREP(PCBA_DBM_CONTROL_FILTER, filter);

	ret = pcba_dbm_read(st, PCBA_DBM_TAVG_HIGH, bytes, sizeof(bytes));
	if (ret)
		return ret;

	st->tavg_ms = get_unaligned_be16(bytes);
	if (st->tavg_ms < PCBA_DBM_TAVG_MIN_MS ||
	    st->tavg_ms > PCBA_DBM_TAVG_MAX_MS)
		st->tavg_ms = PCBA_DBM_TAVG_RESET_MS;

	return pcba_dbm_restore(st);
}

static int pcba_dbm_power_up(struct pcba_dbm *st)
{
	struct device *dev = &st->client->dev;
	const char *const *labels;
	int ret;

	ret = devm_regulator_get_enable(dev, "vdd");
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable vdd\n");

	fsleep(PCBA_DBM_POWER_UP_MS * USEC_PER_MSEC);

	ret = pcba_dbm_identify(st, &labels);
	if (ret)
		return ret;

	ret = pcba_dbm_setup(st, labels);
	if (ret)
		return dev_err_probe(dev, ret, "cannot set up\n");

	return 0;
}

static int pcba_dbm_probe(struct i2c_client *client)
{
	struct device *dev = &client->dev;
	struct iio_dev *indio_dev;
	struct pcba_dbm *st;
	int ret;

	if (!i2c_check_functionality(client->adapter, I2C_FUNC_I2C))
		return -EOPNOTSUPP;

	indio_dev = devm_iio_device_alloc(dev, sizeof(*st));
	if (!indio_dev)
		return -ENOMEM;

	st = iio_priv(indio_dev);
	st->client = client;
	st->indio_dev = indio_dev;
	i2c_set_clientdata(client, st);
	ret = devm_mutex_init(dev, &st->lock);
	if (ret)
		return ret;

	indio_dev->name = "pcba-dbm";
	indio_dev->info = &pcba_dbm_iio_info;
	indio_dev->modes = INDIO_DIRECT_MODE;
	indio_dev->channels = pcba_dbm_channels;
	indio_dev->num_channels = ARRAY_SIZE(pcba_dbm_channels);

	st->member = devm_cityhub_member_register(indio_dev, CITYHUB_MODE_FREE);
	if (IS_ERR(st->member))
		return dev_err_probe(dev, PTR_ERR(st->member),
				     "cannot become a member\n");

	ret = pcba_dbm_power_up(st);
	if (ret)
		return ret;

	/* Without the interrupt the history cannot be relied on. */
	if (client->irq > 0) {
		ret = pcba_dbm_buffer_setup(st);
		if (ret)
			return dev_err_probe(dev, ret, "cannot set up the buffer\n");
	}

	return devm_iio_device_register(dev, indio_dev);
}

static const struct of_device_id pcba_dbm_of_match[] = {
	{ .compatible = "pcbartists,pcba-dbm" },
	{ }
};
MODULE_DEVICE_TABLE(of, pcba_dbm_of_match);

static const struct i2c_device_id pcba_dbm_i2c_id[] = {
	{ "pcba-dbm" },
	{ }
};
MODULE_DEVICE_TABLE(i2c, pcba_dbm_i2c_id);

static struct i2c_driver pcba_dbm_driver = {
	.driver = {
		.name = "cityhub-pcba-dbm",
		.of_match_table = pcba_dbm_of_match,
		.pm = pm_sleep_ptr(&pcba_dbm_pm_ops),
	},
	.probe = pcba_dbm_probe,
	.id_table = pcba_dbm_i2c_id,
};
module_i2c_driver(pcba_dbm_driver);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("cityhub: PCB Artists I2C decibel sound level module");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CITYHUB");
