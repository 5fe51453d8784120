"""mail.toml and a department's mail settings: what is wrong is named with its line, and passwords stand nowhere."""

import os
from pathlib import Path

import keyring
import keyring.backend
import pytest

from agentconsole.backend import secret
from agentconsole.backend.desk.admin import AddDepartment, SetDepartment
from agentconsole.backend.domain.policy import SYSTEM
from agentconsole.backend.mail import settings
from agentconsole.backend.mail.settings import Mailbox, Server, Tls, example, password, read
from agentconsole.backend.mail.watched import Watched
from agentconsole.backend.options import Options, Unusable
from agentconsole.backend.secret import NoPassword
from agentconsole.backend.storage import departments
from agentconsole.protocol import Code, Grant, Role
from tests.storage.house import House, house

__all__ = ["house"]

ROOT = Path(__file__).parents[2]


def written(folder: Path, *lines: str) -> Path:
    """A file with a mailbox of these lines."""
    path = folder / "mail.toml"
    path.write_text("\n".join(["# mine", "[mailbox.shop]", *lines]))
    return path


def test_the_example_can_be_read_and_explains_every_field(tmp_path: Path) -> None:
    path = tmp_path / "mail.toml"
    path.write_text(example())
    box = read(path)["support"]
    assert box.smtp == Server(
        "smtp.example.org", 587, Tls.starttls, "support@example.org", "SUPPORT_MAIL_PASSWORD"
    )
    assert box.imap is not None
    assert (box.imap.port, box.imap.tls, box.folder, box.done, box.poll_s) == (993, Tls.tls, "INBOX", "", 60)
    lines = example().splitlines()
    for name in settings.FIELDS:
        at = next(at for at, line in enumerate(lines) if line.lstrip("#").startswith(f"{name} = "))
        assert lines[at - 1].startswith("# ")


def test_the_example_with_every_field_as_it_is_by_default_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mail.toml"
    path.write_text(example())
    before = read(path)
    bare = [
        line.removeprefix("#") if line.startswith(("#imap", "#smtp")) else line
        for line in example().splitlines()
    ]
    path.write_text("\n".join(bare))
    assert read(path) == before


def test_the_manual_shows_the_example() -> None:
    assert example().strip() in (ROOT / "docs" / "mail.md").read_text("utf-8")


@pytest.mark.parametrize(
    "lines, line, sentence",
    [
        (['smtp_host = "s"', 'smtp_pasword_env = "X"'], 4, "Did you mean smtp_password_env"),
        (['smtp_host = "s"', 'password = "secret-word"'], 4, "No password stands in this file"),
        (['smtp_host = "s"', 'smtp_port = "25"'], 4, "smtp_port must be a number"),
        (["smtp_host = 25"], 3, "smtp_host must be a text"),
        (['smtp_host = "s"', 'smtp_tls = "ssl"'], 4, '"starttls", "tls" or "none"'),
        (['smtp_host = "s.example"', 'smtp_tls = "none"'], 4, "others could read along"),
        (['smtp_host = "s"', 'smtp_user = "u"'], 4, "Say where the password"),
        (
            ['smtp_host = "s"', 'smtp_user = "u"', 'smtp_password_env = "A"', 'smtp_password_file = "B"'],
            4,
            "one of",
        ),
        (['smtp_host = "s"', 'smtp_folder = "x"'], 4, "write one of them"),
        (['imap_folder = "x"'], 2, "neither smtp_host nor imap_host"),
        (['smtp_host = "s"', "smtp_port = 70000"], 4, "0 to 65535"),
        (["smtp_host = s"], 3, "not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, lines: list[str], line: int, sentence: str) -> None:
    with pytest.raises(Unusable) as caught:
        read(written(tmp_path, *lines))
    assert sentence in str(caught.value)
    assert f"line {line}" in str(caught.value)
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_without_tls_only_on_this_machine_unless_allowed(tmp_path: Path, host: str) -> None:
    assert read(written(tmp_path, f'smtp_host = "{host}"', 'smtp_tls = "none"'))["shop"].smtp is not None
    lines = ['smtp_host = "far.example"', 'smtp_tls = "none"', "smtp_plain_allowed = true"]
    assert read(written(tmp_path, *lines))["shop"].smtp is not None


def test_without_a_file_there_are_no_mailboxes_and_a_named_one_must_be_there(tmp_path: Path) -> None:
    assert settings.of(Options(data=tmp_path)) == {}
    with pytest.raises(Unusable, match="cannot be read"):
        settings.of(Options(data=tmp_path, mail=str(tmp_path / "none.toml")))
    written(tmp_path, 'imap_host = "i"')
    found = settings.of(Options(data=tmp_path))["shop"]
    assert found == Mailbox("shop", imap=Server("i", 993, Tls.tls))


# --- passwords


def server(**home: str) -> Server:
    """A server with a login."""
    return Server("s", 25, Tls.none, "u", **home)


def test_a_changed_file_counts_once_it_rests_and_is_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, 'smtp_host = "one.example"')
    watched = Watched(Options(data=tmp_path))
    held = watched.mailboxes

    def host() -> str:
        assert held["shop"].smtp is not None
        return held["shop"].smtp.host

    assert not watched.look()
    written(tmp_path, 'smtp_host = "another.example"')
    assert (watched.look(), host()) == (False, "one.example"), "it may still be written"
    assert (watched.look(), host()) == (True, "another.example")
    written(tmp_path, "# nothing but a remark", 'smtp_host = "another.example"')
    assert [watched.look(), watched.look()] == [False, False], "the same mailboxes"
    written(tmp_path, 'smtp_hots = "third.example"')
    assert [watched.look(), watched.look(), watched.look()] == [False, False, False]
    assert caplog.text.count("line 3: There is no field smtp_hots. Did you mean smtp_host?") == 1
    path.unlink()
    assert [watched.look(), watched.look()] == [False, False]
    assert "is gone" in caplog.text
    assert host() == "another.example"
    written(tmp_path, 'smtp_host = "third.example"')
    assert (watched.look(), watched.look(), host()) == (False, True, "third.example")


@pytest.mark.parametrize("line", ["smtp_port = " + "1" * 5_000, "smtp_port = " + "[" * 3_000, "smtp_port 25"])
def test_what_is_no_toml_is_said_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    written(tmp_path, 'smtp_host = "one.example"')
    watched = Watched(Options(data=tmp_path))
    written(tmp_path, line)
    assert [watched.look(), watched.look()] == [False, False]
    assert "is not TOML" in caplog.text
    assert list(watched.mailboxes) == ["shop"]


def test_a_password_from_each_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert password(server(password_env="X"), {"X": "one"}) == "one"
    path = tmp_path / "secret"
    path.touch(0o600)
    path.write_text("two words\n")
    assert password(server(password_file=str(path))) == "two words"
    monkeypatch.setattr(keyring, "get_keyring", lambda: _Ring({("agentconsole mail", "u@x"): "three"}))
    assert password(server(password_keyring="u@x")) == "three"
    with pytest.raises(NoPassword, match="no entry other"):
        password(server(password_keyring="other"))


class _Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, kept: dict[tuple[str, str], str]) -> None:
        super().__init__()
        self.kept = kept

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


def test_a_password_that_cannot_be_had_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret, "KEYRING_SECONDS", 0.1)  # a keyring that waits for somebody is none
    path = tmp_path / "secret"
    path.write_text("known-to-all")
    path.chmod(0o644)
    for home, hint in (
        ({"password_env": "X"}, "X is not set"),
        ({"password_file": str(path)}, "chmod 600"),
        ({"password_file": str(tmp_path / "none")}, "cannot be read"),
        ({"password_keyring": "x"}, "keyring"),
    ):
        with pytest.raises(NoPassword) as caught:
            password(server(**home), {})
        assert hint in str(caught.value)
        assert "known-to-all" not in str(caught.value)
    assert os.environ.get("X") is None


# --- a department's settings


def test_an_administrator_says_where_mails_go(house: House) -> None:
    house.system(
        SetDepartment(
            "sales",
            address="Sales@Example.org",
            also=["shop@example.org", "shop@example.org"],
            mailbox="shop",
            mail_name=" The shop ",
            mail_language="nb",
            signature="Hilsen",
            acknowledge=False,
            tell_solved=True,
            mail_html=True,
            plus=False,
        )
    )
    with house.database.writer_engine.begin() as db:
        found = departments.by_slug(db, "sales")
    assert found is not None
    mailing = found.mailing
    assert mailing.addresses == ("sales@example.org", "shop@example.org")
    assert (mailing.mailbox, mailing.display, mailing.language, mailing.signature) == (
        "shop",
        "The shop",
        "nb",
        "Hilsen",
    )
    assert (mailing.acknowledge, mailing.tell_solved, mailing.html, mailing.plus) == (
        False,
        True,
        True,
        False,
    )


def test_a_supervisor_words_mails_and_leads_none(house: House) -> None:
    house.system(SetDepartment("sales", address="sales@example.org"))
    house.do(
        house.sue, SetDepartment("sales", signature="Bye", acknowledge=False, address="sales@example.org")
    )
    for fields in (
        {"address": "sue@example.org"},
        {"also": ["x@example.org"]},
        {"mailbox": "x"},
        {"plus": False},
    ):
        refusal = house.try_(house.sue, SetDepartment("sales", **fields)).refusal
        assert refusal is not None
        assert refusal.code is Code.invalid
    everywhere = house.sue.__class__(house.sue.side, 99, "eve", "Eve", (Grant(Role.supervisor),))
    assert house.try_(everywhere, AddDepartment("new", address="new@example.org")).refusal is not None


@pytest.mark.parametrize(
    "fields, word",
    [
        ({"address": "no address"}, "no e-mail address"),
        ({"address": "a" * 40 + "@example.org"}, "34 characters"),
        ({"address": "a+b@example.org"}, "no +"),
        ({"also": ["x"]}, "no e-mail address"),
        ({"mailbox": "No Box"}, "mail.toml"),
        ({"mail_language": "english"}, "en, nb"),
        ({"signature": "x" * 2_001}, "2,000"),
    ],
)
def test_what_cannot_be_is_refused(house: House, fields: dict[str, object], word: str) -> None:
    refusal = house.try_(SYSTEM, SetDepartment("sales", **fields)).refusal
    assert refusal is not None
    assert word in refusal.text


def test_an_address_is_one_departments(house: House) -> None:
    house.system(SetDepartment("sales", address="info@example.org"))
    refusal = house.try_(SYSTEM, SetDepartment("support", also=["INFO@example.org"])).refusal
    assert refusal is not None
    assert refusal.code is Code.conflict
