// SPDX-License-Identifier: GPL-2.0-only
#include "common/ids.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool ids_fit(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-_.:", c));
}

bool ids_valid(const char *id)
{
	if (!*id)
		return false;
	for (; *id; id++)
		if (!ids_fit(*id))
			return false;
	return true;
}

void ids_clean(char *id)
{
	for (; *id; id++)
		if (!ids_fit(*id))
			*id = '_';
}

/* First line of a small file. */
static int ids_read(const char *path, char *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, room - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

void ids_default_hub(char *id, size_t room)
{
	char host[32] = "hub", machine[64];

	if (gethostname(host, sizeof(host)))
		snprintf(host, sizeof(host), "hub");
	host[sizeof(host) - 1] = '\0';
	if (ids_read("/etc/machine-id", machine, sizeof(machine)))
		snprintf(id, room, "%s", host);
	else
		snprintf(id, room, "%s-%.6s", host, machine);
	ids_clean(id);
}

int ids_boot(char *id, size_t room)
{
	return ids_read("/proc/sys/kernel/random/boot_id", id, room);
}
