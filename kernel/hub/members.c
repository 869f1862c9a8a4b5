// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members are looked up on the IIO bus whenever they are needed: a reference
 * kept would close a circle (device, trigger, this module) that unbinding a
 * driver could not break.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/iio/iio.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "hub.h"

/*
 * Guards captures, generations and the sequence. The removal of a device
 * waits for it, so under it a device found on the bus has its driver.
 */
DEFINE_MUTEX(cityhub_lock);

/* Triggers live on the same bus. */
static bool is_iio_device(const struct device *dev)
{
	return str_has_prefix(dev_name(dev), "iio:device");
}

static bool is_free_running(struct iio_dev *indio_dev)
{
	struct cityhub_member_stats stats;

	return !cityhub_member_get_stats(indio_dev, &stats) &&
	       stats.mode == CITYHUB_MODE_FREE;
}

static bool is_member(struct iio_dev *indio_dev)
{
	return cityhub_slot_of(indio_dev) >= 0 || is_free_running(indio_dev);
}

/*
 * The device with an id, with a reference to be dropped by iio_device_put()
 * before cityhub_lock is, or NULL when no member has it.
 */
struct iio_dev *cityhub_member_get(u32 id)
{
	struct iio_dev *indio_dev;
	struct device *dev;
	char name[32];

	snprintf(name, sizeof(name), "iio:device%u", id);
	dev = bus_find_device_by_name(&iio_bus_type, NULL, name);
	if (!dev)
		return NULL;

	indio_dev = dev_to_iio_dev(dev);
	if (is_member(indio_dev))
		return indio_dev;

	put_device(dev);
	return NULL;
}

static void view_slot(struct cityhub_member_view *view)
{
	struct cityhub_slot_view slot;

	cityhub_slot_get(view->slot, &slot);
	view->primed = slot.on;
	view->gate = slot.gate;
	view->generation = slot.generation;
	view->ticks = slot.count;
}

static void view_free_running(struct cityhub_member_view *view)
{
	view->primed = view->stats.on;
	view->gate = view->stats.gate;
	view->generation = view->stats.generation;
}

int cityhub_member_view(struct iio_dev *indio_dev,
			struct cityhub_member_view *view)
{
	if (!is_member(indio_dev))
		return -ENODEV;

	memset(view, 0, sizeof(*view));
	view->id = iio_device_id(indio_dev);
	strscpy(view->name, indio_dev->name ?: "", sizeof(view->name));
	strscpy(view->label, indio_dev->label ?: "", sizeof(view->label));
	view->reports = !cityhub_member_get_stats(indio_dev, &view->stats);
	view->slot = cityhub_slot_of(indio_dev);
	if (view->slot >= 0)
		view_slot(view);
	else
		view_free_running(view);

	return 0;
}

int cityhub_member_view_id(u32 id, struct cityhub_member_view *view)
{
	struct iio_dev *indio_dev = cityhub_member_get(id);
	int ret;

	if (!indio_dev)
		return -ENODEV;

	ret = cityhub_member_view(indio_dev, view);
	iio_device_put(indio_dev);
	return ret;
}

/**
 * struct search - what a walk over the bus looks for
 * @from:	smallest id wanted
 * @best:	smallest id found, -1 when none
 * @slot:	only the member of this slot, -1 for all
 * @except:	not this device
 */
struct search {
	u32 from;
	s64 best;
	int slot;
	const struct iio_dev *except;
};

static int search_one(struct device *dev, void *data)
{
	struct search *s = data;
	struct iio_dev *indio_dev;
	s64 id;

	if (!is_iio_device(dev))
		return 0;

	indio_dev = dev_to_iio_dev(dev);
	id = iio_device_id(indio_dev);
	if (id < s->from || (s->best >= 0 && id > s->best) ||
	    indio_dev == s->except)
		return 0;

	if (s->slot < 0 ? is_member(indio_dev) :
			  cityhub_slot_of(indio_dev) == s->slot)
		s->best = id;
	return 0;
}

static s64 search_members(u32 from, int slot, const struct iio_dev *except)
{
	struct search s = {
		.from = from, .best = -1, .slot = slot, .except = except,
	};

	bus_for_each_dev(&iio_bus_type, NULL, &s, search_one);
	return s.best;
}

/* The member with the smallest id from one on. */
int cityhub_member_next(u32 from, struct cityhub_member_view *view)
{
	s64 id;

	/* One that is being removed is found, and gone when looked at. */
	while ((id = search_members(from, -1, NULL)) >= 0) {
		if (!cityhub_member_view_id(id, view))
			return 0;
		from = id + 1;
	}

	return -ENODEV;
}

bool cityhub_slot_is_taken(unsigned int nr, const struct iio_dev *by_other_than)
{
	return search_members(0, nr, by_other_than) >= 0;
}

/*
 * Which device has which slot, as it was announced; guarded by cityhub_lock.
 * The IIO core does not tell when a device leaves a trigger, so it is looked
 * for once a second, by a timer that wakes no idle processor.
 */
static s64 announced[CITYHUB_SLOTS_MAX];

static int find_slot(struct device *dev, void *data)
{
	struct iio_dev *indio_dev;
	s64 *found = data;
	int slot;

	if (!is_iio_device(dev))
		return 0;

	indio_dev = dev_to_iio_dev(dev);
	slot = cityhub_slot_of(indio_dev);
	if (slot >= 0)
		found[slot] = iio_device_id(indio_dev);
	return 0;
}

/* A device that left its slot may be a member in another way. */
static void announce_left(u32 id)
{
	struct cityhub_member_view view;

	if (cityhub_member_view_id(id, &view))
		cityhub_notify_member_del(id);
	else
		cityhub_notify_member(id);
}

static void announce_slots(const s64 *found)
{
	unsigned int i;
	s64 before;

	for (i = 0; i < CITYHUB_SLOTS_MAX; i++) {
		before = announced[i];
		if (before == found[i])
			continue;
		announced[i] = found[i];
		if (before >= 0)
			announce_left(before);
		if (found[i] >= 0)
			cityhub_notify_member(found[i]);
	}
}

static void look(void)
{
	s64 found[CITYHUB_SLOTS_MAX];

	memset(found, 0xff, sizeof(found));
	guard(mutex)(&cityhub_lock);
	bus_for_each_dev(&iio_bus_type, NULL, found, find_slot);
	announce_slots(found);
}

static void look_fn(struct work_struct *work)
{
	look();
	schedule_delayed_work(to_delayed_work(work), HZ);
}

static DECLARE_DEFERRABLE_WORK(look_work, look_fn);

static void join_fn(struct work_struct *work)
{
	look();
}

static DECLARE_DELAYED_WORK(join_work, join_fn);

/* A device is about to join. */
void cityhub_members_join(void)
{
	mod_delayed_work(system_wq, &join_work, msecs_to_jiffies(20));
}

static void notify_fault(u32 id, u32 kinds)
{
	struct cityhub_member_view view;

	if (!cityhub_member_view_id(id, &view))
		cityhub_notify_fault(&view, kinds);
}

/* A slot was switched on or off, which may have cut a capture short. */
void cityhub_members_slot_changed(unsigned int nr, bool cut)
{
	s64 id = search_members(0, nr, NULL);

	lockdep_assert_held(&cityhub_lock);
	announced[nr] = id;
	if (id < 0)
		return;

	cityhub_notify_member(id);
	if (cut)
		notify_fault(id, CITYHUB_FAULT_KIND_CUT);
}

/* When what the base reported was last passed on, in jiffies. */
static unsigned long changed_last;

static u32 fault_kinds(u32 what)
{
	static const struct {
		u32 changed;
		u32 kind;
	} map[] = {
		{ CITYHUB_CHANGED_CUT, CITYHUB_FAULT_KIND_CUT },
		{ CITYHUB_CHANGED_FIFO_FULL, CITYHUB_FAULT_KIND_FIFO_FULL },
		{ CITYHUB_CHANGED_LOST, CITYHUB_FAULT_KIND_LOST },
		{ CITYHUB_CHANGED_BUS_ERROR, CITYHUB_FAULT_KIND_BUS_ERROR },
		{ CITYHUB_CHANGED_CRC_ERROR, CITYHUB_FAULT_KIND_CRC_ERROR },
		{ CITYHUB_CHANGED_INVALID, CITYHUB_FAULT_KIND_INVALID },
		{ CITYHUB_CHANGED_RECOVERED, CITYHUB_FAULT_KIND_RECOVERED },
		{ CITYHUB_CHANGED_STATUS, CITYHUB_FAULT_KIND_STATUS },
	};
	unsigned int i;
	u32 kinds = 0;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (what & map[i].changed)
			kinds |= map[i].kind;

	return kinds;
}

static void changed_member(u32 id, u32 what)
{
	u32 kinds = fault_kinds(what);

	if (what & (CITYHUB_CHANGED_ON | CITYHUB_CHANGED_STAMP))
		cityhub_notify_member(id);
	if (kinds)
		notify_fault(id, kinds);
}

static void changed_fn(struct work_struct *work)
{
	unsigned int nr;
	u32 id, what;
	s64 found;

	WRITE_ONCE(changed_last, jiffies);
	guard(mutex)(&cityhub_lock);
	while (cityhub_members_changed(&id, &what))
		changed_member(id, what);
	while (cityhub_slots_overrun(&nr)) {
		found = search_members(0, nr, NULL);
		if (found >= 0)
			notify_fault(found, CITYHUB_FAULT_KIND_OVERRUN);
	}
}

static DECLARE_DELAYED_WORK(changed_work, changed_fn);

/*
 * Something of a member or of a slot changed; from any context. What is not
 * urgent is told once a second at most.
 */
void cityhub_members_look(bool soon)
{
	unsigned long next = READ_ONCE(changed_last) + HZ;

	if (soon || time_after_eq(jiffies, next))
		mod_delayed_work(system_wq, &changed_work, 0);
	else
		schedule_delayed_work(&changed_work, next - jiffies);
}

static void member_added(struct iio_dev *indio_dev)
{
	if (is_member(indio_dev))
		cityhub_notify_member(iio_device_id(indio_dev));
}

/*
 * Ids are used again, also that of a member that left its slot. Its buffer is
 * on still, if it was; when it goes off the device is found no more.
 */
static void member_removed(struct iio_dev *indio_dev)
{
	struct cityhub_member_view view;
	u32 id = iio_device_id(indio_dev);
	unsigned int i;

	cityhub_capture_drop(id);
	if (!cityhub_member_view(indio_dev, &view)) {
		cityhub_notify_member_del(id);
		if (view.gate == CITYHUB_GATE_OPEN)
			cityhub_notify_fault(&view, CITYHUB_FAULT_KIND_CUT);
	}
	for (i = 0; i < CITYHUB_SLOTS_MAX; i++)
		if (announced[i] == id)
			announced[i] = -1;
}

static int members_notify(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	struct device *dev = data;

	if (!is_iio_device(dev))
		return NOTIFY_DONE;

	guard(mutex)(&cityhub_lock);
	if (action == BUS_NOTIFY_ADD_DEVICE)
		member_added(dev_to_iio_dev(dev));
	else if (action == BUS_NOTIFY_REMOVED_DEVICE)
		member_removed(dev_to_iio_dev(dev));
	return NOTIFY_DONE;
}

static struct notifier_block members_nb = {
	.notifier_call = members_notify,
};

int cityhub_members_init(void)
{
	int ret;

	memset(announced, 0xff, sizeof(announced));
	ret = bus_register_notifier(&iio_bus_type, &members_nb);
	if (ret)
		return ret;

	cityhub_members_watch(cityhub_members_look);
	schedule_delayed_work(&look_work, HZ);
	return 0;
}

void cityhub_members_exit(void)
{
	cityhub_members_watch(NULL);
	cancel_delayed_work_sync(&changed_work);
	cancel_delayed_work_sync(&join_work);
	cancel_delayed_work_sync(&look_work);
	bus_unregister_notifier(&iio_bus_type, &members_nb);
}
