// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes devices away, or puts the system to sleep, while others are at work on
 * them:
 *
 *	lifetime SEED ROUNDS
 *	-> a line for each round, with "FAIL" for what went wrong in it, and last
 *	   "rounds=N failures=N told=N moot=N"
 *
 * A round switches buffers on, starts processes that each use one device or the
 * hub in their way, and then does one thing to the whole. The first rounds go
 * through every pair of thing and way, those after them are chosen by chance,
 * as are the devices, the instants, the captures of the hub and how long
 * transfers take. What a reader is promised: -ENODEV once its device is gone,
 * and to go on after a suspend. Runs as root in a test kernel; VM_MODULES is
 * the directory of the modules.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cityhub/cityhub.h>

#define IIO		"/sys/bus/iio/devices"
#define SIM		"/sys/kernel/debug/cityhub-sim"
#define DEVICES_MAX	16
#define USERS_MAX	32
#define EVENT_FD_IOCTL	_IOR('i', 0x90, int)

/* Longer than anything here may take, on a slow machine. */
#define PATIENCE_MS	30000

enum way { IDLE, READ, POLL, TRANSFER, EVENT, WAYS };
enum thing { UNBIND, UNPLUG, UNLOAD, SUSPEND, THINGS };

static const char *const way_names[WAYS] = {
	"idle", "read", "poll", "transfer", "event",
};
static const char *const thing_names[THINGS] = {
	"unbind", "unplug", "unload", "suspend",
};

struct device {
	char name[64];
	char dir[PATH_MAX];	/* in sysfs, resolved */
	char parent[64];	/* the device on the bus */
	char driver[PATH_MAX];	/* its driver in sysfs */
	unsigned int id;
	int slot;		/* of a ticked one, else -1 */
	bool used;		/* its buffer is on */
	bool victim;		/* will be taken away */
};

/* Shared with the process: it says how it ended, and what it was told. */
struct user {
	enum way way;
	unsigned int device;
	pid_t pid;
	volatile int ready;
	volatile int told;	/* error number at the end */
	volatile int moot;	/* the device has nothing to use in this way */
};

static struct device devices[DEVICES_MAX];
static unsigned int n_devices;
static struct user *users;
static unsigned int n_users;
static pid_t crowd[8];		/* others that use the hub, or the devices */
static unsigned int n_crowd;
static uint64_t chance;
static unsigned int failures, told, moot;
static volatile sig_atomic_t woken;

static unsigned int random_below(unsigned int n)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (unsigned int)(chance >> 33) % n;
}

__attribute__((format(printf, 1, 2)))
static void fail(const char *format, ...)
{
	va_list args;

	failures++;
	printf(" FAIL ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	fflush(stdout);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* Writes a file of sysfs or debugfs; returns an error number. */
static int put(const char *text, const char *format, ...)
{
	char path[2 * PATH_MAX];
	va_list args;
	int fd, ret = 0;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int get(char *text, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	else
		text[strcspn((text[n] = '\0', text), "\n")] = '\0';
	close(fd);
	return n < 0 ? (int)n : 0;
}

/* ---- devices -------------------------------------------------------------- */

static bool device_look(struct device *d, unsigned int id)
{
	char path[2 * PATH_MAX], *slash;

	snprintf(path, sizeof(path), IIO "/iio:device%u", id);
	if (!realpath(path, d->dir))
		return false;
	snprintf(path, sizeof(path), "%s/name", d->dir);
	if (get(d->name, sizeof(d->name), path))
		return false;
	snprintf(path, sizeof(path), "%s/../driver", d->dir);
	if (!realpath(path, d->driver))
		return false;
	snprintf(path, sizeof(path), "%s", d->dir);
	*strrchr(path, '/') = '\0';
	slash = strrchr(path, '/');
	snprintf(d->parent, sizeof(d->parent), "%s", slash + 1);
	d->id = id;
	return true;
}

/* Those that have a buffer; ticked members get a slot each. */
static void devices_find(void)
{
	char path[2 * PATH_MAX];
	unsigned int id;
	int slot = 0;

	n_devices = 0;
	for (id = 0; id < 64 && n_devices < DEVICES_MAX; id++) {
		struct device *d = &devices[n_devices];

		memset(d, 0, sizeof(*d));
		if (!device_look(d, id))
			continue;
		snprintf(path, sizeof(path), "%s/buffer/enable", d->dir);
		if (access(path, F_OK))
			continue;
		snprintf(path, sizeof(path), "%s/trigger/current_trigger", d->dir);
		d->slot = access(path, F_OK) ? -1 : slot++;
		n_devices++;
	}
}

/* All that were there at the start are there again. */
static bool devices_wait(unsigned int n)
{
	unsigned int waited;

	for (waited = 0; waited < PATIENCE_MS; waited += 100) {
		devices_find();
		if (n_devices >= n)
			return true;
		sleep_ms(100);
	}
	fail("only %u of %u devices are back;", n_devices, n);
	return false;
}

static void device_scan_all(const struct device *d)
{
	char path[2 * PATH_MAX];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/scan_elements", d->dir);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (strlen(e->d_name) > 3 &&
		    !strcmp(e->d_name + strlen(e->d_name) - 3, "_en"))
			put("1", "%s/%s", path, e->d_name);
	if (dir)
		closedir(dir);
}

static void device_start(struct device *d)
{
	static const char *const watermarks[] = { "1", "1", "4", "32" };
	char trigger[32];
	int ret;

	if (d->slot >= 0) {
		snprintf(trigger, sizeof(trigger), "cityhub-%d", d->slot);
		ret = put(trigger, "%s/trigger/current_trigger", d->dir);
		if (ret)
			fail("%s takes no trigger: %s;", d->name, strerror(-ret));
	}
	device_scan_all(d);
	put("512", "%s/buffer/length", d->dir);
	put(watermarks[random_below(4)], "%s/buffer/watermark", d->dir);
	ret = put("1", "%s/buffer/enable", d->dir);
	if (ret)
		fail("%s does not start: %s;", d->name, strerror(-ret));
	d->used = !ret;
}

static void devices_stop(void)
{
	unsigned int i;

	for (i = 0; i < n_devices; i++) {
		put("0", "%s/buffer/enable", devices[i].dir);
		if (devices[i].slot >= 0)
			put("\n", "%s/trigger/current_trigger", devices[i].dir);
	}
}

/* How long each transfer takes from now on, -1 for what its bytes take. */
static void transfers_take(long ms)
{
	struct dirent *e;
	char text[32];
	DIR *dir;

	snprintf(text, sizeof(text), "%ld", ms < 0 ? -1 : ms * 1000000);
	dir = opendir(SIM);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			put(text, SIM "/%s/transfer_ns", e->d_name);
	if (dir)
		closedir(dir);
}

/* ---- who uses them -------------------------------------------------------- */

static void wake(int sig)
{
	(void)sig;
	woken = 1;
}

/* Reads until there is an error that is no pause. */
static int read_on(int fd)
{
	char data[4096];
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) >= 0 || errno == EAGAIN ||
	       errno == EINTR)
		if (n <= 0)
			sleep_ms(10);
	return errno;
}

/* Opened and left alone until somebody says that it is over. */
static int use_idle(int fd)
{
	sigset_t none;

	sigemptyset(&none);
	while (!woken)
		sigsuspend(&none);
	return read_on(fd);
}

static int use_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char data[4096];

	for (;;) {
		poll(&p, 1, 500);
		if (read(fd, data, sizeof(data)) < 0 && errno != EAGAIN &&
		    errno != EINTR)
			return errno;
	}
}

/* Asks the chip itself, by whatever it has to say. */
static int use_transfer(const struct device *d)
{
	char path[2 * PATH_MAX], text[64];
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	while ((dir = opendir(d->dir))) {
		ret = -ENOENT;
		while ((e = readdir(dir))) {
			if (strncmp(e->d_name, "in_", 3))
				continue;
			snprintf(path, sizeof(path), "%s/%s", d->dir, e->d_name);
			ret = get(text, sizeof(text), path);
			if (ret == -ENODEV || ret == -ENOENT)
				break;
		}
		closedir(dir);
		if (ret == -ENODEV || ret == -ENOENT)
			break;
		/* Virtual time stands still while somebody spins. */
		sleep_ms(50);
	}
	return ENODEV;
}

static int use_event(int fd)
{
	int event_fd = -1;

	if (ioctl(fd, EVENT_FD_IOCTL, &event_fd) < 0)
		return -1;
	return read_on(event_fd);
}

static void user_run(struct user *u)
{
	const struct device *d = &devices[u->device];
	char path[64];
	int fd = -1, ret = 0;

	if (u->way != TRANSFER) {
		snprintf(path, sizeof(path), "/dev/iio:device%u", d->id);
		fd = open(path, O_RDONLY | (u->way == POLL ? O_NONBLOCK : 0));
		if (fd < 0) {
			u->told = errno;
			u->ready = 1;
			_exit(1);
		}
	}
	u->ready = 1;
	switch (u->way) {
	case READ:
		ret = read_on(fd);
		break;
	case POLL:
		ret = use_poll(fd);
		break;
	case TRANSFER:
		ret = use_transfer(d);
		break;
	case EVENT:
		ret = use_event(fd);
		/* A device without events: hold its buffer. */
		if (ret < 0) {
			u->moot = 1;
			ret = use_idle(fd);
		}
		break;
	default:
		ret = use_idle(fd);
		break;
	}
	u->told = ret;
	_exit(0);
}

static pid_t start_process(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(3);
	}
	return pid;
}

static void user_start(enum way way, unsigned int device)
{
	struct user *u = &users[n_users++];
	pid_t pid;

	*u = (struct user){ .way = way, .device = device };
	pid = start_process();
	if (!pid)
		user_run(u);
	/* The child has the same memory, where its 0 would be everybody. */
	u->pid = pid;
}

/* ---- who uses the hub ----------------------------------------------------- */

static void crowd_dump(struct cityhub *h)
{
	struct cityhub_member *members;
	struct cityhub_stats *stats;
	struct cityhub_ticks *ticks;
	size_t n;

	if (!cityhub_members_get(h, &members, &n))
		cityhub_members_free(members);
	if (!cityhub_stats_get(h, &stats, &n))
		cityhub_stats_free(stats);
	if (!cityhub_ticks_get(h, random_below(3), 0, &ticks))
		cityhub_ticks_free(ticks);
}

static void crowd_arm(struct cityhub *h)
{
	uint32_t id = devices[random_below(n_devices)].id;
	unsigned int flags = CITYHUB_ARM_FORCE;
	struct cityhub_capture *c;

	if (random_below(2))
		flags |= CITYHUB_ARM_OWNED;
	if (cityhub_arm_flags(h, &id, 1, 0, flags, &c))
		return;
	sleep_ms(random_below(30));
	if (random_below(2))
		cityhub_disarm(h, c->generation, NULL, NULL);
	cityhub_capture_free(c);
}

static void crowd_toggle(void)
{
	const struct device *d = &devices[random_below(n_devices)];

	put("0", "%s/buffer/enable", d->dir);
	sleep_ms(random_below(20));
	put("1", "%s/buffer/enable", d->dir);
	sleep_ms(random_below(100));
}

static void crowd_listen(void)
{
	struct cityhub_events *events;
	const struct cityhub_event *e;
	struct pollfd p = { .events = POLLIN };

	if (cityhub_events_open(&events))
		return;
	p.fd = cityhub_events_fd(events);
	if (poll(&p, 1, (int)random_below(200)) > 0)
		cityhub_events_read(events, &e);
	cityhub_events_close(events);
}

/* Dump, arm, disarm, listen, close, switch off and on, without an end. */
static void crowd_run(unsigned int seed)
{
	struct cityhub *h;

	chance = seed * 2654435761u + 1;
	for (;;) {
		if (cityhub_open(&h)) {
			sleep_ms(50);
			continue;
		}
		switch (random_below(4)) {
		case 0:
			crowd_dump(h);
			break;
		case 1:
			crowd_arm(h);
			break;
		case 2:
			crowd_listen();
			break;
		default:
			crowd_toggle();
			break;
		}
		cityhub_close(h);
		sleep_ms(5);
	}
}

static void crowd_start(unsigned int n)
{
	unsigned int seed = random_below(1u << 30);

	for (n_crowd = 0; n_crowd < n; n_crowd++) {
		crowd[n_crowd] = start_process();
		if (!crowd[n_crowd])
			crowd_run(seed + n_crowd);
	}
}

static void arm(void)
{
	uint32_t ids[DEVICES_MAX];
	struct timespec now;
	struct cityhub *h;
	int64_t start_ns = 0;
	unsigned int i;
	size_t n = 0;
	int ret;

	for (i = 0; i < n_devices; i++)
		if (devices[i].used && (random_below(4) || !n))
			ids[n++] = devices[i].id;
	if (!n || cityhub_open(&h))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!random_below(4))
		start_ns = (int64_t)(now.tv_sec + 2) * 1000000000;
	ret = cityhub_arm_flags(h, ids, n, start_ns, CITYHUB_ARM_FORCE, NULL);
	if (ret)
		fail("arm: %s;", cityhub_error(h));
	cityhub_close(h);
}

/* What a capture left behind; true when there is none. */
static bool disarm_all(void)
{
	struct cityhub_hub *hub;
	struct cityhub *h;
	size_t i;

	if (cityhub_open(&h))
		return false;
	if (!cityhub_hub_get(h, &hub)) {
		for (i = 0; i < hub->n_captures; i++)
			cityhub_disarm(h, hub->capture[i].generation, NULL, NULL);
		cityhub_hub_free(hub);
	}
	cityhub_close(h);
	return true;
}

/* ---- what is done to them ------------------------------------------------- */

static int module_load(const char *file, const char *options)
{
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", getenv("VM_MODULES"), file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = (int)syscall(SYS_finit_module, fd, options, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static int do_unbind(const struct device *d)
{
	return put(d->parent, "%s/unbind", d->driver);
}

/* Transfers hold the bus for an instant. */
static int do_unplug(void)
{
	unsigned int waited;
	int ret = 0;

	for (waited = 0; waited < PATIENCE_MS; waited += 50) {
		ret = module_unload("cityhub_sim");
		if (ret != -EAGAIN && ret != -EWOULDBLOCK && ret != -EBUSY)
			break;
		sleep_ms(50);
	}
	return ret;
}

/* Refused as long as a device points at one of its triggers. */
static int do_unload(void)
{
	unsigned int i, waited;
	bool attached = false;
	int ret = 0;

	for (i = 0; i < n_devices; i++)
		attached |= devices[i].used && devices[i].slot >= 0;
	for (waited = 0; waited < (attached ? 300u : PATIENCE_MS); waited += 50) {
		ret = module_unload("cityhub");
		if (!ret)
			break;
		sleep_ms(50);
	}
	if (attached)
		return ret ? 0 : -EPERM;
	return ret;
}

static int do_suspend(void)
{
	return put("freeze", "/sys/power/state");
}

static int do_thing(enum thing thing, const struct device *d)
{
	switch (thing) {
	case UNBIND:
		return do_unbind(d);
	case UNPLUG:
		return do_unplug();
	case UNLOAD:
		return do_unload();
	default:
		return do_suspend();
	}
}

/* In a process of its own, so that a hang is noticed. */
static void thing_run(enum thing thing, const struct device *d)
{
	unsigned int waited = 0;
	int status;
	pid_t pid;

	pid = start_process();
	if (!pid)
		_exit(-do_thing(thing, d));
	while (!waitpid(pid, &status, WNOHANG)) {
		sleep_ms(20);
		waited += 20;
		if (waited > 2 * PATIENCE_MS) {
			put("w", "/proc/sysrq-trigger");
			fail("%s hangs;\n", thing_names[thing]);
			exit(3);
		}
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail("%s: %s;", thing_names[thing],
		     strerror(WEXITSTATUS(status)));
}

/* ---- a round -------------------------------------------------------------- */

static void choose_victims(enum thing thing, const struct device *d)
{
	unsigned int i;

	for (i = 0; i < n_devices; i++)
		devices[i].victim = thing == UNPLUG ||
			(thing == UNBIND && !strcmp(devices[i].parent, d->parent));
}

static bool user_ended(const struct user *u)
{
	int status;

	return waitpid(u->pid, &status, WNOHANG) != 0;
}

/* Those whose device is gone must be told; the others must not. */
static void users_judge(void)
{
	unsigned int i, waited;

	for (i = 0; i < n_users; i++) {
		struct user *u = &users[i];
		const struct device *d = &devices[u->device];

		if (!d->victim) {
			if (user_ended(u) && u->told)
				fail("%s of %s: %s though it is there;",
				     way_names[u->way], d->name,
				     strerror(u->told));
			continue;
		}
		kill(u->pid, SIGUSR1);
		for (waited = 0; waited < PATIENCE_MS; waited += 20) {
			if (user_ended(u))
				break;
			sleep_ms(20);
		}
		if (waited >= PATIENCE_MS)
			fail("%s of %s is not told;", way_names[u->way], d->name);
		else if (u->told != ENODEV)
			fail("%s of %s is told %s;", way_names[u->way], d->name,
			     strerror(u->told));
		else
			told++;
		moot += (unsigned int)u->moot;
	}
}

static void end_process(pid_t pid)
{
	unsigned int waited;

	kill(pid, SIGKILL);
	for (waited = 0; waited < PATIENCE_MS; waited += 10) {
		if (waitpid(pid, NULL, WNOHANG))
			return;
		sleep_ms(10);
	}
	put("w", "/proc/sysrq-trigger");
	fail("a process cannot be killed;");
}

static uint64_t progress(const struct cityhub_stats *s)
{
	return s->has_counters ? s->counters.taken : s->ticks.done;
}

static uint64_t progress_of(unsigned int id)
{
	struct cityhub_stats *stats;
	uint64_t found = 0;
	struct cityhub *h;
	size_t i, n;

	if (cityhub_open(&h))
		return 0;
	if (!cityhub_stats_get(h, &stats, &n)) {
		for (i = 0; i < n; i++)
			if (stats[i].id == id)
				found = progress(&stats[i]);
		cityhub_stats_free(stats);
	}
	cityhub_close(h);
	return found;
}

/* After a suspend each member that was at work goes on. */
static void members_go_on(void)
{
	unsigned int i, waited;

	for (i = 0; i < n_devices; i++) {
		uint64_t before;

		if (!devices[i].used)
			continue;
		before = progress_of(devices[i].id);
		for (waited = 0; waited < PATIENCE_MS; waited += 100) {
			if (progress_of(devices[i].id) > before)
				break;
			sleep_ms(100);
		}
		if (waited >= PATIENCE_MS)
			fail("%s does not go on;", devices[i].name);
	}
}

static void put_back(enum thing thing, const struct device *d)
{
	int ret = 0;

	if (thing == UNBIND)
		ret = put(d->parent, "%s/bind", d->driver);
	else if (thing == UNPLUG)
		ret = module_load("tests/sim/cityhub-sim.ko",
				  getenv("LIFETIME_CHIPS"));
	else if (thing == UNLOAD && access("/sys/module/cityhub", F_OK))
		ret = module_load("kernel/hub/cityhub.ko", "");
	if (ret)
		fail("cannot put it back: %s;", strerror(-ret));
}

static void end_round(void)
{
	unsigned int i;

	for (i = 0; i < n_crowd; i++)
		end_process(crowd[i]);
	for (i = 0; i < n_users; i++)
		if (!user_ended(&users[i]))
			end_process(users[i].pid);
	n_crowd = 0;
	n_users = 0;
}

/* Nothing may be left of a round. */
static void check_rest(void)
{
	struct cityhub_hub *hub;
	struct cityhub *h;

	if (cityhub_open(&h) || cityhub_hub_get(h, &hub)) {
		fail("the hub does not answer;");
		return;
	}
	if (hub->n_captures)
		fail("%zu captures are left;", hub->n_captures);
	if (hub->slots_on)
		fail("%u slots are left on;", hub->slots_on);
	cityhub_hub_free(hub);
	cityhub_close(h);
}

static void users_wait(void)
{
	unsigned int i, waited;

	for (i = 0; i < n_users; i++) {
		for (waited = 0; !users[i].ready && waited < PATIENCE_MS; waited++)
			sleep_ms(1);
		if (users[i].told)
			fail("%s: %s;", devices[users[i].device].name,
			     strerror(users[i].told));
	}
}

/* The device of the round and some of the others. */
static void start_users(enum way way, unsigned int chosen, bool ticked)
{
	enum way other;
	unsigned int i;

	for (i = 0; i < n_devices; i++) {
		bool free = ticked || devices[i].slot < 0;

		if (i != chosen && !random_below(3))
			continue;
		other = i == chosen ? way : (enum way)random_below(WAYS);
		/* A buffer that is on refuses to be asked: both are wanted. */
		if (free && (other != TRANSFER || random_below(2)))
			device_start(&devices[i]);
		user_start(devices[i].used ? other : TRANSFER, i);
	}
	users_wait();
}

static void play(unsigned int number, enum thing thing, enum way way)
{
	unsigned int n = n_devices, chosen, crowds, armed;
	long transfer_ms = -1;
	struct device d;

	chosen = random_below(n);
	d = devices[chosen];
	armed = random_below(2);
	/* With nobody on a trigger the module can go. */
	crowds = thing == UNLOAD || thing == SUSPEND ? 0 : random_below(3);
	printf("round %u: %s of %s, %s%s, %u others", number, thing_names[thing],
	       d.name, way_names[way], armed ? ", armed" : "", crowds);
	start_users(way, chosen, thing != UNLOAD || random_below(2));
	if (armed)
		arm();
	/*
	 * The threads that serve ticks have FIFO priority, and so has their wait
	 * for the bus: on one that they fill nobody else gets through.
	 */
	if (way == TRANSFER || !random_below(3))
		transfer_ms = (long)random_below(50);
	transfers_take(transfer_ms);
	crowd_start(crowds);
	sleep_ms(random_below(500));
	printf(", transfers %ld ms:", transfer_ms);
	choose_victims(thing, &d);
	thing_run(thing, &d);
	users_judge();
	transfers_take(-1);
	if (thing == SUSPEND)
		members_go_on();
	end_round();
	put_back(thing, &d);
	devices_wait(n);
	devices_stop();
	disarm_all();
	check_rest();
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = wake };
	unsigned int i, rounds;
	sigset_t usr1;

	if (argc != 3 || !getenv("VM_MODULES") || !getenv("LIFETIME_CHIPS")) {
		fprintf(stderr, "usage: lifetime SEED ROUNDS\n");
		return 2;
	}
	chance = strtoull(argv[1], NULL, 10) * 2654435761u + 88172645463325252u;
	rounds = (unsigned int)atoi(argv[2]);
	users = mmap(NULL, USERS_MAX * sizeof(*users), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (users == MAP_FAILED)
		return 2;
	/* Blocked but while somebody waits for it: it cannot come too early. */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigaction(SIGUSR1, &action, NULL);
	put("devices", "/sys/power/pm_test");
	put("0", "/sys/module/suspend/parameters/pm_test_delay");
	devices_find();
	for (i = 0; i < rounds; i++) {
		unsigned int pair = i < THINGS * WAYS ? i :
				    random_below(THINGS * WAYS);

		play(i, (enum thing)(pair % THINGS), (enum way)(pair / THINGS));
	}
	printf("rounds=%u failures=%u told=%u moot=%u\n", rounds, failures, told,
	       moot);
	return failures != 0;
}
