/* SPDX-License-Identifier: GPL-2.0-only */
/* Modules of the running kernel. */
#ifndef CITYHUB_MODULE_H
#define CITYHUB_MODULE_H

#include <stdbool.h>
#include <stddef.h>

/* Names as their files have them, with '-'. */
bool module_loaded(const char *name);
/* modprobe would find it, or it is built in. */
bool module_installed(const char *name);

/*
 * The last message of the kernel's log about a device, as a driver gives it
 * when it refuses one. Returns false when there is none, or the log must not
 * be read by who asks.
 */
bool module_last_words(const char *device, char *words, size_t room);

#endif /* CITYHUB_MODULE_H */
