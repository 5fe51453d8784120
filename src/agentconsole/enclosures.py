"""Files that go along with answers and notes of tickets that are not sent yet; each is on the server already."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentconsole.protocol import FileCard

SENT_LIMIT = 200


class Enclosure(msgspec.Struct, frozen=True):
    """A file as the server keeps it, and where it came from on this machine."""

    file: FileCard
    path: str


class Enclosures:
    """By ticket, those of ``answers`` and those of private ``notes``: never the one for the other."""

    def __init__(self) -> None:
        self.answers: dict[int, list[Enclosure]] = {}
        self.notes: dict[int, list[Enclosure]] = {}
        self._sent: dict[int, Enclosure] = {}
        self._there: set[int] = set()  # files that the server has, as far as this run knows

    def of(self, ticket: int, note: bool) -> list[Enclosure]:
        """Those that go with what is being written, in the order in which they were chosen."""
        return list(self._kind(note).get(ticket, ()))

    def add(self, ticket: int, note: bool, enclosure: Enclosure) -> None:
        """One more; the server has it."""
        self._there.add(enclosure.file.id)
        self._kind(note).setdefault(ticket, []).append(enclosure)

    def drop(self, ticket: int, note: bool, file: int) -> None:
        """This one is not to go along."""
        kind = self._kind(note)
        kind[ticket] = [each for each in self.of(ticket, note) if each.file.id != file]
        if not kind[ticket]:
            del kind[ticket]

    def send(self, ticket: int, note: bool) -> None:
        """They are on their way; `back` finds them again."""
        for each in self._kind(note).pop(ticket, ()):
            self._sent[each.file.id] = each
        while len(self._sent) > SENT_LIMIT:
            del self._sent[next(iter(self._sent))]

    def back(self, ticket: int, note: bool, files: Sequence[int]) -> None:
        """What these went with was refused: they stand before what has been chosen since."""
        found = [self._sent[file] for file in files if file in self._sent]
        self._there -= {each.file.id for each in found}  # it may have been for one of them
        if found:
            self._kind(note)[ticket] = [*found, *self.of(ticket, note)]

    def unsure(self, ticket: int, note: bool) -> list[Enclosure]:
        """Those kept from an earlier run: the server may have forgotten them since."""
        return [each for each in self.of(ticket, note) if each.file.id not in self._there]

    def there(self, file: int) -> None:
        """The server has this one."""
        self._there.add(file)

    def _kind(self, note: bool) -> dict[int, list[Enclosure]]:
        return self.notes if note else self.answers
