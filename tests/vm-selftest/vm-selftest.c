// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does on load what a test kernel must notice, so that scripts/vm itself can
 * be tested.
 */

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "none, warn, oops, leak, overrun, shift, lock, sleep, object or stuck");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);

static void bug_warn(void)
{
	WARN(1, "vm-selftest: planted");
}

static void bug_oops(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	*nowhere = 1;
}

static void bug_leak(void)
{
	char *lost = kmalloc(1000, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(lost);
}

static void bug_overrun(void)
{
	char *small = kmalloc(16, GFP_KERNEL);
	int at = 16;

	if (!small)
		return;
	OPTIMIZER_HIDE_VAR(at);
	small[at] = 1;
	kfree(small);
}

static void bug_shift(void)
{
	int by = 40, value = 1;

	OPTIMIZER_HIDE_VAR(by);
	value <<= by;
	OPTIMIZER_HIDE_VAR(value);
}

/* Both orders one after the other: no deadlock, but lockdep sees one. */
static void bug_lock(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

/* Nobody else has the mutex: it would not sleep, but might have. */
static void bug_sleep(void)
{
	spin_lock(&spin);
	mutex_lock(&first);
	mutex_unlock(&first);
	spin_unlock(&spin);
}

static void bug_timer_fn(struct timer_list *timer)
{
}

/* Freed while it runs. */
static void bug_object(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, bug_timer_fn, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
}

static void bug_stuck(void)
{
	__module_get(THIS_MODULE);
}

static const struct {
	const char *name;
	void (*make)(void);
} bugs[] = {
	{ "warn", bug_warn },
	{ "oops", bug_oops },
	{ "leak", bug_leak },
	{ "overrun", bug_overrun },
	{ "shift", bug_shift },
	{ "lock", bug_lock },
	{ "sleep", bug_sleep },
	{ "object", bug_object },
	{ "stuck", bug_stuck },
};

static int __init vm_selftest_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++)
		if (!strcmp(bug, bugs[i].name))
			bugs[i].make();
	return 0;
}
module_init(vm_selftest_init);

static void __exit vm_selftest_exit(void)
{
}
module_exit(vm_selftest_exit);

MODULE_DESCRIPTION("Planted bugs for the tests of scripts/vm");
MODULE_LICENSE("GPL");
