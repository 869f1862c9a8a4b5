#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# A store that is full of results and a broker: MQTT 5 with its properties as
# mosquitto_sub sees them, certificates that are wrong, expired or replaced
# while it runs, and what is said where the broker cannot be had.

# shellcheck disable=SC2317 # called through ok

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

daemon_port=18862
silent_port=18863
hole_port=18864
silent_pid=''
silent_daemon=''
hole_pid=''
hole_daemon=''

end() {
	local pid

	for pid in $silent_pid $silent_daemon $hole_pid $hole_daemon \
		$daemon_pid $broker_pid; do
		kill -KILL "$pid" && wait "$pid"
	done 2> /dev/null
	rm -rf "$daemon_dir"
}
trap end EXIT

# fill SECONDS: a store as a full hub had left it
fill() {
	rm -f "$daemon_store"*
	"$top/build/tools/store-fill" "$daemon_store" "$1"
}

# conf LINE...: of the group mqtt
conf() {
	{
		echo 'hub = { id = "lamp-0815"; };'
		echo 'capture = { devices = [ "none" ]; };'
		echo "store = { path = \"$daemon_store\"; allow_tmpfs = true; commit_s = 0.2; };"
		echo 'mqtt = {'
		printf '%s\n' "$@"
		echo '};'
	} > "$daemon_dir/conf"
}

# broker LINE...: one that listens on our port, with these options
broker() {
	printf '%s\n' "listener $daemon_port 127.0.0.1" "user root" "$@" \
		> "$daemon_dir/mosquitto.conf"
	mosquitto -c "$daemon_dir/mosquitto.conf" > "$daemon_dir/broker.log" 2>&1 &
	broker_pid=$!
	wait_for 10 grep -q running "$daemon_dir/broker.log"
}

nothing_waits() {
	[ "$(ledger_get "l['sinks'][0]['waiting']")" = 0 ]
}

# says_so NAME PATTERN LINE...: the daemon, configured so, within 15 s
says_so() {
	local name=$1 pattern=$2

	shift 2
	: > "$daemon_log"
	conf "$@"
	daemon_start
	says "$name" 15 "$pattern"
	sleep 1.5	# for a second attempt
	daemon_stop
}

# ---- a broker that takes everything and acknowledges nothing, in the background

python3 "$top/tests/system/bad_broker.py" silent "$silent_port" > /dev/null &
silent_pid=$!
fill 30
cp "$daemon_store" "$daemon_dir/silent.db"
conf "host = \"127.0.0.1\"; port = $silent_port; tls = false;"
"$daemon_program" --config "$daemon_dir/conf" \
	--store "$daemon_dir/silent.db" 2> "$daemon_dir/silent.log" &
silent_daemon=$!

# ---- and one that swallows every packet: nobody accepts, and the queue is full -----

python3 "$top/tests/system/bad_broker.py" hole "$hole_port" > "$daemon_dir/hole" &
hole_pid=$!
wait_for 5 grep -q ready "$daemon_dir/hole"
cp "$daemon_store" "$daemon_dir/hole.db"
conf "host = \"127.0.0.1\"; port = $hole_port; tls = false;"
cp "$daemon_dir/conf" "$daemon_dir/hole.conf"
"$daemon_program" --config "$daemon_dir/hole.conf" \
	--store "$daemon_dir/hole.db" 2> "$daemon_dir/hole.log" &
hole_daemon=$!

# ---- MQTT 5 ------------------------------------------------------------------

broker "allow_anonymous true"
mosquitto_sub -V 5 -p "$daemon_port" -q 1 -t 'cityhub/v1/#' \
	-F '%t|%C|%E|%x' > "$daemon_dir/got" 2>&1 &
sub_pid=$!
sleep 0.5
conf "host = \"127.0.0.1\"; port = $daemon_port; tls = false;" \
	'version = "5"; expiry_s = 86400; format = "senml-cbor";'
daemon_start
ok "the store is sent" wait_for 20 nothing_waits
daemon_stop
sleep 0.5
kill "$sub_pid"
is "every batch came" "$(grep -c '/data/' "$daemon_dir/got")" 120
is "with its media type and expiry" "$(grep '/data/' "$daemon_dir/got" |
	cut -d'|' -f2,3 | sort -u)" "application/senml+cbor|86400"
like "the state does not expire" "$(grep '/state|' "$daemon_dir/got" | head -n 1)" \
	'/state\|application/json\|\|'
ok "payloads are SenML" /usr/bin/python3 - "$daemon_dir/got" <<-'END'
	import cbor2, sys
	for line in open(sys.argv[1]):
	    topic, _, _, payload = line.rstrip("\n").split("|")
	    if "/data/" not in topic:
	        continue
	    pack = cbor2.loads(bytes.fromhex(payload))
	    name = topic.replace("cityhub/v1/", "").replace("/data/", "/") + "/"
	    assert pack[0][-2] == name, (pack[0], name)
	    assert any(2 in r for r in pack)
END
kill "$broker_pid"
wait "$broker_pid"

# ---- refused, no name ---------------------------------------------------------

printf 'right' > "$daemon_dir/right"
printf 'wrong' > "$daemon_dir/wrong"
printf 'hub:right\n' > "$daemon_dir/users"
mosquitto_passwd -U "$daemon_dir/users"
broker "allow_anonymous false" "password_file $daemon_dir/users"
says_so "a wrong password" "refuses name or password: see mqtt.username|not authorised; see mqtt.username" \
	"host = \"127.0.0.1\"; port = $daemon_port; tls = false; username = \"hub\";" \
	"password_file = \"$daemon_dir/wrong\"; drain_s = 0.0;"
is "is told once" "$(grep -c "no connection" "$daemon_log")" 1
says_so "a wrong password by MQTT 5" "not authorised; see mqtt.username|refuses name or password: see mqtt.username" \
	"host = \"127.0.0.1\"; port = $daemon_port; tls = false; username = \"hub\";" \
	"password_file = \"$daemon_dir/wrong\"; version = \"5\";"
says_so "the right one" "connected to 127.0.0.1" \
	"host = \"127.0.0.1\"; port = $daemon_port; tls = false; username = \"hub\";" \
	"password_file = \"$daemon_dir/right\";"
says_so "a name without address" "no address for this name: see mqtt.host" \
	'host = "broker.invalid";'
kill "$broker_pid"
wait "$broker_pid"

# By 3.1.1 mosquitto acknowledges what its rules forbid; by 5 it says so.
printf 'topic write cityhub/v1/+/state\n' > "$daemon_dir/rules"
broker "allow_anonymous true" "acl_file $daemon_dir/rules"
fill 30
says_so "results that the broker does not take" "refuses: not authorised" \
	"host = \"127.0.0.1\"; port = $daemon_port; tls = false; version = \"5\";"
is "stay ours" "$(ledger_get "l['sinks'][0]['acknowledged']")" 0
kill "$broker_pid"
wait "$broker_pid"

broker "allow_anonymous true" "max_packet_size 900"
says_so "results too long for the broker" \
	"a message is longer than the broker takes: lower pack_s" \
	"host = \"127.0.0.1\"; port = $daemon_port; tls = false; version = \"5\";" \
	'pack_s = 10.0; format = "senml-json"; state_s = 0.5;'
is "that is told once" "$(grep -c "longer than the broker" "$daemon_log")" 1
is "stay ours, too" "$(ledger_get "l['sinks'][0]['acknowledged']")" 0
kill "$broker_pid"
wait "$broker_pid"

# ---- TLS ----------------------------------------------------------------------

pki=$daemon_dir/pki
mkdir "$pki"

# authority NAME
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$1" -days 2 -keyout "$pki/$1.key" -out "$pki/$1.crt"
}

# certificate NAME DAYS: signed by ours, for 127.0.0.1
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$1" -keyout "$pki/$1.key" -out "$pki/$1.csr" &&
		openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ours.crt" \
			-CAkey "$pki/ours.key" -CAcreateserial -days "$2" \
			-extfile <(echo "subjectAltName=IP:127.0.0.1") \
			-out "$pki/$1.crt"
}

{
	authority ours && authority theirs && certificate broker 2 &&
		certificate stale -1 && certificate hub 2 && certificate old -1
} > "$daemon_dir/openssl.log" 2>&1
is "scratch authorities and certificates" $? 0
# hub_files NAME: the certificate of the hub is now that one
hub_files() {
	cp "$pki/$1.key" "$pki/current.key" && cp "$pki/$1.crt" "$pki/current.crt"
}

tls="host = \"127.0.0.1\"; port = $daemon_port;"
own="cert_file = \"$pki/current.crt\"; key_file = \"$pki/current.key\";"
hub_files old
broker "cafile $pki/ours.crt" "certfile $pki/broker.crt" \
	"keyfile $pki/broker.key" "require_certificate true" \
	"allow_anonymous true"
says_so "an authority that did not sign the broker" \
	"TLS failed: certificate verify failed; see mqtt.ca_file" \
	"$tls ca_file = \"$pki/theirs.crt\";"
: > "$daemon_log"
fill 30
conf "$tls ca_file = \"$pki/ours.crt\"; $own"
daemon_start
says "a certificate of ours that has expired" 15 \
	"TLS failed: .*alert certificate expired; .*see mqtt.cert_file"
hub_files hub
says "is replaced without a restart" 20 "connected to 127.0.0.1"
ok "and the store is sent" wait_for 20 nothing_waits
: > "$daemon_log"
hub_files hub
says "one that is replaced in time is used at once" 15 \
	"files of TLS have changed: connecting anew"
says "by a new connection" 15 "connected to 127.0.0.1"
daemon_stop
kill "$broker_pid"
wait "$broker_pid"
broker "cafile $pki/ours.crt" "certfile $pki/stale.crt" \
	"keyfile $pki/stale.key" "allow_anonymous true"
says_so "a broker whose certificate has expired" \
	"TLS failed: certificate verify failed; .*broker's certificate has expired" \
	"$tls ca_file = \"$pki/ours.crt\";"

# ticks: of the processor that the daemon had, 1/100 s
ticks() {
	awk '{ print $14 + $15 }' "/proc/$daemon_pid/stat"
}

kill "$broker_pid"
wait "$broker_pid"
broker_pid=''
: > "$daemon_log"
daemon_start
says "a broker with TLS that is gone" 15 "no connection to 127.0.0.1|TLS failed"
before=$(ticks)
sleep 2.5
used=$(($(ticks) - before))
note "ticks in 2.5 s: $used"
ok "costs no processor" [ "$used" -lt 15 ]
daemon_stop

# ---- the silent one has had its time -----------------------------------------

ok "a broker that never acknowledges" wait_for 25 grep -q \
	"takes messages and acknowledges none" "$daemon_dir/silent.log"
note "$(< "$daemon_dir/silent.log")"
kill "$silent_daemon"
wait "$silent_daemon"
ok "a broker that is black-holed" wait_for 35 grep -q \
	"no answer: see mqtt.host, mqtt.port and the firewalls between" \
	"$daemon_dir/hole.log"
kill "$hole_daemon"
wait "$hole_daemon"
is "and the daemon ends in order all the same" $? 0
daemon_store=$daemon_dir/hole.db
is "nothing of that is lost" "$(ledger_get "l['sinks'][0]['waiting']")" 120
daemon_store=$daemon_dir/silent.db
is "nothing of it counts as acknowledged" \
	"$(ledger_get "l['sinks'][0]['acknowledged']")" 0
ok "its ledger adds up" ledger
finish
