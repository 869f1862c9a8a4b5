// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x (address 0x69) and SEN6x (0x6b) on I2C, at most 100 kbit/s.
 *
 * A command is a write of its own, ended by a stop; the answer is a read of
 * its own after the execution time. The chip does not acknowledge its address
 * while it is busy.
 */
#include <linux/errno.h>
#include <linux/i2c.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/types.h>

#include "sen6x.h"

static int sen6x_i2c_send(struct device *dev, u16 command, const u16 *args,
			  unsigned int count)
{
	u8 bytes[SEN6X_MAX_FRAME];
	int size, ret;

	if (count > SEN6X_MAX_ARGS)
		return -EINVAL;

	size = sen6x_frame(bytes, command, args, count);
	ret = i2c_master_send(to_i2c_client(dev), bytes, size);
	if (ret < 0)
		return ret;

	return ret == size ? 0 : -EIO;
}

static int sen6x_i2c_receive(struct device *dev, u16 *words, unsigned int count)
{
	u8 bytes[SEN6X_TEXT_WORDS * SEN6X_WORD_BYTES];
	int size = count * SEN6X_WORD_BYTES;
	int ret;

	if (size > sizeof(bytes))
		return -EINVAL;

	ret = i2c_master_recv(to_i2c_client(dev), bytes, size);
	if (ret < 0)
		return ret;
	if (ret != size)
		return -EIO;

	return sen6x_unframe(bytes, words, count);
}

static const struct sen6x_bus_ops sen6x_i2c_ops = {
	.send = sen6x_i2c_send,
	.receive = sen6x_i2c_receive,
};

static int sen6x_i2c_probe(struct i2c_client *client)
{
	if (!i2c_check_functionality(client->adapter, I2C_FUNC_I2C))
		return -EOPNOTSUPP;

	return sen6x_probe(&client->dev, i2c_get_match_data(client),
			   &sen6x_i2c_ops);
}

static const struct of_device_id sen6x_of_match[] = {
	{ .compatible = "sensirion,sen50", .data = &sen50_chip_info },
	{ .compatible = "sensirion,sen54", .data = &sen54_chip_info },
	{ .compatible = "sensirion,sen55", .data = &sen55_chip_info },
	{ .compatible = "sensirion,sen62", .data = &sen62_chip_info },
	{ .compatible = "sensirion,sen63c", .data = &sen63c_chip_info },
	{ .compatible = "sensirion,sen65", .data = &sen65_chip_info },
	{ .compatible = "sensirion,sen66", .data = &sen66_chip_info },
	{ .compatible = "sensirion,sen68", .data = &sen68_chip_info },
	{ .compatible = "sensirion,sen69c", .data = &sen69c_chip_info },
	{ }
};
MODULE_DEVICE_TABLE(of, sen6x_of_match);

static const struct i2c_device_id sen6x_i2c_id[] = {
	{ "sen50", (kernel_ulong_t)&sen50_chip_info },
	{ "sen54", (kernel_ulong_t)&sen54_chip_info },
	{ "sen55", (kernel_ulong_t)&sen55_chip_info },
	{ "sen62", (kernel_ulong_t)&sen62_chip_info },
	{ "sen63c", (kernel_ulong_t)&sen63c_chip_info },
	{ "sen65", (kernel_ulong_t)&sen65_chip_info },
	{ "sen66", (kernel_ulong_t)&sen66_chip_info },
	{ "sen68", (kernel_ulong_t)&sen68_chip_info },
	{ "sen69c", (kernel_ulong_t)&sen69c_chip_info },
	{ }
};
MODULE_DEVICE_TABLE(i2c, sen6x_i2c_id);

static struct i2c_driver sen6x_i2c_driver = {
	.driver = {
		.name = "cityhub-sen6x",
		.of_match_table = sen6x_of_match,
		.pm = pm_ptr(&sen6x_pm_ops),
		/* Probe waits for the chip for a second and a half. */
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
	.probe = sen6x_i2c_probe,
	.id_table = sen6x_i2c_id,
};
module_i2c_driver(sen6x_i2c_driver);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("cityhub: Sensirion SEN5x and SEN6x air quality modules");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CITYHUB");
