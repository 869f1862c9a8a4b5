/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual hub from the inside: core, buses, interrupt lines, truth log.
 * Chip models need sim.h only.
 */
#ifndef _CITYHUB_SIM_CORE_H
#define _CITYHUB_SIM_CORE_H

#include <linux/fwnode.h>
#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "sim.h"
#include "sim_random.h"

#define SIM_LINES	2

/* The transfer time follows from the number of bytes and the clock. */
#define SIM_TRANSFER_COMPUTED	(-1)

struct dentry;
struct device;
struct device_node;
struct i2c_msg;
struct sim_core;

/**
 * struct sim_board - one chip as it sits on the board
 * @ops:	its model
 * @name:	name of the chip on this board where it is not that of the model
 * @type:	name its driver knows it by
 * @i2c_addr:	address on the I2C bus, 0 for a chip on SPI
 * @spi_max_hz:	fastest clock the chip understands
 */
struct sim_board {
	const struct sim_chip_ops *ops;
	const char *name;
	const char *type;
	u16 i2c_addr;
	u32 spi_max_hz;
};

static inline const char *sim_board_name(const struct sim_board *board)
{
	return board->name ?: board->ops->name;
}

/**
 * struct sim_line - one interrupt line, low while active
 * @core:	chip that drives it
 * @irq:	its interrupt number, 0 when the output is not connected
 * @lock:	guards all below; nests inside the lock of the chip and inside
 *		the lock of the interrupt descriptor
 * @active:	level
 * @masked:	state of the interrupt controller
 * @due:	raw instant from which the interrupt may be seen
 * @timer:	delivers the interrupt
 */
struct sim_line {
	struct sim_core *core;
	int irq;
	raw_spinlock_t lock;
	bool active;
	bool masked;
	s64 due;
	struct hrtimer timer;
};

/**
 * struct sim_truth - what the chip measured and when
 * @core:	the chip
 * @names:	names of the columns
 * @reader:	guards reading, and with the lock of the chip the change of
 *		@slots
 * @slots:	ring of records, each the instant and then @columns values
 * @capacity:	records the ring holds
 * @columns:	values in a record
 * @head:	records ever written, advanced under the lock of the chip; a
 *		word, for both sides to read it in one, and so on 32 bits
 *		good for 2^32 records
 * @tail:	records ever read, advanced under @reader
 * @lost:	records that found the ring full
 */
struct sim_truth {
	struct sim_core *core;
	const char *names;
	struct mutex reader;	/* reading and resizing */
	s64 *slots;
	u32 capacity;
	u32 columns;
	unsigned long head;
	unsigned long tail;
	u64 lost;
};

/**
 * struct sim_late - scripted lateness of the interrupts, used in turn
 * @ns:		list, NULL when there is none
 * @n:		its length
 * @at:		next one
 */
struct sim_late {
	s64 *ns;
	u32 n;
	u32 at;
};

/**
 * struct sim_clock - how the clock of a chip goes wrong
 * @skew_ppb:	constant part, positive is slow
 * @walk_ppb:	random walk of the rest, per square root of a second
 * @noise_ns:	standard deviation of an instant around where it should be
 * @off:	the walk so far, in 2^-16 ppb
 * @next:	raw instant of its next step, SIM_NEVER when it stands still
 */
struct sim_clock {
	s32 skew_ppb;
	u32 walk_ppb;
	u32 noise_ns;
	s64 off;
	s64 next;
};

/**
 * enum sim_bus_fault_kind - how a transfer fails
 * @SIM_BUS_FINE:	it does not
 * @SIM_BUS_NACK:	the chip does not acknowledge its address: -ENXIO, as
 *			most adapters say, and nothing reaches the chip
 * @SIM_BUS_REMOTE:	the same, with the -EREMOTEIO of other adapters
 * @SIM_BUS_IO:		the controller refuses it: -EIO, nothing reaches the
 *			chip
 * @SIM_BUS_TIMEOUT:	-ETIMEDOUT, as late as the bus gives up; all of it has
 *			reached the chip, and what was read is lost
 * @SIM_BUS_CORRUPT:	the last byte read is wrong in every bit, or the last
 *			one written where none is read; nobody notices
 */
enum sim_bus_fault_kind {
	SIM_BUS_FINE,
	SIM_BUS_NACK,
	SIM_BUS_REMOTE,
	SIM_BUS_IO,
	SIM_BUS_TIMEOUT,
	SIM_BUS_CORRUPT,
};

/**
 * struct sim_bus - transfers of a chip
 * @transfers:	how many there were
 * @wait:	so many succeed before
 * @run:	so many fail
 * @kind:	in this way
 */
struct sim_bus {
	u32 transfers;
	u32 wait;
	u32 run;
	enum sim_bus_fault_kind kind;
};

/**
 * struct sim_core - one chip with its clock, lines and scripts
 * @chip:	what the model sees
 * @board:	what it is and where it sits
 * @i2c_addr:	address it answers at; another one than that of @board is a
 *		wrong strap
 * @dev:	the virtual hub, owner of memory and of messages
 * @dir:	its folder in debugfs
 * @fwnode:	what firmware says of it
 * @properties:	lines of that, each ended by a 0, or NULL
 * @power:	serialises power cycles
 * @lock:	guards the model and all below; taken in hard interrupt context
 * @powered:	the model may be called
 * @next:	instant at which the model wants to be advanced
 * @timer:	advances the model at @next
 * @transfer_ns: scripted duration of a transfer
 * @bus:	its transfers, and those that shall fail
 * @late:	scripted lateness
 * @profile:	lateness by chance, used when there is no list
 * @seed:	what chance begins with
 * @late_state:	chance of the lateness
 * @walk_state:	chance of the clock
 * @clock:	errors of the clock
 * @peek:	register to be shown
 * @level:	state of the outputs at the last advance
 * @lines:	interrupt lines
 * @truth:	truth log
 * @readings:	log of the results the host fetched, where the chip has one
 */
struct sim_core {
	struct sim_chip chip;
	const struct sim_board *board;
	u16 i2c_addr;
	struct device *dev;
	struct dentry *dir;
	struct fwnode_handle fwnode;
	const char *properties;
	struct mutex power;	/* power cycles */
	raw_spinlock_t lock;
	bool powered;
	s64 next;
	struct hrtimer timer;
	s64 transfer_ns;
	struct sim_bus bus;
	struct sim_late late;
	enum sim_profile profile;
	u32 seed;
	u64 late_state;
	u64 walk_state;
	struct sim_clock clock;
	u32 peek;
	bool level[SIM_LINES];
	struct sim_line lines[SIM_LINES];
	struct sim_truth truth;
	struct sim_truth readings;
};

/* sim_core.c */
struct sim_core *sim_core_create(struct device *dev,
				 const struct sim_board *board,
				 struct dentry *root);
int sim_core_power_cycle(struct sim_core *core);
int sim_core_i2c(struct sim_core *core, struct i2c_msg *msg);
bool sim_core_i2c_listens(struct sim_core *core);
void sim_core_seed(struct sim_core *core, u32 seed);
void sim_core_set_clock(struct sim_core *core);
s64 sim_core_noise_ns(const struct sim_core *core, s64 instant);
void sim_core_spi_select(struct sim_core *core, bool selected);
void sim_core_spi_exchange(struct sim_core *core, const u8 *tx, u8 *rx,
			   u32 len);
s64 sim_core_sync(struct sim_core *core);
void sim_core_settle(struct sim_core *core, s64 now);
s64 sim_core_transfer_ns(struct sim_core *core, s64 computed_ns);

/* Time: models live in CLOCK_MONOTONIC_RAW, timers in CLOCK_MONOTONIC. */
s64 sim_raw_ns(void);
ktime_t sim_raw_to_mono(s64 raw_ns);
void sim_sleep_ns(s64 ns);

/* sim_bus.c */
enum sim_bus_fault_kind sim_bus_transfer(struct sim_core *core);
int sim_bus_errno(enum sim_bus_fault_kind kind);
void sim_bus_add_debugfs(struct sim_core *core);

/* sim_debugfs.c */
void sim_debugfs_add(struct sim_core *core, struct dentry *root);

/* sim_fwnode.c */
void sim_fwnode_create(struct sim_core *core);
void sim_fwnode_add_debugfs(struct sim_core *core);

/* sim_irq.c */
int sim_irq_create(struct device *dev, struct sim_line *line);
void sim_irq_declare_edge(const struct sim_line *line, bool edge);
bool sim_irq_is_edge(const struct sim_line *line);
void sim_irq_level(struct sim_line *line, bool active, s64 due);

/* sim_i2c.c, sim_spi.c */
int sim_i2c_create(struct device *dev, struct sim_core *const *cores, u32 n);
int sim_spi_create(struct device *dev, struct sim_core *const *cores, u32 n);

/* sim_of.c */
#ifdef CONFIG_OF_IRQ
struct device_node *sim_of_node(struct device *dev, const char *compatible);
bool sim_of_has_child(struct device_node *node, u32 reg);
int sim_of_irqs(struct device *dev, struct sim_core *const *cores, u32 n);
#else
static inline struct device_node *sim_of_node(struct device *dev,
					      const char *compatible)
{
	return NULL;
}

static inline bool sim_of_has_child(struct device_node *node, u32 reg)
{
	return false;
}

static inline int sim_of_irqs(struct device *dev,
			      struct sim_core *const *cores, u32 n)
{
	return 0;
}
#endif

/* sim_truth.c */
int sim_truth_create(struct sim_core *core);
int sim_truth_resize(struct sim_truth *truth, u32 capacity);
extern const struct file_operations sim_truth_fops;

/* sim_world.c */
int sim_world_create(struct device *dev, struct dentry *root);

#endif /* _CITYHUB_SIM_CORE_H */
