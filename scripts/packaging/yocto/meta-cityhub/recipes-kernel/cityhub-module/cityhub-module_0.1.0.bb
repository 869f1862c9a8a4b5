# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "Drivers and hub core for smart-city sensors"
DESCRIPTION = "IIO drivers for Sensirion SEN5x and SEN6x, PCB Artists decibel \
module, Analog Devices ADE9000 and ADE7953, and the hub core with its UTC grid."
SECTION = "kernel/modules"
LICENSE = "GPL-2.0-only"

require recipes-connectivity/cityhub/cityhub-source.inc

inherit module

EXTRA_OEMAKE += "KDIR=${STAGING_KERNEL_DIR} KRELEASE=${KERNEL_VERSION}"
MAKE_TARGETS = "modules"
MODULES_MODULE_SYMVERS_LOCATION = "kbuild/${KERNEL_VERSION}"

# The module that no device tree asks for.
KERNEL_MODULE_AUTOLOAD += "cityhub"

RPROVIDES:${PN} += "\
    kernel-module-cityhub \
    kernel-module-cityhub-base \
    kernel-module-cityhub-sen6x \
    kernel-module-cityhub-pcba-dbm \
    kernel-module-cityhub-ade9000 \
    kernel-module-cityhub-ade7953 \
"
