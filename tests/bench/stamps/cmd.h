/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of stamp-bench; they return its exit status. */
#ifndef STAMPS_CMD_H
#define STAMPS_CMD_H

#define CMD_USAGE	2

int cmd_gates(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_table(int argc, char **argv);
int cmd_traces(int argc, char **argv);

#endif /* STAMPS_CMD_H */
