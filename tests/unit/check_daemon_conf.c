// SPDX-License-Identifier: GPL-2.0-only
/* Which configuration and store the daemon of this machine works with. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "cityhub/daemon_conf.h"

static char dir[200], file[CONF_STRING], why[512];
static struct conf conf;
static pid_t daemon_pid;

static void begin(void)
{
	unit_dir(dir, sizeof(dir), "daemon-conf");
	snprintf(file, sizeof(file), "%s/conf", dir);
	unit_write(file, "store = { path = \"/mnt/other.db\"; };\n"
		   "control = { socket = \"/run/other\"; };\n");
	daemon_pid = 0;
}

static void end(void)
{
	if (daemon_pid) {
		kill(daemon_pid, SIGKILL);
		waitpid(daemon_pid, NULL, 0);
	}
	unit_dir_remove(dir);
}

/* A process with these arguments; a shell that waits for us to end it. */
static void daemon_with(const char *option, const char *value)
{
	char script[300];
	int ready[2];
	char byte;

	snprintf(script, sizeof(script), "%s/daemon", dir);
	unit_write(script, "echo\nread nothing\n");
	ck_assert_int_eq(pipe(ready), 0);
	daemon_pid = fork();
	ck_assert_int_ge(daemon_pid, 0);
	if (!daemon_pid) {
		int in[2];

		if (pipe(in) || dup2(in[0], 0) < 0 || dup2(ready[1], 1) < 0)
			_exit(1);
		execl("/bin/sh", "cityhubd", script, option, value, NULL);
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

START_TEST(the_one_it_was_started_with_counts)
{
	char path[CONF_STRING] = "";

	daemon_with("--config", file);
	ck_assert_int_eq(daemon_conf_of(daemon_pid, path, &conf, why,
					sizeof(why)), 0);
	ck_assert_str_eq(path, file);
	ck_assert_str_eq(conf.store.path, "/mnt/other.db");
	ck_assert_str_eq(conf.control.socket, "/run/other");
}
END_TEST

START_TEST(a_store_it_was_started_with_counts_more)
{
	char path[CONF_STRING];

	daemon_with("--store", "/mnt/third.db");
	snprintf(path, sizeof(path), "%s", file);
	ck_assert_int_eq(daemon_conf_of(daemon_pid, path, &conf, why,
					sizeof(why)), 0);
	ck_assert_str_eq(conf.store.path, "/mnt/third.db");
	ck_assert_str_eq(conf.control.socket, "/run/other");
}
END_TEST

START_TEST(a_bad_one_is_told_with_its_line)
{
	char path[CONF_STRING];

	unit_write(file, "store = {\n");
	snprintf(path, sizeof(path), "%s", file);
	ck_assert_int_eq(daemon_conf_of(0, path, &conf, why, sizeof(why)),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, file));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("daemon_conf");
	TCase *t = tcase_create("daemon_conf");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, the_one_it_was_started_with_counts);
	tcase_add_test(t, a_store_it_was_started_with_counts_more);
	tcase_add_test(t, a_bad_one_is_told_with_its_line);
	suite_add_tcase(s, t);
	return unit_run(s);
}
