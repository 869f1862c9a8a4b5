// SPDX-License-Identifier: GPL-2.0-only
#include "iio.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first line of a file of a device, "" when there is none. */
static void read_line(uint32_t id, const char *file, char buf[IIO_NAME_LEN])
{
	char path[128];
	FILE *f;

	*buf = '\0';
	snprintf(path, sizeof(path), IIO_DIR "/iio:device%u/%s", id, file);
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(buf, IIO_NAME_LEN, f))
		*buf = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
}

static void read_entry(uint32_t id, struct iio_entry *e)
{
	char on[IIO_NAME_LEN];

	e->id = id;
	read_line(id, "name", e->name);
	read_line(id, "label", e->label);
	read_line(id, "trigger/current_trigger", e->trigger);
	read_line(id, "buffer/enable", on);
	e->has_buffer = *on;
	e->buffer_on = !strcmp(on, "1");
}

static int compare(const void *a, const void *b)
{
	const struct iio_entry *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int scan_dir(DIR *dir, struct iio_entry **entries, size_t *n)
{
	struct iio_entry *bigger;
	struct dirent *d;
	uint32_t id;

	while ((d = readdir(dir))) {
		if (sscanf(d->d_name, "iio:device%u", &id) != 1)
			continue;
		bigger = realloc(*entries, (*n + 1) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		*entries = bigger;
		read_entry(id, &bigger[(*n)++]);
	}
	return 0;
}

int iio_scan(struct iio_entry **entries, size_t *n)
{
	DIR *dir = opendir(IIO_DIR);
	int ret;

	*entries = NULL;
	*n = 0;
	if (!dir)
		return -errno;

	ret = scan_dir(dir, entries, n);
	closedir(dir);
	if (ret) {
		free(*entries);
		*entries = NULL;
		return ret;
	}
	if (*n)
		qsort(*entries, *n, sizeof(**entries), compare);
	return 0;
}
