// SPDX-License-Identifier: GPL-2.0-only
/* The SPI bus of the virtual hub: chip selects, and time on the wire. */
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/spi/spi.h>

#include "sim_core.h"

#define SIM_SPI_MAX_HZ		50000000
#define SIM_SPI_DEVICE_HZ	8000000

/*
 * A long transfer goes in pieces, with time passing between them: what is read
 * late may have changed since the transfer began.
 */
#define SIM_SPI_PIECE		1024

#define SIM_SPI_CHIPS		4

/* By so much the SPI core waits longer than a transfer takes. */
#define SIM_SPI_TIMEOUT_NS	(200 * (s64)NSEC_PER_MSEC)

/* What a chip answers that cannot follow the clock. */
#define SIM_SPI_GARBAGE		0xa5

/* The chips here sample on the rising edge: modes 0 and 3. */
static bool sim_spi_understood(const struct sim_core *core,
			       const struct spi_device *spi,
			       const struct spi_transfer *xfer)
{
	u32 mode = spi->mode & SPI_MODE_X_MASK;

	return (mode == SPI_MODE_0 || mode == SPI_MODE_3) &&
	       xfer->speed_hz <= core->board->spi_max_hz &&
	       xfer->bits_per_word == 8;
}

static void sim_spi_transfer(struct sim_core *core, struct spi_device *spi,
			     struct spi_transfer *xfer, bool first)
{
	s64 computed = div_u64((u64)xfer->len * 8 * NSEC_PER_SEC,
			       xfer->speed_hz);
	s64 ns = sim_core_transfer_ns(core, computed);
	const u8 *tx = xfer->tx_buf;
	s64 start = sim_raw_ns();
	u8 *rx = xfer->rx_buf;
	u32 done, n;

	/* A scripted time covers the message, with its first transfer. */
	if (ns != computed && !first)
		ns = 0;

	for (done = 0; done < xfer->len; done += n) {
		n = min_t(u32, xfer->len - done, SIM_SPI_PIECE);
		if (sim_spi_understood(core, spi, xfer))
			sim_core_spi_exchange(core, tx ? tx + done : NULL,
					      rx ? rx + done : NULL, n);
		else if (rx)
			memset(rx + done, SIM_SPI_GARBAGE, n);
		/* To an absolute time: sleeping too long does not add up. */
		sim_sleep_ns(start + div_u64(ns * (done + n), xfer->len) -
			     sim_raw_ns());
	}
	core->chip.spi_hold_ns = max(spi_delay_to_ns(&xfer->delay, xfer), 0);
	spi_transfer_delay_exec(xfer);
}

static void sim_spi_transfers(struct sim_core *core, struct spi_message *msg)
{
	struct spi_transfer *xfer;
	bool selected = false;

	list_for_each_entry(xfer, &msg->transfers, transfer_list) {
		bool first = list_is_first(&xfer->transfer_list,
					   &msg->transfers);
		bool last = list_is_last(&xfer->transfer_list,
					 &msg->transfers);

		if (!selected)
			sim_core_spi_select(core, true);

		sim_spi_transfer(core, msg->spi, xfer, first);
		msg->actual_length += xfer->len;

		/* cs_change: released between transfers, kept after the last */
		selected = !!xfer->cs_change == last;
		if (!selected)
			sim_core_spi_select(core, false);
	}
}

/* The byte that goes wrong: the last one read, else the last one written. */
static u8 *sim_spi_spoilt_byte(struct spi_message *msg, bool *read)
{
	struct spi_transfer *xfer;

	*read = true;
	list_for_each_entry_reverse(xfer, &msg->transfers, transfer_list)
		if (xfer->rx_buf && xfer->len)
			return (u8 *)xfer->rx_buf + xfer->len - 1;

	*read = false;
	xfer = list_last_entry(&msg->transfers, struct spi_transfer,
			       transfer_list);

	return (u8 *)xfer->tx_buf + xfer->len - 1;
}

/* The wire spoils what is written before the chip sees it. */
static void sim_spi_spoiled(struct sim_core *core, struct spi_message *msg)
{
	bool read;
	u8 *byte = sim_spi_spoilt_byte(msg, &read);

	if (!read)
		*byte ^= 0xff;
	sim_spi_transfers(core, msg);
	*byte ^= 0xff;
}

static int sim_spi_one_message(struct spi_controller *ctlr,
			       struct spi_message *msg)
{
	struct sim_core *core = msg->spi->controller_data;
	enum sim_bus_fault_kind fault = sim_bus_transfer(core);

	msg->status = sim_bus_errno(fault);
	if (fault == SIM_BUS_CORRUPT)
		sim_spi_spoiled(core, msg);
	else if (!msg->status || fault == SIM_BUS_TIMEOUT)
		sim_spi_transfers(core, msg);
	if (fault == SIM_BUS_TIMEOUT)
		sim_sleep_ns(SIM_SPI_TIMEOUT_NS);

	spi_finalize_current_message(ctlr);

	return 0;
}

/**
 * struct sim_spi - the bus
 * @cores:	chips on it, by chip select
 */
struct sim_spi {
	struct sim_core *cores[SIM_SPI_CHIPS];
};

/*
 * Called before the device is added. One of the device tree has its node and no
 * chip yet; another has its chip, and a board info cannot carry its node.
 */
static int sim_spi_setup(struct spi_device *spi)
{
	struct sim_spi *bus = spi_controller_get_devdata(spi->controller);
	struct sim_core *core = bus->cores[spi_get_chipselect(spi, 0)];

	spi->controller_data = core;
	if (dev_fwnode(&spi->dev))
		return 0;

	device_set_node(&spi->dev, &core->fwnode);
	return 0;
}

static int sim_spi_add(struct spi_controller *ctlr, struct sim_core *core,
		       u16 chip_select)
{
	struct spi_board_info info = {
		.max_speed_hz = min_t(u32, SIM_SPI_DEVICE_HZ,
				      core->board->spi_max_hz),
		.mode = SPI_MODE_3,
		.irq = core->lines[0].irq,
		.chip_select = chip_select,
	};

	strscpy(info.modalias, core->board->type, sizeof(info.modalias));

	return spi_new_device(ctlr, &info) ? 0 : -ENODEV;
}

static int sim_spi_count(struct sim_spi *bus, struct sim_core *const *cores,
			 u32 n)
{
	int count = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		if (cores[i]->board->i2c_addr)
			continue;
		if (count == SIM_SPI_CHIPS)
			return -ENOSPC;
		bus->cores[count++] = cores[i];
	}

	return count;
}

/* What is in the device tree is there already. */
static int sim_spi_populate(struct spi_controller *ctlr)
{
	struct sim_spi *bus = spi_controller_get_devdata(ctlr);
	u16 cs;
	int ret;

	for (cs = 0; cs < ctlr->num_chipselect; cs++) {
		if (sim_of_has_child(ctlr->dev.of_node, cs))
			continue;
		ret = sim_spi_add(ctlr, bus->cores[cs], cs);
		if (ret)
			return ret;
	}

	return 0;
}

/**
 * sim_spi_create - bring up the bus and the devices on it
 * @dev:	the virtual hub
 * @cores:	chips; those on I2C are left alone
 * @n:		number of chips
 */
int sim_spi_create(struct device *dev, struct sim_core *const *cores, u32 n)
{
	struct spi_controller *ctlr;
	struct sim_spi *bus;
	int count, ret;

	ctlr = devm_spi_alloc_host(dev, sizeof(*bus));
	if (!ctlr)
		return -ENOMEM;

	bus = spi_controller_get_devdata(ctlr);
	count = sim_spi_count(bus, cores, n);
	if (count <= 0)
		return count;

	ctlr->dev.of_node = sim_of_node(dev, "cityhub,sim-spi");
	ctlr->bus_num = -1;
	ctlr->num_chipselect = count;
	ctlr->mode_bits = SPI_CPOL | SPI_CPHA;
	ctlr->bits_per_word_mask = SPI_BPW_MASK(8);
	ctlr->max_speed_hz = SIM_SPI_MAX_HZ;
	ctlr->setup = sim_spi_setup;
	ctlr->transfer_one_message = sim_spi_one_message;
	ret = devm_spi_register_controller(dev, ctlr);
	if (ret)
		return ret;

	return sim_spi_populate(ctlr);
}
