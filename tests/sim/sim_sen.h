/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SEN5x and SEN6x from the inside: sim_sen.c has the commands and the models,
 * sim_sen_measure.c the samples.
 */
#ifndef _CITYHUB_SIM_SEN_H
#define _CITYHUB_SIM_SEN_H

#include <linux/bits.h>
#include <linux/time64.h>

#include "sim.h"

#define SEN_PERIOD_NS		((s64)NSEC_PER_SEC)
#define SEN_FIRST_NS		(1100 * (s64)NSEC_PER_MSEC)
#define SEN_FAN_CLEANING_NS	(10 * (s64)NSEC_PER_SEC)
#define SEN_HEATING_NS		((s64)NSEC_PER_SEC)
#define SEN_COOLING_NS		(20 * (s64)NSEC_PER_SEC)

#define SEN_UNKNOWN_U16		0xffff
#define SEN_UNKNOWN_S16		0x7fff
#define SEN_STATUS_SPEED	BIT(21)
#define SEN_STATUS_CLEANING	BIT(19)
#define SEN_STATUS_CO2_1	BIT(12)
#define SEN_SLOTS		5
#define SEN_TEXT_WORDS		16
#define SEN_ARGS_MAX		6
#define SEN_VALUES_MAX		10
#define SEN_COMMANDS_MAX	40

/* What a model has; a command needs some of it. */
enum sen_has {
	SEN_5X = BIT(0),
	SEN_6X = BIT(1),
	SEN_RHT = BIT(2),
	SEN_VOC = BIT(3),
	SEN_NOX = BIT(4),
	SEN_CO2 = BIT(5),
	SEN_RAW_CO2 = BIT(6),
	/* The CO2 sensor of SEN63C and SEN69C. */
	SEN_SLOW_CO2 = BIT(7),
};

enum sen_value {
	SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10,
	SEN_RH, SEN_TEMP, SEN_VOC_INDEX, SEN_NOX_INDEX,
	SEN_CO2_PPM, SEN_CO2_SIGNED, SEN_HCHO,
	SEN_NOTHING,
	SEN_VALUES,
};

/* Eeprom cells of the chip. */
enum { SEN_EEPROM_FRC };

/**
 * struct sen_model - a member of the family
 * @ops:	its model
 * @product:	product name
 * @has:	&enum sen_has
 * @read_command: command that reads the values
 * @values:	what these are, by word
 * @num_values:	number of @values
 * @version:	firmware
 */
struct sen_model {
	const struct sim_chip_ops *ops;
	const char *product;
	u32 has;
	u16 read_command;
	u8 values[SEN_VALUES_MAX];
	u8 num_values;
	u16 version;
};

/**
 * struct sen_slot - one of the temperature offsets, which add up
 * @offset:	1/200 degC
 * @slope:	1/10000
 * @tau_s:	time in which 63 % of a change take effect
 * @applied_micro: what is in effect
 */
struct sen_slot {
	s16 offset;
	s16 slope;
	u16 tau_s;
	s64 applied_micro;
};

/**
 * struct sen - the chip
 * @model:	which it is
 * @busy_until:	it does not acknowledge before
 * @measuring:	mode
 * @no_pm:	measuring without fan and laser
 * @started_at:	beginning of the last measurement
 * @stopped_at:	end of the last measurement
 * @first_start: beginning of the first one since power-on
 * @next:	next sample
 * @samples:	samples since @started_at
 * @run_ns:	length of the last measurement, for the CO2 recalibration
 * @ready:	a sample was not read yet
 * @ready_at:	when that became so
 * @look_at:	instant at which a data-ready command looks, SIM_NEVER when
 *		there is none
 * @values:	latest sample, as sent
 * @co2_raw:	CO2 before interpolation
 * @status:	sticky status bits
 * @answer:	words to be read
 * @answer_len:	number of these, 0 when there is nothing to read
 * @runs:	how often each command had an effect
 * @fan_until:	end of the fan cleaning
 * @heater_at:	last use of the heater
 * @slots:	temperature offsets
 * @accel:	RH/T acceleration, as sent; on SEN5x and then as in effect
 * @warm_start:	as sent
 * @interval:	of the automatic fan cleaning in s, two words
 * @uncleaned:	samples since the last one
 * @voc_tuning:	parameters of the VOC index, as sent
 * @nox_tuning:	parameters of the NOx index
 * @voc_state:	state of the VOC index
 * @voc_given:	state to begin the next measurement with
 * @voc_is_given: there is one
 * @pressure:	ambient pressure for the CO2 sensor, hPa
 * @altitude:	the same as altitude, m
 * @asc:	CO2 self-calibration
 */
struct sen {
	const struct sen_model *model;
	s64 busy_until;
	bool measuring;
	bool no_pm;
	s64 started_at;
	s64 stopped_at;
	s64 first_start;
	s64 next;
	u32 samples;
	s64 run_ns;
	bool ready;
	s64 ready_at;
	s64 look_at;
	u16 values[SEN_VALUES_MAX];
	u16 co2_raw;
	u32 status;
	u16 answer[SEN_TEXT_WORDS];
	u8 answer_len;
	u16 runs[SEN_COMMANDS_MAX];
	s64 fan_until;
	s64 heater_at;
	struct sen_slot slots[SEN_SLOTS];
	u16 accel[4];
	u16 warm_start;
	u16 interval[2];
	u32 uncleaned;
	u16 voc_tuning[6];
	u16 nox_tuning[6];
	u16 voc_state[4];
	u16 voc_given[4];
	bool voc_is_given;
	u16 pressure;
	u16 altitude;
	u16 asc;
};

/* sim_sen_measure.c */
u16 sen_measure(struct sim_chip *chip, enum sen_value value, s64 at);
void sen_forget_values(struct sen *s);
void sen_clean(struct sen *s, s64 now);
s64 sen_advance(struct sim_chip *chip, s64 now);

#endif /* _CITYHUB_SIM_SEN_H */
