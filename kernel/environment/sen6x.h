/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sensirion SEN6x air quality modules: what the files of the driver share.
 *
 * sen6x_core.c	the IIO device, direct reads, start and stop
 * sen6x_buffer.c	when to look for a sample, and what its instant is
 * sen6x_aim.c		where to look for the next sample; needs no device
 * sen6x_pure.c	checksum, framing and arithmetic; needs no device
 * sen6x_i2c.c		the bus
 */
#ifndef _SEN6X_H
#define _SEN6X_H

#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/types.h>

#include <cityhub/stamp.h>

struct cityhub_member;
struct device;
struct iio_chan_spec;
struct iio_dev;
struct task_struct;

/* Words of the longest answer, a name or a serial number: 32 characters. */
#define SEN6X_TEXT_WORDS	16
/* Words of the longest set of values in the family (SEN69C: 10). */
#define SEN6X_MAX_VALUES	10
/* Two bytes and their checksum. */
#define SEN6X_WORD_BYTES	3

/*
 * Sampling interval 1.00 +- 0.03 s (datasheet SEN6x v0.92, "Specifications").
 */
#define SEN6X_PERIOD_NS		1000000000LL
#define SEN6X_PERIOD_PPM	30000

/* Commands; the execution times are those of the datasheet, table 4.8. */
#define SEN6X_CMD_START		0x0021
#define SEN6X_START_MS		50
#define SEN6X_CMD_STOP		0x0104
#define SEN6X_STOP_MS		1400
#define SEN6X_CMD_DATA_READY	0x0202
#define SEN6X_CMD_NAME		0xd014
#define SEN6X_CMD_SERIAL	0xd033
#define SEN6X_CMD_VERSION	0xd100
#define SEN6X_CMD_READ_STATUS	0xd206
#define SEN6X_CMD_CLEAR_STATUS	0xd210
/* All that are followed by an answer need the same time. */
#define SEN6X_ANSWER_MS		20

/**
 * struct sen6x_bus_ops - the bus, framing and checksums included
 * @send:	send a command
 * @receive:	receive @count words of an answer; -EBADMSG when a checksum
 *		is wrong
 */
struct sen6x_bus_ops {
	int (*send)(struct device *dev, u16 command);
	int (*receive)(struct device *dev, u16 *words, unsigned int count);
};

/**
 * struct sen6x_chip_info - what tells the members of the family apart
 * @name:	name of the IIO device
 * @product:	how the product name in the chip begins
 * @read_command: command that reads the measured values
 * @num_values:	words of the answer to @read_command
 * @fault_mask:	bits of the status register that report a fault
 * @channels:	IIO channels; the scan index is the place in the answer
 * @num_channels: number of @channels
 */
struct sen6x_chip_info {
	const char *name;
	const char *product;
	u16 read_command;
	u8 num_values;
	u32 fault_mask;
	const struct iio_chan_spec *channels;
	unsigned int num_channels;
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
 * @thread:	looks for samples while the buffer is on, NULL while it is off;
 *		all below belongs to it while it runs
 * @stamp:	instants of the samples
 * @blank_ns:	latest instant at which no unread sample was in the chip, as
 *		far as looks tell
 * @newest_ns:	instant of the newest sample seen, 0 when there was none
 * @alive_ns:	when the chip last gave a sample or was (re)started
 * @status_ns:	when to read the status register next
 * @aim:	where to look for the next one
 * @poll_ns:	the shortest time a poll took so far
 * @samples:	samples seen since the buffer was switched on
 * @unread:	the chip may hold a sample that is known already
 */
struct sen6x {
	const struct sen6x_chip_info *info;
	const struct sen6x_bus_ops *bus;
	struct device *dev;
	struct iio_dev *indio_dev;
	struct cityhub_member *member;
	/** @lock: guards the wire: one command and its answer at a time */
	struct mutex lock;
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
};

/* sen6x_core.c */
extern const struct sen6x_chip_info sen66_chip_info;
extern const struct dev_pm_ops sen6x_pm_ops;
int sen6x_probe(struct device *dev, const struct sen6x_chip_info *info,
		const struct sen6x_bus_ops *bus);
int sen6x_query(struct sen6x *st, u16 command, u16 *words, unsigned int count);
int sen6x_start(struct sen6x *st);
int sen6x_read_status(struct sen6x *st, u16 command, u32 *status);

/* sen6x_buffer.c */
int sen6x_buffer_setup(struct sen6x *st);
int sen6x_polling_start(struct sen6x *st);
void sen6x_polling_stop(struct sen6x *st);

/* sen6x_pure.c */
u8 sen6x_crc(const u8 *bytes, unsigned int count);
int sen6x_unframe(const u8 *bytes, u16 *words, unsigned int count);
void sen6x_text(const u16 *words, unsigned int count, char *text);
u32 sen6x_samples_since(s64 elapsed_ns, s64 period_ns);

/* sen6x_aim.c */
void sen6x_aim_reset(struct sen6x_aim *aim);
s64 sen6x_aim_first(struct sen6x_aim *aim, s64 due_ns, s64 uncertain_ns,
		    s64 poll_ns, s64 limit_ns);
s64 sen6x_aim_missed(struct sen6x_aim *aim, s64 rest_ns);
void sen6x_aim_hit(struct sen6x_aim *aim);

#endif /* _SEN6X_H */
