// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/store.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/clock.h"
#include "cityhubd/store_db.h"
#include "common/log.h"
#include "common/store_sql.h"

#define STORE_QUEUE_BATCHES	20000	/* kept in memory while the disk fails */
#define STORE_RETRY_S		1
#define STORE_HANG_NS		30000000000	/* a write that takes so long */
#define STORE_AGE_EVERY_NS	60000000000
#define STORE_RATE_TAU_S	60.0
#define STORE_STACK		(256 * 1024)
/* What a row costs beside its body, and an empty file. */
#define STORE_ROW_BYTES		80
#define STORE_SMALL_BYTES	1000000

struct store_count {
	struct store_count *next;
	char sensor[BATCH_NAME];
	struct ledger_sensor since;
};

struct store_clock {
	struct store_clock *next;
	struct clock_entry entry;
};

struct store_energy {
	struct store_energy *next;
	struct energy_state state;
};

struct store_packet {
	struct store_packet *next;
	int64_t utc_ns;		/* 0: not known */
	struct store_clock *clocks;	/* oldest first */
	struct store_count *counts;
	struct store_energy *energy;
	struct batch **batches;
	size_t n;
	size_t room;
};

struct store {
	struct store_db *db;	/* the writer's own once it runs */
	uint64_t max_bytes;
	int64_t max_age_ns;
	int64_t aged_ns;	/* boottime of the last look for what is too old */
	pthread_t thread;
	bool running;
	double rate;		/* batches a second, the writer's own */
	int64_t rate_at_ns;
	double body;		/* bytes of a batch, the same */
	/* Guards all below. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t done;	/* a packet was written, or could not be */
	bool busy;
	int64_t busy_since_ns;
	struct store_packet *head;
	struct store_packet **tail;
	size_t queued;
	bool stop;
	struct {
		char name[BATCH_NAME];
		struct ranges acked;	/* reported by the sink */
		unsigned int acks;	/* reports not yet committed */
		int notify_fd;
	} sinks[STORE_SINKS];
	unsigned int nsinks;
	struct store_stats stats;
};

struct store_packet *store_packet_new(void)
{
	return calloc(1, sizeof(struct store_packet));
}

void store_packet_free(struct store_packet *p)
{
	struct store_count *c, *next;

	if (!p)
		return;
	for (struct store_clock *k = p->clocks, *after; k; k = after) {
		after = k->next;
		free(k);
	}
	for (c = p->counts; c; c = next) {
		next = c->next;
		free(c);
	}
	for (struct store_energy *e = p->energy, *after; e; e = after) {
		after = e->next;
		free(e);
	}
	for (size_t i = 0; i < p->n; i++)
		batch_free(p->batches[i]);
	free(p->batches);
	free(p);
}

int store_packet_add(struct store_packet *p, struct batch *b)
{
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 8;
		struct batch **more = realloc(p->batches, room * sizeof(*more));

		if (!more) {
			batch_free(b);
			return -ENOMEM;
		}
		p->batches = more;
		p->room = room;
	}
	p->batches[p->n++] = b;
	return 0;
}

static struct store_count *store_packet_find(struct store_packet *p,
					     const char *sensor)
{
	struct store_count *c;

	for (c = p->counts; c; c = c->next)
		if (!strcmp(c->sensor, sensor))
			return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	snprintf(c->sensor, sizeof(c->sensor), "%s", sensor);
	c->next = p->counts;
	p->counts = c;
	return c;
}

int store_packet_count(struct store_packet *p, const char *sensor,
		       const struct ledger_sensor *since)
{
	struct store_count *c = store_packet_find(p, sensor);

	if (!c)
		return -ENOMEM;
	c->since.captured += since->captured;
	for (int i = 0; i < LEDGER_DROPS; i++)
		c->since.dropped[i] += since->dropped[i];
	c->since.pending = since->pending;
	return 0;
}

int store_packet_clock(struct store_packet *p, const struct clock_entry *e)
{
	struct store_clock *k = calloc(1, sizeof(*k)), **end = &p->clocks;

	if (!k)
		return -ENOMEM;
	k->entry = *e;
	while (*end)
		end = &(*end)->next;
	*end = k;
	return 0;
}

int store_packet_energy(struct store_packet *p, const struct energy_state *st)
{
	struct store_energy *e = p->energy;

	while (e && (strcmp(e->state.sensor, st->sensor) ||
		     strcmp(e->state.channel, st->channel)))
		e = e->next;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->next = p->energy;
		p->energy = e;
	}
	e->state = *st;
	return 0;
}

void store_packet_set_utc(struct store_packet *p, int64_t utc_ns)
{
	p->utc_ns = utc_ns;
}

static int store_write_packet(struct store_db *db, const struct store_packet *p)
{
	int rc = SQLITE_OK;

	for (const struct store_clock *k = p->clocks; k && rc == SQLITE_OK;
	     k = k->next)
		rc = store_db_clock(db, &k->entry);
	for (size_t i = 0; i < p->n && rc == SQLITE_OK; i++)
		rc = store_db_add(db, p->batches[i]);
	for (const struct store_count *c = p->counts; c && rc == SQLITE_OK;
	     c = c->next)
		rc = store_db_count(db, c->sensor, &c->since);
	for (const struct store_energy *e = p->energy; e && rc == SQLITE_OK;
	     e = e->next)
		rc = store_db_energy(db, &e->state);
	return rc;
}

/* What a commit takes along: taken with the lock held, used without. */
struct store_acks {
	struct ranges acked;
	unsigned int acks;
};

struct store_audit {
	struct store *store;
	struct store_stats stats;
	bool balanced;
};

static int store_audit_sensor(void *ctx, const char *sensor,
			      const struct ledger_sensor *l)
{
	struct store_audit *a = ctx;
	int64_t off = ledger_sensor_balance(l);

	ledger_sensor_add(&a->stats.sensors, l);
	if (off) {
		a->balanced = false;
		snprintf(a->stats.imbalance, sizeof(a->stats.imbalance),
			 "sensor %s: captured and accounted for differ by %lld values",
			 sensor, (long long)off);
	}
	return 0;
}

static int store_audit_sink(void *ctx, const char *sink, int64_t cursor,
			    const struct ledger_sink *l)
{
	struct store_audit *a = ctx;
	int64_t off = ledger_sink_balance(l);

	(void)cursor;
	for (unsigned int i = 0; i < a->store->nsinks; i++)
		if (!strcmp(a->store->sinks[i].name, sink))
			a->stats.sinks[i].ledger = *l;
	if (off) {
		a->balanced = false;
		snprintf(a->stats.imbalance, sizeof(a->stats.imbalance),
			 "sink %s: made and accounted for differ by %lld batches",
			 sink, (long long)off);
	}
	return 0;
}

/* Both equations, as the file will have them. */
static int store_check(struct store *s, struct store_audit *a)
{
	sqlite3 *db = store_db_handle(s->db);
	int rc;

	memset(a, 0, sizeof(*a));
	a->store = s;
	a->balanced = true;
	a->stats.nsinks = s->nsinks;
	for (unsigned int i = 0; i < s->nsinks; i++)
		snprintf(a->stats.sinks[i].name, BATCH_NAME, "%s",
			 s->sinks[i].name);
	rc = store_sql_sensors(db, store_audit_sensor, a);
	if (rc == SQLITE_OK)
		rc = store_sql_sinks(db, 0, store_audit_sink, a);
	return rc;
}

static int store_write_acks(struct store *s, const struct store_acks *acks)
{
	int rc = SQLITE_OK;

	for (unsigned int i = 0; i < s->nsinks && rc == SQLITE_OK; i++)
		if (acks[i].acks)
			rc = store_db_ack(s->db, s->sinks[i].name,
					  &acks[i].acked);
	return rc;
}

/* What is too old is looked for now and then: it reads the store. */
static int store_age(struct store *s, const struct store_packet *p)
{
	int64_t now = clock_boottime_ns();

	if (!s->max_age_ns || !p->utc_ns || now < s->aged_ns)
		return SQLITE_OK;
	s->aged_ns = now + STORE_AGE_EVERY_NS;
	return store_db_age(s->db, p->utc_ns - s->max_age_ns);
}

static int store_commit(struct store *s, const struct store_packet *p,
			const struct store_acks *acks, struct store_audit *a)
{
	int rc = store_db_begin(s->db);

	if (rc == SQLITE_OK)
		rc = store_write_packet(s->db, p);
	if (rc == SQLITE_OK)
		rc = store_write_acks(s, acks);
	if (rc == SQLITE_OK)
		rc = store_db_bound(s->db, s->max_bytes);
	if (rc == SQLITE_OK)
		rc = store_age(s, p);
	if (rc == SQLITE_OK)
		rc = store_check(s, a);
	if (rc == SQLITE_OK)
		rc = store_db_end(s->db);
	if (rc != SQLITE_OK)
		store_db_undo(s->db);
	return rc;
}

/* Batches a second and their size, smoothed. */
static void store_rate(struct store *s, const struct store_packet *p)
{
	int64_t now = clock_boottime_ns();
	double dt = (double)(now - s->rate_at_ns) / 1e9;
	double weight = 1 - exp(-dt / STORE_RATE_TAU_S);
	double body = 0;

	if (dt < 0.01 || !p->n)
		return;
	for (size_t i = 0; i < p->n; i++)
		body += (double)batch_pack_size(p->batches[i]);
	body /= (double)p->n;
	if (s->rate <= 0) {
		s->rate = (double)p->n / dt;
		s->body = body;
	} else {
		s->rate += ((double)p->n / dt - s->rate) * weight;
		s->body += (body - s->body) * weight;
	}
	s->rate_at_ns = now;
}

/* How long the sinks may be away until something unsent is overwritten. */
static double store_hours(const struct store *s, const struct store_stats *st)
{
	uint64_t waiting = 0;
	double each, left;

	if (!st->batches || s->rate <= 0)
		return NAN;
	/* A small file says little about the size of a row. */
	each = st->bytes < STORE_SMALL_BYTES ? s->body + STORE_ROW_BYTES :
	       (double)st->bytes / (double)st->batches;
	for (unsigned int i = 0; i < st->nsinks; i++)
		if (st->sinks[i].ledger.waiting > waiting)
			waiting = st->sinks[i].ledger.waiting;
	left = (double)s->max_bytes - each * (double)waiting;
	return fmax(0, left) / (each * s->rate) / 3600;
}

static void store_publish_stats(struct store *s, struct store_audit *a)
{
	struct store_stats *st = &a->stats;

	st->batches = store_db_batches(s->db);
	st->bytes = store_db_bytes(s->db);
	st->max_bytes = s->max_bytes;
	st->hours = store_hours(s, st);
	pthread_mutex_lock(&s->lock);
	st->unbalanced = s->stats.unbalanced + !a->balanced;
	if (a->balanced)
		memcpy(st->imbalance, s->stats.imbalance,
		       sizeof(st->imbalance));
	else if (!s->stats.unbalanced)
		log_error("ledger: does not add up: %s", st->imbalance);
	if (s->stats.failing)
		log_info("store: writing again");
	s->stats = *st;
	for (unsigned int i = 0; i < s->nsinks; i++)
		if (s->sinks[i].notify_fd >= 0 &&
		    eventfd_write(s->sinks[i].notify_fd, 1))
			log_debug("store: sink %s does not listen",
				  s->sinks[i].name);
	pthread_mutex_unlock(&s->lock);
}

static void store_failed(struct store *s, int rc)
{
	const char *why = sqlite3_errstr(rc);

	pthread_mutex_lock(&s->lock);
	if (!s->stats.failing)
		log_error("store: cannot write: %s; up to %d batches are kept in memory: free the disk, see that it can be written",
			  why, STORE_QUEUE_BATCHES);
	s->stats.failing = true;
	s->stats.damaged = (rc & 0xff) == SQLITE_CORRUPT ||
			   (rc & 0xff) == SQLITE_NOTADB;
	snprintf(s->stats.why, sizeof(s->stats.why), "%s", why);
	pthread_mutex_unlock(&s->lock);
}

/* The newer states count, and those of the older where there are none. */
static void store_inherit_energy(struct store_packet *heir,
				 struct store_packet *old)
{
	struct store_energy *energy = heir->energy;

	for (struct store_energy *e = energy; e; e = e->next)
		if (store_packet_energy(old, &e->state))
			log_error("store: no memory for an energy index");
	heir->energy = old->energy;
	old->energy = energy;
}

/* Move the account of one packet before that of the next one. */
static void store_inherit(struct store_packet *heir, struct store_packet *old)
{
	struct store_clock **end = &old->clocks;

	while (*end)
		end = &(*end)->next;
	*end = heir->clocks;
	heir->clocks = old->clocks;
	old->clocks = NULL;
	for (struct store_count *c = heir->counts; c; c = c->next) {
		struct ledger_sensor newer = c->since;

		if (!store_packet_count(old, c->sensor, &newer))
			continue;
		log_error("store: no memory for the ledger");
	}
	/* The old list, with the new counts added, is the whole account. */
	struct store_count *counts = heir->counts;

	heir->counts = old->counts;
	old->counts = counts;
	store_inherit_energy(heir, old);
}

/* With the lock held: give the oldest packet up, but not its account. */
static void store_forget_oldest(struct store *s)
{
	struct store_packet *old = s->head, *heir = old->next;

	s->head = heir;
	s->queued -= old->n;
	for (size_t i = 0; i < old->n; i++) {
		const char *sensor = batch_layout_sensor(old->batches[i]->layout);
		struct store_count *c = store_packet_find(old, sensor);

		if (c)
			c->since.dropped[LEDGER_DROP_STORE] +=
				batch_values(old->batches[i]);
	}
	store_inherit(heir, old);
	store_packet_free(old);
}

/* With the lock held: no more than memory is meant to take. */
static void store_bound_queue(struct store *s)
{
	while (s->queued > STORE_QUEUE_BATCHES && s->head && s->head->next)
		store_forget_oldest(s);
}

/* With the lock held: the next packet, or NULL to end. */
static struct store_packet *store_wait(struct store *s)
{
	struct store_packet *p;

	while (!s->head && !s->stop)
		pthread_cond_wait(&s->wake, &s->lock);
	p = s->head;
	if (!p)
		return NULL;
	s->head = p->next;
	if (!s->head)
		s->tail = &s->head;
	p->next = NULL;
	s->busy = true;
	s->busy_since_ns = clock_boottime_ns();
	return p;
}

/* With the lock held: put a packet back that could not be written. */
static void store_put_back(struct store *s, struct store_packet *p)
{
	struct timespec until;

	p->next = s->head;
	if (!s->head)
		s->tail = &p->next;
	s->head = p;
	store_bound_queue(s);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STORE_RETRY_S;
	while (!s->stop &&
	       pthread_cond_timedwait(&s->wake, &s->lock, &until) != ETIMEDOUT)
		;
}

/* Nothing to write costs no write. */
static bool store_idle(const struct store *s, const struct store_packet *p,
		       const struct store_acks *acks)
{
	if (p->n || p->counts || p->clocks || p->energy)
		return false;
	for (unsigned int i = 0; i < s->nsinks; i++)
		if (acks[i].acks)
			return false;
	return true;
}

/* With the lock held. Returns false when the thread shall end. */
static bool store_step(struct store *s)
{
	struct store_packet *p = store_wait(s);
	struct store_acks acks[STORE_SINKS];
	struct store_audit audit;
	int rc;

	if (!p)
		return false;
	for (unsigned int i = 0; i < s->nsinks; i++)
		acks[i] = (struct store_acks){ s->sinks[i].acked,
					       s->sinks[i].acks };
	if (store_idle(s, p, acks)) {
		store_packet_free(p);
		return true;
	}
	pthread_mutex_unlock(&s->lock);
	rc = store_commit(s, p, acks, &audit);
	if (rc == SQLITE_OK) {
		store_rate(s, p);
		store_publish_stats(s, &audit);
	} else {
		store_failed(s, rc);
	}
	pthread_mutex_lock(&s->lock);
	if (rc != SQLITE_OK) {
		store_put_back(s, p);
		return !s->stop;
	}
	for (unsigned int i = 0; i < s->nsinks; i++)
		s->sinks[i].acks -= acks[i].acks;
	s->queued -= p->n;
	store_packet_free(p);
	return true;
}

static void *store_main(void *arg)
{
	struct store *s = arg;

	pthread_mutex_lock(&s->lock);
	while (store_step(s)) {
		s->busy = false;
		pthread_cond_broadcast(&s->done);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int store_check_place(const struct store_conf *conf)
{
	return store_db_check_place(conf);
}

struct store *store_open(const struct store_conf *conf)
{
	struct store *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		return NULL;
	s->db = store_db_open(conf);
	if (!s->db) {
		free(s);
		return NULL;
	}
	s->max_bytes = store_db_room(s->db, conf);
	s->max_age_ns = conf->max_age_ns;
	s->tail = &s->head;
	s->rate_at_ns = clock_boottime_ns();
	s->stats.hours = NAN;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_cond_init(&s->done, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

int store_add_sink(struct store *s, const char *sink, struct ranges *have)
{
	unsigned int i = s->nsinks;

	if (i == STORE_SINKS || s->running)
		return -EINVAL;
	if (store_db_add_sink(s->db, sink, have) != SQLITE_OK)
		return -EIO;
	snprintf(s->sinks[i].name, sizeof(s->sinks[i].name), "%s", sink);
	s->sinks[i].acked = *have;
	s->sinks[i].notify_fd = -1;
	s->nsinks++;
	return 0;
}

int store_last_clock(struct store *s, struct clock_entry *e)
{
	if (s->running)
		return -EINVAL;
	return store_db_last_clock(s->db, e);
}

int store_energy(struct store *s,
		 int (*fn)(void *ctx, const struct energy_state *st), void *ctx)
{
	return s->running ? -EINVAL : store_db_each_energy(s->db, fn, ctx);
}

int store_start(struct store *s)
{
	struct store_audit audit;
	pthread_attr_t attr;
	int err;

	/* So that nobody is told of an empty store before the first commit. */
	if (store_check(s, &audit) != SQLITE_OK)
		return -EIO;
	store_publish_stats(s, &audit);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STORE_STACK);
	err = pthread_create(&s->thread, &attr, store_main, s);
	pthread_attr_destroy(&attr);
	s->running = !err;
	return -err;
}

int store_close(struct store *s)
{
	int err = 0;

	if (!s)
		return 0;
	if (s->running) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	if (s->queued) {
		log_error("store: %zu batches could not be written and are lost: %s",
			  s->queued, s->stats.why);
		err = -EIO;
	}
	for (struct store_packet *p = s->head, *next; p; p = next) {
		next = p->next;
		store_packet_free(p);
	}
	store_db_close(s->db);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->done);
	pthread_mutex_destroy(&s->lock);
	free(s);
	return err;
}

bool store_flush(struct store *s, double seconds)
{
	struct timespec until;
	bool durable;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)ceil(seconds);
	pthread_mutex_lock(&s->lock);
	while ((s->head || s->busy) &&
	       pthread_cond_timedwait(&s->done, &s->lock, &until) != ETIMEDOUT)
		;
	durable = !s->head && !s->busy;
	pthread_mutex_unlock(&s->lock);
	return durable;
}

/* With the lock held: a write that neither succeeds nor fails is told too. */
static void store_look_at_disk(struct store *s)
{
	if (!s->busy || s->stats.failing ||
	    clock_boottime_ns() - s->busy_since_ns < STORE_HANG_NS)
		return;
	snprintf(s->stats.why, sizeof(s->stats.why),
		 "the disk has not answered for %d s",
		 (int)(STORE_HANG_NS / 1000000000));
	log_error("store: cannot write: %s; up to %d batches are kept in memory: look after the disk",
		  s->stats.why, STORE_QUEUE_BATCHES);
	s->stats.failing = true;
}

void store_submit(struct store *s, struct store_packet *p)
{
	p->next = NULL;
	pthread_mutex_lock(&s->lock);
	*s->tail = p;
	s->tail = &p->next;
	s->queued += p->n;
	store_look_at_disk(s);
	store_bound_queue(s);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void store_ack(struct store *s, const char *sink, struct range run)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned int i = 0; i < s->nsinks; i++) {
		if (strcmp(s->sinks[i].name, sink))
			continue;
		ranges_add(&s->sinks[i].acked, run.after, run.last, NULL);
		s->sinks[i].acks++;
	}
	pthread_mutex_unlock(&s->lock);
}

void store_set_notify(struct store *s, const char *sink, int fd)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned int i = 0; i < s->nsinks; i++)
		if (!strcmp(s->sinks[i].name, sink))
			s->sinks[i].notify_fd = fd;
	pthread_mutex_unlock(&s->lock);
}

void store_get_stats(struct store *s, struct store_stats *stats)
{
	pthread_mutex_lock(&s->lock);
	*stats = s->stats;
	stats->queued = s->queued;
	pthread_mutex_unlock(&s->lock);
}
