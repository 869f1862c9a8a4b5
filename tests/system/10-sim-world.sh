#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# hub: no
# chips: sen66
#
# The world of the virtual hub: scenarios, speed, and what is refused.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# play TEXT: as a careful program would, which looks at what close() says
play() {
	dd of="$sim/world/scenario" bs=64k 2>/dev/null <<< "$1"
}

# last_refusal: what the kernel's log says about it
last_refusal() {
	dmesg -t | sed -n 's/^cityhub-sim: scenario, //p' | tail -n 1
}

# speed PERMILLE
speed() {
	echo "$1" > "$sim/world/speed_permille"
}

day=$(dirname "$0")/../sim/street-day
ok "the street day is what its generator prints" \
	eval "python3 '$day.py' | cmp - '$day.csv'"

speed 0
before=$(< "$sim/world/now")
sleep 1
is "the world stands still at speed 0" "$(< "$sim/world/now")" "$before"
speed 1000

ok "the street day is accepted" eval "cat '$day.csv' > '$sim/world/scenario'"
speed 0
echo 1 > "$sim/world/start"
is "midnight" "$(world_now co2_ppm) $(world_now l1_hz)" "427.200000 49.998000"

speed 1000
play $'t_s,temp_c,co2_ppm\n0,-10,400\n1000000,990,\n'
speed 0
echo 1 > "$sim/world/start"
is "a new scenario replaces the old one" \
	"$(world_now temp_c) $(world_now co2_ppm)" "-10.000000 400.000000"
like "what it does not name follows the built-in world" \
	"$(world_now pressure_hpa)" '^1008\.6'
speed 1000000
sleep 2
speed 0
t=$(world_now t_s)
ok "a thousand times faster" awk -v t="$t" 'BEGIN { exit !(t >= 2000) }'
ok "interpolated" awk -v t="$t" -v temp="$(world_now temp_c)" \
	'BEGIN { d = temp - (t / 1000 - 10); exit !(d * d < 1e-10) }'

now=$(< "$sim/world/now")
fails "a bad row is refused" play $'t_s,temp_c\n0,1\n1,warm\n'
is "and the log names the line" "$(last_refusal)" "line 3: not a number"
fails "a bad last row without an end is refused at close" \
	dd of="$sim/world/scenario" bs=64k < <(printf 't_s,temp_c\n0,1\n1')
is "and the log names the line" "$(last_refusal)" \
	"line 3: fewer cells than columns"
fails "an unknown column is refused" play $'t_s,wind\n0,1\n'
fails "an empty table is refused" play $'t_s,temp_c\n'
is "what was refused changed nothing" "$(< "$sim/world/now")" "$now"
fails "a speed out of range is refused" speed 1000001

play $'t_s,temp_c\n0,1\n'
ok "no write, no change" eval ": > '$sim/world/scenario'"
is "one row holds for ever" "$(world_now temp_c)" 1.000000
finish
