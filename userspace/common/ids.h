/* SPDX-License-Identifier: GPL-2.0-only */
/* Who we are and which boot this is. */
#ifndef CITYHUB_IDS_H
#define CITYHUB_IDS_H

#include <stdbool.h>
#include <stddef.h>

/* Fit for a level of an MQTT topic. */
bool ids_valid(const char *id);
/* Replace what is not fit. */
void ids_clean(char *id);
/* Host name and a few digits of the machine id. */
void ids_default_hub(char *id, size_t room);
/* 0 or -errno. */
int ids_boot(char *id, size_t room);

#endif /* CITYHUB_IDS_H */
