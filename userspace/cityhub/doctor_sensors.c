// SPDX-License-Identifier: GPL-2.0-only
/* Sensors: declared, bound, captured, and do samples and interrupts come? */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cityhub/chips.h"
#include "cityhub/doctor.h"
#include "cityhub/iio.h"
#include "cityhub/module.h"
#include "cityhub/with_hub.h"
#include "common/array.h"

/* Free-running sensors deliver once a second or faster; and two ticks more. */
#define DOCTOR_WATCH_MS		5000
#define DOCTOR_LOOK_MS		500

/*
 * Our drivers whose interrupts come as often as samples, and their lines: those
 * of energy meters, the wires of which may be at mains potential. The
 * PCBA-DBM interrupts once in 90 samples: too seldom to wait for.
 */
static const struct {
	const char *device;
	const char *line;
} doctor_lines[] = {
	{ "ade9000-wave", "ade9000-irq0" },
	{ "ade7953", "ade7953" },
};

/**
 * struct doctor_sensor - an IIO device that can be captured
 * @iio:	what sysfs says
 * @line:	name of its interrupt, NULL when it is not looked at
 * @irqs:	how often that came, at first and now
 * @samples:	scans or ticks, at first and now
 * @bus_errors:	failed transfers, at first and now
 * @counted:	the hub counts its samples
 * @closed:	the gate of a capture that ended holds its samples back
 */
struct doctor_sensor {
	struct iio_entry iio;
	const char *line;
	uint64_t irqs[2];
	uint64_t samples[2];
	uint64_t bus_errors[2];
	bool counted;
	bool closed;
};

struct doctor_sensors {
	struct doctor *d;
	struct doctor_sensor *s;
	size_t n;
	bool missing_told[CONF_DEVICES];
};

/* ---- chips without a driver ------------------------------------------------ */

static void doctor_chip_fault(struct doctor *d, const struct chip *c,
			      const char *remedy, const char *text)
{
	char part[CHIPS_NAME + 8];

	snprintf(part, sizeof(part), "sensor %s", c->name);
	doctor_say(d, DOCTOR_FAULT, part, remedy, "%s (%s)", text, c->device);
	d->sensor_bad = true;
}

static void doctor_chip_no_module(struct doctor *d, const struct chip *c)
{
	char remedy[256];

	if (module_installed(c->module))
		snprintf(remedy, sizeof(remedy), "`modprobe %s`", c->module);
	else
		snprintf(remedy, sizeof(remedy),
			 "`modprobe %s`; if there is none, install the modules for this kernel (package cityhub-dkms, or make modules_install)",
			 c->module);
	doctor_chip_fault(d, c, remedy, "the module of its driver is not loaded");
}

static void doctor_chip_silent(struct doctor *d, const struct chip *c)
{
	char text[128], remedy[256];
	int stray = chips_stray(c, chips_answers);

	if (stray >= 0) {
		snprintf(text, sizeof(text),
			 "wrong address: nothing answers at 0x%02x, but something does at 0x%02x",
			 c->address, stray);
		snprintf(remedy, sizeof(remedy),
			 "if that is the %s, set its address pin if it has one, or declare it at 0x%02x (reg in the device tree overlay)",
			 c->name, stray);
	} else {
		snprintf(text, sizeof(text),
			 "absent: nothing answers at 0x%02x of I2C bus %d",
			 c->address, c->bus);
		snprintf(remedy, sizeof(remedy),
			 "check cable, power and that it is on this bus; then `echo %s > /sys/bus/i2c/drivers_probe`",
			 c->device);
	}
	doctor_chip_fault(d, c, remedy, text);
}

/* It is there, or nobody can say: what did its driver complain about? */
static void doctor_chip_refused(struct doctor *d, const struct chip *c,
				int answers)
{
	char text[320], words[200], remedy[160];

	if (module_last_words(c->device, words, sizeof(words)))
		snprintf(text, sizeof(text), "its driver refused it: %s", words);
	else
		snprintf(text, sizeof(text), "its driver does not have it");
	if (answers == -ENOENT)
		snprintf(remedy, sizeof(remedy),
			 "check cable and power; `modprobe i2c-dev` lets doctor see whether it answers");
	else if (answers < 0 && geteuid())
		snprintf(remedy, sizeof(remedy),
			 "run cityhub doctor as root to see whether it answers");
	else
		snprintf(remedy, sizeof(remedy),
			 "check cable and power; then `echo %s > /sys/bus/%s/drivers_probe`",
			 c->device, c->bus < 0 ? "spi" : "i2c");
	doctor_chip_fault(d, c, remedy, text);
}

static void doctor_chip(void *ctx, const struct chip *c)
{
	struct doctor_sensors *all = ctx;
	struct doctor *d = all->d;
	int answers;

	for (size_t i = 0; i < d->conf.capture.ndevices && !c->bound; i++)
		if (!strncmp(d->conf.capture.devices[i], c->name,
			     strlen(c->name)))
			all->missing_told[i] = true;
	if (c->bound)
		return;
	if (!module_loaded(c->module)) {
		doctor_chip_no_module(d, c);
		return;
	}
	answers = c->bus < 0 ? -ENOTSUP : chips_answers(c->bus, c->address);
	if (answers)
		doctor_chip_refused(d, c, answers);
	else
		doctor_chip_silent(d, c);
}

/* ---- devices --------------------------------------------------------------- */

static const char *doctor_sensor_name(const struct doctor_sensor *s)
{
	return *s->iio.label ? s->iio.label : s->iio.name;
}

static bool doctor_sensor_is(const struct doctor_sensor *s, const char *name)
{
	char id[32];

	snprintf(id, sizeof(id), "iio:device%" PRIu32, s->iio.id);
	return !strcmp(name, s->iio.name) || !strcmp(name, s->iio.label) ||
	       !strcmp(name, id);
}

static bool doctor_wanted(const struct doctor *d, const struct doctor_sensor *s)
{
	if (!d->conf.capture.ndevices)
		return true;
	for (size_t i = 0; i < d->conf.capture.ndevices; i++)
		if (doctor_sensor_is(s, d->conf.capture.devices[i]))
			return true;
	return false;
}

static void doctor_find(struct doctor_sensors *all)
{
	struct iio_entry *e = NULL;
	size_t n = 0;

	if (iio_scan(&e, &n))
		return;
	all->s = calloc(n ? n : 1, sizeof(*all->s));
	for (size_t i = 0; all->s && i < n; i++) {
		struct doctor_sensor *s = &all->s[all->n];

		s->iio = e[i];
		if (!e[i].has_buffer || !doctor_wanted(all->d, s))
			continue;
		for (size_t l = 0; l < ARRAY_SIZE(doctor_lines); l++)
			if (!strcmp(e[i].name, doctor_lines[l].device))
				s->line = doctor_lines[l].line;
		all->n++;
	}
	free(e);
}

static void doctor_missing(struct doctor_sensors *all)
{
	struct doctor *d = all->d;

	for (size_t i = 0; i < d->conf.capture.ndevices; i++) {
		bool there = all->missing_told[i];
		char part[CONF_STRING + 8];

		for (size_t k = 0; k < all->n; k++)
			there = there || doctor_sensor_is(&all->s[k],
							  d->conf.capture.devices[i]);
		if (there)
			continue;
		snprintf(part, sizeof(part), "sensor %s",
			 d->conf.capture.devices[i]);
		doctor_say(d, DOCTOR_FAULT, part,
			   "declare it in the device tree and load its driver, or take it out of capture.devices",
			   "no device of this name is there, capture.devices wants it");
		d->sensor_bad = true;
	}
}

/* ---- what comes while we wait ---------------------------------------------- */

/* Interrupts of a line, of all processors. */
static uint64_t doctor_irqs(const char *line)
{
	char text[4096];
	uint64_t sum = 0;
	FILE *f = fopen("/proc/interrupts", "re");

	while (f && fgets(text, sizeof(text), f)) {
		char *at = strchr(text, ':'), *end;

		if (!at || !strstr(at, line))
			continue;
		for (at++;; at = end) {
			uint64_t n = strtoull(at, &end, 10);

			if (end == at || (*end != ' ' && *end != '\t'))
				break;
			sum += n;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

#if WITH_HUB
static void doctor_count(struct doctor_sensors *all, int when)
{
	struct cityhub_stats *stats = NULL;
	struct cityhub *h;
	size_t n = 0;

	if (!all->d->hub || cityhub_open(&h))
		return;
	if (cityhub_stats_get(h, &stats, &n))
		n = 0;
	for (size_t i = 0; i < all->n; i++) {
		struct doctor_sensor *s = &all->s[i];

		for (size_t k = 0; k < n; k++) {
			if (stats[k].id != s->iio.id)
				continue;
			s->counted = true;
			s->samples[when] = stats[k].has_counters ?
					   stats[k].counters.taken :
					   stats[k].ticks.done;
			s->bus_errors[when] = stats[k].counters.bus_error;
		}
	}
	cityhub_stats_free(stats);
	cityhub_close(h);
}

static void doctor_gates(struct doctor_sensors *all)
{
	struct cityhub_member *m = NULL;
	struct cityhub *h;
	size_t n = 0;

	if (!all->d->hub || cityhub_open(&h))
		return;
	if (cityhub_members_get(h, &m, &n))
		n = 0;
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < n; k++)
			if (m[k].id == all->s[i].iio.id)
				all->s[i].closed = m[k].gate ==
						   CITYHUB_MEMBER_GATE_CLOSED;
	cityhub_members_free(m);
	cityhub_close(h);
}
#else
static void doctor_count(struct doctor_sensors *all, int when)
{
	(void)all;
	(void)when;
}

static void doctor_gates(struct doctor_sensors *all)
{
	(void)all;
}
#endif

static void doctor_look(struct doctor_sensors *all, int when)
{
	doctor_count(all, when);
	for (size_t i = 0; i < all->n; i++)
		if (all->s[i].line)
			all->s[i].irqs[when] = doctor_irqs(all->s[i].line);
}

static bool doctor_irq_missing(const struct doctor_sensor *s)
{
	return s->line && s->irqs[1] == s->irqs[0];
}

static bool doctor_samples_missing(const struct doctor_sensor *s)
{
	return s->counted && s->samples[1] == s->samples[0];
}

/* As long as it takes, but not longer than the slowest sensor needs. */
static void doctor_watch(struct doctor_sensors *all)
{
	const struct timespec pause = { .tv_nsec = DOCTOR_LOOK_MS * 1000000L };
	int64_t end_ms = DOCTOR_WATCH_MS + (int64_t)(all->d->period_s * 2000);
	bool waiting = true;

	doctor_look(all, 0);
	for (int64_t ms = 0; waiting && ms < end_ms; ms += DOCTOR_LOOK_MS) {
		nanosleep(&pause, NULL);
		doctor_look(all, 1);
		waiting = false;
		for (size_t i = 0; i < all->n; i++)
			if (all->s[i].iio.buffer_on &&
			    (doctor_irq_missing(&all->s[i]) ||
			     doctor_samples_missing(&all->s[i])))
				waiting = true;
	}
}

static void doctor_sensor_off(struct doctor *d, const char *part,
			      const struct doctor_sensor *s)
{
	if (!d->daemon)
		doctor_say(d, DOCTOR_OK, part, NULL,
			   "bound, not captured because the daemon does not run");
	else if (!d->hub && !*s->iio.trigger)
		doctor_say(d, DOCTOR_SKIPPED, part, NULL,
			   "bound; it may need a trigger of the hub, whose module is missing");
	else
		doctor_say(d, DOCTOR_FAULT, part,
			   "another program switched it off, or the daemon could not switch it on: see its log; restart it to try again at once",
			   "its buffer is off: it is not captured");
	d->sensor_bad = d->sensor_bad || d->daemon;
}

static void doctor_sensor_on(struct doctor *d, const char *part,
			     const struct doctor_sensor *s)
{
	if (doctor_irq_missing(s)) {
		doctor_say(d, DOCTOR_FAULT, part,
			   DOCTOR_MAINS ": check the wire of its interrupt pin, and the line and polarity in the device tree (interrupts)",
			   "its interrupt never arrives: stamps are only as good as polling");
		d->sensor_bad = true;
	} else if (!doctor_samples_missing(s)) {
		doctor_say(d, DOCTOR_OK, part, NULL, "captured%s%s",
			   s->counted ? ", samples come" : "",
			   s->line ? ", interrupts too" : "");
		d->captured++;
	} else if (s->closed) {
		doctor_say(d, DOCTOR_NOTE, part,
			   "`cityhub arm` it again, or restart the daemon",
			   "no samples: its capture was ended by disarm");
	} else {
		doctor_say(d, DOCTOR_FAULT, part, s->bus_errors[1] >
			   s->bus_errors[0] ?
			   "check cable and power: transfers on its bus fail" :
			   "`cityhub faults` shows what is known; unplug and plug it in again",
			   "its buffer is on and no samples come");
		d->sensor_bad = true;
	}
}

void doctor_sensors(struct doctor *d)
{
	struct doctor_sensors all = { .d = d };

	doctor_find(&all);
	chips_each(doctor_chip, &all);
	doctor_missing(&all);
	doctor_gates(&all);
	if (!d->silent)
		doctor_watch(&all);
	for (size_t i = 0; i < all.n; i++) {
		char part[IIO_NAME_LEN + 8];

		snprintf(part, sizeof(part), "sensor %s",
			 doctor_sensor_name(&all.s[i]));
		if (all.s[i].iio.buffer_on)
			doctor_sensor_on(d, part, &all.s[i]);
		else
			doctor_sensor_off(d, part, &all.s[i]);
	}
	if (!all.n && !d->sensor_bad)
		doctor_say(d, DOCTOR_FAULT, "sensors",
			   "declare them in the device tree (overlay) and load their drivers",
			   "no sensor is declared, and no IIO device with a buffer is there");
	free(all.s);
}
