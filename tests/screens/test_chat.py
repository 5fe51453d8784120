"""The chat screen: lines, states, drafts and the actions of a chat."""

import msgspec
import pytest

from agentconsole.protocol import (
    Ack,
    Close,
    Code,
    CustomerCard,
    EarlierChat,
    Ended,
    Event,
    Finish,
    Note,
    NoteCustomer,
    Noted,
    Older,
    Outcome,
    Party,
    Preview,
    Refused,
    Release,
    Reopen,
    Resume,
    Say,
    Side,
    State,
    VisitorLeft,
    VisitorMarks,
)
from agentconsole.text import FOLD_LINES
from tests.screens.fed import START, Desk, desk, event, hello, log, mine, waiting
from tests.screens.team import supervisor
from tests.waiting import async_until


async def with_ana(d: Desk, *more: str) -> None:
    """One running chat, in front."""
    await d.feed(mine(11, seq=3 + len(more)), *log(11, "*Printer", "<It burns", "+", *more))
    await d.press("1")


def last_say(d: Desk) -> Say:
    """The newest answer on its way."""
    says = [command for command in d.sent if isinstance(command, Say)]
    return says[-1]


async def test_an_answer_is_pending_at_once_and_becomes_the_event() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("On my way")
        await d.press("enter")
        say = last_say(d)
        assert (say.chat, say.text) == (11, "On my way")
        assert d.app.main.chat.composer.text == ""
        (row,) = [row for row in d.screen if "On my way" in row]
        assert row.rstrip().endswith("…")
        await d.feed(Ack(say.cid, 11, 4), event(11, 4, ">On my way"))
        (row,) = [row for row in d.screen if "On my way" in row]
        assert row.rstrip().endswith("✓")
        await d.feed(VisitorMarks(11, 4, 0))
        assert d.sees("✓✓")
        await d.feed(VisitorMarks(11, 4, 4))
        (row,) = [row for row in d.screen if "On my way" in row]
        assert row.rstrip().endswith("seen")


async def test_a_visitor_who_reads_several_lines_at_once_has_seen_them_all() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(event(11, 4, ">one of three"), event(11, 5, "@two of three"))
        await d.feed(event(11, 6, ">three of three"), VisitorMarks(11, 6, 6))
        said = [row.rstrip() for row in d.screen if "of three" in row]
        assert [row.endswith("seen") for row in said] == [True, True, True]
        await d.feed(event(11, 7, ">four"), event(11, 8, ">five"), VisitorMarks(11, 8, 7))
        assert [row.rstrip().split()[-1] for row in d.screen if "four" in row or "five" in row] == [
            "seen",
            "✓✓",
        ]


async def test_a_visitors_line_goes_above_my_pending_one() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("Mine")
        await d.press("enter")
        await d.feed(event(11, 4, "<Theirs"))
        texts = [line.text for line in d.app.main.chat.transcript.lines]
        assert texts[-2:] == ["Theirs", "Mine"]
        await d.feed(Ack(last_say(d).cid, 11, 5), event(11, 5, ">Mine"))
        lines = d.app.main.chat.transcript.lines
        assert [(line.key, line.text) for line in lines[-2:]] == [(4, "Theirs"), (5, "Mine")]


async def test_many_lines_keep_their_order_while_acknowledgements_come() -> None:
    async with desk() as d:
        await with_ana(d)
        for word in ("one", "two", "three"):
            await d.type(word)
            await d.press("enter")
        says = [command for command in d.sent if isinstance(command, Say)]
        for seq, say in enumerate(says, 4):
            await d.feed(event(11, seq, f">{say.text}"), Ack(say.cid, 11, seq))
            texts = [line.text for line in d.app.main.chat.transcript.lines]
            assert texts[-3:] == ["one", "two", "three"]


async def test_a_note_is_never_said() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("f8")
        assert d.sees("NOTE – staff only ▸")
        assert d.app.main.chat.composer.has_class("-note")
        await d.type("She sounds angry")
        await d.press("enter")
        assert [(type(command), command.text) for command in d.sent] == [(Note, "She sounds angry")]
        assert not d.app.client._strokes.due(0)
        await d.type("still a note")
        await d.press("enter")
        assert all(isinstance(command, Note) for command in d.sent)
        await d.press("f8")
        assert d.sees("to Ana ▸")
        await d.type("Hello")
        await d.press("enter")
        assert isinstance(d.sent[-1], Say)


async def test_an_unsent_note_never_stands_in_the_answer() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("half an answer")
        await d.press("f8")
        assert d.app.main.chat.composer.text == ""
        await d.type("half a note")
        await d.press("f8")
        assert d.app.main.chat.composer.text == "half an answer"
        assert d.store.draft(11) == "half an answer"
        assert d.store.draft(11, note=True) == "half a note"


async def test_drafts_belong_to_their_chats() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "*", "<a", "+"), mine(12, "Bo"), *log(12, "*", "<b", "+", name="Bo"))
        await d.press("1")
        await d.type("for Ana")
        await d.press("f6")
        assert d.sees("to Bo ▸")
        assert d.app.main.chat.composer.text == ""
        await d.type("for Bo")
        await d.press("f5")
        assert d.app.main.chat.composer.text == "for Ana"
        await d.press("f2")
        assert d.store.drafts == {11: "for Ana", 12: "for Bo"}
        await d.press("2", "enter")
        assert (last_say(d).chat, last_say(d).text) == (12, "for Bo")


async def test_drafts_stay_when_the_link_is_lost_and_lines_wait_in_order() -> None:
    async with desk() as d:
        await with_ana(d)
        d.store.link_lost(d.clock.now)
        for word in ("one", "two"):
            await d.type(word)
            await d.press("enter")
        await d.type("a draft")
        await d.feed(*log(11, "*Printer", "<It burns", "+"))
        assert d.app.main.chat.composer.text == "a draft"
        assert [line.text for line in d.app.main.chat.transcript.lines][-2:] == ["one", "two"]
        assert [command.text for command in d.sent] == ["one", "two"]


async def test_a_refused_line_is_told_and_can_be_edited_or_sent_again() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("Too fast")
        await d.press("enter")
        first = last_say(d)
        await d.feed(Refused(Code.closed, "The chat has ended.", first.cid, 11))
        assert d.sees("! not sent")
        assert d.sees("! Not sent: The chat has ended.")
        await d.press("escape", "r")
        again = last_say(d)
        assert (again.text, again.cid != first.cid) == ("Too fast", True)
        await d.feed(Refused(Code.closed, "The chat has ended.", again.cid, 11))
        await d.press("e")
        assert d.app.main.chat.composer.text == "Too fast"
        assert d.sent == []
        assert not d.sees("! not sent")


async def test_enter_shows_all_of_a_folded_line_and_then_writes() -> None:
    async with desk() as d:
        text = "\n".join(f"row {number}" for number in range(FOLD_LINES + 34))
        await d.feed(mine(11), *log(11, "*", "<" + text, "+"))
        await d.press("1", "escape")
        assert d.sees("… 34 more lines (↑ goes there, Enter shows)")
        await d.press("up", "up", "enter", "end")
        assert d.sees(f"row {FOLD_LINES + 33}")
        await d.press("enter")
        assert d.app.main.chat.composer.field.has_focus


async def test_a_refused_line_goes_with_the_chat_that_is_put_away() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("Too late")
        await d.press("enter")
        await d.feed(Refused(Code.closed, "The chat has ended.", last_say(d).cid, 11))
        await d.feed(mine(11, version=9, state=State.closed))
        await d.press("x")
        assert d.sent == []
        assert d.store.words()["outbox"] == []


async def test_close_asks_for_the_outcome_counts_wrap_up_down_and_reopens() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("f9")
        assert d.sees("Close the chat with Ana as")
        await d.press("3")
        (close,) = d.sent
        assert isinstance(close, Close)
        assert close.outcome is Outcome.follow_up
        closed = mine(11, version=9, state=State.wrapup, due_at=START + 30_000, outcome=Outcome.follow_up)
        await d.feed(Ack(close.cid, 11, 4), closed)
        assert d.sees("Closed as follow up")
        assert d.sees("ends in 30 s")
        await d.later(10_000)
        assert d.sees("ends in 20 s")
        await d.press("escape", "u")
        assert isinstance(d.sent[-1], Reopen)
        await d.press("x")
        assert isinstance(d.sent[-1], Finish)
        assert d.sent[-1].chat == 11


async def test_reopening_is_not_offered_once_the_visitor_has_left() -> None:
    async with desk() as d:
        await with_ana(d)
        ana, kim = Party(Side.visitor, 0, "Ana"), Party(Side.staff, 7, "Kim")
        await d.feed(
            Event(11, 4, START, kim, Ended(), 4),
            Event(11, 5, START, kim, Noted("call her back")),
            mine(11, version=9, state=State.wrapup, due_at=START + 30_000),
        )
        assert d.sees("Esc u reopens it")
        await d.feed(Event(11, 6, START, ana, VisitorLeft(), 5))
        assert d.sees("The visitor has left, Esc x ends it now")
        await d.press("escape", "z")
        assert d.sees("This chat is closed already. x ends the wrap-up.")


async def test_escape_leaves_the_close_dialog_and_sends_nothing() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("f9", "escape")
        assert d.sent == []
        assert d.sees("to Ana ▸")


async def test_release_asks_once() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("escape", "z")
        assert d.sees("Put the chat back into the queue?")
        await d.press("escape")
        assert d.sent == []
        await d.press("z", "enter")
        assert isinstance(d.sent[0], Release)


async def test_the_visitor_line_shows_presence_page_and_preview() -> None:
    async with desk() as d:
        await d.feed(
            mine(11, page="https://shop.example/prices", page_title="Prices"), *log(11, "*", "<a", "+")
        )
        await d.press("1")
        assert d.sees("● online")
        assert d.sees("on Prices")
        await d.feed(Preview(11, "I was wondering whether\nit"))
        assert d.sees("✎ Ana: I was wondering whether it")
        await d.feed(mine(11, version=9, lost_at=START - 120_000))
        assert d.sees("○ away for 2 min")


async def test_a_long_preview_shows_its_end() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(Preview(11, "word " * 60 + "the very end"))
        assert d.sees("the very end")


async def test_next_needing_goes_to_the_longest_unanswered() -> None:
    async with desk() as d:
        await d.feed(
            mine(11, seq=4),
            *log(11, "*", "<a", "+", ">b"),
            mine(12, "Bo"),
            *log(12, "*", "<b", "+", name="Bo"),
        )
        await d.press("1")
        await d.press("f3")
        assert d.sees("to Bo ▸")


async def test_looking_at_a_chat_marks_it_read() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "*", "<a", "+", "<b"))
        assert d.store.counts().unread == 2
        await d.press("1")
        assert d.store.counts().unread == 0
        assert any("new" in row and "─" in row for row in d.screen)


async def test_a_line_that_comes_while_i_look_is_read_but_not_while_another_is_in_front() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "*", "<a", "+"), mine(12, "Bo"), *log(12, "*", "<b", "+", name="Bo"))
        await d.press("1")
        await d.feed(event(11, 4, "<more"), event(12, 4, "<there?", "Bo"))
        assert d.store.counts().unread == 2
        assert d.sees("Bo 2")


async def test_older_lines_are_fetched_and_put_above() -> None:
    async with desk() as d:
        await d.feed(mine(11, seq=60), Resume(11, 50, 60, reset=True))
        await d.feed(*(event(11, seq, f"<line {seq}") for seq in range(51, 61)))
        await d.press("1", "escape", "o")
        (older,) = d.sent
        assert isinstance(older, Older)
        assert older.before == 51
        await d.feed(*(event(11, seq, f"<line {seq}") for seq in range(1, 51)), Ack(older.cid, 11, 1))
        lines = d.app.main.chat.transcript.lines
        assert [line.key for line in lines] == list(range(1, 61))
        await d.press("o")
        assert d.sees("This is the beginning of the chat.")


async def test_search_finds_and_goes_from_hit_to_hit() -> None:
    async with desk() as d:
        await with_ana(d, "<smoke", ">fire brigade", "<smoke again")
        await d.press("ctrl+f")
        await d.type("smoke")
        await d.press("enter")
        assert d.sees("2 lines with 'smoke'")
        assert d.app.main.chat.transcript.picked.text == "smoke again"
        await d.press("escape")
        await d.press("less_than_sign")
        assert d.app.main.chat.transcript.picked.text == "smoke"


async def test_the_customer_card_shows_history_and_takes_a_note() -> None:
    async with desk((120, 40)) as d:
        await d.feed(mine(11, email="ana@example.org"), *log(11, "*", "<a", "+"))
        past = EarlierChat(5, 1, START - 86_400_000, State.closed, "Fax smokes " + "s" * 900, Outcome.solved)
        d.app.main.chat.customers[11] = CustomerCard("ana@example.org", "Ana", [past], [])
        await d.press("1")
        assert d.sees("ana@example.org")
        assert d.sees("Fax smokes")
        assert len([row for row in d.screen if "ssss" in row]) <= 5
        await d.feed(mine(11, version=9, email="ana@example.org", page="https://x.example/" + "p" * 2_000))
        assert d.sees("x.example/ppp")
        assert d.sees("Fax smokes")
        await d.press("escape", "N")
        await d.type("Owns three printers")
        await d.press("enter")
        (note,) = d.sent
        assert isinstance(note, NoteCustomer)
        assert (note.chat, note.text) == (11, "Owns three printers")
        await d.feed(Refused(Code.unavailable, "The card of this address is being merged.", note.cid))
        assert d.sees("What you wrote is kept")
        await d.press("N")
        assert d.sees("Owns three printers")
        await d.press("escape")
        await d.press("d")
        assert not d.sees("Fax smokes")


async def test_a_note_on_another_customer_asks_for_that_ones_card(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((120, 40)) as d:
        known = CustomerCard("ana@example.org", "Ana", [], [])
        asked: list[int] = []

        async def customer(chat: int) -> CustomerCard:
            asked.append(chat)
            return known

        monkeypatch.setattr(d.app.client, "customer", customer)
        await d.feed(mine(11, email="ana@example.org"), mine(12, "Ben", email="ben@example.org"))
        await d.press("1", "escape", "N")
        await d.type("Owns three printers")
        await d.press("enter", "2")
        (note,) = d.sent
        asked.clear()
        await d.feed(Ack(note.cid, 11, 4))
        await d.press("escape", "1")
        assert asked == [11]


async def test_the_customer_is_asked_for_when_the_terminal_becomes_wide_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk((100, 40)) as d:
        await d.feed(mine(11, email="ana@example.org"), *log(11, "*", "<a", "+"))

        async def customer(chat: int) -> CustomerCard:
            return known

        past = EarlierChat(5, 1, START - 86_400_000, State.closed, "Fax smokes", Outcome.solved)
        known = CustomerCard("ana@example.org", "Ana", [past], [])
        monkeypatch.setattr(d.app.client, "customer", customer)
        await d.press("1")
        assert not d.sees("ana@example.org")
        await d.pilot.resize_terminal(130, 40)
        await async_until(lambda: d.sees("Fax smokes"), what="the customer")


async def test_what_a_chat_could_only_refuse_is_not_hinted_at() -> None:
    async with desk((120, 30)) as d:
        await d.feed(mine(11), *log(11, "*", "<a", "+"))
        await d.press("1", "escape")
        hints = d.app.main.hints
        assert {"Note", "Close", "Replies"} <= {label for _, label in hints.hints}
        await d.feed(mine(11, version=9, state=State.closed))
        assert not {"Note", "Close", "Replies"} & {label for _, label in hints.hints}


async def test_a_chat_that_became_somebody_elses_can_only_be_noted_by_a_supervisor() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(msgspec.structs.replace(mine(11, version=9), owner=8, owner_name="Robin"))
        assert not d.sees("NOTE")
        assert not d.sees("▸")
        await d.press("m")
        assert d.sees("Only who takes part in this chat")
    async with desk() as d:
        await d.feed(supervisor())
        await with_ana(d)
        taken = msgspec.structs.replace(mine(11, version=9), owner=8, owner_name="Robin")
        await d.feed(taken)
        assert d.sees("NOTE – staff only ▸")
        assert d.app.main.chat.composer.text == ""
        await d.press("enter")
        assert d.sent == []


async def test_many_chats_keep_the_one_in_front_in_the_strip() -> None:
    async with desk() as d:
        for chat in range(11, 26):
            await d.feed(mine(chat, f"Visitor {chat}"), *log(chat, "*", "<a", "+"))
        await d.press("9")
        assert d.sees("9 Visitor 19")
        await d.press("f6", "f6", "f6")
        assert d.sees("to Visitor 22 ▸")
        assert d.screen[1].startswith("…")
        assert "Visitor 22" in d.screen[1]


async def test_a_chat_that_becomes_mine_while_i_write_does_not_catch_my_letters() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(waiting(2, "Bo"))
        await d.press("f4", "escape", "i")
        await d.type("meant for Ana")
        await d.feed(Ack(d.sent[0].cid, 2, 3), mine(2, "Bo"), *log(2, "*", "<hi", "+", name="Bo"))
        assert d.sees("to Ana ▸ meant for Ana")
        assert d.sees("Bo is yours now")
        await d.press("enter")
        assert last_say(d).chat == 11


async def test_no_chat_comes_up_under_an_open_dialog() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(waiting(2, "Bo"))
        await d.press("f4", "f9")
        await d.feed(Ack(d.sent[0].cid, 2, 3), mine(2, "Bo"), *log(2, "*", "<hi", "+", name="Bo"))
        assert d.sees("Close the chat with Ana as")
        await d.press("1")
        assert [command.chat for command in d.sent if isinstance(command, Close)] == [11]
        assert d.sees("to Bo ▸")


async def test_a_chat_that_is_over_says_so_to_whoever_still_acts_on_it() -> None:
    async with desk((120, 30)) as d:
        await d.feed(mine(11, name="A very long name " * 5), *log(11, "*", "<a", "+"))
        await d.press("1", "escape")
        assert "● online" in d.screen[1]
        await d.feed(mine(11, version=8, state=State.wrapup))
        for key in ("z", "c"):
            await d.press(key)
            assert d.sees("This chat is closed already. u reopens it")
        await d.feed(mine(11, version=9, state=State.closed))
        assert d.sees("over")
        assert not d.sees("view")
        for key in ("z", "c"):
            await d.press(key)
            assert d.sees("This chat is over. x puts it away.")
        assert d.sent == []


async def test_a_customer_that_could_not_be_asked_for_is_asked_for_once_the_link_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with desk((120, 30)) as d:
        await d.feed(mine(11, email="ana@example.org"), *log(11, "*", "<a", "+"))
        await d.press("1")
        assert d.sees("Not known: No server here.")

        async def customer(chat: int) -> CustomerCard:
            return CustomerCard("ana@example.org", "Ana", [], [])

        monkeypatch.setattr(d.app.client, "customer", customer)
        await d.feed(*hello()[:-1], mine(11, version=9, email="ana@example.org"), hello()[-1])
        await async_until(lambda: d.sees("No earlier chats"), what="the customer")
