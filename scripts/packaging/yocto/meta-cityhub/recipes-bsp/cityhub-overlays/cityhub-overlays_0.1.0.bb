# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "Device tree overlays of a sensor hub"
DESCRIPTION = "For Raspberry Pi and BeagleBone: which sensor is wired where. \
Installed, and deployed for the boot partition."
SECTION = "bsp"
LICENSE = "GPL-2.0-only"

require recipes-connectivity/cityhub/cityhub-source.inc

DEPENDS = "dtc-native"

inherit deploy

INHIBIT_DEFAULT_DEPS = "1"
EXTRA_OEMAKE += "prefix=${prefix}"

do_compile() {
    oe_runmake overlays
}

do_install() {
    oe_runmake install-overlays DESTDIR=${D}
}

do_deploy() {
    install -d ${DEPLOYDIR}/cityhub-overlays
    cp -r ${D}${datadir}/cityhub/overlays/. ${DEPLOYDIR}/cityhub-overlays/
}
addtask deploy after do_install before do_build

FILES:${PN} = "${datadir}/cityhub/overlays"
