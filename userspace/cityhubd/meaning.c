// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/meaning.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"

/* @factor leads from the unit of the IIO ABI (mV, mA, mW, J, ...) to @unit. */
struct meaning_entry {
	const char *name;
	const char *quantity;
	const char *unit;
	double factor;
	enum window_reduce reduce;
};

/* Labels that name one quantity each. */
static const struct meaning_entry meaning_labels[] = {
	{ "voc-index", "voc_index", "1", 1, WINDOW_LINEAR },
	{ "nox-index", "nox_index", "1", 1, WINDOW_LINEAR },
	{ "hcho", "hcho", "ppb", 1e7, WINDOW_LINEAR },
	{ "LAeq", "sound_level", "dB(A)", 1e3, WINDOW_LEVEL },
	{ "LCeq", "sound_level", "dB(C)", 1e3, WINDOW_LEVEL },
	{ "LZeq", "sound_level", "dB(Z)", 1e3, WINDOW_LEVEL },
	{ "LA", "sound_level", "dB(A)", 1e3, WINDOW_LEVEL },
	{ "LC", "sound_level", "dB(C)", 1e3, WINDOW_LEVEL },
	{ "LZ", "sound_level", "dB(Z)", 1e3, WINDOW_LEVEL },
	{ "frequency", "frequency", "Hz", 1, WINDOW_LINEAR },
};

/* What follows the phase in a label such as "L1-active-power". */
static const struct meaning_entry meaning_phase_labels[] = {
	{ "voltage", "voltage", "V", 1e-3, WINDOW_LINEAR },
	{ "current", "current", "A", 1e-3, WINDOW_LINEAR },
	{ "active-power", "active_power", "W", 1e-3, WINDOW_LINEAR },
	{ "reactive-power", "reactive_power", "var", 1e-3, WINDOW_LINEAR },
	{ "apparent-power", "apparent_power", "VA", 1e-3, WINDOW_LINEAR },
	{ "power-factor", "power_factor", "1", 1, WINDOW_LINEAR },
	/* IIO has no frequency; the drivers deliver the angular one, in rad/s. */
	{ "frequency", "frequency", "Hz", 1 / (2 * M_PI), WINDOW_LINEAR },
	{ "energy", "energy", "Wh", 1.0 / 3600, WINDOW_COUNTER },
	{ "active-energy", "energy", "Wh", 1.0 / 3600, WINDOW_COUNTER },
	{ "reactive-energy", "reactive_energy", "varh", 1.0 / 3600,
	  WINDOW_COUNTER },
	{ "apparent-energy", "apparent_energy", "VAh", 1.0 / 3600,
	  WINDOW_COUNTER },
};

/* Channel types, with their modifier where it matters; longest name first. */
static const struct meaning_entry meaning_types[] = {
	{ "massconcentration_pm2p5", "pm2p5", "ug/m3", 1, WINDOW_LINEAR },
	{ "massconcentration_pm10", "pm10", "ug/m3", 1, WINDOW_LINEAR },
	{ "massconcentration_pm1", "pm1", "ug/m3", 1, WINDOW_LINEAR },
	{ "massconcentration_pm4", "pm4", "ug/m3", 1, WINDOW_LINEAR },
	{ "concentration_co2", "co2", "ppm", 1e4, WINDOW_LINEAR },
	{ "concentration_voc", "voc", "ppm", 1e4, WINDOW_LINEAR },
	{ "humidityrelative", "rh", "%", 1e-3, WINDOW_LINEAR },
	{ "power_active", "active_power", "W", 1e-3, WINDOW_LINEAR },
	{ "power_reactive", "reactive_power", "var", 1e-3, WINDOW_LINEAR },
	{ "power_apparent", "apparent_power", "VA", 1e-3, WINDOW_LINEAR },
	{ "altvoltage", "voltage", "V", 1e-3, WINDOW_LINEAR },
	{ "altcurrent", "current", "A", 1e-3, WINDOW_LINEAR },
	{ "voltage", "voltage", "V", 1e-3, WINDOW_LINEAR },
	{ "current", "current", "A", 1e-3, WINDOW_LINEAR },
	{ "energy", "energy", "Wh", 1.0 / 3600, WINDOW_COUNTER },
	{ "power", "active_power", "W", 1e-3, WINDOW_LINEAR },
	{ "pressure", "pressure", "hPa", 10, WINDOW_LINEAR },
	{ "temp", "temperature", "Cel", 1e-3, WINDOW_LINEAR },
	{ "illuminance", "illuminance", "lx", 1, WINDOW_LINEAR },
};

/* The waveform channels of ade9000-wave: current or voltage, then the wire. */
static const char *const meaning_wires[][2] = {
	{ "A", "L1" }, { "B", "L2" }, { "C", "L3" }, { "N", "N" },
};

#define MEANING_FIND(table, name) \
	meaning_lookup(table, ARRAY_SIZE(table), name)

static const struct meaning_entry *meaning_lookup(const struct meaning_entry *t,
						  size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(t[i].name, name))
			return &t[i];
	return NULL;
}

static const struct meaning_entry *meaning_by_label(const char *label,
						    const char **phase)
{
	static const char *const phases[] = { "L1", "L2", "L3", "N", "A", "B" };
	const struct meaning_entry *e = MEANING_FIND(meaning_labels, label);

	if (e)
		return e;
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		size_t len = strlen(phases[i]);

		if (strncmp(label, phases[i], len) || label[len] != '-')
			continue;
		*phase = phases[i];
		return MEANING_FIND(meaning_phase_labels, label + len + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(meaning_wires); i++) {
		if ((label[0] != 'V' && label[0] != 'I') ||
		    strcmp(label + 1, meaning_wires[i][0]))
			continue;
		*phase = meaning_wires[i][1];
		return MEANING_FIND(meaning_phase_labels,
				    label[0] == 'V' ? "voltage" : "current");
	}
	return NULL;
}

/* "voltage0" and "power1_active" are a type with an index in the middle. */
static const struct meaning_entry *meaning_by_type(const char *id)
{
	char name[BATCH_NAME];
	size_t n = 0;

	for (; *id && *id != '_' && n < sizeof(name) - 1; id++)
		if (!isdigit((unsigned char)*id))
			name[n++] = *id;
	snprintf(name + n, sizeof(name) - n, "%s", id);
	for (size_t i = 0; i < ARRAY_SIZE(meaning_types); i++) {
		const char *type = meaning_types[i].name;
		size_t len = strlen(type);

		if (!strncmp(name, type, len) &&
		    (!name[len] || name[len] == '_'))
			return &meaning_types[i];
	}
	return NULL;
}

/* Two digits more than the chip resolves, for the means. */
static int meaning_decimals(double lsb)
{
	double digits = lsb > 0 ? ceil(-log10(lsb) - 1e-9) + 2 : 6;

	return (int)fmax(0, fmin(9, digits));
}

/* Drivers in the kernel that do not keep to the units of the ABI. */
static double meaning_quirk(const struct meaning_input *in)
{
	/* degrees, where millidegrees are due */
	if (!strcmp(in->device, "mpl3115") && !strcmp(in->id, "temp") &&
	    in->scale < 1)
		return 1000;
	return 1;
}

/* SEN5x and SEN6x answer with the largest number of the format. */
static void meaning_set_unknown(const struct meaning_input *in,
				struct meaning *m)
{
	if (strncmp(in->device, "sen5", 4) && strncmp(in->device, "sen6", 4))
		return;
	if (in->format.bits != 16)
		return;
	m->has_unknown = true;
	m->unknown = in->format.is_signed ? INT16_MAX : UINT16_MAX;
}

/* Labels come from firmware; JSON refuses what is no UTF-8. */
static void meaning_copy(char *to, const char *from)
{
	snprintf(to, BATCH_NAME, "%s", from);
	for (; *to; to++)
		if (!isprint((unsigned char)*to))
			*to = '_';
}

void meaning_find(const struct meaning_input *in, struct meaning *m)
{
	const bool labelled = in->label && *in->label;
	const struct meaning_entry *e = NULL;
	const char *phase = "";

	memset(m, 0, sizeof(*m));
	if (labelled)
		e = meaning_by_label(in->label, &phase);
	if (!e)
		e = meaning_by_type(in->id);
	meaning_copy(m->channel.channel, labelled ? in->label : in->id);
	meaning_copy(m->channel.quantity, e ? e->quantity : in->id);
	snprintf(m->channel.unit, sizeof(m->channel.unit), "%s",
		 e ? e->unit : "1");
	snprintf(m->channel.phase, sizeof(m->channel.phase), "%s", phase);
	m->offset = in->offset;
	m->factor = in->scale * (e ? e->factor : 1) * meaning_quirk(in);
	m->window.reduce = e ? e->reduce : WINDOW_LINEAR;
	m->channel.decimals = meaning_decimals(fabs(m->factor));
	if (m->window.reduce == WINDOW_LEVEL)
		m->channel.decimals = 2;
	/* The chip knows whole decibels; micropascals made them uneven. */
	if (!strcmp(in->device, "pcba-dbm"))
		m->window.step = 1;
	meaning_set_unknown(in, m);
}

void meaning_convert(const struct meaning *m, const int64_t *raw, size_t n,
		     double *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = ((double)raw[i] + m->offset) * m->factor;
	for (size_t i = 0; m->has_unknown && i < n; i++)
		if (raw[i] == m->unknown)
			out[i] = NAN;
}
