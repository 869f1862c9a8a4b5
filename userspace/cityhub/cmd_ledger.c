// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "cityhub/cmd.h"
#include "cityhub/store_look.h"
#include "cityhub/writer.h"
#include "common/store_sql.h"

struct ledger_print {
	struct writer *w;
	bool sinks;		/* in the second array already */
	bool balanced;
};

static int ledger_print_sensor(void *ctx, const char *name,
			       const struct ledger_sensor *l)
{
	struct ledger_print *p = ctx;
	int64_t off = ledger_sensor_balance(l);

	writer_object_begin(p->w, NULL);
	writer_string(p->w, "sensor", name);
	writer_uint(p->w, "captured", l->captured);
	writer_uint(p->w, "reduced", l->reduced);
	writer_uint(p->w, "raw", l->raw);
	writer_uint(p->w, "pending", l->pending);
	for (int i = 0; i < LEDGER_DROPS; i++) {
		char key[32];

		snprintf(key, sizeof(key), "dropped_%s",
			 ledger_drop_name((enum ledger_drop)i));
		writer_uint(p->w, key, l->dropped[i]);
	}
	writer_int(p->w, "difference", off);
	writer_object_end(p->w);
	if (off)
		p->balanced = false;
	return 0;
}

static void ledger_begin_sinks(struct ledger_print *p)
{
	if (p->sinks)
		return;
	p->sinks = true;
	writer_array_end(p->w);
	writer_array_begin(p->w, "sinks");
}

static int ledger_print_sink(void *ctx, const char *name, int64_t cursor,
			     const struct ledger_sink *l)
{
	struct ledger_print *p = ctx;
	int64_t off = ledger_sink_balance(l);

	ledger_begin_sinks(p);
	writer_object_begin(p->w, NULL);
	writer_string(p->w, "sink", name);
	writer_int(p->w, "cursor", cursor);
	writer_uint(p->w, "made", l->made);
	writer_uint(p->w, "acknowledged", l->acknowledged);
	writer_uint(p->w, "waiting", l->waiting);
	for (int i = 0; i < LEDGER_EXPIRIES; i++) {
		char key[32];

		snprintf(key, sizeof(key), "expired_%s",
			 ledger_expiry_name((enum ledger_expiry)i));
		writer_uint(p->w, key, l->expired[i]);
	}
	writer_int(p->w, "difference", off);
	writer_object_end(p->w);
	if (off)
		p->balanced = false;
	return 0;
}

static int ledger_print(struct store_reader *r, struct writer *w)
{
	struct ledger_print p = { .w = w, .balanced = true };
	int err;

	writer_object_begin(w, NULL);
	writer_array_begin(w, "sensors");
	err = store_reader_ledger(r, ledger_print_sensor, ledger_print_sink, &p);
	ledger_begin_sinks(&p);
	writer_array_end(w);
	writer_bool(w, "adds_up", p.balanced);
	writer_object_end(w);
	if (err) {
		cmd_error(&cmd_ledger, "the store cannot be read");
		return CMD_FAILED;
	}
	if (!p.balanced)
		cmd_error(&cmd_ledger, "the ledger does not add up");
	return p.balanced ? CMD_OK : CMD_FAILED;
}

static int ledger_main(int argc, char **argv, struct writer *w)
{
	static const struct option options[] = {
		{ "store", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	struct store_reader *r;
	char why[512];
	int c, ret;

	while ((c = cmd_option(&cmd_ledger, argc, argv, options)) != -1) {
		if (c != 's')
			return CMD_USAGE;
		path = optarg;
	}
	if (optind < argc)
		return cmd_usage(&cmd_ledger, "'%s' is not expected",
				 argv[optind]);
	r = store_look(path, why, sizeof(why), &ret);
	if (!r) {
		cmd_error(&cmd_ledger, "%s", why);
		return ret;
	}
	ret = ledger_print(r, w);
	store_reader_close(r);
	return ret;
}

const struct cmd cmd_ledger = {
	.name = "ledger",
	.args = "[--store FILE]",
	.help = "where every value and every batch went; fails if it does not add up",
	.details =
		"  --store FILE  default: the daemon's, else " STORE_DEFAULT_PATH "\n"
		"\n"
		"sensors: captured = reduced + raw + pending + dropped\n"
		"sinks:   made = acknowledged + waiting + expired\n",
	.run = ledger_main,
};
