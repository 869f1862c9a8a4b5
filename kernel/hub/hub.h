/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of cityhub.ko share.
 *
 * Locks, outermost first:
 *
 *   device locks and the notifier lock of the IIO bus
 *   mlock of an IIO device (taken by the IIO core around set_trigger_state)
 *   genl_mutex
 *   cityhub_lock		captures, generation, sequence; and a barrier:
 *				who found a device on the IIO bus under it may
 *				use it until unlock, its removal waits
 *   cityhub_tick_lock (raw)	grid, slots, rings
 *   locks of cityhub-base (raw), of the subirqs and of the scheduler
 *
 * The order of the first three among themselves is not ours; under the two of
 * ours nothing takes any of them. No reference to an IIO device is kept after
 * cityhub_lock is dropped.
 */
#ifndef _CITYHUB_HUB_H
#define _CITYHUB_HUB_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <linux/cityhub.h>

#include <cityhub/member.h>

#include "grid_math.h"

#define CITYHUB_NAME_LEN	64

struct iio_dev;
struct netlink_ext_ack;
struct nlattr;

extern struct mutex cityhub_lock;
extern raw_spinlock_t cityhub_tick_lock;

/**
 * struct cityhub_tick - a tick, of the grid or in the ring of a slot
 * @number:	k of the grid
 * @due_ns:	when it was due, UTC
 * @fire_ns:	when it fired, CLOCK_MONOTONIC
 * @done_ns:	when the member had served it, CLOCK_MONOTONIC, or 0
 * @generation:	capture it belongs to, or 0
 * @overrun:	the member was still at work and never saw it
 */
struct cityhub_tick {
	u64 number;
	s64 due_ns;
	s64 fire_ns;
	s64 done_ns;
	u32 generation;
	bool overrun;
};

/**
 * struct cityhub_tick_counts - what became of the ticks of a slot
 * @fired:	ticks for the member, done + overrun + aborted (+ 1 at work)
 * @done:	ticks it served
 * @overrun:	ticks that came while it was at work
 * @aborted:	ticks it never finished because it was switched off
 * @gated:	ticks kept from it by the gate
 */
struct cityhub_tick_counts {
	u64 fired;
	u64 done;
	u64 overrun;
	u64 aborted;
	u64 gated;
};

/**
 * struct cityhub_slot_view - state of a slot
 * @on:		a primed member uses it
 * @gate:	gate
 * @generation:	capture its member is in, or 0
 * @count:	counters
 */
struct cityhub_slot_view {
	bool on;
	enum cityhub_gate gate;
	u32 generation;
	struct cityhub_tick_counts count;
};

/**
 * struct cityhub_grid_config - the grid as a user set it
 * @period_ns:	period
 * @phase_ns:	when ticks are due, modulo the period
 * @clock:	clock the grid is in
 */
struct cityhub_grid_config {
	u64 period_ns;
	u64 phase_ns;
	enum cityhub_hub_clock clock;
};

/**
 * struct cityhub_grid_view - state of the grid
 * @grid:	the grid
 * @config:	how it was set
 * @to_utc_ns:	UTC minus the clock of the grid
 */
struct cityhub_grid_view {
	struct cityhub_grid grid;
	struct cityhub_grid_config config;
	s64 to_utc_ns;
};

/**
 * struct cityhub_clocks - offsets of clocks to CLOCK_MONOTONIC
 * @instant_ns:	CLOCK_MONOTONIC when they were taken
 * @realtime_ns: of CLOCK_REALTIME
 * @boottime_ns: of CLOCK_BOOTTIME
 * @tai_ns:	of CLOCK_TAI
 * @raw_ns:	of CLOCK_MONOTONIC_RAW
 * @set_count:	grows whenever a clock is set
 */
struct cityhub_clocks {
	s64 instant_ns;
	s64 realtime_ns;
	s64 boottime_ns;
	s64 tai_ns;
	s64 raw_ns;
	u32 set_count;
};

/**
 * struct cityhub_start - where a capture starts; under cityhub_tick_lock
 * @node:	in the list of those that wait for their first tick
 * @generation:	the capture
 * @asked_ns:	UTC instant before which it must not start, 0 for none
 * @first_tick:	first tick; moves when the clock is set before it fires
 * @due_ns:	when it is due, UTC
 */
struct cityhub_start {
	struct list_head node;
	u32 generation;
	s64 asked_ns;
	u64 first_tick;
	s64 due_ns;
};

/* grid.c; those marked (locked) are called under cityhub_tick_lock */
int cityhub_grid_init(u64 period_ns);
void cityhub_grid_exit(void);
void cityhub_grid_kick(void);					/* (locked) */
s64 cityhub_grid_pick_start(struct cityhub_start *start);	/* (locked) */
void cityhub_grid_wait(struct cityhub_start *start);		/* (locked) */
bool cityhub_grid_last(u64 *tick);				/* (locked) */
void cityhub_grid_get(struct cityhub_grid_view *view);
void cityhub_grid_configure(const struct cityhub_grid_config *config);
bool cityhub_grid_clock_is_set(enum cityhub_hub_clock clock);
s64 cityhub_utc_offset(void);
void cityhub_clocks_get(struct cityhub_clocks *c);

/* sync.c; all under cityhub_lock but exit */
void cityhub_sync_set(u64 bound_ns, u64 valid_ns);
void cityhub_sync_clear(void);
bool cityhub_sync_get(u64 *bound_ns, u64 *left_ns);
void cityhub_sync_exit(void);

/* slots.c; of and get under cityhub_lock, new and del one at a time */
int cityhub_slots_init(unsigned int count);
void cityhub_slots_exit(void);
int cityhub_slot_new(unsigned int nr);
int cityhub_slot_del(unsigned int nr);
unsigned int cityhub_slots_count(void);
unsigned int cityhub_slots_on(void);
bool cityhub_slot_exists(unsigned int nr);
int cityhub_slot_of(const struct iio_dev *indio_dev);
void cityhub_slot_get(unsigned int nr, struct cityhub_slot_view *view);
bool cityhub_slots_overrun(unsigned int *nr);
bool cityhub_slot_read(unsigned int nr, u64 *index, struct cityhub_tick *tick);
bool cityhub_slots_fire(const struct cityhub_tick *tick);	/* (locked) */
bool cityhub_slot_is_on(unsigned int nr);			/* (locked) */
void cityhub_slot_open(unsigned int nr, u32 generation,
		       u64 first_tick);				/* (locked) */
void cityhub_slots_move(u32 generation, u64 first_tick);	/* (locked) */
void cityhub_slots_close(u32 generation);			/* (locked) */

/**
 * struct cityhub_member_view - state of a member
 * @id:		the N of iio:deviceN
 * @name:	name of the device
 * @label:	its label, "" when it has none
 * @slot:	its slot, negative for a free-running member
 * @primed:	its buffer is on
 * @gate:	its gate
 * @generation:	capture it is in, or 0
 * @reports:	its driver reports to cityhub-base, @stats is valid
 * @stats:	counters and stamp state
 * @ticks:	counters of its slot, valid when @slot is
 */
struct cityhub_member_view {
	u32 id;
	char name[CITYHUB_NAME_LEN];
	char label[CITYHUB_NAME_LEN];
	int slot;
	bool primed;
	enum cityhub_gate gate;
	u32 generation;
	bool reports;
	struct cityhub_member_stats stats;
	struct cityhub_tick_counts ticks;
};

/* members.c; all under cityhub_lock but init, exit, join and look */
int cityhub_members_init(void);
void cityhub_members_exit(void);
void cityhub_members_join(void);
void cityhub_members_look(bool soon);
struct iio_dev *cityhub_member_get(u32 id);
int cityhub_member_view(struct iio_dev *indio_dev,
			struct cityhub_member_view *view);
int cityhub_member_view_id(u32 id, struct cityhub_member_view *view);
int cityhub_member_next(u32 from, struct cityhub_member_view *view);
void cityhub_members_slot_changed(unsigned int nr, bool cut);
bool cityhub_slot_is_taken(unsigned int nr, const struct iio_dev *by_other_than);

/**
 * struct cityhub_arm - a request to arm
 * @start_ns:	UTC instant before which no sample passes, or 0
 * @start_attr:	attribute it came with, or NULL
 * @force:	also when the clock is not synchronised
 * @owner:	port of the socket it ends with, 0 for none
 * @n:		number of members
 * @id:		their ids
 * @attr:	attributes these came with
 * @dev:	their devices, while the request is worked on
 */
struct cityhub_arm {
	s64 start_ns;
	const struct nlattr *start_attr;
	bool force;
	u32 owner;
	unsigned int n;
	u32 id[CITYHUB_CAPTURE_MEMBERS_MAX];
	const struct nlattr *attr[CITYHUB_CAPTURE_MEMBERS_MAX];
	struct iio_dev *dev[CITYHUB_CAPTURE_MEMBERS_MAX];
};

/**
 * struct cityhub_capture - a capture
 * @node:	in the list of captures
 * @generation:	its number
 * @start:	where it starts
 * @owner:	port of the socket it ends with, 0 for none
 * @ticked:	@last_tick is valid
 * @last_tick:	newest tick fired when it was disarmed
 * @n:		number of members armed, less those removed since
 * @id:		their ids
 */
struct cityhub_capture {
	struct list_head node;
	u32 generation;
	struct cityhub_start start;
	u32 owner;
	bool ticked;
	u64 last_tick;
	unsigned int n;
	u32 id[CITYHUB_CAPTURE_MEMBERS_MAX];
};

/* capture.c; all under cityhub_lock but exit */
extern struct list_head cityhub_captures;
extern enum cityhub_hub_policy cityhub_policy;

int cityhub_capture_arm(struct cityhub_arm *req,
			struct cityhub_capture **capture,
			struct netlink_ext_ack *extack);
struct cityhub_capture *cityhub_capture_find(u32 generation);
void cityhub_capture_start(const struct cityhub_capture *c, u64 *first_tick,
			   s64 *due_ns);
void cityhub_capture_disarm(struct cityhub_capture *c);
void cityhub_capture_drop(u32 id);
void cityhub_captures_exit(void);

/* netlink.c */
int cityhub_netlink_init(void);
void cityhub_netlink_exit(void);

/* nl_event.c; all under cityhub_lock */
void cityhub_notify_hub(void);
void cityhub_notify_member(u32 id);
void cityhub_notify_member_del(u32 id);
void cityhub_notify_fault(const struct cityhub_member_view *m, u32 kinds);

#endif /* _CITYHUB_HUB_H */
