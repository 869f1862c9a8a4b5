// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual hub in a device tree: its buses are the nodes cityhub,sim-i2c and
 * cityhub,sim-spi, whose children are bound as on a board. Its lines are those
 * of the interrupt controller cityhub,sim-irq, whose cityhub,pins has the number
 * of each output, in the order of the list of chips.
 */
#include <linux/device.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/of.h>

#include "sim_core.h"

/* As many as a GPIO controller of the boards has. */
#define SIM_OF_PINS	64

static int sim_of_map(struct irq_domain *domain, unsigned int irq,
		      irq_hw_number_t hwirq)
{
	return 0;
}

static const struct irq_domain_ops sim_of_irq_ops = {
	.map = sim_of_map,
	.xlate = irq_domain_xlate_twocell,
};

static void sim_of_put(void *node)
{
	of_node_put(node);
}

/**
 * sim_of_node - the node of a bus
 * @dev:	the virtual hub, which holds it
 * @compatible:	what it is
 *
 * Return: the node, or NULL when there is none
 */
struct device_node *sim_of_node(struct device *dev, const char *compatible)
{
	struct device_node *node;

	node = of_find_compatible_node(NULL, NULL, compatible);
	if (node && devm_add_action_or_reset(dev, sim_of_put, node))
		return NULL;

	return node;
}

/**
 * sim_of_has_child - is there a chip in the tree?
 * @node:	bus, or NULL
 * @reg:	address or chip select
 */
bool sim_of_has_child(struct device_node *node, u32 reg)
{
	struct device_node *child;
	u32 value;

	for_each_available_child_of_node(node, child) {
		if (of_property_read_u32(child, "reg", &value) || value != reg)
			continue;
		of_node_put(child);
		return true;
	}

	return false;
}

/* The lines stay those of sim_irq.c; the domain only finds them. */
static void sim_of_remove_domain(void *domain)
{
	irq_domain_remove(domain);
}

/* Outputs of a chip, of which the first is the @first of all; how many. */
static int sim_of_chip_irqs(struct irq_domain *domain, struct device_node *node,
			    const struct sim_core *core, u32 first)
{
	u32 line, pin;
	int ret;

	for (line = 0; line < core->board->ops->irq_lines; line++) {
		ret = of_property_read_u32_index(node, "cityhub,pins",
						 first + line, &pin);
		if (ret)
			return ret;

		ret = irq_domain_associate(domain, core->lines[line].irq, pin);
		if (ret)
			return ret;
	}

	return line;
}

/**
 * sim_of_irqs - let the tree name the lines of the chips
 * @dev:	the virtual hub
 * @cores:	chips
 * @n:		number of chips
 */
int sim_of_irqs(struct device *dev, struct sim_core *const *cores, u32 n)
{
	struct device_node *node = sim_of_node(dev, "cityhub,sim-irq");
	struct irq_domain *domain;
	u32 i, first = 0;
	int ret;

	if (!node)
		return 0;

	domain = irq_domain_create_linear(of_fwnode_handle(node), SIM_OF_PINS,
					  &sim_of_irq_ops, NULL);
	if (!domain)
		return -ENOMEM;

	ret = devm_add_action_or_reset(dev, sim_of_remove_domain, domain);
	if (ret)
		return ret;

	for (i = 0; i < n; i++) {
		ret = sim_of_chip_irqs(domain, node, cores[i], first);
		if (ret < 0)
			return dev_err_probe(dev, ret, "%pOF: lines\n", node);
		first += ret;
	}

	return 0;
}
