/* SPDX-License-Identifier: GPL-2.0-only */
/* For commands that can do without the hub: see WITH_HUB. */
#ifndef CITYHUB_WITH_HUB_H
#define CITYHUB_WITH_HUB_H

#if WITH_HUB
#include <cityhub/cityhub.h>
#endif

#endif /* CITYHUB_WITH_HUB_H */
