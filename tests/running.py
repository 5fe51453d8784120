"""A running server for tests: people and departments by the operator's orders, requests with their bare answers."""

import base64
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from agentconsole.backend.auth import hash_password
from agentconsole.backend.desk.admin import AddDepartment, AddUser, GiveGrant
from agentconsole.backend.operator import Answer, ask
from agentconsole.protocol import Role
from tests.proof.server import SHIPPED, Served

PASSWORD = "a long enough passphrase"
HASH = hash_password(PASSWORD)
_numbers = itertools.count(1)


def unique(stem: str) -> str:
    """A name that no other test uses."""
    return f"{stem}{next(_numbers)}"


def cid() -> str:
    """A fresh client id."""
    return unique("client-id-")


class Running(Served):
    """`Served`, with orders over the operator's socket instead of a process for each."""

    http: httpx.Client

    def start(self) -> float:
        """Start it."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        took = super().start()
        if hasattr(self, "http"):  # of a server that was killed
            self.http.close()
        self.http = httpx.Client(base_url=self.url, timeout=30)
        return took

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.http.close()
        return super().stop()

    def order(self, wish: Any) -> Answer:
        """What the operator's socket answers to this wish."""
        answer = ask(self.data, wish)
        assert answer is not None, "nobody listens on the operator's socket"
        return answer

    def add_user(self, *roles: str, name: str = "", department: str = "") -> str:
        """A user with these roles in this department ('' = all); the login name."""
        name = name or unique("user")
        assert self.order(AddUser(name, HASH)).code is None
        for role in roles:
            assert self.order(GiveGrant(name, Role(role), department)).code is None
        return name

    def add_department(self, slug: str = "", **settings: Any) -> str:
        """A department; its short name."""
        slug = slug or unique("department")
        assert self.order(AddDepartment(slug, **settings)).code is None
        return slug

    def department_id(self, slug: str) -> int:
        """The id of a department."""
        from agentconsole.backend.operator import ListDepartments

        rows = self.order(ListDepartments()).rows or []
        return next(int(row["id"]) for row in rows if row["slug"] == slug)

    def login(self, name: str, password: str = PASSWORD) -> str:
        """A session token of this user."""
        return super().login(name, password)

    def ask(self, method: str, path: str, token: str = "", body: Any = None, **more: Any) -> httpx.Response:
        """One REST call and its bare answer; ``body`` goes out as JSON."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        content = more.pop("content", None)
        if body is not None:
            content, headers = json.dumps(body), {"Content-Type": "application/json"} | headers
        return self.http.request(method, path, headers=headers, content=content, **more)

    def visitor(self, token: str = "", **hello: Any) -> "Visitor":
        """A visitor's window, welcomed; `hello` is what it says of itself."""
        return Visitor(self.url, token, **hello)


class Visitor:
    """A visitor's socket, frame by frame."""

    def __init__(self, url: str, token: str = "", **hello: Any) -> None:
        self.token = token or base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
        self._open = ExitStack()
        address = url.replace("http", "ws", 1) + "/ws/visitor"
        self.link = self._open.enter_context(connect(address, compression=None, open_timeout=30))
        self.send(t="hello", token=self.token, **hello)
        self.wait("synced")

    def send(self, **frame: Any) -> None:
        """Send a frame."""
        self.link.send(json.dumps(frame))

    def wait(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these kinds; others are skipped."""
        while True:
            frame: dict[str, Any] = json.loads(self.link.recv(timeout=20))
            if frame["t"] in kinds:
                return frame

    def start(self, department: int, text: str = "Good morning", **more: Any) -> int:
        """Open a chat; its id."""
        mine = cid()
        self.send(t="start", cid=mine, department=department, text=text, **more)
        answer = self.wait("ack", "refused")
        assert answer["t"] == "ack", answer
        return int(answer["chat"])

    def close(self) -> None:
        """Go."""
        self._open.close()


@contextmanager
def running(
    data: Path, database: str = "", launcher: Sequence[str] = SHIPPED, **settings: object
) -> Iterator[Running]:
    """The real server on this data folder while the block lasts; ``settings`` are fields of Options."""
    flags = {name: f"--{name.replace('_', '-')}" for name in settings}
    options = [flags[name] + ("" if value is True else f"={value}") for name, value in settings.items()]
    options += [f"--database={database}"] if database else []
    server = Running(data, launcher, options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
