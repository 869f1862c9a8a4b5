# SPDX-License-Identifier: GPL-2.0-only
PACKAGECONFIG:append = " gnutls mqtt"
