"""Behind a key that asks for a chat letters are text, also while the server takes its time to answer."""

from textual import events

from agentconsole.protocol import Ack, Code, Gone, Join, Refused, Say, Take, TakeNext
from agentconsole.screens.ahead import PATIENCE_MS, PAUSE_MS
from tests.screens.fed import ME, Desk, desk, log, mine, waiting
from tests.screens.team import handed_to_me, history, person, theirs
from tests.screens.test_keyboard import bunch, settled

GREETING = "Hello, how can I help?"


def composer(d: Desk) -> str:
    return d.app.main.chat.composer.text


async def given(d: Desk, chat: int = 2, name: str = "Bo") -> None:
    """The server's answer to the oldest command on its way: the chat is mine."""
    await d.feed(Ack(d.sent[0].cid, chat, 3), mine(chat, name), *log(chat, "*", "<hi", "+", name=name))


async def refused(d: Desk, chat: int = 1) -> None:
    """The other answer."""
    await d.feed(Refused(Code.taken, "Robin was faster.", d.sent[0].cid, chat), Gone(chat, 5))


async def test_letters_behind_take_next_stand_in_the_composer_of_the_chat_that_opens_and_do_nothing_else() -> (
    None
):
    async with desk() as d:
        await d.feed(waiting(1), waiting(2, "Bo", 90))
        await bunch(d, "t", "ohello", "space", "lWQs?:F")
        assert d.app.main.where == "queue"
        assert d.app.main.is_active
        assert [type(command) for command in d.sent] == [TakeNext]
        assert d.sees("For the chat that opens ▸ ohello lWQs?:F")
        await given(d)
        assert d.sees("to Bo ▸ ohello lWQs?:F")
        assert d.store.draft(2) == "ohello lWQs?:F"
        await bunch(d, "backspace", "more", "enter")
        assert [command.text for command in d.sent if isinstance(command, Say)] == ["ohello lWQs?:more"]


async def test_enter_sends_nothing_backspace_takes_back_and_arrows_go_nowhere() -> None:
    async with desk() as d:
        await d.feed(waiting(1), waiting(2, "Bo", 20))
        await bunch(d, "enter", "enter", "Hellp", "backspace", "o", "down", "enter", "How?", "enter", "enter")
        assert [type(command) for command in d.sent] == [Take]
        assert d.app.main.queue.selected == 1
        await given(d, 1, "Ana")
        assert composer(d) == "Hello\nHow?"
        assert d.app.main.chat.composer.field.cursor_location == (1, 4)
        assert not [command for command in d.sent if isinstance(command, Say)]


async def test_a_paste_and_wide_characters_come_whole() -> None:
    async with desk() as d:
        await d.feed(waiting(1))
        await d.press("t")
        for event in (
            events.Key("你", "你"),
            events.Key("好", "好"),
            events.Paste("one\ntwo"),
            events.Key("é", "é"),
        ):
            d.app.post_message(event)
        await settled(d)
        assert d.sees("▸ 你好one ⏎ twoé")
        await given(d, 1, "Ana")
        assert composer(d) == "你好one\ntwoé"


async def test_a_refused_take_executes_nothing_of_what_was_typed_and_the_next_chat_has_it() -> None:
    async with desk() as d:
        await d.feed(waiting(1), waiting(2, "Bo"))
        await bunch(d, "t", "Hell")
        await refused(d)
        assert d.sees("Robin was faster.")
        await bunch(d, "o", "space", "to")
        assert d.sees("Robin was faster. ▸ Hello to")
        assert d.app.main.where == "queue"
        assert d.sent == []
        await d.later(PAUSE_MS)
        assert d.sees("Kept for the next chat you take: Hello to")
        await d.press("t")
        await given(d)
        assert d.sees("to Bo ▸ Hello to")


async def test_after_a_refusal_and_a_rest_letters_are_keys_and_a_single_one_is_not_kept() -> None:
    async with desk() as d:
        await d.feed(waiting(1), waiting(2, "Bo"))
        await d.press("t")
        await refused(d)
        await d.press("l")
        assert d.app.main.where == "queue"
        await d.later(PAUSE_MS)
        await d.press("t")
        await given(d)
        assert composer(d) == ""
        await d.press("escape", "l")
        assert d.app.main.where == "left"


async def test_escape_makes_letters_keys_again_and_what_was_typed_still_belongs_to_the_chat() -> None:
    async with desk() as d:
        await d.feed(waiting(2, "Bo"))
        await bunch(d, "t", "Hello", "escape")
        assert d.sees("Letters are keys again. When the chat opens, this stands in it: Hello")
        await d.press("l")
        assert d.app.main.where == "left"
        await given(d)
        assert d.sees("to Bo ▸ Hello")


async def test_letters_wait_no_longer_than_ten_seconds_also_after_a_late_refusal() -> None:
    async with desk() as d:
        await d.feed(waiting(1), waiting(2, "Bo"))
        await bunch(d, "t", "Hello")
        await d.later(PATIENCE_MS)
        assert d.sees("Letters are keys again.")
        await d.press("l")
        assert d.app.main.where == "left"
        await refused(d)
        assert d.sees("Kept for the next chat you take: Hello")
        await d.press("g", "t")
        await d.later(PATIENCE_MS - PAUSE_MS // 2)
        await bunch(d, "x")
        await d.feed(Refused(Code.taken, "Robin was faster.", d.sent[0].cid, 2))
        await d.later(PAUSE_MS // 2)
        await d.press("l")
        assert d.app.main.where == "left"


async def test_a_function_key_acts_and_ends_it() -> None:
    async with desk() as d:
        await d.feed(waiting(2, "Bo"), mine(11), *log(11, "hello"))
        await bunch(d, "t", "Hello", "f3")
        assert d.app.main.chat.chat == 11
        await d.type("for Ana")
        assert composer(d) == "for Ana"
        await given(d)
        assert d.sees("Bo is yours now, and waits until you have written this.")
        assert composer(d) == "for Ana"
        assert d.store.draft(2) == "Hello"


async def test_from_the_composer_of_another_chat_letters_go_to_the_new_one_behind_its_draft() -> None:
    async with desk() as d:
        await d.feed(waiting(2, "Bo"), mine(11), *log(11, "hello"))
        d.app.actions.draft(2, "Good morning", False)
        await d.press("1")
        await bunch(d, "for_Ana", "f4", "for_Bo", "enter")
        assert composer(d) == "for_Ana"
        assert not [command for command in d.sent if isinstance(command, Say)]
        await given(d)
        assert composer(d) == "Good morning\nfor_Bo"
        assert d.store.draft(11) == "for_Ana"


async def test_accepting_what_is_read_and_joining_hold_letters_too() -> None:
    async with desk() as d:
        await d.feed(handed_to_me(21), *history(21))
        await d.press("n")
        await bunch(d, "a", "Hello")
        assert composer(d) == ""
        cid = next(command.cid for command in d.sent if isinstance(command, Take))
        await d.feed(Ack(cid, 21, 6), mine(21, version=9, seq=6))
        assert d.sees("to Ana ▸ Hello")
    async with desk() as d:
        await d.feed(theirs(21), *history(21))
        d.app.main.go_chat(21)
        await d.drawn()
        await bunch(d, "J", "Hello")
        cid = next(command.cid for command in d.sent if isinstance(command, Join))
        await d.feed(Ack(cid, 21, 6), theirs(21, version=9, guests=[person(ME, "Kim")]))
        assert d.sees("to Ana ▸ Hello")


async def test_a_note_that_stands_open_never_takes_what_was_typed_as_an_answer() -> None:
    async with desk() as d:
        await d.feed(handed_to_me(21), *history(21))
        await d.press("n")
        d.app.main.chat.noting.add(21)
        await bunch(d, "a", "Hello")
        cid = next(command.cid for command in d.sent if isinstance(command, Take))
        await d.feed(Ack(cid, 21, 6), mine(21, version=9, seq=6))
        assert d.sees("NOTE")
        assert composer(d) == ""
        assert d.store.draft(21) == "Hello"


async def test_letters_that_come_with_the_answer_go_where_those_before_and_after_go() -> None:
    for before in ("", "Wait"):
        async with desk() as d:
            await d.feed(waiting(2, "Bo"))
            await bunch(d, "t", before)
            answer = [Ack(d.sent[0].cid, 2, 3), mine(2, "Bo"), *log(2, "*", "<hi", "+", name="Bo")]
            d.app.changed({each for frame in answer for each in d.store.apply(frame, d.clock.now)})
            for sign in "lWQsotgF":
                d.app.post_message(events.Key(sign, sign))
            await settled(d)
            assert d.sees(f"to Bo ▸ {before}lWQsotgF")
            assert d.app.main.is_active


async def test_who_types_behind_a_key_that_found_nobody_has_lost_no_word_and_pressed_no_key() -> None:
    async with desk() as d:
        await bunch(d, "t", "Hello", "space", "lWs")
        assert d.sent == []
        assert d.app.main.where == "queue"
        assert d.app.main.is_active
        assert d.sees("Nobody is waiting. ▸ Hello lWs")
        await d.later(PAUSE_MS)
        await d.feed(waiting(2, "Bo"))
        await d.press("t")
        await given(d)
        assert d.sees("to Bo ▸ Hello lWs")
