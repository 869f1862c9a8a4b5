/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt lines of chips that hold them until they are served. */
#ifndef _CITYHUB_IRQ_H
#define _CITYHUB_IRQ_H

#include <linux/dev_printk.h>
#include <linux/errno.h>
#include <linux/irq.h>

/**
 * cityhub_irq_require_level() - refuse an interrupt that is not a level
 * @dev:	device, for the message
 * @irq:	interrupt
 *
 * A level that is IRQF_ONESHOT stays masked until its thread is done, so that
 * the instant the hard handler leaves for the thread is that of one interrupt
 * and not written again while the thread reads it. With an edge neither holds,
 * and a line the chip still holds gives no further edge.
 *
 * Return: 0 or -EINVAL.
 */
static inline int cityhub_irq_require_level(struct device *dev, int irq)
{
	if (irq_get_trigger_type(irq) & IRQ_TYPE_LEVEL_MASK)
		return 0;

	return dev_err_probe(dev, -EINVAL,
			     "interrupt %d must be level-triggered: the chip holds its line until it is served\n",
			     irq);
}

#endif /* _CITYHUB_IRQ_H */
