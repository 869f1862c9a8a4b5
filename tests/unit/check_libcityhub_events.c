// SPDX-License-Identifier: GPL-2.0-only
/* Events after a loss, while the members of the hub keep changing. */
#include "unit.h"

#include <cityhub/cityhub.h>
#include <netlink/netlink.h>

#include "libcityhub/handle.h"

/*
 * The library's own source, on a kernel that is made up here: what it calls
 * has other names then, and so have the calls it offers.
 */
#define nl_recvmsgs_default		fake_receive
#define cityhub_hub_get			fake_hub_get
#define cityhub_hub_free		fake_hub_free
#define cityhub_members_get		fake_members_get
#define cityhub_members_free		fake_members_free
#define cityhub_events_open		our_events_open
#define cityhub_events_open_groups	our_events_open_groups
#define cityhub_events_read		our_events_read
#define cityhub_events_close		our_events_close
#define cityhub_events_fd		our_events_fd

int fake_receive(struct nl_sock *sk);
int fake_hub_get(struct cityhub *h, struct cityhub_hub **hub);
void fake_hub_free(struct cityhub_hub *hub);
int fake_members_get(struct cityhub *h, struct cityhub_member **members,
		     size_t *n);
void fake_members_free(struct cityhub_member *members);
int our_events_open(struct cityhub_events **events);
int our_events_open_groups(struct cityhub_events **events, unsigned int groups);
int our_events_read(struct cityhub_events *events,
		    const struct cityhub_event **event);
void our_events_close(struct cityhub_events *events);
int our_events_fd(const struct cityhub_events *events);

#include "../../userspace/libcityhub/events.c"

static struct cityhub_events *events;
static uint32_t late;		/* an event of this number comes, and then none */
static int lost_in_socket;	/* so often the kernel says that it dropped some */
static int steady;		/* so often the dump of members is whole, then */
static int changing;		/* so often it is interrupted */
static uint32_t hub_sequence;

int fake_receive(struct nl_sock *sk)
{
	(void)sk;
	if (lost_in_socket-- > 0)
		return -NLE_NOMEM;
	if (!late)
		return -NLE_AGAIN;
	events->event = (struct cityhub_event){
		.type = CITYHUB_EVENT_HUB, .group = CITYHUB_EVENTS_MONITOR,
		.sequence = late,
	};
	events->got = true;
	late = 0;
	return 0;
}

int fake_hub_get(struct cityhub *h, struct cityhub_hub **hub)
{
	(void)h;
	*hub = calloc(1, sizeof(**hub));
	ck_assert_ptr_nonnull(*hub);
	(*hub)->sequence = hub_sequence;
	return 0;
}

void fake_hub_free(struct cityhub_hub *hub)
{
	free(hub);
}

int fake_members_get(struct cityhub *h, struct cityhub_member **members,
		     size_t *n)
{
	(void)h;
	*members = NULL;
	*n = 0;
	return steady-- > 0 || changing-- <= 0 ? 0 : -EAGAIN;
}

void fake_members_free(struct cityhub_member *members)
{
	free(members);
}

static void after_a_loss(void)
{
	events = calloc(1, sizeof(*events));
	ck_assert_ptr_nonnull(events);
	events->groups = CITYHUB_EVENTS_MONITOR;
	events->sequence[MONITOR] = 10;
	hub_sequence = 13;
	lost_in_socket = 1;
	steady = 0;
	changing = 0;
	late = 0;
}

static void end(void)
{
	free(events->queue);
	free(events->known);
	free(events);
}

static int read_event(void)
{
	const struct cityhub_event *event;

	return our_events_read(events, &event);
}

/* The loss of so many, and the state after it. */
static void read_loss(uint32_t lost)
{
	const struct cityhub_event *event;

	ck_assert_int_eq(our_events_read(events, &event), 0);
	ck_assert_int_eq(event->type, CITYHUB_EVENT_LOST);
	ck_assert_uint_eq(event->lost, lost);
	ck_assert_int_eq(our_events_read(events, &event), 0);
	ck_assert_int_eq(event->type, CITYHUB_EVENT_HUB);
	ck_assert(event->resync);
}

START_TEST(state_that_keeps_changing_is_not_called_no_event)
{
	changing = 2;
	ck_assert_int_eq(read_event(), -EBUSY);
	ck_assert_int_eq(read_event(), -EBUSY);
	/* Nothing more came, and the loss is told all the same. */
	read_loss(3);
	ck_assert_int_eq(read_event(), -EAGAIN);
}
END_TEST

START_TEST(a_second_loss_is_told_too)
{
	late = 20;
	steady = 1;
	changing = 1;
	ck_assert_int_eq(read_event(), -EBUSY);
	hub_sequence = 20;
	read_loss(3);
	read_loss(7);
	ck_assert_int_eq(read_event(), -EAGAIN);
}
END_TEST

START_TEST(no_event_is_none)
{
	lost_in_socket = 0;
	ck_assert_int_eq(read_event(), -EAGAIN);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("libcityhub_events");
	TCase *t = tcase_create("libcityhub_events");

	tcase_add_checked_fixture(t, after_a_loss, end);
	tcase_add_test(t, state_that_keeps_changing_is_not_called_no_event);
	tcase_add_test(t, a_second_loss_is_told_too);
	tcase_add_test(t, no_event_is_none);
	suite_add_tcase(s, t);
	return unit_run(s);
}
