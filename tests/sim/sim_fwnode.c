// SPDX-License-Identifier: GPL-2.0-only
/*
 * What firmware says of a chip of the virtual hub: its interrupts by name, and
 * properties that a test writes. Drivers read them when they bind.
 */
#include <linux/debugfs.h>
#include <linux/fwnode.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sim_core.h"

#define SIM_PROPERTIES_LEN	1024

static const char * const sim_irq_names[SIM_LINES] = { "irq0", "irq1" };

static struct sim_core *sim_fwnode_core(const struct fwnode_handle *fwnode)
{
	return container_of(fwnode, struct sim_core, fwnode);
}

/* The text is "name=value" lines, each ended by a 0 in place of its newline. */
static const char *sim_property(const struct fwnode_handle *fwnode,
				const char *name)
{
	const struct sim_core *core = sim_fwnode_core(fwnode);
	const char *line = core->properties;
	size_t len = strlen(name);

	while (line && *line) {
		if (!strncmp(line, name, len) && line[len] == '=')
			return line + len + 1;
		line += strlen(line) + 1;
	}

	return NULL;
}

static bool sim_has_irq_names(const struct fwnode_handle *fwnode,
			      const char *name)
{
	return !strcmp(name, "interrupt-names") &&
	       sim_fwnode_core(fwnode)->lines[0].irq;
}

static bool sim_property_present(const struct fwnode_handle *fwnode,
				 const char *name)
{
	return sim_has_irq_names(fwnode, name) || sim_property(fwnode, name);
}

static int sim_property_ints(const struct fwnode_handle *fwnode,
			     const char *name, unsigned int size, void *val,
			     size_t n)
{
	const char *text = sim_property(fwnode, name);

	if (!text || size != sizeof(u32))
		return -EINVAL;
	if (!val)
		return 1;

	return n == 1 ? kstrtou32(text, 0, val) : -EOVERFLOW;
}

static int sim_property_strings(const struct fwnode_handle *fwnode,
				const char *name, const char **val, size_t n)
{
	const struct sim_core *core = sim_fwnode_core(fwnode);
	const char *text = sim_property(fwnode, name);
	size_t i, count = 1;

	if (sim_has_irq_names(fwnode, name))
		count = core->board->ops->irq_lines;
	else if (!text)
		return -EINVAL;
	if (!val)
		return count;

	n = min(n, count);
	for (i = 0; i < n; i++)
		val[i] = text ?: sim_irq_names[i];
	return n;
}

static int sim_fwnode_irq(const struct fwnode_handle *fwnode,
			  unsigned int index)
{
	const struct sim_core *core = sim_fwnode_core(fwnode);

	if (index >= core->board->ops->irq_lines || !core->lines[index].irq)
		return -EINVAL;

	return core->lines[index].irq;
}

static const struct fwnode_operations sim_fwnode_ops = {
	.property_present = sim_property_present,
	.property_read_int_array = sim_property_ints,
	.property_read_string_array = sim_property_strings,
	.irq_get = sim_fwnode_irq,
};

/* What is written after an open takes the place of what was there before. */
static ssize_t sim_properties_write(struct file *file, const char __user *buf,
				    size_t count, loff_t *pos)
{
	struct sim_core *core = file->private_data;
	size_t before = *pos;
	char *text;

	if (count > SIM_PROPERTIES_LEN - before)
		return -EFBIG;

	/* Two 0 more: an empty line ends the list. */
	text = devm_kzalloc(core->dev, before + count + 2, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (before)
		memcpy(text, core->properties, before);
	if (copy_from_user(text + before, buf, count)) {
		devm_kfree(core->dev, text);
		return -EFAULT;
	}

	strreplace(text + before, '\n', '\0');
	/* The old text stays: a driver may hold strings of it. */
	core->properties = text;
	*pos += count;
	return count;
}

static const struct file_operations sim_properties_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = sim_properties_write,
};

/**
 * sim_fwnode_create - let firmware know a chip
 * @core:	chip
 */
void sim_fwnode_create(struct sim_core *core)
{
	fwnode_init(&core->fwnode, &sim_fwnode_ops);
}

/**
 * sim_fwnode_add_debugfs - where a test writes properties
 * @core:	chip, its folder is there
 */
void sim_fwnode_add_debugfs(struct sim_core *core)
{
	debugfs_create_file("properties", 0200, core->dir, core,
			    &sim_properties_fops);
}
