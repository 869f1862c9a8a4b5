/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands that talk to the hub share.
 */
#ifndef CITYHUB_HUB_H
#define CITYHUB_HUB_H

#include <cityhub/cityhub.h>

#include "cmd.h"
#include "writer.h"

/* Connects, or says why not; returns an &enum cmd_exit. */
int hub_open(const struct cmd *c, struct cityhub **h);

/* Says why a call failed and what to do; returns the &enum cmd_exit for it. */
int hub_failed(const struct cmd *c, struct cityhub *h, int error);

/*
 * Digits and nothing else, as the kernel would write them, after a prefix that
 * may be left out; returns 0 or -EINVAL.
 */
int hub_parse_number(const char *arg, const char *prefix, uint32_t max,
		     uint32_t *number);

/*
 * The member an argument means: an id, iio:deviceN, a name or a label.
 * Returns an &enum cmd_exit, having said what is wrong.
 */
int hub_find_member(const struct cmd *c, struct cityhub *h, const char *arg,
		    uint32_t *id);

/*
 * Seconds with up to 9 decimals, exactly; returns 0, or -EINVAL or -ERANGE for
 * what is none.
 */
int hub_parse_seconds(const char *text, int64_t *ns);

/* What can be set of the hub, and how good its clock is known to be. */
void hub_write_settings(struct writer *w, const struct cityhub_hub *hub);

/* The values of a member, into an object that has begun. */
void hub_write_member(struct writer *w, const struct cityhub_member *m);

/* A row of the counters of a member. */
void hub_write_stats(struct writer *w, const struct cityhub_stats *s);

/* An array of the counters of some members. */
void hub_write_stats_array(struct writer *w, const char *key,
			   const struct cityhub_stats *s, size_t n);

#endif
