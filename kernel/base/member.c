// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members: IIO devices whose drivers report here. The one place where a
 * sample is checked against the gate, gets its stamp and is counted.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/list.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

#include <cityhub/member.h>

#include "clock.h"

/*
 * A gate is the raw instant from which samples are delivered; these two are
 * the gates of no capture and of a finished one.
 */
#define GATE_ALL	S64_MIN
#define GATE_NONE	S64_MAX

/**
 * struct cityhub_member - a member
 * @node:	in the list of members
 * @indio_dev:	its IIO device, which outlives it
 * @mode:	who decides when it samples
 * @on:		its buffer is filled; written under members_lock
 * @gate_from:	raw instant from which samples are delivered
 * @generation:	capture whose gate is open, or 0; under members_lock
 * @changed:	CITYHUB_CHANGED_* the hub has not seen; under members_lock
 * @broken:	the last transfer failed
 * @offset_ns:	clock of the device minus raw clock, for the current batch;
 *		only the thread that pushes uses it
 * @last_ns:	stamp of the last sample pushed; as @offset_ns
 * @lock:	guards @count, @status, @stamp and @told, so that a reader gets
 *		a set that adds up
 * @count:	counters
 * @status:	fault bits the chip reported last
 * @stamp:	stamp state
 * @told:	the stamp state that was last worth telling
 */
struct cityhub_member {
	struct list_head node;
	struct iio_dev *indio_dev;
	enum cityhub_member_mode mode;
	bool on;
	atomic64_t gate_from;
	u32 generation;
	u32 changed;
	bool broken;
	s64 offset_ns;
	s64 last_ns;
	raw_spinlock_t lock;
	u64 count[CITYHUB_COUNT_MAX];
	u32 status;
	struct cityhub_stamp_state stamp;
	struct cityhub_stamp_state told;
};

static LIST_HEAD(members);
/*
 * Guards the list of members; gates of several members move under it. The
 * hub calls from its tick, with interrupts off and its own raw lock held.
 */
static DEFINE_RAW_SPINLOCK(members_lock);
/* Of the hub, or NULL; guarded by members_lock. */
static void (*watcher)(bool soon);

static struct cityhub_member *member_find(struct iio_dev *indio_dev)
{
	struct cityhub_member *m;

	list_for_each_entry(m, &members, node)
		if (m->indio_dev == indio_dev)
			return m;

	return NULL;
}

static void member_mark(struct cityhub_member *m, u32 what, bool soon)
{
	lockdep_assert_held(&members_lock);
	m->changed |= what;
	if (watcher)
		watcher(soon);
}

static void member_changed(struct cityhub_member *m, u32 what, bool soon)
{
	/* What the hub has yet to look at need not be told again. */
	if ((READ_ONCE(m->changed) & what) == what)
		return;

	guard(raw_spinlock_irqsave)(&members_lock);
	member_mark(m, what, soon);
}

static void member_unregister(void *data)
{
	struct cityhub_member *m = data;

	guard(raw_spinlock_irqsave)(&members_lock);
	list_del(&m->node);
}

/**
 * devm_cityhub_member_register() - make an IIO device a member
 * @indio_dev:	IIO device, not registered yet
 * @mode:	who decides when it samples
 *
 * Undone with the parent of @indio_dev, after the device is unregistered.
 *
 * Return: the member, or an ERR_PTR().
 */
struct cityhub_member *devm_cityhub_member_register(struct iio_dev *indio_dev,
						    enum cityhub_member_mode mode)
{
	struct device *dev = indio_dev->dev.parent;
	struct cityhub_member *m;
	int ret;

	m = devm_kzalloc(dev, sizeof(*m), GFP_KERNEL);
	if (!m)
		return ERR_PTR(-ENOMEM);

	m->indio_dev = indio_dev;
	m->mode = mode;
	m->stamp.bound_ns = U32_MAX;
	m->told = m->stamp;
	atomic64_set(&m->gate_from, GATE_ALL);
	raw_spin_lock_init(&m->lock);
	scoped_guard(raw_spinlock_irqsave, &members_lock)
		list_add_tail(&m->node, &members);

	ret = devm_add_action_or_reset(dev, member_unregister, m);
	return ret ? ERR_PTR(ret) : m;
}
EXPORT_SYMBOL_NS_GPL(devm_cityhub_member_register, "CITYHUB");

/* Told when the source, the epoch, or the bound by a factor of two changed. */
static bool stamp_worth_telling(const struct cityhub_stamp_state *s,
				const struct cityhub_stamp_state *told)
{
	return s->source != told->source ||
	       s->clock_epoch != told->clock_epoch ||
	       s->bound_ns / 2 > told->bound_ns ||
	       s->bound_ns < told->bound_ns / 2;
}

static void member_set_stamp(struct cityhub_member *m,
			     const struct cityhub_stamp_state *stamp)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		m->stamp = *stamp;
		if (!stamp_worth_telling(stamp, &m->told))
			return;
		m->told = *stamp;
	}

	member_changed(m, CITYHUB_CHANGED_STAMP, false);
}

static void member_set_epoch(struct cityhub_member *m, u32 epoch)
{
	struct cityhub_stamp_state stamp = m->stamp;

	if (epoch == stamp.clock_epoch)
		return;

	stamp.clock_epoch = epoch;
	member_set_stamp(m, &stamp);
}

/**
 * cityhub_member_start() - the buffer is about to be filled
 * @m:		member
 *
 * Call from the preenable or postenable callback of the buffer.
 */
void cityhub_member_start(struct cityhub_member *m)
{
	struct cityhub_stamp_state stamp = {
		.bound_ns = U32_MAX, .clock_epoch = m->stamp.clock_epoch,
	};

	m->last_ns = S64_MIN;
	member_set_stamp(m, &stamp);
	cityhub_member_map(m);

	guard(raw_spinlock_irqsave)(&members_lock);
	m->on = true;
	/* The slot of a ticked member tells by itself. */
	if (m->mode == CITYHUB_MODE_FREE)
		member_mark(m, CITYHUB_CHANGED_ON, true);
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_start, "CITYHUB");

/**
 * cityhub_member_stop() - the buffer is filled no more
 * @m:		member
 *
 * Call from the postdisable callback of the buffer. Ends the part of the
 * member in a capture.
 */
void cityhub_member_stop(struct cityhub_member *m)
{
	u32 what = CITYHUB_CHANGED_ON;

	guard(raw_spinlock_irqsave)(&members_lock);
	m->on = false;
	if (m->generation)
		what |= CITYHUB_CHANGED_CUT;
	m->generation = 0;
	atomic64_set(&m->gate_from, GATE_ALL);
	if (m->mode == CITYHUB_MODE_FREE)
		member_mark(m, what, true);
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_stop, "CITYHUB");

/**
 * cityhub_member_map() - fix how the raw clock maps to that of the device
 * @m:		member
 *
 * Call once before the samples of a batch are pushed, from the thread that
 * pushes.
 */
void cityhub_member_map(struct cityhub_member *m)
{
	clockid_t clock = iio_device_get_clock(m->indio_dev);
	u32 epoch;

	m->offset_ns = cityhub_clock_offset(clock, &epoch);
	/* On a clock that is set, order is promised within one epoch only. */
	if (epoch != m->stamp.clock_epoch && cityhub_clock_steps(clock))
		m->last_ns = S64_MIN;
	member_set_epoch(m, epoch);
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_map, "CITYHUB");

static int member_count_push(struct cityhub_member *m, int ret)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock) {
		m->count[CITYHUB_COUNT_TAKEN]++;
		if (ret > 0)
			m->count[CITYHUB_COUNT_GATED]++;
		else if (ret < 0)
			m->count[CITYHUB_COUNT_FIFO_FULL]++;
		else
			m->count[CITYHUB_COUNT_PUSHED]++;
	}

	if (ret < 0)
		member_changed(m, CITYHUB_CHANGED_FIFO_FULL, false);
	if (READ_ONCE(m->broken)) {
		WRITE_ONCE(m->broken, false);
		member_changed(m, CITYHUB_CHANGED_RECOVERED, false);
	}
	return ret;
}

/**
 * cityhub_member_push() - deliver one sample of a free-running member
 * @m:		member
 * @scan:	the sample, with room for the aligned stamp at its end
 * @size:	size of @scan in bytes
 * @raw_ns:	instant the sample was taken (CLOCK_MONOTONIC_RAW)
 *
 * Return: 0 when the buffer took it, 1 when the gate was closed for it, or
 * the error of the buffer (full: -EBUSY). All three are counted.
 */
int cityhub_member_push(struct cityhub_member *m, void *scan, size_t size,
			s64 raw_ns)
{
	s64 stamp_ns = raw_ns + m->offset_ns;

	if (raw_ns < atomic64_read(&m->gate_from))
		return member_count_push(m, 1);

	/* A correction of the estimator must not turn time back. */
	if (stamp_ns <= m->last_ns)
		stamp_ns = m->last_ns + 1;
	m->last_ns = stamp_ns;

	return member_count_push(m, iio_push_to_buffers_with_ts(m->indio_dev,
								scan, size,
								stamp_ns));
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_push, "CITYHUB");

/**
 * cityhub_member_push_ticked() - deliver one sample of a triggered member
 * @m:		member
 * @scan:	the sample, with room for the aligned stamp at its end
 * @size:	size of @scan in bytes
 * @stamp_ns:	stamp in the clock of the device, as pollfuncs store it
 *
 * The gate of a triggered member is its trigger.
 *
 * Return: 0 when the buffer took it, or the error of the buffer. Both are
 * counted.
 */
int cityhub_member_push_ticked(struct cityhub_member *m, void *scan,
			       size_t size, s64 stamp_ns)
{
	struct cityhub_stamp_state stamp = m->stamp;

	if (stamp.source != CITYHUB_STAMP_TICK) {
		stamp.from_ns = ktime_get_raw_ns();
		stamp.source = CITYHUB_STAMP_TICK;
		member_set_stamp(m, &stamp);
	}
	member_set_epoch(m, cityhub_clock_epoch());

	return member_count_push(m, iio_push_to_buffers_with_ts(m->indio_dev,
								scan, size,
								stamp_ns));
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_push_ticked, "CITYHUB");

/**
 * cityhub_member_count() - count something that is not a push
 * @m:		member
 * @what:	counter
 * @n:		by how much
 */
void cityhub_member_count(struct cityhub_member *m, enum cityhub_count what,
			  u64 n)
{
	static const u32 changed[CITYHUB_COUNT_MAX] = {
		[CITYHUB_COUNT_LOST] = CITYHUB_CHANGED_LOST,
		[CITYHUB_COUNT_BUS_ERROR] = CITYHUB_CHANGED_BUS_ERROR,
		[CITYHUB_COUNT_CRC_ERROR] = CITYHUB_CHANGED_CRC_ERROR,
		[CITYHUB_COUNT_INVALID] = CITYHUB_CHANGED_INVALID,
	};

	if (!n)
		return;

	scoped_guard(raw_spinlock_irqsave, &m->lock)
		m->count[what] += n;
	if (what == CITYHUB_COUNT_BUS_ERROR || what == CITYHUB_COUNT_CRC_ERROR)
		WRITE_ONCE(m->broken, true);
	if (changed[what])
		member_changed(m, changed[what], false);
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_count, "CITYHUB");

/**
 * cityhub_member_fault_status() - the chip says that something is wrong with it
 * @m:		member
 * @status:	its fault bits, as its sheet has them
 */
void cityhub_member_fault_status(struct cityhub_member *m, u32 status)
{
	scoped_guard(raw_spinlock_irqsave, &m->lock)
		m->status = status;
	member_changed(m, CITYHUB_CHANGED_STATUS, false);
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_fault_status, "CITYHUB");

/**
 * cityhub_member_stamp_state() - say how good the stamps are from now on
 * @m:		member
 * @from_ns:	raw instant from which this holds
 * @bound_ns:	95 % bound, U32_MAX when unknown
 * @source:	source
 *
 * Call from the thread that pushes.
 */
void cityhub_member_stamp_state(struct cityhub_member *m, s64 from_ns,
				u32 bound_ns, enum cityhub_stamp_source source)
{
	struct cityhub_stamp_state stamp = m->stamp;

	stamp.from_ns = from_ns;
	stamp.bound_ns = bound_ns;
	stamp.source = source;
	member_set_stamp(m, &stamp);
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_stamp_state, "CITYHUB");

/**
 * cityhub_member_estimator() - say what the estimator has learned
 * @m:		member
 * @s:		its estimator
 *
 * Call from the thread that pushes.
 */
void cityhub_member_estimator(struct cityhub_member *m,
			      const struct cityhub_stamp *s)
{
	guard(raw_spinlock_irqsave)(&m->lock);
	/* In ps, as the ns of a thousand samples. */
	m->stamp.period_ps = cityhub_stamp_span_ns(s, 1000);
	m->stamp.latency_min_ns = s->cfg.latency_min_ns;
	m->stamp.late_ns = s->late_q8 >> 8;
	m->stamp.updates = s->updates;
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_estimator, "CITYHUB");

static enum cityhub_gate member_gate(struct cityhub_member *m)
{
	switch (atomic64_read(&m->gate_from)) {
	case GATE_ALL:
		return CITYHUB_GATE_FREE;
	case GATE_NONE:
		return CITYHUB_GATE_CLOSED;
	default:
		return CITYHUB_GATE_OPEN;
	}
}

/**
 * cityhub_member_get_stats() - one consistent view of a member
 * @indio_dev:	IIO device; the caller holds a reference
 * @stats:	where to put it
 *
 * Return: 0, or -ENODEV when @indio_dev is no member.
 */
int cityhub_member_get_stats(struct iio_dev *indio_dev,
			     struct cityhub_member_stats *stats)
{
	struct cityhub_member *m;

	guard(raw_spinlock_irqsave)(&members_lock);
	m = member_find(indio_dev);
	if (!m)
		return -ENODEV;

	guard(raw_spinlock)(&m->lock);
	memcpy(stats->count, m->count, sizeof(stats->count));
	stats->stamp = m->stamp;
	stats->status = m->status;
	stats->gate = member_gate(m);
	stats->generation = m->generation;
	stats->mode = m->mode;
	stats->on = m->on;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(cityhub_member_get_stats, "CITYHUB");

/**
 * cityhub_gates_open() - let members deliver from one instant on
 * @devs:	IIO devices; the caller holds references
 * @n:		how many
 * @generation:	capture they are in from now on, not 0
 * @t0_raw_ns:	instant (CLOCK_MONOTONIC_RAW)
 *
 * All gates open in one critical section, or none does.
 *
 * Return: 0, or -EAGAIN when one of @devs is no member (any more) or its
 * buffer is not on.
 */
int cityhub_gates_open(struct iio_dev *const *devs, unsigned int n,
		       u32 generation, s64 t0_raw_ns)
{
	struct cityhub_member *m;
	unsigned int i;

	guard(raw_spinlock_irqsave)(&members_lock);
	for (i = 0; i < n; i++) {
		m = member_find(devs[i]);
		if (!m || !m->on)
			return -EAGAIN;
	}

	for (i = 0; i < n; i++) {
		m = member_find(devs[i]);
		m->generation = generation;
		atomic64_set(&m->gate_from, t0_raw_ns);
	}

	return 0;
}
EXPORT_SYMBOL_NS_GPL(cityhub_gates_open, "CITYHUB");

/**
 * cityhub_gates_move() - the start of a capture moved, with a clock
 * @generation:	capture
 * @t0_raw_ns:	instant from which its members deliver (CLOCK_MONOTONIC_RAW)
 */
void cityhub_gates_move(u32 generation, s64 t0_raw_ns)
{
	struct cityhub_member *m;

	guard(raw_spinlock_irqsave)(&members_lock);
	list_for_each_entry(m, &members, node)
		if (m->generation == generation)
			atomic64_set(&m->gate_from, t0_raw_ns);
}
EXPORT_SYMBOL_NS_GPL(cityhub_gates_move, "CITYHUB");

/**
 * cityhub_gates_close() - end the delivery of the members of a capture
 * @generation:	capture; members that left it by themselves are passed over
 *
 * The buffers stay on, so that they can be drained.
 */
void cityhub_gates_close(u32 generation)
{
	struct cityhub_member *m;

	guard(raw_spinlock_irqsave)(&members_lock);
	list_for_each_entry(m, &members, node) {
		if (m->generation != generation)
			continue;
		m->generation = 0;
		atomic64_set(&m->gate_from, GATE_NONE);
	}
}
EXPORT_SYMBOL_NS_GPL(cityhub_gates_close, "CITYHUB");

/**
 * cityhub_gates_release() - end all captures: the hub goes
 *
 * Every member delivers everything again.
 */
void cityhub_gates_release(void)
{
	struct cityhub_member *m;

	guard(raw_spinlock_irqsave)(&members_lock);
	list_for_each_entry(m, &members, node) {
		m->generation = 0;
		atomic64_set(&m->gate_from, GATE_ALL);
	}
}
EXPORT_SYMBOL_NS_GPL(cityhub_gates_release, "CITYHUB");

/**
 * cityhub_members_watch() - be told when a member has changed
 * @changed:	called in any context with interrupts off, and with true when
 *		it should be looked at soon; NULL to end, it runs no more then
 */
void cityhub_members_watch(void (*changed)(bool soon))
{
	struct cityhub_member *m;

	guard(raw_spinlock_irqsave)(&members_lock);
	watcher = changed;
	list_for_each_entry(m, &members, node)
		m->changed = 0;
}
EXPORT_SYMBOL_NS_GPL(cityhub_members_watch, "CITYHUB");

/**
 * cityhub_members_changed() - the next member that has changed
 * @id:		set to the N of its iio:deviceN
 * @what:	set to CITYHUB_CHANGED_*, which is forgotten then
 *
 * Return: whether there is one.
 */
bool cityhub_members_changed(u32 *id, u32 *what)
{
	struct cityhub_member *m;

	guard(raw_spinlock_irqsave)(&members_lock);
	list_for_each_entry(m, &members, node) {
		if (!m->changed)
			continue;
		*id = iio_device_id(m->indio_dev);
		*what = m->changed;
		m->changed = 0;
		return true;
	}

	return false;
}
EXPORT_SYMBOL_NS_GPL(cityhub_members_changed, "CITYHUB");

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("cityhub: sample instants, members and their counters");
MODULE_LICENSE("GPL");
