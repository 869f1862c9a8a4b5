// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/source_record.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cityhubd/clock.h"
#include "cityhubd/privacy.h"
#include "cityhubd/recording.h"
#include "common/log.h"

struct source_record {
	struct source source;	/* what the inner one shows */
	struct source *inner;
	char *path;
	FILE *file;
};

/* What is known and said of the inner one is so of this one. */
static void source_record_mirror(struct source_record *s)
{
	const struct source_ops *ops = s->source.ops;

	s->source = *s->inner;
	s->source.ops = ops;
}

static void source_record_stop(struct source_record *s)
{
	if (s->file && fclose(s->file))
		log_error("%s: %s; the recording is not whole", s->path,
			  strerror(errno));
	s->file = NULL;
}

/*
 * Blocks are written as they are, so one channel is enough; and as they come, so
 * a rate that would have to be learnt may be any.
 */
static bool source_record_has_sound(const struct source *src)
{
	double rate_hz = src->rate_hz > 0 ? src->rate_hz : INFINITY;

	for (unsigned int i = 0; i < src->channels; i++)
		if (privacy_is_sound(&src->channel[i].meaning, rate_hz))
			return true;
	return false;
}

/* What was recorded before is kept, once. */
static FILE *source_record_begin(const struct source_record *s)
{
	char old[strlen(s->path) + sizeof(".old")];

	snprintf(old, sizeof(old), "%s.old", s->path);
	if (rename(s->path, old) && errno != ENOENT)
		return NULL;
	return fopen(s->path, "wb");
}

static int source_record_arm(struct source *src)
{
	struct source_record *s = (struct source_record *)src;
	int err = s->inner->ops->arm(s->inner);

	source_record_mirror(s);
	if (err)
		return err;
	if (source_record_has_sound(s->inner)) {
		log_error("%s: %s; nothing is recorded", s->path,
			  s->inner->rate_hz > 0 ? "it has a waveform of sound" :
			  "its rate is not known, and it may have a waveform of sound");
		return 0;
	}
	s->file = source_record_begin(s);
	if (!s->file || recording_write_head(s->file, s->inner)) {
		log_error("%s: %s; nothing is recorded", s->path,
			  strerror(errno));
		source_record_stop(s);
	}
	return 0;
}

static int source_record_fd(struct source *src)
{
	struct source_record *s = (struct source_record *)src;

	return s->inner->ops->fd(s->inner);
}

static ssize_t source_record_read(struct source *src, const uint8_t **block)
{
	struct source_record *s = (struct source_record *)src;
	ssize_t n = s->inner->ops->read(s->inner, block);

	if (n < 0 && n != -EAGAIN)
		source_record_mirror(s);
	s->source.binding = s->inner->binding;
	if (n > 0 && s->file &&
	    recording_write_block(s->file, clock_boottime_ns(), *block,
				  (size_t)n)) {
		log_error("%s: %s; the recording ends here", s->path,
			  strerror(errno));
		source_record_stop(s);
	}
	return n;
}

static int source_record_check(struct source *src)
{
	struct source_record *s = (struct source_record *)src;
	int err = s->inner->ops->check(s->inner);

	if (err)
		source_record_mirror(s);
	return err;
}

static int source_record_event_fd(struct source *src)
{
	const struct source_record *s = (struct source_record *)src;

	return s->inner->ops->event_fd ? s->inner->ops->event_fd(s->inner) : -1;
}

static int source_record_events(struct source *src, struct source_event *e,
				size_t room)
{
	const struct source_record *s = (struct source_record *)src;

	return s->inner->ops->events(s->inner, e, room);
}

static void source_record_disarm(struct source *src)
{
	struct source_record *s = (struct source_record *)src;

	source_record_stop(s);
	s->inner->ops->disarm(s->inner);
}

static void source_record_close(struct source *src)
{
	struct source_record *s = (struct source_record *)src;

	source_record_stop(s);
	s->inner->ops->close(s->inner);
	free(s->path);
	free(s);
}

static const struct source_ops source_record_ops = {
	.arm = source_record_arm,
	.fd = source_record_fd,
	.read = source_record_read,
	.check = source_record_check,
	.event_fd = source_record_event_fd,
	.events = source_record_events,
	.disarm = source_record_disarm,
	.close = source_record_close,
};

struct source *source_record_open(struct source *inner, const char *path)
{
	struct source_record *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->path = strdup(path);
	if (!s->path) {
		free(s);
		return NULL;
	}
	s->inner = inner;
	s->source.ops = &source_record_ops;
	source_record_mirror(s);
	return &s->source;
}
