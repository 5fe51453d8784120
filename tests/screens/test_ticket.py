"""One ticket: its thread, answering, notes, collisions, mails that do not arrive, files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentconsole.protocol import (
    Ack,
    CannedCard,
    Code,
    ConvertChat,
    CustomerCard,
    EarlierChat,
    FileCard,
    MailState,
    MergeTicket,
    NoteTicket,
    QuarantineCard,
    Refused,
    ReplyTicket,
    SetTicket,
    SplitTicket,
    State,
    TicketDetail,
    TicketStatus,
    TicketViewer,
    TicketViewers,
    Wrote,
)
from agentconsole.store import Store
from agentconsole.text import UNSAFE
from tests.hostile import HOSTILE
from tests.screens.fed import START, Desk, desk, log, mine
from tests.screens.fed_tickets import HOUR, Doors, entry, mail, settled, thread, ticket, with_doors
from tests.screens.team import supervisor
from tests.waiting import async_until

SIZES = [(40, 12), (80, 24), (120, 40)]


async def opened(
    d: Desk, *, state: MailState = MailState.accepted, files: dict[int, bytes] | None = None, **facts: object
) -> Doors:
    """Ticket 12 with a conversation stands in front; the server has these files."""
    doors = await with_doors(d)
    doors.files = files or {}
    given = {"seq": 7, "pub": 3, "status": TicketStatus.open, "subject": "Printer is on fire", "mail": state}
    doors.put(ticket(12, **(given | facts)), *thread())
    doors.mails = [mail(state)]
    await d.press("number_sign")
    await d.type("12")
    await d.press("enter")
    await settled(d)
    return doors


def replies(d: Desk) -> list[ReplyTicket]:
    return [command for command in d.sent if isinstance(command, ReplyTicket)]


async def write(d: Desk, words: str) -> None:
    await d.press("i")
    await d.type(words)


@pytest.mark.parametrize("size", SIZES)
async def test_the_ticket_stands_whole_on_every_size(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        await opened(d)
        assert len(d.screen) == size[1]
        assert d.sees("#12")
        assert d.sees("It is off. What now?")
        assert d.sees("ana@example.org")
        await d.press("pageup", "pageup", "pageup")
        assert d.sees("my printer is on fire.")


async def test_customer_staff_notes_and_history_cannot_be_mistaken_for_each_other() -> None:
    async with desk((120, 40)) as d:
        await opened(d)
        assert d.sees("┃ my printer is on fire.")
        assert d.sees("# NOTE by Robin, staff only: She has the big contract.")
        assert d.sees("- mail to ana@example.org: accepted (250 2.0.0 Ok)")
        assert d.sees("- Kim changed priority: normal → high  (+1 before, H shows)")
        assert not d.sees("Kim took it")
        await d.press("H")
        assert d.sees("- Kim took it")
        assert d.sees("- … more stands in the mail: v shows all of it")
        assert d.sees("- file fire.jpg (117 kB): f saves it")


async def test_enter_is_a_new_line_and_sending_asks_what_becomes_of_the_ticket() -> None:
    async with desk() as d:
        await opened(d)
        await write(d, "Dear Ana")
        await d.press("enter")
        await d.type("bye")
        assert replies(d) == []
        assert d.sees("to ana@example.org ▸ Dear Ana")
        await d.press("f9")
        assert d.sees("Answer ana@example.org; ticket #12 is then")
        await d.press("enter")
        (reply,) = replies(d)
        assert (reply.text, reply.status) == ("Dear Ana\nbye", TicketStatus.waiting)
        assert (reply.seen, reply.email) == (7, "ana@example.org")
        assert d.app.main.ticket.composer.text == ""
        assert d.sees("Dear Ana")


async def test_an_answer_shows_once_from_the_moment_it_is_sent() -> None:
    async with desk() as d:
        doors = await opened(d)
        await write(d, "Dear Ana")
        await d.press("f9", "2")
        (reply,) = replies(d)
        assert reply.status is TicketStatus.solved
        assert sum("Dear Ana" in row for row in d.screen) == 1
        await d.feed(Ack(reply.cid, 12, 8))
        assert sum("Dear Ana" in row for row in d.screen) == 1
        assert d.sees("Answered ana@example.org.")
        doors.logs[12].append(entry(8, thread()[4].what, thread()[4].by, pub=4))
        await d.feed(doors.put(ticket(12, version=2, seq=8, pub=4), *doors.logs[12]))
        await settled(d)
        assert not d.sees("Dear Ana")  # what the server tells stands in its place
        assert d.sees("Please switch it off.")


async def test_an_answer_puts_on_hold_until_a_date() -> None:
    async with desk() as d:
        await opened(d)
        await write(d, "Later")
        await d.press("f9", "4")
        await d.type("24 dec 9:30")
        await d.press("enter")
        (reply,) = replies(d)
        assert (reply.status, reply.hold_until > 0) == (TicketStatus.hold, True)
        await d.feed(Ack(reply.cid, 12, 8))
        assert not any(isinstance(command, SetTicket) for command in d.sent), "all in one"


async def test_what_came_while_i_wrote_is_shown_before_the_answer_goes() -> None:
    async with desk() as d:
        doors = await opened(d)
        await write(d, "Dear Ana")
        log = [*doors.logs[12], entry(8, Wrote("Never mind, it went out."), pub=4)]
        await d.feed(doors.put(ticket(12, version=2, seq=8, pub=4, status=TicketStatus.open), *log))
        await settled(d)
        assert d.sees("! Ana wrote meanwhile. Read it before you send.")
        assert d.sees("Never mind, it went out.")
        await d.press("f9")
        assert d.sees("Ana wrote meanwhile.")
        assert replies(d) == []
        assert d.app.main.ticket.composer.text == "Dear Ana"
        await d.press("f9", "enter")
        (reply,) = replies(d)
        assert reply.seen == 8


async def test_a_refused_answer_is_in_the_composer_again_with_the_reason() -> None:
    async with desk() as d:
        await opened(d)
        await write(d, "Dear Ana")
        await d.press("f9", "enter")
        (reply,) = replies(d)
        await d.feed(Refused(Code.conflict, "Meanwhile Robin wrote in this ticket.", reply.cid))
        await settled(d)
        assert d.app.main.ticket.composer.text == "Dear Ana"
        assert d.sees("! Not sent: Meanwhile Robin wrote in this ticket.")
        await d.press("f9", "enter")
        assert len(replies(d)) == 1
        assert replies(d)[0].cid != reply.cid


async def test_a_refused_answer_goes_before_what_was_written_since() -> None:
    async with desk() as d:
        await opened(d)
        await write(d, "first")
        await d.press("f9", "enter")
        (reply,) = replies(d)
        await write(d, "second")
        await d.press("escape", "escape")
        await d.feed(Refused(Code.conflict, "Too late.", reply.cid))
        assert d.store.ticket_draft(12) == "first\n\nsecond"


async def test_notes_and_answers_have_drafts_of_their_own_and_go_their_own_ways() -> None:
    async with desk() as d:
        await opened(d)
        await write(d, "to her")
        await d.press("f8")
        assert d.sees("NOTE – staff only ▸")
        await d.type("secret")
        await d.press("f9")
        (note,) = [command for command in d.sent if isinstance(command, NoteTicket)]
        assert note.text == "secret"
        assert replies(d) == []
        await d.press("f8")
        assert d.sees("to ana@example.org ▸ to her")
        assert d.app.main.ticket.composer.text == "to her"


async def test_a_draft_belongs_to_its_ticket_and_survives_a_crash() -> None:
    async with desk() as d:
        doors = await opened(d)
        doors.put(ticket(13))
        await write(d, "half an ans")
        await d.press("escape", "number_sign")
        await d.type("13")
        await d.press("enter")
        await settled(d)
        assert d.app.main.ticket.composer.text == ""
        await d.press("K")
        await settled(d)
        assert d.sees("✎ Printer is on fire")
        assert not d.sees("✎ Printer 13")
        kept = d.store.words()
    after = Store()
    after.restore(kept)
    assert after.ticket_draft(12) == "half an ans"
    assert after.ticket_draft(13) == ""


async def test_an_answer_on_its_way_survives_a_crash() -> None:
    async with desk() as d:
        await opened(d)
        await write(d, "Dear Ana")
        await d.press("f9", "enter")
        (reply,) = replies(d)
        kept = d.store.words()
    after = Store()
    after.restore(kept)
    assert [entry.command for entry in after.outbox.of_ticket(12)] == [reply]


async def test_who_else_looks_and_who_answers_is_said() -> None:
    async with desk() as d:
        await opened(d)
        await d.feed(TicketViewers(12, [TicketViewer(8, "Robin")]))
        assert d.sees("Robin looks at this too.")
        await d.feed(TicketViewers(12, [TicketViewer(8, "Robin", answering=True)]))
        assert d.sees("! Robin is answering this ticket.")
        await d.feed(TicketViewers(12, []))
        assert not d.sees("Robin is answering")


async def test_colleagues_see_where_i_look_and_that_i_answer_but_not_notes() -> None:
    async with desk() as d:
        await opened(d)
        client = d.app.client
        assert (client._view.ticket, client._view.answering) == (12, False)
        await write(d, "x")
        assert client._view.answering
        await d.press("f8")
        await d.type("secret")
        assert not client._view.answering
        await d.press("escape", "escape")
        assert client._view.ticket == 0


@pytest.mark.parametrize(
    "state, words",
    [
        (MailState.bounced, "The last answer CAME BACK."),
        (MailState.failed, "The last answer was NOT SENT."),
        (MailState.unknown, "NOBODY KNOWS whether the last answer was sent."),
        (MailState.deferred, "will be tried again"),
    ],
)
async def test_a_mail_in_trouble_is_said_above_the_composer(state: MailState, words: str) -> None:
    async with desk((120, 40)) as d:
        await opened(d, state=state)
        assert d.sees(words)


async def test_without_an_address_nothing_is_said_to_be_sent() -> None:
    async with desk() as d:
        await opened(d, email="")
        assert d.sees("to nobody: no e-mail address ▸")
        await write(d, "x")
        await d.press("f9")
        assert d.sees("There is no address: nothing is sent")


async def test_a_closed_ticket_takes_notes_alone() -> None:
    async with desk() as d:
        await opened(d, status=TicketStatus.closed)
        assert d.sees("Closed for good.")
        await d.press("i")
        assert not d.app.main.ticket.composer.field.has_focus
        await d.press("m")
        assert d.sees("NOTE – staff only ▸")


async def test_the_whole_mail_is_shown_and_acts_on_nothing() -> None:
    async with desk() as d:
        doors = await opened(d)
        doors.raws = {7: b"Subject: \x1b]0;owned\x07fire\r\n\r\n> quoted", 1: b"the first"}
        await d.press("v")
        assert d.sees("·]0;owned·fire")
        assert d.sees("> quoted")
        await d.press("escape")
        assert d.app.screen is d.app.main


async def test_files_are_saved_under_safe_names_and_never_over_others(tmp_path: Path) -> None:
    async with desk() as d:
        doors = await opened(d)
        doors.files[3] = b"picture"
        for _ in range(2):
            await d.press("f", "enter", "ctrl+u")
            await d.type(str(tmp_path))
            await d.press("enter")
            await async_until(lambda: d.sees("Saved as "))
        assert (tmp_path / "fire (2).jpg").exists()
        assert (tmp_path / "fire.jpg").read_bytes() == b"picture"
        assert (tmp_path / "fire.jpg").stat().st_mode & 0o777 == 0o600


async def test_a_file_goes_along_with_the_answer(tmp_path: Path) -> None:
    (tmp_path / "manual.txt").write_bytes(b"Do not burn.")
    async with desk() as d:
        doors = await opened(d)
        await d.press("u")
        await d.type(str(tmp_path / "manual.txt"))
        await d.press("enter")
        await async_until(lambda: doors.files == {1: b"Do not burn."})
        await d.drawn()
        assert d.sees("1 attached: manual.txt (12 B)")
        await write(d, "See the manual")
        await d.press("f9", "enter")
        assert replies(d)[0].files == [1]
        assert not d.sees("attached")


async def attached(d: Desk, doors: Doors, folder: Path, name: str = "manual.txt") -> None:
    """A file of this machine goes along with what is being written."""
    (folder / name).write_bytes(b"Do not burn.")
    before = len(doors.files)
    await d.press("u")
    await d.type(str(folder / name))
    await d.press("enter")
    await async_until(lambda: len(doors.files) > before and d.app.main.ticket.attached, what="it is there")
    await d.drawn()


async def test_files_not_sent_yet_survive_a_crash_with_the_answer(tmp_path: Path) -> None:
    async with desk() as d:
        doors = await opened(d)
        await attached(d, doors, tmp_path)
        await write(d, "See the manual")
        kept = json.loads(json.dumps(d.store.words()))
    async with desk() as d:
        d.store.restore(kept)
        await opened(d, files={1: b"Do not burn."})
        assert d.sees("1 attached: manual.txt (12 B)")
        assert d.sees("See the manual")
        await d.press("i", "f9", "enter")
        assert replies(d)[0].files == [1]
        assert not d.sees("attached")


async def test_a_file_that_the_server_has_forgotten_meanwhile_is_said(tmp_path: Path) -> None:
    async with desk() as d:
        await attached(d, await opened(d), tmp_path)
        kept = d.store.words()
    async with desk((120, 30)) as d:
        d.store.restore(kept)
        doors = await opened(d)
        await async_until(lambda: d.sees("! No longer on the server: manual.txt"), what="it is said")
        assert not d.sees("1 attached")
        assert 12 not in d.store.written_tickets()
        await attached(d, doors, tmp_path)
        assert not d.sees("No longer on the server")
        assert d.sees("1 attached: manual.txt (12 B)")


async def test_files_of_an_answer_do_not_go_with_a_note(tmp_path: Path) -> None:
    async with desk() as d:
        doors = await opened(d)
        await attached(d, doors, tmp_path)
        await d.press("m")
        assert not d.sees("attached")
        await d.type("She knows")
        await d.press("f9")
        (note,) = [command for command in d.sent if isinstance(command, NoteTicket)]
        assert note.files == []
        await d.press("f8")
        assert d.sees("1 attached: manual.txt (12 B)")


async def test_a_file_can_be_left_out_again_and_comes_back_with_a_refused_answer(tmp_path: Path) -> None:
    async with desk() as d:
        doors = await opened(d)
        await attached(d, doors, tmp_path, "wrong.txt")
        await d.press("u", "2")
        assert not d.sees("attached")
        await attached(d, doors, tmp_path)
        await write(d, "See the manual")
        await d.press("f9", "enter")
        (reply,) = replies(d)
        assert reply.files == [2]
        await d.feed(Refused(Code.not_now, "The mailbox is being changed.", cid=reply.cid))
        assert d.sees("1 attached: manual.txt (12 B)")
        assert d.app.main.ticket.composer.text == "See the manual"


async def test_a_file_that_cannot_be_read_is_said_and_nothing_is_lost() -> None:
    async with desk() as d:
        await opened(d)
        await write(d, "text")
        await d.press("escape", "u")
        await d.type("/nowhere/at/all")
        await d.press("enter")
        await async_until(lambda: d.sees("/nowhere/at/all is no file."))
        assert d.app.main.ticket.composer.text == "text"


async def test_canned_answers_fill_in_what_the_ticket_knows() -> None:
    async with desk() as d:
        await opened(d)
        await d.feed(CannedCard(9, "num", "Dear {customer.name}, about ticket {ticket.number}: {what}"))
        await write(d, "/num")
        await d.press("tab")
        assert d.app.main.ticket.composer.text == "Dear Ana, about ticket 12: {what}"
        await d.press("f9")
        assert d.sees("These fields are still open: {what}")


async def test_merging_names_both_and_asks_once() -> None:
    async with desk() as d:
        doors = await opened(d)
        doors.put(ticket(14, subject="The same again"))
        await d.press("e", "3", "enter")
        assert d.sees("Put #12 into #14?")
        await d.press("enter")
        (merge,) = [command for command in d.sent if isinstance(command, MergeTicket)]
        assert (merge.ticket, merge.into) == (12, 14)


async def test_a_message_under_the_cursor_is_split_off() -> None:
    async with desk() as d:
        await opened(d)
        await d.press("e", "4")
        assert d.sees("put the cursor")
        await d.press("up", "up")
        await d.press("e", "4", "enter")
        (split,) = [command for command in d.sent if isinstance(command, SplitTicket)]
        assert (split.ticket, split.seq) == (12, 7)


async def test_tags_subject_and_priority_are_changed() -> None:
    async with desk() as d:
        await opened(d, tags=["printer"])
        await d.press("plus")
        await d.type("hot")
        await d.press("enter", "e", "1", "ctrl+u")
        await d.type("Fire")
        await d.press("enter", "P", "1")
        tags, subject, priority = [command for command in d.sent if isinstance(command, SetTicket)]
        assert tags.tags == ["printer", "hot"]
        assert subject.subject == "Fire"
        assert priority.priority == "urgent"


async def test_the_customers_other_tickets_and_chats_stand_beside() -> None:
    async with desk((120, 40)) as d:
        doors = await with_doors(d)
        doors.put(ticket(12))
        doors.put(ticket(14, subject="The same again"))
        doors.chats = [EarlierChat(5, 1, START, State.closed, "how are you")]
        await d.press("number_sign")
        await d.type("12")
        await d.press("enter")
        await settled(d)
        assert d.sees("#14 new The same again")
        assert d.sees("how are you")


async def test_next_and_previous_walk_the_list_the_ticket_came_from() -> None:
    async with desk() as d:
        await with_doors(d, *(ticket(number, first_due=START + number * HOUR) for number in (1, 2, 3)))
        await d.press("K")
        await settled(d)
        await d.press("enter")
        await settled(d)
        await d.press("greater_than_sign")
        await settled(d)
        assert d.sees("#2 Printer 2")
        await d.press("greater_than_sign", "greater_than_sign")
        assert d.sees("This is the last ticket of “All open”.")
        await d.press("escape")
        assert d.app.main.tickets.selected == 3


async def test_a_chat_becomes_a_ticket_and_that_is_opened() -> None:
    async with desk() as d:
        doors = await with_doors(d, ticket(20, chat=11))
        await d.feed(mine(11, email="ana@example.org", topic="Printer"), *log(11, "*", "<It burns"))
        await d.press("1", "escape", "C")
        assert d.sees("Answered by e-mail to ana@example.org.")
        await d.press("enter")
        (convert,) = [command for command in d.sent if isinstance(command, ConvertChat)]
        assert (convert.chat, convert.subject) == (11, "Printer")
        assert doors.cards[20].chat == 11
        await d.feed(Ack(convert.cid, 20, 1))
        await settled(d)
        assert d.sees("#20 Printer 20 is on fire")


async def test_the_customer_of_a_chat_has_tickets_beside_it() -> None:
    async with desk((120, 40)) as d:
        doors = await with_doors(d)
        await d.feed(mine(11, email="ana@example.org"), *log(11, "*", "<It burns"))
        theirs = [ticket(14, subject="The same again")]
        d.app.main.chat.customers[11] = CustomerCard("ana@example.org", "Ana", [], [], tickets=theirs)
        await d.press("1")
        await d.drawn()
        assert d.sees("#14 new The same again")
        assert doors.cards == {}


async def test_mails_in_trouble_are_decided_about_once_asked() -> None:
    async with desk() as d:
        doors = await with_doors(d)
        await d.press("X")
        assert d.sees("Outbox and quarantine are for supervisors.")
        await d.feed(supervisor())
        doors.mails = [mail(MailState.unknown, "")]
        loop = QuarantineCard(5, "support", START, "a loop", "robot@example.org", "Away", ignored=True)
        doors.held = [
            QuarantineCard(4, "support", START, "too many parts", "mallory@example.org", "Deep"),
            loop,
        ]
        await d.press("X")
        await settled(d)
        assert d.sees("To decide 1")
        assert d.sees("! unknown")
        assert d.sees("NOBODY KNOWS whether it was sent")
        assert d.sees("too many parts")
        assert d.sees("Ignored 1")
        await d.press("enter", "escape")
        assert doors.decided == []
        await d.press("enter", "2")
        await settled(d)
        assert doors.decided == [("mail 7", "resend")]
        await d.press("end", "enter", "enter")
        await settled(d)
        assert doors.decided[1:] == [("quarantine 5", "release")]
        await d.press("up", "enter", "enter")
        await settled(d)
        assert doors.decided[2:] == [("quarantine 4", "release")]
        await d.press("d")
        assert d.sees("Throw away the mail from mallory@example.org for good?")
        await d.press("escape")
        assert doors.decided[3:] == []
        doors.held[0] = replace(doors.held[0], discarded_by="Sue", discarded_at=START)
        await d.press("d", "enter")
        await settled(d)
        assert doors.decided[3:] == [("quarantine 4", "discard")]
        assert d.sees("✗ discarded by Sue")
        await d.press("d")
        assert d.sees("It was discarded by Sue already.")
        await d.press("home", "d")
        assert doors.decided[4:] == []


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_texts_act_on_nothing(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        doors = await opened(d)
        for seq, each in enumerate(HOSTILE, 8):
            text = each.text[:4_000].encode("utf-8", "replace").decode()
            files = [FileCard(seq, text[:60] or "x", text[:60], 3)]
            what = Wrote(text, text[:40], text[:40], text[:40], files=files)
            doors.logs[12].append(entry(seq, what, pub=seq))
            doors.cards[12] = ticket(12, version=seq, seq=seq, pub=seq, email=text[:60], name=text[:60])
            if seq % 5:
                continue
            viewer = TicketViewer(8, text[:40] or "x", answering=bool(seq % 2))
            await d.feed(doors.cards[12], TicketViewers(12, [viewer]))
            await settled(d)
            for row in d.screen:
                assert not UNSAFE.search(row)
                assert re.fullmatch(r"[^\x00-\x1f\x7f]*", row)
        assert len(d.screen) == size[1]
        assert d.store.tickets.threads[12].last > len(HOSTILE)


def test_a_log_that_comes_in_parts_is_whole_only_at_its_end() -> None:
    store = Store()
    store.ticket_opened(TicketDetail(ticket(12, seq=7), thread()[:3]))
    assert store.tickets.lacks(12)
    store.ticket_opened(TicketDetail(ticket(12, seq=7), thread()[2:]))
    assert not store.tickets.lacks(12)
    assert [each.seq for each in store.tickets.threads[12].entries] == [1, 2, 3, 4, 5, 6, 7]
