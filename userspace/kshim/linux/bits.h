/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_BITS_H
#define _CITYHUB_SHIM_BITS_H

#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define GENMASK(h, l)	((~0UL >> (8 * sizeof(long) - 1 - (h))) & (~0UL << (l)))

#endif /* _CITYHUB_SHIM_BITS_H */
