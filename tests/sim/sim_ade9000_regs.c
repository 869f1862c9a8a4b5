// SPDX-License-Identifier: GPL-2.0-only
/* The simulated ADE9000: its registers. */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#include "sim_ade9000.h"

struct ade_default {
	u16 address;
	u32 value;
};

static const struct ade_default ade_defaults[] = {
	{ ADE_MTREGION, 0xf }, { ADE_MTREGION + ADE_PHASE, 0xf },
	{ ADE_MTREGION + 2 * ADE_PHASE, 0xf },
	{ 0x409, 0xffffff }, { 0x40e, 0x500000 }, { 0x40f, 0x45d45 },
	{ 0x411, 0x7fffff }, { 0x412, 0x7fffff }, { 0x413, 0x7fffff },
	{ 0x414, 0xffffff }, { 0x418, 0xa00000 }, { 0x419, 0xa00000 },
	{ 0x41a, 0xa00000 }, { 0x41b, 0xa00000 }, { 0x41c, 0xffff },
	{ 0x41d, 0xffff }, { 0x41e, 0xffff }, { 0x420, 0xffff },
	{ 0x421, 0xffff }, { 0x422, 0xffff }, { 0x424, 0x1fffff },
	{ 0x472, BIT(20) },
	/* 307.2 degC less 0.305 for each step: a plausible chip */
	{ ADE_TEMP_TRIM, 9830 << 16 | 20000 },
	{ 0x48b, 0xffff }, { 0x48c, 0xffff }, { 0x493, 0xf000 },
	{ 0x494, 0xffff }, { 0x495, 0xffff }, { 0x496, 0xffff },
	{ 0x497, 0xffff }, { 0x498, 0xffff }, { 0x499, 9 }, { 0x49a, 0x1e },
	{ 0x49c, 0xff }, { 0x4a4, 0x63 }, { 0x4af, 0x0c00 },
	{ ADE_PWR_TIME, 0xff }, { ADE_EGY_TIME, 0xff }, { ADE_VERSION, 0x00fe },
};

struct ade_range {
	u16 first;
	u16 last;
};

static const struct ade_range ade_writable[] = {
	{ 0x000, 0x018 }, { 0x020, 0x038 }, { 0x040, 0x058 }, { 0x060, 0x06e },
	{ 0x071, 0x073 }, { 0x402, 0x403 }, { 0x405, 0x407 }, { 0x409, 0x409 },
	{ 0x40e, 0x410 }, { 0x414, 0x414 }, { 0x41c, 0x41e }, { 0x420, 0x422 },
	{ 0x424, 0x425 }, { 0x480, 0x481 }, { 0x48b, 0x48c }, { 0x490, 0x494 },
	{ 0x495, 0x49a }, { 0x49c, 0x49c }, { 0x4a0, 0x4a2 }, { 0x4af, 0x4b2 },
	{ 0x4b4, 0x4b6 }, { 0x4b9, 0x4ba }, { 0x4bf, 0x4bf }, { 0x4e0, 0x4e0 },
};

/* Bits that exist, where not all do. */
static const struct ade_default ade_existing[] = {
	{ ADE_RUN, 0x1 }, { ADE_WFB_CFG, 0x13ff }, { ADE_WFB_TRG_CFG, 0x7ff },
	{ ADE_EP_CFG, 0xe0f3 }, { ADE_PWR_TIME, 0x1fff },
	{ ADE_EGY_TIME, 0x1fff }, { ADE_TEMP_CFG, 0xf },
	{ ADE_PGA_GAIN, 0x3fff }, { ADE_CHNL_DIS, 0x7f }, { ADE_VAR_DIS, 0x1 },
};

/* Registers of phase A in the order of the burst ranges, and the neutral's. */
static const u16 ade_by_phase[] = {
	ADE_V_PCF, ADE_I_PCF, ADE_IRMS, ADE_VRMS, ADE_WATT, ADE_VA, ADE_VAR,
	ADE_FVAR, ADE_PF, 0x217, 0x218, ADE_FWATT, ADE_FVA, ADE_IFRMS,
	ADE_VFRMS, ADE_IRMSONE, ADE_VRMSONE, ADE_IRMS1012, ADE_VRMS1012,
};

static const u16 ade_neutral[] = {
	ADE_NI_PCF, ADE_NIRMS, ADE_NIRMSONE, ADE_NIRMS1012,
};

/* A group of three phases, or one register where it is the neutral's. */
static const u16 ade_by_quantity[] = {
	ADE_V_PCF, ADE_NI_PCF, ADE_I_PCF, ADE_IRMS, ADE_VRMS, ADE_NIRMS,
	ADE_WATT, ADE_VA, ADE_VAR, ADE_FVAR, ADE_PF, 0x217, 0x218, ADE_FWATT,
	ADE_FVA, ADE_IFRMS, ADE_VFRMS, ADE_IRMSONE, ADE_VRMSONE, ADE_NIRMSONE,
	ADE_IRMS1012, ADE_VRMS1012, ADE_NIRMS1012,
};

void ade_reset_registers(struct ade *ade)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(ade_defaults); n++)
		ade->reg[ade_defaults[n].address] = ade_defaults[n].value;
}

u32 ade_width(u32 address)
{
	return address >= ADE_RUN && address <= ADE_VERSION ? 2 : 4;
}

bool ade_is_ram(u32 address)
{
	return address >= RAM_BASE;
}

bool ade_is_burst_range(u32 address)
{
	return (address >= ADE_SINC_DAT && address <= ADE_BY_QUANTITY_LAST) ||
	       (address >= ADE_BY_PHASE && address <= ADE_BY_PHASE_LAST);
}

static u32 ade_mirror_by_quantity(u32 n)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ade_by_quantity); i++) {
		u32 base = ade_by_quantity[i];
		u32 size = base >= ADE_NI_PCF ? 1 : PHASES;

		if (n < size)
			return base + n * ADE_PHASE;
		n -= size;
	}
	return 0;
}

/* The burst ranges show other registers in another order. */
u32 ade_mirror(u32 address)
{
	const u32 each = ARRAY_SIZE(ade_by_phase);
	u32 n = address - ADE_BY_PHASE;

	if (address >= ADE_BY_QUANTITY && address <= ADE_BY_QUANTITY_LAST)
		return ade_mirror_by_quantity(address - ADE_BY_QUANTITY);
	if (address < ADE_BY_PHASE || address > ADE_BY_PHASE_LAST)
		return address;
	if (n >= PHASES * each)
		return ade_neutral[n - PHASES * each];
	return ade_by_phase[n % each] + n / each * ADE_PHASE;
}

/*
 * RD_RST_EN does not do what it says (errata); here one read in four resets
 * what it shall, the others nothing, all, or the half that was not read.
 */
static void ade_read_with_reset(struct ade *ade, s64 *user, bool high)
{
	ade->noise = ade->noise * 1664525 + 1013904223;
	switch (ade->noise >> 30) {
	case 0:
		*user = 0;
		break;
	case 1:
		*user &= high ? ~0x1fffLL : 0x1fff;
		break;
	case 2:
		*user &= high ? 0x1fff : ~0x1fffLL;
		break;
	}
}

/* LO holds 13 bits, HI the rest; so do the power accumulators. */
static u32 ade_split(s64 value, bool high)
{
	return high ? value >> 13 : value & 0x1fff;
}

static u32 ade_read_accumulator(struct ade *ade, u32 address)
{
	u32 n = address + 1 - ADE_ACC;
	struct ade_phase *ph = &ade->phase[n / 60];
	u32 kind = n % 60 / 10;
	u32 value;

	switch (n % 10) {
	case 0:
	case 1:
		return ade_split(ph->mean[kind], n % 10);
	case 2:
	case 3:
		value = ade_split(ph->user[kind], n % 10 == 3);
		if (ade->reg[ADE_EP_CFG] & ADE_EP_RD_RST_EN)
			ade_read_with_reset(ade, &ph->user[kind], n % 10 == 3);
		return value;
	default:
		return 0;
	}
}

static u32 ade_read_register(struct ade *ade, u32 address)
{
	u32 value;

	switch (address) {
	case ADE_ACC - 1 ... ADE_ACC_LAST:
		return ade_read_accumulator(ade, address);
	case ADE_PWATT_ACC:
	case ADE_NWATT_ACC:
	case ADE_PVAR_ACC:
	case ADE_NVAR_ACC:
		return ade_split(ade->means[(address - ADE_PWATT_ACC) / 4], true);
	case ADE_ANGL_FIRST ... ADE_ANGL_LAST:
		return ade_angle(ade, address);
	case ADE_IPEAK:
	case ADE_VPEAK:
		value = ade->reg[address];
		ade->reg[address] = 0;
		return value;
	default:
		return address < REGISTERS ? ade->reg[address] : 0;
	}
}

u32 ade_read(struct ade *ade, u32 address)
{
	if (ade_is_ram(address))
		return ade->ram[address - RAM_BASE];
	ade_outputs(ade);
	return ade_read_register(ade, ade_mirror(address));
}

static bool ade_may_write(const struct ade *ade, u32 address)
{
	bool locked = address <= 0x073 || (address >= 0x400 && address <= 0x4fe);
	u32 n;

	if (ade->reg[ADE_WR_LOCK] && locked && address != ADE_WR_LOCK)
		return false;
	for (n = 0; n < ARRAY_SIZE(ade_writable); n++)
		if (address >= ade_writable[n].first &&
		    address <= ade_writable[n].last)
			return true;
	return false;
}

static void ade_write_run(struct ade *ade, bool was_running)
{
	static const u16 settle[4] = { 512, 1024, 2048, 0 };
	u32 p;

	if (!ade_running(ade) || was_running)
		return;
	ade->var_off = ade->reg[ADE_VAR_DIS];
	ade->age = 0;
	ade->hold = settle[ade->reg[ADE_CONFIG1] >> 8 & 3];
	ade->pf_left = PF_SAMPLES;
	ade->egy_left = ade->reg[ADE_EGY_TIME] + 1;
	ade->pwr_left = ade->reg[ADE_PWR_TIME] + 1;
	for (p = 0; p < PHASES; p++)
		ade_zx_seen(ade, p);
	ade->reg[ADE_VERSION2] = 0x0c;
}

/* A window begins when accumulation is switched on. */
static void ade_write_ep(struct ade *ade, u32 before)
{
	u32 p;

	if (!(ade->reg[ADE_EP_CFG] & ~before & ADE_EP_ENABLE))
		return;
	for (p = 0; p < PHASES; p++) {
		memset(ade->phase[p].energy, 0, sizeof(ade->phase[p].energy));
		memset(ade->phase[p].sum, 0, sizeof(ade->phase[p].sum));
	}
	memset(ade->sums, 0, sizeof(ade->sums));
	ade->egy_left = ade->reg[ADE_EGY_TIME] + 1;
	ade->pwr_left = ade->reg[ADE_PWR_TIME] + 1;
}

static void ade_write_lock(struct ade *ade, u32 value)
{
	if (value == 0x3c64)
		ade->reg[ADE_WR_LOCK] = 1;
	else if (value == 0x4ad1)
		ade->reg[ADE_WR_LOCK] = 0;
}

static u32 ade_existing_bits(u32 address, u32 value)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(ade_existing); n++)
		if (ade_existing[n].address == address)
			return value & ade_existing[n].value;
	return value;
}

/* A plain register has taken @before's place; what follows from that. */
static void ade_written(struct ade *ade, u32 address, u32 before)
{
	switch (address) {
	case ADE_RUN:
		ade_write_run(ade, before);
		break;
	case ADE_CONFIG1:
		if (ade->reg[address] & ADE_CONFIG1_SWRST)
			ade_reset(ade, ade->now);
		break;
	case ADE_EP_CFG:
		ade_write_ep(ade, before);
		break;
	case ADE_WFB_CFG:
		ade_wave_configure(ade, before);
		break;
	case ADE_WFB_TRG_CFG:
		if (ade->reg[address] & ADE_WFB_FORCE)
			ade_wave_trigger(ade);
		ade->reg[address] &= ~ADE_WFB_FORCE;
		break;
	case ADE_TEMP_CFG:
		if ((ade->reg[address] & ADE_TEMP_START) == ADE_TEMP_START)
			ade->temp_at = ade->now + TEMPERATURE_NS;
		break;
	}
}

void ade_write(struct ade *ade, u32 address, u32 value)
{
	u32 before;

	if (!ade_may_write(ade, address))
		return;
	switch (address) {
	case ADE_STATUS0:
		ade->reg[address] &= ~value;
		break;
	case ADE_STATUS1:
		ade->reg[address] &= ~value | ADE_ERRORS;
		break;
	case ADE_WR_LOCK:
		ade_write_lock(ade, value);
		break;
	default:
		/* What is to stand still is what was there before. */
		ade_outputs(ade);
		before = ade->reg[address];
		ade->reg[address] = ade_existing_bits(address, value);
		ade->fresh = false;
		ade->world_left = 0;
		ade_written(ade, address, before);
		break;
	}
}
