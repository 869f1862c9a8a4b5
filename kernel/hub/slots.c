// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: one IIO trigger per member. A stock trigger serves two consumers and
 * drops a tick for both while one is still at work, without telling; here
 * each member has its own, all fire from the same tick, and what becomes of
 * each tick is kept in a ring.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/iio/iio.h>
#include <linux/iio/trigger.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "hub.h"

/* Two seconds at the shortest period; readers ask about once a second. */
#define RING_SIZE	2048

/*
 * The IIO core attaches a device right after it asked whether it may, and
 * tells nobody when it did: so long the slot is held for it. One that is later
 * than that attaches to a trigger that another one has as well, or that is no
 * slot any more: its buffer cannot be switched on then, or shares the ticks.
 */
#define CLAIM_MS	50

/**
 * enum slot_work - what the member does about the tick it was given
 * @WORK_NONE:	nothing
 * @WORK_BUSY:	it is at work
 * @WORK_DONE:	it has finished, the ring does not know yet
 */
enum slot_work {
	WORK_NONE,
	WORK_BUSY,
	WORK_DONE,
};

/**
 * struct slot - a trigger for one member
 * @nr:		its number
 * @trig:	the trigger
 * @work:	&enum slot_work. The tick (under the lock) sets it to busy, the
 *		consumer to done, in any context and without the lock, which
 *		the tick holds while it calls the consumer's handler
 * @done_ns:	when the consumer had finished, written before @work
 * @view:	what it shows
 * @first_tick:	first tick that passes when the gate is open
 * @claimant:	id of the device that was last allowed to attach, or -1; under
 *		cityhub_lock as @claim_end
 * @claim_end:	when it must have done so, in jiffies
 * @ticks:	ticks put into the ring since it was made
 * @pending:	index of the tick the member is at work on
 * @ring:	the newest ticks
 * @overran:	an overrun has not been told
 */
struct slot {
	unsigned int nr;
	struct iio_trigger *trig;
	atomic_t work;
	s64 done_ns;
	struct cityhub_slot_view view;
	u64 first_tick;
	s64 claimant;
	unsigned long claim_end;
	u64 ticks;
	u64 pending;
	struct cityhub_tick *ring;
	bool overran;
};

/*
 * The slots there are. Changed under cityhub_lock and cityhub_tick_lock, so
 * either is enough to look.
 */
static struct slot *slots[CITYHUB_SLOTS_MAX];

/*
 * The IIO core may call for a trigger that is just being deleted: its slot may
 * be gone, the trigger itself is not while the core uses it.
 */
static struct slot *slot_by_trigger(const struct iio_trigger *trig)
{
	unsigned int i;

	lockdep_assert_held(&cityhub_lock);
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		if (slots[i] && slots[i]->trig == trig)
			return slots[i];

	return NULL;
}

static struct cityhub_tick *slot_entry(struct slot *s, u64 index)
{
	return &s->ring[index % RING_SIZE];
}

/* Enters the end of the member's work into the ring. */
static void slot_collect(struct slot *s)
{
	if (atomic_read_acquire(&s->work) != WORK_DONE)
		return;

	if (s->ticks - s->pending <= RING_SIZE)
		slot_entry(s, s->pending)->done_ns = s->done_ns;
	s->view.count.done++;
	atomic_set(&s->work, WORK_NONE);
}

static void slot_append(struct slot *s, const struct cityhub_tick *tick,
			bool overrun)
{
	struct cityhub_tick *entry = slot_entry(s, s->ticks++);

	*entry = *tick;
	entry->overrun = overrun;
	entry->generation = s->view.generation;
}

static bool slot_passes(const struct slot *s, u64 number)
{
	switch (s->view.gate) {
	case CITYHUB_GATE_OPEN:
		return number >= s->first_tick;
	case CITYHUB_GATE_CLOSED:
		return false;
	default:
		return true;
	}
}

static void slot_overrun(struct slot *s, const struct cityhub_tick *tick)
{
	s->view.count.overrun++;
	slot_append(s, tick, true);
	if (s->overran)
		return;

	s->overran = true;
	cityhub_members_look(false);
}

static void slot_fire(struct slot *s, const struct cityhub_tick *tick)
{
	struct cityhub_tick_counts *count = &s->view.count;

	if (!slot_passes(s, tick->number)) {
		count->gated++;
		return;
	}

	slot_collect(s);
	count->fired++;
	/*
	 * It may finish just now: that is for the next tick to enter. A use
	 * count that is not ours would make the core drop the tick.
	 */
	if (atomic_read(&s->work) != WORK_NONE ||
	    atomic_read(&s->trig->use_count)) {
		slot_overrun(s, tick);
		return;
	}

	s->pending = s->ticks;
	slot_append(s, tick, false);
	atomic_set(&s->work, WORK_BUSY);
	iio_trigger_poll(s->trig);
}

/* Fires all open slots; returns whether any slot is in use. */
bool cityhub_slots_fire(const struct cityhub_tick *tick)
{
	bool on = false;
	unsigned int i;

	lockdep_assert_held(&cityhub_tick_lock);
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		if (!slots[i] || !slots[i]->view.on)
			continue;
		on = true;
		slot_fire(slots[i], tick);
	}

	return on;
}

/* The IIO core calls this when the consumer of a tick has finished. */
static void slot_reenable(struct iio_trigger *trig)
{
	struct slot *s = iio_trigger_get_drvdata(trig);

	s->done_ns = ktime_get_ns();
	atomic_set_release(&s->work, WORK_DONE);
}

/* A consumer that was torn down in the middle never reports its end. */
static void slot_abort(struct slot *s)
{
	slot_collect(s);
	if (atomic_read(&s->work) == WORK_BUSY)
		s->view.count.aborted++;
	atomic_set(&s->work, WORK_NONE);
	atomic_set(&s->trig->use_count, 0);
}

/* Returns whether that took a member out of a capture. */
static bool slot_switch(struct slot *s, bool on)
{
	bool armed;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	armed = s->view.gate == CITYHUB_GATE_OPEN;
	s->view.on = on;
	s->view.gate = CITYHUB_GATE_FREE;
	s->view.generation = 0;
	if (on) {
		slot_abort(s);
		cityhub_grid_kick();
	}
	return armed;
}

static int slot_set_state(struct iio_trigger *trig, bool on)
{
	struct slot *s;

	/* What is left of the last use must not end the first tick of this. */
	if (on)
		flush_work(&trig->reenable_work);

	guard(mutex)(&cityhub_lock);
	s = slot_by_trigger(trig);
	/* What is gone is off; the core would take an error for a reason to stay. */
	if (!s)
		return on ? -ENODEV : 0;

	cityhub_members_slot_changed(s->nr, slot_switch(s, on));
	return 0;
}

/* A device was let in and may not be seen on the trigger yet. */
static bool slot_is_claimed(const struct slot *s)
{
	return s->claimant >= 0 && time_before(jiffies, s->claim_end);
}

/*
 * A device that is being removed leaves the bus first, and its slot when its
 * buffer is switched off after that.
 */
static bool slot_is_used(struct slot *s, const struct iio_dev *by_other_than)
{
	if (cityhub_slot_is_taken(s->nr, by_other_than))
		return true;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	return s->view.on;
}

static int slot_claim(struct iio_trigger *trig, struct iio_dev *indio_dev)
{
	s64 id = iio_device_id(indio_dev);
	struct slot *s;

	guard(mutex)(&cityhub_lock);
	s = slot_by_trigger(trig);
	if (!s)
		return -ENODEV;
	if (slot_is_used(s, indio_dev))
		return -EBUSY;
	if (s->claimant != id && slot_is_claimed(s))
		return -EAGAIN;

	s->claimant = id;
	s->claim_end = jiffies + msecs_to_jiffies(CLAIM_MS);
	return 0;
}

static int slot_validate_device(struct iio_trigger *trig,
				struct iio_dev *indio_dev)
{
	int ret;

	/*
	 * The core takes its reference to the module without asking whether it
	 * goes already: who attaches then would be left with a trigger that has
	 * no code. This reference cannot be had then.
	 */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;

	/* Another one is on its way in: see whether it gets there. */
	while ((ret = slot_claim(trig, indio_dev)) == -EAGAIN)
		msleep(CLAIM_MS / 5);
	if (!ret)
		cityhub_members_join();
	module_put(THIS_MODULE);
	return ret;
}

static const struct iio_trigger_ops slot_ops = {
	.set_trigger_state = slot_set_state,
	.reenable = slot_reenable,
	.validate_device = slot_validate_device,
};

unsigned int cityhub_slots_count(void)
{
	unsigned int i, n = 0;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		n += !!slots[i];

	return n;
}

unsigned int cityhub_slots_on(void)
{
	unsigned int i, on = 0;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		on += slots[i] && slots[i]->view.on;

	return on;
}

/* The next slot with an overrun nobody was told of. */
bool cityhub_slots_overrun(unsigned int *nr)
{
	unsigned int i;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		if (!slots[i] || !slots[i]->overran)
			continue;
		slots[i]->overran = false;
		*nr = i;
		return true;
	}

	return false;
}

/* The slot a device is attached to, or -ENOENT. */
int cityhub_slot_of(const struct iio_dev *indio_dev)
{
	const struct slot *s = slot_by_trigger(READ_ONCE(indio_dev->trig));

	return s ? s->nr : -ENOENT;
}

void cityhub_slot_get(unsigned int nr, struct cityhub_slot_view *view)
{
	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	slot_collect(slots[nr]);
	*view = slots[nr]->view;
}

/*
 * Reads the tick at *index, or the oldest kept when that is gone, and moves
 * *index behind it. Ticks whose end is not known yet are not shown.
 */
bool cityhub_slot_read(unsigned int nr, u64 *index, struct cityhub_tick *tick)
{
	struct slot *s;
	u64 known;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	s = slots[nr];
	if (!s)
		return false;

	slot_collect(s);
	known = s->ticks;
	if (s->view.on && atomic_read(&s->work) == WORK_BUSY)
		known = s->pending;
	if (s->ticks > RING_SIZE)
		*index = max(*index, s->ticks - RING_SIZE);
	if (*index >= known)
		return false;

	*tick = *slot_entry(s, (*index)++);
	return true;
}

bool cityhub_slot_exists(unsigned int nr)
{
	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	return nr < ARRAY_SIZE(slots) && slots[nr];
}

bool cityhub_slot_is_on(unsigned int nr)
{
	lockdep_assert_held(&cityhub_tick_lock);
	return slots[nr]->view.on;
}

void cityhub_slot_open(unsigned int nr, u32 generation, u64 first_tick)
{
	lockdep_assert_held(&cityhub_tick_lock);
	slots[nr]->view.gate = CITYHUB_GATE_OPEN;
	slots[nr]->view.generation = generation;
	slots[nr]->first_tick = first_tick;
}

/* The start of a capture moved. */
void cityhub_slots_move(u32 generation, u64 first_tick)
{
	unsigned int i;

	lockdep_assert_held(&cityhub_tick_lock);
	for (i = 0; i < ARRAY_SIZE(slots); i++)
		if (slots[i] && slots[i]->view.generation == generation)
			slots[i]->first_tick = first_tick;
}

/* Closes the gates of the members that are in the capture still. */
void cityhub_slots_close(u32 generation)
{
	unsigned int i;

	lockdep_assert_held(&cityhub_tick_lock);
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		if (!slots[i] || slots[i]->view.generation != generation)
			continue;
		slots[i]->view.gate = CITYHUB_GATE_CLOSED;
		slots[i]->view.generation = 0;
	}
}

static void slot_free(struct slot *s)
{
	iio_trigger_free(s->trig);
	kvfree(s->ring);
	kfree(s);
}

static struct slot *slot_alloc(unsigned int nr)
{
	struct slot *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;

	s->nr = nr;
	s->claimant = -1;
	s->ring = kvcalloc(RING_SIZE, sizeof(*s->ring), GFP_KERNEL);
	s->trig = iio_trigger_alloc(NULL, "cityhub-%u", nr);
	if (!s->ring || !s->trig) {
		slot_free(s);
		return NULL;
	}

	s->trig->ops = &slot_ops;
	iio_trigger_set_drvdata(s->trig, s);
	return s;
}

static void slot_enter(unsigned int nr, struct slot *s)
{
	lockdep_assert_held(&cityhub_lock);
	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	slots[nr] = s;
}

/**
 * cityhub_slot_new() - make a slot
 * @nr:		its number, which no slot has
 *
 * Return: 0, -ENOMEM, or -EEXIST when another trigger has its name.
 */
int cityhub_slot_new(unsigned int nr)
{
	struct slot *s = slot_alloc(nr);
	int ret;

	if (!s)
		return -ENOMEM;

	/* As soon as it has a name a device may ask to be let in. */
	scoped_guard(mutex, &cityhub_lock)
		slot_enter(nr, s);
	ret = iio_trigger_register(s->trig);
	if (!ret)
		return 0;

	scoped_guard(mutex, &cityhub_lock)
		slot_enter(nr, NULL);
	slot_free(s);
	return ret;
}

/*
 * After it was taken off the slots there are: it is off, but a consumer that was
 * switched off may still be at work on its last tick.
 */
static void slot_destroy(struct slot *s)
{
	unsigned int i;

	iio_trigger_unregister(s->trig);
	for (i = 0; i < CONFIG_IIO_CONSUMERS_PER_TRIGGER; i++)
		synchronize_irq(s->trig->subirq_base + i);
	flush_work(&s->trig->reenable_work);
	slot_free(s);
}

/**
 * cityhub_slot_del() - take a slot away
 * @nr:		its number
 *
 * Return: 0, -ENOENT when there is none, or -EBUSY when a device uses it.
 */
int cityhub_slot_del(unsigned int nr)
{
	struct slot *s;

	scoped_guard(mutex, &cityhub_lock) {
		s = slots[nr];
		if (!s)
			return -ENOENT;
		if (slot_is_claimed(s) || slot_is_used(s, NULL))
			return -EBUSY;
		slot_enter(nr, NULL);
	}

	slot_destroy(s);
	return 0;
}

int cityhub_slots_init(unsigned int count)
{
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = cityhub_slot_new(i);
		if (ret) {
			cityhub_slots_exit();
			return ret;
		}
	}

	return 0;
}

/* No device uses one: it would hold the module. */
void cityhub_slots_exit(void)
{
	struct slot *s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		s = slots[i];
		if (!s)
			continue;
		scoped_guard(mutex, &cityhub_lock)
			slot_enter(i, NULL);
		slot_destroy(s);
	}
}
