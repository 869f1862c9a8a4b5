/* SPDX-License-Identifier: GPL-2.0-only */
/* The commissioning record of a hub: what was mounted where, and checked. */
#ifndef CITYHUB_RECORD_H
#define CITYHUB_RECORD_H

#include <stddef.h>

#include <jansson.h>

#define RECORD_SCHEMA	"cityhub.commission/1"

/*
 * What is in the file; an empty record when there is no file. NULL with the
 * reason in @why.
 */
json_t *record_read(const char *path, char *why, size_t room);
/* In place of what is there, or not at all. Returns 0 or -errno. */
int record_write(const char *path, const json_t *record);

/* The entry of a sensor, made when there is none; borrowed, NULL: no memory. */
json_t *record_sensor(json_t *record, const char *sensor);

#endif /* CITYHUB_RECORD_H */
