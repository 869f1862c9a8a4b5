# SPDX-License-Identifier: GPL-2.0-only
# cityhub. `make help` lists the targets. Nothing here installs packages but
# `make check`, `make check-fast` and `make demo`, through scripts/setup.

VERSION := 0.1.0

prefix ?= /usr/local
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
sysconfdir ?= $(if $(filter /usr,$(prefix)),/etc,$(prefix)/etc)
mandir ?= $(prefix)/share/man

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

LIB_PKGS := libnl-3.0 libnl-genl-3.0
DAEMON_PKGS := libiio libmosquitto sqlite3 jansson libconfig
TEST_PKGS := check

pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))

override CPPFLAGS += -D_GNU_SOURCE -DCITYHUB_VERSION='"$(VERSION)"' \
	-Iuserspace -Iuserspace/libcityhub/include -Ikernel/include/uapi
C11 := -std=c11 -Wall -Wextra -fvisibility=hidden $(WERROR)
ifdef SANITIZE
C11 += -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
endif

# Sources are found, so that a new module needs no line here.
lib_src := $(wildcard userspace/libcityhub/*.c)
common_src := $(wildcard userspace/common/*.c)
daemon_src := $(wildcard userspace/cityhubd/*.c)
command_src := $(wildcard userspace/cityhub/*.c)
replay_src := $(wildcard userspace/stamp-replay/*.c) kernel/base/stamp.c
bench_src := $(wildcard tests/bench/stamps/*.c) kernel/base/stamp.c
unit_src := $(wildcard tests/unit/check_*.c)
tool_src := $(wildcard tests/system/tools/*.c)

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

.PHONY: all
all: $(P)/cityhubd $(P)/cityhub $(P)/stamp-replay $(P)/$(SO) $(P)/libcityhub.a $(P)/libcityhub.pc

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

PKG_CFLAGS = $(call pkg_cflags,$(LIB_PKGS) $(DAEMON_PKGS))
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

$(P)/libcityhub.pc: userspace/libcityhub/libcityhub.pc.in Makefile
	@mkdir -p $(@D)
	sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|@version@|$(VERSION)|' \
		$< > $@

# The programs carry the library, so that they run from the build folder.
$(P)/cityhubd: $(daemon_obj) $(common_obj) $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread

$(P)/cityhub: $(command_obj) $(common_obj) $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread

$(P)/stamp-replay: $(call obj,$(replay_src))
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^

# The daemon with faults that its tests can plant; never installed.
$(B)/faults/cityhubd: $(daemon_src) $(common_obj) $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -DCITYHUB_TEST_FAULTS $(C11) $(PKG_CFLAGS) $(CFLAGS) \
		$(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIB_PKGS) $(DAEMON_PKGS)) \
		-lm -lpthread

# ---- tests in user space ---------------------------------------------------

.PHONY: unit-programs
# The tools run in test kernels, where the sanitizers do not.
unit-programs: $(unit_bin) $(if $(SANITIZE),,$(tool_bin) $(B)/faults/cityhubd)

unit_with := $(filter-out %/main.o,$(common_obj) $(lib_obj) $(daemon_obj))
$(UNIT)/check_%: $(O)/tests/unit/check_%.o $(unit_with)
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(call pkg_libs,$(TEST_PKGS) $(LIB_PKGS) $(DAEMON_PKGS)) -lm -lpthread
.PRECIOUS: $(O)/tests/unit/%.o

$(B)/tools/%: tests/system/tools/%.c $(lib_obj)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(C11) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) \
		-o $@ $< $(lib_obj) $(call pkg_libs,$(LIB_PKGS) libiio) -lm

# ---- accuracy of the estimator ---------------------------------------------

$(O)/tests/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(KSHIM) $(C11) $(CFLAGS) -MMD -MP -c -o $@ $<

$(P)/stamp-bench: $(call obj,$(bench_src))
	@mkdir -p $(@D)
	$(CC) $(C11) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

# The whole comparison, the best anybody could do included, and the gates.
.PHONY: bench-stamps
bench-stamps: $(P)/stamp-bench
	$< table --limit
	$< gates

-include $(shell find $(B) -name '*.d' -not -path '$(B)/kbuild/*' 2>/dev/null)

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

# Built anew, so that nothing of a build for tests is left in the list.
.PHONY: modules_install
modules_install: modules
	$(MAKE) -C $(KDIR) M=$(KB) $(if $(ARCH),ARCH=$(ARCH)) \
		INSTALL_MOD_PATH=$(DESTDIR) modules_install

# ---- install ---------------------------------------------------------------

.PHONY: install
install: install-userspace modules_install

.PHONY: install-userspace
install-userspace: all
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(sbindir) $(DESTDIR)$(libdir)/pkgconfig \
		$(DESTDIR)$(includedir)/cityhub $(DESTDIR)$(includedir)/linux \
		$(DESTDIR)$(sysconfdir)/cityhub
	install -m 755 $(B)/cityhub $(B)/stamp-replay $(DESTDIR)$(bindir)/
	install -m 755 $(B)/cityhubd $(DESTDIR)$(sbindir)/
	install -m 755 $(B)/$(SO) $(DESTDIR)$(libdir)/
	ln -sf $(SO) $(DESTDIR)$(libdir)/libcityhub.so
	install -m 644 $(B)/libcityhub.a $(DESTDIR)$(libdir)/
	install -m 644 $(B)/libcityhub.pc $(DESTDIR)$(libdir)/pkgconfig/
	install -m 644 userspace/libcityhub/include/cityhub/*.h $(DESTDIR)$(includedir)/cityhub/
	install -m 644 kernel/include/uapi/linux/cityhub.h $(DESTDIR)$(includedir)/linux/
	install -m 644 userspace/cityhubd/cityhubd.conf $(DESTDIR)$(sysconfdir)/cityhub/cityhubd.conf.example

# ---- gates -----------------------------------------------------------------

.PHONY: check check-fast lint demo
check:
	scripts/check

check-fast:
	scripts/check --fast

lint:
	scripts/lint

demo:
	scripts/demo

.PHONY: clean
clean:
	rm -rf $(B)

.PHONY: help
help:
	@echo 'all (default)    user space into $(B)/'
	@echo 'modules          kernel modules: KDIR=, ARCH=, CROSS_COMPILE=, W=1,'
	@echo '                 SIM=1 adds the virtual hub, KUNIT=1 the KUnit modules'
	@echo 'install          both: DESTDIR=, prefix=; install-userspace and'
	@echo '                 modules_install do one of them'
	@echo 'demo             the whole chain on simulated sensors (installs packages)'
	@echo 'check            every test (installs packages, builds a test kernel once)'
	@echo 'check-fast       the tests that take less than a minute'
	@echo 'bench-stamps     how far off stamps are, and the best anybody could do (minutes)'
	@echo 'lint             checkpatch, sparse, W=1, shellcheck, SPDX'
	@echo 'clean            remove $(B)/'
