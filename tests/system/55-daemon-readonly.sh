#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: 6.12
# hub: no
# chips: sen66
#
# The disk of the store fails while a sensor is captured, and ext4 makes itself
# read-only: cityhubd says so and ends, to be started again. When the disk is
# mounted again all that was committed is there.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

disk=$daemon_dir/disk
image=$daemon_dir/image
daemon_store=$disk/store.db

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
# SQLite calls what it half wrote malformed.
says "is taken for one that fails" 20 "the store is damaged, or its disk fails"
wait "$daemon_pid"
is "the daemon ends, to be started again" $? 1
is "having said so once" "$(grep -c "cannot write" "$daemon_log")" 1
ok "with what is lost" said "lost|not stored"
daemon_start
wait "$daemon_pid"
is "it does not start on such a disk" $? 1
ok "and says what to look at" said "not mounted read-only|can be written"
umount "$disk"
e2fsck -fy "$image" > "$daemon_dir/fsck" 2>&1
mount -o loop "$image" "$disk"
: > "$daemon_log"
daemon_start
says "mounted again it goes on" 60 "sen66: capturing"
sleep 5
daemon_stop
is "and ends in order" $? 0
ok "nothing was taken for damage" [ ! -e "$daemon_store.damaged" ]
ok "the ledger adds up" ledger
umount "$disk"
finish
