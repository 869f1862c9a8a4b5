/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CITYHUB_STORE_ELSEWHERE_H
#define CITYHUB_STORE_ELSEWHERE_H

/* Below this the unit lets the daemon write (StateDirectory=)... */
#define STORE_FOLDER		"/var/lib/cityhub"
/* ...and what somebody does who wants a store in another place. */
#define STORE_ELSEWHERE		"under systemd a folder that is not below " \
	STORE_FOLDER " needs ReadWritePaths= and RequiresMountsFor= (systemctl edit cityhubd)"

#endif /* CITYHUB_STORE_ELSEWHERE_H */
