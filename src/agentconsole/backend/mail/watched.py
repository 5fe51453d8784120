"""The mailboxes of a running server: a changed `mail.toml` counts as soon as it is whole and right."""

from __future__ import annotations

import logging

from agentconsole.text import log_value

from ..options import Options, Unusable
from .settings import Mailbox, Mailboxes, of, path_of

log = logging.getLogger("agentconsole.mail")

LOOK_SECONDS = 2.0
Stamp = tuple[int, int, int]
GONE: Stamp = (0, 0, 0)


class Watched:
    """``mailboxes`` are those in force; always the same mapping, so whoever holds it has the newest."""

    def __init__(self, options: Options) -> None:
        """Read the file. Raises Unusable."""
        self._options = options
        self._path = path_of(options)
        self._read = self._seen = self._stamp()
        self._boxes: dict[str, Mailbox] = dict(of(options))

    @property
    def mailboxes(self) -> Mailboxes:
        """The mailboxes in force."""
        return self._boxes

    def look(self) -> bool:
        """Take the file if it was changed and rests since the last look; is anything else in force now?

        What is wrong, or gone, changes nothing and is said in the log.
        """
        before, self._seen = self._seen, self._stamp()
        if self._seen in (self._read, GONE) or self._seen != before:
            if self._seen == GONE != before:
                log.warning("%s is gone; what it said stays in force", log_value(str(self._path)))
            return False
        self._read = self._seen
        try:
            found = of(self._options)
        except Unusable as problem:
            log.error("%s The mailboxes stay as they were.", log_value(str(problem)))
            return False
        if found == self._boxes:
            return False
        self._boxes.clear()
        self._boxes.update(found)
        log.info("the mailboxes were read anew: %s", ", ".join(found) or "none")
        return True

    def _stamp(self) -> Stamp:
        try:
            found = self._path.stat()
        except OSError:
            return GONE
        return found.st_ino, found.st_mtime_ns, found.st_size
