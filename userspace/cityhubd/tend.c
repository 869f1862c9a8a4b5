// SPDX-License-Identifier: GPL-2.0-only
#include "cityhubd/tend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cityhubd/chip_id.h"
#include "common/log.h"

#define TEND_VOC		"in_concentration0_algorithm_state"
#define TEND_PRESSURE		"out_pressure_raw"
#define TEND_PRESSURE_SCALE	"out_pressure_scale"
#define TEND_SAVE_S		600
#define TEND_PRESSURE_HPA	1.0	/* a change worth a transfer */
/* So often at most; also how soon a chip that came since is told. */
#define TEND_PRESSURE_NS	INT64_C(60000000000)
#define TEND_CHIPS		32
#define TEND_STACK		(256 * 1024)

struct tend_chip {
	char key[64];
	uint64_t binding;
	bool ready;		/* it is prepared */
	bool keep;		/* its state is worth keeping */
	double hpa;		/* it was told, NAN: nothing */
};

struct tend {
	char devices[PATH_MAX / 4];
	char dir[PATH_MAX / 4];
	char boot[40];
	pthread_t thread;
	int fd;
	/* Guards all below. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	double hpa;		/* to be told, NAN: not known */
	int64_t hpa_ns;		/* when it was taken */
	bool tell;
	struct tend_chip chips[TEND_CHIPS];
	unsigned int nchips;
};

/* With the lock held; a chip that is new takes a place. NULL: there is none. */
static struct tend_chip *tend_find(struct tend *t, const char *key,
				   uint64_t binding)
{
	struct tend_chip *c = t->chips;

	while (c < t->chips + t->nchips && strcmp(c->key, key))
		c++;
	if (c == t->chips + TEND_CHIPS)
		return NULL;
	if (c == t->chips + t->nchips)
		t->nchips++;
	else if (c->binding == binding)
		return c;
	*c = (struct tend_chip){ .binding = binding, .hpa = NAN };
	snprintf(c->key, sizeof(c->key), "%s", key);
	return c;
}

/* ---- the state of the VOC index ------------------------------------------- */

static void tend_path(const struct tend *t, const char *id, char *path,
		      size_t room)
{
	snprintf(path, room, "%s/%s.voc", t->dir, id);
}

/* "0123456789abcdef BOOT BINDING"; 0 or -errno. */
static int tend_load(const struct tend *t, const char *id, char state[40],
		     char boot[40], unsigned long long *binding)
{
	char path[PATH_MAX];
	FILE *f;
	int n;

	tend_path(t, id, path, sizeof(path));
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fscanf(f, "%39s %39s %llu", state, boot, binding);
	fclose(f);
	return n == 3 ? 0 : -EBADMSG;
}

static int tend_sync_dir(const struct tend *t)
{
	int fd = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;

	if (fd < 0 || fsync(fd))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int tend_save(const struct tend *t, const char *id, const char *state,
		     uint64_t binding)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	bool good;
	FILE *f;

	tend_path(t, id, path, sizeof(path));
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	f = fopen(fresh, "we");
	if (!f)
		return -errno;
	good = fprintf(f, "%s %s %llu\n", state, t->boot,
		       (unsigned long long)binding) > 0 &&
	       !fflush(f) && !fsync(fileno(f));
	good = !fclose(f) && good;
	if (!good || rename(fresh, path))
		return errno ? -errno : -EIO;
	return tend_sync_dir(t);
}

/* Within a binding the driver keeps it itself. Returns whether all is well. */
static bool tend_restore(const struct tend *t, const struct tend_chip *c)
{
	unsigned long long binding;
	char state[40], boot[40], id[CHIP_ID];
	int err;

	chip_id(t->devices, c->key, id);
	err = tend_load(t, id, state, boot, &binding);
	if (err == -ENOENT)
		return true;
	if (err) {
		log_warning("%s: the kept state of the VOC index cannot be read: %s; it learns anew",
			    id, strerror(-err));
		return true;
	}
	if (binding == c->binding && !strcmp(boot, t->boot))
		return true;
	err = chip_write(t->devices, c->key, TEND_VOC, state);
	if (err)
		log_warning("%s: does not take back the state of the VOC index: %s",
			    id, strerror(-err));
	else
		log_info("%s: the VOC index goes on with what it had learned",
			 id);
	return !err;
}

static void tend_keep(struct tend *t, const struct tend_chip *c)
{
	char state[40], id[CHIP_ID];
	int err;

	if (chip_id(t->devices, c->key, id) != c->binding)
		return;
	err = chip_read(t->devices, c->key, TEND_VOC, state, sizeof(state));
	if (!err && strspn(state, "0123456789abcdefABCDEF") != 16)
		err = -EBADMSG;
	if (!err)
		err = tend_save(t, id, state, c->binding);
	if (err && err != -ENODEV && err != -ENODATA)
		log_warning("%s: the state of the VOC index cannot be kept in %s: %s",
			    id, t->dir, strerror(-err));
}

/* ---- ambient pressure --------------------------------------------------------- */

static void tend_tell(const struct tend *t, struct tend_chip *c, double hpa)
{
	char text[32], id[CHIP_ID];
	double scale;
	int err;

	if (fabs(hpa - c->hpa) <= TEND_PRESSURE_HPA ||
	    chip_read(t->devices, c->key, TEND_PRESSURE_SCALE, text,
		      sizeof(text)))
		return;
	scale = strtod(text, NULL);	/* to kPa */
	if (!(scale > 0))
		return;
	snprintf(text, sizeof(text), "%ld", lround(hpa / 10 / scale));
	err = chip_write(t->devices, c->key, TEND_PRESSURE, text);
	chip_id(t->devices, c->key, id);
	if (err)
		log_warning("%s: does not take the ambient pressure of %.1f hPa: %s",
			    id, hpa, strerror(-err));
	else if (isnan(c->hpa))
		log_info("%s: CO2 is compensated for %.1f hPa from now on", id,
			 hpa);
	/* One that it does not take is not tried again and again. */
	c->hpa = hpa;
}

static void tend_tell_key(struct tend *t, const char *key, double hpa)
{
	char id[CHIP_ID];
	uint64_t binding = chip_id(t->devices, key, id);
	struct tend_chip *c, copy;

	pthread_mutex_lock(&t->lock);
	c = tend_find(t, key, binding);
	if (c)
		copy = *c;
	pthread_mutex_unlock(&t->lock);
	if (!c)
		return;
	tend_tell(t, &copy, hpa);
	pthread_mutex_lock(&t->lock);
	if (c->binding == binding)
		c->hpa = copy.hpa;
	pthread_mutex_unlock(&t->lock);
}

static void tend_tell_all(struct tend *t, double hpa)
{
	DIR *dir = opendir(t->devices);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char attr[PATH_MAX];

		snprintf(attr, sizeof(attr), "%s/%s/" TEND_PRESSURE, t->devices,
			 e->d_name);
		if (!access(attr, W_OK))
			tend_tell_key(t, e->d_name, hpa);
	}
	if (dir)
		closedir(dir);
}

/* ---- the thread ------------------------------------------------------------------ */

static void tend_prepare(struct tend *t, struct tend_chip *c)
{
	struct tend_chip copy = *c;
	bool good;

	pthread_mutex_unlock(&t->lock);
	good = tend_restore(t, &copy);
	pthread_mutex_lock(&t->lock);
	/* It may be another one by now. */
	if (c->binding != copy.binding)
		return;
	c->ready = true;
	c->keep = good;
	if (eventfd_write(t->fd, 1))
		log_debug("tend: nobody listens");
}

/* With the lock held, which is left meanwhile. */
static void tend_keep_all(struct tend *t)
{
	for (unsigned int i = 0; i < t->nchips; i++) {
		struct tend_chip copy = t->chips[i];

		if (!copy.keep)
			continue;
		pthread_mutex_unlock(&t->lock);
		tend_keep(t, &copy);
		pthread_mutex_lock(&t->lock);
	}
}

/* Returns whether there was something to do. */
static bool tend_step(struct tend *t)
{
	double hpa = t->hpa;
	char attr[PATH_MAX];

	for (unsigned int i = 0; i < t->nchips; i++) {
		if (t->chips[i].ready)
			continue;
		snprintf(attr, sizeof(attr), "%s/%s/" TEND_VOC, t->devices,
			 t->chips[i].key);
		if (access(attr, W_OK)) {
			t->chips[i].ready = true;
			continue;
		}
		tend_prepare(t, &t->chips[i]);
		return true;
	}
	if (!t->tell)
		return false;
	t->tell = false;
	pthread_mutex_unlock(&t->lock);
	tend_tell_all(t, hpa);
	pthread_mutex_lock(&t->lock);
	return true;
}

static void *tend_main(void *arg)
{
	struct tend *t = arg;
	struct timespec save;

	clock_gettime(CLOCK_MONOTONIC, &save);
	save.tv_sec += TEND_SAVE_S;
	pthread_mutex_lock(&t->lock);
	while (!t->stop) {
		if (tend_step(t) ||
		    pthread_cond_timedwait(&t->wake, &t->lock, &save) !=
		    ETIMEDOUT)
			continue;
		tend_keep_all(t);
		clock_gettime(CLOCK_MONOTONIC, &save);
		save.tv_sec += TEND_SAVE_S;
	}
	tend_keep_all(t);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static int tend_start_thread(struct tend *t)
{
	pthread_condattr_t cond;
	pthread_attr_t attr;
	int err;

	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&cond);
	pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &cond);
	pthread_condattr_destroy(&cond);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, TEND_STACK);
	err = pthread_create(&t->thread, &attr, tend_main, t);
	pthread_attr_destroy(&attr);
	return err;
}

struct tend *tend_start(const struct tend_conf *conf)
{
	struct tend *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return NULL;
	snprintf(t->devices, sizeof(t->devices), "%s", conf->devices);
	snprintf(t->dir, sizeof(t->dir), "%s", conf->dir);
	snprintf(t->boot, sizeof(t->boot), "%s", conf->boot);
	t->hpa = NAN;
	if (mkdir(t->dir, 0750) && errno != EEXIST)
		log_warning("%s cannot be made: %s; states of chips are not kept",
			    t->dir, strerror(errno));
	t->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = t->fd < 0 ? errno : tend_start_thread(t);
	if (!err)
		return t;
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	errno = err;
	return NULL;
}

void tend_stop(struct tend *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	close(t->fd);
	free(t);
}

bool tend_ready(struct tend *t, const char *key)
{
	char attr[PATH_MAX], id[CHIP_ID];
	struct tend_chip *c;
	uint64_t binding;
	bool ready = true;

	snprintf(attr, sizeof(attr), "%s/%s/" TEND_VOC, t->devices, key);
	if (access(attr, W_OK))
		return true;
	binding = chip_id(t->devices, key, id);
	pthread_mutex_lock(&t->lock);
	c = tend_find(t, key, binding);
	if (c) {
		ready = c->ready;
		pthread_cond_signal(&t->wake);
	}
	pthread_mutex_unlock(&t->lock);
	return ready;
}

int tend_fd(const struct tend *t)
{
	return t->fd;
}

void tend_pressure(struct tend *t, int64_t now_ns, double hpa)
{
	pthread_mutex_lock(&t->lock);
	if (isnan(t->hpa) || now_ns - t->hpa_ns >= TEND_PRESSURE_NS) {
		t->hpa = hpa;
		t->hpa_ns = now_ns;
		t->tell = true;
		pthread_cond_signal(&t->wake);
	}
	pthread_mutex_unlock(&t->lock);
}
