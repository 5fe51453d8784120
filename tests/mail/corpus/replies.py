"""Answers of customers as four mail programs write them, in eight languages."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from .case import ANNA, DESK, Case, Goes, alternative, answering, mail, part, single

NAME = "Example Help"


class Words(NamedTuple):
    """What differs between languages; the introductions are those that the programs write."""

    new: str
    old: str
    prefix: str
    gmail: str
    apple: str
    thunderbird: str
    labels: tuple[str, str, str, str]
    date: str
    original: str
    phone: str


WORDS = {
    "en": Words(
        "Thank you, the second parcel came at 10:15.\n\nOne question:\nfrom when on is the invoice due?",
        "Hello Anna,\n\nplease look at the tracking page.\nFrom: the page you can print a label.",
        "Re",
        f"On Mon, Mar 3, 2025 at 10:22 AM {NAME} <{DESK}>\nwrote:",
        f"On 3 Mar 2025, at 10:22, {NAME} <{DESK}> wrote:",
        f"On 03/03/2025 10:22, {NAME} wrote:",
        ("From", "Sent", "To", "Subject"),
        "Monday, March 3, 2025 10:22 AM",
        "-----Original Message-----",
        "Sent from my iPhone",
    ),
    "no": Words(
        "Takk, den andre pakken kom kl. 10:15.\n\nEtt spørsmål:\nfra når må regningen betales?",
        "Hei Anna,\n\nse på sporingssiden, er du snill.\nFra: siden kan du skrive ut en lapp.",
        "Sv",
        f"man. 3. mars 2025 kl. 10:22 skrev {NAME} <\n{DESK}>:",
        f"3. mars 2025 kl. 10:22 skrev {NAME} <{DESK}>:",
        f"Den 03.03.2025 10:22, skrev {NAME}:",
        ("Fra", "Sendt", "Til", "Emne"),
        "mandag 3. mars 2025 10:22",
        "-----Opprinnelig melding-----",
        "Sendt fra min iPhone",
    ),
    "pl": Words(
        "Dziękuję, druga paczka przyszła o 10:15.\n\nJedno pytanie:\nod kiedy płacę rachunek?",
        "Dzień dobry,\n\nproszę spojrzeć na stronę śledzenia.\nOd: dziś można drukować etykietę.",
        "Odp",
        f"pon., 3 mar 2025 o 10:22 {NAME} <{DESK}>\nnapisał(a):",
        f"Wiadomość napisana przez {NAME} <{DESK}> w dniu 3 mar 2025, o godz. 10:22:",
        f"W dniu 3.03.2025 o 10:22, {NAME} pisze:",
        ("Od", "Wysłano", "Do", "Temat"),
        "poniedziałek, 3 marca 2025 10:22",
        "-----Oryginalna wiadomość-----",
        "Wysłane z iPhone'a",
    ),
    "pt": Words(
        "Obrigada, a segunda encomenda chegou às 10:15.\n\nUma pergunta:\nde quando é a fatura?",
        "Olá Anna,\n\nveja a página de rastreio, por favor.\nDe: lá pode imprimir a etiqueta.",
        "Re",
        f"Em seg., 3 de mar. de 2025 às 10:22, {NAME} <{DESK}>\nescreveu:",
        f"Em 3 de mar. de 2025, à(s) 10:22, {NAME} <{DESK}> escreveu:",
        f"Às 10:22 de 03/03/2025, {NAME} escreveu:",
        ("De", "Enviado", "Para", "Assunto"),
        "segunda-feira, 3 de março de 2025 10:22",
        "-----Mensagem original-----",
        "Enviado do meu iPhone",
    ),
    "ro": Words(
        "Mulțumesc, al doilea colet a sosit la 10:15.\n\nO întrebare:\nde la ce dată se plătește factura?",
        "Bună ziua, Anna,\n\nvedeți pagina de urmărire.\nDe la: pagină puteți tipări eticheta.",
        "Re",
        f"În lun., 3 mar. 2025 la 10:22, {NAME} <{DESK}> a\nscris:",
        f"Pe 3 mar. 2025, la 10:22, {NAME} <{DESK}> a scris:",
        f"Pe 03.03.2025 10:22, {NAME} a scris:",
        ("De la", "Trimis", "Către", "Subiect"),
        "luni, 3 martie 2025 10:22",
        "-----Mesaj original-----",
        "Trimis de pe iPhone",
    ),
    "de": Words(
        "Danke, das zweite Päckchen kam um 10:15 Uhr.\n\nEine Frage:\nVon wann ist die Rechnung?",
        "Hallo Anna,\n\nbitte schauen Sie auf die Sendungsseite.\nVon: dort drucken Sie den Schein.",
        "AW",
        f"Am Mo., 3. März 2025 um 10:22 Uhr schrieb {NAME} <\n{DESK}>:",
        f"Am 03.03.2025 um 10:22 schrieb {NAME} <{DESK}>:",
        f"Am 03.03.25 um 10:22 schrieb {NAME}:",
        ("Von", "Gesendet", "An", "Betreff"),
        "Montag, 3. März 2025 10:22",
        "-----Ursprüngliche Nachricht-----",
        "Von meinem iPhone gesendet",
    ),
    "es": Words(
        "Gracias, el segundo paquete llegó a las 10:15.\n\nUna pregunta:\n¿de cuándo es la factura?",
        "Hola, Anna:\n\nmire la página de seguimiento.\nDe: allí puede imprimir la etiqueta.",
        "RE",
        f"El lun, 3 mar 2025 a las 10:22, {NAME} (<{DESK}>)\nescribió:",
        f"El 3 mar 2025, a las 10:22, {NAME} <{DESK}> escribió:",
        f"El 3/3/25 a las 10:22, {NAME} escribió:",
        ("De", "Enviado", "Para", "Asunto"),
        "lunes, 3 de marzo de 2025 10:22",
        "-----Mensaje original-----",
        "Enviado desde mi iPhone",
    ),
    "fr": Words(
        "Merci, le deuxième colis est arrivé à 10:15.\n\nUne question :\nde quand date la facture ?",
        "Bonjour Anna,\n\nregardez la page de suivi, s'il vous plaît.\nDe : là, on imprime l'étiquette.",
        "RE",
        f"Le lun. 3 mars 2025 à 10:22, {NAME} <{DESK}> a\nécrit :",
        f"Le 3 mars 2025 à 10:22, {NAME} <{DESK}> a écrit\xa0:",
        f"Le 03/03/2025 à 10:22, {NAME} a écrit\xa0:",
        ("De", "Envoyé", "À", "Objet"),
        "lundi 3 mars 2025 10:22",
        "-----Message d'origine-----",
        "Envoyé de mon iPhone",
    ),
}


def quoted(text: str) -> str:
    """Every line with the mark of a quote."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def page(text: str) -> str:
    """Lines as web mail writes them."""
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def gmail(words: Words, headers: str) -> bytes:
    """Gmail in a browser: text and HTML, the introduction broken over two lines."""
    intro = words.gmail.replace("<\n", "<").replace("\n", " ")
    html = (
        f'<div dir="ltr">{page(words.new)}</div><br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="ltr" class="gmail_attr">{escape(intro)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{page(words.old)}</blockquote></div>'
    )
    return alternative(headers, f"{words.new}\n\n{words.gmail}\n\n{quoted(words.old)}\n", html)


def header_block(words: Words, sign: str) -> list[tuple[str, str]]:
    """What Outlook puts above a quote."""
    values = (f"{NAME} <{DESK}>", words.date, f"Anna Berg <{ANNA}>", f"{words.prefix}: Parcel [#12]")
    return [(f"{label}{sign}", value) for label, value in zip(words.labels, values, strict=True)]


def outlook(words: Words, headers: str, sign: str) -> bytes:
    """Outlook for Windows: a line, its header block, and then everything without marks."""
    block = "\n".join(f"{label} {value}" for label, value in header_block(words, sign))
    plain = f"{words.new}\n\n{'_' * 32}\n{block}\n\n{words.old}\n"
    return alternative(headers, plain, outlook_page(words, sign), how="base64")


def outlook_page(words: Words, sign: str) -> str:
    """Outlook's HTML."""
    lines = "".join(f'<p class="MsoNormal">{escape(line) or "&nbsp;"}</p>' for line in words.new.split("\n"))
    block = "<br>".join(
        f"<b>{escape(label)}</b> {escape(value)}" for label, value in header_block(words, sign)
    )
    return (
        "<html><head><style>p.MsoNormal {margin:0cm}</style><title>x</title></head><body lang=EN>"
        f'<div class="WordSection1">{lines}<p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><hr tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{block}</font></div></div>{page(words.old)}'
        "</div></body></html>"
    )


def old_outlook(words: Words, headers: str, sign: str) -> bytes:
    """Outlook set to plain text."""
    block = "\n".join(f"{label} {value}" for label, value in header_block(words, sign))
    kind = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit"
    return mail(f"{headers}\n{kind}", f"{words.new}\n\n{words.original}\n{block}\n\n{words.old}\n")


def apple(words: Words, headers: str) -> bytes:
    """Apple Mail on a telephone: its line stands above the quote."""
    text = f"{words.new}\n\n{words.phone}\n\n> {words.apple}\n> \n{quoted(words.old)}\n"
    html = (
        f'<html><body dir="auto">{page(words.new)}<br><div dir="ltr">{words.phone}</div>'
        f'<div dir="ltr"><br><blockquote type="cite">{escape(words.apple)}<br><br></blockquote></div>'
        f'<blockquote type="cite">{page(words.old)}</blockquote></body></html>'
    )
    return alternative(headers, text, html)


def apple_desktop(words: Words, headers: str) -> bytes:
    """Apple Mail on a computer."""
    html = (
        f'<html><body style="overflow-wrap: break-word;">{page(words.new)}<br id="lineBreakAtBeginningOfMessage">'
        f'<div><br><blockquote type="cite"><div>{escape(words.apple)}</div><br><div>{page(words.old)}</div>'
        "</blockquote></div></body></html>"
    )
    return alternative(headers, f"{words.new}\n\n{words.apple}\n\n{quoted(words.old)}\n", html)


def thunderbird(words: Words, headers: str) -> bytes:
    """Thunderbird: flowing text, quote below, signature at the end."""
    flowing = words.new.replace(" ", " \n", 1)
    text = f"{flowing}\n\n{words.thunderbird}\n{quoted(words.old)}\n\n-- \nAnna Berg\nTel. 555 0100\n"
    kind = "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: 8bit"
    return mail(f"{headers}\nUser-Agent: Mozilla Thunderbird\n{kind}", text)


def _cases() -> list[Case]:
    cases = []
    for language, words in WORDS.items():
        sign = "\xa0:" if language == "fr" else ":"
        made = {
            "gmail": lambda head, words=words: gmail(words, head),
            "outlook": lambda head, words=words, sign=sign: outlook(words, head, sign),
            "outlook-plain": lambda head, words=words, sign=sign: old_outlook(words, head, sign),
            "outlook-html-only": lambda head, words=words, sign=sign: single(
                head, part("text/html; charset=utf-8", outlook_page(words, sign))
            ),
            "apple-phone": lambda head, words=words: apple(words, head),
            "apple": lambda head, words=words: apple_desktop(words, head),
            "thunderbird": lambda head, words=words: thunderbird(words, head),
        }
        for client, make in made.items():
            name = f"{client}-{language}"
            head = answering(f"{words.prefix}: Parcel [#12]", name)
            cases.append(Case(name, make(head), Goes.ticket, words.new, language=language))
    return [*cases, *_manners()]


def _manners() -> list[Case]:
    """Answers below, between and without quotes."""
    intro = f"On Mon, Mar 3, 2025 at 10:22 AM {NAME} <{DESK}> wrote:"

    def plain(name: str, text: str, reply: str, subject: str = "Re: Parcel [#12]") -> Case:
        kind = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8"
        return Case(name, mail(f"{answering(subject, name)}\n{kind}", text), Goes.ticket, reply)

    between = f"{intro}\n> Which colour?\n\nBlue.\n\n> Which size?\n\nLarge."
    forward = (
        "See below.\n\n---------- Forwarded message ---------\nFrom: Shop <shop@example.test>\n"
        "Date: Mon, Mar 3, 2025 at 9:00 AM\nSubject: Your order\nTo: <anna@example.org>\n\nIt was sent."
    )
    passed_on = "From: Shop <shop@example.test>\nSent: Monday, March 3, 2025 9:00 AM\nTo: Anna\nSubject: Your order\n\nSent."
    list_of = "My data:\n\nFrom: Oslo\nTo: Bergen\nSubject: moving boxes\nDate: as soon as you can\n\nHow much is it?"
    bare = "On 3 May 2025 John from your shop wrote:\nPlease send the invoice again.\n\nHere it is: 42."
    return [
        plain("answer-below", f"{intro}\n> Which colour?\n> And size?\n\nBlue, large.\n", "Blue, large."),
        plain("answer-between", between, between),
        plain("no-quote", "Just this.\n\nAnna\n", "Just this.\n\nAnna"),
        plain("only-quote", f"{intro}\n> Which colour?\n", f"{intro}\n> Which colour?"),
        plain("forwarded-by-gmail", forward, forward, "Fwd: Your order"),
        plain(
            "forwarded-by-outlook",
            f"See below.\n\n{passed_on}",
            f"See below.\n\n{passed_on}",
            "FW: Your order",
        ),
        plain("own-list-like-headers", list_of, list_of),
        plain("quotes-somebody-without-marks", bare, bare),
        plain("signature-alone", "Yes.\n-- \nAnna Berg\nExample Street 1\n", "Yes."),
        plain(
            "dashes-are-no-signature",
            "a\n--\n" + "\n".join("bcdefghijk"),
            "a\n--\n" + "\n".join("bcdefghijk"),
        ),
        plain(
            "dutch",
            f"Dank u.\n\nOp 3 mrt. 2025, om 10:22 heeft Help <{DESK}> het volgende geschreven:\n> Hallo\n",
            "Dank u.",
        ),
        plain("czech", "Děkuji.\n\nDne 3. 3. 2025 v 10:22 Help napsal(a):\n> Ahoj\n", "Děkuji."),
        plain("italian", "Grazie.\n\nIl 3 mar 2025 alle 10:22, Help ha scritto:\n\n> Ciao\n", "Grazie."),
        plain(
            "swedish-outlook",
            f"Tack.\n\n{'_' * 32}\nFrån: Help <{DESK}>\nSkickat: den 3 mars 2025 10:22\nTill: Anna\nÄmne: Hej\n\nHej!",
            "Tack.",
        ),
        plain(
            "nested-quotes", f"Ok.\n\n{intro}\n> Fine?\n>\n> On 1 Mar 2025, Anna wrote:\n>> Help!\n", "Ok."
        ),
    ]


CASES = _cases()
