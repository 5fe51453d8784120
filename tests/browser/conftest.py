"""One Chromium for all browser tests, and pages that complain about every error on them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

import agentconsole.backend
from tests.browser.desk import Agent, answers, furnished
from tests.browser.host import Site, hosted
from tests.running import Running

WIDGET = Path(agentconsole.backend.__file__).parent / "widget"
# A deadline, not a speed: two browsers and a server share two cores.
expect.set_options(timeout=15_000)

# Playwright turns off the storage of its own that a frame has on each site; no visitor's browser does. The last flag wins.
ARGUMENTS = ["--no-sandbox", "--disable-features=Translate"]
NOWHERE = "http://widget.test"
KINDS = {".js": "text/javascript", ".json": "application/json", ".html": "text/html", ".css": "text/css"}

Contexts = Callable[..., BrowserContext]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, without a picture."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
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
def contexts(browser: Browser, complaints: Complaints) -> Iterator[Contexts]:
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


@pytest.fixture(scope="package")
def module_page(browser: Browser) -> Iterator[Page]:
    """An empty page from which the widget's modules can be imported; there is no server behind it."""
    page = browser.new_page()
    modules(page)
    yield page
    page.close()


def modules(page: Page) -> None:
    """Make this page one from which the widget's modules can be imported."""
    page.route(f"{NOWHERE}/**", _serve)
    page.goto(f"{NOWHERE}/")


def _serve(route: Route) -> None:
    path = urlsplit(route.request.url).path.removeprefix("/static/widget/")
    if path == "/":
        route.fulfill(body="<!doctype html><link rel=icon href='data:,'>", content_type="text/html")
    else:
        route.fulfill(path=WIDGET / path, content_type=KINDS[Path(path).suffix])


# --- the whole thing ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="package")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real server, with departments and Ana."""
    with furnished(tmp_path_factory.mktemp("site") / "data") as site:
        yield site


@pytest.fixture
def site(running_site: Running) -> Iterator[Running]:
    """The same server, running at the end of every test whatever was done to it."""
    yield running_site
    if not answers(running_site):
        running_site.kill()
        running_site.start()


@pytest.fixture
def agent(site: Running) -> Iterator[Agent]:
    """Ana, online."""
    ana = Agent(site)
    ana.order("set_status", status="online")
    yield ana
    ana.close()


@pytest.fixture
def page(contexts: Contexts) -> Page:
    """A visitor's tab, as wide as the launcher's frame."""
    return contexts(viewport={"width": 390, "height": 640}).new_page()


@pytest.fixture(scope="package")
def host() -> Iterator[Site]:
    """Somebody's site."""
    with hosted() as site:
        yield site
