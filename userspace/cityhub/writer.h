/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One way to write results, for people (text) and for programs (JSON).
 *
 * A command builds one document from objects, arrays and values;
 * writer_flush() writes it out and starts the next one. In JSON a document is
 * one line (so a stream of documents is JSON lines). In text an object is
 * lines of `key: value`, an array of objects is a table with the keys as
 * head, or, where that is wider than 80 columns, in front; and what lies
 * deeper is indented.
 *
 * The key is NULL for the elements of an array and for the outermost object
 * or array. Errors (memory, output) are kept and reported by writer_flush().
 */
#ifndef CITYHUB_WRITER_H
#define CITYHUB_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum writer_format {
	WRITER_TEXT,
	WRITER_JSON,
};

struct writer;

/* Returns NULL and sets errno. The stream is not closed by the writer. */
struct writer *writer_new(FILE *out, enum writer_format format);
void writer_free(struct writer *w);

bool writer_is_json(const struct writer *w);

void writer_object_begin(struct writer *w, const char *key);
void writer_object_end(struct writer *w);
void writer_array_begin(struct writer *w, const char *key);
void writer_array_end(struct writer *w);

/* A NULL string is written as null. */
void writer_string(struct writer *w, const char *key, const char *value);
void writer_int(struct writer *w, const char *key, int64_t value);
void writer_uint(struct writer *w, const char *key, uint64_t value);
void writer_real(struct writer *w, const char *key, double value);
void writer_bool(struct writer *w, const char *key, bool value);
void writer_null(struct writer *w, const char *key);

/* A line for people; nothing in JSON. Not to be used inside a document. */
void writer_line(struct writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Writes the document, if there is one, and flushes the stream.
 * Returns 0 or -1 with errno (of the first thing that went wrong since the
 * last flush).
 */
int writer_flush(struct writer *w);

#endif
