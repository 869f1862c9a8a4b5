#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# merge-overlay.sh IMAGES: for BR2_ROOTFS_POST_IMAGE_SCRIPT, before the script
# that makes the image: merge an overlay of cityhub, CITYHUB_OVERLAY or the hub,
# into the device tree of each BeagleBone, because the U-Boot of that image knows
# no overlays.
#
# It is run at the end of each make. The tree as the kernel has it is kept beside
# as *.base, and is taken anew when the kernel was installed again.

set -eu
images=${1:?}
overlay=${CITYHUB_OVERLAY:-cityhub-hub}
file=$TARGET_DIR/usr/share/cityhub/overlays/beaglebone/$overlay.dtbo
if [ ! -f "$file" ]; then
	echo "merge-overlay.sh: no overlay $file: BR2_PACKAGE_CITYHUB_OVERLAYS" \
		"installs them, CITYHUB_OVERLAY is one of their names" >&2
	exit 1
fi
for tree in "$images"/am335x-bone*.dtb; do
	if [ ! -f "$tree" ]; then
		echo "merge-overlay.sh: no am335x-bone*.dtb in $images:" \
			"BR2_LINUX_KERNEL_INTREE_DTS_NAME makes them" >&2
		exit 1
	fi
	fdtget -p "$tree" /__symbols__ 2> /dev/null | grep -q '^cityhub_' ||
		cp "$tree" "$tree.base"
	if ! fdtoverlay -i "$tree.base" -o "$tree.new" "$file"; then
		echo "merge-overlay.sh: $tree has no symbols:" \
			"BR2_LINUX_KERNEL_DTB_OVERLAY_SUPPORT makes them" >&2
		exit 1
	fi
	mv "$tree.new" "$tree"
done
