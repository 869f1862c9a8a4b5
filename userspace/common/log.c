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

/* In the order of @log_module_names; -1: as the others. */
static atomic_int log_module_level[] = {
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};
static const char *const log_module_names[] = {
	"bundle", "capture", "clock", "control", "daemon", "metrics", "outlet",
	"sensor", "sink", "source", "stamps", "store", "tend",
};
static atomic_bool log_by_module;

_Static_assert(ARRAY_SIZE(log_module_level) == ARRAY_SIZE(log_module_names),
	       "a level for each module");

const char *log_modules(void)
{
	return "bundle, capture, clock, control, daemon, metrics, outlet, sensor, sink, source, stamps, store or tend";
}

static int log_module_find(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	size_t len = strcspn(name, "_.");

	for (size_t i = 0; i < ARRAY_SIZE(log_module_names); i++)
		if (strlen(log_module_names[i]) == len &&
		    !strncmp(log_module_names[i], name, len))
			return (int)i;
	return -1;
}

bool log_module_known(const char *module)
{
	return log_module_find(module) >= 0;
}

int log_set_module(const char *module, enum log_level level)
{
	int i = log_module_find(module);

	if (i < 0)
		return -ENOENT;
	log_module_level[i] = (int)level;
	log_by_module = true;
	return 0;
}

void log_reset_modules(void)
{
	log_by_module = false;
	for (size_t i = 0; i < ARRAY_SIZE(log_module_level); i++)
		log_module_level[i] = -1;
}

static int log_threshold_of(const char *file)
{
	int i = log_by_module ? log_module_find(file) : -1;

	return i < 0 || log_module_level[i] < 0 ? log_threshold :
						  log_module_level[i];
}

void log_write(enum log_level level, const char *file, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n, m;

	if ((int)level > log_threshold_of(file))
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
