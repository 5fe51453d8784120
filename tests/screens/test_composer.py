"""The composer: lines, history, canned replies, pastes, and what the visitor sees of it."""

from pathlib import Path

import pytest
from textual import events

from agentconsole.protocol import Note, SaveCanned, Say, Typing
from agentconsole.widgets.composer import Composer
from tests.screens.fed import Desk, desk, event, log, mine
from tests.waiting import async_until


async def with_ana(d: Desk) -> Composer:
    await d.feed(mine(11), *log(11, "*", "<It burns", "+"))
    await d.press("1")
    return d.app.main.chat.composer


def said(d: Desk) -> list[str]:
    return [command.text for command in d.sent if isinstance(command, Say)]


async def test_several_lines_are_one_message_and_the_composer_grows_to_six_rows() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        for number in range(9):
            await d.type(str(number))
            await d.press("ctrl+j" if number % 2 else "alt+enter")
        assert composer.field.size.height == 6
        await d.press("enter")
        assert said(d) == ["0\n1\n2\n3\n4\n5\n6\n7\n8\n"]
        assert composer.field.size.height == 1


async def test_white_space_alone_is_not_sent() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("space", "enter")
        assert d.sent == []


async def test_too_long_is_told_and_nothing_is_lost() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        composer.put("x" * 4_001)
        await d.press("enter")
        assert d.sent == []
        assert d.sees("4,001 characters long and 4,000 fit")
        assert len(composer.text) == 4_001


async def test_history_goes_back_from_the_first_row_and_returns_to_the_draft() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        for word in ("one", "two"):
            await d.type(word)
            await d.press("enter")
        await d.type("draft")
        await d.press("up")
        assert composer.text == "two"
        await d.press("up")
        assert composer.text == "one"
        await d.press("down", "down")
        assert composer.text == "draft"
        assert said(d) == ["one", "two"]


async def test_up_in_a_lower_row_moves_the_cursor() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        await d.type("sent")
        await d.press("enter")
        await d.type("a")
        await d.press("ctrl+j")
        await d.type("b")
        await d.press("up")
        assert composer.text == "a\nb"
        await d.press("up")
        assert composer.text == "sent"


async def test_slash_and_letters_complete_a_reply_with_its_fields() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        await d.type("/hel")
        assert d.sees("/hello")
        assert d.sees("/help")
        await d.press("tab")
        assert composer.text == "Hello Ana, this is Kim. How can I help?"
        await d.press("enter")
        assert said(d) == ["Hello Ana, this is Kim. How can I help?"]


async def test_arrows_choose_among_replies_and_enter_completes_instead_of_sending() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        await d.type("/hel")
        await d.press("down", "enter")
        assert d.sent == []
        assert composer.text == "Have a look at our help pages first."


async def test_an_open_field_is_selected_and_asked_about_before_sending() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        await d.type("/ord")
        await d.press("tab")
        assert composer.field.selected_text == "{order number}"
        await d.press("enter")
        assert d.sees("These fields are still open: {order number}")
        await d.press("escape")
        assert d.sent == []
        await d.press("tab")
        await d.type("2231")
        await d.press("enter")
        assert said(d) == ["Your order 2231 is on its way."]


async def test_a_slash_inside_a_text_is_only_a_slash() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("and/or")
        await d.press("enter")
        assert said(d) == ["and/or"]


async def test_the_picker_finds_a_reply_by_its_words() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        await d.press("ctrl+r")
        await d.type("pages")
        await d.press("enter")
        assert composer.text == "Have a look at our help pages first."


async def test_a_reply_of_my_own_can_be_kept() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("Bye now")
        d.app.do("save_canned")
        await d.pilot.pause()
        await d.type("bye")
        await d.press("enter")
        (save,) = d.sent
        assert isinstance(save, SaveCanned)
        assert (save.shortcut, save.text) == ("bye", "Bye now")


async def test_a_big_paste_asks_once_and_then_waits_to_be_sent() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        pasted = "\n".join(f"line {number}" for number in range(40))
        d.app.post_message(events.Paste(pasted))
        await d.pilot.pause()
        assert d.sees("Paste 40 lines?")
        await d.press("escape")
        assert composer.text == ""
        d.app.post_message(events.Paste(pasted))
        await d.pilot.pause()
        await d.press("enter")
        await d.pilot.pause()
        assert composer.text == pasted
        assert d.sent == []


async def test_a_small_paste_goes_straight_in_and_sends_nothing() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        d.app.post_message(events.Paste("a\nb"))
        await d.pilot.pause()
        assert composer.text == "a\nb"
        assert d.sent == []


async def test_the_visitor_sees_that_i_type_an_answer_but_never_a_note() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.type("H")
        strokes = d.app.client._strokes
        assert strokes.due(0) == [Typing(11, "…")]
        await d.press("f8")
        strokes.due(0)
        await d.type("secret")
        assert not [told for told in strokes.due(0) if told.text]


async def test_letters_are_text_while_writing_and_keys_after_escape() -> None:
    async with desk() as d:
        composer = await with_ana(d)
        await d.type("tgnlsQ")
        assert composer.text == "tgnlsQ"
        await d.press("escape", "g")
        assert d.app.main.where == "queue"
        assert d.store.draft(11) == "tgnlsQ"


async def test_function_keys_act_while_writing() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("f2")
        assert d.app.main.where == "queue"


async def test_the_editor_edits_the_draft(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf \'edited: \' > "$1.new"; cat "$1" >> "$1.new"; mv "$1.new" "$1"\n')
    script.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(script))
    async with desk() as d:
        composer = await with_ana(d)
        await d.type("draft")
        monkeypatch.setattr(type(d.app), "suspend", _no_terminal)
        await d.press("alt+e")
        await async_until(lambda: composer.text == "edited: draft")
        assert d.store.draft(11) == "edited: draft"
        assert d.sent == []


async def test_the_edited_draft_comes_back_to_its_chat_whichever_is_in_front_by_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "editor"
    script.write_text(
        f"#!/bin/sh\ntouch {tmp_path}/open; until [ -e {tmp_path}/go ]; do sleep .02; done; echo edited > $1\n"
    )
    script.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(script))
    async with desk() as d:
        composer = await with_ana(d)
        await d.feed(mine(12, "Bo"), *log(12, "*", "<Hello", "+"))
        await d.type("draft")
        monkeypatch.setattr(type(d.app), "suspend", _no_terminal)
        await d.press("alt+e")
        await async_until((tmp_path / "open").exists)
        await d.feed(event(11, 4, "<while you write"))
        d.app.main.go_chat(12)
        await d.drawn()
        (tmp_path / "go").touch()
        await async_until(lambda: d.store.draft(11) == "edited")
        assert (d.app.main.chat.chat, composer.text) == (12, "")
        d.app.main.go_chat(11)
        await d.drawn()
        assert composer.text == "edited"
        assert d.sees("while you write")


def _no_terminal(app: object) -> object:
    from contextlib import nullcontext

    return nullcontext()


async def test_the_other_send_key_swaps_enter_and_new_line() -> None:
    from agentconsole import keys

    table = keys.remapped({"send": ("ctrl+j",), "newline": ("enter",)})
    async with desk(table=table) as d:
        composer = await with_ana(d)
        await d.type("a")
        await d.press("enter")
        await d.type("b")
        assert composer.text == "a\nb"
        await d.press("ctrl+j")
        assert said(d) == ["a\nb"]


async def test_note_mode_with_a_canned_reply_is_still_a_note() -> None:
    async with desk() as d:
        await with_ana(d)
        await d.press("f8")
        await d.type("/help")
        await d.press("tab", "enter")
        assert [type(command) for command in d.sent] == [Note]
