// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/time64.h>

#include "hub.h"

#define PERIOD_MIN_NS	NSEC_PER_MSEC
#define PERIOD_MAX_NS	(3600ULL * NSEC_PER_SEC)

static unsigned int slots = 8;
module_param(slots, uint, 0444);
MODULE_PARM_DESC(slots, "number of triggers to begin with, 0 to 64 (default 8)");

static unsigned long long period_ns = NSEC_PER_SEC;
module_param(period_ns, ullong, 0444);
MODULE_PARM_DESC(period_ns, "period of the grid in ns, 1 ms to 1 h (default 1 s)");

static int check_parameters(void)
{
	if (slots > CITYHUB_SLOTS_MAX) {
		pr_err("slots=%u: must be 0 to %u\n", slots, CITYHUB_SLOTS_MAX);
		return -EINVAL;
	}
	if (period_ns < PERIOD_MIN_NS || period_ns > PERIOD_MAX_NS) {
		pr_err("period_ns=%llu: must be 1000000 (1 ms) to 3600000000000 (1 h)\n",
		       period_ns);
		return -EINVAL;
	}
	return 0;
}

/* In the order of need: what comes later uses what came before. */
static int hub_start(void)
{
	int ret;

	ret = cityhub_members_init();
	if (ret)
		return ret;

	ret = cityhub_slots_init(slots);
	if (ret) {
		cityhub_members_exit();
		return ret;
	}

	ret = cityhub_netlink_init();
	if (ret) {
		cityhub_slots_exit();
		cityhub_members_exit();
	}
	return ret;
}

static int __init hub_init(void)
{
	int ret;

	ret = check_parameters();
	if (ret)
		return ret;

	ret = cityhub_grid_init(period_ns);
	if (ret)
		return ret;

	ret = hub_start();
	if (ret)
		cityhub_grid_exit();
	return ret;
}
module_init(hub_init);

static void __exit hub_exit(void)
{
	cityhub_netlink_exit();
	cityhub_slots_exit();
	cityhub_members_exit();
	cityhub_captures_exit();
	cityhub_grid_exit();
	cityhub_sync_exit();
}
module_exit(hub_exit);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("cityhub: one tick, one arm and one picture for many IIO devices");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CITYHUB");
