#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print the events of an IIO device as they come.

usage: event_log.py IIO-DEVICE

One line per event: type, channel, direction and stamp in ns, as
"voltage 0 falling 123". "ready" comes first, "gone" when the device is.
"""
import array
import fcntl
import os
import struct
import sys

IIO_GET_EVENT_FD_IOCTL = 0x80046990

TYPES = {0: "voltage", 1: "current", 2: "power", 4: "anglvel", 16: "voltage",
         17: "pressure"}
DIRECTIONS = ("either", "rising", "falling")


def main():
    device = os.open(sys.argv[1], os.O_RDONLY)
    out = array.array("i", [0])
    fcntl.ioctl(device, IIO_GET_EVENT_FD_IOCTL, out, True)
    os.close(device)
    print("ready", flush=True)
    try:
        while data := os.read(out[0], 16):
            code, stamp = struct.unpack("=Qq", data)
            kind = code >> 32 & 0xff
            print(TYPES.get(kind, f"type{kind}"), code & 0xffff,
                  DIRECTIONS[code >> 48 & 0x7f], stamp, flush=True)
    except OSError:
        pass
    print("gone", flush=True)


main()
