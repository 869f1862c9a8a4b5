// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/power.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct power {
	struct power_quality *quality;
	struct power_ops ops;
	void *ctx;
	struct batch_layout *layout;
	double nominal_v;
	unsigned int n;		/* channels fed; the frequency comes after them */
	unsigned int from[POWER_QUALITY_CHANNELS];	/* channel of the source */
	struct window_channel windows[POWER_QUALITY_CHANNELS + 1];
	struct ledger_sensor since;
	uint64_t pending_told;
};

static void power_event(void *ctx, const struct power_quality_event *e)
{
	struct power *p = ctx;

	p->ops.event(p->ctx, e);
}

static void power_interval(void *ctx, const struct power_quality_interval *i)
{
	struct power *p = ctx;
	struct batch_result r[POWER_QUALITY_CHANNELS + 1];

	for (unsigned int k = 0; k <= p->n; k++)
		r[k] = (struct batch_result){
			.mean = NAN, .min = NAN, .max = NAN, .last = NAN,
			.rms = k < p->n ? i->rms[k] : NAN, .difference = NAN,
			.count = i->count, .expected = i->expected,
			.instant_ns = i->to_ns,
		};
	r[p->n].mean = r[p->n].min = r[p->n].max = r[p->n].last = i->hz;
	if (isnan(i->hz))
		r[p->n].count = 0;
	p->since.dropped[LEDGER_DROP_UNKNOWN] += i->count - r[p->n].count;
	p->ops.results(p->ctx, i->from_ns, i->to_ns,
		       i->flagged ? BATCH_FLAGGED : 0, r);
}

/* Voltages first, currents after them; others do not matter. */
static unsigned int power_pick(struct power *p, const struct source *src,
			       const char *quantity)
{
	unsigned int before = p->n;

	for (unsigned int i = 0; i < src->channels; i++) {
		const struct batch_channel *c = &src->channel[i].meaning.channel;

		if (!strcmp(c->quantity, quantity) && *c->phase &&
		    p->n < POWER_QUALITY_CHANNELS)
			p->from[p->n++] = i;
	}
	return p->n - before;
}

static struct batch_layout *power_make_layout(struct power *p,
					      const char *sensor,
					      const struct source *src)
{
	struct batch_channel channels[POWER_QUALITY_CHANNELS + 1];
	char name[BATCH_NAME];

	for (unsigned int i = 0; i < p->n; i++)
		channels[i] = src->channel[p->from[i]].meaning.channel;
	channels[p->n] = (struct batch_channel){
		.channel = "frequency", .quantity = "frequency", .unit = "Hz",
		.decimals = 4,
	};
	snprintf(name, sizeof(name), "%.*s.cycles", BATCH_NAME - 8, sensor);
	return batch_layout_new(name, p->n + 1, channels);
}

static bool power_start(struct power *p, const struct conf *conf,
			double rate_hz, unsigned int phases)
{
	const struct power_quality_ops ops = {
		.event = power_event, .interval = power_interval,
	};
	const struct power_quality_conf q = {
		.nominal_v = conf->power.nominal_v,
		.nominal_hz = conf->power.nominal_hz,
		.dip = conf->power.dip_percent / 100,
		.swell = conf->power.swell_percent / 100,
		.interruption = conf->power.interruption_percent / 100,
		.hysteresis = conf->power.hysteresis_percent / 100,
		.rate_hz = rate_hz, .channels = p->n, .phases = phases,
	};

	p->quality = power_quality_new(&q, &ops, p);
	return p->quality;
}

struct power *power_new(const char *sensor, const struct conf *conf,
			const struct source *src, const struct power_ops *ops,
			void *ctx)
{
	struct power *p;
	unsigned int phases;

	if (!conf || conf->power.nominal_v <= 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->ops = *ops;
	p->ctx = ctx;
	p->nominal_v = conf->power.nominal_v;
	phases = power_pick(p, src, "voltage");
	power_pick(p, src, "current");
	if (phases && phases <= POWER_QUALITY_PHASES &&
	    power_start(p, conf, src->rate_hz, phases))
		p->layout = power_make_layout(p, sensor, src);
	if (p->layout)
		return p;
	power_free(p);
	return NULL;
}

void power_free(struct power *p)
{
	if (!p)
		return;
	power_quality_free(p->quality);
	batch_layout_put(p->layout);
	free(p);
}

void power_feed(struct power *p, const int64_t *utc_ns,
		const double *const *columns, size_t at, size_t n)
{
	const double *mine[POWER_QUALITY_CHANNELS];

	for (unsigned int i = 0; i < p->n; i++)
		mine[i] = columns[p->from[i]];
	p->since.captured += n * (p->n + 1);
	power_quality_feed(p->quality, utc_ns, mine, at, n);
}

void power_cut(struct power *p, int64_t shift_ns)
{
	power_quality_cut(p->quality, shift_ns);
}

void power_end(struct power *p)
{
	power_quality_end(p->quality);
}

void power_lost(struct power *p, const struct batch_result *r)
{
	for (unsigned int i = 0; i <= p->n; i++)
		p->since.dropped[LEDGER_DROP_STORE] += r[i].count;
}

struct batch_layout *power_layout(const struct power *p)
{
	return p->layout;
}

const struct window_channel *power_windows(const struct power *p)
{
	return p->windows;	/* WINDOW_LINEAR all of them */
}

static uint64_t power_pending(const struct power *p)
{
	return (uint64_t)power_quality_pending(p->quality) * (p->n + 1);
}

bool power_account(const struct power *p, struct ledger_sensor *since)
{
	*since = p->since;
	since->pending = power_pending(p);
	return since->captured || ledger_dropped(since) ||
	       since->pending != p->pending_told;
}

void power_accounted(struct power *p)
{
	memset(&p->since, 0, sizeof(p->since));
	p->pending_told = power_pending(p);
}

const char *power_phase(const struct power *p, unsigned int phase)
{
	return batch_layout_channel(p->layout, phase)->phase;
}

double power_nominal_v(const struct power *p)
{
	return p->nominal_v;
}

void power_event_text(const struct power *p,
		      const struct power_quality_event *e, char *text,
		      size_t room)
{
	const char *worst = e->kind == POWER_QUALITY_SWELL ? "at most" : "down to";

	if (e->over)
		snprintf(text, room, "voltage %s over after %.3f s, %s %.1f V on %s",
			 power_quality_name(e->kind),
			 (double)(e->to_ns - e->from_ns) / 1e9, worst, e->volts,
			 power_phase(p, e->phase));
	else
		snprintf(text, room, "voltage %s: %.1f V on %s, nominal %g V",
			 power_quality_name(e->kind), e->volts,
			 power_phase(p, e->phase), p->nominal_v);
}
