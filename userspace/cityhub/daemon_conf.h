/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon of this machine works with, for who asks about it: how the
 * running one was started counts, then what is installed, then the defaults.
 */
#ifndef CITYHUB_DAEMON_CONF_H
#define CITYHUB_DAEMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/conf.h"

/* The process of the daemon, 0 when it does not run. */
pid_t daemon_conf_process(void);
/*
 * Into @conf what @daemon (0: none) works with; @path: a configuration to look
 * at in place of its own, or "", and the one that was read, "" for none.
 * Returns 0, or a negative error number with "what is wrong; what to do" in
 * @why: @conf is not to be relied on then.
 */
int daemon_conf_of(pid_t daemon, char path[CONF_STRING], struct conf *conf,
		   char *why, size_t room);
/*
 * The same of the daemon that runs, or would. Returns 0, or the &enum cmd_exit
 * for a command that cannot do without.
 */
int daemon_conf(struct conf *conf, char *why, size_t room);

#endif /* CITYHUB_DAEMON_CONF_H */
