/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel types for kernel sources built into userspace programs and tests. */
#ifndef _CITYHUB_SHIM_TYPES_H
#define _CITYHUB_SHIM_TYPES_H

#include_next <linux/types.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#include <linux/limits.h>

#endif /* _CITYHUB_SHIM_TYPES_H */
