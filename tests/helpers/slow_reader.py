"""Reads what a program writes to a pipe, a socket or a terminal that never lets it wait, slowly.

Arguments: pipe, socket or pty; out or err, the stream of the program that it is; and the command line. Its
standard input is ours. What was read goes to our standard output when the program has ended, and its other
stream and its exit code are ours. The pipe holds 4096 bytes: whoever writes more is refused in between.
"""

import fcntl
import os
import pty
import socket
import subprocess
import sys
import time
import tty

F_SETPIPE_SZ = 1031

kind, stream, *command = sys.argv[1:]
if kind == "pipe":
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
elif kind == "socket":
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    reader, writer = ours.detach(), theirs.detach()
else:
    reader, writer = pty.openpty()
    tty.setraw(writer)
fcntl.fcntl(writer, fcntl.F_SETFL, fcntl.fcntl(writer, fcntl.F_GETFL) | os.O_NONBLOCK)
child = subprocess.Popen(
    command,
    stdout=writer if stream == "out" else subprocess.DEVNULL,
    stderr=writer if stream == "err" else None,
)
os.close(writer)
read = []
while True:
    time.sleep(0.002)
    try:
        part = os.read(reader, 3001)
    except OSError:
        break  # the terminal has gone
    if part == b"":
        break
    read.append(part)
sys.stdout.buffer.write(b"".join(read))
sys.exit(child.wait())
