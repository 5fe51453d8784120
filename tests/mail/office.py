"""The desk that the mails of the corpus come to, with the ticket that they speak of."""

from typing import Any

import msgspec

from agentconsole import protocol as p
from agentconsole.backend import token
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.receiving import DetainMail, ReceiveMail
from agentconsole.backend.domain.letter import Unreadable
from agentconsole.backend.domain.mailing import Mailing
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.domain.ticket import Ticket
from agentconsole.backend.mail.parse import parse
from agentconsole.backend.storage import arrivals, departments, mails, tickets
from agentconsole.backend.storage.mails import Mail
from tests.mail.corpus.case import ANNA, DESK, TOKEN
from tests.storage.house import SALES, SUPPORT, House, new_cid

BOX = "main"
NUMBER = 12


class Office:
    """A house whose sales department is the desk of the corpus, with Anna's ticket 12 and our answer on it."""

    def __init__(self, house: House) -> None:
        self.house = house
        with house.database.writer_engine.begin() as connection:
            for key, address in ((SALES, DESK), (SUPPORT, "support@example.com")):
                found = departments.one(connection, key)
                assert found is not None
                mailing = Mailing(address=address, mailbox=BOX, acknowledge=True)
                departments.save(connection, msgspec.structs.replace(found, mailing=mailing))
        while True:
            self.ticket = house.do(
                house.ann, p.NewTicket(new_cid(), SALES, "Parcel", "Where is it?", email=ANNA, name="Anna")
            ).about
            if self.ticket == NUMBER:
                break
        with house.database.writer_engine.begin() as connection:
            self.token = token.sign(mails.key(connection), NUMBER, ANNA, house.now)
            self.mail = self.send(connection, f"<t{self.token}.1@example.com>", ANNA)

    def send(self, connection: Any, message_id: str, to: str, ticket: int = NUMBER, raw: bytes = b"") -> int:
        """Write down that we sent a mail."""
        answer = Mail(
            id=0,
            ticket=ticket,
            department=SALES,
            kind=p.MailKind.answer,
            recipient=to,
            subject="Parcel",
            state=p.MailState.accepted,
            at=self.house.now,
            message_id=message_id,
        )
        return mails.queue(connection, answer, raw)

    def fate(self, state: p.MailState) -> None:
        """What is known of our mail on ticket 12."""
        with self.house.database.writer_engine.begin() as connection:
            found = mails.one(connection, self.mail)
            assert found is not None
            mails.save(connection, msgspec.structs.replace(found, state=state))

    def real(self, raw: bytes) -> bytes:
        """A mail of the corpus with a token that is valid here, where it has the one that stands for it."""
        raw = raw.replace(TOKEN.encode(), self.token.encode()).replace(
            TOKEN[::-1].encode(), self.token[::-1].encode()
        )
        return raw.replace(TOKEN.upper().encode(), self.token.upper().encode())

    def take(self, raw: bytes, mailbox: str = BOX) -> Made:
        """What the intake does, without its worker."""
        raw = self.real(raw)
        try:
            command: Any = ReceiveMail(mailbox, parse(raw), raw)
        except Unreadable as failure:
            command = DetainMail(mailbox, failure.reason, raw)
        return self.house.do(SYSTEM, command)

    def read(self, key: int) -> Ticket:
        """A ticket as it stands."""
        found = self.house.database.read_now(lambda db: tickets.one(db, key))
        assert found is not None
        return found

    def whats(self, key: int = NUMBER) -> list[Any]:
        """What happened in a ticket."""
        return [line.what for line in self.house.database.read_now(lambda db: tickets.log(db, key))]

    def detained(self, ignored: bool = False) -> list[p.QuarantineCard]:
        """What lies in quarantine, or was ignored."""
        return self.house.database.read_now(lambda db: arrivals.detained(db, [BOX], ignored))

    def count(self) -> int:
        """How many tickets there are."""
        return self.house.database.read_now(lambda db: tickets.page(db, p.TicketQuery(), None, 0))[0]

    def reply(self) -> None:
        """Ann answers ticket 12."""
        seen = self.read(NUMBER).seq
        self.house.do(self.house.ann, p.ReplyTicket(new_cid(), NUMBER, "It is on its way.", seen))
