"""The database itself: its shape, its one server, and how it is kept."""

import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

from agentconsole.backend.storage import Connection, chats, departments, shape
from agentconsole.backend.storage.database import Database, Locked, TooNew, Unreachable
from agentconsole.backend.storage.shape import metadata


def opened(url: str, data: Path, by_migrations: bool = False) -> Database:
    database = Database(url, data)
    if by_migrations:
        with database.writer_engine.begin() as connection:
            shape.migrate(connection, None)
    database.migrate()
    return database


def test_the_shape_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(shape.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == shape.SHAPE


@pytest.mark.parametrize("by_migrations", [True, False])
def test_both_ways_make_exactly_the_tables(database_url: str, tmp_path: Path, by_migrations: bool) -> None:
    database = opened(database_url, tmp_path, by_migrations)
    try:
        with database.writer_engine.connect() as connection:
            # Alembic misreads the defaults of SQLite; both databases are made by the same migrations.
            context = MigrationContext.configure(
                connection, opts={"compare_server_default": not database.sqlite}
            )
            assert compare_metadata(context, metadata) == []
    finally:
        database.close()


@pytest.mark.parametrize("by_migrations", [True, False])
def test_partial_indexes_are_what_they_should_be(
    database_url: str, tmp_path: Path, by_migrations: bool
) -> None:
    """The comparison above does not look at the conditions of indexes; they hold the line for one open chat."""
    database = opened(database_url, tmp_path, by_migrations)
    try:
        with database.writer_engine.connect() as connection:
            if database.sqlite:
                query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND instr(sql, 'WHERE')"
            else:
                query = "SELECT indexname, indexdef FROM pg_indexes WHERE position('WHERE' in indexdef) > 0"
            found = {str(row[0]): str(row[1]) for row in connection.exec_driver_sql(query)}
        assert set(found) == {
            "chat_one_open",
            "chat_open",
            "chat_due",
            "chat_email",
            "ticket_chat",
            "ticket_timer",
            "ticket_rules",
            "mail_in_kept",
            "mail_out_kept",
            "mail_out_chat",
            "mail_out_next",
            "webhook_out_next",
            "webhook_out_given_up",
        }
        assert "UNIQUE" in found["chat_one_open"]
        for state in ("waiting", "offered", "active", "wrapup"):
            assert state in found["chat_one_open"]
    finally:
        database.close()


def test_a_second_migration_changes_nothing(database_url: str, tmp_path: Path) -> None:
    database = opened(database_url, tmp_path)
    try:
        database.migrate()
    finally:
        database.close()
    again = opened(database_url, tmp_path)
    again.close()


def test_a_newer_database_is_refused_and_left_alone(database_url: str, tmp_path: Path) -> None:
    database = opened(database_url, tmp_path)
    try:
        with database.writer_engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(TooNew, match="9999"):
            database.migrate()
        with database.writer_engine.begin() as connection:
            assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"
    finally:
        database.close()


def elsewhere(url: str, tmp_path: Path) -> Path:
    """Another data folder, where the database lies in neither."""
    folder = tmp_path if url.startswith("sqlite") else tmp_path / "elsewhere"
    folder.mkdir(exist_ok=True)
    return folder


def test_a_second_server_is_refused(database_url: str, tmp_path: Path) -> None:
    first, second = (
        Database(database_url, tmp_path),
        Database(database_url, elsewhere(database_url, tmp_path)),
    )
    try:
        first.lock()
        with pytest.raises(Locked, match="Another server"):
            second.lock()
        first.close()
        second.lock()
    finally:
        first.close()
        second.close()


@pytest.mark.one_engine
def test_a_folder_is_one_servers_whatever_the_databases(
    postgres_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    """The operator's socket lies in it: a second server would take it away."""
    for urls in ((postgres_url, sqlite_url), (sqlite_url, postgres_url)):
        first, second = (Database(url, tmp_path) for url in urls)
        first.lock()
        with pytest.raises(Locked, match="choose another --data"):
            second.lock()
        first.close()
        second.lock()
        second.close()


def test_a_lock_that_was_refused_leaves_nothing_held(database_url: str, tmp_path: Path) -> None:
    first, second = (
        Database(database_url, tmp_path),
        Database(database_url, elsewhere(database_url, tmp_path)),
    )
    try:
        first.lock()
        for _ in range(10):
            with pytest.raises(Locked):
                second.lock()
        second.migrate()
    finally:
        first.close()
        second.close()
        second.close()


@pytest.mark.one_engine
@pytest.mark.parametrize("rival", [False, True])
def test_a_lock_that_a_lost_link_took_along_is_taken_again(
    postgres_url: str, tmp_path: Path, rival: bool
) -> None:
    first, second = (
        Database(postgres_url, tmp_path),
        Database(postgres_url, elsewhere(postgres_url, tmp_path)),
    )
    try:
        first.lock()
        first.keep_lock()
        others = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
        with second.writer_engine.begin() as connection:
            assert connection.exec_driver_sql(others).scalars().all() == [True]
        if rival:
            second.lock()
            with pytest.raises(Locked):
                first.keep_lock()
        else:
            first.keep_lock()
            first.keep_lock()
            with pytest.raises(Locked):
                second.lock()
    finally:
        first.close()
        second.close()


@pytest.mark.one_engine
def test_an_answer_shows_one_moment(database_url: str, tmp_path: Path) -> None:
    """A log is read from two tables: what is committed in between must be in both or in neither."""
    database = opened(database_url, tmp_path)
    count = text("SELECT count(*) FROM setting")

    def counted_twice(db: Connection) -> tuple[int, int]:
        before = db.execute(count).scalar_one()
        with database.writer_engine.begin() as connection:
            connection.execute(text("INSERT INTO setting (key, value) VALUES ('meanwhile', '1')"))
        return before, db.execute(count).scalar_one()

    try:
        before, after = database.read_now(counted_twice)
        assert before == after
        assert database.read_now(lambda db: db.execute(count).scalar_one()) == before + 1
    finally:
        database.close()


def test_a_missing_driver_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Unreachable, match="pip install 'psycopg"):
        Database("postgresql+psycopg://host/name", tmp_path)


@pytest.mark.one_engine
def test_sqlite_commits_reach_the_disk(sqlite_url: str, tmp_path: Path) -> None:
    database = opened(sqlite_url, tmp_path)
    try:
        for engine in (database.writer_engine, database._reader_engine):
            with engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        database.checkpoint()
    finally:
        database.close()
    file = make_url(sqlite_url).database
    assert file is not None
    with sqlite3.connect(file) as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


@pytest.mark.one_engine
@pytest.mark.postgres
def test_postgres_commits_reach_the_disk(postgres_url: str, tmp_path: Path) -> None:
    database = opened(postgres_url, tmp_path)
    try:
        with database.writer_engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() in ("on", "remote_apply")
    finally:
        database.close()


@pytest.mark.one_engine
@pytest.mark.postgres
@pytest.mark.parametrize(
    "more, seconds", [({}, "5"), ({"connect_timeout": "9"}, "9")], ids=["by itself", "in the address"]
)
def test_a_link_to_a_silent_postgres_is_given_up(
    postgres_url: str, tmp_path: Path, more: dict[str, str], seconds: str
) -> None:
    url = make_url(postgres_url).update_query_dict(more).render_as_string(hide_password=False)
    database = Database(url, tmp_path)
    try:
        for engine in (database.writer_engine, database._reader_engine):
            with engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                found = driver.info.get_parameters()
                assert found["connect_timeout"] == seconds
                assert found["tcp_user_timeout"] == "15000"
                assert found["keepalives_idle"] == "10"
    finally:
        database.close()


@pytest.mark.one_engine
def test_sqlites_log_is_used_again_although_writing_never_pauses(sqlite_url: str, tmp_path: Path) -> None:
    database = opened(sqlite_url, tmp_path)
    file = make_url(sqlite_url).database
    assert file is not None
    log = Path(f"{file}-wal")
    sizes = []
    try:
        with database.writer_engine.connect() as writer:
            for number in range(6):
                with writer.begin():
                    row = {"key": f"key-{number}", "value": "x" * 1_000_000}
                    writer.execute(text("INSERT INTO setting (key, value) VALUES (:key, :value)"), row)
                    database.checkpoint()
                database.finish_checkpoint(writer)
                sizes.append(log.stat().st_size)
    finally:
        database.close()
    assert sizes[-1] <= sizes[0] + 20 * 4_096  # pages of the table's index and free pages come and go


def test_a_chat_of_the_first_shape_keeps_its_place(database_url: str, tmp_path: Path) -> None:
    """What was there before teamwork is where its visitor went, and in line since it began to wait."""
    database = Database(database_url, tmp_path)
    config = Config()
    config.set_main_option("script_location", str(Path(shape.__file__).parent / "migrations"))
    try:
        with database.writer_engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
            connection.execute(text("INSERT INTO department (id, slug, name) VALUES (7, 'sales', 'Sales')"))
            connection.execute(text("INSERT INTO visitor (id, token_hash) VALUES (3, :hash)"), {"hash": b"x"})
            connection.execute(
                text(
                    "INSERT INTO chat (id, visitor, department, state, since) VALUES (1, 3, 7, 'waiting', 1000)"
                )
            )
        database.migrate()
        with database.writer_engine.connect() as connection:
            head = chats.one(connection, 1)
            found = departments.one(connection, 7)
        assert head is not None
        assert (head.home, head.queued_at, head.tried, head.timed) == (7, 1000, (), False)
        assert found is not None
        assert (found.reply_ms, found.routing, found.guests) == (60_000, "manual", 3)
    finally:
        database.close()
