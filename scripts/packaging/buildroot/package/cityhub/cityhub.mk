################################################################################
#
# cityhub
#
################################################################################

CITYHUB_VERSION = 0.1.0
# The checkout that this external tree is part of.
CITYHUB_SITE = $(realpath $(BR2_EXTERNAL_CITYHUB_PATH)/../../..)
CITYHUB_SITE_METHOD = local
CITYHUB_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /build
CITYHUB_LICENSE = GPL-2.0, LGPL-2.1+ (libcityhub)
CITYHUB_LICENSE_FILES = COPYING COPYING.LIB
CITYHUB_DEPENDENCIES = host-pkgconf jansson libconfig libiio sqlite
CITYHUB_INSTALL_STAGING = YES
CITYHUB_MODULE_SUBDIRS = .

ifeq ($(BR2_PACKAGE_CITYHUB_HUB),y)
CITYHUB_DEPENDENCIES += libnl
CITYHUB_OPTS += WITH_HUB=yes
else
CITYHUB_OPTS += WITH_HUB=no
endif

ifeq ($(BR2_PACKAGE_CITYHUB_MQTT),y)
CITYHUB_DEPENDENCIES += mosquitto openssl
CITYHUB_OPTS += WITH_MQTT=yes
else
CITYHUB_OPTS += WITH_MQTT=no
endif

ifeq ($(BR2_PACKAGE_CITYHUB_GNUTLS),y)
CITYHUB_DEPENDENCIES += gnutls
CITYHUB_OPTS += WITH_GNUTLS=yes
else
CITYHUB_OPTS += WITH_GNUTLS=no
endif

# The files of systemd are installed where systemd is, below. eudev looks into
# /lib/udev only.
CITYHUB_MAKE_OPTS = \
	$(TARGET_CONFIGURE_OPTS) \
	$(CITYHUB_OPTS) \
	WITH_SYSTEMD=no \
	prefix=/usr \
	udevdir=/lib/udev

ifeq ($(BR2_PACKAGE_CITYHUB_OVERLAYS),y)
CITYHUB_DEPENDENCIES += host-dtc
CITYHUB_INSTALL_IMAGES = YES
CITYHUB_TARGETS += overlays

define CITYHUB_INSTALL_OVERLAYS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(CITYHUB_MAKE_OPTS) \
		DESTDIR=$(TARGET_DIR) install-overlays
endef
CITYHUB_POST_INSTALL_TARGET_HOOKS += CITYHUB_INSTALL_OVERLAYS

# Where the images of the Raspberry Pi take them from.
define CITYHUB_INSTALL_IMAGES_CMDS
	mkdir -p $(BINARIES_DIR)/rpi-firmware/overlays
	cp -f $(@D)/build/dt-overlays/raspberrypi/*.dtbo \
		$(BINARIES_DIR)/rpi-firmware/overlays/
endef
endif

define CITYHUB_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(CITYHUB_MAKE_OPTS) \
		all $(CITYHUB_TARGETS)
endef

define CITYHUB_INSTALL_STAGING_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(CITYHUB_MAKE_OPTS) \
		DESTDIR=$(STAGING_DIR) install-userspace
endef

define CITYHUB_INSTALL_TARGET_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(CITYHUB_MAKE_OPTS) \
		DESTDIR=$(TARGET_DIR) install-userspace
endef

define CITYHUB_INSTALL_INIT_SYSTEMD
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(CITYHUB_MAKE_OPTS) \
		DESTDIR=$(TARGET_DIR) install-systemd
endef

define CITYHUB_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(@D)/scripts/packaging/common/cityhubd.init \
		$(TARGET_DIR)/etc/init.d/S60cityhubd
endef

# Without udev mdev gives the devices to the group. At the end, because busybox
# may install its mdev.conf after us.
define CITYHUB_MDEV_RULE
	if ! grep -qs cityhub-iio $(TARGET_DIR)/etc/mdev.conf; then \
		echo 'iio:device[0-9]+ root:cityhub 660 @/lib/udev/cityhub-iio /sys/bus/iio/devices/$$MDEV' \
			>> $(TARGET_DIR)/etc/mdev.conf; \
	fi
endef
ifeq ($(BR2_ROOTFS_DEVICE_CREATION_DYNAMIC_MDEV),y)
CITYHUB_TARGET_FINALIZE_HOOKS += CITYHUB_MDEV_RULE
endif

define CITYHUB_USERS
	cityhub -1 cityhub -1 * /var/lib/cityhub - - cityhub sensor hub
endef

define CITYHUB_PERMISSIONS
	/etc/cityhub d 750 root cityhub - - - - -
	/var/lib/cityhub d 750 cityhub cityhub - - - - -
endef

define CITYHUB_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_HIGH_RES_TIMERS)
	$(call KCONFIG_ENABLE_OPT,CONFIG_I2C)
	$(call KCONFIG_ENABLE_OPT,CONFIG_I2C_CHARDEV)
	$(call KCONFIG_ENABLE_OPT,CONFIG_SPI)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IIO)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IIO_BUFFER)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IIO_KFIFO_BUF)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IIO_TRIGGER)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IIO_TRIGGERED_BUFFER)
endef

ifeq ($(BR2_PACKAGE_CITYHUB_MODULES),y)
$(eval $(kernel-module))
endif
$(eval $(generic-package))
