# SPDX-License-Identifier: GPL-2.0-only
# Only when asked for: a layer must not change what others build.
FILESEXTRAPATHS:prepend := "${@'${THISDIR}/files:' if d.getVar('CITYHUB_KERNEL_CONFIG') == '1' else ''}"
SRC_URI:append = "${@' file://cityhub.cfg' if d.getVar('CITYHUB_KERNEL_CONFIG') == '1' else ''}"
