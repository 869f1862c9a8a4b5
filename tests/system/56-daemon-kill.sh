#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# cityhubd is killed -9 at random moments while it replays recordings: nothing
# committed is lost, the ledger adds up each time. `make campaign-kill` does it
# a thousand times.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd -P)
kills=${CITYHUB_KILLS:-25}

campaign() {
	python3 "$top/tests/system/kill_campaign.py" "$top" \
		"$kills" "${CITYHUB_SEED:-1}"
}

ok "$kills kills" campaign
finish
