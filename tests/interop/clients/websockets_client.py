"""Plays the cases of cases.ts with python3-websockets."""

import asyncio

from shared import describe, pattern, payload_of, play
from websockets.exceptions import ConnectionClosed, InvalidStatusCode
from websockets.frames import Close

# The newer interface has no way to send a frame that breaks a rule.
from websockets.legacy.client import connect

CONTINUATION, TEXT, BINARY = 0, 1, 2


async def run_case(script):
    try:
        socket = await connect(
            script["url"],
            subprotocols=script["protocols"] or None,
            max_size=None,
            max_queue=None,
            ping_interval=None,
        )
    except InvalidStatusCode as error:
        return [f"refused {error.status_code}"]
    events = [f"open {socket.subprotocol or ''}".strip()]
    news = asyncio.Event()

    def note(event):
        events.append(event)
        news.set()

    async def receive():
        try:
            while True:
                note(describe(await socket.recv()))
        except ConnectionClosed:
            note(f'close {socket.close_code} "{socket.close_reason}"')

    async def note_pong(waiter, payload):
        try:
            await waiter
        except ConnectionClosed:
            return
        note(f'pong "{payload}"')

    tasks = [asyncio.create_task(receive())]

    async def ping(payload):
        waiter = await socket.ping(payload)
        tasks.append(asyncio.create_task(note_pong(waiter, payload)))

    async def act(move):
        if "text" in move or "binary" in move:
            await socket.send(payload_of(move))
        if "fragments" in move:
            last = len(move["fragments"]) - 1
            for at, piece in enumerate(move["fragments"]):
                if at > 0 and "between" in move:
                    await ping(f"{move['between']} {at}")
                text = isinstance(piece, str)
                opcode = CONTINUATION if at > 0 else TEXT if text else BINARY
                payload = piece.encode() if text else pattern(piece)
                await socket.write_frame(at == last, opcode, payload)
        if "ping" in move:
            await ping(move["ping"])
        if "pong" in move:
            await socket.pong(move["pong"])
        if "raw" in move:
            socket.transport.write(bytes.fromhex(move["raw"]))
        if "close" in move:
            # In a task, since close() waits for what the cases look at.
            tasks.append(asyncio.create_task(close(*move["close"])))

    async def close(*status):
        if status:
            await socket.close(*status)
        else:
            await socket.write_close_frame(Close(1005, ""), b"")

    awaited = 0
    for move in script["moves"]:
        if not isinstance(move, str):
            await act(move)
            continue
        awaited += 1
        while len(events) < awaited and not tasks[0].done():
            news.clear()
            await news.wait()
    await socket.close()
    await asyncio.gather(*tasks)
    return events


async def run_cases(scripts):
    return await asyncio.gather(*map(run_case, scripts))


play(lambda scripts: asyncio.run(run_cases(scripts)))
