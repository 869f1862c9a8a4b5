/* SPDX-License-Identifier: GPL-2.0-only */
/* The event loop of the main thread. */
#ifndef CITYHUBD_LOOP_H
#define CITYHUBD_LOOP_H

#include <stdint.h>

struct loop;
struct loop_watch;

typedef void (*loop_fn)(void *ctx);

/* NULL with errno. */
struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Runs until loop_stop(). Returns 0 or -errno. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Call @fn while @fd can be read. NULL with errno. */
struct loop_watch *loop_watch_fd(struct loop *l, int fd, loop_fn fn, void *ctx);
/* A timer of CLOCK_BOOTTIME, not yet set. NULL with errno. */
struct loop_watch *loop_watch_timer(struct loop *l, loop_fn fn, void *ctx);
/* At an instant of CLOCK_BOOTTIME, then each @every_ns if that is not 0. */
int loop_timer_set(struct loop_watch *w, int64_t at_ns, int64_t every_ns);
/* Call @fn whenever the realtime clock was set. NULL with errno. */
struct loop_watch *loop_watch_clock(struct loop *l, loop_fn fn, void *ctx);
/* The signals are blocked; @fn runs in the loop. NULL with errno. */
struct loop_watch *loop_watch_signals(struct loop *l, const int *signals,
				      unsigned int n,
				      void (*fn)(void *ctx, int signal),
				      void *ctx);
/* Allowed from within any callback. */
void loop_unwatch(struct loop_watch *w);

#endif /* CITYHUBD_LOOP_H */
