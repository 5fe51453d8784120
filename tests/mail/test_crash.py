"""kill -9 of the real server around sending: no customer gets an answer twice, and none is forgotten in silence."""

from collections import Counter
from pathlib import Path

import psycopg
import pytest

from tests.mail.post_office import PostOffice
from tests.mail.shop import PATIENCE, Staff, shop
from tests.running import Running
from tests.waiting import until

pytestmark = pytest.mark.slow


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
def test_a_kill_while_the_mail_server_thinks(server: Running, post: PostOffice, stage: str) -> None:
    sue = Staff(server)
    post.gate_at = stage
    post.gate.clear()
    ticket, mail = sue.answer("vera@x.example", "the one answer")
    until(lambda: post.held, what="the mail server to be asked")
    assert sue.mail(ticket)["state"] == "sending"
    crash(server)
    post.gate.set()
    found = sue.becomes(ticket, "unknown")
    assert "not known" in found["answer"]
    card = sue.ask("GET", f"/api/tickets/{ticket}")["card"]
    assert (card["status"], card["mail"]) == ("open", "unknown"), "a person is asked"
    other, _ = sue.answer("other@x.example", "another")
    sue.becomes(other, "accepted")
    delivered = [received for received in post.received if received.recipients == ["vera@x.example"]]
    assert len(delivered) == (1 if stage == "DATA" else 0), "never again by itself"
    sue.settle(mail, "sent" if stage == "DATA" else "resend")
    sue.becomes(ticket, "accepted")
    delivered = [received for received in post.received if received.recipients == ["vera@x.example"]]
    assert len(delivered) == 1


def test_what_was_not_begun_goes_out_after_a_kill(server: Running, post: PostOffice) -> None:
    post.at_rcpt = "450 4.2.0 come later"
    sue = Staff(server)
    ticket, mail = sue.answer("vera@x.example", "waits")
    found = sue.becomes(ticket, "deferred")
    assert found["answer"] == "450 4.2.0 come later"
    assert found["next_at"] > 0
    crash(server)
    assert sue.mail(ticket)["state"] == "deferred"
    post.at_rcpt = ""
    sue.settle(mail, "resend")
    found = sue.becomes(ticket, "accepted")
    assert "4711" in found["answer"]
    assert len(post.received) == 1


def test_kills_at_any_moment(tmp_path: Path, post: PostOffice, database_url: str) -> None:
    database = "" if database_url.startswith("sqlite") else database_url
    with shop(tmp_path, post, database=database) as server:
        killed_at_any_moment(server, post, database)


@pytest.mark.parametrize(
    "fault, finding, patience", [("resends", "twice", PATIENCE), ("forgets", "in silence", 3)]
)
def test_the_check_tells_a_broken_server(
    tmp_path: Path, post: PostOffice, fault: str, finding: str, patience: int
) -> None:
    with shop(tmp_path, post, fault) as server, pytest.raises(AssertionError, match=finding):
        killed_at_any_moment(server, post, patience=patience)


def killed_at_any_moment(
    server: Running, post: PostOffice, database: str = "", patience: int = PATIENCE
) -> None:
    """Answers go out, the mail server is slow here and there, and the server is killed again and again."""
    sue = Staff(server)
    tickets: dict[str, int] = {}
    for round_, held_at in enumerate(("RCPT", "DATA", "")):
        if held_at:
            post.gate_at = held_at
            post.gate.clear()
        held = post.held
        for number in range(3):
            email = f"customer-{round_}-{number}@x.example"
            tickets[email] = sue.answer(email, "answer")[0]
        if held_at:
            until(lambda before=held: post.held > before, 30, what="the mail server to be asked")  # type: ignore[misc]
        crash(server, database)
        post.gate.set()
    last, _ = sue.answer("last@x.example", "answer")
    sue.becomes(last, "accepted")
    until(lambda: not waiting(sue, tickets), seconds=patience, what="no answer to be forgotten in silence")
    states = {email: sue.mail(ticket)["state"] for email, ticket in tickets.items()}
    delivered = Counter(received.recipients[0] for received in post.received)
    assert max(delivered.values()) == 1, "twice"
    assert all(delivered[email] or state == "unknown" for email, state in states.items()), "in silence"
    assert set(states.values()) == {"accepted", "unknown"}


def waiting(sue: Staff, tickets: dict[str, int]) -> list[int]:
    """The tickets whose mail is neither gone nor asking a person."""
    return [ticket for ticket in tickets.values() if sue.mail(ticket)["state"] not in ("accepted", "unknown")]
