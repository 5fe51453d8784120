"""Silent observation leaves no trace: the same chat watched and not watched, all bytes of the observed side compared."""

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.databases import empty_database
from tests.proof.twins import Traces, differences, run
from tests.proof.twins_faults import FAULTS

STAFF_ONLY = (b"NOTESECRET", b"PREVIEWSECRET", b"TYPED BY NOBODY", b"shall I help?", b'"seq"')


class Twins(NamedTuple):
    """The same chat with nobody who watches, and with a supervisor and an analyst who do."""

    plain: Traces
    watched: Traces


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """Both runs, on either database."""

    with ExitStack() as stack:
        urls = ["", ""]
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            urls = [stack.enter_context(empty_database(server)) for _ in urls]
        runs = [
            run(tmp_path_factory.mktemp("twin"), watch, url)
            for watch, url in zip((False, True), urls, strict=True)
        ]
        return Twins(*asyncio.run(both(*runs)))


async def both(one: Awaitable[Traces], other: Awaitable[Traces]) -> tuple[Traces, Traces]:
    """Two servers side by side."""
    return await asyncio.gather(one, other)


@pytest.fixture
def plain(twins: Twins) -> Traces:
    """Nobody watches."""
    return twins.plain


@pytest.fixture
def watched(twins: Twins) -> Traces:
    """A supervisor and an analyst watch."""
    return twins.watched


def test_a_chat_that_is_watched_is_the_same_chat_byte_by_byte(plain: Traces, watched: Traces) -> None:
    """The streams of visitor, agent and colleague, REST answers, all tables but the audit log, the server's log."""
    assert differences(plain, watched) == []
    joined = [frame for frame in watched.streams["visitor"] if b'"joined"' in frame]
    assert len(joined) == 1


def test_the_watchers_have_watched(plain: Traces, watched: Traces) -> None:
    assert plain.previews == ["PREVIEWSECRET while waiting"]
    assert watched.previews.count("PREVIEWSECRET while answered") == 2


def test_the_audit_log_knows_who_watched_which_chat_from_when_to_when(plain: Traces, watched: Traces) -> None:
    kinds = ("watch", "watch_end", "look")
    assert not [row for row in plain.audit if row[1] in kinds if row[1] != "watch_end" and row[0] != "sue"]
    assert [row[:3] for row in plain.audit if row[1] not in kinds] == [
        row[:3] for row in watched.audit if row[1] not in kinds
    ]
    assert all(watched.answers[f"{name} audit"].startswith(b"404 ") for name in ("ann", "bob"))
    for name in ("sue", "ada"):
        deeds = [row for row in watched.audit if row[0] == name and row[1] in ("watch", "watch_end")]
        assert {row[2] for row in deeds} == {f"chat {watched.chat}"}
        assert [row[1] for row in deeds] == ["watch", "watch_end"] * (len(deeds) // 2)
        assert len(deeds) >= 4
        assert all(row[3] > 10**12 for row in deeds)


def test_what_is_for_staff_never_comes_to_the_visitor(watched: Traces) -> None:
    """P47, and nothing typed is kept anywhere (P48)."""
    visitors = [*watched.streams["visitor"], watched.answers["visitor"]]
    for secret in STAFF_ONLY:
        assert not [each for each in visitors if secret in each], secret
    for name in (b"Ada", b"ada", b"Bob", b"bob"):
        assert not [each for each in visitors if b'"' + name + b'"' in each], name
    disk = {
        name: content
        for name, content in watched.kept.items()
        if name not in ("owner", "colleague", "visitor")
    }
    assert any(b"NOTESECRET" in content for content in disk.values()), "this looks in the wrong place"
    for name, content in disk.items():
        assert b"PREVIEWSECRET" not in content, name
        assert b"TYPED BY NOBODY" not in content, name


@pytest.mark.parametrize("twins", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", FAULTS)
def test_an_observer_who_leaves_a_trace_is_found(plain: Traces, tmp_path: Path, fault: str) -> None:
    """The proof itself: a server with this fault does not pass, be it that the script cannot even be played."""
    launcher = (sys.executable, "-m", "tests.proof.twins_faults", fault)
    try:
        found = differences(plain, asyncio.run(run(tmp_path, watch=True, launcher=launcher)))
    except AssertionError as error:
        found = [str(error)]
    assert found, fault
