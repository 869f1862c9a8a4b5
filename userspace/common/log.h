/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages on standard error: one line, one write, from any thread. */
#ifndef CITYHUB_LOG_H
#define CITYHUB_LOG_H

/* The numbers are those of syslog, as journald wants them. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

void log_init(const char *program);
void log_set_level(enum log_level level);
int log_level_parse(const char *name, enum log_level *level);
void log_write(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...)		log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...)	log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)		log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)		log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif /* CITYHUB_LOG_H */
