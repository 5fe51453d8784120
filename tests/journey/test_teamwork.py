"""A morning of a team: two agents and a supervisor at real consoles of 80x24, two visitors in real browsers.

After every step each of the five screens shows what it should, and nothing that is not its reader's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import bubble, start, write
from tests.browser.conftest import Contexts
from tests.journey.console import DOWN, ENTER, ESCAPE, Console
from tests.journey.test_together import keys
from tests.running import Running, running, unique

pytestmark = [pytest.mark.terminal, pytest.mark.browser]


@pytest.fixture(scope="module")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of their own: the team screen shows everybody there is."""
    with running(tmp_path_factory.mktemp("team") / "data") as found:
        yield found


LUNCH, TOO_MUCH, NOTE, WHISPER = (
    "Lunch-time",
    "much-too-hot-for-me",
    "she-wants-a-new-one",
    "offer-her-a-refund",
)
BEGUN = "Chat started"
STAFF_ONLY = (LUNCH, TOO_MUCH, NOTE, WHISPER)


class Floor:
    """Everybody of the morning, and what each of them sees."""

    def __init__(self, site: Running, contexts: Contexts, home: Path, open_ones: ExitStack) -> None:
        site.add_user("admin")
        self.site, self.contexts = site, contexts
        self.department = site.add_department(
            unique("team"), name="Printers", routing="least_busy", agent_limit=2, wrapup_s=1
        )
        self.names = {stem: unique(stem) for stem in ("ana", "ben", "mona")}
        roles = {"ana": "agent", "ben": "agent", "mona": "supervisor"}
        self.consoles = {
            stem: open_ones.enter_context(Console(site, home / stem, user=name))
            for stem, name in self.names.items()
            if site.add_user(roles[stem], name=name, department=self.department)
        }
        self.ana, self.ben, self.mona = (self.consoles[stem].ready() for stem in ("ana", "ben", "mona"))
        self.pages: dict[str, Page] = {}

    def visitor(self, name: str, text: str) -> Page:
        """Somebody comes to the page of the department and asks."""
        page = self.contexts(viewport={"width": 700, "height": 700}).new_page()
        page.goto(f"{self.site.url}/chat/{self.department}")
        start(page, text, name=name)
        self.pages[name] = page
        return page

    def counts(self, ana: str, ben: str, mona: str) -> None:
        """How many chats each answers and how many wait, as the last row of each console says."""
        for console, words in ((self.ana, ana), (self.ben, ben), (self.mona, mona)):
            console.wait_until(lambda rows, words=words: words in " ".join(rows[-1].split()), 15, words)

    def told(self, **notices: list[str]) -> None:
        """The lines between the words of the conversation on each visitor's page are these, and nothing is staff's own."""
        for name, page in self.pages.items():
            lines = page.get_by_role("log").locator(".notice")
            wanted = [BEGUN, *notices[name]]
            expect(lines).to_have_count(len(wanted))
            found = [line.replace("\u2068", "").replace("\u2069", "") for line in lines.all_text_contents()]
            assert all(map(str.startswith, found, wanted)), (name, found)
            content = page.content()
            assert not [words for words in STAFF_ONLY if words in content], name
            assert self.names["mona"] not in content

    def seen(self) -> list[str]:
        """What the agents and the visitors see now, but for the clock and the quality of the link."""
        rows = [row for console in (self.ana, self.ben) for row in console.rows[1:-1]]
        return rows + [page.get_by_role("main").inner_html() for page in self.pages.values()]

    def unchanged(self, before: list[str]) -> None:
        """Nothing looks different to any of them."""
        assert [pair for pair in zip(before, self.seen(), strict=True) if pair[0] != pair[1]] == []


@pytest.fixture
def floor(site: Running, contexts: Contexts, tmp_path: Path) -> Iterator[Floor]:
    """Everybody is there."""
    with ExitStack() as open_ones:
        yield Floor(site, contexts, tmp_path, open_ones)


def test_a_morning_of_a_team(floor: Floor) -> None:
    ana, ben, mona, names = floor.ana, floor.ben, floor.mona, floor.names

    # a break with a reason: everybody of staff sees it, and no chat comes to who is away
    mona.send("W")
    mona.row(names["ben"], "0/3", "online")
    ben.send("b")
    ben.row("reason")
    ben.send(LUNCH + ENTER)
    ben.row("on break: " + LUNCH)
    mona.row(names["ben"], LUNCH)

    # a chat comes to the one who is there
    vera = floor.visitor("Vera", "My printer is on fire")
    ana.row("⇒", "Vera")
    ana.row("Offered to you 1")
    floor.counts("0 mine 0 wait", "0 mine 0 wait", "0 mine 0 wait")
    assert not ben.shows("Offered to you")
    ana.send(ENTER)
    ana.row("to Vera ▸")
    ana.write("Stand back, please")
    expect(bubble(vera, "Stand back, please")).to_be_visible()
    mona.row(names["ana"], "1/3", "online")
    floor.counts("1 mine 0 wait", "0 mine 0 wait", "0 mine 0 wait")
    vera_reads = [f"{names['ana']} is here for you"]
    floor.told(Vera=vera_reads)

    # who is back has the fewest chats, so the next one comes to him
    ben.send("B")
    ben.row(names["ben"], "online")
    mona.row(names["ben"], "0/3", "online")
    will = floor.visitor("Will", "Mine is smoking too")
    ben.row("⇒", "Will")
    ben.send("n")
    ben.row("┃ Mine is smoking too")
    ben.send("aOpen a window")  # at once: the letters wait for the composer
    ben.row("to Will ▸ Open a window")
    ben.send(ENTER)
    expect(bubble(will, "Open a window")).to_be_visible()
    floor.counts("1 mine 0 wait", "1 mine 0 wait", "0 mine 0 wait")
    assert not ana.shows("Offered to you")
    assert not ana.shows("Will")
    mona.row(names["ben"], "1/3")
    will_reads = [f"{names['ben']} is here for you"]
    floor.told(Vera=vera_reads, Will=will_reads)

    # handed over and declined: the owner stays the owner, the visitor reads nothing of it
    keys(ana)
    hand_over(ana, "Vera", names["ben"])
    ben.row("⇒", "Vera")
    mona.row(names["ana"], "1/3")
    keys(ben)
    ben.send("n")
    ben.row("┃ My printer is on fire")
    ben.row(NOTE)
    ben.send("D")
    ben.row("Decline the chat with Vera?")
    ben.send(TOO_MUCH + ENTER)
    ana.row(f"{names['ben']} would rather not take the chat")
    ana.row(TOO_MUCH)
    ana.row("to Vera ▸")
    floor.counts("1 mine 0 wait", "1 mine 0 wait", "0 mine 0 wait")
    floor.told(Vera=vera_reads, Will=will_reads)

    # handed over and accepted: one friendly line
    keys(ana)
    hand_over(ana, "Vera", names["ben"])
    ben.row("⇒", "Vera")
    ben.send("n")
    ben.row("┃ My printer is on fire")
    ben.send("a")
    ben.row("to Vera ▸")
    ana.row(f"{names['ben']} took the chat over")
    ben.write("I have got a new one here")
    expect(bubble(vera, "I have got a new one here")).to_be_visible()
    floor.counts("0 mine 0 wait", "2 mine 0 wait", "0 mine 0 wait")
    mona.row(names["ana"], "0/3")
    mona.row(names["ben"], "2/3")
    vera_reads += [f"{names['ben']} is here for you now, instead of {names['ana']}"]
    floor.told(Vera=vera_reads, Will=will_reads)

    # asked to join, and joined: openly
    keys(ben)
    ben.send("I")
    ben.row("Invite whom into the chat with Vera?")
    ben.send(names["ana"])
    ben.wait_until(
        lambda rows: not any(names["mona"] in row for row in rows[5:18]), what="one colleague left"
    )
    ben.send(ENTER)
    ana.row("asks you to join", "a joins, D declines")
    floor.told(Vera=vera_reads, Will=will_reads)
    ana.send("a")
    ana.row("to Vera ▸")
    ana.row("You joined this chat")
    ben.row(f"with {names['ana']}")
    ana.write("Two heads are better than one")
    expect(bubble(vera, "Two heads are better than one")).to_be_visible()
    ben.row("Two heads are better than one")
    floor.counts("1 mine 0 wait", "2 mine 0 wait", "0 mine 0 wait")
    vera_reads += [f"{names['ana']} has joined the chat"]
    floor.told(Vera=vera_reads, Will=will_reads)

    # watched in silence: nothing changes on four screens while the fifth sees even what is being typed
    ben.row("I have got a new one here", "seen")
    ana.row("Two heads are better than one", "seen")
    for console in (ana, ben):
        console.wait_quiet()
    before = floor.seen()
    mona.send("E")
    mona.row("You watch silently", "of 2" if mona.shows("of 2") else "")
    mona.row("Vera")
    mona.row("> I have got a new one here")
    mona.row("Two heads are better")
    floor.unchanged(before)
    vera.get_by_label("Write a message").fill("but where")
    mona.row("✎ but where")
    for console in (ana, ben):
        console.row("✎ Vera: but where")
    vera.get_by_label("Write a message").fill("")
    for console in (ana, ben):
        console.gone("but where")
    floor.unchanged(before)
    floor.counts("1 mine 0 wait", "2 mine 0 wait", "0 mine 0 wait")

    # a whisper: its agent sees it, behind a mark, and nobody else does
    while not mona.shows("▸Vera"):
        seen = mona.rows
        mona.send("j")
        mona.wait_until(lambda rows, seen=seen: rows != seen, what="the cursor to move")
    mona.send(",")
    mona.row(f"WHISPER to {names['ben']}", "Vera")
    mona.send(WHISPER + ENTER)
    ben.row("# WHISPER from", names["mona"], "to you alone:")
    ben.row(WHISPER)
    assert not ana.shows(WHISPER)
    assert not ana.shows(names["mona"])
    floor.told(Vera=vera_reads, Will=will_reads)
    write(vera, "Thank you both")
    for console in (ana, ben, mona):
        console.row("Thank you both")
    assert not ana.shows("WHISPER")

    # on the phone, and a full desk: who comes waits, and is offered when the call ends
    keys(ana)
    ana.send("L")
    ben.gone(f"with {names['ana']}")
    vera_reads += [f"{names['ana']} has left the chat"]
    ana.send("p")
    ana.row("■", "on the phone")
    mona.send("W")
    mona.row(names["ana"], "on the phone")
    xenia = floor.visitor("Xenia", "The third one burns")
    for console, words in ((ana, "0 mine 1 wait"), (ben, "2 mine 1 wait"), (mona, "0 mine 1 wait")):
        console.wait_until(lambda rows, words=words: words in " ".join(rows[-1].split()), 15, words)
    ana.send("g")
    ana.row("Xenia")
    ana.send("w")
    ana.row("Why nobody has the chat with Xenia")
    ana.row(names["ana"], "phone")
    ana.send(ESCAPE)
    ana.gone("Why nobody")
    assert not ana.shows("Offered to you")
    floor.told(Vera=vera_reads, Will=will_reads, Xenia=[])
    ana.send("p")
    ana.row("⇒", "Xenia")
    mona.row(names["ana"], "1/3", "online")
    ana.send(ENTER + "I am here")
    ana.row("to Xenia ▸ I am here")
    ana.send(ENTER)
    expect(bubble(xenia, "I am here")).to_be_visible()
    xenia_reads = [f"{names['ana']} is here for you"]
    floor.counts("1 mine 0 wait", "2 mine 0 wait", "0 mine 0 wait")
    floor.told(Vera=vera_reads, Will=will_reads, Xenia=xenia_reads)

    # finishing: the list says what must move; one is handed over, one closed, then the day is over
    keys(ben)
    ben.send("s")
    ben.row("My status")
    ben.send("4")
    ben.row("2 chats must be finished or handed over")
    mona.row(names["ben"], "2/3", "finishing")
    to_move(ben, "Will")
    ben.send("h")
    offer(ben, "Will", names["ana"])
    ana.row("1 Xenia", "Will ⇒")
    keys(ana)
    ana.send("n")
    ana.row("┃ Mine is smoking too")
    ana.send("a")
    ana.row("to Will ▸")
    will_reads += [f"{names['ana']} is here for you now, instead of {names['ben']}"]
    ben.row("1 chat must be finished or handed over")
    ben.send("c")
    ben.row("Close the chat with Vera as")
    ben.send("1")
    ben.row("All your chats are done")
    ben.send("o")
    ben.row("○", "offline")
    mona.row(names["ben"], "offline")
    floor.counts("2 mine 0 wait", "0 mine 0 wait", "0 mine 0 wait")
    vera_reads += [f"{names['ben']} ended the chat"]
    floor.told(Vera=vera_reads, Will=will_reads, Xenia=xenia_reads)


def hand_over(console: Console, visitor: str, to: str) -> None:
    """From the chat, with letters as keys."""
    console.send("h")
    offer(console, visitor, to)


def offer(console: Console, visitor: str, to: str) -> None:
    """In the transfer screen: offer the chat, with a note."""
    console.row(f"Hand over the chat with {visitor}")
    console.send(to)
    console.row("Then:", "Offered to")
    console.send(ENTER)
    console.wait_for("Enter offers it")
    console.send(NOTE)
    console.row("NOTE", NOTE)
    console.send(ENTER)
    console.gone("Hand over the chat")


def to_move(console: Console, visitor: str) -> None:
    """Put the cursor of the list of what must move on this visitor's chat."""
    rows = (row for row in console.rows if row.startswith("│"))  # of the dialog
    if visitor not in next(row for row in rows if "Vera" in row or "Will" in row):
        console.send(DOWN)
