/* SPDX-License-Identifier: GPL-2.0-only */
/* What `cityhub watch` knows of a hub, and how it looks. */
#ifndef CITYHUB_WATCH_VIEW_H
#define CITYHUB_WATCH_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/ledger.h"

struct watch_view;

struct watch_counts {
	uint64_t received;
	uint64_t missing;	/* numbers left out in what came */
	uint64_t duplicates;
};

/* @hub empty: the one that the data names. NULL when out of memory. */
struct watch_view *watch_view_new(const char *hub);
void watch_view_free(struct watch_view *v);

/* Texts of JSON as they come; what makes no sense is counted and left out. */
void watch_view_data(struct watch_view *v, const char *json, int64_t now_ns);
void watch_view_state(struct watch_view *v, const char *json);
void watch_view_fault(struct watch_view *v, const char *json);
/* @link: "broker" or "store". */
void watch_view_link(struct watch_view *v, const char *link, bool up);
void watch_view_ledger(struct watch_view *v, const struct ledger_sensor *l);

void watch_view_draw(struct watch_view *v, FILE *out, int64_t now_ns);
/* One line for a batch. */
void watch_view_plain(const char *json, FILE *out);
struct watch_counts watch_view_counts(const struct watch_view *v);

#endif /* CITYHUB_WATCH_VIEW_H */
