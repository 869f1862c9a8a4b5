// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MODULE_NAME	64
#define MODULE_RECORD	8192	/* the kernel's own limit is smaller */

bool module_loaded(const char *name)
{
	char path[32 + MODULE_NAME];
	int n = snprintf(path, sizeof(path), "/sys/module/%s", name);

	for (char *c = path; n > 0 && *c; c++)
		if (*c == '-')
			*c = '_';
	return !access(path, F_OK);
}

/* Is there a line with "/NAME.ko" in a list of the kernel's modules? */
static bool module_listed(const char *list, const char *name)
{
	char path[512], line[4096], file[MODULE_NAME + 8];
	struct utsname u;
	bool found = false;
	FILE *f;

	if (uname(&u))
		return false;
	snprintf(path, sizeof(path), "/lib/modules/%s/%s", u.release, list);
	snprintf(file, sizeof(file), "/%s.ko", name);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		/* What it depends on comes behind the colon. */
		if (colon)
			*colon = '\0';
		found = strstr(line, file);
	}
	if (f)
		fclose(f);
	return found;
}

bool module_installed(const char *name)
{
	return module_listed("modules.dep", name) ||
	       module_listed("modules.builtin", name);
}

bool module_last_words(const char *device, char *words, size_t room)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[MODULE_RECORD], mark[MODULE_NAME + 4];
	bool found = false;
	ssize_t n;

	if (fd < 0)
		return false;
	snprintf(mark, sizeof(mark), " %s: ", device);
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		const char *at;

		record[n > 0 ? n : 0] = '\0';
		record[strcspn(record, "\n")] = '\0';
		at = strstr(record, mark);
		if (!at)
			continue;
		snprintf(words, room, "%s", at + strlen(mark));
		found = true;
	}
	close(fd);
	return found;
}
