"""Deflates and inflates WebSocket messages (RFC 7692 7.2) with Python's zlib.

One order per line of standard input, as JSON; one answer per line: the messages in base64, or an error.
"""

import base64
import json
import sys
import zlib

TAIL = b"\x00\x00\xff\xff"


def deflate(order, messages):
    def engine():
        return zlib.compressobj(order["level"], zlib.DEFLATED, -order["bits"], order["memLevel"])

    shared = engine()
    for message in messages:
        one = shared if order["takeover"] else engine()
        data = one.compress(message) + one.flush(zlib.Z_SYNC_FLUSH)
        yield data[:-4] if data.endswith(TAIL) else b"\x00"


def inflate(order, messages):
    def engine():
        return zlib.decompressobj(-order["bits"])

    shared = engine()
    for message in messages:
        one = shared if order["takeover"] else engine()
        data, rest = b"", message + TAIL
        # A small step makes zlib look into its window alone, and not into what it has just put out.
        while rest:
            data += one.decompress(rest, order["step"])
            rest = one.unconsumed_tail
        while more := one.decompress(b"", order["step"]):
            data += more
        yield data


for line in sys.stdin:
    order = json.loads(line)
    messages = [base64.b64decode(message) for message in order["messages"]]
    work = deflate if order["work"] == "deflate" else inflate
    try:
        answer = [base64.b64encode(message).decode() for message in work(order, messages)]
    except zlib.error as error:
        answer = str(error)
    print(json.dumps(answer), flush=True)
