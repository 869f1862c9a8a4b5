// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/process.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROCESS_COMM	16	/* the kernel cuts names there */
#define PROCESS_ARGS	4096

/* What is in a file of a process, 0 when it is gone or a zombie. */
static size_t process_read(pid_t pid, const char *file, char *buf, size_t room)
{
	char path[64];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(buf, 1, room - 1, f);
	fclose(f);
	buf[n] = '\0';
	return n;
}

static bool process_is(pid_t pid, const char *name)
{
	char comm[PROCESS_COMM + 1], args[2];

	if (!process_read(pid, "comm", comm, sizeof(comm)))
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	return !strncmp(comm, name, PROCESS_COMM - 1) &&
	       process_read(pid, "cmdline", args, sizeof(args));
}

pid_t process_find(const char *name)
{
	DIR *dir = opendir("/proc");
	pid_t found = 0;
	struct dirent *e;

	while (dir && !found && (e = readdir(dir))) {
		pid_t pid = atoi(e->d_name);

		if (pid > 0 && process_is(pid, name))
			found = pid;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The value of the option in @arg, or in @next. */
static const char *process_value(const char *arg, const char *next,
				 const char *name, char letter)
{
	size_t len = strlen(name);

	if (arg[0] == '-' && arg[1] == letter)
		return arg[2] ? arg + 2 : next;
	if (strncmp(arg, "--", 2) || strncmp(arg + 2, name, len))
		return NULL;
	arg += 2 + len;
	return *arg == '=' ? arg + 1 : *arg ? NULL : next;
}

int process_option(pid_t pid, const char *name, char letter, char *value,
		   size_t room)
{
	char args[PROCESS_ARGS];
	size_t n = process_read(pid, "cmdline", args, sizeof(args));
	const char *found, *arg = args;

	while (arg < args + n) {
		const char *next = arg + strlen(arg) + 1;

		found = process_value(arg, next < args + n ? next : NULL, name,
				      letter);
		if (found) {
			snprintf(value, room, "%s", found);
			return 0;
		}
		arg = next;
	}
	return -ENOENT;
}
