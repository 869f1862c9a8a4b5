// SPDX-License-Identifier: GPL-2.0-only
/*
 * One chip of the virtual hub: its time, its interrupt outputs and the faults
 * that need no knowledge of the chip.
 */
#include <linux/device.h>
#include <linux/i2c.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "sim_core.h"

/* A board has power long before the drivers of its chips are loaded. */
#define SIM_POWERED_FOR_NS	(2 * (s64)NSEC_PER_SEC)

/* The random walk of a clock goes in steps of a tenth of a second. */
#define SIM_WALK_NS		(100 * (s64)NSEC_PER_MSEC)
#define SIM_WALK_ROOT_Q16	20724	/* its square root */

s64 sim_raw_ns(void)
{
	return ktime_get_raw_ns();
}

/*
 * The two clocks drift apart by some 100 ppm at most; who sleeps until the
 * result looks at the raw clock again.
 */
ktime_t sim_raw_to_mono(s64 raw_ns)
{
	return ktime_add_ns(ktime_get(), raw_ns - sim_raw_ns());
}

void sim_sleep_ns(s64 ns)
{
	ktime_t left = ns_to_ktime(ns);

	if (ns <= 0)
		return;

	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_hrtimeout(&left, HRTIMER_MODE_REL);
}

static s64 sim_core_lateness(struct sim_core *core)
{
	struct sim_late *late = &core->late;

	if (!late->n)
		return sim_random_late_ns(core->profile, &core->late_state);
	if (late->at >= late->n)
		late->at = 0;

	return late->ns[late->at++];
}

/* A swallowed edge swallows the whole pulse: the line stays as it was. */
static void sim_core_edge(struct sim_core *core, unsigned int i, s64 at)
{
	if (core->chip.faults.irq_lost) {
		core->chip.faults.irq_lost--;
		return;
	}

	sim_irq_level(&core->lines[i], true, at + sim_core_noise_ns(core, at) +
		      sim_core_lateness(core));
}

static void sim_core_lines(struct sim_core *core, s64 at)
{
	const struct sim_chip_ops *ops = core->board->ops;
	unsigned int i;

	for (i = 0; i < ops->irq_lines; i++) {
		bool level = core->chip.faults.irq_stuck & BIT(i) ||
			     (core->powered && ops->irq_active(&core->chip, i));

		if (level == core->level[i])
			continue;

		core->level[i] = level;
		if (level)
			sim_core_edge(core, i, at);
		else
			sim_irq_level(&core->lines[i], false, at);
	}
}

static void sim_core_step(struct sim_core *core, s64 at)
{
	core->next = core->board->ops->advance(&core->chip, at);
	sim_core_lines(core, at);

	if (WARN_ONCE(core->next <= at, "%s: next event lies in the past\n",
		      sim_board_name(core->board)))
		core->next = SIM_NEVER;
}

/* By how much what the clock says is off at @instant, for log and interrupt. */
s64 sim_core_noise_ns(const struct sim_core *core, s64 instant)
{
	return sim_random_noise_ns(core->seed, instant, core->clock.noise_ns);
}

static void sim_core_walk(struct sim_core *core)
{
	struct sim_clock *clock = &core->clock;

	clock->off += ((s64)sim_random_normal(&core->walk_state) *
		       clock->walk_ppb * SIM_WALK_ROOT_Q16) >> 16;
	clock->next += SIM_WALK_NS;
	core->chip.faults.clock_ppb = clock->skew_ppb + (clock->off >> 16);
}

/**
 * sim_core_set_clock - take over what was written to &sim_core.clock
 * @core:	chip, locked; its walk begins anew
 */
void sim_core_set_clock(struct sim_core *core)
{
	struct sim_clock *clock = &core->clock;

	clock->off = 0;
	clock->next = clock->walk_ppb ? sim_raw_ns() + SIM_WALK_NS : SIM_NEVER;
	core->chip.faults.clock_ppb = clock->skew_ppb;
}

/**
 * sim_core_seed - let chance begin anew
 * @core:	chip, locked
 * @seed:	what it begins with
 */
void sim_core_seed(struct sim_core *core, u32 seed)
{
	core->seed = seed;
	core->late_state = seed;
	core->walk_state = ~(u64)seed;
}

/* The model sees each of its own events at the exact instant. */
static void sim_core_advance(struct sim_core *core, s64 now)
{
	s64 next;

	if (!core->powered)
		return;

	while ((next = min(core->next, core->clock.next)) <= now) {
		sim_core_step(core, next);
		if (next == core->clock.next)
			sim_core_walk(core);
	}
	sim_core_step(core, now);
}

static void sim_core_arm(struct sim_core *core)
{
	if (core->powered && core->next != SIM_NEVER)
		hrtimer_start(&core->timer, sim_raw_to_mono(core->next),
			      HRTIMER_MODE_ABS_HARD);
}

static enum hrtimer_restart sim_core_expire(struct hrtimer *timer)
{
	struct sim_core *core = container_of(timer, struct sim_core, timer);

	guard(raw_spinlock_irqsave)(&core->lock);

	/* Before its time when the clocks have drifted: then only rearmed. */
	sim_core_advance(core, sim_raw_ns());
	sim_core_arm(core);

	return HRTIMER_NORESTART;
}

/**
 * sim_core_sync - bring the model to the present
 * @core:	chip, locked
 *
 * Return: the present
 */
s64 sim_core_sync(struct sim_core *core)
{
	s64 now;

	lockdep_assert_held(&core->lock);

	now = sim_raw_ns();
	sim_core_advance(core, now);

	return now;
}

/**
 * sim_core_settle - let the consequences of what was done at @now show
 * @core:	chip, locked
 * @now:	instant sim_core_sync() gave
 */
void sim_core_settle(struct sim_core *core, s64 now)
{
	lockdep_assert_held(&core->lock);

	if (core->powered)
		sim_core_step(core, now);
	sim_core_arm(core);
}

s64 sim_core_transfer_ns(struct sim_core *core, s64 computed_ns)
{
	s64 scripted = READ_ONCE(core->transfer_ns);

	return scripted == SIM_TRANSFER_COMPUTED ? computed_ns : scripted;
}

/* Bytes, the address included, that the script lets the chip acknowledge. */
static u32 sim_core_nack(struct sim_core *core, const struct i2c_msg *msg)
{
	struct sim_faults *faults = &core->chip.faults;

	/* The controller acknowledges the data of a read, not the chip. */
	if (!faults->nack || faults->nack_at > msg->len ||
	    (faults->nack_at && (msg->flags & I2C_M_RD)))
		return U32_MAX;

	faults->nack--;
	return faults->nack_at;
}

/**
 * sim_core_i2c_listens - would the chip acknowledge its address now?
 * @core:	chip
 */
bool sim_core_i2c_listens(struct sim_core *core)
{
	s64 now;

	guard(raw_spinlock_irqsave)(&core->lock);

	now = sim_core_sync(core);

	return core->powered &&
	       core->board->ops->i2c_write(&core->chip, now, NULL, 0) >= 0;
}

/**
 * sim_core_i2c - one message on the I2C bus
 * @core:	chip it goes to
 * @msg:	message
 *
 * Return: 0, -ENXIO when the address and -EIO when a byte of data was not
 *	   acknowledged
 */
int sim_core_i2c(struct sim_core *core, struct i2c_msg *msg)
{
	const struct sim_chip_ops *ops = core->board->ops;
	u32 allowed, len = msg->len;
	s64 now;
	int ret;

	guard(raw_spinlock_irqsave)(&core->lock);

	now = sim_core_sync(core);
	allowed = sim_core_nack(core, msg);
	if (!core->powered || !allowed)
		return -ENXIO;

	if (msg->flags & I2C_M_RD)
		ret = ops->i2c_read(&core->chip, now, msg->buf, len);
	else
		ret = ops->i2c_write(&core->chip, now, msg->buf,
				     min(len, allowed - 1));
	sim_core_settle(core, now);
	if (ret < 0)
		return ret;

	return ret == len ? 0 : -EIO;
}

/**
 * sim_core_spi_select - drive chip select
 * @core:	chip
 * @selected:	true when it is asserted
 */
void sim_core_spi_select(struct sim_core *core, bool selected)
{
	s64 now;

	guard(raw_spinlock_irqsave)(&core->lock);

	now = sim_core_sync(core);
	if (core->powered)
		core->board->ops->spi_select(&core->chip, now, selected);
	sim_core_settle(core, now);
}

/**
 * sim_core_spi_exchange - shift bytes
 * @core:	chip
 * @tx:		bytes to the chip or NULL
 * @rx:		bytes from the chip or NULL
 * @len:	number of bytes
 */
void sim_core_spi_exchange(struct sim_core *core, const u8 *tx, u8 *rx,
			   u32 len)
{
	s64 now;

	guard(raw_spinlock_irqsave)(&core->lock);

	now = sim_core_sync(core);
	if (core->powered)
		core->board->ops->spi_exchange(&core->chip, now, tx, rx, len);
	else if (rx)
		memset(rx, 0xff, len);
	sim_core_settle(core, now);
}

static int sim_core_power_on(struct sim_core *core, s64 now)
{
	int ret;

	ret = core->board->ops->init(&core->chip, now);
	if (ret)
		return ret;

	guard(raw_spinlock_irqsave)(&core->lock);

	core->powered = true;
	core->next = now + 1;
	sim_core_settle(core, sim_core_sync(core));

	return 0;
}

static void sim_core_power_off(struct sim_core *core)
{
	scoped_guard(raw_spinlock_irqsave, &core->lock) {
		if (!core->powered)
			return;

		core->powered = false;
		sim_core_lines(core, sim_raw_ns());
	}

	hrtimer_cancel(&core->timer);
	core->board->ops->exit(&core->chip);
}

/**
 * sim_core_power_cycle - take the power from a chip for an instant
 * @core:	chip
 *
 * Return: 0 or -ENOMEM; the chip is dead then
 */
int sim_core_power_cycle(struct sim_core *core)
{
	guard(mutex)(&core->power);

	sim_core_power_off(core);
	return sim_core_power_on(core, sim_raw_ns());
}

static void sim_core_release(void *data)
{
	struct sim_core *core = data;

	sim_core_power_off(core);
	kvfree(core->late.ns);
}

static int sim_core_start(struct sim_core *core)
{
	unsigned int i;
	int ret;

	for (i = 0; i < core->board->ops->irq_lines; i++)
		core->lines[i].core = core;

	for (i = 0; i < core->board->ops->irq_lines; i++) {
		ret = sim_irq_create(core->dev, &core->lines[i]);
		if (ret)
			return ret;
	}

	ret = sim_core_power_on(core, sim_raw_ns() - SIM_POWERED_FOR_NS);
	if (ret)
		return ret;

	return devm_add_action_or_reset(core->dev, sim_core_release, core);
}

/**
 * sim_core_create - put a chip on the board and give it power
 * @dev:	the virtual hub
 * @board:	the chip
 * @root:	where its folder in debugfs goes
 */
struct sim_core *sim_core_create(struct device *dev,
				 const struct sim_board *board,
				 struct dentry *root)
{
	struct sim_core *core;
	int ret;

	core = devm_kzalloc(dev, sizeof(*core), GFP_KERNEL);
	if (!core)
		return ERR_PTR(-ENOMEM);

	core->chip.ops = board->ops;
	core->chip.core = core;
	core->board = board;
	core->i2c_addr = board->i2c_addr;
	core->dev = dev;
	core->transfer_ns = SIM_TRANSFER_COMPUTED;
	core->next = SIM_NEVER;
	core->clock.next = SIM_NEVER;
	sim_core_seed(core, 1);
	sim_fwnode_create(core);
	mutex_init(&core->power);
	raw_spin_lock_init(&core->lock);
	hrtimer_setup(&core->timer, sim_core_expire, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);

	ret = sim_truth_create(core);
	if (ret)
		return ERR_PTR(ret);

	ret = sim_core_start(core);
	if (ret)
		return ERR_PTR(ret);

	sim_debugfs_add(core, root);

	return core;
}
