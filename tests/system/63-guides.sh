#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
#
# The commands of the guides that need no board run as they are printed there.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"
guides=$top/Documentation/guides
PATH=$top/build:$PATH
work=$daemon_dir

# printed GUIDE COMMAND: is it there?
printed() {
	grep -qF -- "$2" "$guides/$1"
}

# runs GUIDE COMMAND [PATTERN]: it must be printed there, work, and say that
runs() {
	local output status

	if ! printed "$1" "$2"; then
		point "not ok" "$1 has: $2"
		return
	fi
	output=$(bash -o pipefail -c "${2//sudo /}" 2>&1)
	status=$?
	if [ "$status" = 0 ] && grep -qE -- "${3-}" <<< "$output"; then
		point ok "$1: $2"
		return
	fi
	point "not ok" "$1: $2"
	note "exit status $status, wanted: ${3-anything}"
	note "$output"
}

# ---- diagnosis, without our tools ------------------------------------------

echo cityhub-0 > "$(iio_dir mpl3115)/trigger/current_trigger"
bus=$(basename "$(dirname "$(readlink -f "$(iio_dir sen66)")")")
ok "the address shows as UU" grep -q UU <(i2cdetect -y "${bus%-*}")
ok "diagnosis.rst has i2cdetect" printed diagnosis.rst 'i2cdetect -y 1'
runs diagnosis.rst 'cityhub list' sen66
runs diagnosis.rst 'cityhub stats' taken
runs diagnosis.rst 'iio_info' sen66
# Until the first sample there is nothing to read.
wait_for 20 iio_attr -c sen66 temp raw
runs diagnosis.rst 'iio_attr -c sen66 temp raw' '[0-9]'
ok "diagnosis.rst has iio_readdev" printed diagnosis.rst 'iio_readdev -b 3 -s 3 sen66'
ok "it works" bash -c "iio_readdev -T 20000 -b 3 -s 3 sen66 | wc -c | grep -vx 0"
ok "diagnosis.rst has the trigger" printed diagnosis.rst \
	'echo cityhub-0 > /sys/bus/iio/devices/iio:device0/trigger/current_trigger'
ok "with it a device that needs one is captured" \
	bash -c "iio_readdev -T 20000 -b 3 -s 3 mpl3115 | wc -c | grep -vx 0"
echo > "$(iio_dir mpl3115)/trigger/current_trigger"

# ---- the daemon ------------------------------------------------------------

# A configuration and a store where the guides have them; gone with the kernel.
mkdir -p /etc/cityhub /var/lib/cityhub
cat > /etc/cityhub/cityhubd.conf <<END
store = { allow_tmpfs = true; };
END
daemon_start() {
	cityhubd 2>> "$daemon_log" &
	daemon_pid=$!
}
runs first-data.rst 'sudo cityhubd --check-config' 'good'
daemon_start
says "cityhubd runs without more" 20 'sen66: capturing'
sleep 5
ok "first-data.rst has cityhub watch" printed first-data.rst 'cityhub watch'
ok "it shows the air" bash -c "cityhub watch --seconds 3 --plain | grep -i pm2"
runs diagnosis.rst 'cityhub ledger' 'adds_up'

# What the guide writes into the configuration, with a reload.
sed -n '/^  hub = {/,/^  mqtt = /p' "$guides/first-data.rst" > "$work/more"
is "first-data.rst has two lines of configuration" "$(wc -l < "$work/more")" 2
cat "$work/more" >> /etc/cityhub/cityhubd.conf
runs first-data.rst 'sudo cityhubd --check-config' 'good'
sed -i '/^  hub = /d' /etc/cityhub/cityhubd.conf
kill -HUP "$daemon_pid"
says "the reload takes it" 10 'configuration read again'
daemon_stop
is "and it ends in order" $? 0

# ---- upgrade ---------------------------------------------------------------

runs upgrade.rst 'sudo cp -a /var/lib/cityhub /var/lib/cityhub.before'
unload=$(grep -o 'modprobe -r cityhub-.*' "$guides/upgrade.rst")
load=$(grep -o 'modprobe -a cityhub .*' "$guides/upgrade.rst")
is "upgrade.rst unloads what it loads" \
	"$(tr ' ' '\n' <<< "$unload" | grep ^cityhub | grep -vx cityhub-base | sort)" \
	"$(tr ' ' '\n' <<< "$load" | grep ^cityhub | sort)"
is "and that is every module that is shipped" \
	"$(tr ' ' '\n' <<< "$unload" | grep ^cityhub | sort)" \
	"$(sed -n 's|^lib/modules/.*/\(.*\)\.ko$|\1|p' "$top/scripts/packaging/manifest" | sort)"
for module in $(tr ' ' '\n' <<< "$unload" | grep ^cityhub); do
	# The virtual hub holds the drivers' devices; its own go first.
	[ ! -d /sys/module/cityhub_sim ] || rmmod cityhub_sim
	ok "$module can be unloaded in that order" rmmod "$module"
done
finish
