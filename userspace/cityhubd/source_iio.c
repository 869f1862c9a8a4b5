// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/source_iio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <iio.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cityhubd/chip_id.h"
#include "cityhubd/iio_events.h"
#include "common/array.h"
#include "common/log.h"

#define SOURCE_IIO_DIR		CHIP_ID_DEVICES
#define SOURCE_IIO_TRIGGER	"cityhub-"
/* What the kernel holds while the daemon is kept from reading. */
#define SOURCE_IIO_HOLD_S	4
#define SOURCE_IIO_HOLD_SCANS	64

/* A libiio context, shared by the sources opened from it. */
struct source_iio_context {
	unsigned int refs;
	struct iio_context *iio;
};

struct source_iio_scan {
	struct source_iio_context *context;
	size_t n;
	struct iio_device *devices[];
};

struct source_iio {
	struct source source;
	struct source_iio_context *context;
	struct iio_device *dev;
	struct iio_buffer *buffer;
	double latency_s;
	bool own_trigger;
	int event_fd;
};

static void source_iio_context_put(struct source_iio_context *c)
{
	if (--c->refs)
		return;
	iio_context_destroy(c->iio);
	free(c);
}

static int source_iio_fail(struct source_iio *s, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int source_iio_fail(struct source_iio *s, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->source.why, sizeof(s->source.why), fmt, ap);
	va_end(ap);
	return err;
}

/* libiio hides the attributes of the buffer that it uses itself. */
static int source_iio_enable_open(const struct iio_device *dev, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), SOURCE_IIO_DIR "/%s/buffer/enable",
		 iio_device_get_id(dev));
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* 1 when the buffer is on, 0 when it is off, -ENODEV when it is gone. */
static int source_iio_enabled(const struct iio_device *dev)
{
	int fd = source_iio_enable_open(dev, O_RDONLY);
	char c = '0';
	ssize_t n;

	if (fd < 0)
		return -ENODEV;
	n = read(fd, &c, 1);
	close(fd);
	return n == 1 ? c == '1' : -ENODEV;
}

/* A daemon that died leaves the buffer on, and then nothing can be set. */
static void source_iio_clear_stale(const struct iio_device *dev)
{
	int fd;

	if (source_iio_enabled(dev) != 1)
		return;
	fd = source_iio_enable_open(dev, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		log_warning("%s: the buffer was left on and cannot be switched off: %s",
			    iio_device_get_id(dev), strerror(errno));
	else
		log_info("%s: the buffer was left on, switched off",
			 iio_device_get_id(dev));
	if (fd >= 0)
		close(fd);
}

static enum batch_clock source_iio_set_clock(const struct iio_device *dev)
{
	static const struct {
		const char *name;
		enum batch_clock clock;
	} wanted[] = {
		{ "boottime", BATCH_CLOCK_BOOTTIME },
		{ "monotonic", BATCH_CLOCK_MONOTONIC },
		{ "realtime", BATCH_CLOCK_REALTIME },
	};
	const char *attr = "current_timestamp_clock";
	char got[32];

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (iio_device_attr_write(dev, attr, wanted[i].name) < 0)
			continue;
		if (iio_device_attr_read(dev, attr, got, sizeof(got)) < 0)
			continue;
		got[strcspn(got, "\n")] = '\0';
		if (!strcmp(got, wanted[i].name))
			return wanted[i].clock;
	}
	return BATCH_CLOCK_REALTIME;
}

static bool source_iio_trigger_used(const struct iio_context *iio,
				    const struct iio_device *trigger)
{
	const struct iio_device *used;

	for (unsigned int i = 0; i < iio_context_get_devices_count(iio); i++) {
		const struct iio_device *dev = iio_context_get_device(iio, i);

		if (!iio_device_is_trigger(dev) &&
		    !iio_device_get_trigger(dev, &used) && used == trigger)
			return true;
	}
	return false;
}

static const struct iio_device *source_iio_free_trigger(const struct iio_context *iio)
{
	char name[32];
	const struct iio_device *trigger;

	for (int i = 0;; i++) {
		snprintf(name, sizeof(name), SOURCE_IIO_TRIGGER "%d", i);
		trigger = iio_context_find_device(iio, name);
		if (!trigger || !source_iio_trigger_used(iio, trigger))
			return trigger;
	}
}

/* The trigger in force; takes a slot of the hub when there is none. */
static int source_iio_trigger(struct source_iio *s,
			      const struct iio_device **trigger)
{
	int err = iio_device_get_trigger(s->dev, trigger);

	if (err == -ENOENT) {	/* samples by itself */
		*trigger = NULL;
		return 0;
	}
	if (!err && *trigger)
		return 0;
	*trigger = source_iio_free_trigger(s->context->iio);
	if (!*trigger)
		return source_iio_fail(s, -ENOENT,
			"needs a trigger and no " SOURCE_IIO_TRIGGER "N is free: "
			"load the module cityhub (or give it more slots), or "
			"write trigger/current_trigger");
	err = iio_device_set_trigger(s->dev, *trigger);
	if (err < 0)
		return source_iio_fail(s, err, "refuses the trigger %s: %s",
				       iio_device_get_name(*trigger),
				       strerror(-err));
	s->own_trigger = true;
	return 0;
}

static double source_iio_rate(const struct source_iio *s,
			      const struct iio_device *trigger)
{
	const struct iio_device *dev = trigger ? trigger : s->dev;
	double hz = 0;

	if (!iio_device_attr_read_double(dev, "sampling_frequency", &hz))
		return hz;
	for (unsigned int i = 0; i < iio_device_get_channels_count(dev); i++) {
		const struct iio_channel *chn = iio_device_get_channel(dev, i);

		if (iio_channel_is_scan_element(chn) &&
		    !iio_channel_attr_read_double(chn, "sampling_frequency", &hz))
			return hz;
	}
	return 0;
}

static bool source_iio_is_stamp(const struct iio_channel *chn)
{
	return iio_channel_get_type(chn) == IIO_TIMESTAMP;
}

static bool source_iio_captured(const struct iio_channel *chn)
{
	return iio_channel_is_scan_element(chn) && !iio_channel_is_output(chn);
}

static void source_iio_format(const struct iio_channel *chn,
			      struct decode_format *f)
{
	const struct iio_data_format *d = iio_channel_get_data_format(chn);

	f->bits = d->bits;
	f->storage = d->repeat > 1 ? 0 : d->length; /* 0 is refused later */
	f->shift = d->shift;
	f->is_signed = d->is_signed;
	f->is_be = d->is_be;
}

static void source_iio_meaning(const struct source_iio *s,
			       const struct iio_channel *chn,
			       struct source_channel *c)
{
	const char *name = iio_device_get_name(s->dev);
	struct meaning_input in = {
		.device = name ? name : "",
		.id = iio_channel_get_id(chn),
		.scale = 1,
		.format = c->decode.format,
	};
	char label[BATCH_NAME];

	if (iio_channel_attr_read(chn, "label", label, sizeof(label)) > 0)
		in.label = label;
	if (iio_channel_attr_read_double(chn, "scale", &in.scale) < 0)
		in.scale = 1;
	if (iio_channel_attr_read_double(chn, "offset", &in.offset) < 0)
		in.offset = 0;
	meaning_find(&in, &c->meaning);
}

static int source_iio_by_index(const void *a, const void *b)
{
	const struct iio_channel *const *x = a, *const *y = b;

	return (int)(iio_channel_get_index(*x) - iio_channel_get_index(*y));
}

/* Every channel that can be captured, enabled and in scan order. */
static struct iio_channel **source_iio_channels(const struct iio_device *dev,
						unsigned int *n)
{
	unsigned int all = iio_device_get_channels_count(dev);
	struct iio_channel **list = calloc(all + 1, sizeof(*list));

	*n = 0;
	for (unsigned int i = 0; list && i < all; i++) {
		struct iio_channel *chn = iio_device_get_channel(dev, i);

		if (!source_iio_captured(chn))
			continue;
		iio_channel_enable(chn);
		list[(*n)++] = chn;
	}
	if (list)
		qsort(list, *n, sizeof(*list), source_iio_by_index);
	return list;
}

/* Split the compiled layout into values and the stamp. */
static void source_iio_take_layout(struct source_iio *s,
				   struct iio_channel **list,
				   const struct decode_channel *decode,
				   unsigned int n)
{
	struct source *src = &s->source;

	src->channels = 0;
	src->clock = BATCH_CLOCK_READ;
	for (unsigned int i = 0; i < n; i++) {
		if (source_iio_is_stamp(list[i])) {
			src->stamp = decode[i];
			src->clock = source_iio_set_clock(s->dev);
			continue;
		}
		src->channel[src->channels].decode = decode[i];
		source_iio_meaning(s, list[i], &src->channel[src->channels]);
		snprintf(src->channel[src->channels].id, BATCH_NAME, "%s",
			 iio_channel_get_id(list[i]));
		src->channels++;
	}
}

static int source_iio_layout(struct source_iio *s)
{
	struct source *src = &s->source;
	struct decode_channel *decode = NULL;
	struct iio_channel **list;
	unsigned int n;
	ptrdiff_t size = -ENOMEM;

	list = source_iio_channels(s->dev, &n);
	if (list)
		decode = calloc(n + 1, sizeof(*decode));
	free(src->channel);
	src->channel = calloc(n + 1, sizeof(*src->channel));
	if (list && decode && src->channel) {
		for (unsigned int i = 0; i < n; i++)
			source_iio_format(list[i], &decode[i].format);
		size = decode_compile(decode, n);
	}
	if (size > 0) {
		source_iio_take_layout(s, list, decode, n);
		src->scan_size = (size_t)size;
	}
	free(list);
	free(decode);
	if (size <= 0)
		return source_iio_fail(s, (int)size,
				       "has a scan layout that cannot be read");
	return 0;
}

static int source_iio_buffer(struct source_iio *s)
{
	struct source *src = &s->source;
	double hold = fmax(SOURCE_IIO_HOLD_SCANS,
			   SOURCE_IIO_HOLD_S * src->rate_hz);
	double scans = fmax(1, floor(src->rate_hz * s->latency_s));
	int err;

	src->block_scans = (size_t)scans;
	err = iio_device_set_kernel_buffers_count(s->dev,
					(unsigned int)fmax(4, ceil(hold / scans)));
	if (!err) {
		s->buffer = iio_device_create_buffer(s->dev, src->block_scans,
						     false);
		err = s->buffer ? 0 : -errno;
	}
	if (err == -EBUSY)
		return source_iio_fail(s, err, "is being captured by another "
				       "program: end it (iio_readdev, iiod, ...)");
	if (err)
		return source_iio_fail(s, err, "buffer cannot be switched on: %s",
				       strerror(-err));
	err = iio_buffer_set_blocking_mode(s->buffer, false);
	if (err)
		return source_iio_fail(s, err, "cannot be read without blocking: %s",
				       strerror(-err));
	if ((size_t)iio_buffer_step(s->buffer) != src->scan_size)
		return source_iio_fail(s, -EINVAL,
				       "has scans of %td bytes, expected %zu",
				       iio_buffer_step(s->buffer),
				       src->scan_size);
	return 0;
}

static void source_iio_disarm(struct source *src)
{
	struct source_iio *s = (struct source_iio *)src;

	if (s->buffer)
		iio_buffer_destroy(s->buffer);
	s->buffer = NULL;
	if (s->event_fd >= 0)
		close(s->event_fd);
	s->event_fd = -1;
	/* Left behind, it would keep the hub's module from being removed. */
	for (int i = 0; s->own_trigger && i < 3; i++)
		if (iio_device_set_trigger(s->dev, NULL) != -EBUSY)
			s->own_trigger = false;
	s->own_trigger = false;
}

/* The clock is set by now, and nobody has the buffer yet. */
static void source_iio_open_events(struct source_iio *s)
{
	s->event_fd = iio_events_open(iio_device_get_id(s->dev));
	/* Who has the device is told about by the buffer. */
	if (s->event_fd < 0 && s->event_fd != -ENODEV && s->event_fd != -EBUSY)
		log_warning("%s: its events cannot be read: %s", s->source.name,
			    strerror(-s->event_fd));
}

static int source_iio_event_fd(struct source *src)
{
	return ((struct source_iio *)src)->event_fd;
}

static const struct batch_channel *source_iio_channel_of(const struct source *src,
							 const struct iio_event *e)
{
	for (unsigned int i = 0; i < src->channels; i++)
		if (iio_event_is_of(e, src->channel[i].id))
			return &src->channel[i].meaning.channel;
	return NULL;
}

static int source_iio_events(struct source *src, struct source_event *out,
			     size_t room)
{
	struct source_iio *s = (struct source_iio *)src;
	struct iio_event e[IIO_EVENTS_DEPTH];
	int n;

	if (room > IIO_EVENTS_DEPTH)
		room = IIO_EVENTS_DEPTH;
	n = iio_events_read(s->event_fd, e, room);
	for (int i = 0; i < n; i++) {
		iio_event_describe(&e[i], source_iio_channel_of(src, &e[i]),
				   &out[i].what);
		out[i].t_ns = e[i].t_ns;
	}
	if (n == IIO_EVENTS_DEPTH)
		log_warning("%s: %d events at once: the kernel holds no more, some may be lost",
			    src->name, n);
	return n;
}

static int source_iio_arm(struct source *src)
{
	struct source_iio *s = (struct source_iio *)src;
	const struct iio_device *trigger;
	int err;

	source_iio_clear_stale(s->dev);
	src->binding = chip_id(SOURCE_IIO_DIR, iio_device_get_id(s->dev),
			       src->meter);
	err = source_iio_layout(s);
	source_iio_open_events(s);
	if (!err)
		err = source_iio_trigger(s, &trigger);
	if (!err) {
		src->rate_hz = source_iio_rate(s, trigger);
		err = source_iio_buffer(s);
	}
	if (err)
		source_iio_disarm(src);
	return err;
}

static int source_iio_fd(struct source *src)
{
	return iio_buffer_get_poll_fd(((struct source_iio *)src)->buffer);
}

static ssize_t source_iio_read(struct source *src, const uint8_t **block)
{
	struct source_iio *s = (struct source_iio *)src;
	ssize_t n = iio_buffer_refill(s->buffer);

	if (n < 0) {
		if (n != -EAGAIN)
			source_iio_fail(s, (int)n, "%s", n == -ENODEV ?
					"is gone" : strerror((int)-n));
		return n;
	}
	*block = iio_buffer_start(s->buffer);
	return n;
}

static int source_iio_check(struct source *src)
{
	struct source_iio *s = (struct source_iio *)src;
	int on = source_iio_enabled(s->dev);

	if (on < 0)
		return source_iio_fail(s, on, "is gone");
	if (!on)
		return source_iio_fail(s, -EPIPE,
				       "was switched off by another program");
	return 0;
}

static void source_iio_close(struct source *src)
{
	struct source_iio *s = (struct source_iio *)src;

	source_iio_disarm(src);
	source_iio_context_put(s->context);
	free(src->channel);
	free(s);
}

static const struct source_ops source_iio_ops = {
	.arm = source_iio_arm,
	.fd = source_iio_fd,
	.read = source_iio_read,
	.check = source_iio_check,
	.event_fd = source_iio_event_fd,
	.events = source_iio_events,
	.disarm = source_iio_disarm,
	.close = source_iio_close,
};

static bool source_iio_capturable(const struct iio_device *dev)
{
	if (iio_device_is_trigger(dev))
		return false;
	for (unsigned int i = 0; i < iio_device_get_channels_count(dev); i++) {
		const struct iio_channel *chn = iio_device_get_channel(dev, i);

		if (source_iio_captured(chn) && !source_iio_is_stamp(chn))
			return true;
	}
	return false;
}

struct source_iio_scan *source_iio_scan_new(void)
{
	struct source_iio_context *c;
	struct source_iio_scan *scan;
	struct iio_context *iio;
	unsigned int n;

	if (access(SOURCE_IIO_DIR, F_OK))
		return NULL;
	iio = iio_create_local_context();
	if (!iio)
		return NULL;
	n = iio_context_get_devices_count(iio);
	c = calloc(1, sizeof(*c));
	scan = calloc(1, sizeof(*scan) + n * sizeof(scan->devices[0]));
	if (!c || !scan) {
		iio_context_destroy(iio);
		free(c);
		free(scan);
		errno = ENOMEM;
		return NULL;
	}
	c->iio = iio;
	c->refs = 1;
	scan->context = c;
	for (unsigned int i = 0; i < n; i++) {
		struct iio_device *dev = iio_context_get_device(iio, i);

		if (source_iio_capturable(dev))
			scan->devices[scan->n++] = dev;
	}
	return scan;
}

void source_iio_scan_free(struct source_iio_scan *scan)
{
	if (!scan)
		return;
	source_iio_context_put(scan->context);
	free(scan);
}

size_t source_iio_scan_size(const struct source_iio_scan *scan)
{
	return scan->n;
}

const char *source_iio_scan_key(const struct source_iio_scan *scan, size_t i)
{
	return iio_device_get_id(scan->devices[i]);
}

const char *source_iio_scan_name(const struct source_iio_scan *scan, size_t i)
{
	const char *name = iio_device_get_label(scan->devices[i]);

	if (!name || !*name)
		name = iio_device_get_name(scan->devices[i]);
	return name && *name ? name : source_iio_scan_key(scan, i);
}

struct source *source_iio_open(struct source_iio_scan *scan, size_t i,
			       double latency_s)
{
	struct source_iio *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->source.ops = &source_iio_ops;
	snprintf(s->source.key, sizeof(s->source.key), "%s",
		 source_iio_scan_key(scan, i));
	snprintf(s->source.name, sizeof(s->source.name), "%s",
		 source_iio_scan_name(scan, i));
	s->latency_s = latency_s;
	s->event_fd = -1;
	s->dev = scan->devices[i];
	s->context = scan->context;
	s->context->refs++;
	return &s->source;
}

unsigned long source_iio_fingerprint(void)
{
	DIR *dir = opendir(SOURCE_IIO_DIR);
	unsigned long sum = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		unsigned long h = 5381;

		for (const char *p = e->d_name; *p; p++)
			h = h * 33 + (unsigned char)*p;
		sum += h;	/* the order of readdir() means nothing */
	}
	if (dir)
		closedir(dir);
	return sum;
}
