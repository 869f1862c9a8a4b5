/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows about older kernels. The sources use the newest
 * API; what Kbuild.probe did not find is supplied here.
 */
#ifndef _CITYHUB_COMPAT_H
#define _CITYHUB_COMPAT_H

#include <linux/version.h>
#if KERNEL_VERSION(6, 1, 0) > LINUX_VERSION_CODE
#error "cityhub needs Linux 6.1 or newer: build against the headers of such a kernel"
#endif

#include <linux/build_bug.h>
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/iio/trigger.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/timer.h>

#ifdef CITYHUB_HAVE_NS_TOKEN
#undef EXPORT_SYMBOL_NS_GPL
#define EXPORT_SYMBOL_NS_GPL(sym, ns)	__EXPORT_SYMBOL(sym, CITYHUB_GPL, ns)
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns)		MODULE_INFO(import_ns, ns)
#ifdef CITYHUB_HAVE_EXPORT_GPL_WORD
#define CITYHUB_GPL			"GPL"
#else
#define CITYHUB_GPL			"_gpl"
#endif
#endif

#ifndef CITYHUB_HAVE_CLAIM_DIRECT
static inline bool iio_device_claim_direct(struct iio_dev *indio_dev)
{
	return !iio_device_claim_direct_mode(indio_dev);
}

static inline void iio_device_release_direct(struct iio_dev *indio_dev)
{
	iio_device_release_direct_mode(indio_dev);
}
#endif

#ifndef CITYHUB_HAVE_PUSH_WITH_TS
static inline int iio_push_to_buffers_with_ts(struct iio_dev *indio_dev,
					      void *data, size_t size,
					      s64 timestamp)
{
	if (unlikely(size < indio_dev->scan_bytes))
		return -ENOSPC;

	return iio_push_to_buffers_with_timestamp(indio_dev, data, timestamp);
}
#endif

#ifndef CITYHUB_HAVE_DECLARE_WITH_TS
#define CITYHUB_SCAN_LEN(type, count) \
	(ALIGN((count), sizeof(s64) / sizeof(type)) + sizeof(s64) / sizeof(type))
#define IIO_DECLARE_BUFFER_WITH_TS(type, name, count) \
	type name[CITYHUB_SCAN_LEN(type, count)] __aligned(sizeof(s64))
#define IIO_DECLARE_DMA_BUFFER_WITH_TS(type, name, count) \
	type name[CITYHUB_SCAN_LEN(type, count)] __aligned(IIO_DMA_MINALIGN)
#endif

/* Drivers tell from IIO_NO_MOD that there is no such modifier. */
#ifndef CITYHUB_HAVE_IIO_POWER_MODIFIERS
#define IIO_MOD_RMS		IIO_NO_MOD
#define IIO_MOD_ACTIVE		IIO_NO_MOD
#define IIO_MOD_REACTIVE	IIO_NO_MOD
#define IIO_MOD_APPARENT	IIO_NO_MOD
#endif

#ifndef CITYHUB_HAVE_IIO_ALTCURRENT
#define IIO_ALTCURRENT		IIO_CURRENT
#endif

/* What write_event_config() is handed; an int before 6.14. */
#ifdef CITYHUB_HAVE_EVENT_STATE_BOOL
#define CITYHUB_EVENT_STATE	bool
#else
#define CITYHUB_EVENT_STATE	int
#endif

#ifndef CITYHUB_HAVE_KFIFO_DEV_ATTRS
/* Before 6.2 the attributes are plain ones: the first member of these. */
#define devm_iio_kfifo_buffer_setup_ext(dev, indio_dev, ops, attrs) \
	devm_iio_kfifo_buffer_setup_ext(dev, indio_dev, ops, \
					(const struct attribute **)(attrs))
#endif

#ifndef CITYHUB_HAVE_POLL_NESTED
#define iio_trigger_poll_nested(trig)	iio_trigger_poll_chained(trig)
#endif

#ifndef CITYHUB_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#ifndef CITYHUB_HAVE_TIMER_CONTAINER_OF
#define timer_container_of(var, timer, field)	from_timer(var, timer, field)
#endif

#ifndef CITYHUB_HAVE_GENL_INFO_DUMP
#define genl_info_dump(cb)	genl_dumpit_info(cb)
#endif

#ifndef CITYHUB_HAVE_NLA_PUT_UINT
#define nla_put_uint(skb, attrtype, value) \
	nla_put(skb, attrtype, sizeof(u64), &(u64){ (value) })
#define nla_put_sint(skb, attrtype, value) \
	nla_put(skb, attrtype, sizeof(s64), &(s64){ (value) })
#endif

#endif /* _CITYHUB_COMPAT_H */
