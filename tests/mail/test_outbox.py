"""The outbox of a running server: in order, side by side, through a stop, and without a word too many."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from agentconsole.backend.mail.sending import AT_ONCE, AT_ONCE_EACH
from tests.mail.mailboxes import mailbox
from tests.mail.post_office import PostOffice, Street
from tests.mail.shop import Staff, shop
from tests.running import Running, cid
from tests.waiting import until

pytestmark = pytest.mark.slow
SECRET = "the-mail-password"


def test_the_mails_of_a_ticket_go_in_order_and_others_do_not_wait(server: Running, post: PostOffice) -> None:
    sue = Staff(server)
    post.gate.clear()
    ticket, _ = sue.answer("vera@x.example", "first")
    until(lambda: post.held, what="the first mail to be on its way")
    body = {"cid": cid(), "text": "second", "seen": 99}
    sue.ask("POST", f"/api/tickets/{ticket}/replies", body)
    other, _ = sue.answer("other@x.example", "elsewhere")
    until(lambda: post.held == 2, what="another ticket's mail to be on its way")
    assert sue.mail(ticket)["state"] == "queued"
    post.gate.set()
    sue.becomes(ticket, "accepted")
    sue.becomes(other, "accepted")
    mine = [one.raw for one in post.received if one.recipients == ["vera@x.example"]]
    assert [b"first" in raw for raw in mine] == [True, False]
    assert b"In-Reply-To: <t" in mine[1]


def test_a_stop_lets_mails_arrive_that_are_on_their_way(server: Running, post: PostOffice) -> None:
    sue = Staff(server)
    post.gate.clear()
    ticket, _ = sue.answer("vera@x.example", "hello")
    until(lambda: post.held, what="the mail to be on its way")
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    until(lambda: b"Shutting down" in server.log.read_bytes(), what="the server to be on its way out")
    post.gate.set()
    stopping.join(15)
    server.start()
    assert sue.mail(ticket)["state"] == "accepted"
    assert len(post.received) == 1


def test_a_stop_before_the_mail_was_given_sends_it_at_the_next_start(
    server: Running, post: PostOffice
) -> None:
    sue = Staff(server)
    post.gate_at = "RCPT"
    post.gate.clear()
    ticket, mail = sue.answer("vera@x.example", "hello")
    until(lambda: post.held, what="the mail server to be asked")
    assert server.stop() == 0
    post.gate.set()
    server.start()
    assert sue.mail(ticket)["state"] == "deferred", "no riddle, and no person is asked"
    sue.settle(mail, "resend")
    sue.becomes(ticket, "accepted")
    assert len(post.received) == 1


def test_a_mailbox_that_is_not_there_is_named(server: Running, tmp_path: Path) -> None:
    (tmp_path / "data" / "mail.toml").write_text("")
    assert server.stop() == 0
    server.start()
    sue = Staff(server)
    ticket, _ = sue.answer("vera@x.example", "hello")
    assert "'shop'" in sue.becomes(ticket, "deferred")["answer"]


def test_a_password_stands_nowhere(tmp_path: Path, post: PostOffice) -> None:
    post.login = ("desk", "another-password")
    with shop(tmp_path, post) as server:
        path = tmp_path / "data" / "mail.toml"
        path.write_text(path.read_text() + 'smtp_user = "desk"\nsmtp_password_env = "MAIL_SECRET"\n')
        assert server.stop() == 0
        server.environment = server.environment | {"MAIL_SECRET": SECRET, "AGENTCONSOLE_LOG_LEVEL": "debug"}
        server.start()
        sue = Staff(server)
        ticket, _ = sue.answer("vera@x.example", "hello")
        assert "535" in sue.becomes(ticket, "deferred")["answer"]
        assert server.stop() == 0
        found = [
            path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()
        ]
        assert found == []
        assert b"mail 1: deferred" in server.log.read_bytes()
        assert b"vera@x.example" not in server.log.read_bytes(), "and no address of a customer"
        server.start()


def test_a_wrong_mail_toml_keeps_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "mail.toml").write_text("[mailbox.shop]\nsmtp_port = 25\n")
    command = ["agentconsole", "serve", "--data", str(tmp_path), "--port", "0"]
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "line 1" in done.stderr
    assert "smtp_host" in done.stderr


def test_a_mail_server_that_hangs_holds_up_no_other(
    server: Running, post: PostOffice, tmp_path: Path
) -> None:
    with Street() as elsewhere:
        path = tmp_path / "data" / "mail.toml"
        path.write_text(path.read_text() + mailbox("else", smtp=elsewhere.port))
        assert server.stop() == 0
        server.start()
        server.add_department("other", address="other@example.org", mailbox="else", acknowledge=False)
        sue = Staff(server)
        post.gate.clear()
        for number in range(AT_ONCE + 8):
            sue.answer(f"customer-{number}@x.example", "answer")
        until(lambda: post.held == AT_ONCE_EACH, what="the mailbox to be full")
        sue.department = server.department_id("other")
        ticket, _ = sue.answer("vera@x.example", "hello")
        sue.becomes(ticket, "accepted")
        assert post.held == AT_ONCE_EACH


def test_many_answers_to_one_customer_hold_up_no_other(server: Running, post: PostOffice) -> None:
    sue = Staff(server)
    post.gate.clear()
    ticket, _ = sue.answer("vera@x.example", "first")
    for number in range(AT_ONCE):
        body = {"cid": cid(), "text": f"more {number}", "seen": 99}
        sue.ask("POST", f"/api/tickets/{ticket}/replies", body)
    until(lambda: post.held, what="the first mail to be on its way")
    sue.answer("other@x.example", "elsewhere")
    until(lambda: post.held == 2, what="another ticket's mail to be on its way")
    post.gate.set()


def test_a_hundred_answers_are_sent(server: Running, post: PostOffice) -> None:
    sue = Staff(server)
    tickets = [sue.answer(f"customer-{number}@x.example", "answer")[0] for number in range(100)]
    began = time.perf_counter()
    for ticket in tickets:
        sue.becomes(ticket, "accepted")
    print(f"the last of 100 mails went {time.perf_counter() - began:.1f} s after the last answer")
    assert len(post.received) == 100
    assert len({tuple(one.recipients) for one in post.received}) == 100
