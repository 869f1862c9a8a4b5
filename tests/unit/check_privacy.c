// SPDX-License-Identifier: GPL-2.0-only
/* What could be listened to is taken out of a source, and nothing else. */
#include "unit.h"

#include "cityhubd/privacy.h"
#include "common/array.h"

static const struct {
	const char *id, *label;
	double rate_hz;
	bool sound;
} cases[] = {
	{ "pressure", "LAeq", 1, false },
	{ "pressure", "LA", 8, false },
	{ "pressure", "LAeq", 48000, true },
	{ "pressure", "LZ", 25, true },
	{ "pressure", NULL, 1, false },
	{ "pressure0", NULL, 16000, true },
	{ "pressure", "street", 100, true },
	{ "voltage0", NULL, 100, false },
	{ "voltage0", NULL, 16000, true },
	{ "voltage3", "left", 8000, true },
	{ "voltage3", "Microphone", 200, true },
	{ "current0", NULL, 44100, true },
	{ "accel_x", "audio-tap", 4000, true },
	{ "accel_x", NULL, 4000, false },
	{ "voltage0", "VA", 8000, false },
	{ "voltage2", "L3-voltage", 32000, false },
	{ "current6", "IN", 8000, false },
	{ "count", NULL, 400, false },
	{ "pressure", "LAeq", 0, false },	/* until the rate is learnt */
};

static void find(size_t i, struct meaning *m)
{
	const struct meaning_input in = {
		.device = "any", .id = cases[i].id, .label = cases[i].label,
		.scale = 1, .format = { .bits = 32, .storage = 32 },
	};

	meaning_find(&in, m);
}

START_TEST(what_is_sound)
{
	struct meaning m;

	find((size_t)_i, &m);
	ck_assert_int_eq(privacy_is_sound(&m, cases[_i].rate_hz), cases[_i].sound);
}
END_TEST

START_TEST(others_stay_in_their_order)
{
	static const size_t which[] = { 14, 2, 16, 8, 15 };
	struct source_channel channels[ARRAY_SIZE(which)];
	struct source s = { .rate_hz = 8000, .channel = channels,
			    .channels = ARRAY_SIZE(which) };

	for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
		find(which[i], &channels[i].meaning);
		channels[i].decode.offset = 4 * i;
	}
	ck_assert_uint_eq(privacy_filter(&s), 2);
	ck_assert_uint_eq(s.channels, 3);
	ck_assert_str_eq(channels[0].meaning.channel.channel, "VA");
	ck_assert_str_eq(channels[1].meaning.channel.channel, "IN");
	ck_assert_uint_eq(channels[1].decode.offset, 8);
	ck_assert_str_eq(channels[2].meaning.channel.channel, "L3-voltage");
	ck_assert_uint_eq(channels[2].decode.offset, 16);
	ck_assert_uint_eq(privacy_filter(&s), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("privacy");
	TCase *t = tcase_create("privacy");

	tcase_add_loop_test(t, what_is_sound, 0, ARRAY_SIZE(cases));
	tcase_add_test(t, others_stay_in_their_order);
	suite_add_tcase(s, t);
	return unit_run(s);
}
