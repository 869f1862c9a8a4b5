/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the netlink family share. */
#ifndef _CITYHUB_NL_H
#define _CITYHUB_NL_H

#include <linux/types.h>

struct cityhub_capture;
struct cityhub_member_view;
struct cityhub_tick;
struct genl_family;
struct genl_info;
struct netlink_ext_ack;
struct nlmsghdr;
struct sk_buff;

/* Bytes that hold one member with all its counters, names at full length. */
#define CITYHUB_NL_MEMBER_SIZE	512

/* Groups, in the order of the family. */
enum cityhub_nl_group {
	CITYHUB_NL_MONITOR,
	CITYHUB_NL_FAULT,
};

/* netlink.c */
extern struct genl_family cityhub_nl_family;

void *cityhub_nl_reply_begin(struct genl_info *info, size_t size,
			     struct sk_buff **skb);
int cityhub_nl_reply_end(struct genl_info *info, struct sk_buff *skb,
			 void *hdr, int ret);

/* nl_set.c */
int cityhub_nl_check_once(const struct nlmsghdr *nlh, int multi,
			  struct netlink_ext_ack *extack);

/* nl_capture.c */
void cityhub_nl_disarm_owned(u32 port);

/* nl_event.c */
void cityhub_nl_listen(bool on);
u32 cityhub_nl_sequence(enum cityhub_nl_group group);	/* cityhub_lock */

/*
 * nl_put.c: each adds attributes and returns 0 or -EMSGSIZE; under
 * cityhub_lock but clock, counters and tick.
 */
size_t cityhub_nl_hub_size(void);
int cityhub_nl_put_hub(struct sk_buff *skb);
int cityhub_nl_put_hub_state(struct sk_buff *skb);
int cityhub_nl_put_clock(struct sk_buff *skb, int attr);
int cityhub_nl_put_u64(struct sk_buff *skb, int attr, u64 value);
int cityhub_nl_put_capture_start(struct sk_buff *skb,
				 const struct cityhub_capture *c);
int cityhub_nl_put_member(struct sk_buff *skb,
			  const struct cityhub_member_view *m);
int cityhub_nl_put_member_stats(struct sk_buff *skb,
				const struct cityhub_member_view *m);
int cityhub_nl_put_counts(struct sk_buff *skb, int counters, int ticks,
			  const struct cityhub_member_view *m);
int cityhub_nl_put_tick(struct sk_buff *skb, const struct cityhub_tick *t,
			u64 index);

#endif /* _CITYHUB_NL_H */
