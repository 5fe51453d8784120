"""Tickets told in words: countdowns, statuses, and what happened in one; the same for the screen and a line mode."""

from __future__ import annotations

from agentconsole import dates
from agentconsole.protocol import (
    Answered,
    Clock,
    ClockWarned,
    MailCard,
    Mailed,
    MailKind,
    MailMoved,
    MailState,
    RuleFired,
    Side,
    TicketCard,
    TicketChanged,
    TicketEntry,
    TicketMerged,
    TicketNoted,
    TicketPriority,
    TicketSplit,
    TicketStatus,
    Transcribed,
    Wrote,
)
from agentconsole.tickets import OURS, overdue

SOON_MS = 60 * 60_000

STATUSES = {
    TicketStatus.new: "new",
    TicketStatus.open: "open",
    TicketStatus.waiting: "waiting",
    TicketStatus.hold: "on hold",
    TicketStatus.solved: "solved",
    TicketStatus.closed: "closed",
}
STATUS_HINTS = {
    TicketStatus.waiting: "for the customer; an answer opens it again",
    TicketStatus.solved: "done; an answer opens it again for a week",
    TicketStatus.open: "we still have to act",
    TicketStatus.hold: "until a date; then it is open again",
    TicketStatus.closed: "for good: what comes now is a new ticket",
}
PRIORITY_HINTS = {
    TicketPriority.low: "when there is time",
    TicketPriority.normal: "in its turn",
    TicketPriority.high: "before the others",
    TicketPriority.urgent: "at once",
}
CLOCKS = {Clock.first: "first answer", Clock.next: "answer", Clock.solve: "solution"}
MAILS = {
    MailState.queued: "queued, will be sent",
    MailState.sending: "being sent",
    MailState.accepted: "accepted",
    MailState.deferred: "refused for now, will be tried again",
    MailState.failed: "NOT SENT",
    MailState.bounced: "CAME BACK",
    MailState.unknown: "NOBODY KNOWS whether it was sent",
    MailState.withdrawn: "withdrawn, not sent",
}
MAIL_KINDS = {
    MailKind.answer: "answer",
    MailKind.acknowledgement: "acknowledgement",
    MailKind.solved: "message that it is solved",
    MailKind.transcript: "transcript",
}
TROUBLE = frozenset({MailState.failed, MailState.bounced, MailState.unknown})


def span(ms: int) -> str:
    """A span of time in its two greatest parts: 40s, 12m, 2h 10m, 3d 4h."""
    minutes = max(0, ms) // 60_000
    if minutes < 1:
        return "<1m"
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h {minutes:02}m"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h" if days < 100 else f"{days}d"


def due(card: TicketCard, now: int) -> tuple[str, str]:
    """What time says of a ticket, and in which ink; ``now`` is the server's clock."""
    if overdue(card, now):
        late = f" {span(now - card.due_at)}" if card.due_at and card.due_at <= now else ""
        if late or not card.due_at:
            return f"OVERDUE{late}", "bad"
    match card.status:
        case TicketStatus.hold:
            return (
                f"till {dates.shown(card.hold_until)[4:10].strip()}" if card.hold_until else "on hold",
                "dim",
            )
        case TicketStatus.solved | TicketStatus.closed:
            return STATUSES[card.status], "dim"
    if card.due_at:
        left = card.due_at - now
        return f"due in {span(left)}", "warn" if left < SOON_MS else ""
    if card.status in OURS:
        return f"asked {span(now - (card.asked_at or card.created_at))}", ""
    return "", "dim"


def clocks(card: TicketCard, now: int) -> list[tuple[str, str]]:
    """Each running clock in words with its ink."""
    found = []
    for clock, at in (
        (Clock.first, card.first_due),
        (Clock.next, card.next_due),
        (Clock.solve, card.solve_due),
    ):
        if at:
            late = at <= now
            words = f"OVERDUE {span(now - at)}" if late else f"in {span(at - now)}"
            ink = "bad" if late else "warn" if at - now < SOON_MS else ""
            found.append((f"{CLOCKS[clock]} {words}", ink))
    return found


def who(card: TicketCard) -> str:
    """The customer: a name, else the address."""
    return card.name.strip() or card.email or "no name"


def recipient(card: TicketCard) -> str:
    """To whom an answer goes."""
    return card.email or "nobody: no e-mail address"


def sentence(entry: TicketEntry) -> str:
    """What happened, in one row: for all that is no text of somebody."""
    return " ".join(_words(entry).split())


def _words(entry: TicketEntry) -> str:
    by = entry.by.name if entry.by.side is not Side.system else ""
    match entry.what:
        case TicketChanged(field=field, before=before, after=after, why=why):
            because = f" ({why})" if why else ""
            doer = f"{by or 'The system'} "
            if field == "assignee":
                given = f"gave it to {after}" if after and after != by else "took it" if after else "freed it"
                return f"{doer}{given}{because}"
            return f"{doer}changed {field}: {before or 'none'} → {after or 'none'}{because}"
        case TicketMerged(other=other, into=into):
            return (
                f"{by} put this into ticket #{other}" if into else f"{by} put ticket #{other} into this one"
            )
        case TicketSplit(other=other, seq=seq):
            return (
                f"{by} made ticket #{other} of a message here"
                if seq
                else f"Split off ticket #{other} by {by}"
            )
        case RuleFired(name=name, did=did):
            return f"Rule “{name}”: {', '.join(did) or 'nothing to do'}"
        case MailMoved(state=state, text=text):
            return f"The mail is {MAILS[state]}" + (f": {text}" if text else "")
        case ClockWarned(clock=clock, breached=breached):
            return f"The {CLOCKS[clock]} is {'overdue' if breached else 'nearly due'}"
        case Mailed(what=what, to=to):
            return f"{MAIL_KINDS.get(what, 'mail').capitalize()} sent by itself to {to}"
        case Transcribed(chat=chat):
            return f"Chat {chat}"
        case Wrote(text=text) | Answered(text=text) | TicketNoted(text=text):
            return text


def delivery(mail: MailCard) -> str:
    """How far a mail to the customer has got, with the mail server's answer."""
    answer = f" ({mail.answer})" if mail.answer else ""
    tried = f", {mail.tries} tries" if mail.tries > 1 else ""
    return " ".join(f"{MAILS[mail.state]}{answer}{tried}".split())


def sent(what: Answered, mail: MailCard | None, email: str) -> str:
    """What became of an answer; ``email`` is the customer's address."""
    if not what.mail:
        return f"NOT SENT: {'the department has no mailbox' if email else 'there is no e-mail address'}"
    return f"mail to {what.to or email}: {delivery(mail) if mail else 'by e-mail'}"


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} kB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"
