#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# Each command of README.md is run: by the test named or, with README_BUILD=1
# (make check-install, minutes), here; and what the documents name is there.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
documents=(README.md Documentation/guides/*.rst scripts/packaging/*/README.md
	scripts/packaging/yocto/meta-cityhub/README.md)
export DESTDIR=$work/root B=build/readme

commands() {
	sed -n '/^```$/,/^```$/p' README.md | grep -E '^(make|cityhub|scripts/)' |
		sed 's/ *#.*//'
}

release() {
	ls "$DESTDIR/lib/modules" 2> /dev/null
}

while IFS= read -r command; do
	case $command in
	make|'make modules'|'make install '*)
		[ "${README_BUILD-}" = 1 ] || {
			skip "$command" "make check-install runs it"
			continue
		}
		ok "$command" bash -c "MAKEFLAGS='-s -j2' $command" ;;
	'make demo')
		ok "$command is run by 80-demo" grep -q scripts/demo tests/system/80-demo.sh ;;
	'make check')
		ok "$command is run by .ci/run" grep -q "^exec $command" .ci/run ;;
	'make deb')
		ok "$command is run by make check-deb" grep -q "$command" scripts/packaging/test-deb ;;
	'cityhub watch')
		ok "$command is run by 63-guides" grep -q "$command" tests/system/63-guides.sh ;;
	*)
		point "not ok" "nothing runs: $command" ;;
	esac
done < <(commands)
# Kernels differ in where modules from outside go, and whether compressed.
[ "${README_BUILD-}" != 1 ] || is "make install installs what the manifest lists" \
	"$(cd "$DESTDIR" && find . -mindepth 1 ! -type d ! -name 'modules.*' -printf '%P\n' |
		sed -e "s|/$(release)/|/KERNEL/|" -e 's|/updates/kernel/|/extra/kernel/|' \
			-e 's|\.ko\.xz$|.ko|' | LC_ALL=C sort)" \
	"$(grep -v '^#' scripts/packaging/manifest | sed 's/ ->.*//' | LC_ALL=C sort)"

# targets: what the documents ask make for
targets() {
	grep -ohE '(^|`|  )make [a-z][a-z-]*' "${documents[@]}" |
		sed 's/.*make //' | sort -u
}
for target in $(targets); do
	case $target in olddefconfig|raspberrypi*) continue ;; esac
	ok "make $target is a target" grep -qE "^$target:|^\.PHONY:.* $target( |\$)" Makefile
done
while read -r path; do
	ok "$path is there" compgen -G "$path"
done < <(grep -ohP '(?<![\w/-])(scripts|tests|kernel|userspace|Documentation)/[\w./*-]*[a-z0-9_*]' \
	"${documents[@]}" | sort -u)
for link in $(grep -ohE '\]\([^)#:]*\)' README.md | tr -d '])('); do
	ok "README.md links to $link, which is there" test -e "$link"
done
finish
