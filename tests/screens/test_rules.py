"""The rules on the screen: shown, switched, ordered, written in an editor, tried, deleted; what is wrong loses nothing."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from agentconsole import rule_text
from agentconsole.backend.domain import rules
from agentconsole.client import Problem
from agentconsole.protocol import (
    MAX_COUNTED,
    Message,
    RoomCard,
    RuleCard,
    RuleEvent,
    RuleFiring,
    RuleHit,
    RuleOrder,
    RuleSet,
    RuleTrial,
    RuleTried,
    RuleWish,
    WebhookCard,
    WebhookPage,
    WebhookState,
)
from agentconsole.screens import rules as screen
from agentconsole.text import width
from tests.screens.fed import ME, START, Desk, desk
from tests.waiting import async_until

REFUND = RuleWish(
    "Refunds go to sales",
    RuleEvent.ticket_created,
    ["move sales", "tag refund"],
    "subject contains refund",
    "As agreed.",
)
LATE = RuleWish("Nobody came", RuleEvent.chat_missed, ["notify #sales"], active=False, department=1)


class Server:
    """Keeps rules as the real one does, and checks them with the real words."""

    def __init__(self, d: Desk, monkeypatch: pytest.MonkeyPatch, *wishes: RuleWish) -> None:
        self.cards = [RuleCard(key, 1, wish, key) for key, wish in enumerate(wishes, 1)]
        if self.cards:
            firing = RuleFiring(1, START, ["moved to Sales", "tag refund"], ticket=41)
            self.cards[0] = msgspec.structs.replace(self.cards[0], fired=3, firings=[firing])
        self.lost: list[WebhookCard] = []
        self.older = 0  # calls that were given up too, and are not shown
        self.problem = ""
        self.calls: list[str] = []
        monkeypatch.setattr(d.app.client, "ask", self.ask)

    async def ask(self, method: str, path: str, *, content: bytes | None = None, **more: Any) -> bytes:
        self.calls.append(f"{method} {path}")
        if self.problem:
            raise Problem("unreachable", self.problem)
        if path.startswith("/api/webhooks"):
            return msgspec.json.encode(self.webhooks(method, path))
        try:
            return msgspec.json.encode(
                self.answer(method, path.removeprefix("/api/rules").strip("/"), content or b"")
            )
        except ValueError as error:
            raise Problem("invalid", str(error)) from error

    def webhooks(self, method: str, path: str) -> WebhookPage:
        if method == "POST":
            self.lost = [
                card
                for card in self.lost
                if path not in ("/api/webhooks/again", f"/api/webhooks/{card.id}/again")
            ]
        return WebhookPage(len(self.lost) + self.older, self.lost)

    def answer(self, method: str, rest: str, content: bytes) -> Any:
        if method == "GET":
            return self.cards
        if rest == "order":
            ids = msgspec.json.decode(content, type=RuleOrder).ids
            self.cards.sort(key=lambda card: ids.index(card.id))
            return self.cards
        if rest == "try":
            msgspec.json.decode(content, type=RuleTrial)
            return RuleTried(200, [RuleHit(41, "Refund of 4711", START, ["move sales"])])
        if method == "DELETE":
            self.cards = [card for card in self.cards if card.id != int(rest)]
            return None
        wish = rules.checked(
            msgspec.json.decode(content, type=RuleSet).rule
            if rest
            else msgspec.json.decode(content, type=RuleWish)
        )
        card = RuleCard(int(rest or 9), 2, wish)
        self.cards = [card if each.id == card.id else each for each in self.cards] + ([] if rest else [card])
        return card


def editor(monkeypatch: pytest.MonkeyPatch, *makes: Callable[[str], str]) -> list[str]:
    """An editor that makes this of the text it gets, time after time; what it got."""
    got: list[str] = []

    async def edited(host: object, words: str, name: str) -> str:
        got.append(words)
        return makes[len(got) - 1](words)

    monkeypatch.setattr(screen, "edited", edited)
    return got


async def opened(d: Desk) -> None:
    await d.press("semicolon")
    await async_until(lambda: not d.sees("Reading"), what="the rules")
    await d.drawn()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_rules_stand_in_their_turns_with_what_they_do(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(size) as d:
        Server(d, monkeypatch, REFUND, LATE)
        await opened(d)
        assert d.sees("● on  Refunds go")
        assert d.sees("○ off Nobody came")
        if size[0] >= 80:
            assert d.sees("ticket created")
            assert d.sees("when subject contains refund")
            assert d.sees("→ move sales")
            assert d.sees("3×")
        if size[1] >= 40:
            assert d.sees("ticket #41: moved to Sales; tag refund")
        assert all(width(row) <= size[0] for row in d.screen)
        await d.press("down")
        assert d.sees("on chat missed")
        await d.press("escape")
        assert not d.sees("Nobody came")


async def test_a_rule_is_switched_and_its_turn_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch, REFUND, LATE)
        await opened(d)
        await d.press("a")
        await async_until(lambda: d.sees("○ off Refunds"), what="the rule to be off")
        await d.press("greater_than_sign")
        await async_until(lambda: server.cards[0].rule.name == "Nobody came", what="the other order")
        await d.drawn()
        await d.press("greater_than_sign")  # it is the last one: nothing to do
        assert server.calls.count("POST /api/rules/order") == 1


async def test_a_rule_is_written_in_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch, REFUND)
        got = editor(
            monkeypatch,
            lambda words: words.replace("tag refund", "tag money"),
            lambda words: words,
            lambda words: rule_text.written(RuleWish("Fresh", RuleEvent.rating_given, ["ticket"]), {}),
        )
        await opened(d)
        await d.press("enter")
        await async_until(lambda: d.sees("→ tag money"), what="the changed rule")
        assert rule_text.read(got[0], {}) == REFUND
        await d.press("e")  # left without a change
        assert server.calls.count("PUT /api/rules/1") == 1
        await d.press("n")
        await async_until(lambda: d.sees("● on  Fresh"), what="the new rule")
        assert d.sees("on rating given, always")


@pytest.mark.parametrize(
    "wrong, told",
    [
        ("when = 'colour is red'", "Here should stand one of source"),
        ("do = ['dance']", "nothing that a rule does"),
        ("do = [", "cannot be read"),
    ],
)
async def test_what_cannot_be_kept_is_told_and_comes_back(
    wrong: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch, REFUND)
        field = wrong.partition(" ")[0]

        def spoilt(words: str) -> str:
            lines = words.split("\n")
            start = next(at for at, line in enumerate(lines) if line.startswith(f"{field} ="))
            end = start + 1 if field == "when" else len(lines)
            return "\n".join([*lines[:start], wrong, *lines[end:]])

        got = editor(
            monkeypatch, spoilt, lambda words: rule_text.written(REFUND, {}).replace("refund", "money")
        )
        await opened(d)
        await d.press("enter")
        await async_until(lambda: d.sees(told), what="what is wrong")
        assert d.sees("What you wrote is kept")
        assert server.cards[0].rule == REFUND
        await d.press("enter")
        assert wrong in got[1]
        await async_until(lambda: d.sees("→ tag money"), what="the mended rule")


async def test_a_trial_shows_what_would_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch, REFUND)
        await opened(d)
        before = list(server.cards)
        await d.press("t")
        await async_until(lambda: d.sees("it would have fired on 1. Nothing was changed."), what="the trial")
        assert d.sees("#41 Refund of 4711  move sales")
        assert server.cards == before


async def test_a_rule_is_deleted_after_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((100, 30)) as d:
        server = Server(d, monkeypatch, REFUND, LATE)
        await opened(d)
        await d.press("d")
        await async_until(lambda: d.sees("Delete the rule Refunds go to sales?"), what="the question")
        await d.press("escape")
        assert len(server.cards) == 2
        await d.press("d")
        await async_until(lambda: d.sees("Delete the rule"), what="the question")
        await d.press("1")
        await async_until(lambda: len(server.cards) == 1, what="the rule to go")
        await async_until(lambda: not d.sees("Refunds go"), what="the list without it")


def lost(key: int) -> WebhookCard:
    url = "https://hook.example/x"
    told: dict[str, Any] = {"tries": 15, "tried_at": START, "answer": "answered 500"}
    return WebhookCard(
        key, WebhookState.given_up, "k", url, 1, "Tell", "ticket_created", START, 40 + key, **told
    )


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_calls_that_were_given_up_are_told_and_tried_again(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(size) as d:
        server = Server(d, monkeypatch, REFUND)
        await opened(d)
        assert not d.sees("given up")
        server.lost = [lost(3), lost(2), lost(1)]
        await d.press("r")
        await async_until(lambda: d.sees("3 calls to other systems"), what="how many were given up")
        await d.press("w")
        await async_until(lambda: d.sees("tried 15 times"), what="the first of them")
        await d.press("down")
        await async_until(lambda: d.sees("ticket #42, ticket created"), what="the second")
        assert d.sees("https://hook.example/x")
        assert all(width(row) <= size[0] for row in d.screen)
        await d.press("enter")
        await async_until(
            lambda: len(server.lost) == 2 and not d.sees("ticket #42"), what="one to be tried again"
        )
        server.problem = "The server cannot be reached."
        await d.press("A")
        await async_until(lambda: d.sees("! The server cannot be reached."), what="the problem")
        assert d.sees("ticket #43")
        server.problem = ""
        await d.press("A")
        await async_until(lambda: d.sees("There are none any more."), what="all to be tried again")
        await d.press("escape")
        await async_until(lambda: d.sees("Refunds go") and not d.sees("given up"), what="the rules alone")
        assert server.calls.count("POST /api/webhooks/2/again") == 1


@pytest.mark.parametrize("older, number", [(1_732, "1,734"), (MAX_COUNTED - 2, "10,000 or more")])
async def test_very_many_calls_are_counted_though_only_the_newest_are_shown(
    older: int, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk((80, 24)) as d:
        server = Server(d, monkeypatch, REFUND)
        server.lost, server.older = [lost(2), lost(1)], older
        await opened(d)
        await async_until(lambda: d.sees(f"{number} calls to other systems were given up."), what="how many")
        await d.press("w")
        await async_until(lambda: d.sees(f"given up, the newest 2 of {number}"), what="how many are shown")


async def test_nobody_is_left_with_an_empty_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk((80, 24)) as d:
        server = Server(d, monkeypatch)
        await opened(d)
        assert d.sees("you are neither")
        server.problem = "The server cannot be reached."
        await d.press("r")
        await async_until(lambda: d.sees("! The server cannot be reached."), what="the problem")


async def test_what_others_wrote_drives_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "\x1b[31m[/red] [@click=app.quit]x[/] \x9b2J\u202e"
    async with desk((100, 30)) as d:
        wish = RuleWish(hostile, RuleEvent.ticket_created, [f"note {hostile}"], "", hostile)
        Server(d, monkeypatch, wish)
        await opened(d)
        assert d.sees("[/red] [@click=app.quit]x[/]")
        assert not any(sign in row for row in d.screen for sign in "\x1b\x9b\u202e")


async def test_what_a_rule_tells_me_stands_under_its_name() -> None:
    async with desk((100, 30)) as d:
        room = f"u0-{ME}"
        said = Message(1, room, START, 0, "rule Loud", "Ticket 41, Fire: look")
        await d.feed(said, RoomCard(room, 1, 1, START, said.text, said.author_name))
        await d.press("M")
        assert d.sees("rules, to you alone")
        assert d.sees("Ticket 41, Fire: look")
        assert d.sees("answers would reach nobody")
        assert not d.sees("staff: to rules")
        assert "Write" not in d.screen[-2]
        await d.press("i")
        assert d.sees("Rules read no answers.")
        await d.press("x")
        assert d.sees("x does nothing here.")
        assert d.store.message_draft(room) == ""
