// SPDX-License-Identifier: GPL-2.0-only
/*
 * SEN5x and SEN6x: particulate matter, humidity, temperature, VOC and NOx
 * index, CO2, formaldehyde.
 *
 * Commands of two bytes, arguments and answers in words of two bytes and a
 * checksum. Where the sheets leave room the model takes the side that is less
 * comfortable for a driver: a malformed command, or one of the wrong mode, is
 * acknowledged and has no effect. SEN55 and SEN66 are here in full; the others
 * are what the sheets say of them, with the commands of these.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "sim_sen.h"
#include "sim_steps.h"

#define SEN5X_BOOT_NS		(50 * NSEC_PER_MSEC)
#define SEN6X_BOOT_NS		(100 * NSEC_PER_MSEC)
#define SEN_FRC_RUN_NS		(180 * (s64)NSEC_PER_SEC)
#define SEN_FRC_FAILED		0xffff
#define SEN_REST_NS		(24 * (s64)NSEC_PER_SEC)
#define SEN_WEEK_S		604800

enum sen_mode {
	SEN_IDLE = BIT(0),
	SEN_MEASURING = BIT(1),
	SEN_ANY = SEN_IDLE | SEN_MEASURING,
};

static const struct sen_model sen_models[] = {
	{ &sim_sen50_ops, "SEN50", SEN_5X, 0x03c4,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_NOTHING, SEN_NOTHING,
	    SEN_NOTHING, SEN_NOTHING }, 8, 0x0200 },
	{ &sim_sen54_ops, "SEN54", SEN_5X | SEN_RHT | SEN_VOC, 0x03c4,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP,
	    SEN_VOC_INDEX, SEN_NOTHING }, 8, 0x0200 },
	{ &sim_sen55_ops, "SEN55", SEN_5X | SEN_RHT | SEN_VOC | SEN_NOX, 0x03c4,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP,
	    SEN_VOC_INDEX, SEN_NOX_INDEX }, 8, 0x0200 },
	{ &sim_sen62_ops, "SEN62", SEN_6X | SEN_RHT, 0x04a3,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP }, 6, 0x0600 },
	{ &sim_sen63c_ops, "SEN63C", SEN_6X | SEN_RHT | SEN_CO2 | SEN_SLOW_CO2,
	  0x0471,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP,
	    SEN_CO2_SIGNED }, 7, 0x0500 },
	{ &sim_sen65_ops, "SEN65", SEN_6X | SEN_RHT | SEN_VOC | SEN_NOX, 0x0446,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP,
	    SEN_VOC_INDEX, SEN_NOX_INDEX }, 8, 0x0500 },
	{ &sim_sen66_ops, "SEN66",
	  SEN_6X | SEN_RHT | SEN_VOC | SEN_NOX | SEN_CO2 | SEN_RAW_CO2, 0x0300,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP,
	    SEN_VOC_INDEX, SEN_NOX_INDEX, SEN_CO2_PPM }, 9, 0x0400 },
	{ &sim_sen68_ops, "SEN68", SEN_6X | SEN_RHT | SEN_VOC | SEN_NOX, 0x0467,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP,
	    SEN_VOC_INDEX, SEN_NOX_INDEX, SEN_HCHO }, 9, 0x0700 },
	{ &sim_sen69c_ops, "SEN69C",
	  SEN_6X | SEN_RHT | SEN_VOC | SEN_NOX | SEN_CO2 | SEN_SLOW_CO2, 0x04b5,
	  { SEN_PM1, SEN_PM2P5, SEN_PM4, SEN_PM10, SEN_RH, SEN_TEMP,
	    SEN_VOC_INDEX, SEN_NOX_INDEX, SEN_HCHO, SEN_CO2_SIGNED }, 10, 0x0900 },
};

/* Polynomial 0x31, begins with 0xff, nothing reflected. */
static u8 sen_crc(const u8 *bytes)
{
	u8 crc = 0xff;
	unsigned int i, bit;

	for (i = 0; i < 2; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 0x80 ? (crc << 1) ^ 0x31 : crc << 1;
	}

	return crc;
}

static void sen_answer(struct sen *s, const u16 *words, u8 n)
{
	memcpy(s->answer, words, n * sizeof(*words));
	s->answer_len = n;
}

static void sen_answer_text(struct sen *s, const char *text)
{
	u8 bytes[2 * SEN_TEXT_WORDS] = {};
	u8 i;

	memcpy(bytes, text, strlen(text));
	for (i = 0; i < SEN_TEXT_WORDS; i++)
		s->answer[i] = get_unaligned_be16(&bytes[2 * i]);
	s->answer_len = SEN_TEXT_WORDS;
}

static void sen_power_on(struct sen *s, const struct sen_model *model, s64 now)
{
	static const u16 voc_tuning[] = { 100, 12, 12, 180, 50, 230 };
	static const u16 nox_tuning[] = { 1, 12, 12, 720, 50, 230 };

	memset(s, 0, sizeof(*s));
	s->model = model;
	memcpy(s->voc_tuning, voc_tuning, sizeof(voc_tuning));
	memcpy(s->nox_tuning, nox_tuning, sizeof(nox_tuning));
	s->busy_until = now + (model->has & SEN_5X ? SEN5X_BOOT_NS :
						     SEN6X_BOOT_NS);
	s->first_start = SIM_NEVER;
	s->look_at = SIM_NEVER;
	s->heater_at = now - SEN_COOLING_NS;
	s->stopped_at = now - SEN_REST_NS;
	s->fan_until = now;
	s->interval[0] = SEN_WEEK_S >> 16;
	s->interval[1] = SEN_WEEK_S & 0xffff;
	s->pressure = 1013;
	s->asc = 1;
	sen_forget_values(s);
}

/* SEN5x begins anew, SEN6x goes on, unless they are told where. */
static void sen_begin_voc(struct sen *s)
{
	if (s->voc_is_given)
		memcpy(s->voc_state, s->voc_given, sizeof(s->voc_state));
	else if (s->model->has & SEN_5X)
		memset(s->voc_state, 0, sizeof(s->voc_state));
	s->voc_is_given = false;
}

static void sen_start(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	if (now < s->fan_until)
		return;
	if (s->model->has & SEN_SLOW_CO2 && now - s->stopped_at < SEN_REST_NS)
		s->status |= SEN_STATUS_CO2_1;

	sen_forget_values(s);
	sen_begin_voc(s);
	if (s->model->has & SEN_5X)
		s->accel[1] = s->accel[0];
	s->measuring = true;
	s->no_pm = false;
	s->started_at = now;
	s->first_start = min(s->first_start, now);
	s->next = now + sim_clock_ns(chip, SEN_FIRST_NS);
}

static void sen_start_gas(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_start(chip, now, args);
	s->no_pm = true;
}

/* A cleaning of SEN5x ends with the measurement. */
static void sen_stop(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	s->measuring = false;
	s->run_ns = now - s->started_at;
	s->stopped_at = now;
	if (!(s->model->has & SEN_5X))
		return;
	s->fan_until = now;
	sen_forget_values(s);
}

/* The sheet does not say at which instant the answer is made. */
static void sen_data_ready(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	u16 word = 0;

	s->look_at = now + chip->faults.look_ns;
	sen_answer(s, &word, 1);
}

/* The answer to a data-ready command, which is about to be read. */
static void sen_look(struct sim_chip *chip)
{
	struct sen *s = chip->priv;
	s64 ready = s->ready && s->ready_at <= s->look_at;

	if (s->look_at == SIM_NEVER)
		return;

	s->answer[0] = ready;
	sim_reading(chip, s->look_at, &ready);
	s->look_at = SIM_NEVER;
}

static void sen_read_values(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	s->ready = false;
	sen_answer(s, s->values, s->model->num_values);
}

/* Which of these words there are depends on the model. */
static void sen_read_raw(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	bool known = s->samples;
	u16 words[5] = {
		s->values[SEN_RH],
		s->values[SEN_TEMP],
		known ? 32000 - s->values[SEN_VOC_INDEX] : SEN_UNKNOWN_U16,
		known ? 18000 - s->values[SEN_NOX_INDEX] / 4 : SEN_UNKNOWN_U16,
		s->co2_raw,
	};

	if (s->model->has & SEN_RAW_CO2)
		sen_answer(s, words, 5);
	else
		sen_answer(s, words, s->model->has & SEN_VOC ? 4 : 2);
}

static u16 sen_number(const struct sen *s, enum sen_value mass, u32 per)
{
	if (!s->samples || s->no_pm)
		return SEN_UNKNOWN_U16;

	return min_t(u32, s->values[mass] * per, SEN_UNKNOWN_U16 - 1);
}

/* Plausible for a street: numbers per mass fall with the size. */
static void sen_numbers(const struct sen *s, u16 *words)
{
	words[0] = sen_number(s, SEN_PM1, 6);
	words[1] = sen_number(s, SEN_PM1, 7);
	words[2] = sen_number(s, SEN_PM2P5, 7);
	words[3] = sen_number(s, SEN_PM4, 7);
	words[4] = sen_number(s, SEN_PM10, 7);
}

static void sen_read_numbers(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	u16 words[5];

	sen_numbers(s, words);
	sen_answer(s, words, ARRAY_SIZE(words));
}

static void sen_read_full_pm(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	u16 words[10];

	memcpy(words, s->values, 4 * sizeof(*words));
	sen_numbers(s, &words[4]);
	words[9] = words[4] == SEN_UNKNOWN_U16 ? SEN_UNKNOWN_U16 :
						 500 + s->values[SEN_PM10] % 100;
	sen_answer(s, words, ARRAY_SIZE(words));
}

static void sen_temp_offset(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	struct sen_slot *slot = &s->slots[0];
	u16 words[3] = { slot->offset, slot->slope, slot->tau_s };

	if (!args) {
		sen_answer(s, words, ARRAY_SIZE(words));
		return;
	}

	if (s->model->has & SEN_6X) {
		if (args[3] >= SEN_SLOTS)
			return;
		slot = &s->slots[args[3]];
	}
	slot->offset = args[0];
	slot->slope = args[1];
	slot->tau_s = args[2];
}

/* Changes how fast the temperature follows; the world here has no housing. */
static void sen_temp_accel(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	memcpy(s->accel, args, sizeof(s->accel));
}

static void sen_product_name(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_answer_text(s, s->model->product);
}

static void sen_serial(struct sim_chip *chip, s64 now, const u16 *args)
{
	sen_answer_text(chip->priv, "C17E5EN660000001");
}

/* SEN5x: firmware, debug, hardware, protocol; SEN6x has the first word. */
static void sen_version(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	u16 words[4] = { s->model->version, 0x0004, 0x0001, 0x0000 };

	sen_answer(s, words, s->model->has & SEN_5X ? ARRAY_SIZE(words) : 1);
}

static u32 sen_status(const struct sim_chip *chip, s64 now)
{
	struct sen *s = chip->priv;
	u32 status = s->status;

	if (!s->measuring)
		return status;
	if (s->model->has & SEN_5X && now < s->fan_until)
		return status | SEN_STATUS_CLEANING;

	return status | (chip->faults.status & SEN_STATUS_SPEED);
}

static void sen_read_status(struct sim_chip *chip, s64 now, const u16 *args)
{
	u32 status = sen_status(chip, now);
	u16 words[2] = { upper_16_bits(status), lower_16_bits(status) };

	sen_answer(chip->priv, words, ARRAY_SIZE(words));
}

static void sen_clear_status(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_read_status(chip, now, args);
	s->status = 0;
}

static void sen_reset(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_power_on(s, s->model, now);
}

/* SEN6x cleans while idle, SEN5x while measuring with the fan on. */
static void sen_fan_cleaning(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	if (!s->no_pm && now >= s->fan_until)
		sen_clean(s, now);
}

static void sen_heat(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	s->heater_at = now;
}

/* Warm air is dry air. */
static void sen_heater_result(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	u16 words[2] = { SEN_UNKNOWN_S16, SEN_UNKNOWN_S16 };
	s64 since = now - s->heater_at;

	if (since >= SEN_HEATING_NS && since < SEN_COOLING_NS) {
		words[0] = sen_measure(chip, SEN_RH, s->heater_at) / 2;
		words[1] = sen_measure(chip, SEN_TEMP, s->heater_at);
	}
	sen_answer(s, words, ARRAY_SIZE(words));
}

static bool sen_tuning_valid(const u16 *args)
{
	static const u16 low[] = { 1, 1, 1, 0, 10, 1 };
	static const u16 high[] = { 250, 1000, 1000, 3000, 5000, 1000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(low); i++)
		if (args[i] < low[i] || args[i] > high[i])
			return false;

	return true;
}

static void sen_tuning(struct sen *s, u16 *words, const u16 *args)
{
	if (!args)
		sen_answer(s, words, 6);
	else if (sen_tuning_valid(args))
		memcpy(words, args, 6 * sizeof(*args));
}

static void sen_voc_tuning(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_tuning(s, s->voc_tuning, args);
}

/* Two words are fixed. */
static void sen_nox_tuning(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	if (args && (args[2] != 12 || args[4] != 50))
		return;

	sen_tuning(s, s->nox_tuning, args);
}

static void sen_voc_state(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	if (!args) {
		sen_answer(s, s->voc_state, 4);
	} else if (!s->measuring) {
		memcpy(s->voc_given, args, sizeof(s->voc_given));
		s->voc_is_given = true;
	}
}

static void sen_frc(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;
	u16 result = SEN_FRC_FAILED;
	s32 correction;

	if (s->run_ns >= SEN_FRC_RUN_NS) {
		correction = args[0] - s->values[s->model->num_values - 1];
		chip->eeprom[SEN_EEPROM_FRC] += correction;
		result = correction + 0x8000;
	}

	/* Another one needs another measurement. */
	s->run_ns = 0;
	sen_answer(s, &result, 1);
}

static void sen_co2_factory(struct sim_chip *chip, s64 now, const u16 *args)
{
	chip->eeprom[SEN_EEPROM_FRC] = 0;
}

static void sen_word(struct sen *s, u16 *word, const u16 *args, u16 min,
		     u16 max)
{
	if (!args)
		sen_answer(s, word, 1);
	else if (args[0] >= min && args[0] <= max)
		*word = args[0];
}

static void sen_asc(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_word(s, &s->asc, args, 0, 1);
}

static void sen_pressure(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_word(s, &s->pressure, args, 700, 1200);
}

static void sen_altitude(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_word(s, &s->altitude, args, 0, 3000);
}

static void sen_accel_mode(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_word(s, &s->accel[0], args, 0, 2);
}

static void sen_warm_start(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	sen_word(s, &s->warm_start, args, 0, U16_MAX);
}

static void sen_interval(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen *s = chip->priv;

	if (args)
		memcpy(s->interval, args, sizeof(s->interval));
	else
		sen_answer(s, s->interval, 2);
}

/**
 * struct sen_command - one command
 * @code:	its code; 0 is that of the model for reading values
 * @ms:		execution time; the chip does not acknowledge meanwhile
 * @modes:	modes in which it has an effect
 * @args:	words that follow
 * @get:	without them it reads back
 * @run:	effect; the arguments are NULL when it reads back
 * @need:	what the model must have
 */
struct sen_command {
	u16 code;
	u16 ms;
	u8 modes;
	u8 args;
	bool get;
	void (*run)(struct sim_chip *chip, s64 now, const u16 *args);
	u32 need;
};

static const struct sen_command sen_commands[] = {
	{ 0x0021, 50, SEN_IDLE, 0, false, sen_start, 0 },
	{ 0x0037, 50, SEN_IDLE, 0, false, sen_start_gas, SEN_5X | SEN_VOC },
	{ 0x0104, 200, SEN_MEASURING, 0, false, sen_stop, SEN_5X },
	{ 0x0104, 1400, SEN_MEASURING, 0, false, sen_stop, SEN_6X },
	/* The vendor's driver says that an idle SEN5x answers these. */
	{ 0x0202, 20, SEN_ANY, 0, false, sen_data_ready, SEN_5X },
	{ 0x0202, 20, SEN_MEASURING, 0, false, sen_data_ready, SEN_6X },
	{ 0, 20, SEN_ANY, 0, false, sen_read_values, SEN_5X },
	{ 0, 20, SEN_MEASURING, 0, false, sen_read_values, SEN_6X },
	{ 0x0413, 20, SEN_ANY, 0, false, sen_read_full_pm, SEN_5X },
	{ 0x0316, 20, SEN_MEASURING, 0, false, sen_read_numbers, SEN_6X },
	{ 0x03d2, 20, SEN_ANY, 0, false, sen_read_raw, SEN_5X | SEN_VOC },
	{ 0x0405, 20, SEN_MEASURING, 0, false, sen_read_raw, SEN_RAW_CO2 },
	{ 0x60b2, 20, SEN_ANY, 3, true, sen_temp_offset, SEN_5X | SEN_RHT },
	{ 0x60b2, 20, SEN_ANY, 4, false, sen_temp_offset, SEN_6X },
	{ 0x60c6, 20, SEN_ANY, 1, true, sen_warm_start, SEN_5X | SEN_RHT },
	{ 0x60d0, 20, SEN_IDLE, 6, true, sen_voc_tuning, SEN_VOC },
	{ 0x60e1, 20, SEN_IDLE, 6, true, sen_nox_tuning, SEN_NOX },
	{ 0x60f7, 20, SEN_ANY, 1, true, sen_accel_mode, SEN_5X | SEN_RHT },
	{ 0x6100, 20, SEN_IDLE, 4, false, sen_temp_accel, SEN_6X },
	{ 0x6181, 20, SEN_ANY, 4, true, sen_voc_state, SEN_VOC },
	{ 0xd014, 20, SEN_ANY, 0, false, sen_product_name, 0 },
	{ 0xd033, 20, SEN_ANY, 0, false, sen_serial, 0 },
	{ 0xd100, 20, SEN_ANY, 0, false, sen_version, 0 },
	{ 0xd206, 20, SEN_ANY, 0, false, sen_read_status, 0 },
	{ 0xd210, 20, SEN_ANY, 0, false, sen_clear_status, 0 },
	{ 0xd304, 100, SEN_ANY, 0, false, sen_reset, SEN_5X },
	{ 0xd304, 1200, SEN_IDLE, 0, false, sen_reset, SEN_6X },
	{ 0x5607, 20, SEN_MEASURING, 0, false, sen_fan_cleaning, SEN_5X },
	{ 0x5607, 20, SEN_IDLE, 0, false, sen_fan_cleaning, SEN_6X },
	{ 0x8004, 20, SEN_ANY, 2, true, sen_interval, SEN_5X },
	{ 0x6765, 20, SEN_IDLE, 0, false, sen_heat, SEN_6X },
	{ 0x6790, 20, SEN_IDLE, 0, false, sen_heater_result, SEN_6X },
	{ 0x6707, 500, SEN_IDLE, 1, false, sen_frc, SEN_CO2 },
	{ 0x6754, 1400, SEN_IDLE, 0, false, sen_co2_factory, SEN_CO2 },
	{ 0x6711, 20, SEN_IDLE, 1, true, sen_asc, SEN_CO2 },
	{ 0x6720, 20, SEN_ANY, 1, true, sen_pressure, SEN_CO2 },
	{ 0x6736, 20, SEN_IDLE, 1, true, sen_altitude, SEN_CO2 },
};

static_assert(ARRAY_SIZE(sen_commands) <= SEN_COMMANDS_MAX);

static const struct sen_command *sen_find(const struct sen_model *model,
					  u16 code)
{
	const struct sen_command *cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sen_commands); i++) {
		cmd = &sen_commands[i];
		if ((cmd->code ?: model->read_command) == code &&
		    (cmd->need & model->has) == cmd->need)
			return cmd;
	}

	return NULL;
}

/* Words that follow the command, or -1 when they are not as they should be. */
static int sen_arguments(const u8 *buf, u32 len, u16 *args)
{
	u32 i, n = (len - 2) / 3;

	if ((len - 2) % 3 || n > SEN_ARGS_MAX)
		return -1;

	for (i = 0; i < n; i++) {
		const u8 *word = buf + 2 + 3 * i;

		if (sen_crc(word) != word[2])
			return -1;
		args[i] = get_unaligned_be16(word);
	}

	return n;
}

static void sen_execute(struct sim_chip *chip, s64 now, const u8 *buf, u32 len)
{
	struct sen *s = chip->priv;
	const struct sen_command *cmd;
	u16 args[SEN_ARGS_MAX];
	int n;

	s->answer_len = 0;
	s->look_at = SIM_NEVER;
	if (len < 2)
		return;

	cmd = sen_find(s->model, get_unaligned_be16(buf));
	n = sen_arguments(buf, len, args);
	if (!cmd || !(cmd->modes & (s->measuring ? SEN_MEASURING : SEN_IDLE)))
		return;
	if (n != cmd->args && !(cmd->get && n == 0))
		return;

	cmd->run(chip, now, n ? args : NULL);
	s->runs[cmd - sen_commands]++;
	s->busy_until = now + cmd->ms * (s64)NSEC_PER_MSEC;
}

static int sen_i2c_write(struct sim_chip *chip, s64 now, const u8 *buf,
			 u32 len)
{
	struct sen *s = chip->priv;

	if (now < s->busy_until)
		return -ENXIO;
	if (len)
		sen_execute(chip, now, buf, len);

	return len;
}

static u8 sen_answer_byte(const struct sen *s, u32 i)
{
	u8 word[2];

	if (i / 3 >= s->answer_len)
		return 0xff;

	put_unaligned_be16(s->answer[i / 3], word);

	return i % 3 == 2 ? sen_crc(word) : word[i % 3];
}

static int sen_i2c_read(struct sim_chip *chip, s64 now, u8 *buf, u32 len)
{
	struct sen *s = chip->priv;
	u32 i;

	if (now < s->busy_until || !s->answer_len)
		return -ENXIO;

	sen_look(chip);
	for (i = 0; i < len; i++)
		buf[i] = sen_answer_byte(s, i);
	s->answer_len = 0;

	if (len > 2 && chip->faults.crc_error) {
		chip->faults.crc_error--;
		buf[2] ^= 0xff;
	}

	return len;
}

/* What a command has set, by its code. */
static const u16 *sen_registers(const struct sen *s, u16 code, u32 *n)
{
	*n = 1;
	switch (code) {
	case 0x60d0:
		*n = ARRAY_SIZE(s->voc_tuning);
		return s->voc_tuning;
	case 0x60e1:
		*n = ARRAY_SIZE(s->nox_tuning);
		return s->nox_tuning;
	case 0x60f7:
	case 0x6100:
		*n = ARRAY_SIZE(s->accel);
		return s->accel;
	case 0x6181:
		*n = ARRAY_SIZE(s->voc_state);
		return s->voc_state;
	case 0x6711:
		return &s->asc;
	case 0x6720:
		return &s->pressure;
	case 0x6736:
		return &s->altitude;
	case 0x8004:
		*n = ARRAY_SIZE(s->interval);
		return s->interval;
	default:
		*n = 0;
		return NULL;
	}
}

/*
 * Bits 3:0 of the address are the word, bits 19:4 the command that sets it;
 * with bit 20 it is how often that command had an effect since power-on.
 */
static u32 sen_peek(struct sim_chip *chip, u32 address)
{
	struct sen *s = chip->priv;
	u16 code = address >> 4, word = address & 0xf;
	const struct sen_slot *slot = &s->slots[0];
	const u16 slot_words[] = { slot->offset, slot->slope, slot->tau_s };
	const struct sen_command *cmd = sen_find(s->model, code);
	const u16 *words;
	u32 n;

	if (address & BIT(20))
		return cmd ? s->runs[cmd - sen_commands] : 0;
	if (code == 0x0021)
		return s->measuring;
	if (code == 0x6707)
		return (u16)chip->eeprom[SEN_EEPROM_FRC];
	if (code == 0x60b2)
		return word < ARRAY_SIZE(slot_words) ? slot_words[word] : 0;

	words = sen_registers(s, code, &n);
	return word < n ? words[word] : 0;
}

static const struct sen_model *sen_model(const struct sim_chip *chip)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sen_models) - 1; i++)
		if (sen_models[i].ops == chip->ops)
			break;

	return &sen_models[i];
}

static int sen_init(struct sim_chip *chip, s64 now)
{
	struct sen *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	chip->priv = s;
	sen_power_on(s, sen_model(chip), now);
	return 0;
}

static void sen_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
}

#define SEN_PM_TRUTH	"pm1_lsb,pm2p5_lsb,pm4_lsb,pm10_lsb"
#define SEN_RHT_TRUTH	SEN_PM_TRUTH ",rh_lsb,temp_lsb"
#define SEN_GAS_TRUTH	SEN_RHT_TRUTH ",voc_lsb,nox_lsb"

#define SEN_OPS(_name, _truth)						\
const struct sim_chip_ops sim_##_name##_ops = {				\
	.name = #_name,							\
	.truth_columns = _truth,					\
	.reading_columns = "ready",					\
	.init = sen_init,						\
	.exit = sen_exit,						\
	.advance = sen_advance,						\
	.i2c_write = sen_i2c_write,					\
	.i2c_read = sen_i2c_read,					\
	.peek = sen_peek,						\
}

/* SEN50 and SEN54 send words for what they do not measure. */
SEN_OPS(sen50, SEN_GAS_TRUTH);
SEN_OPS(sen54, SEN_GAS_TRUTH);
SEN_OPS(sen55, SEN_GAS_TRUTH);
SEN_OPS(sen62, SEN_RHT_TRUTH);
SEN_OPS(sen63c, SEN_RHT_TRUTH ",co2_ppm");
SEN_OPS(sen65, SEN_GAS_TRUTH);
SEN_OPS(sen66, SEN_GAS_TRUTH ",co2_ppm");
SEN_OPS(sen68, SEN_GAS_TRUTH ",hcho_lsb");
SEN_OPS(sen69c, SEN_GAS_TRUTH ",hcho_lsb,co2_ppm");
