/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket of cityhubd: AF_UNIX, SOCK_SEQPACKET. A client sends one
 * packet of text:
 *
 *   sensors		names of the sensors that deliver, one a line
 *   tap SENSOR		samples of that sensor, as they come
 *
 * and gets text, or "error: WHY". After "tap" the first packet is text, a line
 * for each channel: "name unit decimals", of levels with " level" at the end,
 * which then come in pascal. Then come packets of struct control_block.
 *
 * A client that does not read loses samples, which the next block says; the
 * daemon never waits. One that read nothing for CONTROL_PATIENCE_S is closed.
 */
#ifndef CITYHUB_CONTROL_H
#define CITYHUB_CONTROL_H

#include <stdint.h>

#define CONTROL_REQUEST		128	/* bytes */
#define CONTROL_SAMPLES		128	/* in a block, at most */
#define CONTROL_CHANNELS	32	/* of a sensor that can be tapped */
#define CONTROL_CLIENTS		4
#define CONTROL_PATIENCE_S	10
#define CONTROL_SOUND_REFERENCE	20e-6	/* Pa, 0 dB */

/* In the byte order of the machine; it does not leave it. */
struct control_block {
	uint32_t samples;
	uint32_t channels;
	uint64_t missed;	/* samples since the block before */
	int64_t utc_ns[CONTROL_SAMPLES];
	/* Channel by channel, @samples of each; NAN: the chip had none. */
	double values[CONTROL_SAMPLES * CONTROL_CHANNELS];
};

#endif /* CITYHUB_CONTROL_H */
