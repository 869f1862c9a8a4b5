// SPDX-License-Identifier: GPL-2.0-only
/* The daemon, its configuration, and the clock it dates by. */
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "cityhub/daemon_conf.h"
#include "cityhub/doctor.h"
#include "cityhub/process.h"
#include "common/array.h"
#include "common/store_elsewhere.h"

#define DOCTOR_DAEMON	"cityhubd"
#define DOCTOR_DAEMON_START \
	"`systemctl start cityhubd`; `journalctl -u cityhubd` says why it ended"

void doctor_config(struct doctor *d)
{
	char why[512] = "", *remedy;

	d->daemon = daemon_conf_process();
	d->systemd = !access("/run/systemd/system", F_OK);
	d->conf_good = !daemon_conf_of(d->daemon, d->conf_path, &d->conf, why,
				       sizeof(why));
	if (!*d->conf_path) {
		doctor_say(d, DOCTOR_OK, "configuration", NULL,
			   "none, the defaults are in force");
		return;
	}
	if (d->conf_good) {
		doctor_say(d, DOCTOR_OK, "configuration", NULL, "%s",
			   d->conf_path);
		return;
	}
	remedy = strstr(why, "; ");
	if (remedy)
		*remedy = '\0';
	doctor_say(d, DOCTOR_FAULT, "configuration", geteuid() ?
		   "run cityhub doctor as root, or as a member of the group cityhub" :
		   remedy ? remedy + 2 : NULL, "%s", why);
}

/* What to do about a clock nobody keeps. */
static const char *doctor_clock_remedy(void)
{
	static const struct {
		const char *process;
		const char *remedy;
	} services[] = {
		{ "chronyd", "chronyd runs: `chronyc sources` shows whether it reaches its servers (UDP port 123)" },
		{ "systemd-timesyn", "systemd-timesyncd runs: `timedatectl timesync-status` shows whether it reaches its server (UDP port 123)" },
		{ "ntpd", "ntpd runs: `ntpq -p` shows whether it reaches its servers (UDP port 123)" },
		{ "ptp4l", "ptp4l runs: is phc2sys there to set the system clock by it?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (process_find(services[i].process))
			return services[i].remedy;
	return "no time service runs: install and start one (apt-get install chrony)";
}

/* What the hub knows of the clock, which the kernel does not tell it. */
static const char *doctor_clock_hub(const struct doctor *d, bool good)
{
	if (!d->hub)
		return "";
	if (good)
		return d->hub_synced ? ", and the hub knows" :
		       ", the hub is told when something arms";
	if (d->hub_synced)
		return "; the hub was told that it is (`cityhub set --sync`)";
	return d->hub_any ? "" : ", and `cityhub arm` is refused";
}

void doctor_clock(struct doctor *d)
{
	struct timex tx = { 0 };
	int state = adjtimex(&tx);
	bool good = state >= 0 && state != TIME_ERROR &&
		    !(tx.status & STA_UNSYNC);

	if (good)
		doctor_say(d, DOCTOR_OK, "clock", NULL,
			   "synchronised to UTC within %.3g ms%s",
			   (double)tx.maxerror / 1e3,
			   doctor_clock_hub(d, good));
	else
		doctor_say(d, DOCTOR_FAULT, "clock", doctor_clock_remedy(),
			   "not synchronised: no result has a bound against UTC%s",
			   doctor_clock_hub(d, good));
}

/* What keeps the daemon from a store in another place is not seen from here. */
static const char *doctor_daemon_remedy(const struct doctor *d)
{
	if (!d->systemd)
		return "start " DOCTOR_DAEMON ", its messages say what stops it";
	if (strncmp(d->conf.store.path, STORE_FOLDER "/",
		    strlen(STORE_FOLDER "/")))
		return DOCTOR_DAEMON_START "; " STORE_ELSEWHERE;
	return DOCTOR_DAEMON_START;
}

void doctor_daemon(struct doctor *d)
{
	if (d->daemon)
		doctor_say(d, DOCTOR_OK, "daemon", NULL,
			   DOCTOR_DAEMON " runs, process %d", (int)d->daemon);
	else if (!d->conf_good)
		doctor_say(d, DOCTOR_SKIPPED, "daemon", NULL,
			   "does not run, and cannot with this configuration");
	else if (d->store_bad)
		doctor_say(d, DOCTOR_SKIPPED, "daemon", NULL,
			   "does not run, and cannot with this store");
	else
		doctor_say(d, DOCTOR_FAULT, "daemon", doctor_daemon_remedy(d),
			   DOCTOR_DAEMON " does not run: nothing is captured, stored or sent");
}
