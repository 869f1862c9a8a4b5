// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the events of the hub, one per line, until none has come for the
 * time given:
 *
 *	hub-events MILLISECONDS
 *	-> ready
 *	   hub lost=N epoch=N
 *	   member|gone id=N lost=N gate=N primed=0|1
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <cityhub/cityhub.h>

static void print(const struct cityhub_event *e)
{
	static const char *const types[] = {
		[CITYHUB_EVENT_MEMBER] = "member",
		[CITYHUB_EVENT_MEMBER_GONE] = "gone",
	};

	if (e->type == CITYHUB_EVENT_HUB) {
		printf("hub lost=%u epoch=%u\n", e->lost, e->clock.set_count);
		return;
	}
	printf("%s id=%u lost=%u gate=%d primed=%d\n", types[e->type],
	       e->member.id, e->lost, (int)e->member.gate, e->member.primed);
}

int main(int argc, char **argv)
{
	const struct cityhub_event *event;
	struct cityhub_events *events;
	struct pollfd p = { .events = POLLIN };
	int ret;

	if (argc != 2 || cityhub_events_open(&events))
		return 2;
	puts("ready");
	fflush(stdout);
	p.fd = cityhub_events_fd(events);
	while (poll(&p, 1, atoi(argv[1])) > 0) {
		while (!(ret = cityhub_events_read(events, &event)))
			print(event);
		if (ret != -EAGAIN)
			return 1;
	}
	cityhub_events_close(events);
	return 0;
}
