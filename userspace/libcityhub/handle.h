/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request and its answers, blocking.
 */
#ifndef LIBCITYHUB_HANDLE_H
#define LIBCITYHUB_HANDLE_H

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <cityhub/cityhub.h>

/**
 * struct handle_answer - what to do with the messages of an answer
 * @add:	takes the attributes of one message, returns 0 or an error number
 * @reset:	forgets all that was added; an interrupted dump starts again.
 *		NULL when there is nothing to forget
 * @data:	for both
 */
struct handle_answer {
	int (*add)(const struct nlmsghdr *nlh, void *data);
	void (*reset)(void *data);
	void *data;
};

/* Opens a socket that speaks generic netlink and finds the family. */
int handle_connect(struct nl_sock **sk, int *family);

/* A request to be filled, or NULL; ended by handle_transact(). */
struct nl_msg *handle_request(struct cityhub *h, uint8_t cmd, int flags);

/* Keeps an error of the caller in words and returns it. */
int handle_fail(struct cityhub *h, int error);

/* Sends the request, frees it, and works on the answer. */
int handle_transact(struct cityhub *h, struct nl_msg *request,
		    const struct handle_answer *answer);

int handle_nl_error(int nl_error);

#endif
