#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# The formats read by decoders we did not write: SenML by Python's json and
# cbor2, lines by influxdb 1.6 where it is installed (it is large, so
# scripts/setup does not ask for it: apt-get install influxdb influxdb-client).

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd -P)
dir=$(mktemp -d)
influx_pid=''

end() {
	if [ -n "$influx_pid" ]; then
		kill -KILL "$influx_pid"
		wait "$influx_pid" 2> /dev/null
	fi
	rm -rf "$dir"
}
trap end EXIT

# Debian's, where its packages are.
python=/usr/bin/python3
for format in json senml-json senml-cbor influx; do
	"$top/build/tools/format-dump" "$format" 60 > "$dir/$format"
done

compare() {
	"$python" "$top/tests/system/senml_compare.py" "$1" "$dir/json" \
		"$dir/senml-$1"
}

ok "SenML JSON says what was measured" compare json
note "$(compare json)"
ok "SenML CBOR says what was measured" compare cbor
note "$(compare cbor)"
# A decoder that takes anything would show nothing.
sed -i 's/"v":0\.\([1-8]\)/"v":0.9\1/' "$dir/senml-json"
fails "a changed value is seen" compare json

query() {
	timeout 20 influx -host 127.0.0.1 -port 18086 -database city -format csv \
		-execute "${1//$'\n'/ }" | tail -n 1
}

influx_start() {
	cat > "$dir/influxdb.conf" <<-END
		reporting-disabled = true
		bind-address = "127.0.0.1:18088"
		[meta]
		  dir = "$dir/meta"
		[data]
		  dir = "$dir/data"
		  wal-dir = "$dir/wal"
		[http]
		  bind-address = "127.0.0.1:18086"
	END
	influxd -config "$dir/influxdb.conf" > "$dir/influx.log" 2>&1 &
	influx_pid=$!
	wait_for 30 timeout 5 influx -host 127.0.0.1 -port 18086 -execute \
		"CREATE DATABASE city"
}

import() {
	timeout 20 influx -host 127.0.0.1 -port 18086 -import \
		-path "$dir/import" -precision ns 2>&1 | grep -q "Failed 0 inserts"
}

if ! command -v influxd > /dev/null || ! command -v influx > /dev/null; then
	skip "influxdb takes the lines" "influxdb is not installed"
else
	influx_start
	is "influxdb runs" $? 0
	{
		printf '# DML\n# CONTEXT-DATABASE: city\n'
		cat "$dir/influx"
	} > "$dir/import"
	# Its first write after CREATE DATABASE fails on a busy machine.
	ok "influxdb takes every line" wait_for 30 import
	is "values of one channel" "$(query "SELECT count(mean) FROM voltage
		WHERE channel = 'VA' AND sensor = 'ade9000-wave'")" "voltage,0,60"
	is "with their instants" "$(query "SELECT last(rms) FROM voltage
		WHERE channel = 'VA'" | cut -d, -f2)" 1700000059000000000
	is "and their numbers" "$(query "SELECT last(rms) FROM voltage
		WHERE channel = 'VA'" | cut -d, -f3)" \
		"$(tail -n 1 "$dir/json" | "$python" -c "
import json, sys
print(json.loads(sys.stdin.read())['results'][0]['rms'])")"
fi
finish
