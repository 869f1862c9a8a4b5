// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual hub: sensor chips on an I2C and an SPI bus, wired as on a board.
 * For tests and for the demo; never installed.
 */
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sim_core.h"

static char *chips = "sen66,pcba-dbm,ade9000,mpl3115,bmp280";
module_param(chips, charp, 0444);
MODULE_PARM_DESC(chips, "chips on the board, separated by commas");

#define SIM_MPL(_name, _addr) {						\
	.ops = &sim_mpl3115_ops, .name = "mpl3115-" _name,		\
	.type = "mpl3115", .i2c_addr = _addr,				\
}

/* In truth they have the addresses of SEN55 and SEN66. */
#define SIM_SEN(_name, _addr)						\
	{ .ops = &sim_##_name##_ops, .type = #_name, .i2c_addr = _addr }

/* More than one of a kind are for tests that need many members. */
static const struct sim_board sim_boards[] = {
	{ .ops = &sim_sen66_ops, .type = "sen66", .i2c_addr = 0x6b },
	{ .ops = &sim_sen55_ops, .type = "sen55", .i2c_addr = 0x69 },
	SIM_SEN(sen50, 0x30), SIM_SEN(sen54, 0x31), SIM_SEN(sen62, 0x32),
	SIM_SEN(sen63c, 0x33), SIM_SEN(sen65, 0x34), SIM_SEN(sen68, 0x35),
	SIM_SEN(sen69c, 0x36),
	{ .ops = &sim_pcba_dbm_ops, .type = "pcba-dbm", .i2c_addr = 0x48 },
	{ .ops = &sim_mpl3115_ops, .type = "mpl3115", .i2c_addr = 0x60 },
	{ .ops = &sim_mpl3115_ops, .name = "mpl3115-b", .type = "mpl3115",
	  .i2c_addr = 0x61 },
	{ .ops = &sim_mpl3115_ops, .name = "mpl3115-c", .type = "mpl3115",
	  .i2c_addr = 0x62 },
	SIM_MPL("d0", 0x10), SIM_MPL("d1", 0x11),
	SIM_MPL("d2", 0x12), SIM_MPL("d3", 0x13),
	SIM_MPL("d4", 0x14), SIM_MPL("d5", 0x15),
	SIM_MPL("d6", 0x16), SIM_MPL("d7", 0x17),
	SIM_MPL("e0", 0x18), SIM_MPL("e1", 0x19),
	SIM_MPL("e2", 0x1a), SIM_MPL("e3", 0x1b),
	SIM_MPL("e4", 0x1c), SIM_MPL("e5", 0x1d),
	SIM_MPL("e6", 0x1e), SIM_MPL("e7", 0x1f),
	SIM_MPL("f0", 0x20), SIM_MPL("f1", 0x21),
	SIM_MPL("f2", 0x22), SIM_MPL("f3", 0x23),
	SIM_MPL("f4", 0x24), SIM_MPL("f5", 0x25),
	SIM_MPL("f6", 0x26), SIM_MPL("f7", 0x27),
	SIM_MPL("g0", 0x28), SIM_MPL("g1", 0x29),
	SIM_MPL("g2", 0x2a), SIM_MPL("g3", 0x2b),
	SIM_MPL("g4", 0x2c), SIM_MPL("g5", 0x2d),
	SIM_MPL("g6", 0x2e), SIM_MPL("g7", 0x2f),
	{ .ops = &sim_bmp280_ops, .type = "bmp280", .i2c_addr = 0x76 },
	{ .ops = &sim_ade9000_ops, .type = "ade9000", .spi_max_hz = 20000000 },
	{ .ops = &sim_ade7953_spi_ops, .type = "ade7953", .spi_max_hz = 5000000 },
	{ .ops = &sim_ade7953_i2c_ops, .type = "ade7953", .i2c_addr = 0x38 },
};

/**
 * struct sim_hub - the board
 * @cores:	chips on it
 * @n:		number of chips
 */
struct sim_hub {
	struct sim_core *cores[ARRAY_SIZE(sim_boards)];
	u32 n;
};

static const struct sim_board *sim_board_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sim_boards); i++)
		if (!strcmp(sim_board_name(&sim_boards[i]), name))
			return &sim_boards[i];

	return NULL;
}

static bool sim_hub_has(const struct sim_hub *hub,
			const struct sim_board *board)
{
	u32 i;

	for (i = 0; i < hub->n; i++)
		if (hub->cores[i]->board == board)
			return true;

	return false;
}

static int sim_hub_add(struct device *dev, struct sim_hub *hub,
		       const char *name, struct dentry *root)
{
	const struct sim_board *board = sim_board_find(name);
	struct sim_core *core;

	if (!board || sim_hub_has(hub, board))
		return dev_err_probe(dev, -EINVAL, "chips: %s: %s\n", name,
				     board ? "named twice" : "unknown chip");

	core = sim_core_create(dev, board, root);
	if (IS_ERR(core))
		return PTR_ERR(core);

	hub->cores[hub->n++] = core;
	return 0;
}

static int sim_hub_populate(struct device *dev, struct sim_hub *hub,
			    struct dentry *root)
{
	char *names, *name;
	int ret;

	names = devm_kstrdup(dev, chips, GFP_KERNEL);
	if (!names)
		return -ENOMEM;

	while ((name = strsep(&names, ","))) {
		if (!*name)
			continue;
		ret = sim_hub_add(dev, hub, name, root);
		if (ret)
			return ret;
	}

	return 0;
}

static void sim_remove_debugfs(void *root)
{
	debugfs_remove_recursive(root);
}

static int sim_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct dentry *root;
	struct sim_hub *hub;
	int ret;

	hub = devm_kzalloc(dev, sizeof(*hub), GFP_KERNEL);
	if (!hub)
		return -ENOMEM;

	root = debugfs_create_dir("cityhub-sim", NULL);
	ret = devm_add_action_or_reset(dev, sim_remove_debugfs, root);
	if (ret)
		return ret;

	ret = sim_world_create(dev, root);
	if (ret)
		return ret;

	ret = sim_hub_populate(dev, hub, root);
	if (ret)
		return ret;

	ret = sim_of_irqs(dev, hub->cores, hub->n);
	if (ret)
		return ret;

	ret = sim_i2c_create(dev, hub->cores, hub->n);
	if (ret)
		return ret;

	return sim_spi_create(dev, hub->cores, hub->n);
}

static struct platform_driver sim_driver = {
	.driver = {
		.name = "cityhub-sim",
	},
};

static struct platform_device *sim_device;

static int __init sim_init(void)
{
	sim_device = platform_create_bundle(&sim_driver, sim_probe, NULL, 0,
					    NULL, 0);

	return PTR_ERR_OR_ZERO(sim_device);
}
module_init(sim_init);

static void __exit sim_exit(void)
{
	platform_device_unregister(sim_device);
	platform_driver_unregister(&sim_driver);
}
module_exit(sim_exit);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("Virtual sensor hub");
MODULE_LICENSE("GPL");
