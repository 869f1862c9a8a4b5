#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# hub: no
# chips: pcba-dbm
#
# The simulated PCBA-DBM is as strict as its manual.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/lib-sim.sh
. "$(dirname "$0")/lib-sim.sh"

# noise DBA: constant
noise() {
	printf 't_s,noise_dba\n0,%s\n' "$1" > "$sim/world/scenario"
}

sim_unbind 0x48
noise 57.6
sim_set pcba-dbm reset 1
fails "does not acknowledge while it starts up" dbm 0x00 1
sleep 0.01
is "version, identity, scratch, control, averaging time" "$(dbm 0x00 9)" \
	"49 193 126 93 177 170 2 3 232"
is "no level yet; least and most are undefined" "$(dbm 0x0a 3)" "0 165 165"
is "thresholds and gain" "$(dbm 0x0d 3)" "45 85 18"
sleep 1
is "a level after a second" "$(dbm 0x0a 3)" "58 58 58"
is "one entry in the history" "$(dbm 0x14 2)" "58 0"

# Averaging time.
dbm_write 0x08 100
is "the low byte takes the high one along" "$(dbm 0x07 2)" "3 100"
dbm_write 0x07 0
is "the high byte waits for the low one" "$(dbm 0x07 2)" "3 100"
dbm_write 0x08 50
is "both at once" "$(dbm 0x07 2)" "0 50"
dbm_write 0x07 0 9
is "less than 10 ms is refused" "$(dbm 0x07 2)" "0 50"
dbm_write 0x07 0x27 0x11
is "more than 10 s is refused" "$(dbm 0x07 2)" "0 50"
dbm_write 0x09 6
sim_truth pcba-dbm > /dev/null
sleep 1
is "a level every 50 ms" "$(sim_truth pcba-dbm | awk -F , '/^[0-9]/ {
	if (t) print $1 - t; t = $1 }' | sort -u)" 50000000

# Levels.
noise 20
sleep 0.2
is "never below 35 dB" "$(dbm 0x0a 3)" "35 35 58"
noise 140
sleep 0.2
is "never above 120 dB" "$(dbm 0x0a 3)" "120 35 120"
dbm_write 0x09 2
is "least and most are undefined when cleared" "$(dbm 0x0b 2)" "165 165"
noise 60
dbm_write 0x06 4
sleep 0.2
is "C-weighted" "$(dbm 0x0a 1)" 64
dbm_write 0x06 6
is "a reserved filter is refused" "$(dbm 0x06 1)" 4
dbm_write 0x06 2
dbm_write 0x0a 1
dbm_write 0x14 1
sleep 0.06
is "what is read-only stays" "$(dbm 0x0a 1) $(dbm 0x14 1)" "60 60"
is "the reset register reads back nothing" "$(dbm 0x09 1)" 0

# History.
dbm_write 0x09 4
sleep 6
is "a hundred entries" "$(dbm 0x14 101 | xargs -n 1 | grep -c 60)" 100
dbm_write 0x09 4
is "a cleared history" "$(dbm 0x14 100 | xargs -n 1 | sort -u)" 0

# Interrupts: each edge is swallowed, and so counted down.
edges() {
	echo $((1000 - $(< "$sim/pcba-dbm/irq_lost")))
}

sim_set pcba-dbm irq_lost 1000
dbm_write 0x09 5
dbm_write 0x06 0x0a
sleep 4.4
is "no interrupt before the 90th entry" "$(edges)" 0
sleep 0.2
is "one with the 90th" "$(edges)" 1
dbm_write 0x09 1
sleep 2
is "none while the history stays full" "$(edges)" 1
dbm_write 0x09 4
sleep 4.6
is "another after 90 more" "$(edges)" 2
dbm_write 0x09 4
sleep 4.6
is "none while the last one is not cleared" "$(edges)" 2
dbm_write 0x09 5
dbm_write 0x06 0x1a
sleep 0.2
is "none while the level is within the thresholds" "$(edges)" 2
noise 86
sleep 0.2
is "one when it is above" "$(edges)" 3
dbm_write 0x09 1
sleep 0.2
is "another, it still is" "$(edges)" 4
dbm_write 0x0e 86
dbm_write 0x09 1
sleep 0.2
is "none, the threshold is the level" "$(edges)" 4
noise 44
sleep 0.2
is "one when it is below" "$(edges)" 5
dbm_write 0x06 2
dbm_write 0x09 5
sleep 5
is "none when switched off" "$(edges)" 5

# Lateness and errors of the clock, by chance.
is "no profile" "$(< "$sim/pcba-dbm/irq_profile")" none
sim_set pcba-dbm irq_profile hostile
is "a profile" "$(< "$sim/pcba-dbm/irq_profile")" hostile
fails "an unknown profile is refused" sim_set pcba-dbm irq_profile bored
sim_set pcba-dbm irq_profile none

sim_set pcba-dbm clock_walk_ppb 1000000
sim_truth pcba-dbm > /dev/null
sleep 2.1
ok "a clock that walks wanders away" test "$(sim_truth pcba-dbm |
	awk -F , '/^[0-9]/ {
		if (!n++) first = $1
		d = $1 - first - 50000000 * (n - 1)
		if (d * d > 1e10) far++ }
		END { print (n >= 40 && far > 5) }')" = 1
sim_set pcba-dbm clock_walk_ppb 0
sim_set pcba-dbm clock_noise_ns 10000
sim_truth pcba-dbm > /dev/null
sleep 5
ok "noise is around where the clock puts the levels" test "$(sim_truth pcba-dbm |
	awk -F , '/^[0-9]/ {
		if (t) { d = $1 - t - 50000000; s += d * d; n++ }
		t = $1 }
		END { d = sqrt(s / n / 2); print (d > 8000 && d < 12000) }')" = 1
sim_set pcba-dbm clock_noise_ns 0

# Power down.
dbm_write 0x06 3
sim_truth pcba-dbm > /dev/null
sleep 1
is "no levels without power" "$(sim_truth pcba-dbm | wc -l)" 1
dbm_write 0x06 2
is "writing does not wake it" "$(dbm 0x06 1)" 3
dbm_write 0x09 8
fails "a system reset takes its time" dbm 0x00 1
sleep 0.01
is "and restores all settings" "$(dbm 0x06 3)" "2 3 232"
finish
