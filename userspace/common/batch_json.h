/* SPDX-License-Identifier: GPL-2.0-only */
/* A batch as JSON, schema cityhub.batch/1. A pure function. */
#ifndef CITYHUB_BATCH_JSON_H
#define CITYHUB_BATCH_JSON_H

#include "common/batch.h"

#define BATCH_JSON_SCHEMA	"cityhub.batch/1"

/* The text is one line; the caller frees it. NULL when out of memory. */
char *batch_json(const struct batch *b);
/* Rounded so that %.15g, which we print with, gives the same number back. */
double batch_json_round(double v, int decimals);

#endif /* CITYHUB_BATCH_JSON_H */
