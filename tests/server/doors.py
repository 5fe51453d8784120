"""A house for the matrix of rights: one person for each way to stand to a chat, and the chat itself, made anew when spent."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend import sockets
from agentconsole.backend.desk import admin
from agentconsole.backend.desk.filters import SaveFilter
from agentconsole.backend.desk.rules import PutRule
from agentconsole.backend.desk.team import SetSystem
from agentconsole.backend.desk.templates import SetTemplate
from agentconsole.backend.desk.uploads import KeepFile
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.policy import Actor
from agentconsole.backend.storage import Connection, arrivals, filters, mails, rules, tickets, users, webhooks
from tests.server import site as sites
from tests.server.site import SALES, SUPPORT, Site
from tests.server.windows import StaffWindow, VisitorWindow, Window, new_cid

SPARE = 3
MAILBOX = "sales"
NOWHERE = 999_999
HOUR_MS = 3_600_000
R = p.Role
CAST: dict[str, tuple[str, list[p.Grant]]] = {
    "owner": ("ann", [p.Grant(R.agent, SALES)]),
    "colleague": ("bob", [p.Grant(R.agent, SALES)]),
    "guest": ("gus", [p.Grant(R.agent, SUPPORT)]),
    "invited": ("ivy", [p.Grant(R.agent, SUPPORT)]),
    "offered": ("olaf", [p.Grant(R.agent, SUPPORT)]),
    "agent elsewhere": ("carl", [p.Grant(R.agent, SUPPORT)]),
    "supervisor": ("sue", [p.Grant(R.supervisor, SALES), p.Grant(R.supervisor, SPARE)]),
    "supervisor elsewhere": ("sam", [p.Grant(R.supervisor, SUPPORT)]),
    "analyst": ("ada", [p.Grant(R.analyst, SALES)]),
    "analyst elsewhere": ("abe", [p.Grant(R.analyst, SUPPORT)]),
    "admin": ("root", [p.Grant(R.admin)]),
    "nobody": ("noah", []),
}
OTHERS = {
    "pat": [p.Grant(R.agent, SALES)],
    "zoe": [p.Grant(R.agent, SALES), p.Grant(R.agent, SPARE)],
    "yan": [p.Grant(R.agent, SALES)],
    "dora": [p.Grant(R.agent, SALES), p.Grant(R.supervisor, SALES)],
}
ROLES = tuple(CAST)
# Who has which right does not depend on the database, but how it is asked and answered may: one house on each.
HOUSES = pytest.mark.parametrize(
    "database_url, team_too",
    [("sqlite", False), pytest.param("postgres", True, marks=pytest.mark.postgres)],
    indirect=["database_url"],
    ids=["sqlite", "postgres"],
)


class House:
    """The site, a console for each role, and `chat`: owned, with a guest, somebody invited, offered to another."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.windows: dict[str, StaffWindow] = {}
        self.vera: VisitorWindow
        self.users: dict[str, int] = {}
        self.chat = self.waiting = self.plain = self.ticket = self.other = self.file = self.filter = (
            self.rule
        ) = 0
        self.mail = self.prisoner = self.webhook = 0
        self._pristine: dict[int, Any] = {}
        self._rows: tuple[Any, ...] = ()

    async def furnish(self) -> None:
        """Everybody comes; one left message, one canned reply, messages and feedback lie about."""
        order = self.site.order
        await order(SetSystem(1_000))
        await order(admin.SetDepartment("support", offer_s=3_600))
        await order(admin.AddDepartment("spare"))
        await order(SetTemplate(p.MailKind.acknowledgement, "TEMPLATESECRET", "x", "sales"))
        await order(admin.DisableUser("dora"))
        self.users = {user.name: user.id for user in self.site.hub.board.users.values()}
        for role, (name, _) in CAST.items():
            self.windows[role] = await self.site.staff(name) if role != "nobody" else await self._greet(name)
        self.pat = await self.site.staff("pat")
        self.file = await self._file()
        self.mail, self.prisoner = await asyncio.to_thread(self._mails)
        self.webhook = await asyncio.to_thread(self._webhook)

    async def _greet(self, name: str) -> StaffWindow:
        window = await self.site.staff(name, greet=False)
        await window.greet()
        return window

    def user(self, role: str) -> int:
        """The id of who plays this role."""
        return self.users[CAST[role][0]]

    async def fresh(self) -> None:
        """What was spent by the question before is made anew."""
        heads = self.site.hub.board.heads
        if not self._same(self.chat):
            self.chat = await self._running(called=True)
        if not self._same(self.plain):
            self.plain = await self._running(called=False)
        if not self._same(self.waiting):
            _, self.waiting = await self.site.chat(email="w@x.example")
        for key in (self.chat, self.plain, self.waiting):
            self._pristine[key] = heads[key]
        if self._rows and self._rows == await self.site.hub.database.read(self._read):
            return
        self.filter = await self._filter()
        self.rule = await self._rule()
        self.webhook = await asyncio.to_thread(self._webhook)
        self.ticket, self.other = await self._ticket(), await self._ticket()
        self._rows = await self.site.hub.database.read(self._read)

    def _read(self, connection: Connection) -> tuple[Any, ...]:
        """What may be spent, as it stands now; the board has the chats."""
        return (
            filters.one(connection, self.filter),
            rules.one(connection, self.rule),
            webhooks.one(connection, self.webhook),
            tickets.one(connection, self.ticket),
            tickets.one(connection, self.other),
        )

    def _mails(self) -> tuple[int, int]:
        """A mail to the customer of which nobody knows whether it arrived, and one in quarantine."""
        mail = mails.Mail(
            id=0,
            ticket=self.ticket,
            department=SALES,
            kind=p.MailKind.answer,
            recipient="tim@x.example",
            subject="MAILSECRET",
            state=p.MailState.unknown,
            at=1,
            message_id="<1@x.example>",
        )
        card = p.QuarantineCard(1, MAILBOX, 1, "PRISONSECRET")
        with self.site.hub.database.writer_engine.begin() as connection:
            return (
                mails.queue(connection, mail, b"Subject: MAILSECRET\r\n\r\nx"),
                arrivals.detain(connection, card, b"x", b"Subject: PRISONSECRET\r\n\r\nx"),
            )

    def _webhook(self) -> int:
        """A call to another system that was given up."""
        body = '{"rule": "HOOKSECRET", "event": "rating_given"}'
        hook = webhooks.Webhook(0, "https://x.example/", body, 1, department=SALES, chat=1)
        with self.site.hub.database.writer_engine.begin() as connection:
            webhooks.add(connection, hook)
            added = webhooks.due(connection, 1, 1)[0]
            webhooks.save(connection, msgspec.structs.replace(added, next_at=0))
        return added.id

    async def _actor(self, role: str) -> Actor:
        def read(connection: Connection) -> Actor:
            found = users.by_id(connection, self.user(role))
            assert found is not None
            return users.actor_of(connection, found)

        return await self.site.hub.database.read(read)

    async def _filter(self) -> int:
        wish = SaveFilter("FILTERSECRET", p.TicketQuery(), SALES)
        made = await self.site.desk.handle(await self._actor("supervisor"), wish)
        return int(made.about)

    async def _rule(self) -> int:
        wish = p.RuleWish("RULESECRET", p.RuleEvent.rating_given, ["notify #sales"], department=SALES)
        return int((await self.site.order(PutRule(wish))).about)

    async def _file(self) -> int:
        """A file in a note on the ticket."""
        ann = self.windows["owner"]
        ticket = await self._ticket()
        kept = KeepFile("secret.txt", "text/plain", b"FILESECRET")
        made = await self.site.desk.handle(await self._actor("owner"), kept)
        await ann.done(p.NoteTicket(new_cid(), ticket, "see the file", [made.about]))
        return int(made.about)

    async def _ticket(self) -> int:
        text = "TICKETSECRET"
        made = await self.site.order(
            p.NewTicket(new_cid(), SALES, text, f"{text}\nand more", email="tim@x.example")
        )
        return int(made.about)

    def _same(self, key: int) -> bool:
        return key != 0 and self.site.hub.board.heads.get(key) == self._pristine.get(key)

    async def _running(self, called: bool) -> int:
        ann, gus = self.windows["owner"], self.windows["guest"]
        vera, chat = await self.site.chat(email="vera@x.example", text="CHATSECRET", topic="Prices")
        await ann.done(p.Take(new_cid(), chat))
        await ann.done(p.Invite(new_cid(), chat, self.user("guest")))
        await gus.done(p.Join(new_cid(), chat))
        await ann.done(p.Invite(new_cid(), chat, self.user("invited")))
        if called:
            self.vera = vera
            await ann.done(p.Transfer(new_cid(), chat, self.user("offered"), SUPPORT, "NOTESECRET"))
        return chat

    async def settle(self) -> None:
        """Everybody has heard all that was said so far."""
        await asyncio.gather(*(window.settle() for window in self.windows.values()))


@asynccontextmanager
async def house(url: str, data: Path, team: bool) -> AsyncIterator[House]:
    """The house of one test, its department open to colleagues or not."""
    grants: Mapping[str, list[p.Grant]] = {**dict(CAST.values()), **OTHERS}
    patient = mock.patch.object(
        sockets, "DEAD_AFTER", HOUR_MS
    )  # most windows only listen, however long it takes
    with mock.patch.dict(sites.GRANTS, grants, clear=True), patient:
        settings = {"team": team, "offer_ms": HOUR_MS, "guests": 9, "mailing": Mailing(mailbox=MAILBOX)}
        async with sites.running(url, data, settings) as site:
            found = House(site)
            await found.furnish()
            yield found


async def answered(window: Window, command: Any) -> bytes:
    """The answer to a command as bytes, without the ids that were sent."""
    answer = await window.ask(command)
    (raw,) = [data for data, frame in zip(window.raw, window.frames, strict=True) if frame is answer]
    chat = getattr(command, "chat", 0)
    raw = raw.replace(command.cid.encode(), b"CID")
    return raw.replace(b'"chat":%d' % chat, b'"chat":ID') if chat else raw
