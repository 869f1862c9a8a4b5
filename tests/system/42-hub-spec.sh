#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
# fast: yes
#
# What is generated from the netlink spec is what is committed.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

root=$(cd "$(dirname "$0")/../.." && pwd)
ok "header and policies are those of the spec" "$root/scripts/nlgen" --check

# A change of the spec must show.
copy=$(mktemp -d)
mkdir -p "$copy"/{scripts,kernel/hub,kernel/include/uapi/linux,Documentation/netlink/specs}
for file in scripts/nlgen kernel/hub/nl_policy.c kernel/hub/nl_policy.h \
	kernel/include/uapi/linux/cityhub.h; do
	cp "$root/$file" "$copy/$file"
done
sed 's/max: 63$/max: 62/' "$root/Documentation/netlink/specs/cityhub.yaml" \
	> "$copy/Documentation/netlink/specs/cityhub.yaml"
fails "another range is noticed" "$copy/scripts/nlgen" --check
rm -r "$copy"
finish
