"""Starts the server with one deliberate fault that gives observers away: `python -m tests.proof.twins_faults FAULT ...`."""

import sys
from typing import Any

import msgspec

from agentconsole import __main__ as program
from agentconsole.backend import talks
from agentconsole.backend.desk.staff import SaveMarks
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.hub import Hub
from agentconsole.protocol import Join, Side

WATCH = Hub.watch


def _also(more: Any) -> Any:
    def watch(self: Hub, reader: Any, head: Any) -> None:
        WATCH(self, reader, head)
        more(self, reader, head)

    return watch


def _join(hub: Any, reader: Any, head: Any) -> None:
    hub.desk.submit(reader.actor, Join(f"observer-{reader.actor.id}", head.id), lambda made: None)


def _version(hub: Any, reader: Any, head: Any) -> None:
    now = msgspec.structs.replace(hub.board.heads[head.id], version=head.version + 1)
    hub.board.put(now)
    hub._tell_cards(now)


def _learning(self: Hub, reader: Any, head: Any) -> None:
    reader.learning.add(head.id)
    self._tell_learning(head)


def _seat(hub: Any, reader: Any, head: Any) -> None:
    hub._tell_seat(reader.actor.id)


def _row(hub: Any, reader: Any, head: Any) -> None:
    hub.desk.submit(SYSTEM, SaveMarks(((head.id, f"u{reader.actor.id}", 1, 1),)), lambda made: None)


def _marks(self: Any, reader: Any, command: Any) -> None:
    head = self._desks.hub.board.heads.get(command.chat)
    if head is not None:
        self._desks.hub.marks.put(Side.staff, head, head.pub, head.pub)


def _typing(self: Any, reader: Any, command: Any) -> None:
    head = self._desks.hub.board.heads.get(command.chat)
    if head is not None:
        self._desks.hub.typists.tell(reader.actor, head, bool(command.text))


FAULTS: dict[str, tuple[Any, str, Any]] = {
    "participant": (Hub, "watch", _also(_join)),
    "version": (Hub, "watch", _also(_version)),
    "learning": (Hub, "watch", _learning),
    "seat": (Hub, "watch", _also(_seat)),
    "row": (Hub, "watch", _also(_row)),
    "marks": (talks.StaffTalk, "_seen", _marks),
    "typing": (talks.StaffTalk, "_type", _typing),
}


if __name__ == "__main__":
    where, name, what = FAULTS[sys.argv[1]]
    setattr(where, name, what)
    sys.argv = ["agentconsole", "serve", *sys.argv[2:]]
    sys.exit(program.main())
