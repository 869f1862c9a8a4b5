/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_BUILD_BUG_H
#define _CITYHUB_SHIM_BUILD_BUG_H

#include <assert.h>

#endif /* _CITYHUB_SHIM_BUILD_BUG_H */
