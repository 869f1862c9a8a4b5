/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcityhub: control of a cityhub sensor hub.
 *
 * Calls block until the kernel has answered and return 0 (or what they say)
 * or a negative error number; cityhub_error() has the reason in words. A
 * handle must not be used by two threads at a time; different handles are
 * independent. Reading needs no privilege, arm and disarm need CAP_NET_ADMIN.
 *
 * Errors that any call with a handle may return, besides those it names:
 *   -ENOENT	the kernel module cityhub is not loaded
 *   -EPERM	CAP_NET_ADMIN is missing
 *   -ENOMEM	out of memory
 *   -EPROTO	the kernel answered something that makes no sense
 *   -EINTR	a signal came while waiting
 *
 * Instants named fire, done, instant are CLOCK_MONOTONIC nanoseconds; due and
 * start are UTC nanoseconds since 1970.
 *
 * Structures are allocated by the library, but for struct cityhub_setting and
 * struct cityhub_joined: these are the caller's.
 */
#ifndef CITYHUB_CITYHUB_H
#define CITYHUB_CITYHUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <linux/cityhub.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define CITYHUB_NAME_LEN	64

struct cityhub;
struct cityhub_events;

/**
 * cityhub_open() - connect to the hub
 * @h:		set to the handle, which cityhub_close() ends; NULL on error
 *
 * Return: 0, -ENOENT when the module is not loaded, or another error number.
 */
int cityhub_open(struct cityhub **h);

/** cityhub_close() - end a handle; NULL is allowed */
void cityhub_close(struct cityhub *h);

/**
 * cityhub_error() - why the last call with this handle failed
 *
 * The text holds the reason the kernel gave, and the attribute and the member
 * that are to blame. Valid until the next call with the handle.
 */
const char *cityhub_error(const struct cityhub *h);

/**
 * struct cityhub_clock - offsets of clocks to CLOCK_MONOTONIC
 * @instant_ns:	CLOCK_MONOTONIC at which they were taken
 * @realtime_ns: CLOCK_REALTIME minus CLOCK_MONOTONIC
 * @boottime_ns: of CLOCK_BOOTTIME
 * @tai_ns:	of CLOCK_TAI
 * @raw_ns:	of CLOCK_MONOTONIC_RAW; the only one that drifts
 * @set_count:	grows whenever CLOCK_REALTIME or the TAI offset is set
 */
struct cityhub_clock {
	int64_t instant_ns;
	int64_t realtime_ns;
	int64_t boottime_ns;
	int64_t tai_ns;
	int64_t raw_ns;
	uint32_t set_count;
};

/**
 * cityhub_clock_offset() - what to take from an instant of a clock to get the
 * CLOCK_MONOTONIC one
 * @c:		offsets
 * @clock:	CLOCK_REALTIME, _MONOTONIC, _BOOTTIME, _TAI or _MONOTONIC_RAW
 * @offset_ns:	set to the offset
 *
 * Return: 0, or -EINVAL for another clock.
 */
int cityhub_clock_offset(const struct cityhub_clock *c, clockid_t clock,
			 int64_t *offset_ns);

/**
 * struct cityhub_capture - a capture in force
 * @generation:	its number, 1 or more
 * @first_tick:	its first tick
 * @start_ns:	when that is due
 * @n_members:	number of members that are in it
 * @member:	their ids, ascending order not promised
 */
struct cityhub_capture {
	uint32_t generation;
	uint64_t first_tick;
	int64_t start_ns;
	size_t n_members;
	uint32_t member[CITYHUB_CAPTURE_MEMBERS_MAX];
};

/**
 * struct cityhub_hub - state of the hub
 * @sequence:	grows by one with each event of the monitor
 * @period_ns:	period of the grid
 * @epoch_ns:	when tick 0 is (or was) due, in @grid_clock; negative when the
 *		clock was set back by more than its age
 * @slots:	number of triggers cityhub-N
 * @slots_on:	number of triggers in use
 * @has_last:	a tick has fired, @last_tick is valid
 * @last_tick:	newest tick fired
 * @next_tick:	tick to fire next
 * @next_due_ns: when it is due
 * @fired:	ticks fired since the module was loaded
 * @skipped:	ticks that could not fire in time
 * @realigned:	how often the clock was set in the middle of ticks
 * @clock:	clocks
 * @n_captures:	number of captures
 * @capture:	the captures
 * @phase_ns:	when ticks are due, modulo the period, in @grid_clock
 * @grid_clock:	clock of the grid
 * @policy:	what arm asks of the clock
 * @synchronised: UTC is known to @sync_bound_ns
 * @sync_bound_ns: largest error of CLOCK_REALTIME
 * @sync_left_ns: for how long that holds, if it is not said again
 * @fault_sequence: grows by one with each fault
 */
struct cityhub_hub {
	uint32_t sequence;
	uint64_t period_ns;
	int64_t epoch_ns;
	uint32_t slots;
	uint32_t slots_on;
	bool has_last;
	uint64_t last_tick;
	uint64_t next_tick;
	int64_t next_due_ns;
	uint64_t fired;
	uint64_t skipped;
	uint32_t realigned;
	struct cityhub_clock clock;
	size_t n_captures;
	struct cityhub_capture *capture;
	uint64_t phase_ns;
	enum cityhub_hub_clock grid_clock;
	enum cityhub_hub_policy policy;
	bool synchronised;
	uint64_t sync_bound_ns;
	uint64_t sync_left_ns;
	uint32_t fault_sequence;
};

/**
 * cityhub_hub_get() - state of the hub
 * @h:		handle
 * @hub:	set to the state, to be freed with cityhub_hub_free()
 *
 * Return: 0 or an error number.
 */
int cityhub_hub_get(struct cityhub *h, struct cityhub_hub **hub);
void cityhub_hub_free(struct cityhub_hub *hub);

/**
 * enum cityhub_setting_key - what can be set of the hub
 * @CITYHUB_SETTING_PERIOD_NS: period of the grid, 1 ms to 1 h
 * @CITYHUB_SETTING_PHASE_NS: when ticks are due, modulo the period
 * @CITYHUB_SETTING_CLOCK: clock of the grid, &enum cityhub_hub_clock
 * @CITYHUB_SETTING_POLICY: what arm asks of it, &enum cityhub_hub_policy
 */
enum cityhub_setting_key {
	CITYHUB_SETTING_PERIOD_NS,
	CITYHUB_SETTING_PHASE_NS,
	CITYHUB_SETTING_CLOCK,
	CITYHUB_SETTING_POLICY,
};

/**
 * struct cityhub_setting - one setting
 * @key:	what
 * @value:	its value
 */
struct cityhub_setting {
	enum cityhub_setting_key key;
	uint64_t value;
};

/**
 * cityhub_hub_set() - set the hub up; what is not named stays as it is
 * @h:		handle
 * @settings:	what to set
 * @n:		how many
 *
 * A new grid numbers its ticks anew. Lasts until the module is unloaded.
 *
 * Return: 0, -EBUSY when something is armed, -ERANGE for a value out of range
 * or a phase that is not less than the period, -EAGAIN when TAI is asked for
 * and its offset is not set, -EINVAL for a key given twice or not known, or
 * another error number. Nothing has changed then.
 */
int cityhub_hub_set(struct cityhub *h, const struct cityhub_setting *settings,
		    size_t n);

/**
 * cityhub_slot_new() - make a slot: the trigger cityhub-N
 * @h:		handle
 * @number:	its number, 0 to 63, or negative for the lowest that is free
 * @slot:	set to its number; may be NULL
 *
 * Return: 0, -EEXIST when there is one or a trigger of its name, -ENOSPC when
 * there are CITYHUB_SLOTS_MAX, -ERANGE for a larger number, or another error
 * number.
 */
int cityhub_slot_new(struct cityhub *h, int number, uint32_t *slot);

/**
 * cityhub_slot_del() - take a slot away
 * @h:		handle
 * @slot:	its number
 *
 * Return: 0, -EBUSY when a device has it as its trigger, -ENOENT when there is
 * none (cityhub_error() tells it from a missing module), or another error
 * number.
 */
int cityhub_slot_del(struct cityhub *h, uint32_t slot);

/**
 * cityhub_sync_set() - tell the hub how good CLOCK_REALTIME is
 * @h:		handle
 * @bound_ns:	its largest error
 * @valid_ns:	for how long this holds, at most a day; 0 says that it is not
 *		synchronised
 *
 * The kernel does not know by itself. A step of the clock ends it.
 *
 * Return: 0 or an error number.
 */
int cityhub_sync_set(struct cityhub *h, uint64_t bound_ns, uint64_t valid_ns);

/**
 * cityhub_sync_from_adjtimex() - tell the hub what NTP says of the clock
 * @h:		handle
 * @valid_ns:	for how long it holds
 *
 * When NTP says that the clock is not synchronised the hub is told nothing:
 * somebody else may know better.
 *
 * Return: 1 when the clock is synchronised and the hub knows, 0 when it is
 * not, or an error number.
 */
int cityhub_sync_from_adjtimex(struct cityhub *h, uint64_t valid_ns);

/**
 * struct cityhub_stamp - quality of the stamps of a member
 * @from_raw_ns: CLOCK_MONOTONIC_RAW from which this holds
 * @bound_ns:	95 % bound of a stamp, UINT32_MAX when unknown
 * @source:	where stamps come from
 * @clock_epoch: set_count of the clock when the newest stamps were made
 * @period_ps:	estimated sample period in picoseconds, 0 when unknown
 * @latency_min_ns: least lateness of observations that was declared; what it is
 *		short of the true one, stamps are late by, beside the bound
 * @late_ns:	learned mean lateness of observations beyond that
 * @updates:	observations the estimator has learned from
 */
struct cityhub_stamp {
	int64_t from_raw_ns;
	uint32_t bound_ns;
	enum cityhub_member_stamp source;
	uint32_t clock_epoch;
	uint64_t period_ps;
	uint32_t latency_min_ns;
	uint64_t late_ns;
	uint32_t updates;
};

/**
 * struct cityhub_member - state of a member
 * @id:		the N of iio:deviceN
 * @name:	name of the IIO device
 * @label:	its label, "" when it has none
 * @kind:	who decides when it samples
 * @slot:	number of its trigger, -1 for a free-running member
 * @primed:	its buffer is switched on
 * @gate:	what becomes of its samples
 * @generation:	capture it is in, 0 when in none
 * @reports:	its driver reports, @stamp is valid
 * @stamp:	quality of its stamps
 */
struct cityhub_member {
	uint32_t id;
	char name[CITYHUB_NAME_LEN];
	char label[CITYHUB_NAME_LEN];
	enum cityhub_member_kind kind;
	int slot;
	bool primed;
	enum cityhub_member_gate gate;
	uint32_t generation;
	bool reports;
	struct cityhub_stamp stamp;
};

/**
 * cityhub_member_get() - state of one member
 * @h:		handle
 * @id:		the N of iio:deviceN
 * @member:	set to the state, to be freed with cityhub_members_free()
 *
 * Return: 0, -ENODEV when no member has the id, or another error number.
 */
int cityhub_member_get(struct cityhub *h, uint32_t id,
		       struct cityhub_member **member);

/**
 * cityhub_members_get() - state of all members, by rising id
 * @h:		handle
 * @members:	set to an array, to be freed with cityhub_members_free()
 * @n:		set to their number, which may be 0
 *
 * Asks again when members came or went in between.
 *
 * Return: 0, -EAGAIN when they kept changing, or another error number.
 */
int cityhub_members_get(struct cityhub *h, struct cityhub_member **members,
			size_t *n);
void cityhub_members_free(struct cityhub_member *members);

/**
 * struct cityhub_tick - one tick of one slot
 * @index:	place in the history of the slot, without gaps
 * @number:	the k of the grid
 * @due_ns:	when it was due
 * @fire_ns:	when it fired
 * @done_ns:	when the member had served it; 0 when it never did
 * @generation:	capture it belonged to, 0 outside of one
 * @overrun:	the member was still at work on an earlier tick
 */
struct cityhub_tick {
	uint64_t index;
	uint64_t number;
	int64_t due_ns;
	int64_t fire_ns;
	int64_t done_ns;
	uint32_t generation;
	bool overrun;
};

/**
 * struct cityhub_ticks - ticks of one slot, oldest first
 * @slot:	number of the slot
 * @next:	index to ask from the next time
 * @clock:	clocks at the time of asking
 * @n:		number of ticks
 * @tick:	the ticks; those the member is still at work on come later
 */
struct cityhub_ticks {
	uint32_t slot;
	uint64_t next;
	struct cityhub_clock clock;
	size_t n;
	struct cityhub_tick *tick;
};

/**
 * cityhub_ticks_get() - ticks of a slot
 * @h:		handle
 * @slot:	number of the slot
 * @since:	index of the first tick wanted. The hub keeps some 2000; when
 *		the first one got has a larger index, those between are gone
 * @ticks:	set to the ticks, to be freed with cityhub_ticks_free()
 *
 * Return: 0, -ENOENT when there is no such slot (cityhub_error() tells it
 * from a missing module), -ERANGE when a slot is numbered 63 at most, or
 * another error number.
 */
int cityhub_ticks_get(struct cityhub *h, uint32_t slot, uint64_t since,
		      struct cityhub_ticks **ticks);
void cityhub_ticks_free(struct cityhub_ticks *ticks);

/**
 * struct cityhub_counters - samples of a member that reports to the base
 * @taken:	got from the chip, = @pushed + @gated + @fifo_full
 * @pushed:	taken by the IIO buffer
 * @gated:	dropped because the gate was closed
 * @fifo_full:	refused by the IIO buffer
 * @lost:	known to be lost in the chip
 * @bus_error:	failed transfers
 * @crc_error:	transfers with a wrong checksum
 * @invalid:	answers of the chip that make no sense
 */
struct cityhub_counters {
	uint64_t taken;
	uint64_t pushed;
	uint64_t gated;
	uint64_t fifo_full;
	uint64_t lost;
	uint64_t bus_error;
	uint64_t crc_error;
	uint64_t invalid;
};

/**
 * struct cityhub_tick_counts - ticks of a ticked member
 * @fired:	for the member, = @done + @overrun + @aborted, + 1 at work
 * @done:	served
 * @overrun:	came while it was at work
 * @aborted:	never finished because it was switched off
 * @gated:	kept from it by its gate
 */
struct cityhub_tick_counts {
	uint64_t fired;
	uint64_t done;
	uint64_t overrun;
	uint64_t aborted;
	uint64_t gated;
};

/**
 * struct cityhub_stats - counters of a member
 * @id:		the N of iio:deviceN
 * @name:	name of the IIO device
 * @has_counters: its driver reports: @counters and @stamp are valid
 * @counters:	since the driver was bound
 * @stamp:	quality of its stamps
 * @has_ticks:	it is a ticked member, @ticks is valid
 * @ticks:	of its slot, since the module was loaded
 */
struct cityhub_stats {
	uint32_t id;
	char name[CITYHUB_NAME_LEN];
	bool has_counters;
	struct cityhub_counters counters;
	struct cityhub_stamp stamp;
	bool has_ticks;
	struct cityhub_tick_counts ticks;
};

/**
 * cityhub_stats_get() - counters of all members, by rising id
 * @h:		handle
 * @stats:	set to an array, to be freed with cityhub_stats_free()
 * @n:		set to their number, which may be 0
 *
 * Return: 0, -EAGAIN when members kept changing, or another error number.
 */
int cityhub_stats_get(struct cityhub *h, struct cityhub_stats **stats,
		      size_t *n);
void cityhub_stats_free(struct cityhub_stats *stats);

/**
 * cityhub_arm() - open the gates of all members named, or of none
 * @h:		handle
 * @members:	their ids
 * @n:		how many, 1 to CITYHUB_CAPTURE_MEMBERS_MAX
 * @start_ns:	instant before which no sample passes, at most a day ahead;
 *		0 for now
 * @capture:	set to the capture, to be freed with cityhub_capture_free();
 *		may be NULL
 *
 * Return: 0, -EAGAIN when a member is not primed, -ENODEV when there is no
 * such member, -EBUSY when one is in a capture already, -ERANGE when the
 * start cannot be met, -EINVAL when one is named twice or none is, -ENOBUFS
 * when too many are named, -ETIME when the clock is not synchronised, or
 * another error number. cityhub_error() names the member. Nothing has changed
 * then.
 */
int cityhub_arm(struct cityhub *h, const uint32_t *members, size_t n,
		int64_t start_ns, struct cityhub_capture **capture);

#define CITYHUB_ARM_FORCE	(1U << 0)	/* not synchronised, all the same */
#define CITYHUB_ARM_OWNED	(1U << 1)	/* ends with the handle */

/**
 * cityhub_arm_flags() - as cityhub_arm(), in other ways
 * @h:		handle
 * @members:	their ids
 * @n:		how many
 * @start_ns:	instant before which no sample passes, 0 for now
 * @flags:	CITYHUB_ARM_*, or 0
 * @capture:	set to the capture, or NULL
 *
 * Return: as cityhub_arm(), and -EINVAL for a flag that is not known.
 */
int cityhub_arm_flags(struct cityhub *h, const uint32_t *members, size_t n,
		      int64_t start_ns, unsigned int flags,
		      struct cityhub_capture **capture);
void cityhub_capture_free(struct cityhub_capture *capture);

/**
 * cityhub_disarm() - close the gates of a capture
 * @h:		handle
 * @generation:	number of the capture
 * @stats:	set to the counters of its members at the stop, to be freed
 *		with cityhub_stats_free(); may be NULL when @n is
 * @n:		set to their number
 *
 * Return: 0, -ENOENT when there is no such capture (cityhub_error() tells it
 * from a missing module), or another error number.
 */
int cityhub_disarm(struct cityhub *h, uint32_t generation,
		   struct cityhub_stats **stats, size_t *n);

/**
 * struct cityhub_fault - something went wrong with a member
 * @member:	the N of its iio:deviceN
 * @name:	name of the IIO device
 * @kinds:	what, of &enum cityhub_fault_kind, since it was told last
 * @instant_ns:	when that was told
 * @status:	fault bits of the chip as its sheet has them, with the kind
 *		CITYHUB_FAULT_KIND_STATUS
 * @has_counters: its driver reports, @counters is valid
 * @counters:	as they were then
 * @has_ticks:	it is a ticked member, @ticks is valid
 * @ticks:	as they were then
 */
struct cityhub_fault {
	uint32_t member;
	char name[CITYHUB_NAME_LEN];
	uint32_t kinds;
	int64_t instant_ns;
	uint32_t status;
	bool has_counters;
	struct cityhub_counters counters;
	bool has_ticks;
	struct cityhub_tick_counts ticks;
};

#define CITYHUB_EVENTS_MONITOR	(1U << 0)	/* hub and members changed */
#define CITYHUB_EVENTS_FAULT	(1U << 1)	/* faults of members */

/**
 * enum cityhub_event_type - what has happened
 * @CITYHUB_EVENT_HUB:	hub or captures changed
 * @CITYHUB_EVENT_MEMBER: a member came or changed
 * @CITYHUB_EVENT_MEMBER_GONE: a member was removed, or left its trigger
 * @CITYHUB_EVENT_FAULT: something went wrong with a member
 * @CITYHUB_EVENT_LOST:	events were lost: the listener was too slow
 */
enum cityhub_event_type {
	CITYHUB_EVENT_HUB,
	CITYHUB_EVENT_MEMBER,
	CITYHUB_EVENT_MEMBER_GONE,
	CITYHUB_EVENT_FAULT,
	CITYHUB_EVENT_LOST,
};

/**
 * struct cityhub_event - something has happened
 * @type:	what
 * @sequence:	of its group: of the hub or of its faults
 * @lost:	of CITYHUB_EVENT_LOST, how many of its group: exactly
 * @clock:	of the hub when that changed; its set_count tells that the
 *		clock was set
 * @member:	the member; of one that is gone only the id is valid
 * @group:	CITYHUB_EVENTS_* it belongs to
 * @resync:	state that was asked for after a loss; it may be no news
 * @fault:	the fault
 */
struct cityhub_event {
	enum cityhub_event_type type;
	uint32_t sequence;
	uint32_t lost;
	struct cityhub_clock clock;
	struct cityhub_member member;
	unsigned int group;
	bool resync;
	struct cityhub_fault fault;
};

/**
 * cityhub_events_open() - listen to changes, on a socket of its own
 * @events:	set to the handle, which cityhub_events_close() ends
 *
 * Return: 0, -ENOENT when the module is not loaded, -EBUSY when members kept
 * changing, or another error number.
 */
int cityhub_events_open(struct cityhub_events **events);

/**
 * cityhub_events_open_groups() - listen to changes, to faults or to both
 * @events:	set to the handle
 * @groups:	CITYHUB_EVENTS_*
 *
 * Return: as cityhub_events_open(), and -EINVAL for no or an unknown group.
 */
int cityhub_events_open_groups(struct cityhub_events **events,
			       unsigned int groups);
void cityhub_events_close(struct cityhub_events *events);

/** cityhub_events_fd() - file descriptor to poll for input */
int cityhub_events_fd(const struct cityhub_events *events);

/**
 * cityhub_events_read() - the next event
 * @events:	handle
 * @event:	set to the event, which belongs to @events and is valid until
 *		the next call
 *
 * Does not wait for events. Call until it returns -EAGAIN before waiting for
 * input: there may be events that are read from the socket already.
 *
 * Events that were lost because the listener was too slow are no error. They
 * show as one CITYHUB_EVENT_LOST, which has their exact number. Of the monitor
 * it is followed by the state as it is then, marked as such: the hub, each
 * member, and those members that are gone. What comes next has happened after
 * that. The library asks the kernel for that state, which takes its answer.
 *
 * Return: 0, -EAGAIN when there is none, -EBUSY when that state kept changing
 * while it was asked for: call again soon, also without input; or another error
 * number.
 */
int cityhub_events_read(struct cityhub_events *events,
			const struct cityhub_event **event);

/**
 * enum cityhub_join_state - what is known of the tick of a scan
 * @CITYHUB_JOIN_TICKED:   the scan was made by the tick named
 * @CITYHUB_JOIN_UNTICKED: no tick made it, or an earlier scan has its tick
 * @CITYHUB_JOIN_LATER:    it is newer than all ticks given
 */
enum cityhub_join_state {
	CITYHUB_JOIN_TICKED,
	CITYHUB_JOIN_UNTICKED,
	CITYHUB_JOIN_LATER,
};

/**
 * struct cityhub_joined - the tick of a scan
 * @state:	what is known
 * @tick:	place of the tick in the array given, valid when ticked
 */
struct cityhub_joined {
	enum cityhub_join_state state;
	size_t tick;
};

/**
 * struct cityhub_join_counts - result of a join
 * @ticked:	scans with a tick
 * @unticked:	scans without
 * @later:	scans newer than all ticks
 * @unread:	ticks that were served and have no scan: the driver failed or
 *		the buffer was full
 */
struct cityhub_join_counts {
	size_t ticked;
	size_t unticked;
	size_t later;
	size_t unread;
};

/**
 * cityhub_join() - find the tick that made each scan
 * @ticks:	ticks of the slot, oldest first
 * @n_ticks:	how many
 * @stamps_ns:	stamps of the scans in CLOCK_MONOTONIC, oldest first; see
 *		cityhub_clock_offset() for other clocks
 * @n_stamps:	how many
 * @joined:	for each scan, filled in
 *
 * A scan belongs to a tick when its stamp lies between the instants the tick
 * fired and was done; nothing is guessed. Pure arithmetic.
 *
 * Return: the counts.
 */
struct cityhub_join_counts cityhub_join(const struct cityhub_tick *ticks,
					size_t n_ticks,
					const int64_t *stamps_ns,
					size_t n_stamps,
					struct cityhub_joined *joined);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
