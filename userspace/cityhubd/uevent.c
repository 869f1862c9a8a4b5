// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UEVENT_KERNEL	1	/* the group; udev has one of its own */
#define UEVENT_ROOM	8192	/* more than the kernel's UEVENT_BUFFER_SIZE */

int uevent_open(void)
{
	const struct sockaddr_nl kernel = {
		.nl_family = AF_NETLINK, .nl_groups = UEVENT_KERNEL,
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);
	int err;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (const struct sockaddr *)&kernel, sizeof(kernel)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* "add@/devices/...", then KEY=value, each with a zero behind it. */
bool uevent_is_iio(const char *text, size_t len)
{
	bool iio = false, moved = false;

	for (size_t at = 0; at < len;) {
		const char *word = text + at;
		size_t n = strnlen(word, len - at);

		iio = iio || (n == 13 && !memcmp(word, "SUBSYSTEM=iio", n));
		moved = moved || (n == 10 && !memcmp(word, "ACTION=add", n)) ||
			(n == 13 && !memcmp(word, "ACTION=remove", n));
		at += n + 1;
	}
	return iio && moved;
}

bool uevent_read(int fd)
{
	char text[UEVENT_ROOM];
	bool any = false;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t room = sizeof(from);
		ssize_t n = recvfrom(fd, text, sizeof(text), 0,
				     (struct sockaddr *)&from, &room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return any || errno == ENOBUFS;
		/* Only the kernel has no port; others may not be believed. */
		if (!from.nl_pid && uevent_is_iio(text, (size_t)n))
			any = true;
	}
}
