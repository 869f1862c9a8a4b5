// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cityhub/cityhub.h>

/* Only these have an interval in which their scan was stamped. */
static bool served(const struct cityhub_tick *t)
{
	return !t->overrun && t->done_ns;
}

static int64_t newest_known(const struct cityhub_tick *ticks, size_t n)
{
	int64_t newest = INT64_MIN;
	size_t i;

	for (i = 0; i < n; i++) {
		if (ticks[i].fire_ns > newest)
			newest = ticks[i].fire_ns;
		if (ticks[i].done_ns > newest)
			newest = ticks[i].done_ns;
	}
	return newest;
}

/* From one tick on, the first served one not done before an instant, or n. */
static size_t next_open(const struct cityhub_tick *ticks, size_t n, size_t i,
			int64_t ns, struct cityhub_join_counts *c)
{
	for (; i < n; i++) {
		if (!served(&ticks[i]))
			continue;
		if (ticks[i].done_ns >= ns)
			break;
		c->unread++;
	}
	return i;
}

struct cityhub_join_counts cityhub_join(const struct cityhub_tick *ticks,
					size_t n_ticks,
					const int64_t *stamps_ns,
					size_t n_stamps,
					struct cityhub_joined *joined)
{
	struct cityhub_join_counts c = { 0 };
	int64_t newest = newest_known(ticks, n_ticks);
	size_t i, t = 0;

	for (i = 0; i < n_stamps; i++) {
		t = next_open(ticks, n_ticks, t, stamps_ns[i], &c);
		if (t < n_ticks && ticks[t].fire_ns <= stamps_ns[i]) {
			joined[i].state = CITYHUB_JOIN_TICKED;
			joined[i].tick = t++;
			c.ticked++;
		} else if (stamps_ns[i] > newest) {
			joined[i].state = CITYHUB_JOIN_LATER;
			c.later++;
		} else {
			joined[i].state = CITYHUB_JOIN_UNTICKED;
			c.unticked++;
		}
	}

	next_open(ticks, n_ticks, t, INT64_MAX, &c);
	return c;
}
