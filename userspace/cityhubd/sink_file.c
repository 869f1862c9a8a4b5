// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transport to a file or to standard output: a line, or several, for each
 * message.
 *
 * What is in a file counts as delivered after fdatasync(2), which is called
 * once for all that was there to write, 20 messages at most. Until then a power
 * cut may tear or lose lines, but the cursor has not moved and they are written
 * again; a torn last line is cut off at the next start.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/outlet.h"
#include "common/log.h"

#define SINK_FILE_MODE		0640
#define SINK_FILE_CHUNK		4096
#define SINK_FILE_WAIT_MS	500	/* for who reads standard output */

struct sink_file {
	struct outlet_env env;
	bool is_stdout;
	int fd;
	off_t size;
	off_t synced;		/* delivered up to here */
	int64_t period;		/* of rotation, that the file belongs to */
	int last_mid;
	int mids[SINK_IN_FLIGHT];	/* written, not yet delivered */
	unsigned int n;
};

static void *sink_file_new(const struct outlet_env *env, bool is_stdout)
{
	struct sink_file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->env = *env;
	f->is_stdout = is_stdout;
	f->fd = is_stdout ? STDOUT_FILENO : -1;
	return f;
}

static void *sink_file_create(const struct outlet_env *env)
{
	return sink_file_new(env, false);
}

static void *sink_stdout_create(const struct outlet_env *env)
{
	return sink_file_new(env, true);
}

static void sink_file_close(struct sink_file *f)
{
	if (!f->is_stdout && f->fd >= 0)
		close(f->fd);
	if (!f->is_stdout)
		f->fd = -1;
	f->n = 0;
}

static void sink_file_destroy(void *t)
{
	sink_file_close(t);
	free(t);
}

static const char *sink_file_remedy(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
		return "free the disk, or lower rotate_mb or keep";
	case EROFS:
		return "mount it for writing; under systemd, what is not below /var/lib/cityhub needs ReadWritePaths= (systemctl edit cityhubd)";
	default:
		return "see that its folder is there and may be written by cityhubd";
	}
}

static int sink_file_failed(struct sink_file *f, const char *what, int err)
{
	sink_file_close(f);
	outlet_down(f->env.outlet, "cannot %s %s: %s; %s", what,
		    f->env.conf->path, strerror(err), sink_file_remedy(err));
	return -err;
}

static int64_t sink_file_period(const struct sink_file *f, time_t utc_s)
{
	return (int64_t)((double)utc_s / (f->env.conf->rotate_h * 3600));
}

/* Where the last whole line ends; -1 with errno. */
static off_t sink_file_whole(int fd, off_t size)
{
	char chunk[SINK_FILE_CHUNK];

	while (size > 0) {
		off_t from = size > SINK_FILE_CHUNK ? size - SINK_FILE_CHUNK : 0;
		ssize_t n = pread(fd, chunk, (size_t)(size - from), from);

		if (n != size - from)
			return -1;
		while (n > 0 && chunk[n - 1] != '\n')
			n--;
		if (n > 0)
			return from + n;
		size = from;
	}
	return 0;
}

/* The name of a file is durable when its folder is. */
static int sink_file_sync_folder(const char *path)
{
	char copy[CONF_STRING];
	int fd, ret;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Some file systems have no fsync for folders and need none. */
	ret = fsync(fd) && errno != EINVAL ? -errno : 0;
	close(fd);
	return ret;
}

/* Returns 0 or an errno. */
static int sink_file_open(struct sink_file *f)
{
	const char *path = f->env.conf->path;
	struct stat st;
	off_t whole;

	f->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
		     O_NONBLOCK, SINK_FILE_MODE);
	if (f->fd < 0 || fstat(f->fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	whole = sink_file_whole(f->fd, st.st_size);
	if (whole < 0)
		return errno ? errno : EIO;
	if (whole < st.st_size) {
		log_warning("%s: the last line of %s was not whole, cut off",
			    f->env.conf->name, path);
		if (ftruncate(f->fd, whole))
			return errno;
	}
	f->size = whole;
	f->synced = whole;
	f->period = sink_file_period(f, st.st_mtim.tv_sec);
	return -sink_file_sync_folder(path);
}

static int sink_file_connect(void *t)
{
	struct sink_file *f = t;
	int err = 0;

	if (!f->is_stdout) {
		sink_file_close(f);
		err = sink_file_open(f);
		if (err)
			return sink_file_failed(f, "open", err);
	}
	log_info("%s: writing to %s", f->env.conf->name,
		 f->is_stdout ? "standard output" : f->env.conf->path);
	outlet_up(f->env.outlet);
	return 0;
}

static void sink_file_disconnect(void *t)
{
	sink_file_close(t);
}

/* A line is written as a whole or not at all. Returns 0 or an errno. */
static int sink_file_write(int fd, const struct sink_message *m)
{
	struct iovec parts[] = {
		{ .iov_base = m->payload, .iov_len = m->len },
		{ .iov_base = "\n", .iov_len = 1 },
	};
	ssize_t n;

	do
		n = writev(fd, parts, 2);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	return (size_t)n == m->len + 1 ? 0 : ENOSPC;
}

/* All that was not delivered will be written again. */
static int sink_file_take_back(struct sink_file *f, const char *what, int err)
{
	if (ftruncate(f->fd, f->synced))
		log_debug("%s: what %s has now will be in it twice",
			  f->env.conf->name, f->env.conf->path);
	return sink_file_failed(f, what, err);
}

static int sink_file_publish(void *t, const struct sink_message *m, int *mid)
{
	struct sink_file *f = t;
	int err = f->n < SINK_IN_FLIGHT ? sink_file_write(f->fd, m) : EBUSY;

	if (err)
		return sink_file_take_back(f, "write", err);
	if (!f->size)
		f->period = sink_file_period(f, time(NULL));
	f->size += (off_t)m->len + 1;
	*mid = ++f->last_mid;
	f->mids[f->n++] = *mid;
	return 0;
}

static bool sink_file_flush(void *t)
{
	struct sink_file *f = t;
	unsigned int n = f->n;

	if (!n)
		return false;
	if (!f->is_stdout && fdatasync(f->fd)) {
		sink_file_take_back(f, "sync", errno);
		return false;
	}
	f->synced = f->size;
	f->n = 0;
	for (unsigned int i = 0; i < n; i++)
		outlet_acked(f->env.outlet, f->mids[i]);
	return true;
}

static void sink_file_name(const struct sink_file *f, unsigned int i,
			   char *name, size_t room)
{
	if (i)
		snprintf(name, room, "%s.%u", f->env.conf->path, i);
	else
		snprintf(name, room, "%s", f->env.conf->path);
}

/* The oldest goes, the others get older by one. Returns 0 or an errno. */
static int sink_file_shift(const struct sink_file *f)
{
	char from[CONF_STRING + 16], to[CONF_STRING + 16];

	for (unsigned int i = (unsigned int)f->env.conf->keep; i > 0; i--) {
		sink_file_name(f, i - 1, from, sizeof(from));
		sink_file_name(f, i, to, sizeof(to));
		if (rename(from, to) && errno != ENOENT)
			return errno;
	}
	return 0;
}

/* All that was written has been delivered when this is called. */
static void sink_file_rotate(void *t)
{
	struct sink_file *f = t;
	bool full, late;
	int err;

	if (f->fd < 0 || !f->size || f->n)
		return;
	full = (double)f->size >= f->env.conf->rotate_mb * 1e6;
	late = sink_file_period(f, time(NULL)) != f->period;
	if (!full && !late)
		return;
	sink_file_close(f);
	err = sink_file_shift(f);
	if (!err)
		err = sink_file_open(f);
	if (err)
		sink_file_failed(f, "rotate", err);
}

/* Who reads may be slow; what does not fit now stays in the store. */
static int sink_stdout_publish(void *t, const struct sink_message *m, int *mid)
{
	struct sink_file *f = t;
	struct pollfd out = { .fd = f->fd, .events = POLLOUT };
	int err;

	if (poll(&out, 1, SINK_FILE_WAIT_MS) <= 0)
		return -EAGAIN;
	err = sink_file_write(f->fd, m);
	if (err) {
		outlet_down(f->env.outlet, "cannot write to standard output: %s",
			    err == EPIPE ? "nobody reads it" : strerror(err));
		return -err;
	}
	*mid = ++f->last_mid;
	f->mids[f->n++] = *mid;
	return 0;
}

const struct outlet_transport sink_file_transport = {
	.create = sink_file_create,
	.destroy = sink_file_destroy,
	.connect = sink_file_connect,
	.disconnect = sink_file_disconnect,
	.publish = sink_file_publish,
	.flush = sink_file_flush,
	.housekeep = sink_file_rotate,
};

const struct outlet_transport sink_stdout_transport = {
	.create = sink_stdout_create,
	.destroy = sink_file_destroy,
	.connect = sink_file_connect,
	.disconnect = sink_file_disconnect,
	.publish = sink_stdout_publish,
	.flush = sink_file_flush,
};
