"""Where facts are kept: tables, the group-commit writer, reads and migrations, on SQLite or PostgreSQL."""

from sqlalchemy.engine import Connection

__all__ = ["Connection"]
