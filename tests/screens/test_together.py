"""Several with one visitor, calls for help, taking over, priorities and why: what stands there, what is sent."""

import pytest

from agentconsole.protocol import (
    Ack,
    AskHelp,
    CancelInvite,
    Close,
    EndHelp,
    Event,
    Explain,
    Explanation,
    Gone,
    Invite,
    Join,
    Leave,
    Note,
    Outcome,
    Party,
    Prioritise,
    Reason,
    Routing,
    Say,
    Side,
    TakeOver,
    Transferred,
    Verdict,
)
from tests.screens.fed import ME, START, Desk, desk, log, mine, waiting
from tests.screens.team import ALEX, ROBIN, departments, history, person, supervisor, team, theirs


async def with_ana(d: Desk) -> None:
    """A chat of mine in front, the composer ready."""
    await d.feed(*team(), mine(11), *log(11, "*", "<hello", "+"))
    await d.press("1")


async def reading_robins(d: Desk) -> None:
    """Robin's chat in front, only to be read."""
    await d.feed(*team(), waiting(21, "Ana"), theirs(21))
    d.app.main.queue.rows.select(21)
    d.app.deeds._open(21)
    await d.feed(*history())


# --- several with one visitor ---


async def test_who_else_is_in_the_chat_stands_at_its_head_and_in_the_pane() -> None:
    async with desk((120, 40)) as d:
        await with_ana(d)
        await d.feed(mine(11, version=9, guests=[person(ROBIN, "Robin")], invited=[person(ALEX, "Alex")]))
        assert d.sees("with Robin")
        assert d.sees("joined Robin")
        assert d.sees("invited Alex")


async def test_joining_lets_me_write_to_the_visitor_by_name() -> None:
    async with desk() as d:
        await reading_robins(d)
        assert not d.sees("▸")
        await d.press("J")
        join = d.sent[-1]
        assert isinstance(join, Join)
        guest = theirs(21, version=9, guests=[person(ME, "Kim")])
        await d.feed(Ack(join.cid, 21, 6), guest)
        assert d.sees("to Ana ▸")
        assert d.sees("You joined this chat. Robin stays responsible.")
        assert d.sees("with Robin")
        await d.type("hello from me too")
        await d.press("enter")
        line = d.sent[-1]
        assert isinstance(line, Say)
        assert (line.chat, line.text) == (21, "hello from me too")


async def test_a_guest_leaves_with_a_key_and_the_owner_does_not() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("escape", "L")
        assert d.sees("You have not joined this chat.")
        assert d.sent == []
        await d.feed(theirs(21, version=9, guests=[person(ME, "Kim")]), *history())
        await d.press("2", "escape", "L")
        leave = d.sent[-1]
        assert isinstance(leave, Leave)
        assert leave.chat == 21


async def test_a_colleague_is_invited_from_a_list_that_says_who_is_there() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("escape", "I")
        assert d.sees("Invite whom into the chat with Ana?")
        assert d.sees("on break 3 min: Lunch")
        assert not any("Kim" in row for row in d.screen[2:-3])
        await d.type("robin")
        await d.press("enter")
        (invite,) = d.sent
        assert isinstance(invite, Invite)
        assert (invite.chat, invite.user) == (11, ROBIN)
        await d.feed(Ack(invite.cid, 11, 5))
        assert d.sees("Robin is asked to join.")


async def test_who_went_while_the_list_stood_open_can_still_be_chosen() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("escape", "I")
        await d.type("robin")
        d.store.team.pop(ROBIN)
        await d.press("enter")
        (invite,) = d.sent
        assert isinstance(invite, Invite)
        await d.feed(Ack(invite.cid, 11, 5))
        assert d.sees("Robin is asked to join.")


async def test_an_invitation_is_taken_back_where_it_was_made() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(mine(11, version=9, invited=[person(ROBIN, "Robin")]))
        await d.press("escape", "I")
        assert d.sees("asked; Enter takes it back")
        await d.type("robin")
        await d.press("enter")
        (back,) = d.sent
        assert isinstance(back, CancelInvite)
        assert (back.chat, back.user) == (11, ROBIN)
        await d.feed(Ack(back.cid, 11, 6))
        assert d.sees("Robin is not asked any more.")


# --- help ---


async def test_help_is_called_with_a_word_shown_in_the_lists_and_ended() -> None:
    async with desk((120, 40)) as d:
        await with_ana(d)
        await d.press("escape", "exclamation_mark")
        await d.type("she is angry")
        await d.press("enter")
        (call,) = d.sent
        assert isinstance(call, AskHelp)
        assert (call.chat, call.text) == (11, "she is angry")
        await d.feed(Ack(call.cid, 11, 5), mine(11, version=9, help_at=START))
        assert d.sees("H help called 0 s")
        assert d.sees("1 A… help called")
        await d.press("exclamation_mark")
        done = d.sent[-1]
        assert isinstance(done, EndHelp)


async def test_a_supervisor_finds_the_call_on_top_of_the_queue() -> None:
    async with desk() as d:
        await d.feed(supervisor(), *team(), waiting(1), theirs(21, help_at=START - 61_000))
        assert d.sees("Calls for help 1")
        (row,) = [row for row in d.screen if "H Robin calls" in row]
        assert "1 min" in row
    async with desk() as d:
        await d.feed(*team(), waiting(1), theirs(21, help_at=START - 61_000))
        assert not d.sees("Calls for help")


# --- supervisors ---


async def test_taking_over_asks_once() -> None:
    async with desk() as d:
        await d.feed(supervisor())
        await reading_robins(d)
        before = len(d.sent)
        await d.press("O")
        assert d.sees("Take over the chat with Ana?")
        assert d.sees("Robin answers it now")
        await d.press("escape")
        assert len(d.sent) == before
        await d.press("O", "1")
        take = d.sent[-1]
        assert isinstance(take, TakeOver)
        assert take.chat == 21


async def test_a_priority_is_a_small_whole_number() -> None:
    async with desk() as d:
        await d.feed(supervisor(), waiting(1, "Ana", 60), waiting(2, "Bo", 30))
        await d.press("down", "P")
        assert d.sees("Priority of Bo")
        await d.press("backspace")
        await d.type("99")
        await d.press("enter")
        assert d.sent == []
        assert d.sees("from -10 to 10")
        await d.press("P", "backspace")
        await d.type("3")
        await d.press("enter")
        (change,) = d.sent
        assert isinstance(change, Prioritise)
        assert (change.chat, change.priority) == (2, 3)
        await d.feed(waiting(2, "Bo", 30, version=3, priority=3))
        assert any("Bo" in row and "+3" in row for row in d.screen)


async def test_what_only_supervisors_may_is_offered_to_nobody_else() -> None:
    async with desk((120, 40)) as d:
        await reading_robins(d)
        await d.press("colon")
        await d.type("take over")
        assert not d.sees("Become the owner")
    async with desk((120, 40)) as d:
        await d.feed(supervisor())
        await reading_robins(d)
        await d.press("colon")
        await d.type("take over")
        assert d.sees("Become the owner")


# --- why ---

WHY = Explanation(
    1,
    START,
    "It waits: nobody is free.",
    [
        Reason(ROBIN, "Robin", Verdict.limit, "has 3 of 3 chats"),
        Reason(ALEX, "Alex", Verdict.on_break, "on break: Lunch, since 12:31"),
        *(Reason(100 + n, f"Agent {n}", Verdict.offline, "is offline") for n in range(30)),
    ],
    routing=Routing.least_busy,
)


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 40)])
async def test_why_is_told_agent_by_agent_and_scrolls(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.feed(waiting(1))
        await d.press("w")
        (ask,) = d.sent
        assert isinstance(ask, Explain)
        await d.feed(WHY, Ack(ask.cid, 1))
        assert d.sees("Why nobody has the chat with Ana")
        assert d.sees("It waits: nobody is free.")
        assert d.sees("Robin  has 3 of 3 chats")
        assert not d.sees("Agent 29")
        await d.press("end")
        assert d.sees("Agent 29  is offline")
        await d.press("escape")
        assert d.app.main.is_active


async def test_a_chat_that_was_taken_by_hand_was_decided_by_nobody() -> None:
    async with desk() as d:
        await d.feed(waiting(1))
        await d.press("w")
        await d.feed(WHY, Ack(d.sent[-1].cid, 1))
        await d.press("escape")
        await d.feed(mine(1, version=9))
        await d.press("w")
        await d.feed(Ack(d.sent[-1].cid, 1))
        assert d.sees("No routing decided this: Kim has taken the chat by hand.")
        assert not d.sees("It waits")


# --- closing where it must be marked ---


async def test_only_a_department_that_need_not_be_marked_offers_no_mark() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("f9")
        assert d.sees("no mark")
        await d.press("5")
        (close,) = d.sent
        assert isinstance(close, Close)
        assert close.outcome is None
    async with desk() as d:
        await with_ana(d)
        await d.feed(departments(to_solve=True))
        await d.press("f9")
        assert not d.sees("no mark")
        await d.press("2")
        (close,) = d.sent
        assert isinstance(close, Close)
        assert close.outcome is Outcome.unsolved


# --- taken away while I write ---


async def test_a_forced_transfer_keeps_the_unsent_text_and_sends_it_nowhere() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.feed(mine(12, "Bo"), *log(12, "*", "<hi", "+", name="Bo"))
        await d.type("your password is")
        await d.feed(theirs(11, version=9))
        assert d.sees("gone to Robin – not sent ▸")
        assert d.sees("your password is")
        assert d.sees("This chat went to Robin.")
        await d.type(" secret")
        await d.press("enter")
        assert d.sees("nothing was sent")
        assert d.store.draft(11) == "your password is secret"
        assert not [command for command in d.sent if isinstance(command, Say | Note)]
        await d.press("f6")
        assert d.sees("to Bo ▸")
        assert d.app.main.chat.composer.text == ""
        await d.press("escape")
        assert any("✎" in row and "Ana" in row for row in d.screen[:3])
        d.app.main.go_chat(11)
        await d.drawn()
        assert d.sees("your password is secret")
        assert not [command for command in d.sent if isinstance(command, Say | Note)]


async def test_also_when_the_chat_may_not_even_be_seen_any_more() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("half a thought")
        robin_took = Event(11, 4, START, Party(Side.staff, ROBIN, "Robin"), Transferred("Kim"), 4)
        await d.feed(robin_took, Gone(11, 9))
        assert d.sees("gone to Robin – not sent ▸")
        assert d.sees("half a thought")
        await d.press("enter")
        assert d.sent == []
        await d.press("escape", "x")
        assert d.store.draft(11) == ""


async def test_what_comes_back_can_be_sent_after_all() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("half a thought")
        await d.feed(theirs(11, version=9))
        await d.feed(mine(11, version=10))
        assert d.sees("to Ana ▸")
        await d.press("enter")
        (line,) = d.sent
        assert isinstance(line, Say)
        assert line.text == "half a thought"


async def test_a_supervisors_note_in_a_chat_that_went_is_still_a_note() -> None:
    async with desk() as d:
        await d.feed(supervisor())
        await with_ana(d)
        await d.type("half a thought")
        await d.feed(theirs(11, version=9))
        await d.press("escape", "m")
        assert d.sees("NOTE – staff only ▸")
        await d.type("she was promised a refund")
        await d.press("enter")
        (note,) = d.sent
        assert isinstance(note, Note)
        assert note.text == "she was promised a refund"
        assert d.store.draft(11) == "half a thought"
