"""Whole batches in one statement a table: the hot paths, in each database's own way of saying it."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table
from sqlalchemy.engine import Connection

Rows = Sequence[tuple[Any, ...]]
TOGETHER = 32  # rows a statement: SQLite's driver lets other threads in after each, and getting back in costs


class Overtaken(Exception):
    """A row is not any more as it was remembered: another hand has changed it."""


class Statements:
    """The hot statements on one connection, run by the driver itself: a quarter of the cost of the layers above it."""

    def __init__(self, connection: Connection) -> None:
        self._dialect = connection.dialect.name
        driver = connection.connection.driver_connection
        assert driver is not None
        self._cursor = driver.cursor()

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert full rows, columns in the table's order."""
        if rows:
            self._many(functools.partial(_insert_sql, self._dialect, table), rows)

    def update(self, table: Table, columns: tuple[str, ...], keys: tuple[str, ...], rows: Rows) -> None:
        """Update the rows that have these keys; a row is the new values of ``columns`` and then the values of ``keys``.

        Raises Overtaken when one is not there.
        """
        if rows and self._many(
            functools.partial(_update_sql, self._dialect, table, columns, keys), rows
        ) != len(rows):
            raise Overtaken

    def by_ids(self, table: Table, ids: Sequence[int], lock: bool = False) -> Sequence[Any]:
        """Whole rows, columns in the table's order, in id order; ``lock`` keeps others from changing them meanwhile."""
        if not ids:
            return ()
        keys: object = ids[0] if len(ids) == 1 else list(ids)
        if self._dialect == "sqlite" and len(ids) > 1:
            keys = json.dumps(keys)
        self._cursor.execute(_select_sql(self._dialect, table, lock, len(ids) == 1), (keys,))
        rows: Sequence[Any] = self._cursor.fetchall()
        return rows

    def cids_after(self, chat: int, pub: int) -> list[str]:
        """The cids that sign a chat's public events after this one, and those of its receipts."""
        place = "?" if self._dialect == "sqlite" else "%s"
        self._cursor.execute(
            f"SELECT cid FROM public_event WHERE chat_id = {place} AND pub > {place} AND cid <> ''"
            f" UNION ALL SELECT cid FROM receipt WHERE chat_id = {place}",
            (chat, pub, chat),
        )
        return [row[0] for row in self._cursor.fetchall()]

    def _many(self, sql: Callable[[int], str], rows: Rows) -> int:
        cursor = self._cursor
        if self._dialect == "postgresql":
            cursor.execute(sql(1), tuple(list(column) for column in zip(*rows, strict=True)))
            return int(cursor.rowcount)
        done, whole = 0, len(rows) - len(rows) % TOGETHER
        for at in range(0, whole, TOGETHER):
            cursor.execute(sql(TOGETHER), tuple(itertools.chain.from_iterable(rows[at : at + TOGETHER])))
            done += cursor.rowcount
        if whole < len(rows):
            cursor.executemany(sql(1), rows[whole:])
            done += cursor.rowcount
        return done


def _names(columns: Sequence[Column[Any]]) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def _arrays(columns: Sequence[Column[Any]]) -> str:
    return ", ".join(f"%s::{_array_type(column)}[]" for column in columns)


def _array_type(column: Column[Any]) -> str:
    kinds = ((Boolean, "boolean"), (BigInteger, "bigint"), (Integer, "bigint"), (LargeBinary, "bytea"))
    return next((name for kind, name in kinds if isinstance(column.type, kind)), "text")


@functools.cache
def _insert_sql(dialect: str, table: Table, count: int) -> str:
    columns = list(table.columns)
    if dialect == "postgresql":
        return f'INSERT INTO "{table.name}" ({_names(columns)}) SELECT * FROM unnest({_arrays(columns)})'
    places = ", ".join("?" for _ in columns)
    rows = ", ".join(f"({places})" for _ in range(count))
    return f'INSERT INTO "{table.name}" ({_names(columns)}) VALUES {rows}'


@functools.cache
def _update_sql(dialect: str, table: Table, names: tuple[str, ...], keys: tuple[str, ...], count: int) -> str:
    if dialect == "postgresql":
        columns = [table.columns[name] for name in (*names, *keys)]
        changes = ", ".join(f'"{name}" = new."{name}"' for name in names)
        given = ", ".join([*(f'"{name}"' for name in names), *(f'"old_{key}"' for key in keys)])
        same = " AND ".join(f'old."{key}" = new."old_{key}"' for key in keys)
        return f'UPDATE "{table.name}" AS old SET {changes} FROM unnest({_arrays(columns)}) AS new({given}) WHERE {same}'
    if count > 1:
        changes = ", ".join(f'"{name}" = new.column{at}' for at, name in enumerate(names, 1))
        same = " AND ".join(
            f'"{table.name}"."{key}" = new.column{at}' for at, key in enumerate(keys, len(names) + 1)
        )
        row = ", ".join("?" for _ in (*names, *keys))
        rows = ", ".join(f"({row})" for _ in range(count))
        return f'UPDATE "{table.name}" SET {changes} FROM (VALUES {rows}) AS new WHERE {same}'
    changes = ", ".join(f'"{name}" = ?' for name in names)
    same = " AND ".join(f'"{key}" = ?' for key in keys)
    return f'UPDATE "{table.name}" SET {changes} WHERE {same}'


@functools.cache
def _select_sql(dialect: str, table: Table, lock: bool, one: bool) -> str:
    if dialect == "postgresql":
        found, tail = ("= %s" if one else "= ANY(%s)"), (" FOR UPDATE" if lock else "")
    else:
        found, tail = ("= ?" if one else "IN (SELECT value FROM json_each(?))"), ""
    return f'SELECT {_names(list(table.columns))} FROM "{table.name}" WHERE id {found} ORDER BY id{tail}'
