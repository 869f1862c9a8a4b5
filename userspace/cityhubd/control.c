// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cityhubd/clock.h"
#include "cityhubd/local_socket.h"
#include "common/bytes.h"
#include "common/control.h"
#include "common/log.h"

#define CONTROL_BACKLOG	4
#define CONTROL_SEND	(512 * 1024)	/* what the kernel keeps for a client */

struct control_client {
	struct control *control;
	int fd;			/* -1: free */
	struct loop_watch *watch;
	char sensor[BATCH_NAME];	/* tapped, or empty */
	bool named;		/* its channels were told */
	uint64_t missed;
	int64_t slow_since_ns;	/* 0: it is not */
};

struct control {
	struct loop *loop;
	struct capture *capture;
	char *path;
	int fd;
	struct loop_watch *watch;
	uint64_t missed;
	struct control_client clients[CONTROL_CLIENTS];
	struct control_block block;
};

/* ---- clients -------------------------------------------------------------- */

static void control_drop(struct control_client *c)
{
	loop_unwatch(c->watch);
	close(c->fd);
	c->fd = -1;
	*c->sensor = '\0';
}

static void control_answer(struct control_client *c, const char *text)
{
	/* The first packet to a client always fits. */
	if (send(c->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("a client is gone: %s", strerror(errno));
}

static void control_add_name(void *ctx, const char *name, double rate_hz,
			     unsigned int stalls)
{
	(void)rate_hz;
	(void)stalls;
	bytes_printf(ctx, "%s\n", name);
}

static void control_find_name(void *ctx, const char *name, double rate_hz,
			      unsigned int stalls)
{
	const char **wanted = ctx;

	(void)rate_hz;
	(void)stalls;
	if (*wanted && !strcmp(*wanted, name))
		*wanted = NULL;
}

static void control_list(struct control_client *c)
{
	struct bytes text = { 0 };

	capture_each(c->control->capture, control_add_name, &text);
	bytes_byte(&text, '\0');
	/* An empty packet would look like the end. */
	control_answer(c, text.data && *text.data ?
		       (const char *)text.data : "\n");
	bytes_clear(&text);
	control_drop(c);
}

static void control_tap(struct control_client *c, const char *sensor)
{
	const char *wanted = sensor;

	capture_each(c->control->capture, control_find_name, &wanted);
	if (wanted) {
		control_answer(c, "error: no sensor of that name delivers; 'cityhub tap' lists them");
		control_drop(c);
		return;
	}
	/* It is the name of one, so it fits. */
	snprintf(c->sensor, sizeof(c->sensor), "%.*s", BATCH_NAME - 1, sensor);
	c->named = false;
	c->missed = 0;
	c->slow_since_ns = 0;
}

static void control_request(void *ctx)
{
	struct control_client *c = ctx;
	char text[CONTROL_REQUEST + 1];
	ssize_t n = recv(c->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || *c->sensor) {
		control_drop(c);	/* gone, or it says too much */
		return;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, "sensors")) {
		control_list(c);
	} else if (!strncmp(text, "tap ", 4)) {
		control_tap(c, text + 4);
	} else {
		control_answer(c, "error: say 'sensors' or 'tap SENSOR'");
		control_drop(c);
	}
}

/* Of many the one that taps nothing makes room. */
static struct control_client *control_room(struct control *ctl)
{
	struct control_client *idle = NULL;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		if (ctl->clients[i].fd < 0)
			return &ctl->clients[i];
		if (!*ctl->clients[i].sensor)
			idle = &ctl->clients[i];
	}
	if (idle)
		control_drop(idle);
	return idle;
}

static void control_accept(void *ctx)
{
	struct control *ctl = ctx;
	struct control_client *c;
	int size = CONTROL_SEND;
	int fd = accept4(ctl->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	c = control_room(ctl);
	if (!c) {
		static const char busy[] = "error: too many clients; end one of them";

		if (send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			log_debug("a client is gone: %s", strerror(errno));
		close(fd);
		return;
	}
	/* Less than that only makes it miss more. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		log_debug("SO_SNDBUF: %s", strerror(errno));
	c->fd = fd;
	*c->sensor = '\0';
	c->watch = loop_watch_fd(ctl->loop, fd, control_request, c);
	if (!c->watch) {
		close(fd);
		c->fd = -1;
	}
}

/* ---- samples --------------------------------------------------------------- */

static bool control_name_channels(struct control_client *c,
				  const struct source *src)
{
	struct bytes text = { 0 };
	bool sent;

	for (unsigned int i = 0; i < src->channels; i++) {
		const struct meaning *m = &src->channel[i].meaning;

		bytes_printf(&text, "%s %s %d%s\n", m->channel.channel,
			     m->channel.unit, m->channel.decimals,
			     m->window.reduce == WINDOW_LEVEL ? " level" : "");
	}
	sent = text.len && send(c->fd, text.data, text.len,
				MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
	bytes_clear(&text);
	return sent;
}

static void control_miss(struct control_client *c, size_t n)
{
	int64_t now = clock_boottime_ns();

	c->missed += n;
	c->control->missed += n;
	if (!c->slow_since_ns)
		c->slow_since_ns = now;
	if (now - c->slow_since_ns < CONTROL_PATIENCE_S * INT64_C(1000000000))
		return;
	log_warning("control: who taps %s read nothing for %d s and is closed; the capture goes on",
		    c->sensor, CONTROL_PATIENCE_S);
	control_drop(c);
}

static void control_send(struct control_client *c, const struct source *src,
			 const int64_t *utc_ns, const double *const *columns,
			 size_t at, size_t n)
{
	struct control_block *b = &c->control->block;
	size_t len = offsetof(struct control_block, values) +
		     src->channels * n * sizeof(b->values[0]);

	b->samples = (uint32_t)n;
	b->channels = src->channels;
	b->missed = c->missed;
	memcpy(b->utc_ns, utc_ns + at, n * sizeof(*utc_ns));
	for (unsigned int i = 0; i < src->channels; i++)
		memcpy(b->values + i * n, columns[i] + at,
		       n * sizeof(b->values[0]));
	if (send(c->fd, b, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EAGAIN)
			control_miss(c, n);
		else
			control_drop(c);	/* it is gone */
		return;
	}
	c->missed = 0;
	c->slow_since_ns = 0;
}

static void control_feed(struct control_client *c, const struct source *src,
			 const int64_t *utc_ns, const double *const *columns,
			 size_t at, size_t n)
{
	/* Without their names the values mean nothing. */
	if (!c->named && !control_name_channels(c, src)) {
		control_drop(c);
		return;
	}
	c->named = true;
	for (size_t end = at + n, run; at < end && c->fd >= 0; at += run) {
		run = end - at < CONTROL_SAMPLES ? end - at : CONTROL_SAMPLES;
		control_send(c, src, utc_ns, columns, at, run);
	}
}

void control_samples(void *ctx, const char *sensor, const struct source *src,
		     const int64_t *utc_ns, const double *const *columns,
		     size_t at, size_t n)
{
	struct control *ctl = ctx;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *c = &ctl->clients[i];

		if (c->fd < 0 || strcmp(c->sensor, sensor))
			continue;
		if (src->channels <= CONTROL_CHANNELS) {
			control_feed(c, src, utc_ns, columns, at, n);
			continue;
		}
		control_answer(c, "error: it has too many channels");
		control_drop(c);
	}
}

void control_get_stats(const struct control *ctl, struct control_stats *s)
{
	*s = (struct control_stats){ .missed = ctl ? ctl->missed : 0 };
	for (int i = 0; ctl && i < CONTROL_CLIENTS; i++)
		if (ctl->clients[i].fd >= 0 && *ctl->clients[i].sensor)
			s->taps++;
}

/* ---- the socket -------------------------------------------------------------- */

struct control *control_open(struct loop *loop, struct capture *c,
			     const char *path)
{
	struct control *ctl = calloc(1, sizeof(*ctl));
	int err;

	if (!ctl)
		return NULL;
	ctl->loop = loop;
	ctl->capture = c;
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		ctl->clients[i].control = ctl;
		ctl->clients[i].fd = -1;
	}
	ctl->path = strdup(path);
	ctl->fd = ctl->path ? local_socket_listen(path, SOCK_SEQPACKET,
						   CONTROL_BACKLOG) : -1;
	ctl->watch = ctl->fd < 0 ? NULL :
		     loop_watch_fd(loop, ctl->fd, control_accept, ctl);
	if (ctl->watch)
		return ctl;
	err = errno;
	if (ctl->fd >= 0)
		close(ctl->fd);
	free(ctl->path);
	free(ctl);
	errno = err;
	return NULL;
}

void control_close(struct control *ctl)
{
	if (!ctl)
		return;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (ctl->clients[i].fd >= 0)
			control_drop(&ctl->clients[i]);
	loop_unwatch(ctl->watch);
	close(ctl->fd);
	unlink(ctl->path);
	free(ctl->path);
	free(ctl);
}
