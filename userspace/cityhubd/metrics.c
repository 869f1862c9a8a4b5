// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/bytes.h"

static void metrics_head(struct bytes *out, const char *name, const char *type,
			 const char *help)
{
	bytes_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void metrics_one(struct bytes *out, const char *name, const char *type,
			const char *help, double v)
{
	metrics_head(out, name, type, help);
	bytes_printf(out, "%s %.15g\n", name, v);
}

/* In a label backslash, quote and line break are escaped. */
static void metrics_quote(struct bytes *out, const char *text)
{
	bytes_byte(out, '"');
	for (; *text; text++) {
		if (*text == '\n') {
			bytes_add(out, "\\n", 2);
			continue;
		}
		if (*text == '\\' || *text == '"')
			bytes_byte(out, '\\');
		bytes_byte(out, (uint8_t)*text);
	}
	bytes_byte(out, '"');
}

static void metrics_labelled(struct bytes *out, const char *name,
			     const char *key, const char *value)
{
	bytes_printf(out, "%s{%s=", name, key);
	metrics_quote(out, value);
}

/* ---- sensors ----------------------------------------------------------------- */

static void metrics_rate(void *ctx, const char *name, double rate_hz,
			 unsigned int stalls)
{
	(void)stalls;
	metrics_labelled(ctx, "cityhub_sensor_rate_hertz", "sensor", name);
	bytes_printf(ctx, "} %.9g\n", rate_hz > 0 ? rate_hz : 0);
}

static void metrics_stalls(void *ctx, const char *name, double rate_hz,
			   unsigned int stalls)
{
	(void)rate_hz;
	metrics_labelled(ctx, "cityhub_sensor_stalls_total", "sensor", name);
	bytes_printf(ctx, "} %u\n", stalls);
}

static void metrics_sensors(struct bytes *out, const struct state *st)
{
	metrics_one(out, "cityhub_sensors", "gauge", "Sensors that deliver.",
		    capture_size(st->capture));
	metrics_head(out, "cityhub_sensor_rate_hertz", "gauge",
		     "Scans a second, 0 while not known.");
	capture_each(st->capture, metrics_rate, out);
	metrics_head(out, "cityhub_sensor_stalls_total", "counter",
		     "Times its buffer was switched off by others.");
	capture_each(st->capture, metrics_stalls, out);
}

/* ---- ledger ------------------------------------------------------------------- */

static void metrics_values(struct bytes *out, const struct store_stats *s)
{
	const struct ledger_sensor *l = &s->sensors;

	metrics_one(out, "cityhub_values_captured_total", "counter",
		    "Values read from sensors, in the ledger.",
		    (double)l->captured);
	metrics_one(out, "cityhub_values_reduced_total", "counter",
		    "Values in stored results.", (double)l->reduced);
	metrics_one(out, "cityhub_values_pending", "gauge",
		    "Values in open windows.", (double)l->pending);
	metrics_head(out, "cityhub_values_dropped_total", "counter",
		     "Values that are in no result, by reason.");
	for (int i = 0; i < LEDGER_DROPS; i++) {
		metrics_labelled(out, "cityhub_values_dropped_total", "reason",
				 ledger_drop_name((enum ledger_drop)i));
		bytes_printf(out, "} %" PRIu64 "\n", l->dropped[i]);
	}
	metrics_one(out, "cityhub_ledger_balanced", "gauge",
		    "1 while all sums of the ledger add up.", !s->unbalanced);
}

static void metrics_sink_count(struct bytes *out, const struct store_stats *s,
			       const char *name, const char *type,
			       const char *help,
			       uint64_t (*get)(const struct ledger_sink *l))
{
	if (!s->nsinks)
		return;
	metrics_head(out, name, type, help);
	for (unsigned int i = 0; i < s->nsinks; i++) {
		metrics_labelled(out, name, "sink", s->sinks[i].name);
		bytes_printf(out, "} %" PRIu64 "\n", get(&s->sinks[i].ledger));
	}
}

static uint64_t metrics_acknowledged(const struct ledger_sink *l)
{
	return l->acknowledged;
}

static uint64_t metrics_waiting(const struct ledger_sink *l)
{
	return l->waiting;
}

static void metrics_sinks(struct bytes *out, const struct metrics *m)
{
	const struct store_stats *s = m->state.store;

	if (m->nsinks)
		metrics_head(out, "cityhub_sink_up", "gauge",
			     "1 while the sink takes results.");
	for (size_t i = 0; i < m->nsinks; i++) {
		metrics_labelled(out, "cityhub_sink_up", "sink",
				 m->sinks[i].name);
		bytes_printf(out, "} %d\n", m->sinks[i].up);
	}
	metrics_sink_count(out, s, "cityhub_sink_acknowledged_total", "counter",
			   "Messages the sink has for certain.",
			   metrics_acknowledged);
	metrics_sink_count(out, s, "cityhub_sink_expired_total", "counter",
			   "Messages that left the store before the sink had them.",
			   ledger_expired);
	metrics_sink_count(out, s, "cityhub_sink_waiting", "gauge",
			   "Messages in the store that the sink has not yet.",
			   metrics_waiting);
}

/* ---- the rest ------------------------------------------------------------------ */

static void metrics_store(struct bytes *out, const struct store_stats *s)
{
	metrics_one(out, "cityhub_store_bytes", "gauge", "Size of the store.",
		    (double)s->bytes);
	metrics_one(out, "cityhub_store_limit_bytes", "gauge",
		    "Size that the store may have.", (double)s->max_bytes);
	metrics_one(out, "cityhub_store_batches", "gauge",
		    "Messages in the store.", (double)s->batches);
	metrics_one(out, "cityhub_store_queued", "gauge",
		    "Messages that are not on the disk yet.",
		    (double)s->queued);
	metrics_one(out, "cityhub_store_failing", "gauge",
		    "1 while the disk takes nothing.", s->failing);
	if (s->hours >= 0 && s->hours < 1e9)
		metrics_one(out, "cityhub_store_autonomy_hours", "gauge",
			    "How long all sinks may stay away.", s->hours);
}

static void metrics_clock(struct bytes *out, const struct clock *c)
{
	const struct clock_epoch *e = clock_epoch(c);

	metrics_one(out, "cityhub_clock_synchronised", "gauge",
		    "1 while the clock is.", e->sync == BATCH_SYNCHRONISED);
	if (e->bound_ns >= 0)
		metrics_one(out, "cityhub_clock_bound_seconds", "gauge",
			    "Largest error of the clock against UTC.",
			    (double)e->bound_ns / 1e9);
	metrics_one(out, "cityhub_clock_steps_total", "counter",
		    "Times the clock was set.", (double)clock_steps(c));
}

static void metrics_process(struct bytes *out)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return;
	metrics_one(out, "process_cpu_seconds_total", "counter",
		    "Processor time, of user and system.",
		    (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	metrics_one(out, "cityhub_resident_memory_max_bytes", "gauge",
		    "Most memory that was resident.",
		    (double)u.ru_maxrss * 1024);
}

static void metrics_info(struct bytes *out, const struct state *st)
{
	metrics_head(out, "cityhub_info", "gauge", "1, with who it is.");
	metrics_labelled(out, "cityhub_info", "hub", st->hub);
	bytes_printf(out, ",version=");
	metrics_quote(out, CITYHUB_VERSION);
	bytes_printf(out, "} 1\n");
}

char *metrics_text(const struct metrics *m, size_t *len)
{
	struct bytes out = { 0 };

	metrics_info(&out, &m->state);
	metrics_sensors(&out, &m->state);
	if (m->state.store) {
		metrics_values(&out, m->state.store);
		metrics_sinks(&out, m);
		metrics_store(&out, m->state.store);
	}
	metrics_clock(&out, m->state.clock);
	metrics_one(&out, "cityhub_taps", "gauge",
		    "Clients that look at live samples.", m->control.taps);
	metrics_one(&out, "cityhub_tap_missed_samples_total", "counter",
		    "Samples that such clients were too slow for.",
		    (double)m->control.missed);
	metrics_process(&out);
	return (char *)bytes_take(&out, len);
}
