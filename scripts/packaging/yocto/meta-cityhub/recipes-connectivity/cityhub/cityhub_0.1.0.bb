# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "Daemon and command of a smart-city sensor hub"
DESCRIPTION = "Captures IIO devices with the instant of each sample, keeps \
results through outages and sends them by MQTT."
SECTION = "net"

LICENSE = "GPL-2.0-only & LGPL-2.1-or-later"
LICENSE:${PN} = "GPL-2.0-only"
LICENSE:${PN}-lib = "LGPL-2.1-or-later"

require cityhub-source.inc

DEPENDS = "jansson libconfig libiio sqlite3"
DEPENDS += "${@bb.utils.contains('PTEST_ENABLED', '1', 'libcheck', '', d)}"

inherit bash-completion pkgconfig ptest systemd update-rc.d useradd

# Set where mosquitto is, see dynamic-layers.
CITYHUB_MQTT ??= ""
PACKAGECONFIG ??= "hub ${CITYHUB_MQTT} ${@bb.utils.filter('DISTRO_FEATURES', 'systemd', d)}"
PACKAGECONFIG[hub] = "WITH_HUB=yes,WITH_HUB=no,libnl"
PACKAGECONFIG[mqtt] = "WITH_MQTT=yes,WITH_MQTT=no,mosquitto"
PACKAGECONFIG[gnutls] = "WITH_GNUTLS=yes,WITH_GNUTLS=no,gnutls"
PACKAGECONFIG[systemd] = "WITH_SYSTEMD=yes,WITH_SYSTEMD=no"

EXTRA_OEMAKE += "\
    ${PACKAGECONFIG_CONFARGS} \
    prefix=${prefix} \
    sysconfdir=${sysconfdir} \
    libdir=${libdir} \
    systemdunitdir=${systemd_system_unitdir} \
    udevdir=${nonarch_base_libdir}/udev \
"

do_compile() {
    oe_runmake all
}

do_compile_ptest() {
    oe_runmake unit-programs
}

do_install() {
    oe_runmake install-userspace DESTDIR=${D}
    install -D -m 0755 ${S}/scripts/packaging/common/cityhubd.init \
        ${D}${sysconfdir}/init.d/cityhubd
    # It may name keys and passwords. Where systemd is tmpfiles does it as well.
    chmod 0750 ${D}${sysconfdir}/cityhub
    chown root:cityhub ${D}${sysconfdir}/cityhub
    # The package of the module has the same file, by KERNEL_MODULE_AUTOLOAD.
    rm -rf ${D}${nonarch_libdir}/modules-load.d
}

do_install_ptest() {
    install -d ${D}${PTEST_PATH}/build/unit ${D}${PTEST_PATH}/userspace/cityhubd
    install -m 0755 ${B}/unit/check_* ${D}${PTEST_PATH}/build/unit/
    install -m 0644 ${S}/userspace/cityhubd/cityhubd.conf \
        ${D}${PTEST_PATH}/userspace/cityhubd/
    install -m 0755 ${S}/scripts/packaging/yocto/meta-cityhub/recipes-connectivity/cityhub/files/run-ptest \
        ${D}${PTEST_PATH}/
}

PACKAGE_BEFORE_PN = "${PN}-lib"
FILES:${PN}-lib = "${libdir}/libcityhub.so.*"
FILES:${PN} += "\
    ${nonarch_base_libdir}/udev \
    ${nonarch_libdir}/sysusers.d \
    ${nonarch_libdir}/tmpfiles.d \
"
CONFFILES:${PN} = "${sysconfdir}/cityhub/cityhubd.conf"
RRECOMMENDS:${PN} = "kernel-module-cityhub"

SYSTEMD_SERVICE:${PN} = "${@bb.utils.contains('PACKAGECONFIG', 'systemd', 'cityhubd.service', '', d)}"

INITSCRIPT_NAME = "cityhubd"
INITSCRIPT_PARAMS = "defaults 60"

USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --no-create-home --home-dir /var/lib/cityhub \
    --shell /bin/false --user-group cityhub"
