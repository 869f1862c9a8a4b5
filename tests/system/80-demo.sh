#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
# alone: yes
#
# The whole path on Debian's stock kernels, as `make demo` shows it: from the
# simulated chips to a subscriber, with the broker cut on the way.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# demo KERNEL SECONDS
demo() {
	YES=1 DEMO_KERNEL=$1 DEMO_SECONDS=$2 DEMO_RECORD=$work/$1.jsonl \
		DEMO_KEEP=$work/$1 "$here/../../scripts/demo" < /dev/null
}

ok "6.1: all classes come and nothing is lost" demo 6.1 45
ok "6.1: each value is what the chip measured" \
	python3 "$here/demo_compare.py" "$work/6.1.jsonl" "$work/6.1/vm"
ok "6.12: all classes come and nothing is lost" demo 6.12 45
ok "6.12: each value is what the chip measured" \
	python3 "$here/demo_compare.py" "$work/6.12.jsonl" "$work/6.12/vm"
# A scenario of one line: the subscriber must get just that.
cat > "$work/still.csv" <<'END'
t_s,pm2p5_ugm3,co2_ppm,noise_dba,l1_v,l1_a,l1_pf,l1_hz
0,12.3,777,61,229.5,3,1,50
100000,12.3,777,61,229.5,3,1,50
END
DEMO_SCENARIO=$work/still.csv
export DEMO_SCENARIO DEMO_SPEED=60
ok "a scenario of one's own is played" demo 6.1 10
ok "and its values come out" grep -q '"co2".*"mean": *777' "$work/6.1.jsonl"

finish
