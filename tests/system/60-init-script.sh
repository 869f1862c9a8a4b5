#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# The init script for systems without systemd, with the start-stop-daemon of
# busybox and with that of Debian: what is wrong is said, the log is kept, the
# stop has an end. Paths and user are others here.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd -P)
work=$(mktemp -d)
script=$work/cityhubd.init
pidfile=$work/var/run/cityhubd.pid
cleanup() {
	kill -KILL "$(cat "$pidfile" 2> /dev/null)" 2> /dev/null
	rm -rf "$work"
}
trap cleanup EXIT
chmod 755 "$work"
mkdir -p "$work/sbin" "$work/bin" "$work/default" "$work/var/run"
cp "$top/build/cityhubd" "$work/sbin/"
sed -e "s|/usr/sbin/|$work/sbin/|" -e "s|/var/|$work/var/|g" \
	-e "s|/etc/default/|$work/default/|g" -e 's/^USER=.*/USER="daemon"/' \
	-e 's/^STOP_S=.*/STOP_S=2/' "$top/scripts/packaging/common/cityhubd.init" > "$script"
echo "CITYHUBD_ARGS=\"-c $work/conf\"" > "$work/default/cityhubd"
cat > "$work/bin/logger" <<END
#!/bin/sh
echo "logger \$*" >> $work/log
exec cat >> $work/log
END
echo '#!/bin/sh' > "$work/bin/modprobe"
chmod 755 "$work/bin/"*
install -o daemon /dev/null "$work/log"

# init SHELL ACTION: what it prints; its status is that of the script
init() {
	PATH=$work/bin:$PATH $1 "$script" "$2" 2>&1
}

# good: a configuration that works here
good() {
	cat > "$work/conf" <<-END
		hub = { id = "init"; };
		store = { path = "$work/var/lib/cityhub/store.db"; allow_tmpfs = true; };
		control = { socket = "$work/var/run/cityhub/control"; };
	END
}

# alive [PID]: a zombie is not
alive() {
	[ "$(readlink "/proc/${1-$(cat "$pidfile")}/exe")" = "$work/sbin/cityhubd" ]
}

logged() {
	grep -qE -- "$1" "$work/log"
}

for name in busybox dpkg; do
	shell='busybox sh'
	if [ $name = busybox ]; then
		ln -s "$(command -v busybox)" "$work/bin/start-stop-daemon"
	else
		rm "$work/bin/start-stop-daemon"
		shell=dash
	fi
	: > "$work/log"

	echo 'hub = { id = 5; };' > "$work/conf"
	out=$(init "$shell" start)
	is "$name: a bad configuration does not start" "$?" 1
	like "$name: with its place and reason" "$out" 'conf:1: hub.id'
	fails "$name: and nothing runs" alive

	good
	out=$(init "$shell" start)
	is "$name: a good one starts" "$?" 0
	like "$name: and says so" "$out" 'OK$'
	ok "$name: the pid is the daemon's" alive
	is "$name: it runs as the user" "$(stat -c %U "/proc/$(cat "$pidfile")")" daemon
	ok "$name: what it says is logged" wait_for 5 logged 'hub init, store'
	ok "$name: as cityhubd" logged '^logger -t cityhubd'
	like "$name: a second start leaves it" "$(init "$shell" start)" 'runs already'
	ok "$name: reload" init "$shell" reload
	ok "$name: is taken" wait_for 5 logged 'configuration read again'
	echo 'store = { };' >> "$work/conf"
	ok "$name: a bad one is not" [ "$(init "$shell" reload | grep -c "$work/conf:")" -gt 0 ]
	ok "$name: and it goes on" alive
	pid=$(cat "$pidfile")
	ok "$name: stop" init "$shell" stop
	fails "$name: ends it" alive "$pid"
	is "$name: the logger as well" "$(pgrep -f "$work/bin/logger")" ''

	good
	init "$shell" start > /dev/null
	pid=$(cat "$pidfile")
	kill -STOP "$pid"
	like "$name: one that does not end is killed" "$(init "$shell" stop)" \
		'killed after 2 s: FAIL'
	sleep 0.2
	fails "$name: and gone" alive "$pid"
	fails "$name: stop without one says so" init "$shell" stop

	sed -i 's|path = "[^"]*"|path = "/proc/no/store.db"|' "$work/conf"
	out=$(init "$shell" start)
	is "$name: one that ends at once is not OK" "$?" 1
	like "$name: and says where to look" "$out" 'system log says why, as cityhubd'
	ok "$name: there it is" logged 'store: '
done
finish
