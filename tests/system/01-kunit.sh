#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# smp: yes
# hub: no
# sim: no
# fast: yes
#
# Every KUnit module, one test point per case. The results come from the
# kernel's log: what debugfs keeps of a suite ends after a few lines.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# log_of MODULE: load it and print what the kernel logged meanwhile
log_of() {
	local mark="kunit: $1"

	echo "$mark" > /dev/kmsg
	insmod "$1" || return
	dmesg -t | awk -v mark="$mark" '
		found { print }
		index($0, mark) { found = 1 }'
}

# "    ok 3 - name" (or without the dash) -> name
name_of() {
	sed -E 's/^ *(not )?ok [0-9]+ (- )?//' <<< "$1"
}

# report MODULE LOG
report() {
	local module=$1 line suite='' cases=0

	while IFS= read -r line; do
		case $line in
		'    # Subtest: '*) suite=${line##*: } ;;
		'    ok '*' # SKIP'*)
			line=$(name_of "$line")
			skip "$suite.${line%% # *}" "${line##*# SKIP }" ;;
		'    ok '*) point ok "$suite.$(name_of "$line")" ;;
		'    not ok '*) point "not ok" "$suite.$(name_of "$line")" ;;
		*) continue ;;
		esac
		cases=$((cases + 1))
	done <<< "$2"
	ok "$module has cases" test "$cases" -gt 1
	! grep -q '^ *not ok' <<< "$2" || note "$2"
}

found=0
for file in "$VM_MODULES"/tests/kunit/*.ko; do
	[ -e "$file" ] || continue
	found=1
	log=$(log_of "$file")
	report "$(basename "$file" .ko)" "$log"
done
ok "there are KUnit modules" test "$found" = 1
finish
