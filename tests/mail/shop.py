"""A shop that answers by mail: the real server, its only department, and Sue, who works there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.mail.mailboxes import mailbox
from tests.mail.post_office import PostOffice
from tests.proof.server import SHIPPED
from tests.running import Running, cid
from tests.waiting import until

PATIENCE = 60  # seconds in which a mail server that answers has everything


@contextmanager
def shop(folder: Path, post: PostOffice, fault: str = "", database: str = "") -> Iterator[Running]:
    """The real server, whose only department mails through that post office.

    ``fault`` is one of tests.mail.broken, ``database`` the address of a PostgreSQL database ('' = SQLite).
    """
    data = folder / "data"
    data.mkdir(mode=0o700)
    (data / "mail.toml").write_text(mailbox("shop", smtp=post.port))
    launcher = (sys.executable, "-m", "tests.mail.broken", fault) if fault else SHIPPED
    server = Running(data, launcher, [f"--database={database}"] if database else [])
    server.start()
    try:
        server.add_department("shop", address="shop@example.org", mailbox="shop", acknowledge=False)
        server.add_user("supervisor", name="sue")
        yield server
    finally:
        server.stop()


class Staff:
    """Sue, over REST; her token survives the server."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.token = server.login("sue")
        self.department = server.department_id("shop")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call that must work."""
        answer = self.server.ask(method, path, self.token, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def answer(self, email: str, text: str) -> tuple[int, int]:
        """A new ticket and an answer to it: its number and the mail's."""
        body = {"cid": cid(), "department": self.department, "subject": "x", "text": "y", "email": email}
        ticket = int(self.ask("POST", "/api/tickets", body)["ticket"])
        self.ask("POST", f"/api/tickets/{ticket}/replies", {"cid": cid(), "text": text, "seen": 99})
        return ticket, self.mail(ticket)["id"]

    def mail(self, ticket: int) -> Any:
        """The last mail of a ticket."""
        return self.ask("GET", f"/api/tickets/{ticket}")["mails"][-1]

    def becomes(self, ticket: int, *states: str) -> Any:
        """Wait until the mail of a ticket is in one of these states."""
        return until(
            lambda: self.mail(ticket)["state"] in states and self.mail(ticket),
            seconds=PATIENCE,
            what=f"the mail to be {states}",
        )

    def settle(self, mail: int, what: str) -> None:
        """Decide about a mail."""
        self.ask("POST", f"/api/mails/{mail}/settle", {"what": what})
