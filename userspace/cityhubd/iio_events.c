// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/iio_events.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/iio/events.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/array.h"

/* Room for what happened behind a name. */
#define IIO_EVENTS_TAIL		32

/*
 * Numbers of the kernel's ABI (linux/iio/types.h), named as in sysfs. The header
 * of this machine may be older than its kernel, hence the names here.
 */
static const char *const iio_event_channels[] = {
	[0] = "voltage", [1] = "current", [2] = "power", [3] = "accel",
	[4] = "anglvel", [5] = "magn", [6] = "illuminance", [7] = "intensity",
	[8] = "proximity", [9] = "temp", [10] = "incli", [11] = "rot",
	[12] = "angl", [14] = "capacitance", [15] = "altvoltage", [16] = "cct",
	[17] = "pressure", [18] = "humidityrelative", [19] = "activity",
	[20] = "steps", [21] = "energy", [22] = "distance", [23] = "velocity",
	[24] = "concentration", [25] = "resistance", [26] = "ph",
	[27] = "uvindex", [28] = "electricalconductivity", [29] = "count",
	[30] = "index", [31] = "gravity", [32] = "positionrelative",
	[33] = "phase", [34] = "massconcentration", [35] = "deltaangl",
	[36] = "deltavelocity", [37] = "colortemp", [38] = "chromaticity",
	[39] = "attention", [40] = "altcurrent",
};

static const char *const iio_event_types[] = {
	"thresh", "mag", "roc", "thresh_adaptive", "mag_adaptive", "change",
	"mag_referenced", "gesture",
};

static const char *const iio_event_directions[] = {
	"either", "rising", "falling", "", "singletap", "doubletap",
};

static const char *iio_event_name(const char *const *names, size_t n,
				  uint64_t i, const char *otherwise)
{
	return i < n && names[i] ? names[i] : otherwise;
}

#define IIO_EVENT_NAME(names, i, otherwise) \
	iio_event_name(names, ARRAY_SIZE(names), i, otherwise)

int iio_events_open(const char *id)
{
	int dev, flags, fd = -1, err = 0;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", id);
	dev = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (dev < 0)
		return -errno;
	if (ioctl(dev, IIO_GET_EVENT_FD_IOCTL, &fd) || fd < 0)
		err = errno ? -errno : -ENODEV;
	/* It stays, and the device is free for who reads the buffer. */
	close(dev);
	if (err)
		return err;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int iio_events_read(int fd, struct iio_event *e, size_t room)
{
	struct iio_event_data data[IIO_EVENTS_DEPTH];
	ssize_t n;

	if (room > IIO_EVENTS_DEPTH)
		room = IIO_EVENTS_DEPTH;
	n = read(fd, data, room * sizeof(data[0]));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	n /= (ssize_t)sizeof(data[0]);
	for (ssize_t i = 0; i < n; i++)
		e[i] = (struct iio_event){
			.code = data[i].id, .t_ns = data[i].timestamp,
		};
	return (int)n;
}

bool iio_event_is_of(const struct iio_event *e, const char *id)
{
	const char *type = IIO_EVENT_NAME(iio_event_channels,
		IIO_EVENT_CODE_EXTRACT_CHAN_TYPE(e->code), NULL);
	int channel = IIO_EVENT_CODE_EXTRACT_CHAN(e->code);
	size_t len;

	len = type ? strlen(type) : 0;
	if (!len || strncmp(id, type, len))
		return false;
	id += len;
	if (*id && *id != '_' && !isdigit((unsigned char)*id))
		return false;
	if (!isdigit((unsigned char)*id))
		return true;
	len = 0;
	while (isdigit((unsigned char)*id))
		len = 10 * len + (size_t)(*id++ - '0');
	return (int)len == channel && (!*id || *id == '_');
}

void iio_event_describe(const struct iio_event *e,
			const struct batch_channel *of,
			struct batch_channel *what)
{
	const int room = BATCH_NAME - IIO_EVENTS_TAIL - 1;
	const char *type = IIO_EVENT_NAME(iio_event_types,
		IIO_EVENT_CODE_EXTRACT_TYPE(e->code), "event");
	const char *dir = IIO_EVENT_NAME(iio_event_directions,
		IIO_EVENT_CODE_EXTRACT_DIR(e->code), "");
	struct batch_channel none = { .decimals = 0 };

	if (!of) {
		snprintf(none.quantity, sizeof(none.quantity), "%s",
			 IIO_EVENT_NAME(iio_event_channels,
			 IIO_EVENT_CODE_EXTRACT_CHAN_TYPE(e->code), "channel"));
		snprintf(none.channel, sizeof(none.channel), "%.*s%d", room,
			 none.quantity,
			 (int)IIO_EVENT_CODE_EXTRACT_CHAN(e->code));
		of = &none;
	}
	*what = *of;
	what->decimals = 0;
	snprintf(what->unit, sizeof(what->unit), "1");
	snprintf(what->channel, sizeof(what->channel), "%.*s-%s%s%s", room,
		 of->channel, type, *dir ? "-" : "", dir);
	snprintf(what->quantity, sizeof(what->quantity), "%.*s_%s%s%s", room,
		 of->quantity, type, *dir ? "_" : "", dir);
}
