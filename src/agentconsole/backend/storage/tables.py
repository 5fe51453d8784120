"""The tables of the database, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from agentconsole.protocol import OPEN_STATES

metadata = MetaData()

Key = BigInteger().with_variant(Integer, "sqlite")

OPEN = text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN_STATES))))


def _id() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def _text(name: str, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _number(name: str, default: int = 0) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=str(default))


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


setting = Table("setting", metadata, Column("key", Text, primary_key=True), _text("value"))

user = Table(
    "user_account",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    _text("display"),
    _text("password_hash"),
    _flag("disabled"),
    _number("created_at"),
    _number("chat_limit"),
    _text("languages", "[]"),
    _text("skills", "[]"),
)

grant = Table(
    "role_grant",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("department_id", BigInteger, primary_key=True, autoincrement=False),
)

membership = Table(
    "membership",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    Column("department_id", BigInteger, primary_key=True, autoincrement=False),
    _number("tier"),
    _number("chat_limit"),
)

session = Table(
    "session",
    metadata,
    _id(),
    Column("user_id", ForeignKey(user.c.id), nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _text("label"),
    _number("created_at"),
    _number("used_at"),
    _number("expires_at"),
    _number("revoked_at"),
)

department = Table(
    "department",
    metadata,
    _id(),
    Column("slug", Text, nullable=False, unique=True),
    _text("name"),
    _text("description"),
    _text("welcome"),
    _text("topics", "[]"),
    _flag("team"),
    _flag("archived"),
    _number("wrapup_ms"),
    _number("abandon_ms"),
    _number("waiting_ms"),
    _number("queue_limit"),
    _number("version"),
    _flag("to_solve"),
    _text("pages", "[]"),
    _number("priority"),
    _text("routing", "manual"),
    _number("agent_limit"),
    _flag("strict_limit"),
    _text("languages", "[]"),
    _text("skills", "[]"),
    _number("skill_wait_ms", 120_000),
    _number("reply_ms", 60_000),
    _number("offer_ms", 60_000),
    _number("wait_for_ms", 600_000),
    _text("away", "refuse"),
    _number("overflow_to"),
    _number("overflow_ms"),
    _number("idle_ms", 600_000),
    _number("guests", 3),
    _text("guide"),
    _text("hours"),
    _flag("note_required"),
    _text("alarms", "[]"),
    _text("opening", "{}"),
    _text("levels", "[]"),
    _text("mailing", "{}"),
)

seat = Table(
    "seat",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    _text("status", "offline"),
    _text("reason"),
    _number("since"),
    _number("lost_at"),
    _text("set_by"),
    _number("until"),
    _number("held_until"),
    _text("status_before"),
    _text("reason_before"),
    _number("until_before"),
    _number("alerts_at"),
)

status_log = Table(
    "status_log",
    metadata,
    _id(),
    Column("user_id", ForeignKey(user.c.id), nullable=False, index=True),
    _text("status"),
    _text("reason"),
    _text("set_by"),
    _number("at"),
)

break_reason = Table(
    "break_reason",
    metadata,
    Column("name", Text, primary_key=True),
    _number("minutes"),
    _number("place"),
)

visitor = Table(
    "visitor",
    metadata,
    _id(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _number("created_at"),
    _number("used_at"),
    _flag("drill"),
)

chat = Table(
    "chat",
    metadata,
    _id(),
    Column("visitor", ForeignKey(visitor.c.id), nullable=False),
    Column("department", ForeignKey(department.c.id), nullable=False),
    _text("state"),
    _number("owner"),
    _number("seq"),
    _number("pub"),
    _number("version"),
    _number("since"),
    _number("started_at"),
    _text("owner_name"),
    _text("name"),
    _text("email"),
    _text("topic"),
    _text("first_line"),
    _text("language"),
    _text("page"),
    _text("page_title"),
    _number("lost_at"),
    _flag("left"),
    _number("taken_at"),
    _number("replied_at"),
    _number("ended_at"),
    _number("due_at"),
    _number("unanswered"),
    Column("outcome", Text),
    Column("rating", Text),
    _text("comment"),
    _flag("drill"),
    _number("home"),
    _number("priority"),
    _flag("timed"),
    _number("asked_at"),
    _number("spoke_at"),
    _number("offer_to"),
    _text("offer_name"),
    _number("offer_department"),
    _text("offer_queue"),
    _number("offer_by"),
    _number("wanted"),
    _text("wanted_name"),
    _number("wanted_until"),
    _text("tried"),
    _text("passed"),
    _text("guests"),
    _text("invited"),
    _number("transfers"),
    _number("help_at"),
    _number("alarms"),
    _number("queued_at"),
    _number("invited_until"),
)
Index("chat_one_open", chat.c.visitor, chat.c.home, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
Index("chat_open", chat.c.state, sqlite_where=OPEN, postgresql_where=OPEN)
Index("chat_due", chat.c.due_at, sqlite_where=text("due_at > 0"), postgresql_where=text("due_at > 0"))
Index("chat_visitor", chat.c.visitor)
Index("chat_email", chat.c.email, sqlite_where=text("email <> ''"), postgresql_where=text("email <> ''"))
Index("chat_department", chat.c.department, chat.c.started_at)

public_event = Table(
    "public_event",
    metadata,
    Column("chat_id", ForeignKey(chat.c.id), primary_key=True, autoincrement=False),
    Column("pub", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("side", Text, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
)

staff_event = Table(
    "staff_event",
    metadata,
    Column("chat_id", ForeignKey(chat.c.id), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("side", Text, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
)

receipt = Table(
    "receipt",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sender", Text, primary_key=True),
    Column("cid", Text, primary_key=True),
    Column("digest", BigInteger, nullable=False),
    Column("about", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("pub", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

mark = Table(
    "mark",
    metadata,
    Column("chat_id", ForeignKey(chat.c.id), primary_key=True, autoincrement=False),
    Column("reader", Text, primary_key=True),
    Column("delivered", BigInteger, nullable=False),
    Column("read", BigInteger, nullable=False),
)

customer_note = Table(
    "customer_note",
    metadata,
    _id(),
    Column("email", Text, nullable=False, index=True),
    Column("department", BigInteger, nullable=False),
    _text("author"),
    _text("text"),
    _number("at"),
)

canned = Table(
    "canned",
    metadata,
    _id(),
    _number("owner"),
    _number("department"),
    _text("shortcut"),
    _text("text"),
    UniqueConstraint("owner", "department", "shortcut"),
)

left_message = Table(
    "left_message",
    metadata,
    _id(),
    Column("department", ForeignKey(department.c.id), nullable=False, index=True),
    Column("visitor", ForeignKey(visitor.c.id), nullable=False),
    _number("chat"),
    _number("at"),
    _text("name"),
    _text("email"),
    _text("text"),
    _text("page"),
    _text("handled_by"),
    _number("handled_at"),
    _flag("drill"),
    _number("agent"),
    _text("agent_name"),
    _text("note"),
    _number("ticket"),
)

assignment = Table(
    "assignment",
    metadata,
    _id(),
    Column("chat_id", ForeignKey(chat.c.id), nullable=False, index=True),
    _number("agent"),
    _number("at"),
    _text("explanation"),
)

staff_message = Table(
    "staff_message",
    metadata,
    _id(),
    Column("room", Text, nullable=False),
    _number("at"),
    _number("author"),
    _text("author_name"),
    _text("text"),
    _number("chat"),
    _flag("whisper"),
)
Index("staff_message_room", staff_message.c.room, staff_message.c.id)

room_mark = Table(
    "room_mark",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    Column("room", Text, primary_key=True),
    _number("upto"),
)

feedback = Table(
    "feedback",
    metadata,
    _id(),
    Column("chat_id", ForeignKey(chat.c.id), nullable=False, index=True),
    _number("department"),
    _number("seq"),
    Column("agent", BigInteger, nullable=False, index=True),
    _text("agent_name"),
    _number("author"),
    _text("author_name"),
    _number("at"),
    _text("text"),
    _flag("good"),
    _number("acknowledged_at"),
)

customer = Table("customer", metadata, _id(), _text("name"), _number("created_at"))

customer_address = Table(
    "customer_address",
    metadata,
    Column("email", Text, primary_key=True),
    Column("customer", ForeignKey(customer.c.id), nullable=False, index=True),
)

ticket = Table(
    "ticket",
    metadata,
    _id(),
    Column("department", ForeignKey(department.c.id), nullable=False),
    _text("status"),
    _text("subject"),
    _number("created_at"),
    _number("updated_at"),
    _number("seq"),
    _number("pub"),
    _number("version"),
    _text("email"),
    _text("name"),
    _number("customer"),
    _number("assignee"),
    _text("assignee_name"),
    _text("priority", "normal"),
    _text("tags", "[]"),
    _text("source"),
    _text("language"),
    _text("first_line"),
    _number("asked_at"),
    _number("answered_at"),
    _number("solved_at"),
    _number("hold_until"),
    _number("first_due"),
    _number("next_due"),
    _number("solve_due"),
    _number("solve_used"),
    _number("solve_since"),
    _number("next_used"),
    _text("warned"),
    _text("breached"),
    _number("timer_at"),
    Column("mail", Text),
    _number("chat"),
    _number("merged_into"),
    _number("follows"),
    _number("related"),
    _flag("drill"),
    _number("rank"),
    _text("words"),
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
    _id(),
    _number("ticket"),
    _number("seq"),
    _number("owner"),
    _text("name"),
    _text("type"),
    _number("size"),
    _number("at"),
    _flag("private"),
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
    _id(),
    _number("ticket"),
    _number("chat"),
    _number("seq"),
    _number("department"),
    _text("kind"),
    _text("recipient"),
    _text("subject"),
    _text("state"),
    _number("at"),
    _number("tries"),
    _number("next_at"),
    _number("sent_at"),
    _text("answer"),
    Column("message_id", Text, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
)
Index("mail_out_ticket", mail_out.c.ticket)
Index("mail_out_recipient", mail_out.c.recipient, mail_out.c.at)
Index(
    "mail_out_next",
    mail_out.c.next_at,
    sqlite_where=text("next_at > 0"),
    postgresql_where=text("next_at > 0"),
)

mail_in = Table(
    "mail_in",
    metadata,
    _id(),
    _text("mailbox"),
    _text("message_id"),
    Column("digest", LargeBinary, nullable=False, unique=True),
    _number("ticket"),
    _number("seq"),
    _number("at"),
    _text("sender"),
    _text("outcome"),
    Column("raw", LargeBinary, nullable=False),
)
Index("mail_in_message", mail_in.c.message_id)
Index("mail_in_ticket", mail_in.c.ticket)
Index("mail_in_sender", mail_in.c.sender, mail_in.c.at)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    _text("mailbox"),
    _number("at"),
    _text("reason"),
    _text("sender"),
    _text("subject"),
    _number("size"),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
    _text("released_by"),
    _number("released_at"),
    _number("ticket"),
)

rule = Table(
    "rule",
    metadata,
    _id(),
    _number("department"),
    _text("name"),
    _text("note"),
    _flag("active"),
    _text("event"),
    _text("conditions"),
    _text("actions", "[]"),
    _flag("stop"),
    _number("place"),
    _number("version"),
)

rule_firing = Table(
    "rule_firing",
    metadata,
    _id(),
    Column("rule", ForeignKey(rule.c.id), nullable=False),
    _number("ticket"),
    _number("chat"),
    _number("at"),
    _number("heard"),
    _text("did", "[]"),
)
Index("rule_firing_rule", rule_firing.c.rule, rule_firing.c.id)
Index("rule_firing_ticket", rule_firing.c.ticket, rule_firing.c.rule)

webhook_out = Table(
    "webhook_out",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _number("rule"),
    _number("ticket"),
    _number("chat"),
    _text("url"),
    _text("body"),
    _number("at"),
    _number("tries"),
    _number("next_at"),
    _number("sent_at"),
    _text("answer"),
)
Index(
    "webhook_out_next",
    webhook_out.c.next_at,
    sqlite_where=text("next_at > 0"),
    postgresql_where=text("next_at > 0"),
)

ticket_filter = Table(
    "ticket_filter",
    metadata,
    _id(),
    _number("owner"),
    _number("department"),
    _text("name"),
    _text("query", "{}"),
    UniqueConstraint("owner", "department", "name"),
)

template = Table(
    "template",
    metadata,
    _id(),
    _number("department"),
    _text("kind"),
    _text("language"),
    _text("subject"),
    _text("text"),
    UniqueConstraint("department", "kind", "language"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _number("at"),
    _text("actor"),
    _text("deed"),
    _text("object"),
    _text("detail"),
)
