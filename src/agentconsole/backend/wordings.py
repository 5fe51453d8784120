"""What mails to customers say where a department has no template of its own, language by language: data.

The fields in braces are those of `domain.template`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from agentconsole.protocol import MailKind

DEFAULT = "en"
_SAME = {"no": "nb", "nn": "nb", "mo": "ro"}
_RE = re.compile(r"^(?:\s*(?:re|sv|vs|aw|odp|rif|antw|res)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\[#\d+\]")


class Wording(NamedTuple):
    """A subject and a text with fields."""

    subject: str
    text: str


ANSWER = Wording("Re: {ticket.subject} [#{ticket.number}]", "{answer}\n\n{signature}")


def wording(kind: MailKind, language: str) -> Wording:
    """The built-in words for a mail of this kind, in English where the language is not known."""
    if kind in (MailKind.answer, MailKind.rule):
        return ANSWER
    short = re.split("[-_]", language.lower())[0]
    words = WORDINGS.get(_SAME.get(short, short), WORDINGS[DEFAULT])
    return words[kind]


def plain_subject(subject: str) -> str:
    """A subject without what answers put before it and without our number."""
    return _NUMBER.sub("", _RE.sub("", subject)).strip()


_NUMBERED = " [#{ticket.number}]"

WORDINGS: dict[str, dict[MailKind, Wording]] = {
    "en": {
        MailKind.acknowledgement: Wording(
            "We have received your message" + _NUMBERED,
            "Hello,\n\n"
            "thank you for your message. It has reached us and has the number {ticket.number}.\n"
            "We answer as soon as we can; you need not write again. To add something, simply reply to this mail.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "Your request is solved" + _NUMBERED,
            "Hello,\n\n"
            "we have marked your request {ticket.number} as solved.\n"
            "If it is not, simply reply to this mail and we look at it again.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "Your chat with {department.name}",
            "Hello,\n\nhere is the chat that you asked for.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
    "nb": {
        MailKind.acknowledgement: Wording(
            "Vi har mottatt meldingen din" + _NUMBERED,
            "Hei,\n\n"
            "takk for meldingen din. Den har kommet fram til oss og har nummer {ticket.number}.\n"
            "Vi svarer så snart vi kan; du trenger ikke skrive igjen. Vil du legge til noe, svar bare på denne e-posten.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "Saken din er løst" + _NUMBERED,
            "Hei,\n\n"
            "vi har merket saken din med nummer {ticket.number} som løst.\n"
            "Er den ikke det, svar bare på denne e-posten, så ser vi på den igjen.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "Samtalen din med {department.name}",
            "Hei,\n\nher er samtalen som du ba om.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
    "pl": {
        MailKind.acknowledgement: Wording(
            "Otrzymaliśmy Twoją wiadomość" + _NUMBERED,
            "Dzień dobry,\n\n"
            "dziękujemy za wiadomość. Dotarła do nas i ma numer {ticket.number}.\n"
            "Odpowiemy najszybciej, jak to możliwe; nie trzeba pisać ponownie. Aby coś dodać, wystarczy odpowiedzieć na tę wiadomość.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "Twoje zgłoszenie zostało rozwiązane" + _NUMBERED,
            "Dzień dobry,\n\n"
            "oznaczyliśmy zgłoszenie {ticket.number} jako rozwiązane.\n"
            "Jeśli tak nie jest, wystarczy odpowiedzieć na tę wiadomość, a wrócimy do sprawy.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "Twoja rozmowa: {department.name}",
            "Dzień dobry,\n\nprzesyłamy zapis rozmowy zgodnie z prośbą.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
    "pt": {
        MailKind.acknowledgement: Wording(
            "Recebemos a sua mensagem" + _NUMBERED,
            "Olá,\n\n"
            "obrigado pela sua mensagem. Chegou até nós e tem o número {ticket.number}.\n"
            "Respondemos assim que pudermos; não é preciso escrever de novo. Para acrescentar algo, basta responder a este e-mail.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "O seu pedido está resolvido" + _NUMBERED,
            "Olá,\n\n"
            "marcámos o seu pedido {ticket.number} como resolvido.\n"
            "Se não estiver, basta responder a este e-mail e voltamos a tratar dele.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "A sua conversa com {department.name}",
            "Olá,\n\naqui está a conversa que pediu.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
    "ro": {
        MailKind.acknowledgement: Wording(
            "Am primit mesajul dumneavoastră" + _NUMBERED,
            "Bună ziua,\n\n"
            "vă mulțumim pentru mesaj. A ajuns la noi și are numărul {ticket.number}.\n"
            "Răspundem cât mai curând; nu este nevoie să scrieți din nou. Pentru a adăuga ceva, răspundeți la acest e-mail.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "Solicitarea dumneavoastră este rezolvată" + _NUMBERED,
            "Bună ziua,\n\n"
            "am marcat solicitarea {ticket.number} ca rezolvată.\n"
            "Dacă nu este așa, răspundeți la acest e-mail și o reluăm.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "Conversația dumneavoastră cu {department.name}",
            "Bună ziua,\n\naceasta este conversația pe care ați cerut-o.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
    "de": {
        MailKind.acknowledgement: Wording(
            "Wir haben Ihre Nachricht erhalten" + _NUMBERED,
            "Guten Tag,\n\n"
            "vielen Dank für Ihre Nachricht. Sie ist bei uns angekommen und hat die Nummer {ticket.number}.\n"
            "Wir antworten, sobald wir können; Sie brauchen nicht noch einmal zu schreiben. Um etwas zu ergänzen, antworten Sie einfach auf diese E-Mail.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "Ihre Anfrage ist gelöst" + _NUMBERED,
            "Guten Tag,\n\n"
            "wir haben Ihre Anfrage {ticket.number} als gelöst vermerkt.\n"
            "Sollte sie es nicht sein, antworten Sie einfach auf diese E-Mail, und wir sehen sie uns wieder an.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "Ihr Chat mit {department.name}",
            "Guten Tag,\n\nhier ist der Chat, um den Sie gebeten haben.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
    "es": {
        MailKind.acknowledgement: Wording(
            "Hemos recibido su mensaje" + _NUMBERED,
            "Hola:\n\n"
            "Gracias por su mensaje. Nos ha llegado y tiene el número {ticket.number}.\n"
            "Responderemos en cuanto podamos; no hace falta que vuelva a escribir. Si quiere añadir algo, basta con responder a este correo.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "Su solicitud está resuelta" + _NUMBERED,
            "Hola:\n\n"
            "Hemos marcado su solicitud {ticket.number} como resuelta.\n"
            "Si no lo está, basta con responder a este correo y la revisaremos de nuevo.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "Su conversación con {department.name}",
            "Hola:\n\nEsta es la conversación que ha pedido.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
    "fr": {
        MailKind.acknowledgement: Wording(
            "Nous avons bien reçu votre message" + _NUMBERED,
            "Bonjour,\n\n"
            "merci pour votre message. Il nous est bien parvenu et porte le numéro {ticket.number}.\n"
            "Nous répondons dès que possible ; inutile d'écrire à nouveau. Pour ajouter quelque chose, répondez simplement à ce courriel.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.solved: Wording(
            "Votre demande est résolue" + _NUMBERED,
            "Bonjour,\n\n"
            "nous avons marqué votre demande {ticket.number} comme résolue.\n"
            "Si elle ne l'est pas, répondez simplement à ce courriel et nous la reprendrons.\n\n"
            "{department.name}\n\n{signature}",
        ),
        MailKind.transcript: Wording(
            "Votre conversation avec {department.name}",
            "Bonjour,\n\nvoici la conversation que vous avez demandée.\n\n{transcript}\n\n{department.name}\n\n{signature}",
        ),
    },
}  # fmt: skip
