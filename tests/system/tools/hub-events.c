// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the events of the hub, one per line, until none has come for the
 * time given:
 *
 *	hub-events MILLISECONDS [monitor|fault|both [SLEEP_MILLISECONDS]]
 *	-> ready
 *	   hub lost=N epoch=N
 *	   member|gone id=N lost=N gate=N primed=0|1
 *	   fault id=N kinds=0xN status=0xN
 *	   lost lost=N
 *
 * What was asked for after a loss ends in "again". With a time to sleep it does
 * not read before, and it prints the sequence of each event.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cityhub/cityhub.h>

static int numbered;

static void print(const struct cityhub_event *e)
{
	static const char *const types[] = {
		[CITYHUB_EVENT_MEMBER] = "member",
		[CITYHUB_EVENT_MEMBER_GONE] = "gone",
	};

	const char *again = e->resync ? " again" : "";

	if (numbered)
		printf("%u ", e->sequence);
	if (e->type == CITYHUB_EVENT_HUB)
		printf("hub lost=%u epoch=%u%s\n", e->lost, e->clock.set_count,
		       again);
	else if (e->type == CITYHUB_EVENT_FAULT)
		printf("fault id=%u kinds=%#x status=%#x\n", e->fault.member,
		       e->fault.kinds, e->fault.status);
	else if (e->type == CITYHUB_EVENT_LOST)
		printf("lost lost=%u\n", e->lost);
	else
		printf("%s id=%u lost=%u gate=%d primed=%d%s\n",
		       types[e->type], e->member.id, e->lost,
		       (int)e->member.gate, e->member.primed, again);
}

static unsigned int groups(const char *name)
{
	if (!strcmp(name, "both"))
		return CITYHUB_EVENTS_MONITOR | CITYHUB_EVENTS_FAULT;
	return !strcmp(name, "fault") ? CITYHUB_EVENTS_FAULT :
					CITYHUB_EVENTS_MONITOR;
}

int main(int argc, char **argv)
{
	const struct cityhub_event *event;
	struct cityhub_events *events;
	struct pollfd p = { .events = POLLIN };
	int ret;

	if (argc < 2 ||
	    cityhub_events_open_groups(&events,
				       groups(argc > 2 ? argv[2] : "monitor")))
		return 2;
	puts("ready");
	fflush(stdout);
	numbered = argc > 3;
	if (numbered)
		usleep((useconds_t)atoi(argv[3]) * 1000);
	p.fd = cityhub_events_fd(events);
	while (poll(&p, 1, atoi(argv[1])) > 0) {
		do {
			ret = cityhub_events_read(events, &event);
			if (!ret)
				print(event);
		} while (!ret || ret == -EBUSY);
		if (ret != -EAGAIN)
			return 1;
	}
	cityhub_events_close(events);
	return 0;
}
