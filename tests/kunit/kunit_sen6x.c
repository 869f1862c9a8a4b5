// SPDX-License-Identifier: GPL-2.0-only
/* SEN6x: checksum, framing and the arithmetic of the polls. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/time64.h>

#include "../../kernel/environment/sen6x_pure.c"

#define POLL_NS		(21 * NSEC_PER_MSEC)

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

/*
 * Play the polls of one sample that comes @error_ns after its prediction, at
 * 0, with a chip that looks at the begin (@at_end false) or the end of a poll;
 * returns how many it took and checks that the first came too early.
 */
static u32 play_polls(struct kunit *test, struct sen6x_plan plan, s64 error_ns,
		      bool at_end)
{
	s64 sent = -plan.lead_ns;
	u32 polls = 1;

	while (sent + (at_end ? POLL_NS : 0) < error_ns) {
		sent += POLL_NS + plan.gap_ns;
		polls++;
	}
	KUNIT_EXPECT_GT_MSG(test, polls, 1, "no poll before the sample");

	return polls;
}

static void plan_brackets_with_five_polls(struct kunit *test)
{
	static const s64 uncertain[] = {
		1, NSEC_PER_MSEC, 10 * NSEC_PER_MSEC, 62 * NSEC_PER_MSEC,
	};
	struct sen6x_plan plan;
	unsigned int i, at_end;
	s64 error;
	u32 dither;

	for (i = 0; i < ARRAY_SIZE(uncertain); i++) {
		for (dither = 0; dither < 16; dither++) {
			plan = sen6x_plan(uncertain[i], POLL_NS, dither);
			for (at_end = 0; at_end < 2; at_end++) {
				/* The earliest and the latest that is expected. */
				error = 1 - uncertain[i];
				play_polls(test, plan, error, at_end);
				error = uncertain[i];
				KUNIT_EXPECT_LE(test, play_polls(test, plan, error, at_end),
						5);
			}
		}
	}
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

static struct kunit_case sen6x_cases[] = {
	KUNIT_CASE(crc_matches_the_datasheet),
	KUNIT_CASE(unframe_gives_the_words),
	KUNIT_CASE(unframe_refuses_every_flipped_bit),
	KUNIT_CASE(text_ends),
	KUNIT_CASE(plan_brackets_with_five_polls),
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
