// SPDX-License-Identifier: GPL-2.0-only
/* A source recorded and replayed. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "cityhubd/clock.h"
#include "cityhubd/recording.h"
#include "cityhubd/source_record.h"
#include "cityhubd/source_replay.h"
#include "common/log.h"

#define BLOCK	4
#define BLOCKS	3

/* le:u16 value, 6 bytes of padding, le:s64 stamp, be:s32 value, padding */
struct scan {
	uint16_t count;
	uint8_t padding[6];
	int64_t stamp;
	uint8_t temperature[4];
	uint8_t more[4];
};

static char dir[200], path[300];
static struct source inner;
static struct source_channel channels[2];
static struct scan scans[BLOCK];
static double rate_hz;
static const char *label;
static unsigned int blocks, closes;

static int fake_arm(struct source *s)
{
	struct decode_channel layout[3] = {
		{ .format = { .bits = 16, .storage = 16 } },
		{ .format = { .bits = 64, .storage = 64, .is_signed = true } },
		{ .format = { .bits = 24, .storage = 32, .shift = 8,
			      .is_signed = true, .is_be = true } },
	};
	const struct meaning_input co2 = {
		.device = "sen66", .id = "concentration_co2", .scale = 0.0001,
		.format = layout[0].format,
	}, temp = {
		.device = "x", .id = "temp", .scale = 10, .offset = 3,
		.format = layout[2].format, .label = label,
	};

	s->rate_hz = rate_hz;
	s->clock = BATCH_CLOCK_BOOTTIME;
	s->block_scans = BLOCK;
	s->scan_size = (size_t)decode_compile(layout, 3);
	ck_assert_uint_eq(s->scan_size, sizeof(struct scan));
	s->stamp = layout[1];
	s->channels = 2;
	s->channel = channels;
	channels[0].decode = layout[0];
	channels[1].decode = layout[2];
	meaning_find(&co2, &channels[0].meaning);
	meaning_find(&temp, &channels[1].meaning);
	return 0;
}

static ssize_t fake_read(struct source *s, const uint8_t **block)
{
	(void)s;
	if (blocks == BLOCKS)
		return -EAGAIN;
	for (int i = 0; i < BLOCK; i++) {
		unsigned int n = blocks * BLOCK + (unsigned int)i;

		scans[i] = (struct scan){
			.count = (uint16_t)(400 + n),
			.stamp = 77 * SECOND + n * SECOND / 10,
			.temperature = { 0xff, 0xff, (uint8_t)(0xf0 - n) },
		};
	}
	blocks++;
	*block = (const uint8_t *)scans;
	return sizeof(scans);
}

static int fake_fd(struct source *s)
{
	(void)s;
	return -1;
}

static int fake_check(struct source *s)
{
	snprintf(s->why, sizeof(s->why), "is gone");
	return -ENODEV;
}

static void fake_disarm(struct source *s)
{
	(void)s;
}

static void fake_close(struct source *s)
{
	(void)s;
	closes++;
}

static const struct source_ops fake_ops = {
	.arm = fake_arm, .fd = fake_fd, .read = fake_read,
	.check = fake_check, .disarm = fake_disarm, .close = fake_close,
};

static void record(void)
{
	struct source *s = source_record_open(&inner, path);
	const uint8_t *block;

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(s->ops->arm(s), 0);
	ck_assert_uint_eq(s->channels, 2);
	while (s->ops->read(s, &block) > 0)
		ck_assert_ptr_eq(block, scans);
	ck_assert_int_eq(s->ops->check(s), -ENODEV);
	ck_assert_str_eq(s->why, "is gone");
	s->ops->disarm(s);
	s->ops->close(s);
	ck_assert_uint_eq(closes, 1);
}

static void setup(void)
{
	log_set_level(LOG_LEVEL_ERROR - 1);
	unit_dir(dir, sizeof(dir), "recording");
	snprintf(path, sizeof(path), "%s/air.rec", dir);
	memset(&inner, 0, sizeof(inner));
	inner.ops = &fake_ops;
	rate_hz = 10;
	label = "case";
	strcpy(inner.key, "iio:device0");
	strcpy(inner.name, "air");
	blocks = 0;
	closes = 0;
}

static void teardown(void)
{
	unit_dir_remove(dir);
}

static struct source *replay(double speed)
{
	struct source *s = source_replay_open(path, speed);

	ck_assert_ptr_nonnull(s);
	ck_assert_msg(!s->ops->arm(s), "%s", s->why);
	return s;
}

static double value(const struct source *s, unsigned int channel,
		    const uint8_t *scan)
{
	const struct source_channel *c = &s->channel[channel];
	int64_t raw;
	double v;

	decode_column(&c->decode, scan, s->scan_size, 1, &raw);
	meaning_convert(&c->meaning, &raw, 1, &v);
	return v;
}

START_TEST(replayed_as_recorded)
{
	int64_t before = clock_boottime_ns(), first = 0, stamp;
	const uint8_t *block;
	struct source *s;

	record();
	s = replay(0);
	ck_assert_str_eq(s->name, "air");
	ck_assert_double_eq(s->rate_hz, 10);
	ck_assert_uint_eq(s->channels, 2);
	ck_assert_str_eq(s->channel[1].meaning.channel.channel, "case");
	ck_assert_int_eq(s->clock, BATCH_CLOCK_BOOTTIME);
	/* Twice over: it begins anew, the stamps go on. */
	for (int i = 0; i < 2 * BLOCKS * BLOCK; i++) {
		int n = i % (BLOCKS * BLOCK);

		if (i % BLOCK == 0)
			ck_assert_int_eq(s->ops->read(s, &block), sizeof(scans));
		else
			block += s->scan_size;
		ck_assert_double_eq_tol(value(s, 0, block), 400 + n, 1e-9);
		ck_assert_double_eq_tol(value(s, 1, block),
					(-16 - n + 3) * 0.01, 1e-9);
		decode_column(&s->stamp, block, s->scan_size, 1, &stamp);
		if (!i)
			first = stamp;
		ck_assert_int_eq(stamp, first + i * SECOND / 10);
	}
	ck_assert_int_ge(first, before);
	ck_assert_int_le(first, clock_boottime_ns());
	s->ops->close(s);
}
END_TEST

/* At 20 times the speed 1.1 s take 55 ms. */
START_TEST(waits_for_its_time)
{
	int64_t before, took;
	const uint8_t *block;
	struct source *s;
	unsigned int got = 0;

	record();
	before = clock_boottime_ns();
	s = replay(20);
	while (got < BLOCKS) {
		ssize_t n = s->ops->read(s, &block);

		if (n > 0)
			got++;
		else
			ck_assert_int_eq(n, -EAGAIN);
	}
	took = clock_boottime_ns() - before;
	ck_assert_int_ge(took, 55000000);
	s->ops->close(s);
}
END_TEST

static int arm_error(void)
{
	struct source *s = source_replay_open(path, 0);
	int err = s->ops->arm(s);

	ck_assert_ptr_nonnull(strstr(s->why, "air.rec: "));
	s->ops->close(s);
	return err;
}

START_TEST(what_is_no_recording_is_refused)
{
	ck_assert_int_eq(arm_error(), -ENOENT);
	unit_write(path, "");
	ck_assert_int_eq(arm_error(), -EBADMSG);
	unit_write(path, "{\"schema\":\"cityhub.recording/9\"}\n");
	ck_assert_int_eq(arm_error(), -EBADMSG);
}
END_TEST

/* Cut off anywhere, it is refused or gives whole blocks; nothing else. */
START_TEST(cut_off_anywhere)
{
	const uint8_t *block;
	struct source *s;
	long len;
	FILE *f;

	record();
	f = fopen(path, "r");
	ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
	len = ftell(f);
	fclose(f);
	for (long at = len - 1; at >= 0; at--) {
		ck_assert_int_eq(truncate(path, at), 0);
		s = source_replay_open(path, 0);
		if (!s->ops->arm(s)) {
			ssize_t n = s->ops->read(s, &block);

			ck_assert(n == sizeof(scans) || n == -EBADMSG);
			if (n > 0)
				ck_assert_double_eq_tol(value(s, 0, block), 400,
							1e-9);
		}
		s->ops->close(s);
	}
}
END_TEST

START_TEST(a_wrong_length_is_refused)
{
	const uint8_t *block;
	struct source *s;
	long at;
	FILE *f;

	record();
	f = fopen(path, "r+");
	while (fgetc(f) != '\n')
		;
	at = ftell(f) + 8;
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite("\xff\xff\xff\xff\xff\xff\xff\xff", 1, 8, f), 8);
	fclose(f);
	s = replay(0);
	ck_assert_int_eq(s->ops->read(s, &block), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(s->why, "is damaged"));
	s->ops->close(s);
}
END_TEST

/* Captured is the rest of it, see check_privacy.c; a block has both. */
START_TEST(sound_is_not_recorded)
{
	static const double rates[] = { 4000, 0 };	/* 0: not known */

	label = "mic";
	for (size_t i = 0; i < 2; i++) {
		rate_hz = rates[i];
		blocks = 0;
		closes = 0;
		record();
		ck_assert_int_eq(access(path, F_OK), -1);
	}
	rate_hz = 10;	/* nobody hears that */
	blocks = 0;
	closes = 0;
	record();
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(what_was_recorded_before_is_kept)
{
	char old[310];
	const uint8_t *block;
	struct source *s;

	record();
	snprintf(old, sizeof(old), "%s.old", path);
	ck_assert_int_eq(access(old, F_OK), -1);
	closes = 0;
	record();	/* no block is left: the head only */
	strcat(path, ".old");
	s = replay(0);
	ck_assert_int_eq(s->ops->read(s, &block), sizeof(scans));
	s->ops->close(s);
}
END_TEST

START_TEST(a_disk_that_fails_ends_the_recording_only)
{
	const struct rlimit none = { 0, 0 };
	struct source *s;
	const uint8_t *block;

	s = source_record_open(&inner, "/none/such.rec");
	ck_assert_int_eq(s->ops->arm(s), 0);
	ck_assert_int_eq(s->ops->read(s, &block), sizeof(scans));
	s->ops->disarm(s);
	s->ops->close(s);
	blocks = 0;
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	s = source_record_open(&inner, path);
	ck_assert_int_eq(s->ops->arm(s), 0);
	for (int i = 0; i < BLOCKS; i++)
		ck_assert_int_eq(s->ops->read(s, &block), sizeof(scans));
	s->ops->close(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("recording");
	TCase *t = tcase_create("recording");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, replayed_as_recorded);
	tcase_add_test(t, sound_is_not_recorded);
	tcase_add_test(t, waits_for_its_time);
	tcase_add_test(t, what_is_no_recording_is_refused);
	tcase_add_test(t, cut_off_anywhere);
	tcase_add_test(t, a_wrong_length_is_refused);
	tcase_add_test(t, what_was_recorded_before_is_kept);
	tcase_add_test(t, a_disk_that_fails_ends_the_recording_only);
	suite_add_tcase(s, t);
	return unit_run(s);
}
