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

# kernel_source: the unpacked linux-source-6.1 of the installed package
kernel_source() {
	local tarball=/usr/src/linux-source-6.1.tar.xz version tree

	[ -f "$tarball" ] || die "no $tarball: run scripts/setup"
	version=$(dpkg-query -W -f '${Version}' linux-source-6.1) || exit 125
	tree=$cache/linux-source-$version
	if [ ! -d "$tree" ]; then
		say "unpacking $tarball"
		mkdir -p "$tree.new"
		tar -C "$tree.new" --strip-components=1 -xf "$tarball" ||
			die "cannot unpack $tarball"
		mv "$tree.new" "$tree"
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
