// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt lines of the virtual hub: level low, as the chips have them.
 * While a line is active and not masked the interrupt comes, and comes again.
 * Plain descriptors, no domain: stock kernels lack CONFIG_IRQ_SIM and User-Mode
 * Linux has few interrupts.
 */
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/irq.h>

#include "sim_core.h"

/*
 * A handler that returns with the line still active is called again after
 * this; in virtual time the interrupt would otherwise repeat in one instant.
 */
#define SIM_IRQ_AGAIN_NS	1000

static void sim_line_arm(struct sim_line *line)
{
	if (line->active && !line->masked)
		hrtimer_start(&line->timer, sim_raw_to_mono(line->due),
			      HRTIMER_MODE_ABS_HARD);
}

static bool sim_line_fires(struct sim_line *line)
{
	guard(raw_spinlock_irqsave)(&line->lock);

	if (!line->active || line->masked)
		return false;
	if (sim_raw_ns() >= line->due)
		return true;

	sim_line_arm(line);
	return false;
}

static enum hrtimer_restart sim_line_expire(struct hrtimer *timer)
{
	struct sim_line *line = container_of(timer, struct sim_line, timer);

	if (sim_line_fires(line))
		generic_handle_irq(line->irq);

	return HRTIMER_NORESTART;
}

static void sim_irq_mask(struct irq_data *data)
{
	struct sim_line *line = irq_data_get_irq_chip_data(data);

	guard(raw_spinlock_irqsave)(&line->lock);

	line->masked = true;
}

static void sim_irq_unmask(struct irq_data *data)
{
	struct sim_line *line = irq_data_get_irq_chip_data(data);

	guard(raw_spinlock_irqsave)(&line->lock);

	line->masked = false;
	line->due = max(line->due, sim_raw_ns() + SIM_IRQ_AGAIN_NS);
	sim_line_arm(line);
}

static int sim_irq_set_type(struct irq_data *data, unsigned int type)
{
	return type == IRQ_TYPE_LEVEL_LOW ? 0 : -EINVAL;
}

/**
 * sim_irq_declare_edge - say what a wrong device tree would say of a line
 * @line:	line
 * @edge:	that it gives edges; else the truth
 *
 * The line goes on as it is.
 */
void sim_irq_declare_edge(const struct sim_line *line, bool edge)
{
	if (line->irq)
		irqd_set_trigger_type(irq_get_irq_data(line->irq), edge ?
				      IRQ_TYPE_EDGE_FALLING : IRQ_TYPE_LEVEL_LOW);
}

/**
 * sim_irq_is_edge - what is said of a line
 * @line:	line
 */
bool sim_irq_is_edge(const struct sim_line *line)
{
	return line->irq &&
	       irq_get_trigger_type(line->irq) == IRQ_TYPE_EDGE_FALLING;
}

static struct irq_chip sim_irq_chip = {
	.name = "cityhub-sim",
	.irq_mask = sim_irq_mask,
	.irq_unmask = sim_irq_unmask,
	.irq_set_type = sim_irq_set_type,
};

/**
 * sim_irq_level - drive a line
 * @line:	line; one that is not connected is left alone
 * @active:	true is low
 * @due:	raw instant from which the interrupt may be seen
 */
void sim_irq_level(struct sim_line *line, bool active, s64 due)
{
	if (!line->irq)
		return;

	guard(raw_spinlock_irqsave)(&line->lock);

	line->active = active;
	line->due = due;
	sim_line_arm(line);
}

static void sim_irq_release(void *data)
{
	struct sim_line *line = data;

	hrtimer_cancel(&line->timer);
	irq_set_chip_and_handler(line->irq, NULL, NULL);
}

/**
 * sim_irq_create - connect a line to an interrupt
 * @dev:	owner
 * @line:	line
 */
int sim_irq_create(struct device *dev, struct sim_line *line)
{
	int irq;

	/*
	 * Owned by no module: a requested interrupt would hold this one, and
	 * unloading it is how all chips are unplugged at once.
	 */
	irq = __devm_irq_alloc_descs(dev, -1, 1, 1, NUMA_NO_NODE, NULL, NULL);
	if (irq < 0)
		return dev_err_probe(dev, irq, "no free interrupt number\n");

	raw_spin_lock_init(&line->lock);
	line->masked = true;
	hrtimer_setup(&line->timer, sim_line_expire, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);

	irq_set_chip_data(irq, line);
	irq_set_chip_and_handler(irq, &sim_irq_chip, handle_level_irq);
	irq_modify_status(irq, IRQ_NOREQUEST | IRQ_NOAUTOEN, IRQ_NOPROBE);
	irqd_set_trigger_type(irq_get_irq_data(irq), IRQ_TYPE_LEVEL_LOW);
	line->irq = irq;

	return devm_add_action_or_reset(dev, sim_irq_release, line);
}
