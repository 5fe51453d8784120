"""The floor: a relay of the websockets library on uvloop that forwards a frame, acknowledges it and stores nothing.

Each connection first names its side and its chats; after that the frames have the shapes and sizes of ours, so
that the same load generator drives both. Run it with `python -m bench.floor`; it prints `ready http://HOST:PORT`.
"""

import time

import msgspec
import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Join(msgspec.Struct):
    """First frame of a connection: which end of which chats it is."""

    side: str
    chats: list[int]


class Line(msgspec.Struct):
    """What the relay needs of a `say`; the text goes through unread."""

    cid: str
    chat: int
    text: msgspec.Raw


class Relay:
    """Who is at the other end of each chat."""

    def __init__(self) -> None:
        self.ends: dict[str, dict[int, ServerConnection]] = {"visitor": {}, "staff": {}}

    async def attend(self, link: ServerConnection) -> None:
        """Serve one connection until it ends."""
        try:
            join = msgspec.json.decode(await link.recv(decode=False), type=Join)
            for chat in join.chats:
                self.ends[join.side][chat] = link
            await link.send(b'{"t":"synced"}', text=True)
            await self._relay(link, join.side, self.ends["staff" if join.side == "visitor" else "visitor"])
        except ConnectionClosed:
            return

    async def _relay(self, link: ServerConnection, side: str, others: dict[int, ServerConnection]) -> None:
        decode = msgspec.json.Decoder(Line).decode
        number = 0
        while True:
            frame = await link.recv(decode=False)
            if frame.startswith(b'{"t":"ping"'):
                continue
            line = decode(frame)
            number += 1
            event = (
                b'{"t":"event","chat":%d,"seq":%d,"at":%d,"by":{"side":"%s","id":1,"name":"Somebody"},'
                b'"what":{"kind":"said","text":%s},"pub":%d}'
            ) % (line.chat, number, time.time() * 1000, side.encode(), line.text, number)
            await others[line.chat].send(event, text=True)
            await link.send(
                b'{"t":"ack","cid":"%s","chat":%d,"seq":%d}' % (line.cid.encode(), line.chat, number),
                text=True,
            )


async def main() -> None:
    """Serve on a free port until killed."""
    async with serve(Relay().attend, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"ready http://127.0.0.1:{port}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
