// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000, three-phase energy meter with waveform RAM, at register level.
 *
 * After the data sheet (rev. B) and the reference manual UG-1098. Where they
 * are silent the model does what a driver should not rely on:
 * - MISO reads ones whenever the chip has nothing to say: in the header, in
 *   the 50 ms after a reset, after the last byte, at the end of a burst range
 *   (the waveform burst does not wrap from 0xFFF to 0x800).
 * - Registers that do not exist read 0; writes to them, to read-only ones, to
 *   locked ones (STATUS0/1 included) and with too few bytes do nothing.
 * - While RUN is 0 the waveform RAM stands still like all other results.
 * - WFB_TRG_STAT keeps its last value when a capture starts.
 * - For the first 0.8 s after RUN rms and power are too small (settling).
 * - VAR_DIS is looked at when RUN is set. ERROR bits stay until a reset.
 * - With IRQ0_ON_IRQ1 nothing is seen on IRQ0.
 * - Distortion is in its registers only: the waves are sines.
 * Not modelled, and at their reset values: the resampled waveform, phase
 * sequence, current zero crossings, CF outputs, configuration CRC, multipoint
 * gains, ADC_REDIRECT, ICONSEL. Angles are those of the inputs with any wiring.
 *
 * The world is looked at once a millisecond, or once in a 1024th of a longer
 * time to catch up with, and for each register read; in between amplitudes and
 * frequencies stand still. Everything else is exact to the sample.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "sim_ade9000.h"

/* Time. */

/* The instant @ticks after the last tick. */
static s64 ade_instant(const struct ade *ade, u32 ticks, u32 *frac)
{
	u64 rest = (u64)(u32)ade->tick_slow * ticks + ade->tick_frac;

	if (frac)
		*frac = rest;
	return ade->tick_ns + (TICK_NS + (ade->tick_slow >> 32)) * ticks +
	       (s64)(rest >> 32);
}

/* Ticks to run until @now, at most nine hours' worth. */
static u32 ade_ticks_due(const struct ade *ade, s64 now)
{
	u64 ahead = min_t(s64, now - ade->tick_ns, 1LL << 45);
	u32 ticks;

	if (now <= ade->tick_ns)
		return 0;
	ticks = div_u64(ahead, TICK_NS + (s32)(ade->tick_slow >> 32)) + 1;
	while (ticks && ade_instant(ade, ticks, NULL) > now)
		ticks--;
	return ticks;
}

static void ade_move(struct ade *ade, u32 ticks)
{
	u32 p;

	ade->tick_ns = ade_instant(ade, ticks, &ade->tick_frac);
	ade->sub = (ade->sub + ticks) % TICKS_PER_SAMPLE;
	for (p = 0; p < PHASES; p++)
		ade->phase[p].theta += ade->phase[p].step * ticks;
	ade->fresh = false;
}

/* Running. */

static bool ade_follows_line(const struct ade *ade)
{
	return ade->reg[ADE_EP_CFG] & ADE_EP_LINE_CYCLES ||
	       ade_watches_levels(ade) ||
	       ade->reg[ADE_MASK0] & (ADE_RMSONERDY | ADE_RMS1012RDY) ||
	       ade->reg[ADE_MASK1] & (ADE_ZXCOMB | 7 * ADE_ZXVA);
}

/* Ticks until the sample after the next zero crossing of a voltage */
static u32 ade_ticks_to_crossing(const struct ade *ade, u32 ticks)
{
	const u64 half = 1ULL << (TURN_BITS - 1);
	u32 p;

	for (p = 0; p < PHASES; p++) {
		const struct ade_phase *ph = &ade->phase[p];
		u64 rest = half - ((ph->theta + ade_offset[p]) & (half - 1));

		if ((!ph->vrms && !ade_watches_levels(ade)) ||
		    rest > ph->step * ticks)
			continue;
		ticks = div64_u64(rest + ph->step - 1, ph->step) + ade->sub;
		ticks = ade_ticks_to_sample(ade,
					    DIV_ROUND_UP(ticks, TICKS_PER_SAMPLE));
	}
	return ticks;
}

/* Ticks during which nothing changes but the accumulators. */
static u32 ade_block_ticks(struct ade *ade, u32 ticks)
{
	if (!ade->world_left) {
		ade_refresh(ade);
		ade->world_left = ade->world_every;
	}
	ticks = min(ticks, ade_ticks_to_sample(ade, ade->world_left));
	if (ade_running(ade) && ade_follows_line(ade))
		ticks = min(ticks, ade_ticks_to_crossing(ade, ticks));
	return ticks;
}

static void ade_wave_run(struct ade *ade, u32 ticks)
{
	while (ticks) {
		u32 n = min(ticks, ade_ticks_to_sample(ade, 1));

		if (!ade->wave_on || !ade_running(ade))
			n = ticks;
		else if (ade_wave_fast(ade))
			n = 1;
		ade_move(ade, n);
		ticks -= n;
		if (ade->wave_on && ade_running(ade) &&
		    (!ade->sub || ade_wave_fast(ade)))
			ade_wave_write(ade);
	}
}

static void ade_block(struct ade *ade, u32 ticks)
{
	u32 samples = (ade->sub + ticks) / TICKS_PER_SAMPLE;
	u64 half[PHASES];
	u32 p;

	for (p = 0; p < PHASES; p++)
		half[p] = ade_half_cycle(ade, p);
	ade_wave_run(ade, ticks);
	ade->world_left -= samples;
	ade_dsp(ade, samples);
	if (!ade_running(ade))
		return;
	for (p = 0; p < PHASES; p++)
		if (half[p] != ade_half_cycle(ade, p))
			ade_zero_crossing(ade, p);
}

static void ade_run(struct ade *ade, s64 now)
{
	u32 ticks, n;

	ade->tick_slow = div_s64(ade->chip->faults.clock_ppb * 16777216LL, 125);
	ticks = ade_ticks_due(ade, now);
	ade->world_every = max_t(u32, WORLD_SAMPLES, ticks / 4096);
	for (; ticks; ticks -= n) {
		n = ade_block_ticks(ade, ticks);
		ade_block(ade, n);
	}
}

struct ade_event {
	u32 bit;
	u32 samples;
};

/* Ticks until a bit of STATUS0 or 1 can be set that an output waits for. */
static u32 ade_ticks_to_event(const struct ade *ade)
{
	bool accumulates = ade->reg[ADE_EP_CFG] & ADE_EP_ENABLE;
	bool by_line = ade->reg[ADE_EP_CFG] & ADE_EP_LINE_CYCLES;
	const struct ade_event events[] = {
		{ ADE_DREADY, 1 },
		{ ADE_THD_PF_RDY, ade->pf_left },
		{ ADE_PWRRDY, accumulates ? ade->hold + ade->pwr_left : 0 },
		{ ADE_EGYRDY, by_line || !accumulates ? 0 :
			      ade->hold + ade->egy_left },
	};
	u32 zx_due = ade_zx_due(ade);
	u32 waits = ade->reg[ADE_MASK0] & ~ade->reg[ADE_STATUS0];
	u32 ticks = U32_MAX;
	u32 n;

	for (n = 0; n < ARRAY_SIZE(events); n++)
		if ((waits & events[n].bit) && events[n].samples)
			ticks = min(ticks, ade_ticks_to_sample(ade,
							       events[n].samples));
	if (zx_due)
		ticks = min(ticks, ade_ticks_to_sample(ade, zx_due));
	/* What follows from the mains or the world shows when it is looked at. */
	if ((waits & (7 * ADE_REVAPA | 7 * ADE_REVRPA)) ||
	    (ade->reg[ADE_MASK1] & ~ade->reg[ADE_STATUS1] & GENMASK(5, 0)))
		ticks = min(ticks, ade_ticks_to_sample(ade, WORLD_SAMPLES));
	if (!ade_follows_line(ade))
		return ticks;
	ticks = min(ticks, ade_ticks_to_sample(ade, WORLD_SAMPLES));
	return ade_ticks_to_crossing(ade, ticks);
}

/*
 * The writer of the waveform RAM asks for a call each half ring, event or not,
 * so that there is never much to catch up with.
 */
static s64 ade_next(const struct ade *ade)
{
	s64 next = ade->temp_at;
	u32 ticks, page;

	if (!ade_running(ade))
		return next;
	ticks = ade_ticks_to_event(ade);
	if (ade->wave_on) {
		page = RAM_WORDS / SET_WORDS / 2;
		if (!ade_wave_fast(ade))
			page = ade_ticks_to_sample(ade, page);
		ticks = min(ticks, page);
		page = ade_ticks_to_page(ade);
		if (page && !(ade->reg[ADE_STATUS0] & ADE_PAGE_FULL))
			ticks = min(ticks, page);
	}
	if (ticks != U32_MAX)
		next = min(next, ade_instant(ade, ticks, NULL));
	return next;
}

/* Reset. */

void ade_reset(struct ade *ade, s64 now)
{
	struct sim_chip *chip = ade->chip;

	memset(ade, 0, sizeof(*ade));
	ade->chip = chip;
	ade->now = now;
	ade->ready_at = now + RESET_NS;
	ade->temp_at = SIM_NEVER;
	ade->tick_ns = now;
	ade->pf_left = PF_SAMPLES;
	ade->egy_left = 1;
	ade->pwr_left = 1;
	ade->rms_left = 20;
	ade->noise = 1;
	ade_reset_registers(ade);
}

static void ade_become_ready(struct ade *ade)
{
	ade->ready = true;
	ade->tick_ns = ade->ready_at;
	ade->reg[ADE_STATUS1] |= ADE_RSTDONE;
}

static int ade_init(struct sim_chip *chip, s64 now)
{
	struct ade *ade = kzalloc(sizeof(*ade), GFP_KERNEL);

	if (!ade)
		return -ENOMEM;
	ade->chip = chip;
	chip->priv = ade;
	ade_reset(ade, now);
	return 0;
}

static void ade_exit(struct sim_chip *chip)
{
	kfree(chip->priv);
	chip->priv = NULL;
}

static s64 ade_advance(struct sim_chip *chip, s64 now)
{
	struct ade *ade = chip->priv;

	ade->now = max(ade->now, now);
	if (!ade->ready) {
		if (now < ade->ready_at)
			return ade->ready_at;
		ade_become_ready(ade);
	}
	ade_run(ade, now);
	ade_temperature(ade, now);
	/* A scripted fault; only a reset after its end clears these. */
	ade->reg[ADE_STATUS1] |= chip->faults.status & ADE_ERRORS;
	return ade_next(ade);
}

static bool ade_irq_active(struct sim_chip *chip, unsigned int line)
{
	const struct ade *ade = chip->priv;
	const u32 *reg = ade->reg;
	bool irq0 = reg[ADE_STATUS0] & reg[ADE_MASK0];
	bool irq1 = reg[ADE_STATUS1] & (reg[ADE_MASK1] | ADE_ERRORS_LOUD |
					ADE_RSTDONE);
	bool joined = reg[ADE_CONFIG1] & ADE_CONFIG1_IRQ0_ON_IRQ1;

	return line ? irq1 || (joined && irq0) : irq0 && !joined;
}

/* Of the registers that reading would change, what it would not show again. */
static u32 ade_peek(struct sim_chip *chip, u32 address)
{
	struct ade *ade = chip->priv;

	if (address == ADE_IPEAK || address == ADE_VPEAK)
		return ade->reg[address];

	return ade->ready ? ade_read(ade, address) : 0;
}

/* The columns of a phase. */
#define ADE_READING(p) \
	p "_vrms," p "_irms," p "_watt," p "_var," p "_va," p "_period," \
	p "_energy"

const struct sim_chip_ops sim_ade9000_ops = {
	.name = "ade9000",
	.truth_columns = "ia,va,ib,vb,ic,vc,in",
	.reading_columns = ADE_READING("l1") "," ADE_READING("l2") ","
			   ADE_READING("l3"),
	.irq_lines = 2,
	.init = ade_init,
	.exit = ade_exit,
	.advance = ade_advance,
	.irq_active = ade_irq_active,
	.peek = ade_peek,
	.spi_select = ade_spi_select,
	.spi_exchange = ade_spi_exchange,
};
