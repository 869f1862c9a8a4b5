/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A writer of CBOR (RFC 8949), as much of it as SenML needs. Our own because
 * no CBOR library is in Debian, Buildroot and OpenEmbedded alike.
 */
#ifndef CITYHUB_CBOR_H
#define CITYHUB_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

void cbor_array(struct bytes *b, uint64_t n);
void cbor_map(struct bytes *b, uint64_t n);
void cbor_int(struct bytes *b, int64_t v);
void cbor_text(struct bytes *b, const char *text);
void cbor_bool(struct bytes *b, bool v);
/* @mantissa * 10^@exponent, exactly (RFC 8949 section 3.4.4). */
void cbor_decimal(struct bytes *b, int64_t mantissa, int exponent);
/*
 * The shortest of integer, half, single and double that is not further than
 * @tolerance from @v, which is finite. Returns what a reader will see.
 */
double cbor_number(struct bytes *b, double v, double tolerance);

#endif /* CITYHUB_CBOR_H */
