# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # of common.sh and of who sources it
#
# Packages of another architecture for tests that only unpack them. Source it
# after common.sh; $arch says which.

downloads=$cache/headers

# apt with lists of its own, for amd64 and $arch; the machine's stay as they are
private_apt() {
	local tool=$1 lists=$downloads/lists-$arch

	shift
	mkdir -p "$lists/partial"
	"$tool" -q -o APT::Architecture=amd64 -o "APT::Architectures=amd64,$arch" \
		-o "Dir::State::Lists=$lists" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o Dir::State::status=/dev/null \
		-o APT::Sandbox::User=root "$@"
}

# An index that does not arrive leaves the older packages of the others.
update() {
	local stamp=$downloads/lists-$arch/.updated

	[ -z "$(find "$stamp" -mmin -720 2>/dev/null)" ] || return 0
	private_apt apt-get update > "$downloads/update-$arch.log" 2>&1
	touch "$stamp"
}
