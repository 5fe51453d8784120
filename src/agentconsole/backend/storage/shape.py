"""The database's shape: made at once where there is nothing, brought up to date by migrations where it is older."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, MetaData, Table, Text, inspect, select
from sqlalchemy.engine import Connection

from .ticket_tables import metadata as metadata

SHAPE = "0003"

_stamp = Table("alembic_version", MetaData(), Column("version_num", Text, primary_key=True))


class TooNew(Exception):
    """The database was made by a newer version of the program."""


def bring_up(connection: Connection) -> None:
    """Give the database this version's shape. Raises TooNew."""
    if not inspect(connection).has_table(_stamp.name):
        metadata.create_all(connection)
        _stamp.create(connection)
        connection.execute(_stamp.insert().values(version_num=SHAPE))
        return
    present = connection.execute(select(_stamp.c.version_num)).scalar_one_or_none()
    if present != SHAPE:
        migrate(connection, present)


def migrate(connection: Connection, present: str | None) -> None:
    """Run the migrations after ``present`` (None = all of them). Raises TooNew."""
    # imported where it is needed: a server at rest would carry it for nothing
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise TooNew(
            f"This database has the shape {present} of a newer agentconsole. Use that version, or restore a backup."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
