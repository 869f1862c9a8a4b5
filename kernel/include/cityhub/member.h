/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A member is an IIO device whose driver reports to cityhub-base: every push
 * is checked and counted here, the stamp is mapped to the clock of the device
 * here, and the hub opens and closes the gate here.
 */
#ifndef _CITYHUB_MEMBER_H
#define _CITYHUB_MEMBER_H

#include <linux/bits.h>
#include <linux/types.h>

#include <cityhub/stamp.h>

struct cityhub_member;
struct iio_dev;

/**
 * enum cityhub_member_mode - who decides when a member samples
 * @CITYHUB_MODE_FREE:		the chip does, by its own clock
 * @CITYHUB_MODE_TICKED:	the trigger of the device does
 */
enum cityhub_member_mode {
	CITYHUB_MODE_FREE,
	CITYHUB_MODE_TICKED,
};

/**
 * enum cityhub_gate - what happens to the samples of a free-running member
 * @CITYHUB_GATE_FREE:		in no capture: all samples are delivered
 * @CITYHUB_GATE_OPEN:		armed: samples from T0 on are delivered
 * @CITYHUB_GATE_CLOSED:	disarmed: no sample is delivered until the
 *				buffer is switched off or the member is armed
 */
enum cityhub_gate {
	CITYHUB_GATE_FREE,
	CITYHUB_GATE_OPEN,
	CITYHUB_GATE_CLOSED,
};

/**
 * enum cityhub_count - what is counted for each member, since it was bound
 * @CITYHUB_COUNT_TAKEN:	samples got from the chip while the buffer was
 *				on; taken = pushed + gated + fifo_full
 * @CITYHUB_COUNT_PUSHED:	samples the IIO buffer took
 * @CITYHUB_COUNT_GATED:	samples dropped because the gate was closed or
 *				they lay before T0
 * @CITYHUB_COUNT_FIFO_FULL:	samples the IIO buffer refused
 * @CITYHUB_COUNT_LOST:		samples known to be lost in the chip
 * @CITYHUB_COUNT_BUS_ERROR:	failed transfers
 * @CITYHUB_COUNT_CRC_ERROR:	transfers with a wrong checksum
 * @CITYHUB_COUNT_INVALID:	answers of the chip that make no sense
 * @CITYHUB_COUNT_MAX:		number of counters
 */
enum cityhub_count {
	CITYHUB_COUNT_TAKEN,
	CITYHUB_COUNT_PUSHED,
	CITYHUB_COUNT_GATED,
	CITYHUB_COUNT_FIFO_FULL,
	CITYHUB_COUNT_LOST,
	CITYHUB_COUNT_BUS_ERROR,
	CITYHUB_COUNT_CRC_ERROR,
	CITYHUB_COUNT_INVALID,
	CITYHUB_COUNT_MAX,
};

/**
 * struct cityhub_stamp_state - quality of the stamps of a member
 * @from_ns:	instant (CLOCK_MONOTONIC_RAW) from which the state holds
 * @period_ps:	estimated sample period in picoseconds, 0 when unknown
 * @late_ns:	learned mean lateness of observations beyond @latency_min_ns
 * @latency_min_ns: least lateness that was declared; stamps are late by what it
 *		is short of the true one
 * @updates:	observations the estimator has learned from
 * @bound_ns:	95 % bound of a stamp, U32_MAX when unknown
 * @source:	source of the stamps
 * @clock_epoch: number of steps of the realtime clock seen so far
 */
struct cityhub_stamp_state {
	s64 from_ns;
	u64 period_ps;
	u64 late_ns;
	u32 latency_min_ns;
	u32 updates;
	u32 bound_ns;
	enum cityhub_stamp_source source;
	u32 clock_epoch;
};

/**
 * struct cityhub_member_stats - one consistent view of a member
 * @count:	counters, by &enum cityhub_count
 * @stamp:	stamp state
 * @status:	fault bits the chip reported last
 * @gate:	gate
 * @generation:	capture whose gate is open, or 0
 * @mode:	mode
 * @on:		the buffer is being filled
 */
struct cityhub_member_stats {
	u64 count[CITYHUB_COUNT_MAX];
	struct cityhub_stamp_state stamp;
	u32 status;
	enum cityhub_gate gate;
	u32 generation;
	enum cityhub_member_mode mode;
	bool on;
};

/*
 * What may have changed of a member since the hub last asked. The first two
 * are states, the others faults and their end.
 */
#define CITYHUB_CHANGED_ON		BIT(0)	/* the buffer went on or off */
#define CITYHUB_CHANGED_STAMP		BIT(1)	/* the stamp state */
#define CITYHUB_CHANGED_CUT		BIT(2)	/* switched off while armed */
#define CITYHUB_CHANGED_FIFO_FULL	BIT(3)
#define CITYHUB_CHANGED_LOST		BIT(4)
#define CITYHUB_CHANGED_BUS_ERROR	BIT(5)
#define CITYHUB_CHANGED_CRC_ERROR	BIT(6)
#define CITYHUB_CHANGED_INVALID		BIT(7)
#define CITYHUB_CHANGED_RECOVERED	BIT(8)	/* a sample after bus errors */
#define CITYHUB_CHANGED_STATUS		BIT(9)	/* the chip reports a fault */

/* For chip drivers. */
struct cityhub_member *devm_cityhub_member_register(struct iio_dev *indio_dev,
						    enum cityhub_member_mode mode);
s64 cityhub_raw_ns(void);
s64 cityhub_slept_ns(void);
void cityhub_member_start(struct cityhub_member *m);
void cityhub_member_stop(struct cityhub_member *m);
void cityhub_member_map(struct cityhub_member *m);
int cityhub_member_push(struct cityhub_member *m, void *scan, size_t size,
			s64 raw_ns);
int cityhub_member_push_ticked(struct cityhub_member *m, void *scan,
			       size_t size, s64 stamp_ns);
void cityhub_member_count(struct cityhub_member *m, enum cityhub_count what,
			  u64 n);
void cityhub_member_stamp_state(struct cityhub_member *m, s64 from_ns,
				u32 bound_ns, enum cityhub_stamp_source source);
void cityhub_member_estimator(struct cityhub_member *m,
			      const struct cityhub_stamp *s);
void cityhub_member_fault_status(struct cityhub_member *m, u32 status);

/* For the hub. All may be called from any context but NMI. */
int cityhub_member_get_stats(struct iio_dev *indio_dev,
			     struct cityhub_member_stats *stats);
int cityhub_gates_open(struct iio_dev *const *devs, unsigned int n,
		       u32 generation, s64 t0_raw_ns);
void cityhub_gates_move(u32 generation, s64 t0_raw_ns);
void cityhub_gates_close(u32 generation);
void cityhub_gates_release(void);
void cityhub_members_watch(void (*changed)(bool soon));
bool cityhub_members_changed(u32 *id, u32 *what);

#endif /* _CITYHUB_MEMBER_H */
