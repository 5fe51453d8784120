"""What one drill visitor is going to do, decided beforehand: the same seed gives the same visitors."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from random import Random

import msgspec

from agentconsole.protocol import DepartmentFace, Rating

from .script import Book, Language, Script


class Act(StrEnum):
    """What a visitor may do besides talking."""

    browse = "browse"  # goes to another page
    lose_link = "lose_link"  # is away for a while and comes back
    meanwhile = "meanwhile"  # writes another line while waiting
    leave = "leave"  # gives up
    leave_message = "leave_message"  # would rather get an answer by e-mail


class Temper(StrEnum):
    """How a visitor behaves."""

    calm = "calm"
    talkative = "talkative"  # writes while waiting, changes the page
    shaky = "shaky"  # loses the link while waiting and while talking
    impatient = "impatient"  # leaves, or leaves a message, if nobody comes soon
    silent = "silent"  # does not answer the first lines


class Waiting(msgspec.Struct, frozen=True):
    """Done ``after`` seconds of waiting since the last act, if nobody has taken the chat."""

    after: float
    act: Act


class Plan(msgspec.Struct, frozen=True):
    """One visitor. ``letters`` are typed per second; ``turns`` maps the visitor's turn (1, 2 ...) to an act before it."""

    number: int
    temper: Temper
    department: DepartmentFace
    script: Script
    topic: str
    language: Language
    name: str
    email: str
    gives_email: bool
    opening: str
    waiting: tuple[Waiting, ...]
    turns: dict[int, Act]
    letters: float
    mute: int
    leaves_when_done: bool
    rating: Rating | None
    comment: str

    @property
    def facts(self) -> dict[str, str]:
        """What may stand in braces in a script."""
        return {"name": self.name, "email": self.email}


TEMPERS = {Temper.calm: 8, Temper.talkative: 4, Temper.shaky: 3, Temper.impatient: 3, Temper.silent: 1}
WAITING: dict[Temper, tuple[Act, ...]] = {
    Temper.calm: (),
    Temper.talkative: (Act.meanwhile, Act.browse),
    Temper.shaky: (Act.lose_link,),
    Temper.impatient: (Act.meanwhile,),
    Temper.silent: (),
}
TURNS: dict[Temper, tuple[Act, ...]] = {
    Temper.talkative: (Act.browse,),
    Temper.shaky: (Act.lose_link, Act.browse),
}


def plan(seed: str, number: int, book: Book, departments: Sequence[DepartmentFace]) -> Plan:
    """The visitor ``number`` of a run with this seed, bound for one of the departments (at least one)."""
    luck = Random(f"{seed}/{number}")
    department = luck.choice(departments)
    script = luck.choice(book.for_department(department.slug))
    language = book.language(script.language)
    temper = luck.choices(list(TEMPERS), list(TEMPERS.values()))[0]
    rating = luck.choices([Rating.good, Rating.fair, Rating.bad, None], [5, 2, 1, 2])[0]
    return Plan(
        number=number,
        temper=temper,
        department=department,
        script=script,
        topic=_topic(script, department, luck),
        language=language,
        name=luck.choice(language.names),
        email=f"guest-{luck.randint(1, 40):02}@example.com",  # so few that some come again
        gives_email=luck.random() < 0.6,
        opening=luck.choice(script.opens),
        waiting=_waiting(temper, luck),
        turns={luck.randint(1, 3): act for act in TURNS.get(temper, ())},
        letters=luck.uniform(4, 11),
        mute=luck.randint(1, 2) if temper is Temper.silent else 0,
        leaves_when_done=luck.random() < 0.5,
        rating=rating,
        comment=_comment(rating, language, luck),
    )


def _topic(script: Script, department: DepartmentFace, luck: Random) -> str:
    """The script's own, unless the department offers others to choose from."""
    offered = department.topics
    return script.topic if script.topic in offered or not offered else luck.choice(offered)


def _waiting(temper: Temper, luck: Random) -> tuple[Waiting, ...]:
    acts = [Waiting(luck.uniform(5, 25), act) for act in WAITING[temper]]
    if temper is Temper.impatient:
        acts.append(Waiting(luck.uniform(30, 90), luck.choice([Act.leave, Act.leave, Act.leave_message])))
    else:
        acts.append(Waiting(luck.uniform(600, 1200), Act.leave))
    return tuple(acts)


def _comment(rating: Rating | None, language: Language, luck: Random) -> str:
    if rating is Rating.good:
        return luck.choice(language.praise)
    return luck.choice(language.blame) if rating is Rating.bad else ""
