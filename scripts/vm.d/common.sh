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
