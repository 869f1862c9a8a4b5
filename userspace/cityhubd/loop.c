// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define LOOP_EVENTS	16
/* As far off as the kernel's clocks reach (year 2255), or a 32 bit time_t. */
#define LOOP_NEVER_S	\
	((time_t)(sizeof(time_t) > 4 ? INT64_C(9000000000) : INT32_MAX))

struct loop {
	int epoll;
	bool stop;
	struct loop_watch *dead;	/* freed when no event can name them */
};

struct loop_watch {
	struct loop *loop;
	struct loop_watch *next_dead;
	int fd;
	bool own_fd;
	bool is_dead;
	loop_fn fn;
	void (*signal_fn)(void *ctx, int signal);
	void *ctx;
	void (*dispatch)(struct loop_watch *w);
};

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		free(l);
		return NULL;
	}
	return l;
}

static void loop_bury(struct loop *l)
{
	while (l->dead) {
		struct loop_watch *w = l->dead;

		l->dead = w->next_dead;
		free(w);
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	loop_bury(l);
	close(l->epoll);
	free(l);
}

int loop_run(struct loop *l)
{
	struct epoll_event events[LOOP_EVENTS];

	while (!l->stop) {
		int n = epoll_wait(l->epoll, events, LOOP_EVENTS, -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			struct loop_watch *w = events[i].data.ptr;

			if (!w->is_dead)
				w->dispatch(w);
		}
		loop_bury(l);
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

static void loop_dispatch_fd(struct loop_watch *w)
{
	w->fn(w->ctx);
}

static void loop_dispatch_timer(struct loop_watch *w)
{
	uint64_t n;

	if (read(w->fd, &n, sizeof(n)) == sizeof(n))
		w->fn(w->ctx);
}

static void loop_dispatch_signal(struct loop_watch *w)
{
	struct signalfd_siginfo info;

	if (read(w->fd, &info, sizeof(info)) == sizeof(info))
		w->signal_fn(w->ctx, (int)info.ssi_signo);
}

static struct loop_watch *loop_add(struct loop *l, int fd, bool own_fd,
				   void (*dispatch)(struct loop_watch *w),
				   void *ctx)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct loop_watch *w = fd < 0 ? NULL : calloc(1, sizeof(*w));

	if (w) {
		w->loop = l;
		w->fd = fd;
		w->own_fd = own_fd;
		w->dispatch = dispatch;
		w->ctx = ctx;
		event.data.ptr = w;
		if (!epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event))
			return w;
	}
	if (own_fd && fd >= 0)
		close(fd);
	free(w);
	return NULL;
}

struct loop_watch *loop_watch_fd(struct loop *l, int fd, loop_fn fn, void *ctx)
{
	struct loop_watch *w = loop_add(l, fd, false, loop_dispatch_fd, ctx);

	if (w)
		w->fn = fn;
	return w;
}

struct loop_watch *loop_watch_timer(struct loop *l, loop_fn fn, void *ctx)
{
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	struct loop_watch *w = loop_add(l, fd, true, loop_dispatch_timer, ctx);

	if (w)
		w->fn = fn;
	return w;
}

/* A timer that never comes, but is cancelled when the clock is set. */
static int loop_arm_clock(int fd)
{
	const struct itimerspec never = { .it_value.tv_sec = LOOP_NEVER_S };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
			       &never, NULL);
}

static void loop_dispatch_clock(struct loop_watch *w)
{
	uint64_t n;

	if (read(w->fd, &n, sizeof(n)) != sizeof(n) && errno == EAGAIN)
		return;
	/* Armed first, so that a step from now on comes again. */
	loop_arm_clock(w->fd);
	w->fn(w->ctx);
}

struct loop_watch *loop_watch_clock(struct loop *l, loop_fn fn, void *ctx)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	struct loop_watch *w = loop_add(l, fd, true, loop_dispatch_clock, ctx);

	if (!w)
		return NULL;
	w->fn = fn;
	if (!loop_arm_clock(fd))
		return w;
	loop_unwatch(w);
	return NULL;
}

static struct timespec loop_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000,
				  .tv_nsec = ns % 1000000000 };
}

int loop_timer_set(struct loop_watch *w, int64_t at_ns, int64_t every_ns)
{
	struct itimerspec spec = {
		.it_value = loop_timespec(at_ns > 0 ? at_ns : 1),
		.it_interval = loop_timespec(every_ns),
	};

	return timerfd_settime(w->fd, TFD_TIMER_ABSTIME, &spec, NULL) ?
	       -errno : 0;
}

struct loop_watch *loop_watch_signals(struct loop *l, const int *signals,
				      unsigned int n,
				      void (*fn)(void *ctx, int signal),
				      void *ctx)
{
	struct loop_watch *w;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (unsigned int i = 0; i < n; i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return NULL;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	w = loop_add(l, fd, true, loop_dispatch_signal, ctx);
	if (w)
		w->signal_fn = fn;
	return w;
}

void loop_unwatch(struct loop_watch *w)
{
	if (!w || w->is_dead)
		return;
	epoll_ctl(w->loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	if (w->own_fd)
		close(w->fd);
	w->is_dead = true;
	w->next_dead = w->loop->dead;
	w->loop->dead = w;
}
