// SPDX-License-Identifier: GPL-2.0-only
#include "writer.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX	16
#define NUMBER_LEN	32
#define INDENT		2
#define COLUMNS		80	/* of a serial console */

struct writer {
	FILE *out;
	enum writer_format format;
	json_t *root;
	json_t *stack[DEPTH_MAX];	/* borrowed, the root owns them */
	unsigned int depth;
	int error;
};

struct writer *writer_new(FILE *out, enum writer_format format)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->out = out;
	w->format = format;
	return w;
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	json_decref(w->root);
	free(w);
}

bool writer_is_json(const struct writer *w)
{
	return w->format == WRITER_JSON;
}

/* The first error counts: the later ones mostly follow from it. */
static void fail(struct writer *w, int error)
{
	if (!w->error)
		w->error = error;
}

static void add(struct writer *w, const char *key, json_t *value)
{
	json_t *parent = w->depth ? w->stack[w->depth - 1] : NULL;

	if (!value) {
		fail(w, ENOMEM);
	} else if (json_is_object(parent) && key) {
		if (json_object_set_new(parent, key, value))
			fail(w, ENOMEM);
	} else if (json_is_array(parent) && !key) {
		if (json_array_append_new(parent, value))
			fail(w, ENOMEM);
	} else {
		json_decref(value);
		fail(w, EINVAL);
	}
}

static void begin(struct writer *w, const char *key, json_t *value)
{
	if (w->depth == DEPTH_MAX) {
		json_decref(value);
		fail(w, EOVERFLOW);
		return;
	}
	if (w->root)
		add(w, key, value);
	else
		w->root = value;
	w->stack[w->depth++] = value;
}

static void end(struct writer *w)
{
	if (w->depth)
		w->depth--;
	else
		fail(w, EINVAL);
}

void writer_object_begin(struct writer *w, const char *key)
{
	begin(w, key, json_object());
}

void writer_object_end(struct writer *w)
{
	end(w);
}

void writer_array_begin(struct writer *w, const char *key)
{
	begin(w, key, json_array());
}

void writer_array_end(struct writer *w)
{
	end(w);
}

void writer_string(struct writer *w, const char *key, const char *value)
{
	json_t *string;

	if (!value) {
		writer_null(w, key);
		return;
	}
	/* Names come from drivers and from firmware: any byte may be in them. */
	string = json_string(value);
	add(w, key, string ? string : json_string("(not UTF-8)"));
}

void writer_int(struct writer *w, const char *key, int64_t value)
{
	add(w, key, json_integer(value));
}

void writer_uint(struct writer *w, const char *key, uint64_t value)
{
	if (value > INT64_MAX)
		fail(w, ERANGE);
	else
		add(w, key, json_integer((json_int_t)value));
}

void writer_real(struct writer *w, const char *key, double value)
{
	json_t *real = json_real(value);

	/* JSON knows no infinity and no NaN. */
	add(w, key, real ? real : json_null());
}

void writer_bool(struct writer *w, const char *key, bool value)
{
	add(w, key, json_boolean(value));
}

void writer_null(struct writer *w, const char *key)
{
	add(w, key, json_null());
}

void writer_line(struct writer *w, const char *fmt, ...)
{
	va_list args;

	if (writer_is_json(w))
		return;
	va_start(args, fmt);
	if (vfprintf(w->out, fmt, args) < 0 || fputc('\n', w->out) == EOF)
		fail(w, EIO);
	va_end(args);
}

/* The text of a value that holds no others; the buffer is for numbers. */
static const char *scalar_text(const json_t *value, char buf[NUMBER_LEN])
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_INTEGER:
		snprintf(buf, NUMBER_LEN, "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		return buf;
	case JSON_REAL:
		snprintf(buf, NUMBER_LEN, "%.6g", json_real_value(value));
		return buf;
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	default:
		return "-";
	}
}

static bool is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

/* A row of a table is an object of values that hold no others. */
static bool is_row(json_t *object)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return false;
	json_object_foreach(object, key, value)
		if (!is_scalar(value))
			return false;
	return true;
}

static bool is_table(json_t *array)
{
	size_t i;
	json_t *row;

	json_array_foreach(array, i, row)
		if (!is_row(row))
			return false;
	return true;
}

/* All keys of all rows, in the order they first appear. */
static json_t *table_columns(json_t *array)
{
	json_t *columns = json_object();
	json_t *row, *value;
	const char *key;
	size_t i;

	json_array_foreach(array, i, row) {
		json_object_foreach(row, key, value) {
			char buf[NUMBER_LEN];
			size_t width = strlen(scalar_text(value, buf));
			json_t *old = json_object_get(columns, key);
			size_t was = old ? (size_t)json_integer_value(old) :
					   strlen(key);

			if (was > width)
				width = was;
			json_object_set_new(columns, key,
					    json_integer((json_int_t)width));
		}
	}
	return columns;
}

static void print_row(FILE *out, json_t *columns, json_t *row, int indent,
		      int between)
{
	const char *key;
	json_t *width;
	int gap = indent;

	json_object_foreach(columns, key, width) {
		json_t *value = row ? json_object_get(row, key) : NULL;
		char buf[NUMBER_LEN];
		const char *text = !row ? key :
				   value ? scalar_text(value, buf) : "-";
		int w = (int)json_integer_value(width);

		fprintf(out, "%*s%*s", gap, "",
			json_is_number(value) ? w : -w, text);
		gap = between;
	}
	fputc('\n', out);
}

static int table_width(json_t *columns, int indent, int between)
{
	const char *key;
	json_t *width;
	int all = indent - between;

	json_object_foreach(columns, key, width)
		all += between + (int)json_integer_value(width);
	return all;
}

/* The widest text of a row, where rows are columns. */
static int turned_width(json_t *columns, json_t *row)
{
	const char *key;
	json_t *unused;
	size_t width = 0;

	json_object_foreach(columns, key, unused) {
		json_t *value = json_object_get(row, key);
		char buf[NUMBER_LEN];
		size_t len = value ? strlen(scalar_text(value, buf)) : 1;

		(void)unused;
		width = len > width ? len : width;
	}
	return (int)width;
}

static int keys_width(json_t *columns)
{
	const char *key;
	json_t *unused;
	size_t width = 0;

	json_object_foreach(columns, key, unused) {
		(void)unused;
		width = strlen(key) > width ? strlen(key) : width;
	}
	return (int)width;
}

/* Rows from @first to before @end stand side by side. */
static void print_turned(FILE *out, json_t *columns, json_t *array,
			 size_t first, size_t end, int indent)
{
	const char *key;
	json_t *unused;

	json_object_foreach(columns, key, unused) {
		(void)unused;
		fprintf(out, "%*s%*s", indent, "", -keys_width(columns), key);
		for (size_t i = first; i < end; i++) {
			json_t *row = json_array_get(array, i);
			json_t *value = json_object_get(row, key);
			char buf[NUMBER_LEN];

			fprintf(out, "%*s%*s", INDENT, "",
				turned_width(columns, row),
				value ? scalar_text(value, buf) : "-");
		}
		fputc('\n', out);
	}
}

/* As many rows side by side as fit, then the next ones below. */
static void print_wide_table(FILE *out, json_t *columns, json_t *array,
			     int indent)
{
	size_t n = json_array_size(array), first = 0, end;

	while (first < n) {
		int width = indent + keys_width(columns);

		for (end = first; end < n; end++) {
			width += INDENT + turned_width(columns,
						       json_array_get(array, end));
			if (width > COLUMNS && end > first)
				break;
		}
		print_turned(out, columns, array, first, end, indent);
		if (end < n)
			fputc('\n', out);
		first = end;
	}
}

static void print_table(FILE *out, json_t *array, int indent)
{
	json_t *columns = table_columns(array);
	int between = INDENT;
	json_t *row;
	size_t i;

	while (between > 1 && table_width(columns, indent, between) > COLUMNS)
		between--;
	if (table_width(columns, indent, between) > COLUMNS) {
		print_wide_table(out, columns, array, indent);
		json_decref(columns);
		return;
	}
	if (json_array_size(array))
		print_row(out, columns, NULL, indent, between);
	json_array_foreach(array, i, row)
		print_row(out, columns, row, indent, between);
	json_decref(columns);
}

static void print_object(FILE *out, json_t *object, int indent);

static void print_array(FILE *out, json_t *array, int indent)
{
	json_t *value;
	size_t i;

	if (is_table(array)) {
		print_table(out, array, indent);
		return;
	}
	json_array_foreach(array, i, value) {
		char buf[NUMBER_LEN];

		if (json_is_object(value))
			print_object(out, value, indent);
		else if (json_is_array(value))
			print_array(out, value, indent + INDENT);
		else
			fprintf(out, "%*s%s\n", indent, "",
				scalar_text(value, buf));
	}
}

static void print_object(FILE *out, json_t *object, int indent)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		char buf[NUMBER_LEN];

		if (is_scalar(value)) {
			fprintf(out, "%*s%s: %s\n", indent, "", key,
				scalar_text(value, buf));
			continue;
		}
		fprintf(out, "%*s%s:\n", indent, "", key);
		if (json_is_object(value))
			print_object(out, value, indent + INDENT);
		else
			print_array(out, value, indent + INDENT);
	}
}

static void print_document(struct writer *w)
{
	if (writer_is_json(w)) {
		if (json_dumpf(w->root, w->out, JSON_COMPACT))
			fail(w, EIO);
		fputc('\n', w->out);
	} else if (json_is_object(w->root)) {
		print_object(w->out, w->root, 0);
	} else {
		print_array(w->out, w->root, 0);
	}
}

int writer_flush(struct writer *w)
{
	int error;

	if (w->depth)
		fail(w, EINVAL);
	if (w->root && !w->error)
		print_document(w);
	json_decref(w->root);
	w->root = NULL;
	w->depth = 0;
	if (fflush(w->out) || ferror(w->out))
		fail(w, EIO);
	error = w->error;
	w->error = 0;
	if (!error)
		return 0;
	errno = error;
	return -1;
}
