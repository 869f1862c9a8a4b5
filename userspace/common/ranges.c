// SPDX-License-Identifier: GPL-2.0-only
#include "common/ranges.h"

#include <string.h>

void ranges_init(struct ranges *s, uint64_t cursor)
{
	memset(s, 0, sizeof(*s));
	s->n = 1;
	s->r[0].last = cursor;
}

uint64_t ranges_cursor(const struct ranges *s)
{
	return s->r[0].last;
}

uint64_t ranges_newest(const struct ranges *s)
{
	return s->r[s->n - 1].last;
}

/* Runs from @i up to and without @end become the one given. */
static void ranges_replace(struct ranges *s, unsigned int i, unsigned int end,
			   struct range with)
{
	memmove(s->r + i + 1, s->r + end, (s->n - end) * sizeof(s->r[0]));
	s->n = s->n - (end - i) + 1;
	s->r[i] = with;
}

int ranges_add(struct ranges *s, uint64_t after, uint64_t last,
	       uint64_t *fresh)
{
	struct range sum = { after, last };
	uint64_t covered = 0;
	unsigned int i = 0, end;

	if (last <= after)
		return 0;
	while (i < s->n && s->r[i].last < after)
		i++;
	for (end = i; end < s->n && s->r[end].after <= last; end++) {
		covered += s->r[end].last - s->r[end].after;
		if (s->r[end].after < sum.after)
			sum.after = s->r[end].after;
		if (s->r[end].last > sum.last)
			sum.last = s->r[end].last;
	}
	if (i == end && s->n == RANGES)
		return -ENOSPC;
	ranges_replace(s, i, end, sum);
	if (fresh)
		*fresh += sum.last - sum.after - covered;
	return 0;
}

bool ranges_have_room(const struct ranges *s)
{
	return s->n < RANGES;
}

uint64_t ranges_skip(const struct ranges *s, uint64_t id)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (id >= s->r[i].after && id < s->r[i].last)
			return s->r[i].last;
	return id;
}

uint64_t ranges_until(const struct ranges *s, uint64_t id)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->r[i].after > id)
			return s->r[i].after;
	return RANGES_END;
}
