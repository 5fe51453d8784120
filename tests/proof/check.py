"""The checker: what was acknowledged and seen, against what history says."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.proof.record import Acked, Entry, History, Record


@dataclass
class Findings:
    """Everything that must not be, a sentence each."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    inverted: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def clean(self) -> bool:
        """Nothing at all was found, and there was something to look at."""
        return self.acknowledged > 0 and not any(self.lists().values())

    def lists(self) -> dict[str, list[str]]:
        """The findings by kind."""
        kinds = ("lost", "doubled", "inverted", "phantom", "differing", "unsettled", "faults")
        return {kind: getattr(self, kind) for kind in kinds}

    def counts(self) -> dict[str, int]:
        """How many of each kind, beside how many lines were acknowledged."""
        return {"acknowledged": self.acknowledged} | {
            kind: len(found) for kind, found in self.lists().items()
        }

    def __str__(self) -> str:
        head = ", ".join(f"{kind} {count}" for kind, count in self.counts().items())
        examples = [f"  {kind}: {found[0]}" for kind, found in self.lists().items() if found]
        return "\n".join([head, *examples])


def judge(records: Iterable[Record], histories: Iterable[History]) -> Findings:
    """Compare every client's diary with the histories of all chats."""
    found = Findings()
    books = {history.chat: history for history in histories}
    for book in books.values():
        _history_is_sound(book, found)
    for record in records:
        _acknowledged_is_kept(record, books, found)
        _order_is_kept(record, books, found)
        _seen_is_true(record, books, found)
        found.unsettled += [f"{record.name}: {cid} was never answered" for cid in record.unsettled]
        found.faults += [f"{record.name}: {fault}" for fault in record.faults]
    return found


def _history_is_sound(book: History, found: Findings) -> None:
    for side, entries in (("staff", book.staff), ("visitor", book.visitor)):
        numbers = [entry.number for entry in entries]
        if numbers != list(range(1, len(numbers) + 1)):
            found.faults.append(
                f"chat {book.chat}: the numbers of {side} are not 1, 2, 3 ... but {_odd(numbers)}"
            )
        texts = Counter(entry.text for entry in entries if entry.text)
        found.doubled += [
            f"chat {book.chat}: {text!r} stands {times} times in the history of {side}"
            for text, times in texts.items()
            if times > 1
        ]
    public = [
        Entry(book.pubs.get(entry.number, 0), entry.side, entry.text)
        for entry in book.staff
        if book.pubs.get(entry.number, 0)
    ]
    if public != book.visitor:
        found.differing.append(
            f"chat {book.chat}: staff and visitor do not read the same, {_first_difference(public, book.visitor)}"
        )


def _acknowledged_is_kept(record: Record, books: dict[int, History], found: Findings) -> None:
    texts = {line.cid: line.text for line in record.sent}
    for acked in record.acked:
        found.acknowledged += 1
        text = texts.get(acked.cid)
        entries = _entries(books, acked.chat, record.side)
        entry = entries[acked.number - 1] if 0 < acked.number <= len(entries) else None
        if text is None:
            found.faults.append(f"{record.name}: {acked.cid} was acknowledged and never sent")
        elif entry is None or entry.text != text:
            where = [other.number for other in entries if other.text == text]
            if where:
                found.faults.append(
                    f"{record.name}: {text!r} was acknowledged as {acked.number} and is {where[0]}"
                )
            else:
                found.lost.append(
                    f"{record.name}: {text!r}, acknowledged as {acked.number} of chat {acked.chat}"
                )


def _order_is_kept(record: Record, books: dict[int, History], found: Findings) -> None:
    acks: dict[int, list[Acked]] = defaultdict(list)
    for acked in record.acked:
        acks[acked.chat].append(acked)
    for chat, of_chat in acks.items():
        numbers = [acked.number for acked in of_chat]
        found.inverted += _inversions(f"{record.name}: acknowledgements in chat {chat}", numbers)
        cids = Counter(acked.cid for acked in of_chat)
        found.doubled += [
            f"{record.name}: {cid} was acknowledged {n} times" for cid, n in cids.items() if n > 1
        ]
    sent: dict[int, list[int]] = defaultdict(list)
    places = {
        chat: {entry.text: entry.number for entry in _entries(books, chat, record.side)} for chat in books
    }
    for line in record.sent:
        if line.text in places.get(line.chat, {}):
            sent[line.chat].append(places[line.chat][line.text])
    for chat, numbers in sent.items():
        found.inverted += _inversions(f"{record.name}: lines sent to chat {chat}", numbers)


def _seen_is_true(record: Record, books: dict[int, History], found: Findings) -> None:
    for chat, arrived in record.arrived.items():
        entries = _entries(books, chat, record.side)
        found.inverted += _inversions(
            f"{record.name}: seen in chat {chat}", [entry.number for entry in arrived]
        )
        for entry in arrived:
            if not (0 < entry.number <= len(entries) and entries[entry.number - 1] == entry):
                found.phantom.append(f"{record.name}: saw {entry} in chat {chat}, and history has it not")
        last = arrived[-1].number if arrived else 0
        if last < len(entries):
            found.unsettled.append(f"{record.name}: chat {chat} goes to {len(entries)}, only {last} came")


def _entries(books: dict[int, History], chat: int, side: str) -> list[Entry]:
    book = books.get(chat)
    if book is None:
        return []
    return book.staff if side == "staff" else book.visitor


def _inversions(what: str, numbers: Sequence[int]) -> list[str]:
    pairs = itertools.pairwise(numbers)
    return [f"{what}: {after} came after {before}" for before, after in pairs if after <= before]


def _odd(numbers: Sequence[int]) -> str:
    for place, number in enumerate(numbers, 1):
        if number != place:
            return f"{number} at place {place}"
    return "none"


def _first_difference(ours: Sequence[Entry], theirs: Sequence[Entry]) -> str:
    for one, other in zip(ours, theirs, strict=False):
        if one != other:
            return f"first at {one} / {other}"
    return f"{len(ours)} against {len(theirs)} events"
