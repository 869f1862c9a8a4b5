/* SPDX-License-Identifier: GPL-2.0-only */
/* Findings for people, on a serial console of 80 columns. */
#ifndef CITYHUB_WRAP_H
#define CITYHUB_WRAP_H

#include "cityhub/writer.h"

/*
 * Lines of @head and @text, and "-> @remedy" below unless it is empty or NULL.
 * Nothing in JSON.
 */
void wrap_write(struct writer *w, const char *head, const char *text,
		const char *remedy);

#endif /* CITYHUB_WRAP_H */
