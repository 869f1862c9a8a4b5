// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I2C bus of the virtual hub. A message takes its time on the wire: what
 * is written takes effect when its last byte is through, what is read is
 * sampled when the address is.
 */
#include <linux/device.h>
#include <linux/i2c.h>
#include <linux/jiffies.h>
#include <linux/regulator/machine.h>
#include <linux/slab.h>

#include "sim_core.h"

/* 100 kHz, eight bits and the acknowledge to a byte */
#define SIM_I2C_BYTE_NS		(9 * 10000)

struct sim_i2c {
	struct i2c_adapter adapter;
	struct sim_core *const *cores;
	u32 n;
};

static struct sim_core *sim_i2c_find(struct sim_i2c *bus, u16 addr)
{
	u32 i;

	for (i = 0; i < bus->n; i++)
		if (READ_ONCE(bus->cores[i]->i2c_addr) == addr)
			return bus->cores[i];

	return NULL;
}

/* A scripted time covers the whole transfer, with its first message. */
static s64 sim_i2c_time(struct sim_core *core, u32 bytes, bool first)
{
	s64 computed = (s64)(bytes + 1) * SIM_I2C_BYTE_NS;
	s64 ns = sim_core_transfer_ns(core, computed);

	return ns == computed || first ? ns : 0;
}

static int sim_i2c_message(struct sim_core *core, struct i2c_msg *msg,
			   bool first)
{
	s64 ns = sim_i2c_time(core, msg->len, first);
	int ret;

	if (!sim_core_i2c_listens(core)) {
		sim_sleep_ns(sim_i2c_time(core, 0, first));
		return -ENXIO;
	}

	if (msg->flags & I2C_M_RD) {
		ret = sim_core_i2c(core, msg);
		sim_sleep_ns(ns);
		return ret;
	}

	sim_sleep_ns(ns);
	return sim_core_i2c(core, msg);
}

static void sim_i2c_spoil(struct i2c_msg *msg)
{
	if (msg->len)
		msg->buf[msg->len - 1] ^= 0xff;
}

/* The wire spoils what is written before the chip sees it. */
static int sim_i2c_spoiled(struct sim_core *core, struct i2c_msg *msg,
			   bool first)
{
	bool write = !(msg->flags & I2C_M_RD);
	int ret;

	if (write)
		sim_i2c_spoil(msg);
	ret = sim_i2c_message(core, msg, first);
	sim_i2c_spoil(msg);

	return ret;
}

static int sim_i2c_messages(struct sim_i2c *bus, struct i2c_msg *msgs, int num,
			    bool spoiled)
{
	struct sim_core *core;
	int i, ret;

	for (i = 0; i < num; i++) {
		core = sim_i2c_find(bus, msgs[i].addr);
		if (!core)
			return -ENXIO;

		if (spoiled && i == num - 1)
			ret = sim_i2c_spoiled(core, &msgs[i], i == 0);
		else
			ret = sim_i2c_message(core, &msgs[i], i == 0);
		if (ret)
			return ret;
	}

	return num;
}

static int sim_i2c_xfer(struct i2c_adapter *adapter, struct i2c_msg *msgs,
			int num)
{
	struct sim_i2c *bus = i2c_get_adapdata(adapter);
	enum sim_bus_fault_kind fault;
	struct sim_core *core;
	int ret;

	core = sim_i2c_find(bus, msgs[0].addr);
	if (!core)
		return -ENXIO;

	fault = sim_bus_transfer(core);
	ret = sim_bus_errno(fault);
	if (ret && fault != SIM_BUS_TIMEOUT) {
		sim_sleep_ns(sim_i2c_time(core, 0, true));
		return ret;
	}

	num = sim_i2c_messages(bus, msgs, num, fault == SIM_BUS_CORRUPT);
	if (fault == SIM_BUS_TIMEOUT)
		sim_sleep_ns(jiffies_to_nsecs(adapter->timeout));

	return ret ?: num;
}

static u32 sim_i2c_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm sim_i2c_algorithm = {
	.xfer = sim_i2c_xfer,
	.functionality = sim_i2c_functionality,
};

static void sim_i2c_unregister(void *client)
{
	i2c_unregister_device(client);
}

static int sim_i2c_add(struct device *dev, struct sim_i2c *bus,
		       struct sim_core *core)
{
	struct i2c_board_info info = {
		.addr = core->board->i2c_addr,
		.irq = core->lines[0].irq,
		.fwnode = &core->fwnode,
	};
	struct i2c_client *client;

	strscpy(info.type, core->board->type, sizeof(info.type));
	client = i2c_new_client_device(&bus->adapter, &info);
	if (IS_ERR(client))
		return PTR_ERR(client);

	return devm_add_action_or_reset(dev, sim_i2c_unregister, client);
}

/**
 * sim_i2c_create - bring up the bus and the devices on it
 * @dev:	the virtual hub
 * @cores:	chips; those on SPI are left alone
 * @n:		number of chips
 */
int sim_i2c_create(struct device *dev, struct sim_core *const *cores, u32 n)
{
	struct sim_i2c *bus;
	int ret;
	u32 i;

	bus = devm_kzalloc(dev, sizeof(*bus), GFP_KERNEL);
	if (!bus)
		return -ENOMEM;

	/* The supplies of the chips are not modelled. */
	regulator_has_full_constraints();

	bus->cores = cores;
	bus->n = n;
	bus->adapter.owner = THIS_MODULE;
	bus->adapter.algo = &sim_i2c_algorithm;
	bus->adapter.dev.parent = dev;
	bus->adapter.dev.of_node = sim_of_node(dev, "cityhub,sim-i2c");
	strscpy(bus->adapter.name, "cityhub-sim-i2c",
		sizeof(bus->adapter.name));
	i2c_set_adapdata(&bus->adapter, bus);
	ret = devm_i2c_add_adapter(dev, &bus->adapter);
	if (ret)
		return ret;

	for (i = 0; i < n; i++) {
		if (!cores[i]->board->i2c_addr ||
		    sim_of_has_child(bus->adapter.dev.of_node,
				     cores[i]->board->i2c_addr))
			continue;
		ret = sim_i2c_add(dev, bus, cores[i]);
		if (ret)
			return ret;
	}

	return 0;
}
