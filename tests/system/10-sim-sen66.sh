#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# hub: no
# chips: sen66
#
# The simulated SEN66 is as strict as the sheet.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/lib-sim.sh
. "$(dirname "$0")/lib-sim.sh"

name="21317 20022 13824 0 0 0 0 0 0 0 0 0 0 0 0 0"
unknown="65535 65535 65535 65535 32767 32767 32767 32767 65535"

# The same in every second.
world="t_s,pm1_ugm3,pm2p5_ugm3,pm4_ugm3,pm10_ugm3,temp_c,rh_pct,co2_ppm,voc_index,nox_index
0,5.24,8.4,9.96,12.04,-3.1,48.255,612.4,100,12"

sim_unbind 0x6b
ok "constant world" dd of="$sim/world/scenario" bs=1k <<< "$world"
sim_set sen66 reset 1

fails "does not acknowledge while it starts up" sen 0xd014
sleep 0.11
is "product name" "$(sen_ask 0xd014 16)" "$name"
crc8 0xbe 0xef
is "checksum of the sheet's example" "$crc" $((0x92))
fails "an answer is given once" sen_words 16
sen 0xd014
fails "nothing to read before the execution time" sen_words 16
fails "no acknowledge before the execution time" sen 0xd014
sleep 0.03
is "and then the answer" "$(sen_words 16)" "$name"
fails "an unknown command has no answer" sen_ask 0x1234 1
fails "one byte is no command" eval \
	'sen_bytes 208; sleep 0.03; sen_words 1'

# Mode.
fails "no data-ready in idle mode" sen_ask 0x0202 1
fails "no values in idle mode" sen_ask 0x0300 9
sen 0x0021
sleep 0.06
is "measuring: nothing ready" "$(sen_ask 0x0202 1)" 0
is "before the first sample all is unknown" "$(sen_ask 0x0300 9)" "$unknown"
fails "no reset while measuring" eval \
	'sen 0xd304; sleep 0.03; sen_bytes "208 20" && sleep 0.03 && ! sen_words 16'
sleep 1
is "ready after 1.1 s" "$(sen_ask 0x0202 1)" 1
is "still ready, it was not read" "$(sen_ask 0x0202 1)" 1
is "values; CO2 and NOx not known yet" "$(sen_ask 0x0300 9)" \
	"52 84 100 120 4826 $((65536 - 620)) 1000 32767 65535"
is "reading clears" "$(sen_ask 0x0202 1)" 0
is "the previous values repeat" "$(sen_ask 0x0300 9)" \
	"52 84 100 120 4826 $((65536 - 620)) 1000 32767 65535"
sleep 5.2
is "CO2 known after 6 s" "$(sen_ask 0x0300 9 | cut -d ' ' -f 8,9)" "32767 612"
sleep 5
is "NOx known after 11 s" "$(sen_ask 0x0300 9 | cut -d ' ' -f 8,9)" "120 612"
fails "no start while measuring" sen_ask 0x0021 1
like "raw values" "$(sen_ask 0x0405 5)" "^4826 $((65536 - 620)) [0-9]+ [0-9]+ 612$"

# Arguments.
sen 0x60b2 400 0 0 0
sleep 1.1
is "temperature offset of 2 degC" "$(sen_ask 0x0300 9 | cut -d ' ' -f 6)" \
	$((65536 - 220))
sen 0x60b2 400 0 0 5
sleep 1.1
is "a slot that is not there is ignored" \
	"$(sen_ask 0x0300 9 | cut -d ' ' -f 6)" $((65536 - 220))
sen 0x6720 980
sleep 0.03
is "ambient pressure" "$(sen_ask 0x6720 1)" 980
sen_bytes "103 32 4 76 0"
sleep 0.03
is "a wrong checksum is refused" "$(sen_ask 0x6720 1)" 980
sen 0x6720 1300
sleep 0.03
is "a wrong value is refused" "$(sen_ask 0x6720 1)" 980
sen 0x6720 900 900
sleep 0.03
is "a wrong length is refused" "$(sen_ask 0x6720 1)" 980
fails "no altitude while measuring" sen_ask 0x6736 1

# Stop.
sen 0x0104
sleep 1
fails "stopping takes 1.4 s" sen 0xd014
sleep 0.45
is "altitude in idle mode" "$(sen_ask 0x6736 1)" 0
is "VOC tuning" "$(sen_ask 0x60d0 6)" "100 12 12 180 50 230"
sen 0x60d0 100 12 12 180 5 230
sleep 0.03
is "VOC tuning out of range is refused" "$(sen_ask 0x60d0 6)" \
	"100 12 12 180 50 230"
sen 0x6707 500
sleep 0.51
is "CO2 recalibration fails after a short run" "$(sen_words 1)" 65535
sen 0x0021
sleep 185
sen 0x0104
sleep 1.45
sen 0x6707 500
sleep 0.51
is "CO2 recalibration after three minutes" "$(sen_words 1)" \
	$((32768 + 500 - 612))
sim_set sen66 reset 1
sleep 0.11
is "a power failure resets the parameters" "$(sen_ask 0x6720 1)" 1013
sen 0x0021
sleep 7
is "but not the CO2 calibration" "$(sen_ask 0x0300 9 | cut -d ' ' -f 9)" 500
is "NOx needs 11 s again" "$(sen_ask 0x0300 9 | cut -d ' ' -f 8)" 32767

# Status.
is "status clear" "$(sen_ask 0xd206 2)" "0 0"
sim_set sen66 status $((1 << 21 | 1 << 4))
sleep 1.1
is "status: fan slow and broken" "$(sen_ask 0xd206 2)" "32 16"
sim_set sen66 status 0
sleep 1.1
is "the error stays, the warning goes" "$(sen_ask 0xd206 2)" "0 16"
is "clearing tells the old status" "$(sen_ask 0xd210 2)" "0 16"
is "status clear again" "$(sen_ask 0xd206 2)" "0 0"

# Scripted faults.
sim_set sen66 crc_error 1
sen 0xd100
sleep 0.03
sen_words 1 > /dev/null
is "a spoilt checksum" $? 2
is "only once" "$(sen_ask 0xd100 1)" 1024
sim_set sen66 nack 1
fails "no acknowledge" sen 0xd100
ok "only once" sen 0xd100
sleep 0.03
sim_set sen66 nack_at 2
sim_set sen66 nack 1
fails "no acknowledge of a byte of data" sen 0xd100
sleep 0.03
fails "the cut command has no effect" sen_words 1

# When a data-ready command looks, and what the log says of it. The samples
# come by the second, the first one 1.1 s after the start.
sen 0x0104
sleep 1.45
sen 0x0021
sleep 1.095
cat "$sim/sen66/readings" > /dev/null
is "looking at once is too early" "$(sen_ask 0x0202 1)" 0
sen_ask 0x0300 9 > /dev/null
sleep 0.9
sim_set sen66 look_ns 20000000
fails "a look after more than 20 ms is refused" sim_set sen66 look_ns 20000001
until [ "$(sen_ask 0x0202 1)" = 1 ]; do :; done
looked=$(sed -n '/,1$/s/,.*//p' "$sim/sen66/readings")
ready=$(sim_truth sen66 | sed -n '$s/,.*//p')
ok "a late look sees a sample that came after the command" \
	test "$((looked - ready))" -ge 0 -a "$((looked - ready))" -lt 60000000
sim_set sen66 look_ns 0

# Time.
sen 0x0104
sleep 1.45
sim_truth sen66 > /dev/null
sim_set sen66 clock_ppb 1000000
sen 0x0021
sleep 10.5
is "ten samples in the log, one clock_ppb apart" \
	"$(sim_truth sen66 | awk -F , '/^[0-9]/ {
		if (t) print $1 - t; t = $1 }' | sort | uniq -c | xargs)" \
	"9 1001000000"
is "the log was drained" "$(sim_truth sen66 | wc -l)" 1
sim_set sen66 truth_capacity 3
sleep 5
is "a small log" "$(sim_truth sen66 | wc -l)" 4
is "what it could not hold" "$(< "$sim/sen66/truth_lost")" 2
finish
