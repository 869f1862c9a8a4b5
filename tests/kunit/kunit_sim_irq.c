// SPDX-License-Identifier: GPL-2.0-only
/* The interrupt lines of the virtual hub, with a handler of our own. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/timekeeping.h>

/* Part of the module that is tested. */
#include "../sim/sim_irq.c"

s64 sim_raw_ns(void)
{
	return ktime_get_raw_ns();
}

ktime_t sim_raw_to_mono(s64 raw_ns)
{
	return ktime_add_ns(ktime_get(), raw_ns - sim_raw_ns());
}

/**
 * struct fixture - a line and who listens to it
 * @dev:	owner
 * @line:	line
 * @calls:	calls of the hard handler
 * @patience:	calls after which it clears the line; with a thread, runs of it
 * @runs:	runs of the thread
 * @at:		raw instant of the last call
 * @hard:	all calls came in hard interrupt context
 */
struct fixture {
	struct device *dev;
	struct sim_line line;
	unsigned int calls;
	unsigned int patience;
	unsigned int runs;
	s64 at;
	bool hard;
};

static irqreturn_t handle(int irq, void *data)
{
	struct fixture *f = data;

	f->at = sim_raw_ns();
	f->hard &= !!in_hardirq();
	if (++f->calls >= f->patience)
		sim_irq_level(&f->line, false, 0);

	return IRQ_HANDLED;
}

static irqreturn_t wake(int irq, void *data)
{
	struct fixture *f = data;

	f->calls++;

	return IRQ_WAKE_THREAD;
}

static irqreturn_t run(int irq, void *data)
{
	struct fixture *f = data;

	fsleep(1000);
	if (++f->runs >= f->patience)
		sim_irq_level(&f->line, false, 0);

	return IRQ_HANDLED;
}

static int line_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	/* Without an owner: a module that is being loaded has no folder yet. */
	f->dev = __root_device_register("kunit-sim-irq", NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->dev));
	f->patience = 1;
	f->hard = true;
	test->priv = f;

	return sim_irq_create(f->dev, &f->line);
}

static void line_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	root_device_unregister(f->dev);
}

static void listen(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, 0, request_irq(f->line.irq, handle, 0,
					     "kunit-sim", f));
}

static void comes_once_when_cleared(struct kunit *test)
{
	struct fixture *f = test->priv;

	listen(test);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, f->calls);
	sim_irq_level(&f->line, true, sim_raw_ns());
	msleep(20);
	KUNIT_EXPECT_EQ(test, 1, f->calls);
	sim_irq_level(&f->line, true, sim_raw_ns());
	msleep(20);
	KUNIT_EXPECT_EQ(test, 2, f->calls);
	KUNIT_EXPECT_TRUE(test, f->hard);
	free_irq(f->line.irq, f);
}

static void comes_again_until_cleared(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->patience = 5;
	listen(test);
	sim_irq_level(&f->line, true, sim_raw_ns());
	msleep(20);
	KUNIT_EXPECT_EQ(test, 5, f->calls);
	free_irq(f->line.irq, f);
}

static void comes_late_as_scripted(struct kunit *test)
{
	struct fixture *f = test->priv;
	s64 due = sim_raw_ns() + 7654321;

	listen(test);
	sim_irq_level(&f->line, true, due);
	msleep(40);
	KUNIT_EXPECT_EQ(test, 1, f->calls);
	KUNIT_EXPECT_GE(test, f->at, due);
	/* One period of a 1 kHz tick, in case timers are coarse. */
	KUNIT_EXPECT_LE(test, f->at, due + NSEC_PER_MSEC);
	free_irq(f->line.irq, f);
}

static void withdrawn_in_time_it_does_not_come(struct kunit *test)
{
	struct fixture *f = test->priv;

	listen(test);
	sim_irq_level(&f->line, true, sim_raw_ns() + 60 * NSEC_PER_MSEC);
	msleep(20);
	sim_irq_level(&f->line, false, sim_raw_ns());
	msleep(80);
	KUNIT_EXPECT_EQ(test, 0, f->calls);
	free_irq(f->line.irq, f);
}

static void waits_while_disabled(struct kunit *test)
{
	struct fixture *f = test->priv;

	listen(test);
	disable_irq(f->line.irq);
	sim_irq_level(&f->line, true, sim_raw_ns());
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, f->calls);
	enable_irq(f->line.irq);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 1, f->calls);
	free_irq(f->line.irq, f);
}

static void waits_for_the_thread(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->patience = 3;
	KUNIT_ASSERT_EQ(test, 0,
			request_threaded_irq(f->line.irq, wake, run,
					     IRQF_ONESHOT | IRQF_TRIGGER_LOW,
					     "kunit-sim", f));
	sim_irq_level(&f->line, true, sim_raw_ns());
	msleep(60);
	KUNIT_EXPECT_EQ(test, 3, f->runs);
	KUNIT_EXPECT_EQ(test, 3, f->calls);
	free_irq(f->line.irq, f);
}

static void only_level_low_is_offered(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			request_irq(f->line.irq, handle, IRQF_TRIGGER_FALLING,
				    "kunit-sim", f));
	KUNIT_EXPECT_EQ(test, (u32)IRQ_TYPE_LEVEL_LOW,
			irq_get_trigger_type(f->line.irq));
}

static struct kunit_case sim_irq_cases[] = {
	KUNIT_CASE(comes_once_when_cleared),
	KUNIT_CASE(comes_again_until_cleared),
	KUNIT_CASE(comes_late_as_scripted),
	KUNIT_CASE(withdrawn_in_time_it_does_not_come),
	KUNIT_CASE(waits_while_disabled),
	KUNIT_CASE(waits_for_the_thread),
	KUNIT_CASE(only_level_low_is_offered),
	{}
};

static struct kunit_suite sim_irq_suite = {
	.name = "sim_irq",
	.init = line_init,
	.exit = line_exit,
	.test_cases = sim_irq_cases,
};

kunit_test_suite(sim_irq_suite);

MODULE_AUTHOR("cityhub developers");
MODULE_DESCRIPTION("Tests of the interrupt lines of the virtual hub");
MODULE_LICENSE("GPL");
