// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE7953 on I2C, address 0x38, at most 400 kHz: an address of 16 bits and the
 * data, the most significant byte first; reads after a repeated start.
 */
#include <linux/errno.h>
#include <linux/i2c.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ade7953.h"

static int ade7953_i2c_read(struct ade7953 *st, u16 reg, u8 *data,
			    unsigned int len)
{
	struct i2c_client *client = to_i2c_client(st->dev);
	u8 address[sizeof(reg)];
	struct i2c_msg msgs[] = {
		{
			.addr = client->addr,
			.len = sizeof(address),
			.buf = address,
		}, {
			.addr = client->addr,
			.flags = I2C_M_RD,
			.len = len,
			.buf = data,
		},
	};
	int ret;

	put_unaligned_be16(reg, address);
	ret = i2c_transfer(client->adapter, msgs, ARRAY_SIZE(msgs));
	if (ret < 0)
		return ret;

	return ret == ARRAY_SIZE(msgs) ? 0 : -EIO;
}

/* The interface is locked by the stop; there is nothing to hold. */
static int ade7953_i2c_write(struct ade7953 *st, u16 reg, const u8 *data,
			     unsigned int len, bool hold)
{
	u8 bytes[sizeof(reg) + sizeof(u32)];
	int ret;

	put_unaligned_be16(reg, bytes);
	memcpy(bytes + sizeof(reg), data, len);
	len += sizeof(reg);
	ret = i2c_master_send(to_i2c_client(st->dev), bytes, len);
	if (ret < 0)
		return ret;

	return ret == len ? 0 : -EIO;
}

static const struct ade7953_bus_ops ade7953_i2c_ops = {
	.read = ade7953_i2c_read,
	.write = ade7953_i2c_write,
};

static int ade7953_i2c_probe(struct i2c_client *client)
{
	if (!i2c_check_functionality(client->adapter, I2C_FUNC_I2C))
		return -EOPNOTSUPP;

	return ade7953_probe(&client->dev, client->irq, &ade7953_i2c_ops);
}

static const struct i2c_device_id ade7953_i2c_ids[] = {
	{ "ade7953" },
	{ }
};
MODULE_DEVICE_TABLE(i2c, ade7953_i2c_ids);

static const struct of_device_id ade7953_i2c_of_ids[] = {
	{ .compatible = "adi,ade7953" },
	{ }
};

static struct i2c_driver ade7953_i2c_driver = {
	.driver = {
		.name = "cityhub-ade7953-i2c",
		.of_match_table = ade7953_i2c_of_ids,
		.pm = pm_sleep_ptr(&ade7953_pm_ops),
	},
	.id_table = ade7953_i2c_ids,
	.probe = ade7953_i2c_probe,
};

/**
 * ade7953_i2c_register() - let chips on I2C bind
 */
int ade7953_i2c_register(void)
{
	return i2c_add_driver(&ade7953_i2c_driver);
}

/**
 * ade7953_i2c_unregister() - undo ade7953_i2c_register()
 */
void ade7953_i2c_unregister(void)
{
	i2c_del_driver(&ade7953_i2c_driver);
}
