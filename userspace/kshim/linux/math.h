/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_MATH_H
#define _CITYHUB_SHIM_MATH_H

#include <linux/types.h>
#include <stdlib.h>

/* As the kernel's: of any type, and not the function of stdlib.h. */
#define abs(x)	((x) < 0 ? -(x) : (x))

/* Floor of the root, bit by bit. */
static inline u32 int_sqrt64(u64 x)
{
	u64 root = 0;
	int bit;

	for (bit = 31; bit >= 0; bit--) {
		u64 more = root | 1ULL << bit;

		if (more * more <= x)
			root = more;
	}
	return root;
}

#endif /* _CITYHUB_SHIM_MATH_H */
