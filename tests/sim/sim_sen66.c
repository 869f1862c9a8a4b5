// SPDX-License-Identifier: GPL-2.0-only
/*
 * SEN66: particulate matter, humidity, temperature, VOC and NOx index, CO2.
 *
 * Commands of two bytes, arguments and answers in words of two bytes and a
 * checksum. Where the sheet leaves room the model takes the side that is less
 * comfortable for a driver: a malformed command, or one of the wrong mode, is
 * acknowledged and has no effect.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "sim_steps.h"

#define SEN66_BOOT_NS		(100 * NSEC_PER_MSEC)
#define SEN66_PERIOD_NS		((s64)NSEC_PER_SEC)
#define SEN66_FIRST_NS		(1100 * (s64)NSEC_PER_MSEC)
#define SEN66_NOX_KNOWN_NS	(11 * (s64)NSEC_PER_SEC)
#define SEN66_CO2_KNOWN_NS	(6 * (s64)NSEC_PER_SEC)
#define SEN66_FAN_CLEANING_NS	(10 * (s64)NSEC_PER_SEC)
#define SEN66_HEATING_NS	((s64)NSEC_PER_SEC)
#define SEN66_COOLING_NS	(20 * (s64)NSEC_PER_SEC)
#define SEN66_FRC_RUN_NS	(180 * (s64)NSEC_PER_SEC)
#define SEN66_CO2_RAW_EVERY	5

#define SEN66_TRUTH \
	"pm1_lsb,pm2p5_lsb,pm4_lsb,pm10_lsb,rh_lsb,temp_lsb,voc_lsb,nox_lsb,co2_ppm"

#define SEN66_UNKNOWN_U16	0xffff
#define SEN66_UNKNOWN_S16	0x7fff
#define SEN66_STATUS_SPEED	BIT(21)
#define SEN66_HEATED_MICRO	5000000
#define SEN66_VERSION		0x0400
#define SEN66_FRC_FAILED	0xffff
#define SEN66_SLOTS		5
#define SEN66_TEXT_WORDS	16
#define SEN66_ARGS_MAX		6

enum sen66_mode {
	SEN66_IDLE = BIT(0),
	SEN66_MEASURING = BIT(1),
	SEN66_ANY = SEN66_IDLE | SEN66_MEASURING,
};

enum sen66_value {
	SEN66_PM1, SEN66_PM2P5, SEN66_PM4, SEN66_PM10,
	SEN66_RH, SEN66_TEMP, SEN66_VOC, SEN66_NOX, SEN66_CO2,
	SEN66_VALUES,
};

/* Eeprom cells of the chip. */
enum { SEN66_EEPROM_FRC };

/**
 * struct sen66_slot - one of the temperature offsets, which add up
 * @offset:	1/200 degC
 * @slope:	1/10000
 * @tau_s:	time in which 63 % of a change take effect
 * @applied_micro: what is in effect
 */
struct sen66_slot {
	s16 offset;
	s16 slope;
	u16 tau_s;
	s64 applied_micro;
};

/**
 * struct sen66 - the chip
 * @busy_until:	it does not acknowledge before
 * @measuring:	mode
 * @started_at:	beginning of the last measurement
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
 * @fan_until:	end of the fan cleaning
 * @heater_at:	last use of the heater
 * @slots:	temperature offsets
 * @voc_tuning:	parameters of the VOC index, as sent
 * @nox_tuning:	parameters of the NOx index
 * @voc_state:	state of the VOC index
 * @pressure:	ambient pressure for the CO2 sensor, hPa
 * @altitude:	the same as altitude, m
 * @asc:	CO2 self-calibration
 */
struct sen66 {
	s64 busy_until;
	bool measuring;
	s64 started_at;
	s64 first_start;
	s64 next;
	u32 samples;
	s64 run_ns;
	bool ready;
	s64 ready_at;
	s64 look_at;
	u16 values[SEN66_VALUES];
	u16 co2_raw;
	u32 status;
	u16 answer[SEN66_TEXT_WORDS];
	u8 answer_len;
	s64 fan_until;
	s64 heater_at;
	struct sen66_slot slots[SEN66_SLOTS];
	u16 voc_tuning[6];
	u16 nox_tuning[6];
	u16 voc_state[4];
	u16 pressure;
	u16 altitude;
	u16 asc;
};

/* How a quantity becomes a word: micro-units to a step, and the range. */
static const struct {
	enum sim_quantity q;
	u32 step_micro;
	s32 min;
	s32 max;
	u16 unknown;
} sen66_scales[SEN66_VALUES] = {
	[SEN66_PM1] = { SIM_PM1_UGM3, 100000, 0, 10000, SEN66_UNKNOWN_U16 },
	[SEN66_PM2P5] = { SIM_PM2P5_UGM3, 100000, 0, 10000, SEN66_UNKNOWN_U16 },
	[SEN66_PM4] = { SIM_PM4_UGM3, 100000, 0, 10000, SEN66_UNKNOWN_U16 },
	[SEN66_PM10] = { SIM_PM10_UGM3, 100000, 0, 10000, SEN66_UNKNOWN_U16 },
	[SEN66_RH] = { SIM_RH_PCT, 10000, 0, 10000, SEN66_UNKNOWN_S16 },
	[SEN66_TEMP] = { SIM_TEMP_C, 5000, -8000, 24000, SEN66_UNKNOWN_S16 },
	[SEN66_VOC] = { SIM_VOC_INDEX, 100000, 10, 5000, SEN66_UNKNOWN_S16 },
	[SEN66_NOX] = { SIM_NOX_INDEX, 100000, 10, 5000, SEN66_UNKNOWN_S16 },
	[SEN66_CO2] = { SIM_CO2_PPM, 1000000, 0, 40000, SEN66_UNKNOWN_U16 },
};

/* Polynomial 0x31, begins with 0xff, nothing reflected. */
static u8 sen66_crc(const u8 *bytes)
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

static void sen66_answer(struct sen66 *s, const u16 *words, u8 n)
{
	memcpy(s->answer, words, n * sizeof(*words));
	s->answer_len = n;
}

static void sen66_answer_text(struct sen66 *s, const char *text)
{
	u8 bytes[2 * SEN66_TEXT_WORDS] = {};
	u8 i;

	memcpy(bytes, text, strlen(text));
	for (i = 0; i < SEN66_TEXT_WORDS; i++)
		s->answer[i] = get_unaligned_be16(&bytes[2 * i]);
	s->answer_len = SEN66_TEXT_WORDS;
}

static void sen66_forget_values(struct sen66 *s)
{
	unsigned int i;

	for (i = 0; i < SEN66_VALUES; i++)
		s->values[i] = sen66_scales[i].unknown;
	s->co2_raw = SEN66_UNKNOWN_U16;
	s->samples = 0;
	s->ready = false;
}

static void sen66_power_on(struct sen66 *s, s64 now)
{
	static const u16 voc_tuning[] = { 100, 12, 12, 180, 50, 230 };
	static const u16 nox_tuning[] = { 1, 12, 12, 720, 50, 230 };

	memset(s, 0, sizeof(*s));
	memcpy(s->voc_tuning, voc_tuning, sizeof(voc_tuning));
	memcpy(s->nox_tuning, nox_tuning, sizeof(nox_tuning));
	s->busy_until = now + SEN66_BOOT_NS;
	s->first_start = SIM_NEVER;
	s->look_at = SIM_NEVER;
	s->heater_at = now - SEN66_COOLING_NS;
	s->fan_until = now;
	s->pressure = 1013;
	s->asc = 1;
	sen66_forget_values(s);
}

static s64 sen66_slot_step(struct sen66_slot *slot, s64 micro)
{
	s64 target = (s64)slot->offset * 5000 +
		     div_s64(micro * slot->slope, 10000);

	slot->applied_micro += div_s64(target - slot->applied_micro,
				       slot->tau_s + 1);

	return slot->applied_micro;
}

static s64 sen66_temperature(struct sen66 *s, s64 at, s64 micro)
{
	s64 offsets = 0;
	unsigned int i;

	for (i = 0; i < SEN66_SLOTS; i++)
		offsets += sen66_slot_step(&s->slots[i], micro);
	if (at - s->heater_at < SEN66_COOLING_NS)
		offsets += SEN66_HEATED_MICRO;

	return micro + offsets;
}

static bool sen66_known(const struct sen66 *s, unsigned int i, s64 at)
{
	if (i == SEN66_NOX)
		return at - s->first_start >= SEN66_NOX_KNOWN_NS;
	if (i == SEN66_CO2)
		return at - s->started_at >= SEN66_CO2_KNOWN_NS;

	return true;
}

static u16 sen66_measure(struct sim_chip *chip, unsigned int i, s64 at)
{
	struct sen66 *s = chip->priv;
	s64 micro, steps;

	if (!sen66_known(s, i, at) ||
	    !sim_world_get(sen66_scales[i].q, at, &micro))
		return sen66_scales[i].unknown;

	if (i == SEN66_TEMP)
		micro = sen66_temperature(s, at, micro);
	steps = sim_steps(micro, sen66_scales[i].step_micro);
	if (i == SEN66_CO2)
		steps += chip->eeprom[SEN66_EEPROM_FRC];

	return clamp_t(s64, steps, sen66_scales[i].min, sen66_scales[i].max);
}

static void sen66_log(struct sim_chip *chip, s64 at)
{
	struct sen66 *s = chip->priv;
	s64 truth[SEN66_VALUES];
	unsigned int i;

	for (i = 0; i < SEN66_VALUES; i++)
		truth[i] = sen66_scales[i].unknown == SEN66_UNKNOWN_S16 ?
			   (s16)s->values[i] : s->values[i];
	sim_truth(chip, at, truth);
}

static void sen66_sample(struct sim_chip *chip, s64 at)
{
	struct sen66 *s = chip->priv;
	unsigned int i;

	for (i = 0; i < SEN66_VALUES; i++)
		s->values[i] = sen66_measure(chip, i, at);
	if (s->samples % SEN66_CO2_RAW_EVERY == 0)
		s->co2_raw = s->values[SEN66_CO2];

	s->samples++;
	if (!s->ready)
		s->ready_at = at;
	s->ready = true;
	s->status |= chip->faults.status & ~SEN66_STATUS_SPEED;
	sen66_log(chip, at);
}

static s64 sen66_advance(struct sim_chip *chip, s64 now)
{
	struct sen66 *s = chip->priv;

	if (!s->measuring)
		return SIM_NEVER;

	while (s->next <= now) {
		sen66_sample(chip, s->next);
		s->next += sim_clock_ns(chip, SEN66_PERIOD_NS);
	}

	return s->next;
}

static void sen66_start(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	if (now < s->fan_until)
		return;

	sen66_forget_values(s);
	s->measuring = true;
	s->started_at = now;
	s->first_start = min(s->first_start, now);
	s->next = now + sim_clock_ns(chip, SEN66_FIRST_NS);
}

static void sen66_stop(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	s->measuring = false;
	s->run_ns = now - s->started_at;
}

/* The sheet does not say at which instant the answer is made. */
static void sen66_data_ready(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;
	u16 word = 0;

	s->look_at = now + chip->faults.look_ns;
	sen66_answer(s, &word, 1);
}

/* The answer to a data-ready command, which is about to be read. */
static void sen66_look(struct sim_chip *chip)
{
	struct sen66 *s = chip->priv;
	s64 ready = s->ready && s->ready_at <= s->look_at;

	if (s->look_at == SIM_NEVER)
		return;

	s->answer[0] = ready;
	sim_reading(chip, s->look_at, &ready);
	s->look_at = SIM_NEVER;
}

static void sen66_read_values(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	s->ready = false;
	sen66_answer(s, s->values, SEN66_VALUES);
}

static void sen66_read_raw(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;
	bool known = s->samples;
	u16 words[5] = {
		s->values[SEN66_RH],
		s->values[SEN66_TEMP],
		known ? 32000 - s->values[SEN66_VOC] : SEN66_UNKNOWN_U16,
		known ? 18000 - s->values[SEN66_NOX] / 4 : SEN66_UNKNOWN_U16,
		s->co2_raw,
	};

	sen66_answer(s, words, ARRAY_SIZE(words));
}

static u16 sen66_number(const struct sen66 *s, enum sen66_value mass, u32 per)
{
	if (!s->samples)
		return SEN66_UNKNOWN_U16;

	return min_t(u32, s->values[mass] * per, SEN66_UNKNOWN_U16 - 1);
}

/* Plausible for a street: numbers per mass fall with the size. */
static void sen66_read_numbers(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;
	u16 words[5] = {
		sen66_number(s, SEN66_PM1, 6),
		sen66_number(s, SEN66_PM1, 7),
		sen66_number(s, SEN66_PM2P5, 7),
		sen66_number(s, SEN66_PM4, 7),
		sen66_number(s, SEN66_PM10, 7),
	};

	sen66_answer(s, words, ARRAY_SIZE(words));
}

static void sen66_temp_offset(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;
	struct sen66_slot *slot;

	if (args[3] >= SEN66_SLOTS)
		return;

	slot = &s->slots[args[3]];
	slot->offset = args[0];
	slot->slope = args[1];
	slot->tau_s = args[2];
}

/* Changes how fast the temperature follows; the world here has no housing. */
static void sen66_temp_accel(struct sim_chip *chip, s64 now, const u16 *args)
{
}

static void sen66_product_name(struct sim_chip *chip, s64 now, const u16 *args)
{
	sen66_answer_text(chip->priv, "SEN66");
}

static void sen66_serial(struct sim_chip *chip, s64 now, const u16 *args)
{
	sen66_answer_text(chip->priv, "C17E5EN660000001");
}

static void sen66_version(struct sim_chip *chip, s64 now, const u16 *args)
{
	u16 word = SEN66_VERSION;

	sen66_answer(chip->priv, &word, 1);
}

static void sen66_read_status(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;
	u32 status = s->status;
	u16 words[2];

	if (s->measuring)
		status |= chip->faults.status & SEN66_STATUS_SPEED;
	words[0] = upper_16_bits(status);
	words[1] = lower_16_bits(status);
	sen66_answer(s, words, ARRAY_SIZE(words));
}

static void sen66_clear_status(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	sen66_read_status(chip, now, args);
	s->status = 0;
}

static void sen66_reset(struct sim_chip *chip, s64 now, const u16 *args)
{
	sen66_power_on(chip->priv, now);
}

static void sen66_fan_cleaning(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	s->fan_until = now + SEN66_FAN_CLEANING_NS;
}

static void sen66_heat(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	s->heater_at = now;
}

/* Warm air is dry air. */
static void sen66_heater_result(struct sim_chip *chip, s64 now,
				const u16 *args)
{
	struct sen66 *s = chip->priv;
	u16 words[2] = { SEN66_UNKNOWN_S16, SEN66_UNKNOWN_S16 };
	s64 since = now - s->heater_at;

	if (since >= SEN66_HEATING_NS && since < SEN66_COOLING_NS) {
		words[0] = sen66_measure(chip, SEN66_RH, s->heater_at) / 2;
		words[1] = sen66_measure(chip, SEN66_TEMP, s->heater_at);
	}
	sen66_answer(s, words, ARRAY_SIZE(words));
}

static bool sen66_tuning_valid(const u16 *args)
{
	static const u16 low[] = { 1, 1, 1, 0, 10, 1 };
	static const u16 high[] = { 250, 1000, 1000, 3000, 5000, 1000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(low); i++)
		if (args[i] < low[i] || args[i] > high[i])
			return false;

	return true;
}

static void sen66_tuning(struct sen66 *s, u16 *words, const u16 *args)
{
	if (!args)
		sen66_answer(s, words, 6);
	else if (sen66_tuning_valid(args))
		memcpy(words, args, 6 * sizeof(*args));
}

static void sen66_voc_tuning(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	sen66_tuning(s, s->voc_tuning, args);
}

/* Two words are fixed. */
static void sen66_nox_tuning(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	if (args && (args[2] != 12 || args[4] != 50))
		return;

	sen66_tuning(s, s->nox_tuning, args);
}

static void sen66_voc_state(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	if (!args) {
		s->voc_state[3] += s->measuring;
		sen66_answer(s, s->voc_state, 4);
	} else if (!s->measuring) {
		memcpy(s->voc_state, args, sizeof(s->voc_state));
	}
}

static void sen66_frc(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;
	u16 result = SEN66_FRC_FAILED;
	s32 correction;

	if (s->run_ns >= SEN66_FRC_RUN_NS) {
		correction = args[0] - s->values[SEN66_CO2];
		chip->eeprom[SEN66_EEPROM_FRC] += correction;
		result = correction + 0x8000;
	}

	/* Another one needs another measurement. */
	s->run_ns = 0;
	sen66_answer(s, &result, 1);
}

static void sen66_co2_factory(struct sim_chip *chip, s64 now, const u16 *args)
{
	chip->eeprom[SEN66_EEPROM_FRC] = 0;
}

static void sen66_word(struct sen66 *s, u16 *word, const u16 *args, u16 min,
		       u16 max)
{
	if (!args)
		sen66_answer(s, word, 1);
	else if (args[0] >= min && args[0] <= max)
		*word = args[0];
}

static void sen66_asc(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	sen66_word(s, &s->asc, args, 0, 1);
}

static void sen66_pressure(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	sen66_word(s, &s->pressure, args, 700, 1200);
}

static void sen66_altitude(struct sim_chip *chip, s64 now, const u16 *args)
{
	struct sen66 *s = chip->priv;

	sen66_word(s, &s->altitude, args, 0, 3000);
}

/**
 * struct sen66_command - one command
 * @code:	its code
 * @ms:		execution time; the chip does not acknowledge meanwhile
 * @modes:	modes in which it has an effect
 * @args:	words that follow
 * @get:	without them it reads back
 * @run:	effect; the arguments are NULL when it reads back
 */
struct sen66_command {
	u16 code;
	u16 ms;
	u8 modes;
	u8 args;
	bool get;
	void (*run)(struct sim_chip *chip, s64 now, const u16 *args);
};

static const struct sen66_command sen66_commands[] = {
	{ 0x0021, 50, SEN66_IDLE, 0, false, sen66_start },
	{ 0x0104, 1400, SEN66_MEASURING, 0, false, sen66_stop },
	{ 0x0202, 20, SEN66_MEASURING, 0, false, sen66_data_ready },
	{ 0x0300, 20, SEN66_MEASURING, 0, false, sen66_read_values },
	{ 0x0405, 20, SEN66_MEASURING, 0, false, sen66_read_raw },
	{ 0x0316, 20, SEN66_MEASURING, 0, false, sen66_read_numbers },
	{ 0x60b2, 20, SEN66_ANY, 4, false, sen66_temp_offset },
	{ 0x6100, 20, SEN66_IDLE, 4, false, sen66_temp_accel },
	{ 0xd014, 20, SEN66_ANY, 0, false, sen66_product_name },
	{ 0xd033, 20, SEN66_ANY, 0, false, sen66_serial },
	{ 0xd100, 20, SEN66_ANY, 0, false, sen66_version },
	{ 0xd206, 20, SEN66_ANY, 0, false, sen66_read_status },
	{ 0xd210, 20, SEN66_ANY, 0, false, sen66_clear_status },
	{ 0xd304, 1200, SEN66_IDLE, 0, false, sen66_reset },
	{ 0x5607, 20, SEN66_IDLE, 0, false, sen66_fan_cleaning },
	{ 0x6765, 20, SEN66_IDLE, 0, false, sen66_heat },
	{ 0x6790, 20, SEN66_IDLE, 0, false, sen66_heater_result },
	{ 0x60d0, 20, SEN66_IDLE, 6, true, sen66_voc_tuning },
	{ 0x60e1, 20, SEN66_IDLE, 6, true, sen66_nox_tuning },
	{ 0x6181, 20, SEN66_ANY, 4, true, sen66_voc_state },
	{ 0x6707, 500, SEN66_IDLE, 1, false, sen66_frc },
	{ 0x6754, 1400, SEN66_IDLE, 0, false, sen66_co2_factory },
	{ 0x6711, 20, SEN66_IDLE, 1, true, sen66_asc },
	{ 0x6720, 20, SEN66_ANY, 1, true, sen66_pressure },
	{ 0x6736, 20, SEN66_IDLE, 1, true, sen66_altitude },
};

static const struct sen66_command *sen66_find(u16 code)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sen66_commands); i++)
		if (sen66_commands[i].code == code)
			return &sen66_commands[i];

	return NULL;
}

/* Words that follow the command, or -1 when they are not as they should be. */
static int sen66_arguments(const u8 *buf, u32 len, u16 *args)
{
	u32 i, n = (len - 2) / 3;

	if ((len - 2) % 3 || n > SEN66_ARGS_MAX)
		return -1;

	for (i = 0; i < n; i++) {
		const u8 *word = buf + 2 + 3 * i;

		if (sen66_crc(word) != word[2])
			return -1;
		args[i] = get_unaligned_be16(word);
	}

	return n;
}

static void sen66_execute(struct sim_chip *chip, s64 now, const u8 *buf,
			  u32 len)
{
	struct sen66 *s = chip->priv;
	const struct sen66_command *cmd;
	u16 args[SEN66_ARGS_MAX];
	int n;

	s->answer_len = 0;
	s->look_at = SIM_NEVER;
	if (len < 2)
		return;

	cmd = sen66_find(get_unaligned_be16(buf));
	n = sen66_arguments(buf, len, args);
	if (!cmd || !(cmd->modes & (s->measuring ? SEN66_MEASURING :
						   SEN66_IDLE)))
		return;
	if (n != cmd->args && !(cmd->get && n == 0))
		return;

	cmd->run(chip, now, n ? args : NULL);
	s->busy_until = now + cmd->ms * (s64)NSEC_PER_MSEC;
}

static int sen66_i2c_write(struct sim_chip *chip, s64 now, const u8 *buf,
			   u32 len)
{
	struct sen66 *s = chip->priv;

	if (now < s->busy_until)
		return -ENXIO;
	if (len)
		sen66_execute(chip, now, buf, len);

	return len;
}

static u8 sen66_answer_byte(const struct sen66 *s, u32 i)
{
	u8 word[2];

	if (i / 3 >= s->answer_len)
		return 0xff;

	put_unaligned_be16(s->answer[i / 3], word);

	return i % 3 == 2 ? sen66_crc(word) : word[i % 3];
}

static int sen66_i2c_read(struct sim_chip *chip, s64 now, u8 *buf, u32 len)
{
	struct sen66 *s = chip->priv;
	u32 i;

	if (now < s->busy_until || !s->answer_len)
		return -ENXIO;

	sen66_look(chip);
	for (i = 0; i < len; i++)
		buf[i] = sen66_answer_byte(s, i);
	s->answer_len = 0;

	if (len > 2 && chip->faults.crc_error) {
		chip->faults.crc_error--;
		buf[2] ^= 0xff;
	}

	return len;
}

static int sen66_init(struct sim_chip *chip, s64 now)
{
	struct sen66 *s;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	chip->priv = s;
	sen66_power_on(chip->priv, now);
	return 0;
}

static void sen66_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
}

const struct sim_chip_ops sim_sen66_ops = {
	.name = "sen66",
	.truth_columns = SEN66_TRUTH,
	.reading_columns = "ready",
	.init = sen66_init,
	.exit = sen66_exit,
	.advance = sen66_advance,
	.i2c_write = sen66_i2c_write,
	.i2c_read = sen66_i2c_read,
};
