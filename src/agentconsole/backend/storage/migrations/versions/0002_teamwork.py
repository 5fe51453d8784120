"""Teamwork."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "break_reason",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("place", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "staff_message",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("author", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("author_name", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("whisper", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("staff_message", schema=None) as batch_op:
        batch_op.create_index("staff_message_room", ["room", "id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tier", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chat_limit", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "department_id"),
    )
    op.create_table(
        "room_mark",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("upto", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "room"),
    )
    op.create_table(
        "status_log",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("set_by", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("status_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_log_user_id"), ["user_id"], unique=False)

    op.create_table(
        "assignment",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("chat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("explanation", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["chat.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assignment_chat_id"), ["chat_id"], unique=False)

    op.create_table(
        "feedback",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("chat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=False),
        sa.Column("agent_name", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("author_name", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("good", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"],
            ["chat.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_agent"), ["agent"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_chat_id"), ["chat_id"], unique=False)

    op.add_column("chat", sa.Column("home", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("priority", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("timed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("chat", sa.Column("asked_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("spoke_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("offer_to", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("offer_name", sa.Text(), server_default="", nullable=False))
    op.add_column("chat", sa.Column("offer_department", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("offer_queue", sa.Text(), server_default="", nullable=False))
    op.add_column("chat", sa.Column("offer_by", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("wanted", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("wanted_name", sa.Text(), server_default="", nullable=False))
    op.add_column("chat", sa.Column("wanted_until", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("tried", sa.Text(), server_default="", nullable=False))
    op.add_column("chat", sa.Column("passed", sa.Text(), server_default="", nullable=False))
    op.add_column("chat", sa.Column("guests", sa.Text(), server_default="", nullable=False))
    op.add_column("chat", sa.Column("invited", sa.Text(), server_default="", nullable=False))
    op.add_column("chat", sa.Column("transfers", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("help_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("alarms", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("queued_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("chat", sa.Column("invited_until", sa.BigInteger(), server_default="0", nullable=False))

    # what exists already is where its visitor went, and joined its queue when it began to wait
    op.execute("UPDATE chat SET home = department, queued_at = since")
    with op.batch_alter_table("chat", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("chat_one_open"),
            sqlite_where=sa.text("state IN ('active', 'offered', 'waiting', 'wrapup')"),
        )
        batch_op.create_index(
            "chat_one_open",
            ["visitor", "home"],
            unique=True,
            sqlite_where=sa.text("state IN ('active', 'offered', 'waiting', 'wrapup')"),
            postgresql_where=sa.text("state IN ('active', 'offered', 'waiting', 'wrapup')"),
        )

    op.add_column(
        "department", sa.Column("to_solve", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("department", sa.Column("pages", sa.Text(), server_default="[]", nullable=False))
    op.add_column("department", sa.Column("priority", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("department", sa.Column("routing", sa.Text(), server_default="manual", nullable=False))
    op.add_column("department", sa.Column("agent_limit", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "department", sa.Column("strict_limit", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("department", sa.Column("languages", sa.Text(), server_default="[]", nullable=False))
    op.add_column("department", sa.Column("skills", sa.Text(), server_default="[]", nullable=False))
    op.add_column(
        "department", sa.Column("skill_wait_ms", sa.BigInteger(), server_default="120000", nullable=False)
    )
    op.add_column(
        "department", sa.Column("reply_ms", sa.BigInteger(), server_default="60000", nullable=False)
    )
    op.add_column(
        "department", sa.Column("offer_ms", sa.BigInteger(), server_default="60000", nullable=False)
    )
    op.add_column(
        "department", sa.Column("wait_for_ms", sa.BigInteger(), server_default="600000", nullable=False)
    )
    op.add_column("department", sa.Column("away", sa.Text(), server_default="refuse", nullable=False))
    op.add_column("department", sa.Column("overflow_to", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("department", sa.Column("overflow_ms", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "department", sa.Column("idle_ms", sa.BigInteger(), server_default="600000", nullable=False)
    )
    op.add_column("department", sa.Column("guests", sa.BigInteger(), server_default="3", nullable=False))
    op.add_column("department", sa.Column("guide", sa.Text(), server_default="", nullable=False))
    op.add_column("department", sa.Column("hours", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "department",
        sa.Column("note_required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("department", sa.Column("alarms", sa.Text(), server_default="[]", nullable=False))

    op.add_column("left_message", sa.Column("agent", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("left_message", sa.Column("agent_name", sa.Text(), server_default="", nullable=False))
    op.add_column("left_message", sa.Column("note", sa.Text(), server_default="", nullable=False))

    op.add_column("seat", sa.Column("set_by", sa.Text(), server_default="", nullable=False))
    op.add_column("seat", sa.Column("until", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("seat", sa.Column("held_until", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("seat", sa.Column("status_before", sa.Text(), server_default="", nullable=False))
    op.add_column("seat", sa.Column("reason_before", sa.Text(), server_default="", nullable=False))
    op.add_column("seat", sa.Column("until_before", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("seat", sa.Column("alerts_at", sa.BigInteger(), server_default="0", nullable=False))

    op.add_column(
        "user_account", sa.Column("chat_limit", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("user_account", sa.Column("languages", sa.Text(), server_default="[]", nullable=False))
    op.add_column("user_account", sa.Column("skills", sa.Text(), server_default="[]", nullable=False))
