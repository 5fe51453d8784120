"""One person's socket in a process of its own: says what stands on its input, keeps every byte that comes.

`python -m tests.proof.recorder URL PATH FILE`: each line of the input is a frame to be sent; each frame that comes is a
line of the output; FILE gets the bytes of the link as they came, from the first frame on.
"""

import asyncio
import sys
from pathlib import Path
from typing import BinaryIO

from tests.proof.wire import Wire, connect


class Recorded(Wire):
    """A wire that keeps what it receives."""

    file: BinaryIO

    def data_received(self, data: bytes) -> None:
        """Keep it, then read it."""
        if self.open:
            self.file.write(data)
        else:
            self.file.write(data.partition(b"\r\n\r\n")[2])
        super().data_received(data)


async def record(url: str, path: str, file: BinaryIO) -> None:
    """Until the input ends."""
    Recorded.file = file
    over = asyncio.Event()

    def heard(text: bytes) -> None:
        sys.stdout.buffer.write(text + b"\n")
        sys.stdout.buffer.flush()

    wire = await connect(url, path, heard, lambda code: over.set(), Recorded)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        wire.send(line.rstrip(b"\n"))
    wire.drop()


if __name__ == "__main__":
    with Path(sys.argv[3]).open("wb") as out:
        asyncio.run(record(sys.argv[1], sys.argv[2], out))
