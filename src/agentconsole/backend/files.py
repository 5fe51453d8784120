"""The files that browsers get: the visitor's page, its scripts, styles and texts, kept in memory."""

from __future__ import annotations

import hashlib
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


class File:
    """A file's bytes and media type; ``tag`` changes with the bytes."""

    def __init__(self, content: bytes, kind: str) -> None:
        self.content = content
        self.kind = kind
        self.tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def load() -> dict[str, File]:
    """Address to file: /static/widget/... and, by their short names, /widget.js and /chat."""
    found: dict[str, File] = {}
    _collect(resources.files("agentconsole.backend") / "widget", "/static/widget/", found)
    for short, name in (("/widget.js", "widget.js"), ("/chat", "chat.html")):
        if (file := found.get(f"/static/widget/{name}")) is not None:
            found[short] = file
    return found


def _collect(folder: Traversable, path: str, found: dict[str, File]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{path}{entry.name}/", found)
        elif (kind := TYPES.get(entry.name.rpartition(".")[2])) is not None:
            found[path + entry.name] = File(entry.read_bytes(), kind)
