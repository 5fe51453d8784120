"""How mail programs introduce a quote, language by language: the data of `quotes`.

The lines are those of Gmail, Outlook, Apple Mail and Thunderbird. ``wrote`` are patterns for a whole
introduction, joined to one line; each also needs a digit in it, for all of them tell a time. ``labels`` are the names of
the header lines that Outlook puts above a quote (sender, date, recipient, subject, copy). ``original`` and ``forwarded``
stand between dashes above a quote, and above a forwarded mail. ``subject`` is which of the labels is that of the subject.
``sent_from`` begins the line that telephones add, which also names one of ``DEVICES``.
"""

from __future__ import annotations

from typing import NamedTuple


class Tongue(NamedTuple):
    """One language; patterns are matched without regard to case."""

    wrote: tuple[str, ...]
    labels: tuple[str, ...]
    original: tuple[str, ...]
    forwarded: tuple[str, ...]
    sent_from: tuple[str, ...]
    subject: str


TONGUES: dict[str, Tongue] = {
    "en": Tongue(
        wrote=(r"On\b.+ wrote:", r".+ wrote on .+:", r"Quoting .+:"),
        labels=("From", "Sent", "Date", "To", "Subject", "Cc", "Reply-To", "Importance"),
        original=("Original Message", "Original message", "Reply message"),
        forwarded=("Forwarded message", "Forwarded Message", "Begin forwarded message:"),
        sent_from=("Sent from my ", "Sent from Outlook", "Sent from Mail for Windows", "Get Outlook for "),
        subject="Subject",
    ),
    "no": Tongue(
        wrote=(r".+ skrev .+:", r"Den .+ skrev:"),
        labels=("Fra", "Sendt", "Dato", "Til", "Emne", "Kopi", "Svar til", "Viktighet"),
        original=("Opprinnelig melding", "Original melding", "Opprinnelig e-post"),
        forwarded=("Videresendt melding", "Videresendt e-post", "Start på videresendt melding:"),
        sent_from=("Sendt fra min ", "Sendt fra Outlook", "Sendt fra E-post for Windows", "Skaff deg Outlook for ", "Hent Outlook for "),
        subject="Emne",
    ),
    "pl": Tongue(
        wrote=(
            r".+ (?:napisał\(a\)|napisał|napisała|nadesłał):",
            r"(?:W dniu|Dnia) .+ (?:pisze|napisał\(a\)|napisał|napisała):",
            r"Wiadomość napisana przez .+ w dniu .+:",
        ),
        labels=("Od", "Wysłano", "Data", "Do", "Temat", "DW", "Odpowiedź do", "Ważność"),
        original=("Oryginalna wiadomość", "Wiadomość oryginalna"),
        forwarded=("Wiadomość przekazana", "Przekazana wiadomość", "Treść przekazanej wiadomości", "Początek przekazywanej wiadomości:"),
        sent_from=("Wysłano z ", "Wysłane z ", "Pobierz program Outlook dla ", "Pobierz aplikację Outlook dla "),
        subject="Temat",
    ),
    "pt": Tongue(
        wrote=(r"(?:Em|No dia|A|Às|Aos) .+ escreveu:", r".+ escreveu \(.+\):", r".+ escreveu (?:em|no dia) .+:"),
        labels=("De", "Enviado", "Enviada", "Enviado em", "Enviada em", "Data", "Para", "Assunto", "Cc", "Responder a", "Prioridade"),
        original=("Mensagem original", "Mensagem Original"),
        forwarded=("Forwarded message", "Mensagem encaminhada", "Mensagem reencaminhada", "Início da mensagem encaminhada:", "Início da mensagem reencaminhada:"),
        sent_from=("Enviado do meu ", "Enviado a partir do ", "Enviado do Outlook", "Enviado do Email para Windows", "Obter o Outlook para ", "Obtenha o Outlook para "),
        subject="Assunto",
    ),
    "ro": Tongue(
        wrote=(r"(?:În|In|Pe|La|Pe data de|În data de) .+ a scris:", r".+ a scris (?:în|pe|la) .+:"),
        labels=("De la", "Trimis", "Data", "Dată", "Către", "Catre", "La", "Subiect", "Cc", "Importanță"),
        original=("Mesaj original", "Mesajul original"),
        forwarded=("Mesaj redirecționat", "Mesaj redirectionat", "Mesaj transmis mai departe", "Început mesaj redirecționat:", "Începutul mesajului redirecționat:"),
        sent_from=("Trimis de pe ", "Trimis din ", "Trimis de la ", "Obțineți Outlook pentru ", "Descărcați Outlook pentru "),
        subject="Subiect",
    ),
    "de": Tongue(
        wrote=(r"Am .+ schrieb .+:", r"Am .+ schrieb:", r".+ schrieb am .+:", r".+ hat am .+ geschrieben:"),
        labels=("Von", "Gesendet", "Datum", "An", "Betreff", "Cc", "Antwort an", "Priorität", "Wichtigkeit"),
        original=("Ursprüngliche Nachricht", "Originalnachricht", "Original-Nachricht", "Ursprüngliche E-Mail"),
        forwarded=("Weitergeleitete Nachricht", "Anfang der weitergeleiteten Nachricht:"),
        sent_from=("Von meinem ", "Gesendet von ", "Gesendet mit der ", "Outlook für "),
        subject="Betreff",
    ),
    "es": Tongue(
        wrote=(r"(?:El|En|Con fecha) .+ escribió:", r".+ escribió (?:el|en) .+:"),
        labels=("De", "Enviado", "Enviado el", "Fecha", "Para", "Asunto", "CC", "Responder a", "Importancia"),
        original=("Mensaje original", "Mensaje Original"),
        forwarded=("Forwarded message", "Mensaje reenviado", "Inicio del mensaje reenviado:"),
        sent_from=("Enviado desde mi ", "Enviado desde ", "Enviado con ", "Obtener Outlook para "),
        subject="Asunto",
    ),
    "fr": Tongue(
        wrote=(r"Le .+ a écrit ?:", r".+ a écrit le .+ ?:"),
        labels=("De", "Envoyé", "Envoyé le", "Date", "À", "A", "Objet", "Cc", "Répondre à", "Importance"),
        original=("Message d'origine", "Message d’origine", "Message original", "Message d'origine"),
        forwarded=("Message transféré", "Forwarded message", "Début du message transféré :", "Début du message réexpédié :"),
        sent_from=("Envoyé de mon ", "Envoyé depuis ", "Envoyé à partir de ", "Obtenir Outlook pour ", "Télécharger Outlook pour "),
        subject="Objet",
    ),
}  # fmt: skip

# The languages whose introductions mail-parser-reply knows and this table does not.
OTHERS = ("cs", "da", "it", "ja", "ko", "nl", "sv", "zh")

DEVICES = (
    "iphone", "ipad", "android", "samsung", "galaxy", "huawei", "xiaomi", "blackberry", "outlook", "windows", "yahoo",
    "mail", "e-post", "proton", "gmx", "web.de", "mobile", "mobil", "telefon", "phone", "smartphone", "handy", "tablet",
)  # fmt: skip
