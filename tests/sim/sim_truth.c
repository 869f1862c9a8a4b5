// SPDX-License-Identifier: GPL-2.0-only
/*
 * The truth log of a chip: what it measured and at which instant. One writer
 * under the lock of the chip, one reader under its mutex; text is made on read.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "sim_core.h"

#define SIM_TRUTH_CAPACITY	65536
#define SIM_READINGS_CAPACITY	4096
#define SIM_TRUTH_LINE		512

static s64 *sim_truth_slot(struct sim_truth *truth,
			   unsigned long index)
{
	return &truth->slots[index % truth->capacity * (1 + truth->columns)];
}

static void sim_truth_add(struct sim_truth *truth, s64 t_raw_ns,
			  const s64 *values)
{
	s64 *slot;

	/* Pairs with the release of a slot in sim_truth_consume(). */
	if (truth->head - smp_load_acquire(&truth->tail) >= truth->capacity) {
		truth->lost++;
		return;
	}

	slot = sim_truth_slot(truth, truth->head);
	slot[0] = t_raw_ns;
	memcpy(slot + 1, values, truth->columns * sizeof(*values));
	/* The record is complete before sim_truth_next() sees it. */
	smp_store_release(&truth->head, truth->head + 1);
}

/**
 * sim_truth - note a sample
 * @chip:	chip that took it, locked
 * @t_raw_ns:	instant it was taken
 * @values:	one value for each of its truth columns
 */
void sim_truth(struct sim_chip *chip, s64 t_raw_ns, const s64 *values)
{
	struct sim_core *core = chip->core;

	sim_truth_add(&core->truth, t_raw_ns + sim_core_noise_ns(core, t_raw_ns),
		      values);
}

/**
 * sim_reading - note results the host is fetching
 * @chip:	chip that gives them, locked
 * @t_raw_ns:	instant from which they are
 * @values:	one value for each of its reading columns
 */
void sim_reading(struct sim_chip *chip, s64 t_raw_ns, const s64 *values)
{
	struct sim_core *core = chip->core;

	sim_truth_add(&core->readings, t_raw_ns, values);
}

static size_t sim_truth_format(struct sim_truth *truth, char *line)
{
	const s64 *slot = sim_truth_slot(truth, truth->tail);
	size_t len = 0;
	u32 i;

	for (i = 0; i <= truth->columns; i++)
		len += scnprintf(line + len, SIM_TRUTH_LINE - len, "%s%lld",
				 i ? "," : "", slot[i]);
	len += scnprintf(line + len, SIM_TRUTH_LINE - len, "\n");

	return len;
}

/**
 * struct sim_truth_reader - one open file
 * @truth:	log
 * @header:	the header is still to be given
 * @end:	records up to here are given before the file ends
 */
struct sim_truth_reader {
	struct sim_truth *truth;
	bool header;
	unsigned long end;
};

/* What happened up to now is in the log, whatever the timer does. */
static void sim_truth_extend(struct sim_truth_reader *r)
{
	struct sim_core *core = r->truth->core;

	guard(raw_spinlock_irqsave)(&core->lock);

	sim_core_settle(core, sim_core_sync(core));
	r->end = r->truth->head;
}

static int sim_truth_open(struct inode *inode, struct file *file)
{
	struct sim_truth_reader *r;

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;

	r->truth = inode->i_private;
	r->header = true;
	sim_truth_extend(r);
	file->private_data = r;

	return nonseekable_open(inode, file);
}

static size_t sim_truth_next(struct sim_truth_reader *r, char *line)
{
	struct sim_truth *truth = r->truth;

	if (r->header)
		return scnprintf(line, SIM_TRUTH_LINE, "# t_raw_ns,%s\n",
				 truth->names);
	/* Pairs with the release of a record in sim_truth(). */
	if (truth->tail >= min(r->end, smp_load_acquire(&truth->head)))
		return 0;

	return sim_truth_format(truth, line);
}

static void sim_truth_consume(struct sim_truth_reader *r)
{
	struct sim_truth *truth = r->truth;

	if (r->header) {
		r->header = false;
		return;
	}

	/* The slot was read before sim_truth() may use it again. */
	smp_store_release(&truth->tail, truth->tail + 1);
}

/*
 * Whole lines only, so that nothing is lost between two readers. The file ends
 * with what was there when it was opened, or when it last ended: a fast chip
 * would never let it end otherwise.
 */
static ssize_t sim_truth_read(struct file *file, char __user *buf, size_t count,
			      loff_t *pos)
{
	struct sim_truth_reader *r = file->private_data;
	char line[SIM_TRUTH_LINE];
	size_t done = 0, len;

	guard(mutex)(&r->truth->reader);

	while ((len = sim_truth_next(r, line))) {
		if (len > count - done)
			return done ?: -EINVAL;
		if (copy_to_user(buf + done, line, len))
			return -EFAULT;
		sim_truth_consume(r);
		done += len;
	}

	if (!done)
		sim_truth_extend(r);

	return done;
}

static int sim_truth_close(struct inode *inode, struct file *file)
{
	kfree(file->private_data);

	return 0;
}

const struct file_operations sim_truth_fops = {
	.owner = THIS_MODULE,
	.open = sim_truth_open,
	.read = sim_truth_read,
	.release = sim_truth_close,
};

static void sim_truth_swap(struct sim_truth *truth, s64 **slots, u32 capacity)
{
	guard(raw_spinlock_irqsave)(&truth->core->lock);

	swap(truth->slots, *slots);
	truth->capacity = capacity;
	truth->head = 0;
	truth->tail = 0;
}

/**
 * sim_truth_resize - start an empty log of another size
 * @truth:	log
 * @capacity:	records to hold
 */
int sim_truth_resize(struct sim_truth *truth, u32 capacity)
{
	s64 *slots;

	if (!capacity)
		return -EINVAL;

	guard(mutex)(&truth->reader);

	slots = kvcalloc(capacity, (1 + truth->columns) * sizeof(*slots),
			 GFP_KERNEL);
	if (!slots)
		return -ENOMEM;

	sim_truth_swap(truth, &slots, capacity);
	kvfree(slots);

	return 0;
}

static void sim_truth_release(void *data)
{
	struct sim_truth *truth = data;

	kvfree(truth->slots);
}

static int sim_truth_init(struct sim_core *core, struct sim_truth *truth,
			  const char *names, u32 capacity)
{
	const char *c;
	int ret;

	truth->core = core;
	truth->names = names;
	mutex_init(&truth->reader);
	truth->columns = 1;
	for (c = names; *c; c++)
		truth->columns += *c == ',';

	ret = sim_truth_resize(truth, capacity);
	if (ret)
		return ret;

	return devm_add_action_or_reset(core->dev, sim_truth_release, truth);
}

/**
 * sim_truth_create - start the logs of a chip
 * @core:	chip
 */
int sim_truth_create(struct sim_core *core)
{
	const struct sim_chip_ops *ops = core->board->ops;
	int ret;

	ret = sim_truth_init(core, &core->truth, ops->truth_columns,
			     SIM_TRUTH_CAPACITY);
	if (ret || !ops->reading_columns)
		return ret;

	return sim_truth_init(core, &core->readings, ops->reading_columns,
			      SIM_READINGS_CAPACITY);
}
