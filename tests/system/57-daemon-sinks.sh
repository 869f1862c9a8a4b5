#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# Several sinks of one store: two brokers, files, standard output; each has its
# place, and one that is away does not hold the others. A minute in a message,
# and what it costs.

# shellcheck disable=SC2317 # called through ok

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

daemon_port=18872
away_port=18873
results=480	# 4 sensors, 120 s

end() {
	local pid

	for pid in $daemon_pid $broker_pid; do
		kill -KILL "$pid" && wait "$pid"
	done 2> /dev/null
	rm -rf "$daemon_dir"
}
trap end EXIT

# waiting SINK: so many of its batches are not acknowledged
waiting() {
	ledger_get "[s['waiting'] for s in l['sinks'] if s['sink'] == '$1'][0]"
}

has_all() {
	[ "$(waiting "$1")" = 0 ]
}

# conf LINE...: in the list
conf() {
	{
		echo 'hub = { id = "lamp-0815"; };'
		echo 'capture = { devices = [ "none" ]; };'
		echo "store = { path = \"$daemon_store\"; allow_tmpfs = true; commit_s = 0.2; };"
		echo "mqtt = { host = \"127.0.0.1\"; port = $away_port; tls = false; drain_s = 0.0; };"
		echo 'sinks = ('
		printf '%s\n' "$@"
		echo ');'
	} > "$daemon_dir/conf"
}

"$top/build/tools/store-fill" "$daemon_store" 120
broker_start
mosquitto_sub -p "$daemon_port" -q 1 -t 'cityhub/v1/+/data/#' -F '%t|%x' \
	> "$daemon_dir/got" 2>&1 &
sub_pid=$!
sleep 0.5
conf "{ type = \"mqtt\"; name = \"city\"; host = \"127.0.0.1\"; port = $daemon_port;" \
	'tls = false; format = "senml-cbor"; pack_s = 60.0; },' \
	"{ type = \"file\"; path = \"$daemon_dir/results.json\"; rotate_mb = 0.1; keep = 100; }," \
	"{ type = \"file\"; name = \"lines\"; path = \"$daemon_dir/results.influx\";" \
	'format = "influx"; },' \
	'{ type = "stdout"; backlog_per_s = 100.0; }'
"$daemon_program" --config "$daemon_dir/conf" > "$daemon_dir/stdout" \
	2> "$daemon_log" &
daemon_pid=$!
for sink in city file lines stdout; do
	ok "$sink has all" wait_for 30 has_all "$sink"
done
says "who is away" 5 "mqtt: no connection to 127.0.0.1:$away_port"
is "keeps its place" "$(waiting mqtt)" "$results"
daemon_stop
is "and SIGTERM ends it in order" $? 0
ok "the ledger adds up" ledger

# ---- what came ------------------------------------------------------------------

is "standard output has each result once, in order" "$(python3 -c "
import json, sys
seq = [json.loads(line)['seq'] for line in open(sys.argv[1])]
print(len(seq), seq == sorted(set(seq)))" "$daemon_dir/stdout")" "$results True"
parts=$(find "$daemon_dir" -name 'results.json.*' | wc -l)
ok "the file was rotated" [ "$parts" -ge 2 ]
is "its parts have each result once" "$(cat "$daemon_dir"/results.json* |
	python3 -c "
import json, sys
seq = [json.loads(line)['seq'] for line in sys.stdin]
print(len(seq), len(set(seq)))")" "$results $results"
is "the file that is written is the newest" "$(tail -qn 1 \
	"$daemon_dir/results.json" "$daemon_dir/results.json.1" | python3 -c "
import json, sys
a, b = (json.loads(line)['seq'] for line in sys.stdin)
print(a > b)")" True
lines=$(wc -l < "$daemon_dir/results.influx")
ok "a line for each channel of each result" [ "$lines" -ge $((2 * results)) ]
sleep 0.5
kill "$sub_pid"
# What was filled in touches three minutes; it lies in the store sensor by sensor,
# so that 256 batches are a bundle once.
is "a message for each sensor and minute" "$(wc -l < "$daemon_dir/got")" 13
wire=$(/usr/bin/python3 - "$daemon_dir/got" <<-'END'
	import cbor2, sys
	values = size = 0
	for line in open(sys.argv[1]):
	    topic, payload = line.strip().split("|")
	    data = bytes.fromhex(payload)
	    # The whole minute only: -3 is the base time.
	    if cbor2.loads(data)[0][-3] // 60 != 28333334:
	        continue
	    values += sum(2 in record for record in cbor2.loads(data)) - 1
	    # header, length, topic with its length, packet id
	    size += len(data) + len(topic) + 8
	print(f"{values} values, {size / values:.2f} bytes each")
	sys.exit(size / values > 8)
END
)
is "at most 8 bytes on the wire for a value" $? 0
note "$wire"

# ---- taken out, and a file that cannot be written --------------------------------

: > "$daemon_log"
"$top/build/tools/store-fill" "$daemon_store" 10
conf "{ type = \"file\"; path = \"$daemon_dir/none/x\"; }"
daemon_start
says "no folder" 5 "file: cannot open $daemon_dir/none/x: No such file or directory; see that its folder is there"
mkdir "$daemon_dir/none"
says "is tried again" 10 "file: writing to $daemon_dir/none/x"
ok "and goes on from its place" wait_for 10 has_all file
is "with what is new" "$(wc -l < "$daemon_dir/none/x")" 40
is "a sink that was taken out waits in its place" "$(waiting lines)" 40
is "has what it had" "$(ledger_get "[s['acknowledged'] for s in l['sinks'] if s['sink'] == 'lines'][0]")" "$results"
daemon_stop
broker_stop
finish
