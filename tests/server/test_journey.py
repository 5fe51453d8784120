"""One conversation from its first line to its rating, on both databases."""

from pathlib import Path

from agentconsole import protocol as p
from tests.server.site import SALES, running
from tests.server.windows import new_cid


async def test_a_whole_conversation(database_url: str, tmp_path: Path) -> None:
    async with running(database_url, tmp_path, {"wrapup_ms": 300}) as site:
        ann = await site.staff("ann")
        await ann.expect(p.SeatCard, name="ann", lost_at=0)
        vera = await site.visitor(page="https://shop.example/", page_title="Shop")
        welcome = vera.seen(p.VisitorWelcome)[0]
        assert [(face.slug, face.open) for face in welcome.departments] == [
            ("sales", True),
            ("support", False),
        ]
        chat = await vera.start("How much\nis it?", name="Vera", email="Vera@x.example", topic="Prices")
        place = await vera.expect(p.Place, chat=chat)
        assert (place.place, place.wait_s) == (1, -1)
        card = await ann.expect(p.ChatCard, chat=chat)
        assert (card.state, card.first_line, card.name) == (p.State.waiting, "How much is it?", "Vera")
        assert (card.email, card.page, card.topic) == ("vera@x.example", "https://shop.example/", "Prices")

        vera.send(p.Typing(chat, "and when wou"))
        assert (await ann.expect(p.Preview, chat=chat)).text == "and when wou"

        await ann.done(p.Take(new_cid(), chat))
        said = await ann.expect(p.Event, chat=chat, what=p.Said)
        assert (said.what.text, said.by) == ("How much\nis it?", p.Party(p.Side.visitor, 0, "Vera"))
        took = await vera.expect(p.VisitorEvent, chat=chat, what=p.Took)
        assert took.by == p.Face(p.Side.staff, "Ann")

        ack = await ann.say(chat, "Ten euros.")
        assert (await vera.expect(p.VisitorEvent, chat=chat)).what == p.Said("Ten euros.")
        assert (await ann.expect(p.Event, what=p.Said("Ten euros."))).seq == ack.seq
        await ann.done(p.Note(new_cid(), chat, "a good customer"))
        assert (await ann.expect(p.Event, chat=chat)).what == p.Noted("a good customer")

        await ann.done(p.Close(new_cid(), chat, p.Outcome.solved))
        await vera.expect(p.VisitorEvent, chat=chat, what=p.Ended)
        await vera.say(chat, "One more thing")
        assert isinstance((await vera.expect(p.VisitorEvent, chat=chat)).what, p.Reopened)
        assert (await vera.expect(p.VisitorEvent, chat=chat)).what == p.Said("One more thing")
        card = await ann.expect(p.ChatCard, chat=chat, state=p.State.active)
        assert card.outcome is None

        await ann.done(p.Close(new_cid(), chat, p.Outcome.follow_up))
        await vera.expect(p.VisitorEvent, chat=chat, what=p.Ended)
        await vera.expect(p.VisitorEvent, chat=chat, what=p.Finished)
        refused = await vera.refused(p.Say(new_cid(), chat, "too late"))
        assert refused.code is p.Code.closed
        await vera.done(p.Rate(new_cid(), chat, p.Rating.good, "thanks"))
        await vera.expect(p.VisitorEvent, chat=chat, what=p.Rated)
        assert (await ann.expect(p.Event, what=p.Rated)).what == p.Rated(p.Rating.good, "thanks")

        assert [event.seq for event in ann.log(chat)] == list(range(1, 14))
        assert [event.pub for event in vera.log(chat)] == list(range(1, 11))
        assert [str(event.what.__struct_config__.tag) for event in vera.log(chat)] == [
            "started",
            "said",
            "took",
            "said",
            "ended",
            "reopened",
            "said",
            "ended",
            "finished",
            "rated",
        ]
        assert await vera.start("hello again", department=SALES) != chat
