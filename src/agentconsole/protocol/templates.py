"""The words about templates: what mails to customers say."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .base import Count, Part
from .tickets import MailKind


class TemplateCard(Part, frozen=True):
    """What mails of a kind say: of a department ('' = all), in a language ('' = every one)."""

    kind: MailKind
    subject: Annotated[str, Meta(max_length=200)]
    text: Annotated[str, Meta(max_length=10_000)]
    department: Annotated[str, Meta(max_length=40)] = ""
    language: Annotated[str, Meta(max_length=35)] = ""


class TemplateTrial(Part, frozen=True):
    """How would this template read for a ticket (``ticket`` 0 = with nothing filled in)? ``answer`` is what is sent in it."""

    template: TemplateCard
    ticket: Count = 0
    answer: Annotated[str, Meta(max_length=20_000)] = ""


class TemplateTried(Part, frozen=True):
    """The mail as it would be, and the fields for which there is nothing to fill in."""

    subject: str
    text: str
    missing: list[str]
