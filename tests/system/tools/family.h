/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TOOLS_FAMILY_H
#define TOOLS_FAMILY_H

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/cityhub.h>

/* The number of the family cityhub, or -1 when there is none. */
static inline int find_family(void)
{
	struct nl_sock *sk = nl_socket_alloc();
	int id = -1;

	if (sk && !genl_connect(sk))
		id = genl_ctrl_resolve(sk, CITYHUB_FAMILY_NAME);
	nl_socket_free(sk);
	return id;
}

#endif
