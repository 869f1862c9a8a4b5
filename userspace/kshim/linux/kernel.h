/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_KERNEL_H
#define _CITYHUB_SHIM_KERNEL_H

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

#endif /* _CITYHUB_SHIM_KERNEL_H */
