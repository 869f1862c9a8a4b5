/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ADE7953: registers and what the files of the driver share.
 */
#ifndef _CITYHUB_ADE7953_H
#define _CITYHUB_ADE7953_H

#include <linux/bits.h>
#include <linux/iio/iio.h>
#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <cityhub/stamp.h>

#include "ade7953_calc.h"

/* The width follows from the address: 8, 16, 24 or 32 bits. */
#define ADE7953_REG_SAGCYC		0x000
#define ADE7953_REG_DISNOLOAD		0x001
#define ADE7953_REG_LCYCMODE		0x004
#define ADE7953_REG_PGA_V		0x007
#define ADE7953_REG_PGA_IA		0x008
#define ADE7953_REG_PGA_IB		0x009
#define ADE7953_REG_UNLOCK		0x0fe
#define ADE7953_REG_LINECYC		0x101
#define ADE7953_REG_CONFIG		0x102
#define ADE7953_REG_PFA			0x10a
#define ADE7953_REG_PERIOD		0x10e
#define ADE7953_REG_RESERVED		0x120

/*
 * What has 24 bits is read with 32, sign-extended. Of two channels; that of A
 * comes first, that of B follows it.
 */
#define ADE7953_REG_SAGLVL		0x300
#define ADE7953_REG_AP_NOLOAD		0x303
#define ADE7953_REG_VAR_NOLOAD		0x304
#define ADE7953_REG_AVA			0x310
#define ADE7953_REG_AWATT		0x312
#define ADE7953_REG_AVAR		0x314
#define ADE7953_REG_IRMSA		0x31a
#define ADE7953_REG_VRMS		0x31c
#define ADE7953_REG_AENERGYA		0x31e
#define ADE7953_REG_RENERGYA		0x320
#define ADE7953_REG_APENERGYA		0x322
#define ADE7953_REG_OVLVL		0x324
#define ADE7953_REG_OILVL		0x325
#define ADE7953_REG_IRQENA		0x32c
#define ADE7953_REG_RSTIRQSTATA		0x32e
#define ADE7953_REG_IRQENB		0x32f
#define ADE7953_REG_RSTIRQSTATB		0x331

/* IRQENA, IRQSTATA; B has the lower 14 of them. Reading RSTIRQSTAT clears. */
#define ADE7953_IRQ_OI			BIT(13)
#define ADE7953_IRQ_OV			BIT(16)
#define ADE7953_IRQ_CYCEND		BIT(18)
#define ADE7953_IRQ_SAG			BIT(19)
#define ADE7953_IRQ_RESET		BIT(20)

/* All energies by line cycles, and reading does not reset them */
#define ADE7953_LCYCMODE_ALL		GENMASK(5, 0)
#define ADE7953_CONFIG_HPFEN		BIT(2)
#define ADE7953_CONFIG_SWRST		BIT(7)
/* Reset value; COMM_LOCK is locked when it is 0. */
#define ADE7953_CONFIG_COMM_LOCK	BIT(15)

#define ADE7953_CIRCUITS		2

/* A window of line cycles takes a second: twice the mains frequency in hertz. */
#define ADE7953_WINDOW_NS		NSEC_PER_SEC

/* Without modifiers (older kernels) rms values have the plain types. */
#define ADE7953_HAVE_MODIFIERS	(IIO_MOD_ACTIVE != IIO_NO_MOD)
#define ADE7953_TYPE_VOLTAGE	\
	(ADE7953_HAVE_MODIFIERS ? IIO_ALTVOLTAGE : IIO_VOLTAGE)

struct ade7953;
struct cityhub_member;
struct device;
struct gpio_desc;

/**
 * struct ade7953_bus_ops - transfers
 * @read:	read up to four bytes, the most significant first
 * @write:	write them; with @hold the chip stays selected for 2 us after
 *		the last clock, which locks the interface
 */
struct ade7953_bus_ops {
	int (*read)(struct ade7953 *st, u16 reg, u8 *data, unsigned int len);
	int (*write)(struct ade7953 *st, u16 reg, const u8 *data,
		     unsigned int len, bool hold);
};

/* What events are compared with */
enum ade7953_level {
	ADE7953_LEVEL_SAG,
	ADE7953_LEVEL_OV,
	ADE7953_LEVEL_OI,
	ADE7953_LEVELS,
};

#define ADE7953_ENERGIES		3

/**
 * struct ade7953 - one chip
 * @dev:	device on the bus
 * @bus:	how to talk to it
 * @indio_dev:	IIO device
 * @member:	its member
 * @irq:	interrupt
 * @reset:	reset line, or NULL
 * @board:	what the chip is wired to
 * @scales:	scales of all channels
 * @window:	half cycles of the mains in a window
 * @noload:	level of the no-load detection
 * @lock:	guards the chip (a sequence of transfers must not be mixed with
 *		another) and all below but @irq_ns and @event_ns
 * @on:		a capture runs
 * @broken:	a restore failed and is to be tried again
 * @primed:	the first window, which is never whole, is over
 * @start_ns:	when the chip was started
 * @window_ns:	when the last window ended
 * @looked_ns:	when the status was last read, which clears it
 * @quiet_ns:	when it last said that no window had ended
 * @energy:	energies of both circuits since the driver was bound, in codes
 * @stamp:	estimator of the ends of the windows
 * @level:	what events are compared with, as the registers have them
 * @sag_cycles:	half cycles a sag takes at least
 * @enabled:	bits of IRQENA that are told as events
 * @enabled_b:	the same of IRQENB
 * @told:	bits that last, and are not told again
 * @told_b:	the same of the other circuit
 * @watch:	looks once a second whether the chip still runs
 * @slept_ns:	cityhub_slept_ns() when the system was suspended
 * @irq_ns:	instant of the last interrupt (CLOCK_MONOTONIC_RAW)
 * @event_ns:	the same in the clock of the device; both are written by the
 *		hard handler, which does not run while the thread does: the line
 *		is a level and stays masked meanwhile
 * @mask:	channels of the scan; fixed while the buffer is on
 */
struct ade7953 {
	struct device *dev;
	const struct ade7953_bus_ops *bus;
	struct iio_dev *indio_dev;
	struct cityhub_member *member;
	int irq;
	struct gpio_desc *reset;
	struct ade7953_board board;
	struct ade7953_scales scales;
	u16 window;
	u32 noload;
	/* Guards the chip and most of what is below, see above. */
	struct mutex lock;
	bool on;
	bool broken;
	bool primed;
	s64 start_ns;
	s64 window_ns;
	s64 looked_ns;
	s64 quiet_ns;
	s64 energy[ADE7953_CIRCUITS][ADE7953_ENERGIES];
	struct cityhub_stamp stamp;
	u32 level[ADE7953_LEVELS];
	u8 sag_cycles;
	u32 enabled;
	u32 enabled_b;
	u32 told;
	u32 told_b;
	struct delayed_work watch;
	s64 slept_ns;
	s64 irq_ns;
	s64 event_ns;
	unsigned long mask;
	/* private: one scan, and transfers; all are guarded by the lock */
	IIO_DECLARE_BUFFER_WITH_TS(u8, scan, 20 * sizeof(s64));
	u8 tx[8] __aligned(IIO_DMA_MINALIGN);
	u8 rx[8];
};

/* ade7953_core.c; the caller of all but the last holds the lock */
extern const struct dev_pm_ops ade7953_pm_ops;
int ade7953_read(struct ade7953 *st, u16 reg, s32 *val);
int ade7953_write(struct ade7953 *st, u16 reg, u32 val);
int ade7953_write_checked(struct ade7953 *st, u16 reg, u32 val);
int ade7953_write_masks(struct ade7953 *st);
int ade7953_probe(struct device *dev, int irq,
		  const struct ade7953_bus_ops *bus);

/* ade7953_meter.c */
int ade7953_meter_alloc(struct device *dev, struct ade7953 **st);
int ade7953_meter_register(struct ade7953 *st);
void ade7953_meter_restart(struct ade7953 *st);
void ade7953_meter_slept(struct ade7953 *st, s64 slept_ns);
void ade7953_meter_service(struct ade7953 *st, s64 irq_ns);

/* ade7953_events.c */
extern const struct iio_event_spec ade7953_voltage_events[2];
extern const struct iio_event_spec ade7953_current_events[1];

void ade7953_events_init(struct ade7953 *st);
int ade7953_events_configure(struct ade7953 *st);
void ade7953_events_serve(struct ade7953 *st, u32 status, u32 status_b,
			  s64 ns);
void ade7953_events_watch(struct ade7953 *st, u32 status, u32 status_b);
int ade7953_read_event_config(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir);
int ade7953_write_event_config(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir,
			       CITYHUB_EVENT_STATE state);
int ade7953_read_event_value(struct iio_dev *indio_dev,
			     const struct iio_chan_spec *chan,
			     enum iio_event_type type,
			     enum iio_event_direction dir,
			     enum iio_event_info info, int *val, int *val2);
int ade7953_write_event_value(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir,
			      enum iio_event_info info, int val, int val2);

/* ade7953_i2c.c */
int ade7953_i2c_register(void);
void ade7953_i2c_unregister(void);

#endif /* _CITYHUB_ADE7953_H */
