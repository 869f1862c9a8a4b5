/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the bus files of i2c drivers on kernels whose .probe takes two
 * arguments: their one-argument .probe is the .probe_new of these.
 */
#include <linux/i2c.h>

#define probe probe_new
