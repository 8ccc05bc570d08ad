"""Sends every message back with python3-websockets, compressed as its arguments say.

The arguments are URLs, each followed by the parameters of permessage-deflate to offer, as JSON. For
each connection there is a line on stdout: what was agreed on, and the code and reason of its end.
"""

import asyncio
import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.legacy.client import connect


async def run(url, parameters):
    socket = await connect(
        url,
        compression=None,
        extensions=[ClientPerMessageDeflateFactory(**parameters)],
        max_size=None,
        max_queue=None,
        ping_interval=None,
    )
    try:
        while (message := await socket.recv()) != "close":
            await socket.send(message)
        await socket.close(4002, "bye")
    except ConnectionClosed:
        pass
    agreed = socket.response_headers.get("Sec-WebSocket-Extensions", "")
    return [agreed, socket.close_code, socket.close_reason]


async def run_all(urls, offers):
    for url, offer in zip(urls, offers):
        print(json.dumps(await run(url, json.loads(offer))), flush=True)


asyncio.run(run_all(sys.argv[1::2], sys.argv[2::2]))
