/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_BASE_CLOCK_H
#define _CITYHUB_BASE_CLOCK_H

#include <linux/types.h>

s64 cityhub_clock_offset(clockid_t clock, u32 *epoch);
u32 cityhub_clock_epoch(void);
bool cityhub_clock_steps(clockid_t clock);

#endif /* _CITYHUB_BASE_CLOCK_H */
