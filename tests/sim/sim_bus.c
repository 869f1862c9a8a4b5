// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfers of a chip, counted, and the one that the script lets fail. A
 * transfer is what a driver hands to its bus as one: an i2c_transfer() or an
 * SPI message.
 */
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sim_core.h"

static const char * const sim_bus_fault_names[] = {
	[SIM_BUS_FINE] = "none",
	[SIM_BUS_NACK] = "nack",
	[SIM_BUS_REMOTE] = "remote",
	[SIM_BUS_IO] = "io",
	[SIM_BUS_TIMEOUT] = "timeout",
	[SIM_BUS_CORRUPT] = "corrupt",
};

/**
 * sim_bus_transfer - a transfer begins
 * @core:	chip it is for
 *
 * Return: what the script wants of it
 */
enum sim_bus_fault_kind sim_bus_transfer(struct sim_core *core)
{
	struct sim_bus *bus = &core->bus;

	guard(raw_spinlock_irqsave)(&core->lock);

	bus->transfers++;
	if (!bus->run)
		return SIM_BUS_FINE;
	if (bus->wait) {
		bus->wait--;
		return SIM_BUS_FINE;
	}

	bus->run--;
	return bus->kind;
}

/**
 * sim_bus_errno - the error of a transfer that fails
 * @kind:	how
 *
 * Return: 0 for one that succeeds, with the right data or without
 */
int sim_bus_errno(enum sim_bus_fault_kind kind)
{
	switch (kind) {
	case SIM_BUS_NACK:
		return -ENXIO;
	case SIM_BUS_REMOTE:
		return -EREMOTEIO;
	case SIM_BUS_IO:
		return -EIO;
	case SIM_BUS_TIMEOUT:
		return -ETIMEDOUT;
	default:
		return 0;
	}
}

static int sim_bus_fault_show(struct seq_file *file, void *unused)
{
	struct sim_core *core = file->private;
	struct sim_bus *bus = &core->bus;

	guard(raw_spinlock_irqsave)(&core->lock);

	if (bus->run)
		seq_printf(file, "%s %u %u\n", sim_bus_fault_names[bus->kind],
			   bus->wait + 1, bus->run);
	else
		seq_printf(file, "%s\n", sim_bus_fault_names[SIM_BUS_FINE]);

	return 0;
}

static int sim_bus_fault_open(struct inode *inode, struct file *file)
{
	return single_open(file, sim_bus_fault_show, inode->i_private);
}

/* "none", or "KIND N [RUN]": the Nth transfer from now, and so many in a row. */
static int sim_bus_fault_parse(const char *text, struct sim_bus *bus)
{
	u32 nth = 0, run = 1;
	char name[16];
	int kind, words;

	words = sscanf(text, "%15s %u %u", name, &nth, &run);
	if (words < 1)
		return -EINVAL;

	kind = match_string(sim_bus_fault_names,
			    ARRAY_SIZE(sim_bus_fault_names), name);
	if (kind < 0)
		return kind;
	if (kind == SIM_BUS_FINE)
		return 0;
	if (words < 2 || !nth || !run)
		return -EINVAL;

	bus->kind = kind;
	bus->wait = nth - 1;
	bus->run = run;
	return 0;
}

static ssize_t sim_bus_fault_write(struct file *file, const char __user *buf,
				   size_t count, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	struct sim_core *core = seq->private;
	struct sim_bus script = { };
	char text[48] = { };
	int ret;

	if (*pos || count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;

	ret = sim_bus_fault_parse(text, &script);
	if (ret)
		return ret;

	guard(raw_spinlock_irqsave)(&core->lock);

	script.transfers = core->bus.transfers;
	core->bus = script;
	*pos += count;
	return count;
}

static const struct file_operations sim_bus_fault_fops = {
	.owner = THIS_MODULE,
	.open = sim_bus_fault_open,
	.read = seq_read,
	.write = sim_bus_fault_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * sim_bus_add_debugfs - where a test scripts transfers and counts them
 * @core:	chip, its folder is there
 */
void sim_bus_add_debugfs(struct sim_core *core)
{
	debugfs_create_u32("bus_transfers", 0400, core->dir,
			   &core->bus.transfers);
	debugfs_create_file("bus_fault", 0600, core->dir, core,
			    &sim_bus_fault_fops);
}
