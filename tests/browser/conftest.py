"""One Chromium for all browser tests, and pages that complain about every error on them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

import agentconsole.backend

WIDGET = Path(agentconsole.backend.__file__).parent / "widget"
NOWHERE = "http://widget.test"
KINDS = {".js": "text/javascript", ".json": "application/json", ".html": "text/html", ".css": "text/css"}

Pages = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, without a picture."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


class Complaints(list[str]):
    """What went wrong on the pages of a test: errors, and warnings of the content policy."""

    def watch(self, context: BrowserContext) -> None:
        """Note the complaints of every page of this context."""
        context.on("weberror", lambda error: self.append(f"error: {error.error}"))
        context.on("console", lambda message: self._console(message.type, message.text))

    def _console(self, kind: str, text: str) -> None:
        lost = "WebSocket connection" in text or "net::ERR" in text
        if kind in ("error", "warning") and not lost:
            self.append(f"{kind}: {text}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Empty at the end of every test that used pages, or the test fails."""
    heard = Complaints()
    yield heard
    assert heard == []


@pytest.fixture
def contexts(browser: Browser, complaints: Complaints) -> Iterator[Callable[..., BrowserContext]]:
    """A maker of browser profiles: each has storage of its own."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"locale": "en-GB", **options})
        context.set_default_timeout(10_000)
        complaints.watch(context)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture(scope="session")
def module_page(browser: Browser) -> Iterator[Page]:
    """An empty page from which the widget's modules can be imported; there is no server behind it."""
    page = browser.new_page()
    page.route(f"{NOWHERE}/**", _serve)
    page.goto(f"{NOWHERE}/")
    yield page
    page.close()


def _serve(route: Route) -> None:
    path = urlsplit(route.request.url).path.removeprefix("/static/widget/")
    if path == "/":
        route.fulfill(body="<!doctype html><link rel=icon href='data:,'>", content_type="text/html")
    else:
        route.fulfill(path=WIDGET / path, content_type=KINDS[Path(path).suffix])
