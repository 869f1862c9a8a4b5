// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x and SEN6x: settings and their attributes.
 *
 * The chip forgets them with its power, and most can be set, or even read,
 * while it idles only. So the driver learns them at probe, keeps what was
 * written, and tells it again to a chip that has forgotten.
 *
 * Left out: raw signals, the warm start and the mode without particulate matter
 * of SEN5x, the slots 1 to 4 of the temperature offset and the result of the
 * heater.
 */
#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/iio/iio.h>
#include <linux/iio/sysfs.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/pm_runtime.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include <cityhub/member.h>

#include "sen6x.h"

#define SEN6X_VOC_WORDS		4
/* So often the chip is told what it has not understood. */
#define SEN6X_TELLINGS		3
/* The fan runs at full speed for 10 s, and as long rests before a start. */
#define SEN6X_CLEANING_NS	(10 * (s64)NSEC_PER_SEC)
/* It heats for a second, and is not to be read for 20 s. */
#define SEN6X_HEATING_NS	((s64)NSEC_PER_SEC)
#define SEN6X_COOLING_NS	(20 * (s64)NSEC_PER_SEC)
/* A forced calibration needs three minutes of measurement. */
#define SEN6X_CO2_RUN_NS	(180 * (s64)NSEC_PER_SEC)
#define SEN6X_CO2_REFUSED	0xffff
#define SEN6X_MAX_ALTITUDE	3000
/* Seven characters and a separator for each word. */
#define SEN6X_LINE		64

/* It can be read, but not before the start that makes it the one in use. */
static const struct sen6x_setting sen6x_voc_state = {
	.command = SEN6X_CMD_VOC_STATE, .words = SEN6X_VOC_WORDS,
};

static bool sen6x_has(const struct sen6x *st, enum sen6x_setting_id id)
{
	return st->info->setting_mask & BIT(id);
}

static int sen6x_tell(struct sen6x *st, u16 command, const u16 *words,
		      unsigned int count)
{
	const struct sen6x_request rq = {
		.command = command, .args = words, .num_args = count,
		.ms = SEN6X_ANSWER_MS,
	};

	return sen6x_exchange(st, &rq);
}

static int sen6x_learn(struct sen6x *st, enum sen6x_setting_id id)
{
	const struct sen6x_setting *s = &st->info->settings[id];
	struct sen6x_kept *kept = &st->settings[id];
	int ret;

	if (s->readable) {
		ret = sen6x_query(st, s->command, kept->words, s->words);
		if (ret)
			return dev_err_probe(st->dev, ret,
					     "cannot read setting %#06x\n",
					     s->command);
		kept->known = true;
	} else if (id == SEN6X_SET_TEMP_OFFSET) {
		/* Of an unknown past; from now on it is as at power-on. */
		kept->known = true;
		kept->written = true;
	}

	return 0;
}

/* What the chip has; it idles. */
int sen6x_settings_learn(struct sen6x *st)
{
	enum sen6x_setting_id id;
	int ret;

	for (id = 0; id < SEN6X_SETTINGS; id++) {
		ret = sen6x_has(st, id) ? sen6x_learn(st, id) : 0;
		if (ret)
			return ret;
	}

	return 0;
}

/*
 * What is spoilt on the wire the chip refuses without a word. Where it tells
 * what it has, see that it has understood; tell it the rest twice.
 */
static int sen6x_tell_surely(struct sen6x *st, const struct sen6x_setting *s,
			     const u16 *words)
{
	u16 back[SEN6X_MAX_ARGS];
	unsigned int try;
	int ret;

	if (!s->readable)
		return sen6x_tell(st, s->command, words, s->words) ?:
		       sen6x_tell(st, s->command, words, s->words);

	for (try = 0; try < SEN6X_TELLINGS; try++) {
		ret = sen6x_tell(st, s->command, words, s->words);
		if (ret)
			return ret;
		ret = sen6x_query(st, s->command, back, s->words);
		if (ret || !memcmp(back, words, s->words * sizeof(*words)))
			return ret;
		cityhub_member_count(st->member, CITYHUB_COUNT_INVALID, 1);
	}

	return -EIO;
}

/*
 * Tell a chip that idles, and may have forgotten. The state of the VOC index
 * holds for one start only; SEN5x would begin anew at each.
 */
int sen6x_settings_restore(struct sen6x *st)
{
	enum sen6x_setting_id id;
	int ret;

	for (id = 0; id < SEN6X_SETTINGS; id++) {
		if (!st->settings[id].written)
			continue;
		ret = sen6x_tell_surely(st, &st->info->settings[id],
					st->settings[id].words);
		if (ret)
			return ret;
	}

	if (!st->voc.known)
		return 0;

	return sen6x_tell_surely(st, &sen6x_voc_state, st->voc.words);
}

/* What was learned so far, in case that the chip forgets it. */
void sen6x_voc_save(struct sen6x *st)
{
	u16 words[SEN6X_VOC_WORDS];

	if (!st->info->has_voc ||
	    sen6x_query(st, SEN6X_CMD_VOC_STATE, words, SEN6X_VOC_WORDS))
		return;

	memcpy(st->voc.words, words, sizeof(words));
	st->voc.known = true;
}

/* The start tells the chip all that is kept, the state of the index as well. */
static int sen6x_set_idle(struct sen6x *st, const struct sen6x_setting *s,
			  struct sen6x_kept *kept, const struct sen6x_kept *new)
{
	const struct sen6x_kept old = *kept;
	int ret, ret2;

	ret = sen6x_pause(st);
	if (ret)
		return ret;

	if (s)
		ret = sen6x_tell_surely(st, s, new->words);
	if (!ret)
		*kept = *new;
	ret2 = sen6x_proceed(st, 0);
	if (ret2)
		*kept = old;

	return ret ?: ret2;
}

static int sen6x_set_locked(struct sen6x *st, enum sen6x_setting_id id,
			    const u16 *words)
{
	const struct sen6x_setting *s = &st->info->settings[id];
	struct sen6x_kept new = { .known = true, .written = true };
	int ret;

	memcpy(new.words, words, s->words * sizeof(*words));
	if (!s->live)
		return sen6x_set_idle(st, s, &st->settings[id], &new);

	ret = sen6x_tell_surely(st, s, words);
	if (ret)
		return ret;

	st->settings[id] = new;
	return 0;
}

/* For what needs an idle chip: nobody captures, and it does not sleep. */
static int sen6x_claim(struct sen6x *st)
{
	int ret;

	if (!iio_device_claim_direct(st->indio_dev))
		return -EBUSY;

	ret = pm_runtime_resume_and_get(st->dev);
	if (ret)
		iio_device_release_direct(st->indio_dev);

	return ret;
}

static void sen6x_release(struct sen6x *st)
{
	pm_runtime_mark_last_busy(st->dev);
	pm_runtime_put_autosuspend(st->dev);
	iio_device_release_direct(st->indio_dev);
}

/* Set all words of a setting; -EBUSY when it cannot be now. */
int sen6x_set(struct sen6x *st, enum sen6x_setting_id id, const u16 *words)
{
	bool live = st->info->settings[id].live;
	int ret;

	if (!live) {
		ret = sen6x_claim(st);
		if (ret)
			return ret;
	}

	scoped_guard(mutex, &st->mode_lock)
		ret = sen6x_set_locked(st, id, words);
	if (!live)
		sen6x_release(st);

	return ret;
}

/* Set one word of a setting that can be set at any time. */
int sen6x_set_word(struct sen6x *st, enum sen6x_setting_id id, unsigned int at,
		   u16 word)
{
	u16 words[SEN6X_MAX_ARGS];

	guard(mutex)(&st->mode_lock);
	memcpy(words, st->settings[id].words, sizeof(words));
	words[at] = word;

	return sen6x_set_locked(st, id, words);
}

int sen6x_get(struct sen6x *st, enum sen6x_setting_id id, u16 *words)
{
	guard(mutex)(&st->mode_lock);
	if (!st->settings[id].known)
		return -ENODATA;

	memcpy(words, st->settings[id].words, sizeof(st->settings[id].words));
	return 0;
}

/* ---- attributes of channels ---- */

/* Numbers separated by spaces, in units of 1 / @per. */
static int sen6x_parse(const char *buf, unsigned int per, u16 *words,
		       unsigned int count)
{
	char line[SEN6X_LINE], *at = line, *word;
	unsigned int n = 0;
	int whole, micro;

	if (strscpy(line, buf, sizeof(line)) < 0)
		return -EINVAL;

	while ((word = strsep(&at, "\n "))) {
		if (!*word)
			continue;
		if (n == count || iio_str_to_fixpoint(word, 100000, &whole, &micro))
			return -EINVAL;
		if (whole < 0 || whole > U16_MAX / per || micro < 0 ||
		    micro * per % 1000000)
			return -EINVAL;
		words[n++] = whole * per + micro * per / 1000000;
	}

	return n == count ? 0 : -EINVAL;
}

static ssize_t sen6x_tuning_read(struct iio_dev *indio_dev, uintptr_t private,
				 const struct iio_chan_spec *chan, char *buf)
{
	u16 w[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(iio_priv(indio_dev), private, w);
	if (ret)
		return ret;

	return sysfs_emit(buf, "%u %u %u %u %u %u\n", w[0], w[1], w[2], w[3],
			  w[4], w[5]);
}

static ssize_t sen6x_tuning_write(struct iio_dev *indio_dev, uintptr_t private,
				  const struct iio_chan_spec *chan,
				  const char *buf, size_t len)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_parse(buf, 1, words, SEN6X_MAX_ARGS);
	if (ret)
		return ret;
	if (!sen6x_tuning_valid(words, private == SEN6X_SET_NOX_TUNING))
		return -EINVAL;

	return sen6x_set(iio_priv(indio_dev), private, words) ?: len;
}

/* Big-endian, as on the wire: the same digits on every host. */
static ssize_t sen6x_voc_read(struct iio_dev *indio_dev, uintptr_t private,
			      const struct iio_chan_spec *chan, char *buf)
{
	struct sen6x *st = iio_priv(indio_dev);
	u16 w[SEN6X_VOC_WORDS];
	int ret;

	ret = sen6x_query(st, SEN6X_CMD_VOC_STATE, w, SEN6X_VOC_WORDS);
	if (ret)
		return ret;

	return sysfs_emit(buf, "%04x%04x%04x%04x\n", w[0], w[1], w[2], w[3]);
}

static ssize_t sen6x_voc_write(struct iio_dev *indio_dev, uintptr_t private,
			       const struct iio_chan_spec *chan,
			       const char *buf, size_t len)
{
	struct sen6x *st = iio_priv(indio_dev);
	struct sen6x_kept new = { .known = true };
	u8 bytes[SEN6X_VOC_WORDS * sizeof(u16)];
	unsigned int i;
	int ret;

	/* It ends at the first that is no digit, and so within the string. */
	if (hex2bin(bytes, buf, sizeof(bytes)) ||
	    !sysfs_streq(buf + 2 * sizeof(bytes), ""))
		return -EINVAL;

	for (i = 0; i < SEN6X_VOC_WORDS; i++)
		new.words[i] = get_unaligned_be16(bytes + i * sizeof(u16));
	ret = sen6x_claim(st);
	if (ret)
		return ret;

	scoped_guard(mutex, &st->mode_lock)
		ret = sen6x_set_idle(st, NULL, &st->voc, &new);
	sen6x_release(st);
	return ret ?: len;
}

static ssize_t sen6x_tau_read(struct iio_dev *indio_dev, uintptr_t private,
			      const struct iio_chan_spec *chan, char *buf)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(iio_priv(indio_dev), SEN6X_SET_TEMP_OFFSET, words);

	return ret ?: sysfs_emit(buf, "%u\n", words[SEN6X_TEMP_TAU]);
}

static ssize_t sen6x_tau_write(struct iio_dev *indio_dev, uintptr_t private,
			       const struct iio_chan_spec *chan,
			       const char *buf, size_t len)
{
	u16 tau;
	int ret;

	ret = kstrtou16(buf, 10, &tau);
	if (ret)
		return ret;

	return sen6x_set_word(iio_priv(indio_dev), SEN6X_SET_TEMP_OFFSET,
			      SEN6X_TEMP_TAU, tau) ?: len;
}

static ssize_t sen6x_acceleration_read(struct iio_dev *indio_dev,
				       uintptr_t private,
				       const struct iio_chan_spec *chan,
				       char *buf)
{
	u16 w[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(iio_priv(indio_dev), SEN6X_SET_ACCELERATION, w);
	if (ret)
		return ret;

	return sysfs_emit(buf, "%u.%u %u.%u %u.%u %u.%u\n", w[0] / 10,
			  w[0] % 10, w[1] / 10, w[1] % 10, w[2] / 10,
			  w[2] % 10, w[3] / 10, w[3] % 10);
}

static ssize_t sen6x_acceleration_write(struct iio_dev *indio_dev,
					uintptr_t private,
					const struct iio_chan_spec *chan,
					const char *buf, size_t len)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_parse(buf, 10, words, 4);
	if (ret)
		return ret;

	return sen6x_set(iio_priv(indio_dev), SEN6X_SET_ACCELERATION, words) ?:
	       len;
}

/* In the order of the numbers the chip has for them. */
static const char *const sen5x_accelerations[] = { "low", "high", "medium" };

static int sen5x_get_acceleration(struct iio_dev *indio_dev,
				  const struct iio_chan_spec *chan)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(iio_priv(indio_dev), SEN6X_SET_ACCELERATION, words);

	return ret ?: words[0];
}

static int sen5x_set_acceleration(struct iio_dev *indio_dev,
				  const struct iio_chan_spec *chan,
				  unsigned int mode)
{
	u16 word = mode;

	return sen6x_set(iio_priv(indio_dev), SEN6X_SET_ACCELERATION, &word);
}

static const struct iio_enum sen5x_acceleration_enum = {
	.items = sen5x_accelerations,
	.num_items = ARRAY_SIZE(sen5x_accelerations),
	.get = sen5x_get_acceleration,
	.set = sen5x_set_acceleration,
};

static ssize_t sen6x_altitude_read(struct iio_dev *indio_dev,
				   uintptr_t private,
				   const struct iio_chan_spec *chan, char *buf)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(iio_priv(indio_dev), SEN6X_SET_ALTITUDE, words);

	return ret ?: sysfs_emit(buf, "%u\n", words[0]);
}

static ssize_t sen6x_altitude_write(struct iio_dev *indio_dev,
				    uintptr_t private,
				    const struct iio_chan_spec *chan,
				    const char *buf, size_t len)
{
	u16 metres;
	int ret;

	ret = kstrtou16(buf, 10, &metres);
	if (ret)
		return ret;
	if (metres > SEN6X_MAX_ALTITUDE)
		return -EINVAL;

	return sen6x_set(iio_priv(indio_dev), SEN6X_SET_ALTITUDE, &metres) ?:
	       len;
}

/* ---- what the chip does once ---- */

static bool sen6x_has_run(const struct sen6x *st, s64 run_ns)
{
	lockdep_assert_held(&st->mode_lock);
	return st->measuring && cityhub_raw_ns() - st->started_ns >= run_ns;
}

/*
 * A command for an idle chip, which then rests; -EAGAIN when it has to have
 * measured before, for @run_ns without a break, and has not.
 */
static int sen6x_do_idle(struct sen6x *st, const struct sen6x_request *rq,
			 s64 run_ns, s64 rest_ns)
{
	int ret, ret2;

	guard(mutex)(&st->mode_lock);
	if (run_ns && !sen6x_has_run(st, run_ns))
		return -EAGAIN;

	ret = sen6x_pause(st);
	if (ret)
		return ret;

	ret = sen6x_exchange(st, rq);
	ret2 = sen6x_proceed(st, ret ? 0 : rest_ns);

	return ret ?: ret2;
}

static int sen6x_do(struct sen6x *st, const struct sen6x_request *rq,
		    s64 run_ns, s64 rest_ns)
{
	int ret;

	ret = sen6x_claim(st);
	if (ret)
		return ret;

	ret = sen6x_do_idle(st, rq, run_ns, rest_ns);
	sen6x_release(st);
	return ret;
}

static int sen6x_true(const char *buf)
{
	bool on;
	int ret;

	ret = kstrtobool(buf, &on);
	if (ret)
		return ret;

	return on ? 0 : -EINVAL;
}

static ssize_t sen6x_factory_write(struct iio_dev *indio_dev,
				   uintptr_t private,
				   const struct iio_chan_spec *chan,
				   const char *buf, size_t len)
{
	static const struct sen6x_request rq = {
		.command = SEN6X_CMD_FACTORY_CO2, .ms = SEN6X_FACTORY_CO2_MS,
	};
	struct sen6x *st = iio_priv(indio_dev);
	int ret;

	ret = sen6x_true(buf);
	if (ret)
		return ret;
	if (st->firmware < st->info->factory_firmware)
		return -EOPNOTSUPP;

	return sen6x_do(st, &rq, 0, 0) ?: len;
}

static struct sen6x *dev_to_sen6x(struct device *dev)
{
	return iio_priv(dev_to_iio_dev(dev));
}

static ssize_t calibration_auto_enable_show(struct device *dev,
					    struct device_attribute *attr,
					    char *buf)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(dev_to_sen6x(dev), SEN6X_SET_AUTO_CO2, words);

	return ret ?: sysfs_emit(buf, "%u\n", words[0]);
}

static ssize_t calibration_auto_enable_store(struct device *dev,
					     struct device_attribute *attr,
					     const char *buf, size_t len)
{
	bool on;
	u16 word;
	int ret;

	ret = kstrtobool(buf, &on);
	if (ret)
		return ret;

	word = on;
	return sen6x_set(dev_to_sen6x(dev), SEN6X_SET_AUTO_CO2, &word) ?: len;
}

/* As of scd4x; the sheet of SEN6x has no range. */
#define SEN6X_MIN_PPM	400
#define SEN6X_MAX_PPM	2000

static ssize_t calibration_forced_value_store(struct device *dev,
					      struct device_attribute *attr,
					      const char *buf, size_t len)
{
	struct sen6x *st = dev_to_sen6x(dev);
	u16 ppm, correction;
	const struct sen6x_request rq = {
		.command = SEN6X_CMD_FORCED_CO2,
		.args = &ppm, .num_args = 1,
		.ms = SEN6X_FORCED_CO2_MS,
		.answer = &correction, .num_answer = 1,
		/* A second one would find too short a measurement. */
		.once = true,
	};
	int ret;

	ret = kstrtou16(buf, 10, &ppm);
	if (ret)
		return ret;
	if (ppm < SEN6X_MIN_PPM || ppm > SEN6X_MAX_PPM)
		return -EINVAL;

	ret = sen6x_do(st, &rq, SEN6X_CO2_RUN_NS, 0);
	if (ret)
		return ret;

	return correction == SEN6X_CO2_REFUSED ? -EIO : len;
}

/* While it measures, the cleaning is done at once. */
static ssize_t start_cleaning_store(struct device *dev,
				    struct device_attribute *attr,
				    const char *buf, size_t len)
{
	static const struct sen6x_request rq = {
		.command = SEN6X_CMD_CLEANING, .ms = SEN6X_ANSWER_MS,
	};
	struct sen6x *st = dev_to_sen6x(dev);
	int ret;

	ret = sen6x_true(buf);
	if (ret)
		return ret;
	if (!st->info->clean_running)
		return sen6x_do(st, &rq, 0, SEN6X_CLEANING_NS) ?: len;

	ret = pm_runtime_resume_and_get(st->dev);
	if (ret)
		return ret;

	ret = sen6x_exchange(st, &rq);
	pm_runtime_mark_last_busy(st->dev);
	pm_runtime_put_autosuspend(st->dev);
	return ret ?: len;
}

static ssize_t cleaning_period_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	u16 words[SEN6X_MAX_ARGS];
	int ret;

	ret = sen6x_get(dev_to_sen6x(dev), SEN6X_SET_INTERVAL, words);

	return ret ?: sysfs_emit(buf, "%u\n", (u32)words[0] << 16 | words[1]);
}

static ssize_t cleaning_period_store(struct device *dev,
				     struct device_attribute *attr,
				     const char *buf, size_t len)
{
	u16 words[2];
	u32 seconds;
	int ret;

	ret = kstrtou32(buf, 10, &seconds);
	if (ret)
		return ret;

	words[0] = upper_16_bits(seconds);
	words[1] = lower_16_bits(seconds);
	return sen6x_set(dev_to_sen6x(dev), SEN6X_SET_INTERVAL, words) ?: len;
}

static bool sen6x_heats(const struct sen6x *st)
{
	return st->heated_ns &&
	       cityhub_raw_ns() - st->heated_ns < SEN6X_HEATING_NS;
}

static ssize_t heater_enable_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", sen6x_heats(dev_to_sen6x(dev)));
}

/* It cannot be switched off before its second is over. */
static ssize_t heater_enable_store(struct device *dev,
				   struct device_attribute *attr,
				   const char *buf, size_t len)
{
	static const struct sen6x_request rq = {
		.command = SEN6X_CMD_HEATER, .ms = SEN6X_ANSWER_MS,
	};
	struct sen6x *st = dev_to_sen6x(dev);
	bool on;
	int ret;

	ret = kstrtobool(buf, &on);
	if (ret)
		return ret;
	if (!on)
		return sen6x_heats(st) ? -EBUSY : len;

	ret = sen6x_do(st, &rq, 0, SEN6X_COOLING_NS);
	if (ret)
		return ret;

	st->heated_ns = cityhub_raw_ns();
	return len;
}

#define SEN6X_EXT_INFO(_name, _read, _write, _private) {		\
	.name = (_name), .shared = IIO_SEPARATE,			\
	.read = (_read), .write = (_write), .private = (_private),	\
}

#define SEN6X_TAU_INFO							\
	SEN6X_EXT_INFO("calib_time_constant", sen6x_tau_read,		\
		       sen6x_tau_write, 0)

const struct iio_chan_spec_ext_info sen5x_temp_ext_info[] = {
	SEN6X_TAU_INFO,
	IIO_ENUM("acceleration", IIO_SEPARATE, &sen5x_acceleration_enum),
	IIO_ENUM_AVAILABLE("acceleration", IIO_SEPARATE, &sen5x_acceleration_enum),
	{ }
};

const struct iio_chan_spec_ext_info sen6x_temp_ext_info[] = {
	SEN6X_TAU_INFO,
	SEN6X_EXT_INFO("acceleration", sen6x_acceleration_read,
		       sen6x_acceleration_write, 0),
	{ }
};

const struct iio_chan_spec_ext_info sen6x_voc_ext_info[] = {
	SEN6X_EXT_INFO("tuning", sen6x_tuning_read, sen6x_tuning_write,
		       SEN6X_SET_VOC_TUNING),
	SEN6X_EXT_INFO("algorithm_state", sen6x_voc_read, sen6x_voc_write, 0),
	{ }
};

const struct iio_chan_spec_ext_info sen6x_nox_ext_info[] = {
	SEN6X_EXT_INFO("tuning", sen6x_tuning_read, sen6x_tuning_write,
		       SEN6X_SET_NOX_TUNING),
	{ }
};

const struct iio_chan_spec_ext_info sen6x_co2_ext_info[] = {
	SEN6X_EXT_INFO("altitude", sen6x_altitude_read, sen6x_altitude_write,
		       0),
	SEN6X_EXT_INFO("calibration_factory", NULL, sen6x_factory_write, 0),
	{ }
};

static IIO_DEVICE_ATTR_WO(start_cleaning, 0);
static IIO_DEVICE_ATTR_RW(cleaning_period, 0);
static IIO_CONST_ATTR(cleaning_period_available, "[0 1 4294967295]");
static IIO_DEVICE_ATTR_RW(heater_enable, 0);
static IIO_DEVICE_ATTR_RW(calibration_auto_enable, 0);
static IIO_DEVICE_ATTR_WO(calibration_forced_value, 0);
static IIO_CONST_ATTR(calibration_forced_value_available,
	"[" __stringify(SEN6X_MIN_PPM) " 1 " __stringify(SEN6X_MAX_PPM) "]");

static struct attribute *sen5x_attributes[] = {
	&iio_dev_attr_start_cleaning.dev_attr.attr,
	&iio_dev_attr_cleaning_period.dev_attr.attr,
	&iio_const_attr_cleaning_period_available.dev_attr.attr,
	NULL
};

const struct attribute_group sen5x_attribute_group = {
	.attrs = sen5x_attributes,
};

static struct attribute *sen6x_attributes[] = {
	&iio_dev_attr_start_cleaning.dev_attr.attr,
	&iio_dev_attr_heater_enable.dev_attr.attr,
	NULL
};

const struct attribute_group sen6x_attribute_group = {
	.attrs = sen6x_attributes,
};

static struct attribute *sen6x_co2_attributes[] = {
	&iio_dev_attr_start_cleaning.dev_attr.attr,
	&iio_dev_attr_heater_enable.dev_attr.attr,
	&iio_dev_attr_calibration_auto_enable.dev_attr.attr,
	&iio_dev_attr_calibration_forced_value.dev_attr.attr,
	&iio_const_attr_calibration_forced_value_available.dev_attr.attr,
	NULL
};

const struct attribute_group sen6x_co2_attribute_group = {
	.attrs = sen6x_co2_attributes,
};
