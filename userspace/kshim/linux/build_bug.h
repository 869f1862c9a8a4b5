/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_BUILD_BUG_H
#define _CITYHUB_SHIM_BUILD_BUG_H

#include <assert.h>

/* The kernel's needs no message, that of C11 does. */
#undef static_assert
#define static_assert(condition, ...) _Static_assert(condition, #condition)

#endif /* _CITYHUB_SHIM_BUILD_BUG_H */
