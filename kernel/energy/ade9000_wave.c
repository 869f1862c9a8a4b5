// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADE9000: the waveforms.
 *
 * The chip fills a ring of 16 pages of 16 sample sets at 8 kSPS, or at 32 kSPS
 * as they come from the filters before the DSP, and interrupts when chosen
 * pages are full. There is no overrun flag: time and the number of
 * the last page tell how far the chip has come, and a page counts as read only
 * if the chip had not come round to it by the end of the burst.
 *
 * Stamps: an interrupt marks the last sample of the page that raised it. The
 * estimator learns from those only; samples of pages that were filled since
 * are dated by its period.
 */
#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/property.h>
#include <linux/spi/spi.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <cityhub/member.h>
#include <cityhub/stamp.h>

#include "ade9000.h"

/* Crystal or clock input: 24.576 MHz +-1 %. */
#define ADE9000_CLOCK_PPM	10000
/* Samples over which the learned period is taken; a power of two. */
#define ADE9000_SPAN		2048
/* So many rings without a page, and interrupts are lost. */
#define ADE9000_WAVE_STALE	2
/*
 * The page number is one modulo the ring: if a look takes longer than so many
 * pages, nobody knows which round it is of. It is tried again so often.
 */
#define ADE9000_LOOK_PAGES	4
#define ADE9000_LOOKS		3
/* Chunks read for one interrupt at most, so that a slow bus starves nobody. */
#define ADE9000_CHUNKS_MAX	8

/* Codes need 28 bits; the four above repeat the sign. */
#define ADE9000_CODE_BITS	28

enum ade9000_wave_channel {
	ADE9000_IA,
	ADE9000_VA,
	ADE9000_IB,
	ADE9000_VB,
	ADE9000_IC,
	ADE9000_VC,
	ADE9000_IN,
	ADE9000_WAVE_CHANNELS,
};

/**
 * struct ade9000_wave_mode - a set of channels one burst can fetch
 * @mask:	the channels, in the order the words come
 * @words:	how many they are
 * @config:	BURST_CHAN and WF_IN_EN
 */
struct ade9000_wave_mode {
	unsigned long mask;
	unsigned int words;
	u16 config;
};

/* Smaller sets first: the first one that holds all wanted is taken. */
static const struct ade9000_wave_mode ade9000_wave_modes[] = {
	{ BIT(ADE9000_IA), 1, 0x8 },
	{ BIT(ADE9000_VA), 1, 0x9 },
	{ BIT(ADE9000_IB), 1, 0xa },
	{ BIT(ADE9000_VB), 1, 0xb },
	{ BIT(ADE9000_IC), 1, 0xc },
	{ BIT(ADE9000_VC), 1, 0xd },
	{ BIT(ADE9000_IN), 1, 0xe | ADE9000_WFB_IN_EN },
	{ BIT(ADE9000_IA) | BIT(ADE9000_VA), 2, 0x1 },
	{ BIT(ADE9000_IB) | BIT(ADE9000_VB), 2, 0x2 },
	{ BIT(ADE9000_IC) | BIT(ADE9000_VC), 2, 0x3 },
	{ GENMASK(ADE9000_VC, ADE9000_IA), 6, 0x0 },
	{ GENMASK(ADE9000_IN, ADE9000_IA), 7, 0x0 | ADE9000_WFB_IN_EN },
};

/**
 * struct ade9000_wave - the waveform device
 * @st:		chip, whose lock guards all that changes while it captures
 * @indio_dev:	IIO device
 * @member:	its member
 * @stamp:	estimator of the sample instants
 * @mode:	what bursts fetch
 * @pick:	position in a set of each word delivered
 * @picks:	how many words are delivered
 * @fast:	at 32 kSPS; changes only while no capture runs
 * @step:	pages per interrupt: 1, 4 or 8
 * @burst_pages: pages the controller can fetch in one go
 * @on:		a capture runs
 * @ring:	how far chip and host have come
 * @cleared_after: pages known to be complete when the status was last cleared
 * @cleared_before: pages complete at the first look after that
 * @stamped:	pages complete at the last observation of @stamp
 * @newest_ns:	instant of the newest sample the estimator has seen
 * @span_ns:	time %ADE9000_SPAN samples take
 */
struct ade9000_wave {
	struct ade9000 *st;
	struct iio_dev *indio_dev;
	struct cityhub_member *member;
	struct cityhub_stamp stamp;
	const struct ade9000_wave_mode *mode;
	u8 pick[ADE9000_WAVE_CHANNELS];
	unsigned int picks;
	bool fast;
	unsigned int step;
	unsigned int burst_pages;
	bool on;
	struct ade9000_ring ring;
	u64 cleared_after;
	u64 cleared_before;
	u64 stamped;
	s64 newest_ns;
	s64 span_ns;
	/* private: one sample on its way to the buffer */
	IIO_DECLARE_BUFFER_WITH_TS(__be32, scan, ADE9000_WAVE_CHANNELS);
};

static u32 ade9000_wave_hz(const struct ade9000_wave *w)
{
	return w->fast ? ADE9000_FAST_HZ : ADE9000_SAMPLE_HZ;
}

static u32 ade9000_wave_sample_ns(const struct ade9000_wave *w)
{
	return w->fast ? ADE9000_FAST_NS : ADE9000_SAMPLE_NS;
}

static u32 ade9000_wave_page_ns(const struct ade9000_wave *w)
{
	return ADE9000_PAGE_SETS * ade9000_wave_sample_ns(w);
}

/* Read the last page filled, and note how far the chip has come. */
static int ade9000_wave_look(struct ade9000_wave *w)
{
	u32 status, page_ns = div_u64(w->span_ns * ADE9000_PAGE_SETS,
				      ADE9000_SPAN);
	unsigned int tries;
	s64 now;
	int ret;

	for (tries = 0; tries < ADE9000_LOOKS; tries++) {
		now = cityhub_raw_ns();
		ret = ade9000_read(w->st, ADE9000_REG_WFB_TRG_STAT, &status);
		if (ret)
			return ret;
		if (cityhub_raw_ns() - now > ADE9000_LOOK_PAGES * (s64)page_ns)
			continue;
		ade9000_ring_see(&w->ring,
				 FIELD_GET(ADE9000_TRG_LAST_PAGE, status), now,
				 page_ns);
		return 0;
	}

	return -EAGAIN;
}

static void ade9000_wave_stamp(struct ade9000_wave *w, u64 complete,
			       s64 noticed_ns, s64 max_late_ns)
{
	u64 pages = complete - w->stamped;

	cityhub_stamp_update(&w->stamp, min_t(u64, pages * ADE9000_PAGE_SETS,
					      U32_MAX),
			     noticed_ns, max_late_ns);
	w->stamped = complete;
	w->newest_ns = cityhub_stamp_instant(&w->stamp, 0);
	w->span_ns = cityhub_stamp_span_ns(&w->stamp, ADE9000_SPAN);
}

static u64 ade9000_wave_next_raising(const struct ade9000_wave *w, u64 page)
{
	return round_down(page, w->step) + w->step;
}

/*
 * The interrupt was raised by the first of the chosen pages that was filled
 * after the status had been cleared. Its instant is that page's, however late
 * the thread runs and however many pages have followed; unless the page was
 * full before the last service ended, for then the line was only waiting to
 * be looked at. How far the chip was when the status was cleared is known
 * between two looks; if these leave several pages to choose from, none is.
 */
static int ade9000_wave_observe(struct ade9000_wave *w, s64 irq_ns)
{
	u64 raised = ade9000_wave_next_raising(w, w->cleared_after);
	u64 complete = w->ring.complete;
	bool known = irq_ns && raised > complete &&
		     raised == ade9000_wave_next_raising(w, w->cleared_before);
	int ret;

	w->cleared_after = max(complete, raised);
	ret = ade9000_wave_look(w);
	if (ret)
		return ret;

	w->cleared_before = w->ring.complete;
	if (known && raised <= w->ring.complete)
		ade9000_wave_stamp(w, raised, irq_ns, CITYHUB_LATE_UNKNOWN);
	else if (!w->stamped && w->ring.complete)
		ade9000_wave_stamp(w, w->ring.complete, w->ring.seen_ns,
				   ade9000_wave_page_ns(w));

	return 0;
}

/* Instant of sample @n of the capture, the first being 1. */
static s64 ade9000_wave_instant(const struct ade9000_wave *w, u64 n)
{
	s64 ahead = n - w->stamped * ADE9000_PAGE_SETS;

	return w->newest_ns + (ahead * w->span_ns >> ilog2(ADE9000_SPAN));
}

/* Returns false when a code cannot be one. */
static bool ade9000_wave_pack(struct ade9000_wave *w, const __be32 *set)
{
	u32 excess = 0;
	unsigned int i;

	for (i = 0; i < w->picks; i++) {
		__be32 word = set[w->pick[i]];

		w->scan[i] = word;
		excess |= be32_to_cpu(word) + BIT(ADE9000_CODE_BITS - 1);
	}

	return !(excess >> ADE9000_CODE_BITS);
}

static void ade9000_wave_push_page(struct ade9000_wave *w, u64 page,
				   const __be32 *set)
{
	u64 n = page * ADE9000_PAGE_SETS;
	unsigned int i, invalid = 0;

	for (i = 1; i <= ADE9000_PAGE_SETS; i++, set += w->mode->words) {
		if (ade9000_wave_pack(w, set))
			cityhub_member_push(w->member, w->scan, sizeof(w->scan),
					    ade9000_wave_instant(w, n + i));
		else
			invalid++;
	}

	if (invalid)
		cityhub_member_count(w->member, CITYHUB_COUNT_INVALID, invalid);
}

/* Fetch the first set of a page again, to where it is. */
static int ade9000_wave_fetch_again(struct ade9000_wave *w, u64 page,
				    __be32 *set)
{
	struct ade9000 *st = w->st;
	int ret;

	ret = ade9000_read_burst(st, ADE9000_REG_WAVE +
				 page % ADE9000_PAGES * ADE9000_PAGE_STEP,
				 w->mode->words);
	if (ret)
		return ret;

	/* Pages are delivered in turn: what lies first is not needed again. */
	memmove(set, st->burst, w->mode->words * sizeof(*set));
	ret = ade9000_wave_look(w);
	if (ret)
		return ret;

	return ade9000_ring_holds(&w->ring, page) ? 0 : -EAGAIN;
}

/*
 * The sign byte of the first words may be wrong. A word that comes out the same
 * again is right; one that does not was wrong, and counts as such.
 */
static void ade9000_wave_mend(struct ade9000_wave *w, u64 page, __be32 *set)
{
	__be32 before[ADE9000_WAVE_CHANNELS];
	unsigned int i, words = w->mode->words;
	size_t size = words * sizeof(*set);

	for (i = 0; i < words; i++)
		if (ade9000_sign_doubtful(be32_to_cpu(set[i]),
					  be32_to_cpu(set[i + words])))
			break;
	if (i == words)
		return;

	memcpy(before, set, size);
	if (ade9000_wave_fetch_again(w, page, set))
		memcpy(set, before, size);
	else if (memcmp(set, before, size))
		cityhub_member_count(w->member, CITYHUB_COUNT_INVALID, 1);
}

static u64 ade9000_wave_skip(struct ade9000_wave *w)
{
	u64 pages = ade9000_ring_skip(&w->ring);

	if (pages)
		cityhub_member_count(w->member, CITYHUB_COUNT_LOST,
				     pages * ADE9000_PAGE_SETS);
	return pages;
}

/* Read one chunk of complete pages, and deliver what was not torn. */
static int ade9000_wave_drain(struct ade9000_wave *w)
{
	unsigned int n = ade9000_ring_chunk(&w->ring, w->burst_pages);
	unsigned int words = ADE9000_PAGE_SETS * w->mode->words;
	u64 i, torn, from = w->ring.drained;
	int ret;

	ret = ade9000_read_burst(w->st, ADE9000_REG_WAVE +
				 from % ADE9000_PAGES * ADE9000_PAGE_STEP,
				 n * words);
	if (ret) {
		cityhub_member_count(w->member, CITYHUB_COUNT_BUS_ERROR, 1);
		return ret;
	}

	ret = ade9000_wave_look(w);
	if (ret)
		return ret;

	torn = ade9000_wave_skip(w);
	for (i = torn; i < n; i++) {
		ade9000_wave_mend(w, from + i, w->st->burst + i * words);
		ade9000_wave_push_page(w, from + i, w->st->burst + i * words);
	}

	w->ring.drained = max(w->ring.drained, from + n);
	return 0;
}

static void ade9000_wave_tell_state(struct ade9000_wave *w)
{
	u64 first = w->ring.drained * ADE9000_PAGE_SETS + 1;
	bool near = w->ring.complete - w->stamped <= ADE9000_PAGES;

	cityhub_member_stamp_state(w->member, ade9000_wave_instant(w, first),
				   cityhub_stamp_bound_ns(&w->stamp),
				   near ? w->stamp.source :
					  CITYHUB_STAMP_EXTRAPOLATED);
	cityhub_member_estimator(w->member, &w->stamp);
}

/**
 * ade9000_wave_service() - fetch what the chip has filled
 * @w:		waveform device; the caller holds the lock and has cleared the
 *		status
 * @irq_ns:	instant of the interrupt, 0 when there is none
 */
void ade9000_wave_service(struct ade9000_wave *w, s64 irq_ns)
{
	unsigned int chunks;

	if (ade9000_wave_observe(w, irq_ns) ||
	    w->ring.drained == w->ring.complete)
		return;

	cityhub_member_map(w->member);
	ade9000_wave_tell_state(w);
	ade9000_wave_skip(w);
	for (chunks = 0; chunks < ADE9000_CHUNKS_MAX; chunks++)
		if (w->ring.drained == w->ring.complete ||
		    ade9000_wave_drain(w))
			break;
}

/**
 * ade9000_wave_on() - does a capture run?
 * @w:		waveform device; the caller holds the lock
 */
bool ade9000_wave_on(struct ade9000_wave *w)
{
	return w->on;
}

/**
 * ade9000_wave_stale() - should there have been an interrupt?
 * @w:		waveform device; the caller holds the lock
 * @now_ns:	raw time
 */
bool ade9000_wave_stale(struct ade9000_wave *w, s64 now_ns)
{
	s64 ring_ns = ADE9000_PAGES * ade9000_wave_page_ns(w);

	return w->on && now_ns - w->ring.seen_ns > ADE9000_WAVE_STALE * ring_ns;
}

static u16 ade9000_wave_irq_pages(unsigned int step)
{
	switch (step) {
	case 8:
		return 0x8080;
	case 4:
		return 0x8888;
	default:
		return 0xffff;
	}
}

/* Start the chip's side of a capture. The pages begin at 0 again. */
static int ade9000_wave_begin(struct ade9000_wave *w)
{
	u16 config = w->mode->config | ADE9000_WFB_FIXED_RATE |
		     FIELD_PREP(ADE9000_WFB_MODE, ADE9000_WFB_MODE_CONTINUOUS) |
		     FIELD_PREP(ADE9000_WFB_SRC, w->fast ? ADE9000_WFB_SRC_SINC :
							   ADE9000_WFB_SRC_PCF);
	const struct {
		u16 reg;
		u32 val;
	} steps[] = {
		{ ADE9000_REG_WFB_CFG, config },
		{ ADE9000_REG_WFB_PG_IRQEN, ade9000_wave_irq_pages(w->step) },
		{ ADE9000_REG_STATUS0, ADE9000_STATUS0_PAGE_FULL },
		{ ADE9000_REG_WFB_CFG, config | ADE9000_WFB_CAP_EN },
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ret = ade9000_write(w->st, steps[i].reg, steps[i].val);
		if (ret)
			return ret;
	}

	ret = ade9000_write_mask0(w->st);
	if (ret)
		return ret;

	w->ring = (struct ade9000_ring) { .seen_ns = cityhub_raw_ns() };
	w->cleared_after = 0;
	w->cleared_before = 0;
	w->stamped = 0;
	cityhub_stamp_reset(&w->stamp);
	return 0;
}

/**
 * ade9000_wave_restart() - begin a capture anew that was cut off
 * @w:		waveform device; the caller holds the lock
 *
 * Return: 0 or a negative error number.
 */
int ade9000_wave_restart(struct ade9000_wave *w)
{
	s64 known_ns = w->ring.seen_ns;
	int ret;

	ret = ade9000_wave_begin(w);
	if (ret)
		return ret;

	cityhub_member_count(w->member, CITYHUB_COUNT_LOST,
			     div_u64(w->ring.seen_ns - known_ns,
				     ade9000_wave_sample_ns(w)));
	return 0;
}

/**
 * ade9000_wave_slept() - the system was suspended, the chip went on
 * @w:		waveform device; the caller holds the lock and restarts it if it
 *		captures
 * @slept_ns:	how long the clock stood still
 */
void ade9000_wave_slept(struct ade9000_wave *w, s64 slept_ns)
{
	/* As long ago as it is by the clock that goes on. */
	w->ring.seen_ns -= slept_ns;
}

static int ade9000_wave_postenable(struct iio_dev *indio_dev)
{
	struct ade9000_wave *w = iio_priv(indio_dev);
	int ret;

	guard(mutex)(&w->st->lock);
	cityhub_member_start(w->member);
	w->on = true;
	ret = ade9000_wave_begin(w);
	if (ret)
		w->on = false;

	return ret;
}

static int ade9000_wave_predisable(struct iio_dev *indio_dev)
{
	struct ade9000_wave *w = iio_priv(indio_dev);

	/* Even if the chip does not listen: no sample is pushed from now on. */
	guard(mutex)(&w->st->lock);
	w->on = false;
	ade9000_write_mask0(w->st);
	ade9000_write(w->st, ADE9000_REG_WFB_CFG, 0);
	ade9000_write(w->st, ADE9000_REG_STATUS0, ADE9000_STATUS0_PAGE_FULL);
	return 0;
}

static int ade9000_wave_postdisable(struct iio_dev *indio_dev)
{
	struct ade9000_wave *w = iio_priv(indio_dev);

	cityhub_member_stop(w->member);
	return 0;
}

static const struct iio_buffer_setup_ops ade9000_wave_buffer_ops = {
	.postenable = ade9000_wave_postenable,
	.predisable = ade9000_wave_predisable,
	.postdisable = ade9000_wave_postdisable,
};

/*
 * Words nobody wants are left out here and not by the core: up to 6.16 its
 * demux finds the stamp in the wrong place when the last channels fetched are
 * not the last ones delivered.
 */
static int ade9000_wave_update_scan_mode(struct iio_dev *indio_dev,
					 const unsigned long *scan_mask)
{
	struct ade9000_wave *w = iio_priv(indio_dev);
	const struct ade9000_wave_mode *mode = ade9000_wave_modes;
	unsigned int bit, word = 0;

	guard(mutex)(&w->st->lock);
	while (*scan_mask & ~mode->mask)
		mode++;

	w->mode = mode;
	w->picks = 0;
	for_each_set_bit(bit, &mode->mask, ADE9000_WAVE_CHANNELS) {
		if (*scan_mask & BIT(bit))
			w->pick[w->picks++] = word;
		word++;
	}

	return 0;
}

static int ade9000_wave_set_watermark(struct iio_dev *indio_dev,
				      unsigned int samples)
{
	struct ade9000_wave *w = iio_priv(indio_dev);
	unsigned int pages = samples / ADE9000_PAGE_SETS;

	guard(mutex)(&w->st->lock);
	if (pages >= 8)
		w->step = 8;
	else if (pages >= 4)
		w->step = 4;
	else
		w->step = 1;

	return 0;
}

static int ade9000_wave_read_code(struct ade9000_wave *w, unsigned long reg,
				  int *val)
{
	u32 code;
	int ret;

	ade9000_wait_settled(w->st, 0);
	guard(mutex)(&w->st->lock);
	ret = ade9000_read(w->st, reg, &code);
	if (ret)
		return ret;

	*val = code;
	return ade9000_check_running(w->st) ?: IIO_VAL_INT;
}

/* The filters before the DSP have registers of their own. */
static u16 ade9000_wave_reg(const struct ade9000_wave *w,
			    const struct iio_chan_spec *chan)
{
	return w->fast ? ADE9000_REG_SINC + chan->scan_index : chan->address;
}

static int ade9000_wave_read_scale(const struct ade9000_wave *w,
				   enum iio_chan_type type, int *val, int *val2)
{
	const struct ade9000_scales *scales = &w->st->scales;

	if (type == IIO_VOLTAGE)
		return ade9000_format_scale(w->fast ? scales->fast_voltage :
						      scales->wave_voltage,
					    val, val2);

	return ade9000_format_scale(w->fast ? scales->fast_current :
					      scales->wave_current, val, val2);
}

static void ade9000_wave_init_stamp(struct ade9000_wave *w)
{
	struct cityhub_stamp_config config = {
		.period_ns = ade9000_wave_sample_ns(w),
		.tolerance_ppm = ADE9000_CLOCK_PPM,
	};

	device_property_read_u32(&w->st->spi->dev,
				 "cityhub,irq-latency-min-ns",
				 &config.latency_min_ns);
	cityhub_stamp_init(&w->stamp, &config);
	w->span_ns = ADE9000_SPAN * ade9000_wave_sample_ns(w);
}

static int ade9000_wave_read_raw(struct iio_dev *indio_dev,
				 const struct iio_chan_spec *chan,
				 int *val, int *val2, long info)
{
	struct ade9000_wave *w = iio_priv(indio_dev);

	switch (info) {
	case IIO_CHAN_INFO_RAW:
		return ade9000_wave_read_code(w, ade9000_wave_reg(w, chan), val);
	case IIO_CHAN_INFO_SCALE:
		return ade9000_wave_read_scale(w, chan->type, val, val2);
	case IIO_CHAN_INFO_SAMP_FREQ:
		*val = ade9000_wave_hz(w);
		return IIO_VAL_INT;
	default:
		return -EINVAL;
	}
}

static int ade9000_wave_read_avail(struct iio_dev *indio_dev,
				   const struct iio_chan_spec *chan,
				   const int **vals, int *type, int *length,
				   long info)
{
	static const int rates[] = { ADE9000_SAMPLE_HZ, ADE9000_FAST_HZ };

	if (info != IIO_CHAN_INFO_SAMP_FREQ)
		return -EINVAL;

	*vals = rates;
	*type = IIO_VAL_INT;
	*length = ARRAY_SIZE(rates);
	return IIO_AVAIL_LIST;
}

static int ade9000_wave_write_raw(struct iio_dev *indio_dev,
				  const struct iio_chan_spec *chan,
				  int val, int val2, long info)
{
	struct ade9000_wave *w = iio_priv(indio_dev);

	if (info != IIO_CHAN_INFO_SAMP_FREQ ||
	    (val != ADE9000_SAMPLE_HZ && val != ADE9000_FAST_HZ) || val2)
		return -EINVAL;

	/* Not while a capture runs: neither its stamps nor its scale would fit. */
	if (!iio_device_claim_direct(indio_dev))
		return -EBUSY;

	scoped_guard(mutex, &w->st->lock) {
		w->fast = val == ADE9000_FAST_HZ;
		ade9000_wave_init_stamp(w);
	}
	iio_device_release_direct(indio_dev);
	return 0;
}

static int ade9000_wave_read_label(struct iio_dev *indio_dev,
				   const struct iio_chan_spec *chan,
				   char *label)
{
	return sysfs_emit(label, "%s\n", chan->datasheet_name);
}

static const struct iio_info ade9000_wave_info = {
	.read_raw = ade9000_wave_read_raw,
	.read_avail = ade9000_wave_read_avail,
	.write_raw = ade9000_wave_write_raw,
	.read_label = ade9000_wave_read_label,
	.update_scan_mode = ade9000_wave_update_scan_mode,
	.hwfifo_set_watermark = ade9000_wave_set_watermark,
};

#define ADE9000_WAVE_CHANNEL(_type, _index, _reg, _name) {		\
	.type = (_type),						\
	.indexed = 1,							\
	.channel = (_index),						\
	.address = (_reg),						\
	.datasheet_name = #_name,					\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW),			\
	.info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE),		\
	.info_mask_shared_by_all = BIT(IIO_CHAN_INFO_SAMP_FREQ),	\
	.info_mask_shared_by_all_available =				\
		BIT(IIO_CHAN_INFO_SAMP_FREQ),				\
	.scan_index = ADE9000_ ## _name,				\
	.scan_type = {							\
		.sign = 's',						\
		.realbits = 32,						\
		.storagebits = 32,					\
		.endianness = IIO_BE,					\
	},								\
}

static const struct iio_chan_spec ade9000_wave_channels[] = {
	ADE9000_WAVE_CHANNEL(IIO_CURRENT, 0, ADE9000_REG_AI_PCF, IA),
	ADE9000_WAVE_CHANNEL(IIO_VOLTAGE, 0, ADE9000_REG_AV_PCF, VA),
	ADE9000_WAVE_CHANNEL(IIO_CURRENT, 1, ADE9000_REG_BI_PCF, IB),
	ADE9000_WAVE_CHANNEL(IIO_VOLTAGE, 1, ADE9000_REG_BV_PCF, VB),
	ADE9000_WAVE_CHANNEL(IIO_CURRENT, 2, ADE9000_REG_CI_PCF, IC),
	ADE9000_WAVE_CHANNEL(IIO_VOLTAGE, 2, ADE9000_REG_CV_PCF, VC),
	ADE9000_WAVE_CHANNEL(IIO_CURRENT, 3, ADE9000_REG_NI_PCF, IN),
	IIO_CHAN_SOFT_TIMESTAMP(ADE9000_WAVE_CHANNELS),
};

static int ade9000_wave_init_burst(struct ade9000_wave *w)
{
	struct spi_device *spi = w->st->spi;
	size_t page = ADE9000_PAGE_SETS * ADE9000_WAVE_CHANNELS * sizeof(__be32);
	/* The message also holds the header. */
	size_t max = min(spi_max_transfer_size(spi),
			 spi_max_message_size(spi) - sizeof(u16));

	w->burst_pages = min_t(size_t, max / page, ADE9000_BURST_PAGES);
	if (!w->burst_pages)
		return dev_err_probe(&spi->dev, -EINVAL,
				     "the SPI controller cannot fetch a page\n");

	return 0;
}

/**
 * ade9000_wave_alloc() - make the waveform device, without registering it
 * @st:		chip
 *
 * Return: 0 or a negative error number.
 */
int ade9000_wave_alloc(struct ade9000 *st)
{
	struct device *dev = &st->spi->dev;
	struct iio_dev *indio_dev;
	struct ade9000_wave *w;

	indio_dev = devm_iio_device_alloc(dev, sizeof(*w));
	if (!indio_dev)
		return -ENOMEM;

	w = iio_priv(indio_dev);
	w->st = st;
	w->indio_dev = indio_dev;
	w->mode = ade9000_wave_modes;
	w->step = 1;
	st->wave = w;
	ade9000_wave_init_stamp(w);

	indio_dev->name = "ade9000-wave";
	indio_dev->info = &ade9000_wave_info;
	indio_dev->channels = ade9000_wave_channels;
	indio_dev->num_channels = ARRAY_SIZE(ade9000_wave_channels);
	indio_dev->modes = INDIO_DIRECT_MODE;

	w->member = devm_cityhub_member_register(indio_dev, CITYHUB_MODE_FREE);
	if (IS_ERR(w->member))
		return PTR_ERR(w->member);

	return ade9000_wave_init_burst(w);
}

/**
 * ade9000_wave_register() - hand the waveform device to IIO
 * @st:		chip, running
 *
 * Return: 0 or a negative error number.
 */
int ade9000_wave_register(struct ade9000 *st)
{
	struct iio_dev *indio_dev = st->wave->indio_dev;
	struct device *dev = &st->spi->dev;
	int ret;

	ret = devm_iio_kfifo_buffer_setup(dev, indio_dev,
					  &ade9000_wave_buffer_ops);
	if (ret)
		return ret;

	return devm_iio_device_register(dev, indio_dev);
}
