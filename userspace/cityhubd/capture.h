/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All sensors of the hub: finds them, keeps them running, collects what they
 * give. No failure of a sensor ends it.
 */
#ifndef CITYHUBD_CAPTURE_H
#define CITYHUBD_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "cityhubd/clock.h"
#include "cityhubd/loop.h"
#include "cityhubd/source.h"
#include "cityhubd/store.h"
#include "common/conf.h"

struct capture;
struct power;
struct power_quality_event;

/* Something is wrong with a sensor, or, if @text is NULL, right again. */
typedef void (*capture_fault)(void *ctx, const char *sensor, const char *text);

/* Samples of a sensor as they come. */
typedef void (*capture_tap)(void *ctx, const char *sensor,
			    const struct source *src, const int64_t *utc_ns,
			    const double *const *columns, size_t at, size_t n);

/* NULL with errno. */
struct capture *capture_new(struct loop *loop, const struct conf *conf,
			    const struct clock *clock, capture_fault fault,
			    void *ctx);
/* The energy indices; before the first source comes. */
void capture_set_energy(struct capture *c, struct energy_index *energy);
/* What the capture asks for and tells; each may be NULL. @ctx: of capture_new(). */
struct capture_hooks {
	/* Something came that should not wait for the next tick. */
	void (*urgent)(void *ctx);
	/* May that device be captured? If not so, capture_rescan() later. */
	bool (*ready)(void *ctx, const char *key);
	/*
	 * The pressure of the air was measured; always by the same sensor, until
	 * it is silent for 10 minutes.
	 */
	void (*pressure)(void *ctx, double hpa);
	/* An event of the power quality of @sensor. */
	void (*power)(void *ctx, const char *sensor, const struct power *p,
		      const struct power_quality_event *e);
};

void capture_set_hooks(struct capture *c, const struct capture_hooks *hooks);
/* Closes all sources; capture_collect() still gives what was left. */
void capture_stop(struct capture *c);
void capture_free(struct capture *c);

/* NULL: nobody looks at samples. */
void capture_set_tap(struct capture *c, capture_tap tap, void *ctx);
/* Look for devices; cheap when nothing has changed. */
void capture_rescan(struct capture *c);
/* A device came or went: look for those that are gone, too. */
void capture_hotplug(struct capture *c);
/* Capture from @src as well; takes it over. */
int capture_add(struct capture *c, struct source *src);
/* Close windows that are over; call about once a second. */
void capture_tick(struct capture *c, int64_t boot_ns);
/* What came since the last call, with the account. NULL: out of memory. */
struct store_packet *capture_collect(struct capture *c);
/* Number of sensors that deliver. */
unsigned int capture_size(const struct capture *c);
/* For each sensor that delivers; it was switched off @stalls times. */
void capture_each(const struct capture *c,
		  void (*fn)(void *ctx, const char *name, double rate_hz,
			     unsigned int stalls),
		  void *ctx);

#endif /* CITYHUBD_CAPTURE_H */
