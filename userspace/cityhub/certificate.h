/* SPDX-License-Identifier: GPL-2.0-only */
/* The certificates between a hub and its broker; see WITH_GNUTLS. */
#ifndef CITYHUB_CERTIFICATE_H
#define CITYHUB_CERTIFICATE_H

#include <stdbool.h>
#include <time.h>

#include "common/conf.h"

/**
 * struct certificate_verdict - what was found
 * @known:	certificates were looked at
 * @good:	the broker would be trusted, and our own certificate is valid
 * @until:	the first of them to end, when @known
 * @problem:	what is wrong, when not @good
 * @remedy:	what to do about it
 */
struct certificate_verdict {
	bool known;
	bool good;
	time_t until;
	char problem[256];
	char remedy[256];
};

#if WITH_MQTT && WITH_GNUTLS
/* Shakes hands over @fd, a connection to the broker, which blocks. */
void certificate_look(int fd, const struct conf *c,
		      struct certificate_verdict *v);
#else
static inline void certificate_look(int fd, const struct conf *c,
				    struct certificate_verdict *v)
{
	(void)fd;
	(void)c;
	*v = (struct certificate_verdict){ .good = true };
}
#endif

#endif /* CITYHUB_CERTIFICATE_H */
