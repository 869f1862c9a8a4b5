/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reason of a refusal in words: what the kernel said, and the names of
 * the attribute and the member it pointed at. Pure.
 */
#ifndef LIBCITYHUB_REFUSAL_H
#define LIBCITYHUB_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct refusal - what is known about a refusal
 * @error:	negative error number
 * @cmd:	operation, CITYHUB_CMD_*
 * @reason:	static text of the kernel, "" when it gave none
 * @attr:	attribute to blame, 0 when none is
 * @missing:	attribute that is missing, 0 when none is
 * @has_value:	@attr held a number, @value
 * @value:	its value
 * @member:	name of the member when @value is the id of one, or ""
 */
struct refusal {
	int error;
	uint8_t cmd;
	char reason[128];
	uint16_t attr;
	uint16_t missing;
	int has_value;
	uint64_t value;
	char member[64];
};

/* Name of an attribute of a request, or NULL. */
const char *refusal_attr_name(uint8_t cmd, uint16_t attr);

/* Whether an attribute holds the id of a member. */
int refusal_attr_is_member(uint8_t cmd, uint16_t attr);

void refusal_format(const struct refusal *r, char *buf, size_t size);

#endif
