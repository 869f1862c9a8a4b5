/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCB Artists I2C decibel sound level module: what the files of the driver
 * share.
 *
 * pcba_dbm_core.c	registers, the IIO device, direct reads
 * pcba_dbm_history.c	the entries of the history and their instants
 * pcba_dbm_buffer.c	the buffer: watch, interrupt, readers
 * pcba_dbm_pure.c	level table and arithmetic; needs no device
 */
#ifndef _PCBA_DBM_H
#define _PCBA_DBM_H

#include <linux/bits.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/types.h>

#include <cityhub/stamp.h>

struct cityhub_member;
struct i2c_client;
struct iio_dev;
struct task_struct;

#define PCBA_DBM_VERSION		0x00
#define PCBA_DBM_CONTROL		0x06
#define PCBA_DBM_CONTROL_IRQ_ENABLE	BIT(3)
#define PCBA_DBM_CONTROL_FILTER		GENMASK(2, 1)
#define PCBA_DBM_CONTROL_POWER_DOWN	BIT(0)
#define PCBA_DBM_TAVG_HIGH		0x07
#define PCBA_DBM_TAVG_LOW		0x08
#define PCBA_DBM_RESET			0x09
#define PCBA_DBM_RESET_SYSTEM		BIT(3)
#define PCBA_DBM_RESET_HISTORY		BIT(2)
#define PCBA_DBM_RESET_IRQ		BIT(0)
#define PCBA_DBM_LEVEL			0x0a
#define PCBA_DBM_HISTORY		0x14
#define PCBA_DBM_HISTORY_LEN		100
/* The interrupt comes when so many entries are there. */
#define PCBA_DBM_HISTORY_FILL		90

/* The clock of the module is not specified; wide enough for an RC one. */
#define PCBA_DBM_TOLERANCE_PPM	20000

/* The history is too short for the bus and a host below this. */
#define PCBA_DBM_BUFFER_TAVG_MIN_MS	50

/**
 * struct pcba_dbm - one device
 * @client:	the device on the bus
 * @indio_dev:	the IIO device
 * @member:	where samples and errors go
 * @label:	label of the channel: weighting and averaging
 * @control:	what CONTROL holds while the interrupt is off
 * @watch:	thread that looks for entries while the buffer is on
 * @irq_ns:	instant of the last interrupt
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
 */
struct pcba_dbm {
	struct i2c_client *client;
	struct iio_dev *indio_dev;
	struct cityhub_member *member;
	const char *label;
	u8 control;
	struct task_struct *watch;
	s64 irq_ns;
	/**
	 * @lock: guards all below, and with it the history in the chip: the
	 * interrupt thread, the watch and a reader that flushes all drain it
	 */
	struct mutex lock;
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
};

/* pcba_dbm_core.c */
int pcba_dbm_read(struct pcba_dbm *st, u8 reg, u8 *buf, u32 len);
int pcba_dbm_write(struct pcba_dbm *st, u8 reg, u8 value);
int pcba_dbm_restore(struct pcba_dbm *st);

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
u32 pcba_dbm_pressure_upa(u8 level_db);
u32 pcba_dbm_entries(const u8 *history, u32 len);
u32 pcba_dbm_samples_since(s64 elapsed_ns, s64 period_ns);

#endif /* _PCBA_DBM_H */
