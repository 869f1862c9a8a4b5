// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/chips.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/array.h"

/* Addresses of I2C that are not reserved. */
#define CHIPS_ADDRESS_FIRST	0x08
#define CHIPS_ADDRESS_LAST	0x77
#define CHIPS_ADDRESSES		2

/* Addresses by the bindings; none are those of modules made to order. */
static const struct chips_kind {
	const char *name;
	const char *module;
	int addresses[CHIPS_ADDRESSES];
} chips_known[] = {
	{ "sen50", "cityhub-sen6x", { 0x69 } },
	{ "sen54", "cityhub-sen6x", { 0x69 } },
	{ "sen55", "cityhub-sen6x", { 0x69 } },
	{ "sen62", "cityhub-sen6x", { 0x6b } },
	{ "sen63c", "cityhub-sen6x", { 0x6b } },
	{ "sen65", "cityhub-sen6x", { 0x6b } },
	{ "sen66", "cityhub-sen6x", { 0x6b } },
	{ "sen68", "cityhub-sen6x", { 0x6b } },
	{ "sen69c", "cityhub-sen6x", { 0x6b } },
	{ "pcba-dbm", "cityhub-pcba-dbm", { 0 } },
	{ "ade9000", "cityhub-ade9000", { 0 } },
	{ "ade7953", "cityhub-ade7953", { 0x38 } },
	{ "mpl3115", "mpl3115", { 0x60 } },
	{ "bmp280", "bmp280-i2c", { 0x76, 0x77 } },
	{ "bme280", "bmp280-i2c", { 0x76, 0x77 } },
};

static const struct chips_kind *chips_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(chips_known); i++)
		if (!strcmp(name, chips_known[i].name))
			return &chips_known[i];
	return NULL;
}

/* "i2c:sen66" or "spi:ade9000"; a device tree's have only the name there. */
static void chips_read_name(const char *dir, const char *device,
			    char name[CHIPS_NAME])
{
	static const char *const files[] = { "name", "modalias" };
	char path[512];

	*name = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(files) && !*name; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s/%s", dir, device, files[i]);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (!fgets(name, CHIPS_NAME, f))
			*name = '\0';
		name[strcspn(name, "\n")] = '\0';
		fclose(f);
	}
	if (!strncmp(name, "spi:", 4))
		memmove(name, name + 4, strlen(name + 4) + 1);
}

static bool chips_read(const char *dir, const char *device, struct chip *c)
{
	const struct chips_kind *kind;
	char path[512];

	snprintf(c->device, sizeof(c->device), "%.*s", CHIPS_NAME - 1, device);
	chips_read_name(dir, device, c->name);
	kind = chips_kind(c->name);
	c->module = kind ? kind->module : NULL;
	if (sscanf(device, "%d-%x", &c->bus, (unsigned int *)&c->address) != 2)
		c->bus = -1;
	snprintf(path, sizeof(path), "%s/%s/driver", dir, device);
	c->bound = !access(path, F_OK);
	return c->module;
}

void chips_each(void (*fn)(void *ctx, const struct chip *c), void *ctx)
{
	static const char *const dirs[] = {
		"/sys/bus/i2c/devices", "/sys/bus/spi/devices",
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		DIR *dir = opendir(dirs[i]);
		struct dirent *e;
		struct chip c;

		while (dir && (e = readdir(dir)))
			if (e->d_name[0] != '.' &&
			    chips_read(dirs[i], e->d_name, &c))
				fn(ctx, &c);
		if (dir)
			closedir(dir);
	}
}

/* As i2cdetect does: in these ranges a quick write could write to a memory. */
static bool chips_is_memory(int address)
{
	return (address >= 0x30 && address <= 0x37) ||
	       (address >= 0x50 && address <= 0x5f);
}

static int chips_ask(int fd, int address)
{
	union i2c_smbus_data data;
	struct i2c_smbus_ioctl_data args = {
		.read_write = I2C_SMBUS_WRITE, .size = I2C_SMBUS_QUICK,
	};
	unsigned long functions = 0;

	if (ioctl(fd, I2C_SLAVE, (unsigned long)address))
		return -errno;
	if (ioctl(fd, I2C_FUNCS, &functions))
		return -errno;
	if (chips_is_memory(address) || !(functions & I2C_FUNC_SMBUS_QUICK)) {
		args.read_write = I2C_SMBUS_READ;
		args.size = I2C_SMBUS_BYTE;
		args.data = &data;
	}
	return !ioctl(fd, I2C_SMBUS, &args);
}

int chips_answers(int bus, int address)
{
	char path[32];
	int fd, ret;

	snprintf(path, sizeof(path), "/dev/i2c-%d", bus);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = chips_ask(fd, address);
	close(fd);
	return ret;
}

static bool chips_kind_has(const struct chips_kind *kind, int address)
{
	for (size_t i = 0; i < CHIPS_ADDRESSES; i++)
		if (kind->addresses[i] == address)
			return true;
	return false;
}

bool chips_can_have(const struct chip *c, int address)
{
	const struct chips_kind *kind = chips_kind(c->name);

	if (!kind || *kind->addresses)
		return kind && chips_kind_has(kind, address);
	for (size_t i = 0; i < ARRAY_SIZE(chips_known); i++)
		if (chips_kind_has(&chips_known[i], address))
			return false;
	return true;
}

int chips_stray(const struct chip *c, int (*answers)(int bus, int address))
{
	for (int a = CHIPS_ADDRESS_FIRST; a <= CHIPS_ADDRESS_LAST; a++)
		if (a != c->address && chips_can_have(c, a) &&
		    answers(c->bus, a) == 1)
			return a;
	return -1;
}
