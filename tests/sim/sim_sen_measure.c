// SPDX-License-Identifier: GPL-2.0-only
/*
 * SEN5x and SEN6x: the samples they take.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "sim_sen.h"
#include "sim_steps.h"

#define SEN_NOX_KNOWN_NS	(11 * (s64)NSEC_PER_SEC)
#define SEN_CO2_KNOWN_NS	(6 * (s64)NSEC_PER_SEC)
#define SEN_SLOW_CO2_KNOWN_NS	(24 * (s64)NSEC_PER_SEC)
#define SEN_HCHO_KNOWN_NS	(60 * (s64)NSEC_PER_SEC)
#define SEN_CO2_RAW_EVERY	5
#define SEN_HEATED_MICRO	5000000

/* How a quantity becomes a word: micro-units to a step, and the range. */
static const struct {
	enum sim_quantity q;
	u32 step_micro;
	s32 min;
	s32 max;
	u16 unknown;
} sen_scales[SEN_VALUES] = {
	[SEN_PM1] = { SIM_PM1_UGM3, 100000, 0, 10000, SEN_UNKNOWN_U16 },
	[SEN_PM2P5] = { SIM_PM2P5_UGM3, 100000, 0, 10000, SEN_UNKNOWN_U16 },
	[SEN_PM4] = { SIM_PM4_UGM3, 100000, 0, 10000, SEN_UNKNOWN_U16 },
	[SEN_PM10] = { SIM_PM10_UGM3, 100000, 0, 10000, SEN_UNKNOWN_U16 },
	[SEN_RH] = { SIM_RH_PCT, 10000, 0, 10000, SEN_UNKNOWN_S16 },
	[SEN_TEMP] = { SIM_TEMP_C, 5000, -8000, 24000, SEN_UNKNOWN_S16 },
	[SEN_VOC_INDEX] = { SIM_VOC_INDEX, 100000, 10, 5000, SEN_UNKNOWN_S16 },
	[SEN_NOX_INDEX] = { SIM_NOX_INDEX, 100000, 10, 5000, SEN_UNKNOWN_S16 },
	[SEN_CO2_PPM] = { SIM_CO2_PPM, 1000000, 0, 40000, SEN_UNKNOWN_U16 },
	[SEN_CO2_SIGNED] = { SIM_CO2_PPM, 1000000, 0, 32000, SEN_UNKNOWN_S16 },
	[SEN_HCHO] = { SIM_HCHO_PPB, 100000, 0, 20000, SEN_UNKNOWN_U16 },
	[SEN_NOTHING] = { .unknown = SEN_UNKNOWN_S16 },
};

void sen_forget_values(struct sen *s)
{
	unsigned int i;

	for (i = 0; i < s->model->num_values; i++)
		s->values[i] = sen_scales[s->model->values[i]].unknown;
	s->co2_raw = SEN_UNKNOWN_U16;
	s->samples = 0;
	s->ready = false;
}

static s64 sen_slot_step(struct sen_slot *slot, s64 micro)
{
	s64 target = (s64)slot->offset * 5000 +
		     div_s64(micro * slot->slope, 10000);

	slot->applied_micro += div_s64(target - slot->applied_micro,
				       slot->tau_s + 1);

	return slot->applied_micro;
}

static s64 sen_temperature(struct sen *s, s64 at, s64 micro)
{
	s64 offsets = 0;
	unsigned int i;

	for (i = 0; i < SEN_SLOTS; i++)
		offsets += sen_slot_step(&s->slots[i], micro);
	if (at - s->heater_at < SEN_COOLING_NS)
		offsets += SEN_HEATED_MICRO;

	return micro + offsets;
}

static bool sen_known(const struct sen *s, enum sen_value value, s64 at)
{
	switch (value) {
	case SEN_PM1:
	case SEN_PM2P5:
	case SEN_PM4:
	case SEN_PM10:
		return !s->no_pm;
	case SEN_NOX_INDEX:
		return at - s->first_start >= SEN_NOX_KNOWN_NS;
	case SEN_CO2_PPM:
		return at - s->started_at >= SEN_CO2_KNOWN_NS;
	case SEN_CO2_SIGNED:
		return at - s->started_at >= SEN_SLOW_CO2_KNOWN_NS;
	case SEN_HCHO:
		return at - s->started_at >= SEN_HCHO_KNOWN_NS;
	default:
		return value != SEN_NOTHING;
	}
}

/*
 * The sheet of SEN5x has 0xffff for all unknown words, the vendor's driver
 * 0x7fff for the signed ones. The model does both: this before the first
 * sample, that later.
 */
static u16 sen_unknown(const struct sen *s, enum sen_value value)
{
	return s->model->has & SEN_5X ? SEN_UNKNOWN_U16 :
					sen_scales[value].unknown;
}

u16 sen_measure(struct sim_chip *chip, enum sen_value value, s64 at)
{
	struct sen *s = chip->priv;
	s64 micro, steps;

	if (!sen_known(s, value, at) ||
	    !sim_world_get(sen_scales[value].q, at, &micro))
		return sen_unknown(s, value);

	if (value == SEN_TEMP)
		micro = sen_temperature(s, at, micro);
	steps = sim_steps(micro, sen_scales[value].step_micro);
	if (sen_scales[value].q == SIM_CO2_PPM)
		steps += chip->eeprom[SEN_EEPROM_FRC];

	return clamp_t(s64, steps, sen_scales[value].min,
		       sen_scales[value].max);
}

/* A word that is unknown either way is logged in one way. */
static void sen_log(struct sim_chip *chip, s64 at)
{
	struct sen *s = chip->priv;
	s64 truth[SEN_VALUES_MAX];
	unsigned int i;
	u16 unknown;

	for (i = 0; i < s->model->num_values; i++) {
		unknown = sen_scales[s->model->values[i]].unknown;
		truth[i] = unknown == SEN_UNKNOWN_S16 ? (s16)s->values[i] :
							s->values[i];
		if (unknown == SEN_UNKNOWN_S16 && s->values[i] == 0xffff)
			truth[i] = SEN_UNKNOWN_S16;
	}
	sim_truth(chip, at, truth);
}

static void sen_sample(struct sim_chip *chip, s64 at)
{
	struct sen *s = chip->priv;
	const struct sen_model *m = s->model;
	unsigned int i;

	for (i = 0; i < m->num_values; i++)
		s->values[i] = sen_measure(chip, m->values[i], at);
	if (m->has & SEN_RAW_CO2 && s->samples % SEN_CO2_RAW_EVERY == 0)
		s->co2_raw = s->values[m->num_values - 1];

	s->samples++;
	/* What the algorithm learns. */
	s->voc_state[3]++;
	if (!s->ready)
		s->ready_at = at;
	s->ready = true;
	s->status |= chip->faults.status & ~SEN_STATUS_SPEED;
	sen_log(chip, at);
}

void sen_clean(struct sen *s, s64 now)
{
	s->fan_until = now + SEN_FAN_CLEANING_NS;
	s->uncleaned = 0;
	s->ready = false;
}

/* While SEN5x cleans its fan it takes none. */
static void sen_tick(struct sim_chip *chip, s64 at)
{
	struct sen *s = chip->priv;
	u32 interval = (u32)s->interval[0] << 16 | s->interval[1];

	if (!(s->model->has & SEN_5X)) {
		sen_sample(chip, at);
		return;
	}

	if (at < s->fan_until)
		return;

	if (interval && s->uncleaned >= interval) {
		sen_clean(s, at);
		return;
	}

	s->uncleaned++;
	sen_sample(chip, at);
}

s64 sen_advance(struct sim_chip *chip, s64 now)
{
	struct sen *s = chip->priv;

	if (!s->measuring)
		return SIM_NEVER;

	while (s->next <= now) {
		sen_tick(chip, s->next);
		s->next += sim_clock_ns(chip, SEN_PERIOD_NS);
	}

	return s->next;
}
