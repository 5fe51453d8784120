"""Silent observation leaves no trace: the same chat watched and not watched, all bytes of the observed side compared."""

import asyncio
import sys

import pytest

from tests.proof.twins import Traces, differences, run
from tests.proof.twins_faults import FAULTS

STAFF_ONLY = (b"NOTESECRET", b"PREVIEWSECRET", b"TYPED BY NOBODY", b"shall I help?", b'"seq"')


def played(tmp_path_factory: pytest.TempPathFactory, watch: bool, fault: str = "") -> Traces:
    """One run, on a server with this fault if one is named."""
    folder = tmp_path_factory.mktemp("twin")
    launcher = {"launcher": (sys.executable, "-m", "tests.proof.twins_faults", fault)} if fault else {}
    return asyncio.run(run(folder, watch, **launcher))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """Nobody watches."""
    return played(tmp_path_factory, watch=False)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """A supervisor and an analyst watch."""
    return played(tmp_path_factory, watch=True)


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
        assert {row[2] for row in deeds} == {"chat 1"}
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


@pytest.mark.parametrize("fault", FAULTS)
def test_an_observer_who_leaves_a_trace_is_found(
    plain: Traces, tmp_path_factory: pytest.TempPathFactory, fault: str
) -> None:
    """The proof itself: a server with this fault does not pass, be it that the script cannot even be played."""
    try:
        found = differences(plain, played(tmp_path_factory, watch=True, fault=fault))
    except AssertionError as error:
        found = [str(error)]
    assert found, fault
