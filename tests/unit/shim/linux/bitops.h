/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_BITOPS_H
#define _CITYHUB_SHIM_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

static inline s64 sign_extend64(u64 value, int index)
{
	return (s64)(value << (63 - index)) >> (63 - index);
}

#endif /* _CITYHUB_SHIM_BITOPS_H */
