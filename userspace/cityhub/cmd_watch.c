// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cityhub/cmd.h"
#include "cityhub/watch_broker.h"
#include "cityhub/watch_view.h"
#include "cityhub/writer.h"
#include "common/batch_json.h"
#include "common/store_reader.h"
#include "common/store_sql.h"

#define WATCH_DRAW_MS		500
#define WATCH_TURN_MS		100
#define WATCH_BEHIND		20	/* stored batches shown at the start */

enum watch_output {
	WATCH_DRAWN,
	WATCH_PLAIN,
	WATCH_JSON,
};

struct watch {
	char host[256];
	int port;
	const char *hub;
	const char *store;
	const char *record_path;
	const char *title;
	FILE *record;
	int64_t end_ms;
	enum watch_output output;
	struct watch_view *view;
	int drawn_lines;
	int64_t draw_ms;
	struct watch_broker *broker;
	/* Without a broker */
	struct store_reader *reader;
	uint64_t after;
	struct ledger_sensor ledger;
};

static int64_t watch_clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t watch_ms(void)
{
	return watch_clock_ns(CLOCK_MONOTONIC) / 1000000;
}

static void watch_take_data(struct watch *w, const char *json)
{
	if (w->record) {
		fprintf(w->record, "%s\n", json);
		fflush(w->record);
	}
	watch_view_data(w->view, json, watch_clock_ns(CLOCK_REALTIME));
	if (w->output == WATCH_JSON)
		printf("%s\n", json);
	else if (w->output == WATCH_PLAIN)
		watch_view_plain(json, stdout);
}

static bool watch_is(const char *topic, const char *kind)
{
	const char *rest = topic;

	/* cityhub/v1/<hub>/<kind>... */
	for (int i = 0; i < 3 && rest; i++)
		rest = strchr(rest, '/') ? strchr(rest, '/') + 1 : NULL;
	return rest && !strncmp(rest, kind, strlen(kind));
}

static void watch_on_message(void *ctx, const char *topic, const char *json)
{
	struct watch *w = ctx;

	if (watch_is(topic, "data/"))
		watch_take_data(w, json);
	else if (watch_is(topic, "state"))
		watch_view_state(w->view, json);
	else if (watch_is(topic, "fault"))
		watch_view_fault(w->view, json);
}

static void watch_draw(struct watch *w)
{
	char *text = NULL;
	size_t size = 0;
	FILE *mem;

	if (w->output != WATCH_DRAWN || watch_ms() < w->draw_ms)
		return;
	w->draw_ms = watch_ms() + WATCH_DRAW_MS;
	mem = open_memstream(&text, &size);
	if (!mem)
		return;
	if (w->title)
		fprintf(mem, "%s\n", w->title);
	watch_view_draw(w->view, mem, watch_clock_ns(CLOCK_REALTIME));
	fclose(mem);
	if (w->drawn_lines)
		printf("\033[%dA", w->drawn_lines);
	w->drawn_lines = 0;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		printf("\033[2K%.*s\n", (int)(end - line), line);
		w->drawn_lines++;
	}
	printf("\033[J");
	fflush(stdout);
	free(text);
}

static int watch_add_ledger(void *ctx, const char *name,
			    const struct ledger_sensor *l)
{
	(void)name;
	ledger_sensor_add(ctx, l);
	return 0;
}

static int watch_skip_sink(void *ctx, const char *name, int64_t cursor,
			   const struct ledger_sink *l)
{
	(void)ctx;
	(void)name;
	(void)cursor;
	(void)l;
	return 0;
}

static void watch_store_turn(struct watch *w)
{
	struct batch *b;
	uint64_t id;
	char *json;

	while (store_reader_next(w->reader, w->after, &b, &id) > 0) {
		w->after = id;
		json = batch_json(b);
		if (json)
			watch_take_data(w, json);
		free(json);
		batch_free(b);
	}
	memset(&w->ledger, 0, sizeof(w->ledger));
	if (!store_reader_ledger(w->reader, watch_add_ledger, watch_skip_sink,
				 &w->ledger))
		watch_view_ledger(w->view, &w->ledger);
	watch_view_link(w->view, "store", true);
	poll(NULL, 0, WATCH_DRAW_MS);
}

static int watch_begin(struct watch *w)
{
	char why[300];
	uint64_t newest;

	if (w->record_path) {
		w->record = fopen(w->record_path, "w");
		if (!w->record) {
			cmd_error(&cmd_watch, "%s: %s", w->record_path,
				  strerror(errno));
			return CMD_FAILED;
		}
	}
	w->view = watch_view_new(w->hub);
	if (!w->view)
		return CMD_FAILED;
	if (*w->host) {
		w->broker = watch_broker_new(w->host, w->port, w->hub,
					     watch_on_message, w);
		return w->broker ? CMD_OK : CMD_FAILED;
	}
	w->reader = store_reader_open(w->store, why, sizeof(why));
	if (!w->reader) {
		cmd_error(&cmd_watch, "%s: is cityhubd running? Name a broker with --broker to watch another hub",
			  why);
		return CMD_ABSENT;
	}
	newest = store_reader_newest(w->reader);
	w->after = newest > WATCH_BEHIND ? newest - WATCH_BEHIND : 0;
	return CMD_OK;
}

static int watch_run(struct watch *w)
{
	const struct timespec none = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	while (sigtimedwait(&set, NULL, &none) < 0 &&
	       (!w->end_ms || watch_ms() < w->end_ms) && !ferror(stdout)) {
		if (w->broker)
			watch_view_link(w->view, "broker",
					watch_broker_turn(w->broker,
							  WATCH_TURN_MS));
		else
			watch_store_turn(w);
		if (w->output != WATCH_DRAWN)
			fflush(stdout);
		watch_draw(w);
	}
	return !w->broker || watch_broker_was_up(w->broker) ? CMD_OK :
							      CMD_ABSENT;
}

static void watch_end(struct watch *w, int status)
{
	struct watch_counts c = { 0 };

	if (w->view)
		c = watch_view_counts(w->view);
	if (status == CMD_ABSENT && *w->host)
		cmd_error(&cmd_watch, "no connection to %s:%d: is the broker running there?",
			  w->host, w->port);
	else if (w->view && w->output != WATCH_JSON)
		fprintf(stderr, "received %" PRIu64 ", missing %" PRIu64
			", duplicates %" PRIu64 "\n", c.received, c.missing,
			c.duplicates);
	watch_broker_free(w->broker);
	store_reader_close(w->reader);
	watch_view_free(w->view);
	if (w->record && fclose(w->record))
		cmd_error(&cmd_watch, "%s: %s", w->record_path,
			  strerror(errno));
}

static bool watch_parse_broker(struct watch *w, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	if (!len || len >= sizeof(w->host))
		return false;
	memcpy(w->host, text, len);
	w->host[len] = '\0';
	w->port = colon ? atoi(colon + 1) : 1883;
	return w->port > 0 && w->port < 65536;
}

static int watch_options(struct watch *w, int argc, char **argv)
{
	static const struct option options[] = {
		{ "broker", required_argument, NULL, 'b' },
		{ "hub", required_argument, NULL, 'i' },
		{ "store", required_argument, NULL, 's' },
		{ "record", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 'n' },
		{ "plain", no_argument, NULL, 'p' },
		{ "title", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			if (!watch_parse_broker(w, optarg))
				return cmd_usage(&cmd_watch, "'%s' is not HOST:PORT",
						 optarg);
			break;
		case 'i':
			w->hub = optarg;
			break;
		case 's':
			w->store = optarg;
			break;
		case 'r':
			w->record_path = optarg;
			break;
		case 'n':
			w->end_ms = watch_ms() + (int64_t)(atof(optarg) * 1000);
			break;
		case 'p':
			w->output = WATCH_PLAIN;
			break;
		case 't':
			w->title = optarg;
			break;
		default:
			return cmd_usage(&cmd_watch, "unknown option");
		}
	}
	if (optind < argc)
		return cmd_usage(&cmd_watch, "'%s' is not expected",
				 argv[optind]);
	if (*w->host && !WITH_MQTT)
		return cmd_usage(&cmd_watch, "--broker: built without MQTT; only stores can be watched");
	if (*w->host && !w->hub)
		return cmd_usage(&cmd_watch, "--broker needs --hub ID");
	return CMD_OK;
}

static int watch_main(int argc, char **argv, struct writer *writer)
{
	struct watch w = {
		.store = STORE_DEFAULT_PATH,
		.output = isatty(STDOUT_FILENO) ? WATCH_DRAWN : WATCH_PLAIN,
	};
	int status = watch_options(&w, argc, argv);

	if (status)
		return status;
	if (writer_is_json(writer))
		w.output = WATCH_JSON;
	if (!w.hub)
		w.hub = "";
	status = watch_begin(&w);
	if (!status)
		status = watch_run(&w);
	watch_end(&w, status);
	return status;
}

const struct cmd cmd_watch = {
	.name = "watch",
	.args = "[--broker HOST:PORT --hub ID | --store FILE] [--record FILE] [--seconds N] [--plain] [--title TEXT]",
	.help = "live view of what a hub delivers",
	.details =
		"  --broker HOST:PORT  subscribe there; needs --hub ID\n"
		"  --store FILE        without a broker: read this store\n"
		"                      (default " STORE_DEFAULT_PATH ")\n"
		"  --record FILE       keep each data message as a line of JSON\n"
		"  --seconds N         end after so long (default: at Ctrl-C)\n"
		"  --plain             lines instead of a screen, as in a pipe\n"
		"  --title TEXT        a line that stays on top of the screen\n"
		"  --json              the messages themselves, as lines of JSON\n",
	.run = watch_main,
};
