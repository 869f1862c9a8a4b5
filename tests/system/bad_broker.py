# SPDX-License-Identifier: GPL-2.0-only
"""A broker as one does not want it.

usage: bad_broker.py silent|hole PORT

silent: takes everything and acknowledges nothing. hole: swallows every packet,
for nobody accepts, and the queue is full. Says "ready".
"""
import socket
import sys
import time

kind, port = sys.argv[1], int(sys.argv[2])


def silent():
    s = socket.create_server(("127.0.0.1", port))
    print("ready", flush=True)
    while True:
        c, _ = s.accept()
        try:
            c.recv(4096)
            c.sendall(bytes([0x20, 2, 0, 0]))   # CONNACK
            while c.recv(65536):
                pass
        except OSError:
            pass


def hole():
    s = socket.socket()
    s.bind(("127.0.0.1", port))
    s.listen(0)
    queue = []
    for _ in range(3):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(("127.0.0.1", port))
        queue.append(c)
    print("ready", flush=True)
    while True:
        time.sleep(600)


{"silent": silent, "hole": hole}[kind]()
