"""Runs a program at a pseudo-terminal of its own.

Arguments: rows, columns, and the command line. Each line of stdin is an order in JSON:
["type", TEXT], ["resize", ROWS, COLUMNS], ["signal", NAME] or ["hangup"]. Each line of stdout
is JSON too: {"shown": TEXT} for what the program writes, and at its end {"code": its exit code,
"restored": whether the terminal's modes are as they were before}.
"""

import codecs
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def say(thing):
    print(json.dumps(thing), flush=True)


master, slave = pty.openpty()
resize(slave, int(sys.argv[1]), int(sys.argv[2]))
before = termios.tcgetattr(slave)
child = subprocess.Popen(
    sys.argv[3:],
    stdin=slave,
    stdout=slave,
    stderr=slave,
    start_new_session=True,
    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
)
# A signal or a resize is no order to this process.
decoder = codecs.getincrementaldecoder("utf-8")("replace")
orders = b""
inputs = [master, 0]
hung_up = False
while True:
    ready, _, _ = select.select(inputs, [], [], 0.02)
    if master in ready:
        say({"shown": decoder.decode(os.read(master, 65536))})
    if 0 in ready:
        chunk = os.read(0, 65536)
        if chunk == b"":
            child.kill()
            inputs.remove(0)
        orders += chunk
        *whole, orders = orders.split(b"\n")
        for name, *values in map(json.loads, whole):
            if name == "type":
                os.write(master, values[0].encode())
            elif name == "resize":
                resize(master, *values)
            elif name == "signal":
                child.send_signal(getattr(signal, values[0]))
            elif name == "hangup":
                os.close(master)
                inputs.remove(master)
                hung_up = True
    if not ready and child.poll() is not None:
        break
restored = not hung_up and termios.tcgetattr(slave) == before
say({"code": child.returncode, "restored": restored})
