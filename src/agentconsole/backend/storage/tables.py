"""The tables of chats and people, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, text

from agentconsole.protocol import OPEN_STATES

from .columns import flag, identity, metadata, number, words

OPEN = text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN_STATES))))

setting = Table("setting", metadata, Column("key", Text, primary_key=True), words("value"))

user = Table(
    "user_account",
    metadata,
    identity(),
    Column("name", Text, nullable=False, unique=True),
    words("display"),
    words("password_hash"),
    flag("disabled"),
    number("created_at"),
    number("chat_limit"),
    words("languages", "[]"),
    words("skills", "[]"),
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
    number("tier"),
    number("chat_limit"),
)

session = Table(
    "session",
    metadata,
    identity(),
    Column("user_id", ForeignKey(user.c.id), nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    words("label"),
    number("created_at"),
    number("used_at"),
    number("expires_at"),
    number("revoked_at"),
)

department = Table(
    "department",
    metadata,
    identity(),
    Column("slug", Text, nullable=False, unique=True),
    words("name"),
    words("description"),
    words("welcome"),
    words("topics", "[]"),
    flag("team"),
    flag("archived"),
    number("wrapup_ms"),
    number("abandon_ms"),
    number("waiting_ms"),
    number("queue_limit"),
    number("version"),
    flag("to_solve"),
    words("pages", "[]"),
    number("priority"),
    words("routing", "manual"),
    number("agent_limit"),
    flag("strict_limit"),
    words("languages", "[]"),
    words("skills", "[]"),
    number("skill_wait_ms", 120_000),
    number("reply_ms", 60_000),
    number("offer_ms", 60_000),
    number("wait_for_ms", 600_000),
    words("away", "refuse"),
    number("overflow_to"),
    number("overflow_ms"),
    number("idle_ms", 600_000),
    number("guests", 3),
    words("guide"),
    words("hours"),
    flag("note_required"),
    words("alarms", "[]"),
    words("opening", "{}"),
    words("levels", "[]"),
    words("mailing", "{}"),
)

seat = Table(
    "seat",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    words("status", "offline"),
    words("reason"),
    number("since"),
    number("lost_at"),
    words("set_by"),
    number("until"),
    number("held_until"),
    words("status_before"),
    words("reason_before"),
    number("until_before"),
    number("alerts_at"),
)

status_log = Table(
    "status_log",
    metadata,
    identity(),
    Column("user_id", ForeignKey(user.c.id), nullable=False, index=True),
    words("status"),
    words("reason"),
    words("set_by"),
    number("at"),
)

break_reason = Table(
    "break_reason",
    metadata,
    Column("name", Text, primary_key=True),
    number("minutes"),
    number("place"),
)

visitor = Table(
    "visitor",
    metadata,
    identity(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    number("created_at"),
    number("used_at"),
    flag("drill"),
)

chat = Table(
    "chat",
    metadata,
    identity(),
    Column("visitor", ForeignKey(visitor.c.id), nullable=False),
    Column("department", ForeignKey(department.c.id), nullable=False),
    words("state"),
    number("owner"),
    number("seq"),
    number("pub"),
    number("version"),
    number("since"),
    number("started_at"),
    words("owner_name"),
    words("name"),
    words("email"),
    words("topic"),
    words("first_line"),
    words("language"),
    words("page"),
    words("page_title"),
    number("lost_at"),
    flag("left"),
    number("taken_at"),
    number("replied_at"),
    number("ended_at"),
    number("due_at"),
    number("unanswered"),
    Column("outcome", Text),
    Column("rating", Text),
    words("comment"),
    flag("drill"),
    number("home"),
    number("priority"),
    flag("timed"),
    number("asked_at"),
    number("spoke_at"),
    number("offer_to"),
    words("offer_name"),
    number("offer_department"),
    words("offer_queue"),
    number("offer_by"),
    number("wanted"),
    words("wanted_name"),
    number("wanted_until"),
    words("tried"),
    words("passed"),
    words("guests"),
    words("invited"),
    number("transfers"),
    number("help_at"),
    number("alarms"),
    number("queued_at"),
    number("invited_until"),
)
Index("chat_one_open", chat.c.visitor, chat.c.home, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
Index("chat_open", chat.c.state, chat.c.department, sqlite_where=OPEN, postgresql_where=OPEN)
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
    words("cid"),
    number("digest"),
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
    identity(),
    Column("email", Text, nullable=False, index=True),
    Column("department", BigInteger, nullable=False),
    words("author"),
    words("text"),
    number("at"),
)

canned = Table(
    "canned",
    metadata,
    identity(),
    number("owner"),
    number("department"),
    words("shortcut"),
    words("text"),
    UniqueConstraint("owner", "department", "shortcut"),
)

left_message = Table(
    "left_message",
    metadata,
    identity(),
    Column("department", ForeignKey(department.c.id), nullable=False, index=True),
    Column("visitor", ForeignKey(visitor.c.id), nullable=False),
    number("chat"),
    number("at"),
    words("name"),
    words("email"),
    words("text"),
    words("page"),
    words("handled_by"),
    number("handled_at"),
    flag("drill"),
    number("agent"),
    words("agent_name"),
    words("note"),
    number("ticket"),
    words("topic"),
)
Index("left_message_email", left_message.c.email)
Index("left_message_ticket", left_message.c.ticket)

assignment = Table(
    "assignment",
    metadata,
    identity(),
    Column("chat_id", ForeignKey(chat.c.id), nullable=False, index=True),
    number("agent"),
    number("at"),
    words("explanation"),
)

staff_message = Table(
    "staff_message",
    metadata,
    identity(),
    Column("room", Text, nullable=False),
    number("at"),
    number("author"),
    words("author_name"),
    words("text"),
    number("chat"),
    flag("whisper"),
)
Index("staff_message_room", staff_message.c.room, staff_message.c.id)

room_mark = Table(
    "room_mark",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    Column("room", Text, primary_key=True),
    number("upto"),
)

feedback = Table(
    "feedback",
    metadata,
    identity(),
    Column("chat_id", ForeignKey(chat.c.id), nullable=False, index=True),
    number("department"),
    number("seq"),
    Column("agent", BigInteger, nullable=False, index=True),
    words("agent_name"),
    number("author"),
    words("author_name"),
    number("at"),
    words("text"),
    flag("good"),
    number("acknowledged_at"),
)

audit = Table(
    "audit",
    metadata,
    identity(),
    number("at"),
    words("actor"),
    words("deed"),
    words("object"),
    words("detail"),
)
