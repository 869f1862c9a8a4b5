# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the tests in this directory: TAP output, the virtual hub, IIO devices.
# A test sources it, calls ok, is and skip, and ends with finish.
#
# Comment lines at the top of a test tell the runner (scripts/check):
#   # kernel: uml 6.1    where to run it, once on each; default uml;
#                        host is here, outside of any test kernel; none
#   # stock: 6.1 6.12    and where else, by make check-stock; arm64 and armhf
#                        are for tests that boot it, by make check-arm
#   # smp: yes           and on the debug kernel with two processors, by make
#                        check-smp, with three times as long a timeout; host
#                        is for tests that boot it
#   # hub: no            do not load cityhub
#   # sim: no            do not load cityhub-sim
#   # chips: sen66       chips of the virtual hub; default all
#   # timeout: 120       seconds of the host's time; default 900
#   # real-time: yes     uml with the host's clock
#   # long: yes          minutes: is started before the others
#   # alone: yes         with no other test beside it
#   # fast: yes          part of check-fast, where several tests share a boot

set -u

sim=/sys/kernel/debug/cityhub-sim
iio=/sys/bus/iio/devices
points=0
failures=0

note() {
	local line

	while IFS= read -r line; do
		echo "# $line"
	done <<< "$*"
}

# point ok|"not ok" NAME: print one test point
point() {
	points=$((points + 1))
	[ "$1" = ok ] || failures=$((failures + 1))
	echo "$1 $points - $2"
}

# ok NAME COMMAND...: the command must succeed; its output is shown if not
ok() {
	local name=$1 output status

	shift
	output=$("$@" 2>&1)
	status=$?
	if [ "$status" = 0 ]; then
		point ok "$name"
		return 0
	fi
	point "not ok" "$name"
	note "exit status $status of: $*"
	[ -z "$output" ] || note "$output"
	return 1
}

# fails NAME COMMAND...: the command must fail
fails() {
	local name=$1 output

	shift
	if ! output=$("$@" 2>&1); then
		point ok "$name"
		return 0
	fi
	point "not ok" "$name"
	note "succeeded: $*"
	[ -z "$output" ] || note "$output"
	return 1
}

# is NAME GOT WANT: two strings must be equal
is() {
	if [ "$2" = "$3" ]; then
		point ok "$1"
		return 0
	fi
	point "not ok" "$1"
	note "got:  $2"
	note "want: $3"
	return 1
}

# like NAME GOT PATTERN: an extended regular expression must match
like() {
	if [[ $2 =~ $3 ]]; then
		point ok "$1"
		return 0
	fi
	point "not ok" "$1"
	note "got:     $2"
	note "pattern: $3"
	return 1
}

# skip NAME REASON
skip() {
	points=$((points + 1))
	echo "ok $points - $1 # SKIP $2"
}

# finish: print the plan and end the test
finish() {
	echo "1..$points"
	[ "$points" -gt 0 ] && [ "$failures" = 0 ]
	exit
}

# as_nobody COMMAND...: without any privilege
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}

# wait_for SECONDS COMMAND...: until the command succeeds; polls ten times a
# second
wait_for() {
	local tries=$(($1 * 10))

	shift
	until "$@" > /dev/null 2>&1; do
		[ "$tries" -gt 0 ] || return 1
		tries=$((tries - 1))
		sleep 0.1
	done
}

# iio_find NAME: set $iio_found to the directory in sysfs of the device with that
# name. No process for what is asked so often: one takes a tenth of a second of
# the uml kernel.
iio_find() {
	local file name

	for file in "$iio"/iio:device*/name; do
		{ read -r name < "$file"; } 2>/dev/null || continue
		[ "$name" = "$1" ] || continue
		iio_found=${file%/name}
		return 0
	done
	echo "no device $1" >&2
	return 1
}

# iio_name NAME: print iio:deviceN of the device with that name
iio_name() {
	iio_find "$1" 2>/dev/null && echo "${iio_found##*/}"
}

# iio_dir NAME: print its directory in sysfs
iio_dir() {
	iio_find "$1" 2>/dev/null && echo "$iio_found"
}

# iio_get NAME ATTRIBUTE: print its line
iio_get() {
	local line

	iio_find "$1" && read -r line < "$iio_found/$2" && echo "$line"
}

# iio_set NAME ATTRIBUTE VALUE
iio_set() {
	iio_find "$1" && echo "$3" > "$iio_found/$2"
}

# iio_scan NAME on|off: every channel of the buffer
iio_scan() {
	local file value=1

	[ "$2" = on ] || value=0
	iio_find "$1" || return
	for file in "$iio_found"/scan_elements/*_en; do
		echo "$value" > "$file" || return
	done
}

# iio_value DIR LABEL: print the value times scale of the channel of that label
iio_value() {
	local file label raw scale

	for file in "$1"/in_*_label; do
		read -r label < "$file"
		[ "$label" != "$2" ] || break
	done
	[ "$label" = "$2" ] || return
	read -r raw < "${file%label}raw"
	label=${file##*/in_}
	for file in "${file%label}scale" "$1/in_${label%%[!a-z]*}_scale"; do
		[ ! -e "$file" ] || { read -r scale < "$file"; break; }
	done
	awk -v raw="$raw" -v scale="$scale" 'BEGIN { printf "%.9g\n", raw * scale }'
}

# near NAME GOT WANT TOLERANCE
near() {
	if awk -v got="$2" -v want="$3" -v tolerance="$4" 'BEGIN {
		error = got - want
		exit !(got != "" && error <= tolerance && -error <= tolerance)
	}'; then
		point ok "$1"
	else
		point "not ok" "$1"
		note "got $2, want $3 within $4"
	fi
}

# member_count MEMBER COUNTER...: print what the hub says of a member, who is
# "name":"NAME" or "id":N, as in its JSON
member_count() {
	local stats counter numbers=()

	stats=$("${BASH_SOURCE[0]%/*}/../../build/cityhub" stats --json)
	for counter in "${@:2}"; do
		[[ $stats =~ $1[^{]*\"$counter\":\"?([0-9a-z]+) ]]
		numbers+=("${BASH_REMATCH[1]-}")
	done
	echo "${numbers[*]}"
}

# raw_ns: print the present in CLOCK_MONOTONIC_RAW
raw_ns() {
	"${BASH_SOURCE[0]%/*}/../../build/tools/raw-ns"
}

# sim_set CHIP FILE VALUE: a fault or a setting of a simulated chip
sim_set() {
	echo "$3" > "$sim/$1/$2"
}

# sim_truth CHIP: print and drain what the chip took since the last time
sim_truth() {
	cat "$sim/$1/truth"
}

# world_scenario FILE [SPEED_PERMILLE]: play a scenario from now on
world_scenario() {
	cat "$1" > "$sim/world/scenario" &&
	echo "${2-1000}" > "$sim/world/speed_permille" &&
	echo 1 > "$sim/world/start"
}

# world_now QUANTITY: print the present value of one column
world_now() {
	awk -F , -v want="$1" '
		/^#/ { next }
		!seen { for (i = 1; i <= NF; i++) if ($i == want) at = i
			seen = 1; next }
		at { print $at; found = 1; exit }
		END { exit !found }' "$sim/world/now"
}
