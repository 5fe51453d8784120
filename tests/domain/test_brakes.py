"""The brakes: every reason for silence, and that a person gets an answer."""

import pytest

from agentconsole.backend.domain.brakes import AUTOMATIC_AN_HOUR, is_machine, why_silent
from agentconsole.backend.domain.letter import Letter, Nature

OWN = {"help@example.com"}
PERSON = Letter("<1@example.org>", "anna@example.org")


def test_a_person_may_get_an_automatic_answer() -> None:
    assert why_silent(PERSON, OWN, 0) == ""
    assert why_silent(PERSON, OWN, AUTOMATIC_AN_HOUR - 1) == ""


@pytest.mark.parametrize(
    "letter, why",
    [
        (
            Letter("", "anna@example.org", nature=Nature.automatic, automatic="Auto-Submitted: auto-replied"),
            "Auto-Submitted",
        ),
        (Letter("", "anna@example.org", nature=Nature.list), "list"),
        (Letter("", "anna@example.org", nature=Nature.bounce), "bounce"),
        (Letter("", "anna@example.org", null_sender=True), "return path"),
        (Letter("", "anna@example.org", no_answer="X-Auto-Response-Suppress"), "Suppress"),
        (Letter("", "help@example.com"), "ours"),
        (Letter("", "mailer-daemon@example.org"), "machine"),
        (Letter("", "postmaster@example.org"), "machine"),
        (Letter("", "noreply+7@example.org"), "machine"),
        (Letter("", "do-not-reply@example.org"), "machine"),
        (Letter("", "bounce-123@example.org"), "machine"),
    ],
)
def test_every_reason_for_silence(letter: Letter, why: str) -> None:
    assert why in why_silent(letter, OWN, 0)


def test_an_address_gets_four_automatic_mails_an_hour() -> None:
    assert "4 automatic mails" in why_silent(PERSON, OWN, AUTOMATIC_AN_HOUR)


@pytest.mark.parametrize(
    "local",
    [
        "noreply",
        "no-reply-7",
        "no_reply+shop",
        "do.not.reply",
        "nesvar",
        "no-answer",
        "mailer_daemon",
        "maildaemon",
        "mdaemon",
        "postmaster+x",
        "bounce",
        "bounces+anna=example.org",
        "daemon",
        "root",
        "root+cron",
        "listserv",
        "majordomo-owner",
    ],
)
def test_addresses_of_machines(local: str) -> None:
    assert is_machine(f"{local}@example.org")


@pytest.mark.parametrize("local", ["noreplyson", "postmasters", "bouncer", "root.vegetable", "daemon-lee"])
def test_a_person_with_a_name_like_a_machine_is_a_person(local: str) -> None:
    assert why_silent(Letter("", f"{local}@example.org"), OWN, 0) == ""
