"""kill -9 of the real server around sending: no customer gets an answer twice, and none is forgotten in silence."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.mail.post_office import HOST, PostOffice, Street
from tests.proof.server import SHIPPED
from tests.running import Running, cid
from tests.waiting import until

pytestmark = pytest.mark.slow
PATIENCE = 60  # seconds in which a mail server that answers has everything
MAILBOX = """
[mailbox.shop]
smtp_host = "{host}"
smtp_port = {port}
smtp_tls = "none"
"""


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A mail server that outlives the server."""
    with Street() as found:
        yield found


@contextmanager
def shop(folder: Path, office: PostOffice, fault: str = "", database: str = "") -> Iterator[Running]:
    """The real server, whose only department mails through that office.

    ``fault`` is one of tests.mail.broken, ``database`` the address of a PostgreSQL database ('' = SQLite).
    """
    data = folder / "data"
    data.mkdir(mode=0o700)
    (data / "mail.toml").write_text(MAILBOX.format(host=HOST, port=office.port))
    launcher = (sys.executable, "-m", "tests.mail.broken", fault) if fault else SHIPPED
    server = Running(data, launcher, [f"--database={database}"] if database else [])
    server.start()
    try:
        server.add_department("shop", address="shop@example.org", mailbox="shop", acknowledge=False)
        server.add_user("supervisor", name="sue")
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(tmp_path: Path, office: PostOffice) -> Iterator[Running]:
    """The server as it is shipped."""
    with shop(tmp_path, office) as found:
        yield found


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


def crash(server: Running, database: str = "") -> None:
    """kill -9, and a new start on the same data, once PostgreSQL has seen that the old one is gone."""
    server.http.close()
    server.kill()
    if database:
        address = database.replace("+psycopg", "")
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        with psycopg.connect(address, autocommit=True) as connection:
            until(lambda: connection.execute(others).fetchone() == (1,), 60, what="its links to be cut")
    server.start()


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_a_kill_while_the_mail_server_thinks(server: Running, office: PostOffice, stage: str) -> None:
    sue = Staff(server)
    office.gate_at = stage
    office.gate.clear()
    ticket, mail = sue.answer("vera@x.example", "the one answer")
    until(lambda: office.held, what="the mail server to be asked")
    assert sue.mail(ticket)["state"] == "sending"
    crash(server)
    office.gate.set()
    found = sue.becomes(ticket, "unknown")
    assert "not known" in found["answer"]
    card = sue.ask("GET", f"/api/tickets/{ticket}")["card"]
    assert (card["status"], card["mail"]) == ("open", "unknown"), "a person is asked"
    other, _ = sue.answer("other@x.example", "another")
    sue.becomes(other, "accepted")
    delivered = [received for received in office.received if received.recipients == ["vera@x.example"]]
    assert len(delivered) == (1 if stage == "DATA" else 0), "never again by itself"
    sue.settle(mail, "sent" if stage == "DATA" else "resend")
    sue.becomes(ticket, "accepted")
    delivered = [received for received in office.received if received.recipients == ["vera@x.example"]]
    assert len(delivered) == 1


def test_what_was_not_begun_goes_out_after_a_kill(server: Running, office: PostOffice) -> None:
    office.at_rcpt = "450 4.2.0 come later"
    sue = Staff(server)
    ticket, mail = sue.answer("vera@x.example", "waits")
    found = sue.becomes(ticket, "deferred")
    assert found["answer"] == "450 4.2.0 come later"
    assert found["next_at"] > 0
    crash(server)
    assert sue.mail(ticket)["state"] == "deferred"
    office.at_rcpt = ""
    sue.settle(mail, "resend")
    found = sue.becomes(ticket, "accepted")
    assert "4711" in found["answer"]
    assert len(office.received) == 1


def test_kills_at_any_moment(tmp_path: Path, office: PostOffice, database_url: str) -> None:
    database = "" if database_url.startswith("sqlite") else database_url
    with shop(tmp_path, office, database=database) as server:
        killed_at_any_moment(server, office, database)


@pytest.mark.parametrize(
    "fault, finding, patience", [("resends", "twice", PATIENCE), ("forgets", "in silence", 3)]
)
def test_the_check_tells_a_broken_server(
    tmp_path: Path, office: PostOffice, fault: str, finding: str, patience: int
) -> None:
    with shop(tmp_path, office, fault) as server, pytest.raises(AssertionError, match=finding):
        killed_at_any_moment(server, office, patience=patience)


def killed_at_any_moment(
    server: Running, office: PostOffice, database: str = "", patience: int = PATIENCE
) -> None:
    """Answers go out, the mail server is slow here and there, and the server is killed again and again."""
    sue = Staff(server)
    tickets: dict[str, int] = {}
    for round_, held_at in enumerate(("RCPT", "DATA", "")):
        if held_at:
            office.gate_at = held_at
            office.gate.clear()
        held = office.held
        for number in range(3):
            email = f"customer-{round_}-{number}@x.example"
            tickets[email] = sue.answer(email, "answer")[0]
        if held_at:
            until(lambda before=held: office.held > before, 30, what="the mail server to be asked")  # type: ignore[misc]
        crash(server, database)
        office.gate.set()
    last, _ = sue.answer("last@x.example", "answer")
    sue.becomes(last, "accepted")
    until(lambda: not waiting(sue, tickets), seconds=patience, what="no answer to be forgotten in silence")
    states = {email: sue.mail(ticket)["state"] for email, ticket in tickets.items()}
    delivered = Counter(received.recipients[0] for received in office.received)
    assert max(delivered.values()) == 1, "twice"
    assert all(delivered[email] or state == "unknown" for email, state in states.items()), "in silence"
    assert set(states.values()) == {"accepted", "unknown"}


def waiting(sue: Staff, tickets: dict[str, int]) -> list[int]:
    """The tickets whose mail is neither gone nor asking a person."""
    return [ticket for ticket in tickets.values() if sue.mail(ticket)["state"] not in ("accepted", "unknown")]
