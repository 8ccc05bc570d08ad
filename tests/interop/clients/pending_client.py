"""Asks a server whose handler works for long, with a keepalive that is short, and closes in the middle.

usage: pending_client.py URL
"""

import asyncio
import json
import sys

import websockets


async def main(url):
    async with websockets.connect(url, ping_interval=0.2, ping_timeout=1) as socket:
        await socket.send("go")
        await socket.send("later")
        received = [await socket.recv() for _ in range(20)]
        await socket.close(4001, "cancel")
    print(json.dumps({"received": len(received), "code": socket.close_code}))


asyncio.run(main(sys.argv[1]))
