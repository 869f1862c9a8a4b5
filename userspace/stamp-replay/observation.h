/* SPDX-License-Identifier: GPL-2.0-only */
/* One line of a trace: "new_samples irq_ns [max_late_ns]", '#' comments. */
#ifndef CITYHUB_OBSERVATION_H
#define CITYHUB_OBSERVATION_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct observation - one interrupt or poll
 * @new_samples: samples since the observation before
 * @irq_ns:	when the host noticed the newest of them
 * @max_late_ns: how late that may be at most, -1 when not known
 */
struct observation {
	uint32_t new_samples;
	int64_t irq_ns;
	int64_t max_late_ns;
};

enum observation_kind {
	OBSERVATION_GOOD,
	OBSERVATION_NOTHING,	/* blank, or only a comment */
	OBSERVATION_BAD,
};

/**
 * observation_parse() - take a line apart
 * @o:		result, set when the line is good
 * @text:	the line, ends with NUL; it is changed
 * @size:	its length, to notice a NUL inside
 * @why:	which field is wrong and what to give, set when the line is bad
 * @room:	bytes @why has
 *
 * Return: what the line is.
 */
enum observation_kind observation_parse(struct observation *o, char *text,
					size_t size, char *why, size_t room);

#endif /* CITYHUB_OBSERVATION_H */
