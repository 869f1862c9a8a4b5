// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/daemon_conf.h"

#include <errno.h>
#include <stdio.h>

#include "cityhub/cmd.h"
#include "cityhub/process.h"

pid_t daemon_conf_process(void)
{
	return process_find("cityhubd");
}

int daemon_conf_of(pid_t daemon, char path[CONF_STRING], struct conf *conf,
		   char *why, size_t room)
{
	int err = 0;

	conf_defaults(conf);
	if (!*path && (!daemon || process_option(daemon, "config", 'c', path,
						 CONF_STRING)) &&
	    !conf_absent(CONF_DEFAULT_PATH))
		snprintf(path, CONF_STRING, "%s", CONF_DEFAULT_PATH);
	if (*path)
		err = conf_load(conf, path, why, room);
	if (daemon)
		process_option(daemon, "store", 's', conf->store.path,
			       sizeof(conf->store.path));
	return err;
}

int daemon_conf(struct conf *conf, char *why, size_t room)
{
	char path[CONF_STRING] = "";
	int err = daemon_conf_of(daemon_conf_process(), path, conf, why, room);

	if (err != -EACCES)
		return err ? CMD_FAILED : 0;
	snprintf(why, room, "%s is for root and the group cityhub: run it with sudo",
		 path);
	return CMD_REFUSED;
}
