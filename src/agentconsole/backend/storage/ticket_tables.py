"""The tables of tickets, mails and rules, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, text

from .columns import flag, identity, number, words
from .columns import metadata as metadata
from .tables import department

customer = Table("customer", metadata, identity(), words("name"), number("created_at"))

customer_address = Table(
    "customer_address",
    metadata,
    Column("email", Text, primary_key=True),
    Column("customer", ForeignKey(customer.c.id), nullable=False, index=True),
)

ticket = Table(
    "ticket",
    metadata,
    identity(),
    Column("department", ForeignKey(department.c.id), nullable=False),
    words("status"),
    words("subject"),
    number("created_at"),
    number("updated_at"),
    number("seq"),
    number("pub"),
    number("version"),
    words("email"),
    words("name"),
    number("customer"),
    number("assignee"),
    words("assignee_name"),
    words("priority", "normal"),
    words("tags", "[]"),
    words("source"),
    words("language"),
    words("first_line"),
    number("asked_at"),
    number("answered_at"),
    number("solved_at"),
    number("hold_until"),
    number("first_due"),
    number("next_due"),
    number("solve_due"),
    number("solve_used"),
    number("solve_since"),
    number("next_used"),
    words("warned"),
    words("breached"),
    number("timer_at"),
    number("rules_at"),
    Column("mail", Text),
    number("chat"),
    number("merged_into"),
    number("follows"),
    number("related"),
    flag("drill"),
    number("rank"),
    words("words"),
)
Index("ticket_rank", ticket.c.rank, ticket.c.id, ticket.c.department, ticket.c.status)
Index("ticket_counted", ticket.c.department, ticket.c.status, ticket.c.rank)
Index("ticket_email", ticket.c.email)
Index("ticket_assignee", ticket.c.assignee, ticket.c.rank)
Index("ticket_chat", ticket.c.chat, sqlite_where=text("chat > 0"), postgresql_where=text("chat > 0"))
Index(
    "ticket_timer",
    ticket.c.timer_at,
    sqlite_where=text("timer_at > 0"),
    postgresql_where=text("timer_at > 0"),
)
Index(
    "ticket_rules",
    ticket.c.rules_at,
    sqlite_where=text("rules_at > 0"),
    postgresql_where=text("rules_at > 0"),
)


def _ticket_log(name: str, numbered: str) -> Table:
    return Table(
        name,
        metadata,
        Column("ticket_id", ForeignKey(ticket.c.id), primary_key=True, autoincrement=False),
        Column(numbered, BigInteger, primary_key=True, autoincrement=False),
        *([Column("seq", BigInteger, nullable=False)] if numbered != "seq" else []),
        Column("at", BigInteger, nullable=False),
        Column("side", Text, nullable=False),
        Column("party", BigInteger, nullable=False),
        Column("name", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("what", Text, nullable=False),
    )


ticket_public_event = _ticket_log("ticket_public_event", "pub")
ticket_staff_event = _ticket_log("ticket_staff_event", "seq")

file = Table(
    "file",
    metadata,
    identity(),
    number("ticket"),
    number("seq"),
    number("owner"),
    words("name"),
    words("type"),
    number("size"),
    number("at"),
    flag("private"),
)
Index("file_ticket", file.c.ticket)

file_data = Table(
    "file_data",
    metadata,
    Column("file_id", ForeignKey(file.c.id), primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

mail_out = Table(
    "mail_out",
    metadata,
    identity(),
    number("ticket"),
    number("chat"),
    number("seq"),
    number("department"),
    words("kind"),
    words("recipient"),
    words("subject"),
    words("state"),
    number("at"),
    number("tries"),
    number("next_at"),
    number("sent_at"),
    words("answer"),
    Column("message_id", Text, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
)
Index("mail_out_ticket", mail_out.c.ticket)
Index("mail_out_recipient", mail_out.c.recipient, mail_out.c.at)
Index("mail_out_state", mail_out.c.state, mail_out.c.id)
Index(
    "mail_out_chat",
    mail_out.c.chat,
    sqlite_where=text("chat > 0"),
    postgresql_where=text("chat > 0"),
)
Index(
    "mail_out_kept",
    mail_out.c.state,
    mail_out.c.at,
    sqlite_where=text("length(raw) > 0"),
    postgresql_where=text("length(raw) > 0"),
)
Index(
    "mail_out_next",
    mail_out.c.next_at,
    sqlite_where=text("next_at > 0"),
    postgresql_where=text("next_at > 0"),
)

mail_in = Table(
    "mail_in",
    metadata,
    identity(),
    words("mailbox"),
    words("message_id"),
    Column("digest", LargeBinary, nullable=False, unique=True),
    number("ticket"),
    number("seq"),
    number("at"),
    words("sender"),
    words("outcome"),
    Column("raw", LargeBinary, nullable=False),
)
Index(
    "mail_in_kept",
    mail_in.c.at,
    sqlite_where=text("length(raw) > 0"),
    postgresql_where=text("length(raw) > 0"),
)
Index("mail_in_message", mail_in.c.message_id)
Index("mail_in_ticket", mail_in.c.ticket)
Index("mail_in_sender", mail_in.c.sender, mail_in.c.at)

quarantine = Table(
    "quarantine",
    metadata,
    identity(),
    words("mailbox"),
    number("at"),
    words("reason"),
    words("sender"),
    words("subject"),
    number("size"),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
    words("released_by"),
    number("released_at"),
    number("ticket"),
    flag("ignored"),
    words("discarded_by"),
    number("discarded_at"),
)
Index("quarantine_listed", quarantine.c.ignored, quarantine.c.id)

rule = Table(
    "rule",
    metadata,
    identity(),
    number("department"),
    words("name"),
    words("note"),
    flag("active"),
    words("event"),
    words("conditions"),
    words("actions", "[]"),
    flag("stop"),
    number("place"),
    number("version"),
)

rule_firing = Table(
    "rule_firing",
    metadata,
    identity(),
    Column("rule", ForeignKey(rule.c.id), nullable=False),
    number("ticket"),
    number("chat"),
    number("at"),
    number("heard"),
    words("did", "[]"),
)
Index("rule_firing_at", rule_firing.c.at)
Index("rule_firing_rule", rule_firing.c.rule, rule_firing.c.id)
Index("rule_firing_ticket", rule_firing.c.ticket, rule_firing.c.rule)

webhook_out = Table(
    "webhook_out",
    metadata,
    identity(),
    Column("key", Text, nullable=False, unique=True),
    number("rule"),
    number("department"),
    number("ticket"),
    number("chat"),
    words("url"),
    words("receiver"),
    words("body"),
    number("at"),
    number("tries"),
    number("tried_at"),
    number("next_at"),
    number("sent_at"),
    words("answer"),
)
Index(
    "webhook_out_next",
    webhook_out.c.next_at,
    webhook_out.c.id,
    webhook_out.c.receiver,
    sqlite_where=text("next_at > 0"),
    postgresql_where=text("next_at > 0"),
)
Index(
    "webhook_out_given_up",
    webhook_out.c.id,
    sqlite_where=text("next_at = 0 AND sent_at = 0"),
    postgresql_where=text("next_at = 0 AND sent_at = 0"),
)
Index("webhook_out_tried", webhook_out.c.tried_at)

ticket_filter = Table(
    "ticket_filter",
    metadata,
    identity(),
    number("owner"),
    number("department"),
    words("name"),
    words("query", "{}"),
    UniqueConstraint("owner", "department", "name"),
)

template = Table(
    "template",
    metadata,
    identity(),
    number("department"),
    words("kind"),
    words("language"),
    words("subject"),
    words("text"),
    UniqueConstraint("department", "kind", "language"),
)
