"""Tickets over REST and sockets, on the real server: their life, who may see them, and what is refused."""

import asyncio
from pathlib import Path
from typing import Any

from agentconsole import protocol as p
from agentconsole.backend.desk.ticketing import ExpireTicket
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.ticket import CLOSE_AFTER_MS
from tests.server.site import SALES, SUPPORT
from tests.server.ticket_desk import UNKNOWN, desk, texts
from tests.server.windows import new_cid


async def test_the_life_of_a_ticket(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        bob = await d.site.staff("bob")
        number = await d.new(email="Kim@X.example", name="Kim", tags=["VIP"], priority="high")
        card = await bob.expect(p.TicketCard, ticket=number)
        assert (card.status, card.email, card.tags) == ("new", "kim@x.example", ["vip"])
        assert await d.list("bob") == p.TicketPage(1, [card])
        await d.do("bob", "POST", "/next", {})
        await d.do("bob", "PATCH", f"/{number}", {"status": "hold", "hold_until": 2**50})
        done = await d.reply("bob", number, "Look here.", email="kim@x.example", status="solved")
        detail = await d.show("ann", number)
        assert (detail.card.status, detail.card.assignee_name) == ("solved", "Bob")
        assert detail.card.seq >= done["seq"]
        assert [mail.to for mail in detail.mails] == ["kim@x.example"]
        assert [entry.seq for entry in detail.entries] == [*range(1, detail.card.seq + 1)]
        pubs = [entry.pub for entry in detail.entries if entry.pub]
        assert pubs == [*range(1, detail.card.pub + 1)]
        assert [entry.seq for entry in (await d.show("ann", number, after=2, limit=2)).entries] == [3, 4]
        await d.do("ann", "PATCH", f"/{number}", {"status": "closed"})
        assert await d.refused("ann", "POST", f"/{number}/replies", {"text": "x", "seen": 99}) == "closed"
        assert await d.refused("ann", "PATCH", f"/{number}", {"status": "open"}) == "closed"
        last = bob.seen(p.TicketCard, ticket=number)
        await bob.expect(p.TicketCard, ticket=number, status="closed")
        assert [each.version for each in last] == sorted(each.version for each in last)


async def test_a_command_sent_again_is_done_once(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        body = {"cid": "again-0001", "department": SALES, "subject": "x", "text": "y"}
        first, second = await d.do("ann", "POST", "", body), await d.do("ann", "POST", "", body)
        assert first == second
        assert (await d.list("ann")).total == 1
        assert await d.refused("ann", "POST", "", {**body, "text": "z"}) == "id_reused"
        answer = {"cid": "again-0002", "text": "hello", "seen": 1}
        for _ in range(3):
            await d.do("ann", "POST", f"/{first['ticket']}/replies", answer)
        assert texts(await d.show("ann", first["ticket"])) == ["y", "hello"]


async def test_of_two_answers_the_second_is_warned(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new()
        seen = (await d.show("ann", number)).card.seq
        answers = await asyncio.gather(
            *(
                d.ask(who, "POST", f"/{number}/replies", {"text": f"From {who}", "seen": seen})
                for who in ("ann", "bob")
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        won = "ann" if answers[0].is_success else "bob"
        lost = "bob" if won == "ann" else "ann"
        refusal = next(answer for answer in answers if not answer.is_success).json()
        assert refusal["code"] == "conflict"
        assert won.title() in refusal["text"]
        again = {"text": f"From {lost}", "seen": seen, "insist": True}
        await d.do(lost, "POST", f"/{number}/replies", again)
        assert texts(await d.show("ann", number)) == ["It is wrong.", f"From {won}", f"From {lost}"]


async def test_an_answer_that_crosses_the_customers_mail_is_warned(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new()
        await d.reply("ann", number)
        detail = await d.show("ann", number)
        seq = next(entry.seq for entry in detail.entries if isinstance(entry.what, p.Answered))
        sent = await d.raw("ann", number, seq)
        outcome = await d.mail("I have found it!", answering=sent)
        after = await d.show("ann", number)
        assert texts(after)[-1].strip() == "I have found it!", outcome
        assert after.card.status == "open"
        stale = {"text": "Please look again.", "seen": detail.card.seq}
        answer = await d.ask("ann", "POST", f"/{number}/replies", stale)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "kim@x.example" in answer.json()["text"]
        await d.do("ann", "POST", f"/{number}/replies", {**stale, "insist": True})
        assert texts(await d.show("ann", number))[-1] == "Please look again."
        came = next(entry.seq for entry in after.entries[seq:] if isinstance(entry.what, p.Wrote))
        assert b"I have found it!" in await d.raw("ann", number, came)
        for which, text in ((came, "I have found it!"), (seq, "Sorry.")):
            whole = await d.ask("ann", "GET", f"/{number}/whole/{which}")
            assert text in whole.text
            assert whole.headers["content-disposition"].endswith('.txt"')
        assert await d.refused("ann", "GET", f"/{number}/whole/1") == "unknown", "it came by no mail"


async def test_who_takes_a_ticket_at_the_same_time(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        numbers = {await d.new(subject=f"Bill {each}") for each in range(4)}
        answers = await asyncio.gather(*(d.ask(who, "POST", "/next", {}) for who in ("ann", "bob") * 3))
        taken = [answer.json()["ticket"] for answer in answers if answer.is_success]
        assert sorted(taken) == sorted(numbers), "each of them went to one"
        codes = {answer.json()["code"] for answer in answers if not answer.is_success}
        assert codes == {"gone"}
        mine = (await d.list("ann", assignee="me")).tickets[0].ticket
        answer = await d.ask("bob", "POST", f"/{mine}/take", {})
        assert (answer.json()["code"], "Ann" in answer.json()["text"]) == ("taken", True)


async def test_merged_split_and_followed(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        first, second, other = (
            await d.new(),
            await d.new(text="And another."),
            await d.new(email="pat@x.example"),
        )
        assert await d.refused("ann", "POST", f"/{other}/merge", {"into": first}) == "invalid"
        assert await d.refused("ann", "POST", f"/{first}/merge", {"into": first}) == "invalid"
        await d.do("ann", "POST", f"/{second}/merge", {"into": first})
        gone, kept = await d.show("ann", second), await d.show("ann", first)
        assert (gone.card.status, gone.card.merged_into) == ("closed", first)
        assert texts(kept) == ["It is wrong.", "And another."]
        assert await d.refused("ann", "POST", f"/{second}/merge", {"into": first}) == "closed"
        seq = next(entry.seq for entry in kept.entries if getattr(entry.what, "text", "") == "And another.")
        assert await d.refused("ann", "POST", f"/{first}/split", {"seq": seq + 50}) == "invalid"
        third = (await d.do("ann", "POST", f"/{first}/split", {"seq": seq}))["ticket"]
        made = await d.show("ann", third)
        assert (texts(made), made.card.related, made.card.subject) == (
            ["And another."],
            first,
            "And another.",
        )
        await d.reply("ann", first)
        detail = await d.show("ann", first)
        sent = await d.raw(
            "ann", first, next(e.seq for e in detail.entries if isinstance(e.what, p.Answered))
        )
        await d.do("ann", "PATCH", f"/{first}", {"status": "closed"})
        await d.mail("Once more!", answering=sent)
        newest = (await d.list("ann", order="newest")).tickets[0]
        assert newest.follows == first
        assert newest.ticket not in (first, second, third, other)


async def test_a_solved_ticket_is_closed_by_time_alone(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new()
        await d.do("ann", "PATCH", f"/{number}", {"status": "solved"})
        await d.site.desk.handle(SYSTEM, ExpireTicket(number))
        assert (await d.show("ann", number)).card.status == "solved", "a stale timer does nothing"
        now = d.site.desk.clock()
        d.site.desk.clock = lambda: now + CLOSE_AFTER_MS + 1  # type: ignore[method-assign]
        await d.site.desk.handle(SYSTEM, ExpireTicket(number))
        assert (await d.show("ann", number)).card.status == "closed"


DEEDS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PATCH", "", {"priority": "low"}),
    ("POST", "/replies", {"text": "x", "seen": 99}),
    ("POST", "/notes", {"text": "x"}),
    ("POST", "/take", {}),
    ("POST", "/merge", {"into": 2}),
    ("POST", "/split", {"seq": 1}),
    ("GET", "/raw/1", None),
]


async def test_what_is_not_mine_answers_like_what_does_not_exist(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        number = await d.new()
        await d.new()
        carl = await d.site.staff("carl")
        for method, path, body in DEEDS:
            for who in ("carl", "root"):
                answers = {
                    (await d.ask(who, method, f"/{key}{path}", body)).content for key in (number, 999_999)
                }
                assert answers == {UNKNOWN}, (who, method, path)
        assert await d.list("carl", status="") == p.TicketPage(0, [])
        assert await d.list("carl", status="", department=str(SALES)) == p.TicketPage(0, [])
        await d.do("ann", "PATCH", f"/{number}", {"department": SUPPORT})
        card = await carl.expect(p.TicketCard, ticket=number)
        assert (card.department, card.assignee) == (SUPPORT, 0)
        assert (await d.ask("ann", "GET", f"/{number}")).content == UNKNOWN
        await d.reply("carl", number)
        assert await d.refused("carl", "PATCH", f"/{number}", {"department": 999}) == "unknown"


async def test_analysts_read_and_are_told_that_they_may_not_work(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        number = await d.new()
        assert (await d.show("ada", number)).card.ticket == number
        assert await d.refused("ada", "POST", f"/{number}/replies", {"text": "x", "seen": 9}) == "not_now"


async def test_private_notes_never_leave(sqlite_url: str, tmp_path: Path) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        ann = await d.site.staff("ann")
        vera, chat = await d.site.chat(ann, email="vera@x.example", name="Vera")
        await ann.done(p.Note(new_cid(), chat, "SECRET in the chat"))
        await ann.done(p.Close(new_cid(), chat))
        body = {"subject": "To be looked at", "note": "SECRET along with it"}
        number = (await d.do("ann", "POST", f"/api/chats/{chat}/ticket", body))["ticket"]
        stored = await d.http.post(
            "/api/files",
            params={"name": "SECRET.txt"},
            content=b"SECRET",
            headers={"Authorization": f"Bearer {ann.token}"},
        )
        note = {"text": "SECRET in the ticket", "files": [stored.json()["id"]]}
        await d.do("ann", "POST", f"/{number}/notes", note)
        await d.do("ann", "PATCH", f"/{number}", {"tags": ["secret"], "priority": "urgent"})
        await d.reply("ann", number, "The answer.", status="solved")
        await d.new(email="vera@x.example")
        detail = await d.show("ann", number)
        assert sum(b"SECRET" in p.encode(entry) for entry in detail.entries) == 2
        public = [p.encode(entry) for entry in detail.entries if entry.pub]
        assert len(public) >= 2
        mails = [await d.raw("ann", number, mail.seq) for mail in detail.mails if mail.seq]
        assert len(mails) == 1
        assert b"The answer." in mails[0]
        token = {"Authorization": f"Bearer {vera.token}"}
        transcript = (await d.http.get(f"/api/visitor/chats/{chat}/transcript", headers=token)).content
        staff = (await d.ask("ann", "GET", f"/api/chats/{chat}/transcript")).content
        again = await d.site.visitor(vera.token)
        for data in (*public, *mails, transcript, staff, *vera.raw, *again.raw):
            assert b"secret" not in data.lower()
        later = await d.http.get(f"/api/tickets/{number}", headers=token)
        assert later.status_code == 401


async def test_who_looks_at_a_ticket_is_told_to_those_alone_who_may_see_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with desk(sqlite_url, tmp_path) as d:
        number = await d.new()
        ann, bob, carl = [await d.site.staff(name) for name in ("ann", "bob", "carl")]
        ann.send(p.ViewTicket(number))
        await ann.expect(p.TicketViewers, ticket=number, viewers=[])
        carl.send(p.ViewTicket(number, True))
        await carl.pong()
        bob.send(p.ViewTicket(number, True))
        told = await ann.expect(p.TicketViewers, ticket=number)
        assert told.viewers == [p.TicketViewer(2, "Bob", True)]
        assert (await bob.expect(p.TicketViewers)).viewers == [p.TicketViewer(1, "Ann")]
        bob.send(p.ViewTicket(0))
        await ann.expect(p.TicketViewers, ticket=number, viewers=[])
        bob.send(p.ViewTicket(number))
        await ann.expect(p.TicketViewers, viewers=[p.TicketViewer(2, "Bob")])
        bob.drop()
        await ann.expect(p.TicketViewers, ticket=number, viewers=[])
        await carl.pong()
        assert not carl.seen(p.TicketViewers)
        await d.do("ann", "PATCH", f"/{number}", {"department": SUPPORT})
        await ann.expect(p.TicketGone, ticket=number)
        carl.send(p.ViewTicket(number))
        await carl.expect(p.TicketViewers, ticket=number, viewers=[])
        await ann.pong()
        assert all("Carl" not in str(frame) for frame in ann.seen(p.TicketViewers))


# --- lists ----------------------------------------------------------------------------------------------------------


async def test_lists_find_what_they_are_asked_for(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        given: list[dict[str, Any]] = [
            {"subject": "Ødelagt ruter", "name": "Åse Bø", "tags": ["100%"], "priority": "urgent"},
            {"subject": "A_B", "text": "paid twice", "email": "pat@x.example", "source": "phone"},
            {"subject": "Billing", "tags": ["vip", "money"], "email": ""},
        ]
        one, two, three = [await d.new(**each) for each in given]
        away = await d.new("carl", department=SUPPORT, subject="Elsewhere")
        await d.do("ann", "POST", f"/{three}/take", {})
        await d.do("ann", "PATCH", f"/{two}", {"status": "solved"})

        async def found(**query: str) -> set[int]:
            page = await d.list("ann", **query)
            assert page.total == len(page.tickets)
            return {card.ticket for card in page.tickets}

        everything = {one, two, three}
        assert await found() == {one, three}
        assert await found(status="") == everything
        assert await found(status="solved,active") == everything
        assert await found(status="solved") == {two}
        assert await found(status="", text="ØDELAGT") == {one}
        assert await found(status="", text="åse ruter") == {one}
        assert await found(status="", text="a_b") == {two}
        assert await found(status="", text="100%") == {one}
        assert await found(status="", text="%") == {one}
        assert await found(status="", text="_") == {two}
        assert await found(status="", text=f"#{three}") == {three}
        assert await found(status="", text="twice") == {two}
        assert await found(status="", tag="VIP") == {three}
        assert await found(status="", tag="vi") == set()
        assert await found(status="", email="PAT@x.example") == {two}
        assert await found(status="", source="phone") == {two}
        assert await found(status="", priority="urgent,low") == {one}
        assert await found(status="", assignee="me") == {three}
        assert await found(status="", assignee="nobody") == {one, two}
        assert await found(status="", assignee="1") == {three}
        assert await found(status="", department=f"{SALES},{SUPPORT}") == everything
        assert await found(status="", department=str(SUPPORT)) == set()
        assert await found(overdue="true") == set()
        newest = [card.ticket for card in (await d.list("ann", status="", order="newest")).tickets]
        assert newest == sorted(everything, reverse=True)
        assert away not in newest


async def test_pages_are_whole_and_in_order(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        numbers = [await d.new(priority="high" if each % 2 else "normal") for each in range(7)]
        for order in ("pressing", "newest", "oldest"):
            for wish in ({}, {"text": "bill"}):
                pages = [await d.list("ann", order=order, limit=3, offset=at, **wish) for at in (0, 3, 6, 9)]
                assert [page.total for page in pages] == [7] * 4
                listed = [card.ticket for page in pages for card in page.tickets]
                assert listed == (numbers[::-1] if order == "newest" else numbers)


NONSENSE: list[dict[str, str]] = [
    {"status": "happy"},
    {"status": "new,;drop"},
    {"priority": "0"},
    {"department": "sales"},
    {"department": "-1"},
    {"department": "9" * 60},
    {"assignee": "everybody"},
    {"assignee": "²"},
    {"assignee": "9" * 19},
    {"order": "random"},
    {"order": "newest\n"},
    {"limit": "0"},
    {"limit": "201"},
    {"limit": "1e3"},
    {"offset": "-1"},
    {"offset": "99999999999999999999"},
    {"overdue": "perhaps"},
    {"text": "x" * 201},
    {"text": "a\0b"},
    {"tag": "\0"},
    {"nothing": "such"},
]


async def test_a_list_of_nonsense_is_refused_with_a_sentence(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        await d.new()
        for query in NONSENSE:
            answer = await d.ask("ann", "GET", "", params=query)
            assert answer.status_code == 400, (query, answer.text)
            assert answer.json()["text"].endswith("."), query
        for query in (
            {"text": "'\"%_\\"},
            {"tag": '"'},
            {"email": "'; --"},
            {"text": "\ud83d\ude00 🂡"[2:]},
        ):
            assert (await d.list("ann", **query)).total == 0
        assert (await d.ask("ann", "GET", "?status=new&status=open")).status_code == 400


async def test_nonsense_about_a_ticket_is_refused(database_url: str, tmp_path: Path) -> None:
    async with desk(database_url, tmp_path) as d:
        number = await d.new()
        for key in ("0", "-1", "1.0", "x", "9" * 30, "%00", "1%20"):
            answer = await d.ask("ann", "GET", f"/{key}")
            assert answer.status_code == 404, key
        for body, code in (
            ({"status": "new"}, 200),
            ({"status": "hold"}, 400),
            ({"hold_until": 1}, 400),
            ({"assignee": 999}, 400),
            ({"assignee": 3}, 400),
            ({"subject": " \t "}, 400),
            ({"subject": "x" * 201}, 400),
            ({"subject": "a\0b"}, 200),
            ({"tags": ["x" * 41]}, 400),
            ({"tags": [""]}, 400),
            ({"tags": ["a\0"]}, 400),
            ({"tags": ["x"] * 21}, 400),
            ({"ticket": 2}, 400),
            ({"version": 99}, 409),
        ):
            answer = await d.ask("ann", "PATCH", f"/{number}", body)
            assert answer.status_code == code, (body, answer.text)
        for body in (
            {"text": "a\0b", "seen": 9},
            {"text": "x" * 20_001, "seen": 9},
            {"text": " ", "seen": 9},
        ):
            assert (await d.ask("ann", "POST", f"/{number}/replies", body)).status_code == 400
