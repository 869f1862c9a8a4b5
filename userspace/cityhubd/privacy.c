// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/privacy.h"

#include <string.h>

#include "common/array.h"

static bool privacy_named(const char *name)
{
	static const char *const words[] = {
		"mic", "audio", "sound", "acoustic", "speech", "pcm",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static bool privacy_is_line(const char *quantity)
{
	return !strcmp(quantity, "voltage") || !strcmp(quantity, "current");
}

bool privacy_is_sound(const struct meaning *m, double rate_hz)
{
	const struct batch_channel *c = &m->channel;

	if (rate_hz > PRIVACY_SOUND_HZ &&
	    (m->window.reduce == WINDOW_LEVEL ||
	     !strcmp(c->quantity, "pressure") || privacy_named(c->channel) ||
	     privacy_named(c->quantity)))
		return true;
	return rate_hz > PRIVACY_LINE_HZ && privacy_is_line(c->quantity) &&
	       !*c->phase;
}

unsigned int privacy_filter(struct source *s)
{
	unsigned int kept = 0, found;

	for (unsigned int i = 0; i < s->channels; i++)
		if (!privacy_is_sound(&s->channel[i].meaning, s->rate_hz))
			s->channel[kept++] = s->channel[i];
	found = s->channels - kept;
	s->channels = kept;
	return found;
}
