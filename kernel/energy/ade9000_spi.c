// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000: transfers.
 *
 * A header of 16 bits (address, read or write) is followed by data, the most
 * significant byte first: 16 bits for registers 0x480 to 0x4FE, 32 bits for
 * all others. Outside of bursts the chip appends a checksum to what is read.
 */
#include <linux/bitfield.h>
#include <linux/errno.h>
#include <linux/spi/spi.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include <cityhub/member.h>

#include "ade9000.h"

#define ADE9000_HEADER_ADDRESS	GENMASK(15, 4)
#define ADE9000_HEADER_READ	BIT(3)
#define ADE9000_HEADER_LEN	2
#define ADE9000_CRC_LEN		2

/* A disturbed transfer is tried again so often before it counts as failed. */
#define ADE9000_TRIES		3

static unsigned int ade9000_width(u16 reg)
{
	return reg >= ADE9000_REG_16BIT_FIRST && reg <= ADE9000_REG_16BIT_LAST ?
	       sizeof(u16) : sizeof(u32);
}

static void ade9000_header(struct ade9000 *st, u16 reg, u16 read)
{
	put_unaligned_be16(FIELD_PREP(ADE9000_HEADER_ADDRESS, reg) | read,
			   st->tx);
}

static void ade9000_fault(struct ade9000 *st, int error)
{
	cityhub_member_count(st->member, error == -EBADMSG ?
			     CITYHUB_COUNT_CRC_ERROR : CITYHUB_COUNT_BUS_ERROR,
			     1);
}

static int ade9000_read_once(struct ade9000 *st, u16 reg, u32 *val)
{
	unsigned int width = ade9000_width(reg);
	struct spi_transfer xfer = {
		.tx_buf = st->tx,
		.rx_buf = st->rx,
		.len = ADE9000_HEADER_LEN + width + ADE9000_CRC_LEN,
	};
	const u8 *data = st->rx + ADE9000_HEADER_LEN;
	int ret;

	ade9000_header(st, reg, ADE9000_HEADER_READ);
	ret = spi_sync_transfer(st->spi, &xfer, 1);
	if (ret)
		return ret;

	if (ade9000_crc(data, width) != get_unaligned_be16(data + width))
		return -EBADMSG;

	*val = width == sizeof(u16) ? get_unaligned_be16(data)
				    : get_unaligned_be32(data);
	return 0;
}

/**
 * ade9000_read() - read a register
 * @st:		chip
 * @reg:	address
 * @val:	result, not touched on failure
 *
 * Return: 0, -EBADMSG when the checksum was wrong each time, or the error of
 * the bus. Each failed try is counted.
 */
int ade9000_read(struct ade9000 *st, u16 reg, u32 *val)
{
	unsigned int tries;
	int ret;

	for (tries = 0; tries < ADE9000_TRIES; tries++) {
		ret = ade9000_read_once(st, reg, val);
		if (!ret)
			break;
		ade9000_fault(st, ret);
		/* After a burst that could not be ended there is no checksum. */
		if (ret == -EBADMSG)
			ade9000_write(st, ADE9000_REG_CONFIG1,
				      ADE9000_CONFIG1_EDGES);
	}

	return ret;
}

/**
 * ade9000_write() - write a register
 * @st:		chip
 * @reg:	address
 * @val:	value
 *
 * Return: 0, or the error of the bus. Each failed try is counted.
 */
int ade9000_write(struct ade9000 *st, u16 reg, u32 val)
{
	unsigned int width = ade9000_width(reg);
	struct spi_transfer xfer = {
		.tx_buf = st->tx,
		.len = ADE9000_HEADER_LEN + width,
	};
	unsigned int tries;
	int ret;

	ade9000_header(st, reg, 0);
	if (width == sizeof(u16))
		put_unaligned_be16(val, st->tx + ADE9000_HEADER_LEN);
	else
		put_unaligned_be32(val, st->tx + ADE9000_HEADER_LEN);

	for (tries = 0; tries < ADE9000_TRIES; tries++) {
		ret = spi_sync_transfer(st->spi, &xfer, 1);
		if (!ret)
			break;
		ade9000_fault(st, ret);
	}

	return ret;
}

/**
 * ade9000_write_checked() - write a register and read it back
 * @st:		chip
 * @reg:	address
 * @val:	value
 *
 * Return: 0, -EIO when the register holds something else, or an error of
 * ade9000_read() or ade9000_write().
 */
int ade9000_write_checked(struct ade9000 *st, u16 reg, u32 val)
{
	u32 back;
	int ret;

	ret = ade9000_write(st, reg, val);
	if (ret)
		return ret;

	ret = ade9000_read(st, reg, &back);
	if (ret)
		return ret;

	return back == val ? 0 : -EIO;
}

/**
 * ade9000_read_burst() - read consecutive words without a checksum
 * @st:		chip; the words go to its burst buffer
 * @reg:	address of the first
 * @words:	how many
 *
 * Return: 0, or the error of the bus; the caller counts it.
 */
int ade9000_read_burst(struct ade9000 *st, u16 reg, unsigned int words)
{
	struct spi_transfer xfers[] = {
		{
			.tx_buf = st->tx,
			.len = ADE9000_HEADER_LEN,
		}, {
			.rx_buf = st->burst,
			.len = words * sizeof(*st->burst),
		},
	};

	ade9000_header(st, reg, ADE9000_HEADER_READ);
	return spi_sync_transfer(st->spi, xfers, ARRAY_SIZE(xfers));
}
