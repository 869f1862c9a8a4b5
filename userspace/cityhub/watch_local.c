// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/watch_local.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cityhub/cmd.h"
#include "cityhub/store_look.h"
#include "cityhub/with_hub.h"
#include "common/batch_json.h"
#include "common/store_reader.h"

/* So long a fault stays on the screen after the last one was counted. */
#define LOCAL_FAULT_NS	(10 * NSEC_PER_SEC)
#define NSEC_PER_SEC	1000000000LL

struct watch_local {
	const char *store;	/* NULL: that of the daemon */
	struct store_reader *reader;
	uint64_t behind;	/* so many batches at first */
	uint64_t after;
	watch_local_fn fn;
	void *ctx;
	const char *hint;	/* why there is no @reader */
#if WITH_HUB
	struct cityhub *hub;
	struct cityhub_stats *before;
	size_t n_before;
	int64_t before_ns;
	int64_t now_ns;
#endif
};

/* ---- results, from the store ------------------------------------------------ */

static int local_sensor(void *ctx, const char *name,
			const struct ledger_sensor *l)
{
	struct watch_view *v = ctx;

	/* The store remembers sensors that are long gone. */
	for (size_t i = 0; i < v->sensors; i++) {
		if (strcmp(v->sensor[i].name, name))
			continue;
		v->sensor[i].has_ledger = true;
		v->sensor[i].ledger = *l;
	}
	return 0;
}

static int local_sink(void *ctx, const char *name, int64_t cursor,
		      const struct ledger_sink *l)
{
	(void)name;
	(void)cursor;
	watch_view_waiting(ctx, l->waiting);
	return 0;
}

static void local_store(struct watch_local *l, struct watch_view *v)
{
	struct batch *b;
	uint64_t id;
	char *json;
	int more;

	while ((more = store_reader_next(l->reader, l->after, &b, &id)) > 0) {
		l->after = id;
		json = batch_json(b);
		if (json)
			l->fn(l->ctx, json);
		free(json);
		batch_free(b);
	}
	if (!more)
		more = store_reader_ledger(l->reader, local_sensor, local_sink,
					   v);
	if (!more)
		watch_view_add_up(v);
	watch_view_link(v, "store", !more);
}

/* ---- counters, from the kernel ------------------------------------------------ */

#if WITH_HUB
/*
 * The name the daemon gives a sensor: the label, else the name of the device.
 * NULL for one that nobody captures, whose counters rest.
 */
static const char *local_name(const struct cityhub_member *m, size_t n,
			      uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].id == id && m[i].primed)
			return *m[i].label ? m[i].label : m[i].name;
	return NULL;
}

static const struct cityhub_stats *local_before(const struct watch_local *l,
						uint32_t id)
{
	for (size_t i = 0; i < l->n_before; i++)
		if (l->before[i].id == id)
			return &l->before[i];
	return NULL;
}

static uint64_t local_taken(const struct cityhub_stats *s)
{
	return s->has_counters ? s->counters.taken : s->ticks.done;
}

static void local_count(struct watch_local *l, struct watch_sensor *s,
			const struct cityhub_stats *now)
{
	const struct cityhub_stats *before = local_before(l, now->id);
	uint64_t faults = now->counters.bus_error + now->counters.crc_error +
			  now->counters.invalid;

	s->counted = true;
	s->lost = now->counters.lost + now->counters.fifo_full +
		  now->ticks.overrun;
	if (faults != s->faults && before) {
		snprintf(s->fault, sizeof(s->fault),
			 "transfers fail: `cityhub faults` says what that means");
		s->fault_end_ns = l->now_ns + LOCAL_FAULT_NS;
	} else if (s->fault_end_ns <= l->now_ns) {
		*s->fault = '\0';
	}
	s->faults = faults;
	/* Where no results come nobody else says how fast it is, and how good. */
	if (s->instant_ns || !before || l->now_ns <= l->before_ns)
		return;
	s->rate_hz = (double)(local_taken(now) - local_taken(before)) *
		     NSEC_PER_SEC / (double)(l->now_ns - l->before_ns);
	s->bound_ns = now->has_counters && now->stamp.bound_ns != UINT32_MAX ?
		      (int64_t)now->stamp.bound_ns : BATCH_UNKNOWN;
}

static void local_forget(struct watch_local *l)
{
	cityhub_stats_free(l->before);
	l->before = NULL;
	l->n_before = 0;
}

static void local_kernel(struct watch_local *l, struct watch_view *v)
{
	struct cityhub_member *m = NULL;
	struct cityhub_stats *stats = NULL;
	size_t n = 0, members = 0;
	struct timespec ts;

	if (!l->hub && cityhub_open(&l->hub))
		return;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	l->now_ns = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	if (cityhub_members_get(l->hub, &m, &members) ||
	    cityhub_stats_get(l->hub, &stats, &n)) {
		cityhub_members_free(m);
		cityhub_close(l->hub);
		l->hub = NULL;
		local_forget(l);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = local_name(m, members, stats[i].id);
		struct watch_sensor *s = name ? watch_view_sensor(v, name) :
					 NULL;

		if (s)
			local_count(l, s, &stats[i]);
	}
	cityhub_members_free(m);
	local_forget(l);
	l->before = stats;
	l->n_before = n;
	l->before_ns = l->now_ns;
}

static bool local_hub(struct watch_local *l)
{
	return !cityhub_open(&l->hub);
}

static void local_end(struct watch_local *l)
{
	local_forget(l);
	cityhub_close(l->hub);
}
#else
static void local_kernel(struct watch_local *l, struct watch_view *v)
{
	(void)l;
	(void)v;
}

static bool local_hub(struct watch_local *l)
{
	(void)l;
	return false;
}

static void local_end(struct watch_local *l)
{
	(void)l;
}
#endif

/* The daemon may begin, or begin its store, after us. */
static int local_open(struct watch_local *l, char *why, size_t room)
{
	int status = CMD_OK;
	uint64_t newest;

	l->reader = store_look(l->store, why, room, &status);
	if (l->reader) {
		newest = store_reader_newest(l->reader);
		l->after = newest > l->behind ? newest - l->behind : 0;
		l->hint = NULL;
		return CMD_OK;
	}
	l->hint = status == CMD_REFUSED ?
		  "no values: the store is for root and the group cityhub (use sudo)" :
		  status == CMD_ABSENT ?
		  "no values: there is no store, is cityhubd running?" :
		  "no values: the store cannot be read (cityhub doctor store)";
	return status;
}

struct watch_local *watch_local_new(const char *store, uint64_t behind,
				    watch_local_fn fn, void *ctx, int *status,
				    char *why, size_t room)
{
	struct watch_local *l = calloc(1, sizeof(*l));
	bool hub;

	*status = CMD_FAILED;
	if (!l) {
		snprintf(why, room, "out of memory");
		return NULL;
	}
	l->store = store;
	l->behind = behind;
	l->fn = fn;
	l->ctx = ctx;
	hub = local_hub(l);
	*status = local_open(l, why, room);
	if (*status == CMD_OK || hub)
		return l;
	watch_local_free(l);
	return NULL;
}

void watch_local_turn(struct watch_local *l, struct watch_view *v)
{
	char why[512];

	if (!l->reader)
		local_open(l, why, sizeof(why));
	v->hint = l->hint;
	if (l->reader)
		local_store(l, v);
	else
		watch_view_link(v, "kernel", true);
	local_kernel(l, v);
}

void watch_local_free(struct watch_local *l)
{
	if (!l)
		return;
	store_reader_close(l->reader);
	local_end(l);
	free(l);
}
