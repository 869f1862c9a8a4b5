// SPDX-License-Identifier: GPL-2.0-only
#include "common/array.h"
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *log_program = "cityhub";
static bool log_to_journal;
static atomic_int log_threshold = LOG_LEVEL_INFO;

static const struct {
	enum log_level level;
	const char *name;
} log_names[] = {
	{ LOG_LEVEL_ERROR, "error" },
	{ LOG_LEVEL_WARNING, "warning" },
	{ LOG_LEVEL_INFO, "info" },
	{ LOG_LEVEL_DEBUG, "debug" },
};

void log_init(const char *program)
{
	log_program = program;
	log_to_journal = getenv("JOURNAL_STREAM");
}

void log_set_level(enum log_level level)
{
	log_threshold = level;
}

int log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_names); i++) {
		if (!strcmp(name, log_names[i].name)) {
			*level = log_names[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

static const char *log_level_name(enum log_level level)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_names); i++)
		if (log_names[i].level == level)
			return log_names[i].name;
	return "?";
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n, m;

	if ((int)level > log_threshold)
		return;
	if (log_to_journal)
		n = snprintf(line, sizeof(line), "<%d>", level);
	else if (level == LOG_LEVEL_INFO)
		n = snprintf(line, sizeof(line), "%s: ", log_program);
	else
		n = snprintf(line, sizeof(line), "%s: %s: ", log_program,
			     log_level_name(level));
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	if (m < 0)
		return;
	n += m;
	if ((size_t)n > sizeof(line) - 1)
		n = sizeof(line) - 1;
	line[n++] = '\n';
	/* Nobody is left to tell when this fails. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}
