"""Files of tickets on this machine: safe names, nothing overwritten, nothing too large."""

from pathlib import Path

import pytest

from agentconsole import attachments
from agentconsole.attachments import BadFile
from agentconsole.protocol import MAX_FILE


@pytest.mark.parametrize(
    "name, safe",
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("/etc/passwd", "_etc_passwd"),
        ("C:\\temp\\a.txt", "C__temp_a.txt"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("a\x1b]0;x\x07\u202egpj.exe", "a]0;xgpj.exe"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_name_leads_nowhere_and_hides_nothing(name: str, safe: str) -> None:
    assert attachments.safe_name(name) == safe


def test_a_file_is_never_written_over_another_nor_through_a_link(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"mine")
    (tmp_path / "a.txt").symlink_to(kept)
    path = attachments.save(str(tmp_path), "a.txt", b"theirs")
    assert path.name == "a (2).txt"
    assert kept.read_bytes() == b"mine"
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_saved_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="Name another folder"):
        attachments.save(str(tmp_path / "nowhere"), "a.txt", b"")


def test_what_cannot_be_sent_is_told(tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    for written, reason in (
        (str(large), "larger than 10 MB"),
        (str(tmp_path), "is no file"),
        ("a\0b", "no path on this machine|is no file"),
    ):
        with pytest.raises(BadFile, match=reason):
            attachments.read(written)
    (tmp_path / "a.txt").write_bytes(b"text")
    assert attachments.read(f" {tmp_path / 'a.txt'} ") == ("a.txt", b"text", "text/plain")


@pytest.mark.parametrize("written", ["~nobody-of-this-name/a", "a\0b"])
def test_what_is_no_path_is_told(written: str) -> None:
    with pytest.raises(BadFile, match=r"\.$"):
        attachments.read(written)
    with pytest.raises(BadFile, match=r"\.$"):
        attachments.save(written, "a", b"")
