"""What the actions of a ticket's files and mails do: attach, save, show all of a mail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agentconsole import attachments, ticket_words
from agentconsole.actions import Unfit
from agentconsole.enclosures import Enclosure
from agentconsole.protocol import MAX_FILES, Answered, FileCard, Mailed, TicketEntry, TicketNoted, Wrote
from agentconsole.screens.ask import Ask
from agentconsole.screens.choice import Choice, Option
from agentconsole.screens.finder import Finder, Item
from agentconsole.screens.reader import Reader

if TYPE_CHECKING:
    from agentconsole.screens.deeds import Deeds


class TicketFiles:
    """Methods are named after the actions."""

    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds
        self.app = deeds.app

    async def attach(self) -> None:
        """Send a file along."""
        view = self.app.main.ticket
        if not view.card:
            raise Unfit("No ticket is open. K lists them.")
        ticket, note = view.ticket, view.note
        if view.attached and not await self._another(ticket, note, view.attached):
            return
        if len(view.attached) >= MAX_FILES:
            raise Unfit(f"Up to {MAX_FILES} files go with one answer.")
        written = await self.deeds.ask(Ask("Send which file along?", "Its path on this machine:"))
        if not written or not written.strip():
            return
        try:
            name, data, kind = await asyncio.to_thread(attachments.read, written)
        except attachments.BadFile as problem:
            raise Unfit(str(problem)) from problem
        self.app.tell(f"Sending {name} to the server …")
        card = await self.app.main.work.reads.upload(name, data, kind)
        self.app.main.work.enclose(ticket, note, Enclosure(card, str(attachments.place(written))))
        view.vanished.pop(ticket, None)
        view.redraw()
        what = f"your next {'note' if note else 'answer'} in #{ticket}"
        self.app.tell(f"{name} goes along with {what}.")

    async def _another(self, ticket: int, note: bool, attached: Sequence[FileCard]) -> bool:
        """True if one more is wanted; else one that is here may have been left out."""
        options = [Option("", "another", "send one more along")]
        options += [Option(str(file.id), "leave out", file.name) for file in attached]
        chosen = await self.deeds.ask(Choice("Files that go along", options))
        if chosen:
            self.app.main.work.leave_out(ticket, note, int(chosen))
            self.app.main.ticket.redraw()
        return chosen == ""

    async def ticket_files(self) -> None:
        """Save a file, or a mail as it came."""
        view = self.app.main.ticket
        ticket, entries = view.ticket, self._entries()
        files = {f"f{file.id}": (entry, file) for entry in entries for file in _files(entry)}
        mails = {f"m{entry.seq}": entry for entry in _with_mail(entries)}
        if not files and not mails:
            raise Unfit("This ticket has no files.")
        items = [
            Item(key, file.name, f"{ticket_words.size(file.size)} {file.type}, from {entry.by.name}")
            for key, (entry, file) in reversed(files.items())
        ]
        items += [
            Item(key, _eml(ticket, entry), f"the mail of {entry.by.name or 'the customer'}, byte for byte")
            for key, entry in reversed(mails.items())
        ]
        chosen = await self.deeds.ask(Finder("Save which file? Nothing is opened or run.", items))
        if chosen is None:
            return
        name = files[chosen][1].name if chosen in files else _eml(ticket, mails[chosen])
        folder = await self.deeds.ask(
            Ask(f"Save {attachments.safe_name(name)} in", "", str(attachments.usual_folder()))
        )
        if not folder or not folder.strip():
            return
        reads = self.app.main.work.reads
        if chosen in files:
            data = await reads.file(files[chosen][1].id)
        else:
            data = await reads.raw_mail(ticket, mails[chosen].seq)
        try:
            path = await asyncio.to_thread(attachments.save, folder, name, data)
        except attachments.BadFile as problem:
            raise Unfit(str(problem)) from problem
        self.app.tell(f"Saved as {path}.")

    def _entries(self) -> Sequence[TicketEntry]:
        thread = self.app.store.tickets.threads.get(self.app.main.ticket.ticket)
        return thread.entries if thread else ()

    async def whole_mail(self) -> None:
        """All of a mail."""
        view = self.app.main.ticket
        entry = self._mail()
        text = await self.app.main.work.reads.mail(view.ticket, entry.seq)
        await self.deeds.ask(Reader(f"The whole mail of {entry.by.name or 'the customer'}", text))

    def _mail(self) -> TicketEntry:
        """The event under the cursor if it has a mail, else the newest one that has."""
        view = self.app.main.ticket
        mails = _with_mail(self._entries())
        line = view.transcript.picked
        seq = (
            int(str(line.key).rpartition(" ")[2])
            if line and str(line.key).rpartition(" ")[2].isdecimal()
            else 0
        )
        if found := next((entry for entry in mails if entry.seq == seq), None):
            return found
        if not mails or seq:
            raise Unfit("No mail belongs to this." if seq else "Nothing here came or went by e-mail.")
        return mails[-1]


def _with_mail(entries: Iterable[TicketEntry]) -> list[TicketEntry]:
    return [
        entry for entry in entries if isinstance(entry.what, Wrote | Answered | Mailed) and entry.what.mail
    ]


def _eml(ticket: int, entry: TicketEntry) -> str:
    return f"ticket-{ticket}-{entry.seq}.eml"


def _files(entry: TicketEntry) -> list[FileCard]:
    return entry.what.files if isinstance(entry.what, Wrote | Answered | TicketNoted) else []
