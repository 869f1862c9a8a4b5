/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a chip forgets or cannot know: the state of the VOC index is kept over a
 * loss of power, the ambient pressure is handed to CO2 sensors. A thread of its
 * own does it, for it takes up to seconds on the bus.
 */
#ifndef CITYHUBD_TEND_H
#define CITYHUBD_TEND_H

#include <stdbool.h>
#include <stdint.h>

struct tend;

struct tend_conf {
	const char *devices;	/* /sys/bus/iio/devices */
	const char *dir;	/* where states are kept; made if need be */
	const char *boot;
};

/* NULL with errno. */
struct tend *tend_start(const struct tend_conf *conf);
/* Keeps the states once more. */
void tend_stop(struct tend *t);

/*
 * May the buffer of that device ("iio:device0") be switched on? If not so, it is
 * being prepared, and the file descriptor of tend_fd() can be read when it is.
 */
bool tend_ready(struct tend *t, const char *key);
/* An eventfd. */
int tend_fd(const struct tend *t);
/*
 * What the hub measures, at @now_ns on a clock that nobody can set; blocks
 * nobody. Chips are told once a minute at most, and when it changed.
 */
void tend_pressure(struct tend *t, int64_t now_ns, double hpa);

#endif /* CITYHUBD_TEND_H */
