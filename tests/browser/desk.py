"""The other side of the visitor's page: a site with two departments, and an agent on the real staff socket."""

import itertools
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from agentconsole.backend.desk.admin import AddUser, GiveGrant
from agentconsole.protocol import Role
from tests.running import HASH, Running, running

SECONDS = 20.0

Frame = dict[str, Any]


@contextmanager
def furnished(data: Path, **settings: object) -> Iterator[Running]:
    """The real server with an agent, "ana", and departments: "sales" and "support" (wrap-up lasts a second), "slow"
    (half a minute) and "tiny" (one may wait). A visitor may send ten lines at once and twenty a second."""
    with running(data, message_burst=10, messages_per_second=20, **settings) as site:
        site.add_department(
            "sales", name="Sales", welcome="Welcome!", topics=["Prices", "Delivery"], wrapup_s=1
        )
        site.add_department("support", name="Support & <b>Help</b>", wrapup_s=1)
        site.add_department("slow", name="Slow")
        site.add_department("tiny", name="Tiny", queue_limit=1)
        site.order(AddUser("ana", HASH, display="Ana Ruiz"))
        site.order(GiveGrant("ana", Role.agent))
        yield site


def answers(site: Running) -> bool:
    """Whether the server runs."""
    try:
        with urllib.request.urlopen(site.url + "/healthz", timeout=SECONDS):
            return True
    except OSError:
        return False


class Agent:
    """Ana, or somebody else, at their console, without a screen. Every frame that came is kept in `frames`."""

    def __init__(self, site: Running, name: str = "ana") -> None:
        self.site = site
        self.name = name
        self.token = site.login(name)
        self.frames: list[Frame] = []
        self._numbers = itertools.count()
        self._run = time.time_ns()
        self._connect()

    def _connect(self) -> None:
        self._link = ExitStack()
        self._socket = self._link.enter_context(connect(self.site.url.replace("http", "ws") + "/ws/staff"))
        self._send({"t": "hello", "token": self.token})
        self.get(lambda frame: frame["t"] == "synced")

    @property
    def user(self) -> int:
        """Their id."""
        return int(self.get(lambda frame: frame["t"] == "welcome")["user"])

    def again(self) -> None:
        """Come back after the server was restarted; what came before is forgotten."""
        self._link.close()
        self.frames.clear()
        self._connect()

    def close(self) -> None:
        """Go home."""
        self._link.close()

    def _send(self, frame: Frame) -> None:
        self._socket.send(json.dumps(frame))

    def order(self, t: str, **fields: Any) -> Frame:
        """Send a command and wait for its acknowledgement."""
        cid = f"agent-{self._run}-{next(self._numbers)}"[:40]
        self._send({"t": t, "cid": cid, **fields})
        answer = self.get(lambda frame: frame["t"] in ("ack", "refused") and frame.get("cid") == cid)
        assert answer["t"] == "ack", answer
        return answer

    def tell(self, t: str, **fields: Any) -> None:
        """Send a command that has no answer."""
        self._send({"t": t, **fields})

    def get(self, wanted: Callable[[Frame], bool], seconds: float = SECONDS) -> Frame:
        """The first frame that is wanted, of those that came or will come within `seconds`."""
        deadline = time.monotonic() + seconds
        seen = 0
        while True:
            for frame in self.frames[seen:]:
                if wanted(frame):
                    return frame
            seen = len(self.frames)
            left = deadline - time.monotonic()
            assert left > 0, f"in vain; the last frames were {self.frames[-5:]}"
            try:
                self.frames.append(json.loads(self._socket.recv(left)))
            except (TimeoutError, ConnectionClosed) as error:
                raise AssertionError(f"{error!r}; the last frames were {self.frames[-5:]}") from error

    def waiting(self, first_line: str) -> int:
        """The id of the chat that begins with this line."""
        card = self.get(lambda frame: frame["t"] == "card" and frame.get("first_line") == first_line)
        return int(card["chat"])

    def take(self, first_line: str) -> int:
        """Take that chat; its id."""
        chat = self.waiting(first_line)
        self.order("take", chat=chat)
        return chat

    def say(self, chat: int, text: str) -> None:
        """Write a line."""
        self.order("say", chat=chat, text=text)

    def hears(self, chat: int, text: str) -> Frame:
        """Wait for the visitor's line; its event."""
        return self.get(
            lambda frame: (
                frame["t"] == "event" and frame["chat"] == chat and frame["what"].get("text") == text
            )
        )

    def lines(self, chat: int) -> list[str]:
        """All that was said in the chat, as the server keeps it."""
        events = self.site.rest("GET", f"/api/chats/{chat}/events?limit=500", token=self.token)
        return [event["what"]["text"] for event in events if event["what"]["kind"] == "said"]

    def previews(self, chat: int) -> list[str]:
        """The typing previews that came so far."""
        return [
            frame.get("text", "")
            for frame in self.frames
            if frame["t"] == "preview" and frame["chat"] == chat
        ]
