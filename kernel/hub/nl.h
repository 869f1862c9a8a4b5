/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the netlink family share. */
#ifndef _CITYHUB_NL_H
#define _CITYHUB_NL_H

struct netlink_ext_ack;
struct nlmsghdr;

int cityhub_nl_check_once(const struct nlmsghdr *nlh, int multi,
			  struct netlink_ext_ack *extack);

#endif /* _CITYHUB_NL_H */
