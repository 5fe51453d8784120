"""Customers, saved filters, the outbox and the quarantine over REST, on the real server."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from agentconsole import protocol as p
from agentconsole.backend.storage import arrivals, letters
from tests.server.site import GRANTS, SALES, SUPPORT
from tests.server.ticket_desk import MAILING, Desk, desk
from tests.server.windows import new_cid


async def card(d: Desk, who: str, email: str) -> p.CustomerCard:
    """The customer's card as somebody sees it."""
    answer = await d.ask(who, "GET", "/api/customers", params={"email": email})
    assert answer.is_success, answer.text
    return msgspec.json.decode(answer.content, type=p.CustomerCard)


async def merge(d: Desk, who: str, email: str, into: str) -> Any:
    """The answer to a merge."""
    return await d.ask(who, "POST", "/api/customers/merge", {"email": email, "into": into})


async def test_one_card_for_all_that_a_customer_did(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        ann = await d.site.staff("ann")
        _, chat = await d.site.chat(ann, email="kim@x.example", name="Kim", text="hello")
        await ann.done(p.NoteCustomer(new_cid(), chat, "likes tea"))
        await ann.done(p.Close(new_cid(), chat))
        first = await d.new()
        elsewhere = await d.new("carl", department=SUPPORT, name="Kim Elsewhere", subject="Secret")
        seen = await card(d, "ann", " KIM@x.example ")
        assert ([each.chat for each in seen.chats], seen.name) == ([chat], "Kim")
        assert [each.ticket for each in seen.tickets] == [first]
        assert [note.text for note in seen.notes] == ["likes tea"]
        theirs = await card(d, "carl", "kim@x.example")
        assert ([each.ticket for each in theirs.tickets], theirs.chats, theirs.notes) == ([elsewhere], [], [])
        assert theirs.name == "Kim Elsewhere"
        nothing = await d.ask("root", "GET", "/api/customers", params={"email": "kim@x.example"})
        unknown = await d.ask("root", "GET", "/api/customers", params={"email": "pat@x.example"})
        assert nothing.content.replace(b"kim@", b"pat@") == unknown.content
        await d.new(email="")
        assert await card(d, "ann", " ") == p.CustomerCard("", "", [], []), "nobody is not somebody"
        _, second = await d.site.chat(ann, email="kim@x.example", name="Kim again")
        answer = await d.ask("ann", "GET", f"/api/chats/{second}/customer")
        here = msgspec.json.decode(answer.content, type=p.CustomerCard)
        assert ([each.chat for each in here.chats], here.name) == ([chat], "Kim again")
        assert [each.ticket for each in here.tickets] == [first]


async def test_cards_of_two_addresses_are_merged_by_their_supervisor(
    database_url: str, tmp_path: Path
) -> None:
    async with desk(database_url, tmp_path) as d:
        sue = await d.site.staff("sue")
        first, second = await d.new(), await d.new(email="kim@home.example", name="Kim")
        await d.new("carl", department=SUPPORT, email="pat@x.example")
        assert await d.refused("ann", "POST", f"/{first}/merge", {"into": second}) == "invalid"
        for who, into in (("ann", "kim@home.example"), ("sue", "pat@x.example"), ("sue", "nobody@x.example")):
            answer = await merge(d, who, "kim@x.example", into)
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown")
        assert (await merge(d, "sue", "not an address", "kim@x.example")).json()["code"] == "invalid"
        assert (await merge(d, "sue", "kim@x.example", "kim@home.example")).is_success
        assert (await merge(d, "sue", "kim@x.example", "kim@home.example")).is_success, "it is so already"
        for email in ("kim@x.example", "kim@home.example"):
            assert [each.ticket for each in (await card(d, "bob", email)).tickets] == [second, first]
        cards = [(await d.show("ann", key)).card for key in (first, second)]
        assert cards[0].customer == cards[1].customer
        assert await sue.expect(p.TicketCard, ticket=first, version=cards[0].version) == cards[0]
        await d.do("ann", "POST", f"/{first}/merge", {"into": second})
        (line,) = await d.site.hub.database.read(lambda db: letters.recorded(db, 10, "kim@x.example"))
        assert (line["actor"], line["deed"]) == ("sue", "customers merged")


async def test_filters_of_mine_and_of_a_department(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:

        async def save(who: str, name: str, department: int = 0, **query: Any) -> Any:
            body = {"name": name, "query": query, "department": department}
            return await d.http.put("/api/filters", json=body, headers=d.token(who))

        async def names(who: str) -> list[str]:
            return [each["name"] for each in await d.do(who, "GET", "/api/filters")]

        mine = (await save("ann", "Mine", assignee="me", order="oldest")).json()
        assert (await save("ann", " Mine ", tag="vip")).json()["id"] == mine["id"], "the same name replaces"
        ours = (await save("sue", "Urgent", SALES, priority="urgent")).json()
        assert (await names("ann"), await names("bob")) == (["Mine", "Urgent"], ["Urgent"])
        assert (await names("carl"), await names("ada"), await names("root")) == ([], ["Urgent"], [])
        kept = msgspec.convert((await d.do("ann", "GET", "/api/filters"))[0], p.TicketFilter)
        assert kept == p.TicketFilter(mine["id"], "Mine", p.TicketQuery(tag="vip"), owner=1)
        for who, department, query, code in (
            ("ann", SALES, {}, "unknown"),
            ("sue", SUPPORT, {}, "unknown"),
            ("sue", 999, {}, "unknown"),
            ("root", 0, {}, "unknown"),
            ("ann", 0, {"status": "happy"}, "invalid"),
            ("ann", 0, {"order": "random"}, "bad_frame"),
            ("ann", 0, {"text": "a\0b"}, "invalid"),
        ):
            assert (await save(who, "x", department, **query)).json()["code"] == code
        for who, key in (("bob", mine["id"]), ("ann", ours["id"]), ("carl", ours["id"]), ("ann", 999)):
            assert await d.refused(who, "DELETE", f"/api/filters/{key}") == "unknown"
        await d.do("ann", "DELETE", f"/api/filters/{mine['id']}")
        await d.do("sue", "DELETE", f"/api/filters/{ours['id']}")
        assert (await names("ann"), await names("sue")) == ([], [])


async def test_the_outbox_is_the_supervisors(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new()
        await d.reply("ann", number)
        (mail,) = (await d.show("ann", number)).mails
        assert [each["id"] for each in await d.do("sue", "GET", "/api/mails")] == [mail.id]
        for parameters in ({"state": "queued,failed"}, {"ticket": number}):
            assert len(await d.do("sue", "GET", "/api/mails", params=parameters)) == 1
        assert await d.do("sue", "GET", "/api/mails", params={"state": "bounced", "ticket": number}) == []
        assert await d.refused("sue", "GET", "/api/mails", params={"state": "lost"}) == "invalid"
        assert await d.refused("sue", "GET", "/api/mails", params={"ticket": 999}) == "unknown"
        for who in ("ann", "carl", "ada", "root"):
            assert await d.do(who, "GET", "/api/mails") == []

        async def settle(who: str, what: str) -> Any:
            return await d.http.post(
                f"/api/mails/{mail.id}/settle", json={"what": what}, headers=d.token(who)
            )

        assert (await settle("ann", "withdraw")).json()["code"] == "unknown"
        assert (await settle("sue", "sent")).json()["code"] == "not_now"
        assert (await settle("sue", "withdraw")).status_code == 204
        assert (await d.show("ann", number)).card.mail == "withdrawn"
        await d.do("sue", "PATCH", f"/{number}", {"department": SUPPORT})
        assert await d.do("sue", "GET", "/api/mails") == [], "a mail is where its ticket is"


async def test_what_lies_in_quarantine_is_let_go(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        raw = b"From: kim@x.example\r\nSubject: Help\r\nDate: x\r\n\r\nPlease.\r\n"
        await d.detain(raw, "too many parts")
        (jailed,) = await d.do("sue", "GET", "/api/quarantine")
        assert (jailed["mailbox"], jailed["size"]) == (MAILING.mailbox, len(raw))
        for who in ("ann", "carl", "root"):
            assert await d.do(who, "GET", "/api/quarantine") == []

        async def release(who: str, key: int, **body: Any) -> Any:
            path = f"/api/quarantine/{key}/release"
            return await d.http.post(path, json=body, headers=d.token(who))

        for who, key, body in (
            ("ann", jailed["id"], {}),
            ("carl", jailed["id"], {}),
            ("sue", 999, {}),
            ("sue", jailed["id"], {"department": SUPPORT}),
        ):
            assert (await release(who, key, **body)).json()["code"] == "unknown"
        loop = p.QuarantineCard(
            1, MAILING.mailbox, d.site.desk.clock(), "a loop", "kim@x.example", "Away", 1, ignored=True
        )
        with d.site.hub.database.writer_engine.begin() as connection:
            arrivals.detain(connection, loop, b"loop", b"From: kim@x.example\r\nSubject: Away\r\n\r\nx\r\n")
        wish = {"params": {"ignored": "true"}}
        assert await d.do("carl", "GET", "/api/quarantine", **wish) == []
        (ignored,) = await d.do("sue", "GET", "/api/quarantine", **wish)
        assert (ignored["reason"], ignored["ignored"]) == ("a loop", True)
        assert len(await d.do("sue", "GET", "/api/quarantine")) == 1
        freed = (await release("sue", ignored["id"])).json()
        assert (await d.show("ann", freed["ticket"])).card.subject == "Away"
        with d.site.hub.database.writer_engine.begin() as connection:
            key = arrivals.detain(connection, msgspec.structs.replace(loop, sender="x"), b"again", raw)
        for who, code in (("ann", "unknown"), ("carl", "unknown")):
            refused = await d.http.post(f"/api/quarantine/{key}/discard", headers=d.token(who))
            assert refused.json()["code"] == code
        for _ in range(2):
            gone = await d.do("sue", "POST", f"/api/quarantine/{key}/discard")
            assert gone["discarded_by"] == "Sue"
        assert (await release("sue", key)).json()["code"] == "not_now"
        done = (await release("sue", jailed["id"])).json()
        assert done["released_by"] == "Sue"
        assert (await d.show("ann", done["ticket"])).card.subject == "Help"
        assert (await release("sue", jailed["id"])).json()["code"] == "not_now"


async def test_what_lies_in_quarantine_is_read_before_anything_is_decided(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        plain = b"From: kim@x.example\r\nSubject: Help\r\n\r\nPlease.\r\n"
        deep = b"From: kim@x.example\r\n" + b"Received: x\r\n" * 100 + b"\r\nBuy this!\r\n"
        for raw in (plain, deep):
            await d.detain(raw, "a reason")
        second, first = [card["id"] for card in await d.do("sue", "GET", "/api/quarantine")]

        async def whole(who: str, key: int) -> httpx.Response:
            return await d.http.get(f"/api/quarantine/{key}/whole", headers=d.token(who))

        answer = await whole("sue", first)
        assert (answer.status_code, answer.text.strip()) == (200, "Please.")
        assert answer.headers["content-disposition"].startswith("attachment")
        unread = (await whole("sue", second)).text
        assert unread.startswith("This mail could not be read.")
        assert "Buy this!" in unread
        for who, key in (("ann", first), ("carl", first), ("root", first), ("sue", 999)):
            assert (await whole(who, key)).json()["code"] == "unknown"
        assert not [card for card in await d.do("sue", "GET", "/api/quarantine") if card.get("released_at")]
        await d.do("sue", "POST", f"/api/quarantine/{first}/discard")
        assert (await whole("sue", first)).json()["code"] == "not_now"


async def test_what_came_into_a_mailbox_of_nobody_is_not_lost(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GRANTS, "mia", [p.Grant(p.Role.supervisor)])
    async with desk(sqlite_url, tmp_path) as d:
        raw = b"From: kim@x.example\r\nSubject: Help\r\nDate: x\r\n\r\nPlease.\r\n"
        await d.detain(raw, "No department gets its mail from this mailbox.", mailbox="old")
        assert await d.do("sue", "GET", "/api/quarantine") == []
        (jailed,) = await d.do("mia", "GET", "/api/quarantine")
        path = f"/api/quarantine/{jailed['id']}/release"
        for who, body, code in (("sue", {"department": SALES}, "unknown"), ("mia", {}, "invalid")):
            refused = await d.http.post(path, json=body, headers=d.token(who))
            assert refused.json()["code"] == code
        done = await d.http.post(path, json={"department": SALES}, headers=d.token("mia"))
        assert (await d.show("ann", done.json()["ticket"])).card.subject == "Help"


async def test_a_web_form_that_writes_from_our_own_address_is_answered_to_its_customer(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        own = MAILING.address
        raw = (
            f"From: Form <{own}>\r\nTo: {own}\r\nReply-To: kim@x.example\r\nSubject: Quote\r\n\r\nPlease.\r\n"
        )
        await d.detain(raw.encode(), "It says to come from one of our own addresses.")
        (jailed,) = await d.do("sue", "GET", "/api/quarantine")
        path = f"/api/quarantine/{jailed['id']}/release"
        done = await d.http.post(path, json={}, headers=d.token("sue"))
        card = (await d.show("ann", done.json()["ticket"])).card
        assert (card.email, card.source) == ("kim@x.example", "form")
