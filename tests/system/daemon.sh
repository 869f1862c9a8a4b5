# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the tests of cityhubd: a broker of our own on loopback, a daemon, what
# it said. Source it after lib.sh.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
daemon_dir=$(mktemp -d)
daemon_port=18831
daemon_log=$daemon_dir/log
daemon_store=$daemon_dir/store.db
daemon_program=$top/build/cityhubd
daemon_pid=''
broker_pid=''

ip link set lo up 2>/dev/null

# A session that stays outlives the broker: what it had taken is delivered.
broker_start() {
	cat > "$daemon_dir/mosquitto.conf" <<-END
		listener $daemon_port 127.0.0.1
		allow_anonymous true
		persistence true
		persistence_location $daemon_dir/
		max_queued_messages 0
		max_inflight_messages 0
		user root
	END
	mosquitto -c "$daemon_dir/mosquitto.conf" > "$daemon_dir/broker.log" 2>&1 &
	broker_pid=$!
	wait_for 10 mosquitto_pub -p "$daemon_port" -t up -n
}

broker_stop() {
	kill "$broker_pid"
	wait "$broker_pid"
}

# daemon_conf [LINE...]: a configuration without a broker, and more lines
daemon_conf() {
	cat > "$daemon_dir/conf" <<-END
		hub = { id = "test"; };
		capture = { rescan_s = 1.0; };
		store = { path = "$daemon_store"; allow_tmpfs = true; };
	END
	printf '%s\n' "$@" >> "$daemon_dir/conf"
}

# daemon_conf_devices DEVICE...: the same, and capture these only
daemon_conf_devices() {
	local list

	list=$(printf ', "%s"' "$@")
	daemon_conf
	sed -i "s/rescan_s = 1.0;/& devices = [ ${list#, } ];/" "$daemon_dir/conf"
}

daemon_conf_broker() {
	daemon_conf "mqtt = { host = \"127.0.0.1\"; port = $daemon_port; tls = false; state_s = 1.0; };"
}

daemon_start() {
	"$daemon_program" --config "$daemon_dir/conf" 2>> "$daemon_log" &
	daemon_pid=$!
}

# Returns the exit status of the daemon.
daemon_stop() {
	kill "$daemon_pid" && wait "$daemon_pid"
}

daemon_kill() {
	kill -KILL "$daemon_pid" && wait "$daemon_pid" 2> /dev/null
}

# said PATTERN: has the daemon said that?
said() {
	grep -qE -- "$1" "$daemon_log"
}

# says NAME SECONDS PATTERN: it must say so within that time
says() {
	wait_for "$2" said "$3" && point ok "$1" && return
	point "not ok" "$1"
	note "not said: $3"
	note "$(< "$daemon_log")"
	return 1
}

ledger() {
	"$top/build/cityhub" ledger --store "$daemon_store" "$@"
}

# ledger_get EXPRESSION: of the JSON of the ledger, as l
ledger_get() {
	ledger --json | python3 -c "import json, sys; l = json.load(sys.stdin); print($1)"
}
