/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sensirion SEN5x and SEN6x air quality modules: what the files of the driver
 * share.
 *
 * sen6x_core.c		commands, start and stop, probe, power
 * sen6x_chips.c	what tells the members of the family apart
 * sen6x_direct.c	direct reads and the channels' own settings
 * sen6x_settings.c	settings: their attributes, kept over a reset
 * sen6x_buffer.c	when to look for a sample, and what its instant is
 * sen6x_aim.c		where to look for the next sample; needs no device
 * sen6x_pure.c		checksum, framing and arithmetic; needs no device
 * sen6x_i2c.c		the bus
 */
#ifndef _SEN6X_H
#define _SEN6X_H

#include <linux/bits.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <cityhub/stamp.h>

struct cityhub_member;
struct device;
struct iio_chan_spec;
struct iio_chan_spec_ext_info;
struct iio_dev;
struct iio_info;
struct regulator;
struct task_struct;

/* Words of the longest answer, a name or a serial number: 32 characters. */
#define SEN6X_TEXT_WORDS	16
/* Words of the longest set of values in the family (SEN69C: 10). */
#define SEN6X_MAX_VALUES	10
/* Words of the longest set of arguments, those of an index. */
#define SEN6X_MAX_ARGS		6
/* Two bytes and their checksum. */
#define SEN6X_WORD_BYTES	3
/* A command with the longest set of arguments. */
#define SEN6X_MAX_FRAME		(sizeof(u16) + SEN6X_MAX_ARGS * SEN6X_WORD_BYTES)

/*
 * Sampling interval 1.00 +- 0.03 s (datasheet SEN6x v0.92, "Specifications").
 */
#define SEN6X_PERIOD_NS		1000000000LL
#define SEN6X_PERIOD_PPM	30000

/*
 * Commands; the execution times are those of the datasheets, table 4.8 of
 * SEN6x and chapter 6.1 of SEN5x.
 */
#define SEN6X_CMD_START		0x0021
#define SEN6X_START_MS		50
#define SEN6X_CMD_STOP		0x0104
#define SEN6X_CMD_DATA_READY	0x0202
#define SEN6X_CMD_CLEANING	0x5607
#define SEN6X_CMD_TEMP_OFFSET	0x60b2
#define SEN6X_CMD_VOC_TUNING	0x60d0
#define SEN6X_CMD_NOX_TUNING	0x60e1
#define SEN5X_CMD_ACCELERATION	0x60f7
#define SEN6X_CMD_ACCELERATION	0x6100
#define SEN6X_CMD_VOC_STATE	0x6181
#define SEN6X_CMD_FORCED_CO2	0x6707
#define SEN6X_FORCED_CO2_MS	500
#define SEN6X_CMD_AUTO_CO2	0x6711
#define SEN6X_CMD_PRESSURE	0x6720
#define SEN6X_CMD_ALTITUDE	0x6736
#define SEN6X_CMD_FACTORY_CO2	0x6754
#define SEN6X_FACTORY_CO2_MS	1400
#define SEN6X_CMD_HEATER	0x6765
#define SEN5X_CMD_INTERVAL	0x8004
#define SEN6X_CMD_NAME		0xd014
#define SEN6X_CMD_SERIAL	0xd033
/* The vendor's driver for SEN5x waits longer than its sheet asks for. */
#define SEN6X_TEXT_MS		50
#define SEN6X_CMD_VERSION	0xd100
#define SEN6X_CMD_READ_STATUS	0xd206
#define SEN6X_CMD_CLEAR_STATUS	0xd210
/* All that are not named above need the same time. */
#define SEN6X_ANSWER_MS		20

/* What is measured; the address of a channel. */
enum sen6x_quantity_id {
	SEN6X_PM1,
	SEN6X_PM2P5,
	SEN6X_PM4,
	SEN6X_PM10,
	SEN6X_HUMIDITY,
	SEN6X_TEMPERATURE,
	SEN6X_VOC_INDEX,
	SEN6X_NOX_INDEX,
	SEN6X_HCHO,
	SEN6X_CO2,
	SEN6X_CO2_SIGNED,
	SEN6X_AMBIENT_PRESSURE,
	/* In the order of the answer to the command for them. */
	SEN6X_NUMBER_PM0P5,
	SEN6X_NUMBER_PM1,
	SEN6X_NUMBER_PM2P5,
	SEN6X_NUMBER_PM4,
	SEN6X_NUMBER_PM10,
	SEN6X_PARTICLE_SIZE,
};

/**
 * struct sen6x_quantity - how a word of an answer reads in ABI units
 * @label:	label of the channel
 * @unknown:	the word that stands for "unknown"
 * @scale_nano:	scale in thousand-millionths
 */
struct sen6x_quantity {
	const char *label;
	u16 unknown;
	u64 scale_nano;
};

/* What a chip can be told. */
enum sen6x_setting_id {
	SEN6X_SET_TEMP_OFFSET,
	SEN6X_SET_ACCELERATION,
	SEN6X_SET_VOC_TUNING,
	SEN6X_SET_NOX_TUNING,
	SEN6X_SET_AUTO_CO2,
	SEN6X_SET_PRESSURE,
	SEN6X_SET_ALTITUDE,
	SEN6X_SET_INTERVAL,
	SEN6X_SETTINGS,
};

/* Words of the temperature offset; the slot is that of SEN6x only. */
enum { SEN6X_TEMP_BIAS, SEN6X_TEMP_SLOPE, SEN6X_TEMP_TAU, SEN6X_TEMP_SLOT };

/**
 * struct sen6x_setting - a setting
 * @command:	sets it, and reads it back without arguments; 0 when the chip
 *		does not have it
 * @words:	its size
 * @readable:	can be read back
 * @live:	takes effect while measuring
 */
struct sen6x_setting {
	u16 command;
	u8 words;
	bool readable;
	bool live;
};

/**
 * struct sen6x_kept - a setting as the driver knows it
 * @words:	value
 * @known:	there is one
 * @written:	the chip must be told again when it has forgotten
 */
struct sen6x_kept {
	u16 words[SEN6X_MAX_ARGS];
	bool known;
	bool written;
};

/**
 * struct sen6x_bus_ops - the bus, framing and checksums included
 * @send:	send a command with @count words of arguments
 * @receive:	receive @count words of an answer; -EBADMSG when a checksum
 *		is wrong
 */
struct sen6x_bus_ops {
	int (*send)(struct device *dev, u16 command, const u16 *args,
		    unsigned int count);
	int (*receive)(struct device *dev, u16 *words, unsigned int count);
};

/**
 * struct sen6x_request - a command and what goes with it
 * @command:	code
 * @args:	arguments
 * @num_args:	number of @args
 * @ms:		execution time
 * @answer:	where to put the answer
 * @num_answer:	words of it, 0 when there is none
 * @once:	not to be repeated when it fails
 */
struct sen6x_request {
	u16 command;
	const u16 *args;
	u8 num_args;
	u16 ms;
	u16 *answer;
	u8 num_answer;
	bool once;
};

/**
 * struct sen6x_chip_info - what tells the members of the family apart
 * @name:	name of the IIO device
 * @product:	how the product name in the chip begins
 * @stop_ms:	execution time of the stop
 * @rest_ms:	shortest time from a stop to the next start
 * @read_command: command that reads the measured values
 * @num_values:	words of the answer to @read_command
 * @number_command: command that reads the number concentrations
 * @num_numbers: words of the answer to @number_command
 * @first_number: the first of them that is one
 * @settings:	settings, by &enum sen6x_setting_id
 * @setting_mask: which of @settings the chip has
 * @has_voc:	has a VOC index, and so a state of its algorithm
 * @signed_ffff: signed words may be unknown as 0xffff as well
 * @clean_running: cleans the fan while measuring, and only then
 * @factory_firmware: least firmware that can go back to factory calibration
 * @fault_mask:	bits of the status register that report a fault
 * @cleaning_mask: bit of it that says that the fan is being cleaned
 * @channels:	IIO channels; the scan index is the place in the answer
 * @num_channels: number of @channels
 * @iio_info:	callbacks, with the attributes of the device
 */
struct sen6x_chip_info {
	const char *name;
	const char *product;
	u16 stop_ms;
	u16 rest_ms;
	u16 read_command;
	u8 num_values;
	u16 number_command;
	u8 num_numbers;
	u8 first_number;
	const struct sen6x_setting *settings;
	u32 setting_mask;
	bool has_voc;
	bool signed_ffff;
	bool clean_running;
	u16 factory_firmware;
	u32 fault_mask;
	u32 cleaning_mask;
	const struct iio_chan_spec *channels;
	unsigned int num_channels;
	const struct iio_info *iio_info;
};

/**
 * enum sen6x_aim_state - how looks for a sample are placed
 * @SEN6X_SEARCH:	with a rest in between
 * @SEN6X_BRACKET:	from the earliest to the latest instant possible
 * @SEN6X_BISECT:	one in the middle of what is possible
 */
enum sen6x_aim_state {
	SEN6X_SEARCH,
	SEN6X_BRACKET,
	SEN6X_BISECT,
};

/**
 * struct sen6x_aim - where to look for the next sample, see sen6x_aim.c
 * @state:	how looks are placed
 * @misses:	looks for this sample that came too early
 * @streak:	samples in a row that came after (positive) or before
 *		(negative) the first look for them
 * @gap_ns:	rest between two looks for a sample
 * @later:	the next one is to be placed after the estimate
 */
struct sen6x_aim {
	enum sen6x_aim_state state;
	u32 misses;
	s32 streak;
	s64 gap_ns;
	bool later;
};

/**
 * struct sen6x - one device
 * @info:	the member of the family
 * @bus:	the bus
 * @dev:	the device on the bus
 * @indio_dev:	the IIO device
 * @member:	where samples and errors go
 * @vdd:	supply
 * @firmware:	version, major in the upper byte
 * @measuring:	the chip was told to; written under @mode_lock
 * @powered:	@vdd is on
 * @started_ns:	when it was started last
 * @start_from_ns: when it may be started again at the earliest
 * @heated_ns:	when the heater was switched on last
 * @starter:	starts it after a rest
 * @settings:	settings
 * @voc:	state of the VOC algorithm, as read last or as told
 * @thread:	looks for samples while the buffer is on, NULL while it is off;
 *		all below belongs to it while it runs
 * @stamp:	instants of the samples
 * @aim:	where to look for the next one
 * @blank_ns:	latest instant at which no unread sample was in the chip, as
 *		far as looks tell
 * @newest_ns:	instant of the newest sample seen, 0 when there was none
 * @alive_ns:	when the chip last gave a sample or was (re)started
 * @status_ns:	when to read the status register next
 * @poll_ns:	the shortest time a poll took so far
 * @samples:	samples seen since the buffer was switched on
 * @unread:	the chip may hold a sample that is known already
 * @deaf:	it did not answer when it was last asked why there is none
 */
struct sen6x {
	const struct sen6x_chip_info *info;
	const struct sen6x_bus_ops *bus;
	struct device *dev;
	struct iio_dev *indio_dev;
	struct cityhub_member *member;
	struct regulator *vdd;
	u16 firmware;
	/** @lock: guards the wire: one command and its answer at a time */
	struct mutex lock;
	/**
	 * @mode_lock: guards the mode of the chip and what it was told, from
	 * @measuring to @voc; outside of @lock
	 */
	struct mutex mode_lock;
	bool measuring;
	bool powered;
	s64 started_ns;
	s64 start_from_ns;
	s64 heated_ns;
	struct delayed_work starter;
	struct sen6x_kept settings[SEN6X_SETTINGS];
	struct sen6x_kept voc;
	struct task_struct *thread;
	struct cityhub_stamp stamp;
	struct sen6x_aim aim;
	s64 blank_ns;
	s64 newest_ns;
	s64 alive_ns;
	s64 status_ns;
	s64 poll_ns;
	u32 samples;
	bool unread;
	bool deaf;
};

/* sen6x_chips.c */
extern const struct sen6x_quantity sen6x_quantities[];
extern const struct sen6x_chip_info sen50_chip_info;
extern const struct sen6x_chip_info sen54_chip_info;
extern const struct sen6x_chip_info sen55_chip_info;
extern const struct sen6x_chip_info sen62_chip_info;
extern const struct sen6x_chip_info sen63c_chip_info;
extern const struct sen6x_chip_info sen65_chip_info;
extern const struct sen6x_chip_info sen66_chip_info;
extern const struct sen6x_chip_info sen68_chip_info;
extern const struct sen6x_chip_info sen69c_chip_info;

/* sen6x_core.c */
extern const struct dev_pm_ops sen6x_pm_ops;
int sen6x_probe(struct device *dev, const struct sen6x_chip_info *info,
		const struct sen6x_bus_ops *bus);
int sen6x_exchange(struct sen6x *st, const struct sen6x_request *rq);
int sen6x_query(struct sen6x *st, u16 command, u16 *words, unsigned int count);
int sen6x_read_status(struct sen6x *st, u16 command, u32 *status);
int sen6x_pause(struct sen6x *st);
int sen6x_proceed(struct sen6x *st, s64 rest_ns);
int sen6x_recover(struct sen6x *st);

/* sen6x_direct.c */
extern const struct iio_info sen5x_iio_info;
extern const struct iio_info sen6x_iio_info;
extern const struct iio_info sen6x_co2_iio_info;
bool sen6x_measures(struct sen6x *st);

/* sen6x_settings.c */
extern const struct iio_chan_spec_ext_info sen5x_temp_ext_info[];
extern const struct iio_chan_spec_ext_info sen6x_temp_ext_info[];
extern const struct iio_chan_spec_ext_info sen6x_voc_ext_info[];
extern const struct iio_chan_spec_ext_info sen6x_nox_ext_info[];
extern const struct iio_chan_spec_ext_info sen6x_co2_ext_info[];
extern const struct attribute_group sen5x_attribute_group;
extern const struct attribute_group sen6x_attribute_group;
extern const struct attribute_group sen6x_co2_attribute_group;
int sen6x_settings_learn(struct sen6x *st);
int sen6x_settings_restore(struct sen6x *st);
int sen6x_set(struct sen6x *st, enum sen6x_setting_id id, const u16 *words);
int sen6x_set_word(struct sen6x *st, enum sen6x_setting_id id, unsigned int at,
		   u16 word);
int sen6x_get(struct sen6x *st, enum sen6x_setting_id id, u16 *words);
void sen6x_voc_save(struct sen6x *st);

/* sen6x_buffer.c */
int sen6x_buffer_setup(struct sen6x *st);
int sen6x_polling_start(struct sen6x *st);
void sen6x_polling_stop(struct sen6x *st);

/* sen6x_pure.c */
u8 sen6x_crc(const u8 *bytes, unsigned int count);
unsigned int sen6x_frame(u8 *bytes, u16 command, const u16 *words,
			 unsigned int count);
int sen6x_unframe(const u8 *bytes, u16 *words, unsigned int count);
void sen6x_text(const u16 *words, unsigned int count, char *text);
u32 sen6x_samples_since(s64 elapsed_ns, s64 period_ns);
u16 sen6x_known(u16 word, u16 unknown, bool signed_ffff);
bool sen6x_tuning_valid(const u16 *words, bool nox);
int sen6x_slope_from_scale(int val, int val2, u16 *slope);
void sen6x_scale_from_slope(u16 slope, int *val, int *val2);

/* sen6x_aim.c */
void sen6x_aim_reset(struct sen6x_aim *aim);
s64 sen6x_aim_first(struct sen6x_aim *aim, s64 due_ns, s64 uncertain_ns,
		    s64 poll_ns, s64 limit_ns);
s64 sen6x_aim_missed(struct sen6x_aim *aim, s64 rest_ns);
void sen6x_aim_hit(struct sen6x_aim *aim);

#endif /* _SEN6X_H */
