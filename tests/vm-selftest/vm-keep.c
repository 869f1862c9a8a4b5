// SPDX-License-Identifier: GPL-2.0-only
/*
 * While it is loaded the devices that QEMU shares with the test kernel stay
 * awake when the system suspends: the driver of the file system the test runs
 * from cannot be resumed, which would be the end of the test.
 */

#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>

static void vm_keep(bool awake)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = pci_get_device(PCI_VENDOR_ID_REDHAT_QUMRANET, PCI_ANY_ID,
				      pdev)))
		dev_pm_syscore_device(&pdev->dev, awake);
}

static int __init vm_keep_init(void)
{
	vm_keep(true);
	return 0;
}
module_init(vm_keep_init);

static void __exit vm_keep_exit(void)
{
	vm_keep(false);
}
module_exit(vm_keep_exit);

MODULE_DESCRIPTION("Keeps the shares of a test kernel awake over a suspend");
MODULE_LICENSE("GPL");
