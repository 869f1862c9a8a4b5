/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_POLL_H
#define _CITYHUB_POLL_H

#include <linux/sched.h>
#include <linux/types.h>

/**
 * cityhub_poll_priority() - choose the priority of a thread that polls a chip
 * @fifo:	whether it has FIFO priority; false at first
 * @took_ns:	how long its last visit took, 0 at first
 * @period_ns:	how often it has to come
 *
 * A late wake-up costs accuracy, hence FIFO. But the lock of a bus goes to the
 * highest priority that waits for it: on a bus so slow that such threads fill
 * it, nobody else would get it again, not even the removal of a device.
 */
static inline void cityhub_poll_priority(bool *fifo, s64 took_ns, s64 period_ns)
{
	bool fast = took_ns < period_ns / 4;

	if (*fifo == fast)
		return;

	*fifo = fast;
	if (fast)
		sched_set_fifo_low(current);
	else
		sched_set_normal(current, 0);
}

#endif /* _CITYHUB_POLL_H */
