// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/meter.h"

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#define METER_PATH	256
#define METER_TEXT	64
#define METER_LABEL	"_label"

/* Where a quantity goes, and how many of the units of the ABI make one of ours. */
static const struct {
	const char *label;
	size_t offset, stride;
} meter_quantities[] = {
	{ "voltage", offsetof(struct meter, voltage_v), sizeof(double) },
	{ "current", offsetof(struct meter, current_a), sizeof(double) },
	{ "active-power", offsetof(struct meter, power[0].active_w),
	  sizeof(struct phases_reading) },
	{ "reactive-power", offsetof(struct meter, power[0].reactive_var),
	  sizeof(struct phases_reading) },
};

/* IIO counts millivolts, milliamperes and milliwatts. */
#define METER_MILLI	1e-3

static bool meter_text(const char *path, char text[METER_TEXT])
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(text, METER_TEXT, f);

	if (f)
		fclose(f);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

/* "in_power0_active" has its scale there or, shared, in "in_power_scale". */
static bool meter_scale(const char *channel, char text[METER_TEXT])
{
	char path[METER_PATH + 16];
	const char *name = strrchr(channel, '/') + 1;
	size_t type = strcspn(name + 3, "0123456789_") + 3;

	snprintf(path, sizeof(path), "%s_scale", channel);
	if (meter_text(path, text))
		return true;
	snprintf(path, sizeof(path), "%.*s_scale", (int)(name - channel + type),
		 channel);
	return meter_text(path, text);
}

static bool meter_value(const char *channel, double *value)
{
	char path[METER_PATH + 16], raw[METER_TEXT], scale[METER_TEXT];

	snprintf(path, sizeof(path), "%s_raw", channel);
	if (!meter_text(path, raw) || !meter_scale(channel, scale))
		return false;
	*value = strtod(raw, NULL) * strtod(scale, NULL) * METER_MILLI;
	return true;
}

/* Takes one channel; 1 when it is one of ours, 0 when not, or -EIO. */
static int meter_take(struct meter *m, const char *label_file)
{
	char label[METER_TEXT], channel[METER_PATH];
	int phase;

	if (!meter_text(label_file, label) || label[0] != 'L' ||
	    label[1] < '1' || label[1] > '0' + PHASES || label[2] != '-')
		return 0;
	phase = label[1] - '1';
	snprintf(channel, sizeof(channel), "%.*s",
		 (int)(strlen(label_file) - strlen(METER_LABEL)), label_file);
	for (size_t i = 0; i < ARRAY_SIZE(meter_quantities); i++) {
		size_t at = meter_quantities[i].offset +
			    (size_t)phase * meter_quantities[i].stride;

		if (strcmp(label + 3, meter_quantities[i].label))
			continue;
		return meter_value(channel, (double *)((char *)m + at)) ? 1 :
		       -EIO;
	}
	return 0;
}

/* A-active-power is that of a meter, too. */
static bool meter_is_other(const char *label_file)
{
	char label[METER_TEXT];

	return meter_text(label_file, label) && strchr(label, '-') &&
	       !strcmp(strchr(label, '-'), "-active-power");
}

int meter_read(const char *dir, struct meter *m)
{
	char pattern[METER_PATH];
	bool other = false;
	size_t found = 0;
	int err = 0;
	glob_t g;

	memset(m, 0, sizeof(*m));
	snprintf(pattern, sizeof(pattern), "%s/in_*" METER_LABEL, dir);
	if (glob(pattern, 0, NULL, &g))
		return -ENODEV;
	for (size_t i = 0; i < g.gl_pathc && err >= 0; i++) {
		err = meter_take(m, g.gl_pathv[i]);
		found += err > 0;
		other = other || meter_is_other(g.gl_pathv[i]);
	}
	globfree(&g);
	if (err < 0)
		return err;
	if (found == PHASES * ARRAY_SIZE(meter_quantities))
		return 0;
	return other ? -ENOTSUP : -ENODEV;
}
