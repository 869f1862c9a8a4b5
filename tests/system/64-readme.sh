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
export DESTDIR=$work/root
[ "${README_BUILD-}" != 1 ] || export B=build/readme

# commands: those of the blocks and those in the text
commands() {
	{
		sed -n '/^```$/,/^```$/p' README.md | sed 's/ *#.*//'
		grep -v '^#' README.md | tr '\n' ' ' | grep -o '`[^`]*`' | tr -d '`'
	} | grep -E '^([A-Z_]+=[^ ]* )*(make|cityhub|cityhubd|scripts/[a-z]+|systemd-analyze)( |$)' |
		sort -u
}

release() {
	ls "$DESTDIR/lib/modules" 2> /dev/null
}

# run_by FILE PATTERN: is it there, and not in a comment?
run_by() {
	ok "$command is run by ${1##*/}" grep -qE -- "^[^#]*$2" "$1"
}

while IFS= read -r command; do
	case $command in
	make)
		ok "$command" bash -c "MAKEFLAGS=-s $command" ;;
	'make modules'|'make install '*|scripts/compare*)
		[ "${README_BUILD-}" = 1 ] || {
			skip "$command" "make check-install runs it"
			continue
		}
		ok "$command" bash -c "MAKEFLAGS='-s -j2' $command" ;;
	'make demo') run_by tests/system/80-demo.sh 'scripts/demo' ;;
	'make check') run_by .ci/run '^exec make check$' ;;
	'make deb') run_by scripts/packaging/test-deb 'make deb$' ;;
	'make lint') run_by scripts/check 'scripts/lint >' ;;
	'make bench-stamps') run_by tests/system/63-stamp-gates.sh 'stamp-bench' ;;
	'make campaign-kill') run_by tests/system/56-daemon-kill.sh 'kill_campaign.py' ;;
	scripts/setup) run_by scripts/check 'scripts/setup' ;;
	'cityhub watch') run_by tests/system/63-guides.sh "runs .*$command|cityhub watch" ;;
	'cityhub ledger') run_by tests/system/63-guides.sh "runs .*$command" ;;
	'cityhub doctor') run_by tests/system/70-doctor.sh 'cityhub" doctor' ;;
	'systemd-analyze security') run_by tests/system/60-install.sh "$command" ;;
	# They are tests themselves.
	'make check-'*|scripts/check|scripts/lint)
		ok "$command is a test, and says what it does" \
			bash -c "make -s help | grep -qE '^${command#make } |${command##*/}'" ;;
	cityhub|cityhubd) ;;
	*)
		point "not ok" "nothing runs: $command" ;;
	esac
done < <(commands)
# What the demo can be told is told to it by its test, or refused by itself.
for variable in $(grep -oE '`(YES|DEMO_[A-Z]+)=' README.md | tr -d '\`=' | sort -u); do
	ok "$variable is an option of the demo" grep -q "$variable" <(scripts/demo --help)
	ok "and its test sets it" grep -q "$variable=" tests/system/80-demo.sh
done
for switch in $(grep -oE '`WITH_[A-Z]+=no`' README.md | tr -d '\`'); do
	ok "$switch is built by 60-install" grep -qE "^off=.*$switch" tests/system/60-install.sh
done
# Kernels differ in where modules from outside go, and whether compressed.
[ "${README_BUILD-}" != 1 ] || is "make install installs what the manifest lists" \
	"$(cd "$DESTDIR" && find . -mindepth 1 ! -type d ! -name 'modules.*' -printf '%P\n' |
		sed -e "s|/$(release)/|/KERNEL/|" -e 's|/updates/kernel/|/extra/kernel/|' \
			-e 's|\.ko\.xz$|.ko|' | LC_ALL=C sort)" \
	"$(grep -v '^#' scripts/packaging/manifest | sed 's/ ->.*//' | LC_ALL=C sort)"

# after_install FILE: what it tells to do after make install
after_install() {
	sed -e 's/\\-/-/g' "$1" | sed -n '/^sudo systemd-sysusers/,/^sudo systemctl enable/p'
}
like "what comes after make install" "$(after_install README.md)" \
	'sudo udevadm control --reload'
is "is the same in cityhubd(8)" "$(after_install Documentation/man/cityhubd.8)" \
	"$(after_install README.md)"

# targets: what the documents ask make for
targets() {
	grep -ohE '(^|`|  )make [a-z][a-z-]*' "${documents[@]}" |
		sed 's/.*make //' | sort -u
}
for target in $(targets); do
	case $target in olddefconfig|raspberrypi*) continue ;; esac
	ok "make $target is a target" grep -qE "^$target:|^\.PHONY:.* $target( |\$)" Makefile
done
# What a guide tells to write is not there yet.
while read -r path; do
	grep -qxF "\`\`$path\`\`::" "${documents[@]}" ||
		ok "$path is there" compgen -G "$path"
done < <(grep -ohP '(?<![\w/-])(scripts|tests|kernel|userspace|Documentation)/[\w./*-]*[a-z0-9_*]' \
	"${documents[@]}" | sort -u)
# Each driver that is shipped is told to who wires, installs or packages.
while read -r driver; do
	case $driver in
	cityhub|cityhub-base) continue ;;
	cityhub-sen6x) name='sen6[6x]' ;;
	cityhub-pcba-dbm) name='pcba-dbm|decibel' ;;
	*) name=${driver#cityhub-} ;;
	esac
	for document in README.md Documentation/guides/{wiring,first-data}.rst \
			scripts/packaging/debian/control \
			scripts/packaging/buildroot/package/cityhub/Config.in \
			scripts/packaging/yocto/meta-cityhub/recipes-kernel/*/cityhub-module_*.bb; do
		ok "${document##*/} has $driver" \
			grep -qiE "$name" <(grep -v kernel-module "$document")
	done
done < <(sed -n 's|^lib/modules/.*/\(.*\)\.ko$|\1|p' scripts/packaging/manifest)
# joined_before: the group stands above what needs it and the login that gives it
joined_before() {
	awk '/usermod -a -G cityhub/ { joined = 1 }
		/cityhub (list|watch)|cityhub-hub.dtbo .*uEnv/ && !joined { early = 1 }
		END { exit !joined || early }' Documentation/guides/first-data.rst
}
ok "first-data.rst joins the group before it looks" joined_before
# mains_before FILE PATTERN: the warning stands above the first such line
mains_before() {
	awk -v pattern="$2" '/\*\*Mains/ { warned = 1 }
		$0 ~ pattern { found = 1; exit }
		END { exit !(found && warned) }' "$1"
}
while read -r file pattern; do
	ok "$file warns of mains before $pattern" mains_before "$file" "$pattern"
done <<'END'
Documentation/guides/wiring.rst ^SPI clock
Documentation/guides/first-data.rst dtoverlay=
Documentation/guides/first-data.rst overlays/beaglebone
Documentation/guides/diagnosis.rst ^By hand
dt-overlays/README.md [.]dtbo
END
for link in $(grep -ohE '\]\([^)#:]*\)' README.md | tr -d '])('); do
	ok "README.md links to $link, which is there" test -e "$link"
done
finish
