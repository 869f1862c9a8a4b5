// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a sample costs on its way through the daemon, stage by stage, beside a
 * loop that only read()s the same bytes in the same blocks, and decoding beside
 * iio_channel_convert(). The scans are those of ade9000-wave: 7 channels of 32
 * bits and a stamp, 8000 a second, in blocks of 0.1 s.
 *
 * Prints lines "NAME NANOSECONDS" of the processor, per sample.
 */
#include <fcntl.h>
#include <iio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/decode.h"
#include "cityhubd/meaning.h"
#include "cityhubd/window.h"
#include "common/batch.h"
#include "common/format.h"
#include "unit/fake_batches.h"

#define CHANNELS	7
#define RATE		8000
#define BLOCK		(RATE / 10)
#define SECONDS		10
#define SCAN		40	/* 28 bytes, padding, the stamp */
#define ROUNDS		9	/* the least of them counts */
#define SAMPLES		((double)RATE * SECONDS * CHANNELS)

static uint8_t *scans;
static int file;
static struct decode_channel layout[CHANNELS + 1];
static struct meaning meanings[CHANNELS];
static int64_t raw[BLOCK], utc_ns[BLOCK];
static double values[CHANNELS][BLOCK];
static const double *columns[CHANNELS];
static struct window *window;
static struct iio_channel *channels[CHANNELS];
static volatile int64_t sink;

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- stages ---------------------------------------------------------------- */

static void stage_read(void)
{
	static uint8_t block[BLOCK * SCAN];

	if (lseek(file, 0, SEEK_SET))
		die("lseek");
	while (read(file, block, sizeof(block)) == sizeof(block))
		sink += block[0];
}

static void each_block(void (*fn)(const uint8_t *block))
{
	for (int i = 0; i < RATE * SECONDS; i += BLOCK)
		fn(scans + (size_t)i * SCAN);
}

static void decode_block(const uint8_t *block)
{
	for (int c = 0; c < CHANNELS; c++) {
		decode_column(&layout[c], block, SCAN, BLOCK, raw);
		sink += raw[BLOCK - 1];
	}
}

static void convert_block(const uint8_t *block)
{
	for (int c = 0; c < CHANNELS; c++)
		for (int i = 0; i < BLOCK; i++) {
			int32_t v;

			iio_channel_convert(channels[c], &v,
					    block + i * SCAN + 4 * c);
			sink += v;
		}
}

static void to_units_block(const uint8_t *block)
{
	decode_column(&layout[CHANNELS], block, SCAN, BLOCK, utc_ns);
	for (int c = 0; c < CHANNELS; c++) {
		decode_column(&layout[c], block, SCAN, BLOCK, raw);
		meaning_convert(&meanings[c], raw, BLOCK, values[c]);
	}
}

static void window_block(const uint8_t *block)
{
	to_units_block(block);
	window_feed(window, utc_ns, columns, 0, BLOCK);
}

static void stage_decode(void)
{
	each_block(decode_block);
}

static void stage_convert(void)
{
	each_block(convert_block);
}

static void stage_to_units(void)
{
	each_block(to_units_block);
}

static void stage_window(void)
{
	each_block(window_block);
	window_cut(window);
}

/* What a second of it becomes: packed for the store, encoded for the broker. */
static void stage_encode(const char *format)
{
	struct batch_layout *l = fake_layout(FAKE_SENSORS - 1);
	const struct format *f = format_find(format);

	for (int s = 0; s < SECONDS; s++) {
		struct batch *b = fake_batch(l, FAKE_SENSORS - 1, s);
		const struct batch *list[] = { b };
		size_t len, room = batch_pack_room(b);
		uint8_t *body = malloc(room);

		if (!body)
			die("malloc");
		sink += batch_pack(b, body, room);
		free(body);
		free(format_encode(f, list, 1, &len));
		batch_free(b);
	}
	batch_layout_put(l);
}

static void stage_json(void)
{
	stage_encode("json");
}

static void stage_cbor(void)
{
	stage_encode("senml-cbor");
}

/* ---- set up ----------------------------------------------------------------- */

static void ignore(void *ctx, int64_t from_ns, int64_t to_ns,
		   unsigned int flags, const struct batch_result *results)
{
	(void)ctx;
	(void)to_ns;
	(void)flags;
	sink += from_ns + results->count;
}

static void make_scans(void)
{
	scans = calloc((size_t)RATE * SECONDS, SCAN);
	if (!scans)
		die("calloc");
	for (int i = 0; i < RATE * SECONDS; i++) {
		uint8_t *scan = scans + (size_t)i * SCAN;
		int64_t stamp = INT64_C(1700000000000000000) +
				(int64_t)i * (1000000000 / RATE);

		for (int c = 0; c < CHANNELS; c++) {
			int32_t v = (int32_t)(74532013 * 0.4 *
					      sin(2 * M_PI * (50.0 * i / RATE +
							      c / 3.0)));

			memcpy(scan + 4 * c, &v, sizeof(v));
		}
		memcpy(scan + SCAN - 8, &stamp, sizeof(stamp));
	}
}

static void make_file(void)
{
	FILE *f = tmpfile();
	size_t n = (size_t)RATE * SECONDS;

	if (!f || fwrite(scans, SCAN, n, f) != n || fflush(f))
		die("tmpfile");
	file = fileno(f);
}

static void make_layout(void)
{
	struct window_channel reduce[CHANNELS];

	for (int c = 0; c <= CHANNELS; c++)
		layout[c].format = (struct decode_format){
			.bits = c < CHANNELS ? 32 : 64, .is_signed = true,
			.storage = c < CHANNELS ? 32 : 64,
		};
	if (decode_compile(layout, CHANNELS + 1) != SCAN)
		die("decode_compile");
	for (int c = 0; c < CHANNELS; c++) {
		const struct meaning_input in = {
			.device = "ade9000-wave", .id = "voltage0",
			.label = "VA", .scale = 0.0114,
			.format = layout[c].format,
		};

		meaning_find(&in, &meanings[c]);
		reduce[c] = meanings[c].window;
		columns[c] = values[c];
	}
	window = window_new(1000000000, RATE, CHANNELS, reduce, ignore, NULL);
	if (!window)
		die("window_new");
}

/* A device as libiio knows it, without one. */
static void make_channels(void)
{
	char xml[4096] = "<?xml version=\"1.0\"?><context name=\"xml\">"
		"<device id=\"iio:device0\" name=\"wave\">";
	struct iio_context *context;

	for (int c = 0; c < CHANNELS; c++)
		sprintf(xml + strlen(xml), "<channel id=\"voltage%d\" type=\"input\">"
			"<scan-element index=\"%d\" format=\"le:S32/32&gt;&gt;0\"/>"
			"</channel>", c, c);
	strcat(xml, "</device></context>");
	context = iio_create_xml_context_mem(xml, strlen(xml));
	if (!context)
		die("iio_create_xml_context_mem");
	for (int c = 0; c < CHANNELS; c++)
		channels[c] = iio_device_get_channel(
			iio_context_get_device(context, 0), (unsigned int)c);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} stages[] = {
		{ "read", stage_read },
		{ "iio_channel_convert", stage_convert },
		{ "decode", stage_decode },
		{ "decode+units", stage_to_units },
		{ "decode+units+window", stage_window },
		{ "pack+json", stage_json },
		{ "pack+senml-cbor", stage_cbor },
	};
	double least[sizeof(stages) / sizeof(stages[0])];

	make_scans();
	make_file();
	make_layout();
	make_channels();
	/* Round by round, so that all of them meet the same machine. */
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
			double before = now_ns(), used;

			stages[i].run();
			used = (now_ns() - before) / SAMPLES;
			if (!round || used < least[i])
				least[i] = used;
		}
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		printf("%s %.3f\n", stages[i].name, least[i]);
	window_free(window);
	return EXIT_SUCCESS;
}
