#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1 6.12
# hub: no
# chips: mpl3115,bmp280
#
# The kernel's own drivers measure the world through the simulated MPL3115 and
# BMP280.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# near NAME GOT WANT STEP: equal but for one step
near() {
	ok "$1: $2 for $3" awk -v got="$2" -v want="$3" -v step="$4" \
		'BEGIN { d = (got - want) / step; exit !(d < 1.001 && d > -1.001) }'
}

# times A B
times() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.9g\n", a * b }'
}

# truth CHIP COLUMN: last value of a column
truth() {
	sim_truth "$1" | awk -F , -v want="$2" '
		/^#/ { for (i = 1; i <= NF; i++) if ($i == want) at = i; next }
		{ last = $at }
		END { print last }'
}

# weather TEMPERATURE PRESSURE
weather() {
	printf 't_s,temp_c,pressure_hpa\n0,%s,%s\n' "$1" "$2" \
		> "$sim/world/scenario"
}

check_mpl3115() {
	local raw temp

	raw=$(iio_get mpl3115 in_pressure_raw)
	is "MPL3115: pressure code" "$raw" "$(truth mpl3115 pressure_lsb)"
	near "MPL3115: pressure in hPa" "$(times "$raw" 0.0025)" "$2" 0.0025
	temp=$(iio_get mpl3115 in_temp_raw)
	is "MPL3115: temperature code" "$temp" "$(truth mpl3115 temp_lsb)"
	near "MPL3115: temperature" "$(times "$temp" 0.0625)" "$1" 0.0625
}

check_bmp280() {
	local press temp centi

	sleep 0.2
	temp=$(iio_get bmp280 in_temp_input)
	press=$(iio_get bmp280 in_pressure_input)
	centi=$(truth bmp280 temp_centi_c)
	# Newer drivers round negative values the other way.
	near "BMP280: temperature as in the log" "${temp%.*}" $((centi * 10)) 10
	near "BMP280: temperature" "$(times "$temp" 0.001)" "$1" 0.01
	near "BMP280: pressure in hPa" "$(times "$press" 10)" "$2" 0.02
}

for name in mpl3115 bmp280; do
	ok "$name is bound" wait_for 5 iio_name "$name"
done
for want in "21.37 1013.25" "-17.25 963.1" "44.9 1050"; do
	read -r temp press <<< "$want"
	weather "$temp" "$press"
	check_mpl3115 "$temp" "$press"
	check_bmp280 "$temp" "$press"
done
sim_set mpl3115 nack 1
fails "MPL3115: a transfer that is not acknowledged" \
	iio_get mpl3115 in_pressure_raw
ok "MPL3115: the next one is" iio_get mpl3115 in_pressure_raw
finish
