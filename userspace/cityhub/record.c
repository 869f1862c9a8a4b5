// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/record.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

json_t *record_read(const char *path, char *why, size_t room)
{
	json_error_t error;
	const char *schema;
	json_t *r;

	if (access(path, F_OK) && errno == ENOENT)
		return json_pack("{ss}", "schema", RECORD_SCHEMA);
	r = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!r) {
		snprintf(why, room, "%s:%d: %s", path, error.line, error.text);
		return NULL;
	}
	schema = json_string_value(json_object_get(r, "schema"));
	if (schema && !strcmp(schema, RECORD_SCHEMA))
		return r;
	snprintf(why, room, "%s is no commissioning record (schema %s)", path,
		 RECORD_SCHEMA);
	json_decref(r);
	return NULL;
}

static int record_sync_dir(const char *path)
{
	char *copy = strdup(path);
	int fd, err = 0;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		err = -errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return err;
}

/* Ends a file that holds all, on the disk. */
static int record_finish(FILE *f, int err)
{
	if (!err && (fputc('\n', f) == EOF || fflush(f) || fsync(fileno(f))))
		err = -errno;
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

int record_write(const char *path, const json_t *record)
{
	char *new_path;
	FILE *f;
	int err;

	if (asprintf(&new_path, "%s.new", path) < 0)
		return -ENOMEM;
	f = fopen(new_path, "we");
	if (!f) {
		err = -errno;
		free(new_path);
		return err;
	}
	err = json_dumpf(record, f, JSON_INDENT(2) |
			 JSON_REAL_PRECISION(9)) ? -EIO : 0;
	err = record_finish(f, err);
	if (!err && rename(new_path, path))
		err = -errno;
	if (err)
		unlink(new_path);
	free(new_path);
	return err ? err : record_sync_dir(path);
}

json_t *record_sensor(json_t *record, const char *sensor)
{
	json_t *sensors = json_object_get(record, "sensors"), *entry;

	if (!sensors) {
		sensors = json_object();
		if (json_object_set_new(record, "sensors", sensors))
			return NULL;
	}
	entry = json_object_get(sensors, sensor);
	if (entry)
		return entry;
	entry = json_object();
	return json_object_set_new(sensors, sensor, entry) ? NULL : entry;
}
