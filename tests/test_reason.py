"""Why there is no connection, in words for a person: no error numbers."""

import errno
import socket

import pytest

from agentconsole.questions import reason


@pytest.mark.parametrize(
    "error, words",
    [
        (OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (RuntimeError("[Errno 111] Connection refused."), "Connection refused"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_reason_is_words(error: Exception, words: str) -> None:
    assert reason(error) == words
