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


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


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
)

grant = Table(
    "role_grant",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("department_id", BigInteger, primary_key=True, autoincrement=False),
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
)

seat = Table(
    "seat",
    metadata,
    Column("user_id", ForeignKey(user.c.id), primary_key=True),
    _text("status", "offline"),
    _text("reason"),
    _number("since"),
    _number("lost_at"),
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
)
Index(
    "chat_one_open", chat.c.visitor, chat.c.department, unique=True, sqlite_where=OPEN, postgresql_where=OPEN
)
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
