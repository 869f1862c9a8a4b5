#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# What make install puts where, and whether its parts agree with the programs:
# unit, manual pages, completion, the switches for small images.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
man=Documentation/man

listing() {
	(cd "$1" && find . -mindepth 1 ! -type d -printf '%P %l\n' |
		sed -e 's/ $//' -e 's/ / -> /' | LC_ALL=C sort)
}

manifest() {
	grep -v '^#' scripts/packaging/manifest
}

install_to() {
	local root=$1

	shift
	make -s install-userspace install-overlays DESTDIR="$root" prefix=/usr "$@"
}

# ---- files -----------------------------------------------------------------

ok "make install-userspace install-overlays" install_to "$work/image"
is "it installs what scripts/packaging/manifest lists" \
	"$(listing "$work/image")" "$(manifest | grep -v '^lib/modules/')"
for ko in $(manifest | sed -n 's|^lib/modules/.*/\(.*\)\.ko$|\1|p'); do
	ok "$ko.ko of the manifest is a module of the tree" \
		grep -rqE "^obj-m [:+]?= $ko\.o" kernel --include=Kbuild
done
is "and no other module is" \
	"$(grep -rhoE '^obj-m [:+]?= .*\.o' kernel --include=Kbuild | grep -o '[^ ]*\.o' |
		sed 's/\.o$//' | sort)" \
	"$(manifest | sed -n 's|^lib/modules/.*/\(.*\)\.ko$|\1|p' | sort)"
fails "nothing of the tests is in it" grep -E 'sim|kunit|selftest' scripts/packaging/manifest

echo '# mine' > "$work/image/etc/cityhub/cityhubd.conf"
ok "and again" install_to "$work/image"
is "a configuration that is there stays" \
	"$(< "$work/image/etc/cityhub/cityhubd.conf")" '# mine'

make -s install-userspace DESTDIR="$work/local" > /dev/null
is "the unit starts the daemon of its prefix" \
	"$(sed -n 's/^ExecStart=//p' "$work/local/usr/local/lib/systemd/system/cityhubd.service")" \
	/usr/local/sbin/cityhubd
ok "the configuration as installed is good" \
	build/cityhubd --check-config -c "$work/local/etc/cityhub/cityhubd.conf"

# ---- systemd ---------------------------------------------------------------

unit=$work/cityhubd.service
sed "s|^ExecStart=.*|ExecStart=$top/build/cityhubd|" \
	"$work/image/usr/lib/systemd/system/cityhubd.service" > "$unit"
is "systemd-analyze verify says nothing" \
	"$(systemd-analyze verify --man=no "$unit" 2>&1)" ''
# The number of a class of devices is looked up at the start, and only then.
for setting in Wants After; do
	ok "DeviceAllow=char-iio has its module loaded: $setting=" \
		grep -qE "^$setting=(.* )?modprobe@industrialio\.service( |\$)" "$unit"
done
exposure=$(systemd-analyze security --offline=yes --no-pager "$unit" 2> /dev/null |
	sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
note "exposure level $exposure"
ok "exposure is 2.1 at most" \
	awk -v e="${exposure:-99}" 'BEGIN { exit !(e + 0 > 0 && e <= 2.1) }'
ok "systemd-sysusers takes our user" systemd-sysusers --root="$work/image"
like "and makes it" "$(cat "$work/image/etc/passwd" 2>&1)" \
	'cityhub:.*:/var/lib/cityhub:'
chown -R root: "$work/image/etc" "$work/image/usr"
ok "systemd-tmpfiles makes our directories" \
	systemd-tmpfiles --root="$work/image" --create cityhub.conf
is "the configuration is for root and the group" \
	"$(stat -c %a "$work/image/etc/cityhub")" 750
is "so is the store" "$(stat -c %a "$work/image/var/lib/cityhub")" 750

# ---- manual pages ----------------------------------------------------------

for page in "$man"/*; do
	is "${page##*/} has no errors" \
		"$(man --warnings -E UTF-8 -l "$page" 2>&1 > /dev/null)" ''
done

# documented PAGE: does it have each word of standard input? troff writes - as \-
documented() {
	local word missing=0 words=0

	while read -r word; do
		words=$((words + 1))
		sed 's/\\-/-/g' "$1" | grep -qF -e "$word" && continue
		echo "$1 does not have $word"
		missing=1
	done
	[ "$words" -gt 0 ] && [ "$missing" = 0 ]
}

long_options() {
	grep -oE -e '--[a-z][a-z-]+' | sort -u
}

commands() {
	build/cityhub --help | sed -n 's/^  \([a-z]*\) .*/\1/p'
}

command_options() {
	local command

	for command in $(commands); do
		build/cityhub "$command" --help
	done | long_options
}

ok "cityhub(1) has each command" documented $man/cityhub.1 <<< "$(commands)"
ok "and each option" documented $man/cityhub.1 <<< "$(command_options)"
is "and no other" "$(sed 's/\\-/-/g' $man/cityhub.1 | long_options)" \
	"$( (echo --json --help --version; command_options) | long_options)"
ok "cityhubd(8) has each option" documented $man/cityhubd.8 \
	<<< "$(build/cityhubd --help | long_options)"
ok "stamp-replay(1) has each option" documented $man/stamp-replay.1 \
	<<< "$(build/stamp-replay --help | long_options)"
ok "cityhubd.conf(5) has each key" documented $man/cityhubd.conf.5 \
	<<< "$(sed -n 's/^\t{ "\([a-z_.]*\)", CONF_[^G].*/\1/p' userspace/common/conf.c)"
ok "libcityhub(3) has each function" documented $man/libcityhub.3 \
	<<< "$(sed -n 's/^\t\(cityhub_[a-z_]*\);/\1/p' userspace/libcityhub/libcityhub.map)"
ok "cityhub-netlink(7) has each operation" documented $man/cityhub-netlink.7 \
	<<< "$(sed -n '/^operations:/,/^mcast/s/^      name: //p' \
		Documentation/netlink/specs/cityhub.yaml)"

example_from() {
	sed -n '/compiles this/,/^\.EE/{/^#include/,/^}/p}' "$1" |
		sed -e 's/\\-/-/g' -e 's/\\e/\\/g'
}

# compile_example: as its page says, against what was installed only
compile_example() {
	example_from "$man"/libcityhub.3 > "$work/example.c"
	# shellcheck disable=SC2046 # words
	cc -Wall -Wextra -Werror -o "$work/example" "$work/example.c" \
		$(PKG_CONFIG_PATH=$work/image/usr/lib/pkgconfig pkg-config \
		--define-variable=libdir="$work/image/usr/lib" \
		--define-variable=includedir="$work/image/usr/include" \
		--cflags --libs libcityhub)
}

ok "the example of libcityhub(3) compiles" compile_example
needed=$(LD_LIBRARY_PATH=$work/image/usr/lib "$work/example" 2>&1)
like "and says that there is no hub" "$needed" 'no hub: No such file|^[0-9]+ '

# ---- completion ------------------------------------------------------------

complete_words() {
	PATH=$top/build:$PATH bash -c '
		. "$1"; shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"_${1##*/}"
		echo "${COMPREPLY[@]}"' - \
		"$work/image/usr/share/bash-completion/completions/cityhub" "$@"
}

is "cityhub le<Tab>" "$(complete_words cityhub le)" ledger
is "cityhub watch --re<Tab>" "$(complete_words cityhub watch --re)" --record
is "cityhub doctor cl<Tab>" "$(complete_words cityhub doctor cl)" clock
is "cityhub set --policy a<Tab>" "$(complete_words cityhub set --policy a)" any
is "cityhub help se<Tab>" "$(complete_words cityhub help se)" "set selftest"
for command in $(commands); do
	is "cityhub $command --<Tab> has each option" \
		"$(complete_words cityhub "$command" --)" \
		"$( (echo --json --help; build/cityhub "$command" --help) |
			long_options | tr '\n' ' ' | sed 's/ $//')"
done
is "cityhubd --ch<Tab>" "$(complete_words cityhubd --ch)" --check-config

# ---- without all that can be left out --------------------------------------

off=(B=build/off WITH_MQTT=no WITH_HUB=no WITH_SYSTEMD=no WITH_GNUTLS=no)
libraries() {
	objdump -p "$1" | sed -n 's/.*NEEDED *lib\(.*\)\.so.*/\1/p'
}

ok "all off: builds without warning" \
	make -s -j2 "${off[@]}" WERROR=-Werror all unit-programs
for program in build/off/unit/check_*; do
	ok "all off: ${program##*/}" timeout 120 "$program"
done
fails "all off: neither libmosquitto nor libnl is linked" \
	grep -E '^(mosquitto|nl-)' <(libraries build/off/cityhub; libraries build/off/cityhubd)
ok "all off: installs" install_to "$work/off" "${off[@]}"
is "all off: what is installed is less by the files of those parts" \
	"$(listing "$work/off")" \
	"$(manifest | grep -vE '^lib/modules/|libcityhub|cityhub-netlink|/include/|/systemd/|/sysusers.d/|/modules-load.d/|/tmpfiles.d/')"
# The daemon captures on them all the same.
like "without the control of the hub its triggers are loaded at the start" \
	"$(make -n "${off[@]}" WITH_SYSTEMD=yes install-userspace)" \
	'modules-load.conf'
echo 'mqtt = { host = "broker"; };' > "$work/off.conf"
like "all off: a broker is refused with the reason" \
	"$(build/off/cityhubd --check-config -c "$work/off.conf" 2>&1)" \
	':1: mqtt.host: this cityhubd was built without MQTT'
like "all off: so is watching one" \
	"$(build/off/cityhub watch --broker localhost --hub x 2>&1)" \
	'built without MQTT'
fails "WITH_ takes yes and no only" make -s -n WITH_MQTT=y
finish
