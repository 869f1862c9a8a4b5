/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_BITOPS_H
#define _CITYHUB_SHIM_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

static inline s64 sign_extend64(u64 value, int index)
{
	return (s64)(value << (63 - index)) >> (63 - index);
}

/* Number of the last bit that is set, from 1; 0 for 0. */
static inline int fls(u32 x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#endif /* _CITYHUB_SHIM_BITOPS_H */
