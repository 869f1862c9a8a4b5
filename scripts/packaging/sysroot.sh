# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034 # shared with who sources it
#
# Debian's libraries of another architecture, unpacked. Source it after
# private-apt.sh; $arch says which.

libraries=(libc6-dev libnl-3-dev libnl-genl-3-dev libiio-dev libmosquitto-dev
	libsqlite3-dev libjansson-dev libconfig-dev libgnutls28-dev check)

# What they depend on, all the way down.
closure() {
	private_apt apt-cache depends --recurse --no-recommends --no-suggests \
		--no-conflicts --no-breaks --no-replaces --no-enhances \
		"${libraries[@]/%/:$arch}" | grep -E "^[a-z0-9][^ ]*:$arch\$" | sort -u
}

# sysroot: set root
sysroot() {
	local deb packages

	root=$downloads/sysroot-$arch
	[ "$(cat "$root/.complete" 2> /dev/null)" != "${libraries[*]}" ] || return 0
	rm -rf "$root"
	mkdir -p "$root" "$downloads/debs-$arch"
	update
	mapfile -t packages < <(closure)
	[ ${#packages[@]} -gt ${#libraries[@]} ] || return
	(cd "$downloads/debs-$arch" &&
		private_apt apt-get download "${packages[@]}") || return
	for deb in "$downloads/debs-$arch"/*.deb; do
		dpkg -x "$deb" "$root" || return
	done
	rm -r "$downloads/debs-$arch"
	echo "${libraries[*]}" > "$root/.complete"
}
