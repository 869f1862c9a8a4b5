/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sensor chips that firmware declares on the buses of this machine, whether a
 * driver has them or not.
 */
#ifndef CITYHUB_CHIPS_H
#define CITYHUB_CHIPS_H

#include <stdbool.h>
#include <stddef.h>

#define CHIPS_NAME	64

/**
 * struct chip - a sensor chip on a bus
 * @name:	what it is declared as
 * @device:	its device on the bus, as in 1-006b or spi0.0
 * @module:	module of its driver
 * @bus:	number of its I2C bus, -1 for a chip on SPI
 * @address:	its address there
 * @bound:	its driver has it
 */
struct chip {
	char name[CHIPS_NAME];
	char device[CHIPS_NAME];
	const char *module;
	int bus;
	int address;
	bool bound;
};

/* Calls @fn for each chip of a kind that is known here. */
void chips_each(void (*fn)(void *ctx, const struct chip *c), void *ctx);

/*
 * Does something acknowledge the address? 1 yes, 0 no, or a negative error
 * number: -ENOENT without i2c-dev, -EBUSY when a driver has the address. Sends
 * an address and no data.
 */
int chips_answers(int bus, int address);
/*
 * Can the chip be at this address, by a pin or as it was made to order? Not at
 * one that only others have.
 */
bool chips_can_have(const struct chip *c, int address);
/*
 * Where something answers that may be the chip though nobody declared it there,
 * or -1. @answers: chips_answers(), or what stands for it.
 */
int chips_stray(const struct chip *c, int (*answers)(int bus, int address));

#endif /* CITYHUB_CHIPS_H */
