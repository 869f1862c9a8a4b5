// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family. include/uapi/linux/cityhub.h is the contract;
 * it and nl_policy.c are generated from the spec. Policies have been checked
 * by the core when an operation gets here. The core lets one request in at a
 * time, dumps aside.
 */
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "hub.h"
#include "nl.h"
#include "nl_policy.h"

static const struct genl_multicast_group groups[] = {
	[CITYHUB_NL_MONITOR] = { .name = CITYHUB_MCGRP_MONITOR },
	[CITYHUB_NL_FAULT] = { .name = CITYHUB_MCGRP_FAULT },
};

struct genl_family cityhub_nl_family __ro_after_init = {
	.name = CITYHUB_FAMILY_NAME,
	.version = CITYHUB_FAMILY_VERSION,
	.module = THIS_MODULE,
	.ops = cityhub_nl_ops,
	.n_ops = CITYHUB_NL_OPS,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/* Starts the answer to a request, or returns NULL when there is no room. */
void *cityhub_nl_reply_begin(struct genl_info *info, size_t size,
			     struct sk_buff **skb)
{
	void *hdr;

	*skb = genlmsg_new(size, GFP_KERNEL);
	if (!*skb)
		return NULL;

	hdr = genlmsg_put_reply(*skb, info, &cityhub_nl_family, 0,
				info->genlhdr->cmd);
	if (!hdr)
		nlmsg_free(*skb);
	return hdr;
}

/* Sends it, or drops it when filling it failed with ret. */
int cityhub_nl_reply_end(struct genl_info *info, struct sk_buff *skb,
			 void *hdr, int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}

	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int socket_closed(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct netlink_notify *n = data;

	/* No owner has port 0, the kernel has. */
	if (action == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    net_eq(n->net, &init_net) && n->portid)
		cityhub_nl_disarm_owned(n->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_nb = {
	.notifier_call = socket_closed,
};

int cityhub_netlink_init(void)
{
	int ret;

	ret = netlink_register_notifier(&socket_nb);
	if (ret)
		return ret;

	ret = genl_register_family(&cityhub_nl_family);
	if (ret) {
		netlink_unregister_notifier(&socket_nb);
		return ret;
	}

	cityhub_nl_listen(true);
	return 0;
}

void cityhub_netlink_exit(void)
{
	cityhub_nl_listen(false);
	genl_unregister_family(&cityhub_nl_family);
	netlink_unregister_notifier(&socket_nb);
}
