// SPDX-License-Identifier: GPL-2.0-only
/*
 * While it is loaded each IIO device that is removed stays for a while between
 * the bus, which it has left, and its buffer, which is on still.
 */

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/iio/iio.h>
#include <linux/module.h>
#include <linux/notifier.h>

static unsigned int ms = 3000;
module_param(ms, uint, 0444);
MODULE_PARM_DESC(ms, "how long, in milliseconds");

static int vm_linger(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	if (action == BUS_NOTIFY_REMOVED_DEVICE)
		msleep(ms);

	return NOTIFY_DONE;
}

static struct notifier_block vm_linger_nb = {
	.notifier_call = vm_linger,
};

static int __init vm_linger_init(void)
{
	return bus_register_notifier(&iio_bus_type, &vm_linger_nb);
}
module_init(vm_linger_init);

static void __exit vm_linger_exit(void)
{
	bus_unregister_notifier(&iio_bus_type, &vm_linger_nb);
}
module_exit(vm_linger_exit);

MODULE_DESCRIPTION("Makes the removal of IIO devices slow");
MODULE_LICENSE("GPL");
