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
/* Of those in flight, what a backlog leaves to live messages. */
#define SINK_LIVE_RESERVE	5
#define SINK_BURST_MS		1000	/* a limited backlog may catch up by so much */

enum sink_state {
	SINK_DOWN,	/* waiting for the next attempt */
	SINK_CONNECTING,
	SINK_UP,
};

struct sink_flight {
	struct range run;	/* acknowledged with it */
	int mid;
	bool acked;
};

struct sink_line {
	uint64_t sent;		/* handed to the transport up to here */
	uint64_t end;		/* goes so far */
	unsigned int part;
	struct sink_flight flight[SINK_IN_FLIGHT];	/* in order, without gaps */
	unsigned int in_flight;
	bool drained;
};

struct sink {
	const struct sink_ops *ops;
	void *ctx;
	enum sink_state state;
	int64_t since_ms;	/* of the state, or of the last progress */
	int64_t retry_ms;
	int64_t backoff_ms;
	struct ranges have;	/* acknowledged */
	struct sink_line line[SINK_LANES];
	double backlog_each_ms;	/* 0: no limit */
	double backlog_due_ms;
	struct sink_message news[SINK_NEWS];	/* to be sent */
	struct sink_message notices[SINK_NOTICES];
	unsigned int nnotices;
	/* Messages beside the store that are on their way. */
	unsigned int beside;
	int beside_mid[SINK_IN_FLIGHT];
};

/* What was on its way may or may not have arrived: send it once more. */
static void sink_rewind(struct sink *s)
{
	s->beside = 0;
	for (int i = 0; i < SINK_LANES; i++) {
		s->line[i].in_flight = 0;
		s->line[i].part = 0;
		s->line[i].drained = i != SINK_LIVE;
		s->line[i].sent = ranges_cursor(&s->have);
		s->line[i].end = i == SINK_LIVE ? RANGES_END : 0;
	}
}

struct sink *sink_new(const struct sink_ops *ops, void *ctx,
		      const struct ranges *have, double backlog_per_s)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ops = ops;
	s->ctx = ctx;
	s->have = *have;
	s->backlog_each_ms = backlog_per_s > 0 ? 1000 / backlog_per_s : 0;
	sink_rewind(s);
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

static unsigned int sink_in_flight(const struct sink *s)
{
	return s->line[SINK_LIVE].in_flight + s->line[SINK_BACKLOG].in_flight;
}

/* Batches up to @newest that are not acknowledged. */
static uint64_t sink_waiting(const struct sink *s, uint64_t newest)
{
	struct ranges all = s->have;
	uint64_t fresh = 0;

	ranges_add(&all, 0, newest, &fresh);
	return fresh;
}

/* What comes from now on need not wait for what waits already. */
static void sink_split(struct sink *s)
{
	uint64_t newest = s->ops->newest(s->ctx);

	if (sink_waiting(s, newest) < SINK_BACKLOG_MIN ||
	    (newest != ranges_newest(&s->have) && !ranges_have_room(&s->have)))
		return;
	s->line[SINK_BACKLOG].end = newest;
	s->line[SINK_BACKLOG].drained = false;
	s->line[SINK_LIVE].sent = newest;
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
	sink_split(s);
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

static void sink_land(struct sink *s, struct sink_line *l)
{
	unsigned int n = 0;
	struct range run;

	while (n < l->in_flight && l->flight[n].acked)
		n++;
	if (!n)
		return;
	run.after = l->flight[0].run.after;
	run.last = l->flight[n - 1].run.last;
	l->in_flight -= n;
	memmove(l->flight, l->flight + n, l->in_flight * sizeof(l->flight[0]));
	/* There is room: see sink_split(). */
	if (run.last > run.after &&
	    !ranges_add(&s->have, run.after, run.last, NULL))
		s->ops->acked(s->ctx, run);
}

void sink_acked(struct sink *s, int mid, int64_t now_ms)
{
	for (unsigned int i = 0; i < s->beside; i++) {
		if (s->beside_mid[i] != mid)
			continue;
		s->beside_mid[i] = s->beside_mid[--s->beside];
		return;
	}
	for (int k = 0; k < SINK_LANES; k++) {
		struct sink_line *l = &s->line[k];

		for (unsigned int i = 0; i < l->in_flight; i++)
			if (l->flight[i].mid == mid)
				l->flight[i].acked = true;
		sink_land(s, l);
	}
	s->since_ms = now_ms;
	s->backoff_ms = SINK_BACKOFF_MIN_MS;
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

/* None waits for another: one that is not taken may never be. */
static void sink_send_news(struct sink *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < SINK_NEWS; i++)
		if (s->news[i].topic)
			sink_send_beside(s, &s->news[i]);
	while (n < s->nnotices && sink_send_beside(s, &s->notices[n]))
		n++;
	s->nnotices -= n;
	memmove(s->notices, s->notices + n,
		s->nnotices * sizeof(s->notices[0]));
}

static void sink_board(struct sink_line *l, uint64_t id, int mid, bool acked)
{
	l->flight[l->in_flight++] = (struct sink_flight){
		.run = { l->sent, id }, .mid = mid, .acked = acked,
	};
	l->sent = id;
}

/* Returns whether it could. */
static bool sink_send(struct sink *s, struct sink_line *l,
		      const struct sink_want *want, int64_t now_ms)
{
	struct sink_message m = { 0 };
	int mid = SINK_NO_MID;
	uint64_t id = want->after;
	int ret = s->ops->next(s->ctx, want, &m, &id);

	l->drained = ret == 0 && want->until == RANGES_END;
	if (ret == 0 && !l->drained) {
		/* They have left the store meanwhile. */
		sink_board(l, want->until, mid, true);
		sink_land(s, l);
		return true;
	}
	if (ret <= 0)
		return false;
	ret = s->ops->publish(s->ctx, &m, &mid);
	sink_message_clear(&m);
	if (ret)
		return false;
	/* The time to acknowledge starts with the first on its way. */
	if (!sink_in_flight(s))
		s->since_ms = now_ms;
	sink_board(l, id, mid, false);
	l->part = id == want->after ? want->part + 1 : 0;
	return true;
}

static bool sink_send_next(struct sink *s, enum sink_lane lane, int64_t now_ms)
{
	struct sink_line *l = &s->line[lane];
	struct sink_want want = {
		.lane = lane, .after = ranges_skip(&s->have, l->sent),
		.part = l->part,
	};

	if (want.after >= l->end) {
		l->drained = true;
		return false;
	}
	want.until = ranges_until(&s->have, want.after);
	if (want.until > l->end)
		want.until = l->end;
	return sink_send(s, l, &want, now_ms);
}

static bool sink_may_replay(const struct sink *s, int64_t now_ms)
{
	return !s->backlog_each_ms || (double)now_ms >= s->backlog_due_ms;
}

static void sink_replayed(struct sink *s, int64_t now_ms)
{
	if (s->backlog_due_ms < (double)(now_ms - SINK_BURST_MS))
		s->backlog_due_ms = (double)(now_ms - SINK_BURST_MS);
	s->backlog_due_ms += s->backlog_each_ms;
}

static void sink_send_store(struct sink *s, int64_t now_ms)
{
	while (sink_in_flight(s) < SINK_IN_FLIGHT &&
	       sink_send_next(s, SINK_LIVE, now_ms))
		;
	/* A transport may have given up by now. */
	while (s->state == SINK_UP && sink_may_replay(s, now_ms) &&
	       sink_in_flight(s) < SINK_IN_FLIGHT - SINK_LIVE_RESERVE &&
	       sink_send_next(s, SINK_BACKLOG, now_ms))
		sink_replayed(s, now_ms);
}

static int64_t sink_deadline(const struct sink *s, int64_t now_ms)
{
	int64_t at;

	switch (s->state) {
	case SINK_DOWN:
		return s->retry_ms;
	case SINK_CONNECTING:
		return s->since_ms + SINK_CONNECT_MS;
	default:
		at = s->since_ms + (sink_in_flight(s) ? SINK_ACK_MS :
				    SINK_IDLE_MS);
		if (!s->line[SINK_BACKLOG].drained &&
		    !sink_may_replay(s, now_ms) && s->backlog_due_ms < (double)at)
			at = (int64_t)s->backlog_due_ms + 1;
		return at;
	}
}

int64_t sink_run(struct sink *s, int64_t now_ms)
{
	if (s->state == SINK_DOWN && now_ms >= s->retry_ms) {
		s->state = SINK_CONNECTING;
		s->since_ms = now_ms;
		if (s->ops->connect(s->ctx))
			sink_disconnected(s, now_ms);
	}
	if (s->state == SINK_CONNECTING &&
	    now_ms - s->since_ms >= SINK_CONNECT_MS)
		sink_give_up(s, now_ms);
	if (s->state == SINK_UP && sink_in_flight(s) &&
	    now_ms - s->since_ms >= SINK_ACK_MS)
		sink_give_up(s, now_ms);
	if (s->state == SINK_UP) {
		sink_send_news(s);
		sink_send_store(s, now_ms);
		if (!sink_in_flight(s))
			s->since_ms = now_ms;
	}
	return sink_deadline(s, now_ms);
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
	return s->line[SINK_LIVE].drained && s->line[SINK_BACKLOG].drained &&
	       !sink_in_flight(s) && !s->beside && !s->nnotices;
}

void sink_look_again(struct sink *s)
{
	s->line[SINK_LIVE].drained = false;
}

uint64_t sink_cursor(const struct sink *s)
{
	return ranges_cursor(&s->have);
}
