#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# hub: no
# chips: sen66,mpl3115
#
# Without the hub's module cityhubd says what needs it and captures the rest.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

captured() {
	[ "$(ledger_get "sum(s['captured'] for s in l['sensors'])")" -ge 27 ]
}

daemon_conf
daemon_start
says "what needs a trigger says so" 10 \
	"mpl3115: needs a trigger and no cityhub-N is free: load the module cityhub"
says "the other is captured" 10 "sen66: capturing, 1 samples/s"
ok "and stored" wait_for 10 captured
daemon_stop
is "SIGTERM ends it in order" $? 0
ok "the ledger adds up" ledger
finish
