// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cityhub/cmd.h"
#include "cityhub/store_look.h"
#include "cityhub/wrap.h"
#include "cityhub/writer.h"
#include "cityhub/with_hub.h"
#include "common/array.h"
#include "common/conf.h"
#include "common/store_sql.h"

/* What is counted as a fault, by the name the counter has elsewhere. */
static const struct fault {
	const char *name;
	const char *meaning;
	const char *remedy;
} faults[] = {
	{ "fifo_full", "samples refused by the buffer of the kernel: nobody read it in time",
	  "is another program reading the device, or the processor too busy?" },
	{ "lost", "samples overwritten in the chip before they were fetched",
	  "the bus or the processor is too busy: a faster bus clock, or fewer sensors on it" },
	{ "bus_error", "transfers to the chip failed",
	  "check cable, plugs, pull-up resistors and power of the sensor" },
	{ "crc_error", "answers of the chip with a wrong checksum",
	  "shorten or shield the cable, lower the clock of the bus" },
	{ "invalid", "the chip was reset, or answered what makes no sense",
	  "check the power of the sensor; look at the kernel's log (`dmesg`)" },
	{ "overrun", "ticks that came while the sensor was still busy with an earlier one",
	  "a longer period, or a faster bus clock" },
	{ "aborted", "ticks that were not served because the sensor was switched off",
	  NULL },
	{ "skipped", "ticks of the grid that could not fire in time",
	  "the processor was stopped or too busy: suspend, or a driver that blocks interrupts" },
	{ "realigned", "times the clock was set while ticks were coming",
	  "let a time service steer the clock (chrony), and set it before capturing" },
	{ "unknown", "values the chip said it does not have (while it warms up, for example)",
	  "if this goes on, look at the status of the sensor" },
	{ "store", "values lost because the store could not be written for too long",
	  "`cityhub doctor store` says what is wrong with the disk" },
	{ "crash", "values in open windows when the daemon ended without warning",
	  "power cut, or look for a crash (`journalctl -u cityhubd`)" },
	{ "size", "batches dropped unsent because the store was full",
	  "a larger store.max_mb, and a look at why the broker was away (`cityhub doctor broker`)" },
};

struct report {
	struct writer *w;
	uint64_t n;
};

/* One that never happened is none. */
static void tell(struct report *r, const char *where, const char *name,
		 uint64_t count)
{
	const struct fault *f = NULL;
	char head[128], text[256];

	if (!count)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(name, faults[i].name))
			f = &faults[i];
	r->n++;
	snprintf(head, sizeof(head), "%s %s", where, name);
	snprintf(text, sizeof(text), "%" PRIu64 " %s", count,
		 f ? f->meaning : "(not known to this version)");
	if (!writer_is_json(r->w)) {
		wrap_write(r->w, head, text, f ? f->remedy : NULL);
		return;
	}
	writer_object_begin(r->w, NULL);
	writer_string(r->w, "where", where);
	writer_string(r->w, "fault", name);
	writer_uint(r->w, "count", count);
	writer_string(r->w, "meaning", f ? f->meaning : NULL);
	writer_string(r->w, "remedy", f ? f->remedy : NULL);
	writer_object_end(r->w);
}

#if WITH_HUB
static void tell_member(struct report *r, const struct cityhub_stats *s)
{
	const struct {
		const char *name;
		uint64_t count;
	} counts[] = {
		{ "fifo_full", s->counters.fifo_full },
		{ "lost", s->counters.lost },
		{ "bus_error", s->counters.bus_error },
		{ "crc_error", s->counters.crc_error },
		{ "invalid", s->counters.invalid },
		{ "overrun", s->ticks.overrun },
		{ "aborted", s->ticks.aborted },
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		tell(r, s->name, counts[i].name, counts[i].count);
}

static int tell_hub(struct report *r, struct cityhub *h)
{
	struct cityhub_stats *stats;
	struct cityhub_hub *hub;
	size_t n;
	int err = cityhub_hub_get(h, &hub);

	if (err)
		return err;
	tell(r, "hub", "skipped", hub->skipped);
	tell(r, "hub", "realigned", hub->realigned);
	cityhub_hub_free(hub);
	err = cityhub_stats_get(h, &stats, &n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		tell_member(r, &stats[i]);
	cityhub_stats_free(stats);
	return 0;
}

/* Returns whether the kernel could be asked. */
static bool tell_kernel(struct report *r)
{
	struct cityhub *h;
	int err = cityhub_open(&h);

	if (err) {
		writer_line(r->w, "the kernel's counters: %s", err == -ENOENT ?
			    "the module cityhub is not loaded" :
			    strerror(-err));
		return false;
	}
	err = tell_hub(r, h);
	if (err)
		writer_line(r->w, "the kernel's counters: %s", cityhub_error(h));
	cityhub_close(h);
	return !err;
}
#else
static bool tell_kernel(struct report *r)
{
	(void)r;
	return false;
}
#endif

static int tell_sensor(void *ctx, const char *name, const struct ledger_sensor *l)
{
	for (int i = 0; i < LEDGER_DROPS; i++)
		tell(ctx, name, ledger_drop_name((enum ledger_drop)i),
		     l->dropped[i]);
	return 0;
}

static int tell_sink(void *ctx, const char *name, int64_t cursor,
		     const struct ledger_sink *l)
{
	(void)cursor;
	for (int i = 0; i < LEDGER_EXPIRIES; i++)
		tell(ctx, name, ledger_expiry_name((enum ledger_expiry)i),
		     l->expired[i]);
	return 0;
}

static bool tell_store(struct report *r, const char *path)
{
	char why[512];
	int err;
	struct store_reader *reader = store_look(path, why, sizeof(why), &err);

	if (!reader) {
		writer_line(r->w, "the daemon's ledger: %s", why);
		return false;
	}
	err = store_reader_ledger(reader, tell_sensor, tell_sink, r);
	if (err)
		writer_line(r->w, "the daemon's ledger cannot be read");
	store_reader_close(reader);
	return !err;
}

static int report(struct writer *w, const char *store)
{
	struct report r = { .w = w };
	bool kernel, daemon;

	/* In text each is a line at once, in JSON they are one document. */
	if (writer_is_json(w)) {
		writer_object_begin(w, NULL);
		writer_array_begin(w, "faults");
	}
	kernel = tell_kernel(&r);
	daemon = tell_store(&r, store);
	if (writer_is_json(w)) {
		writer_array_end(w);
		writer_bool(w, "kernel", kernel);
		writer_bool(w, "store", daemon);
		writer_object_end(w);
	} else if (!r.n && (kernel || daemon)) {
		writer_line(w, "no fault counted");
	}
	if (kernel || daemon)
		return CMD_OK;
	cmd_error(&cmd_faults, "neither the kernel's module nor the daemon's store is there: `cityhub doctor` says what to do");
	return CMD_ABSENT;
}

static int run(int argc, char **argv, struct writer *w)
{
	static const struct option options[] = {
		{ "store", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const char *store = NULL;
	int opt;

	while ((opt = cmd_option(&cmd_faults, argc, argv, options)) != -1) {
		if (opt != 's')
			return CMD_USAGE;
		store = optarg;
	}
	if (optind < argc)
		return cmd_usage(&cmd_faults, "'%s' is not expected",
				 argv[optind]);
	return report(w, store);
}

const struct cmd cmd_faults = {
	.name = "faults",
	.args = "[--store FILE]",
	.help = "faults that were counted, what they mean and what to do",
	.details =
"--store FILE  default: the daemon's, else " STORE_DEFAULT_PATH "\n"
"\n"
"Kernel: since the driver was bound, or the module loaded. Ledger: since the\n"
"store was begun. What is wrong right now is what `cityhub doctor` tells.\n",
	.run = run,
};
