/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes of this machine, as /proc shows them. */
#ifndef CITYHUB_PROCESS_H
#define CITYHUB_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* The first one that is called so, 0 when there is none. */
pid_t process_find(const char *name);
/*
 * The argument of an option it was started with: --NAME VALUE, --NAME=VALUE or
 * -LETTER VALUE. Returns 0, or -ENOENT.
 */
int process_option(pid_t pid, const char *name, char letter, char *value,
		   size_t room);

#endif /* CITYHUB_PROCESS_H */
