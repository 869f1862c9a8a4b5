/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ADE9000: registers and what the files of the driver share.
 */
#ifndef _CITYHUB_ADE9000_H
#define _CITYHUB_ADE9000_H

#include <linux/bits.h>
#include <linux/iio/iio.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "ade9000_calc.h"

#define ADE9000_PHASES			3
/* The neutral has a current only. */
#define ADE9000_CURRENTS		4

/*
 * Without modifiers (older kernels) rms values are told from momentary ones by
 * the device they are of.
 */
#define ADE9000_HAVE_MODIFIERS	(IIO_MOD_ACTIVE != IIO_NO_MOD)
#define ADE9000_TYPE_VOLTAGE	\
	(ADE9000_HAVE_MODIFIERS ? IIO_ALTVOLTAGE : IIO_VOLTAGE)

/* Calibration, of phase A; B and C follow */
#define ADE9000_REG_AIGAIN		0x000
#define ADE9000_REG_AVGAIN		0x00b
#define ADE9000_REG_AIRMSOS		0x00c
#define ADE9000_REG_AVRMSOS		0x00d
#define ADE9000_REG_APGAIN		0x00e
#define ADE9000_REG_AWATTOS		0x00f
#define ADE9000_REG_AVAROS		0x010
#define ADE9000_REG_NIRMSOS		0x06b
#define ADE9000_REG_NIGAIN		0x06d
#define ADE9000_PHASE_STEP		0x20

/* Results */
#define ADE9000_REG_AI_PCF		0x20a
#define ADE9000_REG_AV_PCF		0x20b
#define ADE9000_REG_AIRMS		0x20c
#define ADE9000_REG_AVRMS		0x20d
#define ADE9000_REG_AWATT		0x210
#define ADE9000_REG_AVAR		0x211
#define ADE9000_REG_AVA			0x212
#define ADE9000_REG_APF			0x216
#define ADE9000_REG_AVTHD		0x217
#define ADE9000_REG_AITHD		0x218
#define ADE9000_REG_BI_PCF		0x22a
#define ADE9000_REG_BV_PCF		0x22b
#define ADE9000_REG_BIRMS		0x22c
#define ADE9000_REG_BVRMS		0x22d
#define ADE9000_REG_BWATT		0x230
#define ADE9000_REG_BVAR		0x231
#define ADE9000_REG_BVA			0x232
#define ADE9000_REG_CI_PCF		0x24a
#define ADE9000_REG_CV_PCF		0x24b
#define ADE9000_REG_CIRMS		0x24c
#define ADE9000_REG_CVRMS		0x24d
#define ADE9000_REG_CWATT		0x250
#define ADE9000_REG_CVAR		0x251
#define ADE9000_REG_CVA			0x252
#define ADE9000_REG_NI_PCF		0x265
#define ADE9000_REG_NIRMS		0x266

/* Low words of the active energy; the high word follows. */
#define ADE9000_REG_AWATTHR_LO		0x2e6
#define ADE9000_REG_BWATTHR_LO		0x322
#define ADE9000_REG_CWATTHR_LO		0x35e

/* 32-bit control and status */
#define ADE9000_REG_STATUS0		0x402
#define ADE9000_REG_STATUS1		0x403
#define ADE9000_REG_EVENT_STATUS	0x404
#define ADE9000_REG_MASK0		0x405
#define ADE9000_REG_MASK1		0x406
#define ADE9000_REG_OILVL		0x409
#define ADE9000_REG_VLEVEL		0x40f
#define ADE9000_REG_DIP_LVL		0x410
#define ADE9000_REG_SWELL_LVL		0x414
#define ADE9000_REG_APERIOD		0x418
#define ADE9000_REG_TEMP_TRIM		0x474

/* 16-bit control */
#define ADE9000_REG_16BIT_FIRST		0x480
#define ADE9000_REG_16BIT_LAST		0x4fe
#define ADE9000_REG_RUN			0x480
#define ADE9000_REG_CONFIG1		0x481
#define ADE9000_REG_ANGL_VA_VB		0x482
#define ADE9000_REG_ANGL_VB_VC		0x483
#define ADE9000_REG_ANGL_VA_VC		0x484
#define ADE9000_REG_ANGL_VA_IA		0x485
#define ADE9000_REG_ANGL_VB_IB		0x486
#define ADE9000_REG_ANGL_VC_IC		0x487
#define ADE9000_REG_ANGL_IA_IB		0x488
#define ADE9000_REG_ANGL_IB_IC		0x489
#define ADE9000_REG_ANGL_IA_IC		0x48a
#define ADE9000_REG_DIP_CYC		0x48b
#define ADE9000_REG_SWELL_CYC		0x48c
#define ADE9000_REG_OISTATUS		0x48f
#define ADE9000_REG_ACCMODE		0x492
#define ADE9000_REG_CONFIG3		0x493
#define ADE9000_REG_ZXTOUT		0x498
#define ADE9000_REG_SEQ_CYC		0x49c
#define ADE9000_REG_WFB_CFG		0x4a0
#define ADE9000_REG_WFB_PG_IRQEN	0x4a1
#define ADE9000_REG_WFB_TRG_STAT	0x4a3
#define ADE9000_REG_EP_CFG		0x4b0
#define ADE9000_REG_EGY_TIME		0x4b2
#define ADE9000_REG_TEMP_CFG		0x4b6
#define ADE9000_REG_TEMP_RSLT		0x4b7
#define ADE9000_REG_PGA_GAIN		0x4b9
#define ADE9000_REG_VERSION		0x4fe

/* What comes from the filters before the DSP, in the order of the RAM */
#define ADE9000_REG_SINC		0x500

/* Burst mirror: rms and power, grouped by quantity */
#define ADE9000_REG_MIRROR_RMS		0x607
/* Waveform RAM */
#define ADE9000_REG_WAVE		0x800
#define ADE9000_PAGE_STEP		0x80

/* STATUS0, MASK0: write 1 clears; the line is IRQ0 */
#define ADE9000_STATUS0_EGYRDY		BIT(0)
#define ADE9000_STATUS0_PAGE_FULL	BIT(17)
#define ADE9000_STATUS0_TEMP_RDY	BIT(25)

/* STATUS1, MASK1: write 1 clears; the line is IRQ1 */
#define ADE9000_STATUS1_ZXTO		GENMASK(8, 6)
#define ADE9000_STATUS1_RSTDONE		BIT(16)
#define ADE9000_STATUS1_OI		BIT(17)
#define ADE9000_STATUS1_SWELL		GENMASK(22, 20)
#define ADE9000_STATUS1_DIP		GENMASK(25, 23)
#define ADE9000_STATUS1_EVENTS		(ADE9000_STATUS1_ZXTO | \
					 ADE9000_STATUS1_OI | \
					 ADE9000_STATUS1_SWELL | \
					 ADE9000_STATUS1_DIP)
/* "Reset the chip"; ERROR2 corrects itself. These cannot be masked. */
#define ADE9000_STATUS1_ERROR0		BIT(28)
#define ADE9000_STATUS1_ERROR1		BIT(29)
#define ADE9000_STATUS1_ERROR3		BIT(31)
#define ADE9000_STATUS1_ERRORS		(ADE9000_STATUS1_ERROR0 | \
					 ADE9000_STATUS1_ERROR1 | \
					 ADE9000_STATUS1_ERROR3)

/* EVENT_STATUS: what is so now */
#define ADE9000_EVENT_DIP		GENMASK(2, 0)
#define ADE9000_EVENT_SWELL		GENMASK(5, 3)

#define ADE9000_CONFIG1_SWRST		BIT(0)
/* A dip or swell interrupts when it begins and ends, not all the time. */
#define ADE9000_CONFIG1_EDGES		BIT(10)
#define ADE9000_CONFIG1_BURST_EN	BIT(11)
#define ADE9000_CONFIG3_OC_A		15
#define ADE9000_ACCMODE_VCONSEL		GENMASK(6, 4)
#define ADE9000_ACCMODE_60HZ		BIT(8)
#define ADE9000_EP_CFG_PWR_EN		BIT(0)
#define ADE9000_VERSION_MASK		GENMASK(15, 6)
#define ADE9000_VERSION_ID		0x00c0

#define ADE9000_WFB_BURST_CHAN		GENMASK(3, 0)
#define ADE9000_WFB_CAP_EN		BIT(4)
#define ADE9000_WFB_FIXED_RATE		BIT(5)
#define ADE9000_WFB_MODE		GENMASK(7, 6)
#define ADE9000_WFB_MODE_CONTINUOUS	3
#define ADE9000_WFB_SRC			GENMASK(9, 8)
#define ADE9000_WFB_SRC_SINC		0
#define ADE9000_WFB_SRC_PCF		3
#define ADE9000_WFB_IN_EN		BIT(12)
#define ADE9000_TRG_LAST_PAGE		GENMASK(15, 12)

/* A burst is half the ring at most, of up to seven channels. */
#define ADE9000_BURST_PAGES		(ADE9000_PAGES / 2)
#define ADE9000_BURST_WORDS		(ADE9000_BURST_PAGES * \
					 ADE9000_PAGE_SETS * 7)

/* What events are compared with */
enum ade9000_event_reg {
	ADE9000_EVENT_DIP_LEVEL,
	ADE9000_EVENT_SWELL_LEVEL,
	ADE9000_EVENT_OI_LEVEL,
	ADE9000_EVENT_DIP_CYCLES,
	ADE9000_EVENT_SWELL_CYCLES,
	ADE9000_EVENT_ZX_TIMEOUT,
	ADE9000_EVENT_REGS,
};

/**
 * struct ade9000_events - which events are told, and when
 * @reg:	levels and times, as the registers have them
 * @enabled:	bits of STATUS1 that are told
 * @currents:	bits of OISTATUS that are told
 * @inside:	EVENT_STATUS when it was last read
 * @over:	OISTATUS when it was last read
 * @told:	bits of STATUS1 that last, and are masked since they were told
 * @settling:	the chip was started a moment ago: nothing is told
 */
struct ade9000_events {
	u32 reg[ADE9000_EVENT_REGS];
	u32 enabled;
	u32 currents;
	u32 inside;
	u32 over;
	u32 told;
	bool settling;
};

/* What a calibration finds; gains first */
enum ade9000_calib {
	ADE9000_CALIB_CURRENT_GAIN,
	ADE9000_CALIB_VOLTAGE_GAIN,
	ADE9000_CALIB_POWER_GAIN,
	ADE9000_CALIB_CURRENT_OFFSET,
	ADE9000_CALIB_VOLTAGE_OFFSET,
	ADE9000_CALIB_ACTIVE_OFFSET,
	ADE9000_CALIB_REACTIVE_OFFSET,
	ADE9000_CALIBS,
};

struct ade9000_meter;
struct ade9000_wave;
struct cityhub_member;
struct gpio_desc;
struct spi_device;

/**
 * struct ade9000 - one chip
 * @spi:	SPI device
 * @irq0:	interrupt of results and pages
 * @irq1:	interrupt of events and resets, 0 when there is none
 * @reset:	reset line, or NULL
 * @board:	what the chip is wired to
 * @mains_60hz:	the mains frequency is nominally 60 Hz
 * @wiring:	VCONSEL
 * @scales:	scales of all channels
 * @wave:	waveform device
 * @meter:	metering device
 * @meter_dev:	its IIO device, which events are told through
 * @member:	member of the meter; faults of the chip are charged to it
 * @lock:	guards the chip (a sequence of transfers must not be mixed with
 *		another), all below and the state of @wave and @meter that
 *		their structs say it guards
 * @broken:	a restore failed and is to be tried again
 * @late:	the line may have been low before the interrupt now served
 * @idle:	interrupts in a row for which no cause was found
 * @settled_ns:	when the first results can be trusted
 * @events:	what events are told
 * @calib:	codes of the calibration, for each phase and the neutral
 * @watch:	looks once a second whether the chip still runs
 * @slept_ns:	cityhub_slept_ns() when the system was suspended
 * @irq_ns:	instant of the last interrupt; written by the hard handler,
 *		which does not run while the thread that reads it does: the
 *		line is a level and stays masked meanwhile
 * @event_ns:	the same of the other line, in the clock of the metering device
 * @tx:		register transfer out; guarded by @lock, as are @rx and @burst
 * @rx:		register transfer in: header, data, checksum
 * @burst:	data of a burst
 */
struct ade9000 {
	struct spi_device *spi;
	int irq0;
	int irq1;
	struct gpio_desc *reset;
	struct ade9000_board board;
	bool mains_60hz;
	u8 wiring;
	struct ade9000_scales scales;
	struct ade9000_wave *wave;
	struct ade9000_meter *meter;
	struct iio_dev *meter_dev;
	struct cityhub_member *member;
	/* Guards the chip and the state of both devices, see above. */
	struct mutex lock;
	bool broken;
	bool late;
	unsigned int idle;
	s64 settled_ns;
	struct ade9000_events events;
	s32 calib[ADE9000_CALIBS][ADE9000_CURRENTS];
	struct delayed_work watch;
	s64 slept_ns;
	s64 irq_ns;
	s64 event_ns;
	u8 tx[8] __aligned(IIO_DMA_MINALIGN);
	u8 rx[8];
	__be32 burst[ADE9000_BURST_WORDS];
};

/* ade9000_spi.c; the caller holds the lock */
int ade9000_read(struct ade9000 *st, u16 reg, u32 *val);
int ade9000_write(struct ade9000 *st, u16 reg, u32 val);
int ade9000_write_checked(struct ade9000 *st, u16 reg, u32 val);
int ade9000_read_burst(struct ade9000 *st, u16 reg, unsigned int words);

/* ade9000_core.c */
int ade9000_write_mask0(struct ade9000 *st);
int ade9000_format_scale(u64 nano, int *val, int *val2);
int ade9000_check_running(struct ade9000 *st);
void ade9000_wait_settled(struct ade9000 *st, s64 more_ns);

/* ade9000_wave.c */
int ade9000_wave_alloc(struct ade9000 *st);
int ade9000_wave_register(struct ade9000 *st);
bool ade9000_wave_on(struct ade9000_wave *w);
bool ade9000_wave_stale(struct ade9000_wave *w, s64 now_ns);
int ade9000_wave_restart(struct ade9000_wave *w);
void ade9000_wave_slept(struct ade9000_wave *w, s64 slept_ns);
void ade9000_wave_service(struct ade9000_wave *w, s64 irq_ns);

/* ade9000_direct.c */
extern const struct iio_chan_spec_ext_info ade9000_power_info[];
extern const struct iio_chan_spec_ext_info ade9000_voltage_info[];
extern const struct iio_chan_spec_ext_info ade9000_current_info[];

int ade9000_direct_read(struct ade9000 *st, const struct iio_chan_spec *chan,
			int *val);
int ade9000_direct_label(const struct iio_chan_spec *chan, char *label);

/* ade9000_calib.c */
int ade9000_calib_configure(struct ade9000 *st);
int ade9000_calib_read(struct ade9000 *st, enum ade9000_calib what,
		       unsigned int phase, int *val, int *val2);
int ade9000_calib_set(struct ade9000 *st, enum ade9000_calib what,
		      unsigned int phase, int val, int val2);

/* ade9000_events.c */
extern const struct iio_event_spec ade9000_voltage_events[2];
extern const struct iio_event_spec ade9000_current_events[1];
extern const struct iio_event_spec ade9000_frequency_events[1];

void ade9000_events_init(struct ade9000 *st);
int ade9000_events_configure(struct ade9000 *st);
bool ade9000_events_serve(struct ade9000 *st, u32 status, s64 ns);
void ade9000_events_watch(struct ade9000 *st, u32 status, s64 ns, bool settled);
int ade9000_read_event_config(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir);
int ade9000_write_event_config(struct iio_dev *indio_dev,
			       const struct iio_chan_spec *chan,
			       enum iio_event_type type,
			       enum iio_event_direction dir,
			       CITYHUB_EVENT_STATE state);
int ade9000_read_event_value(struct iio_dev *indio_dev,
			     const struct iio_chan_spec *chan,
			     enum iio_event_type type,
			     enum iio_event_direction dir,
			     enum iio_event_info info, int *val, int *val2);
int ade9000_write_event_value(struct iio_dev *indio_dev,
			      const struct iio_chan_spec *chan,
			      enum iio_event_type type,
			      enum iio_event_direction dir,
			      enum iio_event_info info, int val, int val2);

/* ade9000_meter.c */
struct ade9000 *ade9000_meter_chip(struct iio_dev *indio_dev);
int ade9000_meter_alloc(struct ade9000 *st);
int ade9000_meter_register(struct ade9000 *st);
void ade9000_meter_restart(struct ade9000_meter *m);
void ade9000_meter_slept(struct ade9000_meter *m, s64 slept_ns);
bool ade9000_meter_stale(struct ade9000_meter *m, s64 now_ns);
void ade9000_meter_service(struct ade9000_meter *m);

#endif /* _CITYHUB_ADE9000_H */
