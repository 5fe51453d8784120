"""The files that browsers get: the visitor's page, its scripts, styles and texts, kept in memory."""

from __future__ import annotations

import gzip
import hashlib
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
}


WIDGET = "/static/widget/"


class File:
    """A file's bytes and media type; ``tag`` changes with the bytes."""

    def __init__(self, content: bytes, kind: str) -> None:
        self.content = content
        self.kind = kind
        self.tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    @cached_property
    def zipped(self) -> bytes:
        """The same for a slow line; b'' if that is no shorter."""
        zipped = gzip.compress(self.content, mtime=0)
        return zipped if len(zipped) < len(self.content) else b""


def load() -> tuple[dict[str, File], str]:
    """Address to file: /static/widget/... and, by their short names, /widget.js and /chat; and the widget's edition.

    The page takes its parts from /static/widget/EDITION/..., where nothing ever changes: a browser keeps them.
    """
    found: dict[str, File] = {}
    _collect(resources.files("agentconsole.backend") / "widget", WIDGET, found)
    tags = "".join(path + found[path].tag for path in sorted(found))
    edition = hashlib.sha256(tags.encode()).hexdigest()[:16]
    page = found[f"{WIDGET}chat.html"].content.replace(WIDGET.encode(), f"{WIDGET}{edition}/".encode())
    found["/chat"] = File(page, TYPES["html"])
    found["/widget.js"] = found[f"{WIDGET}widget.js"]
    return found, edition


def _collect(folder: Traversable, path: str, found: dict[str, File]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{path}{entry.name}/", found)
        elif (kind := TYPES.get(entry.name.rpartition(".")[2])) is not None:
            found[path + entry.name] = File(entry.read_bytes(), kind)
