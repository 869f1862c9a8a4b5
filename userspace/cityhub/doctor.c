// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cityhub/wrap.h"

struct doctor_finding {
	enum doctor_status status;
	char part[64];
	char text[512];
	char remedy[512];
};

static const char *doctor_status_name(enum doctor_status status)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note",
		[DOCTOR_FAULT] = "fault", [DOCTOR_SKIPPED] = "skipped",
	};

	return names[status];
}

/* For people: what is in order is quiet, what is not stands out. */
static const char *doctor_status_word(enum doctor_status status)
{
	static const char *const words[] = {
		[DOCTOR_OK] = "OK", [DOCTOR_NOTE] = "note",
		[DOCTOR_FAULT] = "FAULT", [DOCTOR_SKIPPED] = "-",
	};

	return words[status];
}

static void doctor_print_finding(struct writer *w,
				 const struct doctor_finding *f)
{
	char head[sizeof(f->part) + 8];

	snprintf(head, sizeof(head), "%-6s%s", doctor_status_word(f->status),
		 f->part);
	wrap_write(w, head, f->text, f->remedy);
}

void doctor_say(struct doctor *d, enum doctor_status status, const char *part,
		const char *remedy, const char *fmt, ...)
{
	struct doctor_finding *more, *f;
	va_list ap;

	if (d->silent)
		return;
	more = realloc(d->finding, (d->n + 1) * sizeof(*more));
	if (!more) {
		perror("cityhub doctor");
		exit(EXIT_FAILURE);
	}
	d->finding = more;
	f = &d->finding[d->n++];
	f->status = status;
	snprintf(f->part, sizeof(f->part), "%s", part);
	snprintf(f->remedy, sizeof(f->remedy), "%s", remedy ? remedy : "");
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	/* Some examinations take seconds: show what is known meanwhile. */
	if (!writer_is_json(d->writer)) {
		doctor_print_finding(d->writer, f);
		writer_flush(d->writer);
	}
}

bool doctor_healthy(const struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->finding[i].status == DOCTOR_FAULT)
			return false;
	return true;
}

void doctor_write(struct doctor *d)
{
	struct writer *w = d->writer;

	writer_object_begin(w, NULL);
	writer_bool(w, "healthy", doctor_healthy(d));
	writer_array_begin(w, "findings");
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->finding[i];

		writer_object_begin(w, NULL);
		writer_string(w, "part", f->part);
		writer_string(w, "status", doctor_status_name(f->status));
		writer_string(w, "finding", f->text);
		writer_string(w, "remedy", *f->remedy ? f->remedy : NULL);
		writer_object_end(w);
	}
	writer_array_end(w);
	writer_object_end(w);
}

void doctor_free(struct doctor *d)
{
	free(d->finding);
	d->finding = NULL;
	d->n = 0;
}
