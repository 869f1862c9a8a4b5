/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets for programs of this machine, in the file system. */
#ifndef CITYHUBD_LOCAL_SOCKET_H
#define CITYHUBD_LOCAL_SOCKET_H

/*
 * Listen at @path, of at most CONF_SOCKET bytes, for owner and group, with a
 * socket of @type that does not block. A socket that is there was left by a
 * daemon that was killed, and is replaced; anything else stays.
 *
 * Returns its descriptor, the caller's to close, or -1 with errno: EEXIST when
 * something else has that name.
 */
int local_socket_listen(const char *path, int type, int backlog);

#endif
