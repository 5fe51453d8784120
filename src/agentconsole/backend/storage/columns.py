"""What tables are made of: the one metadata, and the usual columns, none of which is ever NULL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Text, text

metadata = MetaData()

Key = BigInteger().with_variant(Integer, "sqlite")


def identity() -> Column[int]:
    """The number of a row, given by the database."""
    return Column("id", Key, primary_key=True, autoincrement=True)


def words(name: str, default: str = "") -> Column[str]:
    """A text."""
    return Column(name, Text, nullable=False, server_default=default)


def number(name: str, default: int = 0) -> Column[int]:
    """A whole number: a count, a time in milliseconds, an id (0 = none)."""
    return Column(name, BigInteger, nullable=False, server_default=str(default))


def flag(name: str) -> Column[bool]:
    """Yes or no."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))
