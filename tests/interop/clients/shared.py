"""What the Python clients share: stdin and stdout, and how payloads are made and described."""

import hashlib
import json
import sys


def play(run_cases):
    """Each line of stdin holds cases that run at the same time; each is answered by a line."""
    for line in sys.stdin:
        print(json.dumps(run_cases(json.loads(line))), flush=True)


def pattern(length):
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def payload_of(move):
    """The payload of a move that sends one message."""
    return move["text"] * move.get("times", 1) if "text" in move else pattern(move["binary"])


def describe(payload):
    if isinstance(payload, str):
        encoded = payload.encode()
        return f'text "{payload}"' if len(encoded) <= 64 else describe_bytes("text", encoded)
    return describe_bytes("binary", payload)


def describe_bytes(kind, payload):
    return f"{kind} of {len(payload)} bytes, {hashlib.sha256(payload).hexdigest()[:16]}"
