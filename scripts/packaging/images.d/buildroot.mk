# SPDX-License-Identifier: GPL-2.0-only
# For check-images: what cityhub.mk uses of Buildroot, in the order and by the
# names of its manual, so that the recipe is run and not only read. WORK, CONFIG,
# TRIPLET, SYSROOT, KDIR and KARCH are given.

.SUFFIXES:
include $(CONFIG)
BR2_EXTERNAL_CITYHUB_PATH := $(CURDIR)/scripts/packaging/buildroot
TARGET_DIR := $(WORK)/target
STAGING_DIR := $(WORK)/staging
BINARIES_DIR := $(WORK)/images
LINUX_DIR := $(KDIR)
INSTALL := install
TARGET_MAKE_ENV := PATH="$(WORK)/host/bin:$(PATH)"
TARGET_CONFIGURE_OPTS := $(TARGET_MAKE_ENV) AR="$(TRIPLET)-ar" LD="$(TRIPLET)-ld" \
	CC="$(TRIPLET)-gcc --sysroot=$(SYSROOT)" CXX=no STRIP="$(TRIPLET)-strip" \
	CPPFLAGS="-D_LARGEFILE_SOURCE -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64" \
	CFLAGS="-D_LARGEFILE_SOURCE -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64 -Os -g0 -D_FORTIFY_SOURCE=1" \
	LDFLAGS="" PKG_CONFIG="$(WORK)/host/bin/pkg-config" STAGING_DIR="$(STAGING_DIR)"
KCONFIG_ENABLE_OPT = echo '$(1)=y' >> $(WORK)/linux.config
linux_make := $(MAKE) -C $(LINUX_DIR) ARCH=$(KARCH) CROSS_COMPILE=$(TRIPLET)- \
	INSTALL_MOD_PATH=$(TARGET_DIR) DEPMOD=true

evaluated :=
kernel-module = $(eval evaluated += kernel-module)
generic-package = $(eval evaluated += generic-package)
include $(BR2_EXTERNAL_CITYHUB_PATH)/external.mk
hooks = $(foreach hook,$(CITYHUB_POST_$(1)_HOOKS),$(call $(hook))$(sep))
define sep


endef

S := $(WORK)/build/cityhub-custom
.PHONY: all finalize show
all: finalize
$(S)/.stamp_rsynced:
	@mkdir -p $(@D)
	rsync -au --chmod=u=rwX,go=rX $(CITYHUB_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS) \
		--exclude .git $(CITYHUB_SITE)/ $(@D)
	touch $@
$(S)/.stamp_built: $(S)/.stamp_rsynced
	+$(CITYHUB_BUILD_CMDS)
	$(call hooks,BUILD)
	$(if $(filter kernel-module,$(evaluated)),$(foreach d,$(CITYHUB_MODULE_SUBDIRS), \
		+$(linux_make) PWD=$(@D)/$(d) M=$(@D)/$(d) modules$(sep)))
	touch $@
$(S)/.stamp_staging_installed: $(S)/.stamp_built
	$(if $(filter YES,$(CITYHUB_INSTALL_STAGING)),+$(CITYHUB_INSTALL_STAGING_CMDS))
	touch $@
$(S)/.stamp_target_installed: $(S)/.stamp_staging_installed
	+$(CITYHUB_INSTALL_TARGET_CMDS)
	$(if $(BR2_INIT_SYSTEMD),$(CITYHUB_INSTALL_INIT_SYSTEMD))
	$(if $(BR2_INIT_BUSYBOX),$(CITYHUB_INSTALL_INIT_SYSV))
	$(call hooks,INSTALL_TARGET)
	$(if $(filter kernel-module,$(evaluated)),$(foreach d,$(CITYHUB_MODULE_SUBDIRS), \
		+$(linux_make) PWD=$(@D)/$(d) M=$(@D)/$(d) modules_install$(sep)))
	touch $@
$(S)/.stamp_images_installed: $(S)/.stamp_target_installed
	$(if $(filter YES,$(CITYHUB_INSTALL_IMAGES)),+$(CITYHUB_INSTALL_IMAGES_CMDS))
	$(CITYHUB_LINUX_CONFIG_FIXUPS)
	touch $@
# After all packages, in each run of make; busybox is one that may come late.
finalize: $(S)/.stamp_images_installed
	$(if $(BR2_ROOTFS_DEVICE_CREATION_DYNAMIC_MDEV), \
		test -e $(TARGET_DIR)/etc/mdev.conf || \
		echo 'mmcblk[0-9]+ root:disk 660' > $(TARGET_DIR)/etc/mdev.conf)
	$(foreach hook,$(CITYHUB_TARGET_FINALIZE_HOOKS),$(call $(hook))$(sep))
show:
	@echo 'dependencies $(CITYHUB_DEPENDENCIES)'
	@echo 'evaluated $(evaluated)'
	@echo 'users $(strip $(CITYHUB_USERS))'
