"""Where facts are kept: tables, the group-commit writer, reads and migrations, on SQLite or PostgreSQL."""
