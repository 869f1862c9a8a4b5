// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observation.h"

#define SPACE	" \t\r\n\v\f"

struct field {
	const char *name;
	long long low;
	long long high;
};

static const struct field fields[] = {
	{ "new_samples", 0, UINT32_MAX },
	{ "irq_ns", INT64_MIN, INT64_MAX },
	{ "max_late_ns", -1, INT64_MAX },
};
#define FIELDS		(sizeof(fields) / sizeof(fields[0]))
#define FIELDS_NEEDED	2

static bool field_parse(const struct field *f, const char *word, long long *value,
			char *why, size_t room)
{
	char *end;

	errno = 0;
	*value = strtoll(word, &end, 10);
	if (*end || end == word)
		snprintf(why, room, "%s '%.40s': give a whole number", f->name,
			 word);
	else if (errno || *value < f->low || *value > f->high)
		snprintf(why, room, "%s '%.40s': give a number from %lld to %lld",
			 f->name, word, f->low, f->high);
	else
		return true;
	return false;
}

enum observation_kind observation_parse(struct observation *o, char *text,
					size_t size, char *why, size_t room)
{
	long long value[FIELDS] = { 0, 0, -1 };
	char *save, *word;
	size_t n = 0;

	if (strlen(text) != size) {
		snprintf(why, room, "a NUL byte: give text");
		return OBSERVATION_BAD;
	}
	text[strcspn(text, "#")] = 0;
	for (word = strtok_r(text, SPACE, &save); word;
	     word = strtok_r(NULL, SPACE, &save)) {
		if (n == FIELDS) {
			snprintf(why, room, "'%.40s' is too much: give new_samples irq_ns [max_late_ns]",
				 word);
			return OBSERVATION_BAD;
		}
		if (!field_parse(&fields[n], word, &value[n], why, room))
			return OBSERVATION_BAD;
		n++;
	}
	if (!n)
		return OBSERVATION_NOTHING;
	if (n < FIELDS_NEEDED) {
		snprintf(why, room, "%s is missing: give new_samples irq_ns [max_late_ns]",
			 fields[n].name);
		return OBSERVATION_BAD;
	}
	*o = (struct observation){ value[0], value[1], value[2] };
	return OBSERVATION_GOOD;
}
