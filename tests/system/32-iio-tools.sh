#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
#
# The tools of libiio on each of our devices, without the daemon.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)

# captured DEVICE SAMPLES: does iio_readdev get that many?
# shellcheck disable=SC2317 # called through ok
captured() {
	local bytes

	iio_readdev -T 20000 -b "$2" -s "$2" "$1" > "$work/$1" 2> "$work/$1.log" ||
		cat "$work/$1.log"
	bytes=$(stat -c %s "$work/$1")
	echo "$bytes bytes"
	[ "$bytes" -gt 0 ] && [ $((bytes % $2)) = 0 ]
}

# stamped: is the stamp in its place when few channels are chosen?
# shellcheck disable=SC2317 # called through ok
stamped() {
	local values

	iio_readdev -T 20000 -b 2 -s 2 sen66 temp timestamp 2> /dev/null |
		od -An -v -t d8 -w16 > "$work/stamped"
	cat "$work/stamped"
	values=$(awk '{ print int($2 / 1000000000) }' "$work/stamped")
	[ -n "$values" ] && for value in $values; do
		[ $((EPOCHSECONDS - value)) -le 60 ] &&
			[ $((EPOCHSECONDS - value)) -ge -1 ] || return
	done
}

# shown DEVICE: does iio_info know its channels and that it has a buffer?
# shellcheck disable=SC2317 # called through ok
shown() {
	iio_info 2> /dev/null | grep -E "iio:device[0-9]+: $1 \(buffer capable\)"
}

iio_set ade9000-meter trigger/current_trigger cityhub-0
for dev in sen66 pcba-dbm ade9000-wave ade9000-meter; do
	ok "iio_info shows $dev" shown $dev
done
ok "iio_attr reads sen66" iio_attr -c sen66 temp raw
ok "iio_attr reads pcba-dbm" iio_attr -c pcba-dbm pressure raw
ok "iio_attr reads ade9000-wave" iio_attr -c ade9000-wave voltage0 raw
ok "iio_attr reads ade9000-meter" iio_attr -c ade9000-meter voltage0 raw
ok "iio_readdev captures sen66" captured sen66 3
ok "a few channels of sen66 carry the right stamp" stamped
ok "iio_readdev captures pcba-dbm" captured pcba-dbm 3
ok "iio_readdev captures ade9000-wave" captured ade9000-wave 1024
ok "iio_readdev captures ade9000-meter" captured ade9000-meter 3

rm -r "$work"
finish
