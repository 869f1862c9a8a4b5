/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual hub: what a chip model sees, and what a model gives.
 *
 * A model is a pure function of the transfers it gets and of time. Time is
 * CLOCK_MONOTONIC_RAW in ns and is handed in; a model never reads a clock.
 * The core calls ->advance() before each transfer and at the instant the
 * model asked for, so that a sample lies at its exact instant even when the
 * host runs late.
 */
#ifndef _CITYHUB_SIM_H
#define _CITYHUB_SIM_H

#include <linux/types.h>

/** SIM_NEVER - no event to come. */
#define SIM_NEVER	S64_MAX

/*
 * What the world holds; values are s64 in micro-units of the unit in the name
 * of the scenario column, e.g. 8.4 ug/m3 is 8400000.
 */
enum sim_quantity {
	SIM_PM1_UGM3,
	SIM_PM2P5_UGM3,
	SIM_PM4_UGM3,
	SIM_PM10_UGM3,
	SIM_TEMP_C,
	SIM_RH_PCT,
	SIM_CO2_PPM,
	SIM_VOC_INDEX,
	SIM_NOX_INDEX,
	SIM_HCHO_PPB,
	SIM_PRESSURE_HPA,
	SIM_NOISE_DBA,
	SIM_L1_V, SIM_L1_A, SIM_L1_PF, SIM_L1_HZ,
	SIM_L2_V, SIM_L2_A, SIM_L2_PF, SIM_L2_HZ,
	SIM_L3_V, SIM_L3_A, SIM_L3_PF, SIM_L3_HZ,
	SIM_L1_VTHD, SIM_L1_ITHD,
	SIM_L2_VTHD, SIM_L2_ITHD,
	SIM_L3_VTHD, SIM_L3_ITHD,
	SIM_QUANTITIES,
};

struct sim_chip;

/**
 * struct sim_chip_ops - one chip model
 * @name:	name of the debugfs folder, e.g. "sen66"
 * @truth_columns: names of the columns of the truth log after t_raw_ns,
 *		comma separated, with unit suffix
 * @reading_columns: the same of a second log, or NULL: results the chip
 *		computes all the time, as they were when the host fetched them
 * @irq_lines:	number of interrupt outputs, 0 to 2
 * @init:	power-on at @now; returns 0 or -ENOMEM; may sleep
 * @exit:	release what @init took; may sleep. A power cycle is @exit and
 *		@init; only &sim_chip.eeprom survives it
 * @advance:	let all that happens in (last call, @now] happen; returns the
 *		next instant at which something happens by itself, or SIM_NEVER
 * @irq_active:	state of an interrupt output at the last instant advanced to
 * @i2c_write:	a write message; returns the bytes acknowledged, -ENXIO when
 *		the chip does not acknowledge its address
 * @i2c_read:	a read message; as above
 * @peek:	a register as the chip has it, or NULL; changes nothing
 * @spi_select:	chip select asserted (true) or released (false)
 * @spi_exchange: @len bytes while selected; @tx and @rx may be NULL
 *
 * All calls but @init and @exit come with the lock of the chip held (a raw
 * spinlock, interrupts off): no allocation, no sleep. After each transfer
 * ->advance() is called once more with the same @now, so that it tells the next
 * event anew; it must be later than @now. A write message of no bytes asks only
 * whether the address would be acknowledged.
 */
struct sim_chip_ops {
	const char *name;
	const char *truth_columns;
	const char *reading_columns;
	unsigned int irq_lines;
	int (*init)(struct sim_chip *chip, s64 now);
	void (*exit)(struct sim_chip *chip);
	s64 (*advance)(struct sim_chip *chip, s64 now);
	bool (*irq_active)(struct sim_chip *chip, unsigned int line);
	int (*i2c_write)(struct sim_chip *chip, s64 now, const u8 *buf, u32 len);
	int (*i2c_read)(struct sim_chip *chip, s64 now, u8 *buf, u32 len);
	u32 (*peek)(struct sim_chip *chip, u32 address);
	void (*spi_select)(struct sim_chip *chip, s64 now, bool selected);
	void (*spi_exchange)(struct sim_chip *chip, s64 now, const u8 *tx,
			     u8 *rx, u32 len);
};

/**
 * struct sim_faults - scripted faults of one chip, set through debugfs
 * @crc_error:	spoil the checksum of so many answers to come
 * @irq_lost:	swallow so many interrupt edges to come (done by the core)
 * @irq_stuck:	outputs that are low whatever the chip says, as bits (done by
 *		the core)
 * @nack:	do not acknowledge so many messages to come (done by the core)
 * @nack_at:	byte at which @nack strikes, 0 is the address
 * @clock_ppb:	error of the chip's own clock now, parts in 1e9, positive is
 *		slow: its periods are longer by this much (kept by the core)
 * @look_ns:	a data-ready command looks so long after it was sent (sen5x,
 *		sen6x)
 * @status:	error bits that the chip shall find in itself (sen5x, sen6x; ade9000:
 *		bits 31:28 of STATUS1)
 * @sign_byte:	zero the sign byte of the first word of so many pages to come
 *		whose first word is negative (ade9000)
 * @version:	what the chip says it is, and so what it can do; 0 for what the
 *		model is made after (pcba-dbm)
 */
struct sim_faults {
	u32 crc_error;
	u32 irq_lost;
	u32 irq_stuck;
	u32 nack;
	u32 nack_at;
	s32 clock_ppb;
	u32 look_ns;
	u32 status;
	u32 sign_byte;
	u32 version;
};

/**
 * struct sim_chip - what core and model share
 * @ops:	the model
 * @priv:	state of the model
 * @faults:	scripted faults
 * @spi_hold_ns: how long the chip stays selected after the last clock
 * @eeprom:	what the chip remembers without power, zero at load
 * @core:	state of the core
 */
struct sim_chip {
	const struct sim_chip_ops *ops;
	void *priv;
	struct sim_faults faults;
	u32 spi_hold_ns;
	s64 eeprom[2];
	void *core;
};

/*
 * Given by the core to the models, which call them with their lock held.
 * sim_world_get() is false before the world exists, and else always true.
 */
bool sim_world_get(enum sim_quantity q, s64 now, s64 *value_micro);
void sim_truth(struct sim_chip *chip, s64 t_raw_ns, const s64 *values);
void sim_reading(struct sim_chip *chip, s64 t_raw_ns, const s64 *values);

extern const struct sim_chip_ops sim_sen50_ops;
extern const struct sim_chip_ops sim_sen54_ops;
extern const struct sim_chip_ops sim_sen55_ops;
extern const struct sim_chip_ops sim_sen62_ops;
extern const struct sim_chip_ops sim_sen63c_ops;
extern const struct sim_chip_ops sim_sen65_ops;
extern const struct sim_chip_ops sim_sen66_ops;
extern const struct sim_chip_ops sim_sen68_ops;
extern const struct sim_chip_ops sim_sen69c_ops;
extern const struct sim_chip_ops sim_pcba_dbm_ops;
extern const struct sim_chip_ops sim_ade9000_ops;
extern const struct sim_chip_ops sim_ade7953_spi_ops;
extern const struct sim_chip_ops sim_ade7953_i2c_ops;
extern const struct sim_chip_ops sim_mpl3115_ops;
extern const struct sim_chip_ops sim_bmp280_ops;

#endif /* _CITYHUB_SIM_H */
