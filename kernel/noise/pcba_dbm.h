/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCB Artists I2C decibel sound level module: what the files of the driver
 * share.
 *
 * pcba_dbm_core.c	the IIO device, direct reads
 * pcba_dbm_regs.c	registers and settings, which outlast a reset of the chip
 * pcba_dbm_events.c	thresholds, and the watch for resets
 * pcba_dbm_history.c	the entries of the history and their instants
 * pcba_dbm_buffer.c	the buffer: watch, interrupt, readers
 * pcba_dbm_pure.c	level table and arithmetic; needs no device
 */
#ifndef _PCBA_DBM_H
#define _PCBA_DBM_H

#include <linux/bits.h>
#include <linux/iio/iio.h>
#include <linux/iio/types.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <cityhub/stamp.h>

struct cityhub_member;
struct i2c_client;
struct task_struct;

#define PCBA_DBM_VERSION		0x00
#define PCBA_DBM_SCRATCH		0x05
#define PCBA_DBM_CONTROL		0x06
#define PCBA_DBM_CONTROL_IRQ_THRESHOLD	BIT(4)
#define PCBA_DBM_CONTROL_IRQ_ENABLE	BIT(3)
#define PCBA_DBM_CONTROL_FILTER		GENMASK(2, 1)
#define PCBA_DBM_CONTROL_POWER_DOWN	BIT(0)
#define PCBA_DBM_TAVG_HIGH		0x07
#define PCBA_DBM_TAVG_LOW		0x08
#define PCBA_DBM_RESET			0x09
#define PCBA_DBM_RESET_SYSTEM		BIT(3)
#define PCBA_DBM_RESET_HISTORY		BIT(2)
#define PCBA_DBM_RESET_MIN_MAX		BIT(1)
#define PCBA_DBM_RESET_IRQ		BIT(0)
#define PCBA_DBM_LEVEL			0x0a
#define PCBA_DBM_MIN			0x0b
#define PCBA_DBM_MAX			0x0c
#define PCBA_DBM_THR_MIN		0x0d
#define PCBA_DBM_THR_MAX		0x0e
#define PCBA_DBM_GAIN			0x0f
#define PCBA_DBM_HISTORY		0x14
#define PCBA_DBM_HISTORY_LEN		100
/* The interrupt comes when so many entries are there. */
#define PCBA_DBM_HISTORY_FILL		90
#define PCBA_DBM_SPECTRUM		0x78
/* So many of 125 Hz each, and then of 500 Hz each */
#define PCBA_DBM_SPECTRUM_FINE		64
#define PCBA_DBM_SPECTRUM_BINS		(PCBA_DBM_SPECTRUM_FINE + 16)
#define PCBA_DBM_LAST			\
	(PCBA_DBM_SPECTRUM + PCBA_DBM_SPECTRUM_BINS - 1)

/* Modules of the register map known here, by their VERSION. */
#define PCBA_DBM_VERSION_MEMS		0x31
#define PCBA_DBM_VERSION_SPECTRUM	0x32
#define PCBA_DBM_VERSION_EXTERNAL	0x81

#define PCBA_DBM_FILTER_A		1
#define PCBA_DBM_FILTER_C		2
#define PCBA_DBM_FILTERS		3

#define PCBA_DBM_TAVG_MIN_MS		10
#define PCBA_DBM_TAVG_MAX_MS		10000
/* In steps of half a decibel */
#define PCBA_DBM_GAIN_MAX		95

/* Ready 5 ms after power-on or system reset (manual, "Power-up"). */
#define PCBA_DBM_POWER_UP_MS		5

/* The clock of the module is not specified; wide enough for an RC one. */
#define PCBA_DBM_TOLERANCE_PPM	20000

/* The history is too short for the bus and a host below this. */
#define PCBA_DBM_BUFFER_TAVG_MIN_MS	50

/**
 * struct pcba_dbm - one device
 * @client:	the device on the bus
 * @indio_dev:	the IIO device
 * @member:	where samples and errors go
 * @version:	what VERSION says
 * @channels:	what this module has of the channels
 * @watch:	thread that looks for entries while the buffer is on
 * @irq_ns:	instant of the last interrupt
 * @served_ns:	when the last one was done with
 * @check:	looks whether the settings are still there
 * @irq_lock:	guards @irq_on
 * @irq_on:	the interrupt is enabled
 * @filter:	weighting, as CONTROL has it
 * @gain:	of an external microphone
 * @thresholds:	levels in decibel, by &enum iio_event_direction
 * @events:	thresholds that are told, as bits of the same
 * @outside_ns:	when a level beyond was last seen, by the same
 * @min_max_ns:	from then on MIN and MAX are defined
 * @tavg_ms:	averaging time, the period of the history
 * @stamp:	instants of the entries
 * @watermark:	entries a reader wants at once
 * @known:	entries of the history that were pushed already
 * @blank_len:	at @blank_ns the history held no more entries than this
 * @blank_ns:	see @blank_len
 * @newest_ns:	instant of the newest entry known, 0 when there was none
 * @alive_ns:	when an entry last came or the chip was set up
 * @clear_ns:	when the history was last cleared
 * @poll_ns:	how long the last poll took
 * @samples:	samples since the estimator began anew
 * @running:	the buffer is on
 * @asleep:	the system sleeps, and with it the bus
 */
struct pcba_dbm {
	struct i2c_client *client;
	struct iio_dev *indio_dev;
	struct cityhub_member *member;
	u8 version;
	struct iio_chan_spec channels[2];
	struct task_struct *watch;
	s64 irq_ns;
	s64 served_ns;
	struct delayed_work check;
	struct mutex irq_lock;	/* irq_on */
	bool irq_on;
	/**
	 * @lock: guards all below, and with it the history in the chip: the
	 * interrupt thread, the watch and a reader that flushes all drain it
	 */
	struct mutex lock;
	u8 filter;
	u8 gain;
	u8 thresholds[IIO_EV_DIR_FALLING + 1];
	u32 events;
	s64 outside_ns[IIO_EV_DIR_FALLING + 1];
	s64 min_max_ns;
	u32 tavg_ms;
	struct cityhub_stamp stamp;
	u32 watermark;
	u32 known;
	u32 blank_len;
	s64 blank_ns;
	s64 newest_ns;
	s64 alive_ns;
	s64 clear_ns;
	s64 poll_ns;
	u32 samples;
	bool running;
	bool asleep;
};

/* pcba_dbm_regs.c; the caller of all but the first two holds the lock */
int pcba_dbm_read(struct pcba_dbm *st, u8 reg, u8 *buf, u32 len);
int pcba_dbm_write(struct pcba_dbm *st, u8 reg, u8 value);
int pcba_dbm_write_mode(struct pcba_dbm *st);
int pcba_dbm_write_tavg(struct pcba_dbm *st);
int pcba_dbm_write_gain(struct pcba_dbm *st);
int pcba_dbm_write_thresholds(struct pcba_dbm *st);
int pcba_dbm_clear_min_max(struct pcba_dbm *st);
int pcba_dbm_restore(struct pcba_dbm *st);
int pcba_dbm_holds(struct pcba_dbm *st);
int pcba_dbm_revive(struct pcba_dbm *st);

/* pcba_dbm_events.c */
extern const struct iio_event_spec pcba_dbm_event_specs[2];
void pcba_dbm_judge(struct pcba_dbm *st, u8 level_db, s64 raw_ns);
int pcba_dbm_serve_threshold(struct pcba_dbm *st);
void pcba_dbm_listen(struct pcba_dbm *st);
int pcba_dbm_events_setup(struct pcba_dbm *st);
int pcba_dbm_read_event_config(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir);
int pcba_dbm_write_event_config(struct iio_dev *indio_dev,
				const struct iio_chan_spec *chan,
				enum iio_event_type type,
				enum iio_event_direction dir,
				CITYHUB_EVENT_STATE state);
int pcba_dbm_read_event_value(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir,
			      enum iio_event_info info, int *val, int *val2);
int pcba_dbm_write_event_value(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir,
			       enum iio_event_info info, int val, int val2);

/* The averaging time, by the clock of a module without error. */
static inline s64 pcba_dbm_nominal_ns(const struct pcba_dbm *st)
{
	return (s64)st->tavg_ms * NSEC_PER_MSEC;
}

/* pcba_dbm_history.c; the caller holds the lock */
s64 pcba_dbm_period(const struct pcba_dbm *st);
u32 pcba_dbm_wanted(const struct pcba_dbm *st);
s64 pcba_dbm_uncertain(const struct pcba_dbm *st);
s64 pcba_dbm_search_ns(const struct pcba_dbm *st);
void pcba_dbm_sleep(s64 ns);
int pcba_dbm_clear(struct pcba_dbm *st);
int pcba_dbm_arm(struct pcba_dbm *st);
void pcba_dbm_recover(struct pcba_dbm *st);
int pcba_dbm_look(struct pcba_dbm *st, u32 len, s64 *receipt);
int pcba_dbm_drain(struct pcba_dbm *st, u32 len, s64 receipt,
		   enum cityhub_stamp_source by);

/* pcba_dbm_buffer.c */
extern const struct dev_pm_ops pcba_dbm_pm_ops;
int pcba_dbm_buffer_setup(struct pcba_dbm *st);
int pcba_dbm_set_watermark(struct iio_dev *indio_dev, unsigned int watermark);
int pcba_dbm_flush(struct iio_dev *indio_dev, unsigned int count);

/* pcba_dbm_pure.c */
/* The loudest level of the table, 140 dB */
#define PCBA_DBM_PRESSURE_MAX	200000000

u32 pcba_dbm_pressure_upa(u8 level_db);
u8 pcba_dbm_level_db(u32 pressure_upa, bool up);
u32 pcba_dbm_entries(const u8 *history, u32 len);
u32 pcba_dbm_samples_since(s64 elapsed_ns, s64 period_ns);

#endif /* _PCBA_DBM_H */
