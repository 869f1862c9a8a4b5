// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/chip_id.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/ids.h"

static int chip_open(const char *devices, const char *key, const char *attr,
		     int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", devices, key, attr);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int chip_read(const char *devices, const char *key, const char *attr,
	      char *text, size_t room)
{
	int fd = chip_open(devices, key, attr, O_RDONLY);
	ssize_t n;

	*text = '\0';
	if (fd < 0)
		return fd;
	n = read(fd, text, room - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n < 0 ? (int)n : 0;
}

int chip_write(const char *devices, const char *key, const char *attr,
	       const char *text)
{
	int fd = chip_open(devices, key, attr, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

uint64_t chip_id(const char *devices, const char *key, char id[CHIP_ID])
{
	char path[PATH_MAX], there[PATH_MAX], name[32], serial[32];
	const char *chip = "";
	struct stat dir;

	snprintf(path, sizeof(path), "%s/%s", devices, key);
	/* .../spi0.0/iio:device1: the chip is the parent of the device. */
	if (realpath(path, there))
		chip = basename(dirname(there));
	chip_read(devices, key, "name", name, sizeof(name));
	chip_read(devices, key, "serialnumber", serial, sizeof(serial));
	ids_clean(name);
	ids_clean(serial);
	snprintf(id, CHIP_ID, "%s@%.48s%s%s", name, chip, *serial ? "#" : "",
		 serial);
	/* sysfs never gives the number of a directory twice in a boot. */
	return stat(path, &dir) ? 0 : dir.st_ino;
}
