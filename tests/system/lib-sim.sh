# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the tests of the virtual hub itself: its chips are spoken to on the bus,
# without a driver.

# sim_bus: print the number of the simulated I2C bus
sim_bus() {
	local file

	for file in /sys/bus/i2c/devices/i2c-*/name; do
		[ "$(< "$file")" = cityhub-sim-i2c ] || continue
		file=${file%/name}
		echo "${file##*/i2c-}"
		return 0
	done
	return 1
}

# sim_unbind ADDRESS: take the chip from its driver
sim_unbind() {
	local device

	device=$(printf '%d-%04x' "$bus" "$1")
	[ ! -e "/sys/bus/i2c/devices/$device/driver" ] ||
		echo "$device" > "/sys/bus/i2c/devices/$device/driver/unbind"
}

# i2c ARGUMENT...: one transfer, as i2ctransfer takes it
i2c() {
	i2ctransfer -y "$bus" "$@"
}

# crc8 HIGH LOW: put the checksum of a word of the SEN66 into $crc; forks are
# slow on User-Mode Linux
crc8() {
	local byte i

	crc=255
	for byte in "$@"; do
		crc=$((crc ^ byte))
		for ((i = 0; i < 8; i++)); do
			crc=$((crc & 128 ? crc << 1 & 255 ^ 0x31 : crc << 1))
		done
	done
}

# sen COMMAND [WORD...]: send a command to the SEN66
sen() {
	local command=$1 word bytes

	shift
	bytes=$((command >> 8)),$((command & 255))
	for word in "$@"; do
		word=$((word & 0xffff))
		crc8 $((word >> 8)) $((word & 255))
		bytes=$bytes,$((word >> 8)),$((word & 255)),$crc
	done
	sen_bytes "${bytes//,/ }"
}

# sen_bytes "BYTE...": send bytes to it as they are
sen_bytes() {
	local bytes

	read -ra bytes <<< "$1"
	i2c "w${#bytes[@]}@0x6b" "${bytes[@]}"
}

# sen_words N: read N words from it, check them and print them in decimal
sen_words() {
	local bytes i

	read -ra bytes <<< "$(i2c "r$((3 * $1))@0x6b" 2>/dev/null)"
	[ ${#bytes[@]} = $((3 * $1)) ] || return 1
	for ((i = 0; i < 3 * $1; i += 3)); do
		crc8 "${bytes[i]}" "${bytes[i + 1]}"
		[ "$crc" = $((bytes[i + 2])) ] || return 2
		bytes[i]=$((bytes[i] << 8 | bytes[i + 1]))
		unset "bytes[i+1]" "bytes[i+2]"
	done
	echo "${bytes[*]}"
}

# sen_ask COMMAND N [WORD...]: send a command, wait, print the answer
sen_ask() {
	local command=$1 n=$2

	shift 2
	sen "$command" "$@" && sleep 0.03 && sen_words "$n"
}

# dbm REGISTER N: read registers of the PCBA-DBM, print them in decimal
dbm() {
	local byte out=''

	for byte in $(i2c w1@0x48 "$1" "r$2"); do
		out="$out $((byte))"
	done
	[ -n "$out" ] && echo "${out# }"
}

# dbm_write REGISTER BYTE...
dbm_write() {
	i2c "w$#@0x48" "$@"
}

bus=$(sim_bus)
modprobe -q i2c-dev
