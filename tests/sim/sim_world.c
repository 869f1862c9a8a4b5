// SPDX-License-Identifier: GPL-2.0-only
/* The world the chips measure: a scenario in debugfs, played at any speed. */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "sim_core.h"
#include "sim_scenario.h"

#define SIM_SPEED_REAL		1000
#define SIM_SPEED_MAX		1000000
#define SIM_WRITE_CHUNK		256

/**
 * struct sim_world - the world
 * @lock:	guards all below; innermost, readers hold the lock of a chip
 * @scn:	scenario, NULL for the built-in one
 * @base_raw_ns: an instant
 * @base_scn_ns: and the time of the scenario at it
 * @speed_permille: speed since then
 */
static struct sim_world {
	raw_spinlock_t lock;
	struct sim_scenario *scn;
	s64 base_raw_ns;
	s64 base_scn_ns;
	u32 speed_permille;
} sim_world = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(sim_world.lock),
	.speed_permille = SIM_SPEED_REAL,
};

static s64 sim_world_time(s64 now)
{
	s64 passed = now - sim_world.base_raw_ns;

	lockdep_assert_held(&sim_world.lock);

	if (passed < 0)
		return sim_world.base_scn_ns;

	return sim_world.base_scn_ns +
	       mul_u64_u32_div(passed, sim_world.speed_permille,
			       SIM_SPEED_REAL);
}

/**
 * sim_world_get - what the world is like
 * @q:		quantity
 * @now:	raw instant
 * @value_micro: value in micro-units
 *
 * Return: true
 */
bool sim_world_get(enum sim_quantity q, s64 now, s64 *value_micro)
{
	s64 t_ns;

	guard(raw_spinlock_irqsave)(&sim_world.lock);

	t_ns = sim_world_time(now);
	if (!sim_world.scn ||
	    !sim_scenario_get(sim_world.scn, q, t_ns, value_micro))
		*value_micro = sim_default_get(q, t_ns);

	return true;
}

static void sim_world_restart(s64 scn_ns)
{
	lockdep_assert_held(&sim_world.lock);

	sim_world.base_raw_ns = sim_raw_ns();
	sim_world.base_scn_ns = scn_ns;
}

/* A new scenario begins at its beginning. */
static void sim_world_play(struct sim_scenario *scn)
{
	scoped_guard(raw_spinlock_irqsave, &sim_world.lock) {
		swap(sim_world.scn, scn);
		sim_world_restart(0);
	}

	sim_scenario_free(scn);
}

static int sim_scenario_open(struct inode *inode, struct file *file)
{
	return nonseekable_open(inode, file);
}

static int sim_scenario_check(const struct sim_csv *csv, int ret)
{
	if (ret == -EINVAL)
		pr_err("cityhub-sim: scenario, line %u: %s\n",
		       sim_csv_line(csv), sim_csv_error(csv));

	return ret;
}

static ssize_t sim_scenario_write(struct file *file, const char __user *buf,
				  size_t count, loff_t *pos)
{
	struct sim_csv *csv = file->private_data;
	char chunk[SIM_WRITE_CHUNK];
	size_t done, len;
	int ret;

	if (!csv && !*pos) {
		csv = sim_csv_new();
		file->private_data = csv;
	}
	if (!csv)
		return *pos ? -EBUSY : -ENOMEM;

	for (done = 0; done < count; done += len) {
		len = min(count - done, sizeof(chunk));
		if (copy_from_user(chunk, buf + done, len))
			return -EFAULT;
		ret = sim_csv_feed(csv, chunk, len);
		if (ret)
			return sim_scenario_check(csv, ret);
	}

	*pos += count;
	return count;
}

/*
 * The first close after a write takes the scenario into use, so that close()
 * can tell what is wrong; a shell closes duplicates before anything is written.
 */
static int sim_scenario_flush(struct file *file, fl_owner_t id)
{
	struct sim_csv *csv = file->private_data;
	struct sim_scenario *scn;
	int ret;

	if (!csv)
		return 0;

	scn = sim_csv_finish(csv);
	ret = sim_scenario_check(csv, PTR_ERR_OR_ZERO(scn));
	if (!ret)
		sim_world_play(scn);
	file->private_data = NULL;
	sim_csv_free(csv);

	return ret;
}

static const struct file_operations sim_scenario_fops = {
	.owner = THIS_MODULE,
	.open = sim_scenario_open,
	.write = sim_scenario_write,
	.flush = sim_scenario_flush,
};

static int sim_speed_get(void *data, u64 *val)
{
	guard(raw_spinlock_irqsave)(&sim_world.lock);

	*val = sim_world.speed_permille;

	return 0;
}

static int sim_speed_set(void *data, u64 val)
{
	if (val > SIM_SPEED_MAX)
		return -ERANGE;

	guard(raw_spinlock_irqsave)(&sim_world.lock);

	sim_world_restart(sim_world_time(sim_raw_ns()));
	sim_world.speed_permille = val;

	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(sim_speed_fops, sim_speed_get, sim_speed_set,
			 "%llu\n");

static ssize_t sim_start_write(struct file *file, const char __user *buf,
			       size_t count, loff_t *pos)
{
	guard(raw_spinlock_irqsave)(&sim_world.lock);

	sim_world_restart(0);

	return count;
}

static const struct file_operations sim_start_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = sim_start_write,
};

static void sim_now_value(struct seq_file *s, s64 micro)
{
	u64 size = abs(micro);
	u32 fraction;
	u64 whole;

	whole = div_u64_rem(size, 1000000, &fraction);
	seq_printf(s, ",%s%llu.%06u", micro < 0 ? "-" : "", whole, fraction);
}

static s64 sim_now_time(s64 now)
{
	guard(raw_spinlock_irqsave)(&sim_world.lock);

	return sim_world_time(now);
}

static int sim_now_show(struct seq_file *s, void *unused)
{
	s64 now = sim_raw_ns(), value;
	unsigned int q;
	u32 ns;
	u64 t;

	seq_puts(s, "t_s");
	for (q = 0; q < SIM_QUANTITIES; q++)
		seq_printf(s, ",%s", sim_quantity_names[q]);

	t = div_u64_rem(sim_now_time(now), NSEC_PER_SEC, &ns);
	seq_printf(s, "\n%llu.%09u", t, ns);
	for (q = 0; q < SIM_QUANTITIES; q++) {
		sim_world_get(q, now, &value);
		sim_now_value(s, value);
	}
	seq_putc(s, '\n');

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sim_now);

static void sim_world_release(void *unused)
{
	sim_scenario_free(sim_world.scn);
}

/**
 * sim_world_create - let the world begin
 * @dev:	the virtual hub
 * @root:	where its folder in debugfs goes
 */
int sim_world_create(struct device *dev, struct dentry *root)
{
	struct dentry *dir = debugfs_create_dir("world", root);

	scoped_guard(raw_spinlock_irqsave, &sim_world.lock)
		sim_world_restart(0);

	/* Not proxied: the proxy knows no flush. Open files hold the module. */
	debugfs_create_file_unsafe("scenario", 0200, dir, NULL,
				   &sim_scenario_fops);
	debugfs_create_file_unsafe("speed_permille", 0600, dir, NULL,
				   &sim_speed_fops);
	debugfs_create_file("start", 0200, dir, NULL, &sim_start_fops);
	debugfs_create_file("now", 0400, dir, NULL, &sim_now_fops);

	return devm_add_action_or_reset(dev, sim_world_release, NULL);
}
