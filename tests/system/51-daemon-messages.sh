#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# hub: no
# sim: no
# fast: yes
#
# What cityhubd says when something is missing or wrong, and that it goes on.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

check_config() {
	"$top/build/cityhubd" --check-config --config "$daemon_dir/conf" 2>&1
}

daemon_conf
ok "a good configuration" check_config
daemon_conf "mqtt = {" "  hots = \"x\"; };"
fails "an unknown key is refused" check_config
like "with file, line and what to do" "$(check_config)" \
	"conf:5: unknown key 'mqtt.hots'; did you mean 'mqtt.host'\?"
daemon_conf "mqtt = { port = 99999; };"
like "a bad value likewise" "$(check_config)" \
	"conf:4: mqtt.port must be from 1 to 65535"
# Not units: libconfig leaks a few bytes then.
daemon_conf '@include "none.conf"'
like "a file to be included that is not there" "$(check_config)" \
	"conf:4: cannot open include file; see that the file is there"
daemon_conf '@include "other.conf"'
printf 'log = {\n level "info";\n};\n' > "$daemon_dir/other.conf"
like "bad syntax in one that is" "$(check_config)" \
	"other.conf:2: syntax error; look for a missing '='"
"$top/build/cityhubd" --config /none/such 2> "$daemon_log"
is "a configuration that is not there ends it" $? 1
ok "and is named" said "/none/such: No such file"
"$top/build/cityhubd" --no-such-option 2> /dev/null
is "wrong usage" $? 2

# Nothing there: it says so once and waits.
: > "$daemon_log"
daemon_conf
daemon_start
says "no sensor" 5 "no IIO device|no IIO devices"
says "no sink" 5 "no sink is named .mqtt.host or sinks.: results stay in the store"
sleep 4
is "said once" "$(grep -cE "no IIO device" "$daemon_log")" 1
ok "it is there" kill -0 "$daemon_pid"

# A reload that is bad leaves everything as it was.
daemon_conf "mqtt = { nonsense = 1; };"
kill -HUP "$daemon_pid"
says "a bad configuration on SIGHUP" 5 "the running configuration stays in force"
daemon_conf
sed -i "s|allow_tmpfs = true;|& mount = \"$daemon_dir\";|" "$daemon_dir/conf"
kill -HUP "$daemon_pid"
says "one whose store cannot be there on SIGHUP" 5 "nothing is mounted on $daemon_dir"
is "each left the running one in force" \
	"$(wait_for 5 eval '[ "$(grep -c "stays in force" "$daemon_log")" = 2 ]'; echo $?)" 0
ok "and the daemon at work" kill -0 "$daemon_pid"
daemon_conf "log = { level = \"debug\"; };"
kill -HUP "$daemon_pid"
says "a good one on SIGHUP" 5 "configuration read again"
daemon_conf "mqtt = { host = \"127.0.0.1\"; port = 1; tls = false; };"
kill -HUP "$daemon_pid"
says "a broker that is not there" 5 \
	"mqtt: no connection to 127.0.0.1:1: .*; all is kept in the store"
daemon_stop
is "SIGTERM ends it in order" $? 0

# A store in memory, a store that is damaged.
: > "$daemon_log"
mkdir -p "$daemon_dir/memory" && mount -t tmpfs none "$daemon_dir/memory"
cat > "$daemon_dir/conf" <<END
store = { path = "$daemon_dir/memory/store.db"; };
END
daemon_start
wait "$daemon_pid"
is "a store in memory is refused" $? 1
ok "with a remedy" said "memory \(tmpfs\).*set store.path to a disk"
: > "$daemon_log"
daemon_conf
head -c 20000 /dev/urandom > "$daemon_store"
daemon_start
says "a damaged store is set aside" 5 "was damaged; it is now .*store.db.damaged and a new store is begun"
daemon_stop
ok "the new one works" ledger
finish
