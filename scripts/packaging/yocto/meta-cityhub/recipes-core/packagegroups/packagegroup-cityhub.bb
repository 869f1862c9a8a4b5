# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "A sensor hub: modules, daemon, command, tools for the technician"

inherit packagegroup

RDEPENDS:${PN} = "\
    cityhub \
    cityhub-module \
    cityhub-overlays \
    i2c-tools \
    libiio-tests \
"
