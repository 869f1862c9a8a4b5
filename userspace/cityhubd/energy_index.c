// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/energy_index.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct energy_counter {
	struct energy_counter *next;
	struct energy_index *index;
	struct energy_state state;
	bool changed;
};

struct energy_index {
	char boot[40];
	struct energy_counter *counters;
};

struct energy_index *energy_index_new(const char *boot)
{
	struct energy_index *ix = calloc(1, sizeof(*ix));

	if (ix)
		snprintf(ix->boot, sizeof(ix->boot), "%s", boot);
	return ix;
}

void energy_index_free(struct energy_index *ix)
{
	if (!ix)
		return;
	for (struct energy_counter *c = ix->counters, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(ix);
}

static struct energy_counter *energy_index_find(struct energy_index *ix,
						const char *sensor,
						const char *channel)
{
	for (struct energy_counter *c = ix->counters; c; c = c->next)
		if (!strcmp(c->state.sensor, sensor) &&
		    !strcmp(c->state.channel, channel))
			return c;
	return NULL;
}

static struct energy_counter *energy_index_add(struct energy_index *ix,
					       const struct energy_state *st)
{
	struct energy_counter *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->index = ix;
	c->state = *st;
	c->next = ix->counters;
	ix->counters = c;
	return c;
}

int energy_index_restore(struct energy_index *ix, const struct energy_state *st)
{
	if (energy_index_find(ix, st->sensor, st->channel))
		return 0;
	return energy_index_add(ix, st) ? 0 : -ENOMEM;
}

struct energy_counter *energy_index_counter(struct energy_index *ix,
					    const char *sensor,
					    const char *channel)
{
	struct energy_counter *c = energy_index_find(ix, sensor, channel);
	struct energy_state st = { .binding = 0 };

	if (c)
		return c;
	snprintf(st.sensor, sizeof(st.sensor), "%s", sensor);
	snprintf(st.channel, sizeof(st.channel), "%s", channel);
	return energy_index_add(ix, &st);
}

/* Who was never fed was never bound. */
bool energy_counter_value(const struct energy_counter *c, double *taken,
			  double *returned)
{
	*taken = c->state.taken;
	if (returned)
		*returned = c->state.returned;
	return *c->state.boot;
}

bool energy_index_meter(struct energy_index *ix, const char *sensor,
			const char *meter, char *before)
{
	bool other = false;

	for (struct energy_counter *c = ix->counters; c; c = c->next) {
		if (strcmp(c->state.sensor, sensor) ||
		    !strcmp(c->state.meter, meter))
			continue;
		if (*c->state.meter && !other) {
			memcpy(before, c->state.meter, ENERGY_METER);
			other = true;
		}
		snprintf(c->state.meter, sizeof(c->state.meter), "%s", meter);
		c->changed = true;
	}
	return other;
}

/* In a new binding the counter has begun at 0. */
static void energy_counter_bind(struct energy_counter *c, uint64_t binding)
{
	struct energy_state *st = &c->state;

	if (st->binding == binding && !strcmp(st->boot, c->index->boot))
		return;
	memcpy(st->boot, c->index->boot, sizeof(st->boot));
	st->binding = binding;
	st->reading = 0;
}

void energy_counter_feed(struct energy_counter *c, uint64_t binding,
			 double *readings, double *returned, size_t n)
{
	struct energy_state *st = &c->state;

	energy_counter_bind(c, binding);
	for (size_t i = 0; i < n; i++) {
		double since = readings[i] - st->reading;

		if (isnan(readings[i])) {
			if (returned)
				returned[i] = NAN;
			continue;
		}
		st->reading = readings[i];
		if (since >= 0)
			st->taken += since;
		else if (returned)
			st->returned -= since;
		else
			st->taken += readings[i];
		readings[i] = st->taken;
		if (returned)
			returned[i] = st->returned;
		c->changed = true;
	}
}

void energy_index_collect(struct energy_index *ix,
			  int (*keep)(void *ctx, const struct energy_state *st),
			  void *ctx)
{
	for (struct energy_counter *c = ix->counters; c; c = c->next)
		if (c->changed && !keep(ctx, &c->state))
			c->changed = false;
}
