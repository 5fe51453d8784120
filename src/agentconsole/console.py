"""Starting the console: the last picture first, then everything that takes time, then the screens."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from agentconsole import cache, settings

NO_TERMINAL = (
    "agentconsole: the console needs a terminal that can move its cursor (TERM is '{term}'). "
    "Run it in a terminal, or over ssh with -t."
)


def run(server: str = "", user: str = "", token: str = "", flags: Mapping[str, object] | None = None) -> int:
    """Run the console in this terminal until the person leaves; the answer is the exit code.

    ``server`` and ``user`` '' = as in the settings, then asked for. ``token`` '' = the one kept, else a password is
    asked for. ``flags`` are settings given on the command line.
    """
    term = os.environ.get("TERM", "")
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or term in ("", "dumb", "unknown"):
        print(NO_TERMINAL.format(term=term), file=sys.stderr)
        return 2
    loaded = settings.load(flags=flags)
    server, user = server or loaded.settings.server, user or loaded.settings.user
    shown = _first_picture(server, user)
    left = False
    try:
        code = _run(server, user, token, loaded)
        left = True
    finally:
        if shown and not left:
            _write(cache.LEAVE)
    return code


def _run(server: str, user: str, token: str, loaded: settings.Loaded) -> int:
    from agentconsole import keys
    from agentconsole.app import AgentConsole
    from agentconsole.client import server_url

    problems = list(loaded.problems)
    try:
        server = server_url(server) if server else ""
    except ValueError as error:
        problems.append(str(error))
        server = ""
    plain = keys.with_send_key(loaded.settings.send_key)
    try:
        table = keys.remapped(loaded.settings.keys, plain)
    except keys.KeyClash as clash:
        problems.append(str(clash))
        table = plain
    app = AgentConsole(
        server,
        user,
        token,
        settings=loaded.settings,
        table=table,
        on_disk=True,
        problems=problems,
    )
    code = app.run(mouse=loaded.settings.mouse)
    return app.return_code or 0 if code is None else code


def _first_picture(server: str, user: str) -> bool:
    size = os.get_terminal_size(sys.stdout.fileno())
    encoding = sys.stdout.encoding or "utf-8"
    picture = cache.first_picture(
        size.columns, size.lines, os.environ, server=server, user=user, encoding=encoding
    )
    _write(picture)
    return bool(picture)


def _write(data: bytes) -> None:
    sys.stdout.flush()
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]
