"""Commands about the words of mails to customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentconsole.protocol import Code, MailKind

from ..domain import mailing, template
from ..domain.life import Refusal, without_nul
from ..domain.policy import Actor, Deed
from ..storage import templates
from ..storage.chats import WorkingSet
from ..storage.templates import Template
from .admin import Done, Order, department_to_change, record
from .made import Made
from .things import require

MAX_SUBJECT, MAX_TEXT = 200, 10_000


class SetTemplate(Order, tag="set_template", frozen=True):
    """Set what mails of a kind say: of a department ('' = all), in a language ('' = every one). No text = the built-in words.

    Refused: unknown, invalid (a field that nobody knows, an answer without {answer}), too_long.
    """

    kind: MailKind
    subject: str = ""
    text: str = ""
    department: str = ""
    language: str = ""


def _set(sheet: WorkingSet, actor: Actor, command: SetTemplate, now: int) -> Made:
    if command.department:
        department = department_to_change(sheet, actor, command.department).id
    else:
        require(actor, Deed.administer)
        department = 0
    subject, text = " ".join(without_nul(command.subject).split()), without_nul(command.text).strip()
    _check(command, subject, text)
    new = Template(department, command.kind, command.language, subject, text)
    about = f"{command.department or 'all'} {command.kind.value} {command.language}".strip()
    if not templates.save(sheet.connection, new):
        return Made(value=Done(False, f"The template {about} is so already.", about))
    record(sheet, actor, now, "set_template", about)
    return Made(value=Done(True, f"The template {about} was {'set' if text else 'removed'}.", about))


def _check(command: SetTemplate, subject: str, text: str) -> None:
    """Raises Refusal."""
    if len(subject) > MAX_SUBJECT or len(text) > MAX_TEXT:
        raise Refusal(Code.too_long, f"A subject may have {MAX_SUBJECT} characters, a template {MAX_TEXT:,}.")
    try:
        mailing.checked_language(command.language)
        template.checked(subject)
        template.checked(text)
    except ValueError as error:
        raise Refusal(Code.invalid, str(error)) from None
    if text and not subject:
        raise Refusal(Code.empty, "A template needs a subject too.")
    carried = {MailKind.answer: "answer", MailKind.rule: "answer", MailKind.transcript: "transcript"}
    needed = carried.get(command.kind)
    if text and needed and needed not in template.used(text):
        raise Refusal(Code.invalid, f"Such a mail needs the field {{{needed}}}: what it is sent for.")


COMMANDS: dict[type[Any], Callable[[WorkingSet, Actor, Any, int], Made]] = {SetTemplate: _set}
