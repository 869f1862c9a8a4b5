#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# chips: sen66
#
# The instants of the SEN66, which has no interrupt and whose poll takes longer
# than what is wanted: after two minutes right to 2 ms, the mean removed.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-polled.sh
. "$here/lib-polled.sh"
# lib-polled.sh uses both
# shellcheck disable=SC2034
dev=sen66 layout='<4H4hH6xq'
columns=t_s,pm1_ugm3,pm2p5_ugm3,pm4_ugm3,pm10_ugm3,temp_c,rh_pct,co2_ppm,voc_index,nox_index

# polls: most and mean number of polls per sample, once ten samples are there
polls() {
	awk -F , '
		FNR == NR { if (/^[0-9]/) sample[++n] = $1; next }
		/^[0-9]/ {
			while (at < n && sample[at + 1] + 60e6 < $1) at++
			if (at >= 10 && at < n) count[at]++
		}
		END {
			for (at = 10; at < n; at++) {
				sum += count[at]
				if (count[at] > most) most = count[at]
			}
			printf "%d %.2f\n", most, sum / (n - 10)
		}' "$work/truth" "$work/polls"
}

# capture SECONDS
capture() {
	world "$columns" 0,5,8,9,12,-10,20,400,10,10 \
		600,105,208,309,412,50,80,1600,310,210
	capture_start
	cat "$sim/$dev/readings" > /dev/null
	sleep "$1"
	capture_stop
	cat "$sim/$dev/readings" > "$work/polls"
}

# right LOOK_NS SKEW_PPB: where in a poll the chip looks, and its clock
right() {
	local most mean

	sim_set $dev look_ns "$1"
	sim_set $dev clock_ppb "$2"
	capture 240
	ok "look after $1 ns, clock off by $2 ppb: sd below 2 ms" \
		compare --settle 120 --gate 2000000,inf,inf
	ok "the bound is honest: $bound ns" \
		compare --settle 120 --honest "$bound"
	note "$(compare --settle 120 --report)"
	ok "and says that nobody knows when the chip looks" \
		test "$bound" -ge 10000000 -a "$bound" -le 14000000
	read -r most mean < <(polls)
	ok "$most polls for a sample at most, $mean in the mean" \
		test "$most" -le 5 -a "$most" -ge 1
}

# record: a trace, as the manual page has it, but shorter
record() {
	sed -n '/^\.SH RECORDING/,/^\.EE/{/^\.EX/,/^\.EE/p}' \
		"$here/../../Documentation/man/stamp-replay.1" |
		sed -e '/^\.E/d' -e 's/\\-/-/g' -e 's/\\e/\\/g' \
			-e 's/timeout 60/timeout 20/' > "$work/record"
	mount -t tracefs none /sys/kernel/tracing 2> /dev/null
	bash "$work/record"
}

wait_for 5 iio_name $dev
sim_set $dev clock_walk_ppb 20
sim_set $dev clock_noise_ns 50
if [ "$VM_KERNEL" = uml ]; then
	right 0 4000000
	right 20000000 -25000000
	# The loss of some samples does not cost the lock.
	sim_set $dev look_ns 7000000
	capture_start
	sleep 130
	sim_set $dev nack 1000000
	sleep 3.3
	sim_set $dev nack 0
	sleep 20
	capture_stop
	ok "a dead bus of three seconds" compare --missing any --settle 120 \
		--gate 2000000,inf,inf
else
	record 2> "$work/record.log" &
	capture 30
	wait $!
	is "a trace can be recorded" "$(< "$work/record.log")" ""
	"$here/../../build/stamp-replay" --period-ns 1000000000 < /tmp/trace > "$work/replayed"
	is "and replayed" $? 0
	ok "all of it" [ "$(grep -c ' poll$' "$work/replayed")" -ge 15 ]
	note "$(tail -n 1 /tmp/trace) -> $(tail -n 1 "$work/replayed")"
	reported --settle 15
	read -r most mean < <(polls)
	note "polls for a sample: $most at most, $mean in the mean"
fi
finish
