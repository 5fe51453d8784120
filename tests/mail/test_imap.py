"""Fetching mail from a real IMAP server: nothing is marked as read before its commit, nothing is missed, nothing comes twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.desk import Desk
from agentconsole.backend.desk.receiving import ReceiveMail
from agentconsole.backend.domain.letter import MAX_BYTES
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.mail.imap import FAILURES, TRIES, Fetcher, probe
from agentconsole.backend.mail.intake import Intake
from agentconsole.backend.mail.settings import Mailbox, Server, Tls
from agentconsole.backend.secret import NoPassword
from agentconsole.backend.storage import arrivals, departments, tickets
from agentconsole.backend.storage.database import Database
from tests.storage.house import NOW, SALES, House
from tests.waiting import async_until

from .corpus import CASES
from .corpus.case import DESK, from_anna, mail
from .dovecot import PASSWORD, Dovecot, prepared

pytestmark = pytest.mark.imap
USER = "help"


@pytest.fixture
def plain_server() -> Iterator[Dovecot]:
    """A mail server of few words, to be started and stopped by its test."""
    with prepared() as dovecot:
        yield dovecot


class Site:
    """A desk with its database, and an intake."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
        self.database = Database(f"sqlite:///{folder / 'desk.db'}", folder)
        self.database.migrate()
        House(self.database)
        with self.database.writer_engine.begin() as connection:
            found = departments.one(connection, SALES)
            assert found is not None
            departments.save(
                connection, msgspec.structs.replace(found, mailing=Mailing(DESK, mailbox="main"))
            )
        self.desk = Desk(self.database, lambda: NOW, lambda made: None)
        self.intake = Intake(self.database, self.desk)

    async def subjects(self) -> list[str]:
        """The subjects of all tickets, in order."""
        query = p.TicketQuery(status="", order="oldest", limit=200)
        _, found = await self.database.read(lambda db: tickets.page(db, query, None, 0))
        return [ticket.subject for ticket in found]

    async def has(self, *subjects: str) -> None:
        """Wait until these are the tickets."""
        await async_until(lambda: self._are(list(subjects)), what=f"tickets {subjects}")

    async def has_all(self, *subjects: str) -> None:
        """Wait, for a server that takes long pauses, until these are the tickets in whatever order."""
        await async_until(lambda: self._are_all(set(subjects)), seconds=60, what=f"tickets {subjects}")

    async def _are_all(self, subjects: set[str]) -> bool:
        return set(await self.subjects()) == subjects

    async def _are(self, subjects: list[str]) -> bool:
        return await self.subjects() == subjects

    async def detained(self) -> list[p.QuarantineCard]:
        """What lies in quarantine."""
        return await self.database.read(lambda db: arrivals.detained(db, None))


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """A site, closed afterwards."""
    made = Site(tmp_path, monkeypatch)
    yield made
    await made.intake.close()
    await made.desk.writer.drain()
    made.desk.writer.close()
    made.database.close()


def box(server: Dovecot, user: str, tls: Tls = Tls.none, **fields: Any) -> Mailbox:
    """The settings of a mailbox there."""
    port = server.tls_port if tls is Tls.tls else server.port
    ca_file = "" if tls is Tls.none else server.ca_file
    half = Server("localhost", port, tls, user, password_env="MAIL_PASSWORD", ca_file=ca_file)
    return Mailbox("main", imap=half, **{"poll_s": 1, **fields})


@asynccontextmanager
async def fetching(mailbox: Mailbox, site: Site) -> AsyncIterator[Fetcher]:
    """While the block lasts, this mailbox is fetched."""
    fetcher = Fetcher(mailbox, site.intake)
    fetcher.least_pause = 0.05
    task = asyncio.create_task(fetcher.run())
    try:
        yield fetcher
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def letter(subject: str) -> bytes:
    """A mail with this subject."""
    return mail(from_anna(subject, subject.replace(" ", "-")), f"About {subject}")


@pytest.mark.parametrize("tls", [Tls.none, Tls.starttls, Tls.tls])
async def test_what_waits_is_fetched_and_what_comes_is_told(dovecot: Dovecot, site: Site, tls: Tls) -> None:
    user = f"all-{tls}"
    dovecot.deliver(user, letter("one"), letter("two"))
    async with fetching(box(dovecot, user, tls), site) as fetcher:
        await site.has("one", "two")
        await async_until(lambda: fetcher.standing.taken == 2)
        dovecot.deliver(user, letter("three"))
        await site.has("one", "two", "three")
        await async_until(lambda: fetcher.standing.taken == 3)
        assert fetcher.standing.connected
    assert all(b"\\Seen" in each for each in dovecot.flags(user))


async def test_new_mail_is_told_by_the_server_and_not_looked_for(dovecot: Dovecot, site: Site) -> None:
    async with fetching(box(dovecot, "idle", poll_s=3600), site) as fetcher:
        fetcher.idle_seconds = 3600
        await async_until(lambda: fetcher.standing.connected)
        for n in range(5):
            dovecot.deliver("idle", letter(f"n{n}"))
            await site.has(*(f"n{k}" for k in range(n + 1)))


async def test_without_idle_it_looks_every_so_often(plain_server: Dovecot, site: Site) -> None:
    plain_server.start(capability="IMAP4rev1 LITERAL+ STARTTLS AUTH=PLAIN UIDPLUS")
    async with fetching(box(plain_server, USER, done="Done"), site) as fetcher:
        await async_until(lambda: fetcher.standing.connected)
        plain_server.deliver(USER, letter("polled"))
        await site.has("polled")
        await async_until(lambda: fetcher.standing.taken == 1)
    assert len(plain_server.flags(USER, "Done")) == 1
    with plain_server.mailbox(USER) as person:
        assert person.search(None, "UNDELETED")[1] == [b""]


async def test_what_was_taken_in_goes_to_its_folder(dovecot: Dovecot, site: Site) -> None:
    dovecot.deliver("mover", letter("one"), letter("two"))
    async with fetching(box(dovecot, "mover", done="Tickets"), site) as fetcher:
        await async_until(lambda: fetcher.standing.taken == 2)
    assert len(dovecot.flags("mover", "Tickets")) == 2
    assert dovecot.flags("mover") == []


async def test_nothing_is_marked_as_read_before_the_commit(
    dovecot: Dovecot, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server cannot write for a while; nothing is lost, nothing is marked, nobody needs to do anything."""
    dovecot.deliver("busy", letter("one"), letter("two"))
    handle = site.desk.handle
    refused = 0

    async def full(actor: Any, command: Any) -> Any:
        nonlocal refused
        if not isinstance(command, ReceiveMail):
            return await handle(actor, command)
        refused += 1
        raise site_busy()

    monkeypatch.setattr(site.desk, "handle", full)
    async with fetching(box(dovecot, "busy"), site):
        await async_until(lambda: refused > 2 * TRIES, seconds=60)
        assert not any(b"\\Seen" in each for each in dovecot.flags("busy"))
        monkeypatch.setattr(site.desk, "handle", handle)
        await site.has_all("one", "two")
    assert await site.detained() == [], "it was no fault of theirs"


async def test_a_mail_that_the_server_cannot_write_keeps_no_other_waiting(
    dovecot: Dovecot, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk may have room for the next one."""
    dovecot.deliver("full", letter("large"), letter("small"))
    take = site.intake.take
    room = asyncio.Event()

    async def full(raw: bytes, mailbox: str) -> str:
        if b"large" in raw and not room.is_set():
            raise site_busy()
        return await take(raw, mailbox)

    monkeypatch.setattr(site.intake, "take", full)
    async with fetching(box(dovecot, "full"), site):
        await site.has_all("small")
        room.set()
        await site.has_all("small", "large")
    assert await site.detained() == []


def site_busy() -> Exception:
    """What the desk says when its disk is full."""
    from agentconsole.backend.domain.life import Refusal

    return Refusal(p.Code.busy, "The server cannot write just now; nothing is lost if you send it again.")


class Broken(msgspec.Struct):
    """A command that the desk cannot carry out."""


async def test_killed_between_commit_and_mark_it_is_one_ticket(
    dovecot: Dovecot, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver("crash", letter("one"))
    take: Callable[..., Any] = site.intake.take
    taken = asyncio.Event()

    async def then_die(raw: bytes, mailbox: str) -> str:
        await take(raw, mailbox)
        taken.set()
        return await asyncio.Event().wait()  # type: ignore[return-value]

    monkeypatch.setattr(site.intake, "take", then_die)
    async with fetching(box(dovecot, "crash"), site):
        await asyncio.wait_for(taken.wait(), 10)
    assert not any(b"\\Seen" in each for each in dovecot.flags("crash"))
    monkeypatch.setattr(site.intake, "take", take)
    async with fetching(box(dovecot, "crash"), site) as fetcher:
        await async_until(lambda: fetcher.standing.taken == 1)
    assert await site.subjects() == ["one"]


async def test_a_mail_that_somebody_read_meanwhile_is_not_missed(dovecot: Dovecot, site: Site) -> None:
    async with fetching(box(dovecot, "webmail"), site) as fetcher:
        await async_until(lambda: fetcher.standing.connected)
        dovecot.deliver("webmail", letter("one"))
        await site.has("one")
        await async_until(lambda: fetcher.standing.taken == 1)
    dovecot.deliver("webmail", letter("two"))
    with dovecot.mailbox("webmail") as person:
        person.store("2", "+FLAGS", "\\Seen")
    async with fetching(box(dovecot, "webmail"), site):
        await site.has("one", "two")


async def test_mail_that_was_read_before_the_first_connection_is_left_alone(
    dovecot: Dovecot, site: Site
) -> None:
    dovecot.deliver("old", letter("old"), letter("new"))
    with dovecot.mailbox("old") as person:
        person.store("1", "+FLAGS", "\\Seen")
    async with fetching(box(dovecot, "old"), site) as fetcher:
        await site.has("new")
        await async_until(lambda: fetcher.standing.taken == 1)


async def test_the_mail_server_goes_and_comes_again(plain_server: Dovecot, site: Site) -> None:
    plain_server.start()
    async with fetching(box(plain_server, USER), site) as fetcher:
        await async_until(lambda: fetcher.standing.connected)
        plain_server.stop()
        await async_until(lambda: not fetcher.standing.connected)
        assert "no connection" in fetcher.standing.text
        plain_server.start()
        plain_server.deliver(USER, letter("after"))
        await site.has("after")
        assert fetcher.standing.connected


async def test_what_cannot_be_read_stops_nobody(dovecot: Dovecot, site: Site) -> None:
    broken = [case.raw for case in CASES if case.name in ("nested-3000", "flat-2000", "no-from")]
    dovecot.deliver("broken", broken[0], letter("one"), broken[1], broken[2], letter("two"))
    async with fetching(box(dovecot, "broken"), site) as fetcher:
        await async_until(lambda: fetcher.standing.taken == 5)
    assert await site.subjects() == ["one", "two"]
    assert len(await site.detained()) == 3


async def test_a_mail_that_is_too_large_is_not_fetched_whole(dovecot: Dovecot, site: Site) -> None:
    huge = letter("huge") + b"x" * 78 + (b"\r\n" + b"x" * 78) * (MAX_BYTES // 80 + 40_000)
    dovecot.deliver("huge", huge, letter("small"))
    async with fetching(box(dovecot, "huge"), site) as fetcher:
        await async_until(lambda: fetcher.standing.taken == 2, seconds=30)
    assert await site.subjects() == ["small"]
    (card,) = await site.detained()
    assert card.size == MAX_BYTES + 1 < len(huge)


async def test_a_mail_that_the_desk_stumbles_over_goes_into_quarantine(
    dovecot: Dovecot, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver("poison", letter("poison"), letter("good"))
    take = site.intake.take

    async def stumble(raw: bytes, mailbox: str) -> str:
        if b"poison" in raw:
            await site.desk.handle(SYSTEM, Broken())
        return await take(raw, mailbox)

    monkeypatch.setattr(site.intake, "take", stumble)
    async with fetching(box(dovecot, "poison"), site):
        await site.has("good")
    (card,) = await site.detained()
    assert "went wrong" in card.reason


async def test_what_does_not_work_is_said(
    dovecot: Dovecot, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver("probe", letter("one"))
    told = await asyncio.to_thread(probe, box(dovecot, "probe", Tls.tls))
    assert "INBOX: 1 unread" in told
    assert not any(b"\\Seen" in each for each in dovecot.flags("probe"))
    untrusted = msgspec.structs.replace(box(dovecot, "probe", Tls.tls).imap, ca_file="")  # type: ignore[type-var]
    with pytest.raises(FAILURES, match="certificate"):
        await asyncio.to_thread(probe, Mailbox("main", imap=untrusted))
    monkeypatch.setenv("MAIL_PASSWORD", "wrong")
    with pytest.raises(FAILURES, match=r"(?i)auth"):
        await asyncio.to_thread(probe, box(dovecot, "probe"))
    async with fetching(box(dovecot, "probe"), site) as fetcher:
        await async_until(lambda: "refused the login" in fetcher.standing.text)
    monkeypatch.delenv("MAIL_PASSWORD")
    with pytest.raises(NoPassword):
        await asyncio.to_thread(probe, box(dovecot, "probe"))
