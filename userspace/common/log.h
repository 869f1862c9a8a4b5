/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on standard error: one line, one write, from any thread. */
#ifndef CITYHUB_LOG_H
#define CITYHUB_LOG_H

#include <stdbool.h>

/* The numbers are those of syslog, as journald wants them. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

void log_init(const char *program);
void log_set_level(enum log_level level);

/*
 * Of one module, e.g. "store": of all source files whose name is that or
 * begins with it and '_'. Returns -ENOENT for one that is not known.
 */
int log_set_module(const char *module, enum log_level level);
/* All modules have the level of log_set_level() again. */
void log_reset_modules(void);
/* Whether there is such a module. */
bool log_module_known(const char *module);
const char *log_modules(void);	/* their names, for people */

int log_level_parse(const char *name, enum log_level *level);
/* @file: __FILE__ */
void log_write(enum log_level level, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...)		log_write(LOG_LEVEL_ERROR, __FILE__, __VA_ARGS__)
#define log_warning(...)	log_write(LOG_LEVEL_WARNING, __FILE__, __VA_ARGS__)
#define log_info(...)		log_write(LOG_LEVEL_INFO, __FILE__, __VA_ARGS__)
#define log_debug(...)		log_write(LOG_LEVEL_DEBUG, __FILE__, __VA_ARGS__)

#endif /* CITYHUB_LOG_H */
