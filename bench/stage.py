"""What the console is measured with: a real server, visitors who write, and programs in terminals beside each other."""

import asyncio
import itertools
import os
import random
import socket
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self, TypeVar

from agentconsole import protocol as p
from bench import bare
from bench.tape import AT_HAND, Line, Tape
from tests.proof.peers import Agent, Visitor
from tests.proof.server import Served
from tests.proof.staffing import agent_name

T = TypeVar("T")
UNANSWERED = (
    100  # lines of a visitor after which the agent says something, so that the limit of 300 is not met
)


class Stage:
    """A server with one agent, and visitors that live in a thread of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.served = Served(folder / "data", agents=1)
        self.served.start()
        self.department, tokens = self.served.staff(1)
        self.token = tokens[0]
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._luck = random.Random(1)
        self.agent: Agent = self.run(self._agent())
        self._names = itertools.count()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the visitors' thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _agent(self) -> Agent:
        return Agent("second-window", lambda: self.served.url, self._luck, self.token)

    def waiting(self) -> tuple[Visitor, int, str]:
        """A new visitor who waits: the visitor, the chat's id, and the name that the queue shows."""
        name = f"Visitor{next(self._names):03d}"
        return *self.run(self._wait(name)), name

    async def _wait(self, name: str) -> tuple[Visitor, int]:
        visitor = Visitor(name, lambda: self.served.url, self._luck)
        answer = await visitor.answer(visitor.start(self.department, f"{name} says hello"))
        return visitor, answer.chat

    def close_chat(self, chat: int) -> None:
        """The agent's other window closes it."""
        command = p.Close(cid=self.agent.new_cid(), chat=chat)
        self.run(self._do(command))

    def take_and_close(self, chat: int) -> None:
        """The agent's other window takes it and closes it."""
        self.run(self._do(p.Take(cid=self.agent.new_cid(), chat=chat)))
        self.close_chat(chat)

    def fill(self, visitor: Visitor, chat: int, lines: int) -> None:
        """Visitor and agent write so many lines, as fast as the server takes them."""
        self.run(self._fill(visitor, chat, lines))

    async def _fill(self, visitor: Visitor, chat: int, lines: int) -> None:
        for number in range(lines):
            speaker = self.agent if number % 2 else visitor
            speaker.say(chat, f"line {number} of a long chat, about as long as a line is")
            if number % UNANSWERED == 0:
                await visitor.settled()
                await self.agent.settled()

    async def _do(self, command: Any) -> None:
        self.agent.give(command)
        await self.agent.answer(command.cid)

    def later(self, act: Any, *arguments: Any) -> None:
        """Call something in the visitors' thread, without waiting."""
        self._loop.call_soon_threadsafe(act, *arguments)

    def environment(self) -> dict[str, str]:
        """The console's, with folders of its own and the agent's token."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        folders = {
            f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("STATE", "CONFIG", "CACHE", "DATA")
        }
        return {**os.environ, **folders, "HOME": str(home), "AGENTCONSOLE_TOKEN": self.token}

    def close(self) -> None:
        """End the server; the thread ends with the program."""
        self.served.kill()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Program:
    """A program in a terminal into which lines come and keys are typed."""

    name = ""
    tape: Tape

    def say(self, text: str) -> None:
        """Let one line come in."""
        raise NotImplementedError

    def clear(self) -> None:
        """Empty the line that was typed."""
        self.tape.press("\x15")

    def close(self) -> None:
        """End it."""
        self.tape.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Bare(Program):
    """The floor."""

    name = "bare"

    def __init__(self, line: Line = AT_HAND) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            self.tape = Tape([sys.executable, "-m", "bench.bare", str(port)], os.environ, line)
            self._feed, _ = listening.accept()
        self.tape.wait_for(bare.READY)

    def say(self, text: str) -> None:
        """Through the socket."""
        self._feed.sendall(f"{text}\n".encode())

    def close(self) -> None:
        """The socket too."""
        super().close()
        self._feed.close()


class Console(Program):
    """The shipped console, logged in, with one chat taken and open."""

    name = "console"

    def __init__(self, stage: Stage, line: Line = AT_HAND) -> None:
        self.stage = stage
        self.visitor, self.chat, self.who = stage.waiting()
        self.tape = Tape(command(stage), stage.environment(), line)
        self.tape.wait_for(self.who)
        self.tape.press("t")
        self.tape.wait_for(f"{self.who} says hello")
        self.tape.quiet()
        self._said = 0

    def say(self, text: str) -> None:
        """The visitor writes; now and then the agent's other window answers."""
        self._said += 1
        self.stage.later(self.visitor.say, self.chat, text)
        if self._said % UNANSWERED == 0:
            self.stage.later(self.stage.agent.say, self.chat, f"answer {self._said}")

    def close(self) -> None:
        """The chat is closed, so that the next console begins without it."""
        self.stage.close_chat(self.chat)
        super().close()


def command(stage: Stage) -> list[str]:
    """How the console is started."""
    return [sys.executable, "-m", "agentconsole", "--server", stage.served.url, "--user", agent_name(0)]
