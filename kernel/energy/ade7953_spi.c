// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE7953 on SPI, at most 5 MHz: an address of 16 bits, a command of 8, and the
 * data, the most significant byte first.
 */
#include <linux/errno.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/spi/spi.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "ade7953.h"

#define ADE7953_SPI_MAX_HZ	5000000
#define ADE7953_SPI_READ	0x80
#define ADE7953_SPI_WRITE	0x00
#define ADE7953_SPI_HEADER	3
/* Select must stay low for 1.2 us after the write that locks the interface. */
#define ADE7953_SPI_HOLD_US	2

static int ade7953_spi_transfer(struct ade7953 *st, u16 reg, u8 command,
				unsigned int len, bool hold)
{
	struct spi_transfer xfer = {
		.tx_buf = st->tx,
		.rx_buf = st->rx,
		.len = ADE7953_SPI_HEADER + len,
		.delay = {
			.value = hold ? ADE7953_SPI_HOLD_US : 0,
			.unit = SPI_DELAY_UNIT_USECS,
		},
	};

	put_unaligned_be16(reg, st->tx);
	st->tx[2] = command;
	return spi_sync_transfer(to_spi_device(st->dev), &xfer, 1);
}

static int ade7953_spi_read(struct ade7953 *st, u16 reg, u8 *data,
			    unsigned int len)
{
	int ret;

	memset(st->tx, 0, sizeof(st->tx));
	ret = ade7953_spi_transfer(st, reg, ADE7953_SPI_READ, len, false);
	if (ret)
		return ret;

	memcpy(data, st->rx + ADE7953_SPI_HEADER, len);
	return 0;
}

static int ade7953_spi_write(struct ade7953 *st, u16 reg, const u8 *data,
			     unsigned int len, bool hold)
{
	memcpy(st->tx + ADE7953_SPI_HEADER, data, len);
	return ade7953_spi_transfer(st, reg, ADE7953_SPI_WRITE, len, hold);
}

static const struct ade7953_bus_ops ade7953_spi_ops = {
	.read = ade7953_spi_read,
	.write = ade7953_spi_write,
};

static int ade7953_spi_probe(struct spi_device *spi)
{
	int ret;

	spi->bits_per_word = 8;
	if (spi->max_speed_hz > ADE7953_SPI_MAX_HZ)
		spi->max_speed_hz = ADE7953_SPI_MAX_HZ;
	ret = spi_setup(spi);
	if (ret)
		return dev_err_probe(&spi->dev, ret, "SPI setup\n");

	return ade7953_probe(&spi->dev, spi->irq, &ade7953_spi_ops);
}

static const struct spi_device_id ade7953_spi_ids[] = {
	{ "ade7953" },
	{ }
};
MODULE_DEVICE_TABLE(spi, ade7953_spi_ids);

static const struct of_device_id ade7953_spi_of_ids[] = {
	{ .compatible = "adi,ade7953" },
	{ }
};
MODULE_DEVICE_TABLE(of, ade7953_spi_of_ids);

static struct spi_driver ade7953_spi_driver = {
	.driver = {
		.name = "cityhub-ade7953",
		.of_match_table = ade7953_spi_of_ids,
		.pm = pm_sleep_ptr(&ade7953_pm_ops),
	},
	.id_table = ade7953_spi_ids,
	.probe = ade7953_spi_probe,
};

static int __init ade7953_init(void)
{
	int ret;

	ret = ade7953_i2c_register();
	if (ret)
		return ret;

	ret = spi_register_driver(&ade7953_spi_driver);
	if (ret)
		ade7953_i2c_unregister();

	return ret;
}
module_init(ade7953_init);

static void __exit ade7953_exit(void)
{
	spi_unregister_driver(&ade7953_spi_driver);
	ade7953_i2c_unregister();
}
module_exit(ade7953_exit);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("cityhub: Analog Devices ADE7953 energy driver");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CITYHUB");
