// SPDX-License-Identifier: GPL-2.0-only
#include "common/format.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/batch_json.h"

static void format_json(struct bytes *out, const struct batch *const *b,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *text = batch_json(b[i]);

		if (!text)
			out->failed = true;
		else
			bytes_add(out, text, strlen(text));
		free(text);
	}
}

static const struct format formats[] = {
	{ "json", "application/json", true, false, format_json },
	{ "senml-json", "application/senml+json", true, true,
	  format_senml_json },
	{ "senml-cbor", "application/senml+cbor", false, true,
	  format_senml_cbor },
	{ "influx", "text/plain; charset=utf-8", true, true, format_influx },
};

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

const char *format_names(void)
{
	return "json, senml-json, senml-cbor or influx";
}

uint8_t *format_encode(const struct format *f, const struct batch *const *b,
		       size_t n, size_t *len)
{
	struct bytes out = { 0 };

	f->encode(&out, b, n);
	return bytes_take(&out, len);
}
