// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures. Everything that can fail comes first; then the gates of all
 * members open in one critical section, or none does.
 */
#include <linux/cleanup.h>
#include <linux/iio/iio.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "hub.h"

#define START_AHEAD_MAX_NS	(24LL * 3600 * NSEC_PER_SEC)

LIST_HEAD(cityhub_captures);
/* What arm asks of the clock; guarded by cityhub_lock as all here. */
enum cityhub_hub_policy cityhub_policy;
static u32 generation;

struct cityhub_capture *cityhub_capture_find(u32 gen)
{
	struct cityhub_capture *c;

	list_for_each_entry(c, &cityhub_captures, node)
		if (c->generation == gen)
			return c;

	return NULL;
}

static void capture_free(struct cityhub_capture *c)
{
	scoped_guard(raw_spinlock_irqsave, &cityhub_tick_lock)
		list_del_init(&c->start.node);
	list_del(&c->node);
	kfree(c);
}

/* Where a capture starts, as things are. */
void cityhub_capture_start(const struct cityhub_capture *c, u64 *first_tick,
			   s64 *due_ns)
{
	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	*first_tick = c->start.first_tick;
	*due_ns = c->start.due_ns;
}

/* Takes a member out of the capture that still names it, if one does. */
void cityhub_capture_drop(u32 id)
{
	struct cityhub_capture *c, *next;
	unsigned int i;

	list_for_each_entry_safe(c, next, &cityhub_captures, node) {
		for (i = 0; i < c->n; i++)
			if (c->id[i] == id)
				c->id[i--] = c->id[--c->n];
		if (!c->n)
			capture_free(c);
	}
}

static int arm_check_start(const struct cityhub_arm *req,
			   struct netlink_ext_ack *extack)
{
	s64 now_ns = ktime_get_real_ns();

	if (!req->start_attr)
		return 0;
	if (req->start_ns < now_ns) {
		NL_SET_ERR_MSG_ATTR(extack, req->start_attr,
				    "start lies in the past");
		return -ERANGE;
	}
	if (req->start_ns - now_ns > START_AHEAD_MAX_NS) {
		NL_SET_ERR_MSG_ATTR(extack, req->start_attr,
				    "start is more than a day ahead");
		return -ERANGE;
	}
	return 0;
}

static int arm_check_clock(const struct cityhub_arm *req,
			   struct netlink_ext_ack *extack)
{
	struct cityhub_grid_view view;
	u64 bound_ns, left_ns;

	cityhub_grid_get(&view);
	if (!cityhub_grid_clock_is_set(view.config.clock)) {
		NL_SET_ERR_MSG(extack, "the TAI offset is not set any more");
		return -ETIME;
	}
	if (req->force || cityhub_policy == CITYHUB_HUB_POLICY_ANY ||
	    cityhub_sync_get(&bound_ns, &left_ns))
		return 0;

	NL_SET_ERR_MSG(extack, "the clock is not known to be synchronised");
	return -ETIME;
}

static int arm_check_member(struct cityhub_arm *req, unsigned int i,
			    struct netlink_ext_ack *extack)
{
	struct cityhub_member_view view;
	unsigned int j;

	for (j = 0; j < i; j++) {
		if (req->id[j] == req->id[i]) {
			NL_SET_ERR_MSG_ATTR(extack, req->attr[i],
					    "member is named twice");
			return -EINVAL;
		}
	}
	req->dev[i] = cityhub_member_get(req->id[i]);
	if (!req->dev[i] || cityhub_member_view(req->dev[i], &view)) {
		NL_SET_ERR_MSG_ATTR(extack, req->attr[i],
				    "no such member of the hub");
		return -ENODEV;
	}
	if (!view.primed) {
		NL_SET_ERR_MSG_ATTR(extack, req->attr[i],
				    "member is not primed: its buffer is off");
		return -EAGAIN;
	}
	if (view.gate == CITYHUB_GATE_OPEN) {
		NL_SET_ERR_MSG_ATTR(extack, req->attr[i],
				    "member is in a capture already");
		return -EBUSY;
	}
	return 0;
}

/**
 * struct gates - the gates of some members
 * @n_slots:	number of ticked members
 * @slot:	their slots
 * @n_free:	number of free-running members
 * @free:	their devices
 */
struct gates {
	unsigned int n_slots;
	unsigned int slot[CITYHUB_CAPTURE_MEMBERS_MAX];
	unsigned int n_free;
	struct iio_dev *free[CITYHUB_CAPTURE_MEMBERS_MAX];
};

static void gates_add(struct gates *g, struct iio_dev *indio_dev)
{
	int slot = cityhub_slot_of(indio_dev);

	if (slot >= 0)
		g->slot[g->n_slots++] = slot;
	else
		g->free[g->n_free++] = indio_dev;
}

/* A buffer may have been switched off since it was checked. */
static int gates_open(struct gates *g, struct cityhub_capture *c)
{
	unsigned int i;
	s64 t0_ns;

	guard(raw_spinlock_irqsave)(&cityhub_tick_lock);
	for (i = 0; i < g->n_slots; i++)
		if (!cityhub_slot_is_on(g->slot[i]))
			return -EAGAIN;

	t0_ns = cityhub_grid_pick_start(&c->start);
	if (cityhub_gates_open(g->free, g->n_free, c->generation, t0_ns))
		return -EAGAIN;

	for (i = 0; i < g->n_slots; i++)
		cityhub_slot_open(g->slot[i], c->generation,
				  c->start.first_tick);
	cityhub_grid_wait(&c->start);
	return 0;
}

static int arm_commit(struct cityhub_arm *req, struct cityhub_capture *c,
		      struct gates *g, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < req->n; i++)
		gates_add(g, req->dev[i]);
	/* 0 means "in no capture". */
	c->generation = generation + 1 ?: 1;
	c->start.generation = c->generation;
	c->start.asked_ns = req->start_ns;
	if (gates_open(g, c)) {
		NL_SET_ERR_MSG(extack, "a member was switched off meanwhile");
		return -EAGAIN;
	}

	generation = c->generation;
	/* A member that left a capture by itself may still be named there. */
	for (i = 0; i < req->n; i++)
		cityhub_capture_drop(req->id[i]);
	c->owner = req->owner;
	c->n = req->n;
	memcpy(c->id, req->id, req->n * sizeof(*c->id));
	list_add_tail(&c->node, &cityhub_captures);
	return 0;
}

static int arm_allocate_and_commit(struct cityhub_arm *req,
				   struct cityhub_capture **capture,
				   struct netlink_ext_ack *extack)
{
	struct cityhub_capture *c = kzalloc(sizeof(*c), GFP_KERNEL);
	struct gates *g = kzalloc(sizeof(*g), GFP_KERNEL);
	int ret = -ENOMEM;

	if (c && g)
		ret = arm_commit(req, c, g, extack);
	kfree(g);
	if (ret)
		kfree(c);
	else
		*capture = c;
	return ret;
}

/**
 * cityhub_capture_arm() - open the gates of all members named, or of none
 * @req:	the request
 * @capture:	set to the new capture, which the list owns
 * @extack:	for the reason of a refusal
 *
 * Return: 0 or a negative error number, nothing has changed then.
 */
int cityhub_capture_arm(struct cityhub_arm *req,
			struct cityhub_capture **capture,
			struct netlink_ext_ack *extack)
{
	unsigned int i;
	int ret;

	lockdep_assert_held(&cityhub_lock);
	ret = arm_check_start(req, extack);
	for (i = 0; i < req->n && !ret; i++)
		ret = arm_check_member(req, i, extack);
	if (!ret)
		ret = arm_check_clock(req, extack);
	if (!ret)
		ret = arm_allocate_and_commit(req, capture, extack);
	for (i = 0; i < req->n; i++)
		if (req->dev[i])
			iio_device_put(req->dev[i]);

	return ret;
}

/**
 * cityhub_capture_disarm() - close the gates of a capture in one act
 * @c:		capture; off the list afterwards, the caller frees it then
 *
 * Members that left the capture by themselves run freely: they stay so.
 */
void cityhub_capture_disarm(struct cityhub_capture *c)
{
	lockdep_assert_held(&cityhub_lock);
	scoped_guard(raw_spinlock_irqsave, &cityhub_tick_lock) {
		cityhub_slots_close(c->generation);
		cityhub_gates_close(c->generation);
		c->ticked = cityhub_grid_last(&c->last_tick);
		list_del_init(&c->start.node);
	}
	list_del(&c->node);
}

void cityhub_captures_exit(void)
{
	struct cityhub_capture *c, *next;

	/* Works that announce the hub look at the list still. */
	guard(mutex)(&cityhub_lock);
	cityhub_gates_release();
	list_for_each_entry_safe(c, next, &cityhub_captures, node)
		capture_free(c);
}
