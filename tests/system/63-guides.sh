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

declare -A judged

# printed GUIDE COMMAND: is it there?
printed() {
	judged["$1: $2"]=yes
	grep -qF -- "$2" "$guides/$1"
}

# has GUIDE COMMAND: it must be there; how it is run is another matter
has() {
	if printed "$1" "$2"; then
		point ok "$1 has: $2"
	else
		point "not ok" "$1 has: $2"
	fi
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

# commands: all that the guides print, as "GUIDE: COMMAND"; that of a new chip
# is run by make check-new-chip
commands() {
	local guide

	for guide in diagnosis first-data upgrade wiring; do
		awk -v guide="$guide.rst" -v words="$words" '
			/^  [^ ]/ && literal && substr($0, 3) ~ "^(" words ")( |$)" {
				print guide ": " substr($0, 3) }
			/^[^ ]/ { literal = /::$/ }
			{
				while (match($0, /``[^`]*``/)) {
					text = substr($0, RSTART + 2, RLENGTH - 4)
					if (text ~ "^(" words ") ")
						print guide ": " text
					$0 = substr($0, RSTART + RLENGTH)
				}
			}' "$guides/$guide.rst"
	done | sort -u
}
words='sudo|cityhub|cityhubd|iio_[a-z]*|i2cdetect|echo|make|systemctl|ssh|dmesg'
words="$words|dkms|uname|mosquitto_sub|timedatectl|modprobe|journalctl|ls"

# What needs a board, its packages, systemd as process 1 or the network.
on_a_board() {
	cat <<-'END'
		diagnosis.rst: dkms status
		diagnosis.rst: ls /proc/device-tree
		diagnosis.rst: modprobe cityhub
		diagnosis.rst: journalctl -u cityhubd
		diagnosis.rst: systemctl status cityhubd
		diagnosis.rst: ssh -L 1883:localhost:1883 lamp-0815
		diagnosis.rst: cityhub watch --broker localhost:1883 --hub lamp-0815
		first-data.rst: sudo apt-get update
		first-data.rst: sudo apt-get full-upgrade
		first-data.rst: sudo apt-get install git make
		first-data.rst: ls -d /lib/modules/$(uname -r)/build
		first-data.rst: dkms status
		first-data.rst: sudo apt-get install linux-headers-rpi-v8
		first-data.rst: sudo apt-get install linux-headers-$(uname -r)
		first-data.rst: sudo apt-get build-dep ./scripts/packaging
		first-data.rst: make deb
		first-data.rst: sudo apt-get install ./build/deb/cityhub_*.deb ./build/deb/cityhub-dkms_*.deb
		first-data.rst: sudo cp /usr/share/cityhub/overlays/raspberrypi/*.dtbo /boot/firmware/overlays/
		first-data.rst: echo dtoverlay=cityhub-hub | sudo tee -a /boot/firmware/config.txt
		first-data.rst: sudo cp /usr/share/cityhub/overlays/beaglebone/*.dtbo /lib/firmware/
		first-data.rst: echo uboot_overlay_addr4=/lib/firmware/cityhub-hub.dtbo | sudo tee -a /boot/uEnv.txt
		first-data.rst: sudo reboot
		first-data.rst: systemctl status cityhubd
		first-data.rst: sudo systemctl reload cityhubd
		first-data.rst: sudo usermod -a -G cityhub "$USER"
		wiring.rst: sudo apt-get install i2c-tools
		wiring.rst: sudo modprobe i2c-dev
		upgrade.rst: sudo apt-get install ./cityhub_*.deb ./cityhub-dkms_*.deb
		upgrade.rst: sudo systemctl stop cityhubd
		upgrade.rst: sudo systemctl start cityhubd
		upgrade.rst: dkms status
		upgrade.rst: sudo apt-get install --allow-downgrades ./old/cityhub_*.deb ./old/cityhub-dkms_*.deb
	END
}

# each_fault: does the guide explain each name that cityhub faults knows?
each_fault() {
	local name

	while read -r name; do
		grep -qE "^\*.*$name.*\*\$" "$guides/diagnosis.rst" || {
			echo "not $name"
			return 1
		}
	done < <(sed -n 's/^\t{ "\([a-z_]*\)", ".*/\1/p' \
		"$top/userspace/cityhub/cmd_faults.c")
}

# ---- diagnosis, without our tools ------------------------------------------

echo cityhub-0 > "$(iio_dir mpl3115)/trigger/current_trigger"
bus=$(basename "$(dirname "$(readlink -f "$(iio_dir sen66)")")")
ok "the address shows as UU" grep -q UU <(i2cdetect -y "${bus%-*}")
for guide in diagnosis wiring; do
	has $guide.rst 'i2cdetect -y 1'
done
runs diagnosis.rst 'dmesg | grep -i cityhub' cityhub
runs diagnosis.rst 'cityhub list' sen66
runs diagnosis.rst 'cityhub stats' taken
runs diagnosis.rst 'iio_info' sen66
# Until the first sample there is nothing to read.
wait_for 20 iio_attr -c sen66 temp raw
runs diagnosis.rst 'iio_attr -c sen66 temp raw' '[0-9]'
runs diagnosis.rst 'iio_readdev -T 20000 -b 3 -s 3 sen66 | xxd | head' '^00000000:'
has diagnosis.rst 'iio_readdev -t'
has diagnosis.rst \
	'echo cityhub-0 > /sys/bus/iio/devices/iio:device0/trigger/current_trigger'
ok "with it a device that needs one is captured" \
	bash -c "iio_readdev -T 20000 -b 3 -s 3 mpl3115 | wc -c | grep -vx 0"
echo > "$(iio_dir mpl3115)/trigger/current_trigger"

# ---- commissioning ---------------------------------------------------------

# How it ends depends on what the clamps see.
has wiring.rst 'sudo cityhub commission --check'
like "it looks at the meter" "$(cityhub commission --check)" 'sensor ade9000-meter'
runs wiring.rst 'cityhub commission --help' 'serial'

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
has first-data.rst 'cityhub watch'
ok "it shows the air" bash -c "cityhub watch --seconds 3 --plain | grep -i pm2"
runs diagnosis.rst 'cityhub ledger' 'adds_up'
has diagnosis.rst 'cityhub watch'
runs diagnosis.rst 'cityhub faults'
ok "each fault that it may tell is in diagnosis.rst" each_fault
# It names what a bare test kernel lacks, so its exit status says nothing.
for command in 'sudo cityhub doctor' 'cityhub doctor broker' 'cityhub doctor --json'; do
	has diagnosis.rst "$command"
	like "it says something" "$(${command#sudo })" 'OK|note|FAULT|"healthy"'
done
has first-data.rst 'sudo cityhub doctor kernel sensors'
like "it knows the sensor" "$(cityhub doctor kernel sensors)" 'OK +sensor sen66'
runs first-data.rst 'cityhub list' sen66
runs first-data.rst 'uname -r' .

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

# With a broker on loopback in place of theirs.
{
	grep '^  hub = ' "$work/more"
	echo "mqtt = { host = \"127.0.0.1\"; port = $daemon_port; tls = false; };"
	grep -v '^  mqtt = ' /etc/cityhub/cityhubd.conf
} > "$work/loopback"
mv "$work/loopback" /etc/cityhub/cityhubd.conf
subscribe=$(sed -n 's/^  \(mosquitto_sub .*\)/\1/p' "$guides/first-data.rst")
has first-data.rst "$subscribe"
subscribe=${subscribe/-h broker.example.org -p 8883 --capath \/etc\/ssl\/certs/-p $daemon_port}
broker_start
daemon_start
ok "it gets data" bash -c "timeout 60 $subscribe | grep -m 1 -q '/lamp-0815/data/sen66'"
daemon_stop
broker_stop

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
printed upgrade.rst "sudo $unload"
printed upgrade.rst "sudo $load"
for module in $(tr ' ' '\n' <<< "$unload" | grep ^cityhub); do
	# The virtual hub holds the drivers' devices; its own go first.
	[ ! -d /sys/module/cityhub_sim ] || rmmod cityhub_sim
	ok "$module can be unloaded in that order" rmmod "$module"
done

# ---- what was not run ------------------------------------------------------

while IFS= read -r command; do
	[ "${judged[$command]-}" = yes ] || grep -qxF -- "$command" <(on_a_board) ||
		point "not ok" "nothing runs $command"
done < <(commands)
ok "commands were found" [ "$(commands | wc -l)" -gt 30 ]
while IFS= read -r command; do
	ok "on a board only: $command" grep -qxF -- "$command" <(commands)
done < <(on_a_board)
finish
