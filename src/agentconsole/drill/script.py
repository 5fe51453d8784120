"""What drill visitors say: scripts read from TOML, and the little dialogue that answers an agent by keyword."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Annotated

import msgspec
from msgspec import Meta

Words = Annotated[list[str], Meta(min_length=1)]


class Bad(ValueError):
    """A script file cannot be used; the message is a sentence that says where and why."""


class Answer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Said once, when the agent's line holds one of the pieces in ``when``."""

    when: Words
    say: str


class Language(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What all visitors (and simulated colleagues) of one language share."""

    code: Annotated[str, Meta(min_length=2, max_length=35)]
    names: Words
    nudges: Words
    thanks: Words
    praise: Words
    blame: Words
    meanwhile: Words
    greeting: str
    going_on: Words
    farewell: str
    answers: list[Answer] = []


class Script(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One concern of one visitor; without ``departments`` (slugs) it fits every department."""

    topic: str
    language: str
    opens: Words
    goes_on: list[str] = []
    answers: list[Answer] = []
    agent: list[str] = []
    departments: list[str] = []
    page: str = "https://www.example.com/"
    page_title: str = ""


class Book(
    msgspec.Struct,
    forbid_unknown_fields=True,
    frozen=True,
    rename={"languages": "language", "scripts": "script"},
):
    """A file of scripts. Every script's language is in it."""

    languages: Annotated[list[Language], Meta(min_length=1)]
    scripts: Annotated[list[Script], Meta(min_length=1)]

    def language(self, code: str) -> Language:
        """The language of this code, or the first one of the book."""
        return next((each for each in self.languages if each.code == code), self.languages[0])

    def for_department(self, slug: str) -> list[Script]:
        """The scripts that fit a department: its own, and those that fit every one; all if there are none."""
        return [
            each for each in self.scripts if slug in each.departments or not each.departments
        ] or self.scripts

    def matching(self, topic: str, language: str) -> Script | None:
        """The script that a visitor with this topic and language most likely plays."""
        of_topic = [each for each in self.scripts if each.topic == topic and each.language == language]
        return of_topic[0] if of_topic else None


def load(path: Path | None = None) -> Book:
    """The scripts of a file, or those that come with the program. Raises Bad."""
    try:
        source = files(__package__).joinpath("scripts.toml") if path is None else path
        book = msgspec.toml.decode(source.read_bytes(), type=Book)
    except OSError as error:
        raise Bad(f"The scripts {path} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise Bad(
            f"The scripts {path} cannot be used: {error}. docs/training.md shows what they look like."
        ) from error
    known = {each.code for each in book.languages}
    for script in book.scripts:
        if script.language not in known:
            raise Bad(
                f"The script {script.topic!r} has the language {script.language!r}, and no [[language]] has that code."
            )
    return book


class Dialogue:
    """One visitor's part of a conversation: an answer for each line of the agent, until nothing is left to say.

    ``facts`` fill the {name} and {email} of the texts.
    """

    def __init__(self, script: Script, language: Language, luck: Random, facts: dict[str, str]) -> None:
        self._left = [*script.answers, *language.answers]
        self._goes_on = list(script.goes_on)
        self._thanks = luck.choice(language.thanks)
        self._facts = facts
        self.done = False

    def reply(self, line: str) -> str:
        """What the visitor answers to this line of the agent; '' when all has been said."""
        if self.done:
            return ""
        heard = line.casefold()
        fitting = next((each for each in self._left if _holds(heard, each.when)), None)
        if fitting is not None:
            self._left.remove(fitting)
            return filled(fitting.say, self._facts)
        if self._goes_on:
            return filled(self._goes_on.pop(0), self._facts)
        self.done = True
        return self._thanks


def _holds(heard: str, pieces: Sequence[str]) -> bool:
    return any(piece.casefold() in heard for piece in pieces)


def filled(text: str, facts: dict[str, str]) -> str:
    """The text with {name} and {email} put in; other braces stay as they are."""
    for name, value in facts.items():
        text = text.replace("{" + name + "}", value)
    return text.strip("\n")
