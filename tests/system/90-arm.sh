#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: none
# stock: arm64 armhf
#
# Debian's kernels of the boards' architectures boot (QEMU, -M virt) with our
# modules, cross-built against their headers, and with the nodes of the hub
# overlay of a board on the simulated buses: the drivers bind from the device
# tree, every channel can be read, and what is captured, free-running and on a
# tick of the hub, is what the chips measured. Instants are real time of an
# emulator: shown, not judged.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=scripts/vm.d/common.sh
. "$here/../../scripts/vm.d/common.sh"
# shellcheck source=scripts/packaging/private-apt.sh
. "$top/scripts/packaging/private-apt.sh"
# shellcheck source=scripts/packaging/headers.sh
. "$top/scripts/packaging/headers.sh"

arch=$VM_KERNEL
case $arch in
arm64)
	meta=linux-headers-arm64 make=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
	qemu=(qemu-system-aarch64 -cpu cortex-a53) machine=virt
	overlay=raspberrypi bound=5 ;;
armhf)
	meta=linux-headers-armmp make=(ARCH=arm CROSS_COMPILE=arm-linux-gnueabihf-)
	qemu=(qemu-system-arm -cpu cortex-a15) machine=virt,highmem=off
	overlay=beaglebone bound=4 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/out"
chips=sen66,pcba-dbm,ade9000,ade7953,mpl3115

# What runs in the test kernel.
cat > "$work/job" <<'END_OF_JOB'
iio=/sys/bus/iio/devices
sim=/sys/kernel/debug/cityhub-sim

dir_of() {
	for name in $iio/iio:device*/name; do
		[ "$(< "$name")" != "$1" ] || echo "${name%/name}"
	done
}

# capture NAME CHIP SECONDS: every channel, and the truth beside it
capture() {
	dir=$(dir_of "$1")
	for file in "$dir"/scan_elements/*_en; do
		echo 1 > "$file"
	done
	echo monotonic_raw > "$dir/current_timestamp_clock"
	echo 4096 > "$dir/buffer/length"
	cat $sim/"$2"/truth > /dev/null
	echo 1 > "$dir/buffer/enable"
	cat "/dev/${dir##*/}" > "/tmp/$1" &
	sleep "$3"
	echo 0 > "$dir/buffer/enable"
	sleep 0.2
	kill $!
	cat $sim/"$2"/truth > "/tmp/$1.truth"
	cp "/tmp/$1" "/tmp/$1.truth" /out/
}

mkdir -p /tmp
for dir in $iio/iio:device*; do
	echo "$(< "$dir/name") $(readlink -f "$dir/../of_node")"
done > /out/nodes
capture ade9000-wave ade9000 2
echo cityhub-0 > "$(dir_of mpl3115)/trigger/current_trigger"
capture mpl3115 mpl3115 5
echo > "$(dir_of mpl3115)/trigger/current_trigger"
# NOx is not known before.
sleep 5
# What can only be written, and what is not known before it was, has no value.
for file in $iio/iio:device*/in_*; do
	case $(stat -c %A "$file")$file in
	--*|*_acceleration) continue ;;
	esac
	cat "$file" > /tmp/value 2>&1 && echo "$file $(< /tmp/value)" ||
		echo "FAILS $file $(< /tmp/value)"
done > /out/attributes
capture sen66 sen66 8
for module in cityhub cityhub_sim cityhub_ade9000 cityhub_ade7953 \
	cityhub_pcba_dbm cityhub_sen6x cityhub_base; do
	rmmod $module || echo "FAILS rmmod $module"
done
END_OF_JOB

# image: the kernel and a busybox of that architecture
image() {
	release=${kdir##*/linux-headers-}
	fetch "busybox-static:$arch" || return
	fetch "linux-image-$release:$arch" ||
		fetch "linux-image-$release-unsigned:$arch" || return
	[ -e "$root/lib/modules/$release/modules.dep" ] ||
		depmod -b "$root" "$release"
}

# shellcheck disable=SC2317 # called through ok
modules() {
	make -s -C "$top" -j"$(nproc)" modules B="build/$arch" KDIR="$kdir" SIM=1 W=1 \
		"${make[@]}" > "$work/build.log" 2>&1 || {
		cat "$work/build.log"
		return 1
	}
	! grep -iE '(warning|error):' "$work/build.log"
}

# add FILE [OPTION...]: a module, once
add() {
	local file=$1 name=${1##*/}

	[ ! -e "$work/tree/modules/$name" ] || return 0
	cp "$file" "$work/tree/modules/"
	shift
	echo "$name${*:+ $*}" >> "$work/tree/modules/order"
}

# add_stock NAME: a module of the kernel, after what it depends on
add_stock() {
	local file

	for file in $(modprobe -d "$root" -S "$release" --show-depends "$1" |
			awk '/^insmod/ { print $2 }'); do
		add "$file"
	done
}

# board: the buses and lines of the virtual hub, under the labels of the board;
# there is no driver for its pins
board() {
	case $overlay in
	raspberrypi) cat <<'END' ;;
/ {
	i2c1: i2c-sim { compatible = "cityhub,sim-i2c"; };
	spi0: spi-sim {
		compatible = "cityhub,sim-spi";
		#address-cells = <1>;
		#size-cells = <0>;
		spidev0: spidev@0 { reg = <0>; };
		spidev1: spidev@1 { reg = <1>; };
	};
	/* PCBA-DBM, ADE9000 irq0 and irq1, ADE7953 */
	gpio: lines-sim {
		compatible = "cityhub,sim-irq";
		pinctrl-use-default;
		interrupt-controller;
		#interrupt-cells = <2>;
		cityhub,pins = <25 22 23 24>;
	};
};
END
	beaglebone) cat <<'END' ;;
/ {
	i2c2: i2c-sim { compatible = "cityhub,sim-i2c"; };
	spi0: spi-sim { compatible = "cityhub,sim-spi"; };
	am33xx_pinmux: pinmux-sim { pinctrl-use-default; };
	ocp: bus-sim { };
	gpio1: lines-sim {
		compatible = "cityhub,sim-irq";
		interrupt-controller;
		#interrupt-cells = <2>;
		cityhub,pins = <17 28 16 30>;
	};
};
END
	esac
}

# device_tree: that of the machine with the overlay of a board, all of it
# shellcheck disable=SC2317 # called through ok
device_tree() {
	"${qemu[@]}" -machine "$machine,dumpdtb=$work/machine.dtb" -smp 2 -m 512M \
		> /dev/null 2>&1 &&
	{ dtc -q -I dtb -O dts "$work/machine.dtb" && board; } |
		dtc -q -@ -I dts -O dtb -o "$work/board.dtb" &&
	sed 's/__dormant__/__overlay__/' "$top/dt-overlays/$overlay/cityhub-hub.dtso" |
		dtc -q -@ -I dts -O dtb -o "$work/overlay.dtbo" &&
	fdtoverlay -i "$work/board.dtb" -o "$work/dtb" "$work/overlay.dtbo"
}

# shellcheck disable=SC2317 # called through ok
initramfs() {
	local file name dep

	mkdir -p "$work/tree"/{bin,dev,modules,out,proc,sys}
	cp "$root/bin/busybox" "$work/tree/bin/"
	cp "$top/scripts/vm.d/init-arm" "$work/tree/init"
	cp "$work/job" "$work/tree/"
	for name in virtio_mmio 9p 9pnet_virtio fixed mpl3115; do
		add_stock "$name"
	done
	for name in kernel/base/cityhub-base kernel/environment/cityhub-sen6x \
		kernel/noise/cityhub-pcba-dbm kernel/energy/cityhub-ade9000 \
		kernel/energy/cityhub-ade7953 kernel/hub/cityhub \
		tests/sim/cityhub-sim; do
		file=$top/build/$arch/kbuild/$release/$name.ko
		for dep in $(modinfo -F depends "$file" | tr , ' '); do
			[[ $dep == cityhub* ]] || add_stock "$dep"
		done
		case $file in
		*-sim.ko) add "$file" "chips=$chips" ;;
		*) add "$file" ;;
		esac
	done
	(cd "$work/tree" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) \
		> "$work/initramfs"
}

# shellcheck disable=SC2317 # called through ok
boot() {
	timeout -k 5 240 "${qemu[@]}" -machine "$machine" -smp 2 -m 512M -nodefaults \
		-no-user-config -display none -no-reboot -net none \
		-serial "file:$work/console" \
		-kernel "$root/boot/vmlinuz-$release" -initrd "$work/initramfs" \
		-dtb "$work/dtb" \
		-append "console=ttyAMA0 panic=-1 oops=panic fw_devlink=off" \
		-fsdev "local,id=out,path=$work/out,security_model=none" \
		-device virtio-9p-device,fsdev=out,mount_tag=out
	[ -e "$work/out/status" ] || {
		tail -n 30 "$work/console"
		return 1
	}
}

# Not through ok, which is a process of its own: these set variables.
prepare "$meta" > "$work/fetch.log" 2>&1 && image >> "$work/fetch.log" 2>&1
is "$arch: headers, kernel and busybox" "$?" 0 || {
	note "$(< "$work/fetch.log")"
	finish
}
ok "$arch: modules build against $release without a warning" modules || finish
ok "$arch: initramfs" initramfs || finish
ok "$arch: the hub overlay of $overlay applies to the tree" device_tree || finish
ok "$arch: $release boots and runs to its end" boot || finish
is "$arch: the job succeeds" "$(< "$work/out/status")" 0
is "$arch: nothing fails in it" "$(grep FAILS "$work/out/log")" ""
ok "$arch: the kernel reports nothing" \
	"$top/scripts/vm.d/report-scan" "$top/scripts/vm.d/known-reports" \
	"$work/out/dmesg"
is "$arch: the drivers bind from the tree" \
	"$(grep -c 'devicetree/base/\(i2c\|spi\)-sim/' "$work/out/nodes")" "$bound" ||
	note "$(< "$work/out/nodes")"
channels=$(grep -c / "$work/out/attributes")
ok "$arch: $channels attributes of channels" test "$channels" -gt 60
is "$arch: all can be read" "$(grep FAILS "$work/out/attributes")" ""

# What was captured is what was measured, sample by sample.
wave=$(python3 "$here/wave_compare.py" --columns 0,1,2,3,4,5,6 --lost \
	"$work/out/ade9000-wave" "$work/out/ade9000-wave.truth")
is "$arch: waveform: $wave" "$?" 0
like "$arch: pages of it" "$wave" 'delivered [0-9]{4,} '
sen66=$(python3 "$here/truth_compare.py" '<4H4hH6xq' "$work/out/sen66" \
	"$work/out/sen66.truth" --missing any)
is "$arch: sen66: $sen66" "$?" 0
ok "$arch: several of its samples" \
	test "$(stat -c %s "$work/out/sen66")" -ge $((4 * 32))
ok "$arch: the hub ticks a driver that does not know it" \
	test "$(stat -c %s "$work/out/mpl3115")" -ge $((3 * 16))
finish
