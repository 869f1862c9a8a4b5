#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Rules of Buildroot, OpenEmbedded and DKMS that can be checked as text: each
variable, path, option and target that a recipe names has to be in the tree.
Prints TAP. Run in the top directory."""
import glob
import hashlib
import os
import re
import sys

BR = "scripts/packaging/buildroot"
BR_PKG = BR + "/package/cityhub"
OE = "scripts/packaging/yocto/meta-cityhub"
DEB = "scripts/packaging/debian"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


MAKEFILE = read("Makefile")
VERSION = re.search(r"^VERSION := (\S+)", MAKEFILE, re.M)[1]
MAKE_VARIABLES = set(re.findall(r"^(\w+) *[:?]?=", MAKEFILE, re.M))
MAKE_TARGETS = set(re.findall(r"^([a-z][\w-]*):(?!=)", MAKEFILE, re.M))
MANIFEST = [line.split(" ->")[0] for line in read("scripts/packaging/manifest")
            .splitlines() if line and line[0] != "#"]
MODULES = {os.path.basename(p)[:-3]: os.path.dirname(p).split("/extra/")[1]
           for p in MANIFEST if p.endswith(".ko")}
OE_FILES = [p for p in glob.glob(OE + "/**", recursive=True) if os.path.isfile(p)]
RECIPES = [p for p in OE_FILES if p.endswith((".bb", ".inc", ".bbappend"))]


def config_options(path):
    return dict(re.findall(r"^(CONFIG_\w+)=(\w)", read(path), re.M))


def missing_paths(text, variable):
    for path in re.findall(re.escape(variable) + r"/([\w./-]+)", text):
        if not path.startswith("build/") and not os.path.exists(path):
            yield f"no file {path}"


def missing_variables(words):
    for word in words:
        if word not in MAKE_VARIABLES:
            yield f"the Makefile has no variable {word}"


def missing_targets(words):
    for word in words:
        if word not in MAKE_TARGETS:
            yield f"the Makefile has no target {word}"


def buildroot_external():
    desc = read(BR + "/external.desc")
    if not re.fullmatch(r"name: [A-Z0-9_]+\ndesc: .+\n", desc):
        yield "external.desc is not a name and a description"
    if read(BR + "/external.mk") != ("include $(sort $(wildcard "
            "$(BR2_EXTERNAL_CITYHUB_PATH)/package/*/*.mk))\n"):
        yield "external.mk does not include the packages"
    for path in re.findall(r'\$BR2_EXTERNAL_CITYHUB_PATH/([^"]+)',
                           read(BR + "/Config.in")):
        if not os.path.exists(f"{BR}/{path}"):
            yield f"Config.in: no {path}"


def buildroot_mk():
    mk = read(BR_PKG + "/cityhub.mk")
    hashes = "#" * 80
    if not mk.startswith(f"{hashes}\n#\n# cityhub\n#\n{hashes}\n\n"):
        yield "not the header that Buildroot wants"
    for name in re.findall(r"^(?:define )?(\w+) *(?:[+:?]?=|$)", mk, re.M):
        if name not in ("endif", "else", "endef") and not name.startswith("CITYHUB_"):
            yield f"variable {name} has not the prefix of the package"
    if re.search(r"[ \t]$", mk, re.M):
        yield "space at the end of a line"
    if mk.find("$(eval $(kernel-module))") > mk.find("$(eval $(generic-package))"):
        yield "kernel-module has to come before generic-package"
    if f"CITYHUB_VERSION = {VERSION}\n" not in mk:
        yield f"the version is not {VERSION}"
    site = re.search(r"realpath \$\(BR2_EXTERNAL_CITYHUB_PATH\)/([./]+)\)", mk)[1]
    if os.path.realpath(f"{BR}/{site}") != os.path.realpath("."):
        yield f"CITYHUB_SITE {site} is not the checkout"
    yield from missing_paths(mk, "$(@D)")
    yield from missing_variables(re.findall(r"\b(WITH_\w+|prefix)=", mk))
    yield from missing_targets(re.findall(r"DESTDIR=\S+ ([a-z-]+)$", mk, re.M))
    fixups = set(re.findall(r"KCONFIG_ENABLE_OPT,(\w+)", mk))
    wanted = set(config_options("scripts/packaging/common/cityhub.config"))
    for option in wanted - fixups - {"CONFIG_MODULES", "CONFIG_NET"}:
        yield f"LINUX_CONFIG_FIXUPS lacks {option}"
    for option in fixups - wanted:
        yield f"cityhub.config lacks {option}"


def buildroot_options():
    config = read(BR_PKG + "/Config.in")
    mk = read(BR_PKG + "/cityhub.mk")
    have = set(re.findall(r"^config (BR2_PACKAGE_CITYHUB\w*)", config, re.M))
    for path in glob.glob(BR + "/configs/*.fragment"):
        for option in re.findall(r"^(BR2_PACKAGE_CITYHUB\w*)=y", read(path), re.M):
            if option not in have:
                yield f"{path}: no option {option}"
        for script in re.findall(r"\$\(BR2_EXTERNAL_CITYHUB_PATH\)/([\w./-]+)", read(path)):
            if not os.access(f"{BR}/{script}", os.X_OK):
                yield f"{path}: no program {script}"
    for option in set(re.findall(r"BR2_PACKAGE_CITYHUB\w*", mk)) - have:
        yield f"cityhub.mk: no option {option}"
    for option in have - set(re.findall(r"BR2_PACKAGE_CITYHUB\w*", mk)):
        if option != "BR2_PACKAGE_CITYHUB":
            yield f"cityhub.mk does nothing with {option}"
    for number, line in enumerate(config.splitlines(), 1):
        if line.startswith(" ") or re.search(r"[ \t]$", line):
            yield f"Config.in:{number}: white space"
    for text in re.findall(r"^\thelp\n((?:\t.*\n)+)", config, re.M):
        if any(not line.startswith("\t  ") for line in text.splitlines()):
            yield "Config.in: help is indented by a tab and two spaces"
    for package in re.findall(r"select BR2_PACKAGE_(\w+)$", config, re.M):
        name = package.lower().replace("_local_backend", "")
        if not re.search(rf"\b{name}\b", mk):
            yield f"{package} is selected and no dependency of cityhub.mk"


def buildroot_form():
    """What utils/check-package says of white space, order and names."""
    mk = read(BR_PKG + "/cityhub.mk")
    config = read(BR_PKG + "/Config.in")
    for name, text in (("cityhub.mk", mk), ("Config.in", config)):
        if "\n\n\n" in text or not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{name}: empty lines one after the other or at the end"
        if re.search(r"[^\x00-\x7f]", text):
            yield f"{name}: not ASCII"
    first = re.search(r"^CITYHUB_DEPENDENCIES = (.*)", mk, re.M)[1].split()
    if first != sorted(first):
        yield "CITYHUB_DEPENDENCIES are not in order"
    for name in ("MODULE_SUBDIRS", "LICENSE", "LICENSE_FILES", "SITE_METHOD"):
        if f"\nCITYHUB_{name} = " not in mk:
            yield f"cityhub.mk: no CITYHUB_{name}"
    for name in ("BUILD_CMDS", "INSTALL_TARGET_CMDS", "INSTALL_STAGING_CMDS",
                 "INSTALL_INIT_SYSTEMD", "INSTALL_INIT_SYSV", "USERS",
                 "PERMISSIONS", "LINUX_CONFIG_FIXUPS"):
        if f"\ndefine CITYHUB_{name}\n" not in mk:
            yield f"cityhub.mk: no CITYHUB_{name}"
    order = ["bool", "default", "depends", "select", "help"]
    for name, body in re.findall(r"^config (\w+)\n((?:\t.*\n|\n(?=\t))+)", config, re.M):
        seen = [order.index(w) for w in re.findall(r"^\t(\w+)", body, re.M) if w in order]
        if seen != sorted(seen):
            yield f"Config.in: attributes of {name} are not in the order {order}"
        selects = re.findall(r"^\tselect (\w+)", body, re.M)
        if selects != sorted(selects):
            yield f"Config.in: selects of {name} are not in order"
        if "\thelp\n" not in body:
            yield f"Config.in: {name} has no help"
    if not re.search(r"^\t  https://\S+$", config, re.M):
        yield "Config.in: no URL in the help"
    if "depends on BR2_LINUX_KERNEL\n" not in config:
        yield "Config.in: modules without a kernel"


def switches():
    """Each WITH_ of the Makefile is an option of both, and the other way."""
    have = set(re.findall(r"^(WITH_\w+) \?=", MAKEFILE, re.M))
    mk = read(BR_PKG + "/cityhub.mk")
    recipe = read(glob.glob(OE + "/recipes-connectivity/cityhub/*.bb")[0])
    for name in have ^ set(re.findall(r"\b(WITH_\w+)=", mk)):
        yield f"cityhub.mk and the Makefile differ in {name}"
    both = re.findall(r"^PACKAGECONFIG\[(\w+)\] = \"(WITH_\w+)=yes,\2=no[,\"]", recipe, re.M)
    if {name for _, name in both} != have:
        yield "PACKAGECONFIG is not what the Makefile has"
    table = re.findall(r"^\| (\w+) \|", read(OE + "/README.md"), re.M)
    if set(table) - {"PACKAGECONFIG"} != {name for name, _ in both}:
        yield "README.md of the layer does not have the same PACKAGECONFIG"


def buildroot_hash():
    licences = re.search(r"^CITYHUB_LICENSE_FILES = (.*)",
                         read(BR_PKG + "/cityhub.mk"), re.M)[1].split()
    for path in licences:
        if not re.search(rf"  {re.escape(path)}$", read(BR_PKG + "/cityhub.hash"), re.M):
            yield f"no hash of the licence file {path}"
    lines = re.findall(r"^sha256  (\w+)  (\S+)$", read(BR_PKG + "/cityhub.hash"), re.M)
    if not lines:
        yield "no hash"
    for digest, path in lines:
        with open(path, "rb") as f:
            if hashlib.sha256(f.read()).hexdigest() != digest:
                yield f"{path} has another hash"


def layer():
    conf = read(OE + "/conf/layer.conf")
    for name in ("BBPATH", "BBFILES", "BBFILE_COLLECTIONS", "BBFILE_PATTERN_cityhub",
                 "BBFILE_PRIORITY_cityhub", "LAYERVERSION_cityhub",
                 "LAYERDEPENDS_cityhub", "LAYERSERIES_COMPAT_cityhub"):
        if not re.search(rf"^{name} [.+]?= ", conf, re.M):
            yield f"layer.conf has no {name}"
    if "networking-layer" in re.search(r"LAYERDEPENDS_cityhub = (.*)", conf)[1]:
        yield "networking-layer is for MQTT only"
    source = re.search(r"CITYHUB_LAYER}/([./]+)'", conf)[1]
    if os.path.realpath(f"{OE}/{source}") != os.path.realpath("."):
        yield f"CITYHUB_SOURCE {source} is not the checkout"
    readme = read(OE + "/README.md")
    if not all(re.search(word, readme, re.I)
               for word in ("maintainer", "patch", r"[\w.-]+@[\w.-]+")):
        yield "README.md does not say who maintains it and where patches go"
    for name in re.search(r"^LAYERSERIES_COMPAT_cityhub = \"(.*)\"", conf, re.M)[1].split():
        if name < "scarthgap" and name != "blacksail":
            yield f"series {name} is older than scarthgap"
    if not os.path.exists(OE + "/SECURITY.md"):
        yield "no SECURITY.md"
    for path in OE_FILES:
        if re.search(r"\bapt(-get)?\b", read(path)):
            yield f"{path} calls apt"


def recipe_names():
    for path in RECIPES:
        name = os.path.basename(path)
        if name.endswith(".bb") and "_" in name and \
                name.rsplit("_", 1)[1] != f"{VERSION}.bb":
            yield f"{name} is not version {VERSION}"
        if name.startswith("cityhub") and name.endswith(".bbappend") and not glob.glob(
                OE + "/recipes-*/*/" + name.replace("%.bbappend", "*.bb")):
            yield f"{name} has no recipe"
        for wanted in re.findall(r"^require (\S+)", read(path), re.M):
            if not os.path.exists(os.path.join(os.path.dirname(path), wanted)) and \
                    not os.path.exists(f"{OE}/{wanted}"):
                yield f"{name}: no {wanted}"


def recipe_contents():
    for path in RECIPES:
        text = read(path)
        yield from missing_paths(text, "${S}")
        yield from missing_variables(re.findall(r"\b(WITH_\w+)=", text))
        make = " ".join(re.findall(r'EXTRA_OEMAKE \+= "((?:[^"\\]|\\\n)*)"', text))
        yield from missing_variables(re.findall(r"(?<!\S)(\w+)=", make))
        yield from missing_targets(re.findall(r"oe_runmake ([a-z-]+)", text))
        yield from missing_targets(re.findall(r'^MAKE_TARGETS = "(.*)"', text, re.M))
        for name, digest in re.findall(r"file://([\w.]+);md5=(\w+)", text):
            with open(name, "rb") as f:
                if hashlib.md5(f.read()).hexdigest() != digest:
                    yield f"{path}: {name} has another md5"
        for user in re.findall(r"USERADD_PARAM:\S+ = ", text):
            if "cityhub\"" not in text:
                yield f"{path}: {user} is not for the user cityhub"


# The style guide of OpenEmbedded has variables in this order.
OE_ORDER = ["SUMMARY", "DESCRIPTION", "HOMEPAGE", "SECTION", "LICENSE", "require",
            "LIC_FILES_CHKSUM", "DEPENDS", "SRC_URI", "SRCREV", "inherit",
            "PACKAGECONFIG", "EXTRA_OEMAKE", "do_configure", "do_compile", "do_install",
            "do_deploy", "PACKAGE_BEFORE_PN", "PACKAGES", "FILES", "CONFFILES",
            "RDEPENDS", "RRECOMMENDS", "RPROVIDES"]
SPDX = {"GPL-2.0-only", "LGPL-2.1-or-later"}


def recipe_style():
    for path in RECIPES:
        text = read(path)
        name = os.path.basename(path)
        if re.search(r"[ \t]+$|\t", text, re.M):
            yield f"{name}: tabs, or space at the end of a line"
        if re.search(r"_(append|prepend|remove)\b|\bFILES_|\bRDEPENDS_", text):
            yield f"{name}: overrides of before honister"
        if re.search(r"\$\{WORKDIR\}/(?!build\b)", text):
            yield f"{name}: since 5.1 files are unpacked into UNPACKDIR"
        for licence in re.findall(r"^LICENSE\S* = \"(.*)\"", text, re.M):
            if set(re.split(r"[ &|]+", licence)) - SPDX:
                yield f"{name}: {licence} is no SPDX name of ours"
        if not path.endswith(".bb"):
            continue
        for wanted in ("SUMMARY", "SECTION", "LICENSE"):
            if "packagegroup" not in name and f"\n{wanted} = " not in text:
                yield f"{name}: no {wanted}"
        first = {}
        for at, word in enumerate(re.findall(r"^(\w+)(?=[:\[ (])", text, re.M)):
            first.setdefault(word, at)
        order = sorted((w for w in first if w in OE_ORDER), key=first.get)
        if order != [w for w in OE_ORDER if w in first]:
            yield f"{name}: {' '.join(order)} is not the order of the style guide"


def recipe_classes():
    userspace = read(glob.glob(OE + "/recipes-connectivity/cityhub/*.bb")[0])
    for name in ("bash-completion", "pkgconfig", "ptest", "systemd", "update-rc.d", "useradd"):
        if not re.search(rf"^inherit .*{re.escape(name)}( |$)", userspace, re.M):
            yield f"cityhub does not inherit {name}"
    for wanted in ('SYSTEMD_SERVICE:${PN} = ', 'USERADD_PACKAGES = "${PN}"',
                   "'PTEST_ENABLED', '1', 'libcheck'", "INITSCRIPT_NAME = "):
        if wanted not in userspace:
            yield f"cityhub has no {wanted}"
    module = read(glob.glob(OE + "/recipes-kernel/cityhub-module/*.bb")[0])
    for wanted in ("\ninherit module\n", "\nRPROVIDES:${PN} += ",
                   '\nKERNEL_MODULE_AUTOLOAD += "cityhub"\n'):
        if wanted not in module:
            yield f"cityhub-module has no {wanted.strip()}"
    group = read(OE + "/recipes-core/packagegroups/packagegroup-cityhub.bb")
    have = {os.path.basename(p).split("_")[0] for p in RECIPES if p.endswith(".bb")}
    for name in re.findall(r"^    (cityhub[\w-]*) ", group, re.M):
        if name not in have:
            yield f"packagegroup-cityhub: no recipe {name}"
    for path in glob.glob(OE + "/recipes-core/images/*.inc"):
        for name in re.findall(r'IMAGE_INSTALL \+= "(.*)"', read(path)):
            if name not in have | {os.path.splitext(h)[0] for h in have}:
                yield f"{path}: no recipe {name}"
        for overlay in re.findall(r"cityhub-overlays/(\S+);", read(path)):
            if f"usr/share/cityhub/overlays/{overlay}" not in MANIFEST:
                yield f"{path}: no overlay {overlay}"


def overlays():
    want = {p[:-len(".dtso")] + ".dtbo" for p in glob.glob("dt-overlays/*/*.dtso")}
    have = {"dt-" + p[len("usr/share/cityhub/"):] for p in MANIFEST if p.endswith(".dtbo")}
    for path in want ^ have:
        yield f"manifest and dt-overlays differ in {path}"


def recipe_modules():
    text = read(glob.glob(OE + "/recipes-kernel/cityhub-module/*.bb")[0])
    named = set(re.findall(r"kernel-module-([\w-]+)", text))
    for name in named ^ set(MODULES):
        yield f"RPROVIDES and manifest differ in {name}"
    if read(OE + "/recipes-kernel/linux/files/cityhub.cfg") != \
            read("scripts/packaging/common/cityhub.config"):
        yield "cityhub.cfg is not scripts/packaging/common/cityhub.config"


def kernel_config():
    # What our Kconfig selects or depends on, an image has to switch on too.
    have = set(config_options("scripts/packaging/common/cityhub.config"))
    for path in glob.glob("kernel/*/Kconfig"):
        for words in re.findall(r"^\t(?:select|depends on) (.*)", read(path), re.M):
            for word in re.findall(r"\b[A-Z][A-Z0-9_]+", words):
                if not word.startswith("CITYHUB") and "CONFIG_" + word not in have:
                    yield f"{path}: cityhub.config lacks CONFIG_{word}"
    # Debian's kernels have all of it.
    for path in glob.glob("/boot/config-6.*"):
        have = config_options(path)
        for option in config_options("scripts/packaging/common/cityhub.config"):
            if option not in have:
                yield f"{path} does not know {option}"


def dkms():
    text = read("scripts/packaging/dkms/dkms.conf")
    names = dict(re.findall(r'BUILT_MODULE_NAME\[(\d+)\]="([\w-]+)"', text))
    places = dict(re.findall(r'BUILT_MODULE_LOCATION\[(\d+)\]="([\w/]+)"', text))
    if {names[i]: places.get(i) for i in names} != MODULES:
        yield "the modules of dkms.conf are not those of the manifest"
    if set(re.findall(r"DEST_MODULE_LOCATION\[(\d+)\]", text)) != set(names):
        yield "a module of dkms.conf has no destination"
    for name, place in MODULES.items():
        if not re.search(rf"^obj-m [:+]?= .*\b{name}\.o", read(place + "/Kbuild"), re.M):
            yield f"{place}/Kbuild does not build {name}"


def debian():
    if not read(DEB + "/changelog").startswith(f"cityhub ({VERSION})"):
        yield f"debian/changelog is not version {VERSION}"
    packages = re.findall(r"^Package: (\S+)", read(DEB + "/control"), re.M)
    soversion = re.search(r"^SOVERSION := (\d+)", MAKEFILE, re.M)[1]
    if f"libcityhub{soversion}" not in packages:
        yield f"no package libcityhub{soversion}"
    for path in glob.glob(DEB + "/*.install"):
        if os.path.basename(path)[:-len(".install")] not in packages:
            yield f"{path} is for no package"
    rules = read(DEB + "/rules")
    yield from missing_targets(re.findall(r"(?<= )(?:install-|unit-)[a-z-]+", rules))
    yield from missing_variables(re.findall(r"(?<![\w-])([a-z]+dir|prefix)=", rules))


TESTS = {
    "Buildroot: the external tree": buildroot_external,
    "Buildroot: cityhub.mk": buildroot_mk,
    "Buildroot: form": buildroot_form,
    "Buildroot: options": buildroot_options,
    "Buildroot: hashes of licence files": buildroot_hash,
    "Yocto: the layer": layer,
    "Yocto: names of recipes": recipe_names,
    "Yocto: what recipes name": recipe_contents,
    "Yocto: form of recipes": recipe_style,
    "Yocto: classes, packages, image": recipe_classes,
    "Yocto: modules and kernel options": recipe_modules,
    "Buildroot and Yocto: what can be left out": switches,
    "overlays are shipped": overlays,
    "kernel options are real": kernel_config,
    "DKMS": dkms,
    "Debian": debian,
}


def main():
    failed = 0
    for number, (name, test) in enumerate(TESTS.items(), 1):
        problems = list(test())
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for problem in problems:
            print(f"# {problem}")
    print(f"1..{len(TESTS)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
