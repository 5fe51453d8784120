"""Which department a visitor is led to: by the topic chosen, else by the page they are on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import unquote

from .department import Department

PAGE = re.compile(r"(?i:https?)://(?:[^/?#]*@)?(?P<host>[^/?#]*?)(?P<port>:\d*)?(?P<path>/[^?#]*)?(?:[?#]|$)")


def lead(departments: Iterable[Department], topic: str, page: str) -> int:
    """The department's id; 0 = nothing leads to one in particular.

    A topic leads to the first department that has it. A page leads to the department with the longest pattern that
    fits it: ``/pricing*`` is matched with the path, ``shop.example/*`` with host and path; ``*`` stands for anything.
    """
    open_ones = [found for found in departments if not found.archived]
    if topic:
        for found in open_ones:
            if topic in found.topics:
                return found.id
    fitting = [
        (len(pattern), -found.id) for found in open_ones for pattern in found.pages if fits(pattern, page)
    ]
    if fitting:
        return -max(fitting)[1]
    return open_ones[0].id if len(open_ones) == 1 else 0


def fits(pattern: str, page: str) -> bool:
    """Does this page fit this pattern? Upper and lower case are one; a port may be left out."""
    found = PAGE.match(page.strip())
    if found is None:
        return False
    host, port, path = found["host"], found["port"] or "", found["path"] or "/"
    wanted = _plain(pattern.strip()).replace("[", "[[]").replace("?", "[?]")
    forms = (path,) if wanted.startswith("/") else (host + path, host + port + path)
    return any(fnmatchcase(_plain(form), wanted) for form in forms)


def _plain(written: str) -> str:
    return unquote(written).lower()
