"""Draws docs/pictures/*.svg: the real console, connected to a real server with simulated visitors."""

import asyncio
import html
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from rich.cells import cell_len
from textual.pilot import Pilot

from agentconsole.app import AgentConsole
from agentconsole.client import now_ms
from agentconsole.drill import rest, roster, site
from agentconsole.drill.ledger import Ledger
from agentconsole.drill.link import socket_url
from agentconsole.drill.plan import Act, Plan, Temper, Waiting, plan
from agentconsole.drill.script import load
from agentconsole.drill.server import running
from agentconsole.drill.visitor import Visitor
from agentconsole.protocol import DepartmentFace
from agentconsole.settings import Settings
from agentconsole.simulate import departments

SIZE = (120, 26)
CELL = 12.2  # units of the picture that a cell is wide
PATIENCE = 60.0
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
# Who comes: department, topic, language, name; the first one is the chat that is shown.
CAST = (
    ("support", "Login", "en", "Robin"),
    ("billing", "Payment", "en", "Charlie"),
    ("sales", "Prices", "pl", "Zofia"),
    ("sales", "Delivery", "ja", "ひかり"),
    ("support", "Settings", "ar", "نور"),
    ("billing", "Invoice", "en", "Sam"),
)
LINES = (
    "Hello Robin, which account is it about?",
    "Thank you. I have sent the link for a new password again.",
    "Would you look into the spam folder too?",
)
LAST_LINE = "Please try again now."


async def draw(folder: Path) -> None:
    """Play the scene and write the pictures into the folder. Raises AssertionError when it does not come off."""
    with tempfile.TemporaryDirectory(prefix="agentconsole-picture-") as data:
        async with running(Path(data), _await) as server:
            people = await site.furnish(Path(data), "agent", brisk=False)
            tokens = {
                person.name: (await rest.login(server.base, person.name, person.password)).token
                for person in people
            }
            await site.stock(server.base, tokens[roster.KEEPER])
            visitors = await _visitors(server.base)
            app = AgentConsole(
                server.base,
                roster.SEAT,
                tokens[roster.SEAT],
                settings=Settings(theme="night"),
                driver_class=None,
            )
            try:
                async with app.run_test(size=SIZE) as pilot:
                    await _scene(app, pilot, folder)
                    app.leave()
            finally:
                for visitor in visitors:
                    visitor.cancel()
                await asyncio.gather(*visitors, return_exceptions=True)


async def _await(work: Awaitable[str]) -> str:
    return await work


async def _visitors(base: str) -> list[asyncio.Task[None]]:
    """The cast, each waiting in its queue before the next one comes."""
    url = socket_url(base, "/ws/visitor")
    faces = {face.slug: face for face in await departments(url)}
    tasks = []
    for number, (slug, topic, language, name) in enumerate(CAST):
        visitor = Visitor(
            url, _plan(number, faces[slug], topic, language, name), 2.0, Ledger(), lambda _: None
        )
        tasks.append(asyncio.create_task(visitor.run()))
        await visitor.waits.wait()
    return tasks


def _plan(number: int, face: DepartmentFace, topic: str, language: str, name: str) -> Plan:
    book = load()
    script = book.matching(topic, language)
    assert script is not None
    return msgspec.structs.replace(
        plan("picture", number, book, [face]),
        temper=Temper.calm,
        script=script,
        topic=topic,
        language=book.language(language),
        name=name,
        email=f"{name.lower()}@example.com" if name.isascii() else "guest@example.com",
        gives_email=True,
        opening=script.opens[0],
        waiting=(Waiting(3_600, Act.leave),),
        turns={},
        letters=6.0,
        mute=0,
        leaves_when_done=False,
        rating=None,
    )


async def _scene(app: AgentConsole, pilot: Pilot[int], folder: Path) -> None:
    store = app.store

    def heard(chat: int) -> int:
        return store.talks[chat].last if chat in store.talks else 0

    await _until(pilot, lambda: len(store.queue(now_ms())) == len(CAST), "everybody waits")
    _write(app, folder / "queue.svg")
    first = next(row.card.chat for row in store.queue(now_ms()) if row.card.name == CAST[0][-1])
    app.main.queue.rows.select(first)
    await pilot.press("enter")
    await _until(pilot, lambda: store.is_mine(first), "the first chat is mine")
    await pilot.press("f4")
    await _until(pilot, lambda: len(store.mine()) == 2, "a second chat is mine")
    await pilot.press("alt+1")
    for line in LINES:
        before = heard(first)
        await _type(pilot, line)
        await _until(pilot, lambda before=before: heard(first) >= before + 2, f"an answer to: {line}")
    await _type(pilot, LAST_LINE)
    await _until(pilot, lambda: len(store.preview(first, now_ms())) > 8, "the visitor types")
    _write(app, folder / "chat.svg")


async def _type(pilot: Pilot[int], line: str) -> None:
    await pilot.press(*(_key(letter) for letter in line), "enter")


def _key(letter: str) -> str:
    return {" ": "space", ".": "full_stop", ",": "comma", "?": "question_mark"}.get(letter, letter)


async def _until(pilot: Pilot[int], condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await pilot.pause(0.05)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None
    await pilot.pause(0.1)


def _write(app: AgentConsole, path: Path) -> None:
    path.write_text(self_contained(app.export_screenshot(title="agentconsole")), encoding="utf-8")
    print(path, path.stat().st_size, "bytes")


def self_contained(svg: str) -> str:
    """The picture without anything that a viewer would have to fetch."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}\s*", "", svg)
    svg = re.sub(r"font-family:[^;]*;", f"font-family: {FONT};", svg)
    svg = re.sub(r'textLength="[^"]*"([^>]*)>([^<]*)</text>', _measured, svg)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    assert not re.search(r"url\(\s*['\"]?(?!#)|href\s*=|<script|<image|@import", svg), (
        "the picture fetches something"
    )
    return svg


def _measured(match: re.Match[str]) -> str:
    """A run of text as long as its cells: wide characters count as two."""
    length = CELL * cell_len(html.unescape(match[2]))
    return f'textLength="{length:g}"{match[1]}>{match[2]}</text>'


if __name__ == "__main__":
    asyncio.run(
        draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs" / "pictures")
    )
