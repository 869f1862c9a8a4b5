# SPDX-License-Identifier: GPL-2.0-only
# cityhub. `make help` lists the targets. Nothing here installs packages but
# `make check`, `make check-fast` and `make demo`, through scripts/setup.

VERSION := 0.1.0

prefix ?= /usr/local
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
# Not under the prefix: the daemon, its unit and its user have one place.
sysconfdir ?= /etc
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/cityhub
overlaysdir ?= $(datadir)/cityhub/overlays
completiondir ?= $(datadir)/bash-completion/completions
# systemd and udev look there for either prefix.
systemdunitdir ?= $(prefix)/lib/systemd/system
udevdir ?= $(prefix)/lib/udev
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
modulesloaddir ?= $(prefix)/lib/modules-load.d

# What a small image may leave out, yes or no: the broker (libmosquitto); the
# control of the hub's module (libnl, with it libcityhub and most commands);
# the files of systemd.
WITH_MQTT ?= yes
WITH_HUB ?= yes
WITH_SYSTEMD ?= yes
WITH_GNUTLS ?= yes
$(foreach w,WITH_MQTT WITH_HUB WITH_SYSTEMD WITH_GNUTLS,$(if $(filter-out yes no,$($(w))), \
	$(error $(w)=$($(w)): say yes or no)))
with = $(filter yes,$(WITH_$(1)))

CC ?= cc
AR ?= ar
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
B ?= build

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:

# ---- user space ------------------------------------------------------------

LIB_PKGS := $(if $(call with,HUB),libnl-3.0 libnl-genl-3.0)
DAEMON_PKGS := libiio sqlite3 jansson libconfig $(if $(call with,MQTT),libmosquitto)
COMMAND_PKGS := $(filter-out libiio,$(DAEMON_PKGS)) \
	$(and $(call with,MQTT),$(call with,GNUTLS),gnutls)
TEST_PKGS := check

pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))

override CPPFLAGS += -D_GNU_SOURCE -DCITYHUB_VERSION='"$(VERSION)"' \
	-DCITYHUB_SYSCONFDIR='"$(sysconfdir)"' \
	-DWITH_MQTT=$(if $(call with,MQTT),1,0) -DWITH_HUB=$(if $(call with,HUB),1,0) \
	-DWITH_GNUTLS=$(if $(call with,GNUTLS),1,0) \
	-Iuserspace -Iuserspace/libcityhub/include -Ikernel/include/uapi
C11 := -std=c11 -Wall -Wextra -fvisibility=hidden $(WERROR)
ifdef SANITIZE
C11 += -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
endif

# Sources are found, so that a new module needs no line here.
without := $(if $(call with,MQTT),,%/sink_mqtt.c %/watch_broker.c %/mqtt_setup.c) \
	$(if $(and $(call with,MQTT),$(call with,GNUTLS)),,%/certificate.c) \
	$(if $(call with,HUB),,userspace/libcityhub/% %/stamps.c \
		$(shell grep -lE '"hub\.h"|<cityhub/cityhub\.h>' userspace/cityhub/*.c) \
		tests/unit/check_libcityhub_% tests/unit/check_cmd_set.c \
		tests/system/tools/%)
sources = $(filter-out $(without),$(wildcard $(1)))
lib_src := $(call sources,userspace/libcityhub/*.c)
common_src := $(call sources,userspace/common/*.c)
daemon_src := $(call sources,userspace/cityhubd/*.c)
command_src := $(call sources,userspace/cityhub/*.c)
replay_src := $(wildcard userspace/stamp-replay/*.c) $(wildcard kernel/base/stamp*.c)
bench_src := $(wildcard tests/bench/stamps/*.c) $(wildcard kernel/base/stamp*.c)
fuzz_src := tests/fuzz/fuzz_stamp.c $(wildcard kernel/base/stamp*.c)
unit_src := $(call sources,tests/unit/check_*.c)
tool_src := $(call sources,tests/system/tools/*.c)

O := $(B)/obj$(if $(SANITIZE),-asan)
obj = $(patsubst %.c,$(O)/%.o,$(1))

lib_obj := $(call obj,$(lib_src))
common_obj := $(call obj,$(common_src))
daemon_obj := $(call obj,$(daemon_src))
command_obj := $(call obj,$(command_src))
UNIT := $(B)/unit$(if $(SANITIZE),-asan)
unit_bin := $(patsubst tests/unit/%.c,$(UNIT)/%,$(unit_src))
tool_bin := $(patsubst tests/system/tools/%.c,$(B)/tools/%,$(tool_src))

# Programs with sanitizers must not take the place of those without.
P := $(B)$(if $(SANITIZE),/asan)
SOVERSION := 0
SO := libcityhub.so.$(SOVERSION)
lib_map := userspace/libcityhub/libcityhub.map

lib := $(if $(call with,HUB),$(P)/$(SO) $(P)/libcityhub.a $(P)/libcityhub.pc)
.PHONY: all
all: $(P)/cityhubd $(P)/cityhub $(P)/stamp-replay $(lib)

# Objects of other options than these are made anew.
options := $(foreach v,VERSION sysconfdir WITH_MQTT WITH_HUB WITH_GNUTLS,$(v)=$($(v)))
$(O)/.options: FORCE
	@mkdir -p $(@D)
	@echo '$(options)' | cmp -s - $@ || echo '$(options)' > $@
.PHONY: FORCE
FORCE:
$(lib_obj) $(common_obj) $(daemon_obj) $(command_obj): $(O)/.options
$(patsubst tests/unit/%.c,$(O)/tests/unit/%.o,$(unit_src)): $(O)/.options
$(B)/faults/cityhubd $(P)/cityhubd $(P)/cityhub: $(O)/.options

$(O)/userspace/%.o: userspace/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(C11) -fPIC $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The estimator is kernel code without calls into the kernel, and so are the
# simulated chips: a shim gives them the few kernel headers they use.
KSHIM := -Iuserspace/kshim -Ikernel/include

$(O)/userspace/stamp-replay/%.o: override CPPFLAGS += $(KSHIM)
$(O)/kernel/%.o: kernel/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KSHIM) $(C11) -Wno-sign-compare -fPIC $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests/unit $(KSHIM) -Itests/sim \
		$(C11) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

PKG_CFLAGS = $(call pkg_cflags,$(LIB_PKGS) $(DAEMON_PKGS) $(COMMAND_PKGS))
$(O)/tests/unit/%.o: PKG_CFLAGS += $(call pkg_cflags,$(TEST_PKGS))

$(P)/libcityhub.a: $(call obj,$(lib_src))
	@mkdir -p $(@D)
	$(AR) rcs $@ $^

$(P)/$(SO): $(lib_obj) $(lib_map)
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(SO) \
		-Wl,--version-script=$(lib_map) -o $@ $(lib_obj) \
		$(call pkg_libs,$(LIB_PKGS))
	ln -sf $(SO) $(P)/libcityhub.so

# Files with paths in them; touched only if those changed.
paths := prefix bindir sbindir libdir includedir sysconfdir udevdir docdir
define fill_in
@mkdir -p $(@D)
@sed $(foreach v,$(paths),-e 's|@$(v)@|$($(v))|g') -e 's|@version@|$(VERSION)|g' \
	$< > $@.new
@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
endef
$(P)/libcityhub.pc: userspace/libcityhub/libcityhub.pc.in FORCE
	$(fill_in)
$(P)/install/%: scripts/packaging/common/%.in FORCE
	$(fill_in)

# The programs carry the library, so that they run from the build folder.
$(P)/cityhubd: $(daemon_obj) $(common_obj) $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
		$(call pkg_libs,$(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread

$(P)/cityhub: $(command_obj) $(common_obj) $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
		$(call pkg_libs,$(LIB_PKGS) $(COMMAND_PKGS)) -lm -lpthread

$(P)/stamp-replay: $(call obj,$(replay_src))
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^

# The daemon with faults that its tests can plant; never installed.
$(B)/faults/cityhubd: $(daemon_src) $(common_obj) $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DCITYHUB_TEST_FAULTS $(C11) $(PKG_CFLAGS) $(CFLAGS) \
		$(LDFLAGS) -o $@ $(filter-out %/.options,$^) \
		$(call pkg_libs,$(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread

# ---- tests in user space ---------------------------------------------------

.PHONY: unit-programs
# The tools run in test kernels, where the sanitizers do not.
unit-programs: $(unit_bin) $(if $(SANITIZE),$(P)/fuzz-stamp,$(tool_bin) \
	$(if $(call with,HUB),$(B)/tools/fuzz-netlink) \
	$(B)/faults/cityhubd $(P)/stamp-bench)

# The parts of the command that units look at.
unit_commands := chips clamps cmd cmd_arm cmd_commission cmd_disarm cmd_set \
	cmd_slot daemon_conf doctor doctor_daemon doctor_store hub iio meter phases \
	process record watch_count watch_draw watch_view wrap writer
unit_with := $(filter-out %/main.o,$(common_obj) $(lib_obj) $(daemon_obj)) \
	$(filter $(addprefix %/,$(addsuffix .o,$(unit_commands))),$(command_obj))
$(UNIT)/check_%: $(O)/tests/unit/check_%.o $(unit_with)
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(TEST_PKGS) $(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread
.PRECIOUS: $(O)/tests/unit/%.o

$(B)/tools/%: tests/system/tools/%.c $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(C11) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) \
		-o $@ $< $(lib_obj) $(call pkg_libs,$(LIB_PKGS) libiio) -lm

# These are made of the daemon's parts.
daemon_tools := format-dump store-fill
$(addprefix $(B)/tools/,$(daemon_tools)): $(B)/tools/%: tests/system/tools/%.c $(unit_with)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(C11) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d \
		$(LDFLAGS) -o $@ $< $(unit_with) \
		$(call pkg_libs,$(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread

# ---- what the daemon costs --------------------------------------------------

$(P)/pipeline-bench: tests/bench/daemon/pipeline.c $(unit_with)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(C11) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d \
		$(LDFLAGS) -o $@ $< $(unit_with) \
		$(call pkg_libs,$(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread

# A table, and the same as JSON in build/bench.json.
.PHONY: bench
bench: $(P)/pipeline-bench $(P)/cityhubd $(P)/cityhub $(B)/tools/store-fill
	python3 tests/bench/daemon/bench.py $(B)

# ---- accuracy of the estimator ---------------------------------------------

$(O)/tests/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KSHIM) $(C11) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/tests/fuzz/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KSHIM) $(C11) $(CFLAGS) -MMD -MP -c -o $@ $<

$(P)/stamp-bench: $(call obj,$(bench_src))
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

# All of the comparison, the best anybody could do included; the table and the
# plot of Documentation/time.rst are from here.
.PHONY: bench-stamps
bench-stamps: $(P)/stamp-bench
	$< table
	$< plot Documentation/time-errors.svg
	$< gates
	STAMP_SEEDS=20 bash tests/system/62-stamp-replay.sh
	$< table --limit

# Ten million updates under the sanitizers, about two minutes.
.PHONY: fuzz-stamps
fuzz-stamps:
	$(MAKE) SANITIZE=1 $(B)/asan/fuzz-stamp
	$(B)/asan/fuzz-stamp

# A million requests in the debug kernel; the short form is 44-hub-stress.
.PHONY: fuzz-netlink
fuzz-netlink: all unit-programs
	VM_FUZZ_MESSAGES=$(or $(MESSAGES),1000000) VM_FUZZ_SEED=$(or $(SEED),1) \
		scripts/vm --kernel uml --chips mpl3115,sen66 --timeout 3600 -- \
		bash tests/system/44-hub-stress.sh

$(B)/tools/fuzz-netlink: tests/fuzz/fuzz_netlink.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(C11) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) \
		-o $@ $< $(call pkg_libs,$(LIB_PKGS))

$(P)/fuzz-stamp: $(call obj,$(fuzz_src))
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^

-include $(shell find $(B) -name '*.d' -type f -not -path '$(B)/kbuild/*' \
	-not -path '$(B)/deb/*' 2>/dev/null)

# ---- kernel modules --------------------------------------------------------

# The running kernel's headers, else the newest installed.
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell ls -d /lib/modules/*/build 2>/dev/null | sort -V | tail -n 1))
KARGS = $(if $(SIM),CITYHUB_SIM=y) $(if $(KUNIT),CITYHUB_KUNIT=y) \
	$(if $(GCOV),CITYHUB_GCOV=y) $(if $(W),W=$(W)) $(if $(ARCH),ARCH=$(ARCH)) \
	$(if $(CROSS_COMPILE),CROSS_COMPILE=$(CROSS_COMPILE))
KRELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h 2>/dev/null)
KB = $(abspath $(B))/kbuild/$(KRELEASE)

.PHONY: modules
modules: kbuild-tree
	$(MAKE) -C $(KDIR) M=$(KB) $(KARGS) modules

# Kbuild writes beside the sources; a tree of links keeps them clean and lets
# several kernels be built side by side.
.PHONY: kbuild-tree
kbuild-tree:
	@test -n "$(KRELEASE)" || { echo "no kernel headers in KDIR='$(KDIR)':" \
		"install linux-headers for your kernel or set KDIR" >&2; exit 1; }
	@mkdir -p $(KB)
	@find $(KB) -xtype l -delete
	@find Kbuild kernel tests/sim tests/kunit tests/vm-selftest -type f | while read -r f; do \
		t="$(KB)/$$f"; test -e "$$t" || { mkdir -p "$${t%/*}"; \
		ln -sfT "$(CURDIR)/$$f" "$$t"; }; done

# A fragment that only an override enables has no __overlay__: no warning.
.PHONY: overlays
overlays: $(patsubst %.dtso,$(B)/%.dtbo,$(wildcard dt-overlays/*/*.dtso))

$(B)/dt-overlays/%.dtbo: dt-overlays/%.dtso
	@mkdir -p $(@D)
	@command -v dtc > /dev/null || { echo "dtc is missing:" \
		"install the device tree compiler" >&2; exit 1; }
	dtc -@ -W no-unit_address_vs_reg -I dts -O dtb -o $@ $<

# Built anew, so that nothing of a build for tests is left in the list.
.PHONY: modules_install
modules_install: modules
	$(MAKE) -C $(KDIR) M=$(KB) $(if $(ARCH),ARCH=$(ARCH)) \
		INSTALL_MOD_PATH=$(DESTDIR) modules_install

# ---- install ---------------------------------------------------------------

.PHONY: install
install: install-userspace install-overlays modules_install

# A configuration that is there stays.
packaging := scripts/packaging/common
install_dirs := $(bindir) $(sbindir) $(sysconfdir)/cityhub $(udevdir)/rules.d \
	$(completiondir) $(docdir)/examples $(mandir)/man1 \
	$(mandir)/man5 $(mandir)/man8
.PHONY: install-userspace
install-userspace: all $(P)/install/60-cityhub.rules \
		$(addprefix install-,$(if $(call with,HUB),hub) \
		$(if $(call with,SYSTEMD),systemd))
	install -d $(addprefix $(DESTDIR),$(install_dirs))
	install -m 755 $(P)/cityhub $(P)/stamp-replay $(DESTDIR)$(bindir)/
	install -m 755 $(P)/cityhubd $(DESTDIR)$(sbindir)/
	install -m 755 $(packaging)/cityhub-iio $(DESTDIR)$(udevdir)/
	install -m 644 $(P)/install/60-cityhub.rules $(DESTDIR)$(udevdir)/rules.d/
	install -m 644 $(packaging)/bash-completion $(DESTDIR)$(completiondir)/cityhub
	ln -sf cityhub $(DESTDIR)$(completiondir)/cityhubd
	install -m 644 Documentation/man/*.1 $(DESTDIR)$(mandir)/man1/
	install -m 644 Documentation/man/*.5 $(DESTDIR)$(mandir)/man5/
	install -m 644 Documentation/man/*.8 $(DESTDIR)$(mandir)/man8/
	install -m 644 userspace/cityhubd/cityhubd.conf $(DESTDIR)$(docdir)/examples/
	test -e $(DESTDIR)$(sysconfdir)/cityhub/cityhubd.conf || \
		install -m 644 userspace/cityhubd/cityhubd.conf \
		$(DESTDIR)$(sysconfdir)/cityhub/

.PHONY: install-hub
install-hub: $(lib)
	install -d $(addprefix $(DESTDIR),$(libdir)/pkgconfig $(includedir)/cityhub \
		$(includedir)/linux $(mandir)/man3 $(mandir)/man7)
	install -m 755 $(P)/$(SO) $(DESTDIR)$(libdir)/
	ln -sf $(SO) $(DESTDIR)$(libdir)/libcityhub.so
	install -m 644 $(P)/libcityhub.a $(DESTDIR)$(libdir)/
	install -m 644 $(P)/libcityhub.pc $(DESTDIR)$(libdir)/pkgconfig/
	install -m 644 userspace/libcityhub/include/cityhub/*.h \
		$(DESTDIR)$(includedir)/cityhub/
	install -m 644 kernel/include/uapi/linux/cityhub.h \
		$(DESTDIR)$(includedir)/linux/
	install -m 644 Documentation/man/*.3 $(DESTDIR)$(mandir)/man3/
	install -m 644 Documentation/man/*.7 $(DESTDIR)$(mandir)/man7/

.PHONY: install-systemd
install-systemd: $(P)/install/cityhubd.service
	install -d $(addprefix $(DESTDIR),$(systemdunitdir) $(sysusersdir) \
		$(tmpfilesdir) $(modulesloaddir))
	install -m 644 $(P)/install/cityhubd.service $(DESTDIR)$(systemdunitdir)/
	install -m 644 $(packaging)/modules-load.conf \
		$(DESTDIR)$(modulesloaddir)/cityhub.conf
	install -m 644 $(packaging)/sysusers.conf $(DESTDIR)$(sysusersdir)/cityhub.conf
	install -m 644 $(packaging)/tmpfiles.conf $(DESTDIR)$(tmpfilesdir)/cityhub.conf

.PHONY: install-overlays
install-overlays: overlays
	for f in $(patsubst dt-overlays/%.dtso,%.dtbo,$(wildcard dt-overlays/*/*.dtso)); do \
		install -D -m 644 $(B)/dt-overlays/$$f $(DESTDIR)$(overlaysdir)/$$f || exit; \
	done
	install -m 644 dt-overlays/README.md $(DESTDIR)$(overlaysdir)/

# The sources of the modules for DKMS, which builds them for each kernel.
dkms_dir := /usr/src/cityhub-$(VERSION)
.PHONY: install-dkms
install-dkms:
	find Kbuild COPYING kernel -type f ! -name '.*' ! -name '*.o' | while read -r f; do \
		install -D -m 644 "$$f" "$(DESTDIR)$(dkms_dir)/$$f"; done
	sed 's|@version@|$(VERSION)|' scripts/packaging/dkms/dkms.conf \
		> $(DESTDIR)$(dkms_dir)/dkms.conf

# ---- packages --------------------------------------------------------------

# Debian packages from what git knows, in a copy, into $(B)/deb/.
deb_copy := $(B)/deb/cityhub-$(VERSION)
.PHONY: deb
deb:
	rm -rf $(B)/deb
	mkdir -p $(deb_copy)
	git ls-files -z | xargs -0 tar -cf - | tar -C $(deb_copy) -xf -
	cp -r scripts/packaging/debian $(deb_copy)/debian
	cd $(deb_copy) && dpkg-buildpackage -b -us -uc
	rm -r $(deb_copy)

# Minutes each, and packages beyond those of scripts/setup; see README.md.
.PHONY: check-deb check-install check-kernels check-upstream check-cross
.PHONY: check-new-chip check-images export-upstream
check-deb:
	scripts/packaging/test-deb

check-install:
	README_BUILD=1 tests/system/64-readme.sh

check-kernels:
	scripts/packaging/check-kernels

check-upstream:
	scripts/packaging/export-upstream --check

export-upstream:
	scripts/packaging/export-upstream

check-cross:
	scripts/packaging/check-cross

check-images:
	scripts/packaging/check-images

check-new-chip:
	scripts/packaging/check-new-chip

# ---- gates -----------------------------------------------------------------

.PHONY: check check-fast check-stock check-smp check-arm lint demo
check:
	scripts/check

check-fast:
	scripts/check --fast

check-stock:
	scripts/check --stock

check-smp:
	scripts/check --smp

check-arm:
	scripts/check --arm

lint:
	scripts/lint

demo:
	scripts/demo

# The short form is the test 56-daemon-kill.
.PHONY: campaign-kill
campaign-kill: all
	python3 tests/system/kill_campaign.py $(CURDIR) 1000 $(or $(SEED),1)

# About half a minute for each cut, of a VM with a stock kernel.
.PHONY: campaign-power
campaign-power: all
	python3 tests/system/power_campaign.py $(CURDIR) $(or $(CUTS),20) $(or $(SEED),1)

# Devices, the hub and the system go away and to sleep under their users, as
# chance has it; SEED= repeats that, KERNEL=uml does it on one processor. The
# short form is the test 45-lifetime.
.PHONY: campaign-lifetime
campaign-lifetime:
	VM_ROUNDS=$(or $(ROUNDS),200) VM_SEED=$(or $(SEED),$(shell date +%s)) \
		scripts/check 45-lifetime@$(or $(KERNEL),smp)

# Every bus transfer of every phase of the drivers fails in turn. The short form
# is the test 26-bus-faults.
.PHONY: campaign-bus
campaign-bus:
	VM_FAULTS=1000 scripts/check 26-bus-faults

# The waveforms of ten minutes and of one, in virtual time; about as long in
# reality. The short form is the test 30-ade9000-wave.
.PHONY: campaign-wave
campaign-wave:
	scripts/vm --kernel uml --chips ade9000 --timeout 3600 -- \
		python3 tests/system/wave_campaign.py 600 8000 7
	scripts/vm --kernel uml --chips ade9000 --timeout 3600 -- \
		python3 tests/system/wave_campaign.py 60 32000 6

.PHONY: clean
clean:
	rm -rf $(B)

.PHONY: help
help:
	@echo 'all (default)    user space into $(B)/'
	@echo 'modules          kernel modules: KDIR=, ARCH=, CROSS_COMPILE=, W=1,'
	@echo '                 SIM=1 adds the virtual hub, KUNIT=1 the KUnit modules'
	@echo 'overlays         device tree overlays into $(B)/dt-overlays/'
	@echo 'install          all three: DESTDIR=, prefix=; install-userspace,'
	@echo '                 modules_install and install-overlays do one of them;'
	@echo '                 WITH_MQTT=no, WITH_HUB=no, WITH_GNUTLS=no and'
	@echo '                 WITH_SYSTEMD=no make less of it'
	@echo 'install-dkms     sources of the modules for DKMS'
	@echo 'deb              Debian packages into $(B)/deb/'
	@echo 'demo             the whole chain on simulated sensors (installs packages)'
	@echo 'check            every test (installs packages, builds a test kernel once)'
	@echo 'check-fast       the tests that take less than a minute'
	@echo 'check-stock      more of the tests on stock kernels, in real time (minutes)'
	@echo 'check-smp        tests on a debug kernel with two processors (builds it once;'
	@echo '                 minutes)'
	@echo 'check-arm        boot and capture on a kernel for arm64 (minutes)'
	@echo 'bench            what the daemon costs, and a backlog of a day (minutes)'
	@echo 'bench-stamps     how far off stamps are, and the best anybody could do (minutes)'
	@echo 'campaign-kill    cityhubd killed -9 a thousand times: SEED= (minutes)'
	@echo 'campaign-bus     each bus transfer of the drivers fails in turn (minutes)'
	@echo 'campaign-lifetime 200 rounds of things that go away: SEED=, ROUNDS=,'
	@echo '                 KERNEL=uml (minutes)'
	@echo 'check-deb        the Debian packages on a fresh Debian 12 (root, minutes)'
	@echo 'fuzz-stamps      ten million updates of the estimator under sanitizers'
	@echo 'fuzz-netlink     a million requests to the hub in the debug kernel: MESSAGES=,'
	@echo '                 SEED= (minutes)'
	@echo 'check-install    make, make modules and make install as README.md has them'
	@echo 'check-kernels    modules with W=1 against all headers of Debian 12 (minutes)'
	@echo 'check-upstream   the series for a kernel tree, on Linux 6.12 (minutes);'
	@echo '                 export-upstream only writes it, into $(B)/upstream/'
	@echo 'check-images     the recipes for Buildroot and Yocto, run with stand-ins for'
	@echo '                 both (minutes)'
	@echo 'check-new-chip   what the guide to a new chip says, done (minutes)'
	@echo 'check-cross      user space for arm64 and armhf, units under QEMU (minutes)'
	@echo 'lint             checkpatch, sparse, W=1, shellcheck, SPDX'
	@echo 'clean            remove $(B)/'
