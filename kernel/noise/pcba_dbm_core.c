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
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/i2c.h>
#include <linux/iio/iio.h>
#include <linux/limits.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/regulator/consumer.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <linux/units.h>

#include <cityhub/member.h>

#include "pcba_dbm.h"

#define PCBA_DBM_TAVG_RESET_MS	1000
#define PCBA_DBM_GAIN_RESET	18
#define PCBA_DBM_THR_MIN_RESET	45
#define PCBA_DBM_THR_MAX_RESET	85

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

static int pcba_dbm_get_filter(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	return st->filter;
}

/*
 * What was measured before is of another weighting or gain: it takes an
 * averaging time until a level is of the new one, and MIN, MAX and the history
 * begin anew then (manual). That may be ten seconds: a signal ends the waiting.
 * The setting is there all the same, and the levels are mixed for a while.
 */
static int pcba_dbm_settle(struct pcba_dbm *st)
{
	unsigned long left;
	int ret;

	left = msleep_interruptible(st->tavg_ms + st->tavg_ms /
				    (USEC_PER_SEC / PCBA_DBM_TOLERANCE_PPM) + 1);

	guard(mutex)(&st->lock);
	ret = pcba_dbm_clear_min_max(st) ?: pcba_dbm_clear(st);
	if (ret)
		return ret;

	return left ? -EINTR : 0;
}

static int pcba_dbm_write_filter(struct pcba_dbm *st, u8 filter)
{
	u8 before;
	int ret;

	guard(mutex)(&st->lock);
	before = st->filter;
	st->filter = filter;
	ret = pcba_dbm_write_mode(st);
	if (ret)
		st->filter = before;

	return ret;
}

static int pcba_dbm_set_filter(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       unsigned int filter)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	int ret;

	if (!iio_device_claim_direct(indio_dev))
		return -EBUSY;
	ret = pcba_dbm_write_filter(st, filter) ?: pcba_dbm_settle(st);
	iio_device_release_direct(indio_dev);

	return ret;
}

/* By filter, as CONTROL has it */
static const char *const pcba_dbm_filters[PCBA_DBM_FILTERS] = { "Z", "A", "C" };

static const struct iio_enum pcba_dbm_filter_enum = {
	.items = pcba_dbm_filters,
	.num_items = ARRAY_SIZE(pcba_dbm_filters),
	.get = pcba_dbm_get_filter,
	.set = pcba_dbm_set_filter,
};

/* The lowest or highest level since both were cleared. */
static int pcba_dbm_read_min_max(struct pcba_dbm *st, u8 reg, int *val)
{
	u8 level_db;
	int ret;

	guard(mutex)(&st->lock);
	if (!st->running) {
		ret = pcba_dbm_revive(st);
		if (ret)
			return ret;
	}
	if (cityhub_raw_ns() < st->min_max_ns)
		return -ENODATA;

	ret = pcba_dbm_read(st, reg, &level_db, sizeof(level_db));
	if (ret)
		return ret;

	*val = pcba_dbm_pressure_upa(level_db);
	return *val ? IIO_VAL_INT : -ENODATA;
}

static ssize_t pcba_dbm_trough_show(struct iio_dev *indio_dev, uintptr_t private,
				    const struct iio_chan_spec *chan, char *buf)
{
	int val, ret;

	ret = pcba_dbm_read_min_max(iio_priv(indio_dev), PCBA_DBM_MIN, &val);
	if (ret < 0)
		return ret;

	return sysfs_emit(buf, "%d\n", val);
}

/* The info of a trough is younger than the oldest kernel: the same name. */
static const struct iio_chan_spec_ext_info pcba_dbm_ext_info[] = {
	{
		.name = "trough_raw",
		.shared = IIO_SEPARATE,
		.read = pcba_dbm_trough_show,
	},
	IIO_ENUM("filter_type", IIO_SEPARATE, &pcba_dbm_filter_enum),
	IIO_ENUM_AVAILABLE("filter_type", IIO_SEPARATE, &pcba_dbm_filter_enum),
	{ }
};

static const struct iio_chan_spec pcba_dbm_channels[] = {
	{
		.type = IIO_PRESSURE,
		.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) |
				      BIT(IIO_CHAN_INFO_SCALE) |
				      BIT(IIO_CHAN_INFO_PEAK) |
				      BIT(IIO_CHAN_INFO_PEAK_SCALE) |
				      BIT(IIO_CHAN_INFO_INT_TIME),
		.info_mask_separate_available = BIT(IIO_CHAN_INFO_INT_TIME),
		.info_mask_shared_by_all = BIT(IIO_CHAN_INFO_SAMP_FREQ),
		.ext_info = pcba_dbm_ext_info,
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

static int pcba_dbm_read_level(struct pcba_dbm *st, int *val)
{
	u8 level;
	u32 upa;
	int ret;

	guard(mutex)(&st->lock);
	ret = pcba_dbm_revive(st);
	if (ret)
		return ret;

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

static int pcba_dbm_gain(struct pcba_dbm *st)
{
	guard(mutex)(&st->lock);
	return st->gain;
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
	case IIO_CHAN_INFO_PEAK:
		return pcba_dbm_read_min_max(st, PCBA_DBM_MAX, val);
	case IIO_CHAN_INFO_HARDWAREGAIN:
		*val2 = pcba_dbm_gain(st);
		*val = *val2 / 2;
		*val2 = *val2 % 2 * (MICRO / 2);
		return IIO_VAL_INT_PLUS_MICRO_DB;
	case IIO_CHAN_INFO_SCALE:
	case IIO_CHAN_INFO_PEAK_SCALE:
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
	u32 before;
	int ret;
	s64 ms;

	ms = (s64)seconds * MSEC_PER_SEC + micro / (int)USEC_PER_MSEC;
	if (ms < PCBA_DBM_TAVG_MIN_MS || ms > PCBA_DBM_TAVG_MAX_MS ||
	    micro % (int)USEC_PER_MSEC)
		return -EINVAL;

	guard(mutex)(&st->lock);
	before = st->tavg_ms;
	st->tavg_ms = ms;
	ret = pcba_dbm_write_tavg(st) ?: pcba_dbm_clear_min_max(st);
	if (ret)
		st->tavg_ms = before;

	return ret;
}

static int pcba_dbm_write_gain_db(struct pcba_dbm *st, int db, int micro)
{
	s64 gain = (s64)db * 2 + micro / (int)(MICRO / 2);
	u8 before;
	int ret;

	if (db < 0 || micro % (int)(MICRO / 2) || gain < 0 ||
	    gain > PCBA_DBM_GAIN_MAX)
		return -EINVAL;

	guard(mutex)(&st->lock);
	before = st->gain;
	st->gain = gain;
	ret = pcba_dbm_write_gain(st);
	if (ret)
		st->gain = before;

	return ret;
}

/* Writing 0 lets the peak and the trough begin anew. */
static int pcba_dbm_write_peak(struct pcba_dbm *st, int val, int val2)
{
	if (val || val2)
		return -EINVAL;

	guard(mutex)(&st->lock);
	return pcba_dbm_clear_min_max(st);
}

static int pcba_dbm_write_setting(struct pcba_dbm *st, int val, int val2,
				  long mask)
{
	switch (mask) {
	case IIO_CHAN_INFO_INT_TIME:
		return pcba_dbm_set_tavg(st, val, val2);
	case IIO_CHAN_INFO_HARDWAREGAIN:
		return pcba_dbm_write_gain_db(st, val, val2) ?:
		       pcba_dbm_settle(st);
	default:
		return -EINVAL;
	}
}

static int pcba_dbm_write_raw(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan, int val,
			      int val2, long mask)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	int ret;

	if (mask == IIO_CHAN_INFO_PEAK)
		return pcba_dbm_write_peak(st, val, val2);

	if (!iio_device_claim_direct(indio_dev))
		return -EBUSY;
	ret = pcba_dbm_write_setting(st, val, val2, mask);
	iio_device_release_direct(indio_dev);

	return ret;
}

static int pcba_dbm_write_raw_get_fmt(struct iio_dev *indio_dev,
				      const struct iio_chan_spec *chan,
				      long mask)
{
	return mask == IIO_CHAN_INFO_HARDWAREGAIN ? IIO_VAL_INT_PLUS_MICRO_DB :
						    IIO_VAL_INT_PLUS_MICRO;
}

static int pcba_dbm_read_avail(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       const int **vals, int *type, int *length,
			       long mask)
{
	/* From 10 ms in steps of 1 ms to 10 s. */
	static const int int_time_range[] = { 0, 10000, 0, 1000, 10, 0 };
	/* From 0 in steps of 0.5 to 47.5 dB. */
	static const int gain_range[] = { 0, 0, 0, 500000, 47, 500000 };

	switch (mask) {
	case IIO_CHAN_INFO_INT_TIME:
		*vals = int_time_range;
		*type = IIO_VAL_INT_PLUS_MICRO;
		*length = ARRAY_SIZE(int_time_range);
		return IIO_AVAIL_RANGE;
	case IIO_CHAN_INFO_HARDWAREGAIN:
		*vals = gain_range;
		*type = IIO_VAL_INT_PLUS_MICRO_DB;
		*length = ARRAY_SIZE(gain_range);
		return IIO_AVAIL_RANGE;
	default:
		return -EINVAL;
	}
}

static int pcba_dbm_read_label(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan, char *label)
{
	struct pcba_dbm *st = iio_priv(indio_dev);

	guard(mutex)(&st->lock);
	return sysfs_emit(label, "%s\n",
			  st->version == PCBA_DBM_VERSION_EXTERNAL ?
			  pcba_dbm_exponential_labels[st->filter] :
			  pcba_dbm_linear_labels[st->filter]);
}

static int pcba_dbm_reg_access(struct iio_dev *indio_dev, unsigned int reg,
			       unsigned int writeval, unsigned int *readval)
{
	struct pcba_dbm *st = iio_priv(indio_dev);
	u8 value;
	int ret;

	if (reg > PCBA_DBM_LAST || writeval > U8_MAX)
		return -EINVAL;

	guard(mutex)(&st->lock);
	if (!readval)
		return pcba_dbm_write(st, reg, writeval);

	ret = pcba_dbm_read(st, reg, &value, sizeof(value));
	if (ret)
		return ret;

	*readval = value;
	return 0;
}

static const struct iio_info pcba_dbm_iio_info = {
	.read_raw = pcba_dbm_read_raw,
	.write_raw = pcba_dbm_write_raw,
	.write_raw_get_fmt = pcba_dbm_write_raw_get_fmt,
	.read_event_config = pcba_dbm_read_event_config,
	.write_event_config = pcba_dbm_write_event_config,
	.read_event_value = pcba_dbm_read_event_value,
	.write_event_value = pcba_dbm_write_event_value,
	.read_avail = pcba_dbm_read_avail,
	.read_label = pcba_dbm_read_label,
	.hwfifo_set_watermark = pcba_dbm_set_watermark,
	.hwfifo_flush_to_buffer = pcba_dbm_flush,
	.debugfs_reg_access = pcba_dbm_reg_access,
};

/*
 * Other modules of the vendor answer at the same address with another register
 * map, so an unknown one is refused rather than misread.
 */
static int pcba_dbm_identify(struct pcba_dbm *st)
{
	struct device *dev = &st->client->dev;
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_VERSION, &st->version,
			    sizeof(st->version));
	if (ret)
		return dev_err_probe(dev, ret, "cannot read version\n");

	switch (st->version) {
	case PCBA_DBM_VERSION_MEMS:
	case PCBA_DBM_VERSION_SPECTRUM:
	case PCBA_DBM_VERSION_EXTERNAL:
		return 0;
	default:
		return dev_err_probe(dev, -ENODEV,
				     "unknown version %#04x: only PCBA-DBM 0x31, 0x32 and 0x81 are supported\n",
				     st->version);
	}
}

/* Filter, averaging time, thresholds and gain stay as found, if they may. */
static int pcba_dbm_take_over(struct pcba_dbm *st)
{
	u8 control, tavg[2], levels[3];
	int ret;

	ret = pcba_dbm_read(st, PCBA_DBM_CONTROL, &control, sizeof(control)) ?:
	      pcba_dbm_read(st, PCBA_DBM_TAVG_HIGH, tavg, sizeof(tavg)) ?:
	      pcba_dbm_read(st, PCBA_DBM_THR_MIN, levels, sizeof(levels));
	if (ret)
		return ret;

	st->filter = FIELD_GET(PCBA_DBM_CONTROL_FILTER, control);
	if (st->filter > PCBA_DBM_FILTER_C)
		st->filter = PCBA_DBM_FILTER_A;
	st->tavg_ms = get_unaligned_be16(tavg);
	if (st->tavg_ms < PCBA_DBM_TAVG_MIN_MS ||
	    st->tavg_ms > PCBA_DBM_TAVG_MAX_MS)
		st->tavg_ms = PCBA_DBM_TAVG_RESET_MS;
	st->thresholds[IIO_EV_DIR_FALLING] =
		pcba_dbm_pressure_upa(levels[0]) ? levels[0] : PCBA_DBM_THR_MIN_RESET;
	st->thresholds[IIO_EV_DIR_RISING] =
		pcba_dbm_pressure_upa(levels[1]) ? levels[1] : PCBA_DBM_THR_MAX_RESET;
	st->gain = levels[2] <= PCBA_DBM_GAIN_MAX ? levels[2] : PCBA_DBM_GAIN_RESET;

	return 0;
}

static int pcba_dbm_power_up(struct pcba_dbm *st)
{
	struct device *dev = &st->client->dev;
	int ret;

	ret = devm_regulator_get_enable(dev, "vdd");
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable vdd\n");

	fsleep(PCBA_DBM_POWER_UP_MS * USEC_PER_MSEC);

	ret = pcba_dbm_identify(st);
	if (ret)
		return ret;

	guard(mutex)(&st->lock);
	ret = pcba_dbm_take_over(st) ?: pcba_dbm_restore(st);
	if (ret)
		return dev_err_probe(dev, ret, "cannot set up\n");

	return 0;
}

static void pcba_dbm_describe(struct pcba_dbm *st)
{
	struct iio_dev *indio_dev = st->indio_dev;
	struct iio_chan_spec *level = st->channels;

	memcpy(st->channels, pcba_dbm_channels, sizeof(st->channels));
	if (st->version == PCBA_DBM_VERSION_EXTERNAL) {
		level->info_mask_separate |= BIT(IIO_CHAN_INFO_HARDWAREGAIN);
		level->info_mask_separate_available |=
			BIT(IIO_CHAN_INFO_HARDWAREGAIN);
	}
	if (st->client->irq > 0) {
		level->event_spec = pcba_dbm_event_specs;
		level->num_event_specs = ARRAY_SIZE(pcba_dbm_event_specs);
	}

	indio_dev->channels = st->channels;
	indio_dev->num_channels = ARRAY_SIZE(st->channels);
}

/* Bins as the module has them: what they are worth is not documented. */
static int pcba_dbm_spectrum_show(struct seq_file *file, void *unused)
{
	struct pcba_dbm *st = file->private;
	u8 bins[PCBA_DBM_SPECTRUM_BINS];
	unsigned int i;
	int ret;

	scoped_guard(mutex, &st->lock)
		ret = pcba_dbm_read(st, PCBA_DBM_SPECTRUM, bins, sizeof(bins));
	if (ret)
		return ret;

	for (i = 0; i < ARRAY_SIZE(bins); i++)
		if (i < PCBA_DBM_SPECTRUM_FINE)
			seq_printf(file, "%u-%u %u\n", 125 * i, 125 * (i + 1),
				   bins[i]);
		else
			seq_printf(file, "%u-%u %u\n",
				   500 * (i - PCBA_DBM_SPECTRUM_FINE),
				   500 * (i - PCBA_DBM_SPECTRUM_FINE + 1),
				   bins[i]);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pcba_dbm_spectrum);

static int pcba_dbm_register(struct pcba_dbm *st)
{
	struct iio_dev *indio_dev = st->indio_dev;
	int ret;

	ret = devm_iio_device_register(&st->client->dev, indio_dev);
	if (ret)
		return ret;

	/* Goes with the folder it is in. */
	if (st->version == PCBA_DBM_VERSION_SPECTRUM)
		debugfs_create_file("spectrum", 0400,
				    iio_get_debugfs_dentry(indio_dev), st,
				    &pcba_dbm_spectrum_fops);

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

	st->member = devm_cityhub_member_register(indio_dev, CITYHUB_MODE_FREE);
	if (IS_ERR(st->member))
		return dev_err_probe(dev, PTR_ERR(st->member),
				     "cannot become a member\n");

	ret = pcba_dbm_power_up(st);
	if (ret)
		return ret;

	pcba_dbm_describe(st);
	/* Without the interrupt the history cannot be relied on. */
	if (client->irq > 0) {
		ret = pcba_dbm_events_setup(st) ?: pcba_dbm_buffer_setup(st);
		if (ret)
			return dev_err_probe(dev, ret, "cannot set up the buffer\n");
	}

	return pcba_dbm_register(st);
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
