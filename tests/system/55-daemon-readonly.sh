#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: 6.12
# hub: no
# chips: sen66
#
# The disk of the store fails while a sensor is captured, and ext4 makes itself
# read-only: cityhubd says so, captures on, and counts what it could not keep.
# When the disk is mounted again all that was committed is there.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

disk=$daemon_dir/disk
image=$daemon_dir/image
daemon_store=$disk/store.db

batches() {
	ledger_get "sum(s['batches'] for s in l['sensors'])"
}

modprobe -a loop ext4
mkdir "$disk"
truncate -s 48M "$image"
mkfs.ext4 -q "$image"
mount -o loop "$image" "$disk"
cat > "$daemon_dir/conf" <<END
store = { path = "$daemon_store"; mount = "$disk"; };
END
daemon_start
says "captured" 60 "sen66: capturing"
sleep 8
mount -o remount,abort "$disk"
says "a disk that went read-only" 20 "store: cannot write: .*; .*see that it can be written"
sleep 5
ok "the daemon captures on" kill -0 "$daemon_pid"
is "and says so once" "$(grep -c "cannot write" "$daemon_log")" 1
daemon_stop
is "SIGTERM ends it all the same" $? 1
ok "with what is lost" said "lost|not stored"
umount "$disk"
e2fsck -fy "$image" > "$daemon_dir/fsck" 2>&1
mount -o loop "$image" "$disk"
: > "$daemon_log"
daemon_start
says "mounted again it goes on" 60 "sen66: capturing"
sleep 5
daemon_stop
is "and ends in order" $? 0
ok "the ledger adds up" ledger
ok "and knows what was lost" [ "$(ledger_get "sum(s['dropped_crash'] + s['dropped_store'] for s in l['sensors'])")" -gt 0 ]
note "$(ledger)"
umount "$disk"
finish
