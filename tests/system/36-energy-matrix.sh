#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: none
# stock: uml
# chips: ade9000,ade7953
# timeout: 900
#
# Each register field that the drivers of the energy meters use: set or read
# through sysfs, and compared with the register of the simulated chip. The rows
# are in energy-matrix.tsv, and what is left out in energy-matrix-left-out.tsv.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
work=$(mktemp -d)

# peek CHIP REGISTER MASK: what the chip has
peek() {
	echo "$(($2))" > "$sim/$1/peek"
	printf '0x%x\n' $(($(< "$sim/$1/peek") & $3))
}

# find_file DEVICE PATTERN: the attribute, whose name depends on the kernel
find_file() {
	local file

	for file in "$(iio_dir "$1")"/$2; do
		[ ! -e "$file" ] || { echo "$file"; return; }
	done
	return 1
}

# channel DEVICE LABEL: the beginning of the names of its files
channel() {
	local file label

	for file in "$(iio_dir "$1")"/in_*_label; do
		read -r label < "$file"
		[ "$label" = "$2" ] || continue
		echo "${file%_label}"
	done
}

# board CHIP PROPERTY...: bind to a board with these
board() {
	local chip=$1 device

	shift
	case $chip in
	ade9000) device=spi0.0 ;;
	*) device=spi0.1 ;;
	esac
	echo $device > "/sys/bus/spi/drivers/cityhub-$chip/unbind"
	printf '%s\n' "${@:-cityhub,none=0}" > "$sim/$chip/properties"
	echo $device > "/sys/bus/spi/drivers/cityhub-$chip/bind"
	bound=1
}

# After boards came and went: results settle, and events are let through.
settle() {
	[ "$1" != board ] || return 0
	[ "$bound" = 0 ] || sleep 2.5
	bound=0
}

# capture DEVICE [SETTING=VALUE...]: switch the buffer on
capture() {
	local dev=$1 setting

	shift
	iio_scan "$dev" off
	for setting; do
		iio_set "$dev" "${setting%=*}" "${setting#*=}"
	done
	iio_set "$dev" buffer/enable 1
}

# act CHIP ACTION ARGUMENT...: do what the row says
act() {
	local chip=$1 action=$2

	shift 2
	case $action in
	board) board "$chip" "$@" ;;
	set) echo "$3" > "$(find_file "$1" "$2")" ;;
	capture) capture "$@" ;;
	none) ;;
	*) echo "no action $action"; false ;;
	esac
}

undo() {
	case $2 in
	board) board "$1" ;;
	capture)
		iio_set "$3" buffer/enable 0
		[ "$3" != ade9000-wave ] ||
			iio_set ade9000-wave sampling_frequency 8000
		;;
	esac
}

# The raw value of a channel is the register, bit for bit. The chip may round
# anew between the two looks.
raw() {
	local chip=$1 register=$2 mask=$3 file value want

	file=$(channel "$5" "$6")_raw
	for _ in 1 2 3 4 5; do
		value=$(printf '0x%x' $(($(< "$file") & mask)))
		want=$(peek "$chip" "$register" "$mask")
		[ "$value" != "$want" ] || break
	done
	is "$chip $register $7" "$value" "$want"
}

cat > "$work/world.csv" <<'END'
t_s,l1_v,l1_a,l1_pf,l1_hz,l2_v,l2_a,l2_pf,l2_hz,l3_v,l3_a,l3_pf,l3_hz
0,230.1,2.5,0.9,50,229.4,10.25,0.7,50,231.7,4,-0.8,50
100000,230.1,2.5,0.9,50,229.4,10.25,0.7,50,231.7,4,-0.8,50
END
world_scenario "$work/world.csv"
sleep 3
rows=0
bound=0
while IFS=$'\t' read -r chip register mask want action arguments what; do
	case $chip in '#'* | '') continue ;; esac
	rows=$((rows + 1))
	[ "$arguments" != - ] || arguments=''
	settle "$action"
	IFS=' ' read -ra words <<< "$arguments"
	if [ "$action" = raw ]; then
		raw "$chip" "$register" "$mask" raw "${words[@]}" "$what"
		continue
	fi
	act "$chip" "$action" "${words[@]}" ||
		note "$chip $register: $action $arguments failed"
	is "$chip $register $what" "$(peek "$chip" "$register" "$mask")" "$want"
	undo "$chip" "$action" "${words[@]}"
done < "$here/energy-matrix.tsv"
ok "there were rows" test $rows -ge 80

# Every register the drivers name is in one of the two tables.
for chip in ade9000 ade7953; do
	missing=$(awk -v chip="$chip" '
		FILENAME ~ /tsv$/ { if ($1 == chip) named[$2] = 1; next }
		/^#define ADE[0-9]+_REG_/ && !($3 in named) { print $2 }' \
		"$here"/energy-matrix*.tsv "$here/../../kernel/energy/$chip.h")
	is "every register of $chip is in a row or has a reason" "$missing" ""
done

rm -r "$work"
finish
