// SPDX-License-Identifier: GPL-2.0-only
/* The hub's module. Modules of sensors are looked at with the sensors. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cityhub/doctor.h"
#include "cityhub/module.h"
#include "cityhub/with_hub.h"

#if WITH_HUB
static void doctor_kernel_absent(struct doctor *d)
{
	char remedy[256];
	struct utsname u = { .release = "" };

	if (module_installed("cityhub")) {
		doctor_say(d, DOCTOR_FAULT, "kernel module",
			   "`modprobe cityhub`; at each start: its name in a file of /etc/modules-load.d",
			   "cityhub is not loaded: no triggers, no common tick");
		return;
	}
	uname(&u);
	snprintf(remedy, sizeof(remedy),
		 "install the modules for the kernel %s (package cityhub-dkms, or make modules_install), then `modprobe cityhub`",
		 u.release);
	doctor_say(d, DOCTOR_FAULT, "kernel module", remedy,
		   "cityhub is not loaded, and not installed for this kernel");
}

static void doctor_kernel_hub(struct doctor *d, struct cityhub *h)
{
	struct cityhub_hub *hub;
	int err = cityhub_hub_get(h, &hub);

	if (err) {
		doctor_say(d, DOCTOR_FAULT, "hub",
			   "command and module must be of the same version: install both anew",
			   "the module does not answer: %s", cityhub_error(h));
		return;
	}
	d->hub = true;
	d->period_s = (double)hub->period_ns / 1e9;
	d->hub_synced = hub->synchronised;
	d->hub_any = hub->policy == CITYHUB_HUB_POLICY_ANY;
	doctor_say(d, DOCTOR_OK, "hub", NULL,
		   "period %g s, %" PRIu32 " of %" PRIu32 " triggers in use, %zu captures",
		   d->period_s, hub->slots_on, hub->slots,
		   hub->n_captures);
	cityhub_hub_free(hub);
}

void doctor_kernel(struct doctor *d)
{
	struct cityhub *h;
	int err = cityhub_open(&h);

	if (err == -ENOENT) {
		doctor_kernel_absent(d);
		return;
	}
	if (err) {
		doctor_say(d, DOCTOR_FAULT, "kernel module",
			   "this kernel lacks netlink, or a sandbox forbids it",
			   "the hub cannot be reached: %s", strerror(-err));
		return;
	}
	doctor_say(d, DOCTOR_OK, "kernel module", NULL, "cityhub is loaded");
	doctor_kernel_hub(d, h);
	cityhub_close(h);
}
#else
void doctor_kernel(struct doctor *d)
{
	doctor_say(d, DOCTOR_NOTE, "kernel module", NULL,
		   "this program was built without the hub (WITH_HUB=no)");
}
#endif
