/* SPDX-License-Identifier: GPL-2.0-only */
/* What this was built with, as --version shows it. */
#ifndef CITYHUB_FEATURES_H
#define CITYHUB_FEATURES_H

#if WITH_MQTT
#define FEATURE_MQTT	"+mqtt"
#else
#define FEATURE_MQTT	"-mqtt"
#endif
#if WITH_HUB
#define FEATURE_HUB	"+hub"
#else
#define FEATURE_HUB	"-hub"
#endif

#define FEATURES	FEATURE_MQTT " " FEATURE_HUB

#endif /* CITYHUB_FEATURES_H */
