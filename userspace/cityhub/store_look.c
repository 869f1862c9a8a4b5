// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/store_look.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cityhub/cmd.h"
#include "cityhub/daemon_conf.h"

struct store_reader *store_look(const char *path, char *why, size_t room,
				int *status)
{
	struct store_reader *r;
	struct conf conf;

	if (!path) {
		*status = daemon_conf(&conf, why, room);
		if (*status)
			return NULL;
		path = conf.store.path;
	}
	r = store_reader_open(path, why, room);
	if (r)
		return r;
	*status = CMD_FAILED;
	if (!access(path, R_OK))
		return NULL;
	if (errno == ENOENT || errno == ENOTDIR) {
		*status = CMD_ABSENT;
		snprintf(why, room, "%s is not there: has cityhubd run? --store names another one",
			 path);
	} else if (errno == EACCES) {
		*status = CMD_REFUSED;
		snprintf(why, room, "%s is for root and the group cityhub: run it with sudo",
			 path);
	}
	return NULL;
}
