"""After hours: tickets, mail, opening hours, rules."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "customer",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "file",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("ticket", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("owner", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("private", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.create_index("file_ticket", ["ticket"], unique=False)

    op.create_table(
        "mail_in",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("mailbox", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    with op.batch_alter_table("mail_in", schema=None) as batch_op:
        batch_op.create_index(
            "mail_in_kept",
            ["at"],
            unique=False,
            sqlite_where=sa.text("length(raw) > 0"),
            postgresql_where=sa.text("length(raw) > 0"),
        )
        batch_op.create_index("mail_in_message", ["message_id"], unique=False)
        batch_op.create_index("mail_in_sender", ["sender", "at"], unique=False)
        batch_op.create_index("mail_in_ticket", ["ticket"], unique=False)

    op.create_table(
        "mail_out",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("ticket", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("department", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
    )
    with op.batch_alter_table("mail_out", schema=None) as batch_op:
        batch_op.create_index(
            "mail_out_kept",
            ["state", "at"],
            unique=False,
            sqlite_where=sa.text("length(raw) > 0"),
            postgresql_where=sa.text("length(raw) > 0"),
        )
        batch_op.create_index(
            "mail_out_next",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at > 0"),
            postgresql_where=sa.text("next_at > 0"),
        )
        batch_op.create_index(
            "mail_out_chat",
            ["chat"],
            unique=False,
            sqlite_where=sa.text("chat > 0"),
            postgresql_where=sa.text("chat > 0"),
        )
        batch_op.create_index("mail_out_state", ["state", "id"], unique=False)
        batch_op.create_index("mail_out_recipient", ["recipient", "at"], unique=False)
        batch_op.create_index("mail_out_ticket", ["ticket"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("mailbox", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("released_by", sa.Text(), server_default="", nullable=False),
        sa.Column("released_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ticket", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ignored", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("discarded_by", sa.Text(), server_default="", nullable=False),
        sa.Column("discarded_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index("quarantine_listed", ["ignored", "id"], unique=False)

    op.create_table(
        "rule",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("department", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("event", sa.Text(), server_default="", nullable=False),
        sa.Column("conditions", sa.Text(), server_default="", nullable=False),
        sa.Column("actions", sa.Text(), server_default="[]", nullable=False),
        sa.Column("stop", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("place", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rule_firing",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("rule", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heard", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("did", sa.Text(), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(["rule"], ["rule.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rule_firing_at", "rule_firing", ["at"])
    op.create_index("rule_firing_rule", "rule_firing", ["rule", "id"])
    op.create_index("rule_firing_ticket", "rule_firing", ["ticket", "rule"])
    op.create_table(
        "webhook_out",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("department", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ticket", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("receiver", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tried_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(
        "webhook_out_next",
        "webhook_out",
        ["next_at", "id", "receiver"],
        sqlite_where=sa.text("next_at > 0"),
        postgresql_where=sa.text("next_at > 0"),
    )
    op.create_index(
        "webhook_out_given_up",
        "webhook_out",
        ["id"],
        sqlite_where=sa.text("next_at = 0 AND sent_at = 0"),
        postgresql_where=sa.text("next_at = 0 AND sent_at = 0"),
    )
    op.create_index("webhook_out_tried", "webhook_out", ["tried_at"])
    op.create_table(
        "template",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("department", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("department", "kind", "language"),
    )
    op.create_table(
        "ticket_filter",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("owner", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("department", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("query", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "department", "name"),
    )
    op.create_table(
        "customer_address",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("customer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customer.id"],
        ),
        sa.PrimaryKeyConstraint("email"),
    )
    with op.batch_alter_table("customer_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_address_customer"), ["customer"], unique=False)

    op.create_table(
        "file_data",
        sa.Column(
            "file_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["file.id"],
        ),
        sa.PrimaryKeyConstraint("file_id"),
    )
    op.create_table(
        "ticket",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("department", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pub", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("customer", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("assignee", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("assignee_name", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.Text(), server_default="normal", nullable=False),
        sa.Column("tags", sa.Text(), server_default="[]", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("first_line", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("answered_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("solved_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hold_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_due", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_due", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("solve_due", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("solve_used", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("solve_since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_used", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("warned", sa.Text(), server_default="", nullable=False),
        sa.Column("breached", sa.Text(), server_default="", nullable=False),
        sa.Column("timer_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rules_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("mail", sa.Text(), nullable=True),
        sa.Column("chat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("merged_into", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("follows", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("related", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("drill", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rank", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["department"],
            ["department.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index("ticket_assignee", ["assignee", "rank"], unique=False)
        batch_op.create_index(
            "ticket_chat",
            ["chat"],
            unique=False,
            sqlite_where=sa.text("chat > 0"),
            postgresql_where=sa.text("chat > 0"),
        )
        batch_op.create_index("ticket_counted", ["department", "status", "rank"], unique=False)
        batch_op.create_index("ticket_email", ["email"], unique=False)
        batch_op.create_index("ticket_rank", ["rank", "id", "department", "status"], unique=False)
        batch_op.create_index(
            "ticket_rules",
            ["rules_at"],
            unique=False,
            sqlite_where=sa.text("rules_at > 0"),
            postgresql_where=sa.text("rules_at > 0"),
        )
        batch_op.create_index(
            "ticket_timer",
            ["timer_at"],
            unique=False,
            sqlite_where=sa.text("timer_at > 0"),
            postgresql_where=sa.text("timer_at > 0"),
        )

    op.create_table(
        "ticket_public_event",
        sa.Column(
            "ticket_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("pub", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("ticket_id", "pub"),
    )
    op.create_table(
        "ticket_staff_event",
        sa.Column(
            "ticket_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("party", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("ticket_id", "seq"),
    )
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opening", sa.Text(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("levels", sa.Text(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("mailing", sa.Text(), server_default="{}", nullable=False))

    op.drop_index("chat_open", table_name="chat")
    op.create_index(
        "chat_open",
        "chat",
        ["state", "department"],
        sqlite_where=sa.text("state IN ('active', 'offered', 'waiting', 'wrapup')"),
        postgresql_where=sa.text("state IN ('active', 'offered', 'waiting', 'wrapup')"),
    )

    with op.batch_alter_table("left_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ticket", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("topic", sa.Text(), server_default="", nullable=False))
        batch_op.create_index("left_message_email", ["email"], unique=False)
        batch_op.create_index("left_message_ticket", ["ticket"], unique=False)

    with op.batch_alter_table("public_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cid", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("digest", sa.BigInteger(), server_default="0", nullable=False))
