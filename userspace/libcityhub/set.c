// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/timex.h>

#include <cityhub/cityhub.h>

#include "handle.h"
#include "parse.h"

static int put_setting(struct nl_msg *msg, const struct cityhub_setting *s)
{
	switch (s->key) {
	case CITYHUB_SETTING_PERIOD_NS:
		return nla_put_u64(msg, CITYHUB_A_HUB_PERIOD_NS, s->value);
	case CITYHUB_SETTING_PHASE_NS:
		return nla_put_u64(msg, CITYHUB_A_HUB_PHASE_NS, s->value);
	case CITYHUB_SETTING_CLOCK:
		return nla_put_u32(msg, CITYHUB_A_HUB_GRID_CLOCK,
				   (uint32_t)s->value);
	case CITYHUB_SETTING_POLICY:
		return nla_put_u32(msg, CITYHUB_A_HUB_POLICY,
				   (uint32_t)s->value);
	}
	return -EINVAL;
}

int cityhub_hub_set(struct cityhub *h, const struct cityhub_setting *settings,
		    size_t n)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_HUB_SET, 0);
	int ret = msg ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < n && !ret; i++)
		ret = put_setting(msg, &settings[i]);
	if (ret) {
		nlmsg_free(msg);
		return handle_fail(h, ret == -EINVAL ? ret : -ENOMEM);
	}
	return handle_transact(h, msg, NULL);
}

int cityhub_sync_set(struct cityhub *h, uint64_t bound_ns, uint64_t valid_ns)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_SYNC_SET, 0);

	if (!msg || nla_put_u64(msg, CITYHUB_A_SYNC_BOUND_NS, bound_ns) ||
	    nla_put_u64(msg, CITYHUB_A_SYNC_VALID_NS, valid_ns)) {
		nlmsg_free(msg);
		return handle_fail(h, -ENOMEM);
	}
	return handle_transact(h, msg, NULL);
}

int cityhub_sync_from_adjtimex(struct cityhub *h, uint64_t valid_ns)
{
	struct timex tx = { .modes = 0 };
	int state = adjtimex(&tx);
	int ret;

	if (state < 0)
		return handle_fail(h, -errno);
	if (state == TIME_ERROR || tx.status & STA_UNSYNC)
		return 0;

	/* NTP states its largest error in microseconds. */
	ret = cityhub_sync_set(h, (uint64_t)tx.maxerror * 1000, valid_ns);
	return ret ? ret : 1;
}

static int add_slot(const struct nlmsghdr *nlh, void *data)
{
	return parse_slot_number(nlh, data);
}

int cityhub_slot_new(struct cityhub *h, int number, uint32_t *slot)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_SLOT_NEW, 0);
	uint32_t made = 0;
	struct handle_answer answer = { .add = add_slot, .data = &made };
	int ret;

	if (!msg || (number >= 0 && nla_put_u32(msg, CITYHUB_A_SLOT_NUMBER,
						(uint32_t)number))) {
		nlmsg_free(msg);
		return handle_fail(h, -ENOMEM);
	}
	ret = handle_transact(h, msg, &answer);
	if (!ret && slot)
		*slot = made;
	return ret;
}

int cityhub_slot_del(struct cityhub *h, uint32_t slot)
{
	struct nl_msg *msg = handle_request(h, CITYHUB_CMD_SLOT_DEL, 0);

	if (!msg || nla_put_u32(msg, CITYHUB_A_SLOT_NUMBER, slot)) {
		nlmsg_free(msg);
		return handle_fail(h, -ENOMEM);
	}
	return handle_transact(h, msg, NULL);
}
