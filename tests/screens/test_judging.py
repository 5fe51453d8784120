"""Feedback on lines and whole chats, its acknowledgement, and the list of all running chats."""

import pytest

from agentconsole.protocol import (
    Ack,
    AcknowledgeFeedback,
    Beat,
    Code,
    FeedbackCard,
    GiveFeedback,
    Open,
    Pulse,
    Refused,
    Resume,
    Role,
    State,
    Synced,
)
from tests.screens.fed import ME, START, Desk, desk, log, mine
from tests.screens.test_observe import boss, running, said

SIZES = [(40, 12), (80, 24), (120, 40)]


def told(id: int, text: str, seq: int = 0, agent: int = ME, **facts: object) -> FeedbackCard:
    names = {ME: "Kim", 8: "Robin", 9: "Sam"}
    author = 9 if agent == ME else ME
    at = START - 10_000 + id
    return FeedbackCard(id, 11, agent, names[agent], author, names[author], at, text, seq, **facts)  # type: ignore[arg-type]


async def supervising(d: Desk) -> None:
    """Robin's chat with Ana, opened from the list of all chats."""
    await d.feed(boss(), running(11, "Ana"), running(12, "Bo", department=2, started_at=START), Synced())
    await d.press("V", "enter")
    await d.feed(Resume(11, 0, 2, True), said(11, 1, "It burns"), said(11, 2, "Hurry up"))


async def test_feedback_on_the_line_under_the_cursor() -> None:
    async with desk() as d:
        await supervising(d)
        await d.press("minus", "minus", "plus")
        assert d.sees("Feedback to Robin")
        assert d.sees("On this line of the visitor: It burns")
        await d.press("2")
        assert d.sees("To Robin: to improve")
        await d.type("ask which printer")
        await d.press("enter")
        (feedback,) = [command for command in d.sent if isinstance(command, GiveFeedback)]
        assert (feedback.chat, feedback.seq, feedback.good, feedback.text) == (
            11,
            1,
            False,
            "ask which printer",
        )


async def praised(d: Desk) -> GiveFeedback:
    """A good word on the whole of Robin's chat."""
    await supervising(d)
    await d.press("plus", "1")
    await d.type("well done")
    await d.press("enter")
    (feedback,) = [command for command in d.sent if isinstance(command, GiveFeedback)]
    return feedback


async def test_feedback_on_the_whole_chat_where_no_line_is_chosen() -> None:
    async with desk() as d:
        feedback = await praised(d)
        assert (feedback.seq, feedback.good) == (0, True)


async def test_feedback_that_was_refused_is_kept_for_the_next() -> None:
    async with desk() as d:
        feedback = await praised(d)
        await d.feed(Refused(Code.unavailable, "Robin cannot be given feedback now.", feedback.cid))
        assert d.sees("What you wrote is kept")
        await d.press("plus", "1")
        assert d.sees("well done")
        await d.type(" indeed")
        await d.press("enter")
        again = [command for command in d.sent if isinstance(command, GiveFeedback)][-1]
        assert again.text == "well done indeed"
        await d.feed(Ack(again.cid))
        await d.press("plus", "1")
        assert not d.sees("well done")


async def test_feedback_stands_behind_its_line_and_is_acknowledged_with_one_key() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "*", "<It burns", "<Hurry up"))
        await d.press("1")
        await d.feed(told(1, "ask which printer", seq=2))
        assert d.sees("Feedback 1")
        texts = [line.text for line in d.app.main.chat.transcript.lines][1:]
        assert texts == ["It burns", "ask which printer", "Hurry up"]
        assert d.sees("# FEEDBACK by Sam, to improve (new): ask which printer")
        await d.press("escape")
        assert d.sees("= Acknowledge")
        await d.press("equals_sign")
        assert [command.feedback for command in d.sent if isinstance(command, AcknowledgeFeedback)] == [1]
        await d.feed(told(1, "ask which printer", seq=2, acknowledged_at=START))
        assert d.sees("(acknowledged)")
        assert not d.sees("= Acknowledge")
        assert not d.sees("Feedback 1")


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_of_feedback_says_who_what_and_whether_it_was_read(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.feed(mine(11), told(1, "calm and quick", good=True), told(2, "ask more", agent=8))
        await d.press("F")
        assert len(d.screen) == size[1]
        assert d.sees("calm and")
        await d.press("up", "up", "enter")
        assert [command.feedback for command in d.sent if isinstance(command, AcknowledgeFeedback)] in (
            [1],
            [],
        )
        await d.press("down", "enter")
        assert [command.feedback for command in d.sent if isinstance(command, AcknowledgeFeedback)] == [1]
        await d.feed(told(2, "ask more", agent=8, acknowledged_at=START))
        assert d.sees("✓")


async def test_without_feedback_the_list_says_so() -> None:
    async with desk() as d:
        await d.press("F")
        assert d.sees("No feedback yet.")
        await d.press("enter")
        assert d.sent == []


async def test_an_agent_is_not_offered_to_give_feedback() -> None:
    async with desk() as d:
        await d.feed(mine(11), *log(11, "*", "<It burns"))
        await d.press("1", "escape")
        assert not d.app.deeds.possible("give_feedback")
        await d.press("plus")
        assert d.sees("Feedback is given by supervisors and analysts")


@pytest.mark.parametrize("size", SIZES)
async def test_all_running_chats_and_what_is_wrong_with_them(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await d.feed(
            boss(Role.supervisor), running(11, "Ana"), mine(12, "Bo"), running(13, "Cleo", state=State.wrapup)
        )
        await d.feed(Synced(), Pulse([Beat(11, START - 65_000, START)]))
        await d.press("V")
        assert len(d.screen) == size[1]
        assert d.sees("Ana")
        assert d.sees("unansw")
        assert d.sees("Bo")
        assert d.sees("Cleo")


async def test_the_list_is_narrowed_by_department_agent_and_state_and_widened_again() -> None:
    async with desk() as d:
        await d.feed(
            boss(),
            running(11, "Ana"),
            running(12, "Bo", department=2, owner=9, owner_name="Sam"),
            running(13, "Cleo", department=2, state=State.wrapup),
            Synced(),
        )
        view = d.app.main.running

        def listed() -> list[int]:
            return [row.chat for row in view.rows.items]

        await d.press("V")
        assert listed() == [11, 12, 13]
        await d.press("f")
        await d.type("bill")
        await d.press("enter")
        assert listed() == [12, 13]
        assert d.sees("Billing · all agents · all states")
        await d.press("a")
        await d.type("sam")
        await d.press("enter")
        assert listed() == [12]
        await d.press("c", "4")
        assert listed() == []
        assert d.sees("No running chat fits.")
        await d.press("x")
        assert listed() == [11, 12, 13]


async def test_five_hundred_rows_are_drawn_as_the_eye_needs_them() -> None:
    async with desk() as d:
        await d.feed(boss(), *(running(chat) for chat in range(1, 501)), Synced())
        await d.press("V", "end")
        assert d.sees("Visitor 500")
        assert d.sees("500 ")
        await d.press("enter")
        assert [command.chat for command in d.sent if isinstance(command, Open)] == [500]
