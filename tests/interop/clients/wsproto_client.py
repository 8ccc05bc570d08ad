"""Plays the cases of cases.ts with a plain socket and python3-wsproto."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from shared import describe, pattern, payload_of, play
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)


class Client:
    def __init__(self, script):
        url = urlsplit(script["url"])
        self.events = []
        self.over = False
        self.pieces = []
        self.socket = socket.create_connection((url.hostname, url.port))
        self.connection = WSConnection(ConnectionType.CLIENT)
        target = f"{url.path}?{url.query}"
        self.send(Request(host=url.netloc, target=target, subprotocols=script["protocols"]))

    def run(self, moves):
        awaited = 0
        with self.socket:
            for move in moves:
                if not isinstance(move, str):
                    self.act(move)
                    continue
                awaited += 1
                while len(self.events) < awaited and not self.over:
                    self.receive()
        return self.events

    def act(self, move):
        if "text" in move:
            self.send(TextMessage(data=payload_of(move)))
        if "binary" in move:
            self.send(BytesMessage(data=payload_of(move)))
        if "fragments" in move:
            last = len(move["fragments"]) - 1
            for at, piece in enumerate(move["fragments"]):
                if at > 0 and "between" in move:
                    self.send(Ping(payload=f"{move['between']} {at}".encode()))
                kind = TextMessage if isinstance(piece, str) else BytesMessage
                data = piece if isinstance(piece, str) else pattern(piece)
                self.send(kind(data=data, message_finished=at == last))
        if "ping" in move:
            self.send(Ping(payload=move["ping"].encode()))
        if "pong" in move:
            self.send(Pong(payload=move["pong"].encode()))
        if "raw" in move:
            self.socket.sendall(bytes.fromhex(move["raw"]))
        if "close" in move:
            code, reason = (move["close"] + [None, None])[:2]
            self.send(CloseConnection(code=code, reason=reason))

    def send(self, event):
        self.socket.sendall(self.connection.send(event))

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            # A reset can destroy a Close frame that is still on its way to us.
            self.events.append("reset")
            self.over = True
            return
        if not data:
            self.events.append("end without Close")
            self.over = True
            return
        self.connection.receive_data(data)
        for event in self.connection.events():
            self.note(event)

    def note(self, event):
        if isinstance(event, AcceptConnection):
            self.events.append(f"open {event.subprotocol or ''}".strip())
        elif isinstance(event, RejectConnection):
            self.events.append(f"refused {event.status_code}")
        elif isinstance(event, Message):
            self.pieces.append(event.data)
            if event.message_finished:
                self.events.append(describe(type(event.data)().join(self.pieces)))
                self.pieces = []
        elif isinstance(event, Pong):
            self.events.append(f'pong "{event.payload.decode()}"')
        elif isinstance(event, Ping):
            # A ping can come between our Close and the answer; wsproto lets nothing follow a Close.
            if self.connection.state is ConnectionState.OPEN:
                self.send(event.response())
        elif isinstance(event, CloseConnection):
            if self.connection.state is ConnectionState.REMOTE_CLOSING:
                self.send(event.response())
            self.wait_for_end()
            self.events.append(f'close {int(event.code)} "{event.reason or ""}"')

    def wait_for_end(self):
        """The server closes the TCP connection first (RFC 6455 7.1.1), and after Close nothing comes."""
        try:
            if self.socket.recv(1):
                self.events.append("bytes after Close")
        except ConnectionResetError:
            self.events.append("reset")
        self.over = True


def run_cases(scripts):
    with ThreadPoolExecutor(len(scripts)) as pool:
        return list(pool.map(lambda script: Client(script).run(script["moves"]), scripts))


play(run_cases)
