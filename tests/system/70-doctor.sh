#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: sen66,pcba-dbm,mpl3115,ade9000
# timeout: 900
#
# cityhub doctor on a healthy hub and on ten planted failures: it names each
# with its remedy, and nothing else.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"
clock_set=$top/build/tools/clock-set
report=$daemon_dir/report

doctor() {
	"$top/build/cityhub" doctor --config "$daemon_dir/conf" "$@"
}

# examine: leave the report behind, a line for each finding; exit status
examine() {
	doctor > "$report.text"
	local status=$?

	awk '/^ / { sub(/^ +/, " "); printf "%s", $0; next }
		{ printf "%s%s", (NR > 1 ? "\n" : ""), $0 }
		END { print "" }' "$report.text" > "$report"
	return $status
}

# diagnosis NAME PART FINDING REMEDY: that one fault, these words, and no other
diagnosis() {
	examine
	is "$1: exit status" $? 1
	is "$1: one fault, and no note" "$(grep -cE '^(FAULT|note)' "$report")" 1 ||
		note "$(< "$report")"
	like "$1: it, and the remedy" "$(grep '^FAULT' "$report")" \
		"^FAULT $2 +$3.* -> .*$4"
}

# certificate NAME FROM UNTIL: for 127.0.0.1, signed by our authority; the
# dates are offsets date understands
certificate() {
	(
		cd "$daemon_dir" || exit
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
			-out "$1.csr" -subj /CN=127.0.0.1
		printf 'subjectAltName=IP:127.0.0.1\n' > "$1.ext"
		rm -f index.txt; touch index.txt
		printf '[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nnew_certs_dir=.\n[p]\nCN=supplied\n' > ca.conf
		openssl ca -batch -notext -config ca.conf -cert ca.crt \
			-keyfile ca.key -in "$1.csr" -out "$1.crt" \
			-extfile "$1.ext" -startdate "$(date -u -d "$2" +%y%m%d%H%M%SZ)" \
			-enddate "$(date -u -d "$3" +%y%m%d%H%M%SZ)"
	) > "$daemon_dir/openssl.log" 2>&1
}

authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$daemon_dir/ca.key" \
		-out "$daemon_dir/ca.crt" -days 3650 -subj /CN=authority \
		> "$daemon_dir/openssl.log" 2>&1
}

# broker_with LINE...: the broker, configured anew
broker_with() {
	[ -z "$broker_pid" ] || broker_stop
	printf '%s\n' "listener $daemon_port 127.0.0.1" "user root" "$@" \
		> "$daemon_dir/mosquitto.conf"
	mosquitto -c "$daemon_dir/mosquitto.conf" > "$daemon_dir/broker.log" 2>&1 &
	broker_pid=$!
	wait_for 10 grep -q running "$daemon_dir/broker.log"
}

broker_tls() {
	broker_with "allow_anonymous true" "certfile $daemon_dir/$1.crt" \
		"keyfile $daemon_dir/$1.key"
}

# conf_tls DEVICE...: a configuration that captures these
conf_tls() {
	local list

	list=$(printf ', "%s"' "$@")
	cat > "$daemon_dir/conf" <<-END
		hub = { id = "test"; };
		capture = { rescan_s = 2.0; devices = [ ${list#, } ]; };
		store = { path = "$daemon_store"; allow_tmpfs = true; max_mb = 16.0; };
		mqtt = { host = "127.0.0.1"; port = $daemon_port; ca_file = "$daemon_dir/ca.crt"; };
	END
}

# captures N: that many devices, by a daemon that was just started
captures() {
	[ "$(grep -c ': capturing' "$daemon_log")" -ge "$1" ]
}

start() {
	: > "$daemon_log"
	daemon_start
	wait_for 30 captures "$1"
	sleep 3
}

# driver NAME bind|unbind
driver() {
	echo "$2" > "/sys/bus/i2c/drivers/$1/$3"
}

# A disk of its own for the store, so that it can be full.
mkdir "$daemon_dir/disk"
mount -t tmpfs -o size=24m disk "$daemon_dir/disk"
daemon_store=$daemon_dir/disk/store.db
bus=$(basename "$(readlink -f "$(iio_dir sen66)/../..")" | sed 's/i2c-//')
sen66=$bus-006b dbm=$bus-0048
authority
certificate good yesterday "now + 100 days"
certificate old "now - 10 days" yesterday

"$clock_set" sync 1000
broker_tls good

# Everything, and what only the ADE9000 can show
conf_tls sen66 pcba-dbm mpl3115 ade9000-wave ade9000-meter
start 5
ok "all is well" examine || note "$(< "$report")"
is "and every part was looked at" \
	"$(awk '{ print substr($0, 7, 21) }' "$report" | sed 's/ *$//' | sort | tr '\n' ,)" \
	"broker,certificate,clock,configuration,daemon,hub,kernel module,ledger,results,sensor ade9000-meter,sensor ade9000-wave,sensor mpl3115,sensor pcba-dbm,sensor sen66,sink mqtt,store,"
is "and nothing is worth a note" "$(grep -c '^note' "$report")" 0
like "what the hub knows of the clock" "$(grep '^OK    clock' "$report")" \
	"within [0-9.]+ ms, and the hub knows"
like "what it says of the certificate" "$(grep certificate "$report")" \
	"^OK .*valid for (99|100) days"
is "80 columns are enough" "$(awk 'length > 80' "$report.text")" ""
is "the same for programs" "$(doctor --json kernel clock | python3 -c "
import json, sys
r = json.load(sys.stdin)
print(r['healthy'], [(f['part'], f['status'], f['remedy']) for f in r['findings']])")" \
	"True [('kernel module', 'ok', None), ('hub', 'ok', None), ('clock', 'ok', None)]"

# 1 interrupt never arrives
sim_set ade9000 irq_lost 4000000000
diagnosis "interrupt lost" "sensor ade9000-wave" "its interrupt never arrives" \
	"wire of its interrupt pin"
sim_set ade9000 irq_lost 0
daemon_stop

# 2 module missing
conf_tls sen66 pcba-dbm mpl3115
driver cityhub-sen6x "$sen66" unbind
rmmod cityhub-sen6x
start 2
diagnosis "module missing" "sensor sen66" "the module of its driver is not loaded .$sen66" \
	"modprobe cityhub-sen6x"

# 3 sensor absent
sim_set sen66 nack 4000000000
insmod "$VM_MODULES/kernel/environment/cityhub-sen6x.ko"
diagnosis "sensor absent" "sensor sen66" "absent: nothing answers at 0x6b" \
	"check cable, power"
sim_set sen66 nack 0
ok "back again" driver cityhub-sen6x "$sen66" bind

# 4 wrong address
driver cityhub-pcba-dbm "$dbm" unbind
sim_set pcba-dbm i2c_addr 0x49
driver cityhub-pcba-dbm "$dbm" bind 2> /dev/null
sleep 3
diagnosis "wrong address" "sensor pcba-dbm" "wrong address: nothing answers at 0x48, but something does at 0x49" \
	"address pin if it has one, or declare it at 0x49"
sim_set pcba-dbm i2c_addr 0x48
ok "back again" driver cityhub-pcba-dbm "$dbm" bind
sleep 4

# 5 buffer off, before the daemon sees it
iio_set mpl3115 buffer/enable 0
diagnosis "buffer off" "sensor mpl3115" "its buffer is off" "another program"
daemon_stop
start 3

# 6 clock
"$clock_set" unsync
sleep 2
diagnosis "clock" clock "not synchronised.*, and .cityhub arm. is refused" \
	"no time service runs: install"
"$clock_set" sync 1000

# 7 broker refuses
: > "$daemon_dir/passwords"
broker_with "allow_anonymous false" "password_file $daemon_dir/passwords" \
	"certfile $daemon_dir/good.crt" "keyfile $daemon_dir/good.key"
diagnosis "broker refuses" broker ".*refuses this hub: .*not authori" "mqtt.username"
broker_stop
broker_pid=''
diagnosis "no broker" broker ".*nothing listens on that port" "is the broker running"

# 8 certificate expired
broker_tls old
diagnosis "certificate" certificate "the certificate of the broker has expired on 20" "renew it"
broker_tls good
sleep 3

# 9 disk full
dd if=/dev/zero of="$daemon_dir/disk/other" bs=1M count=100 2> /dev/null
sleep 3
diagnosis "disk full" store "the disk is full: 0.0 MB free" "free room on that disk"
rm "$daemon_dir/disk/other"

# 10 tmpfs: the daemon refuses to begin
daemon_stop
sed -i 's/allow_tmpfs = true/allow_tmpfs = false/' "$daemon_dir/conf"
daemon_start
sleep 2
diagnosis "tmpfs" store ".*in memory .tmpfs." "set store.path to a disk"
sed -i 's/allow_tmpfs = false/allow_tmpfs = true/' "$daemon_dir/conf"

# What hangs together is one fault
echo "hub = " >> "$daemon_dir/conf"
diagnosis "configuration" configuration ".*conf:[0-9]+: " "missing '='"
conf_tls sen66 pcba-dbm mpl3115
diagnosis "no daemon" daemon ".*does not run" "start cityhubd"

start 3
ok "all is well again" examine || note "$(< "$report")"
daemon_stop
umount "$daemon_dir/disk"
finish
