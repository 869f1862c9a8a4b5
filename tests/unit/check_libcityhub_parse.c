// SPDX-License-Identifier: GPL-2.0-only
/* From attributes to structures: numbers of 4 and of 8 bytes, and odd ones. */
#include <check.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>

#include <linux/cityhub.h>

#include "libcityhub/parse.h"

static struct nl_msg *message(uint8_t cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	ck_assert_ptr_nonnull(msg);
	genlmsg_put(msg, 0, 1, 32, 0, 0, cmd, CITYHUB_FAMILY_VERSION);
	return msg;
}

static void put_clock(struct nl_msg *msg, int attr)
{
	struct nlattr *nest = nla_nest_start(msg, attr);

	nla_put_u32(msg, CITYHUB_A_CLOCK_INSTANT_NS, 3000000000U);
	nla_put_u64(msg, CITYHUB_A_CLOCK_REALTIME_NS, 1790000000000000000ULL);
	nla_put_s32(msg, CITYHUB_A_CLOCK_RAW_NS, -5);
	nla_put_u64(msg, CITYHUB_A_CLOCK_TAI_NS, (uint64_t)-6000000000LL);
	nla_nest_end(msg, nest);
}

START_TEST(numbers_of_both_sizes)
{
	struct nl_msg *msg = message(CITYHUB_CMD_TICK_GET);
	struct cityhub_ticks ticks = { 0 };
	struct nlattr *nest;

	nla_put_u32(msg, CITYHUB_A_SLOT_NUMBER, 3);
	nla_put_u64(msg, CITYHUB_A_SLOT_SINCE, 7);
	put_clock(msg, CITYHUB_A_SLOT_CLOCK);
	nest = nla_nest_start(msg, CITYHUB_A_SLOT_TICK);
	nla_put_u32(msg, CITYHUB_A_TICK_INDEX, 6);
	nla_put_u64(msg, CITYHUB_A_TICK_NUMBER, 1790000000000ULL);
	nla_put_u32(msg, CITYHUB_A_TICK_FIRE_NS, 4294967295U);
	nla_put_u64(msg, CITYHUB_A_TICK_DONE_NS, 4294967296ULL);
	nla_nest_end(msg, nest);

	ck_assert_int_eq(parse_ticks(nlmsg_hdr(msg), &ticks), 0);
	ck_assert_uint_eq(ticks.slot, 3);
	ck_assert_uint_eq(ticks.next, 7);
	ck_assert_int_eq(ticks.clock.instant_ns, 3000000000LL);
	ck_assert_int_eq(ticks.clock.realtime_ns, 1790000000000000000LL);
	ck_assert_int_eq(ticks.clock.raw_ns, -5);
	ck_assert_int_eq(ticks.clock.tai_ns, -6000000000LL);
	ck_assert_uint_eq(ticks.n, 1);
	ck_assert_uint_eq(ticks.tick[0].index, 6);
	ck_assert_uint_eq(ticks.tick[0].number, 1790000000000ULL);
	ck_assert_int_eq(ticks.tick[0].fire_ns, 4294967295LL);
	ck_assert_int_eq(ticks.tick[0].done_ns, 4294967296LL);
	ck_assert(!ticks.tick[0].overrun);
	free(ticks.tick);
	nlmsg_free(msg);
}
END_TEST

START_TEST(a_member)
{
	struct nl_msg *msg = message(CITYHUB_CMD_MEMBER_GET);
	struct cityhub_member m;

	nla_put_u32(msg, CITYHUB_A_MEMBER_ID, 4);
	nla_put_string(msg, CITYHUB_A_MEMBER_NAME, "mpl3115");
	nla_put_u32(msg, CITYHUB_A_MEMBER_KIND, CITYHUB_MEMBER_KIND_FREE);
	nla_put_u32(msg, CITYHUB_A_MEMBER_GATE, CITYHUB_MEMBER_GATE_OPEN);
	nla_put_flag(msg, CITYHUB_A_MEMBER_PRIMED);
	/* One of a later kernel. */
	nla_put_u32(msg, CITYHUB_A_MEMBER_MAX + 3, 1);

	ck_assert_int_eq(parse_member(nlmsg_hdr(msg), &m), 0);
	ck_assert_uint_eq(m.id, 4);
	ck_assert_str_eq(m.name, "mpl3115");
	ck_assert_str_eq(m.label, "");
	ck_assert_int_eq(m.slot, -1);
	ck_assert_int_eq(m.gate, CITYHUB_MEMBER_GATE_OPEN);
	ck_assert(m.primed);
	ck_assert_uint_eq(m.generation, 0);
	nlmsg_free(msg);
}
END_TEST

START_TEST(the_stamp_state_of_a_member)
{
	struct nl_msg *msg = message(CITYHUB_CMD_MEMBER_GET);
	struct cityhub_member m;
	struct nlattr *nest;

	nla_put_u32(msg, CITYHUB_A_MEMBER_ID, 4);
	nest = nla_nest_start(msg, CITYHUB_A_MEMBER_STAMP);
	nla_put_u32(msg, CITYHUB_A_STAMP_SOURCE, CITYHUB_MEMBER_STAMP_POLL);
	nla_put_u32(msg, CITYHUB_A_STAMP_CLOCK_EPOCH, 9);
	nla_put_u64(msg, CITYHUB_A_STAMP_PERIOD_PS, 1000123456789ULL);
	nla_put_u32(msg, CITYHUB_A_STAMP_LATENCY_MIN_NS, 4000);
	nla_put_u32(msg, CITYHUB_A_STAMP_LATE_NS, 7000);
	nla_put_u32(msg, CITYHUB_A_STAMP_UPDATES, 12);
	nla_nest_end(msg, nest);

	ck_assert_int_eq(parse_member(nlmsg_hdr(msg), &m), 0);
	ck_assert(m.reports);
	ck_assert_int_eq(m.stamp.source, CITYHUB_MEMBER_STAMP_POLL);
	ck_assert_uint_eq(m.stamp.clock_epoch, 9);
	ck_assert_uint_eq(m.stamp.period_ps, 1000123456789ULL);
	ck_assert_uint_eq(m.stamp.bound_ns, UINT32_MAX);
	ck_assert_uint_eq(m.stamp.latency_min_ns, 4000);
	ck_assert_uint_eq(m.stamp.late_ns, 7000);
	ck_assert_uint_eq(m.stamp.updates, 12);
	nlmsg_free(msg);
}
END_TEST

START_TEST(the_clock_of_a_hub)
{
	struct nl_msg *msg = message(CITYHUB_CMD_HUB_GET);
	struct cityhub_hub hub = { 0 };
	struct nlattr *nest;

	put_clock(msg, CITYHUB_A_HUB_CLOCK);
	nla_put_u32(msg, CITYHUB_A_HUB_GRID_CLOCK, CITYHUB_HUB_CLOCK_TAI);
	ck_assert_int_eq(parse_hub(nlmsg_hdr(msg), &hub), 0);
	ck_assert_int_eq(hub.grid_clock, CITYHUB_HUB_CLOCK_TAI);
	ck_assert(!hub.synchronised);

	nest = nla_nest_start(msg, CITYHUB_A_HUB_SYNC);
	nla_put_u64(msg, CITYHUB_A_SYNC_BOUND_NS, 1500000);
	nla_put_u64(msg, CITYHUB_A_SYNC_VALID_NS, 60000000000ULL);
	nla_nest_end(msg, nest);
	ck_assert_int_eq(parse_hub(nlmsg_hdr(msg), &hub), 0);
	ck_assert(hub.synchronised);
	ck_assert_uint_eq(hub.sync_bound_ns, 1500000);
	ck_assert_uint_eq(hub.sync_left_ns, 60000000000ULL);
	nlmsg_free(msg);
}
END_TEST

START_TEST(counters_of_the_hub_and_of_a_member)
{
	struct nl_msg *msg = message(CITYHUB_CMD_STATS_GET);
	struct cityhub_stats s = { 0 };
	struct nlattr *nest, *inner;

	nest = nla_nest_start(msg, CITYHUB_A_STATS_HUB);
	nla_put_u32(msg, CITYHUB_A_HUB_SEQUENCE, 4);
	nla_nest_end(msg, nest);
	ck_assert_int_eq(parse_stats(nlmsg_hdr(msg), &s), 0);
	nlmsg_free(msg);

	msg = message(CITYHUB_CMD_STATS_GET);
	nest = nla_nest_start(msg, CITYHUB_A_STATS_MEMBER);
	nla_put_u32(msg, CITYHUB_A_MEMBER_ID, 6);
	inner = nla_nest_start(msg, CITYHUB_A_MEMBER_TICKS);
	nla_put_u32(msg, CITYHUB_A_TICKS_DONE, 9);
	nla_nest_end(msg, inner);
	nla_nest_end(msg, nest);
	ck_assert_int_eq(parse_stats(nlmsg_hdr(msg), &s), 1);
	ck_assert_uint_eq(s.id, 6);
	ck_assert(s.has_ticks && !s.has_counters);
	ck_assert_uint_eq(s.ticks.done, 9);
	nlmsg_free(msg);
}
END_TEST

START_TEST(a_fault)
{
	struct nl_msg *msg = message(CITYHUB_CMD_FAULT_NTF);
	struct cityhub_fault f;
	struct nlattr *nest;

	nla_put_u32(msg, CITYHUB_A_FAULT_SEQUENCE, 17);
	ck_assert_int_lt(parse_fault(nlmsg_hdr(msg), &f), 0);
	nla_put_u32(msg, CITYHUB_A_FAULT_MEMBER, 3);
	nla_put_string(msg, CITYHUB_A_FAULT_NAME, "sen66");
	nla_put_u32(msg, CITYHUB_A_FAULT_KINDS, CITYHUB_FAULT_KIND_BUS_ERROR |
		    CITYHUB_FAULT_KIND_STATUS);
	nla_put_u64(msg, CITYHUB_A_FAULT_INSTANT_NS, 5000000000ULL);
	nla_put_u32(msg, CITYHUB_A_FAULT_STATUS, 0x40);
	nest = nla_nest_start(msg, CITYHUB_A_FAULT_COUNTERS);
	nla_put_u32(msg, CITYHUB_A_COUNTERS_BUS_ERROR, 2);
	nla_nest_end(msg, nest);

	ck_assert_int_eq(parse_fault(nlmsg_hdr(msg), &f), 0);
	ck_assert_uint_eq(parse_fault_sequence(nlmsg_hdr(msg)), 17);
	ck_assert_uint_eq(f.member, 3);
	ck_assert_str_eq(f.name, "sen66");
	ck_assert_uint_eq(f.kinds, CITYHUB_FAULT_KIND_BUS_ERROR |
			  CITYHUB_FAULT_KIND_STATUS);
	ck_assert_int_eq(f.instant_ns, 5000000000LL);
	ck_assert_uint_eq(f.status, 0x40);
	ck_assert(f.has_counters && !f.has_ticks);
	ck_assert_uint_eq(f.counters.bus_error, 2);
	nlmsg_free(msg);
}
END_TEST

START_TEST(nonsense_is_an_error)
{
	struct nl_msg *msg = message(CITYHUB_CMD_MEMBER_GET);
	struct cityhub_member m;
	struct cityhub_ticks ticks = { 0 };

	ck_assert_int_lt(parse_member(nlmsg_hdr(msg), &m), 0);
	ck_assert_int_lt(parse_ticks(nlmsg_hdr(msg), &ticks), 0);
	nlmsg_free(msg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("libcityhub parse");
	TCase *tc = tcase_create("parse");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, numbers_of_both_sizes);
	tcase_add_test(tc, a_member);
	tcase_add_test(tc, the_stamp_state_of_a_member);
	tcase_add_test(tc, the_clock_of_a_hub);
	tcase_add_test(tc, counters_of_the_hub_and_of_a_member);
	tcase_add_test(tc, a_fault);
	tcase_add_test(tc, nonsense_is_an_error);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
