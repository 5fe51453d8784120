"""The chat by mail, on both databases: once, when it is over, to who was answered, without a word of staff among themselves."""

from typing import Any

import pytest

from agentconsole import protocol as p
from agentconsole.backend.domain.chat import Expire
from agentconsole.backend.storage import mails, raws
from agentconsole.backend.storage.mails import Mail
from tests.storage.house import House, new_cid
from tests.storage.test_posting import raw, set_mailing

EMAIL = "vera@x.example"


def sent(house: House, chat: int) -> list[Mail]:
    """The transcripts in the outbox."""
    queued = house.database.read_now(lambda db: mails.in_state(db, [p.MailState.queued]))
    return [mail for mail in queued if mail.kind is p.MailKind.transcript and mail.chat == chat]


def over(house: House, answered: bool = True, **fields: Any) -> int:
    """A chat from its beginning to the end of wrap-up."""
    _, head = house.start(**{"email": EMAIL, "name": "Vera", "text": "My order?", **fields})
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Note(new_cid(), head.id, "NOTESECRET"))
    if answered:
        house.do(house.ann, p.Say(new_cid(), head.id, "It is on its way."))
    house.do(house.ann, p.Close(new_cid(), head.id))
    assert sent(house, head.id) == [], "who reopens it goes on with the same chat"
    house.now = house.head(head.id).due_at
    house.system(Expire(head.id))
    assert house.head(head.id).state is p.State.closed
    return head.id


def test_a_chat_that_is_over_is_mailed_once(house: House) -> None:
    set_mailing(house, transcript=True)
    chat = over(house)
    (mail,) = sent(house, chat)
    read = raw(house, mail)
    assert (mail.recipient, mail.ticket, str(read["To"])) == (EMAIL, 0, EMAIL)
    text = read.get_content()
    assert "Vera: My order?" in text
    assert "Ann: It is on its way." in text
    assert read["Auto-Submitted"] == "auto-replied"
    whole = house.database.read_now(lambda db: raws.outgoing(db, mail.id)) or b""
    assert b"NOTESECRET" not in whole
    house.system(Expire(chat))
    assert len(sent(house, chat)) == 1


def test_two_visitors_transcripts_are_no_thread(house: House) -> None:
    set_mailing(house, transcript=True)
    first, second = over(house), over(house, email="other@x.example")
    (one,), (other,) = sent(house, first), sent(house, second)
    assert (
        one.message_id
        not in (house.database.read_now(lambda db: raws.outgoing(db, other.id)) or b"").decode()
    )


@pytest.mark.parametrize(
    "wanted, fields",
    [(False, {}), (True, {"email": ""}), (True, {"answered": False})],
    ids=["not wanted", "no address", "not answered"],
)
def test_otherwise_nothing_is_mailed(house: House, wanted: bool, fields: dict[str, Any]) -> None:
    set_mailing(house, transcript=wanted)
    assert sent(house, over(house, **fields)) == []
