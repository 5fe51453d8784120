"""Why there is no connection, in words for a person: no error numbers."""

import errno
import socket
import ssl
from pathlib import Path

import pytest

from agentconsole.questions import reason


def wrapped(error: OSError) -> Exception:
    """As a library tells it: what really happened is the cause of something general."""
    outer = RuntimeError("All connection attempts failed")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    "error, words",
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (RuntimeError("[Errno 111] Connection refused."), "Connection refused"),
        (wrapped(ConnectionRefusedError(errno.ECONNREFUSED, "x")), "Connection refused"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_reason_is_words(error: Exception, words: str) -> None:
    assert reason(error) == words


def test_an_authority_whose_file_is_not_there_is_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "desk.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    error = ssl.SSLCertVerificationError()
    error.verify_message = "self-signed certificate"
    assert reason(error).startswith(f"SSL_CERT_FILE names {own}, which cannot be read")
    own.touch()
    assert reason(error).startswith("its certificate is not trusted (self-signed certificate)")
