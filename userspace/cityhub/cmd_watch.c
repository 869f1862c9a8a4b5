// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <math.h>
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
#include "cityhub/watch_draw.h"
#include "cityhub/watch_local.h"
#include "cityhub/watch_screen.h"
#include "cityhub/watch_view.h"
#include "cityhub/writer.h"
#include "common/store_sql.h"

#define WATCH_DRAW_MS		1000
#define WATCH_LOCAL_MS		1000
#define WATCH_TURN_MS		100
#define WATCH_BEHIND		20	/* stored batches told at the start */
#define WATCH_BEHIND_DRAWN	200	/* more, for what it did lately */
#define WATCH_PORT		1883

enum watch_output {
	WATCH_DRAWN,
	WATCH_PLAIN,
	WATCH_JSON,
};

struct watch {
	struct writer *writer;
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
	struct watch_screen *screen;
	int64_t draw_ms;
	struct watch_broker *broker;
	struct watch_local *local;	/* without a broker */
	int64_t local_ms;
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

/* ---- what comes ------------------------------------------------------------- */

static void watch_take_data(void *ctx, const char *json)
{
	struct watch *w = ctx;

	if (w->record) {
		fprintf(w->record, "%s\n", json);
		fflush(w->record);
	}
	if (!watch_view_data(w->view, json))
		return;
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

/* ---- what is shown ---------------------------------------------------------- */

static void watch_number(struct writer *w, const char *key, bool known,
			 double value)
{
	if (known)
		writer_real(w, key, value);
	else
		writer_null(w, key);
}

/* Who may not see values still sees what the kernel counts. */
static void watch_write_counters(struct watch *w)
{
	struct writer *out = w->writer;

	writer_array_begin(out, NULL);
	for (size_t i = 0; i < w->view->sensors; i++) {
		const struct watch_sensor *s = &w->view->sensor[i];

		if (!s->counted)
			continue;
		writer_object_begin(out, NULL);
		writer_string(out, "sensor", s->name);
		watch_number(out, "rate_hz", isfinite(s->rate_hz), s->rate_hz);
		watch_number(out, "bound_ns", s->bound_ns >= 0,
			     (double)s->bound_ns);
		writer_uint(out, "lost", s->lost);
		writer_uint(out, "faults", s->faults);
		writer_object_end(out);
	}
	writer_array_end(out);
	writer_flush(out);
}

static void watch_draw_screen(struct watch *w)
{
	struct watch_size size = watch_screen_size(w->screen);
	char *text = NULL;
	size_t room = 0;
	FILE *mem;

	if (watch_ms() < w->draw_ms)
		return;
	w->draw_ms = watch_ms() + WATCH_DRAW_MS;
	mem = open_memstream(&text, &room);
	if (!mem)
		return;
	watch_draw(w->view, w->title, &size, watch_clock_ns(CLOCK_REALTIME),
		   mem);
	if (!fclose(mem))
		watch_screen_show(w->screen, text);
	free(text);
}

/* ---- the loop --------------------------------------------------------------- */

static void watch_local_part(struct watch *w)
{
	if (watch_ms() < w->local_ms)
		return;
	w->local_ms = watch_ms() + WATCH_LOCAL_MS;
	watch_local_turn(w->local, w->view);
	if (w->output != WATCH_DRAWN && w->view->hint)
		watch_write_counters(w);
}

static void watch_stop_here(struct watch *w)
{
	watch_screen_leave(w->screen);
	raise(SIGSTOP);
	watch_screen_enter(w->screen);
	w->draw_ms = 0;
}

/* Waits a little; false when it is to end. */
static bool watch_wait(struct watch *w, const sigset_t *set)
{
	const struct timespec pause = {
		.tv_nsec = w->broker ? 0 : WATCH_TURN_MS * 1000000L,
	};
	int sig = sigtimedwait(set, NULL, &pause);

	if (sig == SIGTSTP)
		watch_stop_here(w);
	else if (sig > 0)
		return false;
	if (w->screen && watch_screen_quit(w->screen))
		return false;
	return (!w->end_ms || watch_ms() < w->end_ms) && !ferror(stdout);
}

static int watch_run(struct watch *w)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (w->screen)
		sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	do {
		if (w->broker)
			watch_view_link(w->view, "broker",
					watch_broker_turn(w->broker,
							  WATCH_TURN_MS));
		else
			watch_local_part(w);
		if (w->screen)
			watch_draw_screen(w);
		else
			fflush(stdout);
	} while (watch_wait(w, &set));
	return !w->broker || watch_broker_was_up(w->broker) ? CMD_OK :
							      CMD_ABSENT;
}

static int watch_begin_local(struct watch *w)
{
	char why[512];
	int status;

	w->local = watch_local_new(w->store, w->output == WATCH_DRAWN ?
				   WATCH_BEHIND_DRAWN : WATCH_BEHIND,
				   watch_take_data, w, &status, why,
				   sizeof(why));
	if (w->local)
		return CMD_OK;
	cmd_error(&cmd_watch, "%s; --broker watches another hub", why);
	return status;
}

static int watch_begin(struct watch *w)
{
	int status = CMD_OK;

	if (w->record_path) {
		w->record = fopen(w->record_path, "we");
		if (!w->record) {
			cmd_error(&cmd_watch, "%s: %s", w->record_path,
				  strerror(errno));
			return CMD_FAILED;
		}
	}
	if (*w->host)
		w->broker = watch_broker_new(w->host, w->port, w->hub,
					     watch_on_message, w);
	else
		status = watch_begin_local(w);
	if (status == CMD_OK && w->output == WATCH_DRAWN)
		w->screen = watch_screen_new();
	if (status == CMD_OK && ((*w->host && !w->broker) ||
				 (w->output == WATCH_DRAWN && !w->screen))) {
		cmd_error(&cmd_watch, "%s", strerror(ENOMEM));
		return CMD_FAILED;
	}
	return status;
}

static void watch_end(struct watch *w, int status)
{
	struct watch_counts c = watch_count_get(w->view->count);

	watch_screen_free(w->screen);
	if (status == CMD_ABSENT && *w->host)
		cmd_error(&cmd_watch, "no connection to %s:%d: is the broker running there?",
			  w->host, w->port);
	else if (status == CMD_OK && w->output != WATCH_JSON)
		fprintf(stderr, "received %" PRIu64 ", missing %" PRIu64
			", duplicates %" PRIu64 "\n", c.received, c.missing,
			c.duplicates);
	watch_broker_free(w->broker);
	watch_local_free(w->local);
	watch_view_free(w->view);
	if (w->record && fclose(w->record))
		cmd_error(&cmd_watch, "%s: %s", w->record_path,
			  strerror(errno));
}

/* ---- the command line -------------------------------------------------------- */

static int watch_parse_broker(struct watch *w, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char *end = NULL;

	w->port = colon ? (int)strtol(colon + 1, &end, 10) : WATCH_PORT;
	if (!len || len >= sizeof(w->host) || (end && *end) || w->port < 1 ||
	    w->port > 65535)
		return cmd_usage(&cmd_watch, "--broker: '%s' is not HOST:PORT",
				 text);
	memcpy(w->host, text, len);
	w->host[len] = '\0';
	return CMD_OK;
}

static int watch_parse_seconds(struct watch *w, const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s > 0 && s < 1e9))
		return cmd_usage(&cmd_watch, "--seconds: '%s' is no number of seconds",
				 text);
	w->end_ms = watch_ms() + (int64_t)(s * 1000);
	return CMD_OK;
}

static int watch_option(struct watch *w, int opt, const char *arg)
{
	switch (opt) {
	case 'b':
		return watch_parse_broker(w, arg);
	case 'n':
		return watch_parse_seconds(w, arg);
	case 'i':
		w->hub = arg;
		break;
	case 's':
		w->store = arg;
		break;
	case 'r':
		w->record_path = arg;
		break;
	case 'p':
		w->output = WATCH_PLAIN;
		break;
	case 't':
		w->title = arg;
		break;
	default:
		return CMD_USAGE;
	}
	return CMD_OK;
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
	int c, status = CMD_OK;

	while (status == CMD_OK &&
	       (c = cmd_option(&cmd_watch, argc, argv, options)) != -1)
		status = watch_option(w, c, optarg);
	if (status != CMD_OK)
		return status;
	if (*w->host && !WITH_MQTT)
		return cmd_usage(&cmd_watch, "--broker: built without MQTT; only this machine can be watched");
	if (*w->host && !*w->hub)
		return cmd_usage(&cmd_watch, "--broker needs --hub ID");
	if (!*w->host && *w->hub)
		return cmd_usage(&cmd_watch, "--hub needs --broker HOST:PORT");
	return CMD_OK;
}

static int watch_main(int argc, char **argv, struct writer *writer)
{
	struct watch w = {
		.writer = writer, .hub = "",
		.output = watch_screen_possible() ? WATCH_DRAWN : WATCH_PLAIN,
	};
	int status = watch_options(&w, argc, argv);

	if (status)
		return status;
	if (writer_is_json(writer))
		w.output = WATCH_JSON;
	w.view = watch_view_new(w.hub);
	if (!w.view) {
		cmd_error(&cmd_watch, "%s", strerror(ENOMEM));
		return CMD_FAILED;
	}
	for (int i = optind; i < argc; i++)
		watch_view_want(w.view, argv[i]);
	status = watch_begin(&w);
	if (!status)
		status = watch_run(&w);
	watch_end(&w, status);
	return status;
}

const struct cmd cmd_watch = {
	.name = "watch",
	.args = "[SENSOR...] [--broker HOST:PORT --hub ID | --store FILE]\n"
		"         [--record FILE] [--seconds N] [--plain] [--title TEXT]",
	.help = "live view of what a hub delivers",
	.details =
"SENSOR               show only these; default all\n"
"--broker HOST:PORT   subscribe there; needs --hub ID\n"
"--store FILE         without a broker: this store (default: the daemon's, else\n"
"                     " STORE_DEFAULT_PATH ") and the counters of the\n"
"                     kernel; these alone for who may not read the store\n"
"--record FILE        keep each data message as a line of JSON\n"
"--seconds N          end after so long (default: at Ctrl-C, or q)\n"
"--plain              lines instead of a screen, as in a pipe and with TERM=dumb\n"
"--title TEXT         a line that stays on top of the screen\n"
"--json               the messages themselves, as lines of JSON\n"
"\n"
"On the screen: AGE of the newest sample; BOUND of its stamps against the\n"
"clock of the hub, whose own is in the first line; COVER, how many of the\n"
"samples due came since the view began; LOST, samples that chip or kernel\n"
"lost; DROPPED, values in the daemon's ledger; FAULTS, transfers that failed;\n"
"+N, channels there is no room for.\n",
	.run = watch_main,
};
