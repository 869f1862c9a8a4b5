/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From attributes to structures. Attributes that are not known are passed
 * over, those that are missing leave 0.
 */
#ifndef LIBCITYHUB_PARSE_H
#define LIBCITYHUB_PARSE_H

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cityhub/cityhub.h>

int parse_hub(const struct nlmsghdr *nlh, struct cityhub_hub *hub);
int parse_capture(const struct nlmsghdr *nlh, struct cityhub_capture *c);
int parse_member(const struct nlmsghdr *nlh, struct cityhub_member *m);
int parse_stats(const struct nlmsghdr *nlh, struct cityhub_stats *s);
int parse_stats_nest(const struct nlattr *nest, struct cityhub_stats *s);
int parse_fault(const struct nlmsghdr *nlh, struct cityhub_fault *f);
int parse_slot_number(const struct nlmsghdr *nlh, uint32_t *number);
int parse_ticks(const struct nlmsghdr *nlh, struct cityhub_ticks *ticks);
int parse_hub_event(const struct nlmsghdr *nlh, struct cityhub_event *e);
uint32_t parse_member_sequence(const struct nlmsghdr *nlh);
uint32_t parse_fault_sequence(const struct nlmsghdr *nlh);

/* Grows an array by one zeroed element and returns it, or NULL. */
void *parse_grow(void **array, size_t *n, size_t size);

#endif
