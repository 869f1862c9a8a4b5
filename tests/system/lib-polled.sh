# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the tests of the drivers that poll their chips: captures against the
# truth log. The test sets $dev (name of device and chip) and $layout (struct
# format of a scan).

# shellcheck disable=SC2154 # $here, $dev, $layout and $sim are the test's
work=$(mktemp -d)
bound=

# capture_start [WATERMARK]: all channels, into $work/buffer
capture_start() {
	iio_set "$dev" current_timestamp_clock monotonic_raw
	iio_scan "$dev" on
	iio_set "$dev" buffer/length 1024
	iio_set "$dev" buffer/watermark "${1-1}"
	sim_truth "$dev" > /dev/null
	iio_set "$dev" buffer/enable 1 || return
	cat "/dev/$(iio_name "$dev")" > "$work/buffer" 2> "$work/error" &
	reader=$!
}

# capture_stop: truth into $work/truth, bound of the last stamp into $bound
capture_stop() {
	# shellcheck disable=SC2034 # the tests use it
	bound=$(count bound_ns)
	iio_set "$dev" buffer/enable 0
	sleep 0.1
	kill "$reader"
	wait "$reader" 2>/dev/null
	sim_truth "$dev" > "$work/truth"
}

# compare [OPTION...]: the capture with the log
compare() {
	python3 "$here/truth_compare.py" "$layout" "$work/buffer" "$work/truth" "$@"
}

# reported [OPTION...]: a capture in real time, of which only order is judged
reported() {
	compare --missing any --report "$@" > "$work/found" 2>&1
	note "$(< "$work/found")"
	ok "samples came" test -s "$work/buffer"
	fails "no stamp is before the one in front" grep "stamp .* after" "$work/found"
}

# world ROW...: play a scenario of these rows, the first names the columns
world() {
	printf '%s\n' "$@" > "$work/scenario"
	world_scenario "$work/scenario"
}

# count COUNTER...: what the hub says of the device; null is nothing
count() {
	member_count "\"name\":\"$dev\"" "$@"
}

# refuses FILE VALUE ERROR: sysfs must say so
refuses() {
	local message

	message=$(iio_set "$dev" "$1" "$2" 2>&1) && return 1
	[[ $message == *"$3"* ]]
}

# i2c_device: the device on the bus, as bind and unbind want it
i2c_device() {
	basename "$(readlink -f "$(iio_dir "$dev")/..")"
}

# unplug DRIVER: unbind under a blocked reader, and bind again
unplug() {
	local device reader status driver=/sys/bus/i2c/drivers/$1

	device=$(i2c_device)
	iio_scan "$dev" on
	iio_set "$dev" buffer/watermark 64
	iio_set "$dev" buffer/enable 1
	cat "/dev/$(iio_name "$dev")" > /dev/null 2> "$work/error" &
	reader=$!
	sleep 1.3
	ok "a reader is blocked" kill -0 "$reader"
	ok "unbind" eval "echo $device > $driver/unbind"
	wait "$reader"
	status=$?
	like "the reader is told: status $status" "$(< "$work/error")" \
		'No such device'
	fails "the device is gone" iio_name "$dev"
	ok "bind again" eval "echo $device > $driver/bind"
	ok "the device is back" wait_for 5 iio_name "$dev"
}
