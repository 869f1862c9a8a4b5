// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/wrap.h"

#include <stdio.h>
#include <string.h>

#define WRAP_COLUMNS	80
#define WRAP_TEXT	28	/* where the text begins */
#define WRAP_REMEDY	512

/* How much of @text fits into @room, ending between words if that is possible. */
static size_t wrap_fit(const char *text, size_t room)
{
	size_t len = strlen(text), end = room;

	if (len <= room)
		return len;
	while (end && text[end] != ' ')
		end--;
	return end ? end : room;
}

static void wrap_text(struct writer *w, const char *head, const char *text)
{
	size_t wide = strlen(head);

	/* Text keeps its distance from a head that is too long. */
	if (wide >= WRAP_TEXT) {
		writer_line(w, "%.*s", WRAP_COLUMNS, head);
		head = "";
	}
	do {
		size_t n = wrap_fit(text, WRAP_COLUMNS - WRAP_TEXT);

		writer_line(w, "%-*s%.*s", WRAP_TEXT, head, (int)n, text);
		head = "";
		text += n + strspn(text + n, " ");
	} while (*text);
}

void wrap_write(struct writer *w, const char *head, const char *text,
		const char *remedy)
{
	char line[WRAP_REMEDY + 4];

	wrap_text(w, head, text);
	if (!remedy || !*remedy)
		return;
	snprintf(line, sizeof(line), "-> %s", remedy);
	wrap_text(w, "", line);
}
