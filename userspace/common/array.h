/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CITYHUB_ARRAY_H
#define CITYHUB_ARRAY_H

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#endif /* CITYHUB_ARRAY_H */
