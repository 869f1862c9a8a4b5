/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CITYHUB_SHIM_EXPORT_H
#define _CITYHUB_SHIM_EXPORT_H

/* A declaration, because a semicolon follows it. */
#define EXPORT_SYMBOL_NS_GPL(symbol, ns)	struct cityhub_shim_export

#endif /* _CITYHUB_SHIM_EXPORT_H */
