#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# Bindings are schemas and their examples fulfil them; overlays fulfil them
# too, and apply to the device trees the kernel has for the boards.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/vm.d/common.sh
. "$(dirname "$0")/../../scripts/vm.d/common.sh"

cd "$(dirname "$0")/../.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bindings=Documentation/devicetree/bindings
source=$(kernel_source) || exit

# tree FILE OUT: compile a device tree that needs the preprocessor
tree() {
	cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
		-I "$source/include" -I "$source/arch/arm/boot/dts" \
		-I "$source/arch/arm64/boot/dts" \
		-I "$source/scripts/dtc/include-prefixes" "$1" |
		dtc -q -@ -i "$source/arch/arm/boot/dts" -I dts -O dtb -o "$2"
}

# quiet COMMAND...: it must succeed and say nothing
quiet() {
	local said

	if ! said=$("$@" 2>&1) || [ -n "$said" ]; then
		echo "$said"
		return 1
	fi
}

# schemas: ours and those of the kernel that they refer to, for dt-validate
schemas() {
	local name

	mkdir -p "$work/all/spi" && cp -r "$bindings"/* "$work/all/" &&
	cp "$source/Documentation/devicetree/bindings/spi/"spi-{controller,peripheral-props}.yaml \
		"$work/all/spi/" || return
	for name in "$source"/Documentation/devicetree/bindings/spi/*peripheral-props.yaml; do
		cp "$name" "$work/all/spi/"
	done
	dt-mk-schema -j "$work/all" > "$work/schema.json"
}

# example BINDING: the example as a tree of its own
example() {
	local out=$work/${1##*/}

	dt-extract-example "$1" > "$out.dts" &&
	tree "$out.dts" "$out.dtb" &&
	quiet dt-validate -s "$work/schema.json" -l "${2-}" "$out.dtb"
}

# nodes TREE COMPATIBLE: print the paths of the nodes
nodes() {
	local path

	for path in $(dtc -q -I dtb -O dts "$1" | awk '
		/\{$/ { sub(/^[ \t]*/, ""); sub(/ \{$/, ""); sub(/.*: /, "")
			path[++depth] = $0; next }
		/^[ \t]*\};$/ { depth--; next }
		/^[ \t]*compatible = / && index($0, "\"" want "\"") {
			name = ""
			for (i = 2; i <= depth; i++) name = name "/" path[i]
			print name }' want="$2"); do
		echo "$path"
	done
}

# overlay BOARD FILE COMPATIBLE...: it applies, the nodes are there and valid
overlay() {
	local board=$1 file=$2 name out compatible

	shift 2
	name=$board/$(basename "$file" .dtso) out=$work/out.dtb
	# A fragment that only an override enables has no __overlay__.
	ok "$name compiles without a warning" \
		quiet dtc -@ -W no-unit_address_vs_reg -I dts -O dtb -o "$work/overlay.dtbo" "$file"
	rm -f "$out"
	ok "$name applies to ${board}" \
		fdtoverlay -i "$work/$board.dtb" -o "$out" "$work/overlay.dtbo" ||
		return
	for compatible; do
		is "$name has one $compatible" \
			"$(nodes "$out" "$compatible" | wc -l)" 1
		ok "$name: it fulfils its binding" valid "$out" "$compatible"
	done
}

# valid TREE COMPATIBLE: what dt-validate says of that node
# shellcheck disable=SC2317 # called through ok
valid() {
	local said

	said=$(dt-validate -s "$work/schema.json" -l "$2" "$1" 2>&1 |
		grep -F "$(nodes "$1" "$2" | sed 's|.*/||')")
	[ -z "$said" ] || {
		echo "$said"
		return 1
	}
}

command -v dt-validate > /dev/null || die "dt-validate is missing: run scripts/setup"
ok "the schemas fit together" schemas
for file in "$bindings"/iio/*/*.yaml; do
	ok "${file#"$bindings"/} is a schema" \
		quiet dt-doc-validate -u "$work/all" "$work/all/${file#"$bindings"/}"
	ok "the example of ${file##*/} fulfils it" example "$file"
done

# overrides FILE: print what its overrides name that is not there
overrides() {
	python3 - "$1" <<'END'
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1]).read_text(encoding="ascii")
nodes, overrides = source.split("__overrides__")
fragments = set(re.findall(r"fragment@(\d+)", nodes))


def body(label):
    match = re.search(rf"\b{label}: [^{{;]*{{", nodes)
    depth, at = 1, match.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(nodes[at], 0)
        at += 1
    return nodes[match.end():at]


for label, name, at in re.findall(r'<&(\w+)>,"([^:"]+):(\d+)', overrides):
    value = re.search(rf"(?<![\w,-]){re.escape(name)} = ([^;]*);", body(label))
    cells = len(re.findall(r"\w+", value[1])) if value else 0
    if int(at) % 4 or int(at) // 4 >= cells:
        print(f"{label}: no cell {name}:{at}")
for number in re.findall(r"[-+=!](\d+)", "".join(re.findall(r'<0>,"([^"]*)"', overrides))):
    if number not in fragments:
        print(f"no fragment {number}")
END
}

cat > "$work/raspberrypi.dts" <<'END'
#include "broadcom/bcm2711-rpi-4-b.dts"
/* As in the kernel of Raspberry Pi. */
spi0: &spi {
	#address-cells = <1>;
	#size-cells = <0>;
	spidev0: spidev@0 { compatible = "spidev"; reg = <0>; };
	spidev1: spidev@1 { compatible = "spidev"; reg = <1>; };
};
END
echo '#include "am335x-boneblack.dts"' > "$work/beaglebone.dts"
# Debian of BeagleBoard.org has a node for each pin, which takes it.
{
	cat "$work/beaglebone.dts"
	echo '&ocp {'
	printf 'P9_%s_pinmux { compatible = "bone-pinmux-helper"; status = "okay"; };\n' \
		{11..31}
	echo '};'
} > "$work/universal.dts"

# pins FILE: those that an overlay of the BeagleBone uses, by their numbers on P9
pins() {
	{
		grep -oE '/\* P9\.[0-9]+, ' "$1" | grep -oE '[0-9]+, ' | tr -d ', '
		! grep -q '^&i2c2 ' "$1" || printf '%s\n' 19 20
	} | sort -u
}

# freed FILE: those whose nodes it disables
freed() {
	dtc -q -@ -I dts -O dtb -o "$work/overlay.dtbo" "$1" &&
	fdtoverlay -i "$work/universal.dtb" -o "$work/freed.dtb" "$work/overlay.dtbo" &&
	dtc -q -I dtb -O dts "$work/freed.dtb" | awk '
		match($1, /^P9_[0-9]+_pinmux$/) { pin = substr($1, 4, 2) }
		/status = "disabled"/ && pin { print pin }
		/}/ { pin = "" }' | sort -u
}
# parameters: OVERLAY PARAMETER for each override
parameters() {
	for file in dt-overlays/raspberrypi/*.dtso; do
		name=${file##*/cityhub-}
		sed -n '/__overrides__/,$s/^\t\t\([a-z0-9_]*\) = .*/\1/p' "$file" |
			sed "s/^/${name%.dtso} /"
	done | sort
}

# documented: the same, from the rows "| `p`, `q` | overlay, overlay | meaning |"
documented() {
	awk -F '|' '/^\| `/ {
		n = split($2, p, ","); m = split($3, o, ",")
		for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) {
			gsub(/[ `]/, "", p[i]); gsub(/[ `]/, "", o[j])
			print o[j], p[i] } }' dt-overlays/README.md | sort
}
is "README.md of the overlays has their parameters" "$(documented)" "$(parameters)"
ok "there are parameters" [ "$(parameters | wc -l)" -gt 20 ]
for file in dt-overlays/raspberrypi/*.dtso; do
	! grep -q __overrides__ "$file" ||
		ok "${file##*/}: what its overrides name is there" \
			quiet overrides "$file"
done

# Every chip of the bindings, on each board, with the fragments an override
# switches on: as the loader of Raspberry Pi would apply them.
for file in "$bindings"/iio/*/*.yaml; do
	compatible=$(sed -n 's/.*const: *\(.*,.*\)/\1/p' "$file" | head -n 1)
	[ -n "$compatible" ] || continue
	for board in raspberrypi beaglebone; do
		ok "an overlay of $board has $compatible" \
			grep -q "\"$compatible\"" dt-overlays/$board/*.dtso
	done
done
for board in raspberrypi beaglebone; do
	ok "the tree of $board" tree "$work/$board.dts" "$work/$board.dtb"
	overlay $board dt-overlays/$board/cityhub-sen66.dtso sensirion,sen66
	overlay $board dt-overlays/$board/cityhub-sen55.dtso sensirion,sen55
	overlay $board dt-overlays/$board/cityhub-pcba-dbm.dtso \
		pcbartists,pcba-dbm
	overlay $board dt-overlays/$board/cityhub-ade9000.dtso adi,ade9000
	overlay $board dt-overlays/$board/cityhub-ade7953.dtso adi,ade7953
	overlay $board dt-overlays/$board/cityhub-ade7953-i2c.dtso adi,ade7953
	overlay $board dt-overlays/$board/cityhub-hub.dtso sensirion,sen66 \
		pcbartists,pcba-dbm adi,ade9000
done
ok "the tree of a beaglebone with cape-universal" tree "$work/universal.dts" "$work/universal.dtb"
for file in dt-overlays/beaglebone/*.dtso; do
	is "${file##*/} takes its pins from cape-universal, and no others" \
		"$(freed "$file")" "$(pins "$file")"
done

# The image of Buildroot, whose U-Boot merges nothing.
merge=$PWD/scripts/packaging/buildroot/board/beaglebone/merge-overlay.sh
images=$work/images
mkdir -p "$images" "$work/target/usr/share/cityhub/overlays/beaglebone"
merged() {
	TARGET_DIR=$work/target "$merge" "$images" -c genimage.cfg
}
fails "merge-overlay.sh: without overlays it says so" merged
for name in cityhub-hub cityhub-sen55; do
	dtc -q -@ -I dts -O dtb -o "$work/target/usr/share/cityhub/overlays/beaglebone/$name.dtbo" \
		dt-overlays/beaglebone/$name.dtso
done
fails "merge-overlay.sh: without a device tree as well" merged
for name in am335x-bone am335x-boneblack am335x-evm; do
	cp "$work/beaglebone.dtb" "$images/$name.dtb"
done
ok "merge-overlay.sh: it merges" merged
for name in am335x-bone am335x-boneblack; do
	is "merge-overlay.sh: $name has one SEN66" \
		"$(nodes "$images/$name.dtb" sensirion,sen66 | wc -l)" 1
done
ok "merge-overlay.sh: another board stays" \
	cmp "$work/beaglebone.dtb" "$images/am335x-evm.dtb"
cp "$images/am335x-bone.dtb" "$work/once.dtb"
ok "merge-overlay.sh: again" merged
ok "merge-overlay.sh: is no second time" cmp "$work/once.dtb" "$images/am335x-bone.dtb"
CITYHUB_OVERLAY=cityhub-sen55 merged
is "merge-overlay.sh: another overlay comes in its place" \
	"$(nodes "$images/am335x-bone.dtb" sensirion,sen66)$(nodes \
	"$images/am335x-bone.dtb" sensirion,sen55 | wc -l)" 1
sed 's/__dormant__/__overlay__/' dt-overlays/raspberrypi/cityhub-hub.dtso > \
	"$work/all-of-hub.dtso"
overlay raspberrypi "$work/all-of-hub.dtso" sensirion,sen66 \
	pcbartists,pcba-dbm adi,ade9000 adi,ade7953
finish
