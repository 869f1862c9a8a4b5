#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: sen66,mpl3115
#
# As installed: udev lets the group cityhub capture, and nobody else; the daemon
# runs as its user without any capability.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

as() {
	local user=$1

	shift
	setpriv --reuid "$user" --regid "$user" --init-groups --no-new-privs \
		--bounding-set=-all "$@"
}

# What make install does with them; all of it is gone with the test kernel.
install_here() {
	local common=$top/scripts/packaging/common

	sed 's|@udevdir@|/usr/lib/udev|' "$common/60-cityhub.rules.in" \
		> /usr/lib/udev/rules.d/60-cityhub.rules &&
	install "$common/cityhub-iio" /usr/lib/udev/ &&
	install "$top/build/cityhub" "$top/build/cityhubd" /usr/bin/ &&
	systemd-sysusers "$common/sysusers.conf" &&
	useradd -G cityhub member && useradd stranger
}

start_udev() {
	mkdir -p /run/udev
	/lib/systemd/systemd-udevd --daemon &&
	udevadm trigger --action=add --subsystem-match=iio &&
	udevadm settle
}

captured() {
	local bytes

	as "$1" iio_readdev -T 20000 -b 3 -s 3 "$2" > "$daemon_dir/capture"
	bytes=$(stat -c %s "$daemon_dir/capture")
	echo "$bytes bytes"
	[ "$bytes" -gt 0 ]
}

writable_by_group() {
	find "$1"/ -maxdepth 2 -type f -perm -g+w ! -name uevent -printf '%P\n' |
		sed -e 's/[0-9]*//g' -e 's|.*/in_.*_en$|in_en|' | sort -u
}

rights() {
	stat -L -c '%U:%G %a' "$1"
}

rebind() {
	local device driver

	device=$(readlink -f "$(iio_dir sen66)")
	device=${device%/iio:device*}
	driver=$(readlink -f "$device/driver")
	echo "${device##*/}" > "$driver/unbind" &&
	echo "${device##*/}" > "$driver/bind" &&
	wait_for 5 iio_dir sen66 && udevadm settle
}

ok "rules, user and group are installed" install_here
ok "udev starts" start_udev
for name in sen66 mpl3115; do
	is "the node of $name is for the group" \
		"$(rights "/dev/$(iio_name $name)")" 'root:cityhub 660'
done
dir=$(iio_dir mpl3115)
is "so is what a capture needs, and nothing else" "$(writable_by_group "$dir")" \
	"$(printf '%s\n' buffer/enable buffer/in_en buffer/length buffer/watermark \
		current_timestamp_clock in_en scan_elements/in_en \
		trigger/current_trigger | grep -vE '^buffer/in_en|^scan_elements/' | sort -u)"

ok "a member captures a free-running device" captured member sen66
ok "a member chooses a trigger" as member sh -c "echo cityhub-0 > $dir/trigger/current_trigger"
ok "and captures with it" captured member mpl3115
fails "a stranger does not capture" captured stranger sen66
fails "nor choose a trigger" as stranger sh -c "echo cityhub-1 > $dir/trigger/current_trigger"
fails "a member does not change the sensor" \
	as member sh -c "echo 1 > $(dirname "$dir/x")/in_pressure_calibbias 2>/dev/null || exit 1; exit 0"
ok "a member asks the hub" as member cityhub show
ok "so does a stranger" as stranger cityhub show
like "neither arms it" "$(as member cityhub arm sen66 2>&1)" 'CAP_NET_ADMIN|[Pp]ermi|privilege'

ok "a device comes again" rebind
is "and is for the group again" "$(rights "/dev/$(iio_name sen66)")" 'root:cityhub 660'
ok "with what a capture needs" as member sh -c "test -w $(iio_dir sen66)/buffer0/enable"

# ---- the daemon as its user ------------------------------------------------

echo > "$dir/trigger/current_trigger"
chmod 755 "$daemon_dir"
install -d -o cityhub -g cityhub -m 750 "$daemon_dir/state"
daemon_store=$daemon_dir/state/store.db
daemon_conf
(umask 027; as cityhub cityhubd --config "$daemon_dir/conf" 2>> "$daemon_log") &
daemon_pid=$!
says "cityhubd captures sen66 as its user" 20 'sen66: capturing'
says "and mpl3115 with a trigger it took" 20 'mpl3115: capturing'
ok "results are stored" wait_for 20 test -s "$daemon_store"
sleep 3
ok "a member sees the ledger while it runs" as member cityhub ledger --store "$daemon_store"
fails "a stranger does not" as stranger cityhub ledger --store "$daemon_store"
pkill -TERM -P "$daemon_pid" 2> /dev/null || kill "$daemon_pid"
wait "$daemon_pid"
is "it ends in order" $? 0
ok "a member sees the ledger afterwards" as member cityhub ledger --store "$daemon_store"
finish
