/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_SLAB_H
#define _CITYHUB_SHIM_SLAB_H

#include <stdlib.h>

#define GFP_KERNEL		0
#define kzalloc(size, flags)	calloc(1, (size))
#define kfree(p)		free(p)

#endif /* _CITYHUB_SHIM_SLAB_H */
