// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/source_replay.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cityhubd/clock.h"
#include "cityhubd/recording.h"

struct source_replay {
	struct source source;
	char *path;
	double speed;
	FILE *file;
	long begin;		/* of the blocks */
	int timer;
	uint8_t *block;
	size_t len;		/* of the block that waits, 0: none */
	int64_t heard_ns;	/* of that block, as recorded */
	int64_t start_ns;	/* when it was armed */
	int64_t shift_ns;	/* from the recording to now */
	int64_t newest_ns;	/* as shifted */
	bool shifted;
};

static int source_replay_fail(struct source_replay *s, int err, const char *why)
{
	snprintf(s->source.why, sizeof(s->source.why), "%s: %s", s->path, why);
	return err;
}

static void source_replay_disarm(struct source *src)
{
	struct source_replay *s = (struct source_replay *)src;

	if (s->file)
		fclose(s->file);
	if (s->timer >= 0)
		close(s->timer);
	free(s->block);
	s->file = NULL;
	s->timer = -1;
	s->block = NULL;
}

static int source_replay_open_file(struct source_replay *s)
{
	int err;

	s->file = fopen(s->path, "rb");
	if (!s->file)
		return source_replay_fail(s, -errno, strerror(errno));
	err = recording_read_head(s->file, &s->source);
	if (err)
		return source_replay_fail(s, err, "is no recording of this version");
	if (s->source.clock != BATCH_CLOCK_READ &&
	    s->source.stamp.format.storage != 64)
		return source_replay_fail(s, -EINVAL, "has stamps that are not of 64 bits");
	/* As recorded they are of another boot: all are shifted to this one. */
	if (s->source.clock != BATCH_CLOCK_READ)
		s->source.clock = BATCH_CLOCK_BOOTTIME;
	s->begin = ftell(s->file);
	return s->begin < 0 ? source_replay_fail(s, -errno, strerror(errno)) : 0;
}

static int source_replay_arm(struct source *src)
{
	struct source_replay *s = (struct source_replay *)src;
	const struct itimerspec now = { .it_value.tv_nsec = 1 };
	int err = source_replay_open_file(s);

	if (!err) {
		s->block = malloc(src->block_scans * src->scan_size);
		s->timer = timerfd_create(CLOCK_BOOTTIME,
					  TFD_CLOEXEC | TFD_NONBLOCK);
		if (!s->block || s->timer < 0 ||
		    timerfd_settime(s->timer, 0, &now, NULL))
			err = source_replay_fail(s, -ENOMEM, "no timer or no memory");
	}
	s->len = 0;
	s->start_ns = clock_boottime_ns();
	s->shifted = false;
	src->binding = (uint64_t)s->start_ns;
	if (err)
		source_replay_disarm(src);
	return err;
}

static int source_replay_fd(struct source *src)
{
	return ((struct source_replay *)src)->timer;
}

/* At the end it begins anew, one period on. */
static int source_replay_next(struct source_replay *s)
{
	ssize_t n = recording_read_block(s->file, &s->source, &s->heard_ns,
					 s->block);

	if (!n && !fseek(s->file, s->begin, SEEK_SET)) {
		n = recording_read_block(s->file, &s->source, &s->heard_ns,
					 s->block);
		s->shifted = false;
		s->source.binding++;	/* counters begin anew */
	}
	if (n <= 0)
		return source_replay_fail(s, -EBADMSG, n ? "is damaged" :
					  "holds no block");
	s->len = (size_t)n;
	return 0;
}

static int64_t source_replay_period(const struct source_replay *s)
{
	return s->source.rate_hz > 0 ? (int64_t)(1e9 / s->source.rate_hz) :
	       1000000000;
}

static void source_replay_set_shift(struct source_replay *s, int64_t first_ns)
{
	int64_t at = s->newest_ns ? s->newest_ns + source_replay_period(s) :
				    s->start_ns;

	s->shift_ns = at - first_ns;
	s->shifted = true;
}

static void source_replay_shift(struct source_replay *s)
{
	const struct decode_channel *c = &s->source.stamp;
	size_t size = s->source.scan_size;

	if (s->source.clock == BATCH_CLOCK_READ) {
		if (!s->shifted)
			source_replay_set_shift(s, s->heard_ns);
		s->newest_ns = s->heard_ns + s->shift_ns;
		return;
	}
	for (uint8_t *p = s->block; p < s->block + s->len; p += size) {
		int64_t t;
		uint64_t v;

		decode_column(c, p, size, 1, &t);
		if (!s->shifted)
			source_replay_set_shift(s, t);
		s->newest_ns = t + s->shift_ns;
		v = (uint64_t)s->newest_ns;
		v = c->format.is_be ? htobe64(v) : htole64(v);
		memcpy(p + c->offset, &v, sizeof(v));
	}
}

/* How long the block has to wait; it is due when its newest sample is. */
static int64_t source_replay_wait(const struct source_replay *s)
{
	double since = (double)(s->newest_ns - s->start_ns);

	if (s->speed <= 0)
		return 0;
	return s->start_ns + (int64_t)(since / s->speed) - clock_boottime_ns();
}

static ssize_t source_replay_read(struct source *src, const uint8_t **block)
{
	struct source_replay *s = (struct source_replay *)src;
	struct itimerspec at = { .it_value.tv_nsec = 1 };
	int64_t wait;
	ssize_t n;
	int err;

	if (!s->len) {
		err = source_replay_next(s);
		if (err)
			return err;
		source_replay_shift(s);
	}
	wait = source_replay_wait(s);
	if (wait > 0) {
		at.it_value.tv_sec = wait / 1000000000;
		at.it_value.tv_nsec = wait % 1000000000;
		if (timerfd_settime(s->timer, 0, &at, NULL))
			return source_replay_fail(s, -errno, strerror(errno));
		return -EAGAIN;
	}
	n = (ssize_t)s->len;
	s->len = 0;
	*block = s->block;
	return n;
}

static int source_replay_check(struct source *src)
{
	(void)src;
	return 0;
}

static void source_replay_close(struct source *src)
{
	struct source_replay *s = (struct source_replay *)src;

	source_replay_disarm(src);
	free(src->channel);
	free(s->path);
	free(s);
}

static const struct source_ops source_replay_ops = {
	.arm = source_replay_arm,
	.fd = source_replay_fd,
	.read = source_replay_read,
	.check = source_replay_check,
	.disarm = source_replay_disarm,
	.close = source_replay_close,
};

struct source *source_replay_open(const char *path, double speed)
{
	struct source_replay *s = calloc(1, sizeof(*s));
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	if (!s)
		return NULL;
	s->source.ops = &source_replay_ops;
	s->timer = -1;
	s->speed = speed;
	s->path = strdup(path);
	if (!s->path) {
		free(s);
		return NULL;
	}
	snprintf(s->source.meter, sizeof(s->source.meter), "recording");
	snprintf(s->source.key, sizeof(s->source.key), "%s", name);
	snprintf(s->source.name, sizeof(s->source.name), "%.*s",
		 (int)strcspn(name, "."), name);
	return &s->source;
}
