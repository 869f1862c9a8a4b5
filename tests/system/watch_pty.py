#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run a program on a terminal of our own and tell what is on its screen.

usage: watch_pty.py COMMAND [ARGUMENT...] < SCRIPT

A line of the script is one of
  wait SECONDS | size COLUMNS LINES | key TEXT | signal NAME
and what the screen shows then is printed, each screen after a line "== STEP".
In the end: "== end", the exit status, whether the terminal is as it was
before, and what was written after the screen was left.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    """As much of a terminal as the program may count on."""

    def __init__(self, columns, lines):
        self.resize(columns, lines)
        self.cursor_shown = True
        self.other = False
        self.after = ""
        self.rest = ""

    def resize(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.row = self.column = 0
        self.cells = [[" "] * columns for _ in range(lines)]

    def control(self, private, numbers, letter):
        n = [int(x) for x in numbers.split(";") if x]
        if private:
            if n == [25]:
                self.cursor_shown = letter == "h"
            if n == [1049]:
                self.other = letter == "h"
        elif letter == "H":
            self.row = min((n[0] if n else 1), self.lines) - 1
            self.column = min((n[1] if len(n) > 1 else 1), self.columns) - 1
        elif letter == "J":
            first = 0 if n == [2] else self.row
            for row in range(first, self.lines):
                self.cells[row] = [" "] * self.columns
        elif letter == "K":
            # A cursor past the edge would wipe the last column out.
            column = min(self.column, self.columns - 1)
            self.cells[self.row][column:] = [" "] * (self.columns - column)
        else:
            raise SystemExit(f"sequence {letter} is not for every terminal")

    def put(self, char):
        if not self.other:
            self.after += char
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row = min(self.row + 1, self.lines - 1)
        elif self.column < self.columns:
            self.cells[self.row][self.column] = char
            self.column += 1

    def feed(self, text):
        text = self.rest + text
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self.put(text[at])
                at += 1
                continue
            found = SEQUENCE.match(text, at)
            if not found:
                break
            self.control(*found.groups())
            at = found.end()
        self.rest = text[at:]

    def show(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)


def run(argv, script):
    pid, fd = pty.fork()
    if not pid:
        time.sleep(0.2)
        os.execvp(argv[0], argv)
    before = termios.tcgetattr(fd)
    screen = Screen(80, 24)
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def read_for(seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([fd], [], [], left)[0]:
                return True
            try:
                data = os.read(fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            screen.feed(decode(data))
        return True

    for step in script:
        word, *rest = step.split()
        if word == "wait":
            read_for(float(rest[0]))
        elif word == "size":
            screen.resize(int(rest[0]), int(rest[1]))
            fcntl.ioctl(fd, termios.TIOCSWINSZ,
                        struct.pack("HHHH", int(rest[1]), int(rest[0]), 0, 0))
            read_for(2.5)
        elif word == "key":
            os.write(fd, rest[0].encode().decode("unicode_escape").encode())
            read_for(2.5)
        elif word == "signal":
            os.kill(pid, getattr(signal, rest[0]))
            read_for(2.5)
        print(f"== {step.strip()}\n{screen.show()}")
    for _ in range(50):
        if not read_for(0.2):
            break
    # Its end of the terminal is gone with it, ours is not.
    same = termios.tcgetattr(fd) == before
    _, status = os.waitpid(pid, 0)
    print("== end")
    print("status", os.waitstatus_to_exitcode(status))
    print("terminal", "restored" if same and screen.cursor_shown and
          not screen.other else "left in disorder")
    print("after", " ".join(screen.after.split()))


run(sys.argv[1:], sys.stdin.readlines())
