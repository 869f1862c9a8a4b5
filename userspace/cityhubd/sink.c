// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/sink.h"

#include <stdlib.h>
#include <string.h>

#define SINK_NOTICES		32
#define SINK_BACKOFF_MIN_MS	1000
#define SINK_BACKOFF_MAX_MS	60000
/* A broker that takes messages and never acknowledges is not there. */
#define SINK_ACK_MS		20000
#define SINK_CONNECT_MS		30000
#define SINK_IDLE_MS		60000
#define SINK_NO_MID		(-1)

enum sink_state {
	SINK_DOWN,	/* waiting for the next attempt */
	SINK_CONNECTING,
	SINK_UP,
};

struct sink_flight {
	uint64_t id;
	int mid;
	bool acked;
};

struct sink {
	const struct sink_ops *ops;
	void *ctx;
	enum sink_state state;
	int64_t since_ms;	/* of the state, or of the last progress */
	int64_t retry_ms;
	int64_t backoff_ms;
	uint64_t cursor;	/* acknowledged up to here */
	uint64_t sent;		/* handed to the transport up to here */
	struct sink_flight flight[SINK_IN_FLIGHT];	/* in order */
	unsigned int in_flight;
	bool drained;
	struct sink_message news[SINK_NEWS];	/* to be sent */
	struct sink_message notices[SINK_NOTICES];
	unsigned int nnotices;
	/* Messages beside the store that are on their way. */
	unsigned int beside;
	int beside_mid[SINK_IN_FLIGHT];
};

struct sink *sink_new(const struct sink_ops *ops, void *ctx, uint64_t cursor)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ops = ops;
	s->ctx = ctx;
	s->cursor = cursor;
	s->sent = cursor;
	s->backoff_ms = SINK_BACKOFF_MIN_MS;
	return s;
}

static void sink_message_clear(struct sink_message *m)
{
	free(m->topic);
	free(m->payload);
	memset(m, 0, sizeof(*m));
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < SINK_NEWS; i++)
		sink_message_clear(&s->news[i]);
	for (unsigned int i = 0; i < s->nnotices; i++)
		sink_message_clear(&s->notices[i]);
	free(s);
}

/* What was on its way may or may not have arrived: send it once more. */
static void sink_rewind(struct sink *s)
{
	s->in_flight = 0;
	s->beside = 0;
	s->sent = s->cursor;
	s->drained = false;
}

static void sink_down(struct sink *s, int64_t now_ms)
{
	uint32_t half = (uint32_t)s->backoff_ms / 2;

	sink_rewind(s);
	s->state = SINK_DOWN;
	s->since_ms = now_ms;
	s->retry_ms = now_ms + half + s->ops->random(s->ctx, half + 1);
	s->backoff_ms = s->backoff_ms * 3 / 2;
	if (s->backoff_ms > SINK_BACKOFF_MAX_MS)
		s->backoff_ms = SINK_BACKOFF_MAX_MS;
}

void sink_connected(struct sink *s, int64_t now_ms)
{
	sink_rewind(s);
	s->state = SINK_UP;
	s->since_ms = now_ms;
}

void sink_disconnected(struct sink *s, int64_t now_ms)
{
	if (s->state != SINK_DOWN)
		sink_down(s, now_ms);
}

static void sink_give_up(struct sink *s, int64_t now_ms)
{
	s->ops->disconnect(s->ctx);
	sink_disconnected(s, now_ms);
}

static void sink_land(struct sink *s)
{
	unsigned int n = 0;

	while (n < s->in_flight && s->flight[n].acked)
		n++;
	if (!n)
		return;
	s->cursor = s->flight[n - 1].id;
	s->in_flight -= n;
	memmove(s->flight, s->flight + n, s->in_flight * sizeof(s->flight[0]));
	s->ops->acked(s->ctx, s->cursor);
}

void sink_acked(struct sink *s, int mid, int64_t now_ms)
{
	for (unsigned int i = 0; i < s->beside; i++) {
		if (s->beside_mid[i] != mid)
			continue;
		s->beside_mid[i] = s->beside_mid[--s->beside];
		return;
	}
	for (unsigned int i = 0; i < s->in_flight; i++)
		if (s->flight[i].mid == mid)
			s->flight[i].acked = true;
	s->since_ms = now_ms;
	s->backoff_ms = SINK_BACKOFF_MIN_MS;
	sink_land(s);
}

/* Returns false when it has to wait. */
static bool sink_send_beside(struct sink *s, struct sink_message *m)
{
	int mid = SINK_NO_MID;

	if (s->beside == SINK_IN_FLIGHT || s->ops->publish(s->ctx, m, &mid))
		return false;
	s->beside_mid[s->beside++] = mid;
	sink_message_clear(m);
	return true;
}

static void sink_send_news(struct sink *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < SINK_NEWS; i++)
		if (s->news[i].topic && !sink_send_beside(s, &s->news[i]))
			return;
	while (n < s->nnotices && sink_send_beside(s, &s->notices[n]))
		n++;
	s->nnotices -= n;
	memmove(s->notices, s->notices + n,
		s->nnotices * sizeof(s->notices[0]));
}

static void sink_send_store(struct sink *s, int64_t now_ms)
{
	while (s->in_flight < SINK_IN_FLIGHT) {
		struct sink_message m = { 0 };
		int mid = SINK_NO_MID;
		uint64_t id;
		int ret = s->ops->next(s->ctx, s->sent, &m, &id);

		s->drained = ret == 0;
		if (ret <= 0)
			return;
		ret = s->ops->publish(s->ctx, &m, &mid);
		sink_message_clear(&m);
		if (ret)
			return;
		/* The time to acknowledge starts with the first on its way. */
		if (!s->in_flight)
			s->since_ms = now_ms;
		s->flight[s->in_flight++] = (struct sink_flight){
			.id = id, .mid = mid,
		};
		s->sent = id;
	}
}

static int64_t sink_deadline(const struct sink *s)
{
	switch (s->state) {
	case SINK_DOWN:
		return s->retry_ms;
	case SINK_CONNECTING:
		return s->since_ms + SINK_CONNECT_MS;
	default:
		return s->since_ms + (s->in_flight ? SINK_ACK_MS :
				      SINK_IDLE_MS);
	}
}

int64_t sink_run(struct sink *s, int64_t now_ms)
{
	if (s->state == SINK_DOWN && now_ms >= s->retry_ms) {
		s->state = SINK_CONNECTING;
		s->since_ms = now_ms;
		if (s->ops->connect(s->ctx))
			sink_down(s, now_ms);
	}
	if (s->state == SINK_CONNECTING &&
	    now_ms - s->since_ms >= SINK_CONNECT_MS)
		sink_give_up(s, now_ms);
	if (s->state == SINK_UP && s->in_flight &&
	    now_ms - s->since_ms >= SINK_ACK_MS)
		sink_give_up(s, now_ms);
	if (s->state == SINK_UP) {
		sink_send_news(s);
		sink_send_store(s, now_ms);
		if (!s->in_flight)
			s->since_ms = now_ms;
	}
	return sink_deadline(s);
}

void sink_set_news(struct sink *s, enum sink_news kind, struct sink_message m)
{
	sink_message_clear(&s->news[kind]);
	s->news[kind] = m;
}

void sink_add_notice(struct sink *s, struct sink_message m)
{
	if (s->nnotices == SINK_NOTICES) {
		sink_message_clear(&s->notices[0]);
		memmove(s->notices, s->notices + 1,
			(SINK_NOTICES - 1) * sizeof(s->notices[0]));
		s->nnotices--;
	}
	s->notices[s->nnotices++] = m;
}

bool sink_is_connected(const struct sink *s)
{
	return s->state == SINK_UP;
}

bool sink_is_idle(const struct sink *s)
{
	for (unsigned int i = 0; i < SINK_NEWS; i++)
		if (s->news[i].topic)
			return false;
	return s->drained && !s->in_flight && !s->beside && !s->nnotices;
}

uint64_t sink_cursor(const struct sink *s)
{
	return s->cursor;
}
