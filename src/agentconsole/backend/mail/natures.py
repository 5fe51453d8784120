"""Whether a person wrote a mail, or a machine, a mail server or a mailing list."""

from __future__ import annotations

import re

from ..domain.brakes import MACHINE, is_machine
from ..domain.letter import Bounce, Nature
from . import bounces, headers
from .bodies import content_type
from .charsets import words
from .headers import Mime

# How programs begin the subject of an answer while its person is away.
_AWAY = re.compile(
    r"(?:auto(?:matic)?[ -]?(?:reply|response|svar)|out[ -]of[ -](?:the[ -])?office|on vacation|"
    r"automatisk svar|autosvar|fraværsmelding|frånvaro|"
    r"automatyczna odpowiedź|odpowiedź automatyczna|autoodpowiedź|"
    r"resposta automática|ausência temporária|răspuns automat|"
    r"automatische antwort|abwesenheitsnotiz|abwesenheit\b|automatische antwoord|automatisch antwoord|"
    r"respuesta automática|fuera de (?:la )?oficina|réponse automatique|absence du bureau)\b",
    re.IGNORECASE,
)


def why_automatic(message: Mime, sender: str) -> str:
    """Why no person wrote this mail; '' = nothing says so."""
    submitted = headers.first(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return f"Auto-Submitted: {submitted[:40]}"
    for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponse", "X-AutoReply-From", "X-Mail-Autoreply"):
        if (value := headers.first(message, name)) and value.lower() not in ("no", "false", "0"):
            return name
    precedence = headers.first(message, "Precedence").lower()
    if precedence in ("bulk", "junk", "auto_reply", "auto-reply"):
        return f"Precedence: {precedence}"
    if null_sender(message):
        return "it came with an empty return path"
    if bounces.is_daemon(sender):
        return "a mail server wrote it"
    if is_report(message):
        return "it is a report"
    if _AWAY.match(words(headers.first(message, "Subject"))):
        return "its subject is that of an automatic reply"
    return ""


def of(message: Mime, bounce: Bounce | None, automatic: str) -> Nature:
    """The nature of a mail, from what is known of it."""
    if bounce is not None:
        return Nature.bounce
    if is_list(message) and not automatic.startswith("Auto-"):
        return Nature.list
    return Nature.automatic if automatic else Nature.person


def is_report(message: Mime) -> bool:
    """Whether the mail only reports on another: it was delivered, or shown."""
    return content_type(message) == "multipart/report"


def is_list(message: Mime) -> bool:
    """Whether the mail went through a mailing list."""
    by_header = any(headers.first(message, name) for name in ("List-Id", "List-Post", "List-Unsubscribe"))
    return by_header or headers.first(message, "Precedence").lower() == "list"


def null_sender(message: Mime) -> bool:
    """Whether the mail came with an empty return path: nobody wants to hear of it again."""
    return headers.first(message, "Return-Path").replace(" ", "") == "<>"


def no_answer(message: Mime, sender: str) -> str:
    """Why an automatic answer is not wanted although a person may have written; '' = nothing speaks against it."""
    asked = headers.first(message, "X-Auto-Response-Suppress").lower()
    if any(word in asked for word in ("all", "autoreply", "oof")):
        return "X-Auto-Response-Suppress"
    return MACHINE if is_machine(sender) else ""
