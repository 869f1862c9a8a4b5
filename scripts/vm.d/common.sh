# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# What scripts/vm, scripts/check, scripts/lint and the kernel build share.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cityhub

say() {
	echo "${0##*/}: $*" >&2
}

# A failure of the harness, as opposed to one of what it runs.
die() {
	say "$*"
	exit 125
}

# hold NAME: take the lock NAME until the shell that called it ends
hold() {
	mkdir -p "$cache/locks"
	exec {lock_fd}>"$cache/locks/$1"
	flock "$lock_fd"
}

# newest GLOB...: the one with the highest version in its name
newest() {
	compgen -G "$1" | sort -V | tail -n 1
}

# stock_release SERIES: newest of Debian's kernels of SERIES with headers here
stock_release() {
	compgen -G "/lib/modules/$1.*-amd64/build" | cut -d / -f 4 |
		grep -vE -- '-(rt|cloud)-' | sort -V | tail -n 1
}

# stock_root RELEASE: where that kernel is: /, or unpacked in the cache, for
# to install it would make it one to boot this machine from
stock_root() {
	if [ -e "/boot/vmlinuz-$1" ]; then
		echo /
	else
		echo "$cache/stock-$1"
	fi
}

# fetch_stock SERIES: get the kernel that the headers are for, if it is not here
fetch_stock() {
	local release root

	release=$(stock_release "$1")
	root=$(stock_root "$release")
	[ -n "$release" ] || return 0
	[ ! -e "$root/boot/vmlinuz-$release" ] || return 0
	hold "stock-$release"
	[ ! -e "$root/boot/vmlinuz-$release" ] || return 0
	say "fetching Debian's kernel $release, which is not installed"
	[ -n "$(apt-cache show "linux-image-$release" 2>/dev/null)" ] ||
		apt-get -q update > /dev/null 2>&1 || true
	rm -rf "$root.new"
	mkdir -p "$root.new"
	(cd "$root.new" && apt-get -q download "linux-image-$release" > log 2>&1 &&
		dpkg -x ./*.deb . && rm ./*.deb &&
		depmod -b . "$release") || {
		tail -n 5 "$root.new/log" >&2
		say "cannot fetch it; install linux-image-$release"
		return 1
	}
	mv "$root.new" "$root"
}

# kernel_source_version SERIES: version of the package linux-source-SERIES
kernel_source_version() {
	dpkg-query -W -f '${Version}' "linux-source-$1" 2>/dev/null ||
		die "linux-source-$1 is not installed: apt-get install it"
}

# kernel_source [SERIES]: the unpacked source of the installed package, of
# Linux 6.1 if not said
kernel_source() {
	local series=${1-6.1} tarball version tree

	version=$(kernel_source_version "$series") || exit 125
	tarball=/usr/src/linux-source-$series.tar.xz
	tree=$cache/linux-source-$version
	if [ ! -d "$tree" ]; then
		hold "linux-source-$series"
		[ -d "$tree" ] || {
			say "unpacking $tarball"
			mkdir -p "$tree.new"
			tar -C "$tree.new" --strip-components=1 -xf "$tarball" ||
				die "cannot unpack $tarball"
			mv "$tree.new" "$tree"
		}
	fi
	echo "$tree"
}

# ynl_tools: a directory with tools/net/ynl and the schemas of Linux 6.12
ynl_tools() {
	local tarball=/usr/src/linux-source-6.12.tar.xz version tree

	[ -f "$tarball" ] || die "no $tarball: run scripts/setup"
	version=$(dpkg-query -W -f '${Version}' linux-source-6.12) || exit 125
	tree=$cache/ynl-$version
	if [ ! -d "$tree" ]; then
		say "unpacking tools/net/ynl of $tarball"
		mkdir -p "$tree.new"
		tar -C "$tree.new" --strip-components=1 -xf "$tarball" \
			linux-source-6.12/tools/net/ynl \
			linux-source-6.12/Documentation/netlink ||
			die "cannot unpack $tarball"
		mv "$tree.new" "$tree"
	fi
	echo "$tree"
}
