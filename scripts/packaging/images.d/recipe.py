#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: recipe.py DIRECTORY

Run do_compile and do_install of the userspace recipe and of the overlays for
Yocto as BitBake would, for this machine, into DIRECTORY, with all options and
with none; then put what they install into packages by FILES, as do_package does.
A file that is in no package ends a real build ("installed but not shipped"); one
that two recipes ship ends an image. Only what these recipes use of BitBake's
language is known here; anything else is an error.
"""
import fnmatch
import glob
import os
import re
import subprocess
import sys

LAYER = "scripts/packaging/yocto/meta-cityhub"
# bitbake.conf, as far as paths and packages go.
BITBAKE_CONF = r'''
prefix = "/usr"
bindir = "${prefix}/bin"
sbindir = "${prefix}/sbin"
libdir = "${prefix}/lib"
includedir = "${prefix}/include"
datadir = "${prefix}/share"
docdir = "${datadir}/doc"
mandir = "${datadir}/man"
sysconfdir = "/etc"
localstatedir = "/var"
nonarch_libdir = "${prefix}/lib"
nonarch_base_libdir = "/lib"
systemd_system_unitdir = "${nonarch_libdir}/systemd/system"
BPN = "${PN}"
PTEST_PATH = "${libdir}/${BPN}/ptest"
PACKAGES = "${PN}-ptest ${PN}-staticdev ${PN}-dev ${PN}-doc ${PN}-bash-completion ${PACKAGE_BEFORE_PN} ${PN}"
FILES:${PN} = "${bindir}/* ${sbindir}/* ${libdir}/lib*.so.* ${sysconfdir} ${localstatedir} ${datadir}/${BPN} ${libdir}/${BPN}/*"
FILES:${PN}-doc = "${docdir} ${mandir}"
FILES:${PN}-dev = "${includedir} ${libdir}/lib*.so ${libdir}/pkgconfig"
FILES:${PN}-staticdev = "${libdir}/*.a"
FILES:${PN}-ptest = "${PTEST_PATH}"
FILES:${PN}-bash-completion = "${datadir}/bash-completion"
'''
ASSIGN = re.compile(r'^([\w:.${}-]+?)(\[\w+\])?\s*(\?\?=|\?=|:=|\+=|=)\s*"(.*)"$')


class Utils:
    """bb.utils, by the meaning that its documentation gives."""

    @staticmethod
    def contains(name, wanted, yes, no, d):
        return yes if set(wanted.split()) <= set((d.getVar(name) or "").split()) else no

    @staticmethod
    def filter(name, wanted, d):
        return " ".join(w for w in wanted.split() if w in (d.getVar(name) or "").split())


class BB:
    utils = Utils


class Data:
    def __init__(self, **values):
        self.values, self.weak, self.flags, self.functions = dict(values), {}, {}, {}

    def getVar(self, name):
        value = self.values.get(name, self.weak.get(name))
        return None if value is None else self.expand(value)

    def expand(self, text):
        for _ in range(20):
            new = re.sub(r"\$\{@(.*?)\}", lambda m: str(eval(  # pylint: disable=eval-used
                m[1], {"bb": BB, "d": self, "os": os})), text)
            new = re.sub(r"\$\{([\w:.-]+)\}", lambda m: m[0] if
                         self.getVar(m[1]) is None else self.getVar(m[1]), new)
            if new == text:
                return text
            text = new
        sys.exit(f"recipe.py: no end of {text}")

    def assign(self, name, flag, operator, value):
        if flag:
            self.flags[name, flag[1:-1]] = value
        elif name.endswith(":append"):
            self.values[name[:-7]] = self.values.get(name[:-7], "") + value
        elif operator == "??=":
            self.weak[name] = value
        elif operator == "?=":
            self.values.setdefault(name, value)
        elif operator == "+=":
            self.values[name] = self.values.get(name, "") + " " + value
        else:
            self.values[name] = value

    def parse(self, text, path):
        lines = iter(text.replace("\\\n", "").splitlines())
        for line in lines:
            if not line.strip() or line.startswith(("#", "inherit ", "addtask ")):
                continue
            function = re.match(r"(\w+)\(\) \{$", line)
            required = re.match(r"require (\S+)$", line)
            assigned = ASSIGN.match(line)
            if function:
                body = []
                while (line := next(lines)) != "}":
                    body.append(line)
                self.functions[function[1]] = "\n".join(body)
            elif required:
                near = os.path.join(os.path.dirname(path), required[1])
                self.read(near if os.path.exists(near) else f"{LAYER}/{required[1]}")
            elif assigned:
                name, flag, operator, value = assigned.groups()
                self.assign(self.expand(name), flag, operator, value)
            else:
                sys.exit(f"{path}: what is {line!r}?")

    def read(self, path):
        with open(path, encoding="utf-8") as f:
            self.parse(f.read(), path)

    def configure_arguments(self):
        chosen = (self.getVar("PACKAGECONFIG") or "").split()
        known = {flag for name, flag in self.flags if name == "PACKAGECONFIG"}
        if set(chosen) - known:
            sys.exit(f"PACKAGECONFIG has no {set(chosen) - known}")
        return " ".join(self.flags["PACKAGECONFIG", flag].split(",")[flag not in chosen]
                        for flag in sorted(known))

    def run(self, *names):
        for name in names:
            # The class useradd makes the names known to chown in do_install.
            script = ('chown() { [ "$1" = root:cityhub ] && echo "$2" >> owned; }\n'
                      'oe_runmake() { make -s -j2 ' + self.getVar("EXTRA_OEMAKE") +
                      ' "$@"; }\n' + self.expand(self.functions[name]))
            subprocess.run(["bash", "-e", "-c", script], cwd=self.getVar("B"), check=True)

    def packages(self):
        """Yield (package, file): the first package in PACKAGES that has it."""
        taken, root = set(), self.getVar("D")
        # The class systemd adds the units that it enables.
        for service in (self.getVar("SYSTEMD_SERVICE:" + self.getVar("PN")) or "").split():
            self.assign("FILES:" + self.getVar("PN"), None, "+=",
                        "${systemd_system_unitdir}/" + service)
        for package in self.getVar("PACKAGES").split():
            for pattern in (self.getVar(f"FILES:{package}") or "").split():
                for path in self.installed(root):
                    if path not in taken and (fnmatch.fnmatch(path, pattern) or
                                              path.startswith(pattern + "/")):
                        taken.add(path)
                        yield package, path
        for path in self.installed(root):
            if path not in taken:
                yield None, path

    @staticmethod
    def installed(root):
        for folder, _, files in os.walk(root):
            for name in files:
                yield os.path.join(folder, name)[len(root):]


def build(pattern, work, packageconfig=None):
    path = glob.glob(f"{LAYER}/{pattern}")[0]
    name = os.path.basename(path).split("_")[0]
    here = os.path.abspath(f"{work}/{name}")
    subprocess.run(["rm", "-rf", here], check=True)
    os.makedirs(here + "/build")
    d = Data(PN=name, S=os.getcwd(), B=here + "/build", D=here + "/image",
             WORKDIR=here, DEPLOYDIR=here + "/deploy", CITYHUB_SOURCE=os.getcwd(),
             DISTRO_FEATURES="systemd ptest", PTEST_ENABLED="1", EXTRA_OEMAKE="")
    d.parse(d.expand(BITBAKE_CONF.replace("${PN}", name)), "bitbake.conf")
    d.read(path)
    for append in glob.glob(f"{LAYER}/dynamic-layers/*/*/*/{name}_%.bbappend"):
        d.read(append)
    if packageconfig is not None:
        d.values["PACKAGECONFIG"] = packageconfig
    d.values["PACKAGECONFIG_CONFARGS"] = d.configure_arguments()
    ptest = [n for n in d.functions if n.endswith("_ptest")]
    d.run("do_compile", *[n for n in ptest if "compile" in n],
          "do_install", *[n for n in ptest if "install" in n],
          *[n for n in ("do_deploy",) if n in d.functions])
    return d


def packaged(d, problems):
    found = {}
    for package, path in d.packages():
        if package is None:
            problems.append(f"{d.getVar('PN')}: {path} is installed but not shipped")
        found[path] = package
    return found


def manifest():
    with open("scripts/packaging/manifest", encoding="utf-8") as f:
        for line in f:
            path = "/" + line.split(" ->")[0].strip()
            if line[0] != "#" and not path.startswith("/lib/modules/"):
                yield path.replace("/usr/lib/udev/", "/lib/udev/")


def autoloaded():
    """What the class of modules ships for KERNEL_MODULE_AUTOLOAD."""
    with open(glob.glob(f"{LAYER}/recipes-kernel/cityhub-module/*.bb")[0],
              encoding="utf-8") as f:
        for names in re.findall(r'^KERNEL_MODULE_AUTOLOAD \+= "(.*)"', f.read(), re.M):
            for name in names.split():
                yield f"/usr/lib/modules-load.d/{name}.conf"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    work, problems = sys.argv[1], []
    d = build("recipes-connectivity/cityhub/*.bb", work)
    files = packaged(d, problems)
    files_overlays = packaged(build("recipes-bsp/cityhub-overlays/*.bb", work), problems)
    files_module = {path: "cityhub-module" for path in autoloaded()}
    together = list(files) + list(files_overlays) + list(files_module)
    for path in sorted(set(p for p in together if together.count(p) > 1)):
        problems.append(f"{path} is in the packages of two recipes")
    for path in sorted(set(manifest()) - set(together)):
        problems.append(f"{path} of the manifest is in no package")
    for path in sorted(set(together) - set(manifest())):
        if "/ptest/" not in path and not path.startswith("/etc/init.d/"):
            problems.append(f"{path} is not in the manifest")
    if files.get("/usr/lib/libcityhub.so.0") != "cityhub-lib":
        problems.append("libcityhub.so.0 is not in cityhub-lib")
    private = d.getVar("D") + "/etc/cityhub"
    with open(d.getVar("B") + "/owned", encoding="utf-8") as f:
        if os.stat(private).st_mode & 0o777 != 0o750 or private not in f.read().split():
            problems.append("/etc/cityhub is not 0750 root:cityhub")
    ptest = d.getVar("D") + d.getVar("PTEST_PATH")
    result = subprocess.run([ptest + "/run-ptest"], capture_output=True, text=True,
                            cwd="/", check=False).stdout
    print(result)
    if "FAIL" in result or not result.count("PASS"):
        problems.append("run-ptest: " + result)
    least = build("recipes-connectivity/cityhub/*.bb", work + "/least", "")
    for path in packaged(least, problems):
        if re.search(r"libcityhub|systemd|mosquitto", path):
            problems.append(f"without any option: {path}")
    for problem in problems:
        print(problem)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
