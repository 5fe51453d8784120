"""Messages among staff: rooms, unread counts, drafts, whispers in the transcript, and that a recipient is always named."""

import re
from typing import Any

import pytest

from agentconsole.protocol import (
    Ack,
    Code,
    Grant,
    Message,
    OlderMessages,
    Open,
    ReadMessages,
    Refused,
    Role,
    RoomCard,
    SeatCard,
    StaffMessage,
    Status,
    Synced,
)
from agentconsole.text import UNSAFE
from tests.hostile import HOSTILE
from tests.screens.fed import ME, START, Desk, desk, event, hello, log, mine
from tests.screens.test_observe import boss, running

ROBIN, SAM = 8, 9
WITH_ROBIN = "u7-8"


def message(id: int, text: str, author: int = ROBIN, room: str = WITH_ROBIN, **facts: Any) -> Message:
    name = {ROBIN: "Robin", SAM: "Sam", ME: "Kim"}[author]
    return Message(id, room, facts.pop("at", START - 50_000 + id * 1_000), author, name, text, **facts)


def room(last: int, unread: int = 0, name: str = WITH_ROBIN, text: str = "", at: int = START) -> RoomCard:
    return RoomCard(name, last, unread, at, text, "Robin")


async def staffed(d: Desk) -> None:
    await d.feed(
        SeatCard(ME, "kim", "Kim", Status.online, START),
        SeatCard(ROBIN, "robin", "Robin", Status.away, START, "lunch"),
        SeatCard(SAM, "sam", "Sam", Status.online, START),
    )


def written(d: Desk) -> list[StaffMessage]:
    return [command for command in d.sent if isinstance(command, StaffMessage)]


def read(d: Desk) -> list[ReadMessages]:
    return d.store.rooms.take_marks()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_rooms_and_the_one_in_front_stand_on_every_size(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await staffed(d)
        await d.feed(message(1, "Can you help me?"), room(1, 1, text="Can you help me?"))
        await d.press("U")
        assert len(d.screen) == size[1]
        assert d.sees("Can you help me?")
        assert d.sees("staff: to Robin ▸")
        await d.type("sure")
        assert d.sees("sure")
        await d.press("escape")
        assert d.sees("Robin")
        await d.press("enter")
        assert d.sees("staff: to Robin ▸ sure")


async def test_a_message_is_written_to_the_one_named_and_shows_until_it_is_taken() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(message(1, "Hi"), room(1, 0))
        await d.press("M", "enter")
        await d.type("hello")
        await d.press("enter")
        (command,) = written(d)
        assert (command.user, command.department, command.chat, command.text) == (ROBIN, 0, 0, "hello")
        assert d.sees("hello")
        assert d.app.main.messages.composer.text == ""
        await d.feed(message(2, "hello", ME), Ack(command.cid, 0, 2))
        assert sum("hello" in row for row in d.screen) == 2  # in the list and in the room, once each


async def test_a_channel_names_all_who_read_it() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(message(1, "Lunch at one", room="d1"), room(1, 1, "d1"))
        await d.press("U")
        assert d.sees("staff: to all of Support ▸")
        await d.type("ok")
        await d.press("enter")
        (command,) = written(d)
        assert (command.user, command.department) == (0, 1)


async def test_drafts_stay_with_their_room_and_survive_elsewhere() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(message(1, "Hi"), room(1), message(2, "All", room="d1"), room(2, 0, "d1"))
        await d.press("M", "enter")
        first = d.app.main.messages.room
        await d.type("half")
        await d.press("escape", "down")
        assert d.app.main.messages.room != first
        assert d.app.main.messages.composer.text == ""
        await d.press("g", "M", "up")
        assert d.app.main.messages.room == first
        assert d.app.main.messages.composer.text == "half"
        assert d.store.words()["message_drafts"] == {first: "half"}


async def test_read_is_only_what_is_really_on_the_screen() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(message(1, "Hi"), room(1, 1))
        assert read(d) == []
        assert d.sees("Messages 1")
        await d.press("M")
        assert read(d) == [ReadMessages(WITH_ROBIN, 1)]
        assert not d.sees("Messages 1")
        d.app.app_focus = False
        await d.feed(message(2, "Still there?"), room(2, 1))
        assert read(d) == []
        assert d.sees("Messages 1")
        d.app.app_focus = True
        await d.press("question_mark")
        await d.feed(message(3, "Hello?"), room(3, 2))
        assert read(d) == []
        await d.press("escape", "down")
        assert read(d) == [ReadMessages(WITH_ROBIN, 3)]


async def test_in_a_narrow_terminal_a_room_in_the_list_is_not_read() -> None:
    async with desk((40, 12)) as d:
        await staffed(d)
        await d.feed(message(1, "Hi"), room(1, 1))
        assert "1 msg" in d.screen[-1]
        await d.press("M")
        assert read(d) == []
        await d.press("enter")
        assert "msg" not in d.screen[-1]
        assert read(d) == [ReadMessages(WITH_ROBIN, 1)]


async def test_scrolled_back_is_not_read_and_the_beginning_asks_for_older_ones() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(*(message(id, f"message {id}") for id in range(10, 70)), room(69))
        await d.press("M", "pageup")
        read(d)
        await d.feed(message(70, "the newest"), room(70, 1))
        assert read(d) == []
        await d.press("pageup", "pageup", "pageup")
        older = [command for command in d.sent if isinstance(command, OlderMessages)]
        assert [(command.room, command.before) for command in older] == [(WITH_ROBIN, 10)]
        await d.feed(*(message(id, f"message {id}") for id in range(1, 10)), Ack(older[0].cid, 0, 1))
        assert d.app.main.messages.transcript.lines[0].text == "message 1"
        assert d.sees("message 10")  # what was in view stays


async def test_a_room_that_is_not_here_yet_is_asked_for_once() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(room(5, 0, text="Bye"))
        await d.press("M", "g", "M")
        asked = [command for command in d.sent if isinstance(command, OlderMessages)]
        assert [(command.room, command.before) for command in asked] == [(WITH_ROBIN, 0)]


async def test_a_room_whose_answer_was_lost_with_the_link_is_asked_for_again() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(room(5, 0, text="Bye"))
        await d.press("M", "g")
        d.store.link_lost(d.clock.now)
        await d.feed(*hello()[:-1], room(5, 0, text="Bye"), Synced())
        await d.press("M")
        asked = [command for command in d.sent if isinstance(command, OlderMessages)]
        assert [(command.room, command.before) for command in asked] == [(WITH_ROBIN, 0)]


async def test_a_conversation_begins_by_name() -> None:
    async with desk() as d:
        await staffed(d)
        await d.press("M", "plus")
        await d.type("sam")
        await d.press("enter")
        assert d.sees("staff: to Sam ▸")
        assert d.sees("Nothing has been said between you and Sam yet.")
        await d.type("hi")
        await d.press("enter")
        assert [(command.user, command.text) for command in written(d)] == [(SAM, "hi")]


async def test_a_refused_message_is_kept_sent_again_or_edited() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(message(1, "Hi"), room(1))
        await d.press("M", "enter")
        await d.type("hello")
        await d.press("enter")
        (command,) = written(d)
        await d.feed(Refused(Code.slow_down, "Slowly.", command.cid, 0, 500))
        assert written(d) == [command]
        await d.feed(Refused(Code.unknown, "Robin is gone.", command.cid))
        assert d.sees("! not sent")
        await d.press("escape", "r")
        (again,) = written(d)
        assert (again.text, again.cid != command.cid) == ("hello", True)
        await d.feed(Refused(Code.unknown, "Robin is gone.", again.cid))
        assert d.sees("; r sends it again, e edits it")
        await d.press("e")
        assert d.app.main.messages.composer.text == "hello"
        assert written(d) == []


async def test_a_message_about_a_chat_leads_there() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(mine(11), *log(11, "*", "<It burns"), message(1, "Have a look", chat=11), room(1))
        await d.press("M")
        assert d.sees("about chat 11, Ana: Have a look")
        await d.press("v")
        assert d.sees("to Ana ▸")


async def test_a_whisper_stands_between_the_lines_by_time_and_cannot_be_mistaken() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(mine(11), *log(11, "*", "<first", "<second"))
        await d.press("1")
        at = event(11, 2, "<first").at + 1
        await d.feed(
            message(1, "offer a refund", SAM, "u7-9", at=at, chat=11, whisper=True), room(1, 1, "u7-9")
        )
        texts = [row for row in d.screen if "first" in row or "WHISPER" in row or "second" in row]
        assert [word for row in texts for word in ("first", "WHISPER", "second") if word in row] == [
            "first",
            "WHISPER",
            "second",
        ]
        assert d.sees("# WHISPER from Sam to you alone: offer a refund")
        assert "offer a refund" not in str(d.store.talks[11].events[:])
        await d.feed(event(11, 4, "<third"))
        await d.press("escape", "g", "1")
        assert [line.text for line in d.app.main.chat.transcript.lines][1:] == [
            "first",
            "offer a refund",
            "second",
            "third",
        ]


@pytest.mark.parametrize("when", [START - 79_000, START + 600_000])
async def test_a_whisper_above_or_below_does_not_move_what_is_being_read(when: int) -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(mine(11), *log(11, "*", *(f"<line {n}" for n in range(60))))
        await d.press("1", "escape", "pageup", "pageup")
        before = [row for row in d.screen[2:-2] if "line" in row]
        assert len(before) > 10
        await d.feed(message(1, "psst", SAM, "u7-9", at=when, chat=11, whisper=True))
        assert [row for row in d.screen[2:-2] if "line" in row] == before
        assert "psst" in [line.text for line in d.app.main.chat.transcript.lines]


async def test_the_answer_to_a_whisper_goes_to_who_whispered_and_the_draft_stays() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(
            mine(11), *log(11, "*", "<first"), message(1, "offer", SAM, "u7-9", chat=11, whisper=True)
        )
        await d.press("1")
        await d.type("half an answer")
        await d.press("escape", "comma")
        assert d.sees("To Sam about chat 11, Ana")
        await d.type("will do")
        await d.press("enter")
        (command,) = written(d)
        assert (command.user, command.chat, command.text) == (SAM, 11, "will do")
        assert d.app.main.chat.composer.text == "half an answer"
        assert d.sees("half an answer")


async def test_a_quick_message_from_within_a_chat_names_its_reader_and_keeps_the_draft() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(mine(11), *log(11, "*", "<first"))
        await d.press("1")
        await d.type("half")
        await d.press("escape", "at")
        await d.type("rob")
        await d.press("enter")
        assert d.sees("To Robin")
        assert d.sees("Only Robin sees it; no visitor ever does.")
        await d.type("free?")
        await d.press("enter")
        assert [(command.user, command.text) for command in written(d)] == [(ROBIN, "free?")]
        assert d.app.main.chat.chat == 11
        assert d.app.main.chat.composer.text == "half"


async def test_who_only_agrees_with_nobody_is_not_offered_a_whisper() -> None:
    async with desk() as d:
        await staffed(d)
        await d.feed(mine(11), *log(11, "*", "<first"))
        await d.press("1", "escape")
        assert not d.app.deeds.possible("whisper")
        await d.press("comma")
        assert d.sees("Nobody has whispered to you here")


@pytest.mark.parametrize("size", [(40, 12), (120, 40)])
async def test_hostile_messages_act_on_nothing(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await staffed(d)
        await d.press("M")
        for id, each in enumerate(HOSTILE, 1):
            text = each.text[:4_000]
            await d.feed(
                Message(id, WITH_ROBIN, START, ROBIN, text[:80] or "x", text, chat=3),
                RoomCard(WITH_ROBIN, id, 1, START + id, text, text[:80]),
                SeatCard(ROBIN, "robin", text[:40] or "x", Status.online, START),
            )
            await d.press("enter" if id % 2 else "escape")
            for row in d.screen:
                assert not UNSAFE.search(row)
                assert re.fullmatch(r"[^\x00-\x1f\x7f]*", row)
        assert len(d.screen) == size[1]


async def test_learning_is_agreed_to_shown_and_ended() -> None:
    async with desk() as d:
        await staffed(d)
        team = d.store.departments[1].__class__(1, "support", "Support", mine=True, team=True)
        d.store.departments[1] = team
        await d.feed(running(5, "Ana"), running(6, "Bo", department=2))
        await d.press("V", "enter")
        assert d.sees("They see that you watch (learning); Ana does not.")
        assert not [command for command in d.sent if isinstance(command, Open)]
        await d.press("enter")
        assert [command.chat for command in d.sent if isinstance(command, Open)] == [5]
        assert d.sees("You watch to learn, and Robin sees it.")
        await d.press("V", "down", "enter")
        assert d.store.viewing == set()
        assert d.sees("Agents of this department do not read each other's chats.")
        assert boss(Role.agent).grants == [Grant(Role.agent)]
