#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# Operation: windows of several lengths, power quality, metrics, taps, log levels
# by module; and privacy: a waveform of sound in the source is in none of them.

# shellcheck disable=SC2317 # called through ok

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

daemon_port=18874
control=$daemon_dir/control
metrics_port=18875
secret='mic-left|voltage7|pressure|12345678|1\.2345678e'

end() {
	local pid

	for pid in $daemon_pid $broker_pid $slow_pid; do
		kill -KILL "$pid" && wait "$pid"
	done 2> /dev/null
	rm -rf "$daemon_dir"
}
trap end EXIT
slow_pid=''

cityhub() {
	"$top/build/cityhub" "$@"
}

tap() {
	cityhub tap --socket "$control" "$@"
}

# metrics PATH: what is answered
metrics() {
	curl -sS --max-time 5 "http://127.0.0.1:$metrics_port$1"
}

# metric NAME: its value, of one without labels
metric() {
	metrics /metrics | sed -n "s/^$1 //p"
}

# An independent reader of the format; promtool where it is installed.
parses() {
	local status=0

	metrics /metrics > "$daemon_dir/metrics"
	/usr/bin/python3 - "$daemon_dir/metrics" <<-'END' || status=1
		import sys
		from prometheus_client.parser import text_string_to_metric_families
		seen = {}
		for family in text_string_to_metric_families(open(sys.argv[1]).read()):
		    assert family.documentation, family
		    assert family.type in ("gauge", "counter"), family
		    assert family.name not in seen, family
		    seen[family.name] = len(family.samples)
		    for s in family.samples:
		        assert (family.type == "counter") == s.name.endswith("_total"), s
		print(len(seen), "metrics")
		sys.exit(len(seen) < 20)
	END
	if command -v promtool > /dev/null; then
		promtool check metrics < "$daemon_dir/metrics" || status=1
	fi
	return "$status"
}

conf() {
	cat > "$daemon_dir/conf" <<-END
		hub = { id = "test"; timezone = "CET-1CEST,M3.5.0,M10.5.0/3"; };
		capture = {
		  replay = "$daemon_dir/recording"; replay_speed = 1.0; window_s = 0.2;
		  windows = ( { sensor = "air"; lengths_s = [ 1.0, 2.0 ]; days = true; },
		              { sensor = "wave.cycles"; lengths_s = [ 0.2, 10.0 ]; } );
		  ${1-}
		};
		power = { nominal_v = 230.0; cycles = true; };
		control = { socket = "$control"; };
		metrics = { listen = "127.0.0.1:$metrics_port"; };
		log = { level = "warning"; modules = [ "capture=debug", "sensor=info", "daemon=info" ]; };
		store = { path = "$daemon_store"; allow_tmpfs = true; commit_s = 0.2; };
		mqtt = { host = "127.0.0.1"; port = $daemon_port; tls = false; };
		sinks = ( { type = "file"; path = "$daemon_dir/out.json"; },
		  { type = "file"; name = "influx"; path = "$daemon_dir/out.influx"; format = "influx"; },
		  { type = "file"; name = "senml"; path = "$daemon_dir/out.senml"; format = "senml-json"; },
		  { type = "mqtt"; name = "cbor"; host = "127.0.0.1"; port = $daemon_port; tls = false; format = "senml-cbor"; },
		  { type = "stdout"; } );
	END
}

mkdir "$daemon_dir/recording" "$daemon_dir/again"
python3 "$(dirname "$0")/operation_recording.py" "$daemon_dir/recording"
broker_start
mosquitto_sub -p "$daemon_port" -q 1 -t 'cityhub/#' -F '%t %x' > "$daemon_dir/mqtt.hex" &
sub_pid=$!
mosquitto_sub -p "$daemon_port" -q 1 -t 'cityhub/v1/test/fault' > "$daemon_dir/faults" &
sub2_pid=$!
sleep 0.5
conf
"$daemon_program" --config "$daemon_dir/conf" > "$daemon_dir/stdout" 2> "$daemon_log" &
daemon_pid=$!

# ---- while it runs -----------------------------------------------------------------

says "it captures" 10 "wave: capturing" || finish
ok "the tap lists what delivers" wait_for 10 eval \
	'tap --json | grep -q "\"air\",\"wave\""'
is "and not what could only be listened to" "$(tap --json | grep -c ear)" 0
is "a tap shows samples, in dB" "$(tap air --count 5 --json | tail -n 1 |
	python3 -c "
import json, sys
s = json.load(sys.stdin)
print(round(s['LAeq']), 20.9 < s['temp'] < 21.1, sorted(s))")" \
	"120 True ['LAeq', 'temp', 'utc_ns']"
is "and of a fast sensor each one" "$(tap wave --count 4000 --json | python3 -c "
import json, sys
at = [json.loads(line)['utc_ns'] for line in sys.stdin]
print(len(at), {round((b - a) / 1e3) for a, b in zip(at, at[1:])})")" "4000 {250}"
tap nobody > "$daemon_dir/refused" 2>&1
is "of no sensor there is none" $? 3
like "and it says so" "$(< "$daemon_dir/refused")" "no sensor of that name"
cityhub tap --socket /none/such > "$daemon_dir/refused" 2>&1
is "without a daemon nothing is there to ask" $? 4
like "and what to look at is told" "$(< "$daemon_dir/refused")" "is cityhubd running"

# One that sleeps misses samples; nobody else does.
captured=$(metric cityhub_values_captured_total)
"$top/build/cityhub" tap --socket "$control" wave > "$daemon_dir/slow" 2> "$daemon_dir/slow.log" &
slow_pid=$!
ok "a tap into a file" wait_for 10 test -s "$daemon_dir/slow"
kill -STOP "$slow_pid"
is "is counted" "$(metric cityhub_taps)" 1
ok "a slow tap misses samples" wait_for 9 eval \
	'[ "$(metric cityhub_tap_missed_samples_total)" -gt 0 ]'
kill -CONT "$slow_pid"
ok "it is told how many" wait_for 15 grep -q "samples missed" "$daemon_dir/slow.log"
kill -STOP "$slow_pid"
ok "one that reads nothing for long is closed" wait_for 25 eval \
	'[ "$(metric cityhub_taps)" = 0 ]'
kill -KILL "$slow_pid"
wait "$slow_pid" 2> /dev/null
slow_pid=''
ok "the capture went on meanwhile" [ "$(metric cityhub_values_captured_total)" \
	-gt $((captured + 4000 * 3 * 5)) ]

ok "the metrics are in the format of Prometheus" parses
is "of sinks, too" "$(metrics /metrics | grep -c '^cityhub_sink_up{sink=".*"} 1$')" 6
is "other paths are not found" "$(curl -s -o /dev/null -w '%{http_code}' \
	"http://127.0.0.1:$metrics_port/etc/passwd")" 404
is "nor other methods allowed" "$(curl -s -o /dev/null -w '%{http_code}' -X POST \
	"http://127.0.0.1:$metrics_port/metrics")" 405
for _ in 1 2 3 4 5 6 7 8; do
	exec 3<> "/dev/tcp/127.0.0.1/$metrics_port"
done
ok "clients that ask nothing keep nobody out" [ "$(metric cityhub_sensors)" = 2 ]
exec 3>&-

ok "a dip is told" wait_for 5 grep -q '"active":false.*"event":"dip"' \
	"$daemon_dir/faults"
is "with its figures" "$(python3 -c "
import json, sys
for line in open(sys.argv[1]):
    f = json.loads(line)
    if f.get('power') and not f['active']:
        p = f['power']
        print(f['sensor'], p['event'], p['phase'], abs(p['volts'] - 138) < 1,
              0.18 <= p['duration_s'] <= 0.221)
        break" "$daemon_dir/faults")" "wave dip L1 True True"

# ---- log levels, reload --------------------------------------------------------------

ok "a module has its level" grep -q "air: capturing" "$daemon_log"
fails "others have the common one" grep -q "file: writing to" "$daemon_log"
conf "record = \"$daemon_dir/again\"; nonsense = 1;"
kill -HUP "$daemon_pid"
says "a bad configuration is refused" 5 "the running configuration stays in force"
is "and the old one goes on" "$(metric cityhub_sensors)" 2
tap air --count 3 > /dev/null
is "with its sockets" $? 0
daemon_stop
is "SIGTERM ends it in order" $? 0
fails "the socket is gone" [ -e "$control" ]
sleep 0.5
kill "$sub_pid" "$sub2_pid"

# ---- seldom commits, a sink that hangs -------------------------------------------

# few CONFIGURATION...: the same sensors, another store
few() {
	rm -f "$daemon_dir"/few.db*
	: > "$daemon_log"
	cat > "$daemon_dir/few" <<-END
		hub = { id = "test"; };
		capture = { replay = "$daemon_dir/recording"; replay_speed = 1.0; window_s = 0.2; };
		store = { path = "$daemon_dir/few.db"; allow_tmpfs = true; commit_s = $1; };
		$2
	END
}

few 60.0 "mqtt = { host = \"127.0.0.1\"; port = $daemon_port; tls = false; state_s = 1.0; };"
mosquitto_sub -p "$daemon_port" -t cityhub/v1/test/state > "$daemon_dir/states" &
sub_pid=$!
sleep 0.3
"$daemon_program" --config "$daemon_dir/few" 2> "$daemon_log" &
daemon_pid=$!
ok "with seldom commits the state is told in time" wait_for 15 eval \
	'[ "$(grep -c "\"online\"" "$daemon_dir/states")" -ge 5 ]'
daemon_stop
is "and SIGTERM ends it in order" $? 0
kill "$sub_pid"

# A name server that answers nothing keeps a sink for 10 s at least.
echo "nameserver 127.0.0.1" > "$daemon_dir/resolv"
few 0.2 "mqtt = { host = \"broker.example\"; tls = false; drain_s = 0.5; };"
unshare -mn bash -s "$daemon_dir" "$daemon_program" <<-'END' &
	ip link set lo up
	mount --bind "$1/resolv" /etc/resolv.conf || exit 77
	python3 -c "
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 53))
open('$1/bound', 'w')
time.sleep(60)" &
	server=$!
	until [ -e "$1/bound" ]; do sleep 0.1; done
	"$2" --config "$1/few" 2> "$1/log" &
	echo $! > "$1/pid"
	wait $!
	status=$?
	kill $server
	exit $status
END
slow_pid=$!
says "something is captured" 10 "wave: capturing"
sleep 1
kill -HUP "$(< "$daemon_dir/pid")"
wait "$slow_pid"
is "a reload while a sink hangs ends the daemon, to be started again" $? 1
ok "and says so" said "a sink hangs, no reload is possible"
slow_pid=''

# ---- what came -----------------------------------------------------------------------

ok "the ledger adds up" ledger
is "longer windows have an account of their own" \
	"$(ledger_get "sorted(s['sensor'] for s in l['sensors'])")" \
	"['air', 'air.2s', 'air.day', 'wave', 'wave.cycles', 'wave.cycles.10s', 'wave.events']"
is "windows of all lengths came" "$(python3 -c "
import collections, json, sys
length, hz = collections.defaultdict(set), []
for line in open(sys.argv[1]):
    b = json.loads(line)
    if not b['flags']:
        length[b['sensor']].add(round((b['to_ns'] - b['from_ns']) / 1e9, 2))
    if b['sensor'] == 'wave.cycles' and b['flags'] == []:
        hz += [r['mean'] for r in b['results'] if r['channel'] == 'frequency' and r['mean']]
print(dict(length)['air'], length['air.2s'], length['wave'], length['wave.cycles'] >= {0.2},
      max(abs(f - 50) for f in hz) < 0.01)" "$daemon_dir/out.json")" \
	"{1.0} {2.0} {0.2} True True"

# ---- privacy -------------------------------------------------------------------------

# Any order of reading bytes: as text, and what is in hex as bytes.
python3 - "$daemon_dir/mqtt.hex" > "$daemon_dir/mqtt.text" <<-'END'
	import sys
	for line in open(sys.argv[1]):
	    topic, _, data = line.strip().partition(" ")
	    print(topic, bytes.fromhex(data).decode("latin-1"))
END
for what in out.json out.influx out.senml stdout mqtt.text metrics log faults; do
	is "no sound in $what" "$(grep -aEc "$secret" "$daemon_dir/$what")" 0
done
is "each of them has something" "$(for what in out.json out.influx out.senml stdout \
	mqtt.text metrics log faults; do [ -s "$daemon_dir/$what" ] || echo "$what"; done)" ""
is "nor in the store" "$(grep -aEc "$secret" "$daemon_store")" 0
ok "the log says that it was left out" grep -q \
	"wave: 3 of its channels are waveforms of sound" "$daemon_log"
ok "and why a sensor is not captured" grep -q \
	"ear: has waveforms of sound only, and those are never captured" "$daemon_log"
finish
