// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cityhub/cmd.h"
#include "cityhub/daemon_conf.h"
#include "cityhub/writer.h"
#include "common/batch.h"
#include "common/conf.h"
#include "common/control.h"

struct tap_channel {
	char name[BATCH_NAME];
	char unit[16];
	int decimals;
	bool level;		/* comes in Pa, is shown in dB */
};

struct tap {
	struct writer *w;
	int fd;
	const char *sensor;
	uint64_t left;		/* samples still wanted; 0: all */
	uint64_t missed;
	struct tap_channel channels[CONTROL_CHANNELS];
	unsigned int n;
	struct control_block block;
};

static int tap_connect(const char *path, int *ret)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	*ret = CMD_ABSENT;
	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path)) {
		cmd_error(&cmd_tap, "%s: %s", path,
			  fd < 0 ? strerror(errno) : "too long for a socket");
		goto fail;
	}
	strcpy(addr.sun_path, path);
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	if (errno == EACCES)
		cmd_error(&cmd_tap, "%s: %s; be a member of the group cityhub, or use sudo",
			  path, strerror(errno));
	else
		cmd_error(&cmd_tap, "%s: %s; is cityhubd running, and is control.socket the same?",
			  path, strerror(errno));
fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

/* @path: NULL for the socket of the daemon that runs. */
static int tap_open(const char *path, int *ret)
{
	struct conf conf;
	char why[512];

	if (path)
		return tap_connect(path, ret);
	*ret = daemon_conf(&conf, why, sizeof(why));
	if (*ret) {
		cmd_error(&cmd_tap, "%s", why);
		return -1;
	}
	if (*conf.control.socket)
		return tap_connect(conf.control.socket, ret);
	cmd_error(&cmd_tap, "cityhubd has no socket: control.socket in its configuration is empty");
	*ret = CMD_ABSENT;
	return -1;
}

/* Returns the length, 0 at the end. */
static ssize_t tap_receive(struct tap *t)
{
	ssize_t n;

	do {
		n = recv(t->fd, &t->block, sizeof(t->block), 0);
	} while (n < 0 && errno == EINTR);
	return n;
}

static bool tap_refused(const struct tap *t, size_t len)
{
	const char *text = (const char *)&t->block;

	if (len < 7 || strncmp(text, "error: ", 7))
		return false;
	cmd_error(&cmd_tap, "%.*s", (int)(len - 7), text + 7);
	return true;
}

/* Takes the last word off. */
static char *tap_last_word(char *line)
{
	char *blank = strrchr(line, ' ');

	if (!blank)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

/* Names may hold blanks: what follows them is taken from the end. */
static bool tap_read_channel(struct tap_channel *c, char *line)
{
	char *word = tap_last_word(line);

	c->level = word && !strcmp(word, "level");
	if (c->level)
		word = tap_last_word(line);
	c->decimals = word ? atoi(word) : 0;
	word = word ? tap_last_word(line) : NULL;
	if (!word)
		return false;
	snprintf(c->unit, sizeof(c->unit), "%s", word);
	snprintf(c->name, sizeof(c->name), "%s", line);
	return true;
}

static void tap_read_channels(struct tap *t, size_t len)
{
	char text[CONTROL_CHANNELS * 96], *line, *rest = text;

	snprintf(text, sizeof(text), "%.*s", (int)len, (const char *)&t->block);
	while ((line = strsep(&rest, "\n")) && t->n < CONTROL_CHANNELS)
		if (tap_read_channel(&t->channels[t->n], line))
			t->n++;
}

static void tap_print_head(struct tap *t)
{
	char line[CONTROL_CHANNELS * 24], *p = line;

	if (writer_is_json(t->w))
		return;
	for (unsigned int i = 0; i < t->n; i++)
		p += snprintf(p, (size_t)(line + sizeof(line) - p), "%*.15s",
			      i ? 16 : 15, t->channels[i].name);
	writer_line(t->w, "%-29s%s", "time (UTC)", line);
	p = line;
	for (unsigned int i = 0; i < t->n; i++)
		p += snprintf(p, (size_t)(line + sizeof(line) - p), "%*.15s",
			      i ? 16 : 15, t->channels[i].unit);
	writer_line(t->w, "%-29s%s", "", line);
}

static double tap_value(const struct tap *t, unsigned int channel,
			unsigned int sample)
{
	double v = t->block.values[channel * t->block.samples + sample];

	return t->channels[channel].level ?
	       20 * log10(v / CONTROL_SOUND_REFERENCE) : v;
}

static void tap_print_json(struct tap *t, unsigned int k)
{
	writer_object_begin(t->w, NULL);
	writer_int(t->w, "utc_ns", t->block.utc_ns[k]);
	for (unsigned int i = 0; i < t->n; i++) {
		double v = tap_value(t, i, k);

		if (isfinite(v))
			writer_real(t->w, t->channels[i].name, v);
		else
			writer_null(t->w, t->channels[i].name);
	}
	writer_object_end(t->w);
	writer_flush(t->w);
}

static void tap_print_line(struct tap *t, unsigned int k)
{
	char line[CONTROL_CHANNELS * 24], date[24], *p = line;
	int64_t at = t->block.utc_ns[k];
	time_t s = (time_t)(at / 1000000000);
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(date, sizeof(date), "%F %T", &tm);
	for (unsigned int i = 0; i < t->n; i++) {
		int digits = t->channels[i].decimals;

		p += snprintf(p, (size_t)(line + sizeof(line) - p), " %*.*f",
			      i ? 15 : 14, digits > 6 ? 6 : digits,
			      tap_value(t, i, k));
	}
	writer_line(t->w, "%s.%06d  %s", date, (int)(at % 1000000000 / 1000),
		    line);
}

static void tap_tell_missed(struct tap *t, uint64_t missed)
{
	if (!missed)
		return;
	t->missed += missed;
	cmd_error(&cmd_tap, "%" PRIu64 " samples missed: what reads this is too slow",
		  missed);
}

/* Returns false when there are enough. */
static bool tap_print_block(struct tap *t)
{
	tap_tell_missed(t, t->block.missed);
	for (unsigned int k = 0; k < t->block.samples; k++) {
		if (writer_is_json(t->w))
			tap_print_json(t, k);
		else
			tap_print_line(t, k);
		if (t->left && !--t->left)
			return false;
	}
	return !writer_flush(t->w);
}

static bool tap_block_valid(const struct tap *t, size_t len)
{
	const struct control_block *b = &t->block;

	return len >= offsetof(struct control_block, values) &&
	       b->samples <= CONTROL_SAMPLES && b->channels == t->n &&
	       len == offsetof(struct control_block, values) +
		      (size_t)b->samples * b->channels * sizeof(b->values[0]);
}

static int tap_run(struct tap *t)
{
	ssize_t len = tap_receive(t);

	if (len > 0 && tap_refused(t, (size_t)len))
		return CMD_REFUSED;
	if (len > 0)
		tap_read_channels(t, (size_t)len);
	tap_print_head(t);
	while (len > 0) {
		len = tap_receive(t);
		if (len <= 0)
			break;
		if (tap_refused(t, (size_t)len))
			return CMD_REFUSED;
		if (!tap_block_valid(t, (size_t)len)) {
			cmd_error(&cmd_tap, "cityhubd is of another version; restart it");
			return CMD_FAILED;
		}
		if (!tap_print_block(t))
			return CMD_OK;
	}
	cmd_error(&cmd_tap, "cityhubd closed the connection: it ended, or nothing was read for %d s",
		  CONTROL_PATIENCE_S);
	return CMD_FAILED;
}

static int tap_list(struct tap *t)
{
	ssize_t len = tap_receive(t);
	char *names = (char *)&t->block, *line;

	if (len <= 0 || tap_refused(t, (size_t)len))
		return CMD_FAILED;
	names[len < (ssize_t)sizeof(t->block) ? len : len - 1] = '\0';
	writer_object_begin(t->w, NULL);
	writer_array_begin(t->w, "sensors");
	while ((line = strsep(&names, "\n")))
		if (*line)
			writer_string(t->w, NULL, line);
	writer_array_end(t->w);
	writer_object_end(t->w);
	return CMD_OK;
}

static int tap_ask(struct tap *t)
{
	char request[CONTROL_REQUEST];
	int n = t->sensor ?
		snprintf(request, sizeof(request), "tap %s", t->sensor) :
		snprintf(request, sizeof(request), "sensors");

	if (n < 0 || (size_t)n >= sizeof(request))
		return cmd_usage(&cmd_tap, "that name is too long");
	if (send(t->fd, request, (size_t)n, MSG_NOSIGNAL) != n) {
		cmd_error(&cmd_tap, "%s", strerror(errno));
		return CMD_FAILED;
	}
	return t->sensor ? tap_run(t) : tap_list(t);
}

static int tap_main(int argc, char **argv, struct writer *w)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "socket", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	struct tap *t = calloc(1, sizeof(*t));
	int c, ret = CMD_USAGE;

	if (!t) {
		cmd_error(&cmd_tap, "%s", strerror(ENOMEM));
		return CMD_FAILED;
	}
	t->w = w;
	t->fd = -1;
	while ((c = cmd_option(&cmd_tap, argc, argv, options)) != -1) {
		char *end = NULL;

		if (c == 'n')
			t->left = strtoull(optarg, &end, 10);
		else if (c == 's')
			path = optarg;
		else
			goto out;
		if (c == 'n' && (!t->left || *end || *optarg == '-')) {
			ret = cmd_usage(&cmd_tap, "--count wants a number from 1 on");
			goto out;
		}
	}
	if (argc - optind > 1) {
		ret = cmd_usage(&cmd_tap, "'%s' is not expected",
				argv[optind + 1]);
		goto out;
	}
	t->sensor = argv[optind];
	t->fd = tap_open(path, &ret);
	if (t->fd >= 0)
		ret = tap_ask(t);
out:
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	return ret;
}

const struct cmd cmd_tap = {
	.name = "tap",
	.args = "[SENSOR] [--count N] [--socket PATH]",
	.help = "live samples of a sensor, as they come; without one, which there are",
	.details =
		"  --count N      end after N samples\n"
		"  --socket PATH  default: the daemon's, else " CONF_CONTROL "\n"
		"\n"
		"Looks on: what is captured is not disturbed. Who reads too slowly misses\n"
		"samples and is told how many.\n",
	.run = tap_main,
};
