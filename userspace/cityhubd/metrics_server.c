// SPDX-License-Identifier: GPL-2.0-only
/*
 * As much of HTTP as it takes to be scraped: one request, one answer, closed.
 * A client that neither asks nor reads holds nobody: there is room for a few,
 * and the oldest makes room for the next.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cityhubd/local_socket.h"
#include "cityhubd/metrics.h"
#include "common/log.h"

#define METRICS_CLIENTS	4
#define METRICS_REQUEST	2048
#define METRICS_SEND	(256 * 1024)	/* an answer goes out in one piece */

struct metrics_client {
	struct metrics_server *server;
	int fd;			/* -1: free */
	struct loop_watch *watch;
	char request[METRICS_REQUEST];
	size_t len;
};

struct metrics_server {
	struct loop *loop;
	metrics_fn fn;
	void *ctx;
	char *path;		/* of a socket to take away, or NULL */
	int fd;
	struct loop_watch *watch;
	struct metrics_client clients[METRICS_CLIENTS];
	unsigned int next;
};

static void metrics_drop(struct metrics_client *c)
{
	if (c->fd < 0)
		return;
	loop_unwatch(c->watch);
	close(c->fd);
	c->fd = -1;
}

static void metrics_send(struct metrics_client *c, const char *status,
			 const char *body, size_t len)
{
	char head[200];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\n"
			 "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
			 "Content-Length: %zu\r\nConnection: close\r\n\r\n",
			 status, len);
	ssize_t sent = send(c->fd, head, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL |
			    MSG_MORE);

	if (sent == n && len)
		sent = send(c->fd, body, len, MSG_DONTWAIT | MSG_NOSIGNAL) -
		       (ssize_t)len + n;
	if (sent != n)
		log_debug("metrics: the answer did not fit, it is cut off");
	shutdown(c->fd, SHUT_WR);
}

static void metrics_answer(struct metrics_client *c)
{
	size_t len;
	char *text;

	if (strncmp(c->request, "GET ", 4)) {
		metrics_send(c, "405 Method Not Allowed", "", 0);
		return;
	}
	if (strncmp(c->request + 4, "/metrics ", 9) &&
	    strncmp(c->request + 4, "/ ", 2)) {
		metrics_send(c, "404 Not Found", "", 0);
		return;
	}
	text = c->server->fn(c->server->ctx, &len);
	if (text)
		metrics_send(c, "200 OK", text, len);
	else
		metrics_send(c, "503 Service Unavailable", "", 0);
	free(text);
}

static void metrics_input(void *ctx)
{
	struct metrics_client *c = ctx;
	ssize_t n = recv(c->fd, c->request + c->len,
			 sizeof(c->request) - 1 - c->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		metrics_drop(c);
		return;
	}
	c->len += (size_t)n;
	c->request[c->len] = '\0';
	if (!strstr(c->request, "\r\n\r\n") &&
	    c->len < sizeof(c->request) - 1)
		return;
	metrics_answer(c);
	metrics_drop(c);
}

static void metrics_accept(void *ctx)
{
	struct metrics_server *s = ctx;
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct metrics_client *c = &s->clients[s->next];
	int size = METRICS_SEND;

	if (fd < 0)
		return;
	s->next = (s->next + 1) % METRICS_CLIENTS;
	metrics_drop(c);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		log_debug("metrics: SO_SNDBUF: %s", strerror(errno));
	c->server = s;
	c->fd = fd;
	c->len = 0;
	c->watch = loop_watch_fd(s->loop, fd, metrics_input, c);
	if (!c->watch) {
		close(fd);
		c->fd = -1;
	}
}

union metrics_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* @listen was checked when the configuration was read. */
static socklen_t metrics_address(const char *listen, union metrics_address *a)
{
	const char *port = strrchr(listen, ':') ? strrchr(listen, ':') + 1 : "";

	memset(a, 0, sizeof(*a));
	if (listen[0] == '[') {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_addr = in6addr_loopback;
		a->in6.sin6_port = htons((uint16_t)atoi(port));
		return sizeof(a->in6);
	}
	a->in.sin_family = AF_INET;
	a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->in.sin_port = htons((uint16_t)atoi(port));
	return sizeof(a->in);
}

static int metrics_socket(const char *listen_at)
{
	union metrics_address a;
	socklen_t len;
	int on = 1, err, fd;

	if (listen_at[0] == '/')
		return local_socket_listen(listen_at, SOCK_STREAM,
					   METRICS_CLIENTS);
	len = metrics_address(listen_at, &a);
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !bind(fd, &a.any, len) && !listen(fd, METRICS_CLIENTS))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

struct metrics_server *metrics_listen(struct loop *loop, const char *listen,
				      metrics_fn fn, void *ctx)
{
	struct metrics_server *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return NULL;
	s->loop = loop;
	s->fn = fn;
	s->ctx = ctx;
	for (int i = 0; i < METRICS_CLIENTS; i++)
		s->clients[i].fd = -1;
	s->fd = metrics_socket(listen);
	if (s->fd >= 0 && listen[0] == '/')
		s->path = strdup(listen);
	s->watch = s->fd < 0 ? NULL :
		   loop_watch_fd(loop, s->fd, metrics_accept, s);
	if (s->watch)
		return s;
	err = errno;
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s);
	errno = err;
	return NULL;
}

void metrics_close(struct metrics_server *s)
{
	if (!s)
		return;
	for (int i = 0; i < METRICS_CLIENTS; i++)
		metrics_drop(&s->clients[i]);
	loop_unwatch(s->watch);
	close(s->fd);
	if (s->path)
		unlink(s->path);
	free(s->path);
	free(s);
}
