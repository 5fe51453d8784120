"""What no person wrote: replies of programs, reports of mail servers, mailing lists."""

from __future__ import annotations

from agentconsole.backend.domain.letter import Nature

from .case import ANNA, DESK, REPLY_ADDRESS, SENT, Case, Goes, answering, from_anna, mail

AWAY = "I am away until 10 March.\n\nAnna"


def _away(name: str, subject: str, more: str, text: str = AWAY) -> Case:
    return Case(name, mail(answering(subject, name, more), text), Goes.ticket, nature=Nature.automatic)


def _machine(
    name: str, subject: str, more: str, nature: Nature = Nature.automatic, sender: str = ANNA
) -> Case:
    """A mail of a program on nothing that we sent."""
    head = from_anna(subject, name, more=more).replace(ANNA, sender)
    return Case(name, mail(head, "The weekly report is ready.\n"), Goes.new, nature=nature)


def report(
    name: str,
    fields: str,
    *,
    sender: str = "MAILER-DAEMON@mx.example.com",
    subject: str = "Undelivered Mail Returned to Sender",
    told: str = "This is the mail system at host mx.example.com.\n\nI'm sorry, it could not be delivered.",
    original: str | None = SENT,
    returned: str = "message/rfc822",
    auto: str = "Auto-Submitted: auto-replied",
) -> bytes:
    """A report by RFC 3464 on our mail to Anna."""
    headers = f"""\
Return-Path: <>
Message-ID: <{name}@mx.example.com>
Date: Mon, 03 Mar 2025 11:40:00 +0100
From: {sender}
To: {REPLY_ADDRESS}
Subject: {subject}
{auto}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1" """
    ours = f"Message-ID: {original}\n" if original else ""
    body = f"""\
--b1
Content-Type: text/plain; charset=us-ascii

{told}

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Mon, 3 Mar 2025 10:22:00 +0100 (CET)

{fields}

--b1
Content-Type: {returned}

From: Example Help <{DESK}>
To: {ANNA}
{ours}Subject: Parcel [#12]

Hello Anna, our private words.

--b1--
"""
    return mail(headers.replace("\n\n", "\n"), body)


def _bounce(name: str, raw: bytes, status: str, goes: Goes = Goes.bounce) -> Case:
    return Case(name, raw, goes, nature=Nature.bounce, status=status)


POSTFIX = f"""\
Final-Recipient: rfc822; {ANNA}
Original-Recipient: rfc822;{ANNA}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 550 5.1.1 <{ANNA}>: Recipient address rejected: User unknown"""
EXCHANGE = f"""\
Final-Recipient: rfc822;{ANNA}
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp;550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup"""
GMAIL = f"""\
Final-Recipient: rfc822; {ANNA}
Action: failed
Status: 5.2.2
Remote-MTA: dns; mail.example.org. (192.0.2.7, the server for the domain example.org.)
Diagnostic-Code: smtp; 552-5.2.2 The email account that you tried to reach is over quota.
 552 5.2.2 Please direct the recipient to help pages."""
LATE = f"""\
Final-Recipient: rfc822; {ANNA}
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mail.example.org[192.0.2.7]:25: Connection timed out
Will-Retry-Until: Sat, 8 Mar 2025 10:22:00 +0100 (CET)"""
DELIVERED = f"""\
Final-Recipient: rfc822; {ANNA}
Action: delivered
Status: 2.0.0"""
QMAIL = f"""\
Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{ANNA}>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 unknown user
Giving up on 192.0.2.7.

--- Below this line is a copy of the message.

Return-Path: <{DESK}>
Message-ID: {SENT}
From: Example Help <{DESK}>
To: {ANNA}
Subject: Parcel [#12]

Hello Anna
"""
EXIM = f"""\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {ANNA}
    host mail.example.org [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<{ANNA}>:
    550 5.1.1 No such user

------ This is a copy of the message, including all the headers. ------

Return-path: <{DESK}>
Message-Id: {SENT}
From: Example Help <{DESK}>

Hello
"""


def _told(name: str, sender: str, subject: str, text: str, more: str = "") -> bytes:
    headers = f"""\
Return-Path: <>
Message-ID: <{name}@mx.example.com>
From: {sender}
To: {DESK}
Subject: {subject}
{more}"""
    return mail(headers.strip(), text)


def _exchange_old() -> bytes:
    return report(
        "exchange-ndr",
        EXCHANGE,
        sender="Microsoft Outlook <postmaster@example.org>",
        subject="Undeliverable: Parcel [#12]",
        told="Your message to Anna couldn't be delivered.",
        auto="X-MS-Exchange-Message-Is-Ndr:",
    )


CASES = [
    _away("vacation-rfc3834", "Auto: Parcel [#12]", "Auto-Submitted: auto-replied (vacation)"),
    _away("exchange-away", "Automatic reply: Parcel [#12]", "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All"),
    _away("away-by-subject-de", "Abwesenheitsnotiz: Parcel [#12]", ""),
    _away("away-by-subject-no", "Automatisk svar: Parcel [#12]", ""),
    _away("away-by-subject-pl", "=?utf-8?Q?Odpowied=C5=BA_automatyczna:_Parcel?=", ""),
    _away("away-by-subject-pt", "=?utf-8?B?UmVzcG9zdGEgYXV0b23DoXRpY2E6IFBhcmNlbA==?=", ""),
    _away("away-by-subject-ro", "=?utf-8?Q?R=C4=83spuns_automat:_Parcel?=", ""),
    _away("away-by-subject-es", "=?iso-8859-1?Q?Respuesta_autom=E1tica:_Parcel?=", ""),
    _away("away-by-subject-fr", "=?iso-8859-1?Q?R=E9ponse_automatique_:_Parcel?=", ""),
    _away("away-x-autoreply", "Re: Parcel", "X-Autoreply: yes"),
    _away("away-precedence", "Re: Parcel", "Precedence: auto_reply"),
    Case(
        "person-says-not-automatic",
        mail(answering("Re: Parcel", "not-automatic", "Auto-Submitted: no"), "Here I am."),
        Goes.ticket,
        "Here I am.",
    ),
    Case(
        "person-behind-exchange",
        mail(answering("Re: Parcel", "suppress", "X-Auto-Response-Suppress: DR, OOF, AutoReply"), "Here I am."),
        Goes.ticket,
        "Here I am.",
    ),
    Case(
        "person-who-writes-about-out-of-office",
        mail(from_anna("How do I set an out of office reply?", "about-away"), "Can you help?"),
        Goes.new,
        "Can you help?",
    ),
    _machine("monitoring", "Disk almost full", "Auto-Submitted: auto-generated"),
    _machine("newsletter", "News of March", "Precedence: bulk\nList-Unsubscribe: <mailto:out@example.test>", Nature.list),
    _machine("list", "[talk] Hello", "List-Id: <talk.example.test>\nPrecedence: list", Nature.list),
    _machine("group", "Question", "List-Id: <help.example.com>\nList-Post: <mailto:help@example.com>", Nature.list),
    _machine("no-reply", "Your invoice", "", Nature.person, "no-reply@example.test"),
    _machine("junk", "Win", "Precedence: junk"),
    _machine("calendar-program", "Invitation", "X-Autorespond: meeting"),
    _bounce("postfix", report("postfix", POSTFIX), "5.1.1"),
    _bounce("exchange", _exchange_old(), "5.7.133"),
    _bounce(
        "gmail",
        report("gmail", GMAIL, sender="Mail Delivery Subsystem <mailer-daemon@mail.example.net>", subject="Delivery Status Notification (Failure)"),
        "5.2.2",
    ),
    _bounce("late", report("late", LATE, subject="Delayed Mail (still being retried)"), "4.4.1"),
    _bounce("headers-only", report("headers-only", POSTFIX, returned="text/rfc822-headers"), "5.1.1"),
    _bounce("bounce-without-original", report("orphan", POSTFIX, original=None).replace(REPLY_ADDRESS.encode(), DESK.encode()), "5.1.1", Goes.dropped),
    _bounce("bounce-of-a-stranger", report("strange", POSTFIX, original="<other@example.net>").replace(REPLY_ADDRESS.encode(), DESK.encode()), "5.1.1", Goes.dropped),
    _bounce("qmail", _told("qmail", "MAILER-DAEMON@mx.example.com", "failure notice", QMAIL), "5.1.1"),
    _bounce("exim", _told("exim", "Mail Delivery System <Mailer-Daemon@mx.example.com>", "Mail delivery failed: returning message to sender", EXIM, f"X-Failed-Recipients: {ANNA}\nAuto-Submitted: auto-replied"), "5.1.1"),
    _bounce("daemon-without-domain", _told("bare", "MAILER-DAEMON (Mail Delivery System)", "Returned mail: see transcript", QMAIL), "5.1.1"),
    Case("delivered", report("delivered", DELIVERED, subject="Successful Mail Delivery Report"), Goes.dropped, nature=Nature.automatic),
    Case(
        "read-receipt",
        report("read", "Disposition: manual-action/MDN-sent-manually; displayed", subject="Read: Parcel")
        .replace(b"delivery-status", b"disposition-notification"),
        Goes.dropped,
        nature=Nature.automatic,
    ),
    Case(
        "null-sender-only",
        mail(from_anna("A note", "null").replace(f"Return-Path: <{ANNA}>", "Return-Path: <>"), "Hello"),
        Goes.new,
        nature=Nature.automatic,
    ),
]  # fmt: skip
