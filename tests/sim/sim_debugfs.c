// SPDX-License-Identifier: GPL-2.0-only
/* The folder of a chip in debugfs: its scripted faults, and its truth log. */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sim_core.h"

enum sim_attr_id {
	SIM_CRC_ERROR,
	SIM_IRQ_LOST,
	SIM_IRQ_STUCK,
	SIM_NACK,
	SIM_NACK_AT,
	SIM_CLOCK_PPB,
	SIM_CLOCK_WALK_PPB,
	SIM_CLOCK_NOISE_NS,
	SIM_SEED,
	SIM_LOOK_NS,
	SIM_IRQ_EDGE,
	SIM_STATUS,
	SIM_SIGN_BYTE,
	SIM_VERSION,
	SIM_TRANSFER_NS,
	SIM_PEEK,
	SIM_RESET,
	SIM_TRUTH_LOST,
	SIM_TRUTH_CAPACITY,
	SIM_ATTRS,
};

static const struct {
	const char *name;
	umode_t mode;
	s64 min;
	s64 max;
} sim_attrs[SIM_ATTRS] = {
	[SIM_CRC_ERROR] = { "crc_error", 0600, 0, U32_MAX },
	[SIM_IRQ_LOST] = { "irq_lost", 0600, 0, U32_MAX },
	[SIM_IRQ_STUCK] = { "irq_stuck", 0600, 0, BIT(SIM_LINES) - 1 },
	[SIM_NACK] = { "nack", 0600, 0, U32_MAX },
	[SIM_NACK_AT] = { "nack_at", 0600, 0, U32_MAX },
	[SIM_CLOCK_PPB] = { "clock_ppb", 0600, -500000000, 500000000 },
	[SIM_CLOCK_WALK_PPB] = { "clock_walk_ppb", 0600, 0, 1000000 },
	[SIM_CLOCK_NOISE_NS] = { "clock_noise_ns", 0600, 0, 20000 },
	[SIM_SEED] = { "seed", 0600, 0, U32_MAX },
	[SIM_LOOK_NS] = { "look_ns", 0600, 0, 20 * NSEC_PER_MSEC },
	[SIM_IRQ_EDGE] = { "irq_edge", 0600, 0, 1 },
	[SIM_STATUS] = { "status", 0600, 0, U32_MAX },
	[SIM_SIGN_BYTE] = { "sign_byte", 0600, 0, U32_MAX },
	[SIM_VERSION] = { "version", 0600, 0, U8_MAX },
	[SIM_TRANSFER_NS] = { "transfer_ns", 0600, SIM_TRANSFER_COMPUTED,
			      10LL * NSEC_PER_SEC },
	[SIM_PEEK] = { "peek", 0600, 0, U32_MAX },
	[SIM_RESET] = { "reset", 0200, 1, 1 },
	[SIM_TRUTH_LOST] = { "truth_lost", 0400 },
	[SIM_TRUTH_CAPACITY] = { "truth_capacity", 0600, 1, 1 << 24 },
};

/**
 * struct sim_attr - one file
 * @core:	chip
 * @id:		what it shows
 */
struct sim_attr {
	struct sim_core *core;
	enum sim_attr_id id;
};

static s64 sim_attr_peek(struct sim_core *core)
{
	if (!core->powered || !core->board->ops->peek)
		return -1;

	return core->board->ops->peek(&core->chip, core->peek);
}

static s64 sim_attr_load(struct sim_core *core, enum sim_attr_id id)
{
	const struct sim_faults *faults = &core->chip.faults;

	switch (id) {
	case SIM_CRC_ERROR:
		return faults->crc_error;
	case SIM_IRQ_LOST:
		return faults->irq_lost;
	case SIM_IRQ_STUCK:
		return faults->irq_stuck;
	case SIM_NACK:
		return faults->nack;
	case SIM_NACK_AT:
		return faults->nack_at;
	case SIM_CLOCK_PPB:
		return core->clock.skew_ppb;
	case SIM_CLOCK_WALK_PPB:
		return core->clock.walk_ppb;
	case SIM_CLOCK_NOISE_NS:
		return core->clock.noise_ns;
	case SIM_SEED:
		return core->seed;
	case SIM_LOOK_NS:
		return faults->look_ns;
	case SIM_IRQ_EDGE:
		return sim_irq_is_edge(&core->lines[0]);
	case SIM_STATUS:
		return faults->status;
	case SIM_SIGN_BYTE:
		return faults->sign_byte;
	case SIM_VERSION:
		return faults->version;
	case SIM_TRANSFER_NS:
		return core->transfer_ns;
	case SIM_PEEK:
		return sim_attr_peek(core);
	case SIM_TRUTH_LOST:
		return core->truth.lost;
	default:
		return core->truth.capacity;
	}
}

static void sim_attr_store(struct sim_core *core, enum sim_attr_id id, s64 val)
{
	struct sim_faults *faults = &core->chip.faults;

	switch (id) {
	case SIM_CRC_ERROR:
		faults->crc_error = val;
		break;
	case SIM_IRQ_LOST:
		faults->irq_lost = val;
		break;
	case SIM_IRQ_STUCK:
		faults->irq_stuck = val;
		break;
	case SIM_NACK:
		faults->nack = val;
		break;
	case SIM_NACK_AT:
		faults->nack_at = val;
		break;
	case SIM_CLOCK_PPB:
		core->clock.skew_ppb = val;
		sim_core_set_clock(core);
		break;
	case SIM_CLOCK_WALK_PPB:
		core->clock.walk_ppb = val;
		sim_core_set_clock(core);
		break;
	case SIM_CLOCK_NOISE_NS:
		core->clock.noise_ns = val;
		break;
	case SIM_SEED:
		sim_core_seed(core, val);
		break;
	case SIM_LOOK_NS:
		faults->look_ns = val;
		break;
	case SIM_IRQ_EDGE:
		sim_irq_declare_edge(&core->lines[0], val);
		break;
	case SIM_STATUS:
		faults->status = val;
		break;
	case SIM_SIGN_BYTE:
		faults->sign_byte = val;
		break;
	case SIM_VERSION:
		faults->version = val;
		break;
	case SIM_PEEK:
		core->peek = val;
		break;
	default:
		WRITE_ONCE(core->transfer_ns, val);
		break;
	}
}

static int sim_attr_get(void *data, u64 *val)
{
	struct sim_attr *attr = data;
	struct sim_core *core = attr->core;

	guard(raw_spinlock_irqsave)(&core->lock);

	sim_core_settle(core, sim_core_sync(core));
	*val = sim_attr_load(core, attr->id);

	return 0;
}

static int sim_attr_set(void *data, u64 val)
{
	struct sim_attr *attr = data;
	struct sim_core *core = attr->core;
	s64 now;

	if ((s64)val < sim_attrs[attr->id].min ||
	    (s64)val > sim_attrs[attr->id].max)
		return -ERANGE;
	if (attr->id == SIM_RESET)
		return sim_core_power_cycle(core);
	if (attr->id == SIM_TRUTH_CAPACITY)
		return sim_truth_resize(&core->truth, val);

	guard(raw_spinlock_irqsave)(&core->lock);

	/* A fault begins now, not at the last event. */
	now = sim_core_sync(core);
	sim_attr_store(core, attr->id, val);
	sim_core_settle(core, now);

	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(sim_attr_fops, sim_attr_get, sim_attr_set,
				"%lld\n");

static u32 sim_late_words(const char *text)
{
	u32 n = 0;

	for (text = skip_spaces(text); *text; text = skip_spaces(text)) {
		text += strcspn(text, " \t\n");
		n++;
	}

	return n;
}

static int sim_late_parse(char *text, struct sim_late *late)
{
	char *word;
	u32 i = 0;
	int ret;

	while ((word = strsep(&text, " \t\n"))) {
		if (!*word)
			continue;
		ret = kstrtos64(word, 0, &late->ns[i]);
		if (ret)
			return ret;
		if (late->ns[i++] < 0)
			return -ERANGE;
	}
	late->n = i;

	return 0;
}

static void sim_late_swap(struct sim_core *core, struct sim_late *late)
{
	guard(raw_spinlock_irqsave)(&core->lock);

	swap(core->late, *late);
}

static int sim_late_set(struct sim_core *core, char *text)
{
	struct sim_late late = {};
	int ret;

	late.ns = kvcalloc(sim_late_words(text) + 1, sizeof(*late.ns),
			   GFP_KERNEL);
	if (!late.ns)
		return -ENOMEM;

	ret = sim_late_parse(text, &late);
	if (!ret)
		sim_late_swap(core, &late);
	kvfree(late.ns);

	return ret;
}

/* The whole list comes in one write. */
static ssize_t sim_late_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *pos)
{
	char *text;
	int ret;

	if (*pos || count > SZ_256K)
		return -EFBIG;

	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);

	ret = sim_late_set(file->private_data, text);
	kfree(text);
	if (ret)
		return ret;

	*pos += count;
	return count;
}

static const struct file_operations sim_late_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = sim_late_write,
};

static int sim_profile_show(struct seq_file *file, void *unused)
{
	struct sim_core *core = file->private;

	seq_printf(file, "%s\n", sim_profile_names[READ_ONCE(core->profile)]);
	return 0;
}

static int sim_profile_open(struct inode *inode, struct file *file)
{
	return single_open(file, sim_profile_show, inode->i_private);
}

/* The lateness begins anew, with the same seed. */
static void sim_profile_set(struct sim_core *core, enum sim_profile profile)
{
	guard(raw_spinlock_irqsave)(&core->lock);

	WRITE_ONCE(core->profile, profile);
	core->late_state = core->seed;
}

static ssize_t sim_profile_write(struct file *file, const char __user *buf,
				 size_t count, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	char text[16] = {};
	int profile;

	if (*pos || count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;

	profile = sysfs_match_string(sim_profile_names, text);
	if (profile < 0)
		return profile;

	sim_profile_set(seq->private, profile);
	*pos += count;
	return count;
}

static const struct file_operations sim_profile_fops = {
	.owner = THIS_MODULE,
	.open = sim_profile_open,
	.read = seq_read,
	.write = sim_profile_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * sim_debugfs_add - make the folder of a chip
 * @core:	chip
 * @root:	where it goes
 *
 * Nothing is undone here: the hub removes @root, and no file is open then,
 * because an open one holds the module.
 */
void sim_debugfs_add(struct sim_core *core, struct dentry *root)
{
	struct sim_attr *attrs;
	unsigned int i;

	attrs = devm_kcalloc(core->dev, SIM_ATTRS, sizeof(*attrs), GFP_KERNEL);
	if (!attrs)
		return;

	core->dir = debugfs_create_dir(sim_board_name(core->board), root);
	for (i = 0; i < SIM_ATTRS; i++) {
		attrs[i].core = core;
		attrs[i].id = i;
		debugfs_create_file_unsafe(sim_attrs[i].name, sim_attrs[i].mode,
					   core->dir, &attrs[i],
					   &sim_attr_fops);
	}
	sim_bus_add_debugfs(core);
	sim_fwnode_add_debugfs(core);
	debugfs_create_file("truth", 0400, core->dir, &core->truth,
			    &sim_truth_fops);
	if (core->readings.names)
		debugfs_create_file("readings", 0400, core->dir,
				    &core->readings, &sim_truth_fops);
	if (core->board->i2c_addr)
		debugfs_create_u16("i2c_addr", 0600, core->dir,
				   &core->i2c_addr);
	debugfs_create_file("irq_late_ns", 0200, core->dir, core,
			    &sim_late_fops);
	debugfs_create_file("irq_profile", 0600, core->dir, core,
			    &sim_profile_fops);
}
