# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034 # shared with who sources it
#
# Kernel headers of any architecture, unpacked and ready to build modules
# against. Source it after private-apt.sh; $arch says which.

# depends PACKAGE PATTERN: the first dependency that matches
depends() {
	private_apt apt-cache depends "$1" 2>/dev/null | sed 1d |
		grep -oE "$2" | head -n 1
}

# fetch PACKAGE...: download what is not there yet and unpack it into $root
fetch() {
	local package

	for package; do
		[ ! -e "$root/.have-$package" ] || continue
		(cd "$root" && private_apt apt-get download "$package" > /dev/null &&
			dpkg -x ./"${package%:*}"_*.deb . &&
			rm ./"${package%:*}"_*.deb) || return
		touch "$root/.have-$package"
	done
}

# Tools of amd64 for the structures of 32 bits: Debian packages none.
modpost_32() {
	local source build=$downloads/modpost-32 tool=scripts/mod/modpost

	if [ ! -x "$build/$tool" ]; then
		source=$(kernel_source) || return
		mkdir -p "$build"
		printf 'CONFIG_%s=y\n' MODULES MMU ARCH_MULTIPLATFORM \
			ARCH_MULTI_V7 OF > "$build/config"
		make -s -C "$source" O="$build" ARCH=arm \
			CROSS_COMPILE=arm-linux-gnueabihf- \
			KCONFIG_ALLCONFIG="$build/config" \
			allnoconfig modules_prepare > "$build.log" 2>&1 || return
	fi
	cp "$build/$tool" "$root/usr/lib/linux-kbuild-6.1/$tool"
}

# prepare META: fetch and unpack the headers that a package follows; set root and
# kdir
prepare() {
	local package common kbuild

	root=$downloads/$arch
	mkdir -p "$root"
	update
	package=$(depends "$1:$arch" "linux-headers-[0-9.]+[^ :]*-[a-z0-9-]+:?[a-z0-9]*")
	common=$(depends "$package" 'linux-headers-[0-9][^ :>]*-common(-rt)?')
	kbuild=$(depends "$package" 'linux-kbuild-[^ :>]*')
	if [ -z "$package" ] || [ -z "$common" ] || [ -z "$kbuild" ]; then
		say "$1: no such headers: '$package' '$common' '$kbuild'"
		return 1
	fi
	fetch "${package%:*}:$arch" "$common" "$kbuild:amd64" || return
	kdir=$root/usr/src/${package%:*}
	sed -i "s|include /usr/src/|include $root/usr/src/|" "$kdir/Makefile"
	[ "$arch" != armhf ] || modpost_32
}
