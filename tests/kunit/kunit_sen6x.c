// SPDX-License-Identifier: GPL-2.0-only
/* SEN5x and SEN6x: checksum, framing and the arithmetic of the polls. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/time64.h>

#include "../../kernel/environment/sen6x_pure.c"
#include "../../kernel/environment/sen6x_aim.c"

#define POLL_NS		(21 * (s64)NSEC_PER_MSEC)
#define REST_NS		(31 * (s64)NSEC_PER_MSEC)
#define LIMIT_NS	(62 * (s64)NSEC_PER_MSEC)

struct crc_vector {
	u16 word;
	u8 crc;
};

/* The first is the example of the datasheet. */
static const struct crc_vector crc_vectors[] = {
	{ 0xbeef, 0x92 }, { 0x0000, 0x81 }, { 0x0001, 0xb0 }, { 0xffff, 0xac },
	{ 0x7fff, 0x8f }, { 0x8000, 0xa2 }, { 0x0320, 0x2a }, { 0x012c, 0x8e },
	{ 0x1388, 0x01 },
};

static void crc_matches_the_datasheet(struct kunit *test)
{
	unsigned int i;
	u8 bytes[2];

	for (i = 0; i < ARRAY_SIZE(crc_vectors); i++) {
		put_unaligned_be16(crc_vectors[i].word, bytes);
		KUNIT_EXPECT_EQ_MSG(test, sen6x_crc(bytes, sizeof(bytes)),
				    crc_vectors[i].crc, "word %#06x",
				    crc_vectors[i].word);
	}
}

static void unframe_gives_the_words(struct kunit *test)
{
	static const u8 bytes[] = { 0x03, 0x20, 0x2a, 0xff, 0xff, 0xac };
	u16 words[2];

	KUNIT_ASSERT_EQ(test, sen6x_unframe(bytes, words, 2), 0);
	KUNIT_EXPECT_EQ(test, words[0], 0x0320);
	KUNIT_EXPECT_EQ(test, words[1], 0xffff);
}

static void unframe_refuses_every_flipped_bit(struct kunit *test)
{
	static const u8 good[] = { 0x03, 0x20, 0x2a, 0x01, 0x2c, 0x8e };
	u8 bytes[sizeof(good)];
	unsigned int bit;
	u16 words[2];

	for (bit = 0; bit < sizeof(good) * BITS_PER_BYTE; bit++) {
		memcpy(bytes, good, sizeof(good));
		bytes[bit / BITS_PER_BYTE] ^= BIT(bit % BITS_PER_BYTE);
		KUNIT_EXPECT_EQ(test, sen6x_unframe(bytes, words, 2), -EBADMSG);
	}
}

static void text_ends(struct kunit *test)
{
	static const u16 words[] = { 0x5345, 0x4e36, 0x3600 };
	char text[sizeof(words) + 1];

	sen6x_text(words, ARRAY_SIZE(words), text);
	KUNIT_EXPECT_STREQ(test, text, "SEN66");
	KUNIT_EXPECT_EQ(test, text[sizeof(words)], '\0');
}

/* Looks for a sample at @sample_ns, from @look_ns on; returns how many. */
static u32 play_looks(struct sen6x_aim *aim, s64 look_ns, s64 sample_ns)
{
	u32 looks = 1;

	while (look_ns < sample_ns) {
		look_ns += POLL_NS + sen6x_aim_missed(aim, REST_NS);
		looks++;
	}
	sen6x_aim_hit(aim);

	return looks;
}

static void aim_brackets_with_five_looks(struct kunit *test)
{
	static const s64 uncertain[] = {
		POLL_NS + 1, 30 * NSEC_PER_MSEC, 50 * NSEC_PER_MSEC, LIMIT_NS,
	};
	struct sen6x_aim aim;
	unsigned int i;
	s64 first;

	for (i = 0; i < ARRAY_SIZE(uncertain); i++) {
		sen6x_aim_reset(&aim);
		first = sen6x_aim_first(&aim, 0, uncertain[i], POLL_NS, LIMIT_NS);
		KUNIT_EXPECT_EQ(test, first, -uncertain[i]);
		KUNIT_EXPECT_EQ(test, aim.state, SEN6X_BRACKET);
		KUNIT_EXPECT_EQ(test, play_looks(&aim, first, -uncertain[i]), 1);

		first = sen6x_aim_first(&aim, 0, uncertain[i], POLL_NS, LIMIT_NS);
		KUNIT_EXPECT_LE(test, play_looks(&aim, first, uncertain[i]), 5);
	}
}

/* What is known after each sample: it lies between @low and @high. */
static void aim_halves_what_is_possible(struct kunit *test)
{
	s64 low = -POLL_NS / 2, high = POLL_NS / 2, first;
	const s64 sample = 1234567;
	struct sen6x_aim aim;
	u32 i;

	sen6x_aim_reset(&aim);
	for (i = 0; i < 20; i++) {
		first = sen6x_aim_first(&aim, (low + high) / 2, (high - low) / 2,
					POLL_NS, LIMIT_NS);
		KUNIT_EXPECT_EQ(test, aim.state, SEN6X_BISECT);
		KUNIT_EXPECT_LE(test, play_looks(&aim, first, sample), 2);
		if (first < sample)
			low = max(low, first);
		else
			high = min(high, first);
	}
	KUNIT_EXPECT_LE(test, low, sample);
	KUNIT_EXPECT_GE(test, high, sample);
	KUNIT_EXPECT_LT(test, high - low, 20 * NSEC_PER_USEC);
}

/* An estimate that is surer than it may be, and stubborn. */
static void aim_doubts_an_estimate_that_is_always_late(struct kunit *test)
{
	const s64 sample = -8 * (s64)NSEC_PER_MSEC;
	struct sen6x_aim aim;
	u32 i, looks;
	s64 first;

	sen6x_aim_reset(&aim);
	for (i = 0; i < 20; i++) {
		first = sen6x_aim_first(&aim, 0, NSEC_PER_MSEC, POLL_NS, LIMIT_NS);
		looks = play_looks(&aim, first, sample);
		KUNIT_EXPECT_LE(test, looks, 5);
		if (looks > 1)
			break;
	}
	KUNIT_EXPECT_LE(test, i, 8);
}

static void aim_searches_when_nothing_comes(struct kunit *test)
{
	struct sen6x_aim aim;
	u32 i;

	sen6x_aim_reset(&aim);
	KUNIT_EXPECT_EQ(test, sen6x_aim_missed(&aim, REST_NS), REST_NS);
	sen6x_aim_hit(&aim);
	sen6x_aim_first(&aim, 0, NSEC_PER_MSEC, POLL_NS, LIMIT_NS);
	for (i = 1; i < 5; i++)
		KUNIT_EXPECT_EQ(test, sen6x_aim_missed(&aim, REST_NS), 0);
	KUNIT_EXPECT_EQ(test, sen6x_aim_missed(&aim, REST_NS), REST_NS);
	KUNIT_EXPECT_EQ(test, aim.state, SEN6X_SEARCH);
	/* What was a streak before it was lost is none. */
	sen6x_aim_hit(&aim);
	KUNIT_EXPECT_EQ(test, aim.streak, 0);
}

static void samples_since_counts_by_time(struct kunit *test)
{
	static const s64 period = NSEC_PER_SEC;

	/* A new sample is there, however early it seems. */
	KUNIT_EXPECT_EQ(test, sen6x_samples_since(0, period), 1);
	KUNIT_EXPECT_EQ(test, sen6x_samples_since(970 * NSEC_PER_MSEC, period), 1);
	KUNIT_EXPECT_EQ(test, sen6x_samples_since(1930 * NSEC_PER_MSEC, period), 1);
	KUNIT_EXPECT_EQ(test, sen6x_samples_since(1970 * NSEC_PER_MSEC, period), 2);
	KUNIT_EXPECT_EQ(test, sen6x_samples_since(3600 * period, period), 3600);
}

/* The example of the datasheet is 0xbeef with 0x92. */
static void frame_gives_each_word_its_checksum(struct kunit *test)
{
	static const u8 want[] = { 0x67, 0x20, 0x03, 0x20, 0x2a, 0xbe, 0xef, 0x92 };
	static const u16 words[] = { 0x0320, 0xbeef };
	u8 bytes[SEN6X_MAX_FRAME];

	KUNIT_ASSERT_EQ(test, sen6x_frame(bytes, 0x6720, words, 2), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(bytes, want, sizeof(want)), 0);
	KUNIT_EXPECT_EQ(test, sen6x_frame(bytes, 0x0104, NULL, 0), 2);
}

static void unknown_is_told_in_one_way(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sen6x_known(0xffff, 0x7fff, true), 0x7fff);
	KUNIT_EXPECT_EQ(test, sen6x_known(0xffff, 0x7fff, false), 0xffff);
	KUNIT_EXPECT_EQ(test, sen6x_known(0xfffe, 0x7fff, true), 0xfffe);
	KUNIT_EXPECT_EQ(test, sen6x_known(0x7fff, 0x7fff, true), 0x7fff);
}

/* Each parameter at its limits and one beyond. */
static void tuning_keeps_to_the_ranges(struct kunit *test)
{
	static const u16 low[] = { 1, 1, 1, 0, 10, 1 };
	static const u16 high[] = { 250, 1000, 1000, 3000, 5000, 1000 };
	u16 words[] = { 100, 12, 12, 180, 50, 230 };
	unsigned int i;
	u16 old;

	KUNIT_EXPECT_TRUE(test, sen6x_tuning_valid(low, false));
	KUNIT_EXPECT_TRUE(test, sen6x_tuning_valid(high, false));
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		old = words[i];
		words[i] = high[i] + 1;
		KUNIT_EXPECT_FALSE(test, sen6x_tuning_valid(words, false));
		words[i] = low[i] - 1;
		KUNIT_EXPECT_FALSE(test, sen6x_tuning_valid(words, false));
		words[i] = old;
	}
	KUNIT_EXPECT_TRUE(test, sen6x_tuning_valid(words, true));
	words[2] = 13;
	KUNIT_EXPECT_TRUE(test, sen6x_tuning_valid(words, false));
	KUNIT_EXPECT_FALSE(test, sen6x_tuning_valid(words, true));
	words[2] = 12;
	words[4] = 51;
	KUNIT_EXPECT_FALSE(test, sen6x_tuning_valid(words, true));
}

static void slope_is_what_is_added_to_one(struct kunit *test)
{
	static const s16 slopes[] = { 0, 1, -1, 123, 10000, -10000, S16_MAX };
	int val, val2;
	u16 slope;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(slopes); i++) {
		sen6x_scale_from_slope(slopes[i], &val, &val2);
		KUNIT_ASSERT_EQ(test, sen6x_slope_from_scale(val, val2, &slope), 0);
		KUNIT_EXPECT_EQ(test, (s16)slope, slopes[i]);
	}
	KUNIT_EXPECT_EQ(test, sen6x_slope_from_scale(1, 12349, &slope), 0);
	KUNIT_EXPECT_EQ(test, slope, 123);
	KUNIT_EXPECT_EQ(test, sen6x_slope_from_scale(4, 276800, &slope), -EINVAL);
	KUNIT_EXPECT_EQ(test, sen6x_slope_from_scale(-1, 0, &slope), -EINVAL);
	KUNIT_EXPECT_EQ(test, sen6x_slope_from_scale(0, -500000, &slope), -EINVAL);
}

static struct kunit_case sen6x_cases[] = {
	KUNIT_CASE(crc_matches_the_datasheet),
	KUNIT_CASE(unframe_gives_the_words),
	KUNIT_CASE(unframe_refuses_every_flipped_bit),
	KUNIT_CASE(text_ends),
	KUNIT_CASE(frame_gives_each_word_its_checksum),
	KUNIT_CASE(unknown_is_told_in_one_way),
	KUNIT_CASE(tuning_keeps_to_the_ranges),
	KUNIT_CASE(slope_is_what_is_added_to_one),
	KUNIT_CASE(aim_brackets_with_five_looks),
	KUNIT_CASE(aim_halves_what_is_possible),
	KUNIT_CASE(aim_doubts_an_estimate_that_is_always_late),
	KUNIT_CASE(aim_searches_when_nothing_comes),
	KUNIT_CASE(samples_since_counts_by_time),
	{ }
};

static struct kunit_suite sen6x_suite = {
	.name = "cityhub-sen6x",
	.test_cases = sen6x_cases,
};

kunit_test_suite(sen6x_suite);

MODULE_DESCRIPTION("KUnit: SEN6x checksum, framing and poll arithmetic");
MODULE_LICENSE("GPL");
