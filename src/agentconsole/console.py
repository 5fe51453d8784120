"""Starting the console: the last picture first, then the connection, then the screens, which take longest to load."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from agentconsole import cache, ending, settings

if TYPE_CHECKING:
    from agentconsole.app import AgentConsole
    from agentconsole.start import Start

NO_TERMINAL = (
    "agentconsole: the console needs a terminal that can move its cursor, and here is {found}. "
    "Run it in a terminal, or over ssh with -t."
)


def run(
    server: str = "",
    user: str = "",
    token: str = "",
    flags: Mapping[str, object] | None = None,
    *,
    words: Sequence[str] = (),
    shown: bool = False,
) -> int:
    """Run the console in this terminal until the person leaves; the answer is the exit code.

    ``server`` and ``user`` '' = as in the settings, then asked for. ``token`` '' = the one kept, else a password is
    asked for. ``flags`` are settings given on the command line, ``words`` is that whole line; ``shown`` = a picture
    stands on the terminal already.
    """
    term = os.environ.get("TERM", "")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not terminal or term in ("", "dumb", "unknown"):
        found = f"one of the kind '{term}' (TERM)" if terminal else "none"
        print(NO_TERMINAL.format(found=found), file=sys.stderr)
        return 2
    loaded = settings.load(flags=flags)
    server, user = server or loaded.settings.server, user or loaded.settings.user
    last = cache.last_picture(server, user)
    left = False
    try:
        shown = shown or _show(last)
        code = asyncio.run(_run(server, user, token, loaded, last, words))
        left = True
    finally:
        if shown and not left:
            ending.leave_picture()
    return code


async def _run(
    server: str,
    user: str,
    token: str,
    loaded: settings.Loaded,
    last: cache.Picture | None,
    words: Sequence[str],
) -> int:
    from agentconsole.client import now_ms, server_url
    from agentconsole.start import Start

    problems = list(loaded.problems)
    try:
        server = server_url(server) if server else ""
    except ValueError as error:
        problems.append(str(error))
        server = ""
    start = Start(server, user, token)
    if await start.near() and last:
        fresh = cache.picture(start.store, server, user, now_ms(), last.inks)
        _write(cache.changes(cache.drawn(last, os.environ), cache.drawn(fresh, os.environ, cache.OPENING)))
    await asyncio.to_thread(import_module, "agentconsole.app")  # beside the connection
    app = _app(start, loaded, last, words, problems)
    code = await app.run_async(mouse=loaded.settings.mouse)
    return app.return_code or 0 if code is None else code


def _app(
    start: Start,
    loaded: settings.Loaded,
    last: cache.Picture | None,
    words: Sequence[str],
    problems: list[str],
) -> AgentConsole:
    from agentconsole import keys, themes
    from agentconsole.app import AgentConsole

    if (theme := loaded.settings.theme) not in ("", "auto", *themes.THEMES):
        problems.append(f"There is no theme {theme!r}; choose auto, {', '.join(themes.THEMES)}.")
    plain = keys.with_send_key(loaded.settings.send_key)
    try:
        table = keys.remapped(loaded.settings.keys, plain)
    except keys.KeyClash as clash:
        problems.append(str(clash))
        table = plain
    return AgentConsole(
        start.server,
        start.user,
        start.token,
        settings=loaded.settings,
        table=table,
        on_disk=True,
        problems=problems,
        start=start,
        last=last,
        words=words,
    )


def _show(picture: cache.Picture | None) -> bool:
    drawn = cache.drawn(picture, os.environ)
    if drawn:
        ending.guard(ending.leave_picture)
    _write(drawn)
    return bool(drawn)


def _write(data: bytes) -> None:
    sys.stdout.flush()
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]
